//! What claims must say of issuer, audience and time.

use freehold_base::Timestamp;
use serde_json::Value;

use crate::TokenError;
use crate::json::Object;

/// How far two clocks may be apart, in seconds.
pub(crate) const SKEW_SECS: i64 = 60;

/// Whole seconds since 1970.
pub(crate) fn seconds(now: Timestamp) -> i64 {
    now.0.div_euclid(1_000_000)
}

/// A claim that must be a text, and not an empty one.
pub(crate) fn text<'c>(claims: &'c Object, name: &'static str) -> Result<&'c str, TokenError> {
    optional_text(claims, name)?
        .filter(|text| !text.is_empty())
        .ok_or(TokenError::Claim(name))
}

/// A claim that must be a text if it is there.
pub(crate) fn optional_text<'c>(claims: &'c Object, name: &'static str) -> Result<Option<&'c str>, TokenError> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::Claim(name)),
    }
}

/// A NumericDate (RFC 7519 section 2): seconds, perhaps with a fraction, which is left out.
pub(crate) fn date(claims: &Object, name: &'static str) -> Result<Option<i64>, TokenError> {
    // Beyond the year 9999 it is no date but an attempt at an overflow.
    const DATE_MAX: i64 = 253_402_300_799;
    let seconds = match claims.get(name) {
        None => return Ok(None),
        Some(Value::Number(number)) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|float| float.floor() as i64)),
        Some(_) => None,
    };
    match seconds {
        Some(seconds) if (0..=DATE_MAX).contains(&seconds) => Ok(Some(seconds)),
        Some(_) | None => Err(TokenError::Claim(name)),
    }
}

/// Whether a token must say when it was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Issued {
    /// It must.
    Required,
    /// It may.
    Optional,
}

/// `exp` is there and not past, `nbf` and `iat` are not in the future.
pub(crate) fn check_times(claims: &Object, issued: Issued, now: Timestamp) -> Result<(), TokenError> {
    let now = seconds(now);
    let expires = date(claims, "exp")?.ok_or(TokenError::Claim("exp"))?;
    if now >= expires + SKEW_SECS {
        return Err(TokenError::Expired);
    }
    if date(claims, "nbf")?.is_some_and(|from| now < from - SKEW_SECS) {
        return Err(TokenError::NotYetValid);
    }
    check_issued(claims, issued, now)
}

/// `iat` is not in the future. `now` in seconds.
pub(crate) fn check_issued(claims: &Object, issued: Issued, now: i64) -> Result<(), TokenError> {
    match date(claims, "iat")? {
        Some(at) if now < at - SKEW_SECS => Err(TokenError::NotYetValid),
        None if issued == Issued::Required => Err(TokenError::Claim("iat")),
        Some(_) | None => Ok(()),
    }
}

/// `iss` is this one, letter for letter.
pub(crate) fn check_issuer(claims: &Object, issuer: &str) -> Result<(), TokenError> {
    if text(claims, "iss")? == issuer {
        Ok(())
    } else {
        Err(TokenError::Issuer)
    }
}

/// Who a token is for: one text, or a list of them.
pub(crate) fn audiences(claims: &Object) -> Result<Vec<&str>, TokenError> {
    match claims.get("aud") {
        Some(Value::String(one)) => Ok(vec![one]),
        Some(Value::Array(many)) => many
            .iter()
            .map(|one| one.as_str().ok_or(TokenError::Claim("aud")))
            .collect(),
        Some(_) | None => Err(TokenError::Claim("aud")),
    }
}

/// `aud` names this one, and perhaps others.
pub(crate) fn check_audience(claims: &Object, audience: &str) -> Result<(), TokenError> {
    if audiences(claims)?.contains(&audience) {
        Ok(())
    } else {
        Err(TokenError::Audience)
    }
}

/// The rules of an ID token (Core section 3.1.3.7, steps 3 to 5): it is for this client; whoever else it is for is trusted, and
/// then `azp` says that this client asked for it. `azp` is never another's.
pub(crate) fn check_client(claims: &Object, client_id: &str, trusted: &[String]) -> Result<(), TokenError> {
    check_audience(claims, client_id)?;
    let others = audiences(claims)?
        .into_iter()
        .filter(|one| *one != client_id)
        .collect::<Vec<_>>();
    if others.iter().any(|one| !trusted.iter().any(|known| known == one)) {
        return Err(TokenError::Audience);
    }
    match optional_text(claims, "azp")? {
        Some(party) if party != client_id => Err(TokenError::Audience),
        None if !others.is_empty() => Err(TokenError::Claim("azp")),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Object {
        match value {
            Value::Object(object) => object,
            _ => panic!("no object"),
        }
    }

    #[test]
    fn times_have_a_minute_of_skew() {
        let check = |claims, expected| {
            let now = Timestamp(1_000_000 * 1_000_000);
            assert_eq!(check_times(&object(claims), Issued::Required, now), expected);
        };
        let now = 1_000_000;
        check(json!({"exp": now + 1, "iat": now}), Ok(()));
        check(json!({"exp": now - 59, "iat": now + 60, "nbf": now + 60}), Ok(()));
        check(json!({"exp": now - 60, "iat": now}), Err(TokenError::Expired));
        check(json!({"exp": 0, "iat": now}), Err(TokenError::Expired));
        check(json!({"exp": now + 1, "iat": now + 61}), Err(TokenError::NotYetValid));
        check(
            json!({"exp": now + 1, "iat": now, "nbf": now + 61}),
            Err(TokenError::NotYetValid),
        );
        check(json!({"iat": now}), Err(TokenError::Claim("exp")));
        check(json!({"exp": now + 1}), Err(TokenError::Claim("iat")));
        check(
            json!({"exp": f64::from(now) + 0.5, "iat": f64::from(now) - 0.5}),
            Ok(()),
        );
        for exp in [
            json!("2030"),
            json!(null),
            json!(-1),
            json!(1e300),
            json!(u64::MAX),
            json!(i64::MAX),
            json!([now]),
        ] {
            check(json!({"exp": exp, "iat": now}), Err(TokenError::Claim("exp")));
        }
        check(
            json!({"exp": now + 1, "iat": now, "nbf": "later"}),
            Err(TokenError::Claim("nbf")),
        );
    }

    #[test]
    fn tokens_are_for_this_client() {
        let trusted = ["partner".to_owned()];
        let check = |claims, expected| assert_eq!(check_client(&object(claims), "app", &trusted), expected);
        check(json!({"aud": "app"}), Ok(()));
        check(json!({"aud": ["app"]}), Ok(()));
        check(json!({"aud": ["app"], "azp": "app"}), Ok(()));
        check(json!({"aud": ["app", "partner"], "azp": "app"}), Ok(()));
        check(json!({"aud": ["app", "partner"]}), Err(TokenError::Claim("azp")));
        check(
            json!({"aud": ["app", "partner"], "azp": "partner"}),
            Err(TokenError::Audience),
        );
        check(json!({"aud": "app", "azp": "partner"}), Err(TokenError::Audience));
        check(
            json!({"aud": ["app", "stranger"], "azp": "app"}),
            Err(TokenError::Audience),
        );
        check(json!({"aud": "partner"}), Err(TokenError::Audience));
        check(json!({"aud": "App"}), Err(TokenError::Audience));
        check(json!({"aud": "app other"}), Err(TokenError::Audience));
        check(json!({"aud": []}), Err(TokenError::Audience));
        check(json!({"aud": ["app", 1]}), Err(TokenError::Claim("aud")));
        check(json!({"aud": {"app": true}}), Err(TokenError::Claim("aud")));
        check(json!({}), Err(TokenError::Claim("aud")));
        check(json!({"aud": "app", "azp": 1}), Err(TokenError::Claim("azp")));
    }
}

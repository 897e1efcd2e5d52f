//! A signed token in its compact form (RFC 7515 section 7.1), read strictly and not believed yet.

use serde_json::Value;

use crate::json::{Object, decode, object};
use crate::{Algorithm, TokenError};

/// The longest token that is read, in bytes.
pub const TOKEN_BYTES_MAX: usize = 32 * 1024;

/// Longest name of a key.
const KEY_ID_BYTES_MAX: usize = 256;

/// A token whose signature nobody has checked. Its claims are in `unverified` until [`crate::KeySet`] says otherwise.
///
/// Of its header it keeps the algorithm, the key's name and the kind. `jku`, `x5u`, `jwk` and `x5c` say where a key could be
/// found; keys are the issuer's, so they are not even read.
pub(crate) struct Jws<'t> {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
    kind: Option<String>,
    pub(crate) signed: &'t [u8],
    pub(crate) signature: Vec<u8>,
    pub(crate) unverified: Object,
}

impl<'t> Jws<'t> {
    /// Reads a token.
    pub(crate) fn parse(token: &'t str) -> Result<Self, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let header = decode(header)
            .as_deref()
            .and_then(object)
            .ok_or(TokenError::Malformed)?;
        // RFC 7515 section 4.1.11: what is critical must be understood, and we understand nothing; RFC 7797 (`b64`) changes
        // what is signed; `cty`, `enc` and `zip` belong to tokens that hold something else than claims.
        if ["crit", "b64", "cty", "enc", "zip"]
            .iter()
            .any(|name| header.contains_key(*name))
        {
            return Err(TokenError::Kind);
        }
        let Some(Value::String(algorithm)) = header.get("alg") else {
            return Err(TokenError::Algorithm);
        };
        let algorithm = Algorithm::find(algorithm).ok_or(TokenError::Algorithm)?;
        let key_id = text(&header, "kid")?
            .filter(|id| id.len() <= KEY_ID_BYTES_MAX)
            .map(str::to_owned);
        if key_id.is_none() && header.contains_key("kid") {
            return Err(TokenError::UnknownKey);
        }
        Ok(Self {
            algorithm,
            key_id,
            kind: text(&header, "typ")?.map(plain_kind),
            signed: signed.as_bytes(),
            signature: decode(signature).ok_or(TokenError::Malformed)?,
            // A payload with a dot in it is no base64url.
            unverified: decode(payload)
                .as_deref()
                .and_then(object)
                .ok_or(TokenError::Malformed)?,
        })
    }

    /// Refuses what its header calls something else (RFC 8725 section 3.11). A token without `typ` may be anything.
    pub(crate) fn check_kind(&self, kinds: &[&str]) -> Result<(), TokenError> {
        match &self.kind {
            Some(kind) if !kinds.contains(&kind.as_str()) => Err(TokenError::Kind),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses what its header does not call this.
    pub(crate) fn require_kind(&self, kind: &str) -> Result<(), TokenError> {
        if self.kind.as_deref() == Some(kind) {
            Ok(())
        } else {
            Err(TokenError::Kind)
        }
    }
}

/// Media types in small letters, `application/` left out (RFC 7515 section 4.1.9).
fn plain_kind(text: &str) -> String {
    let small = text.to_ascii_lowercase();
    small.strip_prefix("application/").unwrap_or(&small).to_owned()
}

fn text<'h>(header: &'h Object, name: &str) -> Result<Option<&'h str>, TokenError> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::encode;

    fn check(header: &str, expected: Result<(), TokenError>) {
        let token = format!("{}.{}.AAAA", encode(header.as_bytes()), encode(b"{}"));
        assert_eq!(Jws::parse(&token).map(|_| ()), expected, "{header}");
    }

    #[test]
    fn headers_are_read_strictly() {
        check(r#"{"alg":"ES256"}"#, Ok(()));
        check(r#"{"alg":"ES256","kid":"a","typ":"JWT","x5t":"y"}"#, Ok(()));
        check(r#"{"alg":"none"}"#, Err(TokenError::Algorithm));
        check(r#"{"alg":"nOnE"}"#, Err(TokenError::Algorithm));
        check(r#"{"alg":"HS256"}"#, Err(TokenError::Algorithm));
        check(r#"{"alg":["ES256"]}"#, Err(TokenError::Algorithm));
        check("{}", Err(TokenError::Algorithm));
        check(r#"{"alg":"ES256","crit":[]}"#, Err(TokenError::Kind));
        check(r#"{"alg":"ES256","crit":null}"#, Err(TokenError::Kind));
        check(r#"{"alg":"ES256","crit":["exp"],"exp":1}"#, Err(TokenError::Kind));
        check(r#"{"alg":"ES256","b64":false}"#, Err(TokenError::Kind));
        check(r#"{"alg":"ES256","cty":"JWT"}"#, Err(TokenError::Kind));
        check(r#"{"alg":"ES256","enc":"A128GCM"}"#, Err(TokenError::Kind));
        check(r#"{"alg":"ES256","alg":"RS256"}"#, Err(TokenError::Malformed));
        check(r#"{"alg":"ES256","kid":7}"#, Err(TokenError::Malformed));
        check(r#"{"alg":"ES256","typ":null}"#, Err(TokenError::Malformed));
        check("[]", Err(TokenError::Malformed));
        check(
            &format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(300)),
            Err(TokenError::UnknownKey),
        );
    }

    #[test]
    fn three_parts_and_no_more() {
        let (header, claims) = (encode(br#"{"alg":"ES256"}"#), encode(b"{}"));
        for token in [
            String::new(),
            "..".into(),
            ".".into(),
            format!("{header}.{claims}"),
            format!("{header}.{claims}.AAAA.AAAA"),
            format!("{header}.{claims}.AAAA.AAAA.AAAA"),
            format!("{header}.{claims}.AA=="),
            format!(" {header}.{claims}.AAAA"),
            format!("{header}.{}.AAAA", encode(b"[1]")),
            format!("{header}.{}.AAAA", encode(br#"{"sub":"a","sub":"b"}"#)),
        ] {
            assert_eq!(Jws::parse(&token).map(|_| ()), Err(TokenError::Malformed), "{token}");
        }
        let long = format!("{header}.{}.AAAA", "A".repeat(TOKEN_BYTES_MAX));
        assert_eq!(Jws::parse(&long).map(|_| ()), Err(TokenError::TooLong));
    }

    #[test]
    fn kinds_are_media_types() {
        let kind = |typ: &str| {
            let token = format!(
                "{}.e30.AAAA",
                encode(format!(r#"{{"alg":"ES256","typ":"{typ}"}}"#).as_bytes())
            );
            Jws::parse(&token).unwrap().check_kind(&["jwt", "at+jwt"])
        };
        for typ in ["JWT", "jwt", "at+jwt", "application/at+jwt", "Application/JWT"] {
            assert_eq!(kind(typ), Ok(()), "{typ}");
        }
        for typ in ["logout+jwt", "", "jwt ", "text/jwt", "application/application/jwt"] {
            assert_eq!(kind(typ), Err(TokenError::Kind), "{typ}");
        }
    }
}

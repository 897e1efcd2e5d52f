//! What is known of a person who signed in elsewhere.

use serde_json::Value;

use crate::TokenError;
use crate::json::Object;
use crate::validity::{date, optional_text, text};

/// What an identity provider says of a person. `(issuer, subject)` is who it is; an e-mail address is not: it can change hands.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// Who says so. For Microsoft's `common` and `organizations`, the tenant's own issuer.
    pub issuer: String,
    /// Who it is, as the issuer names them: at most 255 bytes.
    pub subject: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether the issuer has made sure that the address is theirs. Without that, an address links nobody to an account.
    pub email_verified: bool,
    /// Name to show.
    pub name: Option<String>,
    /// How strongly they signed in (`acr`), in the issuer's words.
    pub acr: Option<String>,
    /// By what (`amr`, RFC 8176): `pwd`, `otp`, `mfa` …
    pub amr: Vec<String>,
    /// When they signed in, in seconds since 1970.
    pub auth_time: Option<i64>,
    /// The issuer's session, which a logout token may name.
    pub sid: Option<String>,
    /// Every claim, for [`crate::pick`].
    pub raw: Object,
}

impl Claims {
    /// Reads claims that were verified.
    pub(crate) fn read(raw: Object) -> Result<Self, TokenError> {
        let subject = text(&raw, "sub")?;
        // Core section 2.
        if subject.len() > 255 {
            return Err(TokenError::Claim("sub"));
        }
        let owned = |name| -> Result<Option<String>, TokenError> {
            Ok(optional_text(&raw, name)?
                .filter(|text| !text.is_empty())
                .map(str::to_owned))
        };
        let email = owned("email")?;
        Ok(Self {
            issuer: text(&raw, "iss")?.to_owned(),
            subject: subject.to_owned(),
            email_verified: email.is_some() && is_verified(&raw),
            email,
            name: owned("name")?,
            acr: match raw.get("acr") {
                // Older tenants of Microsoft and some others send a number.
                Some(Value::Number(level)) => Some(level.to_string()),
                _ => owned("acr")?,
            },
            amr: match raw.get("amr") {
                None | Some(Value::Null) => Vec::new(),
                Some(Value::String(one)) => vec![one.clone()],
                Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                Some(_) => return Err(TokenError::Claim("amr")),
            },
            auth_time: date(&raw, "auth_time")?,
            sid: owned("sid")?,
            raw,
        })
    }
}

/// `email_verified`, which some send as text; `xms_edov` is Microsoft's word for it, which sends no other.
fn is_verified(raw: &Object) -> bool {
    match raw.get("email_verified").or_else(|| raw.get("xms_edov")) {
        Some(Value::Bool(verified)) => *verified,
        Some(Value::String(word)) => word == "true",
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(mut claims: Value) -> Result<Claims, TokenError> {
        claims["iss"] = json!("https://id.acme.example");
        let Value::Object(raw) = claims else {
            panic!("no object")
        };
        Claims::read(raw)
    }

    #[test]
    fn addresses_are_verified_only_if_it_says_so() {
        let check = |claims: Value, expected: bool| assert_eq!(read(claims).unwrap().email_verified, expected);
        check(
            json!({"sub": "1", "email": "a@acme.example", "email_verified": true}),
            true,
        );
        check(
            json!({"sub": "1", "email": "a@acme.example", "email_verified": "true"}),
            true,
        );
        check(json!({"sub": "1", "email": "a@acme.example", "xms_edov": true}), true);
        check(
            json!({"sub": "1", "email": "a@acme.example", "email_verified": false, "xms_edov": true}),
            false,
        );
        check(
            json!({"sub": "1", "email": "a@acme.example", "email_verified": "TRUE"}),
            false,
        );
        check(
            json!({"sub": "1", "email": "a@acme.example", "email_verified": 1}),
            false,
        );
        check(json!({"sub": "1", "email": "a@acme.example"}), false);
        check(json!({"sub": "1", "email": "", "email_verified": true}), false);
        check(json!({"sub": "1", "email_verified": true}), false);
    }

    #[test]
    fn everybody_has_a_subject() {
        for claims in [
            json!({}),
            json!({"sub": ""}),
            json!({"sub": 7}),
            json!({"sub": null}),
            json!({"sub": "s".repeat(256)}),
        ] {
            assert_eq!(read(claims), Err(TokenError::Claim("sub")));
        }
        assert_eq!(
            read(json!({"sub": "1", "email": ["a"]})),
            Err(TokenError::Claim("email"))
        );
    }
}

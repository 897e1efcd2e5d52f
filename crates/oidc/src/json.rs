//! JSON objects that name nothing twice (RFC 7515 section 4, RFC 7519 section 4).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

/// A JSON object: the claims of a token.
pub type Object = Map<String, Value>;

/// Base64url without padding; trailing bits must be zero.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of base64url without padding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The object in these bytes; `None` if they are something else, or if it names a member twice: two parsers may disagree on
/// which one counts.
pub(crate) fn object(bytes: &[u8]) -> Option<Object> {
    serde_json::from_slice::<Unique>(bytes).ok().map(|unique| unique.0)
}

struct Unique(Object);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Unique, A::Error> {
        let mut object = Object::new();
        while let Some((name, value)) = access.next_entry::<String, Value>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        Ok(Unique(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_name_nothing_twice() {
        assert!(object(br#"{"a":1,"b":2}"#).is_some());
        assert!(object(br#"{"a":1,"a":2}"#).is_none());
        assert!(object(br#"{"a":1,"\u0061":2}"#).is_none());
        for bytes in [&b"[]"[..], b"1", b"null", b"{} x", b"", b"{\"a\":\"\xff\"}"] {
            assert!(object(bytes).is_none(), "{bytes:?}");
        }
        assert!(object(format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000)).as_bytes()).is_none());
    }

    #[test]
    fn base64url_has_one_form() {
        assert_eq!(decode("AQ").as_deref(), Some(&[1][..]));
        for text in ["AQ==", "AR", "A+", "A/", "A", "A Q", "AQ\n"] {
            assert!(decode(text).is_none(), "{text}");
        }
    }
}

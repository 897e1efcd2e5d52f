//! Automatic persisted queries (version 1, as Apollo Client, urql and Relay's network layers speak it): a client sends the SHA-256 of
//! a text; only if the text is not known here is it sent in full, with the hash, and kept.
//!
//! What is kept is text and no right: whoever names a hash could have sent the text.

use crate::error::Refusal;
use freehold_base::Code;
use moka::sync::Cache;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Memory that the texts may take.
const BYTES_MAX: u64 = 8 << 20;
/// Longest text that is kept.
const TEXT_BYTES_MAX: usize = 32 << 10;

/// The texts that an environment was sent, the least used forgotten first.
#[derive(Debug)]
pub(crate) struct Persisted(Cache<Hash, Arc<str>>);

type Hash = [u8; 32];

impl Default for Persisted {
    fn default() -> Self {
        let weigh = |_: &Hash, text: &Arc<str>| u32::try_from(128 + text.len()).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(BYTES_MAX).weigher(weigh).build())
    }
}

impl Persisted {
    /// The text of a request: sent, or known by its hash.
    ///
    /// # Errors
    /// `BAD_REQUEST` without either, for another version, or for a hash that is not that of the text; `PERSISTED_QUERY_NOT_FOUND`.
    pub(crate) fn text(&self, query: Option<String>, extensions: &Map<String, Value>) -> Result<String, Refusal> {
        let bad = |message: &str| Refusal::new(Code::BadRequest, message).with_status(400);
        let declared = match extensions.get("persistedQuery") {
            None | Some(Value::Null) => None,
            Some(declared) => Some(read(declared).ok_or_else(|| {
                bad("`persistedQuery` cannot be read")
                    .with_hint("`{\"version\": 1, \"sha256Hash\": \"…\"}`, 64 hexadecimal digits")
            })?),
        };
        match (query, declared) {
            (Some(text), None) => Ok(text),
            (Some(text), Some(hash)) => {
                if Hash::from(Sha256::digest(&text)) != hash {
                    return Err(bad("`sha256Hash` is not the hash of `query`"));
                }
                if text.len() <= TEXT_BYTES_MAX {
                    self.0.insert(hash, text.as_str().into());
                }
                Ok(text)
            }
            (None, Some(hash)) => match self.0.get(&hash) {
                Some(text) => Ok(text.to_string()),
                None => Err(Refusal::new(
                    Code::PersistedQueryNotFound,
                    "this text is not known here; send it with its hash",
                )
                .with_status(400)),
            },
            (None, None) => Err(bad("`query` is missing")),
        }
    }
}

/// The hash that a client declares.
fn read(declared: &Value) -> Option<Hash> {
    let digits = declared.get("sha256Hash")?.as_str()?.as_bytes();
    if declared.get("version")?.as_u64()? != 1 || digits.len() != 64 {
        return None;
    }
    let mut hash = Hash::default();
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// SHA-256 of `{__typename}`.
    const KNOWN: &str = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";

    fn extensions(value: &Value) -> Map<String, Value> {
        match json!({ "persistedQuery": value }) {
            Value::Object(map) => map,
            other => panic!("{other}"),
        }
    }

    fn told(result: Result<String, Refusal>) -> String {
        result.unwrap_or_else(|refusal| refusal.code().name().to_owned())
    }

    #[test]
    fn a_text_is_known_once_it_was_sent() {
        let persisted = Persisted::default();
        let by_hash = extensions(&json!({"version": 1, "sha256Hash": KNOWN}));
        let text = || Some("{__typename}".to_owned());
        assert_eq!(told(persisted.text(None, &by_hash)), "PERSISTED_QUERY_NOT_FOUND");
        assert_eq!(told(persisted.text(Some("{other}".into()), &by_hash)), "BAD_REQUEST");
        assert_eq!(
            told(persisted.text(None, &by_hash)),
            "PERSISTED_QUERY_NOT_FOUND",
            "what does not match is not kept"
        );
        assert_eq!(told(persisted.text(text(), &by_hash)), "{__typename}");
        assert_eq!(told(persisted.text(None, &by_hash)), "{__typename}");
        assert_eq!(told(persisted.text(text(), &Map::new())), "{__typename}");
        assert_eq!(told(persisted.text(None, &Map::new())), "BAD_REQUEST");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let persisted = Persisted::default();
        for declared in [
            json!(1),
            json!({}),
            json!({"version": 2, "sha256Hash": KNOWN}),
            json!({"version": 1, "sha256Hash": "abc"}),
            json!({"version": 1, "sha256Hash": "g".repeat(64)}),
            json!({"version": 1, "sha256Hash": 7}),
        ] {
            let found = persisted.text(Some("{__typename}".into()), &extensions(&declared));
            assert_eq!(told(found), "BAD_REQUEST", "{declared}");
        }
    }
}

//! Texts that are known, so that a client may name one instead of sending it: by its SHA-256 (automatic persisted queries, version
//! 1, as Apollo Client and urql speak it), or by a `documentId` (GraphQL over HTTP, persisted documents).
//!
//! The operations of the app are known always. Of others, a text is kept once it was sent with its hash; what is kept so is text
//! and no right, for whoever names a hash could have sent the text. Where only trusted operations are answered, nothing is kept,
//! and what runs is the app's own text.

use crate::error::Refusal;
use freehold_base::Code;
use freehold_schema::operations::{AppOperation, trim};
use moka::sync::Cache;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Memory that the texts may take.
const BYTES_MAX: u64 = 8 << 20;
/// Longest text that is kept.
const TEXT_BYTES_MAX: usize = 32 << 10;
/// What a document id begins with that is a hash. No other may begin so.
const HASH_PREFIX: &str = "sha256:";

/// The texts that an environment knows: its app's, and those that it was sent, of these the least used forgotten first.
#[derive(Debug)]
pub(crate) struct Persisted {
    /// Nothing but the operations of the app is answered.
    only: bool,
    app: RwLock<Arc<AppTexts>>,
    sent: Cache<Hash, Arc<str>>,
}

/// How a request says what it wants to run.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// The text.
    pub(crate) query: Option<String>,
    /// What a manifest calls it, or `sha256:` and its hash.
    pub(crate) document_id: Option<String>,
    /// With the hash in `persistedQuery`, perhaps.
    pub(crate) extensions: Map<String, Value>,
}

/// The operations of the app.
#[derive(Debug, Default)]
struct AppTexts {
    by_hash: HashMap<Hash, Arc<str>>,
    by_id: HashMap<String, Arc<str>>,
}

type Hash = [u8; 32];

impl Default for Persisted {
    fn default() -> Self {
        Self::new(false)
    }
}

impl Persisted {
    /// Without operations of an app, for now. `only`: nothing else is answered.
    pub(crate) fn new(only: bool) -> Self {
        let weigh = |_: &Hash, text: &Arc<str>| u32::try_from(128 + text.len()).unwrap_or(u32::MAX);
        Self {
            only,
            app: RwLock::default(),
            sent: Cache::builder().max_capacity(BYTES_MAX).weigher(weigh).build(),
        }
    }

    /// Knows these operations of the app from now on, and those before no more.
    pub(crate) fn serve(&self, operations: &[AppOperation]) {
        let next = Arc::new(AppTexts::new(operations));
        *self.app.write().unwrap_or_else(PoisonError::into_inner) = next;
    }

    /// Whether everything is refused: only operations of the app are answered, and it has none.
    pub(crate) fn refuses_all(&self) -> bool {
        self.only && self.app().by_hash.is_empty()
    }

    /// Whether a text may run.
    ///
    /// # Errors
    /// `FORBIDDEN` if only operations of the app are answered and this is none.
    pub(crate) fn check(&self, text: &str) -> Result<(), Refusal> {
        if self.only { self.own(text).map(drop) } else { Ok(()) }
    }

    /// The text of a request: sent, or known by its hash or id.
    ///
    /// # Errors
    /// `BAD_REQUEST` without any of them, for another version, or for a hash or an id that is not that of the text;
    /// `PERSISTED_QUERY_NOT_FOUND`; `FORBIDDEN` as [`Self::check`].
    pub(crate) fn text(&self, wanted: Wanted) -> Result<String, Refusal> {
        let declared = match wanted.extensions.get("persistedQuery") {
            None | Some(Value::Null) => None,
            Some(declared) => Some(read(declared).ok_or_else(|| {
                bad("`persistedQuery` cannot be read")
                    .with_hint("`{\"version\": 1, \"sha256Hash\": \"…\"}`, 64 hexadecimal digits")
            })?),
        };
        let id = wanted.document_id.as_deref();
        match wanted.query {
            Some(text) => self.sent_text(text, declared, id),
            None => self.named_text(declared, id),
        }
    }

    fn sent_text(&self, text: String, declared: Option<Hash>, id: Option<&str>) -> Result<String, Refusal> {
        let own = if self.only { Some(self.own(&text)?) } else { None };
        if declared.is_some_and(|hash| digest(&text) != hash) {
            return Err(bad("`sha256Hash` is not the hash of `query`"));
        }
        if let Some(id) = id {
            let is_its_hash = hash_of_id(id)?.is_some_and(|hash| digest(&text) == hash);
            let is_its_name = || self.by_id(id).map(|known| trim(&known) == trim(&text));
            if !is_its_hash && !is_its_name()? {
                return Err(bad("`documentId` names another text than `query`").with_hint("send one of both"));
            }
        }
        if let Some(own) = own {
            return Ok(own.to_string());
        }
        if let Some(hash) = declared.filter(|_| text.len() <= TEXT_BYTES_MAX) {
            self.sent.insert(hash, text.as_str().into());
        }
        Ok(text)
    }

    fn named_text(&self, declared: Option<Hash>, id: Option<&str>) -> Result<String, Refusal> {
        let by_hash = declared.map(|hash| self.by_hash(&hash)).transpose()?;
        let by_id = id.map(|id| self.by_id(id)).transpose()?;
        match (by_hash, by_id) {
            (Some(one), Some(other)) if trim(&one) != trim(&other) => {
                Err(bad("`documentId` and `sha256Hash` name different texts").with_hint("send one of both"))
            }
            (Some(text), _) | (None, Some(text)) => Ok(text.to_string()),
            (None, None) => Err(bad("`query` is missing")),
        }
    }

    /// The app's text that is the one sent.
    fn own(&self, text: &str) -> Result<Arc<str>, Refusal> {
        self.app().by_hash.get(&digest(trim(text))).cloned().ok_or_else(|| {
            Refusal::new(Code::Forbidden, "this is not an operation of the app")
                .with_hint("only the operations that stand in the app are answered here")
        })
    }

    fn by_hash(&self, hash: &Hash) -> Result<Arc<str>, Refusal> {
        let own = self.app().by_hash.get(hash).cloned();
        let text = own.or_else(|| self.sent.get(hash).filter(|_| !self.only));
        text.ok_or_else(|| {
            unknown(if self.only {
                "this text is not known here; only operations of the app are"
            } else {
                "this text is not known here; send it with its hash"
            })
        })
    }

    fn by_id(&self, id: &str) -> Result<Arc<str>, Refusal> {
        match hash_of_id(id)? {
            Some(hash) => self.by_hash(&hash),
            None => {
                let own = self.app().by_id.get(id).cloned();
                own.ok_or_else(|| unknown("this `documentId` is not known here; those of the app's manifests are"))
            }
        }
    }

    fn app(&self) -> Arc<AppTexts> {
        self.app.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl AppTexts {
    /// Clients take the hash of a text with the white space around it, or without.
    fn new(operations: &[AppOperation]) -> Self {
        let mut texts = Self::default();
        for operation in operations {
            let hash = digest(operation.text());
            let text = texts
                .by_hash
                .entry(hash)
                .or_insert_with(|| operation.text().into())
                .clone();
            texts.by_hash.insert(digest(&operation.written), text.clone());
            if let Some(id) = operation.id.clone().filter(|id| !id.starts_with(HASH_PREFIX)) {
                texts.by_id.insert(id, text);
            }
        }
        texts
    }
}

fn bad(message: &str) -> Refusal {
    Refusal::new(Code::BadRequest, message).with_status(400)
}

fn unknown(message: &str) -> Refusal {
    Refusal::new(Code::PersistedQueryNotFound, message).with_status(400)
}

fn digest(text: &str) -> Hash {
    Sha256::digest(text).into()
}

/// The hash that a client declares.
fn read(declared: &Value) -> Option<Hash> {
    if declared.get("version")?.as_u64()? != 1 {
        return None;
    }
    hexadecimal(declared.get("sha256Hash")?.as_str()?)
}

/// The hash that a document id is, if it is one.
fn hash_of_id(id: &str) -> Result<Option<Hash>, Refusal> {
    let Some(digits) = id.strip_prefix(HASH_PREFIX) else {
        return Ok(None);
    };
    let hash = hexadecimal(digits);
    hash.map(Some).ok_or_else(|| {
        bad("the hash in `documentId` cannot be read").with_hint("64 hexadecimal digits stand after `sha256:`")
    })
}

fn hexadecimal(digits: &str) -> Option<Hash> {
    if digits.len() != 64 {
        return None;
    }
    let mut hash = Hash::default();
    for (byte, pair) in hash.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests;

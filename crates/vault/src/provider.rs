//! Who holds key-encryption keys.

use crate::error::Result;
use crate::secret::DataSecret;
use std::fmt;

/// The name of a key-encryption key: made of the key itself, so a name tells which key is meant and not what it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KekId(pub(crate) String);

impl KekId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KekId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A key-encryption key, as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KekView {
    /// Its name.
    pub id: KekId,
    /// When it was made; microseconds since 1970 UTC.
    pub created_at: i64,
}

/// Holds key-encryption keys, and wraps data keys with them: a file, or a service that never gives its keys away.
///
/// INVARIANT: what implements it shows no key material, not even in its `Debug`.
#[async_trait::async_trait]
pub trait KeyProvider: Send + Sync + fmt::Debug {
    /// The keys it has, the newest last.
    ///
    /// # Errors
    /// When it does not answer.
    async fn list(&self) -> Result<Vec<KekView>>;

    /// Wraps a data key. It opens with the same `binding` alone.
    ///
    /// # Errors
    /// [`crate::VaultError::Unavailable`] when it does not have the key or does not answer.
    async fn wrap(&self, kek: &KekId, binding: &[u8], secret: &DataSecret) -> Result<Vec<u8>>;

    /// Opens a wrapped data key; `None` if it was wrapped otherwise.
    ///
    /// # Errors
    /// [`crate::VaultError::Unavailable`] when it does not have the key or does not answer.
    async fn open(&self, kek: &KekId, binding: &[u8], wrapped: &[u8]) -> Result<Option<DataSecret>>;

    /// What it is, for people: `the key file …`.
    fn describe(&self) -> String;
}

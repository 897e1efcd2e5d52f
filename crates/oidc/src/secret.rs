//! Secret texts: in no log, no error, no `Debug`.

use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

/// A client's secret, a verifier or a token. Zeroed when dropped; it has no `Debug`, `Display` or `Serialize`.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text. Who takes it copies it nowhere.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is this text. The time it takes tells nothing of either: digests are compared.
    pub fn is(&self, other: &str) -> bool {
        same(self.0.as_bytes(), other.as_bytes())
    }
}

/// Whether two texts are equal; a difference in time tells of digests alone.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    digest(&SHA256, one).as_ref() == digest(&SHA256, other).as_ref()
}

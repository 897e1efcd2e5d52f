//! A sign-in that has begun.

use rand::CryptoRng;

use crate::{PkceVerifier, random_text};

/// What the caller keeps while somebody is away to sign in, bound to their browser: sealed in a cookie, or beside a hash of one.
/// It is good for one [`crate::rp::finish`], whatever comes of it.
#[derive(Clone)]
pub struct Attempt {
    /// Comes back with them.
    pub state: String,
    /// Comes back in the ID token.
    pub nonce: String,
    /// Goes with the code.
    pub verifier: PkceVerifier,
    /// Where they come back to: registered at the provider.
    pub redirect_uri: String,
}

impl Attempt {
    /// A new one.
    pub fn begin(redirect_uri: impl Into<String>, rng: &mut dyn CryptoRng) -> Self {
        Self {
            state: random_text(rng),
            nonce: random_text(rng),
            verifier: PkceVerifier::generate(rng),
            redirect_uri: redirect_uri.into(),
        }
    }
}

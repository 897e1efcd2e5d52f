//! Proof Key for Code Exchange, S256 only (RFC 7636).

use rand::CryptoRng;
use ring::digest::{SHA256, digest};

use crate::Secret;
use crate::json::{decode, encode};
use crate::secret::same;

/// 256 bits of chance in 43 letters of base64url: for states, nonces, codes and verifiers.
pub fn random_text(rng: &mut dyn CryptoRng) -> String {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    encode(&bytes)
}

/// What the client keeps of a PKCE pair until it brings the code.
#[derive(Clone)]
pub struct PkceVerifier(Secret);

impl PkceVerifier {
    /// A new one.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        Self(Secret::new(random_text(rng)))
    }

    /// One that was kept or sent: 43 to 128 unreserved characters (section 4.1), or it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        ((43..=128).contains(&text.len()) && text.bytes().all(unreserved)).then(|| Self(Secret::new(text)))
    }

    /// The text to keep, or to send with the code.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What goes into the authorization request: base64url of its SHA-256 (section 4.2).
    pub fn challenge(&self) -> String {
        encode(digest(&SHA256, self.expose().as_bytes()).as_ref())
    }

    /// Whether it belongs to the challenge of the authorization request (section 4.6).
    pub fn answers(&self, challenge: &str) -> bool {
        is_challenge(challenge) && same(self.challenge().as_bytes(), challenge.as_bytes())
    }
}

/// Whether a text can be an S256 challenge: base64url of 32 bytes.
pub fn is_challenge(text: &str) -> bool {
    decode(text).is_some_and(|bytes| bytes.len() == 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verifiers_answer_their_challenge() {
        // The pair of RFC 7636, appendix B.
        let verifier = PkceVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(verifier.answers("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        // `plain` would take this one.
        assert!(!verifier.answers(verifier.expose()));
        assert!(!verifier.answers(""));
        assert!(!verifier.answers("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="));
        let other = PkceVerifier::generate(&mut rand::rng());
        assert!(!other.answers(&verifier.challenge()));
        assert!(other.answers(&other.challenge()));
        assert_ne!(other.expose(), PkceVerifier::generate(&mut rand::rng()).expose());
    }

    #[test]
    fn verifiers_have_a_grammar() {
        let long = |letters| "a".repeat(letters);
        assert!(PkceVerifier::parse(&long(43)).is_some());
        assert!(PkceVerifier::parse(&long(128)).is_some());
        for text in [
            String::new(),
            long(42),
            long(129),
            long(42) + " ",
            long(42) + "+",
            long(42) + "é",
            long(42) + "\0",
        ] {
            assert!(PkceVerifier::parse(&text).is_none(), "{text}");
        }
    }
}

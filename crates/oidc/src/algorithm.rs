//! The algorithms that are known. There is no other way to name one, so `none` and HS256 cannot be asked for.

use ring::digest::{self, SHA256, SHA384, SHA512};

/// A signature algorithm of RFC 7518 or RFC 8037.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSA with PKCS #1 v1.5 and SHA-256.
    Rs256,
    /// RSA with PSS and SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Every algorithm that is known.
    pub const ALL: [Self; 5] = [Self::Rs256, Self::Ps256, Self::Es256, Self::Es384, Self::EdDsa];

    /// The algorithm of that name, letter for letter.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Its name in headers and documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// `at_hash` of an access token beside an ID token signed so: the left half of its digest (Core section 3.1.3.6; for Ed25519
    /// its own SHA-512).
    pub(crate) fn half_digest(self, text: &str) -> Vec<u8> {
        let algorithm = match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => &SHA256,
            Self::Es384 => &SHA384,
            Self::EdDsa => &SHA512,
        };
        let digest = digest::digest(algorithm, text.as_bytes());
        let half = digest.as_ref().len() / 2;
        digest.as_ref()[..half].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_else_has_a_name() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::find(algorithm.name()), Some(algorithm));
        }
        for name in [
            "none", "None", "NONE", "", "HS256", "HS384", "HS512", "rs256", "RS1", "RS256 ", "ES256K",
        ] {
            assert_eq!(Algorithm::find(name), None, "{name}");
        }
    }
}

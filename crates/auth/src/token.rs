//! Session tokens: 256 random bits for the client, their SHA-256 for us.

use rand::CryptoRng;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write};

/// What a client holds. `Debug` hides it, so that it is in no log.
#[derive(Clone)]
pub struct Token([u8; TOKEN_BYTES]);

/// What the database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

const TOKEN_BYTES: usize = 32;

impl Token {
    /// A new token.
    pub fn random(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = [0; TOKEN_BYTES];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Reads the form that [`Self::text`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 2 * TOKEN_BYTES {
            return None;
        }
        let mut bytes = [0; TOKEN_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(bytes))
    }

    /// 64 lower-case hexadecimal digits, for the cookie.
    pub fn text(&self) -> String {
        self.0
            .iter()
            .fold(String::with_capacity(2 * TOKEN_BYTES), |mut text, byte| {
                // Writing to a string does not fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }

    /// A token with these bytes: of a key, which is written in another way.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What the database knows it by. A plain hash is enough: nobody guesses 256 bits.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(…)")
    }
}

impl TokenHash {
    /// The hash of anything else that is to be looked up without being kept.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The bytes, for a statement.
    pub fn bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text() {
        let token = Token::random(&mut rand::rng());
        assert_eq!(Token::parse(&token.text()).map(|it| it.hash()), Some(token.hash()));
        for bad in [
            "",
            "00",
            &"G".repeat(64),
            &"A".repeat(64),
            &"é".repeat(32),
            &token.text()[1..],
        ] {
            assert!(Token::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(format!("{token:?}"), "Token(…)");
    }
}

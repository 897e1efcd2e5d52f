//! Recovery codes: what lets a person in whose telephone is gone. Each is for one use, which the caller sees to.

use rand::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// How many codes a person gets at a time.
pub const RECOVERY_CODES: usize = 10;

/// Enough that a plain hash of a code can be stored: nobody tries 2^80.
const CODE_BYTES: usize = 10;
const CODE_CHARS: usize = CODE_BYTES * 8 / 5;
const GROUP_CHARS: usize = 4;

/// Crockford's alphabet: no I, L, O, which are read as 1, 1, 0, and no U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code. It has no `Debug`, and leaves memory with its owner.
pub struct RecoveryCode(Zeroizing<[u8; CODE_BYTES]>);

impl RecoveryCode {
    /// A new code.
    pub fn random(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; CODE_BYTES]);
        rng.fill_bytes(bytes.as_mut_slice());
        Self(bytes)
    }

    /// A new set, which replaces the old one.
    pub fn set(rng: &mut dyn CryptoRng) -> [Self; RECOVERY_CODES] {
        std::array::from_fn(|_| Self::random(rng))
    }

    /// Four groups of four letters and digits, to be shown once.
    pub fn text(&self) -> Zeroizing<String> {
        // Room for all, so that nothing of it is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(CODE_CHARS + CODE_CHARS / GROUP_CHARS));
        let mut bits: u128 = self.0.iter().fold(0, |bits, byte| bits << 8 | u128::from(*byte));
        bits <<= 128 - CODE_BYTES * 8;
        for at in 0..CODE_CHARS {
            if at > 0 && at % GROUP_CHARS == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[(bits >> 123) as usize]));
            bits <<= 5;
        }
        text
    }

    /// Reads what [`Self::text`] wrote and a person copied: in either case, with any spaces and dashes, with O for 0, and
    /// with I or L for 1.
    pub fn normalise(text: &str) -> Option<Self> {
        let mut bits: u128 = 0;
        let mut length = 0;
        for char in text
            .chars()
            .filter(|char| !char.is_whitespace() && !is_dash(*char))
            .take(CODE_CHARS + 1)
        {
            bits = bits << 5 | value(char)?;
            length += 1;
        }
        (length == CODE_CHARS).then_some(())?;
        let mut bytes = Zeroizing::new([0; CODE_BYTES]);
        bytes.copy_from_slice(&bits.to_be_bytes()[16 - CODE_BYTES..]);
        Some(Self(bytes))
    }

    /// What the database knows it by.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_slice()).into()
    }
}

fn value(char: char) -> Option<u128> {
    let byte = u8::try_from(char).ok()?.to_ascii_uppercase();
    let byte = match byte {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET.iter().position(|letter| *letter == byte).map(|at| at as u128)
}

/// The dashes that word processors make of a hyphen are among them.
fn is_dash(char: char) -> bool {
    matches!(char, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use std::collections::HashSet;

    #[test]
    fn a_set_is_ten_codes_that_differ() {
        let codes = RecoveryCode::set(&mut StdRng::seed_from_u64(1));
        assert_eq!(
            codes.iter().map(RecoveryCode::hash).collect::<HashSet<_>>().len(),
            RECOVERY_CODES
        );
        for code in &codes {
            let text = code.text();
            assert_eq!(text.len(), 19, "{}", *text);
            assert_eq!(RecoveryCode::normalise(&text).unwrap().hash(), code.hash());
        }
    }

    #[test]
    fn all_bits_are_in_the_text() {
        let of = |bytes: [u8; 10]| RecoveryCode(Zeroizing::new(bytes)).text();
        assert_eq!(of([0; 10]).as_str(), "0000-0000-0000-0000");
        assert_eq!(of([0xFF; 10]).as_str(), "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        assert_eq!(of([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1]).as_str(), "G000-0000-0000-0001");
    }

    #[test]
    fn what_a_person_copies_is_read() {
        let hash = RecoveryCode::normalise("0123-4567-89AB-CDEF").unwrap().hash();
        for text in ["o123456789abcdef", " OI23 4567\n89ab-cdef ", "0l23–4567—89AB−CDEF"] {
            assert_eq!(
                RecoveryCode::normalise(text).map(|code| code.hash()),
                Some(hash),
                "{text}"
            );
        }
        for text in [
            "",
            "0123-4567-89AB-CDE",
            "0123-4567-89AB-CDEFG",
            "U123-4567-89AB-CDEF",
            "０123-4567-89AB-CDEF",
            "0123_4567_89AB_CDEF",
        ] {
            assert!(RecoveryCode::normalise(text).is_none(), "{text}");
        }
    }
}

//! The text of an API key: `fh_`, 256 random bits, and a checksum. The prefix and the checksum are for scanners of leaked
//! secrets, which then need not ask us whether they found one; they protect nothing.

use rand::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What every key begins with.
pub const PREFIX: &str = "fh_";

const KEY_BYTES: usize = 32;
/// 62^43 is just above 2^256.
const KEY_CHARS: usize = 43;
/// 62^6 is above 2^32.
const CHECKSUM_CHARS: usize = 6;
/// Characters of a key's whole text.
pub const API_KEY_CHARS: usize = PREFIX.len() + KEY_CHARS + CHECKSUM_CHARS;
const HINT_CHARS: usize = 8;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What a client holds. It has no `Debug`, and leaves memory with its owner.
pub struct ApiKeyText {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

impl ApiKeyText {
    /// A new key.
    pub fn random(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        rng.fill_bytes(bytes.as_mut_slice());
        Self { bytes }
    }

    /// Reads the form that [`Self::text`] writes, and no other: one key has one text.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        (text.len() == API_KEY_CHARS).then_some(())?;
        let (body, checksum) = text.split_at(PREFIX.len() + KEY_CHARS);
        (checksum == checksum_of(body)).then_some(())?;
        let digits = body.strip_prefix(PREFIX.as_bytes())?;
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        for digit in digits {
            let mut carry = ALPHABET.iter().position(|letter| letter == digit)? as u32;
            for byte in bytes.iter_mut().rev() {
                carry += u32::from(*byte) * 62;
                *byte = carry as u8;
                carry >>= 8;
            }
            // Above 2^256.
            (carry == 0).then_some(())?;
        }
        Some(Self { bytes })
    }

    /// The whole text, to be shown once.
    pub fn text(&self) -> Zeroizing<String> {
        let mut rest = self.bytes.clone();
        let mut digits = Zeroizing::new([0; KEY_CHARS]);
        for digit in digits.iter_mut().rev() {
            let mut remainder = 0;
            for byte in rest.iter_mut() {
                remainder = remainder << 8 | u32::from(*byte);
                *byte = (remainder / 62) as u8;
                remainder %= 62;
            }
            *digit = ALPHABET[remainder as usize];
        }
        // Room for all, so that nothing of it is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(API_KEY_CHARS));
        text.push_str(PREFIX);
        text.extend(digits.iter().map(|digit| char::from(*digit)));
        let checksum = checksum_of(text.as_bytes());
        text.extend(checksum.map(char::from));
        text
    }

    /// The random bits, which are what is hashed.
    pub fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }

    /// What the database knows it by. A plain hash is enough: nobody guesses 256 bits.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.bytes.as_slice()).into()
    }

    /// The first eight characters, by which a person tells keys apart in a list. 226 bits stay unknown.
    pub fn hint(&self) -> String {
        self.text().chars().take(HINT_CHARS).collect()
    }
}

fn checksum_of(body: &[u8]) -> [u8; CHECKSUM_CHARS] {
    let mut rest = crc32fast::hash(body);
    let mut digits = [0; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    #[test]
    fn keys_come_back_from_their_text() {
        let mut rng = StdRng::seed_from_u64(3);
        for _ in 0..200 {
            let key = ApiKeyText::random(&mut rng);
            let text = key.text();
            assert_eq!(text.len(), API_KEY_CHARS);
            let read = ApiKeyText::parse(&text).unwrap();
            assert_eq!(read.bytes(), key.bytes());
            assert_eq!(read.hash(), key.hash());
            assert_eq!(key.hint(), text[..8]);
        }
        for bytes in [[0; 32], [0xFF; 32]] {
            let key = ApiKeyText {
                bytes: Zeroizing::new(bytes),
            };
            assert_eq!(ApiKeyText::parse(&key.text()).unwrap().bytes(), &bytes);
        }
    }

    #[test]
    fn a_known_text() {
        // CRC-32 of IEEE 802.3, so that others can write the scanner.
        let key = ApiKeyText {
            bytes: Zeroizing::new([0; 32]),
        };
        assert_eq!(key.text()[..46], format!("fh_{}", "0".repeat(43)));
        assert_eq!(crc32fast::hash(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn nothing_else_is_a_key() {
        let text = ApiKeyText::random(&mut StdRng::seed_from_u64(4)).text();
        for at in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            other[at] = if other[at] == b'x' { b'y' } else { b'x' };
            assert!(ApiKeyText::parse(&String::from_utf8(other).unwrap()).is_none(), "{at}");
        }
        for other in [
            "",
            "fh_",
            &text[1..],
            &format!("{}0", *text),
            &format!(" {}", *text),
            &"é".repeat(26),
        ] {
            assert!(ApiKeyText::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_number_above_the_bits_is_refused_under_a_right_checksum() {
        let body = format!("fh_{}", "z".repeat(43));
        let checksum = String::from_utf8(checksum_of(body.as_bytes()).to_vec()).unwrap();
        assert!(ApiKeyText::parse(&format!("{body}{checksum}")).is_none());
    }
}

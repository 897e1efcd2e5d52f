//! An authenticator that shows codes (RFC 6238), as an app on a phone does it.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use std::time::{SystemTime, UNIX_EPOCH};

/// The code of `steps` half minutes from now.
///
/// # Panics
///
/// If the secret is not in base 32.
#[expect(clippy::disallowed_methods, reason = "codes of a test are for now")]
pub fn code_now(secret: &str, steps: i64) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    code_at(secret, now.as_secs().cast_signed() / 30 + steps)
}

/// The code of a step.
///
/// # Panics
///
/// If the secret is not in base 32.
pub fn code_at(secret: &str, step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(&from_base32(secret)).expect("a key of any length will do");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = digest[at..at + 4]
        .iter()
        .fold(0_u32, |number, byte| number << 8 | u32::from(*byte))
        & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

fn from_base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.chars().filter(|it| *it != '=' && *it != ' ') {
        let digit = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).expect("base 32");
        held = held << 5 | u32::try_from(digit).expect("less than 32");
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).expect("a byte"));
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::code_at;

    #[test]
    fn codes_of_the_rfc() {
        // Appendix B; the last six digits.
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(code_at(secret, seconds / 30), code);
        }
    }
}

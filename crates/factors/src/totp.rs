//! One-time codes of an authenticator app (RFC 6238): six digits, thirty seconds, HMAC-SHA-1, as every app has them.

use crate::{FactorError, Result};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use rand::CryptoRng;
use sha1::Sha1;
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a secret: as many as SHA-1 gives (RFC 4226, section 4, R6).
pub const SECRET_BYTES: usize = 20;

/// Seconds a code is for (RFC 6238, section 5.2).
pub const STEP_S: i64 = 30;

/// How many steps a clock may be fast or slow.
const WINDOW: i64 = 1;

const DIGITS: usize = 6;

/// What RFC 3986 leaves as it is.
const LABEL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What an authenticator app and we share. It has no `Debug`, and leaves memory with its owner.
#[derive(Clone)]
pub struct TotpSecret(Zeroizing<[u8; SECRET_BYTES]>);

impl TotpSecret {
    /// A new secret.
    pub fn random(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        rng.fill_bytes(bytes.as_mut_slice());
        Self(bytes)
    }

    /// The secret of these bytes, as [`Self::bytes`] gave them.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        (bytes.len() == SECRET_BYTES).then(|| secret.copy_from_slice(bytes))?;
        Some(Self(secret))
    }

    /// For storage, which must be sealed: whoever reads this makes codes.
    pub fn bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// What a person types who cannot photograph: 32 letters and digits.
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(self.0.as_slice()))
    }

    /// The `otpauth:` URI of this secret. A colon ends the issuer there, so it becomes a space in both names.
    pub fn uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let (issuer, account) = (label(issuer), label(account));
        let secret = self.base32();
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}",
            secret.as_str()
        ))
    }

    /// That URI as a QR code: an SVG document without script, style or link. It is as secret as the secret.
    ///
    /// # Errors
    /// [`FactorError::QrTooLong`].
    pub fn qr_svg(&self, issuer: &str, account: &str) -> Result<Zeroizing<String>> {
        let uri = self.uri(issuer, account);
        let code =
            QrCode::with_error_correction_level(uri.as_bytes(), EcLevel::M).map_err(|_| FactorError::QrTooLong)?;
        Ok(Zeroizing::new(
            code.render::<svg::Color<'_>>().min_dimensions(240, 240).build(),
        ))
    }

    /// The code of a step (RFC 4226, section 5.3).
    fn code(&self, step: u64) -> [u8; DIGITS] {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(self.0.as_slice()) else {
            // Not a digit, so no code equals it.
            return [0xFF; DIGITS];
        };
        mac.update(&step.to_be_bytes());
        let mut hash: [u8; 20] = mac.finalize().into_bytes().into();
        let offset = usize::from(hash[19] & 0x0F);
        let word = [
            hash[offset] & 0x7F,
            hash[offset + 1],
            hash[offset + 2],
            hash[offset + 3],
        ];
        hash.zeroize();
        let mut rest = u32::from_be_bytes(word);
        let mut code = [0; DIGITS];
        for digit in code.iter_mut().rev() {
            *digit = (rest % 10) as u8;
            rest /= 10;
        }
        code
    }
}

/// The step that a code is of, if it is right now and of a later step than the last one that was used; the caller keeps it
/// as the next `last_step`, in the same statement that reads the old one. Time is in seconds since 1970.
///
/// A step counts once (RFC 6238, section 5.2), and so does every step before it. Codes a step early or late are taken. How
/// often a code may be tried is the caller's to bound: three of a million are right at any time.
pub fn check(secret: &TotpSecret, code: &str, now_s: i64, last_step: Option<i64>) -> Option<i64> {
    let code = normalise(code)?;
    let now = now_s.div_euclid(STEP_S);
    let mut found = -1_i64;
    // All steps are looked at, whichever is right; a later one wins, so that no code of this window is left to use.
    for step in now.saturating_sub(WINDOW)..=now.saturating_add(WINDOW) {
        let Ok(counter) = u64::try_from(step) else { continue };
        let right = secret.code(counter).ct_eq(&code);
        found.conditional_assign(&step, right);
    }
    (found >= 0 && last_step.is_none_or(|last| found > last)).then_some(found)
}

/// The digits of a code, without the spaces that apps show and people copy.
fn normalise(code: &str) -> Option<[u8; DIGITS]> {
    let mut digits = [0; DIGITS];
    let mut length = 0;
    for char in code
        .chars()
        .filter(|char| !char.is_whitespace() && *char != '-')
        .take(DIGITS + 1)
    {
        let digit = char.to_digit(10)?;
        *digits.get_mut(length)? = digit as u8;
        length += 1;
    }
    (length == DIGITS).then_some(digits)
}

fn label(name: &str) -> String {
    utf8_percent_encode(&name.replace(':', " "), LABEL).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn rfc() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    fn text(secret: &TotpSecret, step: i64) -> String {
        secret
            .code(step as u64)
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect()
    }

    #[test]
    fn the_vectors_of_the_rfcs() {
        // RFC 4226, appendix D.
        for (step, code) in [
            (0, "755224"),
            (1, "287082"),
            (2, "359152"),
            (3, "969429"),
            (4, "338314"),
            (9, "520489"),
        ] {
            assert_eq!(text(&rfc(), step), code);
        }
        // RFC 6238, appendix B, whose codes have eight digits.
        for (now_s, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(check(&rfc(), code, now_s, None), Some(now_s / 30), "{now_s}");
        }
    }

    #[test]
    fn a_step_early_or_late_and_no_more() {
        let now_s = 1_700_000_010;
        let now = now_s / 30;
        for (step, expected) in [
            (now - 2, None),
            (now - 1, Some(now - 1)),
            (now, Some(now)),
            (now + 1, Some(now + 1)),
            (now + 2, None),
        ] {
            assert_eq!(check(&rfc(), &text(&rfc(), step), now_s, None), expected, "{step}");
        }
    }

    #[test]
    fn no_code_counts_twice_and_none_before_it() {
        let now_s = 1_700_000_010;
        let now = now_s / 30;
        let used = check(&rfc(), &text(&rfc(), now), now_s, None);
        assert_eq!(used, Some(now));
        assert_eq!(check(&rfc(), &text(&rfc(), now), now_s, used), None);
        assert_eq!(check(&rfc(), &text(&rfc(), now), now_s + 29, used), None);
        assert_eq!(check(&rfc(), &text(&rfc(), now - 1), now_s, used), None);
        assert_eq!(check(&rfc(), &text(&rfc(), now + 1), now_s, used), Some(now + 1));
    }

    #[test]
    fn only_six_digits_are_a_code() {
        for code in ["755224", "755 224", " 75 52-24 ", "755\u{a0}224"] {
            assert_eq!(check(&rfc(), code, 0, None), Some(0), "{code:?}");
        }
        for code in [
            "",
            "75522",
            "7552240",
            "0755224",
            "75522a",
            "+55224",
            "٧٥٥٢٢٤",
            "755224\0",
        ] {
            assert_eq!(check(&rfc(), code, 0, None), None, "{code:?}");
        }
        assert_eq!(check(&rfc(), &" ".repeat(1 << 20), 0, None), None);
    }

    #[test]
    fn strange_times_are_no_trouble() {
        for now_s in [i64::MIN, i64::MAX, -1, -31] {
            assert_eq!(check(&rfc(), "000000", now_s, None), None);
        }
        assert_eq!(check(&rfc(), "755224", -1, None), Some(0));
        assert_eq!(check(&rfc(), "755224", 0, Some(i64::MAX)), None);
    }

    #[test]
    fn secrets_differ_and_come_back() {
        let mut rng = StdRng::seed_from_u64(7);
        let (one, two) = (TotpSecret::random(&mut rng), TotpSecret::random(&mut rng));
        assert_ne!(one.bytes(), two.bytes());
        assert_eq!(TotpSecret::from_bytes(one.bytes()).unwrap().bytes(), one.bytes());
        assert!(TotpSecret::from_bytes(&[0; 19]).is_none());
        assert!(TotpSecret::from_bytes(&[0; 21]).is_none());
        assert_eq!(rfc().base32().as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn the_uri_keeps_names_in_their_place() {
        assert_eq!(
            rfc().uri("Ship & Co", "ada@example.com").as_str(),
            "otpauth://totp/Ship%20%26%20Co:ada%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Ship%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
        let odd = rfc().uri("a:b?secret=x&", "é/#\"<");
        assert!(
            odd.starts_with("otpauth://totp/a%20b%3Fsecret%3Dx%26:%C3%A9%2F%23%22%3C?secret=GEZ"),
            "{}",
            *odd
        );
    }

    #[test]
    fn the_picture_is_a_picture() {
        let svg = rfc().qr_svg("<script>", "\"ada\"").unwrap();
        assert!(svg.contains("<svg") && svg.trim_end().ends_with("</svg>"));
        for word in ["<script", "ada", "href", "style", "GEZD"] {
            assert!(!svg.contains(word), "{word}");
        }
        assert!(matches!(
            rfc().qr_svg(&"x".repeat(4000), ""),
            Err(FactorError::QrTooLong)
        ));
    }
}

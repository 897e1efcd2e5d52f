//! Certificates as people paste them: PEM (RFC 7468), or the bare base64 of a provider's metadata.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Longest certificate that is read.
const CHARS_MAX: usize = 16 << 10;

/// What is wrong with a certificate, as a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Whoever reads the model could speak as the provider.
    PrivateKey,
    /// More than one stands in one text.
    Several,
    /// PEM of something else, or damaged.
    NotOne,
}

/// The DER of one certificate. Its framing is judged and its length; what it says is not.
pub(super) fn der(text: &str) -> Result<Vec<u8>, Fault> {
    if text.contains("PRIVATE KEY") {
        return Err(Fault::PrivateKey);
    }
    if text.len() > CHARS_MAX {
        return Err(Fault::NotOne);
    }
    let inner = match text.trim().strip_prefix("-----BEGIN CERTIFICATE-----") {
        Some(rest) => match rest.split_once("-----END CERTIFICATE-----") {
            Some((inner, after)) if after.trim().is_empty() => inner,
            Some(_) => return Err(Fault::Several),
            None => return Err(Fault::NotOne),
        },
        None => text,
    };
    let letters: String = inner.split_ascii_whitespace().collect();
    let der = STANDARD.decode(letters).map_err(|_| Fault::NotOne)?;
    if is_one_sequence(&der) {
        Ok(der)
    } else {
        Err(Fault::NotOne)
    }
}

/// X.690: a sequence, whose length is that of all that follows.
fn is_one_sequence(der: &[u8]) -> bool {
    let [0x30, first, rest @ ..] = der else { return false };
    let (length, content) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81 if !rest.is_empty() => (usize::from(rest[0]), &rest[1..]),
        0x82 if rest.len() >= 2 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
        _ => return false,
    };
    length > 0 && content.len() == length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates() {
        let body = "MAMCAQU=";
        let sequence = vec![0x30, 3, 2, 1, 5];
        for text in [
            body.to_owned(),
            "\n  MAMC\n  AQU=\n".to_owned(),
            format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"),
            format!("-----BEGIN CERTIFICATE----- {body} -----END CERTIFICATE-----"),
        ] {
            assert_eq!(der(&text), Ok(sequence.clone()), "{text}");
        }
        let one = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        assert_eq!(der(&format!("{one}{one}")), Err(Fault::Several));
        for kind in ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
            let text = format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n");
            assert_eq!(der(&text), Err(Fault::PrivateKey));
            assert_eq!(der(&format!("{one}{text}")), Err(Fault::PrivateKey));
        }
        for text in [
            "",
            "no base64!",
            "AAAA",
            "MAMCAQ==",
            "MAMCAQUA",
            "MAA=",
            "MIE=",
            "-----BEGIN CERTIFICATE-----\nMAMCAQU=",
            "-----BEGIN PUBLIC KEY-----\nMAMCAQU=\n-----END PUBLIC KEY-----",
        ] {
            assert_eq!(der(text), Err(Fault::NotOne), "{text}");
        }
        assert_eq!(der(&"A".repeat(CHARS_MAX + 1)), Err(Fault::NotOne));
        let long = |prefix: &[u8], length: usize| STANDARD.encode([prefix, &vec![0; length]].concat());
        assert!(der(&long(&[0x30, 0x81, 200], 200)).is_ok());
        assert!(der(&long(&[0x30, 0x82, 3, 0xe8], 1_000)).is_ok());
        assert!(der(&long(&[0x30, 0x82, 3, 0xe8], 999)).is_err());
    }
}

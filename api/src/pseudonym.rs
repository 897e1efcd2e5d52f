//! Names that stand for network addresses and e-mail addresses in the audit log: whoever reads it sees that two attempts came from
//! one place, and not from which.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv6Addr};

/// Bytes of the key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes of a pseudonym: enough that two do not meet by chance, and too few to go on from.
const PSEUDONYM_BYTES: usize = 16;

/// Makes the pseudonyms of one environment. `Debug` hides its key.
pub(crate) struct Pseudonyms {
    key: [u8; KEY_BYTES],
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Pseudonyms")
    }
}

impl Pseudonyms {
    /// With the environment's key.
    pub(crate) fn new(key: [u8; KEY_BYTES]) -> Self {
        Self { key }
    }

    /// For a place on the network. A home or an office has a whole /64 of IPv6, and is one place.
    pub(crate) fn place(&self, address: IpAddr) -> String {
        let place = match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            v4 @ IpAddr::V4(_) => v4,
        };
        self.of("place", &place.to_string())
    }

    /// For an e-mail address, whatever its case.
    pub(crate) fn email(&self, address: &str) -> String {
        self.of("email", &address.trim().to_lowercase())
    }

    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    fn of(&self, kind: &str, text: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length");
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        let bytes = mac.finalize().into_bytes();
        bytes.iter().take(PSEUDONYM_BYTES).fold(String::new(), |mut out, byte| {
            // Writing to a string does not fail.
            let _ = write!(out, "{byte:02x}");
            out
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_is_one_pseudonym() {
        let names = Pseudonyms::new([7; KEY_BYTES]);
        let place = |text: &str| names.place(text.parse().unwrap());
        assert_eq!(place("192.0.2.1"), place("::ffff:192.0.2.1"));
        assert_ne!(place("192.0.2.1"), place("192.0.2.2"));
        assert_eq!(place("2001:db8:1:2::1"), place("2001:db8:1:2:ffff::9"));
        assert_ne!(place("2001:db8:1:2::1"), place("2001:db8:1:3::1"));
        assert_eq!(names.email(" Ann@X.test "), names.email("ann@x.test"));
        assert_ne!(names.email("192.0.2.1"), place("192.0.2.1"), "kinds are apart");
        assert_ne!(
            Pseudonyms::new([8; KEY_BYTES]).email("ann@x.test"),
            names.email("ann@x.test"),
            "each environment has its own"
        );
        assert!(!place("192.0.2.1").contains("192") && place("192.0.2.1").len() == 2 * PSEUDONYM_BYTES);
    }
}

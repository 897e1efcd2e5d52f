//! Sealed cursors: the values of the order's keys, encrypted and authenticated, bound to their order.
//!
//! AES-SIV (RFC 5297) is deterministic, so equal rows have equal cursors; a cursor says nothing to its holder that the row did not.

use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use freehold_base::Value;

/// Bytes of a sealer's key.
pub const KEY_BYTES: usize = 64;

/// Most bytes of a cursor that is read at all.
const CURSOR_BYTES_MAX: usize = 4096;

/// Seals and opens the cursors of one environment.
#[derive(Clone)]
pub struct Sealer {
    key: [u8; KEY_BYTES],
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Sealer")
    }
}

impl Sealer {
    /// A sealer with the environment's key.
    pub fn new(key: [u8; KEY_BYTES]) -> Self {
        Self { key }
    }

    /// A cursor for the values of the order's keys.
    pub fn seal(&self, binding: &[u8], keys: &[Value]) -> String {
        let plain = serde_json::to_vec(keys).unwrap_or_default();
        let sealed = Aes256Siv::new(&self.key.into())
            .encrypt([binding], &plain)
            .unwrap_or_default();
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The values in a cursor; `None` when it was not made here for this order.
    pub fn open(&self, binding: &[u8], cursor: &str) -> Option<Vec<Value>> {
        if cursor.len() > CURSOR_BYTES_MAX {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let plain = Aes256Siv::new(&self.key.into()).decrypt([binding], &sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_for_its_order_and_untouched() {
        let sealer = Sealer::new([7; KEY_BYTES]);
        for keys in [
            vec![Value::Null],
            vec![Value::Text("ä\"".to_owned()), Value::DateTime(-5)],
            vec![Value::Int(1), Value::Float(0.1)],
        ] {
            let cursor = sealer.seal(b"order", &keys);
            assert_eq!(sealer.open(b"order", &cursor), Some(keys));
            assert_eq!(sealer.open(b"other", &cursor), None);
            let mut touched = cursor.clone().into_bytes();
            touched[3] = if touched[3] == b'A' { b'B' } else { b'A' };
            assert_eq!(sealer.open(b"order", std::str::from_utf8(&touched).unwrap()), None);
            assert_eq!(sealer.open(b"order", &cursor[..cursor.len() - 1]), None);
        }
        for junk in ["", "a", "%%%%", "AAAA"] {
            assert_eq!(sealer.open(b"order", junk), None, "{junk}");
        }
    }
}

//! Key bytes. They are in no text: what holds them has neither `Debug` nor `Display` nor `Serialize`.

use zeroize::Zeroizing;

/// Fills bytes with randomness that nobody can foretell.
pub type Chance = fn(&mut [u8]);

/// Bytes of a data key: 32 that seal values, 64 that make what they are compared by.
pub const DATA_KEY_BYTES: usize = 96;

/// Key bytes, zeroed when they are dropped.
pub struct Secret<const N: usize>(Zeroizing<[u8; N]>);

/// The bytes of a data key in the clear.
pub type DataSecret = Secret<DATA_KEY_BYTES>;

impl<const N: usize> Secret<N> {
    /// Bytes by chance.
    pub fn random(chance: Chance) -> Self {
        let mut secret = Self(Zeroizing::new([0; N]));
        chance(secret.0.as_mut_slice());
        secret
    }

    /// A copy of the bytes; `None` if there are not that many.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut secret = Self(Zeroizing::new([0; N]));
        if bytes.len() != N {
            return None;
        }
        secret.0.copy_from_slice(bytes);
        Some(secret)
    }

    /// The bytes. Who takes them copies them nowhere.
    pub fn bytes(&self) -> &[u8; N] {
        &self.0
    }
}

//! Keys: who holds them, how they wrap each other, and how values of `encrypted:` fields are sealed with them.
//!
//! A [`KeyProvider`] holds key-encryption keys. They wrap data keys, which stand in `fh_data_key`, one line of them for each
//! environment or tenant and key of the model. A [`Vault`] opens those and hands out a [`Cipher`] for a request; nothing else has
//! key material, and it is shown nowhere.

mod cipher;
mod data_key;
mod error;
mod key_file;
mod provider;
mod rotate;
mod secret;
mod vault;

pub use cipher::Cipher;
pub use error::{Result, VaultError};
pub use key_file::KeyFile;
pub use provider::{KekId, KekView, KeyProvider};
pub use rotate::{Retired, Rotation, retire, rotate};
pub use secret::{Chance, DATA_KEY_BYTES, DataSecret};
pub use vault::{DataKeyView, KeyUse, Vault};

#[cfg(test)]
mod testing;

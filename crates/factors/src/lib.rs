//! What a person signs in with beside or instead of a password of ours: one-time codes, recovery codes, passkeys, password
//! hashes of other programs; which passwords are refused; and the text of API keys.
//!
//! Pure functions. Nothing here reads a clock, a database or the network; what has to be remembered between two calls is
//! handed out, and the caller keeps it. The one source of chance that is not a parameter is the challenge of a passkey's
//! ceremony, which the WebAuthn library draws itself.

pub mod api_key;
pub mod common;
mod error;
pub mod passkey;
pub mod phc;
pub mod policy;
pub mod recovery;
pub mod totp;

pub use api_key::ApiKeyText;
pub use common::is_common;
pub use error::{FactorError, PasswordFault, Result};
pub use passkey::{Ask, Ceremony, Outcome, RelyingParty, StoredPasskey};
pub use phc::{Recipe, Verdict};
pub use policy::judge;
pub use recovery::RecoveryCode;
pub use totp::TotpSecret;

/// Longest password heard, in bytes, so that hashing one is no attack.
pub const PASSWORD_BYTES_MAX: usize = 1024;

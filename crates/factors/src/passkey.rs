//! Passkeys: the two ceremonies of WebAuthn (Level 3), registration and authentication, each in two halves.
//!
//! Between its halves a ceremony has a state, which the caller keeps on the server and takes away when it is used: whoever
//! could give one back twice, or choose it, could replay an answer. What a browser gets and gives is the JSON of
//! `PublicKeyCredential.parseCreationOptionsFromJSON`, `parseRequestOptionsFromJSON` and `toJSON`.
//!
//! No attestation is asked for, and none is kept: a passkey is as good as the person who registered it while signed in.

mod client_data;
mod relying_party;

pub use relying_party::{CEREMONY_MS, RelyingParty};

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use webauthn_rs_core::proto::{AuthenticatorTransport, Credential};

/// The first half of a ceremony.
pub struct Ceremony {
    /// For the browser: `{"publicKey": …}`, whose content goes through `parseCreationOptionsFromJSON` or
    /// `parseRequestOptionsFromJSON`.
    pub options: String,
    /// For the second half: to be kept on the server, bound to who began, for five minutes and one use.
    pub state: String,
}

/// Which passkeys may answer, and what has to be shown with them.
#[derive(Clone, Copy)]
pub enum Ask<'a> {
    /// Beside a password, from the person whose passkeys these are. The authenticator verifies its user if it can.
    SecondFactor(&'a [StoredPasskey]),
    /// Instead of a password, from the person whose passkeys these are. The authenticator must verify its user.
    OnlyFactor(&'a [StoredPasskey]),
    /// Instead of a password, from anyone: the passkey tells who it is. The authenticator must verify its user. A page that
    /// offers it among what a browser fills in adds `mediation: "conditional"`.
    Discoverable,
}

/// A registered passkey, for storage. It holds a public key and no secret; by serde it is an object of JSON, whose form is
/// this library's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredPasskey {
    user_id: Uuid,
    credential: Credential,
}

impl StoredPasskey {
    /// By which it is found; unique over all users, which the database must see to. At most 1023 bytes.
    pub fn credential_id(&self) -> &[u8] {
        self.credential.cred_id.as_slice()
    }

    /// Whose it is.
    pub fn user_id(&self) -> Uuid {
        self.user_id
    }

    /// How often it has signed, as it says itself. Always 0 for one that is kept in several devices.
    pub fn counter(&self) -> u32 {
        self.credential.counter
    }

    /// Whether the authenticator verified its user at registration. If so, it has to each time.
    pub fn user_verified(&self) -> bool {
        self.credential.user_verified
    }

    /// Whether it can be, or is, copied to the user's other devices.
    pub fn synchronised(&self) -> bool {
        self.credential.backup_eligible
    }

    /// Whether it lives in the device that registered it, rather than in a key on a key ring; for its name in a list.
    pub fn in_device(&self) -> bool {
        let transports = self.credential.transports.as_deref().unwrap_or_default();
        transports.contains(&AuthenticatorTransport::Internal)
    }
}

/// An authentication that succeeded.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which passkey it was.
    pub credential_id: Vec<u8>,
    /// Whose it is. Where the browser gave a user handle, it was this one.
    pub user_id: Uuid,
    /// The new counter.
    pub counter: u32,
    /// Whether the authenticator verified its user, so that this counts as two factors.
    pub user_verified: bool,
    /// The passkey with its new counter, to be stored before the person is let in; best in a statement that asks for the old
    /// counter, so that of two at once only one comes through.
    pub updated: StoredPasskey,
}

#[cfg(test)]
mod authenticator;
#[cfg(test)]
mod tests;

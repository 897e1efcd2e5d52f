//! `identity.password` of app.yaml.

use std::time::Duration;

/// How passwords are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordRules {
    /// Fewest characters of a new password.
    pub chars_min: u32,
    /// So many failures in a row block the account.
    pub failures_max: u32,
    /// For so long.
    pub block: Duration,
    /// How new passwords are hashed. Those hashed otherwise hold, and are hashed anew at the next sign-in.
    pub hash: PasswordHash,
}

/// How passwords are hashed. What a hash costs is a setting of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PasswordHash {
    /// Argon2id, RFC 9106.
    #[default]
    Argon2id,
    /// scrypt, RFC 7914.
    Scrypt,
    /// bcrypt, which reads the first 72 bytes of a password.
    Bcrypt,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self {
            chars_min: 12,
            failures_max: 3,
            block: Duration::from_mins(10),
            hash: PasswordHash::default(),
        }
    }
}

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
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self {
            chars_min: 12,
            failures_max: 3,
            block: Duration::from_mins(10),
        }
    }
}

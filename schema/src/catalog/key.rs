//! Keys that fields are encrypted under.

use std::time::Duration;

/// A key of the model. Its data keys are made in each environment, where they stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyDef {
    /// What has data keys of its own.
    pub scope: KeyScope,
    /// Age past which values are sealed under a new data key; older values are opened with the one that sealed them.
    pub rotate_after: Option<Duration>,
}

/// What has data keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyScope {
    /// The environment.
    Environment,
    /// Each tenant.
    Tenant,
}

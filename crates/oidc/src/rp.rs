//! Relying party: people sign in at another provider.
//!
//! [`authorization_url`] sends them there; what it was given is kept as an [`Attempt`]; [`finish`] takes what they come back with.

mod attempt;
mod authorization;
mod callback;
mod discovery;
mod exchange;
mod finish;
mod github;
mod issuer_rule;
mod provider;
mod userinfo;

pub use attempt::Attempt;
pub use authorization::{Prompt, authorization_url};
pub use callback::Callback;
pub use discovery::{Metadata, discover};
pub use finish::finish;
pub use provider::{Preset, Provider};

pub(crate) use discovery::keys_of;
pub(crate) use issuer_rule::IssuerRule;

#[cfg(test)]
mod tests;

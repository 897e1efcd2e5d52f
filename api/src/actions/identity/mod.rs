//! Who somebody is: signing in by every method, what a person does with their own account, and what stands for them elsewhere.
//!
//! Every method ends in [`sign_in::admit`], which asks for a second factor where there is one, and begins the session.

pub(crate) mod addresses;
pub(crate) mod apps;
pub(crate) mod exchange;
pub(crate) mod external;
pub(crate) mod factors;
pub(crate) mod keys;
pub(crate) mod limits;
pub(crate) mod oidc;
pub(crate) mod passkeys;
pub(crate) mod passwords;
pub(crate) mod people;
pub(crate) mod saml;
pub(crate) mod second_factor;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
mod signing_keys;
pub(crate) mod visitor;

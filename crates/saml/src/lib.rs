//! Sign-in by SAML 2.0: the service provider's half of the web browser single sign-on profile.
//!
//! It writes metadata and signed requests ([`ServiceProvider`]) and judges answers ([`accept`]). Everything is a function of its
//! parameters: no network, no clock, no database. Replay is the caller's task: remember [`Assertion::id`] until
//! [`Assertion::remember_until`] and refuse it the second time.
//!
//! INVARIANT: what an [`Assertion`] says is read from the very bytes whose digest was signed, parsed anew after the signature was
//! found good (`signature.rs`). So neither a wrapped signature nor a fault in canonicalization can show us unsigned words.

mod accept;
mod assertion;
mod canon;
mod certificate;
mod credentials;
mod der;
mod error;
mod identity_provider;
mod request;
mod scan;
mod service_provider;
mod shape;
mod signature;
mod time;
mod xml;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use accept::{Expectations, InResponseTo, accept};
pub use assertion::{Assertion, NameId};
pub use certificate::Certificate;
pub use credentials::Credentials;
pub use error::{Result, SamlError};
pub use identity_provider::IdentityProvider;
pub use request::request_id;
pub use service_provider::ServiceProvider;

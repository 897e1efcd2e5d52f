//! Others on the network: browsers, and whoever signs people in.

mod browser;
mod keys;
mod openid;
mod saml;
mod site;

pub use browser::{Browser, Visit};
pub use keys::{Jwk, SignWith, claims_of, decode, encode, sha256, unix_now};
pub use openid::{Lie, OpenId};
pub use saml::{Attack, SamlIdp, Says, Signed, VICTIM};
pub use site::{Asked, Reply, Site};

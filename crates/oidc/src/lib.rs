//! OpenID Connect and OAuth 2.0: people who sign in elsewhere, machines with tokens of others, and Freehold as the provider itself.
//!
//! It has no database, no clock and no network: HTTP is the caller's ([`Http`]), and so are time and chance. What was fetched is
//! kept in a [`Cache`]; states, nonces, verifiers, codes and the `jti`s of logout tokens are the caller's to keep.
//!
//! Every token of every kind goes through one door, `jws.rs` and `key_set.rs`, which know five algorithms and no shared secrets.
//! Requests and types are those of `oauth2` and `openidconnect`; the latter's verification is not used, since it checks neither
//! `azp` nor `nbf`, puts no bound on `iat`, takes HS256 with the client's secret where it is advertised, and RSA keys of any size.

mod cache;
mod error;
mod http;
mod json;
mod secret;

mod algorithm;
mod claims;
mod jws;
mod key_set;
mod validity;

mod bearer;
mod logout;
mod pick;
mod pkce;

pub mod issuer;
pub mod rp;

pub use algorithm::Algorithm;
pub use bearer::{JwtIssuer, KeySource, issuer_of};
pub use cache::Cache;
pub use claims::Claims;
pub use error::{OidcError, TokenError};
pub use http::{Http, HttpError, RESPONSE_BYTES_MAX, Request, Response};
pub use json::Object;
pub use jws::TOKEN_BYTES_MAX;
pub use key_set::KeySet;
pub use logout::{LogoutToken, verify_logout_token};
pub use pick::pick;
pub use pkce::{PkceVerifier, is_challenge, random_text};
pub use secret::Secret;

#[cfg(test)]
mod testing;

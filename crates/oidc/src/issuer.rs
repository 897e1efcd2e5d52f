//! Freehold as an identity provider: the parts of it that need neither database nor network.
//!
//! Keys that sign ([`SigningKey`]), what they sign ([`IdToken`], [`AccessToken`]), the documents that tell others of them, and the
//! requests that apps send, read and refused in the words of RFC 6749. Codes, refresh tokens, clients and people are the caller's.

mod authorization;
mod client_auth;
mod document;
mod oauth_error;
mod parameters;
mod redirect_uri;
mod signing_key;
mod token;
mod token_request;

pub use authorization::{Arrival, AuthorizationRequest, redirect_with_code, redirect_with_error};
pub use client_auth::{ClientAuth, ClientCredentials};
pub use document::{Endpoints, discovery_document, jwks_document};
pub use oauth_error::{OauthError, OauthWord};
pub use redirect_uri::{RedirectUri, RedirectUriError};
pub use signing_key::{KeyKind, SigningKey};
pub use token::{AccessToken, IdToken, verify_access_token};
pub use token_request::{Grant, TokenRequest};

#[cfg(test)]
mod tests;

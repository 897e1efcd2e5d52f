//! The documents that tell apps of us.

use serde_json::{Value, json};

use crate::issuer::{ClientAuth, SigningKey};

/// Where our endpoints are.
#[derive(Clone, Copy, Debug)]
pub struct Endpoints<'e> {
    /// Us: https, without query and fragment. The document is found at `/.well-known/openid-configuration` under it.
    pub issuer: &'e str,
    /// Where people are sent.
    pub authorization: &'e str,
    /// Where codes are exchanged.
    pub token: &'e str,
    /// Where more is told of a person.
    pub userinfo: &'e str,
    /// Where [`jwks_document`] is.
    pub jwks: &'e str,
    /// Where people are sent to sign out, if there is such a place.
    pub end_session: Option<&'e str>,
    /// Where tokens are revoked (RFC 7009), if there is such a place.
    pub revocation: Option<&'e str>,
}

/// The discovery document (Discovery section 3, RFC 8414). `keys` are those of [`jwks_document`].
pub fn discovery_document(endpoints: &Endpoints<'_>, keys: &[&SigningKey], scopes: &[&str], claims: &[&str]) -> Value {
    let mut algorithms = Vec::new();
    for name in keys.iter().map(|key| key.kind().algorithm().name()) {
        if !algorithms.contains(&name) {
            algorithms.push(name);
        }
    }
    let client_auth = [ClientAuth::Basic, ClientAuth::Post, ClientAuth::None].map(ClientAuth::name);
    let mut document = json!({
        "issuer": endpoints.issuer,
        "authorization_endpoint": endpoints.authorization,
        "token_endpoint": endpoints.token,
        "userinfo_endpoint": endpoints.userinfo,
        "jwks_uri": endpoints.jwks,
        "scopes_supported": scopes,
        "claims_supported": claims,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": client_auth,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        // Left out, it would mean true.
        "request_uri_parameter_supported": false,
    });
    for (name, url) in [
        ("end_session_endpoint", endpoints.end_session),
        ("revocation_endpoint", endpoints.revocation),
    ] {
        if let Some(url) = url {
            document[name] = json!(url);
        }
    }
    document
}

/// The public halves of keys: of the one that signs, of the next one before it signs, and of older ones for as long as a token of
/// theirs may be good.
pub fn jwks_document(keys: &[&SigningKey]) -> Value {
    json!({"keys": keys.iter().map(|key| key.public_jwk()).collect::<Vec<_>>()})
}

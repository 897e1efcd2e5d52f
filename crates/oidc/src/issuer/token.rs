//! The tokens that we sign, and our own check of them.

use freehold_base::Timestamp;
use serde_json::{Value, json};

use crate::issuer::SigningKey;
use crate::json::{Object, encode};
use crate::jws::Jws;
use crate::validity::{Issued, check_audience, check_issuer, check_times, seconds};
use crate::{Algorithm, KeySet, TokenError};

/// What an access token calls itself (RFC 9068 section 2.1).
const ACCESS_KIND: &str = "at+jwt";

/// Who signed in, for the app that asked (Core section 2).
#[derive(Clone, Debug, Default)]
pub struct IdToken<'t> {
    /// Us.
    pub issuer: &'t str,
    /// Them. For good: never another person's.
    pub subject: &'t str,
    /// The client.
    pub client_id: &'t str,
    /// What the client sent.
    pub nonce: Option<&'t str>,
    /// When they signed in, in seconds since 1970.
    pub auth_time: Option<i64>,
    /// How strongly.
    pub acr: Option<&'t str>,
    /// By what (RFC 8176).
    pub amr: &'t [&'t str],
    /// Their session.
    pub sid: Option<&'t str>,
    /// The access token beside it, which it is bound to.
    pub access_token: Option<&'t str>,
    /// What the scopes show: `email`, `email_verified`, `name` … None of the claims above can be among them.
    pub more: Object,
}

/// What a client may do for somebody, or for itself (RFC 9068).
#[derive(Clone, Debug, Default)]
pub struct AccessToken<'t> {
    /// Us.
    pub issuer: &'t str,
    /// Whose rights it carries; of a client's own token, the client.
    pub subject: &'t str,
    /// The API.
    pub audience: &'t str,
    /// The client.
    pub client_id: &'t str,
    /// Its own name.
    pub jti: &'t str,
    /// What was granted.
    pub scopes: &'t [&'t str],
    /// When they signed in, in seconds since 1970.
    pub auth_time: Option<i64>,
    /// How strongly.
    pub acr: Option<&'t str>,
    /// By what.
    pub amr: &'t [&'t str],
    /// Their session.
    pub sid: Option<&'t str>,
    /// What else the API is told. None of the claims above can be among them.
    pub more: Object,
}

impl IdToken<'_> {
    /// Signs it. It is good for `lifetime_secs` from now.
    pub fn sign(&self, key: &SigningKey, now: Timestamp, lifetime_secs: u32) -> String {
        let algorithm = key.kind().algorithm();
        let at_hash = self.access_token.map(|token| encode(&algorithm.half_digest(token)));
        let claims = filled(
            &self.more,
            json!({
                "iss": self.issuer,
                "sub": self.subject,
                "aud": self.client_id,
                "azp": null,
                "exp": seconds(now) + i64::from(lifetime_secs),
                "iat": seconds(now),
                "nbf": null,
                "nonce": self.nonce,
                "auth_time": self.auth_time,
                "acr": self.acr,
                "amr": list(self.amr),
                "sid": self.sid,
                "at_hash": at_hash,
                "c_hash": null,
                "events": null,
                "scope": null,
                "client_id": null,
            }),
        );
        key.sign("JWT", &claims)
    }
}

impl AccessToken<'_> {
    /// Signs it. It is good for `lifetime_secs` from now.
    pub fn sign(&self, key: &SigningKey, now: Timestamp, lifetime_secs: u32) -> String {
        let claims = filled(
            &self.more,
            json!({
                "iss": self.issuer,
                "sub": self.subject,
                "aud": self.audience,
                "client_id": self.client_id,
                "exp": seconds(now) + i64::from(lifetime_secs),
                "iat": seconds(now),
                "nbf": null,
                "jti": self.jti,
                "scope": (!self.scopes.is_empty()).then(|| self.scopes.join(" ")),
                "auth_time": self.auth_time,
                "acr": self.acr,
                "amr": list(self.amr),
                "sid": self.sid,
                "azp": null,
                "nonce": null,
                "events": null,
                "cnf": null,
            }),
        );
        key.sign(ACCESS_KIND, &claims)
    }
}

/// The claims of an access token of ours. An ID token is refused: it is for its client, and tells no API anything
/// (RFC 9068 section 4).
///
/// # Errors
/// By variant. Whether it was revoked is the caller's to see, by `jti` or `sid`.
pub fn verify_access_token(
    token: &str,
    keys: &KeySet,
    issuer: &str,
    audience: &str,
    now: Timestamp,
) -> Result<Object, TokenError> {
    let jws = Jws::parse(token)?;
    jws.require_kind(ACCESS_KIND)?;
    if !matches!(jws.algorithm, Algorithm::Es256 | Algorithm::EdDsa) {
        return Err(TokenError::Algorithm);
    }
    keys.verify(&jws)?;
    check_issuer(&jws.unverified, issuer)?;
    check_audience(&jws.unverified, audience)?;
    check_times(&jws.unverified, Issued::Required, now)?;
    Ok(jws.unverified)
}

/// The claims of `ours` that are not null, and of `more` what `ours` does not name at all.
fn filled(more: &Object, ours: Value) -> Object {
    let Value::Object(ours) = ours else {
        return Object::new();
    };
    let named = ours.clone();
    let more = more
        .iter()
        .filter(|(name, _)| !named.contains_key(*name))
        .map(|(name, value)| (name.clone(), value.clone()));
    ours.into_iter()
        .filter(|(_, value)| !value.is_null())
        .chain(more)
        .collect()
}

fn list(words: &[&str]) -> Value {
    if words.is_empty() { Value::Null } else { json!(words) }
}

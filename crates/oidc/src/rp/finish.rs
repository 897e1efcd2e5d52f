//! The end of a sign-in.

use freehold_base::Timestamp;
use serde_json::Value;

use crate::json::{Object, encode};
use crate::jws::Jws;
use crate::key_set::verified;
use crate::rp::exchange::exchange;
use crate::rp::{Attempt, Callback, IssuerRule, Metadata, Preset, Provider, discover, github, userinfo};
use crate::secret::same;
use crate::validity::{Issued, check_client, check_times, optional_text, text};
use crate::{Algorithm, Cache, Claims, Http, OidcError, TokenError};

/// What an ID token may call itself.
const KINDS: [&str; 1] = ["jwt"];

/// Who came back: checks that the callback answers the attempt, exchanges its code, and verifies what comes for it
/// (Core section 3.1.3.7). The attempt is used up, whatever comes of it.
///
/// # Errors
/// `BadCallback`, `Refused` and `Token` are about this sign-in; others about the provider, see [`OidcError::is_outage`].
pub async fn finish(
    http: &impl Http,
    cache: &Cache,
    provider: &Provider,
    callback: Callback,
    attempt: Attempt,
    now: Timestamp,
) -> Result<Claims, OidcError> {
    let metadata = discover(http, cache, provider, now).await?;
    let (code, stated) = callback.open(provider, &metadata, &attempt)?;
    let tokens = exchange(http, provider, &metadata, &attempt, &code).await?;
    if provider.preset == Preset::GitHub {
        return github::claims(http, &metadata, &tokens.access).await;
    }
    let id_token = tokens.id.as_ref().ok_or(OidcError::NoIdToken)?;
    let (mut claims, algorithm) = verify(http, cache, provider, &metadata, id_token.expose(), now).await?;
    check_nonce(&claims, &attempt.nonce)?;
    check_access_token(&claims, algorithm, tokens.access.expose())?;
    if stated.is_some_and(|stated| claims.get("iss").is_none_or(|issuer| *issuer != stated)) {
        return Err(TokenError::Issuer.into());
    }
    if provider.userinfo {
        let endpoint = metadata
            .userinfo_endpoint
            .as_deref()
            .ok_or_else(|| metadata.lacks("userinfo_endpoint"))?;
        userinfo::merge(http, endpoint, &tokens.access, &mut claims).await?;
    }
    Ok(Claims::read(claims)?)
}

/// The claims of an ID token, with its issuer in its one form.
async fn verify(
    http: &impl Http,
    cache: &Cache,
    provider: &Provider,
    metadata: &Metadata,
    token: &str,
    now: Timestamp,
) -> Result<(Object, Algorithm), OidcError> {
    let jws = Jws::parse(token)?;
    jws.check_kind(&KINDS)?;
    let algorithm = jws.algorithm;
    metadata.check_algorithm(algorithm)?;
    let jwks_uri = metadata.jwks_uri.as_deref().ok_or_else(|| metadata.lacks("jwks_uri"))?;
    let (mut claims, key_issuer) = verified(http, cache, (jwks_uri, metadata.plain()), jws, now).await?;
    let rule = IssuerRule::of(provider);
    let issuer = rule.check(&claims)?;
    rule.check_key(&claims, key_issuer.as_deref())?;
    claims.insert("iss".into(), Value::String(issuer));
    check_client(&claims, &provider.client_id, &provider.trusted_audiences)?;
    check_times(&claims, Issued::Required, now)?;
    Ok((claims, algorithm))
}

fn check_nonce(claims: &Object, nonce: &str) -> Result<(), TokenError> {
    let found = text(claims, "nonce")?;
    if !nonce.is_empty() && same(found.as_bytes(), nonce.as_bytes()) {
        Ok(())
    } else {
        Err(TokenError::Nonce)
    }
}

/// `at_hash`, if it is there (Core section 3.1.3.8).
fn check_access_token(claims: &Object, algorithm: Algorithm, access_token: &str) -> Result<(), TokenError> {
    match optional_text(claims, "at_hash")? {
        Some(hash) if hash != encode(&algorithm.half_digest(access_token)) => Err(TokenError::AccessToken),
        Some(_) | None => Ok(()),
    }
}

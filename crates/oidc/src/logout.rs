//! Logout tokens: an identity provider ends sessions behind the user's back (OpenID Connect Back-Channel Logout 1.0).

use freehold_base::Timestamp;
use serde_json::Value;

use crate::json::Object;
use crate::jws::Jws;
use crate::key_set::verified;
use crate::rp::{IssuerRule, Provider, discover};
use crate::validity::{Issued, SKEW_SECS, check_client, check_issued, check_times, date, optional_text, seconds, text};
use crate::{Cache, Http, OidcError, TokenError};

/// The event (section 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Section 2.4 recommends `logout+jwt`; some providers write `JWT` or nothing.
const KINDS: [&str; 2] = ["logout+jwt", "jwt"];

/// How old a token may be that does not say when it expires, in seconds.
const AGE_MAX_SECS: i64 = 300;

/// Whose sessions end. Of `subject` and `sid` at least one is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutToken {
    /// Who says so.
    pub issuer: String,
    /// Every session of this subject, if there is no `sid`.
    pub subject: Option<String>,
    /// This session.
    pub sid: Option<String>,
    /// The token's own name. The caller remembers it, and refuses it if it comes again (section 2.6, step 7).
    pub jti: String,
    /// Until when it must be remembered, in seconds since 1970.
    pub remember_until: i64,
}

/// Verifies a logout token that was posted to us by anybody.
///
/// # Errors
/// `Token` if it is refused (answer 400); others if the provider's keys cannot be had.
pub async fn verify_logout_token(
    http: &impl Http,
    cache: &Cache,
    provider: &Provider,
    token: &str,
    now: Timestamp,
) -> Result<LogoutToken, OidcError> {
    let jws = Jws::parse(token)?;
    jws.check_kind(&KINDS)?;
    let logout = read(&jws.unverified, provider, now)?;
    let metadata = discover(http, cache, provider, now).await?;
    let jwks_uri = metadata.jwks_uri.as_deref().ok_or_else(|| metadata.lacks("jwks_uri"))?;
    metadata.check_algorithm(jws.algorithm)?;
    let rule = IssuerRule::of(provider);
    rule.check(&jws.unverified)?;
    let (claims, key_issuer) = verified(http, cache, (jwks_uri, metadata.plain()), jws, now).await?;
    rule.check_key(&claims, key_issuer.as_deref())?;
    Ok(logout)
}

fn read(claims: &Object, provider: &Provider, now: Timestamp) -> Result<LogoutToken, TokenError> {
    let issuer = text(claims, "iss")?.to_owned();
    check_client(claims, &provider.client_id, &provider.trusted_audiences)?;
    // So that an ID token is never taken for one.
    if claims.contains_key("nonce") {
        return Err(TokenError::Nonce);
    }
    match claims.get("events").and_then(|events| events.get(EVENT)) {
        Some(Value::Object(_)) => {}
        Some(_) | None => return Err(TokenError::Claim("events")),
    }
    let now_secs = seconds(now);
    check_issued(claims, Issued::Required, now_secs)?;
    let issued = date(claims, "iat")?.ok_or(TokenError::Claim("iat"))?;
    let expires = if let Some(expires) = date(claims, "exp")? {
        check_times(claims, Issued::Required, now)?;
        expires
    } else {
        // Drafts had no `exp`, and some providers still have none.
        if now_secs >= issued + AGE_MAX_SECS + SKEW_SECS {
            return Err(TokenError::Expired);
        }
        issued + AGE_MAX_SECS
    };
    let some = |name| -> Result<Option<String>, TokenError> {
        Ok(optional_text(claims, name)?
            .filter(|text| !text.is_empty())
            .map(str::to_owned))
    };
    let (subject, sid) = (some("sub")?, some("sid")?);
    if subject.is_none() && sid.is_none() {
        return Err(TokenError::Claim("sub"));
    }
    Ok(LogoutToken {
        issuer,
        subject,
        sid,
        jti: text(claims, "jti")?.to_owned(),
        remember_until: expires + SKEW_SECS,
    })
}

#[cfg(test)]
mod tests;

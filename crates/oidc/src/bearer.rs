//! Tokens that machines bring from issuers of their own.

use freehold_base::Timestamp;
use url::Url;

use crate::http::Plain;
use crate::json::Object;
use crate::jws::Jws;
use crate::key_set::verified;
use crate::rp::keys_of;
use crate::validity::{Issued, check_audience, check_issuer, check_times};
use crate::{Algorithm, Cache, Http, OidcError, TokenError};

/// What a bearer's token may call itself: nothing, a JWT, or an access token (RFC 9068). Above all no logout token.
const KINDS: [&str; 2] = ["jwt", "at+jwt"];

/// An issuer whose tokens machines may bring (RFC 7519; RFC 8725 for what is refused).
#[derive(Clone, Debug)]
pub struct JwtIssuer {
    /// `iss`, letter for letter.
    pub issuer: String,
    /// What `aud` must name.
    pub audience: String,
    /// Where its keys are.
    pub keys: KeySource,
    /// What its tokens may be signed with. None, if empty.
    pub algorithms: Vec<Algorithm>,
}

/// Where an issuer's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// There.
    Jwks(String),
    /// Where its discovery document says.
    Discovery,
}

impl JwtIssuer {
    /// The claims of a token of this issuer.
    ///
    /// # Errors
    /// `Token` if it is refused; others if the issuer's keys cannot be had, see [`OidcError::is_outage`].
    pub async fn verify(
        &self,
        http: &impl Http,
        cache: &Cache,
        token: &str,
        now: Timestamp,
    ) -> Result<Object, OidcError> {
        let jws = Jws::parse(token)?;
        jws.check_kind(&KINDS)?;
        if !self.algorithms.contains(&jws.algorithm) {
            return Err(TokenError::Algorithm.into());
        }
        // Before keys are asked for: a token that would be refused anyway should cost no request.
        check(&jws.unverified, self, now)?;
        let jwks_uri = match &self.keys {
            KeySource::Jwks(url) => url.clone(),
            KeySource::Discovery => keys_of(http, cache, &self.issuer, now).await?,
        };
        // A key set that is stated apart may be on this machine, whoever the issuer is (Kubernetes has such).
        let plain = match &self.keys {
            KeySource::Jwks(url) => Plain::of(url),
            KeySource::Discovery => Plain::of(&self.issuer),
        };
        let (claims, _) = verified(http, cache, (&jwks_uri, plain), jws, now).await?;
        Ok(claims)
    }
}

fn check(claims: &Object, issuer: &JwtIssuer, now: Timestamp) -> Result<(), TokenError> {
    check_issuer(claims, &issuer.issuer)?;
    check_audience(claims, &issuer.audience)?;
    check_times(claims, Issued::Optional, now)
}

/// Who a token says has issued it, to choose among several [`JwtIssuer`]s. Nobody has verified it; it is at most 2 KiB.
pub fn issuer_of(token: &str) -> Option<String> {
    let jws = Jws::parse(token).ok()?;
    let issuer = jws.unverified.get("iss")?.as_str()?;
    (issuer.len() <= 2048).then(|| issuer.to_owned())
}

/// Whether a text can be an issuer: a URL without query and fragment (Core section 2). https is checked where it is asked.
pub(crate) fn is_issuer(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.query().is_none() && url.fragment().is_none() && url.host().is_some())
}

#[cfg(test)]
mod tests;

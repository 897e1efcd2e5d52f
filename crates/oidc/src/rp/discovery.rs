//! Where a provider's endpoints are (OpenID Connect Discovery 1.0).

use std::sync::Arc;

use freehold_base::Timestamp;
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, ProviderMetadata};
use serde::{Deserialize, Serialize};

use crate::bearer::is_issuer;
use crate::http::{Plain, check_url, get, shown};
use crate::rp::{IssuerRule, Preset, Provider};
use crate::{Algorithm, Cache, Http, OidcError, TokenError};

/// What we need of a discovery document, checked: every URL is https, or on this machine if the issuer is.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// The issuer, as it is configured.
    pub issuer: String,
    /// Where people are sent.
    pub authorization_endpoint: String,
    /// Where codes are exchanged.
    pub token_endpoint: String,
    /// Where more is told of a person.
    pub userinfo_endpoint: Option<String>,
    /// Where the keys are. GitHub has none.
    pub jwks_uri: Option<String>,
    /// Where people are sent to sign out there too (RP-Initiated Logout 1.0).
    pub end_session_endpoint: Option<String>,
    /// What ID tokens may be signed with: what is advertised, of what we accept.
    pub algorithms: Vec<Algorithm>,
    /// Whether callbacks always state their issuer (RFC 9207).
    pub states_issuer: bool,
    /// Whether the client's secret goes into the form, for want of HTTP Basic.
    pub(crate) secret_in_form: bool,
}

impl Metadata {
    pub(crate) fn plain(&self) -> Plain {
        Plain::of(&self.issuer)
    }

    pub(crate) fn lacks(&self, endpoint: &'static str) -> OidcError {
        OidcError::NoEndpoint {
            issuer: self.issuer.clone(),
            endpoint,
        }
    }

    pub(crate) fn check_algorithm(&self, algorithm: Algorithm) -> Result<(), TokenError> {
        if self.algorithms.contains(&algorithm) {
            Ok(())
        } else {
            Err(TokenError::Algorithm)
        }
    }
}

/// What `openidconnect` does not know of.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Extra {
    end_session_endpoint: Option<String>,
    authorization_response_iss_parameter_supported: Option<bool>,
}

impl AdditionalProviderMetadata for Extra {}

type Document = ProviderMetadata<
    Extra,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// A provider's endpoints, from the cache if they are there.
///
/// # Errors
/// `IssuerMismatch` if the document is another's; `BadUrl` if an endpoint is not https; an outage, see [`OidcError::is_outage`].
pub async fn discover(
    http: &impl Http,
    cache: &Cache,
    provider: &Provider,
    now: Timestamp,
) -> Result<Arc<Metadata>, OidcError> {
    if provider.preset == Preset::GitHub {
        return github(&provider.issuer).map(Arc::new);
    }
    let url = document_url(&provider.issuer)?;
    let fetched = async {
        let response = get(http, &url, None).await?;
        let bad = |_| OidcError::BadAnswer {
            url: url.clone(),
            problem: "something else than a discovery document",
        };
        let document: Document = serde_json::from_slice(response.body()).map_err(bad)?;
        read(&document, provider, &url)
    };
    // Microsoft's rule reads the same document otherwise than a plain one; so it is another entry.
    let entry = format!("{:?} {url}", provider.preset);
    cache.metadata.get(&entry, now, false, fetched).await
}

fn read(document: &Document, provider: &Provider, url: &str) -> Result<Metadata, OidcError> {
    let rule = IssuerRule::of(provider);
    if document.issuer().as_str() != rule.documented() {
        return Err(OidcError::IssuerMismatch {
            configured: provider.issuer.clone(),
            found: shown(document.issuer().as_str()),
        });
    }
    let plain = Plain::of(&provider.issuer);
    let checked = |text: &str| check_url(text, plain).map(|_| text.to_owned());
    let token_endpoint = document.token_endpoint().ok_or_else(|| OidcError::NoEndpoint {
        issuer: provider.issuer.clone(),
        endpoint: "token_endpoint",
    })?;
    let extra = document.additional_metadata();
    let advertised = document.id_token_signing_alg_values_supported();
    let names = advertised
        .iter()
        .filter_map(|one| serde_json::to_value(one).ok())
        .collect::<Vec<_>>();
    let algorithms = Algorithm::ALL
        .into_iter()
        .filter(|one| names.iter().any(|name| name == one.name()))
        .collect::<Vec<_>>();
    if algorithms.is_empty() {
        return Err(OidcError::BadAnswer {
            url: url.to_owned(),
            problem: "no algorithm of ID tokens that is accepted",
        });
    }
    let methods = document.token_endpoint_auth_methods_supported();
    Ok(Metadata {
        issuer: provider.issuer.clone(),
        authorization_endpoint: checked(document.authorization_endpoint().as_str())?,
        token_endpoint: checked(token_endpoint.as_str())?,
        userinfo_endpoint: document
            .userinfo_endpoint()
            .map(|url| checked(url.as_str()))
            .transpose()?,
        jwks_uri: Some(checked(document.jwks_uri().as_str())?),
        end_session_endpoint: extra.end_session_endpoint.as_deref().map(checked).transpose()?,
        algorithms,
        states_issuer: extra.authorization_response_iss_parameter_supported.unwrap_or(false),
        // RFC 8414: HTTP Basic if nothing is said.
        secret_in_form: methods.is_some_and(|methods| {
            !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
                && methods.contains(&CoreClientAuthMethod::ClientSecretPost)
        }),
    })
}

fn github(issuer: &str) -> Result<Metadata, OidcError> {
    let issuer = issuer.trim_end_matches('/');
    check_url(issuer, Plain::of(issuer))?;
    Ok(Metadata {
        issuer: issuer.to_owned(),
        authorization_endpoint: format!("{issuer}/login/oauth/authorize"),
        token_endpoint: format!("{issuer}/login/oauth/access_token"),
        userinfo_endpoint: None,
        jwks_uri: None,
        end_session_endpoint: None,
        algorithms: Vec::new(),
        states_issuer: false,
        secret_in_form: true,
    })
}

/// Where an issuer's document is (Discovery section 4).
fn document_url(issuer: &str) -> Result<String, OidcError> {
    check_url(issuer, Plain::of(issuer))?;
    if !is_issuer(issuer) {
        return Err(OidcError::BadUrl {
            url: issuer.to_owned(),
            problem: "is no issuer",
        });
    }
    Ok(format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    ))
}

/// Where the keys of an issuer of machines' tokens are. Its document may have little else: those of Kubernetes and of GitHub's
/// workflows have no endpoint to send people to, which `openidconnect` insists on.
pub(crate) async fn keys_of(
    http: &impl Http,
    cache: &Cache,
    issuer: &str,
    now: Timestamp,
) -> Result<String, OidcError> {
    #[derive(Deserialize)]
    struct Keys {
        issuer: String,
        jwks_uri: String,
    }
    let url = document_url(issuer)?;
    let fetched = async {
        let response = get(http, &url, None).await?;
        let bad = |_| OidcError::BadAnswer {
            url: url.clone(),
            problem: "something else than a discovery document",
        };
        let document: Keys = serde_json::from_slice(response.body()).map_err(bad)?;
        if document.issuer != issuer {
            let found = shown(&document.issuer);
            return Err(OidcError::IssuerMismatch {
                configured: issuer.to_owned(),
                found,
            });
        }
        check_url(&document.jwks_uri, Plain::of(issuer))?;
        Ok(document.jwks_uri)
    };
    Ok(cache.key_urls.get(&url, now, false, fetched).await?.as_ref().clone())
}

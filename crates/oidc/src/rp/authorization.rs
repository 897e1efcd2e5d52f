//! The request that sends somebody to their identity provider.

use std::borrow::Cow;

use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};

use crate::OidcError;
use crate::rp::{Attempt, Metadata, Preset, Provider};

/// What the provider should ask of somebody (Core section 3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Nothing: answer with an error if they would have to be asked.
    None,
    /// Their password or the like, even if they are signed in.
    Login,
    /// Their consent.
    Consent,
    /// Which account.
    SelectAccount,
}

impl Prompt {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

/// Where to send somebody. The attempt is kept until they are back.
///
/// # Errors
/// `BadUrl` if the redirect URI is none.
pub fn authorization_url(
    provider: &Provider,
    metadata: &Metadata,
    attempt: &Attempt,
    prompt: Option<Prompt>,
    login_hint: Option<&str>,
) -> Result<String, OidcError> {
    let bad = |url: &str| OidcError::BadUrl {
        url: url.to_owned(),
        problem: "cannot be read",
    };
    let endpoint = &metadata.authorization_endpoint;
    let redirect = RedirectUrl::new(attempt.redirect_uri.clone()).map_err(|_| bad(&attempt.redirect_uri))?;
    let client = BasicClient::new(ClientId::new(provider.client_id.clone()))
        .set_auth_uri(AuthUrl::new(endpoint.clone()).map_err(|_| bad(endpoint))?);
    let verifier = PkceCodeVerifier::new(attempt.verifier.expose().to_owned());
    let is_oidc = provider.preset != Preset::GitHub;
    let openid = (is_oidc && !provider.scopes.iter().any(|scope| scope == "openid")).then_some("openid");
    let scopes = openid.into_iter().chain(provider.scopes.iter().map(String::as_str));
    let state = attempt.state.clone();
    let mut request = client
        .authorize_url(|| CsrfToken::new(state))
        .set_redirect_uri(Cow::Owned(redirect))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_scopes(scopes.map(|scope| Scope::new(scope.to_owned())));
    if is_oidc {
        request = request.add_extra_param("nonce", attempt.nonce.clone());
    }
    if let Some(prompt) = prompt {
        request = request.add_extra_param("prompt", prompt.word());
    }
    if let Some(hint) = login_hint {
        // GitHub's word for it.
        request = request.add_extra_param(if is_oidc { "login_hint" } else { "login" }, hint.to_owned());
    }
    Ok(request.url().0.into())
}

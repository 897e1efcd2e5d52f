//! A code for tokens (RFC 6749 section 4.1.3).

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AsyncHttpClient, AuthType, AuthorizationCode, Client, ClientId, ClientSecret, ExtraTokenFields, HttpRequest,
    HttpResponse, PkceCodeVerifier, RedirectUrl, RequestTokenError, StandardRevocableToken, StandardTokenResponse,
    TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};

use crate::http::bounded;
use crate::json::object;
use crate::rp::callback::plain_word;
use crate::rp::{Attempt, Metadata, Provider};
use crate::{Http, OidcError, Secret};

/// What came for a code.
pub(crate) struct Tokens {
    pub(crate) access: Secret,
    pub(crate) id: Option<Secret>,
}

/// The ID token beside the access token (Core section 3.1.3.3).
#[derive(Deserialize, Serialize)]
struct IdTokenField {
    id_token: Option<String>,
}

/// The trait asks for it; it shows nothing.
impl fmt::Debug for IdTokenField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IdTokenField")
    }
}

impl ExtraTokenFields for IdTokenField {}

type TokenAnswer = StandardTokenResponse<IdTokenField, BasicTokenType>;

type ExchangeClient = Client<
    BasicErrorResponse,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

/// Brings the code, the verifier and our own secret.
pub(crate) async fn exchange(
    http: &impl Http,
    provider: &Provider,
    metadata: &Metadata,
    attempt: &Attempt,
    code: &Secret,
) -> Result<Tokens, OidcError> {
    let url = &metadata.token_endpoint;
    let bad_url = |url: &str| OidcError::BadUrl {
        url: url.to_owned(),
        problem: "cannot be read",
    };
    let redirect = RedirectUrl::new(attempt.redirect_uri.clone()).map_err(|_| bad_url(&attempt.redirect_uri))?;
    let mut client = ExchangeClient::new(ClientId::new(provider.client_id.clone()))
        .set_token_uri(TokenUrl::new(url.clone()).map_err(|_| bad_url(url))?)
        .set_auth_type(if metadata.secret_in_form {
            AuthType::RequestBody
        } else {
            AuthType::BasicAuth
        });
    if let Some(secret) = &provider.client_secret {
        client = client.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
    }
    let tokens = client
        .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
        .set_redirect_uri(Cow::Owned(redirect))
        .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.expose().to_owned()))
        .request_async(&Adapter { http, url })
        .await
        .map_err(|error| refusal(error, url))?;
    Ok(Tokens {
        access: Secret::new(tokens.access_token().secret().as_str()),
        id: tokens.extra_fields().id_token.as_deref().map(Secret::new),
    })
}

fn refusal(error: RequestTokenError<AdapterError, BasicErrorResponse>, url: &str) -> OidcError {
    let problem = match error {
        RequestTokenError::Request(AdapterError(error)) => return error,
        RequestTokenError::ServerResponse(answer) => {
            return OidcError::Refused {
                error: plain_word(answer.error().as_ref()),
            };
        }
        // GitHub says 200 to a bad code.
        RequestTokenError::Parse(_, body) => {
            match object(&body).as_ref().and_then(|answer| answer.get("error")?.as_str()) {
                Some(error) => {
                    return OidcError::Refused {
                        error: plain_word(error),
                    };
                }
                None => "something else than tokens",
            }
        }
        RequestTokenError::Other(_) => "something else than tokens",
    };
    OidcError::BadAnswer {
        url: url.to_owned(),
        problem,
    }
}

/// The caller's HTTP as `oauth2` wants it.
struct Adapter<'h, H> {
    http: &'h H,
    url: &'h str,
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct AdapterError(OidcError);

impl<'c, H: Http> AsyncHttpClient<'c> for Adapter<'_, H> {
    type Error = AdapterError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, AdapterError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let response = bounded(self.http, self.url, request).await.map_err(AdapterError)?;
            let status = response.status().as_u16();
            // What `oauth2` reads an error's word from is a 400 or a 401; an outage is told apart from a refusal.
            if status != 200 && !(400..500).contains(&status) || status == 429 {
                return Err(AdapterError(OidcError::Status {
                    url: self.url.to_owned(),
                    status,
                }));
            }
            Ok(response)
        })
    }
}

//! Refusals in OAuth's words.

use serde_json::{Value, json};

/// A refusal of an authorization or token request. Neither field holds anything that the client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", word.name())]
pub struct OauthError {
    /// The word that clients act on.
    pub word: OauthWord,
    /// A sentence for the client's developer: printable ASCII without quotes and backslashes (RFC 6749 section 5.2).
    pub description: &'static str,
}

/// The words of RFC 6749 sections 4.1.2.1 and 5.2, and of OpenID Connect Core section 3.1.2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OauthWord {
    /// A parameter is missing, wrong, or there twice.
    InvalidRequest,
    /// The client is unknown, or has not proved who it is.
    InvalidClient,
    /// The code or refresh token is wrong, used, or another client's.
    InvalidGrant,
    /// The client may not do this.
    UnauthorizedClient,
    /// There is no such grant.
    UnsupportedGrantType,
    /// There is no such response type.
    UnsupportedResponseType,
    /// A scope is unknown, or more than was granted.
    InvalidScope,
    /// The person, or the app's configuration, said no.
    AccessDenied,
    /// Something failed here.
    ServerError,
    /// Too much to do.
    TemporarilyUnavailable,
    /// `prompt=none`, and somebody would have to sign in.
    LoginRequired,
    /// `prompt=none`, and somebody would have to be asked something.
    InteractionRequired,
    /// `prompt=none`, and somebody would have to consent.
    ConsentRequired,
    /// `prompt=none`, and somebody would have to choose an account.
    AccountSelectionRequired,
    /// Request objects are not read here.
    RequestNotSupported,
    /// Nor are they fetched.
    RequestUriNotSupported,
    /// Nor do clients register themselves by one.
    RegistrationNotSupported,
}

impl OauthWord {
    /// With a sentence.
    pub const fn because(self, description: &'static str) -> OauthError {
        OauthError {
            word: self,
            description,
        }
    }

    /// As it is sent.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::InteractionRequired => "interaction_required",
            Self::ConsentRequired => "consent_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
        }
    }
}

impl OauthError {
    /// The HTTP status of the token endpoint's answer. With 401 goes `WWW-Authenticate: Basic`.
    pub fn status(&self) -> u16 {
        match self.word {
            OauthWord::InvalidClient => 401,
            OauthWord::ServerError => 500,
            OauthWord::TemporarilyUnavailable => 503,
            OauthWord::InvalidRequest
            | OauthWord::InvalidGrant
            | OauthWord::UnauthorizedClient
            | OauthWord::UnsupportedGrantType
            | OauthWord::UnsupportedResponseType
            | OauthWord::InvalidScope
            | OauthWord::AccessDenied
            | OauthWord::LoginRequired
            | OauthWord::InteractionRequired
            | OauthWord::ConsentRequired
            | OauthWord::AccountSelectionRequired
            | OauthWord::RequestNotSupported
            | OauthWord::RequestUriNotSupported
            | OauthWord::RegistrationNotSupported => 400,
        }
    }

    /// The body of the token endpoint's answer.
    pub fn body(&self) -> Value {
        json!({"error": self.word.name(), "error_description": self.description})
    }
}

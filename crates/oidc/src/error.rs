//! Why nobody is signed in.

use freehold_base::Code;

use crate::HttpError;

/// Why a sign-in, a logout or a token is refused. Holds no token, code or secret.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The identity provider did not answer.
    #[error("`{url}` does not answer")]
    Unreachable {
        /// What was asked.
        url: String,
        /// The cause.
        #[source]
        source: HttpError,
    },
    /// It did not answer a moment ago, and is not asked again yet.
    #[error("`{url}` did not answer a moment ago")]
    StillUnreachable {
        /// What would be asked.
        url: String,
    },
    /// It answered something else than 200; redirects are not followed.
    #[error("`{url}` answers with status {status}")]
    Status {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// It answered with something that cannot be read.
    #[error("`{url}` answers with {problem}")]
    BadAnswer {
        /// What was asked.
        url: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A URL of the configuration or of discovery cannot be used.
    #[error("the URL `{url}` {problem}")]
    BadUrl {
        /// The URL.
        url: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The discovery document is another issuer's.
    #[error("the discovery document of `{configured}` is that of `{found}`")]
    IssuerMismatch {
        /// The issuer that was asked for.
        configured: String,
        /// The issuer it names.
        found: String,
    },
    /// The provider has no such endpoint.
    #[error("`{issuer}` states no {endpoint}")]
    NoEndpoint {
        /// The issuer.
        issuer: String,
        /// Which endpoint.
        endpoint: &'static str,
    },
    /// The callback is not an answer to a request of ours.
    #[error("the answer of the identity provider {problem}")]
    BadCallback {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The provider refused; the word is its own.
    #[error("the identity provider refused: `{error}`")]
    Refused {
        /// A word of RFC 6749, or another of at most 64 plain characters.
        error: String,
    },
    /// The provider gave no ID token.
    #[error("the identity provider gave no ID token")]
    NoIdToken,
    /// The user's data are somebody else's.
    #[error("the userinfo endpoint tells of another subject than the ID token")]
    UserinfoSubject,
    /// A token is refused.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// Why a token is refused. Holds nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than [`crate::TOKEN_BYTES_MAX`].
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of base64url with JSON objects in the first two.
    #[error("the token cannot be read")]
    Malformed,
    /// Not signed with an algorithm that is accepted here; `none` and HS256 never are.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// Its header says that it is another kind of token, or that it has features that must be understood.
    #[error("the token is of another kind")]
    Kind,
    /// No key of the issuer has signed it.
    #[error("the token names a key that its issuer does not have")]
    UnknownKey,
    /// More than one key could have signed it.
    #[error("the token does not tell which key has signed it")]
    AmbiguousKey,
    /// The signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
    /// A claim is missing or of a wrong type.
    #[error("the token's `{0}` is missing or not what it must be")]
    Claim(&'static str),
    /// `exp` is past.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` is in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iss` is another.
    #[error("the token is of another issuer")]
    Issuer,
    /// `aud` or `azp` is another.
    #[error("the token is for another audience")]
    Audience,
    /// `nonce` is another, or there where it must not be.
    #[error("the token belongs to another sign-in")]
    Nonce,
    /// `at_hash` does not fit the access token.
    #[error("the access token is not the one the ID token was made for")]
    AccessToken,
}

impl OidcError {
    /// The machine word.
    pub fn code(&self) -> Code {
        match self {
            Self::Unreachable { .. }
            | Self::StillUnreachable { .. }
            | Self::Status { .. }
            | Self::BadAnswer { .. }
            | Self::BadUrl { .. }
            | Self::IssuerMismatch { .. }
            | Self::NoEndpoint { .. } => Code::Unavailable,
            Self::BadCallback { .. } => Code::BadRequest,
            Self::Refused { .. } | Self::NoIdToken | Self::UserinfoSubject | Self::Token(_) => Code::Unauthenticated,
        }
    }

    /// Whether it may work later, without anybody changing anything.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::StillUnreachable { .. } => true,
            Self::Status { status, .. } => *status == 429 || *status >= 500,
            Self::BadAnswer { .. }
            | Self::BadUrl { .. }
            | Self::IssuerMismatch { .. }
            | Self::NoEndpoint { .. }
            | Self::BadCallback { .. }
            | Self::Refused { .. }
            | Self::NoIdToken
            | Self::UserinfoSubject
            | Self::Token(_) => false,
        }
    }
}

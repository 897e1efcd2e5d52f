//! The caller's HTTP, and what is asked of it.

use std::error::Error;
use std::future::Future;

use http::header::{ACCEPT, AUTHORIZATION, HeaderValue, USER_AGENT};
use url::{Host, Url};

use crate::OidcError;

/// What is asked.
pub type Request = ::http::Request<Vec<u8>>;

/// What is answered, with the whole body.
pub type Response = ::http::Response<Vec<u8>>;

/// Why there is no answer.
pub type HttpError = Box<dyn Error + Send + Sync>;

/// The longest answer that is read, in bytes. The caller's client should stop there too.
pub const RESPONSE_BYTES_MAX: usize = 1 << 20;

/// The name that GitHub's API insists on being told.
const AGENT: &str = "freehold";

/// The caller's HTTP client. A closure will do.
///
/// INVARIANT: it follows no redirects (a 302 is an answer like any other), has a time limit, checks certificates, and refuses
/// addresses that the server must not reach: whose issuers they are is configuration, where their endpoints are is not.
pub trait Http: Send + Sync {
    /// Sends one request.
    fn send(&self, request: Request) -> impl Future<Output = Result<Response, HttpError>> + Send;
}

impl<F, O> Http for F
where
    F: Fn(Request) -> O + Send + Sync,
    O: Future<Output = Result<Response, HttpError>> + Send,
{
    fn send(&self, request: Request) -> impl Future<Output = Result<Response, HttpError>> + Send {
        self(request)
    }
}

/// The body behind a URL, if it answers 200. `bearer` is the access token to show.
pub(crate) async fn get(http: &impl Http, url: &str, bearer: Option<&str>) -> Result<Response, OidcError> {
    let mut request = ::http::Request::get(url)
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, AGENT);
    if let Some(token) = bearer {
        let bad = |_| OidcError::BadAnswer {
            url: url.into(),
            problem: "an access token that fits in no header",
        };
        let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(bad)?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    let request = request.body(Vec::new()).map_err(|_| OidcError::BadUrl {
        url: url.into(),
        problem: "cannot be asked for",
    })?;
    let response = bounded(http, url, request).await?;
    match response.status().as_u16() {
        200 => Ok(response),
        status => Err(OidcError::Status {
            url: url.into(),
            status,
        }),
    }
}

/// Sends a request, and refuses an answer that is too long.
pub(crate) async fn bounded(http: &impl Http, url: &str, request: Request) -> Result<Response, OidcError> {
    let response = http.send(request).await.map_err(|source| OidcError::Unreachable {
        url: url.into(),
        source,
    })?;
    if response.body().len() > RESPONSE_BYTES_MAX {
        return Err(OidcError::BadAnswer {
            url: url.into(),
            problem: "more than is read",
        });
    }
    Ok(response)
}

/// Where plain http may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plain {
    /// Nowhere.
    Never,
    /// To this machine: for development and tests.
    Loopback,
}

impl Plain {
    /// What endpoints of that issuer may do: only an issuer on this machine sends us to this machine in the clear.
    pub(crate) fn of(issuer: &str) -> Self {
        match Url::parse(issuer) {
            Ok(url) if url.scheme() == "http" && is_loopback(&url) => Self::Loopback,
            _ => Self::Never,
        }
    }
}

/// A URL that tokens and secrets may be sent to, or keys fetched from.
pub(crate) fn check_url(text: &str, plain: Plain) -> Result<Url, OidcError> {
    let bad = |problem| OidcError::BadUrl {
        url: shown(text),
        problem,
    };
    let url = Url::parse(text).map_err(|_| bad("cannot be read"))?;
    match url.scheme() {
        "https" => {}
        "http" if plain == Plain::Loopback && is_loopback(&url) => {}
        _ => return Err(bad("is not https")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("holds a user name"));
    }
    if url.fragment().is_some() {
        return Err(bad("has a fragment"));
    }
    Ok(url)
}

/// A text of somebody else's in an error: a part of it on one line, and nothing before an `@`, which may be a password.
pub(crate) fn shown(text: &str) -> String {
    let after = text.rsplit('@').next().unwrap_or_default();
    after.chars().filter(|letter| !letter.is_control()).take(200).collect()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_nowhere_but_here() {
        let good = |text, plain| check_url(text, plain).is_ok();
        for text in ["http://localhost:80/x", "http://127.0.0.1/x", "http://[::1]:9/x"] {
            assert!(good(text, Plain::Loopback), "{text}");
            assert!(!good(text, Plain::Never), "{text}");
        }
        assert!(good("https://id.acme.example/x?y", Plain::Never));
        for text in [
            "http://id.acme.example/x",
            "http://localhost.acme.example",
            "http://127.0.0.1.acme.example",
            "http://10.0.0.1",
            "ftp://localhost",
            "file:///etc/passwd",
            "https://user:word@id.acme.example",
            "https://id.acme.example/#x",
            "//id.acme.example",
            "",
        ] {
            assert!(!good(text, Plain::Loopback), "{text}");
        }
    }

    #[test]
    fn errors_show_no_password() {
        let error = check_url("https://user:word@id.acme.example/\nx", Plain::Never).unwrap_err();
        assert_eq!(error.to_string(), "the URL `id.acme.example/x` holds a user name");
        let error = check_url(&format!("http://{}", "a".repeat(9000)), Plain::Never).unwrap_err();
        assert!(error.to_string().len() < 300);
    }

    #[test]
    fn only_a_local_issuer_has_local_endpoints() {
        assert_eq!(Plain::of("http://localhost:8080"), Plain::Loopback);
        assert_eq!(Plain::of("https://localhost"), Plain::Never);
        assert_eq!(Plain::of("https://id.acme.example"), Plain::Never);
    }
}

//! Plain HTTP where the app is served by TLS: the way there, and nothing else. No body is read here, so nothing that was sent in the
//! clear is worked with.

use crate::error::Refusal;
use crate::http::host::Host;
use actix_web::http::header::{HeaderValue, LOCATION};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use freehold_base::Code;

/// The port of `https` addresses that name none.
const HTTPS: u16 = 443;

/// The same address by TLS, for what a person types or an old link says.
///
/// # Errors
/// `FORBIDDEN` for what is no reading: whoever sends a password here should be told, not helped.
pub(super) fn to_tls(request: &HttpRequest, host: &Host, port: u16) -> Result<HttpResponse, Refusal> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Refusal::new(Code::Forbidden, "this is served by TLS alone")
            .with_hint("the address begins with `https://`; take what was sent in the clear as known to others"));
    }
    let port = if port == HTTPS {
        String::new()
    } else {
        format!(":{port}")
    };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let location = format!("https://{}{port}{path}", host.name);
    let location = HeaderValue::try_from(location).map_err(Refusal::internal)?;
    let mut response = HttpResponse::build(StatusCode::PERMANENT_REDIRECT);
    // Nothing more is to be said here.
    Ok(response.force_close().insert_header((LOCATION, location)).finish())
}

//! The console: its files, and what it needs to know before anybody has signed in.

use crate::error::Refusal;
use crate::http::shell::Call;
use crate::http::{answer, json};
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue};

/// A file of the console.
pub(crate) fn file(path: &str) -> Option<HttpResponse> {
    let file = freehold_console::file(path)?;
    let mut response = answer(200, file.content_type, file.bytes);
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(freehold_console::CONTENT_SECURITY_POLICY),
    );
    headers.insert(
        HeaderName::from_static("x-frame-options"),
        HeaderValue::from_static("DENY"),
    );
    let caching = if file.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    Some(response)
}

/// `GET /console/info`
pub(crate) fn info(call: &Call<'_>) -> Result<HttpResponse, Refusal> {
    json(200, &call.environment.info())
}

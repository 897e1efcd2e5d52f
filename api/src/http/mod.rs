//! HTTP, thin: a request in, an action, an answer out. The only part of Freehold that knows actix.

mod accept;
mod auth;
mod body;
mod client_certificate;
mod connection;
mod console;
pub(crate) mod credentials;
mod event_stream;
mod graphql;
mod health;
pub(crate) mod host;
pub(crate) mod persisted;
mod presence;
pub(crate) mod proxies;
mod redirect;
mod server;
mod shell;
mod tls;
pub(crate) mod verb;
mod websocket;

pub(crate) use server::{Service, bind, listen};
pub(crate) use shell::Door;
pub(crate) use tls::Tls;

use crate::error::Refusal;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};

/// An answer with a body.
fn answer(status: u16, content_type: &'static str, body: impl Into<bytes::Bytes>) -> HttpResponse {
    let mut response = HttpResponse::with_body(status_of(status), actix_web::body::BoxBody::new(body.into()));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// An answer in JSON.
fn json(status: u16, value: &impl serde::Serialize) -> Result<HttpResponse, Refusal> {
    let body = serde_json::to_vec(value).map_err(Refusal::internal)?;
    Ok(answer(status, "application/json; charset=utf-8", body))
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

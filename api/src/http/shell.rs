//! What is around every request: its id, its host, the routes, headers, and the net under a panic.

use crate::actions::audit::Origin;
use crate::environments::Environment;
use crate::error::Refusal;
use crate::http::connection::ByTls;
use crate::http::host::Host;
use crate::http::proxies::{Client, Proxies};
use crate::http::{answer, auth, console, graphql, health, redirect, websocket};
use actix_web::http::Method;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, HOST, HeaderName, HeaderValue, REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
    UPGRADE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use freehold_base::Code;
use futures_util::FutureExt;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

/// What the listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// The app.
    Public,
    /// Health alone, for those who operate the server.
    Operations,
    /// Both: `dev`.
    Both,
    /// The way to the app, which is served by TLS at that port.
    Redirect(u16),
}

/// What is the same for all requests of a listener.
pub(crate) struct Front {
    door: Door,
    proxies: Proxies,
    hsts: Option<HeaderValue>,
}

impl Front {
    /// Serves `door`.
    pub(crate) fn new(door: Door, proxies: Proxies, hsts: Option<String>) -> Self {
        Self {
            door,
            proxies,
            hsts: hsts.and_then(|text| HeaderValue::try_from(text).ok()),
        }
    }
}

/// One request, as handlers see it.
pub(crate) struct Call<'a> {
    /// The request.
    pub(crate) request: &'a HttpRequest,
    /// Its host, which is one of ours.
    pub(crate) host: Host,
    /// Its environment.
    pub(crate) environment: &'a Data<Environment>,
    /// Its id.
    pub(crate) id: String,
    client: &'a Client,
}

impl Call<'_> {
    /// Where it comes from, for the audit log.
    pub(crate) fn origin(&self) -> Origin<'_> {
        Origin {
            request: &self.id,
            address: self.client_address(),
        }
    }

    /// The address of the client: the peer's, or what a trusted proxy says.
    pub(crate) fn client_address(&self) -> Option<IpAddr> {
        self.client.address
    }

    /// Whether nobody on the way can read what the client sends: by TLS, to us or to a trusted proxy; within this machine; in `dev`.
    pub(crate) fn is_secure(&self) -> bool {
        self.client.is_secure(self.environment.without_tls)
    }
}

/// Answers a request.
pub(crate) async fn serve(
    request: HttpRequest,
    payload: Payload,
    environment: Data<Environment>,
    front: Data<Front>,
) -> HttpResponse {
    let start = Instant::now();
    let id = new_id();
    let by_tls = request.conn_data::<ByTls>().is_some();
    let client = front.proxies.client(request.headers(), request.peer_addr(), by_tls);
    let guarded = AssertUnwindSafe(route(&request, payload, &environment, front.door, &id, &client))
        .catch_unwind()
        .await;
    let mut response = match guarded {
        Ok(Ok(response)) => response,
        Ok(Err(refusal)) => refused(&refusal, &id),
        Err(_) => refused(&Refusal::internal("a handler panicked; the panic is logged above"), &id),
    };
    dress(&mut response, &id);
    // Not to those who read it in the clear (RFC 6797, section 7.2); and not for names that other servers of this machine have too.
    if let Some(hsts) = front
        .hsts
        .as_ref()
        .filter(|_| client.by_tls && !asks_loopback(&request))
    {
        response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, hsts.clone());
    }
    let elapsed_ms = start.elapsed().as_secs_f64() * 1000.0;
    tracing::debug!(request = id, method = %request.method(), path = request.path(), status = response.status().as_u16(), elapsed_ms);
    response
}

/// The id of a request: of an operation, where one connection takes many.
pub(crate) fn new_id() -> String {
    uuid::Uuid::from_u128(rand::random()).simple().to_string()
}

/// The routes, on one screen.
async fn route(
    request: &HttpRequest,
    payload: Payload,
    environment: &Data<Environment>,
    door: Door,
    id: &str,
    client: &Client,
) -> Result<HttpResponse, Refusal> {
    let (method, path) = (request.method(), request.path());
    if matches!(door, Door::Operations | Door::Both) {
        match path {
            "/healthz" => return only(method, &[Method::GET, Method::HEAD]).map(|()| health::alive()),
            "/readyz" => {
                only(method, &[Method::GET, Method::HEAD])?;
                return health::ready(environment).await;
            }
            _ if door == Door::Operations => return Err(not_found(path)),
            _ => {}
        }
    }
    no_upgrade(request)?;
    let host = host_of(request, client, environment)?;
    if let Door::Redirect(port) = door {
        return redirect::to_tls(request, &host, port);
    }
    let call = Call {
        request,
        host,
        environment,
        id: id.to_owned(),
        client,
    };
    match path {
        "/graphql" if request.headers().contains_key(UPGRADE) => websocket::serve(&call, payload).await,
        "/graphql" => graphql::serve(&call, payload).await,
        _ if path.starts_with("/auth/") => Box::pin(auth::serve(&call, payload)).await,
        "/.well-known/openid-configuration" => auth::discovery(&call).await,
        #[cfg(test)]
        "/panics" => panic!("as the test wants"),
        "/console/info" if environment.console => {
            only(method, &[Method::GET])?;
            console::info(&call)
        }
        _ if environment.console => {
            let file = console::file(path).ok_or_else(|| not_found(path))?;
            only(method, &[Method::GET, Method::HEAD])?;
            Ok(file)
        }
        _ => Err(not_found(path)),
    }
}

/// Only a GET asks for another protocol: of any other request the server would wait for a body without end.
///
/// # Errors
/// `BAD_REQUEST`
fn no_upgrade(request: &HttpRequest) -> Result<(), Refusal> {
    if request.method() == Method::GET || !request.headers().contains_key(UPGRADE) {
        return Ok(());
    }
    let refusal = Refusal::new(Code::BadRequest, "the `Upgrade` header goes with GET alone");
    Err(refusal.with_hint("a proxy in between should not pass it on with every request"))
}

/// # Errors
/// `BAD_REQUEST` as 405, with `Allow`.
pub(crate) fn only(method: &Method, allowed: &[Method]) -> Result<(), Refusal> {
    if allowed.contains(method) {
        return Ok(());
    }
    let names = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    Err(Refusal::new(Code::BadRequest, "this method is not for this path").allowing(names))
}

fn not_found(path: &str) -> Refusal {
    let hint = if path == "/graphql/" {
        "the API is at /graphql"
    } else {
        "the API is at /graphql, sign-in at /auth/sign-in"
    };
    Refusal::new(Code::NotFound, "there is nothing at this path").with_hint(hint)
}

/// The host of a request.
///
/// # Errors
/// `BAD_REQUEST` if it is missing, malformed or said twice; `NOT_FOUND` if it is not ours.
fn host_of(request: &HttpRequest, client: &Client, environment: &Environment) -> Result<Host, Refusal> {
    let mut said = request.headers().get_all(HOST);
    let bad = |what: &str| Refusal::new(Code::BadRequest, format!("the `Host` header is {what}"));
    let header = said.next().ok_or_else(|| bad("missing"))?;
    if said.next().is_some() {
        return Err(bad("there twice"));
    }
    let host = header
        .to_str()
        .ok()
        .and_then(Host::parse)
        .ok_or_else(|| bad("malformed"))?;
    // A request target with an authority would overrule the header (RFC 9112, section 3.2.2).
    if request
        .uri()
        .authority()
        .is_some_and(|authority| Host::parse(authority.as_str()).as_ref() != Some(&host))
    {
        return Err(bad("not the one of the request's target"));
    }
    let host = client.host()?.unwrap_or(host);
    if environment.answers(&host) {
        return Ok(host);
    }
    Err(Refusal::new(Code::NotFound, "this host is not served here")
        .with_hint("name it under `identity: hosts:` of app.yaml, or under `hosts` of freehold.toml"))
}

/// Whether a request is for a loopback name.
fn asks_loopback(request: &HttpRequest) -> bool {
    let said = request.headers().get(HOST).and_then(|value| value.to_str().ok());
    said.and_then(Host::parse).is_none_or(|host| host.is_loopback())
}

/// The answer to a request that was refused.
pub(crate) fn refused(refusal: &Refusal, id: &str) -> HttpResponse {
    log(refusal, id);
    let mut response = answer(refusal.status(), "application/json; charset=utf-8", refusal.body(id));
    if let Some(allow) = refusal.allow().and_then(|names| HeaderValue::try_from(names).ok()) {
        response.headers_mut().insert(ALLOW, allow);
    }
    retry_after(refusal, &mut response);
    response
}

/// When a request that came too early may come again.
pub(crate) fn retry_after(refusal: &Refusal, response: &mut HttpResponse) {
    if let Some(seconds) = refusal.retry_after_seconds() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
}

/// Writes the cause of a failure to the log, once.
pub(crate) fn log(refusal: &Refusal, id: &str) {
    if let Some(cause) = refusal.cause() {
        tracing::error!(request = id, code = refusal.code().name(), "{cause}");
    }
}

/// Headers of every response.
fn dress(response: &mut HttpResponse, id: &str) {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(REFERRER_POLICY) {
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests;

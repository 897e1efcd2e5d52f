//! GraphQL over HTTP: a request in JSON or in the query string, an answer in the media type that the client takes.

use crate::actions::execute::{self, Answered, Asked, Request};
use crate::actions::subscribe::subscribe;
use crate::error::Refusal;
use crate::http::accept::{Accepted, Media, is_utf8, negotiate};
use crate::http::credentials::{CookieKind, check_origin, credentials, is_json, shown};
use crate::http::persisted::{Persisted, Wanted};
use crate::http::presence::while_there;
use crate::http::shell::{Call, log};
use crate::http::verb::{Verb, verb};
use crate::http::{answer, body, event_stream};
use crate::subscriptions::{Outlet, Outlets, Standing};
use crate::timings::Timings;
use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use actix_web::web::{Payload, Query};
use freehold_auth::{Token, rotate};
use freehold_base::{Code, Limits};
use freehold_schema::graphql::check_nesting;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

/// How long a request may take in all: a little longer than its statements may, whose own refusal says more.
const TIMEOUT: Duration = Duration::from_secs(40);

/// Answers `/graphql`.
pub(crate) async fn serve(call: &Call<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let headers = call.request.headers();
    let accepted = accepted(headers)?;
    // What never began is no stream.
    let media = accepted.media.unwrap_or(Media::GraphqlResponse);
    let mut timings = Timings::default();
    let outcome = match read(call, payload).await {
        Ok((request, by_cookie)) => run(call, request, by_cookie, accepted, &mut timings).await,
        Err(refusal) => Err(refusal),
    };
    let mut response = match outcome {
        Ok(response) => response,
        Err(refusal) => {
            log(&refusal, &call.id);
            let status = match media {
                Media::Json if refusal.is_about_the_document() => 200,
                Media::Json | Media::GraphqlResponse => refusal.status(),
            };
            let mut response = answer(status, media.content_type(), refusal.body(&call.id));
            if let Some(allow) = refusal.allow().and_then(|names| HeaderValue::try_from(names).ok()) {
                response.headers_mut().insert(actix_web::http::header::ALLOW, allow);
            }
            if refusal.code() == Code::Unauthenticated {
                forget_cookie(call, &mut response);
            }
            response
        }
    };
    // To a stranger the time of a stage tells what was looked at; whoever has the console may know.
    if let Some(timing) = timings
        .header()
        .filter(|_| call.environment.console)
        .and_then(|text| HeaderValue::try_from(text).ok())
    {
        response
            .headers_mut()
            .insert(HeaderName::from_static("server-timing"), timing);
    }
    Ok(response)
}

/// A session that is over must not stand in the way of the next request.
pub(crate) fn forget_cookie(call: &Call<'_>, response: &mut HttpResponse) {
    let kind = CookieKind::of(&call.host, call.environment.without_tls);
    let sent = credentials(call.request.headers(), kind).map_or(true, |found| found.by_cookie);
    if sent && let Ok(value) = HeaderValue::try_from(kind.clear()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

/// Gives a browser another token for its session, if what its owner may do has changed. The answer is good in any case.
async fn replace_token(call: &Call<'_>, token: Option<&Token>, response: &mut HttpResponse) {
    let environment = call.environment;
    let Some(old) = token else { return };
    let next = Token::random(&mut rand::rng());
    match rotate(&environment.platform, old, &next, environment.clock.now()).await {
        Ok(true) => {
            let kind = CookieKind::of(&call.host, environment.without_tls);
            if let Ok(value) = HeaderValue::try_from(kind.set(&next)) {
                response.headers_mut().append(SET_COOKIE, value);
            }
        }
        // Another request was faster.
        Ok(false) => {}
        Err(error) => tracing::warn!(
            request = call.id,
            "a session's token stays: {}",
            crate::error::chain(&error)
        ),
    }
}

/// Runs a request. Only those who take nothing else have a single answer as an event; a subscription's are events always.
async fn run(
    call: &Call<'_>,
    request: Request<'_>,
    by_cookie: bool,
    accepted: Accepted,
    timings: &mut Timings,
) -> Result<HttpResponse, Refusal> {
    let asked = &request.asked;
    let listens = accepted.events && verb(&asked.query, asked.operation_name.as_deref()) == Verb::Subscription;
    if let Some(media) = accepted.media.filter(|_| !listens) {
        // It is large, and would be moved about with all that waits for it.
        let work = Box::pin(within_time(execute::execute(call.environment, &request, timings)));
        let Answered { body, rotates } = while_there(call.request, work).await?;
        let mut response = answer(200, media.content_type(), body);
        if rotates && by_cookie {
            replace_token(call, request.token.as_ref(), &mut response).await;
        }
        return Ok(response);
    }
    let ready = Outlets::default();
    let outlet = Arc::new(Outlet::new(ready.clone()));
    let subscription = if listens {
        let standing = Standing {
            asked: request.asked,
            token: request.token,
            tenant: request.tenant.map(str::to_owned),
            host: call.host.clone(),
        };
        Some(within_time(subscribe(call.environment, standing, outlet.clone())).await?)
    } else {
        let answered = Box::pin(within_time(execute::execute(call.environment, &request, timings))).await?;
        outlet.put_latest(answered.body.into());
        outlet.complete();
        None
    };
    Ok(event_stream::response(outlet, ready, subscription, call.id.clone()))
}

pub(super) async fn within_time<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    match tokio::time::timeout(TIMEOUT, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Refusal::new(
            Code::Timeout,
            format!("the request took longer than {} s", TIMEOUT.as_secs()),
        )),
    }
}

/// What a request asks, and who for; and whether a browser says so by itself.
async fn read<'c>(call: &'c Call<'_>, payload: Payload) -> Result<(Request<'c>, bool), Refusal> {
    let headers = call.request.headers();
    let limits = call.environment.limits();
    let persisted = &call.environment.persisted;
    let asked = match *call.request.method() {
        Method::GET => from_query_string(call.request.query_string(), &limits, persisted)?,
        Method::POST => {
            check_content_type(headers)?;
            let bytes = body::read(call.request, payload, limits.body_bytes_max).await?;
            from_json(&bytes, &limits, persisted)?
        }
        _ => {
            return Err(Refusal::new(Code::BadRequest, "this method is not for this path").allowing("GET, POST"));
        }
    };
    let kind = CookieKind::of(&call.host, call.environment.without_tls);
    only_once(headers, &AUTHORIZATION)?;
    let credentials = shown(call, kind).await?;
    let reads_only = *call.request.method() == Method::GET;
    if credentials.by_cookie {
        check_origin(headers, &call.host, reads_only)?;
    }
    let request = Request {
        asked,
        token: credentials.token,
        tenant: named_tenant(headers)?,
        host: &call.host,
        origin: call.origin(),
        reads_only,
    };
    Ok((request, credentials.by_cookie))
}

/// The tenant that a request names.
///
/// # Errors
/// `BAD_REQUEST` if it names several, or what it says is no text.
pub(super) fn named_tenant(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    only_once(headers, &HeaderName::from_static("x-tenant"))?;
    let Some(value) = headers.get("x-tenant") else {
        return Ok(None);
    };
    let text = value
        .to_str()
        .map_err(|_| Refusal::new(Code::BadRequest, "the `X-Tenant` header is not text"))?;
    Ok(Some(text.trim()).filter(|text| !text.is_empty()))
}

/// # Errors
/// `BAD_REQUEST` if the header is there several times: those in between may have read another one.
pub(super) fn only_once(headers: &HeaderMap, name: &HeaderName) -> Result<(), Refusal> {
    if headers.get_all(name).count() <= 1 {
        return Ok(());
    }
    Err(Refusal::new(
        Code::BadRequest,
        format!("the `{name}` header is there twice"),
    ))
}

/// What the client takes.
///
/// # Errors
/// `BAD_REQUEST` as 406.
fn accepted(headers: &HeaderMap) -> Result<Accepted, Refusal> {
    let mut ranges = Vec::new();
    for value in headers.get_all(ACCEPT) {
        ranges.push(
            value
                .to_str()
                .map_err(|_| Refusal::new(Code::BadRequest, "the `Accept` header is not text"))?,
        );
    }
    let accept = ranges.join(",");
    negotiate(Some(accept.as_str())).ok_or_else(|| {
        Refusal::new(
            Code::BadRequest,
            "none of the media types that `Accept` names can be sent",
        )
        .with_status(406)
        .with_hint("`application/graphql-response+json`, `application/json` and `text/event-stream` can")
    })
}

/// # Errors
/// `BAD_REQUEST` as 415, unless the body is JSON in UTF-8.
pub(crate) fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let charset = text
        .split(';')
        .skip(1)
        .filter_map(|part| part.split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case("charset"));
    if is_json(text) && charset.is_none_or(|(_, value)| is_utf8(value)) {
        return Ok(());
    }
    Err(Refusal::new(Code::BadRequest, "the body must be JSON in UTF-8")
        .with_status(415)
        .with_hint("send `Content-Type: application/json`"))
}

/// The parameters of a JSON body.
fn from_json(bytes: &[u8], limits: &Limits, persisted: &Persisted) -> Result<Asked, Refusal> {
    let bad = |message: &str| Refusal::new(Code::BadRequest, message).with_status(400);
    check_nesting(bytes, limits.nesting_max).map_err(|error| Refusal::from(vec![error]).with_status(413))?;
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(given)) => parameters(given, persisted),
        Ok(Value::Array(_)) => {
            Err(bad("several operations in one request are not answered").with_hint("send one JSON object a request"))
        }
        Ok(_) => Err(bad("the body must be a JSON object with `query`")),
        Err(error) => Err(bad(&format!("the body is not JSON: {error}"))),
    }
}

/// The parameters of an operation (GraphQL over HTTP, section 5.1).
///
/// # Errors
/// `BAD_REQUEST`; `PERSISTED_QUERY_NOT_FOUND` and `FORBIDDEN` as [`Persisted::text`].
pub(super) fn parameters(mut parameters: Map<String, Value>, persisted: &Persisted) -> Result<Asked, Refusal> {
    let bad = |message: &str| Refusal::new(Code::BadRequest, message).with_status(400);
    let mut text = |name: &str| match parameters.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(bad(&format!("`{name}` must be a string"))),
    };
    let query = text("query")?;
    let document_id = text("documentId")?;
    let operation_name = text("operationName")?;
    let variables = map(parameters.remove("variables"), "variables")?;
    let extensions = map(parameters.remove("extensions"), "extensions")?;
    Ok(Asked {
        query: persisted.text(Wanted {
            query,
            document_id,
            extensions,
        })?,
        operation_name,
        variables,
    })
}

/// The parameters of a query string.
fn from_query_string(text: &str, limits: &Limits, persisted: &Persisted) -> Result<Asked, Refusal> {
    let bad = |message: &str| Refusal::new(Code::BadRequest, message).with_status(400);
    let pairs = Query::<Vec<(String, String)>>::from_query(text)
        .map_err(|_| bad("the query string cannot be read"))?
        .into_inner();
    let mut wanted = Wanted::default();
    let mut operation_name = None;
    let mut variables = Map::new();
    for (name, value) in pairs {
        match name.as_str() {
            "query" => wanted.query = Some(value),
            "documentId" => wanted.document_id = Some(value).filter(|id| !id.is_empty()),
            "operationName" => operation_name = Some(value).filter(|name| !name.is_empty()),
            "variables" | "extensions" if value.is_empty() => {}
            "variables" | "extensions" => {
                check_nesting(value.as_bytes(), limits.nesting_max)
                    .map_err(|error| Refusal::from(vec![error]).with_status(413))?;
                let json =
                    serde_json::from_str(&value).map_err(|error| bad(&format!("`{name}` is not JSON: {error}")))?;
                let target = if name == "variables" {
                    &mut variables
                } else {
                    &mut wanted.extensions
                };
                *target = map(Some(json), &name)?;
            }
            _ => {}
        }
    }
    Ok(Asked {
        query: persisted.text(wanted)?,
        operation_name,
        variables,
    })
}

fn map(value: Option<Value>, name: &str) -> Result<Map<String, Value>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(Refusal::new(Code::BadRequest, format!("`{name}` must be a JSON object")).with_status(400)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(result: Result<Asked, Refusal>) -> Result<Asked, (Code, u16)> {
        result.map_err(|refusal| (refusal.code(), refusal.status()))
    }

    #[test]
    fn bodies() {
        let limits = Limits::default();
        let read = |text: &str| code(from_json(text.as_bytes(), &limits, &Persisted::default()));
        let bad = Err((Code::BadRequest, 400));
        assert_eq!(
            read(r#"{"query": "{a}", "variables": null, "operationName": null, "extensions": null}"#)
                .unwrap()
                .query,
            "{a}"
        );
        assert_eq!(
            read(r#"{"query": "{a}", "query": "{b}", "more": 1}"#).unwrap().query,
            "{b}"
        );
        for text in [
            "",
            "null",
            "[]",
            r#"[{"query": "{a}"}]"#,
            "{}",
            "{",
            r#"{"query": 1}"#,
            r#"{"query": "{a}", "variables": []}"#,
            r#"{"query": "{a}", "variables": "{}"}"#,
            r#"{"query": "{a}", "operationName": 1}"#,
            r#"{"query": "{a}", "documentId": 1}"#,
            r#"{"query": "{a}", "extensions": 1}"#,
            "{\"query\": \"\u{0}\"}",
        ] {
            assert_eq!(read(text), bad, "{text}");
        }
        assert_eq!(
            code(from_json(b"{\"query\": \"\xff\"}", &limits, &Persisted::default())),
            bad
        );
        assert_eq!(
            read(&format!("{{\"variables\": {}", "[".repeat(100_000))),
            Err((Code::LimitExceeded, 413))
        );
        assert_eq!(read(r#"{"extensions": {"persistedQuery": {}}}"#), bad);
    }

    #[test]
    fn query_strings() {
        let limits = Limits::default();
        let read = |text: &str| code(from_query_string(text, &limits, &Persisted::default()));
        let asked = read("query=%7Ba%7D&operationName=&variables=%7B%22x%22%3A1%7D&extensions=").unwrap();
        assert_eq!(
            (asked.query.as_str(), asked.operation_name, asked.variables["x"].clone()),
            ("{a}", None, Value::from(1))
        );
        for text in ["", "query", "variables=1&query=x", "query=x&variables=%7B"] {
            assert!(
                matches!(read(text), Err((Code::BadRequest, 400)) | Ok(Asked { .. })),
                "{text}"
            );
        }
        assert_eq!(read(""), Err((Code::BadRequest, 400)));
        assert_eq!(read("query=x&variables=1"), Err((Code::BadRequest, 400)));
        assert_eq!(read("query=x&documentId=").unwrap().query, "x");
        assert_eq!(read("documentId=x"), Err((Code::PersistedQueryNotFound, 400)));
    }

    #[test]
    fn only_json_in_utf_8() {
        use actix_web::http::header::HeaderMap;
        for (value, expected) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("application/JSON;charset=\"UTF-8\"", true),
            ("application/json; charset=utf-16", false),
            ("text/plain", false),
            ("application/graphql", false),
            ("multipart/form-data", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            assert_eq!(check_content_type(&headers).is_ok(), expected, "{value}");
        }
        assert!(check_content_type(&HeaderMap::new()).is_err());
    }
}

//! The messages of `graphql-transport-ws`.

use crate::actions::execute::Asked;
use crate::error::Refusal;
use crate::http::graphql::parameters;
use crate::http::persisted::Persisted;
use freehold_base::Limits;
use freehold_schema::graphql::check_nesting;
use serde_json::{Map, Value};
use std::fmt;

/// Longest id of an operation, in bytes.
const ID_BYTES_MAX: usize = 128;

/// What a client says.
#[derive(Debug)]
pub(super) enum Incoming {
    Init(Init),
    Ping,
    Pong,
    Subscribe { id: String, payload: Payload },
    Complete { id: String },
}

/// Parameters of an operation, still to be read.
pub(super) type Payload = Map<String, Value>;

/// Who the client is.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Init {
    /// `Bearer …`
    pub(super) authorization: Option<String>,
    /// As `X-Tenant`.
    pub(super) tenant: Option<String>,
}

/// Reads a message.
///
/// # Errors
/// Why it is none.
pub(super) fn read(text: &str, limits: &Limits) -> Result<Incoming, String> {
    let invalid = |what: &str| format!("Invalid message: {what}");
    check_nesting(text.as_bytes(), limits.nesting_max).map_err(|_| invalid("it is nested too deeply"))?;
    let mut message = match serde_json::from_str(text) {
        Ok(Value::Object(message)) => message,
        Ok(_) => return Err(invalid("a JSON object expected")),
        Err(_) => return Err(invalid("it is not JSON")),
    };
    let id = match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() && id.len() <= ID_BYTES_MAX => Some(id),
        None => None,
        Some(_) => return Err(invalid("`id` must be a text of 1 to 128 bytes")),
    };
    let payload = match message.remove("payload") {
        None | Some(Value::Null) => None,
        Some(Value::Object(payload)) => Some(payload),
        Some(_) => return Err(invalid("`payload` must be an object")),
    };
    let needs_id = || invalid("`id` is missing");
    match message.get("type").and_then(Value::as_str) {
        Some("connection_init") => init(payload.unwrap_or_default())
            .map(Incoming::Init)
            .map_err(|why| invalid(&why)),
        Some("ping") => Ok(Incoming::Ping),
        Some("pong") => Ok(Incoming::Pong),
        Some("subscribe") => Ok(Incoming::Subscribe {
            id: id.ok_or_else(needs_id)?,
            payload: payload.ok_or_else(|| invalid("`payload` is missing"))?,
        }),
        Some("complete") => Ok(Incoming::Complete {
            id: id.ok_or_else(needs_id)?,
        }),
        Some(_) => Err(invalid("the `type` is unknown")),
        None => Err(invalid("`type` is missing")),
    }
}

/// Names of headers, in any case: what a page cannot set on a WebSocket.
fn init(payload: Map<String, Value>) -> Result<Init, String> {
    let mut init = Init::default();
    for (name, value) in payload {
        let slot = match name.to_ascii_lowercase().as_str() {
            "authorization" => &mut init.authorization,
            "x-tenant" => &mut init.tenant,
            _ => continue,
        };
        match value {
            Value::String(text) if slot.is_none() => {
                *slot = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            }
            Value::Null => {}
            _ => return Err(format!("`{name}` must be one text")),
        }
    }
    Ok(init)
}

/// What an operation asks.
///
/// # Errors
/// As a request by `POST`.
pub(super) fn asked(payload: Payload, persisted: &Persisted) -> Result<Asked, Refusal> {
    parameters(payload, persisted)
}

/// What we say. Bodies are JSON objects, `{"data": …}` or `{"errors": […]}`.
#[derive(Debug)]
pub(super) enum Outgoing<'a> {
    Ack,
    Pong,
    Next(&'a str, &'a [u8]),
    Error(&'a str, &'a [u8]),
    Complete(&'a str),
}

impl fmt::Display for Outgoing<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = |id: &str| Value::from(id).to_string();
        match self {
            Self::Ack => out.write_str(r#"{"type":"connection_ack"}"#),
            Self::Pong => out.write_str(r#"{"type":"pong"}"#),
            Self::Next(name, body) => {
                let body = std::str::from_utf8(body).unwrap_or("{}");
                write!(out, r#"{{"id":{},"type":"next","payload":{body}}}"#, id(name))
            }
            Self::Error(name, body) => {
                let errors = serde_json::from_slice::<Value>(body).ok();
                let errors = errors.as_ref().and_then(|body| body.get("errors"));
                let errors = errors.unwrap_or(&Value::Null);
                write!(out, r#"{{"id":{},"type":"error","payload":{errors}}}"#, id(name))
            }
            Self::Complete(name) => write!(out, r#"{{"id":{},"type":"complete"}}"#, id(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match read(text, &Limits::default()) {
            Ok(Incoming::Init(init)) => format!("init {:?} {:?}", init.authorization, init.tenant),
            Ok(Incoming::Subscribe { id, payload }) => format!("subscribe {id} {}", Value::from(payload)),
            Ok(other) => format!("{other:?}"),
            Err(why) => why,
        }
    }

    #[test]
    fn messages() {
        for (text, expected) in [
            (r#"{"type":"connection_init"}"#, "init None None"),
            (
                r#"{"type":"connection_init","payload":{"AUTHORIZATION":"Bearer x","x-tenant":" acme ","other":1}}"#,
                r#"init Some("Bearer x") Some("acme")"#,
            ),
            (r#"{"type":"ping","payload":{}}"#, "Ping"),
            (
                r#"{"type":"subscribe","id":"1","payload":{"query":"{a}"}}"#,
                r#"subscribe 1 {"query":"{a}"}"#,
            ),
            (r#"{"type":"complete","id":"1"}"#, r#"Complete { id: "1" }"#),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"start"}"#,
            r#"{"type":"subscribe","payload":{}}"#,
            r#"{"type":"subscribe","id":"","payload":{}}"#,
            r#"{"type":"subscribe","id":1,"payload":{}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":[]}"#,
            r#"{"type":"connection_init","payload":{"authorization":1}}"#,
            r#"{"type":"connection_init","payload":{"authorization":"a","Authorization":"b"}}"#,
        ] {
            assert!(told(text).starts_with("Invalid message: "), "{text}: {}", told(text));
        }
        let deep = format!(
            r#"{{"type":"ping","payload":{}1{}}}"#,
            "[".repeat(1000),
            "]".repeat(1000)
        );
        assert!(told(&deep).starts_with("Invalid message: "));
    }

    #[test]
    fn answers() {
        assert_eq!(
            Outgoing::Next("a\"b", b"{\"data\":{}}").to_string(),
            r#"{"id":"a\"b","type":"next","payload":{"data":{}}}"#
        );
        assert_eq!(
            Outgoing::Error("1", b"{\"errors\":[{\"message\":\"x\"}]}").to_string(),
            r#"{"id":"1","type":"error","payload":[{"message":"x"}]}"#
        );
    }
}

//! What somebody sends to `/auth/…`: JSON, or a form of one of our pages.

use crate::error::Refusal;
use crate::http::auth::BODY_BYTES_MAX;
use crate::http::auth::cookies::Small;
use crate::http::auth::door::Door;
use crate::http::body;
use crate::http::credentials::{check_origin, is_json};
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, ORIGIN};
use actix_web::web::Payload;
use freehold_auth::Token;
use freehold_base::Code;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// How it was sent, and so how it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// JSON in, JSON out.
    Json,
    /// A form in; a page, or the way to one, out.
    Form,
}

/// Fields that a form may have several times.
const LISTS: [&str; 1] = ["roles"];

/// What was sent. Not `Debug`: it may hold passwords.
pub(crate) struct Input {
    /// How.
    pub(crate) style: Style,
    fields: Map<String, Value>,
}

/// How a request is sent.
pub(crate) fn style_of(headers: &HeaderMap) -> Style {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        Style::Form
    } else {
        Style::Json
    }
}

/// Reads what was sent, once it is sure that no other site's page has made the browser send it.
///
/// # Errors
/// `FORBIDDEN` if that is not sure; `BAD_REQUEST` for what cannot be read.
pub(crate) async fn read(door: &Door<'_>, payload: Payload) -> Result<Input, Refusal> {
    let headers = door.call.request.headers();
    let style = style_of(headers);
    let input = parse(door, payload, style).await?;
    match style {
        Style::Json => check_origin(headers, &door.call.host, false)?,
        Style::Form => check_form(door, &input)?,
    }
    Ok(input)
}

/// Reads what was sent along with a token that proves enough: of a letter, whose link leads here from wherever.
///
/// # Errors
/// `BAD_REQUEST` for what cannot be read.
pub(crate) async fn read_with_token(door: &Door<'_>, payload: Payload) -> Result<Input, Refusal> {
    parse(door, payload, style_of(door.call.request.headers())).await
}

async fn parse(door: &Door<'_>, payload: Payload, style: Style) -> Result<Input, Refusal> {
    let headers = door.call.request.headers();
    let bytes = body::read(door.call.request, payload, BODY_BYTES_MAX).await?;
    let fields = match style {
        Style::Form => form(&bytes),
        Style::Json => {
            let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            if bytes.is_empty() && kind.is_none() {
                Map::new()
            } else if kind.is_some_and(is_json) {
                check_depth(&bytes)?;
                serde_json::from_slice(&bytes)
                    .map_err(|_| Refusal::new(Code::BadRequest, "the body must be a JSON object"))?
            } else {
                return Err(Refusal::new(Code::BadRequest, "the body must be JSON").with_status(415));
            }
        }
    };
    Ok(Input { style, fields })
}

/// A parser that recurses runs out of stack.
fn check_depth(bytes: &[u8]) -> Result<(), Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::new(Code::BadRequest, "the body is not UTF-8"))?;
    freehold_schema::graphql::check_nesting(text.as_bytes(), 32).map_err(|error| Refusal::from(vec![error]))
}

fn form(bytes: &[u8]) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in url::form_urlencoded::parse(bytes) {
        let (name, value) = (name.into_owned(), Value::String(value.into_owned()));
        if LISTS.contains(&name.as_str()) {
            let list = fields.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(value);
            }
        } else {
            fields.entry(name).or_insert(value);
        }
    }
    fields
}

/// A form is of one of our pages if its browser says so, and if it has what stands in our pages alone.
fn check_form(door: &Door<'_>, input: &Input) -> Result<(), Refusal> {
    let headers = door.call.request.headers();
    let origin = headers.get(ORIGIN).map(|value| value.to_str().unwrap_or("null"));
    let same_origin = origin.is_none_or(|origin| door.call.host.is_origin(origin));
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    let same_site = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    let expected = Small::Form.find(headers, door.kind).map(|token| csrf_of(&token));
    let given = input.text("csrf");
    if same_origin && same_site && expected.is_some() && expected == given {
        return Ok(());
    }
    Err(Refusal::new(
        Code::Forbidden,
        "the form may come from another site's page, or is too old",
    )
    .with_hint("open the page again"))
}

/// What stands in a form for the cookie.
pub(crate) fn csrf_of(token: &Token) -> String {
    let text = format!("form:{}", token.text());
    let hash = freehold_auth::TokenHash::of(text.as_bytes());
    hash.0.iter().take(16).fold(String::new(), |mut out, byte| {
        use std::fmt::Write;
        // Writing to a string does not fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

impl Input {
    /// A text, if there is one of that name.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.fields.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    /// Everything, as what it should be.
    ///
    /// # Errors
    /// `BAD_REQUEST`, with the shape that is wanted.
    pub(crate) fn as_shape<T: DeserializeOwned>(&self, shape: &str) -> Result<T, Refusal> {
        serde_json::from_value(Value::Object(self.fields.clone()))
            .map_err(|_| Refusal::new(Code::BadRequest, format!("the body must be `{shape}`")))
    }

    /// Everything but these, as JSON.
    pub(crate) fn json_without(&self, names: &[&str]) -> String {
        let rest = self.fields.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        let rest: Map<String, Value> = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
        Value::Object(rest).to_string()
    }
}

/// A yes or no: JSON's, or a check box's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) bool);

impl<'de> serde::Deserialize<'de> for Flag {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(flag) => Ok(Self(flag)),
            Value::String(text) => match text.as_str() {
                "true" | "on" => Ok(Self(true)),
                "false" | "" => Ok(Self(false)),
                _ => Err(serde::de::Error::custom("neither yes nor no")),
            },
            Value::Null => Ok(Self(false)),
            _ => Err(serde::de::Error::custom("neither yes nor no")),
        }
    }
}

/// A number: JSON's, or a field's. None for an empty field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) Option<u32>);

impl<'de> serde::Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || serde::de::Error::custom("no number");
        match Value::deserialize(deserializer)? {
            Value::Number(number) => {
                let number = number.as_u64().and_then(|number| u32::try_from(number).ok());
                number.map(|number| Self(Some(number))).ok_or_else(wrong)
            }
            Value::String(text) if text.is_empty() => Ok(Self(None)),
            Value::String(text) => text.parse().map(|number| Self(Some(number))).map_err(|_| wrong()),
            Value::Null => Ok(Self(None)),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_json_says() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Key {
            name: String,
            #[serde(default)]
            roles: Vec<String>,
            #[serde(default)]
            read_only: Flag,
            #[serde(default)]
            days: Number,
        }
        let read = |fields| {
            Input {
                style: Style::Form,
                fields,
            }
            .as_shape::<Key>("…")
        };
        let by_form = read(form(b"name=a%20b&roles=x&roles=y&read_only=true&days=7&name=again")).unwrap();
        let json = serde_json::json!({"name": "a b", "roles": ["x", "y"], "read_only": true, "days": 7});
        let Value::Object(json) = json else { unreachable!() };
        assert_eq!(by_form, read(json).unwrap());
        assert_eq!(read(form(b"name=a&days=&read_only=")).unwrap().days, Number(None));
        for bad in [
            "roles=x",
            "name=a&days=many",
            "name=a&days=-1",
            "name=a&read_only=perhaps",
        ] {
            assert!(read(form(bad.as_bytes())).is_err(), "{bad}");
        }
    }
}

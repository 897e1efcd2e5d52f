//! What clients are told when something does not work: every room's errors as entries of `errors`.

use freehold_auth::AuthError;
use freehold_base::Code;
use freehold_planner::PlanError;
use freehold_schema::graphql::RequestError;
use serde_json::{Map, Value, json};

/// A request that was refused, or failed.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// At least one.
    entries: Vec<Entry>,
    /// Instead of the first code's own.
    status: Option<u16>,
    /// For the log alone.
    cause: Option<String>,
    /// For the `Allow` header.
    allow: Option<String>,
    /// It is about the document or its variables: a GraphQL request error, not one of HTTP.
    about_document: bool,
    /// The document was run, and nothing came of it: `"data": null`.
    ran: bool,
}

/// One entry of `errors`.
#[derive(Debug)]
struct Entry {
    code: Code,
    /// Everything but the request's id.
    json: Map<String, Value>,
}

/// The message of what must stay opaque.
const OPAQUE: &str = "something went wrong on our side; the log tells more under this request id";

impl Refusal {
    /// One error.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            entries: vec![Entry::new(code, &message.into())],
            status: None,
            cause: None,
            allow: None,
            about_document: false,
            ran: false,
        }
    }

    /// Something that must not happen; what it was is for the log.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        Self {
            cause: Some(cause.to_string()),
            ..Self::new(Code::InternalServerError, OPAQUE)
        }
    }

    /// With another status than the code's own.
    #[must_use]
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// As 405: only these methods are for this path.
    #[must_use]
    pub(crate) fn allowing(mut self, methods: impl Into<String>) -> Self {
        self.status = Some(405);
        self.allow = Some(methods.into());
        self
    }

    /// The methods for the `Allow` header.
    pub(crate) fn allow(&self) -> Option<&str> {
        self.allow.as_deref()
    }

    /// With what to do about it, as `extensions.hint`.
    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(Value::Object(extensions)) = self
            .entries
            .first_mut()
            .and_then(|entry| entry.json.get_mut("extensions"))
        {
            extensions.insert("hint".to_owned(), Value::String(hint.into()));
        }
        self
    }

    /// With the seconds after which it may be tried again: `extensions.retryAfterSeconds`, and the `Retry-After` header.
    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        if let Some(Value::Object(extensions)) = self
            .entries
            .first_mut()
            .and_then(|entry| entry.json.get_mut("extensions"))
        {
            extensions.insert("retryAfterSeconds".to_owned(), json!(seconds));
        }
        self
    }

    /// What [`Self::retry_after`] was given.
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        let entry = self.entries.first()?;
        entry.json.get("extensions")?.get("retryAfterSeconds")?.as_u64()
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&str> {
        let entry = self.entries.first()?;
        entry.json.get("extensions")?.get("hint")?.as_str()
    }

    /// As the refusal of a mutation, at that root field: the document was run, and everything undone.
    #[must_use]
    pub(crate) fn of_write(mut self, root: Option<&str>) -> Self {
        if let (Some(entry), Some(root)) = (self.entries.first_mut(), root) {
            entry.json.insert("path".to_owned(), json!([root]));
        }
        self.about_document = true;
        self.ran = true;
        self
    }

    /// As the refusal of a root field's argument.
    #[must_use]
    pub(crate) fn of_argument(mut self, root: &str, argument: &str, rule: &str) -> Self {
        if let Some(entry) = self.entries.first_mut() {
            let message = entry.json.get("message").cloned().unwrap_or_default();
            entry.json.insert("path".to_owned(), json!([root]));
            if let Some(Value::Object(extensions)) = entry.json.get_mut("extensions") {
                let problem = json!({"path": [argument], "rule": rule, "message": message});
                extensions.insert("problems".to_owned(), json!([problem]));
            }
        }
        self
    }

    /// The code of the first error.
    pub(crate) fn code(&self) -> Code {
        self.entries
            .first()
            .map_or(Code::InternalServerError, |entry| entry.code)
    }

    /// The message of the first error.
    pub(crate) fn message(&self) -> String {
        let message = self.entries.first().and_then(|entry| entry.json.get("message"));
        message.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The first error as people at a terminal read it: code, message, path, hint and problems, as far as there are any.
    pub(crate) fn told(&self) -> Value {
        let json = self.entries.first().map(|entry| &entry.json);
        let get = |key: &str| json.and_then(|json| json.get(key)).cloned();
        let mut told = Map::new();
        told.insert("code".to_owned(), json!(self.code().name()));
        let extension = |key: &str| get("extensions").and_then(|it| it.get(key).cloned());
        for (key, value) in [
            ("message", get("message")),
            ("path", get("path")),
            ("hint", extension("hint")),
            ("problems", extension("problems")),
            // At a terminal sits whoever runs it.
            ("cause", self.cause.as_ref().map(|cause| json!(cause))),
        ] {
            if let Some(value) = value {
                told.insert(key.to_owned(), value);
            }
        }
        Value::Object(told)
    }

    /// The HTTP status when nothing ran.
    pub(crate) fn status(&self) -> u16 {
        self.status.unwrap_or_else(|| self.code().http_status())
    }

    /// Whether it is about the document or its variables, and not about the HTTP request around them.
    pub(crate) fn is_about_the_document(&self) -> bool {
        self.about_document && self.status.is_none()
    }

    /// What the log should know.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The body: `{"errors": […]}`, and no `data`.
    pub(crate) fn body(&self, request_id: &str) -> Vec<u8> {
        let errors: Vec<Value> = self
            .entries
            .iter()
            .map(|entry| entry.with_request_id(request_id))
            .collect();
        let body = if self.ran {
            json!({ "errors": errors, "data": null })
        } else {
            json!({ "errors": errors })
        };
        body.to_string().into_bytes()
    }
}

impl Entry {
    fn new(code: Code, message: &str) -> Self {
        let json = json!({ "message": message, "extensions": { "code": code.name() } });
        Self {
            code,
            json: object(json),
        }
    }

    fn with_request_id(&self, request_id: &str) -> Value {
        let mut json = self.json.clone();
        if let Some(Value::Object(extensions)) = json.get_mut("extensions") {
            extensions.insert("requestId".to_owned(), Value::String(request_id.to_owned()));
        }
        Value::Object(json)
    }
}

impl From<Vec<RequestError>> for Refusal {
    fn from(errors: Vec<RequestError>) -> Self {
        let entries = errors
            .iter()
            .map(|error| Entry {
                code: error.code,
                json: object(error.to_json()),
            })
            .collect();
        Self {
            entries,
            status: None,
            cause: None,
            allow: None,
            about_document: true,
            ran: false,
        }
    }
}

impl From<Vec<PlanError>> for Refusal {
    fn from(errors: Vec<PlanError>) -> Self {
        Self {
            entries: errors.iter().map(plan_entry).collect(),
            status: None,
            cause: None,
            allow: None,
            about_document: true,
            ran: false,
        }
    }
}

impl From<AuthError> for Refusal {
    fn from(error: AuthError) -> Self {
        coded(error.code(), &error)
    }
}

impl From<freehold_vault::VaultError> for Refusal {
    fn from(error: freehold_vault::VaultError) -> Self {
        // Which key is missing where is for the log.
        Self {
            cause: Some(chain(&error)),
            ..Self::new(error.code(), "encrypted values are not available")
        }
    }
}

impl From<freehold_storage::Error> for Refusal {
    fn from(error: freehold_storage::Error) -> Self {
        // What is left of a request's own faults by then is in its variables.
        let mut refusal = Self {
            about_document: matches!(error.code(), Code::BadUserInput | Code::LimitExceeded),
            ..coded(error.code(), &error)
        };
        if let freehold_storage::Error::Sealed { field, .. } = &error {
            refusal.cause = Some(format!("`{field}`: {}", chain(&error)));
        }
        let Some(Value::Object(extensions)) = refusal
            .entries
            .first_mut()
            .and_then(|entry| entry.json.get_mut("extensions"))
        else {
            return refusal;
        };
        match &error {
            freehold_storage::Error::Forbidden { of_row: true, .. } => {
                let hint = "`_access` of a row says what you may do with it";
                extensions.insert("hint".to_owned(), json!(hint));
            }
            freehold_storage::Error::LimitExceeded { limit, found, .. } => {
                extensions.insert("limit".to_owned(), json!(limit));
                extensions.insert("found".to_owned(), json!(found));
            }
            freehold_storage::Error::Input { problems } => {
                extensions.insert("problems".to_owned(), problems.iter().map(problem).collect());
            }
            _ => {}
        }
        refusal
    }
}

fn coded(code: Code, error: &(dyn std::error::Error + 'static)) -> Refusal {
    match code {
        Code::InternalServerError => Refusal::internal(chain(error)),
        Code::Unavailable | Code::Timeout => Refusal {
            cause: Some(chain(error)),
            ..Refusal::new(code, error.to_string())
        },
        _ => Refusal::new(code, error.to_string()),
    }
}

fn problem(it: &freehold_planner::Problem) -> Value {
    json!({ "path": it.path, "rule": it.rule, "message": it.message })
}

fn plan_entry(error: &PlanError) -> Entry {
    let mut entry = Entry::new(error.code, &error.message);
    if let Some((line, column)) = error.position {
        entry
            .json
            .insert("locations".to_owned(), json!([{ "line": line, "column": column }]));
    }
    if !error.path.is_empty() {
        entry.json.insert("path".to_owned(), json!(error.path));
    }
    if let Some(Value::Object(extensions)) = entry.json.get_mut("extensions") {
        if !error.problems.is_empty() {
            extensions.insert("problems".to_owned(), error.problems.iter().map(problem).collect());
        }
        if let Some((limit, found)) = error.limit {
            extensions.insert("limit".to_owned(), json!(limit));
            extensions.insert("found".to_owned(), json!(found));
        }
    }
    entry
}

/// What a terminal is told when a command cannot go on.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What went wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    /// With what to do about it.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        Self::new(chain(&error))
    }
}

impl From<freehold_vault::VaultError> for Failure {
    fn from(error: freehold_vault::VaultError) -> Self {
        let failure = Self::new(chain(&error));
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<sea_orm::DbErr> for Failure {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::new(chain(&error))
    }
}

impl From<freehold_storage::Error> for Failure {
    fn from(error: freehold_storage::Error) -> Self {
        Self::new(chain(&error))
    }
}

/// An error and its causes, in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

fn object(json: Value) -> Map<String, Value> {
    match json {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_internal_error_tells_nothing() {
        let refusal = Refusal::internal("password of the database: hunter2");
        let body = String::from_utf8(refusal.body("r1")).unwrap();
        assert!(!body.contains("hunter2"), "{body}");
        assert_eq!(refusal.status(), 500);
        assert_eq!(
            body,
            format!(
                r#"{{"errors":[{{"message":"{OPAQUE}","extensions":{{"code":"INTERNAL_SERVER_ERROR","requestId":"r1"}}}}]}}"#
            )
        );
    }

    #[test]
    fn wrong_values_are_listed() {
        let problem = freehold_planner::Problem {
            path: vec!["first".into()],
            rule: "max",
            message: "at most 200".into(),
        };
        let error = PlanError {
            code: Code::BadUserInput,
            message: "first: at most 200".into(),
            position: Some((1, 3)),
            path: vec!["tickets".into()],
            problems: vec![problem],
            limit: None,
        };
        let body: Value = serde_json::from_slice(&Refusal::from(vec![error]).body("r")).unwrap();
        assert_eq!(body["errors"][0]["extensions"]["problems"][0]["rule"], "max");
        assert_eq!(body["errors"][0]["locations"][0]["column"], 3);
        assert_eq!(body.get("data"), None);
    }
}

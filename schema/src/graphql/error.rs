//! Why a request was refused before anything ran.

use super::operation::PathStep;
use freehold_base::Code;
use serde_json::{Map, Value, json};

/// One step of an error's path: a response key or an index.
pub type PathSegment = PathStep;

/// A refusal on its way up, small enough to be returned everywhere.
pub(crate) type Refused = Box<RequestError>;

/// One entry of a response's `errors`.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestError {
    /// Its machine word.
    pub code: Code,
    /// What is wrong, in one line; names nothing outside the caller's schema.
    pub message: String,
    /// Lines and columns in the query, from 1.
    pub locations: Vec<(usize, usize)>,
    /// The response key it is about; empty when the whole request is refused.
    pub path: Vec<PathSegment>,
    /// Further entries of `extensions`; `code` is added by [`RequestError::to_json`].
    pub extensions: Map<String, Value>,
}

/// One wrong value, as it stands in `extensions.problems` of a `BAD_USER_INPUT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: a variable's name and the steps below it.
    pub path: Vec<PathStep>,
    /// Stable kebab-case name of what it breaks, e.g. `required`.
    pub rule: &'static str,
    /// What is wrong.
    pub message: String,
}

impl RequestError {
    /// An error without a place.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            locations: Vec::new(),
            path: Vec::new(),
            extensions: Map::new(),
        }
    }

    /// An error at a place in the query.
    #[must_use]
    pub fn at(mut self, position: (usize, usize)) -> Self {
        self.locations.push(position);
        self
    }

    /// The query does not fit the schema.
    pub(crate) fn invalid(position: (usize, usize), message: impl Into<String>) -> Self {
        Self::new(Code::GraphqlValidationFailed, message).at(position)
    }

    /// A bound was passed. `limit` says of what, e.g. `depth`; it stands in `extensions.bounded`.
    pub(crate) fn limit(limit: &'static str, bound: u64, found: u64) -> Self {
        let mut error = Self::new(
            Code::LimitExceeded,
            format!("the {limit} is {found}, more than {bound}"),
        );
        error.extensions.insert("limit".into(), json!(bound));
        error.extensions.insert("found".into(), json!(found));
        error.extensions.insert("bounded".into(), json!(limit));
        error
    }

    /// Wrong values, all of them.
    pub(crate) fn bad_input(problems: &[Problem]) -> Self {
        let message = match problems {
            [only] => format!("{}: {}", write_path(&only.path), only.message),
            [first, rest @ ..] => {
                format!(
                    "{}: {} (and {} more problems)",
                    write_path(&first.path),
                    first.message,
                    rest.len()
                )
            }
            [] => "a value is wrong".to_owned(),
        };
        let mut error = Self::new(Code::BadUserInput, message);
        error
            .extensions
            .insert("problems".into(), problems.iter().map(Problem::to_json).collect());
        error
    }

    /// The entry of `errors`, `extensions.code` included.
    pub fn to_json(&self) -> Value {
        let mut entry = Map::new();
        entry.insert("message".into(), json!(self.message));
        if !self.locations.is_empty() {
            let locations = self
                .locations
                .iter()
                .map(|(line, column)| json!({ "line": line, "column": column }))
                .collect();
            entry.insert("locations".into(), Value::Array(locations));
        }
        if !self.path.is_empty() {
            entry.insert("path".into(), path_json(&self.path));
        }
        let mut extensions = Map::new();
        extensions.insert("code".into(), json!(self.code.name()));
        extensions.extend(self.extensions.clone());
        entry.insert("extensions".into(), Value::Object(extensions));
        Value::Object(entry)
    }
}

impl Problem {
    fn to_json(&self) -> Value {
        json!({ "path": path_json(&self.path), "rule": self.rule, "message": self.message })
    }
}

fn path_json(path: &[PathStep]) -> Value {
    path.iter()
        .map(|step| match step {
            PathStep::Key(key) => json!(key),
            PathStep::Index(index) => json!(index),
        })
        .collect()
}

/// `filter.or[0].status`
pub(crate) fn write_path(path: &[PathStep]) -> String {
    let steps = path.iter().enumerate().map(|(index, step)| match step {
        PathStep::Key(key) if index == 0 => key.clone(),
        PathStep::Key(key) => format!(".{key}"),
        PathStep::Index(index) => format!("[{index}]"),
    });
    steps.collect()
}

//! Why an operation cannot be planned.

use freehold_base::Code;
use serde_json::Value as Json;

/// Why an operation cannot be planned, told to the client.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct PlanError {
    /// The machine word.
    pub code: Code,
    /// For people: lower case, no full stop.
    pub message: String,
    /// Line and column in the query, from 1.
    pub position: Option<(usize, usize)>,
    /// Response keys down to the field.
    pub path: Vec<String>,
    /// Every wrong value (`extensions.problems`).
    pub problems: Vec<Problem>,
    /// The bound and what was found (`extensions.limit`, `extensions.found`).
    pub limit: Option<(u64, u64)>,
}

/// One wrong value.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Argument name, then keys and indexes below it.
    pub path: Vec<Json>,
    /// Stable name of the rule that it breaks.
    pub rule: &'static str,
    /// For people.
    pub message: String,
}

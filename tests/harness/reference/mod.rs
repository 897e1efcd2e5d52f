//! The second opinion: a naive evaluator of models, rules and queries, over rows in memory.
//!
//! Straight from the formulas in `docs/reference` and `ARCHITECTURE.md`: no SQL, no reduction, no plan, and no code in common with the server.
//! Short and plain on purpose; never made faster.

mod answer;
mod ask;
mod clause;
mod condition;
mod decision;
pub mod document;
mod model;
mod mutation;
mod mutation_text;
mod removal;
mod render;
mod settle;
mod value;
mod values;
mod world;
mod write;

pub use answer::{answer, answer_one};
pub use ask::{Aggregates, Filter, Groups, List, Op, Order, Quantifier, Select};
pub use clause::{Check, Rule};
pub use decision::Caller;
pub use model::{Access, Entity, Field, Kind, Match, Model, OnDelete, RecordToken, UserToken};
pub use mutation::{Given, Input, Mutation, Nested, Refusal, Target, Verb, Write};
pub use mutation_text::{mutation_request, response_key, root_field};
pub use render::{camel, list_text, one_text, pascal, shout};
pub use settle::{adopt, settle};
pub use value::{Decimal, Val};
pub use world::{Presence, Row, RowId, World};
pub(crate) use world::{instant, parse};
pub use write::{Answered, Verdict, Written, apply};

/// How two answers differ; `None` if they agree. Numbers agree when they are equal but for rounding.
pub fn difference(expected: &serde_json::Value, got: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    match (expected, got) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap_or(f64::NAN), other.as_f64().unwrap_or(f64::NAN));
            let tolerance = 1e-9 * one.abs().max(1.0);
            ((one - other).abs() > tolerance || one.is_nan() != other.is_nan())
                .then(|| format!(": expected {one}, got {other}"))
        }
        (Value::Array(one), Value::Array(other)) => {
            if one.len() != other.len() {
                return Some(format!(
                    ": expected {} items, got {}: {expected} / {got}",
                    one.len(),
                    other.len()
                ));
            }
            let mut pairs = one.iter().zip(other).enumerate();
            pairs.find_map(|(at, (one, other))| difference(one, other).map(|rest| format!("[{at}]{rest}")))
        }
        (Value::Object(one), Value::Object(other)) => {
            if let Some(key) = other.keys().find(|key| !one.contains_key(*key)) {
                return Some(format!(": unexpected key `{key}`"));
            }
            one.iter().find_map(|(key, one)| match other.get(key) {
                Some(other) => difference(one, other).map(|rest| format!(".{key}{rest}")),
                None => Some(format!(": key `{key}` is missing")),
            })
        }
        _ => (expected != got).then(|| format!(": expected {expected}, got {got}")),
    }
}

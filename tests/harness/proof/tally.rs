//! How much was compared. One verdict about one row, or one field of it, is one decision.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Decisions on which server and reference agreed.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Rows shown, or not shown where everything was asked for.
    pub rows: u64,
    /// Fields of shown rows: their values, and what may be done to the row.
    pub fields: u64,
    /// Rows judged for a write: named rows, rows referred to, rows created, changed, deleted or refused.
    pub writes: u64,
    /// Queries.
    pub queries: u64,
    /// Mutations that were carried out.
    pub carried_out: u64,
    /// Mutations that were refused, by code.
    pub refused: BTreeMap<String, u64>,
    /// Refusals that were asked for a second time, with rows that never were in the place of hidden ones.
    pub repeated: u64,
    /// Root fields that were carried out, by what they do.
    pub verbs: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// All decisions.
    pub fn decisions(&self) -> u64 {
        self.rows + self.fields + self.writes
    }

    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.fields += other.fields;
        self.writes += other.writes;
        self.queries += other.queries;
        self.carried_out += other.carried_out;
        self.repeated += other.repeated;
        for (verb, count) in &other.verbs {
            *self.verbs.entry(verb).or_default() += count;
        }
        for (code, count) in &other.refused {
            *self.refused.entry(code.clone()).or_default() += count;
        }
    }

    /// Counts the rows that an answer shows.
    pub(super) fn count_rows(&mut self, answer: &Value) {
        match answer {
            Value::Object(map) => {
                self.rows += u64::from(map.contains_key("id"));
                map.values().for_each(|inner| self.count_rows(inner));
            }
            Value::Array(items) => items.iter().for_each(|item| self.count_rows(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Counts the fields of the rows that an answer shows. Ids come with their rows; names of types are no secret.
    pub(super) fn count_fields(&mut self, answer: &Value) {
        match answer {
            Value::Object(map) => {
                for (key, inner) in map {
                    let is_leaf = !inner.is_object() && !inner[0].is_object();
                    let says_nothing = matches!(
                        key.as_str(),
                        "id" | "__typename" | "nodes" | "totalCount" | "hasNextPage"
                    );
                    if is_leaf {
                        self.fields += u64::from(!says_nothing);
                    } else {
                        self.count_fields(inner);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.count_fields(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused: u64 = self.refused.values().sum();
        let by_code: Vec<String> = self
            .refused
            .iter()
            .map(|(code, count)| format!("{count} {code}"))
            .collect();
        let by_verb: Vec<String> = self
            .verbs
            .iter()
            .map(|(verb, count)| format!("{count} {verb}"))
            .collect();
        write!(
            out,
            "{} decisions (rows {}, fields {}, writes {}) in {} queries and {} mutations: \
             {} carried out ({}), {refused} refused ({})",
            self.decisions(),
            self.rows,
            self.fields,
            self.writes,
            self.queries,
            self.carried_out + refused,
            self.carried_out,
            by_verb.join(", "),
            by_code.join(", ")
        )
    }
}

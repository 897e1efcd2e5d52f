//! Programs that were made before: a request that is asked again goes from a look-up straight to the database.
//!
//! Nothing of a caller is in a program but slots, so all callers of a role set share it, in all tenants. Values of variables may be
//! in it (a page's length, a cursor), so a program answers requests with the same variables only.

use crate::actions::execute::Asked;
use freehold_storage::program::Program;
use moka::sync::Cache;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Memory that the programs of one bundle may take.
const BYTES_MAX: u64 = 64 << 20;
/// Longest request that is remembered.
const REQUEST_BYTES_MAX: usize = 32 << 10;

/// A program, and the coerced variables that its slots look into.
#[derive(Debug)]
pub(crate) struct Planned {
    /// Statements and layout.
    pub(crate) program: Arc<Program>,
    /// Coerced variables.
    pub(crate) variables: Map<String, Value>,
}

/// What a program depends on, within a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PlanKey {
    view: u64,
    request: String,
}

/// The programs of a bundle, the least used forgotten first.
#[derive(Debug)]
pub(crate) struct Plans(Cache<PlanKey, Arc<Planned>>);

impl PlanKey {
    /// The key of a request to a view; `None` for one too long to be remembered.
    pub(crate) fn new(view: u64, asked: &Asked) -> Option<Self> {
        if asked.query.len() > REQUEST_BYTES_MAX {
            return None;
        }
        // Neither a name nor JSON holds the separator.
        let name = asked.operation_name.as_deref().unwrap_or_default();
        let variables = if asked.variables.is_empty() {
            String::new()
        } else {
            serde_json::to_string(&asked.variables).ok()?
        };
        let request = format!("{name}\u{0}{variables}\u{0}{}", asked.query);
        (!name.contains('\u{0}') && request.len() <= REQUEST_BYTES_MAX).then_some(Self { view, request })
    }
}

impl Plans {
    /// Remembers nothing yet.
    pub(crate) fn new() -> Self {
        let weigh = |key: &PlanKey, planned: &Arc<Planned>| {
            let sql: usize = planned
                .program
                .statements
                .iter()
                .map(|statement| statement.sql.len())
                .sum();
            // Slots and their keys take about as much as the text that selects them.
            u32::try_from(1024 + 2 * key.request.len() + 3 * sql).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(BYTES_MAX).weigher(weigh).build())
    }

    /// Finds a program.
    pub(crate) fn find(&self, key: &PlanKey) -> Option<Arc<Planned>> {
        self.0.get(key)
    }

    /// Remembers a program.
    pub(crate) fn keep(&self, key: PlanKey, planned: Arc<Planned>) {
        self.0.insert(key, planned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_requests_apart() {
        let key = |view, query: &str, name: Option<&str>, variables: Value| {
            let Value::Object(variables) = variables else {
                unreachable!()
            };
            PlanKey::new(
                view,
                &Asked {
                    query: query.into(),
                    operation_name: name.map(str::to_owned),
                    variables,
                },
            )
        };
        let first = key(1, "{a}", None, serde_json::json!({}));
        assert!(first.is_some());
        assert_eq!(first, key(1, "{a}", None, serde_json::json!({})));
        for other in [
            key(2, "{a}", None, serde_json::json!({})),
            key(1, "{b}", None, serde_json::json!({})),
            key(1, "{a}", Some("A"), serde_json::json!({})),
            key(1, "{a}", None, serde_json::json!({"x": 1})),
        ] {
            assert!(other.is_some());
            assert_ne!(first, other);
        }
        assert_eq!(key(1, &"x".repeat(40_000), None, serde_json::json!({})), None);
        assert_eq!(key(1, "{a}", Some("a\u{0}b"), serde_json::json!({})), None);
    }
}

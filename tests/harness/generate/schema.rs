//! What a caller's schema offers, by its own word.

use crate::person::Person;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Names of a schema.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Fields, input fields or members of every type.
    pub types: BTreeMap<String, BTreeSet<String>>,
}

impl Schema {
    /// Asks for the caller's schema.
    pub fn of(person: &Person<'_>) -> Self {
        let data = person.query(
            "{ __schema { types { name fields(includeDeprecated: true) { name } inputFields { name } enumValues { name } } } }",
        );
        let types = data["__schema"]["types"].as_array().cloned().unwrap_or_default();
        let names = |list: &Value| {
            let items = list.as_array().cloned().unwrap_or_default();
            items
                .iter()
                .filter_map(|item| item["name"].as_str().map(str::to_owned))
                .collect::<BTreeSet<_>>()
        };
        let entry = |kind: &Value| {
            let all = ["fields", "inputFields", "enumValues"]
                .iter()
                .flat_map(|key| names(&kind[*key]))
                .collect();
            (kind["name"].as_str().unwrap_or_default().to_owned(), all)
        };
        Self {
            types: types.iter().map(entry).collect(),
        }
    }

    /// Whether a type has a field, an input field or a member.
    pub fn has(&self, type_name: &str, name: &str) -> bool {
        self.types.get(type_name).is_some_and(|names| names.contains(name))
    }
}

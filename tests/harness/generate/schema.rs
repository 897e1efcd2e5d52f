//! What a caller's schema offers, by its own word.

use crate::person::Person;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Names of a schema.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Fields, input fields or members of every type.
    pub types: BTreeMap<String, BTreeSet<String>>,
    /// Input fields that must be given: type and name.
    pub required: BTreeSet<(String, String)>,
}

impl Schema {
    /// Asks for the caller's schema.
    pub fn of(person: &Person<'_>) -> Self {
        let data = person.query(
            "{ __schema { types { name fields(includeDeprecated: true) { name } inputFields { name defaultValue type { kind } } enumValues { name } } } }",
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
        let mut required = BTreeSet::new();
        for kind in &types {
            for field in kind["inputFields"].as_array().into_iter().flatten() {
                if field["type"]["kind"] == "NON_NULL" && field["defaultValue"].is_null() {
                    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                    required.insert((text(&kind["name"]), text(&field["name"])));
                }
            }
        }
        Self {
            types: types.iter().map(entry).collect(),
            required,
        }
    }

    /// Whether an input field must be given.
    pub fn requires(&self, type_name: &str, name: &str) -> bool {
        self.required.contains(&(type_name.to_owned(), name.to_owned()))
    }

    /// Whether a type has a field, an input field or a member.
    pub fn has(&self, type_name: &str, name: &str) -> bool {
        self.types.get(type_name).is_some_and(|names| names.contains(name))
    }
}

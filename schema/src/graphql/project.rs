//! What a client selects of an answer that is made outside the plan: administration, explanations, the audit log.

use super::operation::{Selection, collect};
use super::role_schema::RoleSchema;
use serde_json::{Map, Value};

impl RoleSchema {
    /// The selected part of `value`, which has a key for each field of the object type `type_name`; a key that is missing is null.
    /// Lists are taken item by item, nested objects by the types of their fields. What is no object in the schema stays whole.
    pub fn project(&self, items: &[Selection], type_name: &str, value: &Value) -> Value {
        match value {
            Value::Array(values) => values
                .iter()
                .map(|value| self.project(items, type_name, value))
                .collect(),
            Value::Object(object) if !items.is_empty() => {
                let mut out = Map::new();
                for field in collect(items, type_name, &|condition, object| self.applies(condition, object)) {
                    let found = if field.name == "__typename" {
                        Value::from(type_name)
                    } else {
                        let inner = self.field_type(type_name, &field.name).unwrap_or_default();
                        let value = object.get(&field.name).unwrap_or(&Value::Null);
                        self.project(&field.items, inner, value)
                    };
                    out.insert(field.key, found);
                }
                Value::Object(out)
            }
            other => other.clone(),
        }
    }
}

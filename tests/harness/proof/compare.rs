//! Answers side by side.

use crate::generate::Schema;
use crate::reference::difference;
use serde_json::Value;

/// How an answer differs from what the reference expects, in what the caller's schema has; `None` if it does not.
pub fn differs(schema: &Schema, expected: &Value, got: &Value) -> Option<String> {
    let (mut expected, mut got) = (expected.clone(), got.clone());
    keep_known(schema, &mut expected);
    sort(&mut expected);
    sort(&mut got);
    let place = difference(&expected, &got)?;
    Some(format!(
        "differs at data{place}\n  expected {expected}\n  got      {got}"
    ))
}

/// Keeps, of the names of hidden fields, those that the caller's schema has.
fn keep_known(schema: &Schema, value: &mut Value) {
    match value {
        Value::Object(map) => {
            let type_name = map
                .get("__typename")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            if let Some(Value::Array(names)) = map.get_mut("_access").map(|access| &mut access["restricted"]) {
                names.retain(|name| schema.has(&type_name, name.as_str().unwrap_or_default()));
            }
            map.values_mut().for_each(|inner| keep_known(schema, inner));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| keep_known(schema, item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What has no order is put in one: groups, names of fields, rows of a bulk write.
fn sort(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                sort(inner);
                let is_set = matches!(key.as_str(), "groups" | "restricted" | "writable") || key.starts_with("bulk");
                if let (true, Value::Array(items)) = (is_set, inner) {
                    let text = |item: &Value| item.get("key").map_or_else(|| sorted_text(item), sorted_text);
                    items.sort_by_key(text);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(sort),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// JSON text with sorted keys and numbers in one form.
fn sorted_text(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut parts: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{key}:{}", sorted_text(value)))
                .collect();
            parts.sort();
            parts.join(",")
        }
        Value::Number(number) => number.as_f64().unwrap_or_default().to_string(),
        other => other.to_string(),
    }
}

//! Functions over JSON and list columns, which SQLite keeps as JSON text. They answer as PostgreSQL's `jsonb` does:
//! numbers by value, objects whatever the order of their keys.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};
use serde_json::Value as Json;

/// Registers the functions on a connection.
pub(super) fn register(connection: &Connection, flags: FunctionFlags) -> Result<()> {
    // fh_json_at(document, path): the JSON text at the path; null where there is nothing, or JSON null.
    connection.create_scalar_function("fh_json_at", 2, flags, |context| {
        Ok(at(context).map(|found| found.to_string()))
    })?;
    // fh_json_equal(document, path, operand): 1 or 0; null where there is nothing.
    connection.create_scalar_function("fh_json_equal", 3, flags, |context| {
        Ok(at(context)
            .zip(json(context, 2))
            .map(|(found, operand)| equal(&found, &operand)))
    })?;
    // fh_list_has(list, text): 1 or 0; null for no list.
    connection.create_scalar_function("fh_list_has", 2, flags, |context| {
        Ok(match (json(context, 0), text(context, 1)) {
            (Some(Json::Array(items)), Some(text)) => Some(items.iter().any(|item| item.as_str() == Some(text))),
            _ => None,
        })
    })
}

fn text<'c>(context: &'c Context<'_>, index: usize) -> Option<&'c str> {
    match context.get_raw(index) {
        ValueRef::Text(text) => std::str::from_utf8(text).ok(),
        _ => None,
    }
}

fn json(context: &Context<'_>, index: usize) -> Option<Json> {
    serde_json::from_str(text(context, index)?).ok()
}

/// The value of argument 0 at the path of argument 1, a JSON array of keys and indexes.
fn at(context: &Context<'_>) -> Option<Json> {
    let Json::Array(path) = json(context, 1)? else {
        return None;
    };
    let mut found = json(context, 0)?;
    for step in path {
        let step = step.as_str()?;
        found = match &mut found {
            Json::Object(entries) => entries.get_mut(step)?.take(),
            Json::Array(items) => {
                // As PostgreSQL: a negative index counts from the end.
                let index = step.parse::<i64>().ok()?;
                let length = i64::try_from(items.len()).ok()?;
                let index = usize::try_from(if index < 0 { index + length } else { index }).ok()?;
                items.get_mut(index)?.take()
            }
            _ => return None,
        };
    }
    (!found.is_null()).then_some(found)
}

fn equal(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|other| equal(value, other)))
        }
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(sql: &str) -> Option<bool> {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection, FunctionFlags::SQLITE_UTF8).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn json_compares_by_value() {
        for (sql, expected) in [
            (
                r#"select fh_json_equal('{"a": [1, {"b": 2.0}]}', '["a", "1"]', '{"b": 2}')"#,
                Some(true),
            ),
            (
                r#"select fh_json_equal('{"a": 1, "b": true}', '[]', '{"b": true, "a": 1}')"#,
                Some(true),
            ),
            (r#"select fh_json_equal('{"a": true}', '["a"]', '1')"#, Some(false)),
            (r#"select fh_json_equal('{"a": "1"}', '["a"]', '1')"#, Some(false)),
            (r#"select fh_json_equal('{"a": null}', '["a"]', '1')"#, None),
            (r#"select fh_json_equal('{"a": 1}', '["b"]', '1')"#, None),
            (r#"select fh_json_equal('[1, 2]', '["-1"]', '2')"#, Some(true)),
            (r#"select fh_json_at('{"a": 1}', '["a", "b"]') is null"#, Some(true)),
            (r#"select fh_list_has('["x", "y"]', 'y')"#, Some(true)),
            (r#"select fh_list_has('["x"]', 'y')"#, Some(false)),
            ("select fh_list_has(null, 'y')", None),
        ] {
            assert_eq!(ask(sql), expected, "{sql}");
        }
    }
}

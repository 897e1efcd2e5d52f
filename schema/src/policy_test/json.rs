//! YAML as the JSON that a request has or answers. `$ticket.x`, without quotes, is the id of the row that the seed labels so.

use super::case::find_row;
use crate::catalog::Catalog;
use crate::diagnostic::Diagnostics;
use crate::seed::Seed;
use crate::yaml::{Node, NodeKind};
use serde_json::{Number, Value};

/// The value of a node. What it names that is not there is told, and null.
pub(super) fn read(node: &Node, catalog: &Catalog, seed: &Seed, faults: &mut Diagnostics) -> Value {
    match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::Scalar { text, plain: false } => Value::String(text.clone()),
        NodeKind::Scalar { text, plain: true } => match text.strip_prefix('$') {
            Some(name) => row(name, node, catalog, seed, faults),
            None => plain(text),
        },
        NodeKind::List(items) => items.iter().map(|item| read(item, catalog, seed, faults)).collect(),
        NodeKind::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.text.clone(), read(value, catalog, seed, faults)))
            .collect(),
    }
}

/// A scalar without quotes: a boolean or a number as JSON has them, else a text.
fn plain(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => serde_json::from_str::<Number>(text).map_or_else(|_| Value::String(text.to_owned()), Value::Number),
    }
}

fn row(name: &str, node: &Node, catalog: &Catalog, seed: &Seed, faults: &mut Diagnostics) -> Value {
    let (entity_name, label) = name.split_once('.').unwrap_or((name, ""));
    let Some(entity) = catalog.find_entity(entity_name) else {
        faults
            .error("test-label", node.span, format!("unknown entity `{entity_name}`"))
            .hint("`$entity.label` is the id of a row of the seed; put a text that begins with `$` in quotes")
            .nearest(entity_name, catalog.entities.keys().map(String::as_str));
        return Value::Null;
    };
    find_row(catalog, seed, entity.id, label, node.span, faults)
        .map_or(Value::Null, |row| Value::String(row.id.to_string()))
}

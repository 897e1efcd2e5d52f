//! Random conditions of rules and tokens.

use super::model::Draft;
use super::{STATES, TAGS, TEXTS};
use crate::random::Random;
use serde_json::{Value, json};

/// A condition on rows of an entity, nested up to `depth`.
pub(crate) fn condition(random: &mut Random, draft: &Draft, entity: &str, depth: usize) -> Value {
    match random.below(if depth == 0 { 1 } else { 6 }) {
        1 => json!({"not": condition(random, draft, entity, depth - 1)}),
        2 => json!({"or": [condition(random, draft, entity, depth - 1), condition(random, draft, entity, depth - 1)]}),
        3 => json!({"and": [condition(random, draft, entity, depth - 1), condition(random, draft, entity, depth - 1)]}),
        _ => leaf(random, draft, entity, depth),
    }
}

fn leaf(random: &mut Random, draft: &Draft, entity: &str, depth: usize) -> Value {
    let declared = draft.entities[entity]["fields"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let mut choices: Vec<(String, Value)> = declared
        .into_iter()
        .filter(|(_, field)| {
            field["encrypted"].is_null() && field["type"] != "autonumber" && (field["type"] != "list" || depth > 0)
        })
        .collect();
    choices.push(("owner".into(), json!({"type": "ref", "to": "user"})));
    if entity == "user" {
        choices.push(("id".into(), json!({"type": "id"})));
    }
    if entity == "membership" {
        choices.push(("user".into(), json!({"type": "ref", "to": "user"})));
    }
    let (name, field) = random.pick(&choices).clone();
    let test = match field["type"].as_str().unwrap_or_default() {
        "id" => json!("$user"),
        "ref" => reference(random, draft, field["to"].as_str().unwrap_or_default(), depth),
        "list" => {
            let of = field["of"].as_str().unwrap_or_default();
            let inner = condition(random, draft, of, depth - 1);
            json!({*random.pick(&["some", "every", "none"]): inner})
        }
        "boolean" if random.one_in(2) => json!(random.one_in(2)),
        "multiselect" => match random.below(3) {
            0 => json!({"has": random.pick(&TAGS)}),
            1 => json!({"hasAny": random.some(&TAGS, 2)}),
            _ => json!({"hasAll": random.some(&TAGS, 2)}),
        },
        "int" if draft.tenants && random.one_in(5) => {
            json!({*random.pick(&["eq", "ne", "lt", "lte", "gt", "gte"]): "$membership.level"})
        }
        "date" | "datetime" if random.one_in(5) => json!({*random.pick(&["lt", "gte", "ne"]): "$now"}),
        kind => scalar(random, kind),
    };
    json!({name: test})
}

fn reference(random: &mut Random, draft: &Draft, target: &str, depth: usize) -> Value {
    match random.below(4) {
        0 => json!({"isNull": random.one_in(2)}),
        // One of several: nothing else is known of it.
        _ if target.is_empty() => json!({"isNull": random.one_in(2)}),
        _ if target == "user" => json!("$user"),
        _ if depth > 0 => condition(random, draft, target, depth - 1),
        _ => json!({"isNull": false}),
    }
}

fn scalar(random: &mut Random, kind: &str) -> Value {
    let mut operand = || match kind {
        "int" => json!(random.below(5)),
        "float" => json!(random.below(8) as f64 / 4.0),
        "decimal" => json!(format!("{}.{}", random.below(4), random.pick(&["00", "5", "25"]))),
        "boolean" => json!(random.one_in(2)),
        "date" => json!(format!("2025-0{}-15", random.below(5) + 1)),
        "datetime" => json!(format!("2025-0{}-15T12:00:00Z", random.below(5) + 1)),
        "select" => json!(random.pick(&STATES)),
        _ => json!(random.pick(&TEXTS)),
    };
    let (one, other) = (operand(), operand());
    let is_text = kind == "text";
    let is_ordered = matches!(kind, "int" | "float" | "decimal" | "date" | "datetime");
    match random.below(8) {
        0 => one,
        1 => json!({"ne": one}),
        2 => json!({"in": [one, other]}),
        3 => json!({"notIn": [one, other]}),
        4 => json!({"isNull": random.one_in(2)}),
        5 if is_ordered => json!({*random.pick(&["lt", "lte"]): one}),
        6 if is_ordered => json!({*random.pick(&["gt", "gte"]): one}),
        5 if is_text => json!({"contains": "a"}),
        6 if is_text => json!({"startsWith": *random.pick(&["al", "Al", "b", "1"])}),
        _ => json!({"eq": one}),
    }
}

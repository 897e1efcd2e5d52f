//! Conditions of rules and tokens. They see rows as they are, not as the caller may read them.

use super::ask::Op;
use super::decision::Caller;
use super::model::{Field, Kind};
use super::value::Val;
use super::world::{RowId, World, parse};
use serde_json::Value;

const OPERATORS: [&str; 16] = [
    "eq",
    "ne",
    "in",
    "notIn",
    "isNull",
    "lt",
    "lte",
    "gt",
    "gte",
    "contains",
    "startsWith",
    "endsWith",
    "like",
    "has",
    "hasAny",
    "hasAll",
];

/// Whether a condition holds on a row.
pub(crate) fn holds(world: &World, caller: &Caller, row: RowId, condition: &Value) -> bool {
    let entries = condition.as_object().expect("a condition is a map");
    entries.iter().all(|(key, value)| match key.as_str() {
        "and" => list(value).iter().all(|part| holds(world, caller, row, part)),
        "or" => list(value).iter().any(|part| holds(world, caller, row, part)),
        "not" => !holds(world, caller, row, value),
        name => on_field(world, caller, row, name, value),
    })
}

fn on_field(world: &World, caller: &Caller, row: RowId, name: &str, value: &Value) -> bool {
    let field = world.model.entity(&world.row_of(row).entity).field(name);
    match (&field.kind, value) {
        (Kind::List { of, by }, Value::Object(quantifiers)) => {
            let related = world.of(of).filter(|other| caller.looks_from(world, row, *other));
            let related: Vec<RowId> = related
                .filter(|other| *world.raw(*other, by) == Val::Row(world.itself(row)))
                .collect();
            quantifiers.iter().all(|(quantifier, inner)| match quantifier.as_str() {
                "some" => related.iter().any(|other| holds(world, caller, *other, inner)),
                "every" => related.iter().all(|other| holds(world, caller, *other, inner)),
                "none" => !related.iter().any(|other| holds(world, caller, *other, inner)),
                "count" => tests(world, caller, field, &Val::Int(related.len() as i64), inner),
                other => panic!("unknown quantifier `{other}`"),
            })
        }
        (Kind::Ref(_), Value::Object(inner)) if !inner.keys().all(|key| OPERATORS.contains(&key.as_str())) => {
            match world.raw(row, name) {
                Val::Row(target) if caller.looks_from(world, row, *target) => holds(world, caller, *target, value),
                _ => false,
            }
        }
        _ => tests(world, caller, field, world.raw(row, name), value),
    }
}

/// A value against `{operator: operand, …}`, or against an operand alone.
fn tests(world: &World, caller: &Caller, field: &Field, value: &Val, tests: &Value) -> bool {
    let operand = |operand: &Value| resolve(world, caller, field, operand);
    let operands = |value: &Value| list(value).iter().map(operand).collect::<Vec<_>>();
    let text = |value: &Value| match resolve(world, caller, field, value) {
        Val::Text(text) => Some(text),
        _ => None,
    };
    let Value::Object(entries) = tests else {
        return Op::Eq(operand(tests)).passes(value);
    };
    entries.iter().all(|(operator, wanted)| {
        let op = match operator.as_str() {
            "eq" => Op::Eq(operand(wanted)),
            "ne" => Op::Ne(operand(wanted)),
            "in" => Op::In(operands(wanted)),
            "notIn" => Op::NotIn(operands(wanted)),
            "isNull" => Op::IsNull(wanted.as_bool().expect("isNull takes a boolean")),
            "lt" => Op::Lt(operand(wanted)),
            "lte" => Op::Lte(operand(wanted)),
            "gt" => Op::Gt(operand(wanted)),
            "gte" => Op::Gte(operand(wanted)),
            "contains" => return text(wanted).is_some_and(|text| Op::Text("contains", text, false).passes(value)),
            "startsWith" => return text(wanted).is_some_and(|text| Op::Text("startsWith", text, false).passes(value)),
            "endsWith" => return text(wanted).is_some_and(|text| Op::Text("endsWith", text, false).passes(value)),
            "like" => return text(wanted).is_some_and(|text| Op::Text("like", text, false).passes(value)),
            "has" => Op::Has(text(wanted).unwrap_or_default()),
            "hasAny" => Op::HasAny(list(wanted).iter().filter_map(text).collect()),
            "hasAll" => Op::HasAll(list(wanted).iter().filter_map(text).collect()),
            other => panic!("unknown operator `{other}`"),
        };
        op.passes(value)
    })
}

/// An operand of a condition, or the value of a preset, for a field.
pub(crate) fn resolve(world: &World, caller: &Caller, field: &Field, operand: &Value) -> Val {
    let Some(name) = operand.as_str().and_then(|text| text.strip_prefix('$')) else {
        return match &field.kind {
            Kind::List { .. } => Val::Int(operand.as_i64().expect("a count is compared with a number")),
            _ => parse(field, operand),
        };
    };
    match name {
        "user" => caller.user.map_or(Val::Null, Val::Row),
        "tenant" => caller.tenant.map_or(Val::Null, Val::Row),
        // Beside a date it is the day.
        "now" if field.kind == Kind::Date => Val::Text(caller.now[..10].to_owned()),
        "now" => Val::Text(caller.now.clone()),
        other => match (other.split_once('.'), caller.membership(world), caller.before) {
            (Some(("membership", field)), Some(membership), _) => match &caller.session {
                Some(session) => session.values.get(field).cloned().unwrap_or(Val::Null),
                None => world.raw(membership, field).clone(),
            },
            (Some(("before", field)), _, Some(before)) => world.raw(before, field).clone(),
            _ => Val::Null,
        },
    }
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list of conditions or operands")
}

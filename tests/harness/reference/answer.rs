//! Answers to queries, as the GraphQL API gives them.

use super::ask::{Aggregates, Filter, Groups, List, Order, Quantifier, Select};
use super::decision::Caller;
use super::model::Kind;
use super::render::{camel, shout};
use super::value::Val;
use super::world::{RowId, World};
use serde_json::{Map, Value, json};
use std::cmp::Ordering;

/// The answer to a root list.
pub fn answer(world: &World, caller: &Caller, list: &List) -> Value {
    let rows = world.of(&list.entity).collect();
    connection(world, caller, list, rows)
}

/// The answer to a field by id: the row as an object, or null.
pub fn answer_one(world: &World, caller: &Caller, row: RowId, select: &[Select]) -> Value {
    if caller.may_read(world, row) {
        object(world, caller, row, select)
    } else {
        Value::Null
    }
}

fn connection(world: &World, caller: &Caller, list: &List, rows: Vec<RowId>) -> Value {
    let mut rows: Vec<RowId> = rows
        .into_iter()
        .filter(|row| caller.may_list(world, *row))
        .filter(|row| {
            list.filter
                .as_ref()
                .is_none_or(|filter| passes(world, caller, *row, filter))
        })
        .collect();
    rows.sort_by(|one, other| compare(world, caller, &list.order, *one, *other));

    let mut out = Map::new();
    if list.total {
        out.insert("totalCount".into(), json!(rows.len()));
    }
    if let Some(figures) = &list.aggregates {
        out.insert("aggregate".into(), aggregate(world, caller, figures, &rows));
    }
    if let Some(by) = &list.groups {
        out.insert("groups".into(), groups(world, caller, by, &rows));
    }
    let start = list.after.as_ref().map_or(0, |(_, before)| *before) + list.offset.unwrap_or_default();
    let rest = rows.get(start..).unwrap_or_default();
    let page = match (list.first, list.last) {
        (_, Some(last)) => &rest[rest.len().saturating_sub(last)..],
        (first, None) => &rest[..rest.len().min(first.unwrap_or(30))],
    };
    if !list.nodes.is_empty() {
        out.insert(
            "nodes".into(),
            page.iter()
                .map(|row| object(world, caller, *row, &list.nodes))
                .collect(),
        );
    }
    if list.page_info {
        out.insert("pageInfo".into(), json!({"hasNextPage": page.len() < rest.len()}));
    }
    if out.is_empty() {
        out.insert(
            "__typename".into(),
            json!(format!("{}Connection", super::pascal(&list.entity))),
        );
    }
    Value::Object(out)
}

fn object(world: &World, caller: &Caller, row: RowId, select: &[Select]) -> Value {
    let entity = world.model.entity(&world.row_of(row).entity);
    let mut out = Map::new();
    for part in select {
        match part {
            Select::Field(name) => {
                let value = written(world, &entity.field(name).kind, &caller.sees(world, row, name));
                out.insert(camel(name), value);
            }
            Select::One(name, inner) => {
                let value = match caller.sees(world, row, name) {
                    Val::Row(target) => object(world, caller, target, inner),
                    _ => Value::Null,
                };
                out.insert(camel(name), value);
            }
            Select::Many(name, list) => {
                out.insert(
                    camel(name),
                    connection(world, caller, list, related(world, caller, row, name)),
                );
            }
            Select::Access => {
                let fields = entity
                    .fields
                    .iter()
                    .filter(|field| caller.is_granted(world, &entity.name, &field.name));
                let hidden = fields.filter(|field| !caller.may_read_field(world, row, &field.name));
                let names: Vec<String> = hidden.map(|field| camel(&field.name)).collect();
                let can = |operation: &str| caller.may(world, operation, row);
                let writable = entity
                    .fields
                    .iter()
                    .filter(|field| caller.may_write_field(world, row, &field.name));
                let writable: Vec<String> = writable.map(|field| camel(&field.name)).collect();
                let access = json!({
                    "restricted": names,
                    "canUpdate": can("update"),
                    "canDelete": can("delete"),
                    "canTransition": can("transition"),
                    "writable": writable,
                });
                out.insert("__typename".into(), json!(super::pascal(&entity.name)));
                out.insert("_access".into(), access);
            }
        }
    }
    Value::Object(out)
}

/// All rows that point here, whoever may list them; none if the caller may not read the list field.
fn related(world: &World, caller: &Caller, row: RowId, field: &str) -> Vec<RowId> {
    let Kind::List { of, by } = &world.model.entity(&world.row_of(row).entity).field(field).kind else {
        panic!("{field} is no list")
    };
    let points_here = |other: &RowId| *world.raw(*other, by) == Val::Row(row);
    if caller.may_read_field(world, row, field) {
        world.of(of).filter(points_here).collect()
    } else {
        Vec::new()
    }
}

/// Whether a caller's filter holds on a row: on what the caller may read of it.
pub(super) fn passes(world: &World, caller: &Caller, row: RowId, filter: &Filter) -> bool {
    match filter {
        Filter::All(parts) => parts.iter().all(|part| passes(world, caller, row, part)),
        Filter::Any(parts) => parts.iter().any(|part| passes(world, caller, row, part)),
        Filter::Not(inner) => !passes(world, caller, row, inner),
        Filter::Leaf(field, op) => op.passes(&caller.sees(world, row, field)),
        Filter::IsNull(field, wanted) => caller.sees(world, row, field).is_null() == *wanted,
        Filter::One(field, inner) => match caller.sees(world, row, field) {
            Val::Row(target) => passes(world, caller, target, inner),
            _ => false,
        },
        Filter::Many(field, quantifier) => {
            let rows = related(world, caller, row, field);
            let rows: Vec<RowId> = rows.into_iter().filter(|row| caller.may_list(world, *row)).collect();
            match quantifier {
                Quantifier::Some(inner) => rows.iter().any(|row| passes(world, caller, *row, inner)),
                Quantifier::Every(inner) => rows.iter().all(|row| passes(world, caller, *row, inner)),
                Quantifier::None(inner) => !rows.iter().any(|row| passes(world, caller, *row, inner)),
                Quantifier::Count(op) => op.passes(&Val::Int(rows.len() as i64)),
            }
        }
    }
}

fn compare(world: &World, caller: &Caller, order: &[Order], one: RowId, other: RowId) -> Ordering {
    for key in order {
        let (one, other) = (
            walk(world, caller, one, &key.path),
            walk(world, caller, other, &key.path),
        );
        let ascending = match (one.is_null(), other.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => one.compare(&other).unwrap_or(Ordering::Equal),
        };
        let by_key = if key.descending { ascending.reverse() } else { ascending };
        if by_key != Ordering::Equal {
            return by_key;
        }
    }
    let by_id = world.row_of(one).id.cmp(&world.row_of(other).id);
    if order.last().is_some_and(|key| key.descending) {
        by_id.reverse()
    } else {
        by_id
    }
}

fn walk(world: &World, caller: &Caller, row: RowId, path: &[String]) -> Val {
    match path {
        [] => Val::Null,
        [field] => match caller.sees(world, row, field) {
            // Ids are ordered as text.
            Val::Row(target) => world.row_of(target).id.clone().map_or(Val::Null, Val::Text),
            value => value,
        },
        [reference, rest @ ..] => match caller.sees(world, row, reference) {
            Val::Row(target) => walk(world, caller, target, rest),
            _ => Val::Null,
        },
    }
}

fn aggregate(world: &World, caller: &Caller, figures: &Aggregates, rows: &[RowId]) -> Value {
    let mut out = Map::new();
    out.insert("count".into(), json!(rows.len()));
    let entity = |row: &RowId| world.model.entity(&world.row_of(*row).entity);
    for (function, field) in &figures.functions {
        let values = rows
            .iter()
            .map(|row| caller.sees(world, *row, field))
            .filter(|value| !value.is_null());
        let values: Vec<Val> = values.collect();
        let value = match *function {
            "sum" => sum(&values),
            "avg" => mean(&values),
            _ => {
                let smaller = |one: &Val, other: &Val| one.compare(other).unwrap_or(Ordering::Equal);
                let found = if *function == "min" {
                    values.iter().min_by(|one, other| smaller(one, other))
                } else {
                    values.iter().max_by(|one, other| smaller(one, other))
                };
                let kind = rows.first().map_or(&Kind::Other, |row| &entity(row).field(field).kind);
                found.map_or(Value::Null, |value| written(world, kind, value))
            }
        };
        let inner = out.entry(*function).or_insert_with(|| json!({}));
        inner[camel(field)] = value;
    }
    Value::Object(out)
}

fn sum(values: &[Val]) -> Value {
    match values.first() {
        None => Value::Null,
        Some(Val::Decimal(_)) => {
            let decimals = values
                .iter()
                .filter_map(|value| if let Val::Decimal(it) = value { Some(*it) } else { None });
            decimals
                .reduce(super::Decimal::plus)
                .map_or(Value::Null, |sum| json!(sum.to_string()))
        }
        Some(_) => json!(values.iter().map(number).sum::<f64>()),
    }
}

fn mean(values: &[Val]) -> Value {
    if values.is_empty() {
        return Value::Null;
    }
    json!(values.iter().map(number).sum::<f64>() / values.len() as f64)
}

fn number(value: &Val) -> f64 {
    match value {
        Val::Int(number) => *number as f64,
        Val::Float(number) => *number,
        Val::Decimal(number) => number.as_f64(),
        Val::Null | Val::Text(_) | Val::Bool(_) | Val::Row(_) | Val::Texts(_) => f64::NAN,
    }
}

/// Groups, in the order in which the rows come.
fn groups(world: &World, caller: &Caller, groups: &Groups, rows: &[RowId]) -> Value {
    let mut found: Vec<(Value, Vec<RowId>)> = Vec::new();
    for row in rows {
        let entity = world.model.entity(&world.row_of(*row).entity);
        let key = groups.by.iter().map(|name| {
            let value = match (&entity.field(name).kind, caller.sees(world, *row, name)) {
                (Kind::Ref(_), Val::Row(target)) => json!({"id": world.row_of(target).id}),
                (kind, value) => written(world, kind, &value),
            };
            (camel(name), value)
        });
        let key = Value::Object(key.collect());
        match found.iter_mut().find(|(other, _)| *other == key) {
            Some((_, members)) => members.push(*row),
            None => found.push((key, vec![*row])),
        }
    }
    let written = found
        .into_iter()
        .map(|(key, members)| json!({"key": key, "aggregate": aggregate(world, caller, &groups.aggregates, &members)}));
    written.collect()
}

/// A value as JSON.
fn written(world: &World, kind: &Kind, value: &Val) -> Value {
    match (kind, value) {
        (_, Val::Null) => Value::Null,
        (Kind::Select(_), Val::Text(word)) => json!(shout(word)),
        (Kind::DateTime, Val::Text(text)) => json!(trimmed(text)),
        (_, Val::Text(text)) => json!(text),
        (_, Val::Int(number)) => json!(number),
        (_, Val::Float(number)) => json!(number),
        (_, Val::Decimal(number)) => json!(number.to_string()),
        (_, Val::Bool(value)) => json!(value),
        (_, Val::Row(row)) => json!(world.row_of(*row).id),
        (_, Val::Texts(words)) => words.iter().map(|word| json!(shout(word))).collect(),
    }
}

/// An instant without zeros behind its last digit.
fn trimmed(text: &str) -> String {
    let digits = text.trim_end_matches('Z').trim_end_matches('0');
    let digits = if digits.contains('.') {
        digits.trim_end_matches('.')
    } else {
        text.trim_end_matches('Z')
    };
    format!("{digits}Z")
}

//! Queries as GraphQL text.

use super::ask::{Aggregates, Filter, List, Op, Order, Quantifier, Select};
use super::model::{Entity, Kind};
use super::value::Val;
use super::world::World;
use serde_json::Value;

/// `created_at` → `createdAt`
pub fn camel(name: &str) -> String {
    let pascal = pascal(name);
    pascal[..1].to_lowercase() + &pascal[1..]
}

/// `team_member` → `TeamMember`
pub fn pascal(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').filter(|part| !part.is_empty()).map(word).collect()
}

/// `in_progress` → `IN_PROGRESS`
pub fn shout(name: &str) -> String {
    name.to_uppercase()
}

/// A root list: `tickets(first: 3) { … }`.
pub fn list_text(world: &World, list: &List) -> String {
    let plural = camel(&world.model.entity(&list.entity).plural);
    format!("{plural}{}", list_rest(world, list))
}

/// A root field by id.
pub fn one_text(world: &World, entity: &str, id: &str, select: &[Select]) -> String {
    format!(
        "{}(id: {id:?}) {}",
        camel(entity),
        selection(world, world.model.entity(entity), select)
    )
}

fn list_rest(world: &World, list: &List) -> String {
    let entity = world.model.entity(&list.entity);
    let mut arguments = Vec::new();
    if let Some(condition) = &list.filter {
        arguments.push(format!("filter: {}", filter(world, entity, condition)));
    }
    if !list.order.is_empty() {
        arguments.push(format!(
            "orderBy: [{}]",
            list.order.iter().map(order).collect::<Vec<_>>().join(", ")
        ));
    }
    let mut number = |name: &str, value: Option<usize>| arguments.extend(value.map(|value| format!("{name}: {value}")));
    number("first", list.first);
    number("last", list.last);
    number("offset", list.offset);
    if let Some((cursor, _)) = &list.after {
        arguments.push(format!("after: {cursor:?}"));
    }
    let arguments = if arguments.is_empty() {
        String::new()
    } else {
        format!("({})", arguments.join(", "))
    };
    let mut parts = Vec::new();
    if list.total {
        parts.push("totalCount".to_owned());
    }
    if !list.nodes.is_empty() {
        parts.push(format!("nodes {}", selection(world, entity, &list.nodes)));
    }
    if list.page_info {
        parts.push("pageInfo { hasNextPage endCursor }".into());
    }
    if let Some(figures) = &list.aggregates {
        parts.push(aggregates(figures));
    }
    if let Some(groups) = &list.groups {
        let by: Vec<String> = groups.by.iter().map(|name| shout(name)).collect();
        let key = groups.by.iter().map(|name| match entity.field(name).kind {
            Kind::Ref(_) => format!("{} {{ id }}", camel(name)),
            _ => camel(name),
        });
        let key: Vec<String> = key.collect();
        let (by, key, figures) = (by.join(", "), key.join(" "), aggregates(&groups.aggregates));
        parts.push(format!("groups(by: [{by}]) {{ key {{ {key} }} {figures} }}"));
    }
    if parts.is_empty() {
        parts.push("__typename".into());
    }
    format!("{arguments} {{ {} }}", parts.join(" "))
}

fn aggregates(figures: &Aggregates) -> String {
    let mut text = "aggregate { count".to_owned();
    for function in ["sum", "avg", "min", "max"] {
        let fields = figures
            .functions
            .iter()
            .filter(|(name, _)| *name == function)
            .map(|(_, field)| camel(field));
        let fields: Vec<String> = fields.collect();
        if !fields.is_empty() {
            text.extend([" ", function, " { ", &fields.join(" "), " }"]);
        }
    }
    text + " }"
}

pub(super) fn selection(world: &World, entity: &Entity, select: &[Select]) -> String {
    let parts = select.iter().map(|part| match part {
        Select::Field(name) => camel(name),
        Select::Access => "__typename _access { restricted canUpdate canDelete canTransition writable }".into(),
        Select::One(name, inner) => {
            let Kind::Ref(target) = &entity.field(name).kind else {
                panic!("{name} is no reference")
            };
            format!(
                "{} {}",
                camel(name),
                selection(world, world.model.entity(target), inner)
            )
        }
        Select::Many(name, list) => format!("{}{}", camel(name), list_rest(world, list)),
    });
    format!("{{ {} }}", parts.collect::<Vec<_>>().join(" "))
}

fn order(key: &Order) -> String {
    let direction = if key.descending { "DESC" } else { "ASC" };
    let nest = |inner: String, name: &String| format!("{{{}: {inner}}}", camel(name));
    key.path.iter().rev().fold(direction.to_owned(), nest)
}

pub(super) fn filter(world: &World, entity: &Entity, condition: &Filter) -> String {
    let several = |parts: &[Filter]| {
        parts
            .iter()
            .map(|part| filter(world, entity, part))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match condition {
        Filter::All(parts) => format!("{{and: [{}]}}", several(parts)),
        Filter::Any(parts) => format!("{{or: [{}]}}", several(parts)),
        Filter::Not(inner) => format!("{{not: {}}}", filter(world, entity, inner)),
        Filter::Leaf(name, op) => format!(
            "{{{}: {}}}",
            camel(name),
            operation(world, &entity.field(name).kind, op)
        ),
        Filter::IsNull(name, wanted) => format!("{{{}: {{isNull: {wanted}}}}}", camel(name)),
        Filter::One(name, inner) => {
            let Kind::Ref(target) = &entity.field(name).kind else {
                panic!("{name} is no reference")
            };
            format!(
                "{{{}: {}}}",
                camel(name),
                filter(world, world.model.entity(target), inner)
            )
        }
        Filter::Many(name, quantifier) => {
            let Kind::List { of, .. } = &entity.field(name).kind else {
                panic!("{name} is no list")
            };
            let inner = |inner: &Filter| filter(world, world.model.entity(of), inner);
            let text = match quantifier {
                Quantifier::Some(condition) => format!("some: {}", inner(condition)),
                Quantifier::Every(condition) => format!("every: {}", inner(condition)),
                Quantifier::None(condition) => format!("none: {}", inner(condition)),
                Quantifier::Count(op) => format!("count: {}", operation(world, &Kind::Int, op)),
            };
            format!("{{{}: {{{text}}}}}", camel(name))
        }
    }
}

fn operation(world: &World, kind: &Kind, op: &Op) -> String {
    let one = |value: &Val| literal(world, kind, value);
    let many = |values: &[Val]| format!("[{}]", values.iter().map(one).collect::<Vec<_>>().join(", "));
    let words = |words: &[String]| {
        format!(
            "[{}]",
            words.iter().map(|word| shout(word)).collect::<Vec<_>>().join(", ")
        )
    };
    match op {
        Op::Eq(value) => format!("{{eq: {}}}", one(value)),
        Op::Ne(value) => format!("{{ne: {}}}", one(value)),
        Op::In(values) => format!("{{in: {}}}", many(values)),
        Op::NotIn(values) => format!("{{notIn: {}}}", many(values)),
        Op::IsNull(wanted) => format!("{{isNull: {wanted}}}"),
        Op::Lt(value) => format!("{{lt: {}}}", one(value)),
        Op::Lte(value) => format!("{{lte: {}}}", one(value)),
        Op::Gt(value) => format!("{{gt: {}}}", one(value)),
        Op::Gte(value) => format!("{{gte: {}}}", one(value)),
        Op::Text(operator, operand, insensitive) => {
            let mode = if *insensitive { ", mode: INSENSITIVE" } else { "" };
            format!("{{{operator}: {}{mode}}}", string(operand))
        }
        Op::Has(word) => format!("{{has: {}}}", shout(word)),
        Op::HasAny(some) => format!("{{hasAny: {}}}", words(some)),
        Op::HasAll(all) => format!("{{hasAll: {}}}", words(all)),
    }
}

fn literal(world: &World, kind: &Kind, value: &Val) -> String {
    match (kind, value) {
        (_, Val::Null) => "null".into(),
        (Kind::Select(_), Val::Text(word)) => shout(word),
        (_, Val::Text(text)) => string(text),
        (_, Val::Int(number)) => number.to_string(),
        (_, Val::Float(number)) => format!("{number:?}"),
        (_, Val::Decimal(number)) => format!("\"{number}\""),
        (_, Val::Bool(value)) => value.to_string(),
        (_, Val::Row(row)) => string(world.row_of(*row).id.as_deref().unwrap_or_default()),
        (_, Val::Texts(words)) => format!(
            "[{}]",
            words.iter().map(|word| shout(word)).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// JSON's strings are GraphQL's too.
fn string(text: &str) -> String {
    Value::from(text).to_string()
}

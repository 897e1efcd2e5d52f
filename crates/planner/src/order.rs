//! `orderBy` → keys, and cursors → the values of keys.

use crate::context::Context;
use crate::plan::{OrderJoin, OrderKey};
use crate::problems::Problems;
use freehold_base::{Value, ValueType};
use freehold_policy::operand::Operand;
use freehold_policy::source::RowSource;
use freehold_schema::catalog::{EntityDef, SystemField};
use freehold_schema::graphql::operation::{Input, InputKind};
use freehold_schema::graphql::shape;

/// Most keys of an order.
const KEYS_MAX: usize = 8;

/// Most references an order walks over.
const JOINS_MAX: usize = 12;

/// An order and the joins it walks over.
#[derive(Default)]
pub(crate) struct Order {
    pub(crate) joins: Vec<OrderJoin>,
    pub(crate) keys: Vec<OrderKey>,
    /// Binds a cursor to the order.
    pub(crate) binding: Vec<u8>,
}

/// The order asked for, made total by the id.
pub(crate) fn order(
    context: &Context<'_>,
    source: &RowSource,
    entity: &EntityDef,
    input: Option<&Input>,
    problems: &mut Problems,
) -> Order {
    let mut order = Order {
        binding: entity.name.clone().into_bytes(),
        ..Order::default()
    };
    if let Some(input) = input.filter(|input| !input.is_null()) {
        let items = problems.list(input);
        for (index, item) in items.iter().enumerate() {
            problems.within(index, |problems| {
                keys(context, &mut order, None, source, item, problems, &mut Vec::new());
            });
        }
        if order.keys.len() > KEYS_MAX {
            problems.add("length", format!("at most {KEYS_MAX} keys"));
        }
    }
    let id = entity.find_system(SystemField::Id).and_then(|id| source.readable(id));
    if let Some(id) = id {
        let has_id = order.keys.iter().any(|key| key.join.is_none() && key.field == id);
        if !has_id {
            let descending = order.keys.last().is_some_and(|key| key.descending);
            push(
                &mut order,
                OrderKey {
                    join: None,
                    field: id,
                    value_type: ValueType::Uuid,
                    descending,
                    nullable: false,
                },
                "id",
            );
        }
    }
    order
}

fn push(order: &mut Order, key: OrderKey, path: &str) {
    order.binding.push(if key.descending { b'-' } else { b'+' });
    order.binding.extend_from_slice(path.as_bytes());
    order.keys.push(key);
}

fn keys(
    context: &Context<'_>,
    order: &mut Order,
    join: Option<usize>,
    source: &RowSource,
    input: &Input,
    problems: &mut Problems,
    path: &mut Vec<String>,
) {
    let entity = context.catalog.entity(source.entity());
    for (name, value) in problems.object(input) {
        problems.within(name.as_str(), |problems| {
            let Some((def, field)) = entity
                .find_graphql_field(name)
                .and_then(|def| Some((def, source.readable(def.id)?)))
            else {
                return problems.add("unknown", "no such field");
            };
            path.push(name.clone());
            if let Some(target) = def.reference_target() {
                match context.access.read(target) {
                    Some(_) if order.joins.len() >= JOINS_MAX => {
                        problems.add("length", format!("an order walks over at most {JOINS_MAX} references"));
                    }
                    Some(target) => {
                        order.joins.push(OrderJoin {
                            from: join,
                            reference: field,
                            source: target.clone(),
                        });
                        keys(
                            context,
                            order,
                            Some(order.joins.len() - 1),
                            target,
                            value,
                            problems,
                            path,
                        );
                    }
                    None => problems.add("unknown", "this field cannot be ordered by"),
                }
            } else if let (true, Some(value_type)) = (shape::is_orderable(def), def.field_type.value_type()) {
                match value.kind() {
                    InputKind::Text(direction) if direction == "ASC" || direction == "DESC" => {
                        let nullable = join.is_some() || !def.required || !field.is_always_readable();
                        let descending = direction == "DESC";
                        push(
                            order,
                            OrderKey {
                                join,
                                field,
                                value_type,
                                descending,
                                nullable,
                            },
                            &path.join("."),
                        );
                    }
                    _ => problems.add("type", "ASC or DESC expected"),
                }
            } else {
                problems.add("unknown", "this field cannot be ordered by");
            }
            path.pop();
        });
    }
}

/// The key values in a cursor.
pub(crate) fn cursor(
    context: &Context<'_>,
    order: &Order,
    input: Option<&Input>,
    problems: &mut Problems,
) -> Option<Vec<Operand>> {
    let input = input.filter(|input| !input.is_null())?;
    let opened = match input.kind() {
        InputKind::Text(text) => context.sealer.open(&order.binding, text),
        _ => None,
    };
    let fits = |values: &Vec<Value>| {
        values.len() == order.keys.len()
            && values
                .iter()
                .zip(&order.keys)
                .all(|(value, key)| match value.value_type() {
                    None => key.nullable,
                    Some(found) => {
                        found == key.value_type || (found == ValueType::BigInt && key.value_type == ValueType::Int)
                    }
                })
    };
    match opened.filter(fits) {
        Some(values) => Some(values.into_iter().map(Operand::Constant).collect()),
        None => {
            problems.add(
                "cursor",
                "not a cursor of this list in this order; take it from `pageInfo` or `edges` of the same `orderBy`",
            );
            None
        }
    }
}

//! `aggregate` and `groups`.

use crate::context::Context;
use crate::plan::{
    AggregateField, AggregateFunction, AggregateSlot, AggregateSlotKind, GroupKey, GroupKeyKind, GroupKeySlot,
    GroupSlot, GroupSlotKind, Groups, OneNode, Output, Slot, SlotKind,
};
use crate::problems::Problems;
use crate::select;
use freehold_base::ValueType;
use freehold_policy::predicate::{Link, Predicate};
use freehold_policy::source::RowSource;
use freehold_schema::catalog::{EntityDef, FieldDef};
use freehold_schema::graphql::operation::{Field, InputKind, Selection};
use freehold_schema::graphql::shape;

/// Most keys of a grouping.
const GROUP_KEYS_MAX: usize = 4;

/// The slots of an aggregate object.
pub(crate) fn aggregate(
    context: &mut Context<'_>,
    items: &[Selection],
    source: &RowSource,
    entity: &EntityDef,
) -> Vec<AggregateSlot> {
    let type_name = format!("{}Aggregate", entity.type_name);
    context
        .fields(items, &type_name)
        .into_iter()
        .map(|part| {
            let kind = match part.name.as_str() {
                "count" => AggregateSlotKind::Count,
                "sum" => function(context, &part, AggregateFunction::Sum, "Sum", source, entity),
                "avg" => function(context, &part, AggregateFunction::Avg, "Avg", source, entity),
                "min" => function(context, &part, AggregateFunction::Min, "Min", source, entity),
                "max" => function(context, &part, AggregateFunction::Max, "Max", source, entity),
                _ => AggregateSlotKind::Text(type_name.clone()),
            };
            AggregateSlot { key: part.key, kind }
        })
        .collect()
}

fn function(
    context: &mut Context<'_>,
    field: &Field,
    function: AggregateFunction,
    suffix: &str,
    source: &RowSource,
    entity: &EntityDef,
) -> AggregateSlotKind {
    let type_name = format!("{}{suffix}", entity.type_name);
    let fields = context
        .fields(&field.items, &type_name)
        .into_iter()
        .map(|part| {
            let column = entity
                .find_graphql_field(&part.name)
                .and_then(|def| Some((source.readable(def.id)?, output(function, def)?)));
            AggregateField {
                key: part.key,
                field: column,
                type_name: type_name.clone(),
            }
        })
        .collect();
    AggregateSlotKind::Function { function, fields }
}

/// How the result of a function over a field is written.
fn output(function: AggregateFunction, def: &FieldDef) -> Option<Output> {
    match function {
        AggregateFunction::Sum if def.field_type.value_type() == Some(ValueType::Decimal) => {
            Some(Output::Plain(ValueType::Decimal))
        }
        AggregateFunction::Sum | AggregateFunction::Avg => Some(Output::Plain(ValueType::Float)),
        AggregateFunction::Min | AggregateFunction::Max => select::output(def),
    }
}

/// `groups(by:)`; `rows` is how many parents there may be.
pub(crate) fn groups(
    context: &mut Context<'_>,
    field: &Field,
    source: &RowSource,
    entity: &EntityDef,
    rows: u64,
) -> Groups {
    let by = keys(context, field, source, entity);
    let limit = context.limits.page_max;
    context.count_rows(rows.saturating_mul(u64::from(limit)) / 4);
    let type_name = format!("{}Group", entity.type_name);
    let slots = context
        .fields(&field.items, &type_name)
        .into_iter()
        .map(|part| {
            let kind = match part.name.as_str() {
                "key" => GroupSlotKind::Key(key_slots(context, &part, &by, entity, rows)),
                "aggregate" => GroupSlotKind::Aggregate(aggregate(context, &part.items, source, entity)),
                _ => GroupSlotKind::Text(type_name.clone()),
            };
            GroupSlot { key: part.key, kind }
        })
        .collect();
    Groups { by, limit, slots }
}

fn keys(context: &mut Context<'_>, field: &Field, source: &RowSource, entity: &EntityDef) -> Vec<GroupKey> {
    let mut problems = Problems::of("by");
    let mut by: Vec<GroupKey> = Vec::new();
    let items = field.argument("by").map_or(&[][..], |input| match input.kind() {
        InputKind::List(items) => items,
        _ => &[],
    });
    for (index, item) in items.iter().enumerate() {
        let name = match item.kind() {
            InputKind::Text(name) => name.as_str(),
            _ => "",
        };
        let found = shape::find_group_by(entity, name).and_then(|def| {
            // A reference groups by the rows that it shows, so there must be rows to show.
            let target = match def.reference_target() {
                Some(target) => Some(context.access.read(target)?.clone()),
                None => None,
            };
            Some((source.readable(def.id)?, target))
        });
        let Some((readable, target)) = found else {
            problems.within(index, |problems| problems.add("unknown", "no such field"));
            continue;
        };
        if by.iter().any(|key| key.field == readable) {
            continue;
        }
        by.push(GroupKey {
            field: readable,
            target,
        });
    }
    if by.is_empty() {
        problems.add("length", "name at least one field to group by");
    }
    if by.len() > GROUP_KEYS_MAX {
        problems.add("length", format!("at most {GROUP_KEYS_MAX} fields"));
    }
    context.wrong_input(field, problems.into_found());
    by
}

fn key_slots(
    context: &mut Context<'_>,
    field: &Field,
    by: &[GroupKey],
    entity: &EntityDef,
    rows: u64,
) -> Vec<GroupKeySlot> {
    let type_name = format!("{}GroupKey", entity.type_name);
    context
        .fields(&field.items, &type_name)
        .into_iter()
        .map(|part| {
            let index = entity
                .find_graphql_field(&part.name)
                .and_then(|def| by.iter().position(|key| key.field.id() == def.id));
            let kind = match index {
                None if part.name == "__typename" => GroupKeyKind::Text(type_name.clone()),
                None => GroupKeyKind::Null,
                Some(index) => key_kind(context, &part, index, &by[index], entity, rows),
            };
            GroupKeySlot { key: part.key, kind }
        })
        .collect()
}

fn key_kind(
    context: &mut Context<'_>,
    part: &Field,
    index: usize,
    key: &GroupKey,
    entity: &EntityDef,
    rows: u64,
) -> GroupKeyKind {
    match &key.target {
        Some(target) => {
            let slots = select::row(
                context,
                &part.items,
                target,
                context.catalog.entity(target.entity()),
                rows,
            );
            if has_list(&slots) {
                let mut problems = Problems::of("by");
                problems.add("list", "a group's key shows no lists; ask for them by the row's id");
                context.wrong_input(part, problems.into_found());
            }
            let link = Link::Reference(key.field.clone());
            GroupKeyKind::One(
                index,
                Box::new(OneNode {
                    source: target.clone(),
                    link,
                    filter: Predicate::Constant(true),
                    slots,
                }),
            )
        }
        None => match select::output(entity.field(key.field.id())) {
            Some(output) => GroupKeyKind::Field(index, output),
            None => GroupKeyKind::Null,
        },
    }
}

/// Whether a list is selected anywhere below.
fn has_list(slots: &[Slot]) -> bool {
    slots.iter().any(|slot| match &slot.kind {
        SlotKind::Many(_) | SlotKind::Rows(_) => true,
        SlotKind::One(node) => has_list(&node.slots),
        SlotKind::Union(nodes) => nodes.iter().any(|node| has_list(&node.slots)),
        SlotKind::Object(slots) => has_list(slots),
        _ => false,
    })
}

//! What is written of a row.

use crate::context::Context;
use crate::list;
use crate::plan::{OneNode, Output, Slot, SlotKind};
use freehold_base::ValueType;
use freehold_policy::predicate::{Link, Predicate};
use freehold_policy::source::{ReadableField, RowSource};
use freehold_schema::catalog::{EntityDef, EntityId, FieldDef, FieldType, Operation};
use freehold_schema::graphql::operation::{Field, Selection};

/// The slots of one row of `source`; `rows` is how many such rows there may be.
pub(crate) fn row(
    context: &mut Context<'_>,
    items: &[Selection],
    source: &RowSource,
    entity: &EntityDef,
    rows: u64,
) -> Vec<Slot> {
    let fields = context.entity_fields(items, entity);
    let mut slots = Vec::with_capacity(fields.len());
    for field in &fields {
        if context.is_over_cost() {
            break;
        }
        context.path.push(field.key.clone());
        let kind = match field.name.as_str() {
            "__typename" => SlotKind::Text(entity.type_name.clone()),
            "_access" => row_access(context, field, source, entity),
            name => match entity
                .find_graphql_field(name)
                .and_then(|def| Some((def, source.readable(def.id)?)))
            {
                Some((def, readable)) => value(context, field, source, def, readable, rows),
                None => SlotKind::Null,
            },
        };
        context.path.pop();
        slots.push(Slot {
            key: field.key.clone(),
            kind,
        });
    }
    slots
}

fn value(
    context: &mut Context<'_>,
    field: &Field,
    source: &RowSource,
    def: &FieldDef,
    readable: ReadableField,
    rows: u64,
) -> SlotKind {
    match &def.field_type {
        FieldType::Reference { to, .. } if to.len() == 1 => match one(context, field, to[0], &readable, rows) {
            Some(node) => SlotKind::One(Box::new(node)),
            None => SlotKind::Null,
        },
        FieldType::Reference { to, .. } => SlotKind::Union(
            to.iter()
                .filter_map(|target| one(context, field, *target, &readable, rows))
                .collect(),
        ),
        FieldType::List { of, by } => {
            let Some(listed) = context.access.list(*of).cloned() else {
                return SlotKind::Null;
            };
            let entity = context.catalog.entity(*of);
            let link = Link::Equal {
                theirs: *by,
                ours: readable,
            };
            SlotKind::Many(Box::new(list::list(context, field, entity, listed, link, rows)))
        }
        _ => match output(context.catalog.field(source.entity(), def.id)) {
            Some(output) => SlotKind::Field {
                field: readable,
                output,
            },
            None => SlotKind::Null,
        },
    }
}

fn one(
    context: &mut Context<'_>,
    field: &Field,
    target: EntityId,
    reference: &ReadableField,
    rows: u64,
) -> Option<OneNode> {
    let source = context.access.read(target)?.clone();
    if !context.count_reference(field) {
        return None;
    }
    context.count_rows(rows);
    let slots = row(context, &field.items, &source, context.catalog.entity(target), rows);
    Some(OneNode {
        source,
        link: Link::Reference(reference.clone()),
        filter: Predicate::Constant(true),
        slots,
    })
}

/// How a field's value is written; `None` for fields that are no single value.
pub(crate) fn output(def: &FieldDef) -> Option<Output> {
    if def.encrypted.is_some() {
        return Some(Output::Sealed);
    }
    Some(match &def.field_type {
        FieldType::Select(options) => Output::Member(ValueType::Text, members(options)),
        FieldType::MultiSelect(options) => Output::Member(ValueType::TextList, members(options)),
        FieldType::Reference { .. } | FieldType::List { .. } | FieldType::File | FieldType::Image => return None,
        other => Output::Plain(other.value_type()?),
    })
}

fn members(options: &[freehold_schema::catalog::EnumOption]) -> Vec<(String, String)> {
    options
        .iter()
        .map(|option| (option.value.clone(), option.graphql_name.clone()))
        .collect()
}

/// `_access`: what the caller may do with the row.
fn row_access(context: &mut Context<'_>, field: &Field, source: &RowSource, entity: &EntityDef) -> SlotKind {
    let slots = context
        .fields(&field.items, "Access")
        .into_iter()
        .map(|part| {
            let kind = match part.name.as_str() {
                "canUpdate" => SlotKind::Can(Operation::Update),
                "canDelete" => SlotKind::Can(Operation::Delete),
                "canTransition" => SlotKind::Can(Operation::Transition),
                "writable" => SlotKind::Writable(
                    source
                        .writable_fields()
                        .map(|id| (id, entity.field(id).graphql_name.clone()))
                        .collect(),
                ),
                "restricted" => SlotKind::Restricted(
                    source
                        .readable_fields()
                        .filter(|readable| !readable.is_always_readable())
                        .filter(|readable| is_shown(context, entity.field(readable.id())))
                        .map(|readable| (readable.clone(), entity.field(readable.id()).graphql_name.clone()))
                        .collect(),
                ),
                "__typename" => SlotKind::Text("Access".to_owned()),
                _ => SlotKind::Null,
            };
            Slot { key: part.key, kind }
        })
        .collect();
    SlotKind::Object(slots)
}

/// Whether the caller's schema has the field: a relation is absent where nothing of its target may be seen.
fn is_shown(context: &Context<'_>, def: &FieldDef) -> bool {
    match &def.field_type {
        FieldType::Reference { to, .. } => to.iter().any(|target| context.access.read(*target).is_some()),
        FieldType::List { of, .. } => context.access.list(*of).is_some(),
        FieldType::File | FieldType::Image => false,
        _ => true,
    }
}

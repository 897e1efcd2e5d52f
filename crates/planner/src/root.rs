//! Root fields.

use crate::context::Context;
use crate::convert;
use crate::error::Problem;
use crate::plan::{OneNode, Slot, SlotKind};
use crate::{filter, list, select, viewer};
use freehold_base::RowId;
use freehold_policy::operand::Scalar;
use freehold_policy::predicate::{Link, Predicate, Test};
use freehold_policy::source::{FilterPredicate, RowSource};
use freehold_schema::catalog::{EntityDef, SystemField, UniqueKey};
use freehold_schema::graphql::operation::{Field, Input, InputKind, Operation, OperationKind};
use serde_json::value::RawValue;

/// What a root field asks for.
enum Root<'a> {
    One(&'a EntityDef),
    ByKey(&'a EntityDef, &'a UniqueKey),
    Many(&'a EntityDef),
}

/// The slots of the root fields, in order.
pub(crate) fn roots(
    context: &mut Context<'_>,
    operation: &Operation,
    mut ready: Vec<(String, Box<RawValue>)>,
) -> Vec<Slot> {
    let fields = context.fields(&operation.items, root_type(operation.kind));
    let mut slots = Vec::with_capacity(fields.len());
    for field in &fields {
        if context.is_over_cost() {
            break;
        }
        context.path.push(field.key.clone());
        let kind = match field.name.as_str() {
            "__typename" => SlotKind::Text(root_type(operation.kind).to_owned()),
            "__schema" | "__type" | "explainAccess" | "auditLog" | "memberSessions" | "memberFactors" | "apiKeys"
            | "identityProviders" | "signInStats" => match ready.iter().position(|(key, _)| *key == field.key) {
                Some(at) => SlotKind::Json(ready.swap_remove(at).1),
                None => SlotKind::Null,
            },
            "viewer" => viewer::viewer(context, field),
            "node" => node(context, field),
            name => match find(context, name) {
                Some(Root::One(entity)) => by_id(context, field, entity),
                Some(Root::ByKey(entity, key)) => by_key(context, field, entity, key),
                Some(Root::Many(entity)) => many(context, field, entity),
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

/// A subscription asks what a query does.
fn root_type(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Query => "Query",
        OperationKind::Mutation => "Mutation",
        OperationKind::Subscription => "Subscription",
    }
}

fn find<'a>(context: &Context<'a>, name: &str) -> Option<Root<'a>> {
    context.catalog.entities.values().find_map(|entity| {
        if entity.root_one == name {
            Some(Root::One(entity))
        } else if entity.root_many == name {
            Some(Root::Many(entity))
        } else {
            entity
                .unique
                .iter()
                .find(|key| key.root_field == name)
                .map(|key| Root::ByKey(entity, key))
        }
    })
}

fn many(context: &mut Context<'_>, field: &Field, entity: &EntityDef) -> SlotKind {
    let Some(source) = context.access.list(entity.id) else {
        return SlotKind::Null;
    };
    let node = list::list(context, field, entity, source.clone(), Link::Free, 1);
    SlotKind::Many(Box::new(node))
}

/// `node(id:)`: the id tells the entity.
fn node(context: &mut Context<'_>, field: &Field) -> SlotKind {
    let Some(id) = read_id(context, field) else {
        return SlotKind::Null;
    };
    // Which entity it is decides what is read, so the id is part of the plan.
    field.argument("id").map(Input::kind);
    let entity = id
        .tag()
        .and_then(|tag| context.catalog.entities.values().find(|entity| entity.tag == tag));
    match entity {
        Some(entity) => by_id(context, field, entity),
        None => SlotKind::Null,
    }
}

fn by_id(context: &mut Context<'_>, field: &Field, entity: &EntityDef) -> SlotKind {
    if read_id(context, field).is_none() {
        return SlotKind::Null;
    }
    let Some(source) = context.access.read(entity.id) else {
        return SlotKind::Null;
    };
    let Some(predicate) = id_predicate(context, field, source, entity) else {
        return SlotKind::Null;
    };
    one(context, field, source.clone(), entity, predicate)
}

fn id_predicate(
    context: &Context<'_>,
    field: &Field,
    source: &RowSource,
    entity: &EntityDef,
) -> Option<FilterPredicate> {
    let id = source.readable(entity.find_system(SystemField::Id)?)?;
    let operand = convert::operand(field.argument("id")?, &Scalar::Id, context.catalog).ok()?;
    Some(Predicate::Leaf {
        field: id,
        test: Test::Equal(operand),
    })
}

fn by_key(context: &mut Context<'_>, field: &Field, entity: &EntityDef, key: &UniqueKey) -> SlotKind {
    let Some(source) = context.access.read(entity.id).cloned() else {
        return SlotKind::Null;
    };
    let mut problems = Vec::new();
    let mut parts = Vec::new();
    for id in &key.fields {
        let column = entity.field(*id);
        let Some(input) = field.argument(&column.graphql_name) else {
            return SlotKind::Null;
        };
        match filter::equal(context, &source, column, input) {
            Ok(part) => parts.push(part),
            Err(message) => {
                problems.push(Problem {
                    path: vec![column.graphql_name.clone().into()],
                    rule: "type",
                    message,
                });
            }
        }
    }
    context.wrong_input(field, problems);
    one(context, field, source, entity, Predicate::all(parts))
}

fn one(
    context: &mut Context<'_>,
    field: &Field,
    source: RowSource,
    entity: &EntityDef,
    filter: FilterPredicate,
) -> SlotKind {
    context.count_rows(1);
    let slots = context.statement(|context| select::row(context, &field.items, &source, entity, 1));
    SlotKind::One(Box::new(OneNode {
        source,
        link: Link::Free,
        filter,
        slots,
    }))
}

/// The `id` argument; reports it when it is no UUID.
fn read_id(context: &mut Context<'_>, field: &Field) -> Option<RowId> {
    let input = field.argument("id")?;
    // Whether it is an id is asked again whenever it is bound.
    let id = match input.unspent() {
        InputKind::Text(text) => RowId::parse(text),
        _ => None,
    };
    if id.is_none() {
        let message = "an id (UUID) expected".to_owned();
        context.wrong_input(
            field,
            vec![Problem {
                path: vec!["id".into()],
                rule: "type",
                message,
            }],
        );
    }
    id
}

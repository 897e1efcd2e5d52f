//! `viewer`: who the caller is, from the rows that are the caller's own.

use crate::context::Context;
use crate::plan::{Connection, ListNode, OneNode, OrderKey, Output, Page, Slot, SlotKind};
use crate::select;
use freehold_base::ValueType;
use freehold_policy::operand::{Operand, SessionValue};
use freehold_policy::predicate::{Link, Predicate, Test};
use freehold_policy::source::RowSource;
use freehold_schema::catalog::{EntityDef, SystemField};
use freehold_schema::graphql::operation::Field;

/// Most memberships answered.
const MEMBERSHIPS_MAX: u32 = 1_000;

/// An object over the caller's own user row; null when nobody is signed in, for then there is no such row.
pub(crate) fn viewer(context: &mut Context<'_>, field: &Field) -> SlotKind {
    let source = context.access.own_user().clone();
    let mut slots = Vec::new();
    for part in context.fields(&field.items, "Viewer") {
        let kind = match part.name.as_str() {
            "__typename" => SlotKind::Text("Viewer".to_owned()),
            "user" => SlotKind::Object(plain(context, &part, &source, "ViewerUser")),
            "memberships" => memberships(context, &part),
            "tenant" => current_tenant(context, &part),
            "roles" => SlotKind::Texts(context.access.roles().to_vec()),
            _ => SlotKind::Null,
        };
        slots.push(Slot { key: part.key, kind });
    }
    match own_id(context, &source) {
        Some(filter) => SlotKind::One(Box::new(OneNode { source, link: Link::Free, filter, slots })),
        None => SlotKind::Null,
    }
}

fn own_id(context: &Context<'_>, source: &RowSource) -> Option<freehold_policy::source::FilterPredicate> {
    let id = source.readable(context.catalog.entity(source.entity()).find_system(SystemField::Id)?)?;
    Some(Predicate::Leaf { field: id, test: Test::Equal(Operand::Session(SessionValue::User)) })
}

/// Fields of the row by their GraphQL names, without relations; enum members as the model writes them.
fn plain(context: &mut Context<'_>, field: &Field, source: &RowSource, type_name: &str) -> Vec<Slot> {
    let entity = context.catalog.entity(source.entity());
    context
        .fields(&field.items, type_name)
        .into_iter()
        .map(|part| {
            let kind = if part.name == "__typename" { SlotKind::Text(type_name.to_owned()) } else { plain_field(source, entity, &part.name) };
            Slot { key: part.key, kind }
        })
        .collect()
}

fn plain_field(source: &RowSource, entity: &EntityDef, name: &str) -> SlotKind {
    let found = entity.find_graphql_field(name).and_then(|def| Some((source.readable(def.id)?, def)));
    match found {
        Some((field, def)) => match def.field_type.value_type() {
            Some(value_type) if select::output(def).is_some() => SlotKind::Field { field, output: Output::Plain(value_type) },
            _ => SlotKind::Null,
        },
        None => SlotKind::Null,
    }
}

/// The caller's memberships in all tenants, oldest first.
fn memberships(context: &mut Context<'_>, field: &Field) -> SlotKind {
    let Some(source) = context.access.own_memberships().cloned() else {
        return SlotKind::Json(empty_list());
    };
    let entity = context.catalog.entity(source.entity());
    let mut slots = Vec::new();
    for part in context.fields(&field.items, "ViewerMembership") {
        let kind = match part.name.as_str() {
            "__typename" => SlotKind::Text("ViewerMembership".to_owned()),
            "tenant" => tenant_of(context, &part, &source, entity),
            name => plain_field(&source, entity, name),
        };
        slots.push(Slot { key: part.key, kind });
    }
    let Some(id) = entity.find_system(SystemField::Id).and_then(|id| source.readable(id)) else { return SlotKind::Null };
    let order = vec![OrderKey { join: None, field: id, value_type: ValueType::Uuid, descending: false, nullable: false }];
    SlotKind::Rows(Box::new(ListNode {
        source,
        link: Link::Free,
        filter: Predicate::Constant(true),
        order_joins: Vec::new(),
        order,
        page: Page {
            limit: MEMBERSHIPS_MAX,
            peek: false,
            backward: false,
            offset: 0,
            after: None,
            before: None,
            cursor_binding: Vec::new(),
        },
        connection: Connection::Rows(slots),
    }))
}

fn tenant_of(context: &mut Context<'_>, field: &Field, membership: &RowSource, entity: &EntityDef) -> SlotKind {
    let tenants = context.access.own_tenants().cloned();
    let reference = entity.find_system(SystemField::Tenant).and_then(|id| membership.readable(id));
    let (Some(source), Some(reference)) = (tenants, reference) else { return SlotKind::Null };
    let slots = plain(context, field, &source, "ViewerTenant");
    SlotKind::One(Box::new(OneNode { source, link: Link::Reference(reference), filter: Predicate::Constant(true), slots }))
}

/// The request's tenant, if the caller is a member.
fn current_tenant(context: &mut Context<'_>, field: &Field) -> SlotKind {
    let Some(source) = context.access.own_tenants().cloned() else { return SlotKind::Null };
    let slots = plain(context, field, &source, "ViewerTenant");
    let id = context.catalog.entity(source.entity()).find_system(SystemField::Id).and_then(|id| source.readable(id));
    let Some(id) = id else { return SlotKind::Null };
    let filter = Predicate::Leaf { field: id, test: Test::Equal(Operand::Session(SessionValue::Tenant)) };
    SlotKind::One(Box::new(OneNode { source, link: Link::Free, filter, slots }))
}

fn empty_list() -> Box<serde_json::value::RawValue> {
    serde_json::value::RawValue::from_string("[]".to_owned()).unwrap_or_default()
}

//! `viewer`: who the caller is, from the rows that are the caller's own.

use crate::context::Context;
use crate::plan::{Connection, ListNode, OneNode, OrderKey, Output, Page, Slot, SlotKind, TemplatePart};
use crate::select;
use freehold_base::ValueType;
use freehold_policy::access::{ReasonPart, TokenOrigin};
use freehold_policy::operand::{Operand, SessionValue};
use freehold_policy::predicate::{Link, Predicate, Test};
use freehold_policy::source::{ReadableField, RowSource};
use freehold_schema::catalog::{EntityDef, SystemField};
use freehold_schema::graphql::operation::Field;

/// Most memberships, and most tokens of one look-up, answered.
const ROWS_MAX: u32 = 1_000;

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
            "accessTokens" => tokens(context, &part),
            "roles" => SlotKind::Texts(context.access.roles().to_vec()),
            _ => SlotKind::Null,
        };
        slots.push(Slot { key: part.key, kind });
    }
    match own_id(context, &source) {
        Some(filter) => SlotKind::One(Box::new(OneNode {
            source,
            link: Link::Free,
            filter,
            slots,
        })),
        None => SlotKind::Null,
    }
}

fn own_id(context: &Context<'_>, source: &RowSource) -> Option<freehold_policy::source::FilterPredicate> {
    let id = source.readable(context.catalog.entity(source.entity()).find_system(SystemField::Id)?)?;
    Some(Predicate::Leaf {
        field: id,
        test: Test::Equal(Operand::Session(SessionValue::User)),
    })
}

/// Fields of the row by their GraphQL names, without relations; enum members as the model writes them.
fn plain(context: &mut Context<'_>, field: &Field, source: &RowSource, type_name: &str) -> Vec<Slot> {
    let entity = context.catalog.entity(source.entity());
    context
        .fields(&field.items, type_name)
        .into_iter()
        .map(|part| {
            let kind = if part.name == "__typename" {
                SlotKind::Text(type_name.to_owned())
            } else {
                plain_field(source, entity, &part.name)
            };
            Slot { key: part.key, kind }
        })
        .collect()
}

fn plain_field(source: &RowSource, entity: &EntityDef, name: &str) -> SlotKind {
    let found = entity
        .find_graphql_field(name)
        .and_then(|def| Some((source.readable(def.id)?, def)));
    match found {
        Some((field, def)) => match def.field_type.value_type() {
            Some(value_type) if select::output(def).is_some() => SlotKind::Field {
                field,
                output: Output::Plain(value_type),
            },
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
    let Some(id) = entity.find_system(SystemField::Id).and_then(|id| source.readable(id)) else {
        return SlotKind::Null;
    };
    SlotKind::Rows(Box::new(every_row(source, id, slots)))
}

/// Every row of a source that is the caller's own, oldest first.
fn every_row(source: RowSource, id: ReadableField, slots: Vec<Slot>) -> ListNode {
    let order = vec![OrderKey {
        join: None,
        field: id,
        value_type: ValueType::Uuid,
        descending: false,
        nullable: false,
    }];
    let page = Page {
        limit: ROWS_MAX,
        peek: false,
        backward: false,
        offset: 0,
        after: None,
        before: None,
        cursor_binding: Vec::new(),
    };
    ListNode {
        source,
        link: Link::Free,
        filter: Predicate::Constant(true),
        order_joins: Vec::new(),
        order,
        page,
        connection: Connection::Rows(slots),
    }
}

/// What the caller carries: the fixed tokens, then each row of the look-ups.
fn tokens(context: &mut Context<'_>, field: &Field) -> SlotKind {
    let parts = context.fields(&field.items, "AccessToken");
    let tokens = context.access.own_tokens();
    let mut objects = Vec::new();
    let mut lists = Vec::new();
    for token in tokens {
        let slot = |kind: &dyn Fn(&str) -> SlotKind| -> Vec<Slot> {
            parts
                .iter()
                .map(|part| Slot {
                    key: part.key.clone(),
                    kind: kind(&part.name),
                })
                .collect()
        };
        match &token.origin {
            TokenOrigin::Fixed { value, reason } => objects.push(slot(&|name| match name {
                "match" => SlotKind::Text(token.matches.clone()),
                "value" => value.clone().map_or(SlotKind::Null, SlotKind::Session),
                "reason" => SlotKind::Text(reason.clone()),
                _ => SlotKind::Text("AccessToken".to_owned()),
            })),
            TokenOrigin::Rows { source, value, reason } => {
                let slots = slot(&|name| match name {
                    "match" => SlotKind::Text(token.matches.clone()),
                    "value" => value.clone().map_or(SlotKind::Null, |field| {
                        SlotKind::Template(vec![TemplatePart::Field {
                            steps: Vec::new(),
                            field,
                        }])
                    }),
                    "reason" if reason.is_empty() => SlotKind::Null,
                    "reason" => SlotKind::Template(reason.iter().map(template_part).collect()),
                    _ => SlotKind::Text("AccessToken".to_owned()),
                });
                let id = context
                    .catalog
                    .entity(source.entity())
                    .find_system(SystemField::Id)
                    .and_then(|id| source.readable(id));
                lists.extend(id.map(|id| every_row(source.clone(), id, slots)));
            }
        }
    }
    SlotKind::Concat { objects, lists }
}

fn template_part(part: &ReasonPart) -> TemplatePart {
    match part {
        ReasonPart::Text(text) => TemplatePart::Text(text.clone()),
        ReasonPart::Field { steps, field } => TemplatePart::Field {
            steps: steps
                .iter()
                .map(|(reference, source)| OneNode {
                    source: source.clone(),
                    link: Link::Reference(reference.clone()),
                    filter: Predicate::Constant(true),
                    slots: Vec::new(),
                })
                .collect(),
            field: field.clone(),
        },
    }
}

fn tenant_of(context: &mut Context<'_>, field: &Field, membership: &RowSource, entity: &EntityDef) -> SlotKind {
    let tenants = context.access.own_tenants().cloned();
    let reference = entity
        .find_system(SystemField::Tenant)
        .and_then(|id| membership.readable(id));
    let (Some(source), Some(reference)) = (tenants, reference) else {
        return SlotKind::Null;
    };
    let slots = plain(context, field, &source, "ViewerTenant");
    SlotKind::One(Box::new(OneNode {
        source,
        link: Link::Reference(reference),
        filter: Predicate::Constant(true),
        slots,
    }))
}

/// The request's tenant, if the caller is a member.
fn current_tenant(context: &mut Context<'_>, field: &Field) -> SlotKind {
    let Some(source) = context.access.own_tenants().cloned() else {
        return SlotKind::Null;
    };
    let slots = plain(context, field, &source, "ViewerTenant");
    let id = context
        .catalog
        .entity(source.entity())
        .find_system(SystemField::Id)
        .and_then(|id| source.readable(id));
    let Some(id) = id else { return SlotKind::Null };
    let filter = Predicate::Leaf {
        field: id,
        test: Test::Equal(Operand::Session(SessionValue::Tenant)),
    };
    SlotKind::One(Box::new(OneNode {
        source,
        link: Link::Free,
        filter,
        slots,
    }))
}

fn empty_list() -> Box<serde_json::value::RawValue> {
    serde_json::value::RawValue::from_string("[]".to_owned()).unwrap_or_default()
}

//! `ticketChanged`: what to watch, and what to say of a row that changed.

use crate::context::Context;
use crate::filter;
use crate::plan::{Connection, ListNode, OneNode, OrderKey, Page, Plan, Slot, SlotKind};
use crate::problems::Problems;
use crate::select;
use freehold_base::ValueType;
use freehold_policy::operand::Operand;
use freehold_policy::predicate::{Link, Predicate, Test};
use freehold_policy::source::{FilterPredicate, ReadableField, RowSource};
use freehold_schema::catalog::{EntityDef, EntityId, SystemField};
use freehold_schema::graphql::operation::{Field, Operation};
use freehold_schema::graphql::shape;

/// Most rows that a subscription to changes may watch.
pub const WATCHED_MAX: u32 = 10_000;

/// Keys of a watched row, in the answer of [`ChangesPlan::rows`].
pub const WATCHED_ID: &str = "id";
/// See [`WATCHED_ID`].
pub const WATCHED_VERSION: &str = "version";

/// A subscription's plan.
#[derive(Debug)]
pub enum SubscriptionPlan {
    /// A query, to be answered again whenever its answer changes.
    Live(Plan),
    /// The changes of single rows.
    Changes(Box<ChangesPlan>),
}

/// The changes of an entity's rows that the caller may list and that match a filter.
#[derive(Debug)]
pub struct ChangesPlan {
    /// The response key.
    pub key: String,
    /// The entity.
    pub entity: EntityId,
    /// One root, `rows`: every watched row, with [`WATCHED_ID`] and [`WATCHED_VERSION`]; one row more than [`WATCHED_MAX`] if there
    /// are too many.
    pub rows: Plan,
    /// One root, `row`: the row found by [`Operand::Written`], or null. It has [`WATCHED_VERSION`], and an object for each
    /// [`ChangeSlotKind::Node`] under that slot's index.
    pub row: Plan,
    /// What is written of a change.
    pub slots: Vec<ChangeSlot>,
}

/// One key of a change.
#[derive(Clone, Debug)]
pub struct ChangeSlot {
    /// The response key.
    pub key: String,
    /// Its value.
    pub kind: ChangeSlotKind,
}

/// The value under a change's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeSlotKind {
    /// `__typename`
    Text(String),
    /// `kind`
    Kind,
    /// `id`
    Id,
    /// `node`
    Node,
}

/// The plan of a subscription's only root field, if it tells of changes.
pub(crate) fn changes(context: &mut Context<'_>, operation: &Operation) -> Option<ChangesPlan> {
    let fields = context.fields(&operation.items, "Subscription");
    let field = fields.first()?;
    let mut entities = context.catalog.entities.values();
    let entity = entities.find(|entity| shape::changed_field(entity) == field.name)?;
    context.path.push(field.key.clone());
    let plan = plan(context, field, entity);
    context.path.pop();
    plan
}

fn plan(context: &mut Context<'_>, field: &Field, entity: &EntityDef) -> Option<ChangesPlan> {
    let source = context.access.list(entity.id)?.clone();
    let id = source.readable(entity.find_system(SystemField::Id)?)?;
    let version = source.readable(entity.find_system(SystemField::Version)?)?;
    let mut problems = Problems::of("filter");
    let filter = match field.argument("filter").filter(|input| !input.is_null()) {
        Some(input) => filter::filter(context, &source, input, &mut problems),
        None => Predicate::Constant(true),
    };
    let rows = u64::from(context.limits.page_max);
    context.count_cost(problems.cost(), rows);
    context.wrong_input(field, problems.into_found());
    context.count_rows(rows);

    let mut slots = Vec::new();
    let mut objects = Vec::new();
    let type_name = shape::change_name(entity);
    for (index, part) in context.fields(&field.items, &type_name).into_iter().enumerate() {
        let kind = match part.name.as_str() {
            "kind" => ChangeSlotKind::Kind,
            "id" => ChangeSlotKind::Id,
            "node" => {
                context.path.push(part.key.clone());
                let object = context.statement(|context| select::row(context, &part.items, &source, entity, 1));
                context.path.pop();
                objects.push(Slot {
                    key: index.to_string(),
                    kind: SlotKind::Object(object),
                });
                ChangeSlotKind::Node
            }
            _ => ChangeSlotKind::Text(type_name.clone()),
        };
        slots.push(ChangeSlot { key: part.key, kind });
    }
    let cell = |key: &str, field: &ReadableField| {
        let output = select::output(entity.field(field.id()))?;
        Some(Slot {
            key: key.to_owned(),
            kind: SlotKind::Field {
                field: field.clone(),
                output,
            },
        })
    };
    let watched = vec![cell(WATCHED_ID, &id)?, cell(WATCHED_VERSION, &version)?];
    let is_written = Predicate::Leaf {
        field: id.clone(),
        test: Test::Equal(Operand::Written),
    };
    objects.push(cell(WATCHED_VERSION, &version)?);
    Some(ChangesPlan {
        key: field.key.clone(),
        entity: entity.id,
        rows: every_row(source.clone(), filter.clone(), id, watched),
        row: single(
            "row",
            SlotKind::One(Box::new(OneNode {
                source,
                link: Link::Free,
                filter: Predicate::all([is_written, filter]),
                slots: objects,
            })),
        ),
        slots,
    })
}

fn every_row(source: RowSource, filter: FilterPredicate, id: ReadableField, slots: Vec<Slot>) -> Plan {
    let order = vec![OrderKey {
        join: None,
        field: id,
        value_type: ValueType::Uuid,
        descending: false,
        nullable: false,
    }];
    let page = Page {
        limit: WATCHED_MAX + 1,
        peek: false,
        backward: false,
        offset: 0,
        after: None,
        before: None,
        cursor_binding: Vec::new(),
    };
    single(
        "rows",
        SlotKind::Rows(Box::new(ListNode {
            source,
            link: Link::Free,
            filter,
            order_joins: Vec::new(),
            order,
            page,
            connection: Connection::Rows(slots),
        })),
    )
}

fn single(key: &str, kind: SlotKind) -> Plan {
    let root = Slot {
        key: key.to_owned(),
        kind,
    };
    Plan {
        roots: vec![root],
        cost: 0,
    }
}

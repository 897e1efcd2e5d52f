//! What is answered of a written row: a plan of its own, by the caller's rules for reading.

use crate::context::Context;
use crate::mutation::Answer;
use crate::plan::{OneNode, Plan, Slot, SlotKind};
use crate::select;
use freehold_policy::operand::Operand;
use freehold_policy::predicate::{Link, Predicate, Test};
use freehold_schema::catalog::{EntityDef, SystemField};
use freehold_schema::graphql::operation::Field;

/// The answer of a field that writes up to so many rows of the entity.
pub(super) fn answer(context: &mut Context<'_>, field: &Field, entity: &EntityDef, rows: u64, before: bool) -> Answer {
    let spent = context.cost();
    let kind = row(context, field, entity, rows).map_or(SlotKind::Null, |node| SlotKind::One(Box::new(node)));
    let root = Slot {
        key: field.key.clone(),
        kind,
    };
    Answer {
        plan: Plan {
            roots: vec![root],
            cost: context.cost().saturating_sub(spent),
        },
        before,
    }
}

/// The row as the caller may read it; `None` when the caller can read none of the entity.
fn row(context: &mut Context<'_>, field: &Field, entity: &EntityDef, rows: u64) -> Option<OneNode> {
    let source = context.access.read(entity.id)?.clone();
    let id = source.readable(entity.find_system(SystemField::Id)?)?;
    context.count_rows(rows);
    let slots = context.statement(|context| select::row(context, &field.items, &source, entity, rows));
    Some(OneNode {
        source,
        link: Link::Free,
        filter: Predicate::Leaf {
            field: id,
            test: Test::Equal(Operand::Written),
        },
        slots,
    })
}

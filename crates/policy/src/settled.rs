//! What a rule asks of a changed row, in two halves: what no change by that rule can touch, which is true of the stored row or never,
//! and what depends on the change.

use crate::mentions::{any_operand, columns};
use crate::operand::Operand;
use crate::predicate::{Predicate, RulePredicate};
use freehold_schema::catalog::{EntityDef, FieldId, SystemField};

/// The half that is settled beforehand, and the half that is not. `writes` says which fields a change may give another value.
pub(crate) fn settled(
    entity: &EntityDef,
    check: &RulePredicate,
    writes: &dyn Fn(FieldId) -> bool,
) -> (RulePredicate, RulePredicate) {
    let moves = |field: FieldId| {
        writes(field)
            || matches!(
                entity.field(field).system,
                Some(SystemField::Version | SystemField::UpdatedAt | SystemField::UpdatedBy)
            )
    };
    // Rows of other entities are what they are, whatever is written here.
    let is_open = |part: &RulePredicate| {
        any_operand(part, &|operand| matches!(operand, Operand::Before(_)))
            || columns(part, entity.id)
                .into_iter()
                .any(|(of, field)| of == entity.id && moves(field))
    };
    let parts = match check {
        Predicate::All(parts) => parts.clone(),
        other => vec![other.clone()],
    };
    let (open, closed): (Vec<_>, Vec<_>) = parts.into_iter().partition(is_open);
    (Predicate::all(closed), Predicate::all(open))
}

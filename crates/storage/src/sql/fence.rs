//! Fences: what a user asks of rows is kept from rows that the guard has not let through.
//!
//! Databases flatten a guarded source and evaluate the cheap conditions first, the user's among them. The answer is the same,
//! but a condition that is dear, or that can fail, then tells by its time or its error whether there was a hidden row to try it
//! on. So behind a guard that looks into other tables, only a few plain comparisons are left unfenced.

use super::Renderer;
use super::parameters::Parameters;
use super::raw::restrict;
use super::source::Scope;
use crate::program::Dialect;
use freehold_policy::predicate::{Link, Predicate, RulePredicate, Test};
use freehold_policy::source::{FilterPredicate, ReadableField};
use freehold_schema::catalog::{Catalog, FieldId, FieldType, SystemField};
use sea_query::{Expr, ExprTrait, SelectStatement};

/// Plain comparisons that may run beside a guard. So few cost less than the guard's own look into a table.
const UNFENCED_MAX: usize = 8;

/// More rows than any table has: a LIMIT that only fences.
const EVERY_ROW: u64 = i64::MAX as u64;

/// A column of the listed table, and what it is equal to: rows of one parent.
pub(crate) type Tie = (FieldId, Expr);

impl Renderer<'_> {
    /// The guarded rows that a filter is about. `tie` narrows them to one parent's, inside the fence.
    pub(crate) fn guarded_for(
        &self,
        parameters: &mut Parameters,
        scope: &Scope<'_>,
        filter: &FilterPredicate,
        tie: Option<Tie>,
    ) -> SelectStatement {
        if !looks_into_tables(scope.source.rows())
            || plain_comparisons(self.catalog, filter).is_some_and(|found| found <= UNFENCED_MAX)
        {
            return self.guarded(parameters, scope);
        }
        let (mut select, row) = self.guarded_rows(parameters, scope);
        if let Some((field, value)) = tie {
            let column = self.raw_column(parameters, scope.entity(), &row, field);
            restrict(&mut select, column.eq(value));
        }
        // Neither database moves a condition into a sub-select that counts its rows.
        match self.dialect {
            Dialect::Sqlite => select.limit(EVERY_ROW),
            Dialect::Postgres => select.offset(0),
        };
        select
    }

    /// What ties a related row to this one.
    pub(crate) fn tie(&self, ours: &mut Scope<'_>, link: &Link<ReadableField>, theirs: &Scope<'_>) -> Option<Tie> {
        match link {
            Link::Reference(field) => {
                let id = self.catalog.entity(theirs.entity()).find_system(SystemField::Id)?;
                Some((id, self.field(ours, field)))
            }
            Link::Inverse { by } => Some((*by, self.id(ours))),
            Link::Equal { theirs, ours: field } => Some((*theirs, self.field(ours, field))),
            Link::Free => None,
        }
    }
}

/// Whether a guard reads other tables.
fn looks_into_tables(rule: &RulePredicate) -> bool {
    match rule {
        Predicate::Constant(_) | Predicate::Leaf { .. } | Predicate::Caller(_) => false,
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter().any(looks_into_tables),
        Predicate::Not(part) => looks_into_tables(part),
        Predicate::Exists { .. } | Predicate::Count { .. } => true,
    }
}

/// A formula has no index to lose, and may be dear.
fn is_formula(catalog: &Catalog, field: &ReadableField) -> bool {
    let def = catalog.field(field.entity(), field.id());
    matches!(def.field_type, FieldType::Formula { .. })
}

/// The number of plain comparisons in a filter; `None` if there is anything else in it.
fn plain_comparisons(catalog: &Catalog, filter: &FilterPredicate) -> Option<usize> {
    match filter {
        Predicate::Constant(_) | Predicate::Caller(_) => Some(0),
        Predicate::All(parts) | Predicate::Any(parts) => {
            parts.iter().map(|part| plain_comparisons(catalog, part)).sum()
        }
        Predicate::Not(part) => plain_comparisons(catalog, part),
        Predicate::Leaf { field, .. } if is_formula(catalog, field) => None,
        Predicate::Leaf { test, .. } => match test {
            Test::Equal(_)
            | Test::NotEqual(_)
            | Test::Less(_)
            | Test::LessOrEqual(_)
            | Test::Greater(_)
            | Test::GreaterOrEqual(_)
            | Test::IsNull(_) => Some(1),
            Test::In(operands) | Test::NotIn(operands) => Some(operands.len()),
            Test::Like { .. }
            | Test::Folded(_)
            | Test::Has(_)
            | Test::HasAny(_)
            | Test::HasAll(_)
            | Test::JsonEqual { .. }
            | Test::JsonIsNull { .. } => None,
        },
        Predicate::Exists { .. } | Predicate::Count { .. } => None,
    }
}

//! From what the rules say to what is done.

use super::execute::Writing;
use super::values::{Values, judged, preset, referred};
use super::{Done, Fault};
use crate::cells;
use crate::error::{Error, Result};
use crate::program::{Dialect, Statement};
use crate::sql::judge::{Candidate, Case, Referred, judge};
use crate::sql::store::{Assignment, Lock, Rows, lock};
use crate::transaction::Outcome;
use freehold_base::{Value, ValueType};
use freehold_planner::mutation::ReferenceCheck;
use freehold_policy::operand::Operand;
use freehold_policy::predicate::Predicate;
use freehold_policy::target::Grant;
use freehold_schema::catalog::{Catalog, EntityDef, FieldId, FieldType, Operation};

/// What the database found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Version of the stored row, and whether the caller may know of it; none of a creation.
    pub(super) stored: Option<(i64, bool)>,
    /// For each rule that takes all of the write: whether it takes the stored row, and the new one.
    pub(super) candidates: Vec<(bool, bool)>,
    /// For each row that is referred to anew: whether it is there for the caller.
    pub(super) references: Vec<bool>,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is written, by the candidate of that index.
    Write(usize),
    /// The row is not there, as far as the caller may know.
    Hidden,
    /// The reference of that index leads to nothing, as far as the caller may know.
    NoTarget(usize),
    /// No rule takes it.
    Refuse,
    /// The row has another version than the caller believes.
    Stale(i64),
}

/// Decides. References come before the rules: a rule may look at the row referred to, and must not tell of one that is hidden. The
/// version comes last: it is told only to those who may write the row.
pub(super) fn decide(verdict: Option<&Verdict>, if_version: Option<i64>) -> Decision {
    let Some(verdict) = verdict else {
        return Decision::Hidden;
    };
    if verdict.stored.is_some_and(|(_, visible)| !visible) {
        return Decision::Hidden;
    }
    if let Some(index) = verdict.references.iter().position(|there| !there) {
        return Decision::NoTarget(index);
    }
    let Some(index) = verdict.candidates.iter().position(|(stored, new)| *stored && *new) else {
        return Decision::Refuse;
    };
    match (verdict.stored, if_version) {
        (Some((found, _)), Some(expected)) if found != expected => Decision::Stale(found),
        _ => Decision::Write(index),
    }
}

/// A write, ready to be judged.
pub(super) struct Prepared<'p> {
    pub(super) case: Case<'p>,
    /// The rules of the case's candidates.
    pub(super) grants: Vec<&'p Grant>,
    /// What is written, but for a rule's own values.
    pub(super) values: Values,
}

impl Writing<'_, '_> {
    /// Runs the statements that come first, and judges; all in one round trip.
    pub(super) async fn judge(&mut self, first: Vec<Statement>, case: &Case<'_>) -> Result<Option<Verdict>> {
        let judging = judge(self.catalog, self.transaction.dialect(), case);
        let statements = first.into_iter().chain([judging]);
        let flight = statements.map(|statement| self.query(statement, true));
        let outcome = self.transaction.flight(flight.collect::<Result<_>>()?).await?.pop();
        outcome.map_or(Ok(None), |outcome| verdict(case, &outcome))
    }

    /// Asks whether rows that the caller refers to are there for them: of a row that no rule is about.
    pub(crate) async fn check_references(&mut self, entity: &EntityDef, references: &[ReferenceCheck]) -> Result<()> {
        let case = Case {
            entity: entity.id,
            stored: None,
            visible: &Predicate::Constant(false),
            proposals: Vec::new(),
            candidates: Vec::new(),
            references: referred(references, None)?,
        };
        if references.is_empty() {
            return Ok(());
        }
        let locks = target_locks(
            self.catalog,
            self.transaction.dialect(),
            entity,
            references,
            &case.references,
        );
        let verdict = self.judge(locks, &case).await?;
        match decide(verdict.as_ref(), None) {
            Decision::NoTarget(index) => Err(no_target(entity, &references[index]).error),
            Decision::Write(_) | Decision::Hidden | Decision::Refuse | Decision::Stale(_) => Ok(()),
        }
    }
}

/// Locks that keep the rows to which polymorphic references lead: no foreign key does. None on SQLite, which has one writer.
pub(super) fn target_locks(
    catalog: &Catalog,
    dialect: Dialect,
    entity: &EntityDef,
    references: &[ReferenceCheck],
    referred: &[Referred<'_>],
) -> Vec<Statement> {
    let is_plain = |field| matches!(&entity.field(field).field_type, FieldType::Reference { to, .. } if to.len() == 1);
    let open = references
        .iter()
        .zip(referred)
        .filter(|(reference, _)| !is_plain(reference.field));
    let locks = open.filter_map(|(_, referred)| {
        let rows = Rows::one(&referred.id);
        lock(catalog, dialect, referred.source?.entity(), &rows, Lock::Share)
    });
    locks.collect()
}

/// Reads the answer of a judging statement.
fn verdict(case: &Case<'_>, outcome: &Outcome) -> Result<Option<Verdict>> {
    if outcome.table.rows() == 0 {
        return Ok(None);
    }
    let mut column = 0;
    let mut cell = |value_type| {
        column += 1;
        cells::read(value_type, outcome.table.cell(0, column - 1))
    };
    let stored = match case.stored {
        None => None,
        Some(_) => match (cell(ValueType::BigInt)?, cell(ValueType::Boolean)?) {
            (Value::Int(version), Value::Boolean(visible)) => Some((version, visible)),
            _ => return Err(Error::program("a row has no version")),
        },
    };
    let mut holds = || Ok::<_, Error>(cell(ValueType::Boolean)? == Value::Boolean(true));
    let mut candidates = Vec::with_capacity(case.candidates.len());
    for _ in &case.candidates {
        candidates.push((holds()?, holds()?));
    }
    let references = case.references.iter().map(|_| holds()).collect::<Result<_>>()?;
    Ok(Some(Verdict {
        stored,
        candidates,
        references,
    }))
}

/// The rows that may come out, one for each set of presets, and the rules with theirs.
pub(super) fn proposals<'g>(
    entity: &EntityDef,
    values: &Values,
    grants: &[&'g Grant],
    is_new: bool,
) -> (Vec<Vec<Assignment>>, Vec<Candidate<'g>>) {
    let mut known: Vec<&[(FieldId, Operand)]> = Vec::new();
    let mut proposals = Vec::new();
    let mut candidates = Vec::with_capacity(grants.len());
    for grant in grants {
        let index = known.iter().position(|presets| *presets == grant.presets());
        let index = index.unwrap_or_else(|| {
            known.push(grant.presets());
            proposals.push(judged(entity, &preset(values, grant), is_new));
            proposals.len() - 1
        });
        let is_preset = |field| grant.presets().iter().any(|(preset, _)| *preset == field);
        let is_moved = |field| values.contains_key(&field) || is_preset(field);
        candidates.push(Candidate {
            grant,
            proposal: Some(index),
            moved: entity.access_field.is_some_and(is_moved),
        });
    }
    (proposals, candidates)
}

/// What a caller is told of a row that is not there for them.
pub(super) fn hidden(entity: &EntityDef) -> Error {
    Error::NotFound {
        message: format!("there is no such {}", entity.type_name),
    }
}

/// What a caller is told when no rule lets them.
pub(super) fn refused(entity: &EntityDef, operation: Operation) -> Error {
    let type_name = &entity.type_name;
    Error::Forbidden {
        message: match operation {
            Operation::Create => format!("no rule lets you create this {type_name}"),
            Operation::Delete => format!("no rule lets you delete this {type_name}"),
            Operation::Transition => format!("no rule lets you move this {type_name} to that state"),
            Operation::Update | Operation::Read | Operation::List => {
                format!("no rule lets you change this {type_name} so")
            }
        },
        of_row: operation != Operation::Create,
    }
}

/// What a caller is told when some rule lets each of the fields be written, and none lets them all: rules do not mix.
pub(super) fn not_together(entity: &EntityDef, operation: Operation, fields: &[FieldId]) -> Error {
    let names: Vec<String> = fields
        .iter()
        .map(|field| format!("`{}`", entity.field(*field).graphql_name))
        .collect();
    Error::Forbidden {
        message: format!("no single rule lets you write {} together", names.join(" and ")),
        of_row: operation != Operation::Create,
    }
}

/// What a caller is told of a reference that leads nowhere.
pub(super) fn no_target(entity: &EntityDef, reference: &ReferenceCheck) -> Fault {
    let error = Error::NotFound {
        message: format!("`{}`: there is no such row", entity.field(reference.field).graphql_name),
    };
    Fault::from(error).at(&reference.path)
}

/// The version, or the refusal that says what it is.
pub(super) fn stale<T>(expected: Option<i64>, found: i64) -> Done<T> {
    Err(Error::StaleVersion {
        expected: expected.unwrap_or(found),
        found,
    }
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(visible: bool, candidates: &[(bool, bool)], references: &[bool]) -> Verdict {
        Verdict {
            stored: Some((3, visible)),
            candidates: candidates.to_vec(),
            references: references.to_vec(),
        }
    }

    fn check(verdict: impl Into<Option<Verdict>>, if_version: Option<i64>, expected: Decision) {
        let verdict = verdict.into();
        assert_eq!(
            decide(verdict.as_ref(), if_version),
            expected,
            "{verdict:?} {if_version:?}"
        );
    }

    #[test]
    fn hidden_and_missing_are_the_same() {
        check(None, None, Decision::Hidden);
        check(None, Some(3), Decision::Hidden);
        // Whatever the rules say of it.
        check(stored(false, &[(true, true)], &[true]), Some(3), Decision::Hidden);
        check(stored(false, &[], &[false]), Some(4), Decision::Hidden);
    }

    #[test]
    fn one_whole_rule_must_do() {
        check(stored(true, &[], &[]), None, Decision::Refuse);
        check(
            stored(true, &[(true, false), (false, true)], &[]),
            None,
            Decision::Refuse,
        );
        check(
            stored(true, &[(false, true), (true, true), (true, true)], &[]),
            None,
            Decision::Write(1),
        );
    }

    #[test]
    fn a_reference_is_looked_at_before_the_rules() {
        check(
            stored(true, &[(true, true)], &[true, false]),
            None,
            Decision::NoTarget(1),
        );
        check(stored(true, &[(true, false)], &[false]), None, Decision::NoTarget(0));
        check(stored(true, &[], &[false]), None, Decision::NoTarget(0));
    }

    #[test]
    fn the_version_is_told_to_those_who_may_write() {
        check(stored(true, &[(true, true)], &[]), Some(3), Decision::Write(0));
        check(stored(true, &[(true, true)], &[]), Some(2), Decision::Stale(3));
        check(stored(true, &[(false, true)], &[]), Some(2), Decision::Refuse);
        check(stored(true, &[(true, true)], &[false]), Some(2), Decision::NoTarget(0));
    }

    #[test]
    fn a_creation_has_no_stored_row() {
        let new = |new, reference| Verdict {
            stored: None,
            candidates: vec![(true, new)],
            references: vec![reference],
        };
        check(new(true, true), None, Decision::Write(0));
        check(new(false, true), None, Decision::Refuse);
        check(new(false, false), None, Decision::NoTarget(0));
    }
}

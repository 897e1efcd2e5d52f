//! Rows that are there get other values.

use super::create::fields;
use super::execute::Writing;
use super::judge::{
    Decision, Prepared, decide, hidden, no_target, not_together, proposals, refused, stale, target_locks,
};
use super::values::{given, is_complete, preset, referred, stored, tenant_of};
use super::{Done, Fault, WrittenRow};
use crate::binder::Binder;
use crate::error::{Error, Result};
use crate::sql::judge::{Case, StoredRow};
use crate::sql::store::{Given, Lock, Rows, lock, update};
use freehold_base::{RowId, Value};
use freehold_planner::mutation::Change;
use freehold_policy::operand::Operand;
use freehold_schema::catalog::{EntityDef, FieldId, Operation};

/// The row that a step is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aim {
    /// Its id, as the caller says.
    pub(super) row: RowId,
    /// It must refer to this parent, by this field.
    pub(super) child_of: Option<(FieldId, RowId)>,
    /// How it was found.
    pub(super) found: Found,
}

/// How a row was found, which says what its absence is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// By its id: if the caller may not see it, it is not there.
    ById,
    /// In a list that the caller may see.
    InList,
    /// By a unique key, raw: if the caller may not see it, the key is taken.
    ByKey,
}

/// A change, ready to be judged.
pub(super) fn prepare<'p>(
    binder: &Binder<'_>,
    change: &'p Change,
    aim: Aim,
    parent: Option<RowId>,
) -> Result<Prepared<'p>> {
    let entity = binder.catalog.entity(change.target.entity());
    let values = given(&change.values, parent)?;
    let named: Vec<FieldId> = values.keys().copied().collect();
    let mut grants = Vec::new();
    let refers_to_itself = values.values().any(|value| is_id(value, aim.row));
    for grant in change.target.covering(&named) {
        // Walking from the new row to itself, a rule would find the stored row and judge that one in its place.
        if refers_to_itself && grant.looks_at_its_like(entity.id) {
            continue;
        }
        if is_complete(binder, entity, grant, &[])? {
            grants.push(grant);
        }
    }
    let (proposals, candidates) = proposals(entity, &values, &grants, false);
    Ok(Prepared {
        case: Case {
            entity: entity.id,
            stored: Some(StoredRow {
                id: aim.row.into(),
                child_of: aim.child_of,
            }),
            visible: change.target.visible(),
            proposals,
            candidates,
            references: referred(&change.references, parent)?,
        },
        grants,
        values,
    })
}

/// Whether a value that is given is that id.
fn is_id(value: &Given, row: RowId) -> bool {
    matches!(value, Given::Operand(Operand::Constant(Value::Uuid(id))) if *id == row.uuid())
}

impl Writing<'_, '_> {
    /// Changes a row, and what is nested in it.
    pub(super) async fn change(&mut self, change: &Change, aim: Aim, parent: Option<RowId>) -> Done<()> {
        let (catalog, dialect) = (self.catalog, self.transaction.dialect());
        let entity = catalog.entity(change.target.entity());
        let prepared = prepare(&self.request.binder, change, aim, parent)?;
        let named: Vec<FieldId> = prepared.values.keys().copied().collect();

        // INVARIANT: the row is locked by a statement before that which judges it, so that this one's snapshot is taken under the lock.
        let rows = Rows::of_request(std::slice::from_ref(&aim.row));
        let mut statements: Vec<_> = lock(catalog, dialect, entity.id, &rows, Lock::Change)
            .into_iter()
            .collect();
        statements.extend(target_locks(
            catalog,
            dialect,
            entity,
            &change.references,
            &prepared.case.references,
        ));
        let verdict = self.judge(statements, &prepared.case).await?;
        let grant = match decide(verdict.as_ref(), change.if_version) {
            Decision::Write(index) => prepared.grants[index],
            Decision::Hidden => {
                let mut fault = Fault::from(absent(entity, aim.found, change.target.operation()));
                fault.unseen = aim.found == Found::ByKey;
                return Err(fault);
            }
            Decision::NoTarget(index) => return Err(no_target(entity, &change.references[index])),
            Decision::Refuse if prepared.grants.is_empty() && named.len() > 1 => {
                return Err(not_together(entity, change.target.operation(), &named).into());
            }
            Decision::Refuse => return Err(refused(entity, change.target.operation()).into()),
            Decision::Stale(found) => return stale(change.if_version, found),
        };

        // Whoever changes nothing leaves no trace.
        if !prepared.values.is_empty() {
            let row = stored(&self.request.binder, entity, aim.row, &preset(&prepared.values, grant))?;
            self.store(&change.target, update(catalog, dialect, entity.id, &rows, &row), 1)
                .await?;
            self.written.push(WrittenRow {
                entity: entity.id,
                tenant: tenant_of(&self.request.binder, entity),
                row: aim.row,
                operation: change.target.operation(),
                fields: fields(&named, grant),
                rule: Some((grant.rule().0.to_owned(), grant.rule().1)),
                records_all: grant.records_all(),
            });
        }
        for child in &change.children {
            self.step(child, Some(aim.row)).await?;
        }
        Ok(())
    }
}

/// What is said of a row that the caller may not see.
pub(super) fn absent(entity: &EntityDef, found: Found, operation: Operation) -> Error {
    match found {
        Found::ById => hidden(entity),
        Found::InList => refused(entity, operation),
        Found::ByKey => Error::conflict("a row with these values exists already"),
    }
}

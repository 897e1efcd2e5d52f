//! Rows go, and others with them.

use super::Done;
use super::change::{Aim, absent};
use super::execute::Writing;
use super::judge::{Decision, decide, refused, stale};
use crate::sql::judge::{Candidate, Case, StoredRow};
use crate::sql::store::{Lock, Rows, lock};
use freehold_policy::target::WriteTarget;
use freehold_schema::catalog::Operation;

/// A removal, ready to be judged: its candidates are the target's rules.
pub(super) fn prepare(target: &WriteTarget, aim: Aim) -> Case<'_> {
    let candidates = target.grants().iter().map(|grant| Candidate {
        grant,
        proposal: None,
        moved: false,
    });
    Case {
        entity: target.entity(),
        stored: Some(StoredRow {
            id: aim.row.into(),
            child_of: aim.child_of,
        }),
        visible: target.visible(),
        proposals: Vec::new(),
        candidates: candidates.collect(),
        references: Vec::new(),
    }
}

impl Writing<'_, '_> {
    /// Removes a row, and what its references say goes with it.
    pub(super) async fn delete(&mut self, target: &WriteTarget, if_version: Option<i64>, aim: Aim) -> Done<()> {
        let (catalog, dialect) = (self.catalog, self.transaction.dialect());
        let entity = catalog.entity(target.entity());
        let rows = Rows::of_request(std::slice::from_ref(&aim.row));
        let locks = lock(catalog, dialect, entity.id, &rows, Lock::Remove);
        let verdict = self.judge(locks.into_iter().collect(), &prepare(target, aim)).await?;
        let grant = match decide(verdict.as_ref(), if_version) {
            Decision::Write(index) => &target.grants()[index],
            Decision::Hidden => return Err(absent(entity, aim.found, Operation::Delete).into()),
            Decision::Refuse | Decision::NoTarget(_) => return Err(refused(entity, Operation::Delete).into()),
            Decision::Stale(found) => return stale(if_version, found),
        };
        self.remove(entity, aim.row, grant).await
    }
}

//! What a mutation asks before it writes, without running it: for explanations.

use super::change::{Aim, Found};
use super::judge::Prepared;
use super::{Done, change, create, delete};
use crate::binder::Binder;
use crate::error::Result;
use crate::program::{Dialect, Statement};
use crate::sql::judge::{Case, judge};
use freehold_base::RowId;
use freehold_planner::mutation::{MutationPlan, RootAction, Selector, Step};
use freehold_schema::catalog::{Catalog, EntityId, Operation};
use serde_json::Value as Json;

/// One write of a mutation, before it is judged.
#[derive(Debug)]
pub struct Judging {
    /// The root field's response key.
    pub root: String,
    /// Place in its arguments.
    pub path: Vec<Json>,
    /// What is done.
    pub operation: Operation,
    /// To rows of which entity.
    pub entity: EntityId,
    /// The rules that take all of the write, in the policy's order: set, and position there. One of them must do.
    pub candidates: Vec<(String, usize)>,
    /// The statement that asks them: of a stored row its version and whether it is visible, then for each candidate whether it
    /// takes the stored row and the new one, then for each reference whether its target is there for the caller.
    pub statement: Statement,
}

/// Every judging of a mutation, nested ones behind their parents. `row` stands for the id of each row that is only known when it runs.
///
/// # Errors
/// As [`crate::Database::write`] refuses what needs no database to be refused.
pub fn judgings(plan: &MutationPlan, dialect: Dialect, binder: &Binder<'_>, row: RowId) -> Result<Vec<Judging>> {
    let mut outline = Outline {
        binder,
        dialect,
        row,
        root: String::new(),
        found: Vec::new(),
    };
    for root in &plan.roots {
        outline.root.clone_from(&root.key);
        match &root.action {
            RootAction::Text(_) | RootAction::Administer(_) => {}
            RootAction::One { step, .. } => outline.step(step, None).map_err(|fault| fault.error)?,
            RootAction::Many { steps, .. } => {
                for step in steps {
                    outline.step(step, None).map_err(|fault| fault.error)?;
                }
            }
        }
    }
    Ok(outline.found)
}

struct Outline<'a, 'b> {
    binder: &'a Binder<'b>,
    dialect: Dialect,
    row: RowId,
    root: String,
    found: Vec<Judging>,
}

impl Outline<'_, '_> {
    fn step(&mut self, step: &Step, parent: Option<RowId>) -> Done<()> {
        let children: &[Step] = match step {
            Step::Create(plan) => {
                self.create(plan, parent)?;
                &plan.children
            }
            Step::Update { rows, change: plan } => {
                let aim = self.aim(rows, parent);
                self.change(plan, aim, parent)?;
                &plan.children
            }
            Step::Delete { rows, target, path, .. } => {
                let case = delete::prepare(target, self.aim(rows, parent));
                self.push(path, Operation::Delete, &case);
                &[]
            }
            Step::Upsert {
                create: plan, change, ..
            } => {
                let aim = self.aim(&Selector::Id(self.row), parent);
                self.change(change, aim, parent)?;
                self.create(plan, parent)?;
                &plan.children
            }
        };
        for child in children {
            self.step(child, Some(self.row))?;
        }
        Ok(())
    }

    fn create(&mut self, plan: &freehold_planner::mutation::Create, parent: Option<RowId>) -> Done<()> {
        let Prepared { case, .. } = create::prepare(self.binder, plan, self.row, parent)?;
        self.push(&plan.path, Operation::Create, &case);
        Ok(())
    }

    fn change(&mut self, plan: &freehold_planner::mutation::Change, aim: Aim, parent: Option<RowId>) -> Done<()> {
        let Prepared { case, .. } = change::prepare(self.binder, plan, aim, parent)?;
        self.push(&plan.path, plan.target.operation(), &case);
        Ok(())
    }

    fn aim(&self, rows: &Selector, parent: Option<RowId>) -> Aim {
        let aim = |row, child_of| Aim {
            row,
            child_of,
            found: Found::ById,
        };
        match rows {
            Selector::Id(id) => aim(*id, None),
            Selector::Child { id, by } => aim(*id, parent.map(|parent| (*by, parent))),
            Selector::Filter { .. } => aim(self.row, None),
        }
    }

    fn push(&mut self, path: &[Json], operation: Operation, case: &Case<'_>) {
        let catalog: &Catalog = self.binder.catalog;
        let candidates = case.candidates.iter().map(|candidate| {
            let (set, position) = candidate.grant.rule();
            (set.to_owned(), position)
        });
        self.found.push(Judging {
            root: self.root.clone(),
            path: path.to_vec(),
            operation,
            entity: case.entity,
            candidates: candidates.collect(),
            statement: judge(catalog, self.dialect, case),
        });
    }
}

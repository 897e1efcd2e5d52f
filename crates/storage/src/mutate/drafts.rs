//! Statements that were rendered before. A write of the same shape has the same ones, with its own values.
//!
//! INVARIANT: what is rendered is a function of the shape, for one role set of one bundle. Every value that a caller gives is in its
//! place ([`freehold_policy::operand::Operand::Given`]) and nowhere else.

use super::at_once::Kept;
use crate::program::{Dialect, Program, Statement};
use crate::sql;
use freehold_planner::mutation::{MutationPlan, ReferenceCheck, RootAction};
use freehold_policy::target::{Grant, WriteTarget};
use freehold_schema::catalog::{Catalog, EntityId, FieldId, Operation};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Shapes that are remembered for a role set.
const SHAPES_MAX: usize = 128;

/// The statements of single writes, by their shape. All that use it are of one role set of one bundle.
#[derive(Debug, Default)]
pub struct Drafts(RwLock<HashMap<Shape, Arc<Draft>>>);

/// What the statements of a write depend on, but for values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    operation: Operation,
    entity: EntityId,
    /// What the caller and the model give, and what only the caller does.
    fields: Vec<FieldId>,
    /// The rules that may let it through, by their places in the target.
    grants: Vec<usize>,
    /// References that are checked, and the entity of each one's target, if the caller can read any of it.
    references: Vec<(FieldId, Option<EntityId>)>,
    has_version: bool,
}

/// The statements of one write, in their order.
#[derive(Debug)]
pub(super) struct Draft {
    /// Locks, and numbers that are taken.
    pub(super) before: Vec<Statement>,
    /// Writes one row, or must not go on.
    pub(super) guarded: Statement,
}

impl Shape {
    pub(super) fn new(
        target: &WriteTarget,
        fields: impl Iterator<Item = FieldId>,
        grants: &[&Grant],
        references: &[ReferenceCheck],
        has_version: bool,
    ) -> Self {
        let places = target.grants().iter().enumerate();
        let is_among = |place: &Grant| grants.iter().any(|grant| std::ptr::eq(*grant, place));
        Self {
            operation: target.operation(),
            entity: target.entity(),
            fields: fields.collect(),
            grants: places
                .filter(|(_, place)| is_among(place))
                .map(|(index, _)| index)
                .collect(),
            references: references
                .iter()
                .map(|reference| {
                    let target = reference.source.as_ref();
                    (reference.field, target.map(|source| source.entity()))
                })
                .collect(),
            has_version,
        }
    }
}

impl Drafts {
    /// The statements of that shape, made now if nobody has before.
    pub(super) fn get(&self, shape: &Shape, render: impl FnOnce() -> Draft) -> Arc<Draft> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(draft) = known.get(shape) {
            return draft.clone();
        }
        drop(known);
        let draft = Arc::new(render());
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SHAPES_MAX {
            known.clear();
        }
        known.insert(shape.clone(), draft.clone());
        draft
    }
}

/// The programs that read what the root fields of a mutation answer.
#[derive(Debug)]
pub struct Readings {
    programs: Vec<Option<Arc<Program>>>,
    /// Statements that write and answer.
    at_once: Kept,
}

impl Readings {
    /// Renders them.
    pub fn render(catalog: &Catalog, plan: &MutationPlan, dialect: Dialect) -> Self {
        let programs = plan.roots.iter().map(|root| match &root.action {
            RootAction::One { answer, .. } | RootAction::Many { answer, .. } => {
                Some(Arc::new(sql::render(catalog, &answer.plan, dialect)))
            }
            RootAction::Text(_) | RootAction::Administer(_) => None,
        });
        Self {
            programs: programs.collect(),
            at_once: Kept::default(),
        }
    }

    /// The program of the root field of that index.
    pub(super) fn find(&self, root: usize) -> Option<&Arc<Program>> {
        self.programs.get(root)?.as_ref()
    }

    /// Statements that write what the only root field answers.
    pub(super) fn at_once(&self) -> &Kept {
        &self.at_once
    }

    /// An estimate of their memory in bytes.
    pub fn weight_bytes(&self) -> usize {
        let programs = self.programs.iter().flatten();
        // A statement that writes and answers is about as long as both of them, and two are usual.
        programs.map(|program| 4 * program.weight_bytes()).sum()
    }
}

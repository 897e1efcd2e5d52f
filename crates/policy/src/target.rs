//! What may be written: the rules of one operation on one entity, reduced. Only [`crate::Access`] makes them.

use crate::mentions::{any_operand, looks_into};
use crate::operand::Operand;
use crate::predicate::{Predicate, RulePredicate};
use crate::source::{Guard, RowSource};
use freehold_schema::catalog::{EntityId, FieldId, Operation};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The rules by which a caller may create, update, delete or move rows of an entity. Its fields are private and it has no public
/// constructor: a write without its rules does not compile. Without a grant it lets nothing be written.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteTarget {
    pub(crate) entity: EntityId,
    pub(crate) operation: Operation,
    pub(crate) grants: Arc<[Grant]>,
    pub(crate) visible: Arc<RulePredicate>,
}

/// One whole rule, reduced for the caller's role set. Rules do not add up within one row: one of them must do.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    pub(crate) set: String,
    pub(crate) position: usize,
    pub(crate) records_all: bool,
    pub(crate) stored: RulePredicate,
    pub(crate) new_row: RulePredicate,
    pub(crate) moved: RulePredicate,
    pub(crate) writable: Vec<FieldId>,
    pub(crate) presets: Vec<(FieldId, Operand)>,
}

impl WriteTarget {
    /// The entity.
    pub fn entity(&self) -> EntityId {
        self.entity
    }

    /// The operation: create, update, delete or transition.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The rules, in the policy's order.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// Whether any rule may allow it.
    pub fn is_open(&self) -> bool {
        !self.grants.is_empty()
    }

    /// The rules that let all of these fields be written together.
    pub fn covering(&self, fields: &[FieldId]) -> impl Iterator<Item = &Grant> {
        self.grants
            .iter()
            .filter(move |grant| fields.iter().all(|field| grant.writes(*field)))
    }

    /// Stored rows that the caller may read, the tenant wall included, over raw columns: a refusal on one of these is told as such,
    /// on any other it is the answer that a missing row gives.
    pub fn visible(&self) -> &RulePredicate {
        &self.visible
    }

    /// The same for a row that is found by the values of a key: one that does not show them to the caller is not visible, or finding
    /// it would tell what they are. `source` has the rows of this entity that the caller may read.
    #[must_use]
    pub fn found_by(self, key: &[FieldId], source: Option<&RowSource>) -> Self {
        let shown = key
            .iter()
            .map(|field| match source.and_then(|source| source.guard(*field)) {
                Some(Guard::Open) => Predicate::Constant(true),
                Some(Guard::When(rows)) => rows.clone(),
                None => Predicate::Constant(false),
            });
        let visible = Predicate::all(std::iter::once((*self.visible).clone()).chain(shown));
        Self {
            visible: Arc::new(visible),
            ..self
        }
    }
}

impl Grant {
    /// The rule's permission set and its position there, from 0: for the audit log and for explanations.
    pub fn rule(&self) -> (&str, usize) {
        (&self.set, self.position)
    }

    /// Whether it passes the record gate by (`records: all`).
    pub fn records_all(&self) -> bool {
        self.records_all
    }

    /// Stored rows to which it applies: wall, `where` and record gate, over raw columns. Of a creation there is none: always true.
    pub fn stored(&self) -> &RulePredicate {
        &self.stored
    }

    /// What the new row must satisfy, over raw columns. May hold [`Operand::Before`]. For a creation wall, `where` and gate are here too.
    pub fn new_row(&self) -> &RulePredicate {
        &self.new_row
    }

    /// What the new row must satisfy besides, if its access field changes: moving a row under a parent is writing there.
    pub fn moved(&self) -> &RulePredicate {
        &self.moved
    }

    /// Fields that the caller may give, ascending.
    pub fn writable(&self) -> &[FieldId] {
        &self.writable
    }

    /// Whether the caller may give the field.
    pub fn writes(&self, field: FieldId) -> bool {
        self.writable.binary_search(&field).is_ok()
    }

    /// Values that the rule writes itself. Their references need not be readable for the caller.
    pub fn presets(&self) -> &[(FieldId, Operand)] {
        &self.presets
    }

    /// Fields of the stored row that the conditions on the new one look at ([`Operand::Before`]), ascending.
    pub fn looks_back(&self) -> Vec<FieldId> {
        let found = RefCell::new(BTreeSet::new());
        for predicate in [&self.new_row, &self.moved] {
            any_operand(predicate, &|operand| {
                if let Operand::Before(field) = operand {
                    found.borrow_mut().insert(*field);
                }
                false
            });
        }
        found.into_inner().into_iter().collect()
    }

    /// Whether what it asks of the new row looks into the row's own table: there stands the stored row still.
    pub fn looks_at_its_like(&self, entity: EntityId) -> bool {
        looks_into(&self.new_row, entity) || looks_into(&self.moved, entity)
    }

    /// Whether it can ever allow anything.
    pub(crate) fn is_possible(&self) -> bool {
        self.stored != Predicate::Constant(false) && self.new_row != Predicate::Constant(false)
    }
}

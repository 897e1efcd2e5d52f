//! Guarded rows and readable fields: what plans are made of. Only [`crate::Access`] makes them.

use crate::predicate::{Predicate, RulePredicate};
use freehold_schema::catalog::{EntityId, FieldId, Operation};
use std::sync::Arc;

/// The rows of an entity that a caller may see, with each field's guard. Its fields are private and it has no public
/// constructor: whoever holds one got it from [`crate::Access`].
#[derive(Clone, Debug, PartialEq)]
pub struct RowSource {
    pub(crate) entity: EntityId,
    pub(crate) rows: Arc<RulePredicate>,
    pub(crate) guards: Arc<SourceGuards>,
}

/// The guards of one source's columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SourceGuards {
    /// By field; a field that is not here is not readable.
    pub(crate) fields: Vec<(FieldId, Guard)>,
    /// Rows on which an operation is allowed.
    pub(crate) can: Vec<(Operation, RulePredicate)>,
    /// Rows on which a field may be written by an update.
    pub(crate) writable: Vec<(FieldId, RulePredicate)>,
}

/// When a field shows its value.
#[derive(Clone, Debug, PartialEq)]
pub enum Guard {
    /// On every row of the source.
    Open,
    /// On the rows that satisfy it; elsewhere the field is null.
    When(RulePredicate),
}

/// A field that the caller may read on at least some rows of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadableField {
    pub(crate) entity: EntityId,
    pub(crate) id: FieldId,
    pub(crate) always: bool,
}

/// A predicate of a filter: related rows come from guarded sources, columns are readable fields.
pub type FilterPredicate = Predicate<RowSource, ReadableField>;

/// A column that a guarded source gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SourceColumn {
    /// A field's value, null where it may not be read.
    Field(FieldId),
    /// What an encrypted field is compared by, null where the field may not be read.
    Index(FieldId),
    /// Whether an operation is allowed on the row.
    Can(Operation),
    /// Whether an update may write the field.
    Writable(FieldId),
    /// Whether the field is hidden on this row.
    Restricted(FieldId),
    /// The reference by which the row stands in its parent's list, unguarded: only joined on, never shown. The right to
    /// know it is the parent's list field.
    Link(FieldId),
}

impl RowSource {
    /// The entity.
    pub fn entity(&self) -> EntityId {
        self.entity
    }

    /// Which rows: the tenant wall and the rules, over raw columns.
    pub fn rows(&self) -> &RulePredicate {
        &self.rows
    }

    /// The field, if the caller may read it on some row.
    pub fn readable(&self, field: FieldId) -> Option<ReadableField> {
        let guard = self.guard(field)?;
        Some(ReadableField {
            entity: self.entity,
            id: field,
            always: *guard == Guard::Open,
        })
    }

    /// Every readable field, by ascending id.
    pub fn readable_fields(&self) -> impl Iterator<Item = ReadableField> + '_ {
        self.guards.fields.iter().map(|(id, guard)| ReadableField {
            entity: self.entity,
            id: *id,
            always: *guard == Guard::Open,
        })
    }

    /// Fields that some update may write, by ascending id.
    pub fn writable_fields(&self) -> impl Iterator<Item = FieldId> + '_ {
        self.guards.writable.iter().map(|(id, _)| *id)
    }

    /// The field's guard; `None` when it is not readable.
    pub fn guard(&self, field: FieldId) -> Option<&Guard> {
        self.guards
            .fields
            .iter()
            .find(|(id, _)| *id == field)
            .map(|(_, guard)| guard)
    }

    /// Rows on which the operation is allowed, over raw columns.
    pub fn can(&self, operation: Operation) -> RulePredicate {
        self.guards
            .can
            .iter()
            .find(|(known, _)| *known == operation)
            .map_or(Predicate::Constant(false), |(_, rows)| rows.clone())
    }

    /// Rows on which an update may write the field, over raw columns.
    pub fn writable(&self, field: FieldId) -> RulePredicate {
        self.guards
            .writable
            .iter()
            .find(|(id, _)| *id == field)
            .map_or(Predicate::Constant(false), |(_, rows)| rows.clone())
    }
}

impl ReadableField {
    /// The entity it belongs to.
    pub fn entity(&self) -> EntityId {
        self.entity
    }

    /// Its id.
    pub fn id(&self) -> FieldId {
        self.id
    }

    /// Whether it shows its value on every row of its source.
    pub fn is_always_readable(&self) -> bool {
        self.always
    }
}

//! What a role set may see: the schema is built from this, and so never names more.

use crate::catalog::{EntityId, FieldId};

/// What a role set may see. Entities of which it sees nothing are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visible {
    /// By ascending id.
    pub entities: Vec<VisibleEntity>,
}

/// One entity, as far as a role set sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisibleEntity {
    /// Which.
    pub id: EntityId,
    /// Some rule allows `list`: root and reverse lists, totals, aggregates, groups.
    pub can_list: bool,
    /// Some rule allows `read`: by id, by key, `node`, references.
    pub can_read: bool,
    /// Fields that some rule with `read` opens, by ascending id. System fields that come with every readable row are here too.
    pub fields: Vec<VisibleField>,
}

/// One field, as far as a role set sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisibleField {
    /// Which.
    pub id: FieldId,
    /// Readable on every row of the entity that this role set can ever see; else it is nullable.
    pub always: bool,
}

impl Visible {
    /// Finds an entity.
    pub fn find(&self, id: EntityId) -> Option<&VisibleEntity> {
        self.entities.iter().find(|entity| entity.id == id)
    }
}

impl VisibleEntity {
    /// Finds a field.
    pub fn find(&self, id: FieldId) -> Option<VisibleField> {
        self.fields.iter().copied().find(|field| field.id == id)
    }
}

//! What a role set may see: the schema is built from this, and so never names more.

use crate::catalog::{EntityId, FieldId};

/// What a role set may see. Entities of which it sees nothing are absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visible {
    /// By ascending id.
    pub entities: Vec<VisibleEntity>,
    /// Named actions held, sorted: each opens root fields of administration.
    pub actions: Vec<String>,
    /// What the founder of a tenant may say of it, by ascending id; empty without the action `create_tenant`.
    pub founding: Vec<VisibleInput>,
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
    /// What may be written.
    pub writes: VisibleWrites,
}

/// What a role set may write of an entity: what no rule allows is not in the schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VisibleWrites {
    /// Fields of a new row that some rule takes from the caller; `None`: rows cannot be created.
    pub create: Option<Vec<VisibleInput>>,
    /// Fields that some update takes, by ascending id; `None`: rows cannot be updated.
    pub update: Option<Vec<FieldId>>,
    /// Rows can be deleted.
    pub delete: bool,
    /// State fields that some transition moves, by ascending id.
    pub transition: Vec<FieldId>,
}

/// One field of a new row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisibleInput {
    /// Which.
    pub id: FieldId,
    /// It must be given: never null, without a default, and set by none of the rules.
    pub required: bool,
}

impl VisibleWrites {
    /// Whether anything may be written.
    pub fn is_open(&self) -> bool {
        self.create.is_some() || self.update.is_some() || self.delete || !self.transition.is_empty()
    }
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

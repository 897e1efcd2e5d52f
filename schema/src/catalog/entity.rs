//! Entities.

use super::{FieldDef, FieldId, RecordTokenDef, SystemField};
use crate::source::Span;
use freehold_base::EntityTag;

/// Index of an entity in the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct EntityId(pub u16);

/// What part an entity plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntityKind {
    /// One of the app's own.
    Ordinary,
    /// `user`.
    User,
    /// The tenants.
    Tenant,
    /// The memberships.
    Membership,
}

/// Which record gate an entity has (`access:`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    /// No record gate.
    Open,
    /// A record gate for writes alone.
    ProtectedWrite,
    /// A record gate for reads and writes.
    Protected,
}

/// One entity.
#[derive(Clone, Debug)]
pub struct EntityDef {
    /// Its index.
    pub id: EntityId,
    /// What part it plays.
    pub kind: EntityKind,
    /// The model's name, which is the table's too.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
    /// The number in its rows' ids. By position unless the environment has assigned one.
    pub tag: EntityTag,
    /// For people.
    pub description: Option<String>,
    /// Why it should no longer be used.
    pub deprecated: Option<String>,
    /// GraphQL type: `Ticket`.
    pub type_name: String,
    /// Root field by id: `ticket`.
    pub root_one: String,
    /// Root list field: `tickets`.
    pub root_many: String,
    /// Rows have a tenant column (`in:`).
    pub tenant_scoped: bool,
    /// Reachable by callers who are no members.
    pub public: bool,
    /// The record gate.
    pub access: AccessLevel,
    /// The reference whose target decides.
    pub access_field: Option<FieldId>,
    /// System fields first, then the model's, in order. A [`FieldId`] is the index here.
    pub fields: Vec<FieldDef>,
    /// Unique keys besides the id. A tenant-scoped entity's hold within its tenant.
    pub unique: Vec<UniqueKey>,
    /// Indexes the author asks for.
    pub index: Vec<Vec<FieldId>>,
    /// What opens a row.
    pub record_tokens: Vec<RecordTokenDef>,
}

/// A unique key, and the root field that finds a row by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueKey {
    /// Its fields, in order.
    pub fields: Vec<FieldId>,
    /// `articleBySlug`, `ticketByTeamAndSubject`.
    pub root_field: String,
}

impl EntityDef {
    /// The field of that id.
    pub fn field(&self, id: FieldId) -> &FieldDef {
        &self.fields[id.0 as usize]
    }

    /// Finds a field by the model's name.
    pub fn find_field(&self, name: &str) -> Option<&FieldDef> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Finds a field by its GraphQL name.
    pub fn find_graphql_field(&self, name: &str) -> Option<&FieldDef> {
        self.fields.iter().find(|field| field.graphql_name == name)
    }

    /// GraphQL name of the union that a polymorphic reference of this entity gives: `AttachmentSubject`.
    pub fn union_name(&self, reference: &FieldDef) -> String {
        let mut letters = reference.graphql_name.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        self.type_name.chars().chain(first).chain(letters).collect()
    }

    /// Whether the field decides who somebody is or what they may do: it changes by the mutations of administration alone, whatever
    /// a rule lists. Those ask who manages whom.
    pub fn is_administered(&self, field: &FieldDef) -> bool {
        let names: &[&str] = match self.kind {
            EntityKind::User => &["email", "profile", "status", "roles"],
            EntityKind::Membership => &["user", "roles", "status"],
            EntityKind::Ordinary | EntityKind::Tenant => &[],
        };
        names.contains(&field.name.as_str())
    }

    /// Finds a system field; `tenant` is missing on shared entities.
    pub fn find_system(&self, system: SystemField) -> Option<FieldId> {
        self.fields
            .iter()
            .find(|field| field.system == Some(system))
            .map(|field| field.id)
    }
}

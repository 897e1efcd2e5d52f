//! `entities:`

use super::{Condition, Name, Named, Names, Raw, Spanned};
use crate::catalog::{AccessLevel, Grants, OnDelete};
use crate::formula::FormulaType;
use schemars::JsonSchema;
use serde::Deserialize;

/// An entity.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "an entity")]
pub struct EntityModel {
    /// The tenant entity, when rows belong to a tenant. Left out: shared by all tenants of the environment.
    pub r#in: Option<Name>,
    /// Which record gate it has. Must be stated.
    pub access: Option<Spanned<AccessLevel>>,
    /// Plural of its name, for the root fields.
    pub plural: Option<Name>,
    /// The reference whose target decides for this row too.
    pub access_field: Option<Name>,
    /// Reachable by callers who are no members of the tenant. Gate and rules still apply.
    pub public: Option<Spanned<bool>>,
    /// The tenant entity, when rows are memberships.
    pub membership_of: Option<Name>,
    /// A tenant may add fields of its own.
    pub extensible: Option<Spanned<bool>>,
    /// For people; shown in the GraphQL schema.
    pub description: Option<String>,
    /// Why it should no longer be used.
    pub deprecated: Option<String>,
    /// The fields, by name.
    #[serde(default)]
    pub fields: Named<FieldModel>,
    /// Unique keys: lists of fields. Those of an entity `in:` a tenant hold within the tenant.
    #[serde(default)]
    pub unique: Vec<Spanned<Vec<Name>>>,
    /// Indexes: lists of fields.
    #[serde(default)]
    pub index: Vec<Spanned<Vec<Name>>>,
    /// What opens a row of a protected entity to others than its owner.
    #[serde(default)]
    pub record_tokens: Named<RecordTokenModel>,
}

/// A field.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a field")]
pub struct FieldModel {
    /// What it holds.
    pub r#type: Spanned<TypeWord>,
    /// Never null.
    pub required: Option<Spanned<bool>>,
    /// Least length of a text, or least value.
    pub min: Option<Raw>,
    /// Greatest length of a text, or greatest value.
    pub max: Option<Raw>,
    /// Regular expression that a text must match.
    pub pattern: Option<Spanned<String>>,
    /// Value of a new row.
    pub default: Option<Raw>,
    /// Members of a `select` or `multiselect`.
    pub options: Option<Spanned<Vec<Name>>>,
    /// Target of a `ref`; several make it polymorphic.
    pub to: Option<Names>,
    /// What happens to this row when the target of a `ref` is deleted. Always stated.
    pub on_delete: Option<Spanned<OnDelete>>,
    /// `system`: with `on_delete: cascade` this row goes whoever deletes the target. Left out: only if they may delete this row too.
    pub cascade: Option<Spanned<CascadeModel>>,
    /// Entity that a `list` lists.
    pub of: Option<Name>,
    /// Its reference back.
    pub by: Option<Name>,
    /// What a `formula` gives.
    pub returns: Option<Spanned<FormulaType>>,
    /// How a `formula` is calculated: `price * quantity`, `if(due < '2026-01-01', 'late', status)`.
    pub formula: Option<Spanned<String>>,
    /// No two rows have the same value.
    pub unique: Option<Spanned<bool>>,
    /// Set when the row is created, never changed.
    pub immutable: Option<Spanned<bool>>,
    /// A `select` that changes by `transition` alone.
    pub state: Option<Spanned<bool>>,
    /// About a person.
    pub personal: Option<Spanned<bool>>,
    /// What a personal field is processed for.
    pub purpose: Option<Spanned<String>>,
    /// How long a personal field is kept: a number with `s`, `m`, `h` or `d`.
    pub retention: Option<Spanned<String>>,
    /// Name of the key it is encrypted under.
    pub encrypted: Option<Name>,
    /// How an encrypted field can be searched.
    pub searchable: Option<Spanned<Searchable>>,
    /// Its old name, if it was renamed.
    pub was: Option<Name>,
    /// For people; shown in the GraphQL schema.
    pub description: Option<String>,
    /// Why it should no longer be used.
    pub deprecated: Option<String>,
}

/// The word under `type:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TypeWord {
    /// Text as it is.
    Text,
    /// Sanitised HTML.
    Html,
    /// Sanitised Markdown.
    Markdown,
    /// An e-mail address.
    Email,
    /// A URL.
    Url,
    /// 32-bit integer.
    Int,
    /// Double.
    Float,
    /// Exact decimal.
    Decimal,
    /// True or false.
    Boolean,
    /// Calendar date.
    Date,
    /// Time of day.
    Time,
    /// Instant, UTC.
    Datetime,
    /// UUID.
    Uuid,
    /// JSON.
    Json,
    /// One of `options`.
    Select,
    /// Some of `options`.
    Multiselect,
    /// A row of another entity: `to`, `on_delete`.
    Ref,
    /// The inverse of a reference: `of`, `by`.
    List,
    /// A stored file.
    File,
    /// A stored image.
    Image,
    /// A number counted per tenant, given by the server.
    Autonumber,
    /// Calculated from fields of the row, never written: `returns`, `formula`.
    Formula,
}

/// The word under `cascade:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CascadeModel {
    /// The row goes by the model's word; no rule is asked.
    System,
}

/// How an encrypted field can be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Searchable {
    /// Equal values can be found.
    Equality,
}

/// What a row of a protected entity asks for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a record token")]
pub struct RecordTokenModel {
    /// What a caller must carry: `everyone`, `authenticated`, `tenant_member`, `self`, `role:<name>` or `user.<token>`.
    pub r#match: Name,
    /// The field whose value must equal the caller's.
    pub field: Option<Name>,
    /// Rows it applies to. Left out: all.
    pub when: Option<Condition>,
    /// What it opens.
    pub grants: Spanned<Grants>,
}

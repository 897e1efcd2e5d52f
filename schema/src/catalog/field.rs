//! Fields.

use super::EntityId;
use crate::formula::{Expression, FormulaType};
use crate::source::Span;
use crate::value;
use crate::yaml::Node;
use freehold_base::{Value, ValueType};
use std::sync::Arc;

/// Index of a field in its entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct FieldId(pub u16);

/// One field.
#[derive(Clone, Debug)]
pub struct FieldDef {
    /// Its index.
    pub id: FieldId,
    /// The model's name.
    pub name: String,
    /// camelCase.
    pub graphql_name: String,
    /// Where it is declared; the entity's place for system fields.
    pub span: Span,
    /// Which system field it is.
    pub system: Option<SystemField>,
    /// Its type.
    pub field_type: FieldType,
    /// For people.
    pub description: Option<String>,
    /// Why it should no longer be used.
    pub deprecated: Option<String>,
    /// Never null.
    pub required: bool,
    /// Set at creation only.
    pub immutable: bool,
    /// About a person.
    pub personal: bool,
    /// Name of the key it is encrypted under.
    pub encrypted: Option<String>,
    /// An encrypted field that can be compared for equality.
    pub searchable: bool,
    /// Changes by transition alone.
    pub state: bool,
    /// The row goes with the target of this reference whoever may delete it: no rule is asked. Only with [`OnDelete::Cascade`].
    pub cascade_system: bool,
    /// Value of a new row.
    pub default: Option<Node>,
    /// The old name, if it was renamed.
    pub was: Option<String>,
    /// Least length, or least value.
    pub min: Option<Node>,
    /// Greatest length, or greatest value.
    pub max: Option<Node>,
    /// Regular expression.
    pub pattern: Option<String>,
}

/// Fields every row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SystemField {
    /// `id`
    Id,
    /// `version`
    Version,
    /// `created_at`
    CreatedAt,
    /// `updated_at`
    UpdatedAt,
    /// `owner`
    Owner,
    /// `created_by`
    CreatedBy,
    /// `updated_by`
    UpdatedBy,
    /// `tenant`
    Tenant,
}

impl SystemField {
    /// Comes with any readable row, without standing in a rule's `read`.
    pub fn is_always_readable(self) -> bool {
        match self {
            Self::Id | Self::Version | Self::CreatedAt | Self::UpdatedAt => true,
            Self::Owner | Self::CreatedBy | Self::UpdatedBy | Self::Tenant => false,
        }
    }
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldType {
    /// A row id.
    Id,
    /// A version counter.
    Version,
    /// Text of some kind.
    Text(TextKind),
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
    /// Instant.
    DateTime,
    /// UUID.
    Uuid,
    /// JSON.
    Json,
    /// One of several words.
    Select(Vec<EnumOption>),
    /// Some of several words.
    MultiSelect(Vec<EnumOption>),
    /// A row of another entity; several targets make it polymorphic (the id tells which).
    Reference {
        /// Entities it may point to, at least one.
        to: Vec<EntityId>,
        /// What happens when the target goes.
        on_delete: OnDelete,
    },
    /// The inverse of a reference; no column.
    List {
        /// The entity listed.
        of: EntityId,
        /// Its reference back.
        by: FieldId,
    },
    /// A stored file.
    File,
    /// A stored image.
    Image,
    /// A number counted per tenant.
    Autonumber,
    /// Calculated from fields of the row; no column.
    Formula {
        /// The type of what it gives.
        returns: FormulaType,
        /// How it is calculated, from stored fields alone: the formulas that it names stand in it.
        expression: Arc<Expression>,
    },
}

/// Kinds of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// As it is.
    Plain,
    /// Sanitised HTML.
    Html,
    /// Sanitised Markdown.
    Markdown,
    /// An e-mail address.
    Email,
    /// A URL.
    Url,
}

/// One member of a `select`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumOption {
    /// As the model and the database have it: `in_progress`.
    pub value: String,
    /// As GraphQL has it: `IN_PROGRESS`.
    pub graphql_name: String,
}

/// What happens to a row when the one it refers to is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDelete {
    /// It goes too.
    Cascade,
    /// The delete is refused.
    Restrict,
    /// The reference becomes null.
    SetNull,
}

/// Where a field is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Physical name.
    pub name: String,
    /// What it holds in the clear.
    pub value_type: ValueType,
}

impl FieldDef {
    /// The column; `None` for inverse lists and formulas.
    pub fn column(&self) -> Option<Column> {
        let value_type = self.field_type.value_type()?;
        let name = match self.field_type {
            FieldType::Formula { .. } => return None,
            FieldType::Reference { .. } | FieldType::File | FieldType::Image => format!("{}_id", self.name),
            _ => self.name.clone(),
        };
        Some(Column { name, value_type })
    }

    /// The column that an encrypted field is searched by: `iban_index`. `None` for fields that are not encrypted, or not searchable.
    pub fn index_column(&self) -> Option<String> {
        (self.encrypted.is_some() && self.searchable).then(|| index_name(&self.name))
    }

    /// The value of a new row that states none; `None` when there is no default.
    pub fn default_value(&self) -> Option<Value> {
        let default = self.default.as_ref()?;
        value::read(&self.field_type, default)
            .ok()
            .filter(|value| !value.is_null())
    }

    /// The only target of a plain reference.
    pub fn reference_target(&self) -> Option<EntityId> {
        match &self.field_type {
            FieldType::Reference { to, .. } if to.len() == 1 => to.first().copied(),
            _ => None,
        }
    }
}

/// The name of the column that a sealed field of that name is searched by.
pub(crate) fn index_name(field: &str) -> String {
    format!("{field}_index")
}

impl FieldType {
    /// The type of the stored or calculated value; `None` for inverse lists.
    pub fn value_type(&self) -> Option<ValueType> {
        Some(match self {
            Self::Id | Self::Uuid | Self::Reference { .. } | Self::File | Self::Image => ValueType::Uuid,
            Self::Version => ValueType::BigInt,
            Self::Text(_) | Self::Select(_) => ValueType::Text,
            Self::Int | Self::Autonumber => ValueType::Int,
            Self::Float => ValueType::Float,
            Self::Decimal => ValueType::Decimal,
            Self::Boolean => ValueType::Boolean,
            Self::Date => ValueType::Date,
            Self::Time => ValueType::Time,
            Self::DateTime => ValueType::DateTime,
            Self::Json => ValueType::Json,
            Self::MultiSelect(_) => ValueType::TextList,
            Self::Formula { returns, .. } => returns.value_type(),
            Self::List { .. } => return None,
        })
    }

    /// The type that its values are read, compared and shown as: of a formula that of what it gives, of all others itself.
    pub fn shown(&self) -> &Self {
        match self {
            Self::Formula { returns, .. } => returns.field_type(),
            other => other,
        }
    }
}

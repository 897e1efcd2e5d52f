//! What is compared: a column's name, type, and whose ids it holds.

use freehold_base::ValueType;
use freehold_schema::catalog::{Catalog, EntityId, FieldDef, FieldType};

/// A column of a condition.
pub(crate) struct Column<'a> {
    /// For messages.
    pub(crate) name: &'a str,
    /// The field's type; of a formula that of what it gives.
    pub(crate) field_type: &'a FieldType,
    /// What its values are.
    pub(crate) shape: Shape,
    /// The type of one compared value: an element of a list column.
    pub(crate) value_type: ValueType,
}

/// What two columns must share to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Ids of rows of one of these entities.
    Row(Vec<EntityId>),
    /// Plain values.
    Plain(ValueType),
}

impl<'a> Column<'a> {
    /// The column of a field; `None` for inverse lists.
    pub(crate) fn of(entity: EntityId, field: &'a FieldDef) -> Option<Self> {
        let shape = shape_of(entity, field)?;
        let value_type = match field.field_type.value_type()? {
            ValueType::TextList => ValueType::Text,
            other => other,
        };
        let shape = if shape == Shape::Plain(ValueType::TextList) {
            Shape::Plain(ValueType::Text)
        } else {
            shape
        };
        Some(Self {
            name: &field.name,
            field_type: field.field_type.shown(),
            shape,
            value_type,
        })
    }

    /// The number of related rows.
    pub(crate) fn count() -> Column<'static> {
        Column {
            name: "count",
            field_type: &FieldType::Int,
            shape: Shape::Plain(ValueType::Int),
            value_type: ValueType::Int,
        }
    }
}

/// What a field's values are; `None` for inverse lists.
pub(crate) fn shape_of(entity: EntityId, field: &FieldDef) -> Option<Shape> {
    Some(match &field.field_type {
        FieldType::Id => Shape::Row(vec![entity]),
        FieldType::Reference { to, .. } => Shape::Row(to.clone()),
        other => Shape::Plain(other.value_type()?),
    })
}

impl Shape {
    /// Whether a comparison of the two can ever mean anything.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Row(ours), Self::Row(theirs)) => ours.iter().any(|entity| theirs.contains(entity)),
            (Self::Row(_), Self::Plain(plain)) | (Self::Plain(plain), Self::Row(_)) => *plain == ValueType::Uuid,
            (Self::Plain(ValueType::Int | ValueType::BigInt), Self::Plain(ValueType::Int | ValueType::BigInt)) => true,
            (Self::Plain(ours), Self::Plain(theirs)) => {
                ours == theirs && !matches!(ours, ValueType::Json | ValueType::TextList | ValueType::Bytes)
            }
        }
    }

    /// For messages: "a text", "a `team`".
    pub(crate) fn noun(&self, catalog: &Catalog) -> String {
        match self {
            Self::Row(entities) => {
                let names: Vec<String> = entities
                    .iter()
                    .map(|entity| format!("`{}`", catalog.entity(*entity).name))
                    .collect();
                format!("a {}", names.join(" or "))
            }
            Self::Plain(value_type) => noun(*value_type).to_owned(),
        }
    }
}

/// For messages.
pub(crate) fn noun(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Boolean => "a boolean",
        ValueType::Int | ValueType::BigInt => "an integer",
        ValueType::Float => "a number",
        ValueType::Decimal => "a decimal",
        ValueType::Text => "a text",
        ValueType::Uuid => "a UUID",
        ValueType::DateTime => "an instant",
        ValueType::Date => "a date",
        ValueType::Time => "a time of day",
        ValueType::Json => "JSON",
        ValueType::TextList => "a list of texts",
        ValueType::Bytes => "bytes",
    }
}

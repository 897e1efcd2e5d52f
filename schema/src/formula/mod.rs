//! Formulas: text → a typed expression over the fields of one row. Pure.
//!
//! `token` and `parse` read the text, `check` finds the fields and the types, and the [`Expression`] that it gives is rendered
//! into SQL by the storage room. What each [`Node`] gives is said beside it: both databases hold to that, to the last digit.
//!
//! INVARIANT: no node fails, whatever a row holds. What has no answer (a division by zero, a number out of range) is null: an
//! error would tell of a row that the caller may not see.

mod check;
mod expression;
mod fault;
mod functions;
mod parse;
mod place;
mod token;

pub(crate) use check::{Inputs, check};
pub use expression::{Arithmetic, Comparison, DatePart, Expression, Extreme, Node, WHITE_SPACE};
pub(crate) use fault::Faults;
pub(crate) use parse::{Term, parse};
pub(crate) use place::Places;

use crate::catalog::{FieldType, TextKind};
use freehold_base::ValueType;

/// Longest text of a formula, in bytes.
pub const TEXT_BYTES_MAX: usize = 2_000;

/// Deepest nesting of an expression, the formulas it names included. SQL is nested some three times as deep; SQLite takes 1,000.
pub const DEPTH_MAX: usize = 40;

/// Most parts of an expression, those of the formulas it names included.
pub const NODES_MAX: usize = 300;

/// Most arguments of a function.
pub const ARGUMENTS_MAX: usize = 20;

/// Longest text that is joined with others, in characters: so that no row's texts are too long together for a database.
pub const JOINED_CHARACTERS_MAX: usize = 100_000;

/// Places behind the point to which decimals are calculated.
pub const DECIMAL_PLACES: u32 = 12;

/// Digits before the point that a calculated decimal has at most; one with more is null.
pub const DECIMAL_WHOLE_DIGITS: u32 = 16;

/// Floats are calculated with between this and its reciprocal: beyond it is null, below that is zero. No product or quotient
/// of two such numbers is out of a double's range.
pub const FLOAT_BOUND: f64 = 1e150;

/// What a formula gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FormulaType {
    /// Text.
    Text,
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
    /// Instant, UTC.
    DateTime,
}

impl FormulaType {
    /// The type of a plain field that holds such values.
    pub fn field_type(self) -> &'static FieldType {
        match self {
            Self::Text => &FieldType::Text(TextKind::Plain),
            Self::Int => &FieldType::Int,
            Self::Float => &FieldType::Float,
            Self::Decimal => &FieldType::Decimal,
            Self::Boolean => &FieldType::Boolean,
            Self::Date => &FieldType::Date,
            Self::DateTime => &FieldType::DateTime,
        }
    }

    /// The type of such a value.
    pub fn value_type(self) -> ValueType {
        match self {
            Self::Text => ValueType::Text,
            Self::Int => ValueType::Int,
            Self::Float => ValueType::Float,
            Self::Decimal => ValueType::Decimal,
            Self::Boolean => ValueType::Boolean,
            Self::Date => ValueType::Date,
            Self::DateTime => ValueType::DateTime,
        }
    }

    /// As the model writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Int => "int",
            Self::Float => "float",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "datetime",
        }
    }

    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Int => "an int",
            Self::Float => "a float",
            Self::Decimal => "a decimal",
            Self::Boolean => "a boolean",
            Self::Date => "a date",
            Self::DateTime => "a datetime",
        }
    }

    pub(crate) fn is_number(self) -> bool {
        match self {
            Self::Int | Self::Float | Self::Decimal => true,
            Self::Text | Self::Boolean | Self::Date | Self::DateTime => false,
        }
    }
}

#[cfg(test)]
mod tests;

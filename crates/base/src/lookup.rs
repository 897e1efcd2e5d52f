//! A statement of one room that travels with the statements of another.

use crate::value::{Value, ValueType};

/// A fixed statement that finds at most one row: who is calling. The room that made it reads its answer; the room that runs it knows
/// nothing of what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// SQL. Parameters are `$1`, `$2` … on both databases, each used once and in order. Nothing of a request is part of it.
    pub sql: String,
    /// The values of the parameters, with their types.
    pub values: Vec<(Value, ValueType)>,
    /// Types of the columns.
    pub columns: Vec<ValueType>,
}

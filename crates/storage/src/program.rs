//! A plan rendered for one dialect: statements, and the layout of their answer.

use crate::layout::Layout;
use crate::sealed::SealedField;
use freehold_base::ValueType;
use freehold_policy::operand::Operand;
use freehold_schema::catalog::EntityId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Which SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite 3.38 or later.
    Sqlite,
    /// PostgreSQL 14 or later.
    Postgres,
}

/// What to run and how to answer. Depends on no caller: values are parameters.
#[derive(Debug, Default)]
pub struct Program {
    /// Statements; a statement's parent comes before it.
    pub statements: Vec<Statement>,
    /// How the rows become JSON.
    pub layout: Layout,
    /// Names of the model's keys under which what it reads or compares is sealed: a cipher must have them loaded.
    pub keys: BTreeSet<String>,
    /// Entities whose rows it looks at, to answer or to judge, and at how many places: when none of them changes, neither does the
    /// answer.
    pub reads: BTreeMap<EntityId, usize>,
}

impl Program {
    /// An estimate of its memory in bytes.
    pub fn weight_bytes(&self) -> usize {
        let sql: usize = self.statements.iter().map(|statement| statement.sql.len()).sum();
        // Slots and their keys take about as much as the text that selects them.
        1024 + 4 * sql
    }
}

/// One SQL statement.
#[derive(Debug)]
pub struct Statement {
    /// The text; `$1…` on PostgreSQL, `?1…` on SQLite.
    pub sql: String,
    /// The parameters, by number.
    pub parameters: Vec<Parameter>,
    /// Types of the result's columns. Cells are in PostgreSQL's binary form, except [`ValueType::Decimal`], [`ValueType::Json`]
    /// and [`ValueType::TextList`] (JSON array of texts), which are text.
    pub columns: Vec<ValueType>,
    /// For a statement that belongs to the rows of another: which, and where their keys are. Column 0 is the parent's key then.
    ///
    /// On PostgreSQL the statement finds the parents itself, in the same round trip. On SQLite it is run once for each distinct
    /// key of the parent's rows, bound as the last parameter (16 bytes), and the executor puts the key in front as column 0.
    pub parent: Option<ParentKey>,
}

/// Where a statement's parent keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParentKey {
    /// Index of the parent's statement.
    pub statement: usize,
    /// Column of the parent's rows that holds the key (UUID).
    pub column: usize,
}

/// A bound value.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Where it comes from.
    pub operand: Operand,
    /// Its type. Texts compared without case are folded by the database.
    pub value_type: ValueType,
    /// A sealed field that is compared with it: what is bound is the value's token.
    pub sealed: Option<Arc<SealedField>>,
}

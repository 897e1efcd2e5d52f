//! Parameters and aliases of one statement.

use crate::program::{Dialect, Parameter};
use crate::sealed::SealedField;
use freehold_base::ValueType;
use freehold_policy::operand::Operand;
use freehold_schema::catalog::FieldId;
use sea_query::{Alias, DynIden, Expr, IntoIden, Keyword};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Stands for the parent's key until the number of parameters is known; no other part of a statement's text holds it.
const KEY: &str = "\u{1}key";

/// Parameters among which an equal one is looked for.
const SHARED_MAX: usize = 64;

/// Parameters and aliases of one statement. Equal operands share a parameter.
pub(crate) struct Parameters {
    pub(crate) dialect: Dialect,
    /// How many parameters of others stand before these.
    others: usize,
    list: Vec<Parameter>,
    /// Indexes of parameters that stand for one value alone.
    own: BTreeSet<usize>,
    /// What `$before.<field>` is, by field: only while a write is judged.
    before: BTreeMap<FieldId, Expr>,
    aliases: usize,
}

impl Parameters {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self::after(dialect, 0)
    }

    /// Those of a part of a statement, before which others have so many.
    pub(crate) fn after(dialect: Dialect, others: usize) -> Self {
        Self {
            dialect,
            others,
            list: Vec::new(),
            own: BTreeSet::new(),
            before: BTreeMap::new(),
            aliases: 0,
        }
    }

    /// The stored row, of which `$before` speaks.
    pub(crate) fn set_before(&mut self, columns: BTreeMap<FieldId, Expr>) {
        self.before = columns;
    }

    /// The placeholder of a value. What a row had before is a column.
    pub(crate) fn bind(&mut self, operand: &Operand, value_type: ValueType) -> Expr {
        if let Operand::Before(field) = operand
            && let Some(column) = self.before.get(field)
        {
            return column.clone();
        }
        self.add(Parameter {
            operand: operand.clone(),
            value_type,
            sealed: None,
        })
    }

    /// The placeholder of the token that stands for a value of a sealed field.
    pub(crate) fn bind_sealed(&mut self, operand: &Operand, sealed: &Arc<SealedField>) -> Expr {
        self.add(Parameter {
            operand: operand.clone(),
            value_type: ValueType::Bytes,
            sealed: Some(sealed.clone()),
        })
    }

    /// The placeholder of a value to be written. It is shared with no other, so that the text does not depend on which are equal.
    pub(crate) fn own(&mut self, operand: &Operand, value_type: ValueType) -> Expr {
        self.own.insert(self.list.len());
        self.push(Parameter {
            operand: operand.clone(),
            value_type,
            sealed: None,
        })
    }

    fn add(&mut self, parameter: Parameter) -> Expr {
        // Only the first are looked through: with many, sharing costs more than it saves.
        let mut first = self.list.iter().enumerate().take(SHARED_MAX);
        let shared = first.find(|(index, known)| **known == parameter && !self.own.contains(index));
        match shared.map(|(index, _)| index) {
            Some(index) => self.placeholder(index),
            None => self.push(parameter),
        }
    }

    fn push(&mut self, parameter: Parameter) -> Expr {
        self.list.push(parameter);
        self.placeholder(self.list.len() - 1)
    }

    fn placeholder(&self, index: usize) -> Expr {
        let number = self.others + index + 1;
        raw(match self.dialect {
            Dialect::Sqlite => format!("?{number}"),
            Dialect::Postgres => format!("${number}"),
        })
    }

    /// The placeholder of the parent's key, on SQLite.
    pub(crate) fn key() -> Expr {
        raw(KEY.to_owned())
    }

    /// A new alias.
    pub(crate) fn alias(&mut self, prefix: &str) -> DynIden {
        self.aliases += 1;
        Alias::new(format!("{prefix}{}", self.aliases)).into_iden()
    }

    /// The text with the key's placeholder numbered: it is the last parameter.
    pub(crate) fn with_key(&self, sql: String) -> String {
        if sql.contains(KEY) {
            sql.replace(KEY, &format!("?{}", self.others + self.list.len() + 1))
        } else {
            sql
        }
    }

    /// How many there are, with those of others.
    pub(crate) fn count(&self) -> usize {
        self.others + self.list.len()
    }

    pub(crate) fn into_list(self) -> Vec<Parameter> {
        self.list
    }
}

/// Text that goes into the statement as it is; never made from anything a user wrote.
pub(crate) fn raw(text: impl Into<String>) -> Expr {
    Expr::Keyword(Keyword::Custom(Alias::new(text.into()).into_iden()))
}

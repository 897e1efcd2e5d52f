//! Parameters and aliases of one statement.

use crate::program::{Dialect, Parameter};
use freehold_base::ValueType;
use freehold_policy::operand::Operand;
use sea_query::{Alias, DynIden, Expr, IntoIden, Keyword};

/// Stands for the parent's key until the number of parameters is known; no other part of a statement's text holds it.
const KEY: &str = "\u{1}key";

/// Parameters among which an equal one is looked for.
const SHARED_MAX: usize = 64;

/// Parameters and aliases of one statement. Equal operands share a parameter.
pub(crate) struct Parameters {
    pub(crate) dialect: Dialect,
    list: Vec<Parameter>,
    aliases: usize,
}

impl Parameters {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            list: Vec::new(),
            aliases: 0,
        }
    }

    /// The placeholder of a value.
    pub(crate) fn bind(&mut self, operand: &Operand, value_type: ValueType) -> Expr {
        let parameter = Parameter {
            operand: operand.clone(),
            value_type,
        };
        // Only the first are looked through: with many, sharing costs more than it saves.
        let shared = self.list.iter().take(SHARED_MAX).position(|known| *known == parameter);
        let index = shared.unwrap_or_else(|| {
            self.list.push(parameter);
            self.list.len() - 1
        });
        raw(match self.dialect {
            Dialect::Sqlite => format!("?{}", index + 1),
            Dialect::Postgres => format!("${}", index + 1),
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
            sql.replace(KEY, &format!("?{}", self.list.len() + 1))
        } else {
            sql
        }
    }

    pub(crate) fn into_list(self) -> Vec<Parameter> {
        self.list
    }
}

/// Text that goes into the statement as it is; never made from anything a user wrote.
pub(crate) fn raw(text: impl Into<String>) -> Expr {
    Expr::Keyword(Keyword::Custom(Alias::new(text.into()).into_iden()))
}

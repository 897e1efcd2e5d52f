//! What a column is compared with. Never text in SQL: always a bound parameter.

use freehold_base::{RowId, Value, ValueType};
use freehold_schema::catalog::{EntityId, FieldId};
use freehold_schema::graphql::operation::VariablePath;
use std::sync::Arc;

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A value of the model, or a literal of the query.
    Constant(Value),
    /// A value of the caller, filled in for each request.
    Session(SessionValue),
    /// A value of the request's variables, filled in for each request.
    Variable {
        /// Where in the variables.
        path: Arc<VariablePath>,
        /// What it is read as.
        scalar: Scalar,
    },
    /// `$before.<field>`: the stored row's value. Only in a rule's `check`, which no read ever holds; a created row has none.
    Before(FieldId),
    /// The id of the row that a mutation has written: finds the row of its answer. In no rule.
    Written,
    /// A value of a row that a mutation writes, by its place among them: the statement serves other values as well. In no rule.
    Given(usize),
}

impl From<RowId> for Operand {
    fn from(row: RowId) -> Self {
        Self::Constant(Value::Uuid(row.uuid()))
    }
}

/// A value of the caller. One that is absent is null, and a comparison with null is false.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SessionValue {
    /// `$user`: id of the signed-in person.
    User,
    /// `$tenant`: id of the request's tenant.
    Tenant,
    /// `$now`
    Now,
    /// `$now` compared with a date: the day of it, UTC.
    Today,
    /// `$membership.<field>`, by the model's name.
    Membership(String, ValueType),
    /// `$claims.<name>`
    Claim(String, ValueType),
}

impl SessionValue {
    /// The type of the value.
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::User | Self::Tenant => ValueType::Uuid,
            Self::Now => ValueType::DateTime,
            Self::Today => ValueType::Date,
            Self::Membership(_, value_type) | Self::Claim(_, value_type) => *value_type,
        }
    }
}

/// How an input value is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// As the plain type.
    Plain(ValueType),
    /// As a row id.
    Id,
    /// As a member of that field's options.
    Member(EntityId, FieldId),
    /// As text for a `LIKE` pattern that finds it anywhere, in front, or at the end; special characters escaped with `\`.
    Pattern(PatternKind),
}

/// Where a text is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PatternKind {
    /// Anywhere.
    Contains,
    /// In front.
    StartsWith,
    /// At the end.
    EndsWith,
    /// The author's own pattern: `%`, `_`, `\` have their meaning.
    Like,
}

impl PatternKind {
    /// The `LIKE` pattern for a text, with `\` as the escape character.
    pub fn pattern(self, text: &str) -> String {
        if self == Self::Like {
            // A trailing single `\` escapes nothing; PostgreSQL would refuse it, so it stands for itself.
            let trailing = text.chars().rev().take_while(|c| *c == '\\').count();
            return if trailing % 2 == 1 {
                format!("{text}\\")
            } else {
                text.to_owned()
            };
        }
        let mut out = String::with_capacity(text.len() + 2);
        if self != Self::StartsWith {
            out.push('%');
        }
        for c in text.chars() {
            if matches!(c, '%' | '_' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
        if self != Self::EndsWith {
            out.push('%');
        }
        out
    }
}

//! A typed true-or-false over a row. Rules and filters both become one.
//!
//! Two-valued: a leaf over null is false, and [`Predicate::Not`] is the exact complement.

use crate::operand::Operand;
use freehold_schema::catalog::{EntityId, FieldId};

/// A predicate over a row of one entity. `S` is where related rows come from, `F` how a column is named:
/// rules walk raw rows ([`RulePredicate`]), filters walk guarded ones ([`crate::source::FilterPredicate`]).
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate<S, F> {
    /// True or false for every row.
    Constant(bool),
    /// All hold; an empty list is true.
    All(Vec<Self>),
    /// At least one holds; an empty list is false.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// A column passes a test.
    Leaf {
        /// The column.
        field: F,
        /// The test.
        test: Test,
    },
    /// Some related row satisfies the inner predicate.
    Exists {
        /// How rows are related.
        link: Link<F>,
        /// Where they come from.
        source: S,
        /// What one must satisfy.
        inner: Box<Self>,
    },
    /// The number of related rows that satisfy the inner predicate passes a test.
    Count {
        /// How rows are related.
        link: Link<F>,
        /// Where they come from.
        source: S,
        /// What they must satisfy.
        inner: Box<Self>,
        /// The test on the number.
        test: Test,
    },
    /// Something about the caller; gone after reduction.
    Caller(CallerTest),
}

/// A predicate of a rule: related rows are read unguarded, as the rule's author sees them.
pub type RulePredicate = Predicate<RawSource, FieldId>;

/// A table read without a guard, inside a rule. Its rows are those of the request's tenant all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawSource {
    /// The entity.
    pub entity: EntityId,
}

/// How a related row is found from this one.
#[derive(Clone, Debug, PartialEq)]
pub enum Link<F> {
    /// The target of this row's reference: `target.id = this.<field>`.
    Reference(F),
    /// Rows whose reference `by` points here: `related.<by> = this.id`.
    Inverse {
        /// The related entity's reference back.
        by: FieldId,
    },
    /// Rows with the same value: `related.<theirs> = this.<ours>`.
    Equal {
        /// The related row's column.
        theirs: FieldId,
        /// This row's column.
        ours: F,
    },
    /// Any row.
    Free,
}

/// What a rule asks about the caller alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallerTest {
    /// Signed in.
    SignedIn,
    /// Active member of the request's tenant.
    Member,
    /// Holds the role.
    Role(String),
}

/// A test on one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// `=`
    Equal(Operand),
    /// `<>`; false for null.
    NotEqual(Operand),
    /// One of them; never for none.
    In(Vec<Operand>),
    /// None of them, and not null; always for an empty list.
    NotIn(Vec<Operand>),
    /// Null, or not null.
    IsNull(bool),
    /// `<`
    Less(Operand),
    /// `<=`
    LessOrEqual(Operand),
    /// `>`
    Greater(Operand),
    /// `>=`
    GreaterOrEqual(Operand),
    /// `LIKE` with `\` as escape; the operand is the finished pattern.
    Like {
        /// The pattern.
        pattern: Operand,
        /// Case is folded.
        insensitive: bool,
    },
    /// The inner test on a text, with case folded on both sides: equality, membership and order.
    Folded(Box<Self>),
    /// A list column holds it.
    Has(Operand),
    /// A list column holds one of them; never for none.
    HasAny(Vec<Operand>),
    /// A list column holds all of them; always for none (unless null).
    HasAll(Vec<Operand>),
    /// The JSON value at a path equals (`true`) or differs from a JSON operand.
    JsonEqual {
        /// Object keys and array indexes; empty: the whole value.
        path: Vec<String>,
        /// The operand, as JSON.
        operand: Operand,
        /// Equal, or different (and there).
        equal: bool,
    },
    /// There is nothing, or JSON null, at a path (`true`), or there is something.
    JsonIsNull {
        /// Object keys and array indexes; empty: the whole value.
        path: Vec<String>,
        /// Null, or not null.
        null: bool,
    },
}

impl<S: PartialEq, F: PartialEq> Predicate<S, F> {
    /// Conjunction, simplified.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::Constant(true) => {}
                Self::Constant(false) => return Self::Constant(false),
                Self::All(inner) => inner.into_iter().for_each(|part| push_new(&mut kept, part)),
                other => push_new(&mut kept, other),
            }
        }
        match kept.len() {
            0 => Self::Constant(true),
            1 => kept.swap_remove(0),
            _ => Self::All(kept),
        }
    }

    /// Disjunction, simplified.
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept: Vec<Self> = Vec::new();
        for part in parts {
            match part {
                Self::Constant(false) => {}
                Self::Constant(true) => return Self::Constant(true),
                Self::Any(inner) => inner.into_iter().for_each(|part| push_new(&mut kept, part)),
                other => push_new(&mut kept, other),
            }
        }
        match kept.len() {
            0 => Self::Constant(false),
            1 => kept.swap_remove(0),
            _ => Self::Any(kept),
        }
    }

    /// Complement, simplified.
    #[expect(clippy::should_implement_trait, reason = "reads as all, any, not")]
    pub fn not(part: Self) -> Self {
        match part {
            Self::Constant(value) => Self::Constant(!value),
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Whether every row that satisfies `self` is sure to satisfy `other`. May say no where the truth is yes.
    pub fn implies(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        match (self, other) {
            (Self::Constant(false), _) | (_, Self::Constant(true)) => true,
            (Self::Any(parts), _) => parts.iter().all(|part| part.implies(other)),
            (_, Self::All(parts)) => parts.iter().all(|part| self.implies(part)),
            (_, Self::Any(parts)) if parts.iter().any(|part| self.implies(part)) => true,
            (Self::All(parts), _) => parts.iter().any(|part| part.implies(other)),
            (
                Self::Leaf { field, test },
                Self::Leaf {
                    field: same,
                    test: other,
                },
            ) => field == same && test.implies(other),
            (
                Self::Exists { link, source, inner },
                Self::Exists {
                    link: same_link,
                    source: same_source,
                    inner: other,
                },
            ) => link == same_link && source == same_source && inner.implies(other),
            (Self::Not(inner), Self::Not(other)) => other.implies(inner),
            _ => false,
        }
    }
}

impl Test {
    /// Whether every value that passes `self` is sure to pass `other`.
    fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Equal(operand), Self::In(others)) => others.contains(operand),
            (Self::In(operands), Self::In(others)) => operands.iter().all(|operand| others.contains(operand)),
            // Null passes no test but these.
            (_, Self::IsNull(false)) => !matches!(self, Self::IsNull(true) | Self::NotIn(_) | Self::JsonIsNull { .. }),
            _ => self == other,
        }
    }
}

fn push_new<P: PartialEq>(kept: &mut Vec<P>, part: P) {
    if !kept.contains(&part) {
        kept.push(part);
    }
}

#[cfg(test)]
mod tests;

//! The typed expression: what every stage after the check works on.

use super::FormulaType;
use crate::catalog::FieldId;
use freehold_base::Value;

/// An expression and the type of what it gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// The type.
    pub value_type: FormulaType,
    /// The outermost part.
    pub node: Node,
}

/// A part of an expression. Where nothing else is said, null gives null.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A value of the expression's type, or null.
    Constant(Value),
    /// The value of a stored field.
    Field(FieldId),
    /// A stored text that counts as null when it has more than [`super::JOINED_CHARACTERS_MAX`] characters.
    ShortField(FieldId),
    /// Whether a stored field of any type is null. Never null.
    FieldIsNull(FieldId),
    /// Whether it is null. Never null.
    IsNull(Box<Expression>),
    /// Two values of one type, compared; false if one is null. Texts are compared by code points.
    Compare {
        /// How.
        comparison: Comparison,
        /// The left side.
        left: Box<Expression>,
        /// The right side.
        right: Box<Expression>,
    },
    /// All are true; null counts as false. Never null.
    All(Vec<Expression>),
    /// Some is true; null counts as false. Never null.
    Any(Vec<Expression>),
    /// It is not true; null counts as false. Never null.
    Not(Box<Expression>),
    /// One of two values.
    If {
        /// Null counts as false.
        condition: Box<Expression>,
        /// The value if it is true.
        then: Box<Expression>,
        /// The value if it is not.
        otherwise: Box<Expression>,
    },
    /// The first that is not null.
    Coalesce(Vec<Expression>),
    /// The least or the greatest of those that are not null; of equal ones the first.
    Extreme {
        /// Which end.
        extreme: Extreme,
        /// Two or more.
        of: Vec<Expression>,
    },
    /// Two numbers of one type, calculated with; see [`Arithmetic`].
    Arithmetic {
        /// How.
        operation: Arithmetic,
        /// The left side.
        left: Box<Expression>,
        /// The right side.
        right: Box<Expression>,
    },
    /// The number with the other sign. No zero has one.
    Negate(Box<Expression>),
    /// The number without its sign.
    Absolute(Box<Expression>),
    /// A decimal with exactly so many places, halves away from zero; null from 16 digits before the point.
    Round {
        /// The decimal.
        of: Box<Expression>,
        /// At most [`super::DECIMAL_PLACES`].
        places: u8,
    },
    /// The int nearest to a decimal, halves away from zero; null beyond 32 bits.
    Whole(Box<Expression>),
    /// The same value in the expression's type: int as decimal, float or text; decimal as float (the nearest) or text; float as
    /// decimal (by its first 15 digits, then as what is calculated); date as text.
    Convert(Box<Expression>),
    /// Texts one after another; null if one is null.
    Join(Vec<Expression>),
    /// Texts one after another; null counts as empty. Never null.
    Concat(Vec<Expression>),
    /// In lower case, by Unicode.
    Lower(Box<Expression>),
    /// In upper case, by Unicode.
    Upper(Box<Expression>),
    /// Without white space ([`WHITE_SPACE`]) at its ends.
    Trim(Box<Expression>),
    /// The number of characters.
    Length(Box<Expression>),
    /// The date of an instant, in UTC.
    DateOf(Box<Expression>),
    /// A part of a date.
    DatePart {
        /// Which.
        part: DatePart,
        /// The date.
        of: Box<Expression>,
    },
    /// Days from one date to another, negative if the other is earlier.
    DaysBetween {
        /// The date counted from.
        from: Box<Expression>,
        /// The date counted to.
        to: Box<Expression>,
    },
    /// The date so many days later; null outside the years 1 to 9999.
    AddDays {
        /// The date.
        date: Box<Expression>,
        /// The days, an int.
        days: Box<Expression>,
    },
}

/// What [`Node::Trim`] takes away.
pub const WHITE_SPACE: &str = " \t\n\r\u{a0}";

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// An end of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extreme {
    /// The least.
    Least,
    /// The greatest.
    Greatest,
}

/// An operation on two numbers of one type, which is the result's.
///
/// Ints: exact, null beyond 32 bits. Decimals: exact, then rounded to [`super::DECIMAL_PLACES`] places, halves away from zero; null
/// from [`super::DECIMAL_WHOLE_DIGITS`] digits before the point; without zeros at the end. Floats: as IEEE doubles, each side and the
/// result kept within [`super::FLOAT_BOUND`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`, of decimals and floats; null if the right side is zero.
    Divide,
    /// Division of ints, rounded towards zero; null if the right side is zero.
    DivideWhole,
    /// What [`Self::DivideWhole`] leaves over, with the sign of the left side.
    Remainder,
}

/// A part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatePart {
    /// 1 to 9999.
    Year,
    /// 1 to 12.
    Month,
    /// 1 to 31.
    Day,
}

impl Expression {
    /// Null of that type.
    pub fn null(value_type: FormulaType) -> Self {
        Self {
            value_type,
            node: Node::Constant(Value::Null),
        }
    }

    /// The stored fields that it is calculated from, each once, by ascending id.
    pub fn fields(&self) -> Vec<FieldId> {
        let mut found = Vec::new();
        self.visit(1, &mut |node, _| match node {
            Node::Field(field) | Node::ShortField(field) | Node::FieldIsNull(field) => found.push(*field),
            _ => {}
        });
        found.sort_unstable();
        found.dedup();
        found
    }

    /// How many parts it has, and how deep they are nested.
    pub(crate) fn size(&self) -> (usize, usize) {
        let (mut nodes, mut deepest) = (0, 0);
        self.visit(1, &mut |_, depth| {
            nodes += 1;
            deepest = deepest.max(depth);
        });
        (nodes, deepest)
    }

    fn visit(&self, depth: usize, see: &mut impl FnMut(&Node, usize)) {
        see(&self.node, depth);
        for part in self.node.parts() {
            part.visit(depth + 1, see);
        }
    }
}

impl Node {
    /// The expressions it is made of, in order.
    pub fn parts(&self) -> Vec<&Expression> {
        match self {
            Self::Constant(_) | Self::Field(_) | Self::ShortField(_) | Self::FieldIsNull(_) => Vec::new(),
            Self::IsNull(of)
            | Self::Not(of)
            | Self::Negate(of)
            | Self::Absolute(of)
            | Self::Round { of, .. }
            | Self::Whole(of)
            | Self::Convert(of)
            | Self::Lower(of)
            | Self::Upper(of)
            | Self::Trim(of)
            | Self::Length(of)
            | Self::DateOf(of)
            | Self::DatePart { of, .. } => vec![of],
            Self::Compare { left, right, .. } | Self::Arithmetic { left, right, .. } => vec![left, right],
            Self::DaysBetween { from, to } => vec![from, to],
            Self::AddDays { date, days } => vec![date, days],
            Self::If {
                condition,
                then,
                otherwise,
            } => vec![condition, then, otherwise],
            Self::All(of)
            | Self::Any(of)
            | Self::Coalesce(of)
            | Self::Extreme { of, .. }
            | Self::Join(of)
            | Self::Concat(of) => of.iter().collect(),
        }
    }
}

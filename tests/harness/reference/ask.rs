//! Queries that the reference can answer.

use super::value::Val;

/// A list of rows.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Of which entity.
    pub entity: String,
    /// Which of them.
    pub filter: Option<Filter>,
    /// In which order.
    pub order: Vec<Order>,
    /// How many at most; `None`: as many as the server gives.
    pub first: Option<usize>,
    /// The last ones instead.
    pub last: Option<usize>,
    /// How many are left out before.
    pub offset: Option<usize>,
    /// A cursor, as the server gave it, and how many rows stand before it, its own among them.
    pub after: Option<(String, usize)>,
    /// What of every row.
    pub nodes: Vec<Select>,
    /// `totalCount`
    pub total: bool,
    /// `pageInfo`, for a walk through the pages.
    pub page_info: bool,
    /// `aggregate`
    pub aggregates: Option<Aggregates>,
    /// `groups`
    pub groups: Option<Groups>,
}

/// Figures over rows.
#[derive(Clone, Debug, Default)]
pub struct Aggregates {
    /// Function (`sum`, `avg`, `min`, `max`) and field.
    pub functions: Vec<(&'static str, String)>,
}

/// Rows grouped.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    /// By these fields; of references, the id of the target.
    pub by: Vec<String>,
    /// Figures of each group.
    pub aggregates: Aggregates,
}

/// A sort key.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// References walked, then a field.
    pub path: Vec<String>,
    /// Greatest first.
    pub descending: bool,
}

/// What of a row is asked for.
#[derive(Clone, Debug)]
pub enum Select {
    /// A field without fields.
    Field(String),
    /// `__typename _access { … }`
    Access,
    /// A referenced row.
    One(String, Vec<Self>),
    /// A list field.
    Many(String, Box<List>),
}

/// A condition on rows.
#[derive(Clone, Debug)]
pub enum Filter {
    /// All hold.
    All(Vec<Self>),
    /// One holds.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// A field passes a test.
    Leaf(String, Op),
    /// A referenced row satisfies it.
    One(String, Box<Self>),
    /// There is no such referenced row, or there is.
    IsNull(String, bool),
    /// Rows of a list field.
    Many(String, Quantifier),
}

/// How many rows of a list.
#[derive(Clone, Debug)]
pub enum Quantifier {
    /// At least one.
    Some(Box<Filter>),
    /// Each.
    Every(Box<Filter>),
    /// Not one.
    None(Box<Filter>),
    /// So many.
    Count(Op),
}

/// A test on a value.
#[derive(Clone, Debug)]
pub enum Op {
    /// `eq`
    Eq(Val),
    /// `ne`
    Ne(Val),
    /// `in`
    In(Vec<Val>),
    /// `notIn`
    NotIn(Vec<Val>),
    /// `isNull`
    IsNull(bool),
    /// `lt`
    Lt(Val),
    /// `lte`
    Lte(Val),
    /// `gt`
    Gt(Val),
    /// `gte`
    Gte(Val),
    /// `contains`, `startsWith`, `endsWith` or `like`; whether case counts not.
    Text(&'static str, String, bool),
    /// `has`
    Has(String),
    /// `hasAny`
    HasAny(Vec<String>),
    /// `hasAll`
    HasAll(Vec<String>),
}

impl Op {
    /// Whether a value passes. Nothing passes no test but `isNull: true` and `notIn: []`.
    pub fn passes(&self, value: &Val) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let compare = |other: &Val| value.compare(other);
        let texts = || {
            if let Val::Texts(texts) = value {
                Some(texts)
            } else {
                None
            }
        };
        match self {
            Self::IsNull(wanted) => value.is_null() == *wanted,
            Self::NotIn(others) if others.is_empty() => true,
            _ if value.is_null() => false,
            Self::Eq(Val::Texts(other)) => texts() == Some(other),
            Self::Ne(Val::Texts(other)) => texts() != Some(other),
            Self::Eq(other) => compare(other) == Some(Equal),
            Self::Ne(other) => !other.is_null() && compare(other) != Some(Equal),
            Self::In(others) => others.iter().any(|other| value.equals(other)),
            Self::NotIn(others) => others.iter().all(|other| !other.is_null() && !value.equals(other)),
            Self::Lt(other) => compare(other) == Some(Less),
            Self::Lte(other) => matches!(compare(other), Some(Less | Equal)),
            Self::Gt(other) => compare(other) == Some(Greater),
            Self::Gte(other) => matches!(compare(other), Some(Greater | Equal)),
            Self::Text(operator, operand, insensitive) => {
                let Val::Text(text) = value else { return false };
                let fold = |text: &str| {
                    if *insensitive {
                        text.to_lowercase()
                    } else {
                        text.to_owned()
                    }
                };
                let (text, operand) = (fold(text), fold(operand));
                match *operator {
                    "contains" => text.contains(&operand),
                    "startsWith" => text.starts_with(&operand),
                    "endsWith" => text.ends_with(&operand),
                    _ => is_like(&text.chars().collect::<Vec<_>>(), &operand.chars().collect::<Vec<_>>()),
                }
            }
            Self::Has(one) => texts().is_some_and(|texts| texts.contains(one)),
            Self::HasAny(some) => texts().is_some_and(|texts| some.iter().any(|one| texts.contains(one))),
            Self::HasAll(all) => texts().is_some_and(|texts| all.iter().all(|one| texts.contains(one))),
        }
    }
}

/// SQL's `LIKE` with `\` before a character that stands for itself.
fn is_like(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|from| is_like(&text[from..], rest)),
        ['_', rest @ ..] => !text.is_empty() && is_like(&text[1..], rest),
        ['\\', wanted, rest @ ..] | [wanted, rest @ ..] => text.first() == Some(wanted) && is_like(&text[1..], rest),
    }
}

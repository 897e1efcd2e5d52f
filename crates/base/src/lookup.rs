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

/// A lookup whose row is known beforehand: what is done along with it holds if the row still is what it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// Finds the row.
    pub lookup: Lookup,
    /// What each column has to be.
    pub row: Vec<Wanted>,
}

/// What a column of an expected row has to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// That value.
    Same(Value),
    /// A number above that one.
    Above(i64),
}

impl Expected {
    /// The columns that may be above something, by their places.
    pub fn above(&self) -> impl Iterator<Item = usize> {
        let columns = self.row.iter().enumerate();
        columns.filter_map(|(index, wanted)| matches!(wanted, Wanted::Above(_)).then_some(index))
    }

    /// Whether a row is as it has to be.
    pub fn holds(&self, row: Option<&[Value]>) -> bool {
        let fits = |(wanted, value): (&Wanted, &Value)| match (wanted, value) {
            (Wanted::Same(wanted), value) => wanted == value,
            (Wanted::Above(least), Value::Int(value)) => value > least,
            (Wanted::Above(_), _) => false,
        };
        row.is_some_and(|row| row.len() == self.row.len() && self.row.iter().zip(row).all(fits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_expected_whole() {
        let expected = Expected {
            lookup: Lookup {
                sql: String::new(),
                values: Vec::new(),
                columns: vec![ValueType::Text, ValueType::BigInt],
            },
            row: vec![Wanted::Same(Value::Text("a".to_owned())), Wanted::Above(5)],
        };
        let row = |text: &str, number| vec![Value::Text(text.to_owned()), Value::Int(number)];
        let check = |row: &[Value], holds| assert_eq!(expected.holds(Some(row)), holds, "{row:?}");
        check(&row("a", 6), true);
        check(&row("a", 5), false);
        check(&row("b", 6), false);
        check(&row("a", 6)[..1], false);
        check(&[Value::Text("a".to_owned()), Value::Null], false);
        assert!(!expected.holds(None));
    }
}

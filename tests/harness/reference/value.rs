//! Values of fields.

use super::world::RowId;
use std::cmp::Ordering;

/// A value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    /// Nothing.
    Null,
    /// Text, a member of a `select`, a date, a time or an instant, as the model writes it.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A double.
    Float(f64),
    /// An exact number.
    Decimal(Decimal),
    /// True or false.
    Bool(bool),
    /// A row.
    Row(RowId),
    /// Members of a `multiselect`.
    Texts(Vec<String>),
}

/// An exact number: `units` / 10^`scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// Its digits.
    pub units: i128,
    /// How many of them stand behind the point.
    pub scale: u32,
}

impl Decimal {
    /// Reads `-12.50`.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let units = format!("{whole}{fraction}").parse().ok()?;
        Some(Self {
            units,
            scale: fraction.len() as u32,
        })
    }

    fn to_scale(self, scale: u32) -> i128 {
        self.units * 10_i128.pow(scale - self.scale)
    }

    /// The sum, with the longer fraction.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let scale = self.scale.max(other.scale);
        Self {
            units: self.to_scale(scale) + other.to_scale(scale),
            scale,
        }
    }

    /// Nearly the same.
    pub fn as_f64(self) -> f64 {
        self.units as f64 / 10_f64.powi(self.scale as i32)
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.scale == 0 {
            return write!(f, "{}", self.units);
        }
        let digits = format!(
            "{:0>width$}",
            self.units.unsigned_abs(),
            width = self.scale as usize + 1
        );
        let (whole, fraction) = digits.split_at(digits.len() - self.scale as usize);
        let sign = if self.units < 0 { "-" } else { "" };
        write!(f, "{sign}{whole}.{fraction}")
    }
}

impl Val {
    /// Whether it is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Compares two values of one kind; text bytewise. `None` when either is nothing, or they cannot be compared.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => Some(one.as_bytes().cmp(other.as_bytes())),
            (Self::Int(one), Self::Int(other)) => Some(one.cmp(other)),
            (Self::Float(one), Self::Float(other)) => one.partial_cmp(other),
            (Self::Int(one), Self::Float(other)) => (*one as f64).partial_cmp(other),
            (Self::Float(one), Self::Int(other)) => one.partial_cmp(&(*other as f64)),
            (Self::Decimal(one), Self::Decimal(other)) => {
                let scale = one.scale.max(other.scale);
                Some(one.to_scale(scale).cmp(&other.to_scale(scale)))
            }
            (Self::Bool(one), Self::Bool(other)) => Some(one.cmp(other)),
            (Self::Row(one), Self::Row(other)) => (one == other).then_some(Ordering::Equal),
            _ => None,
        }
    }

    /// Whether both are there and equal.
    pub fn equals(&self, other: &Self) -> bool {
        self.compare(other) == Some(Ordering::Equal)
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn decimals_keep_their_scale() {
        let check = |one: &str, other: &str, sum: &str| {
            let parse = |text| Decimal::parse(text).expect("a decimal");
            assert_eq!(parse(one).plus(parse(other)).to_string(), sum);
        };
        check("1.50", "0.5", "2.00");
        check("-1.50", "0.5", "-1.00");
        check("-0.05", "0", "-0.05");
        check("12", "30", "42");
    }
}

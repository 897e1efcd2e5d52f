//! Decimals that formulas calculate with, to the same digits as PostgreSQL: each result is exact before it is rounded.

use freehold_schema::formula::{DECIMAL_PLACES, DECIMAL_WHOLE_DIGITS};
use num_bigint::{BigInt, Sign};
use rusqlite::types::ValueRef;
use rust_decimal::Decimal;
use std::cmp::Ordering;

/// A decimal of any length: `digits / 10^scale`.
#[derive(Clone, Debug)]
pub(super) struct Number {
    digits: BigInt,
    scale: u32,
}

impl Number {
    /// The decimal in a cell; `None` of null, and of what is none.
    pub(super) fn read(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Integer(number) => Some(Self {
                digits: number.into(),
                scale: 0,
            }),
            ValueRef::Text(text) => {
                let decimal: Decimal = std::str::from_utf8(text).ok()?.parse().ok()?;
                Some(Self {
                    digits: decimal.mantissa().into(),
                    scale: decimal.scale(),
                })
            }
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => None,
        }
    }

    /// The first 15 digits of a double, which is how PostgreSQL makes a decimal of one.
    pub(super) fn of_float(number: f64) -> Option<Self> {
        let written = format!("{number:.14e}");
        let (mantissa, exponent) = written.split_once('e')?;
        let digits: BigInt = mantissa.replace('.', "").parse().ok()?;
        let exponent = exponent.parse::<i32>().ok()? - 14;
        let power = exponent.unsigned_abs();
        Some(if exponent < 0 {
            Self { digits, scale: power }
        } else {
            Self {
                digits: digits * ten(power),
                scale: 0,
            }
        })
    }

    pub(super) fn add(&self, other: &Self) -> Self {
        let scale = self.scale.max(other.scale);
        Self {
            digits: self.at(scale) + other.at(scale),
            scale,
        }
    }

    pub(super) fn subtract(&self, other: &Self) -> Self {
        self.add(&other.negate())
    }

    pub(super) fn multiply(&self, other: &Self) -> Self {
        Self {
            digits: &self.digits * &other.digits,
            scale: self.scale + other.scale,
        }
    }

    /// The quotient, cut off one place behind those that are kept: enough to round by. `None` of a division by zero.
    pub(super) fn divide(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        let scale = DECIMAL_PLACES + 1;
        Some(Self {
            digits: &self.digits * ten(scale + other.scale) / (&other.digits * ten(self.scale)),
            scale,
        })
    }

    pub(super) fn negate(&self) -> Self {
        Self {
            digits: -&self.digits,
            scale: self.scale,
        }
    }

    pub(super) fn absolute(&self) -> Self {
        Self {
            digits: self.digits.magnitude().clone().into(),
            scale: self.scale,
        }
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        self.at(scale).cmp(&other.at(scale))
    }

    /// With so many places, halves away from zero.
    pub(super) fn round(&self, places: u32) -> Self {
        if self.scale <= places {
            return Self {
                digits: self.at(places),
                scale: places,
            };
        }
        let unit = ten(self.scale - places);
        let half: BigInt = &unit / 2;
        // Division cuts towards zero, so half a unit further out is the nearest.
        let outward = if self.digits.sign() == Sign::Minus { -half } else { half };
        Self {
            digits: (&self.digits + outward) / unit,
            scale: places,
        }
    }

    /// As what is calculated is: rounded, bounded, without zeros at the end.
    pub(super) fn calculated(&self) -> Option<Self> {
        let mut rounded = self.round(DECIMAL_PLACES).bounded()?;
        let ten = BigInt::from(10);
        while rounded.scale > 0 && (&rounded.digits % &ten).sign() == Sign::NoSign {
            rounded.digits /= &ten;
            rounded.scale -= 1;
        }
        Some(rounded)
    }

    /// Itself, if it has no more digits before the point than a calculated decimal may.
    pub(super) fn bounded(self) -> Option<Self> {
        let bound = ten(DECIMAL_WHOLE_DIGITS + self.scale);
        (*self.digits.magnitude() < *bound.magnitude()).then_some(self)
    }

    /// The nearest int of 32 bits.
    pub(super) fn whole(&self) -> Option<i32> {
        self.round(0).digits.try_into().ok()
    }

    /// The nearest double.
    pub(super) fn float(&self) -> Option<f64> {
        self.text()?.parse().ok()
    }

    /// As it is stored.
    pub(super) fn text(&self) -> Option<String> {
        let digits = i128::try_from(self.digits.clone()).ok()?;
        Some(Decimal::try_from_i128_with_scale(digits, self.scale).ok()?.to_string())
    }

    fn is_zero(&self) -> bool {
        self.digits.sign() == Sign::NoSign
    }

    /// The digits at a scale that is no less than its own.
    fn at(&self, scale: u32) -> BigInt {
        &self.digits * ten(scale - self.scale)
    }
}

fn ten(power: u32) -> BigInt {
    BigInt::from(10).pow(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::read(ValueRef::Text(text.as_bytes())).unwrap()
    }

    fn check(found: Option<Number>, expected: &str) {
        let text = found.and_then(|found| found.calculated()?.text());
        assert_eq!(text.unwrap_or_default(), expected);
    }

    #[test]
    fn results_are_exact_and_then_rounded() {
        check(Some(number("1.50").add(&number("2.50"))), "4");
        check(Some(number("0.1").subtract(&number("0.3"))), "-0.2");
        check(Some(number("1.5").multiply(&number("-1.5"))), "-2.25");
        check(
            Some(number("0.000001").multiply(&number("0.0000005"))),
            "0.000000000001",
        );
        check(Some(number("0.000001").multiply(&number("-0.0000004999"))), "0");
        check(number("2").divide(&number("3")), "0.666666666667");
        check(number("-2").divide(&number("3")), "-0.666666666667");
        check(number("1").divide(&number("0.00")), "");
        check(
            number("0.4999999999999999999999999999").divide(&number("1000000000000")),
            "0",
        );
        check(Some(number("9999999999999999").add(&number("0.9999999999995"))), "");
        check(
            Some(number("9999999999999999").add(&number("0.9999999999994"))),
            "9999999999999999.999999999999",
        );
        check(
            Some(number("79228162514264337593543950335").multiply(&number("0.0000000000001"))),
            "7922816251426433.759354395034",
        );
    }

    #[test]
    fn floats_have_fifteen_digits() {
        for (float, expected) in [
            (0.1, "0.1"),
            (0.1 + 0.2, "0.3"),
            (100_000_000_000_000.5, "100000000000000"),
            (100_000_000_000_001.5, "100000000000002"),
            (-1e-13, "0"),
            (5e-13, "0.000000000001"),
            (1e16, ""),
            (1e300, ""),
            (1e-300, "0"),
            (-0.0, "0"),
        ] {
            check(Number::of_float(float), expected);
        }
    }

    #[test]
    fn places_are_kept_when_they_are_asked_for() {
        for (text, places, expected) in [
            ("2.5", 0, "3"),
            ("-2.5", 0, "-3"),
            ("-0.4", 0, "0"),
            ("1", 2, "1.00"),
            ("1.005", 2, "1.01"),
        ] {
            assert_eq!(number(text).round(places).text().unwrap(), expected, "{text}");
        }
        assert_eq!(number("2147483647.4").whole(), Some(i32::MAX));
        assert_eq!(number("2147483647.5").whole(), None);
    }
}

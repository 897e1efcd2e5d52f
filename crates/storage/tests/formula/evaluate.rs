//! A plain evaluator of formulas, over one row. It follows what `schema::formula` says of each node and shares no code with
//! either database's rendering: decimals are fractions here.

use freehold_base::Value;
use freehold_schema::catalog::FieldId;
use freehold_schema::formula::{
    Arithmetic, Comparison, DatePart, Expression, Extreme, FLOAT_BOUND, FormulaType, JOINED_CHARACTERS_MAX, Node,
    WHITE_SPACE,
};
use num_bigint::BigInt;
use rust_decimal::Decimal;
use std::cmp::Ordering;
use std::collections::HashMap;

pub(crate) type Row = HashMap<FieldId, Value>;

/// The value of a formula.
pub(crate) fn evaluate(expression: &Expression, row: &Row) -> Value {
    value(expression, row).unwrap_or(Value::Null)
}

/// `None` is null.
fn value(expression: &Expression, row: &Row) -> Option<Value> {
    let stored = |field: &FieldId| row.get(field).filter(|value| !value.is_null()).cloned();
    let truth = |of: &Expression| value(of, row) == Some(Value::Boolean(true));
    match &expression.node {
        Node::Constant(constant) => Some(constant.clone()).filter(|value| !value.is_null()),
        Node::Field(field) => stored(field),
        Node::ShortField(field) => stored(field).filter(|value| text(value).chars().count() <= JOINED_CHARACTERS_MAX),
        Node::FieldIsNull(field) => Some(Value::Boolean(stored(field).is_none())),
        Node::IsNull(of) => Some(Value::Boolean(value(of, row).is_none())),
        Node::Compare {
            comparison,
            left,
            right,
        } => {
            let order = value(left, row)
                .zip(value(right, row))
                .map(|(left, right)| order(&left, &right));
            Some(Value::Boolean(order.is_some_and(|order| match comparison {
                Comparison::Equal => order == Ordering::Equal,
                Comparison::NotEqual => order != Ordering::Equal,
                Comparison::Less => order == Ordering::Less,
                Comparison::LessOrEqual => order != Ordering::Greater,
                Comparison::Greater => order == Ordering::Greater,
                Comparison::GreaterOrEqual => order != Ordering::Less,
            })))
        }
        Node::All(parts) => Some(Value::Boolean(parts.iter().all(truth))),
        Node::Any(parts) => Some(Value::Boolean(parts.iter().any(truth))),
        Node::Not(of) => Some(Value::Boolean(!truth(of))),
        Node::If {
            condition,
            then,
            otherwise,
        } => value(if truth(condition) { then } else { otherwise }, row),
        Node::Coalesce(parts) => parts.iter().find_map(|part| value(part, row)),
        Node::Extreme { extreme, of } => of.iter().filter_map(|part| value(part, row)).reduce(|best, next| {
            let wanted = match extreme {
                Extreme::Least => Ordering::Less,
                Extreme::Greatest => Ordering::Greater,
            };
            if order(&next, &best) == wanted { next } else { best }
        }),
        Node::Arithmetic { operation, left, right } => calculate(*operation, &value(left, row)?, &value(right, row)?),
        Node::Negate(of) => match value(of, row)? {
            Value::Int(number) => int(-number),
            Value::Float(number) => float(0.0 - kept(number)?),
            Value::Decimal(number) if number.is_zero() => Some(Value::Decimal(number)),
            Value::Decimal(number) => Some(Value::Decimal(-number)),
            other => panic!("{other:?}"),
        },
        Node::Absolute(of) => match value(of, row)? {
            Value::Int(number) => int(number.abs()),
            Value::Float(number) => float(kept(number)?.abs()),
            Value::Decimal(number) => Some(Value::Decimal(number.abs())),
            other => panic!("{other:?}"),
        },
        Node::Round { of, places } => {
            let number = decimal(&value(of, row)?);
            let digits = Fraction::of(number).rounded(u32::from(*places));
            small(&digits, u32::from(*places)).map(Value::Decimal)
        }
        Node::Whole(of) => {
            let digits = Fraction::of(decimal(&value(of, row)?)).rounded(0);
            i64::try_from(digits).ok().and_then(int)
        }
        Node::Convert(of) => convert(value(of, row)?, expression.value_type),
        Node::Join(parts) => {
            let texts: Option<String> = parts
                .iter()
                .map(|part| value(part, row).map(|part| text(&part).to_owned()))
                .collect();
            texts.map(Value::Text)
        }
        Node::Concat(parts) => {
            let texts = parts.iter().filter_map(|part| value(part, row));
            Some(Value::Text(texts.map(|part| text(&part).to_owned()).collect()))
        }
        Node::Lower(of) => value(of, row).map(|of| Value::Text(text(&of).to_lowercase())),
        Node::Upper(of) => value(of, row).map(|of| Value::Text(text(&of).to_uppercase())),
        Node::Trim(of) => {
            value(of, row).map(|of| Value::Text(text(&of).trim_matches(|it| WHITE_SPACE.contains(it)).to_owned()))
        }
        Node::Length(of) => value(of, row).map(|of| Value::Int(text(&of).chars().count() as i64)),
        Node::DateOf(of) => match value(of, row)? {
            Value::DateTime(micros) => Some(Value::Date(micros.div_euclid(86_400_000_000) as i32)),
            other => panic!("{other:?}"),
        },
        Node::DatePart { part, of } => {
            let mut written = Vec::new();
            freehold_base::write_date(&mut written, days(&value(of, row)?));
            let written = String::from_utf8(written).expect("a date");
            let mut parts = written.split('-').map(|part| part.parse::<i64>().expect("a number"));
            let index = match part {
                DatePart::Year => 0,
                DatePart::Month => 1,
                DatePart::Day => 2,
            };
            parts.nth(index).map(Value::Int)
        }
        Node::DaysBetween { from, to } => Some(Value::Int(days(&value(to, row)?) - days(&value(from, row)?))),
        Node::AddDays { date, days: added } => {
            let Value::Int(added) = value(added, row)? else {
                panic!("days are an int")
            };
            let (first, last) = (
                freehold_base::parse_date("0001-01-01")?,
                freehold_base::parse_date("9999-12-31")?,
            );
            let later = days(&value(date, row)?) + added;
            (i64::from(first)..=i64::from(last))
                .contains(&later)
                .then_some(Value::Date(later as i32))
        }
    }
}

fn calculate(operation: Arithmetic, left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => match operation {
            Arithmetic::Add => int(left + right),
            Arithmetic::Subtract => int(left - right),
            Arithmetic::Multiply => int(left * right),
            Arithmetic::DivideWhole => left.checked_div(*right).and_then(int),
            Arithmetic::Remainder => left.checked_rem(*right).and_then(int),
            Arithmetic::Divide => panic!("ints are divided as decimals"),
        },
        (Value::Float(left), Value::Float(right)) => {
            let (left, right) = (kept(*left)?, kept(*right)?);
            float(match operation {
                Arithmetic::Add => left + right,
                Arithmetic::Subtract => left - right,
                Arithmetic::Multiply => left * right,
                Arithmetic::Divide if right == 0.0 => return None,
                Arithmetic::Divide => left / right,
                Arithmetic::DivideWhole | Arithmetic::Remainder => panic!("of ints alone"),
            })
        }
        (Value::Decimal(left), Value::Decimal(right)) => {
            let (left, right) = (Fraction::of(*left), Fraction::of(*right));
            let result = match operation {
                Arithmetic::Add => left.plus(&right),
                Arithmetic::Subtract => left.plus(&Fraction {
                    top: -right.top,
                    bottom: right.bottom,
                }),
                Arithmetic::Multiply => left.times(&right),
                Arithmetic::Divide => left.times(&right.inverse()?),
                Arithmetic::DivideWhole | Arithmetic::Remainder => panic!("of ints alone"),
            };
            calculated(&result)
        }
        other => panic!("{other:?}"),
    }
}

fn convert(from: Value, to: FormulaType) -> Option<Value> {
    Some(match (from, to) {
        (Value::Int(number), FormulaType::Decimal) => Value::Decimal(number.into()),
        (Value::Int(number), FormulaType::Float) => Value::Float(number as f64),
        (Value::Int(number), FormulaType::Text) => Value::Text(number.to_string()),
        (Value::Decimal(number), FormulaType::Float) => Value::Float(number.to_string().parse().expect("a number")),
        (Value::Decimal(number), FormulaType::Text) => Value::Text(number.to_string()),
        (Value::Float(number), FormulaType::Decimal) => {
            // Fifteen digits: the exact value of the double is a fraction of two powers.
            let exact = Fraction::of_float(number);
            return calculated(&exact.to_digits(15));
        }
        (Value::Date(days), FormulaType::Text) => {
            let mut written = Vec::new();
            freehold_base::write_date(&mut written, i64::from(days));
            Value::Text(String::from_utf8(written).expect("a date"))
        }
        other => panic!("{other:?}"),
    })
}

fn int(number: i64) -> Option<Value> {
    i32::try_from(number).ok().map(|number| Value::Int(number.into()))
}

fn float(number: f64) -> Option<Value> {
    kept(number).map(Value::Float)
}

fn kept(number: f64) -> Option<f64> {
    if number.abs() < 1.0 / FLOAT_BOUND {
        return Some(0.0);
    }
    (number.abs() < FLOAT_BOUND).then_some(number)
}

/// A fraction as what is calculated is.
fn calculated(fraction: &Fraction) -> Option<Value> {
    let decimal = small(&fraction.rounded(12), 12)?;
    Some(Value::Decimal(decimal.normalize()))
}

fn small(digits: &BigInt, scale: u32) -> Option<Decimal> {
    let digits = i128::try_from(digits.clone()).ok()?;
    (digits.abs() < 10_i128.pow(16 + scale)).then(|| Decimal::from_i128_with_scale(digits, scale))
}

/// A number, exactly. The bottom is positive.
struct Fraction {
    top: BigInt,
    bottom: BigInt,
}

impl Fraction {
    fn of(decimal: Decimal) -> Self {
        Self {
            top: decimal.mantissa().into(),
            bottom: BigInt::from(10).pow(decimal.scale()),
        }
    }

    fn of_float(number: f64) -> Self {
        let bits = number.to_bits();
        let exponent = ((bits >> 52) & 0x7ff) as i32;
        let fraction = bits & ((1 << 52) - 1);
        let (mantissa, exponent) = if exponent == 0 {
            (fraction, -1074)
        } else {
            (fraction | 1 << 52, exponent - 1075)
        };
        let (mut top, mut bottom) = (BigInt::from(mantissa), BigInt::from(1));
        if exponent < 0 {
            bottom <<= exponent.unsigned_abs();
        } else {
            top <<= exponent.unsigned_abs();
        }
        Self {
            top: if number < 0.0 { -top } else { top },
            bottom,
        }
    }

    /// The nearest with so many digits; of two the even one.
    fn to_digits(&self, count: u32) -> Self {
        let zero = BigInt::from(0);
        if self.top == zero {
            return Self {
                top: zero,
                bottom: BigInt::from(1),
            };
        }
        let size = BigInt::from(self.top.magnitude().clone());
        let limit = BigInt::from(10).pow(count);
        // Moves the point until there are so many digits in front of it.
        let (mut top, mut bottom, mut moved) = (size, self.bottom.clone(), 0_i32);
        while &top / &bottom >= limit {
            bottom *= 10;
            moved += 1;
        }
        while &top * 10 / &bottom < limit {
            top *= 10;
            moved -= 1;
        }
        let (mut digits, rest): (BigInt, BigInt) = (&top / &bottom, &top % &bottom);
        let twice: BigInt = rest * 2;
        if twice > bottom || (twice == bottom && &digits % 2 == BigInt::from(1)) {
            digits += 1;
        }
        let sign = if self.top < zero { -1 } else { 1 };
        let power = BigInt::from(10).pow(moved.unsigned_abs());
        if moved < 0 {
            Self {
                top: digits * sign,
                bottom: power,
            }
        } else {
            Self {
                top: digits * sign * power,
                bottom: BigInt::from(1),
            }
        }
    }

    fn plus(&self, other: &Self) -> Self {
        Self {
            top: &self.top * &other.bottom + &other.top * &self.bottom,
            bottom: &self.bottom * &other.bottom,
        }
    }

    fn times(&self, other: &Self) -> Self {
        Self {
            top: &self.top * &other.top,
            bottom: &self.bottom * &other.bottom,
        }
    }

    fn inverse(self) -> Option<Self> {
        let zero = BigInt::from(0);
        match self.top.cmp(&zero) {
            Ordering::Equal => None,
            Ordering::Greater => Some(Self {
                top: self.bottom,
                bottom: self.top,
            }),
            Ordering::Less => Some(Self {
                top: -self.bottom,
                bottom: -self.top,
            }),
        }
    }

    /// The digits of the nearest decimal with so many places, halves away from zero.
    fn rounded(&self, places: u32) -> BigInt {
        let size = BigInt::from(self.top.magnitude().clone()) * BigInt::from(10).pow(places);
        let nearest: BigInt = (size * 2 + &self.bottom) / (&self.bottom * 2);
        if self.top < BigInt::from(0) { -nearest } else { nearest }
    }
}

fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Boolean(left), Value::Boolean(right)) => left.cmp(right),
        (Value::Int(left), Value::Int(right)) | (Value::DateTime(left), Value::DateTime(right)) => left.cmp(right),
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right).expect("numbers"),
        (Value::Decimal(left), Value::Decimal(right)) => left.cmp(right),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        other => panic!("{other:?}"),
    }
}

fn text(value: &Value) -> &str {
    match value {
        Value::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

fn decimal(value: &Value) -> Decimal {
    match value {
        Value::Decimal(decimal) => *decimal,
        other => panic!("{other:?}"),
    }
}

fn days(value: &Value) -> i64 {
    match value {
        Value::Date(days) => i64::from(*days),
        other => panic!("{other:?}"),
    }
}

//! Functions that formulas are rendered into. None of them fails: what has no answer is null.

use super::decimal::Number;
use freehold_base::{parse_date, write_date};
use freehold_schema::formula::FLOAT_BOUND;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};
use std::cmp::Ordering;

/// 0001-01-01 and 9999-12-31, in days since 1970.
const DAYS: std::ops::RangeInclusive<i64> = -719_162..=2_932_896;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// An operation on two decimals; `None` where there is no answer.
type Operation = fn(&Number, &Number) -> Option<Number>;

/// A decimal made of another.
type Change = fn(&Number) -> Number;

/// Registers the functions on a connection.
pub(super) fn register(connection: &Connection, flags: FunctionFlags) -> Result<()> {
    numbers(connection, flags)?;
    decimals(connection, flags)?;
    dates(connection, flags)?;
    // fh_least(…), fh_greatest(…): of values of one type; null is passed over.
    for (name, wanted) in [("fh_least", Ordering::Less), ("fh_greatest", Ordering::Greater)] {
        connection.create_scalar_function(name, -1, flags, move |context| {
            let mut best = ValueRef::Null;
            for index in 0..context.len() {
                let value = context.get_raw(index);
                if matches!(best, ValueRef::Null) || order(value, best) == Some(wanted) {
                    best = value;
                }
            }
            Ok(match best {
                ValueRef::Integer(number) => Value::Integer(number),
                ValueRef::Real(number) => Value::Real(number),
                ValueRef::Text(text) => Value::Text(std::str::from_utf8(text)?.to_owned()),
                ValueRef::Null | ValueRef::Blob(_) => Value::Null,
            })
        })?;
    }
    connection.create_scalar_function("fh_upper", 1, flags, |context| match context.get_raw(0) {
        ValueRef::Text(text) => Ok(Some(std::str::from_utf8(text)?.to_uppercase())),
        _ => Ok(None),
    })
}

/// `None` for null, and for values of different types.
fn order(left: ValueRef<'_>, right: ValueRef<'_>) -> Option<Ordering> {
    match (left, right) {
        (ValueRef::Integer(left), ValueRef::Integer(right)) => Some(left.cmp(&right)),
        (ValueRef::Real(left), ValueRef::Real(right)) => left.partial_cmp(&right),
        (ValueRef::Text(left), ValueRef::Text(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn numbers(connection: &Connection, flags: FunctionFlags) -> Result<()> {
    // fh_int(number): null beyond 32 bits.
    connection.create_scalar_function("fh_int", 1, flags, |context| {
        Ok(match context.get_raw(0) {
            ValueRef::Integer(number) => i32::try_from(number).ok(),
            _ => None,
        })
    })?;
    // fh_float(number): null beyond the bound, zero below its reciprocal.
    connection.create_scalar_function("fh_float", 1, flags, |context| {
        let number = match context.get_raw(0) {
            ValueRef::Real(number) => number,
            ValueRef::Integer(number) => number as f64,
            _ => return Ok(None),
        };
        Ok(if number.abs() < FLOAT_BOUND.recip() {
            Some(0.0)
        } else {
            // Nothing that is not a number is less than anything.
            Some(number).filter(|number| number.abs() < FLOAT_BOUND)
        })
    })
}

fn decimals(connection: &Connection, flags: FunctionFlags) -> Result<()> {
    let operations: [(&str, Operation); 4] = [
        ("fh_decimal_add", |left, right| Some(left.add(right))),
        ("fh_decimal_subtract", |left, right| Some(left.subtract(right))),
        ("fh_decimal_multiply", |left, right| Some(left.multiply(right))),
        ("fh_decimal_divide", Number::divide),
    ];
    for (name, operation) in operations {
        connection.create_scalar_function(name, 2, flags, move |context| {
            let result = number(context, 0)
                .zip(number(context, 1))
                .and_then(|(left, right)| operation(&left, &right));
            Ok(result.and_then(|result| result.calculated()?.text()))
        })?;
    }
    let changes: [(&str, Change); 3] = [
        ("fh_decimal_negate", Number::negate),
        ("fh_decimal_abs", Number::absolute),
        // No zero has a sign.
        ("fh_decimal_text", Number::clone),
    ];
    for (name, change) in changes {
        connection.create_scalar_function(name, 1, flags, move |context| {
            Ok(number(context, 0).and_then(|of| change(&of).text()))
        })?;
    }
    connection.create_scalar_function("fh_decimal_compare", 2, flags, |context| {
        Ok(number(context, 0)
            .zip(number(context, 1))
            .map(|(left, right)| left.compare(&right) as i8))
    })?;
    for (name, wanted) in [
        ("fh_decimal_least", Ordering::Less),
        ("fh_decimal_greatest", Ordering::Greater),
    ] {
        connection.create_scalar_function(name, -1, flags, move |context| {
            let mut best: Option<Number> = None;
            for found in (0..context.len()).filter_map(|index| number(context, index)) {
                if best.as_ref().is_none_or(|best| found.compare(best) == wanted) {
                    best = Some(found);
                }
            }
            Ok(best.and_then(|best| best.text()))
        })?;
    }
    connection.create_scalar_function("fh_decimal_round", 2, flags, |context| {
        let places = u32::from(context.get::<u8>(1)?);
        Ok(number(context, 0).and_then(|of| of.round(places).bounded()?.text()))
    })?;
    connection.create_scalar_function("fh_decimal_whole", 1, flags, |context| {
        Ok(number(context, 0).and_then(|of| of.whole()))
    })?;
    connection.create_scalar_function("fh_decimal_float", 1, flags, |context| {
        Ok(number(context, 0).and_then(|of| of.float()))
    })?;
    connection.create_scalar_function("fh_float_decimal", 1, flags, |context| {
        let float = match context.get_raw(0) {
            ValueRef::Real(float) => float,
            ValueRef::Integer(number) => number as f64,
            _ => return Ok(None),
        };
        Ok(Number::of_float(float).and_then(|of| of.calculated()?.text()))
    })
}

fn dates(connection: &Connection, flags: FunctionFlags) -> Result<()> {
    connection.create_scalar_function("fh_date", 1, flags, |context| {
        Ok(match context.get_raw(0) {
            ValueRef::Integer(micros) => date(micros.div_euclid(MICROS_PER_DAY)),
            _ => None,
        })
    })?;
    // The parts of YYYY-MM-DD.
    for (name, part) in [("fh_year", 0..4), ("fh_month", 5..7), ("fh_day", 8..10)] {
        connection.create_scalar_function(name, 1, flags, move |context| {
            Ok(match context.get_raw(0) {
                ValueRef::Text(text) => std::str::from_utf8(text)
                    .ok()
                    .and_then(|text| text.get(part.clone())?.parse::<i32>().ok()),
                _ => None,
            })
        })?;
    }
    connection.create_scalar_function("fh_days_between", 2, flags, |context| {
        Ok(days(context, 0).zip(days(context, 1)).map(|(from, to)| to - from))
    })?;
    connection.create_scalar_function("fh_add_days", 2, flags, |context| {
        let ValueRef::Integer(added) = context.get_raw(1) else {
            return Ok(None);
        };
        Ok(days(context, 0).and_then(|days| date(days.checked_add(added)?)))
    })
}

fn number(context: &Context<'_>, index: usize) -> Option<Number> {
    Number::read(context.get_raw(index))
}

/// Days since 1970.
fn days(context: &Context<'_>, index: usize) -> Option<i64> {
    match context.get_raw(index) {
        ValueRef::Text(text) => parse_date(std::str::from_utf8(text).ok()?).map(i64::from),
        _ => None,
    }
}

/// The date so many days after 1970 began, in the years 1 to 9999.
fn date(days: i64) -> Option<String> {
    let mut out = Vec::with_capacity(10);
    DAYS.contains(&days).then(|| write_date(&mut out, days))?;
    String::from_utf8(out).ok()
}

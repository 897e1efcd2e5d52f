//! Numbers and moments: `min`, `max`, and what the types can hold.

use crate::fault::Fault;
use freehold_base::{Value, parse_date, parse_datetime};
use freehold_schema::catalog::{FieldDef, FieldType, TextKind};
use freehold_schema::value;
use freehold_schema::yaml::Node;
use std::cmp::Ordering;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Judges a value by the field's `min` and `max`, both of which are allowed themselves.
pub(crate) fn judge(field: &FieldDef, value: Value) -> Result<Value, Vec<Fault>> {
    let outside = |node: Option<&Node>, wrong: Ordering| {
        let node = node?;
        let bound = value::read(&field.field_type, node).ok()?;
        (compare(&value, &bound) == Some(wrong)).then(|| node.text().unwrap_or_default().to_owned())
    };
    if let Some(min) = outside(field.min.as_ref(), Ordering::Less) {
        return Err(vec![Fault::new("min", format!("at least {min} is needed"))]);
    }
    if let Some(max) = outside(field.max.as_ref(), Ordering::Greater) {
        return Err(vec![Fault::new("max", format!("at most {max} is allowed"))]);
    }
    Ok(value)
}

/// Dates, times and instants: years 1 to 9999, times within a day.
pub(crate) fn judge_moment(field: &FieldDef, value: Value) -> Result<Value, Vec<Fault>> {
    let fits = match (&field.field_type, &value) {
        (FieldType::Date, Value::Date(days)) => {
            parse_date("0001-01-01").is_some_and(|first| *days >= first)
                && parse_date("9999-12-31").is_some_and(|last| *days <= last)
        }
        (FieldType::Time, Value::Time(micros)) => (0..MICROS_PER_DAY).contains(micros),
        (FieldType::DateTime, Value::DateTime(micros)) => {
            parse_datetime("0001-01-01T00:00:00Z").is_some_and(|first| *micros >= first)
                && parse_datetime("9999-12-31T23:59:59.999999Z").is_some_and(|last| *micros <= last)
        }
        _ => return Err(vec![Fault::new("type", expected(&field.field_type))]),
    };
    if !fits {
        let message = match value {
            Value::Time(_) => "a time of day lies between 00:00 and 24:00",
            _ => "years run from 1 to 9999",
        };
        return Err(vec![Fault::new("range", message)]);
    }
    judge(field, value)
}

fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(left), Value::Int(right))
        | (Value::DateTime(left), Value::DateTime(right))
        | (Value::Time(left), Value::Time(right)) => Some(left.cmp(right)),
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        (Value::Decimal(left), Value::Decimal(right)) => Some(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// What a field of that type takes.
pub(crate) fn expected(field_type: &FieldType) -> String {
    let noun = match field_type {
        FieldType::Text(TextKind::Plain) => "a text",
        FieldType::Text(TextKind::Html) => "a text with HTML",
        FieldType::Text(TextKind::Markdown) => "a text with Markdown",
        FieldType::Text(TextKind::Email) => "an e-mail address",
        FieldType::Text(TextKind::Url) => "a URL",
        FieldType::Int | FieldType::Version | FieldType::Autonumber => "a whole number",
        FieldType::Float => "a number",
        FieldType::Decimal => "a decimal number",
        FieldType::Boolean => "true or false",
        FieldType::Date => "a date (2026-01-31)",
        FieldType::Time => "a time of day (09:30)",
        FieldType::DateTime => "an instant (2026-01-31T09:30:00Z)",
        FieldType::Uuid => "a UUID",
        FieldType::Json => "JSON",
        FieldType::Select(_) => "one of the options",
        FieldType::MultiSelect(_) => "a list of options",
        FieldType::Id | FieldType::Reference { .. } => "an id",
        FieldType::File | FieldType::Image => "the id of a file",
        FieldType::List { .. } => return "a list is not stored; set the reference on its rows".to_owned(),
        FieldType::Formula { .. } => return "a formula is calculated; leave it out".to_owned(),
    };
    format!("expected {noun}")
}

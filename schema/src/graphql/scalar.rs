//! The scalars: which values each takes, in a query and in variables (section 3.5).
//!
//! Scalars of our own take strings; what a string must look like is the planner's to say, who knows its column.

use super::document::ValueNode;
use super::operation::InputKind;
use serde_json::{Number, Value};

/// Checks a literal.
pub(crate) fn check_literal(scalar: &str, value: &ValueNode) -> Result<(), String> {
    let fits = match (scalar, value) {
        ("Int", ValueNode::Number(number)) if is_whole(number) => {
            return if fits_int(number) {
                Ok(())
            } else {
                Err(format!("{number} does not fit in 32 bits"))
            };
        }
        ("Float", ValueNode::Number(_)) | ("Boolean", ValueNode::Boolean(_)) | ("ID", ValueNode::Text(_)) => true,
        ("ID", ValueNode::Number(number)) => is_whole(number),
        ("Int" | "Float" | "Boolean", _) => false,
        (_, value) => matches!(value, ValueNode::Text(_)),
    };
    if fits {
        Ok(())
    } else {
        Err(format!("expected {}, found {}", expected(scalar), describe(value)))
    }
}

/// Coerces a variable's value; `Err` says the rule and what is wrong.
pub(crate) fn coerce(scalar: &str, value: &Value) -> Result<InputKind, (&'static str, String)> {
    let wrong = || {
        (
            "type",
            format!("expected {}, found {}", expected(scalar), describe_json(value)),
        )
    };
    match (scalar, value) {
        ("Int", Value::Number(number)) => match whole(number) {
            Some(whole) if i32::try_from(whole).is_ok() => Ok(InputKind::Number(whole.into())),
            Some(_) => Err(("range", format!("{number} does not fit in 32 bits"))),
            None if number.is_u64() => Err(("range", format!("{number} does not fit in 32 bits"))),
            None => Err(wrong()),
        },
        ("Float", Value::Number(number)) => Ok(InputKind::Number(number.clone())),
        ("Boolean", Value::Bool(value)) => Ok(InputKind::Boolean(*value)),
        ("ID", Value::Number(number)) if is_whole(number) => Ok(InputKind::Text(number.to_string())),
        ("Int" | "Float" | "Boolean", _) => Err(wrong()),
        (_, Value::String(text)) => Ok(InputKind::Text(text.clone())),
        _ => Err(wrong()),
    }
}

/// An integer as written, without fraction or exponent.
fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64()
}

fn fits_int(number: &Number) -> bool {
    number.as_i64().is_some_and(|whole| i32::try_from(whole).is_ok())
}

/// JSON does not tell 1 from 1.0, so variables may say either.
fn whole(number: &Number) -> Option<i64> {
    let whole = |float: f64| (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64);
    number.as_i64().or_else(|| {
        if number.is_f64() {
            number.as_f64().and_then(whole)
        } else {
            None
        }
    })
}

fn expected(scalar: &str) -> String {
    match scalar {
        "Int" => "a whole number".to_owned(),
        "Float" => "a number".to_owned(),
        "Boolean" => "true or false".to_owned(),
        "String" => "a string".to_owned(),
        "ID" => "an id, as a string".to_owned(),
        other => format!("a `{other}`, as a string"),
    }
}

/// What a literal is, for people.
pub(crate) fn describe(value: &ValueNode) -> String {
    match value {
        ValueNode::Variable(name) => format!("`${name}`"),
        ValueNode::Null => "null".to_owned(),
        ValueNode::Boolean(value) => value.to_string(),
        ValueNode::Number(number) => number.to_string(),
        ValueNode::Text(_) => "a string".to_owned(),
        ValueNode::Enum(name) => format!("`{name}` without quotes"),
        ValueNode::List(_) => "a list".to_owned(),
        ValueNode::Object(_) => "an object".to_owned(),
    }
}

/// What a variable's value is, for people.
pub(crate) fn describe_json(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

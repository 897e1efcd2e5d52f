//! Input values → typed values.

use freehold_base::{RowId, Value, ValueType, parse_date, parse_datetime, parse_time};
use freehold_policy::operand::{Operand, Scalar};
use freehold_schema::catalog::{Catalog, FieldType};
use freehold_schema::graphql::operation::{Input, InputKind};
use serde_json::Value as Json;

/// Longest text that is looked for in texts. INVARIANT: no operator fails by the size of its operand, or the failure would
/// tell whether there was a row to try it on. SQLite's own bound on patterns is 50,000 bytes.
/// Looking for it takes, at worst, its length times that of the text.
pub(crate) const PATTERN_BYTES_MAX: usize = 500;

/// Reads a JSON value as a scalar; `None` when it does not fit. Null is [`Value::Null`].
pub fn scalar(json: &Json, scalar: &Scalar, catalog: &Catalog) -> Option<Value> {
    match json {
        Json::Null => Some(Value::Null),
        Json::Bool(value) => matches!(scalar, Scalar::Plain(ValueType::Boolean)).then_some(Value::Boolean(*value)),
        Json::Number(number) => self::number(number, scalar),
        Json::String(text) => self::text(text, scalar, catalog),
        Json::Array(_) | Json::Object(_) => None,
    }
    .or_else(|| {
        let is_json = matches!(scalar, Scalar::Plain(ValueType::Json)) && !has_nul(json);
        is_json.then(|| Value::Json(json.to_string()))
    })
}

/// NUL, which PostgreSQL does not keep, and the two that SQLite's LIKE takes for U+FFFD.
pub(crate) fn is_no_character(letter: char) -> bool {
    matches!(letter, '\0' | '\u{FFFE}' | '\u{FFFF}')
}

/// Whether a text with NUL, which PostgreSQL does not keep, is anywhere in it.
pub(crate) fn has_nul(json: &Json) -> bool {
    match json {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(has_nul),
        Json::Object(entries) => entries.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Turns one input value into an operand.
///
/// # Errors
/// What was expected, for people.
pub(crate) fn operand(input: &Input, as_scalar: &Scalar, catalog: &Catalog) -> Result<Operand, String> {
    if input.is_null() {
        return Err("null is no operand; use `isNull`".to_owned());
    }
    // What is bound to a slot is judged again each time; what has no slot of its own becomes part of the plan, its variables spent.
    let json = match input.origin() {
        Some(_) => json(input, Input::unspent),
        None => to_json(input),
    };
    let value = scalar(&json, as_scalar, catalog).ok_or_else(|| format!("{} expected", expected(as_scalar)))?;
    Ok(match input.origin() {
        Some(path) => Operand::Variable {
            path: path.clone(),
            scalar: as_scalar.clone(),
        },
        None => Operand::Constant(value),
    })
}

/// The input as JSON, unspent: for those who judge it anew each time, whatever is kept of a plan.
pub(crate) fn to_json_unspent(input: &Input) -> Json {
    json(input, Input::unspent)
}

/// The input as JSON, spent.
pub(crate) fn to_json(input: &Input) -> Json {
    json(input, Input::kind)
}

fn json(input: &Input, look: fn(&Input) -> &InputKind) -> Json {
    match look(input) {
        InputKind::Null => Json::Null,
        InputKind::Boolean(value) => Json::Bool(*value),
        InputKind::Number(number) => Json::Number(number.clone()),
        InputKind::Text(text) => Json::String(text.clone()),
        InputKind::List(items) => Json::Array(items.iter().map(|item| json(item, look)).collect()),
        InputKind::Object(entries) => Json::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), json(value, look)))
                .collect(),
        ),
    }
}

fn number(number: &serde_json::Number, scalar: &Scalar) -> Option<Value> {
    match scalar {
        Scalar::Plain(ValueType::Int) => number
            .as_i64()
            .filter(|value| i32::try_from(*value).is_ok())
            .map(Value::Int),
        Scalar::Plain(ValueType::BigInt) => number.as_i64().map(Value::Int),
        Scalar::Plain(ValueType::Float) => number.as_f64().filter(|value| value.is_finite()).map(Value::Float),
        Scalar::Plain(ValueType::Decimal) => number.to_string().parse().ok().map(Value::Decimal),
        _ => None,
    }
}

fn text(text: &str, scalar: &Scalar, catalog: &Catalog) -> Option<Value> {
    if text.contains('\0') {
        return None; // PostgreSQL has no text with it.
    }
    if matches!(scalar, Scalar::Pattern(_)) && (text.len() > PATTERN_BYTES_MAX || text.contains(is_no_character)) {
        return None;
    }
    Some(match scalar {
        Scalar::Id => Value::Uuid(RowId::parse(text)?.uuid()),
        Scalar::Pattern(kind) => Value::Text(kind.pattern(text)),
        Scalar::Member(entity, field) => match &catalog.field(*entity, *field).field_type {
            FieldType::Select(options) | FieldType::MultiSelect(options) => {
                Value::Text(options.iter().find(|option| option.graphql_name == text)?.value.clone())
            }
            _ => return None,
        },
        Scalar::Plain(value_type) => match value_type {
            ValueType::Text => Value::Text(text.to_owned()),
            ValueType::Uuid => Value::Uuid(RowId::parse(text)?.uuid()),
            ValueType::Decimal => Value::Decimal(text.parse().ok()?),
            ValueType::DateTime => Value::DateTime(parse_datetime(text)?),
            ValueType::Date => Value::Date(parse_date(text)?),
            ValueType::Time => Value::Time(parse_time(text)?),
            _ => return None,
        },
    })
}

/// What a value of it looks like, for people.
pub(crate) fn expected(scalar: &Scalar) -> &'static str {
    match scalar {
        Scalar::Id => "an id (UUID)",
        Scalar::Pattern(_) => "a text of at most 500 bytes, without NUL and noncharacters,",
        Scalar::Member(..) => "a member of the enum",
        Scalar::Plain(value_type) => match value_type {
            ValueType::Boolean => "a boolean",
            ValueType::Int => "a 32-bit integer",
            ValueType::BigInt => "an integer",
            ValueType::Float => "a number",
            ValueType::Decimal => "a decimal such as \"12.50\"",
            ValueType::Text => "a text without NUL",
            ValueType::Uuid => "a UUID",
            ValueType::DateTime => "an RFC 3339 instant such as \"2026-01-31T09:30:00Z\"",
            ValueType::Date => "a date such as \"2026-01-31\"",
            ValueType::Time => "a time such as \"09:30:00\"",
            ValueType::Json | ValueType::TextList | ValueType::Bytes => "a value of the field's type",
        },
    }
}

#[cfg(test)]
mod tests {
    use freehold_policy::operand::PatternKind;

    #[test]
    fn patterns_escape_what_is_special() {
        assert_eq!(PatternKind::Contains.pattern(r"50%_\"), r"%50\%\_\\%");
        assert_eq!(PatternKind::StartsWith.pattern("a"), "a%");
        assert_eq!(PatternKind::EndsWith.pattern("a"), "%a");
        assert_eq!(PatternKind::Like.pattern("a%\\"), "a%\\\\");
        assert_eq!(PatternKind::Like.pattern("a\\\\"), "a\\\\");
    }
}

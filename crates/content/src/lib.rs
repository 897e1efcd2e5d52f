//! What may be written into a field: each value is normalised, judged and, where it holds markup, sanitised.
//!
//! Pure: no input or output, no clock. [`clean`] is the one door; requests and development data pass through it alike. It is
//! idempotent: what it gives back, it takes unchanged.

mod bounds;
mod budget;
mod choice;
mod email;
mod fault;
mod html;
mod json;
mod link;
mod markdown;
mod markup;
mod model;
mod pattern;
mod seed;
mod text;
mod url;

pub use fault::Fault;
pub use json::{JSON_BYTES_MAX, JSON_DEPTH_MAX};
pub use markup::{MARKUP_BYTES_MAX, MARKUP_DEPTH_MAX, MARKUP_ELEMENTS_MAX};
pub use model::check_model;
pub use pattern::PATTERN_TEXT_BYTES_MAX;
pub use seed::clean_seed;
pub use url::URL_CHARACTERS_MAX;

use freehold_base::Value;
use freehold_schema::catalog::{FieldDef, FieldType, TextKind};

/// The value as it is stored, or everything that is wrong with it.
///
/// Null passes: whether it is allowed is asked where the whole row is known.
///
/// # Errors
/// Every fault of the value. None of the messages repeats it, so they may be logged.
pub fn clean(field: &FieldDef, value: Value) -> Result<Value, Vec<Fault>> {
    match (&field.field_type, value) {
        (_, Value::Null) => Ok(Value::Null),
        (FieldType::Text(kind), Value::Text(text)) => {
            let stored = match kind {
                TextKind::Plain => text::clean(&text),
                TextKind::Html => html::clean(&text),
                TextKind::Markdown => markdown::clean(&text),
                TextKind::Email => email::clean(&text).map_err(|fault| vec![fault]),
                TextKind::Url => url::clean(&text).map_err(|fault| vec![fault]),
            }?;
            text::judge(field, &stored)?;
            Ok(Value::Text(stored))
        }
        (FieldType::Int | FieldType::Autonumber, Value::Int(number)) => {
            if i32::try_from(number).is_err() {
                return Err(vec![Fault::new("range", "a whole number here has 32 bits")]);
            }
            bounds::judge(field, Value::Int(number))
        }
        (FieldType::Float, Value::Float(number)) => {
            if !number.is_finite() {
                return Err(vec![Fault::new("range", "a number has to be finite")]);
            }
            bounds::judge(field, Value::Float(number))
        }
        (FieldType::Date | FieldType::Time | FieldType::DateTime, value) => bounds::judge_moment(field, value),
        (FieldType::Json, Value::Json(text)) => json::clean(&text).map(Value::Json).map_err(|fault| vec![fault]),
        (FieldType::Select(options), Value::Text(word)) => {
            choice::judge(options, &word)?;
            Ok(Value::Text(word))
        }
        (FieldType::MultiSelect(options), Value::TextList(words)) => {
            choice::judge_all(options, &words)?;
            Ok(Value::TextList(words))
        }
        (FieldType::Decimal, value @ Value::Decimal(_)) => bounds::judge(field, value),
        (FieldType::Version, value @ Value::Int(_))
        | (FieldType::Boolean, value @ Value::Boolean(_))
        | (
            FieldType::Uuid | FieldType::Id | FieldType::Reference { .. } | FieldType::File | FieldType::Image,
            value @ Value::Uuid(_),
        ) => Ok(value),
        (field_type, _) => Err(vec![Fault::new("type", bounds::expected(field_type))]),
    }
}

//! Values to SQLite's storage classes, and back to binary cells.

use crate::binder::Bound;
use crate::cells::{EPOCH_DAYS, EPOCH_MICROS, TableBuilder};
use crate::error::{Error, Result};
use freehold_base::{Value, ValueType, parse_date, parse_time, write_date, write_time};
use rusqlite::Statement;
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};

/// Binds a value to a parameter, counted from 1.
pub(crate) fn bind(statement: &mut Statement<'_>, index: usize, bound: &Bound) -> Result<()> {
    let borrowed = ToSqlOutput::Borrowed;
    let output = match &bound.value {
        Value::Null => borrowed(ValueRef::Null),
        Value::Boolean(value) => borrowed(ValueRef::Integer(i64::from(*value))),
        Value::Int(value) | Value::DateTime(value) => borrowed(ValueRef::Integer(*value)),
        Value::Float(value) => borrowed(ValueRef::Real(*value)),
        Value::Decimal(value) => text(value.to_string()),
        Value::Text(value) => borrowed(ValueRef::Text(value.as_bytes())),
        Value::Json(value) => text(crate::json::canonical(value)),
        Value::Uuid(value) => borrowed(ValueRef::Blob(value.as_bytes())),
        Value::Date(days) => written(|out| write_date(out, i64::from(*days))),
        Value::Time(micros) => written(|out| write_time(out, *micros)),
        Value::TextList(values) => text(serde_json::Value::from(values.clone()).to_string()),
        Value::Bytes(value) => borrowed(ValueRef::Blob(value)),
    };
    Ok(statement.raw_bind_parameter(index, output)?)
}

/// Appends a result's value as a cell of that type.
pub(crate) fn push(table: &mut TableBuilder, value_type: ValueType, value: ValueRef<'_>) -> Result<()> {
    let wrong = || Error::program(format!("a {} is no {value_type:?}", value.data_type()));
    if matches!(value, ValueRef::Null) {
        return table.push(None);
    }
    match value_type {
        ValueType::Boolean => table.push(Some(&[u8::from(integer(value).ok_or_else(wrong)? != 0)])),
        ValueType::Int => {
            let number = integer(value)
                .and_then(|number| i32::try_from(number).ok())
                .ok_or_else(wrong)?;
            table.push(Some(&number.to_be_bytes()))
        }
        ValueType::BigInt => table.push(Some(&integer(value).ok_or_else(wrong)?.to_be_bytes())),
        ValueType::DateTime => table.push(Some(
            &integer(value)
                .ok_or_else(wrong)?
                .saturating_sub(EPOCH_MICROS)
                .to_be_bytes(),
        )),
        ValueType::Float => match value {
            ValueRef::Real(number) => table.push(Some(&number.to_be_bytes())),
            ValueRef::Integer(number) => table.push(Some(&(number as f64).to_be_bytes())),
            ValueRef::Null | ValueRef::Text(_) | ValueRef::Blob(_) => Err(wrong()),
        },
        ValueType::Date => {
            let days = string(value).and_then(parse_date).ok_or_else(wrong)?;
            table.push(Some(&days.saturating_sub(EPOCH_DAYS).to_be_bytes()))
        }
        ValueType::Time => table.push(Some(
            &string(value).and_then(parse_time).ok_or_else(wrong)?.to_be_bytes(),
        )),
        ValueType::Decimal => match value {
            ValueRef::Integer(number) => table.push(Some(number.to_string().as_bytes())),
            other => table.push(Some(string(other).ok_or_else(wrong)?.as_bytes())),
        },
        ValueType::Text | ValueType::Json | ValueType::TextList => {
            table.push(Some(string(value).ok_or_else(wrong)?.as_bytes()))
        }
        ValueType::Uuid => match value {
            ValueRef::Blob(bytes) if bytes.len() == 16 => table.push(Some(bytes)),
            _ => Err(wrong()),
        },
        ValueType::Bytes => match value {
            ValueRef::Blob(bytes) => table.push(Some(bytes)),
            _ => Err(wrong()),
        },
    }
}

fn integer(value: ValueRef<'_>) -> Option<i64> {
    if let ValueRef::Integer(number) = value {
        Some(number)
    } else {
        None
    }
}

fn string(value: ValueRef<'_>) -> Option<&str> {
    if let ValueRef::Text(bytes) = value {
        std::str::from_utf8(bytes).ok()
    } else {
        None
    }
}

fn text(text: String) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(Owned::Text(text))
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> ToSqlOutput<'static> {
    let mut out = Vec::with_capacity(16);
    write(&mut out);
    text(String::from_utf8_lossy(&out).into_owned())
}

//! Values as PostgreSQL parameters.

use crate::binder::Bound;
use crate::cells::{EPOCH_DAYS, EPOCH_MICROS};
use bytes::{BufMut, BytesMut};
use freehold_base::{Value, ValueType};
use std::error::Error;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

/// The type a parameter is declared with.
pub(crate) fn type_of(value_type: ValueType) -> Type {
    match value_type {
        ValueType::Boolean => Type::BOOL,
        ValueType::Int => Type::INT4,
        ValueType::BigInt => Type::INT8,
        ValueType::Float => Type::FLOAT8,
        ValueType::Decimal => Type::NUMERIC,
        ValueType::Text => Type::TEXT,
        ValueType::Uuid => Type::UUID,
        ValueType::DateTime => Type::TIMESTAMPTZ,
        ValueType::Date => Type::DATE,
        ValueType::Time => Type::TIME,
        ValueType::Json => Type::JSONB,
        ValueType::TextList => Type::TEXT_ARRAY,
        ValueType::Bytes => Type::BYTEA,
    }
}

impl ToSql for Bound {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match &self.value {
            Value::Null => return Ok(IsNull::Yes),
            Value::Boolean(value) => out.put_u8(u8::from(*value)),
            Value::Int(value) if self.value_type == ValueType::Int => out.put_i32(i32::try_from(*value)?),
            Value::Int(value) | Value::Time(value) => out.put_i64(*value),
            Value::Float(value) => out.put_f64(*value),
            Value::Decimal(value) => out.put_slice(value.to_string().as_bytes()),
            Value::Text(value) => out.put_slice(value.as_bytes()),
            Value::Json(value) => out.put_slice(crate::json::canonical(value).as_bytes()),
            Value::Uuid(value) => out.put_slice(value.as_bytes()),
            Value::DateTime(micros) => out.put_i64(micros.saturating_sub(EPOCH_MICROS)),
            Value::Date(days) => out.put_i32(days.saturating_sub(EPOCH_DAYS)),
            Value::TextList(values) => return values.to_sql(&Type::TEXT_ARRAY, out),
            Value::Bytes(value) => out.put_slice(value),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    /// Decimals and JSON travel as text: their binary forms would be written only to be read again.
    fn encode_format(&self, _: &Type) -> Format {
        match self.value_type {
            ValueType::Decimal | ValueType::Json => Format::Text,
            ValueType::Boolean
            | ValueType::Int
            | ValueType::BigInt
            | ValueType::Float
            | ValueType::Text
            | ValueType::Uuid
            | ValueType::DateTime
            | ValueType::Date
            | ValueType::Time
            | ValueType::TextList
            | ValueType::Bytes => Format::Binary,
        }
    }

    to_sql_checked!();
}

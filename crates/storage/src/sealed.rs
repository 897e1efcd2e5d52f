//! Values of `encrypted:` fields: how they are written as bytes, where they stand, and what their columns hold.
//!
//! A sealed field has a column of its own name with the sealed value. One that is `searchable: equality` has a second,
//! `<name>_index`, with a token that is equal for equal values of the field in one tenant; nothing else is ever compared.

use crate::error::{Error, Result};
use freehold_base::{CellPlace, CipherError, ColumnCipher, EntityTag, FieldPlace, RowId, Value, ValueType};
use freehold_schema::catalog::{Catalog, EntityId, FieldDef, FieldId};
use rust_decimal::Decimal;
use uuid::Uuid;

/// A sealed field, as statements and layouts carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedField {
    /// The entity's number.
    pub entity: EntityTag,
    /// The model's name of the entity, for messages.
    pub entity_name: String,
    /// The model's name of the field.
    pub field: String,
    /// The model's name of the key.
    pub key: String,
    /// Whether rows belong to a tenant, so that values are bound to it.
    pub walled: bool,
    /// What a value is in the clear.
    pub value_type: ValueType,
}

/// What the columns of a sealed field get.
#[derive(Clone, Debug, PartialEq)]
pub struct SealedValue {
    /// For the field's own column: [`Value::Bytes`], or null.
    pub value: Value,
    /// For the index column: [`Value::Bytes`], or null; `None` for a field that cannot be searched, which has no such column.
    pub index: Option<Value>,
}

/// Seals one value of a new or changed row. `tenant` is the row's; a tenant's own row belongs to itself, whatever is given.
///
/// # Errors
/// [`Error::Sealed`] when there is no cipher, or no data key for that tenant.
pub fn seal(
    cipher: Option<&dyn ColumnCipher>,
    catalog: &Catalog,
    (entity, field): (EntityId, FieldId),
    tenant: Option<RowId>,
    row: RowId,
    value: &Value,
) -> Result<SealedValue> {
    let def = catalog.field(entity, field);
    let sealed = SealedField::find(catalog, entity, field)
        .ok_or_else(|| Error::program(format!("`{}` is no sealed field", def.name)))?;
    if value.is_null() {
        return Ok(SealedValue {
            value: Value::Null,
            index: def.searchable.then_some(Value::Null),
        });
    }
    let tenant = if catalog.is_tenant_entity(entity) {
        Some(row)
    } else {
        tenant
    };
    let cipher = cipher.ok_or_else(|| sealed.error(tenant, CipherError::NoKey))?;
    let place = CellPlace {
        field: sealed.place(tenant),
        row,
    };
    let ciphertext = cipher.seal(&place, &encode(sealed.fitting(value)?));
    let index = def.searchable.then(|| sealed.token(cipher, tenant, value));
    Ok(SealedValue {
        value: Value::Bytes(ciphertext.map_err(|error| sealed.error(tenant, error))?),
        index: index.transpose()?,
    })
}

/// The columns of a field and what they hold: one, none for an inverse list, two for a sealed field that can be searched.
pub fn columns(field: &FieldDef) -> Vec<(String, ValueType)> {
    let own = field.column().map(|column| match field.encrypted {
        Some(_) => (column.name, ValueType::Bytes),
        None => (column.name, column.value_type),
    });
    let index = field.index_column().map(|name| (name, ValueType::Bytes));
    own.into_iter().chain(index).collect()
}

impl SealedField {
    /// The field, if it is a sealed one.
    pub fn find(catalog: &Catalog, entity: EntityId, field: FieldId) -> Option<Self> {
        let def = catalog.field(entity, field);
        Some(Self {
            entity: catalog.entity(entity).tag,
            entity_name: catalog.entity(entity).name.clone(),
            field: def.name.clone(),
            key: def.encrypted.clone()?,
            walled: catalog.is_walled(entity),
            value_type: def.field_type.value_type()?,
        })
    }

    /// Where its values stand. A shared entity's rows are bound to no tenant, whoever asks.
    pub fn place(&self, tenant: Option<RowId>) -> FieldPlace<'_> {
        FieldPlace {
            tenant: tenant.filter(|_| self.walled),
            entity: self.entity,
            field: &self.field,
            key: &self.key,
        }
    }

    /// Opens a value where it stands.
    ///
    /// # Errors
    /// [`Error::Sealed`] if it does not open, or is not what the field holds.
    pub fn open(
        &self,
        cipher: Option<&dyn ColumnCipher>,
        tenant: Option<RowId>,
        row: RowId,
        sealed: &[u8],
    ) -> Result<Value> {
        let cipher = cipher.ok_or_else(|| self.error(tenant, CipherError::UnknownKey))?;
        let place = CellPlace {
            field: self.place(tenant),
            row,
        };
        let clear = cipher.open(&place, sealed).map_err(|error| self.error(tenant, error))?;
        decode(self.value_type, &clear).ok_or_else(|| self.error(tenant, CipherError::Damaged))
    }

    /// What an operand is compared by; null, which equals nothing, where nothing was ever sealed.
    ///
    /// # Errors
    /// [`Error::Sealed`] when there is no cipher.
    pub fn operand(&self, cipher: Option<&dyn ColumnCipher>, tenant: Option<RowId>, value: &Value) -> Result<Value> {
        let cipher = cipher.ok_or_else(|| self.error(tenant, CipherError::UnknownKey))?;
        if value.is_null() {
            return Ok(Value::Null);
        }
        match self.token(cipher, tenant, value) {
            Err(Error::Sealed {
                source: CipherError::NoKey,
                ..
            }) => Ok(Value::Null),
            outcome => outcome,
        }
    }

    fn token(&self, cipher: &dyn ColumnCipher, tenant: Option<RowId>, value: &Value) -> Result<Value> {
        let canonical = encode(&canonical(self.fitting(value)?));
        let token = cipher.token(&self.place(tenant), &canonical);
        Ok(Value::Bytes(token.map_err(|error| self.error(tenant, error))?))
    }

    /// The value, if it is what the field holds.
    fn fitting<'v>(&self, value: &'v Value) -> Result<&'v Value> {
        let fits = match (value, self.value_type) {
            (Value::Int(number), ValueType::Int) => i32::try_from(*number).is_ok(),
            (value, value_type) => value.value_type() == Some(value_type),
        };
        if fits {
            Ok(value)
        } else {
            // The value itself is not to be told.
            Err(Error::program(format!(
                "`{}.{}` was given {:?}",
                self.entity_name,
                self.field,
                value.value_type()
            )))
        }
    }

    fn error(&self, tenant: Option<RowId>, source: CipherError) -> Error {
        Error::Sealed {
            field: format!("{}.{}", self.entity_name, self.field),
            tenant: tenant.filter(|_| self.walled),
            source,
        }
    }
}

/// First byte of a clear value: what follows. INVARIANT: never changed, only added to; stored values begin with it.
const BOOLEAN: u8 = 1;
const INT: u8 = 2;
const FLOAT: u8 = 3;
const DECIMAL: u8 = 4;
const TEXT: u8 = 5;
const UUID: u8 = 6;
const DATE_TIME: u8 = 7;
const DATE: u8 = 8;
const TIME: u8 = 9;
const JSON: u8 = 10;
const TEXT_LIST: u8 = 11;
const BYTES: u8 = 12;

/// A value as bytes: a byte for its type, then numbers with the most significant byte first, texts as they are.
fn encode(value: &Value) -> Vec<u8> {
    let tagged = |tag: u8, bytes: &[u8]| {
        let mut out = Vec::with_capacity(1 + bytes.len());
        out.push(tag);
        out.extend_from_slice(bytes);
        out
    };
    match value {
        Value::Null => Vec::new(),
        Value::Boolean(value) => tagged(BOOLEAN, &[u8::from(*value)]),
        Value::Int(number) => tagged(INT, &number.to_be_bytes()),
        Value::Float(number) => tagged(FLOAT, &number.to_bits().to_be_bytes()),
        Value::Decimal(number) => tagged(DECIMAL, number.to_string().as_bytes()),
        Value::Text(text) => tagged(TEXT, text.as_bytes()),
        Value::Uuid(uuid) => tagged(UUID, uuid.as_bytes()),
        Value::DateTime(micros) => tagged(DATE_TIME, &micros.to_be_bytes()),
        Value::Date(days) => tagged(DATE, &days.to_be_bytes()),
        Value::Time(micros) => tagged(TIME, &micros.to_be_bytes()),
        Value::Json(text) => tagged(JSON, text.as_bytes()),
        // A list of texts has the same JSON each time.
        Value::TextList(texts) => tagged(TEXT_LIST, serde_json::Value::from(texts.clone()).to_string().as_bytes()),
        Value::Bytes(bytes) => tagged(BYTES, bytes),
    }
}

/// The value in the bytes; `None` if they hold none of that type.
fn decode(value_type: ValueType, bytes: &[u8]) -> Option<Value> {
    let (tag, rest) = bytes.split_first()?;
    let text = || std::str::from_utf8(rest).ok();
    Some(match (*tag, value_type) {
        (BOOLEAN, ValueType::Boolean) => Value::Boolean(match rest {
            [0] => false,
            [1] => true,
            _ => return None,
        }),
        (INT, ValueType::Int | ValueType::BigInt) => Value::Int(i64::from_be_bytes(rest.try_into().ok()?)),
        (FLOAT, ValueType::Float) => Value::Float(f64::from_bits(u64::from_be_bytes(rest.try_into().ok()?))),
        (DECIMAL, ValueType::Decimal) => Value::Decimal(text()?.parse::<Decimal>().ok()?),
        (TEXT, ValueType::Text) => Value::Text(text()?.to_owned()),
        (UUID, ValueType::Uuid) => Value::Uuid(Uuid::from_bytes(rest.try_into().ok()?)),
        (DATE_TIME, ValueType::DateTime) => Value::DateTime(i64::from_be_bytes(rest.try_into().ok()?)),
        (DATE, ValueType::Date) => Value::Date(i32::from_be_bytes(rest.try_into().ok()?)),
        (TIME, ValueType::Time) => Value::Time(i64::from_be_bytes(rest.try_into().ok()?)),
        (JSON, ValueType::Json) => Value::Json(text()?.to_owned()),
        (TEXT_LIST, ValueType::TextList) => Value::TextList(serde_json::from_slice(rest).ok()?),
        (BYTES, ValueType::Bytes) => Value::Bytes(rest.to_vec()),
        _ => return None,
    })
}

/// The form that is the same for all values that the databases call equal: `1.50` and `1.5`, `0.0` and `-0.0`.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Decimal(number) => Value::Decimal(number.normalize()),
        Value::Float(number) => Value::Float(number + 0.0),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_their_bytes() {
        for (value, value_type) in [
            (Value::Boolean(true), ValueType::Boolean),
            (Value::Int(-7), ValueType::Int),
            (Value::Float(1.25), ValueType::Float),
            (Value::Decimal("12.50".parse().unwrap()), ValueType::Decimal),
            (Value::Text("DE89 3704".to_owned()), ValueType::Text),
            (Value::Text(String::new()), ValueType::Text),
            (Value::Uuid(Uuid::from_u128(7)), ValueType::Uuid),
            (Value::DateTime(-5), ValueType::DateTime),
            (Value::Date(19_000), ValueType::Date),
            (Value::Time(86_399_000_000), ValueType::Time),
            (Value::Json(r#"{"a":[1]}"#.to_owned()), ValueType::Json),
            (Value::TextList(vec!["a".to_owned()]), ValueType::TextList),
        ] {
            let bytes = encode(&value);
            assert_eq!(decode(value_type, &bytes), Some(value.clone()), "{value:?}");
            let other = if value_type == ValueType::Text {
                ValueType::Json
            } else {
                ValueType::Text
            };
            assert_eq!(decode(other, &bytes), None, "{value:?} as {other:?}");
            assert_eq!(decode(value_type, &[]), None);
        }
        // The scale of a decimal is what was given.
        let decimal = encode(&Value::Decimal("12.50".parse().unwrap()));
        assert_eq!(&decimal[1..], b"12.50");
    }

    #[test]
    fn equal_values_have_one_form() {
        let form = |value: &Value| encode(&canonical(value));
        let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
        assert_eq!(form(&decimal("1.50")), form(&decimal("1.5")));
        assert_eq!(form(&decimal("-0.0")), form(&decimal("0")));
        assert_eq!(form(&Value::Float(0.0)), form(&Value::Float(-0.0)));
        assert_ne!(form(&Value::Text("1".to_owned())), form(&Value::Int(1)));
        assert_ne!(form(&Value::Text("a".to_owned())), form(&Value::Text("A".to_owned())));
    }
}

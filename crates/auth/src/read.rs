//! Statements over the app's tables, and their rows as typed values. Both dialects number parameters `$1`, `$2` ….

use crate::error::is_lost;
use freehold_base::{Lookup, Value, ValueType, parse_date, parse_time};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};
use std::fmt::Write;

/// Dead connections that are tried before the database counts as gone.
const LOST_MAX: usize = 8;

/// A statement in the making: text and its bound values.
pub(crate) struct Sql {
    text: String,
    values: Vec<sea_orm::Value>,
}

impl Sql {
    /// A statement that begins with this text.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            values: Vec::new(),
        }
    }

    /// Adds text.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a bound value.
    pub(crate) fn bind(&mut self, value: impl Into<sea_orm::Value>) -> &mut Self {
        self.values.push(value.into());
        // Writing to a string does not fail.
        let _ = write!(self.text, "${}", self.values.len());
        self
    }

    /// The finished statement as one that others may run.
    pub(crate) fn lookup(self, columns: Vec<ValueType>) -> Lookup {
        Lookup {
            sql: self.text,
            values: self.values.into_iter().map(own).collect(),
            columns,
        }
    }

    /// The finished statement.
    pub(crate) fn finish(self, database: &DatabaseConnection) -> Statement {
        Statement::from_sql_and_values(database.get_database_backend(), self.text, self.values)
    }
}

/// Asks for one row. A connection that turns out to be dead is no answer: there may be as many as the pool holds, and each is
/// forgotten when it has been tried.
pub(crate) async fn find(database: &DatabaseConnection, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
    for _ in 0..LOST_MAX {
        match database.query_one_raw(statement.clone()).await {
            Err(error) if is_lost(&error) && !matches!(error, DbErr::ConnectionAcquire(_)) => {}
            outcome => return outcome,
        }
    }
    database.query_one_raw(statement).await
}

/// A name as an identifier: model names become tables and columns unchanged.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The expression that selects a column of the app so that [`read`] understands it.
pub(crate) fn selected(backend: DbBackend, column: &str, value_type: ValueType) -> String {
    if backend != DbBackend::Postgres {
        return column.to_owned();
    }
    match value_type {
        ValueType::DateTime | ValueType::Time => format!("(extract(epoch FROM {column}) * 1000000)::int8"),
        ValueType::Date => format!("({column} - DATE '1970-01-01')"),
        ValueType::TextList => format!("to_json({column})::text"),
        ValueType::Decimal | ValueType::Json => format!("{column}::text"),
        ValueType::Int | ValueType::BigInt => format!("{column}::int8"),
        ValueType::Boolean | ValueType::Float | ValueType::Text | ValueType::Uuid | ValueType::Bytes => {
            column.to_owned()
        }
    }
}

/// The type in which a column that was selected by [`selected`] arrives.
pub(crate) fn arrives_as(backend: DbBackend, value_type: ValueType) -> ValueType {
    let sqlite = backend != DbBackend::Postgres;
    match value_type {
        ValueType::Int | ValueType::BigInt | ValueType::DateTime => ValueType::BigInt,
        ValueType::Time if !sqlite => ValueType::BigInt,
        ValueType::Date if !sqlite => ValueType::Int,
        ValueType::Date | ValueType::Time | ValueType::Decimal | ValueType::Json | ValueType::TextList => {
            ValueType::Text
        }
        ValueType::Boolean | ValueType::Float | ValueType::Text | ValueType::Uuid | ValueType::Bytes => value_type,
    }
}

/// The value of a column that has arrived. What does not fit its type is null, and matches nothing.
pub(crate) fn read(value_type: ValueType, arrived: Value) -> Value {
    let value = match (value_type, arrived) {
        (ValueType::DateTime, Value::Int(micros)) => Some(Value::DateTime(micros)),
        (ValueType::Time, Value::Int(micros)) => Some(Value::Time(micros)),
        (ValueType::Time, Value::Text(text)) => parse_time(&text).map(Value::Time),
        (ValueType::Date, Value::Int(days)) => i32::try_from(days).ok().map(Value::Date),
        (ValueType::Date, Value::Text(text)) => parse_date(&text).map(Value::Date),
        (ValueType::Decimal, Value::Text(text)) => text.parse().ok().map(Value::Decimal),
        (ValueType::Json, Value::Text(text)) => Some(Value::Json(text)),
        (ValueType::TextList, Value::Text(text)) => Some(Value::TextList(list(Some(&text)))),
        (ValueType::Bytes, _) => None,
        (_, arrived) => Some(arrived).filter(|value| {
            let found = value.value_type();
            found == Some(value_type) || (found == Some(ValueType::BigInt) && value_type == ValueType::Int)
        }),
    };
    value.unwrap_or(Value::Null)
}

/// Runs a lookup on the platform's own connections; gives its row.
pub(crate) async fn look_up(database: &DatabaseConnection, lookup: &Lookup) -> Result<Option<Vec<Value>>, DbErr> {
    let backend = database.get_database_backend();
    let values = lookup.values.iter().map(|(value, _)| theirs(value));
    let statement = Statement::from_sql_and_values(backend, &lookup.sql, values);
    let Some(row) = find(database, statement).await? else {
        return Ok(None);
    };
    let cells = lookup.columns.iter().enumerate();
    let cells = cells.map(|(index, value_type)| cell(&row, backend, index, *value_type));
    cells.collect::<Result<Vec<_>, _>>().map(Some)
}

fn cell(row: &QueryResult, backend: DbBackend, index: usize, value_type: ValueType) -> Result<Value, DbErr> {
    let value = match value_type {
        ValueType::Boolean if backend != DbBackend::Postgres => row
            .try_get_by::<Option<i64>, _>(index)?
            .map(|it| Value::Boolean(it != 0)),
        ValueType::Boolean => row.try_get_by::<Option<bool>, _>(index)?.map(Value::Boolean),
        ValueType::Int => row
            .try_get_by::<Option<i32>, _>(index)?
            .map(|it| Value::Int(i64::from(it))),
        ValueType::BigInt => row.try_get_by::<Option<i64>, _>(index)?.map(Value::Int),
        ValueType::Float => row.try_get_by::<Option<f64>, _>(index)?.map(Value::Float),
        ValueType::Uuid => row.try_get_by::<Option<uuid::Uuid>, _>(index)?.map(Value::Uuid),
        // Nothing arrives as any other type, see `arrives_as`.
        _ => row.try_get_by::<Option<String>, _>(index)?.map(Value::Text),
    };
    Ok(value.unwrap_or(Value::Null))
}

/// A bound value in our words: those that `bind` is given, and no others.
fn own(value: sea_orm::Value) -> (Value, ValueType) {
    let (value, value_type) = match value {
        sea_orm::Value::String(text) => (text.map(Value::Text), ValueType::Text),
        sea_orm::Value::Uuid(id) => (id.map(Value::Uuid), ValueType::Uuid),
        sea_orm::Value::Bytes(bytes) => (bytes.map(Value::Bytes), ValueType::Bytes),
        sea_orm::Value::BigInt(number) => (number.map(Value::Int), ValueType::BigInt),
        _ => (None, ValueType::Text),
    };
    (value.unwrap_or(Value::Null), value_type)
}

fn theirs(value: &Value) -> sea_orm::Value {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Uuid(id) => (*id).into(),
        Value::Bytes(bytes) => bytes.clone().into(),
        Value::Int(number) => (*number).into(),
        _ => sea_orm::Value::String(None),
    }
}

/// A JSON array of texts, as lists of words are selected from both databases.
pub(crate) fn list(json: Option<&str>) -> Vec<String> {
    json.and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}

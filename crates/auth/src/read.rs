//! Statements over the app's tables, and their rows as typed values. Both dialects number parameters `$1`, `$2` ….

use crate::error::is_lost;
use freehold_base::{Value, ValueType, parse_date, parse_time};
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

/// The value of a column that was selected by [`selected`]. What does not fit its type is null, and matches nothing.
pub(crate) fn read(row: &QueryResult, backend: DbBackend, column: &str, value_type: ValueType) -> Result<Value, DbErr> {
    let sqlite = backend != DbBackend::Postgres;
    let text = || row.try_get_by::<Option<String>, _>(column);
    let number = || row.try_get_by::<Option<i64>, _>(column);
    let value = match value_type {
        ValueType::Boolean if sqlite => number()?.map(|it| Value::Boolean(it != 0)),
        ValueType::Boolean => row.try_get_by::<Option<bool>, _>(column)?.map(Value::Boolean),
        ValueType::Int | ValueType::BigInt => number()?.map(Value::Int),
        ValueType::Float => row.try_get_by::<Option<f64>, _>(column)?.map(Value::Float),
        ValueType::Decimal => text()?.and_then(|it| it.parse().ok()).map(Value::Decimal),
        ValueType::Text => text()?.map(Value::Text),
        ValueType::Uuid => row.try_get_by::<Option<uuid::Uuid>, _>(column)?.map(Value::Uuid),
        ValueType::DateTime => number()?.map(Value::DateTime),
        ValueType::Date if sqlite => text()?.and_then(|it| parse_date(&it)).map(Value::Date),
        ValueType::Date => row.try_get_by::<Option<i32>, _>(column)?.map(Value::Date),
        ValueType::Time if sqlite => text()?.and_then(|it| parse_time(&it)).map(Value::Time),
        ValueType::Time => number()?.map(Value::Time),
        ValueType::Json => text()?.map(Value::Json),
        ValueType::TextList => text()?.map(|it| Value::TextList(list(Some(&it)))),
        ValueType::Bytes => None,
    };
    Ok(value.unwrap_or(Value::Null))
}

/// A JSON array of texts, as lists of words are selected from both databases.
pub(crate) fn list(json: Option<&str>) -> Vec<String> {
    json.and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}

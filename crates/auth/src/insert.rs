//! New rows of the app's own tables, for the few that the platform itself makes: a first user, their membership.

use crate::AuthError;
use crate::read::{Sql, quoted};
use freehold_base::{RowId, Value, ValueType, write_date, write_time};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, TransactionTrait};

/// A row to be inserted.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRow {
    /// The table.
    pub table: String,
    /// Columns, their types and values; those left out are null.
    pub cells: Vec<(String, ValueType, Value)>,
}

/// Inserts rows, all or none.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn insert_rows(database: &DatabaseConnection, rows: &[NewRow]) -> Result<(), AuthError> {
    let transaction = database.begin().await?;
    for row in rows {
        let columns = row
            .cells
            .iter()
            .map(|(column, ..)| quoted(column))
            .collect::<Vec<_>>()
            .join(", ");
        let mut sql = Sql::new(format!("INSERT INTO {} ({columns}) VALUES (", quoted(&row.table)));
        for (index, (_, value_type, value)) in row.cells.iter().enumerate() {
            sql.push(if index == 0 { "" } else { ", " });
            push(&mut sql, database.get_database_backend(), *value_type, value);
        }
        sql.push(")");
        transaction.execute_raw(sql.finish(database)).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Replaces some values of a row.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn update_row(database: &DatabaseConnection, row: &NewRow, id: RowId) -> Result<(), AuthError> {
    let mut sql = Sql::new(format!("UPDATE {} SET ", quoted(&row.table)));
    for (index, (column, value_type, value)) in row.cells.iter().enumerate() {
        sql.push(if index == 0 { "" } else { ", " });
        sql.push(&quoted(column)).push(" = ");
        push(&mut sql, database.get_database_backend(), *value_type, value);
    }
    sql.push(" WHERE id = ").bind(id.uuid());
    database.execute_raw(sql.finish(database)).await?;
    Ok(())
}

/// A value as its column stores it.
fn push(sql: &mut Sql, backend: DbBackend, value_type: ValueType, value: &Value) {
    let postgres = backend == DbBackend::Postgres;
    // What drivers have no type for goes as text and is cast.
    let cast = match value_type {
        _ if !postgres => "",
        ValueType::Int => "::int4",
        ValueType::Decimal => "::text::numeric",
        ValueType::Date => "::text::date",
        ValueType::Time => "::text::time",
        ValueType::Json => "::text::jsonb",
        ValueType::Boolean
        | ValueType::BigInt
        | ValueType::Float
        | ValueType::Text
        | ValueType::Uuid
        | ValueType::DateTime
        | ValueType::TextList
        | ValueType::Bytes => "",
    };
    match value {
        Value::Null => sql.push("NULL"),
        Value::Boolean(value) if postgres => sql.bind(*value),
        Value::Boolean(value) => sql.bind(i64::from(*value)),
        Value::Int(value) => sql.bind(*value).push(cast),
        Value::Float(value) => sql.bind(*value),
        Value::Decimal(value) => sql.bind(value.to_string()).push(cast),
        Value::Text(value) | Value::Json(value) => sql.bind(value.as_str()).push(cast),
        Value::Uuid(value) => sql.bind(*value),
        Value::DateTime(micros) if postgres => sql
            .push("timestamptz 'epoch' + ")
            .bind(*micros)
            .push(" * interval '1 microsecond'"),
        Value::DateTime(micros) => sql.bind(*micros),
        Value::Date(days) => sql.bind(written(|out| write_date(out, i64::from(*days)))).push(cast),
        Value::Time(micros) => sql.bind(written(|out| write_time(out, *micros))).push(cast),
        Value::TextList(words) => {
            let json = serde_json::Value::from(words.clone()).to_string();
            if postgres {
                sql.push("ARRAY(SELECT json_array_elements_text(")
                    .bind(json)
                    .push("::text::json))")
            } else {
                sql.bind(json)
            }
        }
        Value::Bytes(bytes) => sql.bind(bytes.clone()),
    };
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{id, worlds};

    #[tokio::test]
    async fn what_is_inserted_is_read_back() {
        for world in worlds("insert").await {
            let cell = |column: &str, value: Value| {
                let value_type = value.value_type().unwrap();
                (column.to_owned(), value_type, value)
            };
            let values = [
                ("on_call", Value::Boolean(false)),
                ("started_at", Value::Date(20_000)),
                ("wakes_at", Value::Time(3_600_500_000)),
                ("seen_at", Value::DateTime(-1)),
                ("rate", Value::Decimal("-0.10".parse().unwrap())),
                ("note", Value::Json("[1]".into())),
                ("score", Value::Float(-2.5)),
                ("roles", Value::TextList(vec!["a\"b".into(), "ü".into()])),
            ];
            let mut cells: Vec<_> = values
                .iter()
                .map(|(column, value)| cell(column, value.clone()))
                .collect();
            cells.push(cell("id", Value::Uuid(id(30).uuid())));
            cells.push(cell("tenant_id", Value::Uuid(id(12).uuid())));
            cells.push(cell("user_id", Value::Uuid(id(1).uuid())));
            cells.push(cell("status", Value::Text("active".into())));
            insert_rows(
                &world.database,
                &[NewRow {
                    table: "membership".into(),
                    cells,
                }],
            )
            .await
            .unwrap();
            let token = crate::Token::random(&mut rand::rng());
            let now = freehold_base::Clock::now(&world.clock);
            crate::begin_session(
                &world.database,
                &token,
                &crate::NewSession::browser(&world.directory, id(1)),
                now,
            )
            .await
            .unwrap();
            let hint = crate::TenantHint::Named("globex");
            let caller = crate::identify(&world.database, &world.directory, Some(&token), &hint, now)
                .await
                .unwrap();
            let found = caller.tenant.unwrap().membership.unwrap();
            for (name, value) in values {
                assert_eq!(found.get(name), Some(&value), "{name}");
            }
        }
    }
}

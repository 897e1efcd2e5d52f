//! Shapes as SQL.

use super::{ColumnShape, IndexShape, ReferenceShape, TableShape, derived_name};
use crate::dialect::{quote, quote_all};
use crate::program::Dialect;
use freehold_base::ValueType;

/// `CREATE TABLE`. On SQLite with its foreign keys, as they cannot be added later; on PostgreSQL they are, when all tables are there.
pub(super) fn create_table(name: &str, shape: &TableShape, dialect: Dialect) -> String {
    let mut parts: Vec<String> = shape.columns.iter().map(|it| column(it, dialect)).collect();
    parts.push(primary_key(name, shape));
    if dialect == Dialect::Sqlite {
        parts.extend(shape.references.values().map(foreign_key));
    }
    format!("CREATE TABLE {} (\n  {}\n)", quote(name), parts.join(",\n  "))
}

/// A column's definition.
pub(super) fn column(column: &ColumnShape, dialect: Dialect) -> String {
    let required = if column.required { " NOT NULL" } else { "" };
    format!(
        "{} {}{required}",
        quote(&column.name),
        column_type(column.value_type, dialect)
    )
}

/// `CONSTRAINT … PRIMARY KEY (…)`
pub(super) fn primary_key(table: &str, shape: &TableShape) -> String {
    format!(
        "CONSTRAINT {} PRIMARY KEY ({})",
        quote(&primary_key_name(table)),
        quote_all(&shape.primary_key)
    )
}

/// Name of a table's primary key.
pub(super) fn primary_key_name(table: &str) -> String {
    derived_name(table, &[], "pkey")
}

/// `ALTER TABLE … ADD … FOREIGN KEY`, PostgreSQL only.
pub(super) fn add_reference(table: &str, name: &str, reference: &ReferenceShape) -> String {
    format!(
        "ALTER TABLE {} ADD CONSTRAINT {} {}",
        quote(table),
        quote(name),
        foreign_key(reference)
    )
}

/// `CREATE INDEX`
pub(super) fn create_index(table: &str, name: &str, index: &IndexShape) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    format!(
        "CREATE {unique}INDEX {} ON {} ({})",
        quote(name),
        quote(table),
        quote_all(&index.columns)
    )
}

/// The type of a column.
pub(super) fn column_type(value_type: ValueType, dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => match value_type {
            ValueType::Boolean => "boolean",
            ValueType::Int => "integer",
            ValueType::BigInt => "bigint",
            ValueType::Float => "double precision",
            ValueType::Decimal => "numeric",
            ValueType::Text => "text COLLATE \"C\"",
            ValueType::Uuid => "uuid",
            ValueType::DateTime => "timestamptz",
            ValueType::Date => "date",
            ValueType::Time => "time",
            ValueType::Json => "jsonb",
            ValueType::TextList => "text[]",
            ValueType::Bytes => "bytea",
        },
        Dialect::Sqlite => match value_type {
            ValueType::Boolean | ValueType::Int | ValueType::BigInt | ValueType::DateTime => "INTEGER",
            ValueType::Float => "REAL",
            ValueType::Decimal => "TEXT COLLATE fh_decimal",
            ValueType::Text | ValueType::Date | ValueType::Time | ValueType::Json | ValueType::TextList => "TEXT",
            ValueType::Uuid | ValueType::Bytes => "BLOB",
        },
    }
}

fn foreign_key(reference: &ReferenceShape) -> String {
    format!(
        "FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED",
        quote_all(&reference.columns),
        quote(&reference.table),
        quote_all(&reference.targets)
    )
}

//! Changes carried out: PostgreSQL alters tables; SQLite, which can alter little, builds them anew.

use super::safety::fill;
use super::{Change, TableShape, Tables, ddl};
use crate::binder::Bound;
use crate::dialect::{quote, quote_all};
use crate::error::{Error, Result};
use crate::program::Dialect;
use crate::transaction::Transaction;
use freehold_base::ValueType;
use freehold_schema::catalog::Catalog;
use std::collections::BTreeSet;

/// Carries out the changes from `from` to `to`.
pub(super) async fn carry_out(
    transaction: &mut Transaction,
    changes: &[Change],
    from: &Tables,
    to: &Tables,
    catalog: &Catalog,
) -> Result<()> {
    match transaction.dialect() {
        Dialect::Postgres => {
            for change in changes {
                alter(transaction, change, changes, to, catalog).await?;
            }
            // New tables may refer to each other, so their references come when all are there.
            for change in changes {
                if let Change::CreateTable { table } = change {
                    for (name, reference) in &shape(to, table)?.references {
                        transaction.batch(ddl::add_reference(table, name, reference)).await?;
                    }
                }
            }
            Ok(())
        }
        Dialect::Sqlite => sqlite(transaction, changes, from, to, catalog).await,
    }
}

/// One change on PostgreSQL.
async fn alter(
    transaction: &mut Transaction,
    change: &Change,
    changes: &[Change],
    to: &Tables,
    catalog: &Catalog,
) -> Result<()> {
    let table = quote(change.table());
    let alter = |step: String| format!("ALTER TABLE {table} {step}");
    let dialect = Dialect::Postgres;
    let sql = match change {
        Change::CreateTable { table } => {
            let shape = shape(to, table)?;
            format!(
                "{};\n{}",
                ddl::create_table(table, shape, dialect),
                indexes(table, shape)
            )
        }
        Change::DropTable { table } => {
            // All in one: they may refer to each other.
            let all: Vec<&String> = changes
                .iter()
                .filter_map(|it| {
                    if let Change::DropTable { table } = it {
                        Some(table)
                    } else {
                        None
                    }
                })
                .collect();
            if all.first() != Some(&table) {
                return Ok(());
            }
            format!("DROP TABLE {}", quote_all(all))
        }
        Change::AddColumn { column, .. } => {
            let mut optional = column.clone();
            optional.required = false;
            transaction
                .batch(alter(format!("ADD COLUMN {}", ddl::column(&optional, dialect))))
                .await?;
            if !column.required {
                return Ok(());
            }
            fill_column(transaction, change.table(), &column.name, column.value_type, catalog).await?;
            alter(format!("ALTER COLUMN {} SET NOT NULL", quote(&column.name)))
        }
        Change::RenameColumn { from, to, .. } => alter(format!("RENAME COLUMN {} TO {}", quote(from), quote(to))),
        Change::DropColumn { column, .. } => alter(format!("DROP COLUMN {}", quote(column))),
        Change::WidenType { column, to, .. } => alter(format!(
            "ALTER COLUMN {} TYPE {}",
            quote(column),
            ddl::column_type(*to, dialect)
        )),
        Change::ChangeType { column, to, .. } => {
            let (column, kind) = (quote(column), ddl::column_type(*to, dialect));
            alter(format!(
                "ALTER COLUMN {column} DROP NOT NULL, ALTER COLUMN {column} TYPE {kind} USING NULL"
            ))
        }
        Change::Reseal { table, column, .. } => empty(table, column),
        Change::DropNotNull { column, .. } => alter(format!("ALTER COLUMN {} DROP NOT NULL", quote(column))),
        Change::AddNotNull { column, .. } => {
            let value_type = shape(to, change.table())?
                .find_column(column)
                .map_or(ValueType::Text, |it| it.value_type);
            fill_column(transaction, change.table(), column, value_type, catalog).await?;
            alter(format!("ALTER COLUMN {} SET NOT NULL", quote(column)))
        }
        Change::RemoveOptions { .. } => return Ok(()),
        Change::ChangeKey { table: name } => {
            let key = ddl::primary_key(name, shape(to, name)?);
            alter(format!(
                "DROP CONSTRAINT {}, ADD {key}",
                quote(&ddl::primary_key_name(name))
            ))
        }
        Change::AddReference { table, name, reference } => ddl::add_reference(table, name, reference),
        Change::DropReference { name, .. } => alter(format!("DROP CONSTRAINT {}", quote(name))),
        Change::AddIndex { table, name, index } => ddl::create_index(table, name, index),
        Change::DropIndex { name, .. } => format!("DROP INDEX {}", quote(name)),
    };
    transaction.batch(sql).await
}

/// Gives rows without a value the field's default.
async fn fill_column(
    transaction: &mut Transaction,
    table: &str,
    column: &str,
    value_type: ValueType,
    catalog: &Catalog,
) -> Result<()> {
    if let Some(value) = fill(catalog, table, column) {
        let column = quote(column);
        let sql = format!("UPDATE {} SET {column} = $1 WHERE {column} IS NULL", quote(table));
        transaction.execute(sql, vec![Bound::new(value, value_type)?]).await?;
    }
    Ok(())
}

async fn sqlite(
    transaction: &mut Transaction,
    changes: &[Change],
    from: &Tables,
    to: &Tables,
    catalog: &Catalog,
) -> Result<()> {
    let rebuilt: BTreeSet<&str> = changes
        .iter()
        .filter(|change| needs_rebuild(change))
        .map(Change::table)
        .collect();
    for name in &rebuilt {
        rebuild(
            transaction,
            name,
            changes,
            shape(from, name)?,
            shape(to, name)?,
            catalog,
        )
        .await?;
    }
    for change in changes.iter().filter(|change| !rebuilt.contains(change.table())) {
        let sql = match change {
            Change::CreateTable { table } => {
                let shape = shape(to, table)?;
                transaction
                    .batch(ddl::create_table(table, shape, Dialect::Sqlite))
                    .await?;
                indexes(table, shape)
            }
            Change::DropTable { table } => format!("DROP TABLE {}", quote(table)),
            Change::AddColumn { table, column } => format!(
                "ALTER TABLE {} ADD COLUMN {}",
                quote(table),
                ddl::column(column, Dialect::Sqlite)
            ),
            Change::AddIndex { table, name, index } => ddl::create_index(table, name, index),
            Change::DropIndex { name, .. } => format!("DROP INDEX {}", quote(name)),
            Change::Reseal { table, column, .. } => empty(table, column),
            Change::RenameColumn { .. }
            | Change::DropColumn { .. }
            | Change::WidenType { .. }
            | Change::ChangeType { .. }
            | Change::DropNotNull { .. }
            | Change::AddNotNull { .. }
            | Change::RemoveOptions { .. }
            | Change::ChangeKey { .. }
            | Change::AddReference { .. }
            | Change::DropReference { .. } => continue,
        };
        transaction.batch(sql).await?;
    }
    // References were not enforced while tables were rebuilt.
    let checked = transaction
        .query(
            "SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1".to_owned(),
            Vec::new(),
            vec![ValueType::Text],
        )
        .await?;
    if let Some(table) = checked.cell(0, 0) {
        let table = String::from_utf8_lossy(table);
        return Err(Error::UnsafeChange {
            problems: vec![format!("some rows of `{table}` would refer to rows that are not there")],
        });
    }
    Ok(())
}

fn needs_rebuild(change: &Change) -> bool {
    match change {
        Change::CreateTable { .. }
        | Change::DropTable { .. }
        | Change::AddIndex { .. }
        | Change::DropIndex { .. }
        | Change::Reseal { .. }
        | Change::RemoveOptions { .. } => false,
        Change::AddColumn { column, .. } => column.required,
        Change::RenameColumn { .. }
        | Change::DropColumn { .. }
        | Change::WidenType { .. }
        | Change::ChangeType { .. }
        | Change::DropNotNull { .. }
        | Change::AddNotNull { .. }
        | Change::ChangeKey { .. }
        | Change::AddReference { .. }
        | Change::DropReference { .. } => true,
    }
}

/// A new table, the rows copied, the old one dropped, the new one renamed: <https://www.sqlite.org/lang_altertable.html>, section 7.
async fn rebuild(
    transaction: &mut Transaction,
    name: &str,
    changes: &[Change],
    from: &TableShape,
    to: &TableShape,
    catalog: &Catalog,
) -> Result<()> {
    let temporary = format!("fh_new_{name}");
    transaction
        .batch(ddl::create_table(&temporary, to, Dialect::Sqlite))
        .await?;
    let mut expressions = Vec::new();
    let mut fills = Vec::new();
    for column in &to.columns {
        let old = changes.iter().find_map(|change| match change {
            Change::RenameColumn { table, from, to } if table == name && *to == column.name => Some(from.clone()),
            _ => None,
        });
        let old = old.unwrap_or_else(|| column.name.clone());
        let emptied = changes.iter().any(|change| {
            matches!(change, Change::ChangeType { table, column: of, .. } | Change::Reseal { table, column: of, .. }
                if table == name && *of == column.name)
        });
        let mut expression = match from.find_column(&old) {
            Some(_) if emptied => "NULL".to_owned(),
            Some(before) => copied(&quote(&old), before.value_type, column.value_type),
            None => "NULL".to_owned(),
        };
        if column.required
            && let Some(value) = fill(catalog, name, &column.name)
        {
            fills.push(Bound::new(value, column.value_type)?);
            expression = format!("coalesce({expression}, ?{})", fills.len());
        }
        expressions.push(expression);
    }
    let columns = quote_all(to.columns.iter().map(|column| &column.name));
    let copy = format!(
        "INSERT INTO {} ({columns}) SELECT {} FROM {}",
        quote(&temporary),
        expressions.join(", "),
        quote(name)
    );
    transaction.execute(copy, fills).await?;
    let renamed = format!(
        "DROP TABLE {};\nALTER TABLE {} RENAME TO {}",
        quote(name),
        quote(&temporary),
        quote(name)
    );
    transaction.batch(renamed).await?;
    transaction.batch(indexes(name, to)).await
}

/// Takes the values of a column: nobody could open them any more. Where there are any, somebody said yes.
fn empty(table: &str, column: &str) -> String {
    let column = quote(column);
    format!("UPDATE {} SET {column} = NULL WHERE {column} IS NOT NULL", quote(table))
}

/// A value under a wider type.
fn copied(column: &str, from: ValueType, to: ValueType) -> String {
    match (from, to) {
        (ValueType::Int, ValueType::Decimal) => format!("CAST({column} AS TEXT)"),
        _ => column.to_owned(),
    }
}

fn indexes(table: &str, shape: &TableShape) -> String {
    shape
        .indexes
        .iter()
        .map(|(name, index)| ddl::create_index(table, name, index))
        .collect::<Vec<_>>()
        .join(";\n")
}

fn shape<'a>(tables: &'a Tables, name: &str) -> Result<&'a TableShape> {
    tables
        .tables
        .get(name)
        .ok_or_else(|| Error::program(format!("no shape of table `{name}`")))
}

//! What a change would lose, asked of the rows themselves.

use super::{Change, ColumnShape, SealPart, Tables};
use crate::dialect::quote;
use crate::error::Result;
use crate::program::Dialect;
use crate::transaction::Transaction;
use freehold_base::{Value, ValueType};
use freehold_schema::catalog::Catalog;

/// How a change is to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permission {
    /// Refuse what loses data.
    Careful,
    /// Somebody said yes (`--allow-destructive`).
    AllowDestructive,
}

/// The problems of all changes, each with what to do about it.
pub(super) async fn problems(
    transaction: &mut Transaction,
    changes: &[Change],
    from: &Tables,
    catalog: &Catalog,
    permission: Permission,
) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for change in changes {
        let problem = problem(transaction, change, changes, from, catalog).await?;
        problems.extend(
            problem
                .filter(|it| permission == Permission::Careful || !it.may_be_allowed)
                .map(|it| it.text),
        );
    }
    Ok(problems)
}

struct Problem {
    text: String,
    /// `--allow-destructive` is an answer to it.
    may_be_allowed: bool,
}

async fn problem(
    transaction: &mut Transaction,
    change: &Change,
    changes: &[Change],
    from: &Tables,
    catalog: &Catalog,
) -> Result<Option<Problem>> {
    let lost = |text: String| {
        Some(Problem {
            text,
            may_be_allowed: true,
        })
    };
    let impossible = |text: String| {
        Some(Problem {
            text,
            may_be_allowed: false,
        })
    };
    Ok(match change {
        Change::DropTable { table } if any(transaction, table, "TRUE").await? => lost(format!(
            "entity `{table}` is gone, but it has rows: delete them, keep the entity, or run with --allow-destructive"
        )),
        // What values are compared by is made of them: nothing is lost.
        Change::DropColumn { table, column } if part(from, table, column) == Some(SealPart::Index) => None,
        Change::DropColumn { table, column }
            if part(from, table, column).is_some() && any(transaction, table, &present(column)).await? =>
        {
            lost(format!(
                "encrypted field `{table}.{column}` is gone, but it has values, which are bound to its name: keep the field and its name, or run with --allow-destructive"
            ))
        }
        Change::DropColumn { table, column } if any(transaction, table, &present(column)).await? => lost(format!(
            "field `{table}.{column}` is gone, but it has values: if it was renamed, write `was: {column}` at the new field; else run with --allow-destructive"
        )),
        Change::ChangeType {
            table,
            column,
            from: old,
            to,
        } if (*old == ValueType::Bytes || *to == ValueType::Bytes)
            && any(transaction, table, &present(&old_name(changes, table, column))).await? =>
        {
            let (is, was) = if *to == ValueType::Bytes {
                ("encrypted now", "in the clear")
            } else {
                ("not encrypted any more", "encrypted")
            };
            lost(format!(
                "`{table}.{column}` is {is}, but it has values that are {was}: add a field of another name, or run with --allow-destructive, which empties it"
            ))
        }
        Change::Reseal {
            table,
            column,
            required,
        } if any(transaction, table, &present(column)).await? => Some(Problem {
            text: format!(
                "`{table}.{column}` has values that were encrypted under another key, for other tenants or as another type: add a field of another name{}",
                if *required {
                    ""
                } else {
                    ", or run with --allow-destructive, which empties it"
                }
            ),
            may_be_allowed: !required,
        }),
        Change::AddColumn { table, column }
            if column.sealed.as_ref().is_some_and(|seal| seal.part == SealPart::Index)
                && has_values_without_index(transaction, table, column, changes, from).await? =>
        {
            impossible(format!(
                "`{table}.{}` is to be filled for values that were encrypted without it: `searchable: equality` can only be added while the field is empty; add a field of another name",
                column.name
            ))
        }
        Change::ChangeType {
            table,
            column,
            from: old,
            to,
        } if any(transaction, table, &present(&old_name(changes, table, column))).await? => lost(format!(
            "`{table}.{column}` changes from {old:?} to {to:?}, but it has values: add a field of another name, or run with --allow-destructive, which empties it"
        )),
        Change::AddColumn { table, column }
            if column.required
                && fill(catalog, table, &column.name).is_none()
                && any(transaction, table, "TRUE").await? =>
        {
            impossible(if column.sealed.is_some() {
                format!(
                    "`{table}.{}` is new, encrypted and required, but there are rows without it: leave `required` out until they are filled",
                    column.name
                )
            } else {
                format!(
                    "`{table}.{}` is new and required, but there are rows without it: give it a default",
                    column.name
                )
            })
        }
        Change::AddNotNull { table, column } => {
            let empty = format!("{} IS NULL", quote(&old_name(changes, table, column)));
            if fill(catalog, table, column).is_none() && any(transaction, table, &empty).await? {
                impossible(format!(
                    "`{table}.{column}` is required now, but some rows have no value: give it a default, or fill them first"
                ))
            } else {
                None
            }
        }
        Change::RemoveOptions {
            table,
            column,
            value_type,
            left,
        } => {
            let condition = strays(
                &old_name(changes, table, column),
                *value_type,
                left,
                transaction.dialect(),
            );
            if any(transaction, table, &condition).await? {
                impossible(format!(
                    "some rows of `{table}` still use options of `{column}` that are gone: change those rows first, or keep the options"
                ))
            } else {
                None
            }
        }
        Change::AddIndex { table, index, .. } if index.unique => {
            let Some(known) = from.tables.get(table) else {
                return Ok(None);
            };
            let columns: Vec<String> = index
                .columns
                .iter()
                .map(|column| old_name(changes, table, column))
                .collect();
            if columns.iter().any(|column| known.find_column(column).is_none()) {
                return Ok(None);
            }
            let set = columns
                .iter()
                .map(|column| present(column))
                .collect::<Vec<_>>()
                .join(" AND ");
            let names = columns
                .iter()
                .map(|column| quote(column))
                .collect::<Vec<_>>()
                .join(", ");
            let sql = format!(
                "SELECT 1 FROM {} WHERE {set} GROUP BY {names} HAVING count(*) > 1 LIMIT 1",
                quote(table)
            );
            if rows(transaction, sql).await? {
                impossible(format!(
                    "`{table}` has rows that are equal in {}, which is to be unique: change those rows first",
                    index.columns.join(", ")
                ))
            } else {
                None
            }
        }
        Change::AddReference { table, reference, .. } => {
            let Some(known) = from.tables.get(table) else {
                return Ok(None);
            };
            let columns: Vec<String> = reference
                .columns
                .iter()
                .map(|column| old_name(changes, table, column))
                .collect();
            if columns.iter().any(|column| known.find_column(column).is_none()) {
                return Ok(None);
            }
            let set = columns
                .iter()
                .map(|column| format!("own.{} IS NOT NULL", quote(column)))
                .collect::<Vec<_>>()
                .join(" AND ");
            let target_is_there = from
                .tables
                .get(&reference.table)
                .is_some_and(|target| reference.targets.iter().all(|it| target.find_column(it).is_some()));
            let missing = if target_is_there {
                let pairs = columns.iter().zip(&reference.targets);
                let equal = pairs
                    .map(|(own, theirs)| format!("theirs.{} = own.{}", quote(theirs), quote(own)))
                    .collect::<Vec<_>>()
                    .join(" AND ");
                format!(
                    " AND NOT EXISTS (SELECT 1 FROM {} theirs WHERE {equal})",
                    quote(&reference.table)
                )
            } else {
                String::new()
            };
            if rows(
                transaction,
                format!("SELECT 1 FROM {} own WHERE {set}{missing} LIMIT 1", quote(table)),
            )
            .await?
            {
                impossible(format!(
                    "some rows of `{table}` refer by {} to no row of `{}`: change those rows first",
                    reference.columns.join(", "),
                    reference.table
                ))
            } else {
                None
            }
        }
        Change::DropTable { .. }
        | Change::DropColumn { .. }
        | Change::ChangeType { .. }
        | Change::AddColumn { .. }
        | Change::AddIndex { .. }
        | Change::CreateTable { .. }
        | Change::RenameColumn { .. }
        | Change::WidenType { .. }
        | Change::Reseal { .. }
        | Change::DropNotNull { .. }
        | Change::ChangeKey { .. }
        | Change::DropReference { .. }
        | Change::DropIndex { .. } => None,
    })
}

/// What a column holds of an encrypted field; `None` for one in the clear.
fn part(tables: &Tables, table: &str, column: &str) -> Option<SealPart> {
    let shape = tables.tables.get(table)?.find_column(column)?;
    shape.sealed.as_ref().map(|seal| seal.part)
}

/// Whether there are sealed values that a new index column would have to be filled for.
async fn has_values_without_index(
    transaction: &mut Transaction,
    table: &str,
    index: &ColumnShape,
    changes: &[Change],
    from: &Tables,
) -> Result<bool> {
    let Some(value) = index.name.strip_suffix("_index") else {
        return Ok(false);
    };
    // Values that are taken away with the same change need none; losing them is told by that change.
    let emptied = changes.iter().any(|change| {
        matches!(change, Change::ChangeType { table: of, column, .. } | Change::Reseal { table: of, column, .. }
            if of == table && column == value)
    });
    Ok(!emptied && part(from, table, value).is_some() && any(transaction, table, &present(value)).await?)
}

/// What rows get that have no value of a column: its field's default.
pub(super) fn fill(catalog: &Catalog, table: &str, column: &str) -> Option<Value> {
    let entity = catalog.find_entity(table)?;
    let field = entity
        .fields
        .iter()
        .find(|field| super::desired::column_name(field).as_deref() == Some(column))?;
    if field.encrypted.is_some() {
        None
    } else {
        field.default_value()
    }
}

/// The name a column has until the changes are made.
fn old_name(changes: &[Change], table: &str, column: &str) -> String {
    let renamed = changes.iter().find_map(|change| match change {
        Change::RenameColumn { table: of, from, to } if of == table && to == column => Some(from),
        _ => None,
    });
    renamed.map_or_else(|| column.to_owned(), Clone::clone)
}

fn present(column: &str) -> String {
    format!("{} IS NOT NULL", quote(column))
}

/// Rows with a member that is not among those left.
fn strays(column: &str, value_type: ValueType, left: &[String], dialect: Dialect) -> String {
    let column = quote(column);
    let texts = left
        .iter()
        .map(|option| format!("'{}'", option.replace('\'', "''")))
        .collect::<Vec<_>>()
        .join(", ");
    match (value_type, dialect) {
        (ValueType::TextList, Dialect::Sqlite) => {
            format!("EXISTS (SELECT 1 FROM json_each({column}) WHERE value NOT IN ({texts}))")
        }
        (ValueType::TextList, Dialect::Postgres) => format!("NOT {column} <@ ARRAY[{texts}]::text[]"),
        _ => format!("{column} NOT IN ({texts})"),
    }
}

async fn any(transaction: &mut Transaction, table: &str, condition: &str) -> Result<bool> {
    rows(
        transaction,
        format!("SELECT 1 FROM {} WHERE {condition} LIMIT 1", quote(table)),
    )
    .await
}

async fn rows(transaction: &mut Transaction, sql: String) -> Result<bool> {
    Ok(transaction.query(sql, Vec::new(), vec![ValueType::Int]).await?.rows() > 0)
}

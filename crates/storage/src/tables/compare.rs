//! Two shapes compared.

use super::{ColumnShape, IndexShape, ReferenceShape, TableShape, Tables};
use freehold_base::ValueType;
use freehold_schema::catalog::{Catalog, EntityDef, FieldType};
use std::fmt;

/// One step from the tables an environment has to those a model wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new entity.
    CreateTable {
        /// Its table.
        table: String,
    },
    /// An entity that is gone.
    DropTable {
        /// Its table.
        table: String,
    },
    /// A new field.
    AddColumn {
        /// The table.
        table: String,
        /// The column.
        column: ColumnShape,
    },
    /// A field with another name (`was:`).
    RenameColumn {
        /// The table.
        table: String,
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// A field that is gone.
    DropColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A type that holds all values of the old one.
    WidenType {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The new type.
        to: ValueType,
    },
    /// A type that does not.
    ChangeType {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The old type.
        from: ValueType,
        /// The new type.
        to: ValueType,
    },
    /// Encrypted values under another key, or of another type.
    Reseal {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// It must be given.
        required: bool,
    },
    /// A field that need not be given any more.
    DropNotNull {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A field that must be given from now on.
    AddNotNull {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// Options that are gone.
    RemoveOptions {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type: one member, or several.
        value_type: ValueType,
        /// The members left.
        left: Vec<String>,
    },
    /// Another primary key: the entity moved into or out of its tenants.
    ChangeKey {
        /// The table.
        table: String,
    },
    /// A new foreign key.
    AddReference {
        /// The table.
        table: String,
        /// Its name.
        name: String,
        /// The key.
        reference: ReferenceShape,
    },
    /// A foreign key that is gone.
    DropReference {
        /// The table.
        table: String,
        /// Its name.
        name: String,
    },
    /// A new index.
    AddIndex {
        /// The table.
        table: String,
        /// Its name.
        name: String,
        /// The index.
        index: IndexShape,
    },
    /// An index that is gone.
    DropIndex {
        /// The table.
        table: String,
        /// Its name.
        name: String,
    },
}

/// The steps from `from` to `to`, in an order in which they can be done.
pub(super) fn compare(from: &Tables, to: &Tables, catalog: &Catalog) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, wanted) in &to.tables {
        match from.tables.get(name) {
            None => changes.push(Change::CreateTable { table: name.clone() }),
            Some(present) => table(&mut changes, name, present, wanted, catalog.find_entity(name)),
        }
    }
    let gone = from.tables.keys().filter(|name| !to.tables.contains_key(*name));
    changes.extend(gone.map(|name| Change::DropTable { table: name.clone() }));
    changes.sort_by_key(order);
    changes
}

fn table(changes: &mut Vec<Change>, name: &str, from: &TableShape, to: &TableShape, entity: Option<&EntityDef>) {
    let table = || name.to_owned();
    let mut renamed: Vec<&str> = Vec::new();
    for wanted in &to.columns {
        let before = from.find_column(&wanted.name).or_else(|| {
            // A sealed value is bound to the name of its field: under another it would not open.
            if wanted.sealed.is_some() {
                return None;
            }
            let before = from.find_column(&was(entity?, &wanted.name)?)?;
            // An old name that is in use again is no old name.
            to.find_column(&before.name).is_none().then_some(before)
        });
        let Some(before) = before else {
            changes.push(Change::AddColumn {
                table: table(),
                column: wanted.clone(),
            });
            continue;
        };
        if before.name != wanted.name {
            renamed.push(&before.name);
            changes.push(Change::RenameColumn {
                table: table(),
                from: before.name.clone(),
                to: wanted.name.clone(),
            });
        }
        column(changes, name, before, wanted);
    }
    for before in &from.columns {
        if to.find_column(&before.name).is_none() && !renamed.contains(&before.name.as_str()) {
            changes.push(Change::DropColumn {
                table: table(),
                column: before.name.clone(),
            });
        }
    }
    if from.primary_key != to.primary_key {
        changes.push(Change::ChangeKey { table: table() });
    }
    // Names are made of tables and columns, so a changed one under the same name is only a changed target.
    for (name, reference) in &to.references {
        if from.references.get(name) != Some(reference) {
            changes.push(Change::AddReference {
                table: table(),
                name: name.clone(),
                reference: reference.clone(),
            });
        }
    }
    for (name, reference) in &from.references {
        if to.references.get(name) != Some(reference) {
            changes.push(Change::DropReference {
                table: table(),
                name: name.clone(),
            });
        }
    }
    for (name, index) in &to.indexes {
        if from.indexes.get(name) != Some(index) {
            changes.push(Change::AddIndex {
                table: table(),
                name: name.clone(),
                index: index.clone(),
            });
        }
    }
    for (name, index) in &from.indexes {
        if to.indexes.get(name) != Some(index) {
            changes.push(Change::DropIndex {
                table: table(),
                name: name.clone(),
            });
        }
    }
}

fn column(changes: &mut Vec<Change>, table: &str, before: &ColumnShape, wanted: &ColumnShape) {
    let (table, column) = (table.to_owned(), wanted.name.clone());
    if before.value_type != wanted.value_type {
        let (from, to) = (before.value_type, wanted.value_type);
        let change = if widens(from, to) {
            Change::WidenType {
                table: table.clone(),
                column: column.clone(),
                to,
            }
        } else {
            Change::ChangeType {
                table: table.clone(),
                column: column.clone(),
                from,
                to,
            }
        };
        changes.push(change);
    } else if before.sealed != wanted.sealed {
        changes.push(Change::Reseal {
            table: table.clone(),
            column: column.clone(),
            required: before.required,
        });
    } else if !wanted.options.is_empty()
        && (before.options.is_empty() || before.options.iter().any(|it| !wanted.options.contains(it)))
    {
        let value_type = wanted.value_type;
        changes.push(Change::RemoveOptions {
            table: table.clone(),
            column: column.clone(),
            value_type,
            left: wanted.options.clone(),
        });
    }
    match (before.required, wanted.required) {
        (true, false) => changes.push(Change::DropNotNull { table, column }),
        (false, true) => changes.push(Change::AddNotNull { table, column }),
        (true, true) | (false, false) => {}
    }
}

/// Every integer of 32 bits is also a double and a decimal, exactly.
fn widens(from: ValueType, to: ValueType) -> bool {
    matches!(
        (from, to),
        (
            ValueType::Int,
            ValueType::BigInt | ValueType::Float | ValueType::Decimal
        )
    )
}

/// The old name of a column, if its field says that it had one.
fn was(entity: &EntityDef, column: &str) -> Option<String> {
    let field = entity
        .fields
        .iter()
        .find(|field| field.column().is_some_and(|it| it.name == column))?;
    let was = field.was.as_ref()?;
    Some(match field.field_type {
        FieldType::Reference { .. } | FieldType::File | FieldType::Image => format!("{was}_id"),
        _ => was.clone(),
    })
}

/// Constraints go before what they are about and come after it.
fn order(change: &Change) -> u8 {
    match change {
        Change::DropReference { .. } => 0,
        Change::DropIndex { .. } => 1,
        Change::DropTable { .. } => 2,
        Change::CreateTable { .. } => 3,
        Change::RenameColumn { .. } => 4,
        Change::DropColumn { .. } => 5,
        Change::AddColumn { .. } => 6,
        Change::WidenType { .. } | Change::ChangeType { .. } | Change::Reseal { .. } => 7,
        Change::RemoveOptions { .. } => 8,
        Change::DropNotNull { .. } | Change::AddNotNull { .. } => 9,
        Change::ChangeKey { .. } => 10,
        Change::AddIndex { .. } => 11,
        Change::AddReference { .. } => 12,
    }
}

impl Change {
    /// The table it is about.
    pub fn table(&self) -> &str {
        match self {
            Self::CreateTable { table }
            | Self::DropTable { table }
            | Self::AddColumn { table, .. }
            | Self::RenameColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::WidenType { table, .. }
            | Self::ChangeType { table, .. }
            | Self::Reseal { table, .. }
            | Self::DropNotNull { table, .. }
            | Self::AddNotNull { table, .. }
            | Self::RemoveOptions { table, .. }
            | Self::ChangeKey { table }
            | Self::AddReference { table, .. }
            | Self::DropReference { table, .. }
            | Self::AddIndex { table, .. }
            | Self::DropIndex { table, .. } => table,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateTable { table } => write!(out, "create `{table}`"),
            Self::DropTable { table } => write!(out, "drop `{table}`"),
            Self::AddColumn { table, column } => write!(out, "add `{table}.{}`", column.name),
            Self::RenameColumn { table, from, to } => write!(out, "rename `{table}.{from}` to `{to}`"),
            Self::DropColumn { table, column } => write!(out, "drop `{table}.{column}`"),
            Self::WidenType { table, column, to } => write!(out, "widen `{table}.{column}` to {to:?}"),
            Self::ChangeType {
                table,
                column,
                from,
                to,
            } => write!(out, "change `{table}.{column}` from {from:?} to {to:?}"),
            Self::Reseal { table, column, .. } => write!(out, "encrypt `{table}.{column}` otherwise"),
            Self::DropNotNull { table, column } => write!(out, "let `{table}.{column}` be absent"),
            Self::AddNotNull { table, column } => write!(out, "require `{table}.{column}`"),
            Self::RemoveOptions { table, column, .. } => write!(out, "remove options of `{table}.{column}`"),
            Self::ChangeKey { table } => write!(out, "change the primary key of `{table}`"),
            Self::AddReference { table, reference, .. } => {
                write!(
                    out,
                    "let `{table}` refer to `{}` by {}",
                    reference.table,
                    reference.columns.join(", ")
                )
            }
            Self::DropReference { table, name } => write!(out, "drop reference `{name}` of `{table}`"),
            Self::AddIndex { table, index, .. } => write!(out, "index `{table}` by {}", index.columns.join(", ")),
            Self::DropIndex { table, name } => write!(out, "drop index `{name}` of `{table}`"),
        }
    }
}

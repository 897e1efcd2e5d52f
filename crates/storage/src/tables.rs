//! An app's tables: what its catalog wants, what the environment has, and the steps between.

mod apply;
mod compare;
mod ddl;
mod desired;
mod rebuild;
mod safety;

pub use apply::Applied;
pub use compare::Change;
pub use desired::desired;

use freehold_base::ValueType;
use std::collections::BTreeMap;

/// The tables of an app. Stored as JSON in `fh_catalog`, so that the next model has something to be compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tables {
    /// By name.
    pub tables: BTreeMap<String, TableShape>,
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TableShape {
    /// Columns, in order.
    pub columns: Vec<ColumnShape>,
    /// Columns of the primary key.
    pub primary_key: Vec<String>,
    /// References, by name.
    pub references: BTreeMap<String, ReferenceShape>,
    /// Indexes, by name.
    pub indexes: BTreeMap<String, IndexShape>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ColumnShape {
    /// Its name.
    pub name: String,
    /// What it holds; ciphertext is [`ValueType::Bytes`].
    pub value_type: ValueType,
    /// Never null.
    pub required: bool,
    /// Members of a `select` or `multiselect`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// How its values are sealed; `None` for values in the clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<SealShape>,
}

/// What sealed values of a column depend on: none of it can change under values that are there.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SealShape {
    /// The model's name of the key.
    pub key: String,
    /// Each tenant has data keys of its own.
    pub per_tenant: bool,
    /// Values are bound to their row's tenant.
    pub walled: bool,
    /// What they are in the clear.
    pub value_type: ValueType,
    /// What the column holds of them.
    pub part: SealPart,
}

/// What a column holds of a sealed field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum SealPart {
    /// The values.
    Value,
    /// What they are compared by.
    Index,
}

/// A foreign key; deferred to the end of the transaction, and without any action of its own.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ReferenceShape {
    /// Columns of this table.
    pub columns: Vec<String>,
    /// The table referred to.
    pub table: String,
    /// Its columns.
    pub targets: Vec<String>,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct IndexShape {
    /// Its columns.
    pub columns: Vec<String>,
    /// Refuses equal rows.
    pub unique: bool,
}

impl TableShape {
    /// Finds a column.
    pub fn find_column(&self, name: &str) -> Option<&ColumnShape> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// A name of at most 63 bytes (PostgreSQL's limit) for something of a table: readable in front, distinct by its hash.
fn derived_name(table: &str, columns: &[String], suffix: &str) -> String {
    let readable = std::iter::once(table)
        .chain(columns.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join("_");
    // Columns are joined with a character that no name has, so `a_b` + `c` and `a` + `b_c` differ.
    let exact = std::iter::once(table)
        .chain(columns.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join("\n");
    let hash = fnv(exact.as_bytes());
    let kept: String = readable.chars().take(63 - 10 - suffix.len()).collect();
    format!("{kept}_{:08x}_{suffix}", (hash >> 32) as u32 ^ hash as u32)
}

/// FNV-1a, 64 bits: the same in every version of the program.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::derived_name;

    #[test]
    fn names_are_short_and_distinct() {
        let name = |table: &str, columns: &[&str]| {
            derived_name(
                table,
                &columns.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>(),
                "idx",
            )
        };
        assert_ne!(name("a_b", &["c"]), name("a", &["b_c"]));
        assert_eq!(name("a", &["b"]), name("a", &["b"]));
        let long = name(&"t".repeat(60), &[&"c".repeat(60)]);
        assert!(long.len() <= 63, "{long}");
        assert_ne!(long, name(&"t".repeat(60), &[&"d".repeat(60)]));
    }
}

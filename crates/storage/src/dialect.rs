//! Where SQLite and PostgreSQL differ in how they are reached.

pub(crate) mod postgres;
pub(crate) mod sqlite;

/// A name as an SQL identifier, in both dialects.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Several names, quoted, with commas.
pub(crate) fn quote_all<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ")
}

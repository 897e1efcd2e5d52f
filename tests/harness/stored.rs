//! What is in a server's database, read past the server: every row of every table.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// The schema in which a server keeps an environment, unless told otherwise.
const SCHEMA: &str = "freehold";

/// Rows by table; a row by column. Rows stand in the order of their text.
pub type Tables = BTreeMap<String, Vec<Map<String, Value>>>;

/// A second door to a server's database. It only reads.
#[derive(Debug)]
pub struct Reader {
    kind: Kind,
}

enum Kind {
    Sqlite(Connection),
    Postgres {
        runtime: tokio::runtime::Runtime,
        client: Client,
        statement: String,
        tables: Vec<String>,
    },
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Sqlite(_) => "Sqlite",
            Self::Postgres { .. } => "Postgres",
        })
    }
}

impl Reader {
    /// Of a SQLite file.
    pub(crate) fn of_file(file: &PathBuf) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags).expect("the server's file can be opened");
        connection
            .pragma_update(None, "query_only", true)
            .expect("a pragma can be set");
        connection
            .busy_timeout(std::time::Duration::from_secs(10))
            .expect("a timeout can be set");
        Self {
            kind: Kind::Sqlite(connection),
        }
    }

    /// Of a PostgreSQL database.
    pub(crate) fn of_url(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime can be built");
        let (client, connection) = runtime
            .block_on(tokio_postgres::connect(url, NoTls))
            .expect("PostgreSQL answers");
        runtime.spawn(connection);
        let names =
            format!("SELECT table_name FROM information_schema.tables WHERE table_schema = '{SCHEMA}' ORDER BY 1");
        let tables = texts(
            &runtime
                .block_on(client.simple_query(&names))
                .expect("the tables can be listed"),
        );
        runtime
            .block_on(client.simple_query("SET timezone = 'UTC'"))
            .expect("a setting can be made");
        let mut statement = String::from("BEGIN ISOLATION LEVEL REPEATABLE READ;");
        for table in &tables {
            write!(
                statement,
                "SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM {SCHEMA}.\"{table}\" t;"
            )
            .expect("a string takes text");
        }
        statement += "SELECT coalesce(jsonb_agg(to_jsonb(s)), '[]') FROM (SELECT sequencename, last_value FROM pg_sequences) s; COMMIT";
        Self {
            kind: Kind::Postgres {
                runtime,
                client,
                statement,
                tables,
            },
        }
    }

    /// All there is, in one snapshot.
    ///
    /// # Panics
    ///
    /// If the database cannot be read.
    pub fn tables(&self) -> Tables {
        let mut found = match &self.kind {
            Kind::Sqlite(connection) => sqlite(connection).expect("the server's file can be read"),
            Kind::Postgres {
                runtime,
                client,
                statement,
                tables,
            } => {
                let messages = runtime
                    .block_on(client.simple_query(statement))
                    .expect("the tables can be read");
                let names = tables.iter().cloned().chain(["(sequences)".into()]);
                let rows = texts(&messages);
                let rows = rows
                    .iter()
                    .map(|text| serde_json::from_str(text).expect("PostgreSQL writes JSON"));
                names.zip(rows).collect::<Tables>()
            }
        };
        for rows in found.values_mut() {
            rows.sort_by_cached_key(|row| Value::Object(row.clone()).to_string());
        }
        found
    }
}

/// Runs statements on a SQLite file.
pub(crate) fn execute(file: &PathBuf, sql: &str) {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).expect("the server's file can be opened");
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .expect("a timeout can be set");
    connection
        .execute_batch(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn texts(messages: &[SimpleQueryMessage]) -> Vec<String> {
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    rows.collect()
}

fn sqlite(connection: &Connection) -> rusqlite::Result<Tables> {
    let snapshot = connection.unchecked_transaction()?;
    let mut names = snapshot.prepare_cached("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")?;
    let names: Vec<String> = names
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut tables = Tables::new();
    // What SQLite notes of its tables for itself says nothing.
    for name in names.into_iter().filter(|name| !name.starts_with("sqlite_stat")) {
        let mut statement = snapshot.prepare_cached(&format!("SELECT * FROM \"{name}\""))?;
        let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let mut cells = Map::new();
            for (index, column) in columns.iter().enumerate() {
                cells.insert(column.clone(), cell(row.get_ref(index)?));
            }
            found.push(cells);
        }
        tables.insert(name, found);
    }
    Ok(tables)
}

fn cell(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => json!(number),
        ValueRef::Real(number) => json!(number),
        ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => json!(hexadecimal(bytes)),
    }
}

/// Sixteen bytes as ids are written, others as they come.
fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (place, byte) in bytes.iter().enumerate() {
        if bytes.len() == 16 && [4, 6, 8, 10].contains(&place) {
            text.push('-');
        }
        write!(text, "{byte:02x}").expect("a string takes text");
    }
    text
}

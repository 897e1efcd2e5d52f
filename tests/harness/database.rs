//! A fresh database for each server.

use crate::settings;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// On what a test runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Database {
    /// A file in the server's folder.
    Sqlite,
    /// A database of the server that `FREEHOLD_TEST_POSTGRES` names.
    Postgres,
}

impl Database {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

/// Where a run of the program that ends may work; gone with this value.
#[derive(Debug)]
pub struct Fresh(Option<PostgresDatabase>);

impl Database {
    /// A place for runs that end. On SQLite the program finds one for itself.
    pub fn fresh(self) -> Fresh {
        Fresh((self == Self::Postgres).then(PostgresDatabase::create))
    }
}

impl Fresh {
    /// `--database URL`; nothing on SQLite.
    pub fn arguments(&self) -> Vec<String> {
        let url = self.0.iter().map(|database| database.url.clone());
        url.flat_map(|url| ["--database".to_owned(), url]).collect()
    }

    /// The schemas in it; none on SQLite.
    pub fn schemas(&self) -> Vec<String> {
        let sql = r"SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname NOT IN ('public', 'information_schema')";
        self.0.iter().flat_map(|database| run(&database.url, sql)).collect()
    }
}

/// A database of its own on the PostgreSQL server; dropped with this value.
#[derive(Debug)]
pub(crate) struct PostgresDatabase {
    name: String,
    url: String,
}

impl PostgresDatabase {
    /// Creates one.
    pub(crate) fn create() -> Self {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        static SWEPT: OnceLock<()> = OnceLock::new();
        SWEPT.get_or_init(sweep);
        let name = format!(
            "freehold_test_{}_{}",
            std::process::id(),
            COUNTER.fetch_add(1, Ordering::Relaxed)
        );
        run(&settings::postgres_url(), &format!("CREATE DATABASE {name}"));
        Self {
            url: with_database(&settings::postgres_url(), &name),
            name,
        }
    }

    /// Runs statements in the schema of an environment.
    pub(crate) fn execute(&self, sql: &str) {
        run(&self.url, &format!("SET search_path = freehold; {sql}"));
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        run(
            &settings::postgres_url(),
            &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        );
    }
}

/// Runs one statement; gives the first column of its rows.
fn run(url: &str, statement: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be built");
    runtime.block_on(async {
        let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
        let (client, connection) =
            connected.unwrap_or_else(|error| panic!("PostgreSQL at {url} does not answer: {error}"));
        let serving = tokio::spawn(connection);
        let messages = client
            .simple_query(statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
        drop(client);
        let _ = serving.await;
        let rows = messages.into_iter().filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        rows.collect()
    })
}

/// Drops what earlier runs left behind: servers that tests share are not dropped.
fn sweep() {
    if !Path::new("/proc/self").exists() {
        return;
    }
    let url = settings::postgres_url();
    for name in run(
        &url,
        r"SELECT datname FROM pg_database WHERE datname LIKE 'freehold\_test\_%'",
    ) {
        let process = name.split('_').nth(2).unwrap_or_default();
        if !Path::new("/proc").join(process).exists() {
            run(&url, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// The same server, another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url
        .split_once('?')
        .map_or((url, None), |(address, rest)| (address, Some(rest)));
    let authority_at = address.find("://").map_or(0, |at| at + 3);
    let base = address[authority_at..]
        .find('/')
        .map_or(address, |at| &address[..authority_at + at]);
    let tail = parameters.map(|rest| format!("?{rest}")).unwrap_or_default();
    format!("{base}/{name}{tail}")
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn names_another_database() {
        assert_eq!(with_database("postgres://u@h:1/postgres", "x"), "postgres://u@h:1/x");
        assert_eq!(with_database("postgres://u@h:1", "x"), "postgres://u@h:1/x");
        assert_eq!(
            with_database("postgres://h/p?sslmode=disable", "x"),
            "postgres://h/x?sslmode=disable"
        );
    }
}

//! An environment's database: a SQLite file or a PostgreSQL schema.

use crate::dialect::postgres::{Effort, Pool, Relay};
use crate::dialect::sqlite::Sqlite;
use crate::error::{Error, Result};
use crate::program::Dialect;
use crate::transaction::Transaction;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Where an environment's database is and how much of it one server takes.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite:/path/to/file.db`, `sqlite::memory:` (a temporary file that goes with the last [`Database`]),
    /// or `postgres://user:password@host:port/database`.
    pub url: String,
    /// PostgreSQL: the schema, created if missing. SQLite: not used, the file is the environment.
    pub schema: String,
    /// PostgreSQL: connections at most. SQLite: read connections, besides the one writer.
    pub connections: usize,
    /// How long a request waits for a free connection.
    pub checkout_timeout: Duration,
    /// How long a request's statements may run.
    pub request_timeout: Duration,
}

impl Settings {
    /// The defaults for an address: 8 connections, 5 s for a connection, 30 s for a request.
    pub fn new(url: impl Into<String>, schema: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema: schema.into(),
            connections: 8,
            checkout_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
        }
    }
}

/// An open database. Clones share connections.
#[derive(Clone, Debug)]
pub struct Database {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    counters: Counters,
    request_timeout: Duration,
}

#[derive(Debug)]
pub(crate) enum Engine {
    Sqlite(Sqlite),
    Postgres(Box<Pool>),
}

/// What has been asked of a database since it was opened.
#[derive(Debug, Default)]
struct Counters {
    statements: AtomicU64,
    flights: AtomicU64,
    transactions: AtomicU64,
}

/// A reading of the counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Statements run (on SQLite once for each parent's key), without preparations, `BEGIN` and `COMMIT`.
    pub statements: u64,
    /// Round trips; a flight of pipelined statements is one, and one more when some had to be prepared.
    pub flights: u64,
    /// Read transactions of several statements.
    pub transactions: u64,
}

impl Database {
    /// Opens a database.
    ///
    /// # Errors
    /// [`Error::Address`] when the settings cannot be used, [`Error::Unavailable`] when nothing answers there.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let engine = if let Some(rest) = settings.url.strip_prefix("sqlite:") {
            let path = sqlite_path(rest)?;
            Engine::Sqlite(Sqlite::open(path.as_deref(), settings.connections, settings.checkout_timeout).await?)
        } else if settings.url.starts_with("postgres://") || settings.url.starts_with("postgresql://") {
            let pool = Pool::open(
                &settings.url,
                &settings.schema,
                settings.connections,
                settings.checkout_timeout,
            );
            Engine::Postgres(Box::new(pool.await?))
        } else {
            return Err(Error::address("it begins with `sqlite:` or `postgres://`"));
        };
        Ok(Self {
            inner: Arc::new(Inner {
                engine,
                counters: Counters::default(),
                request_timeout: settings.request_timeout,
            }),
        })
    }

    /// Which SQL it speaks.
    pub fn dialect(&self) -> Dialect {
        match self.inner.engine {
            Engine::Sqlite(_) => Dialect::Sqlite,
            Engine::Postgres(_) => Dialect::Postgres,
        }
    }

    /// The file of a SQLite database, for those who open it otherwise (sea-orm).
    pub fn sqlite_path(&self) -> Option<&Path> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => Some(sqlite.path()),
            Engine::Postgres(_) => None,
        }
    }

    /// What has been asked of it so far.
    pub fn counters(&self) -> Counts {
        let counters = &self.inner.counters;
        Counts {
            statements: counters.statements.load(Ordering::Relaxed),
            flights: counters.flights.load(Ordering::Relaxed),
            transactions: counters.transactions.load(Ordering::Relaxed),
        }
    }

    /// Whether other servers may work on it, and hear of each other.
    pub fn has_relay(&self) -> bool {
        self.dialect() == Dialect::Postgres
    }

    /// Opens a way to the other servers of the environment, on a connection of its own; `None` where there are none.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without a connection.
    pub async fn open_relay(&self) -> Result<Option<Relay>> {
        match self.engine() {
            Engine::Postgres(pool) => Relay::open(pool).await.map(Some),
            Engine::Sqlite(_) => Ok(None),
        }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        self.inner.request_timeout
    }

    pub(crate) fn count(&self, effort: Effort) {
        let counters = &self.inner.counters;
        counters.statements.fetch_add(effort.statements, Ordering::Relaxed);
        counters.flights.fetch_add(effort.flights, Ordering::Relaxed);
        counters.transactions.fetch_add(effort.transactions, Ordering::Relaxed);
    }

    /// Begins a write transaction.
    pub(crate) async fn begin(&self, references: References) -> Result<Transaction> {
        let mut transaction = self.open_transaction(references).await?;
        transaction.begin().await?;
        Ok(transaction)
    }

    /// A write transaction that on PostgreSQL begins with its first statement, in the same round trip.
    pub(crate) async fn open_transaction(&self, references: References) -> Result<Transaction> {
        match self.engine() {
            Engine::Sqlite(sqlite) => Transaction::begin_sqlite(self, sqlite, references == References::Enforced).await,
            Engine::Postgres(pool) => Transaction::open_postgres(self, pool).await,
        }
    }
}

/// Whether SQLite enforces references inside a write transaction; PostgreSQL always does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum References {
    /// At its end, as they are deferred.
    Enforced,
    /// Not at all: tables are rebuilt. The one who asked checks them before the end.
    CheckedByHand,
}

/// The path in `sqlite:…`; `None` for a temporary file.
fn sqlite_path(rest: &str) -> Result<Option<PathBuf>> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    match path {
        "" => Err(Error::address("`sqlite:/path/to/file.db` expected")),
        ":memory:" => Ok(None),
        _ if path.contains('?') => Err(Error::address("a SQLite address has no options")),
        _ => Ok(Some(PathBuf::from(path))),
    }
}

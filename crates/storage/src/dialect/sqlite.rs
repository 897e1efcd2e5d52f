//! SQLite: one writer, several readers, on tokio's blocking threads.

mod decimal;
mod formula;
mod functions;
mod lists;
mod read;
mod value;

pub(crate) use read::{in_snapshot, lead, statements as read_within};
pub(crate) use value::{bind, push};

use crate::binder::Bound;
use crate::cells::Table;
use crate::error::{Error, Result};
use crate::program::Program;
use crate::run::Leading;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, InterruptHandle, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, Semaphore};
use tokio::time::Instant;

/// How long a connection waits for another's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements kept by each connection.
const STATEMENTS_MAX: usize = 256;

/// One SQLite file.
#[derive(Debug)]
pub(crate) struct Sqlite {
    path: PathBuf,
    temporary: bool,
    readers: Arc<Readers>,
    writer: Arc<tokio::sync::Mutex<Connection>>,
    checkout_timeout: Duration,
}

/// Idle read connections; a permit for each that exists.
#[derive(Debug)]
struct Readers {
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

/// A read connection in use; it goes back even if the work panics.
struct Lease {
    connection: Option<Connection>,
    readers: Arc<Readers>,
}

/// An open write transaction; rolled back when dropped without commit.
#[derive(Debug)]
pub(crate) struct WriteTransaction {
    connection: OwnedMutexGuard<Connection>,
}

/// What became of a transaction that was run whole.
#[derive(Debug)]
pub(crate) enum Whole<T> {
    /// It was kept.
    Kept(T),
    /// It was undone, for whatever reason.
    Undone,
    /// It was undone: the deadline had passed.
    TooLate,
}

/// The writer's work, while it can be stopped.
struct Interruptible {
    stopped: AtomicBool,
    /// Set by the first of two who want it: the one who keeps the work, and the one who stops it.
    settled: AtomicBool,
    /// Gone once the work has ended.
    handle: Mutex<Option<InterruptHandle>>,
}

/// Stops the writer's work when dropped before it has ended.
struct Waiting(Arc<Interruptible>);

/// Stops a connection's work when the one who waits for it gives up.
struct StopOnDrop {
    stopped: Arc<AtomicBool>,
    handle: InterruptHandle,
    armed: bool,
}

impl Sqlite {
    /// Opens a file, creating it if missing; without a path a temporary file that goes with the last owner.
    pub(crate) async fn open(path: Option<&Path>, readers: usize, checkout_timeout: Duration) -> Result<Self> {
        let temporary = path.is_none();
        let path = path.map_or_else(temporary_path, Path::to_owned);
        let file = path.clone();
        let opened = blocking(move || {
            create_private(&file);
            // The writer is first: it creates the file and turns on the write-ahead log.
            let writer = open(&file, false)?;
            let readers = (0..readers.max(1))
                .map(|_| open(&file, true))
                .collect::<Result<Vec<_>>>()?;
            Ok((writer, readers))
        });
        let (writer, idle) = opened.await.map_err(|error| match error {
            Error::Database { source } => Error::address(format!("`{}` cannot be opened: {source}", path.display())),
            other => other,
        })?;
        Ok(Self {
            path,
            temporary,
            readers: Arc::new(Readers {
                permits: Semaphore::new(idle.len()),
                idle: Mutex::new(idle),
            }),
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
            checkout_timeout,
        })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs a program's statements in one snapshot, behind one that leads, if there is one. The second number is how many statements
    /// were run.
    pub(crate) async fn run(
        &self,
        leading: Option<Arc<Leading>>,
        program: Arc<Program>,
        parameters: Vec<Vec<Bound>>,
    ) -> Result<(Vec<Table>, u64)> {
        self.visit(move |connection, stopped| {
            read::program(connection, leading.as_deref(), &program, &parameters, stopped)
        })
        .await
    }

    /// Works on a read connection.
    pub(crate) async fn visit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, &AtomicBool) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = tokio::time::timeout(self.checkout_timeout, self.readers.permits.acquire());
        let permit = permit
            .await
            .map_err(|_| Error::unavailable("no free connection"))?
            .map_err(|_| Error::unavailable("it is closed"))?;
        let Some(connection) = self.readers.take() else {
            return Err(Error::unavailable("no free connection"));
        };
        // From here on the lease owns permit and connection, even if nobody waits for it any more.
        permit.forget();
        let stopped = Arc::new(AtomicBool::new(false));
        let mut stop = StopOnDrop {
            stopped: stopped.clone(),
            handle: connection.get_interrupt_handle(),
            armed: true,
        };
        let lease = Lease {
            connection: Some(connection),
            readers: self.readers.clone(),
        };
        let outcome = blocking(move || match &lease.connection {
            Some(connection) => work(connection, &stopped),
            None => Err(Error::unavailable("no free connection")),
        });
        let outcome = outcome.await;
        stop.armed = false;
        outcome
    }

    /// Works in a write transaction of its own, in one visit of a blocking thread; kept if the work gives something.
    pub(crate) async fn write_whole<T: Send + 'static>(
        &self,
        deadline: Instant,
        work: impl FnOnce(&Connection, &AtomicBool) -> Result<Option<T>> + Send + 'static,
    ) -> Whole<T> {
        let Ok(connection) = tokio::time::timeout_at(deadline, self.writer.clone().lock_owned()).await else {
            return Whole::TooLate;
        };
        let waiting = Waiting::new(&connection);
        let shared = waiting.0.clone();
        let mut visit = tokio::task::spawn_blocking(move || {
            let transaction = WriteTransaction { connection };
            let done = transaction.whole(&shared, work);
            drop(shared.take());
            // Dropped, the transaction is undone, unless it was kept.
            drop(transaction);
            done
        });
        let (outcome, late) = match tokio::time::timeout_at(deadline, &mut visit).await {
            Ok(outcome) => (outcome, false),
            Err(_) if waiting.0.stop() => return Whole::TooLate,
            // It is being kept at this moment.
            Err(_) => (visit.await, true),
        };
        match outcome {
            Ok(Ok(Some(done))) => Whole::Kept(done),
            _ if late => Whole::TooLate,
            _ => Whole::Undone,
        }
    }

    /// Begins a write transaction; writers wait for each other here.
    pub(crate) async fn begin(&self, enforce_references: bool) -> Result<WriteTransaction> {
        let connection = self.writer.clone().lock_owned().await;
        blocking(move || {
            // The pragma does nothing inside a transaction. A table is rebuilt without it and checked afterwards.
            enforce(&connection, enforce_references)?;
            connection.execute_batch("BEGIN IMMEDIATE")?;
            Ok(WriteTransaction { connection })
        })
        .await
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        if self.temporary {
            for suffix in ["", "-wal", "-shm"] {
                let mut name = self.path.clone().into_os_string();
                name.push(suffix);
                // A file that is gone or in use is the system's to clean up.
                let _ = std::fs::remove_file(name);
            }
        }
    }
}

impl Readers {
    fn take(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            if !connection.is_autocommit()
                && let Err(error) = connection.execute_batch("ROLLBACK")
            {
                tracing::error!(%error, "a read transaction could not be ended");
            }
            self.readers
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
            self.readers.permits.add_permits(1);
        }
    }
}

impl WriteTransaction {
    /// Begins, works, and keeps what gives something.
    fn whole<T>(
        &self,
        shared: &Interruptible,
        work: impl FnOnce(&Connection, &AtomicBool) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        enforce(&self.connection, true)?;
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let Some(done) = work(&self.connection, &shared.stopped)? else {
            return Ok(None);
        };
        if !shared.keep() {
            return Ok(None);
        }
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(Some(done))
    }

    /// Works on the connection on a blocking thread. If nobody waits any more, the work is stopped and all is undone.
    pub(crate) async fn with<T: Send + 'static>(
        self,
        work: impl FnOnce(&Connection, &AtomicBool) -> Result<T> + Send + 'static,
    ) -> Result<(Self, T)> {
        let waiting = Waiting::new(&self.connection);
        let shared = waiting.0.clone();
        blocking(move || {
            let answer = work(&self.connection, &shared.stopped);
            // From here on the connection may be somebody else's.
            drop(shared.take());
            answer.map(|answer| (self, answer))
        })
        .await
    }

    /// Commits.
    pub(crate) async fn commit(self) -> Result<()> {
        blocking(move || {
            self.connection.execute_batch("COMMIT")?;
            enforce(&self.connection, true)
        })
        .await
    }
}

impl Drop for WriteTransaction {
    fn drop(&mut self) {
        if !self.connection.is_autocommit() {
            let undone = self.connection.execute_batch("ROLLBACK");
            let undone = undone.map_err(Error::from);
            if let Err(error) = undone.and(enforce(&self.connection, true)) {
                tracing::error!(%error, "a write transaction could not be rolled back");
            }
        }
    }
}

impl Interruptible {
    /// Stops the work; false if it is being kept already.
    fn stop(&self) -> bool {
        if self.settled.swap(true, Ordering::AcqRel) {
            return false;
        }
        self.stopped.store(true, Ordering::Relaxed);
        // INVARIANT: the lock is held while it interrupts, so the work cannot end and give the connection away meanwhile.
        let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = handle.as_ref() {
            handle.interrupt();
        }
        true
    }

    /// Keeps the work; false if it was stopped.
    fn keep(&self) -> bool {
        !self.settled.swap(true, Ordering::AcqRel)
    }

    fn take(&self) -> Option<InterruptHandle> {
        self.handle.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Waiting {
    fn new(connection: &Connection) -> Self {
        Self(Arc::new(Interruptible {
            stopped: AtomicBool::new(false),
            settled: AtomicBool::new(false),
            handle: Mutex::new(Some(connection.get_interrupt_handle())),
        }))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if self.armed {
            self.stopped.store(true, Ordering::Relaxed);
            self.handle.interrupt();
        }
    }
}

fn open(path: &Path, read_only: bool) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "journal_mode", "wal")?;
    // What was acknowledged is there after a power cut: with the write-ahead log, NORMAL would lose the last commits.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // LIKE tells case apart, as PostgreSQL's does; folding is `fh_lower`'s.
    connection.pragma_update(None, "case_sensitive_like", true)?;
    // Plans do not depend on bound values, or each bind may prepare the statement again (measured: up to 5 times the cost).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    functions::register(&connection)?;
    if read_only {
        connection.pragma_update(None, "query_only", true)?;
    }
    Ok(connection)
}

/// Has references checked, or not. To state it, even as it is, would have every statement of the connection prepared again.
fn enforce(connection: &Connection, references: bool) -> Result<()> {
    let mut asked = connection.prepare_cached("PRAGMA foreign_keys")?;
    if asked.query_row([], |row| row.get::<_, bool>(0))? != references {
        connection.pragma_update(None, "foreign_keys", references)?;
    }
    Ok(())
}

/// Creates a missing file that its owner alone may read; SQLite gives its companions the same mode.
fn create_private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // If it is there, or cannot be made, SQLite will say what it thinks of it.
    drop(options.open(path));
}

fn temporary_path() -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    // RandomState is seeded by the system: two processes with one id (containers) do not meet.
    let chance = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), number);
    std::env::temp_dir().join(format!("freehold-{}-{number}-{chance:016x}.db", std::process::id()))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(error) => Err(Error::Unavailable {
            problem: "its thread ended",
            source: Some(Box::new(error)),
        }),
    }
}

//! One connection with its prepared statements, and its stay outside the pool.

use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio_postgres::{Client, NoTls, Statement};

/// Prepared statements kept by each connection.
const STATEMENTS_MAX: usize = 256;

/// A connection with its prepared statements.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) statements: StatementCache,
}

/// Prepared statements by text; the one used longest ago gives way.
#[derive(Default)]
pub(crate) struct StatementCache {
    entries: HashMap<String, (Statement, u64)>,
    tick: u64,
}

/// A connection in use. Dropped without [`Checkout::give_back`] it is closed, and what it was doing is cancelled.
pub(crate) struct Checkout {
    client: Option<Client>,
    pub(crate) statements: StatementCache,
    idle: Arc<std::sync::Mutex<Vec<Session>>>,
    _permit: OwnedSemaphorePermit,
}

impl StatementCache {
    /// Finds a prepared statement and marks it as used.
    pub(crate) fn find(&mut self, sql: &str) -> Option<Statement> {
        self.tick += 1;
        let (statement, used) = self.entries.get_mut(sql)?;
        *used = self.tick;
        Some(statement.clone())
    }

    /// Keeps a prepared statement.
    pub(crate) fn insert(&mut self, sql: String, statement: Statement) {
        if self.entries.len() >= STATEMENTS_MAX {
            let oldest = self
                .entries
                .iter()
                .min_by_key(|(_, (_, used))| *used)
                .map(|(sql, _)| sql.clone());
            // Dropping it tells the server to close it.
            oldest.and_then(|sql| self.entries.remove(&sql));
        }
        self.tick += 1;
        self.entries.insert(sql, (statement, self.tick));
    }
}

impl Checkout {
    pub(super) fn new(
        session: Session,
        idle: Arc<std::sync::Mutex<Vec<Session>>>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            client: Some(session.client),
            statements: session.statements,
            idle,
            _permit: permit,
        }
    }

    /// The connection.
    #[expect(
        clippy::expect_used,
        reason = "only `give_back` and `drop` take it, and both take self"
    )]
    pub(crate) fn client(&self) -> &Client {
        self.client.as_ref().expect("a checkout has its client until it ends")
    }

    /// Forgets every prepared statement: tables have changed.
    pub(crate) fn forget_statements(&mut self) {
        self.statements = StatementCache::default();
    }

    /// Puts the connection back. Call it only when every message sent has been answered.
    pub(crate) fn give_back(mut self) {
        if let Some(client) = self.client.take()
            && !client.is_closed()
        {
            let session = Session {
                client,
                statements: std::mem::take(&mut self.statements),
            };
            self.idle
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .push(session);
        }
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        if client.is_closed() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let token = client.cancel_token();
            runtime.spawn(async move {
                if let Err(error) = token.cancel_query(NoTls).await {
                    tracing::debug!(%error, "a query could not be cancelled");
                }
                drop(client);
            });
        }
    }
}

//! Program + the caller's values → rows → JSON bytes.

use crate::binder::{Binder, Bound};
use crate::cells::Table;
use crate::database::{Database, Engine};
use crate::dialect::postgres::{self, Effort};
use crate::error::{Error, Result};
use crate::program::Program;
use crate::write;
use freehold_planner::cursor::Sealer;
use std::sync::Arc;

impl Database {
    /// Runs a program in one round trip and one snapshot, and writes its answer: the JSON object of `data`.
    ///
    /// # Errors
    /// [`Error::Timeout`] past the deadline (the database is told to stop), [`Error::Unavailable`] without a connection,
    /// [`Error::Variable`] for a variable that cannot be bound, [`Error::Database`] when the database refuses.
    pub async fn run(&self, program: &Arc<Program>, binder: &Binder<'_>, sealer: &Sealer) -> Result<Vec<u8>> {
        let tables = self.fetch(program, binder).await?;
        write::write(program, &tables, binder, sealer)
    }

    /// Runs a program; gives its statements' rows.
    ///
    /// # Errors
    /// As [`Database::run`].
    pub async fn fetch(&self, program: &Arc<Program>, binder: &Binder<'_>) -> Result<Vec<Table>> {
        if program.statements.is_empty() {
            return Ok(Vec::new());
        }
        let parameters = binder.bind(program)?;
        self.rows(program, parameters).await
    }

    /// Runs a program whose values are bound.
    pub(crate) async fn rows(&self, program: &Arc<Program>, parameters: Vec<Vec<Bound>>) -> Result<Vec<Table>> {
        let limit = self.request_timeout();
        let mut effort = Effort::default();
        let outcome = match self.engine() {
            Engine::Postgres(pool) => {
                tokio::time::timeout(limit, postgres::run(pool, program, &parameters, &mut effort)).await
            }
            Engine::Sqlite(sqlite) => {
                effort.flights = 1;
                effort.transactions = u64::from(program.statements.len() > 1);
                let outcome = tokio::time::timeout(limit, sqlite.run(program.clone(), parameters)).await;
                outcome.map(|outcome| {
                    outcome.map(|(tables, runs)| {
                        effort.statements = runs;
                        tables
                    })
                })
            }
        };
        self.count(effort);
        outcome.unwrap_or(Err(Error::Timeout { limit }))
    }
}

//! Program + the caller's values → rows → JSON bytes.

use crate::binder::{Binder, Bound};
use crate::cells;
use crate::cells::Table;
use crate::database::{Database, Engine};
use crate::dialect::postgres::{self, Effort};
use crate::error::{Error, Result};
use crate::program::{Program, Statement};
use crate::write;
use freehold_base::{Lookup, Value, ValueType};
use freehold_planner::cursor::Sealer;
use std::sync::Arc;

/// A statement that comes before those of a program, with its values.
#[derive(Debug)]
pub(crate) struct Leading {
    pub(crate) statement: Statement,
    pub(crate) values: Vec<Bound>,
}

impl Leading {
    pub(crate) fn new(lookup: &Lookup) -> Result<Self> {
        let values = lookup
            .values
            .iter()
            .map(|(value, value_type)| Bound::new(value.clone(), *value_type));
        Ok(Self {
            values: values.collect::<Result<_>>()?,
            statement: Statement {
                sql: lookup.sql.clone(),
                parameters: Vec::new(),
                columns: lookup.columns.clone(),
                parent: None,
            },
        })
    }

    /// The row that it found.
    fn row(&self, table: &Table) -> Result<Option<Vec<Value>>> {
        found(&self.statement.columns, table, 0)
    }
}

/// A row of a table, if it has so many.
pub(crate) fn found(columns: &[ValueType], table: &Table, row: usize) -> Result<Option<Vec<Value>>> {
    if table.rows() <= row {
        return Ok(None);
    }
    let cells = columns.iter().enumerate();
    let cells = cells.map(|(index, value_type)| cells::read(*value_type, table.cell(row, index)));
    cells.collect::<Result<_>>().map(Some)
}

/// What a lookup found, and the rows of the program that went with it.
#[derive(Debug)]
pub struct Accompanied {
    /// The lookup's row.
    pub row: Option<Vec<Value>>,
    /// The rows of each of the program's statements.
    pub tables: Vec<Table>,
}

impl Database {
    /// Runs a program in one round trip and one snapshot, and writes its answer: the JSON object of `data`.
    ///
    /// # Errors
    /// [`Error::Timeout`] past the deadline (the database is told to stop), [`Error::Unavailable`] without a connection,
    /// [`Error::Variable`] for a variable that cannot be bound, [`Error::Database`] when the database refuses.
    pub async fn run(&self, program: &Arc<Program>, binder: &Binder<'_>, sealer: &Sealer) -> Result<Vec<u8>> {
        let tables = self.fetch(program, binder).await?;
        Self::answer(program, &tables, binder, sealer)
    }

    /// Writes the answer of a program whose rows are there: the JSON object of `data`.
    ///
    /// # Errors
    /// [`Error::Sealed`] for a value that does not open.
    pub fn answer(program: &Program, tables: &[Table], binder: &Binder<'_>, sealer: &Sealer) -> Result<Vec<u8>> {
        write::write(program, tables, binder, sealer)
    }

    /// Runs a lookup and a program in one round trip. The lookup is first: what the program reads is not older than what it found.
    ///
    /// # Errors
    /// As [`Database::run`].
    pub async fn fetch_with(
        &self,
        lookup: &Lookup,
        program: &Arc<Program>,
        binder: &Binder<'_>,
    ) -> Result<Accompanied> {
        let leading = Arc::new(Leading::new(lookup)?);
        let parameters = binder.bind(program)?;
        let mut tables = self.led_rows(Some(leading.clone()), program, parameters).await?;
        if tables.is_empty() {
            return Err(Error::program("a lookup gave no answer"));
        }
        let row = leading.row(&tables.remove(0))?;
        Ok(Accompanied { row, tables })
    }

    /// Runs a lookup; gives its row.
    ///
    /// # Errors
    /// As [`Database::run`].
    pub async fn look_up(&self, lookup: &Lookup) -> Result<Option<Vec<Value>>> {
        let leading = Arc::new(Leading::new(lookup)?);
        let nothing = Arc::new(Program::default());
        let tables = self.led_rows(Some(leading.clone()), &nothing, Vec::new()).await?;
        tables.first().map_or(Ok(None), |table| leading.row(table))
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
        self.led_rows(None, program, parameters).await
    }

    /// The rows of a leading statement, if there is one, and of a program's.
    async fn led_rows(
        &self,
        leading: Option<Arc<Leading>>,
        program: &Arc<Program>,
        parameters: Vec<Vec<Bound>>,
    ) -> Result<Vec<Table>> {
        let limit = self.request_timeout();
        let mut effort = Effort::default();
        let outcome = match self.engine() {
            Engine::Postgres(pool) => {
                let running = postgres::run(pool, leading.as_deref(), program, &parameters, &mut effort);
                tokio::time::timeout(limit, running).await
            }
            Engine::Sqlite(sqlite) => {
                effort.flights = 1;
                effort.transactions = u64::from(program.statements.len() > 1);
                let running = sqlite.run(leading, program.clone(), parameters);
                let outcome = tokio::time::timeout(limit, running).await;
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

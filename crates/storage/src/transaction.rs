//! A write transaction on either database. Dropped without commit it is undone.

use crate::binder::Bound;
use crate::cells::{Table, TableBuilder};
use crate::database::Database;
use crate::dialect::postgres::{self, Checkout, Effort};
use crate::dialect::sqlite;
use crate::error::{Error, Result};
use crate::program::{Dialect, Program};
use freehold_base::ValueType;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_postgres::types::{ToSql, Type};

/// One statement of a flight.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// The text; `$1…` on PostgreSQL, `?1…` or `$1…` on SQLite.
    pub(crate) sql: String,
    /// By number.
    pub(crate) parameters: Vec<Bound>,
    /// Types of the result's columns.
    pub(crate) columns: Vec<ValueType>,
    /// Its text comes again and again, so it is worth preparing.
    pub(crate) kept: bool,
}

/// What a statement gave.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Rows answered.
    pub(crate) table: Table,
    /// Rows written, or answered.
    pub(crate) affected: u64,
}

/// An open write transaction.
pub(crate) struct Transaction {
    /// Where what it takes is counted.
    database: Database,
    link: Link,
}

enum Link {
    /// The writer; `None` once a statement has failed and all is undone.
    Sqlite(Option<sqlite::WriteTransaction>),
    /// An exclusive connection.
    Postgres(Box<Exclusive>),
}

struct Exclusive {
    checkout: Checkout,
    /// `BEGIN` has been sent.
    begun: bool,
    /// A statement was refused because its preparation is out of date.
    outdated: bool,
}

/// Each statement sees what others have committed, so that it may wait for locks.
pub(crate) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// What nobody can say after a connection has ended in the middle of a commit.
pub(crate) const OUTCOME_UNKNOWN: &str =
    "the connection broke while a transaction ended: look whether it was written before trying again";

impl Transaction {
    /// Takes a connection of PostgreSQL; the transaction begins with its first statement, in the same round trip.
    pub(crate) async fn open_postgres(database: &Database, pool: &postgres::Pool) -> Result<Self> {
        let checkout = pool.checkout().await?;
        Ok(Self {
            database: database.clone(),
            link: Link::Postgres(Box::new(Exclusive {
                checkout,
                begun: false,
                outdated: false,
            })),
        })
    }

    /// Begins on SQLite.
    pub(crate) async fn begin_sqlite(
        database: &Database,
        sqlite: &sqlite::Sqlite,
        enforce_references: bool,
    ) -> Result<Self> {
        Ok(Self {
            database: database.clone(),
            link: Link::Sqlite(Some(sqlite.begin(enforce_references).await?)),
        })
    }

    /// Begins, if that has not been sent yet.
    pub(crate) async fn begin(&mut self) -> Result<()> {
        if let Link::Postgres(exclusive) = &mut self.link
            && !exclusive.begun
        {
            exclusive.checkout.client().batch_execute(BEGIN).await?;
            exclusive.begun = true;
        }
        Ok(())
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self.link {
            Link::Sqlite(_) => Dialect::Sqlite,
            Link::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs statements without parameters.
    pub(crate) async fn batch(&mut self, sql: String) -> Result<()> {
        self.begin().await?;
        match &mut self.link {
            Link::Sqlite(slot) => with(slot, move |connection, _| Ok(connection.execute_batch(&sql)?)).await,
            Link::Postgres(exclusive) => Ok(exclusive.checkout.client().batch_execute(&sql).await?),
        }
    }

    /// Runs one statement; gives the number of rows written.
    pub(crate) async fn execute(&mut self, sql: String, parameters: Vec<Bound>) -> Result<u64> {
        self.begin().await?;
        self.count(1, 1);
        match &mut self.link {
            Link::Sqlite(slot) => {
                let work = move |connection: &rusqlite::Connection, _: &AtomicBool| {
                    let mut statement = connection.prepare_cached(&sql)?;
                    for (index, bound) in parameters.iter().enumerate() {
                        sqlite::bind(&mut statement, index + 1, bound)?;
                    }
                    Ok(statement.raw_execute()? as u64)
                };
                with(slot, work).await
            }
            Link::Postgres(exclusive) => {
                let client = exclusive.checkout.client();
                Ok(client.execute_typed(&sql, &typed(&parameters)).await?)
            }
        }
    }

    /// Runs one query.
    pub(crate) async fn query(
        &mut self,
        sql: String,
        parameters: Vec<Bound>,
        columns: Vec<ValueType>,
    ) -> Result<Table> {
        let query = Query {
            sql,
            parameters,
            columns,
            kept: false,
        };
        let outcome = self.flight(vec![query]).await?.pop();
        outcome
            .map(|outcome| outcome.table)
            .ok_or_else(|| Error::program("a statement gave no answer"))
    }

    /// Runs statements one after the other in one round trip.
    pub(crate) async fn flight(&mut self, queries: Vec<Query>) -> Result<Vec<Outcome>> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        match &mut self.link {
            Link::Sqlite(slot) => {
                let statements = queries.len() as u64;
                let outcomes = with(slot, move |connection, stopped| {
                    queries.iter().map(|query| step(connection, query, stopped)).collect()
                });
                let outcomes = outcomes.await;
                self.count(statements, 1);
                outcomes
            }
            Link::Postgres(exclusive) => {
                let mut effort = Effort::default();
                let begin = (!exclusive.begun).then_some(BEGIN);
                exclusive.begun = true;
                let outcomes = postgres::fly(
                    &mut exclusive.checkout,
                    begin,
                    &queries,
                    postgres::End::Open,
                    &mut effort,
                )
                .await;
                let outcomes = outcomes.map_err(|failure| {
                    exclusive.outdated |= failure.is_outdated();
                    Error::from(failure)
                });
                self.database.count(effort);
                outcomes
            }
        }
    }

    /// Reads programs one after the other; gives the rows of each one's statements.
    pub(crate) async fn read(&mut self, programs: Vec<(Arc<Program>, Vec<Vec<Bound>>)>) -> Result<Vec<Vec<Table>>> {
        if let Link::Sqlite(slot) = &mut self.link {
            let outcome = with(slot, move |connection, stopped| {
                let read = programs
                    .iter()
                    .map(|(program, parameters)| sqlite::read_within(connection, program, parameters, stopped));
                let read: Vec<(Vec<Table>, u64)> = read.collect::<Result<_>>()?;
                let runs = read.iter().map(|(_, runs)| runs).sum();
                Ok((read.into_iter().map(|(tables, _)| tables).collect(), runs))
            });
            let (tables, runs) = outcome.await?;
            self.count(runs, 1);
            return Ok(tables);
        }
        let mut queries = Vec::new();
        for (program, parameters) in &programs {
            let statements = program.statements.iter().zip(parameters);
            queries.extend(statements.map(|(statement, parameters)| Query {
                sql: statement.sql.clone(),
                parameters: parameters.clone(),
                columns: statement.columns.clone(),
                kept: true,
            }));
        }
        let mut outcomes = self.flight(queries).await?.into_iter().map(|outcome| outcome.table);
        let tables = programs
            .iter()
            .map(|(program, _)| outcomes.by_ref().take(program.statements.len()).collect());
        Ok(tables.collect())
    }

    /// Commits.
    pub(crate) async fn commit(self) -> Result<()> {
        match self.link {
            Link::Sqlite(Some(transaction)) => transaction.commit().await,
            Link::Sqlite(None) => Err(undone()),
            Link::Postgres(exclusive) => {
                if exclusive.begun {
                    let committed = exclusive.checkout.client().batch_execute("COMMIT").await;
                    self.database.count(Effort {
                        flights: 1,
                        ..Effort::default()
                    });
                    committed.map_err(of_commit)?;
                }
                exclusive.checkout.give_back();
                Ok(())
            }
        }
    }

    /// Undoes everything, and keeps the connection for others.
    pub(crate) async fn undo(self) {
        let Link::Postgres(mut exclusive) = self.link else {
            // The writer undoes it when it is dropped.
            return;
        };
        let undone = if exclusive.begun {
            exclusive.checkout.client().batch_execute("ROLLBACK").await
        } else {
            Ok(())
        };
        match undone {
            Ok(()) => {
                if exclusive.outdated {
                    exclusive.checkout.forget_statements();
                }
                exclusive.checkout.give_back();
            }
            Err(error) => tracing::debug!(%error, "a transaction ended with its connection"),
        }
    }

    fn count(&self, statements: u64, flights: u64) {
        self.database.count(Effort {
            statements,
            flights,
            transactions: 0,
        });
    }
}

/// What a commit's failure means: after a broken connection nobody knows whether it was done, so nobody may try again blindly.
pub(crate) fn of_commit(error: tokio_postgres::Error) -> Error {
    if error.is_closed() {
        tracing::warn!(%error, "a connection broke in a commit");
        return Error::unavailable(OUTCOME_UNKNOWN);
    }
    error.into()
}

/// Runs one statement of a flight on SQLite.
pub(crate) fn step(connection: &rusqlite::Connection, query: &Query, stopped: &AtomicBool) -> Result<Outcome> {
    // An interrupt between two statements stops nothing.
    if stopped.load(Ordering::Relaxed) {
        return Err(Error::unavailable("nobody waits for the answer"));
    }
    let mut statement = connection.prepare_cached(&query.sql)?;
    for (index, bound) in query.parameters.iter().enumerate() {
        sqlite::bind(&mut statement, index + 1, bound)?;
    }
    let mut table = TableBuilder::new(query.columns.len());
    if statement.column_count() == 0 {
        let affected = statement.raw_execute()? as u64;
        return Ok(Outcome {
            table: table.finish(),
            affected,
        });
    }
    let mut affected = 0;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        for (index, value_type) in query.columns.iter().enumerate() {
            sqlite::push(&mut table, *value_type, row.get_ref(index)?)?;
        }
        table.end_row();
        affected += 1;
    }
    Ok(Outcome {
        table: table.finish(),
        affected,
    })
}

async fn with<T: Send + 'static>(
    slot: &mut Option<sqlite::WriteTransaction>,
    work: impl FnOnce(&rusqlite::Connection, &AtomicBool) -> Result<T> + Send + 'static,
) -> Result<T> {
    let transaction = slot.take().ok_or_else(undone)?;
    let (transaction, answer) = transaction.with(work).await?;
    *slot = Some(transaction);
    Ok(answer)
}

fn typed(parameters: &[Bound]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    parameters
        .iter()
        .map(|bound| (bound as &(dyn ToSql + Sync), postgres::type_of(bound.value_type)))
        .collect()
}

fn undone() -> Error {
    Error::program("a transaction went on after its end")
}

//! A write transaction on either database. Dropped without commit it is undone.

use crate::binder::Bound;
use crate::cells::{Table, TableBuilder};
use crate::dialect::postgres::{self, Checkout};
use crate::dialect::sqlite;
use crate::error::{Error, Result};
use crate::program::Dialect;
use freehold_base::ValueType;
use tokio_postgres::types::{ToSql, Type};

/// An open write transaction.
pub(crate) enum Transaction {
    /// The writer; `None` once a statement has failed and all is undone.
    Sqlite(Option<sqlite::WriteTransaction>),
    /// An exclusive connection.
    Postgres(Box<Checkout>),
}

impl Transaction {
    /// Begins on PostgreSQL; each statement sees what others have committed, so that it may wait for locks.
    pub(crate) async fn begin_postgres(pool: &postgres::Pool) -> Result<Self> {
        let checkout = pool.checkout().await?;
        checkout
            .client()
            .batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            .await?;
        Ok(Self::Postgres(Box::new(checkout)))
    }

    /// Begins on SQLite.
    pub(crate) async fn begin_sqlite(database: &sqlite::Sqlite, enforce_references: bool) -> Result<Self> {
        Ok(Self::Sqlite(Some(database.begin(enforce_references).await?)))
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs statements without parameters.
    pub(crate) async fn batch(&mut self, sql: String) -> Result<()> {
        match self {
            Self::Sqlite(slot) => with(slot, move |connection| Ok(connection.execute_batch(&sql)?)).await,
            Self::Postgres(checkout) => Ok(checkout.client().batch_execute(&sql).await?),
        }
    }

    /// Runs one statement; gives the number of rows written.
    pub(crate) async fn execute(&mut self, sql: String, parameters: Vec<Bound>) -> Result<u64> {
        match self {
            Self::Sqlite(slot) => {
                let work = move |connection: &rusqlite::Connection| {
                    let mut statement = connection.prepare_cached(&sql)?;
                    for (index, bound) in parameters.iter().enumerate() {
                        sqlite::bind(&mut statement, index + 1, bound)?;
                    }
                    Ok(statement.raw_execute()? as u64)
                };
                with(slot, work).await
            }
            Self::Postgres(checkout) => Ok(checkout.client().execute_typed(&sql, &typed(&parameters)).await?),
        }
    }

    /// Runs one query.
    pub(crate) async fn query(
        &mut self,
        sql: String,
        parameters: Vec<Bound>,
        columns: Vec<ValueType>,
    ) -> Result<Table> {
        match self {
            Self::Sqlite(slot) => {
                let work = move |connection: &rusqlite::Connection| {
                    let mut statement = connection.prepare_cached(&sql)?;
                    for (index, bound) in parameters.iter().enumerate() {
                        sqlite::bind(&mut statement, index + 1, bound)?;
                    }
                    let mut table = TableBuilder::new(columns.len());
                    let mut rows = statement.raw_query();
                    while let Some(row) = rows.next()? {
                        for (index, value_type) in columns.iter().enumerate() {
                            sqlite::push(&mut table, *value_type, row.get_ref(index)?)?;
                        }
                        table.end_row();
                    }
                    Ok(table.finish())
                };
                with(slot, work).await
            }
            Self::Postgres(checkout) => Ok(Table::from_driver(
                checkout.client().query_typed(&sql, &typed(&parameters)).await?,
            )),
        }
    }

    /// Commits.
    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(Some(transaction)) => transaction.commit().await,
            Self::Sqlite(None) => Err(undone()),
            Self::Postgres(checkout) => {
                checkout.client().batch_execute("COMMIT").await?;
                checkout.give_back();
                Ok(())
            }
        }
    }
}

async fn with<T: Send + 'static>(
    slot: &mut Option<sqlite::WriteTransaction>,
    work: impl FnOnce(&rusqlite::Connection) -> Result<T> + Send + 'static,
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

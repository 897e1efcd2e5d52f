//! Statements of a write transaction, sent together.

use super::{Checkout, Effort, Failure, command, parameter, pipeline, prepare};
use crate::cells::Table;
use crate::transaction::{Outcome, Query};
use futures_util::TryStreamExt;
use std::future::Future;
use std::pin::{Pin, pin};
use tokio_postgres::{Client, Row, RowStream, Statement};

/// The rows that a statement answers, and how many it wrote.
type Answer = Result<(Vec<Row>, u64), tokio_postgres::Error>;

type Flight<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// How a flight ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The transaction goes on.
    Open,
    /// The transaction is kept.
    Commit,
    /// A single statement was a transaction of its own.
    Alone,
}

/// Sends `begin`, the statements and the end in one flight, and waits for all answers. Statements whose text is kept and that this
/// connection has not seen yet take one more flight together.
pub(crate) async fn fly(
    checkout: &mut Checkout,
    begin: Option<&'static str>,
    queries: &[Query],
    end: End,
    effort: &mut Effort,
) -> Result<Vec<Outcome>, Failure> {
    let kept: Vec<_> = queries
        .iter()
        .filter(|query| query.kept)
        .map(|query| {
            let types = query
                .parameters
                .iter()
                .map(|bound| parameter::type_of(bound.value_type))
                .collect();
            (query.sql.as_str(), types, query.columns.as_slice())
        })
        .collect();
    let mut prepared = prepare(checkout, &kept, effort).await?.into_iter();
    let client = checkout.client();
    let mut flights: Vec<Flight<'_>> = Vec::with_capacity(queries.len() + 2);
    flights.extend(begin.map(|sql| Box::pin(plain(client, sql)) as Flight<'_>));
    for query in queries {
        let statement = if query.kept { prepared.next() } else { None };
        flights.push(Box::pin(one(client, statement, query)));
        effort.statements += 1;
    }
    if end == End::Commit {
        flights.push(Box::pin(plain(client, "COMMIT")));
    }
    effort.flights += 1;
    let skipped = usize::from(begin.is_some());
    let mut outcomes = Vec::with_capacity(queries.len());
    for (index, answer) in pipeline::in_order(flights).await.into_iter().enumerate() {
        // The first error is the cause; later ones only say that the transaction is over.
        let (rows, affected) = answer.map_err(|error| {
            // What the server refused before the end was not done. If it said nothing, all may have been done, the end too.
            let is_of_end = index == queries.len() + skipped || error.code().is_none();
            if end != End::Open && is_of_end {
                Failure::OfCommit(error)
            } else {
                Failure::Driver(error)
            }
        })?;
        if index >= skipped && outcomes.len() < queries.len() {
            outcomes.push(Outcome {
                table: Table::from_driver(rows),
                affected,
            });
        }
    }
    Ok(outcomes)
}

async fn plain(client: &Client, sql: &'static str) -> Answer {
    command(client, sql).await.map(|rows| (rows, 0))
}

async fn one(client: &Client, statement: Option<Statement>, query: &Query) -> Answer {
    let stream: RowStream = match statement {
        Some(statement) => client.query_raw(&statement, &query.parameters).await?,
        None => {
            let typed = query
                .parameters
                .iter()
                .map(|bound| (bound, parameter::type_of(bound.value_type)));
            client.query_typed_raw(&query.sql, typed).await?
        }
    };
    let mut stream = pin!(stream);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        rows.push(row);
    }
    let affected = stream.rows_affected().unwrap_or(0);
    Ok((rows, affected))
}

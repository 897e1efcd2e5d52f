//! Statements that are run once for many rows of values.

use super::{ANSWER_BYTES_MAX, Effort, Failure, Pool, command, end_of_reading, pipeline, prepare, within};
use crate::binder::Bound;
use crate::cells::Table;
use crate::dialect::postgres::Checkout;
use crate::error::{Error, Result};
use freehold_base::ValueType;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// A statement with a list of values for each parameter.
pub(crate) struct Wide<'a> {
    pub(crate) sql: String,
    /// By parameter: the type of its members, and one for each run.
    pub(crate) lists: Vec<(ValueType, Vec<Bound>)>,
    /// Types of the columns of one run; the run's number comes last in each row.
    pub(crate) columns: &'a [ValueType],
    pub(crate) runs: usize,
}

type Flight<'a> = Pin<Box<dyn Future<Output = std::result::Result<Vec<Row>, tokio_postgres::Error>> + Send + 'a>>;

/// Runs statements in one snapshot; gives for each the rows of each of its runs.
pub(crate) async fn run_wide(pool: &Pool, statements: &[Wide<'_>], effort: &mut Effort) -> Result<Vec<Vec<Table>>> {
    let mut first = true;
    loop {
        let mut checkout = pool.checkout().await?;
        let failure = match attempt(&mut checkout, statements, effort).await {
            Ok(tables) => {
                checkout.give_back();
                return Ok(tables);
            }
            Err(failure) => failure,
        };
        if !(end_of_reading(pool, checkout, &failure) && first) {
            return Err(failure.into());
        }
        first = false;
    }
}

async fn attempt(
    checkout: &mut Checkout,
    statements: &[Wide<'_>],
    effort: &mut Effort,
) -> std::result::Result<Vec<Vec<Table>>, Failure> {
    let wanted: Vec<_> = statements
        .iter()
        .map(|wide| {
            let types = wide.lists.iter().map(|(member, _)| array_of(*member)).collect();
            (wide.sql.as_str(), types, wide.columns)
        })
        .collect();
    let prepared = prepare(checkout, &wanted, effort).await?;
    let client = checkout.client();
    let spent = AtomicUsize::new(0);
    let mut flights: Vec<Flight<'_>> = Vec::with_capacity(statements.len() + 2);
    flights.push(Box::pin(command(
        client,
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    )));
    for (statement, wide) in prepared.iter().zip(statements) {
        let lists = wide.lists.iter().map(|(_, values)| values);
        flights.push(Box::pin(within(client, statement, lists, &spent)));
    }
    flights.push(Box::pin(command(client, "COMMIT")));
    effort.flights += 1;
    effort.transactions += 1;
    effort.statements += statements.len() as u64;
    let answers = pipeline::in_order(flights).await;
    if spent.load(Ordering::Relaxed) > ANSWER_BYTES_MAX {
        return Err(Failure::Ours(Error::answer_too_large()));
    }
    let mut tables = Vec::with_capacity(statements.len());
    for (index, answer) in answers.into_iter().enumerate() {
        // The first error is the cause; later ones only say that the transaction is over.
        let rows = answer?;
        if let Some(wide) = index.checked_sub(1).and_then(|index| statements.get(index)) {
            tables.push(apart(rows, wide.runs)?);
        }
    }
    Ok(tables)
}

/// The rows of each run. Each one's come in their order.
fn apart(rows: Vec<Row>, runs: usize) -> std::result::Result<Vec<Table>, Failure> {
    let mut parts: Vec<Vec<Row>> = (0..runs).map(|_| Vec::new()).collect();
    for row in rows {
        let number: i32 = row.try_get(row.len().saturating_sub(1))?;
        match usize::try_from(number).ok().and_then(|number| parts.get_mut(number)) {
            Some(part) => part.push(row),
            None => return Err(Failure::Ours(Error::program("a row is of no run"))),
        }
    }
    Ok(parts.into_iter().map(Table::from_driver).collect())
}

fn array_of(member: ValueType) -> Type {
    match member {
        ValueType::Boolean => Type::BOOL_ARRAY,
        ValueType::Int => Type::INT4_ARRAY,
        ValueType::BigInt => Type::INT8_ARRAY,
        ValueType::Float => Type::FLOAT8_ARRAY,
        ValueType::Uuid => Type::UUID_ARRAY,
        ValueType::DateTime => Type::TIMESTAMPTZ_ARRAY,
        ValueType::Date => Type::DATE_ARRAY,
        ValueType::Time => Type::TIME_ARRAY,
        ValueType::Bytes => Type::BYTEA_ARRAY,
        // These travel as texts.
        ValueType::Text | ValueType::Decimal | ValueType::Json | ValueType::TextList => Type::TEXT_ARRAY,
    }
}

//! PostgreSQL: a bounded pool of exclusive connections, statements pipelined.

mod flight;
mod parameter;
mod pipeline;
mod pool;
mod relay;
mod session;
mod wide;

pub(crate) use flight::{End, fly};
pub(crate) use parameter::type_of;
pub(crate) use pool::Pool;
pub use relay::{RELAY_BYTES_MAX, Relay};
pub(crate) use session::Checkout;
pub(crate) use wide::{Wide, run_wide};

use crate::binder::Bound;
use crate::cells::Table;
use crate::error::{ANSWER_BYTES_MAX, Error, Result};
use crate::program::{Program, Statement as ProgramStatement};
use crate::run::Leading;
use crate::transaction::of_commit;
use freehold_base::ValueType;
use futures_util::TryStreamExt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{BorrowToSql, Type};
use tokio_postgres::{Client, Row, Statement};

/// What a run took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Effort {
    pub(crate) statements: u64,
    pub(crate) flights: u64,
    pub(crate) transactions: u64,
}

type Flight<'a> = Pin<Box<dyn Future<Output = std::result::Result<Vec<Row>, tokio_postgres::Error>> + Send + 'a>>;

/// Runs a program's statements in one flight and one snapshot, behind a statement that leads, if there is one: it has a snapshot of
/// its own, so that it costs no transaction.
pub(crate) async fn run(
    pool: &Pool,
    leading: Option<&Leading>,
    program: &Program,
    parameters: &[Vec<Bound>],
    effort: &mut Effort,
) -> Result<Vec<Table>> {
    let mut first = true;
    loop {
        let mut checkout = pool.checkout().await?;
        let failure = match attempt(&mut checkout, leading, program, parameters, effort).await {
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

/// Ends a reading that failed; whether it may be tried again, for it changes nothing: when connections broke while they were idle, and
/// when tables changed after statements were prepared.
fn end_of_reading(pool: &Pool, mut checkout: Checkout, failure: &Failure) -> bool {
    match failure {
        Failure::Driver(error) if is_broken(error) => {
            drop(checkout);
            pool.forget_idle();
            true
        }
        Failure::Driver(error) if is_outdated(error) => {
            checkout.forget_statements();
            checkout.give_back();
            true
        }
        Failure::Driver(_) | Failure::OfCommit(_) | Failure::Ours(_) => {
            checkout.give_back();
            false
        }
    }
}

/// Why statements gave no answer.
pub(crate) enum Failure {
    /// The driver says so, or the server.
    Driver(tokio_postgres::Error),
    /// The same, of the commit at the end of a flight.
    OfCommit(tokio_postgres::Error),
    /// A statement does not do what its program says.
    Ours(Error),
}

impl Failure {
    /// Whether a transaction may have been kept though nobody was told so.
    pub(crate) fn is_of_unknown_outcome(&self) -> bool {
        matches!(self, Self::OfCommit(error) if error.code().is_none())
    }

    /// Whether statements must be prepared anew.
    pub(crate) fn is_outdated(&self) -> bool {
        match self {
            Self::Driver(error) | Self::OfCommit(error) => is_outdated(error),
            Self::Ours(_) => false,
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Driver(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Driver(error) => error.into(),
            Failure::OfCommit(error) => of_commit(error),
            Failure::Ours(error) => error,
        }
    }
}

async fn attempt(
    checkout: &mut Checkout,
    leading: Option<&Leading>,
    program: &Program,
    parameters: &[Vec<Bound>],
    effort: &mut Effort,
) -> std::result::Result<Vec<Table>, Failure> {
    let values = parameters.iter().map(Vec::as_slice);
    let values = leading
        .map(|leading| leading.values.as_slice())
        .into_iter()
        .chain(values);
    let statements = leading
        .map(|leading| &leading.statement)
        .into_iter()
        .chain(&program.statements);
    let asked: Vec<(&ProgramStatement, &[Bound])> = statements.zip(values).collect();
    let wanted: Vec<Wanted<'_>> = asked
        .iter()
        .map(|(statement, values)| {
            let types = values.iter().map(|bound| type_of(bound.value_type)).collect();
            (statement.sql.as_str(), types, statement.columns.as_slice())
        })
        .collect();
    let prepared = prepare(checkout, &wanted, effort).await?;
    let client = checkout.client();
    let in_transaction = program.statements.len() > 1;
    let spent = AtomicUsize::new(0);
    let mut flights: Vec<Flight<'_>> = Vec::with_capacity(prepared.len() + 2);
    let before = asked.len() - program.statements.len();
    for (index, (statement, (_, values))) in prepared.iter().zip(&asked).enumerate() {
        if in_transaction && index == before {
            flights.push(Box::pin(command(
                client,
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            )));
            effort.transactions += 1;
        }
        flights.push(Box::pin(within(client, statement, *values, &spent)));
        effort.statements += 1;
    }
    if in_transaction {
        flights.push(Box::pin(command(client, "COMMIT")));
    }
    effort.flights += 1;
    let answers = pipeline::in_order(flights).await;
    if spent.load(Ordering::Relaxed) > ANSWER_BYTES_MAX {
        return Err(Failure::Ours(Error::answer_too_large()));
    }
    let mut tables = Vec::with_capacity(prepared.len());
    for (index, answer) in answers.into_iter().enumerate() {
        // The first error is the cause; later ones only say that the transaction is over.
        let rows = answer?;
        let is_command = in_transaction && (index == before || index > prepared.len());
        if !is_command {
            tables.push(Table::from_driver(rows));
        }
    }
    Ok(tables)
}

/// A statement's text, the types of its parameters and those of its columns.
type Wanted<'a> = (&'a str, Vec<Type>, &'a [ValueType]);

/// Statements, prepared; those this connection has not seen yet take one more flight together.
async fn prepare(
    checkout: &mut Checkout,
    wanted: &[Wanted<'_>],
    effort: &mut Effort,
) -> std::result::Result<Vec<Statement>, Failure> {
    let mut prepared: Vec<Option<Statement>> = wanted.iter().map(|(sql, ..)| checkout.statements.find(sql)).collect();
    let missing: Vec<usize> = (0..prepared.len()).filter(|index| prepared[*index].is_none()).collect();
    if !missing.is_empty() {
        let client = checkout.client();
        let flights = missing.iter().map(|index| {
            let (sql, types, _) = &wanted[*index];
            Box::pin(async move { client.prepare_typed(sql, types).await })
        });
        effort.flights += 1;
        let answers = pipeline::in_order(flights.collect()).await;
        for (index, answer) in missing.into_iter().zip(answers) {
            let statement = answer?;
            let (sql, _, columns) = &wanted[index];
            check(&statement, sql, columns).map_err(Failure::Ours)?;
            checkout.statements.insert((*sql).to_owned(), statement.clone());
            prepared[index] = Some(statement);
        }
    }
    Ok(prepared.into_iter().flatten().collect())
}

/// Runs a query within the budget of an answer: what is past it is not kept.
async fn within<P, I>(
    client: &Client,
    statement: &Statement,
    values: I,
    spent: &AtomicUsize,
) -> std::result::Result<Vec<Row>, tokio_postgres::Error>
where
    P: BorrowToSql,
    I: IntoIterator<Item = P>,
    I::IntoIter: ExactSizeIterator,
{
    let mut stream = std::pin::pin!(client.query_raw(statement, values).await?);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        let bytes = row.raw_size_bytes();
        if spent.fetch_add(bytes, Ordering::Relaxed) + bytes > ANSWER_BYTES_MAX {
            return Ok(Vec::new());
        }
        rows.push(row);
    }
    Ok(rows)
}

async fn command(client: &Client, sql: &'static str) -> std::result::Result<Vec<Row>, tokio_postgres::Error> {
    client.batch_execute(sql).await.map(|()| Vec::new())
}

/// The connection has ended, or the server says that it ends it (class 57P).
pub(crate) fn is_broken(error: &tokio_postgres::Error) -> bool {
    error.is_closed() || error.code().is_some_and(|code| code.code().starts_with("57P"))
}

/// "cached plan must not change result type", and statements the server has forgotten.
pub(crate) fn is_outdated(error: &tokio_postgres::Error) -> bool {
    error
        .code()
        .is_some_and(|code| *code == SqlState::FEATURE_NOT_SUPPORTED || *code == SqlState::INVALID_SQL_STATEMENT_NAME)
}

/// Checks that the columns are of the types the program says: once for each preparation.
fn check(prepared: &Statement, sql: &str, wanted: &[ValueType]) -> Result<()> {
    let columns = prepared.columns();
    // More do no harm: SQL has no rows without columns.
    if columns.len() < wanted.len() {
        let problem = format!("{} columns where {} were meant: {sql}", columns.len(), wanted.len());
        return Err(Error::program(problem));
    }
    for (index, (column, value_type)) in columns.iter().zip(wanted).enumerate() {
        let found = column.type_();
        let fits = match value_type {
            ValueType::Boolean => *found == Type::BOOL,
            ValueType::Int => *found == Type::INT4,
            ValueType::BigInt => *found == Type::INT8,
            ValueType::Float => *found == Type::FLOAT8,
            ValueType::Decimal | ValueType::Text | ValueType::Json | ValueType::TextList => {
                matches!(*found, Type::TEXT | Type::VARCHAR | Type::NAME)
            }
            ValueType::Uuid => *found == Type::UUID,
            ValueType::DateTime => *found == Type::TIMESTAMPTZ,
            ValueType::Date => *found == Type::DATE,
            ValueType::Time => *found == Type::TIME,
            ValueType::Bytes => *found == Type::BYTEA,
        };
        if !fits {
            let problem = format!("column {index} is {found} where {value_type:?} was meant: {sql}");
            return Err(Error::program(problem));
        }
    }
    Ok(())
}

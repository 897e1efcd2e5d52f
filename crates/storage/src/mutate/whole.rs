//! The short way: a mutation whose steps need nothing of each other's answers is sent whole, in one round trip.
//!
//! Its statements judge themselves. If one of them is not favourable nothing is written, and the long way finds out why: it begins
//! anew, and decides as if nobody had tried before.

use super::at_once::{self, Ready};
use super::execute::{Deadline, GRACE, named_locks};
use super::ids::Ids;
use super::single::Short;
use super::{Refused, WriteRequest, answer, proof};
use crate::binder::{Binder, Bound};
use crate::cells::Table;
use crate::database::{Database, Engine};
use crate::dialect::postgres::{self, Effort, End};
use crate::dialect::sqlite;
use crate::error::{Error, Result};
use crate::program::{Dialect, Program};
use crate::sql;
use crate::transaction::{BEGIN, OUTCOME_UNKNOWN, Outcome, Query, step};
use crate::write;
use freehold_base::{Expected, RowId, Value};
use freehold_planner::mutation::{MutationPlan, RootAction};
use std::pin::pin;
use std::sync::Arc;
use tokio_postgres::NoTls;

/// Steps of an operation that is tried whole.
const STEPS_MAX: usize = 20;

/// A mutation that was written whole.
#[derive(Debug)]
pub struct Whole {
    /// Its answer: the JSON object of `data`.
    pub data: Vec<u8>,
    /// The row that proved who asks; none where no proof was asked for.
    pub row: Option<Vec<Value>>,
}

/// What the statements of a journey answered.
struct Landed {
    /// The row that proved who asks.
    row: Option<Vec<Value>>,
    /// The rows of each reading.
    read: Vec<Vec<Table>>,
}

/// One statement, or the reading of an answer.
enum Move {
    /// Proves who asks, or must not go on.
    Proof(Query, Expected),
    /// Locks, and numbers that are taken.
    Plain(Query),
    /// Writes one row, or must not go on.
    Guarded(Query),
    /// Reads a row.
    Read(Arc<Program>, Vec<Vec<Bound>>),
}

/// An operation, ready to be sent.
enum Journey<'p> {
    /// Move by move, and for each root field what it answers.
    Moves(Vec<Move>, Vec<Root<'p>>),
    /// In one statement.
    AtOnce(Ready),
}

enum Root<'p> {
    Text(&'p str),
    One(Arc<Program>, RowId),
    Many(Arc<Program>, Vec<RowId>),
}

impl Database {
    /// Tries a mutation whole, in one round trip; `None`: nothing has been written, and the long way must be gone
    /// ([`Database::write_in_steps`]). Without a cipher it does what needs none. With a proof it does nothing for anybody else than who
    /// is expected.
    ///
    /// # Errors
    /// [`Error::Timeout`] and [`Error::Unavailable`], as [`Database::write`]. Refusals are told by the long way.
    pub async fn write_whole(
        &self,
        plan: &MutationPlan,
        request: &mut WriteRequest<'_>,
        proof: Option<&Expected>,
        deadline: Deadline,
    ) -> std::result::Result<Option<Whole>, Refused> {
        // Letters of an attempt that came to nothing are not sent.
        request.letters.clear();
        request.changed.clear();
        let (mut moves, roots) = match prepare(self.dialect(), plan, request, proof) {
            Some(Journey::Moves(moves, roots)) => (moves, roots),
            Some(Journey::AtOnce(ready)) => return self.write_at_once(plan, request, &ready, proof, deadline).await,
            None => return Ok(None),
        };
        if let Some(expected) = proof {
            let query = proof::query(self.dialect(), expected)?;
            moves.insert(0, Move::Proof(query, expected.clone()));
        }
        let landed = match self.engine() {
            Engine::Postgres(pool) => self.send(pool, moves, deadline).await?,
            Engine::Sqlite(sqlite) => self.run_whole(sqlite, moves, deadline).await?,
        };
        let Some(Landed { row, read }) = landed else {
            return Ok(None);
        };
        let data = data(plan, &roots, &read, request)?;
        Ok(Some(Whole { data, row }))
    }

    /// One flight on PostgreSQL.
    async fn send(&self, pool: &postgres::Pool, moves: Vec<Move>, deadline: Deadline) -> Result<Option<Landed>> {
        let mut queries = Vec::with_capacity(moves.len());
        let mut readings = Vec::new();
        let mut proof = None;
        for movement in moves {
            match movement {
                Move::Proof(query, expected) => {
                    proof = Some((queries.len(), expected));
                    queries.push(query);
                }
                Move::Plain(query) | Move::Guarded(query) => queries.push(query),
                Move::Read(program, parameters) => {
                    readings.push((queries.len(), program.statements.len()));
                    for (statement, parameters) in program.statements.iter().zip(parameters) {
                        queries.push(Query {
                            sql: statement.sql.clone(),
                            parameters,
                            columns: statement.columns.clone(),
                            kept: true,
                        });
                    }
                }
            }
        }
        let Some(outcomes) = self
            .take_off(pool, Some(BEGIN), &queries, End::Commit, deadline)
            .await?
        else {
            return Ok(None);
        };
        let mut tables: Vec<Option<Table>> = outcomes.into_iter().map(|outcome| Some(outcome.table)).collect();
        let proved = proof.and_then(|(index, expected)| Some((tables.get_mut(index)?.take()?, expected)));
        let row = proved.map(|(table, expected)| proof::row_proved(&expected, &table, 1));
        let row = row.transpose()?;
        let read = readings.into_iter().map(|(start, count)| {
            let tables = tables.iter_mut().skip(start).take(count);
            tables.filter_map(Option::take).collect()
        });
        let read = read.collect();
        Ok(Some(Landed { row, read }))
    }

    /// Sends a transaction from its beginning to its end; `None`: it was undone.
    async fn take_off(
        &self,
        pool: &postgres::Pool,
        begin: Option<&'static str>,
        queries: &[Query],
        end: End,
        deadline: Deadline,
    ) -> Result<Option<Vec<Outcome>>> {
        let mut checkout = deadline.bound(pool.checkout()).await??;
        let cancel = checkout.client().cancel_token();
        let mut effort = Effort::default();
        let (outcome, late) = {
            let mut flight = pin!(postgres::fly(&mut checkout, begin, queries, end, &mut effort));
            match tokio::time::timeout_at(deadline.at, &mut flight).await {
                Ok(outcome) => (outcome, false),
                Err(_) => {
                    // The end is on its way with the rest: only the server knows whether it was faster than the word to stop.
                    let stopped = async {
                        if let Err(error) = cancel.cancel_query(NoTls).await {
                            tracing::debug!(%error, "a query could not be cancelled");
                        }
                        flight.await
                    };
                    match tokio::time::timeout(GRACE, stopped).await {
                        Ok(outcome) => (outcome, true),
                        Err(_) => return Err(Error::unavailable(OUTCOME_UNKNOWN)),
                    }
                }
            }
        };
        self.count(effort);
        let outcomes = match outcome {
            Ok(outcomes) => outcomes,
            Err(failure) if failure.is_of_unknown_outcome() => return Err(failure.into()),
            Err(failure) => {
                if failure.is_outdated() {
                    checkout.forget_statements();
                }
                checkout.give_back();
                return if late { Err(deadline.passed()) } else { Ok(None) };
            }
        };
        checkout.give_back();
        Ok(Some(outcomes))
    }

    /// One statement on PostgreSQL.
    async fn write_at_once(
        &self,
        plan: &MutationPlan,
        request: &WriteRequest<'_>,
        ready: &Ready,
        proof: Option<&Expected>,
        deadline: Deadline,
    ) -> std::result::Result<Option<Whole>, Refused> {
        let Engine::Postgres(pool) = self.engine() else {
            return Ok(None);
        };
        let queries = std::slice::from_ref(&ready.query);
        let outcomes = self.take_off(pool, None, queries, End::Alone, deadline).await?;
        let Some(outcome) = outcomes.and_then(|mut outcomes| outcomes.pop()) else {
            return Ok(None);
        };
        let (table, row) = ready.landed(proof, outcome.table)?;
        let binder = Binder {
            written: Some(ready.row),
            ..request.binder
        };
        let object = write::write(ready.program(), &[table], &binder, request.sealer)?;
        let mut data = vec![b'{'];
        for root in &plan.roots {
            data.extend(sql::json_key(&root.key));
        }
        data.extend(answer::only_value(ready.program(), &object));
        data.push(b'}');
        Ok(Some(Whole { data, row }))
    }

    /// One visit of SQLite's writer.
    async fn run_whole(&self, sqlite: &sqlite::Sqlite, moves: Vec<Move>, deadline: Deadline) -> Result<Option<Landed>> {
        let statements = moves.len() as u64;
        let outcome = sqlite.write_whole(deadline.at, move |connection, stopped| {
            let mut read = Vec::new();
            let mut row = None;
            for movement in &moves {
                match movement {
                    Move::Proof(query, expected) => {
                        let found = step(connection, query, stopped)?;
                        row = proof::row_found(expected, &found.table)?;
                        if row.is_none() {
                            return Ok(None);
                        }
                    }
                    Move::Plain(query) => drop(step(connection, query, stopped)?),
                    Move::Guarded(query) => {
                        if step(connection, query, stopped)?.affected != 1 {
                            return Ok(None);
                        }
                    }
                    Move::Read(program, parameters) => {
                        read.push(sqlite::read_within(connection, program, parameters, stopped)?.0);
                    }
                }
            }
            Ok(Some(Landed { row, read }))
        });
        let outcome = outcome.await;
        self.count(Effort {
            statements,
            flights: 1,
            transactions: 0,
        });
        match outcome {
            sqlite::Whole::Kept(landed) => Ok(Some(landed)),
            sqlite::Whole::TooLate => Err(deadline.passed()),
            // Whatever it was, the long way says it better.
            sqlite::Whole::Undone => Ok(None),
        }
    }
}

/// The operation's moves; `None` if it is not one that can be sent whole.
fn prepare<'p>(
    dialect: Dialect,
    plan: &'p MutationPlan,
    request: &mut WriteRequest<'_>,
    proof: Option<&Expected>,
) -> Option<Journey<'p>> {
    let mut ids = Ids::default();
    let mut moves = Vec::new();
    for statement in named_locks(request.binder.catalog, dialect, plan) {
        moves.push(Move::Plain(Query {
            parameters: request.binder.bind_statement(&statement).ok()?,
            sql: statement.sql,
            columns: statement.columns,
            kept: false,
        }));
    }
    let mut roots = Vec::with_capacity(plan.roots.len());
    let mut steps_done = 0;
    for (index, root) in plan.roots.iter().enumerate() {
        let (steps, answer, is_list) = match &root.action {
            RootAction::Text(text) => {
                roots.push(Root::Text(text));
                continue;
            }
            RootAction::One { step, answer } => (std::slice::from_ref(&**step), answer, false),
            RootAction::Many { steps, answer } => (steps.as_slice(), answer, true),
            RootAction::Administer(_) => return None,
        };
        steps_done += steps.len();
        if steps.is_empty() || steps_done > STEPS_MAX {
            return None;
        }
        let known = request.readings.and_then(|readings| readings.find(index)).cloned();
        let program = known.unwrap_or_else(|| Arc::new(sql::render(request.binder.catalog, &answer.plan, dialect)));
        // What is read is opened after the commit: too late for a value that does not open.
        if !program.keys.is_empty() {
            return None;
        }
        let mut rows = Vec::with_capacity(steps.len());
        for step in steps {
            let mut short = Short {
                dialect,
                request,
                ids: &mut ids,
            };
            let single = short.single(step)?;
            if let (Dialect::Postgres, [_], [_], Some(readings)) =
                (dialect, &*plan.roots, steps, short.request.readings)
                && !is_list
                && let Some(ready) = at_once::ready(short.request, readings, &single, answer, proof)
            {
                return Some(Journey::AtOnce(ready));
            }
            let row = single.row;
            let mut queries = short.queries(&single)?;
            let guarded = queries.pop()?;
            if answer.before {
                moves.push(reading(&program, &request.binder, row)?);
            }
            moves.extend(queries.into_iter().map(Move::Plain));
            moves.push(Move::Guarded(guarded));
            rows.push(row);
        }
        if !answer.before {
            for row in &rows {
                moves.push(reading(&program, &request.binder, *row)?);
            }
        }
        roots.push(match (is_list, rows.first()) {
            (false, Some(row)) => Root::One(program, *row),
            _ => Root::Many(program, rows),
        });
    }
    (steps_done > 0).then_some(Journey::Moves(moves, roots))
}

fn reading(program: &Arc<Program>, binder: &Binder<'_>, row: RowId) -> Option<Move> {
    let binder = Binder {
        written: Some(row),
        ..*binder
    };
    Some(Move::Read(program.clone(), binder.bind(program).ok()?))
}

/// The JSON object of `data`, of what was read.
fn data(plan: &MutationPlan, roots: &[Root<'_>], read: &[Vec<Table>], request: &WriteRequest<'_>) -> Result<Vec<u8>> {
    let mut read = read.iter();
    let mut next = |program: &Program, row: RowId| {
        let tables = read.next().ok_or_else(|| Error::program("an answer was not read"))?;
        let binder = Binder {
            written: Some(row),
            ..request.binder
        };
        let object = write::write(program, tables, &binder, request.sealer)?;
        Ok::<_, Error>(answer::only_value(program, &object))
    };
    let mut data = vec![b'{'];
    for (index, (root, field)) in roots.iter().zip(&plan.roots).enumerate() {
        if index > 0 {
            data.push(b',');
        }
        data.extend(sql::json_key(&field.key));
        match root {
            Root::Text(text) => data.extend(sql::json_text(text)),
            Root::One(program, row) => data.extend(next(program, *row)?),
            Root::Many(program, rows) => {
                data.push(b'[');
                for (index, row) in rows.iter().enumerate() {
                    if index > 0 {
                        data.push(b',');
                    }
                    data.extend(next(program, *row)?);
                }
                data.push(b']');
            }
        }
    }
    data.push(b'}');
    Ok(data)
}

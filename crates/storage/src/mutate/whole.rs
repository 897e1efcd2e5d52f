//! The short way: a mutation whose steps need nothing of each other's answers is sent whole, in one round trip.
//!
//! Its statements judge themselves. If one of them is not favourable nothing is written, and the long way finds out why: it begins
//! anew, and decides as if nobody had tried before.

use super::change::{Aim, Found};
use super::create::{fields, numbers};
use super::drafts::{Draft, Shape};
use super::execute::{Deadline, GRACE, named_locks};
use super::ids::Ids;
use super::judge::{Prepared, target_locks};
use super::values::{preset, stored, tenant_of};
use super::{ChangedRow, Refused, WriteRequest, WrittenRow, answer, change, create, delete, proof};
use crate::binder::{Binder, Bound};
use crate::cells::Table;
use crate::database::{Database, Engine};
use crate::dialect::postgres::{self, Effort};
use crate::dialect::sqlite;
use crate::error::{Error, Result};
use crate::program::{Dialect, Program, Statement};
use crate::sql;
use crate::sql::guarded::{self, Guarded};
use crate::sql::store::{Lock, Rows, lock};
use crate::transaction::{BEGIN, OUTCOME_UNKNOWN, Query, step};
use crate::write;
use freehold_base::{Expected, RowId, Value};
use freehold_planner::mutation::{Change, Create, MutationPlan, RootAction, Selector, Step};
use freehold_policy::operand::Operand;
use freehold_policy::target::{Grant, WriteTarget};
use freehold_schema::catalog::{Catalog, EntityDef, FieldId, FieldType, OnDelete, Operation};
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
struct Journey<'p> {
    moves: Vec<Move>,
    /// For each root field what it answers.
    roots: Vec<Root<'p>>,
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
        let Some(whole) = prepare(self.dialect(), plan, request) else {
            return Ok(None);
        };
        let Journey { mut moves, roots } = whole;
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
        let mut checkout = deadline.bound(pool.checkout()).await??;
        let cancel = checkout.client().cancel_token();
        let mut effort = Effort::default();
        let (outcome, late) = {
            let mut flight = pin!(postgres::fly(
                &mut checkout,
                Some(BEGIN),
                &queries,
                Some("COMMIT"),
                &mut effort
            ));
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
        let mut tables: Vec<Option<Table>> = outcomes.into_iter().map(|outcome| Some(outcome.table)).collect();
        let row = match proof {
            Some((index, expected)) => match tables.get_mut(index).and_then(Option::take) {
                Some(table) => proof::row(Dialect::Postgres, &expected, &table)?,
                None => None,
            },
            None => None,
        };
        let read = readings.into_iter().map(|(start, count)| {
            let tables = tables.iter_mut().skip(start).take(count);
            tables.filter_map(Option::take).collect()
        });
        let read = read.collect();
        Ok(Some(Landed { row, read }))
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
                        row = proof::row(Dialect::Sqlite, expected, &found.table)?;
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
fn prepare<'p>(dialect: Dialect, plan: &'p MutationPlan, request: &mut WriteRequest<'_>) -> Option<Journey<'p>> {
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
            let writing = {
                let mut short = Short {
                    dialect,
                    request,
                    ids: &mut ids,
                };
                short.step(step)?
            };
            if answer.before {
                moves.push(reading(&program, &request.binder, writing.row)?);
            }
            moves.extend(writing.moves);
            rows.push(writing.row);
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
    (steps_done > 0).then_some(Journey { moves, roots })
}

fn reading(program: &Arc<Program>, binder: &Binder<'_>, row: RowId) -> Option<Move> {
    let binder = Binder {
        written: Some(row),
        ..*binder
    };
    Some(Move::Read(program.clone(), binder.bind(program).ok()?))
}

/// What one step needs.
struct Written {
    row: RowId,
    moves: Vec<Move>,
}

struct Short<'s, 'r> {
    dialect: Dialect,
    request: &'s mut WriteRequest<'r>,
    ids: &'s mut Ids,
}

impl Short<'_, '_> {
    fn step(&mut self, step: &Step) -> Option<Written> {
        match step {
            Step::Create(create) => self.create(create),
            Step::Update {
                rows: Selector::Id(row),
                change,
            } => self.change(change, *row),
            Step::Delete {
                rows: Selector::Id(row),
                target,
                if_version,
                ..
            } => self.delete(target, *row, *if_version),
            Step::Update { .. } | Step::Delete { .. } | Step::Upsert { .. } => None,
        }
    }

    fn create(&mut self, create: &Create) -> Option<Written> {
        let catalog = self.request.binder.catalog;
        let entity = catalog.entity(create.target.entity());
        let now = self.request.binder.caller.now;
        let row = self.ids.next(entity.tag, now, &mut *self.request.entropy);
        let prepared = create::prepare(&self.request.binder, create, row, None).ok()?;
        let grant = *prepared.grants.first()?;
        if !create.children.is_empty() || prepared.case.proposals.len() != 1 {
            return None;
        }
        self.is_unrecorded(entity, row, Operation::Create, &prepared.grants, &create.named)?;
        let fields = create.values.iter().map(|(field, _)| *field);
        let shape = Shape::new(&create.target, fields, &prepared.grants, &create.references, false);
        // What is judged is what is written, encrypted values too: rules do not look at them.
        let Prepared { mut case, values, .. } = prepared;
        case.proposals = vec![stored(&self.request.binder, entity, row, &preset(&values, grant)).ok()?];
        let mut guarded = Guarded { case, if_version: None };
        let given = guarded.take_given(&mut []);
        let draft = self.draft(shape, |dialect| {
            let mut before = numbers(catalog, dialect, entity, &values);
            let references = &guarded.case.references;
            before.extend(target_locks(catalog, dialect, entity, &create.references, references));
            Draft {
                before,
                guarded: guarded::insert(catalog, dialect, &guarded),
            }
        });
        let moves = self.moves(&draft, &given)?;
        self.changes(entity, row);
        Some(Written { row, moves })
    }

    fn change(&mut self, change: &Change, row: RowId) -> Option<Written> {
        let catalog = self.request.binder.catalog;
        let entity = catalog.entity(change.target.entity());
        let aim = Aim {
            row,
            child_of: None,
            found: Found::ById,
        };
        let prepared = change::prepare(&self.request.binder, change, aim, None).ok()?;
        let grant = *prepared.grants.first()?;
        if !change.children.is_empty() || prepared.case.proposals.len() != 1 || prepared.values.is_empty() {
            return None;
        }
        let named: Vec<FieldId> = prepared.values.keys().copied().collect();
        self.is_unrecorded(entity, row, change.target.operation(), &prepared.grants, &named)?;
        let (grants, references) = (&prepared.grants, &change.references);
        let has_version = change.if_version.is_some();
        let shape = Shape::new(&change.target, named.into_iter(), grants, references, has_version);
        let mut values = stored(&self.request.binder, entity, row, &preset(&prepared.values, grant)).ok()?;
        let mut guarded = Guarded {
            case: prepared.case,
            if_version: change.if_version.map(version),
        };
        let given = guarded.take_given(&mut values);
        let draft = self.draft(shape, |dialect| {
            let mut before = stored_lock(catalog, dialect, &guarded, Lock::Change);
            let referred = &guarded.case.references;
            before.extend(target_locks(catalog, dialect, entity, references, referred));
            Draft {
                before,
                guarded: guarded::update(catalog, dialect, &guarded, &values),
            }
        });
        let moves = self.moves(&draft, &given)?;
        self.changes(entity, row);
        Some(Written { row, moves })
    }

    fn delete(&mut self, target: &WriteTarget, row: RowId, if_version: Option<i64>) -> Option<Written> {
        let catalog = self.request.binder.catalog;
        let entity = catalog.entity(target.entity());
        let grants: Vec<&Grant> = target.grants().iter().collect();
        if grants.is_empty() || !falls_alone(catalog, entity) {
            return None;
        }
        self.is_unrecorded(entity, row, Operation::Delete, &grants, &[])?;
        let aim = Aim {
            row,
            child_of: None,
            found: Found::ById,
        };
        let shape = Shape::new(target, std::iter::empty(), &grants, &[], if_version.is_some());
        let mut guarded = Guarded {
            case: delete::prepare(target, aim),
            if_version: if_version.map(version),
        };
        let given = guarded.take_given(&mut []);
        let draft = self.draft(shape, |dialect| Draft {
            before: stored_lock(catalog, dialect, &guarded, Lock::Remove),
            guarded: guarded::delete(catalog, dialect, &guarded),
        });
        let moves = self.moves(&draft, &given)?;
        self.changes(entity, row);
        Some(Written { row, moves })
    }

    fn changes(&mut self, entity: &EntityDef, row: RowId) {
        let changed = ChangedRow {
            entity: entity.id,
            tenant: tenant_of(&self.request.binder, entity),
            row,
        };
        self.request.changed.push(changed);
    }

    fn draft(&self, shape: Shape, render: impl FnOnce(Dialect) -> Draft) -> Arc<Draft> {
        match self.request.drafts {
            Some(drafts) => drafts.get(shape, || render(self.dialect)),
            None => Arc::new(render(self.dialect)),
        }
    }

    /// The statements of a draft with their values.
    fn moves(&self, draft: &Draft, given: &[Value]) -> Option<Vec<Move>> {
        let query = |statement: &Statement| {
            Some(Query {
                sql: statement.sql.clone(),
                parameters: self.request.binder.bind_given(statement, given).ok()?,
                columns: statement.columns.clone(),
                kept: true,
            })
        };
        let before = draft
            .before
            .iter()
            .map(|statement| Some(Move::Plain(query(statement)?)));
        before.chain([Some(Move::Guarded(query(&draft.guarded)?))]).collect()
    }

    /// Something, if the audit log says nothing of the write, whichever rule lets it through: which one did is not known here.
    fn is_unrecorded(
        &self,
        entity: &EntityDef,
        row: RowId,
        operation: Operation,
        grants: &[&Grant],
        named: &[FieldId],
    ) -> Option<()> {
        let Some(audit) = self.request.audit else {
            return Some(());
        };
        let says_nothing = grants.iter().all(|grant| {
            let written = WrittenRow {
                entity: entity.id,
                tenant: tenant_of(&self.request.binder, entity),
                row,
                operation,
                fields: fields(named, grant),
                rule: Some((grant.rule().0.to_owned(), grant.rule().1)),
                records_all: grant.records_all(),
            };
            audit(std::slice::from_ref(&written)).is_empty()
        });
        says_nothing.then_some(())
    }
}

/// Locks the row of a case.
fn stored_lock(catalog: &Catalog, dialect: Dialect, guarded: &Guarded<'_>, how: Lock) -> Vec<Statement> {
    let case = &guarded.case;
    let stored = case.stored.iter();
    stored
        .filter_map(|stored| lock(catalog, dialect, case.entity, &Rows::one(&stored.id), how))
        .collect()
}

/// A version that a row must have.
fn version(version: i64) -> Operand {
    Operand::Constant(Value::Int(version))
}

/// Whether nothing goes with a row of the entity, and what holds it is a foreign key.
fn falls_alone(catalog: &Catalog, entity: &EntityDef) -> bool {
    let mut fields = catalog.entities.values().flat_map(|from| &from.fields);
    fields.all(|field| match &field.field_type {
        FieldType::Reference { to, on_delete } if to.contains(&entity.id) => {
            *on_delete == OnDelete::Restrict && to.len() == 1
        }
        _ => true,
    })
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

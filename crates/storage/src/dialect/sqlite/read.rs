//! A program's statements, stepped on one connection in one snapshot.

use super::value;
use crate::binder::Bound;
use crate::cells::{Table, TableBuilder};
use crate::error::{ANSWER_BYTES_MAX, Error, Result};
use crate::program::{ParentKey, Program, Statement};
use crate::run::Leading;
use rusqlite::{CachedStatement, Connection};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs every statement; the second number is how many runs that took.
pub(super) fn program(
    connection: &Connection,
    leading: Option<&Leading>,
    program: &Program,
    parameters: &[Vec<Bound>],
    stopped: &AtomicBool,
) -> Result<(Vec<Table>, u64)> {
    let work = || led(connection, leading, program, parameters, stopped);
    if program.statements.len() + usize::from(leading.is_some()) == 1 {
        work()
    } else {
        in_snapshot(connection, work)
    }
}

/// Reads within one snapshot.
pub(crate) fn in_snapshot<T>(connection: &Connection, work: impl FnOnce() -> Result<T>) -> Result<T> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let outcome = work();
    // Nothing was written: a commit and a rollback do the same.
    connection.prepare_cached("ROLLBACK")?.execute([])?;
    outcome
}

fn led(
    connection: &Connection,
    leading: Option<&Leading>,
    program: &Program,
    parameters: &[Vec<Bound>],
    stopped: &AtomicBool,
) -> Result<(Vec<Table>, u64)> {
    let Some(leading) = leading else {
        return statements(connection, program, parameters, stopped);
    };
    let table = lead(connection, leading, stopped)?;
    let (tables, runs) = statements(connection, program, parameters, stopped)?;
    Ok((std::iter::once(table).chain(tables).collect(), runs + 1))
}

/// Runs a statement that leads.
pub(crate) fn lead(connection: &Connection, leading: &Leading, stopped: &AtomicBool) -> Result<Table> {
    let mut table = TableBuilder::new(leading.statement.columns.len());
    let mut prepared = connection.prepare_cached(&leading.statement.sql)?;
    check(&leading.statement, &prepared)?;
    for (index, value) in leading.values.iter().enumerate() {
        value::bind(&mut prepared, index + 1, value)?;
    }
    rows(
        &leading.statement,
        &mut prepared,
        None,
        &mut table,
        ANSWER_BYTES_MAX,
        stopped,
    )?;
    Ok(table.finish())
}

/// The same inside a transaction that is open already.
pub(crate) fn statements(
    connection: &Connection,
    program: &Program,
    parameters: &[Vec<Bound>],
    stopped: &AtomicBool,
) -> Result<(Vec<Table>, u64)> {
    let mut tables: Vec<Table> = Vec::with_capacity(program.statements.len());
    let mut runs = 0;
    for (statement, bound) in program.statements.iter().zip(parameters) {
        let spent: usize = tables.iter().map(Table::size_bytes).sum();
        let budget = ANSWER_BYTES_MAX.saturating_sub(spent);
        let mut table = TableBuilder::new(statement.columns.len());
        let mut prepared = connection.prepare_cached(&statement.sql)?;
        check(statement, &prepared)?;
        // A statement need not use its last parameters.
        for (index, value) in bound.iter().enumerate().take(prepared.parameter_count()) {
            value::bind(&mut prepared, index + 1, value)?;
        }
        match statement.parent {
            None => {
                rows(statement, &mut prepared, None, &mut table, budget, stopped)?;
                runs += 1;
            }
            Some(parent) => {
                let last = bound.len() + 1;
                for key in keys(&tables, parent)? {
                    if prepared.parameter_count() >= last {
                        prepared.raw_bind_parameter(last, key)?;
                    }
                    rows(statement, &mut prepared, Some(key), &mut table, budget, stopped)?;
                    runs += 1;
                }
            }
        }
        tables.push(table.finish());
    }
    Ok((tables, runs))
}

/// Appends the rows of one run.
fn rows(
    statement: &Statement,
    prepared: &mut CachedStatement<'_>,
    key: Option<&[u8]>,
    table: &mut TableBuilder,
    budget: usize,
    stopped: &AtomicBool,
) -> Result<()> {
    // An interrupt between two statements stops nothing.
    if stopped.load(Ordering::Relaxed) {
        return Err(Error::unavailable("nobody waits for the answer"));
    }
    let skipped = usize::from(key.is_some());
    let mut rows = prepared.raw_query();
    while let Some(row) = rows.next()? {
        if key.is_some() && !statement.columns.is_empty() {
            table.push(key)?;
        }
        for (index, value_type) in statement.columns.iter().skip(skipped).enumerate() {
            value::push(table, *value_type, row.get_ref(index)?)?;
        }
        table.end_row();
        if table.size_bytes() > budget {
            return Err(Error::answer_too_large());
        }
    }
    Ok(())
}

/// The distinct keys of the parent's rows, in their order.
fn keys(tables: &[Table], parent: ParentKey) -> Result<Vec<&[u8]>> {
    let table = tables
        .get(parent.statement)
        .ok_or_else(|| Error::program("a statement stands before its parent"))?;
    let mut seen = HashSet::with_capacity(table.rows());
    Ok((0..table.rows())
        .filter_map(|row| table.cell(row, parent.column))
        .filter(|key| seen.insert(*key))
        .collect())
}

fn check(statement: &Statement, prepared: &CachedStatement<'_>) -> Result<()> {
    let columns = prepared.column_count() + usize::from(statement.parent.is_some());
    // More do no harm: SQL has no rows without columns.
    if columns < statement.columns.len() {
        return Err(Error::program(format!(
            "{} columns where {} were meant: {}",
            columns,
            statement.columns.len(),
            statement.sql
        )));
    }
    Ok(())
}

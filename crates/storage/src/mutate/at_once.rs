//! A single write and its answer in one statement of PostgreSQL, which is kept with what reads the answer.

use super::WriteRequest;
use super::drafts::{Readings, Shape};
use super::proof;
use super::single::Single;
use crate::binder::Binder;
use crate::cells::Table;
use crate::error::Result;
use crate::program::{Dialect, Program};
use crate::sql::at_once::{self, AtOnce, Proving};
use crate::transaction::Query;
use freehold_base::{Expected, RowId, Value};
use freehold_planner::mutation::Answer;
use std::sync::{Arc, Mutex, PoisonError};

/// Statements that are kept for one answer.
const KEPT_MAX: usize = 8;

/// The statements that write what is answered by a program; none for a write that is not to be had so.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Vec<(Key, Option<Arc<AtOnce>>)>>);

/// What a statement depends on besides its answer.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    shape: Shape,
    /// Text and columns of the proof.
    proof: Option<(String, Vec<usize>)>,
}

/// A statement with its values.
pub(super) struct Ready {
    pub(super) row: RowId,
    pub(super) query: Query,
    at_once: Arc<AtOnce>,
}

/// The write in one statement; `None` if it is not to be had so.
pub(super) fn ready(
    request: &WriteRequest<'_>,
    readings: &Readings,
    single: &Single<'_>,
    answer: &Answer,
    expected: Option<&Expected>,
) -> Option<Ready> {
    let at_once = readings.at_once().get(request, single, answer, expected)?;
    let binder = Binder {
        written: Some(single.row),
        ..request.binder
    };
    let mut parameters = expected.map_or_else(|| Ok(Vec::new()), proof::parameters).ok()?;
    parameters.extend(binder.bind_parameters(&at_once.parameters, &single.given).ok()?);
    Some(Ready {
        row: single.row,
        query: Query {
            sql: at_once.sql.clone(),
            parameters,
            columns: at_once.columns.clone(),
            kept: true,
        },
        at_once,
    })
}

impl Ready {
    /// The program whose layout the answer has.
    pub(super) fn program(&self) -> &Program {
        &self.at_once.program
    }

    /// What was answered: the rows of the program, and the row of the proof.
    pub(super) fn landed(&self, expected: Option<&Expected>, table: Table) -> Result<(Table, Option<Vec<Value>>)> {
        let answered = self.at_once.answered;
        // Whether there is an answer stands behind it, and then what the statement fails by.
        let proved = expected.map(|expected| proof::row_proved(expected, &table, answered + 2));
        let is_there = table.cell(0, answered).is_some();
        Ok((if is_there { table } else { Table::empty() }, proved.transpose()?))
    }
}

impl Kept {
    fn get(
        &self,
        request: &WriteRequest<'_>,
        single: &Single<'_>,
        answer: &Answer,
        expected: Option<&Expected>,
    ) -> Option<Arc<AtOnce>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|(key, _)| key.is_of(single, expected));
        if let Some((_, at_once)) = found {
            return at_once.clone();
        }
        let made = render(request, single, answer, expected).map(Arc::new);
        if known.len() >= KEPT_MAX {
            known.clear();
        }
        known.push((Key::new(single, expected), made.clone()));
        made
    }
}

impl Key {
    fn new(single: &Single<'_>, expected: Option<&Expected>) -> Self {
        Self {
            shape: single.shape.clone(),
            proof: expected.map(|expected| (expected.lookup.sql.clone(), expected.above().collect())),
        }
    }

    fn is_of(&self, single: &Single<'_>, expected: Option<&Expected>) -> bool {
        let is_proved_so = match (&self.proof, expected) {
            (None, None) => true,
            (Some((sql, above)), Some(expected)) => {
                *sql == expected.lookup.sql && expected.above().eq(above.iter().copied())
            }
            (None, Some(_)) | (Some(_), None) => false,
        };
        is_proved_so && self.shape == single.shape
    }
}

fn render(
    request: &WriteRequest<'_>,
    single: &Single<'_>,
    answer: &Answer,
    expected: Option<&Expected>,
) -> Option<AtOnce> {
    let catalog = request.binder.catalog;
    if !single.besides(catalog, Dialect::Postgres).is_empty() {
        return None;
    }
    let sql = expected.map(proof::sql);
    let columns = expected.map(proof::answered).unwrap_or_default();
    let proving = sql.as_ref().zip(expected).map(|(sql, expected)| Proving {
        sql,
        parameters: expected.lookup.values.len() + expected.row.len(),
        columns: &columns,
    });
    at_once::at_once(catalog, &single.guarded, single.writing(), &answer.plan, proving)
}

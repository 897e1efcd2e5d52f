//! One statement of PostgreSQL that proves who asks, locks the row, judges, writes and answers.
//!
//! What it answers is calculated from the row that it writes, by the same guarded source as any other answer: the row stands there in
//! place of its table. Everything else it sees as it was before, which is the same as long as nothing else of the answer looks into the
//! row's own table; an answer that does is not made here.
//!
//! INVARIANT: the statement is a transaction of its own with one snapshot. It waits for no lock of the row: if somebody else has one, or
//! has changed the row since the snapshot was taken, it fails. So the row that is judged is the one that is locked.

use super::Renderer;
use super::guarded::{Guarded, Writing};
use super::parameters::Parameters;
use super::store::{Lock, Rows, lock_text};
use crate::layout::Layout;
use crate::program::{Dialect, Parameter, Program};
use freehold_base::ValueType;
use freehold_planner::plan::{Plan, SlotKind};
use freehold_schema::catalog::Catalog;
use std::fmt::Write;

/// Parts of the statement: the proof, the lock, and the row that is written. INVARIANT: no table has such a name, or a part would stand
/// in its place.
const PROOF: &str = "fh:proof";
const LOCK: &str = "fh:lock";
const ROW: &str = "fh:row";

/// A statement that proves something, without the brackets, and its parameters before all others. It gives one row: how many rows are
/// as they have to be, then other columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proving<'a> {
    pub(crate) sql: &'a str,
    pub(crate) parameters: usize,
    /// Types of its other columns, which are answered.
    pub(crate) columns: &'a [ValueType],
}

/// The statement.
#[derive(Debug)]
pub(crate) struct AtOnce {
    /// Its text.
    pub(crate) sql: String,
    /// Parameters behind those of the proof.
    pub(crate) parameters: Vec<Parameter>,
    /// Types of its columns: those of the answer, whether there is one, 1, and those of the proof.
    pub(crate) columns: Vec<ValueType>,
    /// How many of them are the answer's.
    pub(crate) answered: usize,
    /// The layout of the answer.
    pub(crate) program: Program,
}

/// Renders it; `None` for an answer that is not to be had so.
pub(crate) fn at_once(
    catalog: &Catalog,
    guarded: &Guarded<'_>,
    writing: Writing<'_>,
    answer: &Plan,
    proving: Option<Proving<'_>>,
) -> Option<AtOnce> {
    let dialect = Dialect::Postgres;
    let mut parameters = Parameters::after(dialect, proving.map_or(0, |proving| proving.parameters));
    let mut with = String::from("WITH ");
    let mut conditions = Vec::new();
    if let Some(proving) = proving {
        // Writing to a string does not fail.
        let _ = write!(with, "\"{PROOF}\" AS ({}), ", proving.sql);
        conditions.push(format!("(SELECT n FROM \"{PROOF}\") = 1"));
    }
    if let Some(stored) = &guarded.case.stored {
        let how = match writing {
            Writing::Insert | Writing::Update(_) => Lock::Change,
            Writing::Delete => Lock::Remove,
        };
        let rows = Rows::one(&stored.id);
        let locked = lock_text(catalog, &mut parameters, guarded.case.entity, &rows, how);
        let _ = write!(with, "\"{LOCK}\" AS ({locked} NOWAIT), ");
        conditions.push(format!("EXISTS (SELECT 1 FROM \"{LOCK}\")"));
    }
    let written = super::guarded::text(catalog, &mut parameters, guarded, writing, &conditions);
    let mut renderer = Renderer {
        others: parameters.count(),
        written: Some(ROW),
        ..Renderer::new(catalog, dialect)
    };
    let [slot] = answer.roots.as_slice() else { return None };
    if !matches!(slot.kind, SlotKind::One(_)) {
        return None;
    }
    let layout: Layout = vec![renderer.root(slot)];
    let mut program = renderer.program(layout);
    if program.reads.contains_key(&guarded.case.entity) || !program.keys.is_empty() || program.statements.len() != 1 {
        return None;
    }
    let read = program.statements.pop()?;
    let answered = read.columns.len();
    let mut columns = read.columns;
    columns.extend([ValueType::Boolean, ValueType::Int]);
    let mut shown = String::new();
    for (index, value_type) in proving.iter().flat_map(|proving| proving.columns).enumerate() {
        let _ = write!(shown, ", p.m{index}");
        columns.push(*value_type);
    }
    let from = match proving {
        Some(_) => format!("\"{PROOF}\" AS p"),
        None => "(SELECT 1) AS p".to_owned(),
    };
    let mut parameters = parameters.into_list();
    parameters.extend(read.parameters);
    let read = read.sql;
    Some(AtOnce {
        sql: format!(
            "{with}\"{ROW}\" AS ({written} RETURNING *) SELECT a.*, 1 / (SELECT count(*) FROM \"{ROW}\")::int4{shown} \
             FROM {from} LEFT JOIN (SELECT x.*, TRUE FROM ({read}) AS x) AS a ON TRUE"
        ),
        parameters,
        columns,
        answered,
        program,
    })
}

//! Writes: runs a mutation's plan in one transaction. Everything is judged by the rules before it is written.
//!
//! Start at `execute`. `judge` asks the database what each rule says of a row as it is and as it would be, and decides; `create`,
//! `change` and `delete` write; `bulk` and `upsert` find the rows; `answer` reads what a root field answers, by the ordinary planner.

mod answer;
mod at_once;
mod bulk;
mod change;
mod closure;
mod conflict;
mod create;
mod delete;
mod drafts;
mod execute;
mod ids;
mod judge;
mod outline;
mod plain;
mod proof;
mod rehearse;
mod single;
#[cfg(test)]
mod tests;
mod upsert;
mod values;
mod whole;

pub(crate) use conflict::{is_unique, told_of};
pub use drafts::{Drafts, Readings};
pub use execute::Deadline;
pub(crate) use execute::Writing;
pub use outline::{Judging, judgings};
pub(crate) use plain::PlainRow;
pub use rehearse::Rehearsed;
pub use whole::Whole;

use crate::audit::AuditEvent;
use crate::binder::Binder;
use crate::error::Error;
use crate::members::Letter;
use freehold_base::RowId;
use freehold_planner::cursor::Sealer;
use freehold_schema::catalog::{EntityId, FieldId, Operation};
use serde_json::Value as Json;

/// Everything of the request that a write needs.
pub struct WriteRequest<'a> {
    /// The caller's values; its `written` is not used.
    pub binder: Binder<'a>,
    /// Seals the cursors of answers.
    pub sealer: &'a Sealer,
    /// Chance, for the ids of new rows.
    pub entropy: &'a mut (dyn FnMut() -> u128 + Send),
    /// What the audit log is to say of the rows that were written: recorded in the same transaction. Must be a plain function of
    /// the rows: it may be asked beforehand, with rows that might be written.
    pub audit: Option<&'a Recording<'a>>,
    /// Letters of administration, to be sent once the write has succeeded.
    pub letters: &'a mut Vec<Letter>,
    /// The rows that have changed, once the write has succeeded: for those who listen.
    pub changed: &'a mut Vec<ChangedRow>,
    /// Statements of writes by the same role set of the same bundle.
    pub drafts: Option<&'a Drafts>,
    /// The programs of the plan's answers, if they are there.
    pub readings: Option<&'a Readings>,
    /// The request's id, for what administration says in the audit log.
    pub request_id: Option<&'a str>,
}

/// What is recorded of rows that were written.
pub type Recording<'a> = dyn Fn(&[WrittenRow]) -> Vec<AuditEvent> + Sync + 'a;

/// A row that has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedRow {
    /// Its entity.
    pub entity: EntityId,
    /// Its tenant, if it has one.
    pub tenant: Option<RowId>,
    /// Its id.
    pub row: RowId,
}

/// A row that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenRow {
    /// Its entity.
    pub entity: EntityId,
    /// Its tenant, if it has one.
    pub tenant: Option<RowId>,
    /// Its id.
    pub row: RowId,
    /// What was done to it.
    pub operation: Operation,
    /// Fields that the caller or the rule has written, ascending. Of a removal none.
    pub fields: Vec<FieldId>,
    /// The rule that let it: its permission set, and its position there. None for what the model does by itself when a row goes.
    pub rule: Option<(String, usize)>,
    /// The rule passes the record gate by.
    pub records_all: bool,
}

impl From<&WrittenRow> for ChangedRow {
    fn from(written: &WrittenRow) -> Self {
        Self {
            entity: written.entity,
            tenant: written.tenant,
            row: written.row,
        }
    }
}

/// A mutation that was refused: nothing was changed.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub error: Error,
    /// Response key of the root field; `None`: it is about the whole operation.
    pub root: Option<String>,
    /// Place in the root field's arguments; empty when it is about no part of them.
    pub at: Vec<Json>,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(out)
    }
}

impl std::error::Error for Refused {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self {
            error,
            root: None,
            at: Vec::new(),
        }
    }
}

impl std::fmt::Debug for WriteRequest<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("WriteRequest").finish_non_exhaustive()
    }
}

/// Why a step stops.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) error: Error,
    /// Place in the arguments; none yet.
    pub(crate) at: Option<Vec<Json>>,
    /// Somebody else was faster: the whole operation may be tried once more.
    pub(crate) again: bool,
    /// The row of a unique key is there, and the caller may not know of it.
    pub(crate) unseen: bool,
}

impl Fault {
    /// With its place, if it has none.
    pub(crate) fn at(mut self, path: &[Json]) -> Self {
        self.at.get_or_insert_with(|| path.to_vec());
        self
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self {
            error,
            at: None,
            again: false,
            unseen: false,
        }
    }
}

/// The result of a step.
pub(crate) type Done<T> = std::result::Result<T, Fault>;

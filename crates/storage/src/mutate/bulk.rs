//! Rows that a filter finds.

use super::execute::Writing;
use super::{Done, Fault};
use crate::binder::Binder;
use crate::cells;
use crate::error::{Error, Result};
use crate::layout::{ListShape, SlotKind};
use crate::program::{Dialect, Program};
use crate::sql;
use crate::sql::store::{Lock, Rows};
use freehold_base::{RowId, Value, ValueType};
use freehold_planner::plan::ListNode;
use std::sync::Arc;

/// How often rows are looked for that others keep changing.
const LOOKS_MAX: usize = 3;
/// Rows locked by one statement.
const LOCKED_MAX: usize = 500;

impl Writing<'_, '_> {
    /// The rows of a list, locked, in the order of their ids. They are those that the list has while they are locked: one that
    /// somebody else has changed meanwhile may not belong to it any more.
    pub(super) async fn matched(&mut self, list: &ListNode, at_most: u32, lock: Lock) -> Done<Vec<RowId>> {
        let dialect = self.transaction.dialect();
        let entity = list.source.entity();
        let program = Arc::new(sql::render_list(self.catalog, list, dialect));
        let mut rows = self.look(&program, at_most).await?;
        for _ in 0..LOOKS_MAX {
            if rows.is_empty() || dialect == Dialect::Sqlite {
                return Ok(rows);
            }
            let mut flight = Vec::new();
            for ids in rows.chunks(LOCKED_MAX) {
                let statement = sql::store::lock(self.catalog, dialect, entity, &Rows::of_request(ids), lock);
                flight.extend(
                    statement
                        .map(|statement| self.query(statement, ids.len() == 1))
                        .transpose()?,
                );
            }
            self.transaction.flight(flight).await?;
            let again = self.look(&program, at_most).await?;
            if again == rows {
                return Ok(rows);
            }
            rows = again;
        }
        Err(Error::conflict("others keep changing these rows; try again").into())
    }

    async fn look(&mut self, program: &Arc<Program>, at_most: u32) -> Done<Vec<RowId>> {
        let binder = Binder {
            written: None,
            ..self.request.binder
        };
        let tables = self
            .transaction
            .read(vec![(program.clone(), binder.bind(program)?)])
            .await?;
        let found = match (tables.first().and_then(|tables| tables.first()), id_column(program)) {
            (Some(table), Some(column)) => {
                let ids = (0..table.rows()).map(|row| match cells::read(ValueType::Uuid, table.cell(row, column))? {
                    Value::Uuid(id) => Ok(id.into()),
                    _ => Err(Error::program("a listed row has no id")),
                });
                ids.collect::<Result<Vec<RowId>>>()?
            }
            _ => return Err(Error::program("a list of rows to be written has no ids").into()),
        };
        if found.len() > at_most as usize {
            let limit = u64::from(at_most);
            return Err(Fault::from(Error::LimitExceeded {
                message: format!(
                    "the filter finds more than {limit} {}; say how many it may be with `atMost`",
                    if limit == 1 { "row" } else { "rows" }
                ),
                limit,
                found: limit + 1,
            }));
        }
        let mut found = found;
        found.sort_unstable();
        Ok(found)
    }
}

/// The column of the ids in a list of which nothing else is read.
fn id_column(program: &Program) -> Option<usize> {
    let SlotKind::Many(list) = &program.layout.first()?.kind else {
        return None;
    };
    let ListShape::Rows(slots) = &list.shape else {
        return None;
    };
    match slots.first()?.kind {
        SlotKind::Cell { column, .. } => Some(column),
        _ => None,
    }
}

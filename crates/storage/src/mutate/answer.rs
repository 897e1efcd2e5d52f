//! What a root field answers: rows read by the ordinary planner, inside the transaction.

use super::execute::Writing;
use crate::binder::Binder;
use crate::error::Result;
use crate::program::Program;
use crate::sql;
use crate::write;
use freehold_base::RowId;
use freehold_planner::mutation::Answer;
use std::sync::Arc;

/// Rows read in one round trip.
const ROWS_MAX: usize = 50;

impl Writing<'_, '_> {
    /// The JSON of one row: an object, or null where the caller may not read it.
    pub(crate) async fn answer_of(&mut self, answer: &Answer, row: RowId) -> Result<Vec<u8>> {
        let program = self.reading(answer);
        let mut answers = self.answers(&program, &[row]).await?;
        Ok(answers.pop().unwrap_or_else(|| b"null".to_vec()))
    }

    /// The program that reads one row's answer.
    pub(super) fn reading(&self, answer: &Answer) -> Arc<Program> {
        Arc::new(sql::render(self.catalog, &answer.plan, self.transaction.dialect()))
    }

    /// The JSON of each row.
    pub(super) async fn answers(&mut self, program: &Arc<Program>, rows: &[RowId]) -> Result<Vec<Vec<u8>>> {
        let mut answers = Vec::with_capacity(rows.len());
        for rows in rows.chunks(ROWS_MAX) {
            let binders: Vec<Binder<'_>> = rows
                .iter()
                .map(|row| Binder {
                    written: Some(*row),
                    ..self.request.binder
                })
                .collect();
            let runs = binders
                .iter()
                .map(|binder| Ok((program.clone(), binder.bind(program)?)));
            let tables = self.transaction.read(runs.collect::<Result<_>>()?).await?;
            for (binder, tables) in binders.iter().zip(&tables) {
                let object = write::write(program, tables, binder, self.request.sealer)?;
                answers.push(only_value(program, &object));
            }
        }
        Ok(answers)
    }
}

/// The value of the only key of an object.
pub(super) fn only_value(program: &Program, object: &[u8]) -> Vec<u8> {
    let value = program
        .layout
        .first()
        .and_then(|slot| object.get(1 + slot.key.len()..object.len().saturating_sub(1)));
    value.unwrap_or(b"null").to_vec()
}

//! Questions about one row, answered by the database: for explanations.

use crate::binder::Binder;
use crate::cells;
use crate::database::Database;
use crate::error::Result;
use crate::program::{Program, Statement};
use crate::sql;
use freehold_base::{RowId, Value, ValueType};
use freehold_policy::operand::Operand;
use freehold_policy::predicate::{Predicate, RulePredicate, Test};
use freehold_schema::catalog::{EntityId, FieldId, SystemField};
use std::sync::Arc;

/// Questions of one statement; PostgreSQL has at most 1,664 columns, SQLite 2,000.
const QUESTIONS_MAX: usize = 500;

impl Database {
    /// Whether each predicate holds for the row of that id; `None` if there is no such row among `rows`.
    ///
    /// # Errors
    /// As [`Database::run`].
    pub async fn ask(
        &self,
        entity: EntityId,
        row: RowId,
        rows: &RulePredicate,
        questions: &[RulePredicate],
        binder: &Binder<'_>,
    ) -> Result<Option<Vec<bool>>> {
        let id = binder
            .catalog
            .entity(entity)
            .find_system(SystemField::Id)
            .unwrap_or(FieldId(0));
        let found = Predicate::all([
            Predicate::Leaf {
                field: id,
                test: Test::Equal(Operand::Constant(Value::Uuid(row.uuid()))),
            },
            rows.clone(),
        ]);
        let mut answers = Vec::with_capacity(questions.len());
        // Without questions it is still asked whether the row is there.
        let chunks = questions
            .chunks(QUESTIONS_MAX)
            .chain(questions.is_empty().then_some(questions));
        for chunk in chunks {
            let (sql, parameters) = sql::questions(binder.catalog, entity, &found, chunk, self.dialect());
            let program = Arc::new(Program {
                statements: vec![Statement {
                    sql,
                    parameters,
                    columns: vec![ValueType::Boolean; chunk.len() + 1],
                    parent: None,
                }],
                layout: Vec::new(),
                keys: std::collections::BTreeSet::new(),
                reads: std::collections::BTreeMap::new(),
            });
            let tables = self.fetch(&program, binder).await?;
            let Some(table) = tables.first().filter(|table| table.rows() == 1) else {
                return Ok(None);
            };
            for column in 1..=chunk.len() {
                let answer = cells::read(ValueType::Boolean, table.cell(0, column))?;
                answers.push(answer == Value::Boolean(true));
            }
        }
        Ok(Some(answers))
    }
}

//! How a database means to run a program: its own plans, for people.

use crate::binder::{Binder, Bound};
use crate::cells;
use crate::database::{Database, References};
use crate::error::{Error, Result};
use crate::program::{Dialect, Program, Statement};
use freehold_base::{Value, ValueType};

/// How much the database is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanDetail {
    /// What it means to do; nothing is run.
    Estimate,
    /// What it did, too: the statements are run, in a transaction that is undone. PostgreSQL alone.
    Analyze,
}

impl Database {
    /// The database's plan for each statement, as lines.
    ///
    /// # Errors
    /// As [`Database::run`]; and [`Error::Address`] for [`PlanDetail::Analyze`] on SQLite, which has nothing of the kind.
    pub async fn query_plans(
        &self,
        program: &Program,
        binder: &Binder<'_>,
        detail: PlanDetail,
    ) -> Result<Vec<Vec<String>>> {
        let (prefix, columns) = match (self.dialect(), detail) {
            (Dialect::Sqlite, PlanDetail::Estimate) => ("EXPLAIN QUERY PLAN ", SQLITE_COLUMNS),
            (Dialect::Sqlite, PlanDetail::Analyze) => return Err(Error::address("SQLite analyzes no plans")),
            (Dialect::Postgres, PlanDetail::Estimate) => ("EXPLAIN ", POSTGRES_COLUMNS),
            (Dialect::Postgres, PlanDetail::Analyze) => ("EXPLAIN (ANALYZE, BUFFERS) ", POSTGRES_COLUMNS),
        };
        let mut transaction = self.begin(References::Enforced).await?;
        let mut plans = Vec::with_capacity(program.statements.len());
        for statement in &program.statements {
            plans.push(explained(&mut transaction, statement, binder, prefix, columns).await);
        }
        transaction.undo().await;
        plans.into_iter().collect()
    }
}

/// `id`, `parent`, a number of no use, `detail`.
const SQLITE_COLUMNS: &[ValueType] = &[ValueType::BigInt, ValueType::BigInt, ValueType::BigInt, ValueType::Text];
const POSTGRES_COLUMNS: &[ValueType] = &[ValueType::Text];

async fn explained(
    transaction: &mut crate::transaction::Transaction,
    statement: &Statement,
    binder: &Binder<'_>,
    prefix: &str,
    columns: &[ValueType],
) -> Result<Vec<String>> {
    // A plan does not depend on what a sealed value is: without its key nothing stands in its place.
    let is_sealed = statement.parameters.iter().any(|parameter| parameter.sealed.is_some());
    let parameters = if is_sealed && binder.cipher.is_none() {
        let nothing = statement
            .parameters
            .iter()
            .map(|parameter| Bound::new(Value::Null, parameter.value_type));
        nothing.collect::<Result<_>>()?
    } else {
        binder.bind_statement(statement)?
    };
    let table = transaction
        .query(format!("{prefix}{}", statement.sql), parameters, columns.to_vec())
        .await?;
    let mut lines = Vec::with_capacity(table.rows());
    // The depth of each row of SQLite's, by its id.
    let mut depths = std::collections::HashMap::from([(0, 0)]);
    for row in 0..table.rows() {
        let last = columns.len() - 1;
        let Value::Text(text) = cells::read(ValueType::Text, table.cell(row, last))? else {
            continue;
        };
        let mut depth = 0;
        if let [ValueType::BigInt, ..] = columns
            && let (Value::Int(id), Value::Int(parent)) = (
                cells::read(ValueType::BigInt, table.cell(row, 0))?,
                cells::read(ValueType::BigInt, table.cell(row, 1))?,
            )
        {
            depth = depths.get(&parent).copied().unwrap_or(0);
            depths.insert(id, depth + 1);
        }
        lines.push(format!("{:indent$}{text}", "", indent = 2 * depth));
    }
    Ok(lines)
}

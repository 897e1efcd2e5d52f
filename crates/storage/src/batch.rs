//! One program for many callers at once: the live queries of a cohort.
//!
//! On PostgreSQL each statement is run once for all of them, over `unnest` of their values; on SQLite, which has no round trips to
//! save, once for each. All of it sees one snapshot, and so do the look-ups that prove who they are.

use crate::binder::{Binder, Bound};
use crate::cells::Table;
use crate::database::{Database, Engine};
use crate::dialect::postgres::{self, Effort, Wide};
use crate::dialect::sqlite;
use crate::error::{Error, Result};
use crate::program::{Program, Statement};
use crate::run::{Leading, found};
use freehold_base::{Lookup, Value, ValueType};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// The values of one run of a program.
#[derive(Clone, Debug, PartialEq)]
pub struct Run(Vec<Vec<Bound>>);

/// What a batch found.
#[derive(Debug)]
pub struct Batch {
    /// The row of each look-up, in their order.
    pub rows: Vec<Option<Vec<Value>>>,
    /// For each run, in their order, the rows of each of the program's statements.
    pub tables: Vec<Vec<Table>>,
}

impl Run {
    /// Binds a program.
    ///
    /// # Errors
    /// [`Error::Variable`] for a variable that cannot be bound.
    pub fn new(program: &Program, binder: &Binder<'_>) -> Result<Self> {
        binder.bind(program).map(Self)
    }

    /// Tells it from runs with other values.
    pub fn fingerprint(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// A number that tells answers apart: that of equal rows is equal.
pub fn digest(tables: &[Table]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for table in tables {
        table.hash_cells(&mut hasher);
    }
    hasher.finish()
}

impl Database {
    /// Runs look-ups, and a program several times, in one snapshot; within `limit`, and within that of any request.
    ///
    /// # Errors
    /// As [`Database::run`]; what is wrong with one run fails all of them.
    pub async fn run_many(
        &self,
        lookups: &[&Lookup],
        program: &Arc<Program>,
        runs: Vec<Run>,
        limit: Duration,
    ) -> Result<Batch> {
        let limit = limit.min(self.request_timeout());
        let mut effort = Effort::default();
        let outcome = match self.engine() {
            Engine::Postgres(pool) => {
                let running = wide(pool, lookups, program, &runs, &mut effort);
                tokio::time::timeout(limit, running).await
            }
            Engine::Sqlite(sqlite) => {
                effort.flights = 1;
                effort.transactions = 1;
                let leading: Vec<Leading> = lookups
                    .iter()
                    .map(|lookup| Leading::new(lookup))
                    .collect::<Result<_>>()?;
                let running = one_by_one(sqlite, leading, program.clone(), runs);
                let outcome = tokio::time::timeout(limit, running).await;
                outcome.map(|outcome| {
                    outcome.map(|(batch, runs)| {
                        effort.statements = runs;
                        batch
                    })
                })
            }
        };
        self.count(effort);
        outcome.unwrap_or(Err(Error::Timeout { limit }))
    }
}

async fn one_by_one(
    sqlite: &sqlite::Sqlite,
    lookups: Vec<Leading>,
    program: Arc<Program>,
    runs: Vec<Run>,
) -> Result<(Batch, u64)> {
    let work = sqlite.visit(move |connection, stopped| {
        sqlite::in_snapshot(connection, || {
            let mut done = 0;
            let mut rows = Vec::with_capacity(lookups.len());
            for lookup in &lookups {
                let table = sqlite::lead(connection, lookup, stopped)?;
                rows.push(found(&lookup.statement.columns, &table, 0)?);
                done += 1;
            }
            let mut tables = Vec::with_capacity(runs.len());
            for Run(parameters) in &runs {
                let (of_run, statements) = sqlite::read_within(connection, &program, parameters, stopped)?;
                tables.push(of_run);
                done += statements;
            }
            Ok((Batch { rows, tables }, done))
        })
    });
    work.await
}

async fn wide(
    pool: &postgres::Pool,
    lookups: &[&Lookup],
    program: &Program,
    runs: &[Run],
    effort: &mut Effort,
) -> Result<Batch> {
    // Look-ups with one text are one statement.
    let mut texts: Vec<(&str, Vec<usize>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (index, lookup) in lookups.iter().enumerate() {
        let place = *places.entry(&lookup.sql).or_insert_with(|| {
            texts.push((&lookup.sql, Vec::new()));
            texts.len() - 1
        });
        texts[place].1.push(index);
    }
    let mut statements = Vec::with_capacity(texts.len() + program.statements.len());
    for (sql, members) in &texts {
        let first = &lookups[members[0]];
        let types: Vec<ValueType> = first.values.iter().map(|(_, value_type)| *value_type).collect();
        let values = members.iter().map(|member| {
            let values = lookups[*member].values.iter();
            let bound = values.map(|(value, value_type)| Bound::new(value.clone(), *value_type));
            bound.collect::<Result<Vec<_>>>()
        });
        let values: Vec<Vec<Bound>> = values.collect::<Result<_>>()?;
        let values: Vec<&[Bound]> = values.iter().map(Vec::as_slice).collect();
        statements.push(widened(sql, &types, &first.columns, &values));
    }
    if !runs.is_empty() {
        for (index, statement) in program.statements.iter().enumerate() {
            let Statement {
                sql,
                parameters,
                columns,
                ..
            } = statement;
            let types: Vec<ValueType> = parameters.iter().map(|parameter| parameter.value_type).collect();
            let values = runs.iter().map(|Run(of_run)| of_run.get(index).map(Vec::as_slice));
            let values: Option<Vec<&[Bound]>> = values.collect();
            let values = values.ok_or_else(|| Error::program("a run lacks values"))?;
            statements.push(widened(sql, &types, columns, &values));
        }
    }
    let mut answers = postgres::run_wide(pool, &statements, effort).await?.into_iter();

    let mut rows: Vec<Option<Vec<Value>>> = lookups.iter().map(|_| None).collect();
    for (_, members) in &texts {
        let tables = answers.next().unwrap_or_default();
        for (member, table) in members.iter().zip(tables) {
            rows[*member] = found(&lookups[*member].columns, &table, 0)?;
        }
    }
    let mut tables: Vec<Vec<Table>> = runs.iter().map(|_| Vec::new()).collect();
    for of_statement in answers {
        for (of_run, table) in tables.iter_mut().zip(of_statement) {
            of_run.push(table);
        }
    }
    Ok(Batch { rows, tables })
}

/// Name of the row of values, which no alias of a statement can be.
const EACH: &str = "freehold_each";

/// A statement over all its values at once. The number of the run comes behind its own columns.
fn widened<'a>(sql: &str, types: &[ValueType], columns: &'a [ValueType], runs: &[&[Bound]]) -> Wide<'a> {
    let numbers = (0..runs.len()).map(|index| Bound {
        value: Value::Int(index as i64),
        value_type: ValueType::Int,
    });
    let mut lists = vec![(ValueType::Int, numbers.collect::<Vec<_>>())];
    for (index, value_type) in types.iter().enumerate() {
        let travels = travels_as(*value_type);
        let values = runs.iter().map(|values| {
            let value = values.get(index).map_or(Value::Null, |bound| bound.value.clone());
            Bound {
                value: if travels == *value_type { value } else { as_text(value) },
                value_type: travels,
            }
        });
        lists.push((travels, values.collect()));
    }
    let arrays: Vec<String> = (1..=lists.len()).map(|number| format!("${number}")).collect();
    let names: Vec<String> = (0..lists.len()).map(|number| format!("p{number}")).collect();
    let sql = format!(
        "SELECT each_row.*, {EACH}.p0 FROM unnest({}) AS {EACH} ({}) CROSS JOIN LATERAL ({}) AS each_row",
        arrays.join(", "),
        names.join(", "),
        each(sql, types)
    );
    Wide {
        sql,
        lists,
        columns,
        runs: runs.len(),
    }
}

/// Arrays of these types have no binary form that we write; their members travel as texts.
fn travels_as(value_type: ValueType) -> ValueType {
    match value_type {
        ValueType::Decimal | ValueType::Json | ValueType::TextList => ValueType::Text,
        ValueType::Boolean
        | ValueType::Int
        | ValueType::BigInt
        | ValueType::Float
        | ValueType::Text
        | ValueType::Uuid
        | ValueType::DateTime
        | ValueType::Date
        | ValueType::Time
        | ValueType::Bytes => value_type,
    }
}

fn as_text(value: Value) -> Value {
    match value {
        Value::Decimal(number) => Value::Text(number.to_string()),
        Value::Json(text) => Value::Text(crate::json::canonical(&text)),
        Value::TextList(texts) => Value::Text(serde_json::Value::from(texts).to_string()),
        other => other,
    }
}

/// The text with its parameters read from the row of values.
fn each(sql: &str, types: &[ValueType]) -> String {
    let mut out = String::with_capacity(sql.len() + 64);
    let mut quote = None;
    let mut rest = sql.char_indices().peekable();
    while let Some((_, letter)) = rest.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, '$') => {
                let mut number = 0;
                while let Some(digit) = rest.peek().and_then(|(_, next)| next.to_digit(10)) {
                    number = number * 10 + digit as usize;
                    rest.next();
                }
                let value_type = number.checked_sub(1).and_then(|index| types.get(index));
                out.push_str(&operand(number, value_type.copied()));
                continue;
            }
            _ => {}
        }
        out.push(letter);
    }
    out
}

fn operand(number: usize, value_type: Option<ValueType>) -> String {
    let column = format!("{EACH}.p{number}");
    match value_type {
        Some(ValueType::Decimal) => format!("CAST({column} AS numeric)"),
        Some(ValueType::Json) => format!("CAST({column} AS jsonb)"),
        Some(ValueType::TextList) => format!(
            "CASE WHEN {column} IS NULL THEN NULL ELSE ARRAY(SELECT jsonb_array_elements_text(CAST({column} AS jsonb))) END"
        ),
        _ => column,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_from_the_row_of_values() {
        use ValueType::{Decimal, Int, Text};
        let check = |sql: &str, types: &[ValueType], expected: &str| assert_eq!(each(sql, types), expected, "{sql}");
        check("a = $1", &[Int], "a = freehold_each.p1");
        check(
            "a = $2 AND b = $12",
            &[Int; 12],
            "a = freehold_each.p2 AND b = freehold_each.p12",
        );
        check("a = CAST($1 AS text)", &[Text], "a = CAST(freehold_each.p1 AS text)");
        check("a > $1", &[Decimal], "a > CAST(freehold_each.p1 AS numeric)");
        check(
            "a = '$1' AND \"$1\" = $1",
            &[Int],
            "a = '$1' AND \"$1\" = freehold_each.p1",
        );
        check("a = 'it''s $1' || $1", &[Int], "a = 'it''s $1' || freehold_each.p1");
        check("'ä' || $1 || 'ö'", &[Text], "'ä' || freehold_each.p1 || 'ö'");
    }
}

//! Who asks, proved in the transaction that writes for them: if they are somebody else, nothing is written.
//!
//! On SQLite the row is looked at before anything follows. On PostgreSQL nobody looks at an answer before the next statement, so the
//! statement fails, by a division by the number of rows that are as they have to be, and takes all that follows with it.

use crate::binder::Bound;
use crate::cells::{self, Table};
use crate::error::{Error, Result};
use crate::program::Dialect;
use crate::transaction::Query;
use freehold_base::{Expected, Value, ValueType, Wanted};
use std::fmt::Write;

/// The statement that proves it in a flight.
pub(super) fn query(dialect: Dialect, expected: &Expected) -> Result<Query> {
    let lookup = &expected.lookup;
    if dialect == Dialect::Sqlite {
        let values = lookup.values.iter();
        let values = values.map(|(value, value_type)| Bound::new(value.clone(), *value_type));
        return Ok(Query {
            sql: lookup.sql.clone(),
            parameters: values.collect::<Result<_>>()?,
            columns: lookup.columns.clone(),
            kept: true,
        });
    }
    let answered = answered(expected);
    let mut shown = String::new();
    for index in 0..answered.len() {
        // Writing to a string does not fail.
        let _ = write!(shown, ", m{index}");
    }
    let mut columns = vec![ValueType::Int];
    columns.extend(answered);
    Ok(Query {
        sql: format!("SELECT 1 / n::int4{shown} FROM ({}) AS p", sql(expected)),
        parameters: parameters(expected)?,
        columns,
        kept: true,
    })
}

/// How many rows are as they have to be, `n`, on PostgreSQL; and what is answered of them: `m0`, `m1`, …
pub(super) fn sql(expected: &Expected) -> String {
    let lookup = &expected.lookup;
    let mut sql = String::from("SELECT count(*) AS n");
    let mut names = String::new();
    let mut conditions = String::new();
    let mut above = 0;
    for (index, wanted) in expected.row.iter().enumerate() {
        let (comma, and) = if index == 0 { ("", "") } else { (", ", " AND ") };
        let number = lookup.values.len() + index + 1;
        // Writing to a string does not fail.
        let _ = write!(names, "{comma}c{index}");
        match wanted {
            Wanted::Same(_) => {
                let _ = write!(conditions, "{and}c{index} IS NOT DISTINCT FROM ${number}");
            }
            Wanted::Above(_) => {
                let _ = write!(conditions, "{and}c{index} > ${number}");
                let _ = write!(sql, ", max(c{index}) AS m{above}");
                above += 1;
            }
        }
    }
    let _ = write!(sql, " FROM ({}) AS i ({names}) WHERE {conditions}", lookup.sql);
    sql
}

/// The values of its parameters.
pub(super) fn parameters(expected: &Expected) -> Result<Vec<Bound>> {
    let lookup = &expected.lookup;
    let looked_up = lookup.values.iter();
    let looked_up = looked_up.map(|(value, value_type)| Bound::new(value.clone(), *value_type));
    let row = expected.row.iter().zip(&lookup.columns);
    let row = row.map(|(wanted, value_type)| match wanted {
        Wanted::Same(value) => Bound::new(value.clone(), *value_type),
        Wanted::Above(least) => Bound::new(Value::Int(*least), ValueType::BigInt),
    });
    looked_up.chain(row).collect()
}

/// Types of the columns that are answered.
pub(super) fn answered(expected: &Expected) -> Vec<ValueType> {
    let above = expected.row.iter().filter(|wanted| matches!(wanted, Wanted::Above(_)));
    above.map(|_| ValueType::BigInt).collect()
}

/// The row that proves it on SQLite, if it does.
pub(super) fn row_found(expected: &Expected, table: &Table) -> Result<Option<Vec<Value>>> {
    if table.rows() == 0 {
        return Ok(None);
    }
    let columns = expected.lookup.columns.iter().enumerate();
    let row = columns.map(|(index, value_type)| cells::read(*value_type, table.cell(0, index)));
    let row = row.collect::<Result<Vec<_>>>()?;
    Ok(expected.holds(Some(&row)).then_some(row))
}

/// The row that has proved it on PostgreSQL; what was answered of it begins with that column.
pub(super) fn row_proved(expected: &Expected, table: &Table, first: usize) -> Result<Vec<Value>> {
    let mut column = first;
    let row = expected.row.iter().map(|wanted| match wanted {
        Wanted::Same(value) => Ok(value.clone()),
        Wanted::Above(_) => {
            column += 1;
            cells::read(ValueType::BigInt, table.cell(0, column - 1))
        }
    });
    let row = row.collect::<Result<Vec<_>>>()?;
    if expected.holds(Some(&row)) {
        Ok(row)
    } else {
        Err(Error::program("a proof did not fail"))
    }
}

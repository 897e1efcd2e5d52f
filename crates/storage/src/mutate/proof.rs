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

/// The statement that proves it.
pub(super) fn query(dialect: Dialect, expected: &Expected) -> Result<Query> {
    let lookup = &expected.lookup;
    let values = lookup.values.iter();
    let mut parameters: Vec<Bound> = values
        .map(|(value, value_type)| Bound::new(value.clone(), *value_type))
        .collect::<Result<_>>()?;
    if dialect == Dialect::Sqlite {
        return Ok(Query {
            sql: lookup.sql.clone(),
            parameters,
            columns: lookup.columns.clone(),
            kept: true,
        });
    }
    let mut sql = String::with_capacity(lookup.sql.len() + 48 * lookup.columns.len());
    let mut columns = vec![ValueType::Int];
    sql.push_str("SELECT 1 / count(*)::int4");
    let mut conditions = String::new();
    let mut names = String::new();
    for (index, (wanted, value_type)) in expected.row.iter().zip(&lookup.columns).enumerate() {
        let (comma, and) = if index == 0 { ("", "") } else { (", ", " AND ") };
        let number = parameters.len() + 1;
        // Writing to a string does not fail.
        let _ = write!(names, "{comma}c{index}");
        match wanted {
            Wanted::Same(value) => {
                let _ = write!(conditions, "{and}c{index} IS NOT DISTINCT FROM ${number}");
                parameters.push(Bound::new(value.clone(), *value_type)?);
            }
            Wanted::Above(least) => {
                let _ = write!(conditions, "{and}c{index} > ${number}");
                let _ = write!(sql, ", max(c{index})");
                parameters.push(Bound::new(Value::Int(*least), ValueType::BigInt)?);
                columns.push(ValueType::BigInt);
            }
        }
    }
    let _ = write!(sql, " FROM ({}) AS i ({names}) WHERE {conditions}", lookup.sql);
    Ok(Query {
        sql,
        parameters,
        columns,
        kept: true,
    })
}

/// The row that proves it, if it does.
pub(super) fn row(dialect: Dialect, expected: &Expected, table: &Table) -> Result<Option<Vec<Value>>> {
    if table.rows() == 0 {
        return Ok(None);
    }
    if dialect == Dialect::Sqlite {
        let columns = expected.lookup.columns.iter().enumerate();
        let row = columns.map(|(index, value_type)| cells::read(*value_type, table.cell(0, index)));
        let row = row.collect::<Result<Vec<_>>>()?;
        return Ok(expected.holds(Some(&row)).then_some(row));
    }
    let mut column = 0;
    let row = expected.row.iter().map(|wanted| match wanted {
        Wanted::Same(value) => Ok(value.clone()),
        Wanted::Above(_) => {
            column += 1;
            cells::read(ValueType::BigInt, table.cell(0, column))
        }
    });
    let row = row.collect::<Result<Vec<_>>>()?;
    if expected.holds(Some(&row)) {
        Ok(Some(row))
    } else {
        Err(Error::program("a proof did not fail"))
    }
}

//! What SQLite lacks: Unicode lower case, and exact decimals.

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};
use rust_decimal::Decimal;
use std::cmp::Ordering;

/// Registers functions and collations on a connection.
pub(super) fn register(connection: &Connection) -> Result<()> {
    // INNOCUOUS: they touch nothing, so indexes may use them with `trusted_schema` off.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("fh_lower", 1, flags, |context| match context.get_raw(0) {
        ValueRef::Text(text) => Ok(Some(lower(std::str::from_utf8(text)?))),
        _ => Ok(None),
    })?;
    super::lists::register(connection, flags)?;
    super::formula::register(connection, flags)?;
    connection.create_aggregate_function("fh_decimal_sum", 1, flags, DecimalSum)?;
    connection.create_aggregate_function("fh_decimal_avg", 1, flags, DecimalAvg)?;
    connection.create_collation("fh_decimal", compare)
}

fn lower(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.to_lowercase()
    }
}

/// Order of two decimal texts by value; what is no decimal comes after all that are.
fn compare(left: &str, right: &str) -> Ordering {
    match (left.parse::<Decimal>(), right.parse::<Decimal>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => left.cmp(right),
    }
}

/// Exact sum of decimal texts, as text; null of nothing.
struct DecimalSum;
/// Mean of decimal texts, as a double; null of nothing.
struct DecimalAvg;

/// What has been added so far.
struct Total {
    /// `None` once it has passed what a decimal holds.
    sum: Option<Decimal>,
    /// Digits behind the point, as many as the longest summand has.
    scale: u32,
    count: u64,
}

impl Total {
    const NOTHING: Self = Self {
        sum: Some(Decimal::ZERO),
        scale: 0,
        count: 0,
    };

    fn add(&mut self, context: &Context<'_>) -> Result<()> {
        let decimal = match context.get_raw(0) {
            ValueRef::Null => return Ok(()),
            ValueRef::Text(text) => std::str::from_utf8(text)?.parse::<Decimal>().ok(),
            ValueRef::Integer(number) => Some(Decimal::from(number)),
            ValueRef::Real(_) | ValueRef::Blob(_) => None,
        };
        // What is no decimal, or a sum past 28 digits, makes the whole null: a query must not fail by what rows hold.
        self.scale = decimal.map_or(self.scale, |decimal| self.scale.max(decimal.scale()));
        let sum = self
            .sum
            .zip(decimal)
            .and_then(|(sum, decimal)| sum.checked_add(decimal));
        self.sum = sum;
        self.count += 1;
        Ok(())
    }
}

impl Aggregate<Total, Option<String>> for DecimalSum {
    fn init(&self, _: &mut Context<'_>) -> Result<Total> {
        Ok(Total::NOTHING)
    }

    fn step(&self, context: &mut Context<'_>, total: &mut Total) -> Result<()> {
        total.add(context)
    }

    fn finalize(&self, _: &mut Context<'_>, total: Option<Total>) -> Result<Option<String>> {
        let total = total.filter(|total| total.count > 0);
        Ok(total.and_then(|total| {
            let mut sum = total.sum?;
            // Adding zero drops digits; PostgreSQL keeps them.
            sum.rescale(total.scale);
            Some(sum.to_string())
        }))
    }
}

impl Aggregate<Total, Option<f64>> for DecimalAvg {
    fn init(&self, _: &mut Context<'_>) -> Result<Total> {
        Ok(Total::NOTHING)
    }

    fn step(&self, context: &mut Context<'_>, total: &mut Total) -> Result<()> {
        total.add(context)
    }

    fn finalize(&self, _: &mut Context<'_>, total: Option<Total>) -> Result<Option<f64>> {
        Ok(total
            .filter(|total| total.count > 0)
            // By its text: the crate's own conversion is not the nearest double.
            .and_then(|total| Some(total.sum?.to_string().parse::<f64>().ok()? / total.count as f64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask<T: rusqlite::types::FromSql>(sql: &str) -> T {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn lower_case_is_unicode() {
        assert_eq!(ask::<String>("select fh_lower('ÀÉÎ Straße ΣΑΣ')"), "àéî straße σας");
        assert_eq!(ask::<Option<String>>("select fh_lower(null)"), None);
    }

    #[test]
    fn decimals_are_exact_and_ordered_by_value() {
        let values = "(values ('10.00'), ('9.5'), ('-1'), ('0.1'), ('0.20'))";
        assert_eq!(
            ask::<String>(&format!("select fh_decimal_sum(column1) from {values}")),
            "18.80"
        );
        assert!((ask::<f64>(&format!("select fh_decimal_avg(column1) from {values}")) - 3.76).abs() < 1e-12);
        assert_eq!(ask::<Option<String>>("select fh_decimal_sum(null)"), None);
        let order =
            format!("select group_concat(v) from (select column1 v from {values} order by column1 collate fh_decimal)");
        assert_eq!(ask::<String>(&order), "-1,0.1,0.20,9.5,10.00");
        assert!(ask::<bool>("select '1.0' = '1.00' collate fh_decimal"));
    }
}

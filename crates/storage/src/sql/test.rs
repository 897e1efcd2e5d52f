//! Tests on one column.

use super::Renderer;
use super::formula::by_code_points;
use super::parameters::{Parameters, raw as text};
use super::raw::{conjunction, constant, disjunction};
use crate::program::Dialect;
use crate::sealed::SealedField;
use freehold_base::ValueType;
use freehold_policy::operand::Operand;
use freehold_policy::predicate::Test;
use sea_query::{Alias, BinOper, Expr, ExprTrait, Func, Query};
use std::sync::Arc;

/// Whether case is told apart.
#[derive(Clone, Copy)]
enum Case {
    Told,
    Folded,
}

impl Renderer<'_> {
    /// A test on a column of a table, or on a count.
    pub(crate) fn raw_test(
        &self,
        parameters: &mut Parameters,
        column: Expr,
        value_type: ValueType,
        test: &Test,
    ) -> Expr {
        // The column's own collation holds. A stated one would spread through the CASE of a guard to what that compares with.
        let compared = column.clone();
        self.compare(parameters, column, compared, Case::Told, value_type, test)
    }

    /// A test on a column of a guarded source.
    pub(crate) fn test(&self, parameters: &mut Parameters, column: Expr, value_type: ValueType, test: &Test) -> Expr {
        let compared = self.compared(column.clone(), value_type);
        self.compare(parameters, column, compared, Case::Told, value_type, test)
    }

    /// A test on a formula, in a rule.
    pub(crate) fn formula_test(
        &self,
        parameters: &mut Parameters,
        formula: Expr,
        value_type: ValueType,
        test: &Test,
    ) -> Expr {
        let test = self.test(parameters, formula, value_type, test);
        match (self.dialect, value_type) {
            // A formula has no collation of its own, so one is stated; a sub-select keeps it from spreading.
            (Dialect::Sqlite, ValueType::Decimal) => {
                let select = Query::select().expr(test).take();
                Expr::SubQuery(None, Box::new(select.into()))
            }
            _ => test,
        }
    }

    fn compare(
        &self,
        parameters: &mut Parameters,
        column: Expr,
        compared: Expr,
        case: Case,
        value_type: ValueType,
        test: &Test,
    ) -> Expr {
        let mut bind = |operand: &Operand| {
            let value = parameters.bind(operand, value_type);
            match case {
                Case::Told => value,
                Case::Folded => self.folded(value),
            }
        };
        match test {
            Test::Equal(operand) => compared.eq(bind(operand)),
            Test::NotEqual(operand) => compared.ne(bind(operand)),
            Test::Less(operand) => compared.lt(bind(operand)),
            Test::LessOrEqual(operand) => compared.lte(bind(operand)),
            Test::Greater(operand) => compared.gt(bind(operand)),
            Test::GreaterOrEqual(operand) => compared.gte(bind(operand)),
            Test::In(operands) if operands.is_empty() => constant(false),
            Test::In(operands) => compared.is_in(operands.iter().map(bind).collect::<Vec<_>>()),
            Test::NotIn(operands) if operands.is_empty() => constant(true),
            Test::NotIn(operands) => compared.is_not_in(operands.iter().map(bind).collect::<Vec<_>>()),
            Test::IsNull(true) => column.is_null(),
            Test::IsNull(false) => column.is_not_null(),
            Test::Like { pattern, insensitive } => {
                let pattern = parameters.bind(pattern, ValueType::Text);
                let (column, pattern) = if *insensitive {
                    (self.folded(column), self.folded(pattern))
                } else {
                    (column, pattern)
                };
                // `\` is PostgreSQL's escape already; SQLite has none unless told.
                match self.dialect {
                    Dialect::Postgres => column.binary(BinOper::Like, pattern),
                    Dialect::Sqlite => column.binary(BinOper::Like, pattern.binary(BinOper::Escape, text(r"'\'"))),
                }
            }
            Test::Folded(inner) => {
                let folded = self.folded(column);
                self.compare(parameters, folded.clone(), folded, Case::Folded, value_type, inner)
            }
            Test::Has(operand) => self.has(parameters, &column, operand),
            Test::HasAny(operands) => disjunction(
                operands
                    .iter()
                    .map(|operand| self.has(parameters, &column, operand))
                    .collect(),
            ),
            Test::HasAll(operands) => {
                let mut parts = vec![column.clone().is_not_null()];
                parts.extend(operands.iter().map(|operand| self.has(parameters, &column, operand)));
                conjunction(parts)
            }
            Test::JsonEqual { path, operand, equal } => {
                let path = json_path(parameters, path);
                let operand = parameters.bind(operand, ValueType::Json);
                match self.dialect {
                    Dialect::Postgres if *equal => json_at(column, path).eq(operand),
                    Dialect::Postgres => json_at(column, path).ne(operand),
                    // 1, 0, or null where there is nothing; see `dialect::sqlite`.
                    Dialect::Sqlite => {
                        call("fh_json_equal", [column, path, operand]).eq(text(if *equal { "1" } else { "0" }))
                    }
                }
            }
            Test::JsonIsNull { path, null } => {
                let path = json_path(parameters, path);
                let found = match self.dialect {
                    Dialect::Postgres => json_at(column, path),
                    Dialect::Sqlite => call("fh_json_at", [column, path]),
                };
                if *null { found.is_null() } else { found.is_not_null() }
            }
        }
    }

    /// A column as it is compared and ordered: decimals on SQLite are texts with an order of their own.
    pub(crate) fn compared(&self, column: Expr, value_type: ValueType) -> Expr {
        match (self.dialect, value_type) {
            (Dialect::Sqlite, ValueType::Decimal) => column.binary(BinOper::Custom("COLLATE"), text("fh_decimal")),
            _ => column,
        }
    }

    /// Case folded, Unicode included.
    fn folded(&self, column: Expr) -> Expr {
        match self.dialect {
            Dialect::Sqlite => call("fh_lower", [column]),
            // Folded by Unicode, and then compared as texts are that were not folded.
            Dialect::Postgres => by_code_points(call(
                "lower",
                [column.binary(BinOper::Custom("COLLATE"), text("\"und-x-icu\""))],
            )),
        }
    }

    fn has(&self, parameters: &mut Parameters, column: &Expr, operand: &Operand) -> Expr {
        let operand = parameters.bind(operand, ValueType::Text);
        match self.dialect {
            Dialect::Postgres => operand.eq(call("ANY", [column.clone()])),
            Dialect::Sqlite => call("fh_list_has", [column.clone(), operand]),
        }
    }
}

/// A test on the index of a sealed field: equality with a token, or being there at all.
pub(super) fn sealed_test(parameters: &mut Parameters, index: &Expr, sealed: &Arc<SealedField>, test: &Test) -> Expr {
    let index = index.clone();
    match test {
        Test::Equal(operand) => index.eq(parameters.bind_sealed(operand, sealed)),
        Test::In(operands) if operands.is_empty() => constant(false),
        Test::In(operands) => {
            let tokens = operands.iter().map(|operand| parameters.bind_sealed(operand, sealed));
            index.is_in(tokens.collect::<Vec<_>>())
        }
        Test::IsNull(true) => index.is_null(),
        Test::IsNull(false) => index.is_not_null(),
        // The planner makes no others: tokens have no order, no case and no parts.
        Test::NotEqual(_)
        | Test::NotIn(_)
        | Test::Less(_)
        | Test::LessOrEqual(_)
        | Test::Greater(_)
        | Test::GreaterOrEqual(_)
        | Test::Like { .. }
        | Test::Folded(_)
        | Test::Has(_)
        | Test::HasAny(_)
        | Test::HasAll(_)
        | Test::JsonEqual { .. }
        | Test::JsonIsNull { .. } => constant(false),
    }
}

/// The JSON value at a path; SQL null where there is nothing, or JSON null.
fn json_at(column: Expr, path: Expr) -> Expr {
    let found = column.binary(BinOper::Custom("#>"), path);
    call("NULLIF", [found, text("'null'::jsonb")])
}

fn call<const N: usize>(function: &'static str, arguments: [Expr; N]) -> Expr {
    Func::cust(Alias::new(function)).args(arguments).into()
}

/// A JSON path: `text[]` on PostgreSQL, a JSON array of texts on SQLite.
fn json_path(parameters: &mut Parameters, path: &[String]) -> Expr {
    parameters.bind(
        &Operand::Constant(freehold_base::Value::TextList(path.to_vec())),
        ValueType::TextList,
    )
}

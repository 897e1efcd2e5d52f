//! Totals and aggregates: one row for each parent.

use super::list::{Parent, add, order_name, parent_tie};
use super::parameters::{Parameters, raw as text};
use super::parents::{KEY_COLUMN, key_of};
use super::raw::{constant, restrict};
use super::source::Scope;
use super::{Renderer, json_key, json_text};
use crate::layout::{SlotKind, SlotLayout};
use crate::program::Dialect;
use freehold_base::ValueType;
use freehold_planner::plan::{AggregateField, AggregateFunction, AggregateSlot, AggregateSlotKind, ListNode, Output};
use sea_query::{Alias, CaseStatement, DynIden, Expr, ExprTrait, Func, JoinType, Query};

/// The statement of totals while its slots are rendered.
pub(super) struct Totals<'a> {
    statement: usize,
    parameters: Parameters,
    scope: Scope<'a>,
    key: Option<DynIden>,
    columns: Vec<(Expr, ValueType)>,
}

impl<'a> Totals<'a> {
    pub(super) fn new(renderer: &mut Renderer<'a>, node: &'a ListNode, parent: Option<&Parent<'a>>) -> Self {
        let statement = renderer.reserve();
        let mut parameters = Parameters::new(renderer.dialect);
        let scope = Scope::of_list(&mut parameters, &node.source);
        let key = parent.map(|_| parameters.alias(KEY_COLUMN));
        let columns = key
            .iter()
            .map(|key| (renderer.key_column(key), ValueType::Uuid))
            .collect();
        Self {
            statement,
            parameters,
            scope,
            key,
            columns,
        }
    }

    pub(super) fn column(&mut self, expression: Expr, value_type: ValueType) -> usize {
        add(&mut self.columns, expression, value_type)
    }
}

impl<'a> Renderer<'a> {
    /// Finishes the statement of totals.
    pub(super) fn totals(&mut self, builder: Totals<'a>, node: &'a ListNode, parent: Option<&Parent<'a>>) -> usize {
        let Totals {
            statement,
            mut parameters,
            mut scope,
            key,
            mut columns,
        } = builder;
        if columns.len() == usize::from(key.is_some()) {
            // Only type names are asked for; a statement selects something all the same.
            add(&mut columns, count(), ValueType::BigInt);
        }
        let correlated = match self.dialect {
            Dialect::Sqlite => key.is_some().then(Parameters::key),
            Dialect::Postgres => key.as_ref().map(key_of),
        };
        let tie = parent_tie(node, correlated.as_ref());
        let condition = self.list_condition(&mut parameters, node, &mut scope, correlated);
        let mut body = Query::select();
        body.from_subquery(
            self.guarded_for(&mut parameters, &scope, &node.filter, tie),
            scope.alias.clone(),
        );
        restrict(&mut body, condition);
        let own = columns.iter().skip(usize::from(key.is_some()));
        let keys = self.keys_if_any(&mut parameters, parent);
        let select = match (keys, &key) {
            (Some(keys), Some(key)) => {
                let alias = parameters.alias("a");
                let mut select = Query::select();
                select.expr(key_of(key));
                for (index, (expression, value_type)) in own.enumerate() {
                    body.expr_as(self.outgoing(expression.clone(), *value_type), order_name(index));
                    select.expr(Expr::col((alias.clone(), order_name(index))));
                }
                select.from_subquery(keys, key.clone());
                select.join_lateral(JoinType::InnerJoin, body, alias, constant(true));
                select
            }
            _ => {
                for (expression, value_type) in own {
                    body.expr(self.outgoing(expression.clone(), *value_type));
                }
                body
            }
        };
        let types = columns.iter().map(|(_, value_type)| *value_type).collect();
        self.finish(statement, parameters, &select, types, parent.map(|(_, key)| *key));
        statement
    }

    pub(super) fn aggregate(&self, totals: &mut Totals<'a>, slots: &'a [AggregateSlot]) -> Vec<SlotLayout> {
        let Totals { scope, columns, .. } = totals;
        self.aggregate_slots(scope, slots, &mut |expression, value_type| {
            add(columns, expression, value_type)
        })
    }

    /// The layout of an aggregate's slots; `column` gives the index of an expression.
    pub(crate) fn aggregate_slots(
        &self,
        scope: &mut Scope<'a>,
        slots: &'a [AggregateSlot],
        column: &mut dyn FnMut(Expr, ValueType) -> usize,
    ) -> Vec<SlotLayout> {
        slots
            .iter()
            .map(|slot| {
                let kind = match &slot.kind {
                    AggregateSlotKind::Text(value) => SlotKind::Json(json_text(value)),
                    AggregateSlotKind::Count => SlotKind::Cell {
                        column: column(count(), ValueType::BigInt),
                        output: Output::Plain(ValueType::BigInt),
                    },
                    AggregateSlotKind::Function { function, fields } => SlotKind::Object(
                        fields
                            .iter()
                            .map(|field| SlotLayout {
                                key: json_key(&field.key),
                                kind: self.aggregate_field(scope, *function, field, column),
                            })
                            .collect(),
                    ),
                };
                SlotLayout {
                    key: json_key(&slot.key),
                    kind,
                }
            })
            .collect()
    }

    fn aggregate_field(
        &self,
        scope: &mut Scope<'a>,
        function: AggregateFunction,
        field: &AggregateField,
        column: &mut dyn FnMut(Expr, ValueType) -> usize,
    ) -> SlotKind {
        let Some((readable, output)) = &field.field else {
            return SlotKind::Json(json_text(&field.type_name));
        };
        let value_type = self.value_type(readable.entity(), readable.id());
        let value = self.field(scope, readable);
        let decimal = value_type == ValueType::Decimal;
        let (expression, value_type) = match function {
            AggregateFunction::Min => (self.compared(value, value_type).min(), value_type),
            AggregateFunction::Max => (self.compared(value, value_type).max(), value_type),
            AggregateFunction::Sum => (
                self.sum(value, value_type),
                if decimal { value_type } else { ValueType::Float },
            ),
            AggregateFunction::Avg => (self.average(value, value_type), ValueType::Float),
        };
        SlotKind::Cell {
            column: column(expression, value_type),
            output: output.clone(),
        }
    }

    /// Null where it is past what its type holds: a query must not fail by what rows hold.
    fn sum(&self, value: Expr, value_type: ValueType) -> Expr {
        match (self.dialect, value_type) {
            // Decimals on SQLite are texts and have functions of their own.
            (Dialect::Sqlite, ValueType::Decimal) => custom("fh_decimal_sum", value),
            (Dialect::Sqlite, _) => cast(value.sum(), "real"),
            (Dialect::Postgres, ValueType::Decimal) => within(value.sum(), DECIMAL_MAX),
            (Dialect::Postgres, ValueType::Float) => cast(within(exact(value).sum(), DOUBLE_MAX), DOUBLE),
            (Dialect::Postgres, _) => cast(value.sum(), DOUBLE),
        }
    }

    /// The sum, as a double, divided by the number of values.
    fn average(&self, value: Expr, value_type: ValueType) -> Expr {
        match (self.dialect, value_type) {
            (Dialect::Sqlite, ValueType::Decimal) => custom("fh_decimal_avg", value),
            (Dialect::Sqlite, _) => divided(self.sum(value.clone(), value_type), value),
            (Dialect::Postgres, _) => divided(cast(self.sum(value.clone(), value_type), DOUBLE), value),
        }
    }
}

const DOUBLE: &str = "double precision";
/// The greatest double.
const DOUBLE_MAX: &str = "1.7976931348623157e308";
/// The greatest sum of decimals, of 96 bits.
const DECIMAL_MAX: &str = "79228162514264337593543950335";

/// A double as a numeric, digit by digit: PostgreSQL's own cast keeps 15 of them, and its sum of doubles fails past the greatest.
fn exact(value: Expr) -> Expr {
    cast(cast(value, "text"), "numeric")
}

/// The number, or null if it is greater than that, on either side of zero.
fn within(number: Expr, greatest: &'static str) -> Expr {
    let magnitude: Expr = Func::abs(number.clone()).into();
    CaseStatement::new().case(magnitude.lte(text(greatest)), number).into()
}

fn divided(sum: Expr, counted: Expr) -> Expr {
    let count = Func::cust(Alias::new("NULLIF")).args([counted.count(), text("0")]);
    sum.div(Expr::from(count))
}

fn custom(function: &'static str, value: Expr) -> Expr {
    Func::cust(Alias::new(function)).arg(value).into()
}

fn cast(value: Expr, sql_type: &'static str) -> Expr {
    value.cast_as(Alias::new(sql_type))
}

/// `COUNT(*)`
pub(super) fn count() -> Expr {
    text("COUNT(*)")
}

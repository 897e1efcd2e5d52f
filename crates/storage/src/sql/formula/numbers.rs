//! Numbers: bounded before they are calculated with and after, so that no operation fails.

use super::{Formula, call, cast};
use crate::program::Dialect;
use crate::sql::parameters::raw as text;
use freehold_base::Value;
use freehold_schema::formula::{Arithmetic, DECIMAL_PLACES, Expression, FLOAT_BOUND, FormulaType, Node};
use sea_query::{Alias, CaseStatement, Expr, ExprTrait, IntoIden, Query};

impl Formula<'_, '_> {
    /// An int as one of 64 bits, in which no operation on two of 32 bits overflows.
    pub(super) fn wide_int(&mut self, of: &Expression) -> Expr {
        let value = self.value(of);
        match (self.dialect(), &of.node) {
            (Dialect::Sqlite, _)
            | (
                Dialect::Postgres,
                Node::Constant(_) | Node::Arithmetic { .. } | Node::Negate(_) | Node::Absolute(_) | Node::Whole(_),
            ) => value,
            (Dialect::Postgres, _) => cast(value, "bigint"),
        }
    }

    pub(super) fn ints(&mut self, operation: Arithmetic, left: &Expression, right: &Expression) -> Expr {
        let (left, right) = (self.wide_int(left), self.wide_int(right));
        self.kept_int(match operation {
            Arithmetic::Add => left.add(right),
            Arithmetic::Subtract => left.sub(right),
            Arithmetic::Multiply => left.mul(right),
            Arithmetic::Divide | Arithmetic::DivideWhole => left.div(not_zero(right)),
            Arithmetic::Remainder => left.modulo(not_zero(right)),
        })
    }

    /// An int of 64 bits, null beyond 32.
    fn kept_int(&self, value: Expr) -> Expr {
        match self.dialect() {
            Dialect::Sqlite => call("fh_int", [value]),
            Dialect::Postgres => bounded_int(value),
        }
    }

    pub(super) fn decimals(&mut self, operation: Arithmetic, left: &Expression, right: &Expression) -> Expr {
        let (left, right) = (self.value(left), self.value(right));
        match self.dialect() {
            Dialect::Sqlite => {
                let function = match operation {
                    Arithmetic::Add => "fh_decimal_add",
                    Arithmetic::Subtract => "fh_decimal_subtract",
                    Arithmetic::Multiply => "fh_decimal_multiply",
                    Arithmetic::Divide | Arithmetic::DivideWhole | Arithmetic::Remainder => "fh_decimal_divide",
                };
                call(function, [left, right])
            }
            Dialect::Postgres => calculated_decimal(match operation {
                Arithmetic::Add => left.add(right),
                Arithmetic::Subtract => left.sub(right),
                Arithmetic::Multiply => left.mul(right),
                // `/` rounds where it sees fit. One more digit than is kept, cut off, is enough to round by.
                Arithmetic::Divide | Arithmetic::DivideWhole | Arithmetic::Remainder => {
                    let quotient = call("div", [left.mul(text("1e13")), not_zero(right)]);
                    quotient.mul(text("1e-13"))
                }
            }),
        }
    }

    pub(super) fn floats(&mut self, operation: Arithmetic, left: &Expression, right: &Expression) -> Expr {
        let (left, right) = (self.float_operand(left), self.float_operand(right));
        self.kept_float(match operation {
            Arithmetic::Add => left.add(right),
            Arithmetic::Subtract => left.sub(right),
            Arithmetic::Multiply => left.mul(right),
            Arithmetic::Divide | Arithmetic::DivideWhole | Arithmetic::Remainder => left.div(not_zero(right)),
        })
    }

    /// A float within the bounds.
    fn float_operand(&mut self, of: &Expression) -> Expr {
        let value = self.value(of);
        match &of.node {
            // What is calculated is bounded; ints and decimals are far from the bounds.
            Node::Arithmetic { .. } | Node::Negate(_) | Node::Absolute(_) | Node::Convert(_) => value,
            Node::Constant(Value::Float(number)) if (FLOAT_BOUND.recip()..FLOAT_BOUND).contains(&number.abs()) => value,
            _ => self.kept_float(value),
        }
    }

    /// A float, null beyond the bound and zero below its reciprocal: PostgreSQL fails where a result is neither.
    fn kept_float(&self, value: Expr) -> Expr {
        if self.dialect() == Dialect::Sqlite {
            return call("fh_float", [value]);
        }
        let (from, name) = (Alias::new("f").into_iden(), Alias::new("v").into_iden());
        // OFFSET keeps the planner from writing the value out where its name stands.
        let once = Query::select().expr_as(value, name.clone()).offset(0).take();
        let named = || Expr::col((from.clone(), name.clone()));
        let size = || call("abs", [named()]);
        let kept = CaseStatement::new()
            .case(size().gte(text("1e150")), text("NULL"))
            .case(size().lt(text("1e-150")), text("0"))
            .finally(named());
        let select = Query::select()
            .expr(Expr::Case(Box::new(kept)))
            .from_subquery(once, from.clone())
            .take();
        Expr::SubQuery(None, Box::new(select.into()))
    }

    /// A number with its sign changed or gone.
    pub(super) fn signed(
        &mut self,
        value_type: FormulaType,
        of: &Expression,
        sqlite_decimal: &'static str,
        change: fn(Expr) -> Expr,
    ) -> Expr {
        match (value_type, self.dialect()) {
            (FormulaType::Decimal, Dialect::Sqlite) => call(sqlite_decimal, [self.value(of)]),
            (FormulaType::Decimal, Dialect::Postgres) => change(self.value(of)),
            (FormulaType::Float, _) => {
                let of = self.float_operand(of);
                self.kept_float(change(of))
            }
            _ => {
                let of = self.wide_int(of);
                self.kept_int(change(of))
            }
        }
    }
}

fn not_zero(value: Expr) -> Expr {
    call("NULLIF", [value, text("0")])
}

/// A number that is null from either bound on, on PostgreSQL. LEAST and GREATEST pass over null, which so becomes a bound first.
pub(super) fn bounded(value: Expr, low: &'static str, high: &'static str) -> Expr {
    let within = call("GREATEST", [call("LEAST", [value, text(high)]), text(low)]);
    call("NULLIF", [call("NULLIF", [within, text(high)]), text(low)])
}

/// An int of 32 bits, or null.
pub(super) fn bounded_int(value: Expr) -> Expr {
    bounded(value, "-2147483649", "2147483648")
}

/// A decimal of at most 16 digits before the point, or null.
pub(super) fn bounded_decimal(value: Expr) -> Expr {
    bounded(value, "-1e16", "1e16")
}

/// A decimal as what is calculated is: rounded, bounded, without zeros at the end.
pub(super) fn calculated_decimal(value: Expr) -> Expr {
    let rounded = call("round", [value, text(DECIMAL_PLACES.to_string())]);
    bounded_decimal(call("trim_scale", [rounded]))
}

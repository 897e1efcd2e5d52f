//! Formulas in SQL, over any alias that has the entity's stored columns.
//!
//! INVARIANT: what is rendered here never fails, whatever a row holds (see 11 in `docs/adr`): an error would tell of a row that
//! is hidden. So numbers are bounded before and after they are calculated with. No part is written twice: SQL that doubles with
//! each level of nesting is soon too long.

mod numbers;

use super::Renderer;
use super::parameters::{Parameters, raw as text};
use super::raw::{conjunction, constant, disjunction, is_not_true, is_true};
use crate::program::Dialect;
use freehold_base::{Value, ValueType};
use freehold_policy::operand::Operand;
use freehold_schema::catalog::{EntityId, FieldId};
use freehold_schema::formula::{
    Comparison, DatePart, Expression, Extreme, FormulaType, JOINED_CHARACTERS_MAX, Node, WHITE_SPACE,
};
use numbers::{bounded, bounded_decimal, bounded_int, calculated_decimal};
use sea_query::{Alias, BinOper, CaseStatement, DynIden, Expr, ExprTrait, Func};

/// One formula over one alias.
struct Formula<'f, 'c> {
    renderer: &'f Renderer<'c>,
    parameters: &'f mut Parameters,
    entity: EntityId,
    alias: &'f DynIden,
}

impl Renderer<'_> {
    /// A formula's value, of the type of a column.
    pub(crate) fn formula(
        &self,
        parameters: &mut Parameters,
        entity: EntityId,
        alias: &DynIden,
        expression: &Expression,
    ) -> Expr {
        let value = Formula {
            renderer: self,
            parameters,
            entity,
            alias,
        }
        .value(expression);
        let is_column = matches!(expression.node, Node::Field(_));
        match (self.dialect, expression.value_type) {
            (Dialect::Postgres, FormulaType::Int) if !is_column => cast(value, "integer"),
            // A column orders by code points; a constant would by whatever the database was made with.
            (Dialect::Postgres, FormulaType::Text) if !is_column => by_code_points(value),
            _ => value,
        }
    }
}

impl Formula<'_, '_> {
    fn dialect(&self) -> Dialect {
        self.renderer.dialect
    }

    /// The name of a function in either dialect.
    fn either(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self.dialect() {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        }
    }

    fn value(&mut self, expression: &Expression) -> Expr {
        let value_type = expression.value_type;
        match &expression.node {
            Node::Constant(value) => self.constant(value_type, value),
            Node::Field(field) => self.column(*field),
            Node::ShortField(field) => {
                let column = self.column(*field);
                let length = call(self.either("length", "char_length"), [column.clone()]);
                let short = length.lte(text(JOINED_CHARACTERS_MAX.to_string()));
                Expr::Case(Box::new(CaseStatement::new().case(short, column)))
            }
            Node::FieldIsNull(field) => self.column(*field).is_null(),
            Node::IsNull(of) => self.value(of).is_null(),
            Node::Compare {
                comparison,
                left,
                right,
            } => is_true(self.compare(*comparison, left, right)),
            Node::All(parts) => conjunction(parts.iter().map(|part| self.condition(part)).collect()),
            Node::Any(parts) => disjunction(parts.iter().map(|part| self.condition(part)).collect()),
            Node::Not(of) => is_not_true(self.value(of)),
            Node::If {
                condition,
                then,
                otherwise,
            } => {
                let case = CaseStatement::new().case(self.condition(condition), self.value(then));
                Expr::Case(Box::new(case.finally(self.value(otherwise))))
            }
            Node::Coalesce(parts) => call("COALESCE", self.values(parts)),
            Node::Extreme { extreme, of } => self.extreme(value_type, *extreme, of),
            Node::Arithmetic { operation, left, right } => match value_type {
                FormulaType::Float => self.floats(*operation, left, right),
                FormulaType::Decimal => self.decimals(*operation, left, right),
                _ => self.ints(*operation, left, right),
            },
            Node::Negate(of) => self.signed(value_type, of, "fh_decimal_negate", |of| text("0").sub(of)),
            Node::Absolute(of) => self.signed(value_type, of, "fh_decimal_abs", |of| call("abs", [of])),
            Node::Round { of, places } => {
                let parts = [self.value(of), text(places.to_string())];
                match self.dialect() {
                    Dialect::Sqlite => call("fh_decimal_round", parts),
                    Dialect::Postgres => bounded_decimal(call("round", parts)),
                }
            }
            Node::Whole(of) => {
                let of = self.value(of);
                match self.dialect() {
                    Dialect::Sqlite => call("fh_decimal_whole", [of]),
                    Dialect::Postgres => cast(bounded_int(call("round", [of])), "bigint"),
                }
            }
            Node::Convert(of) => self.convert(value_type, of),
            Node::Join(parts) => self.joined(parts, |part| part),
            Node::Concat(parts) => self.joined(parts, |part| call("COALESCE", [part, text("''")])),
            Node::Lower(of) => self.folded(of, "fh_lower", "lower"),
            Node::Upper(of) => self.folded(of, "fh_upper", "upper"),
            Node::Trim(of) => {
                let white_space = Operand::Constant(Value::Text(WHITE_SPACE.to_owned()));
                let parts = [self.value(of), self.parameters.bind(&white_space, ValueType::Text)];
                call(self.either("trim", "btrim"), parts)
            }
            Node::Length(of) => call(self.either("length", "char_length"), [self.value(of)]),
            Node::DateOf(of) => {
                let of = self.value(of);
                match self.dialect() {
                    Dialect::Sqlite => call("fh_date", [of]),
                    Dialect::Postgres => cast(call("timezone", [text("'UTC'"), of]), "date"),
                }
            }
            Node::DatePart { part, of } => self.date_part(*part, of),
            Node::DaysBetween { from, to } => {
                let (from, to) = (self.value(from), self.value(to));
                match self.dialect() {
                    Dialect::Sqlite => call("fh_days_between", [from, to]),
                    Dialect::Postgres => to.sub(from),
                }
            }
            Node::AddDays { date, days } => self.add_days(date, days),
        }
    }

    fn values(&mut self, parts: &[Expression]) -> Vec<Expr> {
        parts.iter().map(|part| self.value(part)).collect()
    }

    fn column(&self, field: FieldId) -> Expr {
        self.renderer.stored_column(self.entity, self.alias, field)
    }

    fn constant(&mut self, value_type: FormulaType, value: &Value) -> Expr {
        match value {
            Value::Null => match self.dialect() {
                Dialect::Sqlite => text("NULL"),
                Dialect::Postgres => cast(text("NULL"), postgres_type(value_type)),
            },
            Value::Boolean(value) => constant(*value),
            _ => {
                // An int is calculated with as one of 64 bits.
                let bound = match value_type {
                    FormulaType::Int => ValueType::BigInt,
                    other => other.value_type(),
                };
                self.parameters.bind(&Operand::Constant(value.clone()), bound)
            }
        }
    }

    /// True or false, never null.
    fn condition(&mut self, expression: &Expression) -> Expr {
        let value = self.value(expression);
        match &expression.node {
            Node::FieldIsNull(_)
            | Node::IsNull(_)
            | Node::Compare { .. }
            | Node::All(_)
            | Node::Any(_)
            | Node::Not(_)
            | Node::Constant(Value::Boolean(_)) => value,
            _ => is_true(value),
        }
    }

    /// A comparison; null if a side is.
    fn compare(&mut self, comparison: Comparison, left: &Expression, right: &Expression) -> Expr {
        let value_type = left.value_type;
        let (left, right) = (self.value(left), self.value(right));
        let (left, right) = match (self.dialect(), value_type) {
            // A stated collation would spread through the CASE of a guard to what that compares with.
            (Dialect::Sqlite, FormulaType::Decimal) => (call("fh_decimal_compare", [left, right]), text("0")),
            (Dialect::Postgres, FormulaType::Text) => (by_code_points(left), right),
            _ => (left, right),
        };
        match comparison {
            Comparison::Equal => left.eq(right),
            Comparison::NotEqual => left.ne(right),
            Comparison::Less => left.lt(right),
            Comparison::LessOrEqual => left.lte(right),
            Comparison::Greater => left.gt(right),
            Comparison::GreaterOrEqual => left.gte(right),
        }
    }

    fn extreme(&mut self, value_type: FormulaType, extreme: Extreme, of: &[Expression]) -> Expr {
        let mut parts = self.values(of);
        let least = extreme == Extreme::Least;
        let function = match (self.dialect(), value_type) {
            (Dialect::Sqlite, FormulaType::Decimal) if least => "fh_decimal_least",
            (Dialect::Sqlite, FormulaType::Decimal) => "fh_decimal_greatest",
            (Dialect::Sqlite, _) if least => "fh_least",
            (Dialect::Sqlite, _) => "fh_greatest",
            (Dialect::Postgres, _) if least => "LEAST",
            (Dialect::Postgres, _) => "GREATEST",
        };
        if let (Dialect::Postgres, FormulaType::Text, Some(first)) = (self.dialect(), value_type, parts.first_mut()) {
            *first = by_code_points(first.clone());
        }
        call(function, parts)
    }

    fn convert(&mut self, to: FormulaType, of: &Expression) -> Expr {
        let value = self.value(of);
        match (self.dialect(), of.value_type, to) {
            (Dialect::Sqlite, FormulaType::Decimal, FormulaType::Float) => call("fh_decimal_float", [value]),
            (Dialect::Sqlite, FormulaType::Decimal, FormulaType::Text) => call("fh_decimal_text", [value]),
            (Dialect::Sqlite, FormulaType::Float, FormulaType::Decimal) => call("fh_float_decimal", [value]),
            (Dialect::Sqlite, FormulaType::Int, FormulaType::Float) => cast(value, "real"),
            (Dialect::Sqlite, FormulaType::Int, FormulaType::Decimal | FormulaType::Text) => cast(value, "text"),
            (Dialect::Sqlite, _, _) => value,
            (Dialect::Postgres, FormulaType::Float, FormulaType::Decimal) => calculated_decimal(cast(value, "numeric")),
            (Dialect::Postgres, FormulaType::Date, FormulaType::Text) => call("to_char", [value, text("'YYYY-MM-DD'")]),
            (Dialect::Postgres, _, _) => cast(value, postgres_type(to)),
        }
    }

    fn joined(&mut self, parts: &[Expression], part: fn(Expr) -> Expr) -> Expr {
        let parts = self.values(parts).into_iter().map(part);
        parts
            .reduce(|left, right| left.binary(BinOper::Custom("||"), right))
            .unwrap_or_else(|| text("''"))
    }

    /// In one case, by Unicode.
    fn folded(&mut self, of: &Expression, sqlite: &'static str, postgres: &'static str) -> Expr {
        let of = self.value(of);
        match self.dialect() {
            Dialect::Sqlite => call(sqlite, [of]),
            // The collation that folds is stated, and would quarrel with any other that is stated further out.
            Dialect::Postgres => by_code_points(call(postgres, [collate(of, "\"und-x-icu\"")])),
        }
    }

    fn date_part(&mut self, part: DatePart, of: &Expression) -> Expr {
        let of = self.value(of);
        let (sqlite, postgres) = match part {
            DatePart::Year => ("fh_year", "'year'"),
            DatePart::Month => ("fh_month", "'month'"),
            DatePart::Day => ("fh_day", "'day'"),
        };
        match self.dialect() {
            Dialect::Sqlite => call(sqlite, [of]),
            Dialect::Postgres => cast(call("date_part", [text(postgres), of]), "bigint"),
        }
    }

    fn add_days(&mut self, date: &Expression, days: &Expression) -> Expr {
        let (date, days) = (self.value(date), self.wide_int(days));
        match self.dialect() {
            Dialect::Sqlite => call("fh_add_days", [date, days]),
            Dialect::Postgres => {
                let epoch = || text("DATE '1970-01-01'");
                // From 0001-01-01 to 9999-12-31.
                let number = bounded(date.sub(epoch()).add(days), "-719163", "2932897");
                epoch().add(cast(number, "integer"))
            }
        }
    }
}

fn postgres_type(value_type: FormulaType) -> &'static str {
    match value_type {
        FormulaType::Text => "text",
        FormulaType::Int => "bigint",
        FormulaType::Float => "double precision",
        FormulaType::Decimal => "numeric",
        FormulaType::Boolean => "boolean",
        FormulaType::Date => "date",
        FormulaType::DateTime => "timestamptz",
    }
}

fn call(function: &'static str, arguments: impl IntoIterator<Item = Expr>) -> Expr {
    Func::cust(Alias::new(function)).args(arguments).into()
}

fn cast(value: Expr, to: &'static str) -> Expr {
    value.cast_as(Alias::new(to))
}

fn collate(value: Expr, collation: &'static str) -> Expr {
    value.binary(BinOper::Custom("COLLATE"), text(collation))
}

/// A text ordered as columns are, on PostgreSQL.
pub(super) fn by_code_points(value: Expr) -> Expr {
    collate(value, "\"C\"")
}

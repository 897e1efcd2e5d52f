//! Terms → a typed expression.

mod calls;
mod operators;
mod shorten;
mod types;

use super::functions::Function;
use super::parse::{Term, TermKind};
use super::{DEPTH_MAX, Expression, Faults, FormulaType, NODES_MAX, Node};
use crate::catalog::{EnumOption, FieldDef, FieldType, SystemField};
use freehold_base::Value;
use rust_decimal::Decimal;
use shorten::shorten;
use std::ops::Range;

/// What a formula may name.
pub(crate) trait Inputs {
    /// The field of that name.
    fn find(&self, name: &str) -> Option<&FieldDef>;
    /// Every field, for "did you mean".
    fn names(&self) -> Vec<&str>;
    /// Whether a field of that name was left out for a fault of its own, which was told.
    fn is_lost(&self, name: &str) -> bool;
}

/// Finds fields and types. Every fault is told; `None` if there is one.
pub(crate) fn check(term: &Term, returns: FormulaType, inputs: &dyn Inputs, faults: &mut Faults) -> Option<Expression> {
    let mut checker = Checker { inputs, faults };
    let value = checker.value(term)?;
    let mut expression = checker.returned(term, value, returns)?;
    shorten(&mut expression, false);
    let (nodes, depth) = expression.size();
    let (found, most, what) = if nodes > NODES_MAX {
        (nodes, NODES_MAX, "parts")
    } else {
        (depth, DEPTH_MAX, "levels")
    };
    if found > most {
        checker
            .faults
            .error(
                "formula-size",
                term.range.clone(),
                format!("with the formulas that it names it has {found} {what}; {most} are allowed"),
            )
            .hint("name fewer formulas, or simplify them");
        return None;
    }
    Some(expression)
}
/// A checked term.
#[derive(Clone, Debug)]
struct Checked<'a> {
    /// `None` for `null`, whose type is that of what stands beside it.
    expression: Option<Expression>,
    /// Written out, and so of a type that may yet give way: a text to a date, a decimal to a float.
    literal: bool,
    /// Of a `select` field: what it may hold.
    options: Option<&'a [EnumOption]>,
    range: Range<usize>,
}

struct Checker<'a, 'f> {
    inputs: &'a dyn Inputs,
    faults: &'f mut Faults,
}

impl<'a> Checker<'a, '_> {
    fn value(&mut self, term: &Term) -> Option<Checked<'a>> {
        let plain = |expression| Checked {
            expression: Some(expression),
            literal: false,
            options: None,
            range: term.range.clone(),
        };
        let literal = |value_type, value| Checked {
            literal: true,
            ..plain(Expression {
                value_type,
                node: Node::Constant(value),
            })
        };
        Some(match &term.kind {
            TermKind::Null => Checked {
                expression: None,
                ..literal(FormulaType::Boolean, Value::Null)
            },
            TermKind::Boolean(value) => literal(FormulaType::Boolean, Value::Boolean(*value)),
            TermKind::Text(text) => literal(FormulaType::Text, Value::Text(text.clone())),
            TermKind::Number(text) => {
                let (value_type, value) = self.number(text, &term.range)?;
                literal(value_type, value)
            }
            TermKind::Field(name) => {
                let (expression, options) = self.field(name, &term.range)?;
                Checked {
                    options,
                    ..plain(expression)
                }
            }
            TermKind::Negate(of) => {
                let literal = matches!(of.kind, TermKind::Number(_));
                let of = self.number_of(of)?;
                let value_type = of.value_type;
                let node = match of.node {
                    Node::Constant(Value::Int(number)) if literal => Node::Constant(Value::Int(-number)),
                    // No zero has a sign.
                    Node::Constant(Value::Float(number)) if literal => Node::Constant(Value::Float(0.0 - number)),
                    Node::Constant(Value::Decimal(number)) if literal && !number.is_zero() => {
                        Node::Constant(Value::Decimal(-number))
                    }
                    node => Node::Negate(Box::new(Expression { value_type, node })),
                };
                Checked {
                    literal,
                    ..plain(Expression { value_type, node })
                }
            }
            TermKind::Not(of) => plain(boolean(Node::Not(Box::new(self.condition(of)?)))),
            TermKind::IsNull { of, negated } => {
                let asked = boolean(self.null_test(of)?);
                plain(if *negated {
                    boolean(Node::Not(Box::new(asked)))
                } else {
                    asked
                })
            }
            TermKind::Binary { operator, left, right } => plain(self.binary(*operator, left, right, &term.range)?),
            TermKind::Call {
                function,
                name_range,
                arguments,
            } => self.call(function, name_range, arguments, &term.range)?,
        })
    }

    /// What the formula gives, as its field says.
    fn returned(&mut self, term: &Term, value: Checked<'_>, returns: FormulaType) -> Option<Expression> {
        let Some(found) = value.expression.as_ref().map(|expression| expression.value_type) else {
            self.faults
                .error("formula-type", term.range.clone(), "the formula is always null");
            return None;
        };
        if let Some(converted) = self.converted(value, returns) {
            return converted;
        }
        let told = self.faults.error(
            "formula-type",
            term.range.clone(),
            format!(
                "the formula gives {}, and `returns` says {}",
                found.noun(),
                returns.word()
            ),
        );
        told.hint(match (found, returns) {
            (FormulaType::Decimal, FormulaType::Int) => {
                "write `round(…)` for the nearest int, `div(a, b)` for a division without rest, or `returns: decimal`"
                    .to_owned()
            }
            (FormulaType::DateTime, FormulaType::Date) => "write `date(…)`: the date in UTC".to_owned(),
            (FormulaType::Decimal, FormulaType::Float) => "write `float(…)`, or `returns: decimal`".to_owned(),
            (FormulaType::Float, FormulaType::Decimal) => "write `decimal(…)`, or `returns: float`".to_owned(),
            (FormulaType::Int | FormulaType::Decimal | FormulaType::Date, FormulaType::Text) => {
                format!("write `text(…)`, or `returns: {}`", found.word())
            }
            _ => format!("write `returns: {}`", found.word()),
        });
        None
    }

    /// A number as it is written: whole ones are ints, those with a point decimals, those with an exponent floats.
    fn number(&mut self, text: &str, range: &Range<usize>) -> Option<(FormulaType, Value)> {
        if text.contains(['e', 'E']) {
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
            if let Some(number) = number {
                return Some((FormulaType::Float, Value::Float(number)));
            }
        } else if let Ok(number) = text.parse::<i32>() {
            return Some((FormulaType::Int, Value::Int(number.into())));
        } else if let Ok(number) = Decimal::from_str_exact(text) {
            // Equal numbers are one parameter in SQL, whatever zeros they end with.
            return Some((FormulaType::Decimal, Value::Decimal(number.normalize())));
        }
        self.faults
            .error(
                "formula-type",
                range.clone(),
                format!("`{text}` is too large or too long for a number"),
            )
            .hint("a decimal has at most 28 digits");
        None
    }

    /// The value of a field: of a stored one, or of another formula.
    fn field(&mut self, name: &str, range: &Range<usize>) -> Option<(Expression, Option<&'a [EnumOption]>)> {
        let field = self.find(name, range)?;
        let (value_type, options) = match &field.field_type {
            FieldType::Text(_) => (FormulaType::Text, None),
            FieldType::Select(options) => (FormulaType::Text, Some(options.as_slice())),
            FieldType::Int | FieldType::Autonumber => (FormulaType::Int, None),
            FieldType::Float => (FormulaType::Float, None),
            FieldType::Decimal => (FormulaType::Decimal, None),
            FieldType::Boolean => (FormulaType::Boolean, None),
            FieldType::Date => (FormulaType::Date, None),
            FieldType::DateTime => (FormulaType::DateTime, None),
            FieldType::Formula { expression, .. } => return Some(((**expression).clone(), None)),
            FieldType::Id
            | FieldType::Version
            | FieldType::Time
            | FieldType::Uuid
            | FieldType::Json
            | FieldType::MultiSelect(_)
            | FieldType::Reference { .. }
            | FieldType::List { .. }
            | FieldType::File
            | FieldType::Image => {
                let hint = null_test_fault(field).unwrap_or("it can only be asked `is null` or `is not null`");
                self.faults
                    .error(
                        "formula-type",
                        range.clone(),
                        format!("`{name}` has no value that a formula can use"),
                    )
                    .hint(hint);
                return None;
            }
        };
        Some((
            Expression {
                value_type,
                node: Node::Field(field.id),
            },
            options,
        ))
    }

    fn find(&mut self, name: &str, range: &Range<usize>) -> Option<&'a FieldDef> {
        let Some(field) = self.inputs.find(name) else {
            if !self.inputs.is_lost(name) {
                let told = self
                    .faults
                    .error("formula-field", range.clone(), format!("unknown field `{name}`"));
                match Function::find(name) {
                    Some(function) => told.hint(format!("a function is called: `{}`", function.usage())),
                    None => told.nearest(name, self.inputs.names()),
                };
            }
            return None;
        };
        if field.encrypted.is_some() {
            self.faults
                .error("formula-field", range.clone(), format!("`{name}` is encrypted"))
                .hint("the database cannot calculate with what it cannot read");
            return None;
        }
        Some(field)
    }

    /// Whether a term is null. Fields of every stored type may be asked.
    fn null_test(&mut self, of: &Term) -> Option<Node> {
        if let TermKind::Field(name) = &of.kind {
            let field = self.find(name, &of.range)?;
            if let Some(why) = null_test_fault(field) {
                self.faults
                    .error("formula-type", of.range.clone(), format!("`{name}` cannot be asked"))
                    .hint(why);
                return None;
            }
            if !matches!(field.field_type, FieldType::Formula { .. }) {
                return Some(Node::FieldIsNull(field.id));
            }
        }
        let value = self.value(of)?;
        let Some(expression) = value.expression else {
            self.faults
                .error("formula-type", of.range.clone(), "null is always null");
            return None;
        };
        Some(Node::IsNull(Box::new(expression)))
    }

    /// True or false.
    fn condition(&mut self, term: &Term) -> Option<Expression> {
        let value = self.value(term)?;
        let found = value.expression.as_ref().map(|expression| expression.value_type);
        if let Some(Some(expression)) = self.converted(value, FormulaType::Boolean) {
            return Some(expression);
        }
        let noun = found.map_or("null", FormulaType::noun);
        self.faults
            .error(
                "formula-type",
                term.range.clone(),
                format!("expected a condition, found {noun}"),
            )
            .hint("compare it, or ask `is not null`");
        None
    }

    fn number_of(&mut self, term: &Term) -> Option<Expression> {
        self.of_kind(term, FormulaType::is_number, "a number")
    }

    fn of_type(&mut self, term: &Term, wanted: FormulaType) -> Option<Expression> {
        let value = self.value(term)?;
        let found = value.expression.as_ref().map(|expression| expression.value_type);
        if let Some(converted) = self.converted(value, wanted) {
            return converted;
        }
        self.wrong(term, wanted.noun(), found);
        None
    }

    /// A value of one of several types, as it is.
    fn of_kind(&mut self, term: &Term, fits: impl Fn(FormulaType) -> bool, expected: &str) -> Option<Expression> {
        let value = self.value(term)?;
        let found = value.expression.as_ref().map(|expression| expression.value_type);
        if found.is_some_and(fits) {
            return value.expression;
        }
        self.wrong(term, expected, found);
        None
    }

    fn wrong(&mut self, term: &Term, expected: &str, found: Option<FormulaType>) {
        let noun = found.map_or("null", FormulaType::noun);
        let hint = match (expected, found) {
            ("a date", Some(FormulaType::DateTime)) => Some("write `date(…)`: the date in UTC"),
            ("a text", Some(FormulaType::Int | FormulaType::Decimal | FormulaType::Date)) => Some("write `text(…)`"),
            ("an int", Some(FormulaType::Decimal)) => Some("write `round(…)`: the nearest int"),
            ("a decimal", Some(FormulaType::Float)) => Some("write `decimal(…)`"),
            _ => None,
        };
        let told = self.faults.error(
            "formula-type",
            term.range.clone(),
            format!("expected {expected}, found {noun}"),
        );
        told.hint = hint.map(str::to_owned);
    }

    fn values(&mut self, terms: &[&Term]) -> Option<Vec<Checked<'a>>> {
        let values: Vec<Option<Checked<'_>>> = terms.iter().map(|term| self.value(term)).collect();
        values.into_iter().collect()
    }
}

/// Why a field cannot be asked whether it is null.
fn null_test_fault(field: &FieldDef) -> Option<&'static str> {
    match (&field.field_type, field.system) {
        (FieldType::List { .. }, _) => Some("a list has no column; ask in a rule or a filter"),
        (FieldType::Json, _) => Some("it holds JSON; ask in a rule or a filter"),
        (_, Some(SystemField::Id | SystemField::Version | SystemField::Tenant)) => Some("it is the server's own"),
        _ => None,
    }
}

fn boolean(node: Node) -> Expression {
    Expression {
        value_type: FormulaType::Boolean,
        node,
    }
}

//! Operators: logic, comparison, arithmetic.

use super::{Checked, Checker, boolean};
use crate::formula::parse::{Binary, Term};
use crate::formula::{Arithmetic, Comparison, Expression, FormulaType, Node};
use freehold_base::Value;
use std::ops::Range;

impl Checker<'_, '_> {
    pub(super) fn binary(
        &mut self,
        operator: Binary,
        left: &Term,
        right: &Term,
        range: &Range<usize>,
    ) -> Option<Expression> {
        match operator {
            Binary::Or | Binary::And => {
                let (left, right) = (self.condition(left), self.condition(right));
                let (left, right) = (left?, right?);
                Some(boolean(match operator {
                    Binary::Or => Node::Any(flat(left, right, |node| match node {
                        Node::Any(parts) => Ok(parts),
                        other => Err(other),
                    })),
                    _ => Node::All(flat(left, right, |node| match node {
                        Node::All(parts) => Ok(parts),
                        other => Err(other),
                    })),
                }))
            }
            Binary::Compare(comparison) => self.compare(comparison, left, right, range),
            Binary::Join => {
                let (left, right) = (
                    self.of_type(left, FormulaType::Text),
                    self.of_type(right, FormulaType::Text),
                );
                Some(Expression {
                    value_type: FormulaType::Text,
                    node: Node::Join(flat(left?, right?, |node| match node {
                        Node::Join(parts) => Ok(parts),
                        other => Err(other),
                    })),
                })
            }
            Binary::Add => self.arithmetic(Arithmetic::Add, left, right, range),
            Binary::Subtract => self.arithmetic(Arithmetic::Subtract, left, right, range),
            Binary::Multiply => self.arithmetic(Arithmetic::Multiply, left, right, range),
            Binary::Divide => self.arithmetic(Arithmetic::Divide, left, right, range),
            Binary::Remainder => self.whole(Arithmetic::Remainder, left, right),
        }
    }

    pub(super) fn compare(
        &mut self,
        comparison: Comparison,
        left: &Term,
        right: &Term,
        range: &Range<usize>,
    ) -> Option<Expression> {
        let values = self.values(&[left, right])?;
        if let Some(null) = values.iter().find(|value| value.expression.is_none()) {
            self.faults
                .error(
                    "formula-type",
                    null.range.clone(),
                    "a comparison with null is never true",
                )
                .hint("write `is null` or `is not null`");
            return None;
        }
        if let [one, other] = values.as_slice() {
            self.check_option(one, other)?;
            self.check_option(other, one)?;
        }
        let (shared, parts) = self.unified(values)?;
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if ordered && shared == FormulaType::Boolean {
            self.faults
                .error("formula-type", range.clone(), "true and false have no order")
                .hint("write `=` or `<>`");
            return None;
        }
        let [left, right] = <[Expression; 2]>::try_from(parts).ok()?;
        Some(boolean(Node::Compare {
            comparison,
            left: Box::new(left),
            right: Box::new(right),
        }))
    }

    /// A text beside a `select` is one of its options.
    fn check_option(&mut self, field: &Checked<'_>, literal: &Checked<'_>) -> Option<()> {
        let (Some(options), Some(Node::Constant(Value::Text(text)))) =
            (field.options, literal.expression.as_ref().map(|literal| &literal.node))
        else {
            return Some(());
        };
        if options.iter().any(|option| option.value == *text) {
            return Some(());
        }
        let told = self.faults.error(
            "formula-option",
            literal.range.clone(),
            format!("'{text}' is none of the options"),
        );
        match options.iter().find(|option| option.graphql_name == *text) {
            Some(option) => told.hint(format!("in a model it is written '{}'", option.value)),
            None => told.nearest(text, options.iter().map(|option| option.value.as_str())),
        };
        None
    }

    pub(super) fn arithmetic(
        &mut self,
        operation: Arithmetic,
        left: &Term,
        right: &Term,
        range: &Range<usize>,
    ) -> Option<Expression> {
        let values = self.values(&[left, right])?;
        let types: Vec<Option<FormulaType>> = values
            .iter()
            .map(|value| value.expression.as_ref().map(|expression| expression.value_type))
            .collect();
        if let Some(found) = types.iter().flatten().find(|found| !found.is_number()) {
            let hint = match (operation, found) {
                (Arithmetic::Add, FormulaType::Text) => Some("texts are joined by `||`, or by `concat`"),
                (Arithmetic::Add | Arithmetic::Subtract, FormulaType::Date)
                    if types.contains(&Some(FormulaType::Int)) =>
                {
                    Some("write `add_days(date, days)`")
                }
                (Arithmetic::Subtract, FormulaType::Date) => Some("write `days_between(from, to)`"),
                _ => None,
            };
            let told = self.faults.error(
                "formula-type",
                range.clone(),
                format!("{} cannot be calculated with", found.noun()),
            );
            told.hint = hint.map(str::to_owned);
            return None;
        }
        let (mut value_type, mut parts) = self.unified(values)?;
        if operation == Arithmetic::Divide && value_type == FormulaType::Int {
            value_type = FormulaType::Decimal;
            for part in &mut parts {
                let number = std::mem::replace(part, Expression::null(value_type));
                let value = Checked {
                    expression: Some(number),
                    literal: false,
                    options: None,
                    range: range.clone(),
                };
                *part = self.converted(value, value_type)??;
            }
        }
        let [left, right] = <[Expression; 2]>::try_from(parts).ok()?;
        Some(Expression {
            value_type,
            node: Node::Arithmetic {
                operation,
                left: Box::new(left),
                right: Box::new(right),
            },
        })
    }

    /// An operation on ints alone.
    pub(super) fn whole(&mut self, operation: Arithmetic, left: &Term, right: &Term) -> Option<Expression> {
        let (left, right) = (
            self.of_type(left, FormulaType::Int),
            self.of_type(right, FormulaType::Int),
        );
        Some(Expression {
            value_type: FormulaType::Int,
            node: Node::Arithmetic {
                operation,
                left: Box::new(left?),
                right: Box::new(right?),
            },
        })
    }
}

/// The parts of a chain of one operator, so that it is no deeper for being long. `parts` takes such a node apart.
fn flat(left: Expression, right: Expression, parts: fn(Node) -> Result<Vec<Expression>, Node>) -> Vec<Expression> {
    let taken = |expression: Expression| {
        let value_type = expression.value_type;
        parts(expression.node).unwrap_or_else(|node| vec![Expression { value_type, node }])
    };
    let mut all = taken(left);
    all.extend(taken(right));
    all
}

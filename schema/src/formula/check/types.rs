//! Types that meet: what gives way to what.

use super::{Checked, Checker};
use crate::formula::{Expression, FormulaType, Node};
use freehold_base::{Value, parse_date, parse_datetime};
use std::ops::Range;

impl Checker<'_, '_> {
    /// The value as that type. Outer `None`: it never fits; inner `None`: it should and does not, which was told.
    #[expect(clippy::option_option, reason = "who asks tells one of the two, and knows best how")]
    pub(super) fn converted(&mut self, value: Checked<'_>, wanted: FormulaType) -> Option<Option<Expression>> {
        let Some(expression) = value.expression else {
            return Some(Some(Expression::null(wanted)));
        };
        let of = expression.value_type;
        if of == wanted {
            return Some(Some(expression));
        }
        let node = match (of, wanted, expression.node) {
            (FormulaType::Int, FormulaType::Decimal, Node::Constant(Value::Int(number))) => {
                Node::Constant(Value::Decimal(number.into()))
            }
            (FormulaType::Int, FormulaType::Float, Node::Constant(Value::Int(number))) => {
                Node::Constant(Value::Float(number as f64))
            }
            (FormulaType::Decimal, FormulaType::Float, Node::Constant(Value::Decimal(number))) if value.literal => {
                Node::Constant(Value::Float(number.to_string().parse().unwrap_or_default()))
            }
            (FormulaType::Text, FormulaType::Date | FormulaType::DateTime, Node::Constant(Value::Text(text)))
                if value.literal =>
            {
                let moment = if wanted == FormulaType::Date {
                    parse_date(&text).map(Value::Date)
                } else {
                    parse_datetime(&text).map(Value::DateTime)
                };
                let Some(moment) = moment else {
                    self.faults
                        .error(
                            "formula-type",
                            value.range,
                            format!("'{text}' is not {}", wanted.noun()),
                        )
                        .hint(if wanted == FormulaType::Date {
                            "write a date like '2026-01-31'"
                        } else {
                            "write an instant like '2026-01-31T09:00:00Z'"
                        });
                    return Some(None);
                };
                Node::Constant(moment)
            }
            (FormulaType::Int, FormulaType::Decimal | FormulaType::Float, node) => {
                Node::Convert(Box::new(Expression { value_type: of, node }))
            }
            _ => return None,
        };
        Some(Some(Expression {
            value_type: wanted,
            node,
        }))
    }

    /// The values in the one type that they share.
    pub(super) fn unified(&mut self, values: Vec<Checked<'_>>) -> Option<(FormulaType, Vec<Expression>)> {
        let mut shared: Option<(FormulaType, bool)> = None;
        // What is written out gives way to what is stored.
        for literal in [false, true] {
            for value in values.iter().filter(|value| value.literal == literal) {
                let Some(found) = value.expression.as_ref().map(|expression| expression.value_type) else {
                    continue;
                };
                shared = match shared {
                    None => Some((found, literal)),
                    Some((known, literals)) => {
                        let Some(joined) = join(known, found, literals, literal) else {
                            self.mixed(known, found, &value.range);
                            return None;
                        };
                        Some((joined, literals))
                    }
                };
            }
        }
        let Some((shared, _)) = shared else {
            let range = values.first().map_or(0..0, |value| value.range.clone());
            self.faults
                .error("formula-type", range, "null has no type of its own here");
            return None;
        };
        let mut whole = Vec::with_capacity(values.len());
        for value in values {
            whole.push(self.converted(value, shared)?);
        }
        whole
            .into_iter()
            .collect::<Option<Vec<_>>>()
            .map(|parts| (shared, parts))
    }

    fn mixed(&mut self, known: FormulaType, found: FormulaType, range: &Range<usize>) {
        let told = self.faults.error(
            "formula-type",
            range.clone(),
            format!("{} and {} do not go together", known.noun(), found.noun()),
        );
        let pair = |one, other| (known, found) == (one, other) || (known, found) == (other, one);
        if pair(FormulaType::Decimal, FormulaType::Float) {
            told.hint("write `decimal(…)` or `float(…)`, whichever is meant");
        } else if pair(FormulaType::Date, FormulaType::DateTime) {
            told.hint("write `date(…)`: the date of an instant in UTC");
        } else if known == FormulaType::Text || found == FormulaType::Text {
            told.hint("write `text(…)` of the other, if texts are meant");
        }
    }
}

/// The type that two values share; `None`: there is none. `known` stands for all before, `literals` if they are all written out.
fn join(known: FormulaType, found: FormulaType, literals: bool, literal: bool) -> Option<FormulaType> {
    match (known, found) {
        _ if known == found => Some(known),
        (FormulaType::Int, FormulaType::Decimal | FormulaType::Float) => Some(found),
        (FormulaType::Decimal | FormulaType::Float, FormulaType::Int) => Some(known),
        (FormulaType::Decimal, FormulaType::Float) if literals => Some(found),
        (FormulaType::Float, FormulaType::Decimal) | (FormulaType::Date | FormulaType::DateTime, FormulaType::Text)
            if literal =>
        {
            Some(known)
        }
        _ => None,
    }
}

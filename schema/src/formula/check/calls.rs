//! Calls of functions.

use super::{Checked, Checker};
use crate::formula::functions::{Function, elsewhere};
use crate::formula::parse::{Term, TermKind};
use crate::formula::{Arithmetic, DECIMAL_PLACES, DatePart, Expression, Extreme, FormulaType, Node};
use freehold_base::{Value, nearest, parse_date};
use std::ops::Range;

impl<'a> Checker<'a, '_> {
    pub(super) fn call(
        &mut self,
        name: &str,
        name_range: &Range<usize>,
        arguments: &[Term],
        range: &Range<usize>,
    ) -> Option<Checked<'a>> {
        let Some(function) = Function::find(name) else {
            let told = self.faults.error(
                "formula-function",
                name_range.clone(),
                format!("unknown function `{name}`"),
            );
            told.hint(match (elsewhere(name), nearest(name, Function::names())) {
                (Some(hint), _) => hint.to_owned(),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => format!("there are {}", Function::names().collect::<Vec<_>>().join(", ")),
            });
            return None;
        };
        if !function.takes(arguments.len()) {
            self.faults
                .error(
                    "formula-function",
                    range.clone(),
                    format!("`{name}` does not take {} arguments", arguments.len()),
                )
                .hint(format!("write `{}`", function.usage()));
            return None;
        }
        let terms: Vec<&Term> = arguments.iter().collect();
        let (expression, literal) = self.function(function, &terms, range)?;
        Some(Checked {
            expression: Some(expression),
            literal,
            options: None,
            range: range.clone(),
        })
    }

    /// A call with as many arguments as the function takes, and whether it is as good as written out.
    fn function(&mut self, function: Function, terms: &[&Term], range: &Range<usize>) -> Option<(Expression, bool)> {
        let first = *terms.first()?;
        let typed = |value_type, node| Some((Expression { value_type, node }, false));
        let text = |node| typed(FormulaType::Text, node);
        let int = |node| typed(FormulaType::Int, node);
        match function {
            Function::Abs => {
                let of = self.number_of(first)?;
                typed(of.value_type, Node::Absolute(Box::new(of)))
            }
            Function::AddDays => {
                let (date, days) = (
                    self.of_type(first, FormulaType::Date),
                    self.of_type(terms.get(1)?, FormulaType::Int),
                );
                let (date, days) = (Box::new(date?), Box::new(days?));
                typed(FormulaType::Date, Node::AddDays { date, days })
            }
            Function::Coalesce => {
                let values = self.values(terms)?;
                let (value_type, parts) = self.unified(values)?;
                typed(value_type, Node::Coalesce(parts))
            }
            Function::Max | Function::Min => {
                let values = self.values(terms)?;
                let (value_type, of) = self.unified(values)?;
                if value_type == FormulaType::Boolean {
                    self.faults
                        .error("formula-type", range.clone(), "true and false have no order");
                    return None;
                }
                let extreme = if function == Function::Max {
                    Extreme::Greatest
                } else {
                    Extreme::Least
                };
                typed(value_type, Node::Extreme { extreme, of })
            }
            Function::Concat => {
                let parts: Vec<Option<Expression>> =
                    terms.iter().map(|term| self.of_type(term, FormulaType::Text)).collect();
                text(Node::Concat(parts.into_iter().collect::<Option<_>>()?))
            }
            Function::If => {
                let condition = self.condition(first);
                let values = self.values(terms.get(1..)?);
                let (value_type, branches) = self.unified(values?)?;
                let [then, otherwise] = <[Expression; 2]>::try_from(branches).ok()?;
                let condition = Box::new(condition?);
                let (then, otherwise) = (Box::new(then), Box::new(otherwise));
                typed(
                    value_type,
                    Node::If {
                        condition,
                        then,
                        otherwise,
                    },
                )
            }
            Function::Lower => text(Node::Lower(Box::new(self.of_type(first, FormulaType::Text)?))),
            Function::Upper => text(Node::Upper(Box::new(self.of_type(first, FormulaType::Text)?))),
            Function::Trim => text(Node::Trim(Box::new(self.of_type(first, FormulaType::Text)?))),
            Function::Length => int(Node::Length(Box::new(self.of_type(first, FormulaType::Text)?))),
            Function::Text => {
                let convertible = |found| matches!(found, FormulaType::Int | FormulaType::Decimal | FormulaType::Date);
                let of = self.of_kind(first, convertible, "an int, a decimal or a date")?;
                text(Node::Convert(Box::new(of)))
            }
            Function::Decimal | Function::Float => {
                let wanted = if function == Function::Float {
                    FormulaType::Float
                } else {
                    FormulaType::Decimal
                };
                let of = self.number_of(first)?;
                if of.value_type == wanted {
                    return Some((of, false));
                }
                typed(wanted, Node::Convert(Box::new(of)))
            }
            Function::Div => Some((self.whole(Arithmetic::DivideWhole, first, terms.get(1)?)?, false)),
            Function::Round => {
                let of = Box::new(self.of_type(first, FormulaType::Decimal)?);
                match terms.get(1) {
                    None => int(Node::Whole(of)),
                    Some(places) => {
                        let places = self.places(places)?;
                        typed(FormulaType::Decimal, Node::Round { of, places })
                    }
                }
            }
            Function::Date => self.date(first),
            Function::Day => self.date_part(DatePart::Day, first),
            Function::Month => self.date_part(DatePart::Month, first),
            Function::Year => self.date_part(DatePart::Year, first),
            Function::DaysBetween => {
                let (from, to) = (
                    self.of_type(first, FormulaType::Date),
                    self.of_type(terms.get(1)?, FormulaType::Date),
                );
                let (from, to) = (Box::new(from?), Box::new(to?));
                int(Node::DaysBetween { from, to })
            }
        }
    }

    /// The date of an instant; of a text that is written out, the date it says.
    fn date(&mut self, term: &Term) -> Option<(Expression, bool)> {
        let date = |node| Expression {
            value_type: FormulaType::Date,
            node,
        };
        if let TermKind::Text(text) = &term.kind {
            let Some(day) = parse_date(text) else {
                self.faults
                    .error("formula-type", term.range.clone(), format!("'{text}' is not a date"))
                    .hint("write a date like '2026-01-31'");
                return None;
            };
            return Some((date(Node::Constant(Value::Date(day))), true));
        }
        let instant = self.of_type(term, FormulaType::DateTime)?;
        Some((date(Node::DateOf(Box::new(instant))), false))
    }

    fn date_part(&mut self, part: DatePart, term: &Term) -> Option<(Expression, bool)> {
        let of = Box::new(self.of_type(term, FormulaType::Date)?);
        let node = Node::DatePart { part, of };
        Some((
            Expression {
                value_type: FormulaType::Int,
                node,
            },
            false,
        ))
    }

    /// How many places a number is rounded to: it decides the value's form, so it stands in the formula.
    fn places(&mut self, term: &Term) -> Option<u8> {
        let places = match &term.kind {
            TermKind::Number(text) => text.parse::<u8>().ok().filter(|it| u32::from(*it) <= DECIMAL_PLACES),
            _ => None,
        };
        if places.is_none() {
            self.faults.error(
                "formula-type",
                term.range.clone(),
                format!("the places are a number from 0 to {DECIMAL_PLACES}"),
            );
        }
        places
    }
}

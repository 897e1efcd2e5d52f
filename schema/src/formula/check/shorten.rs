//! Texts that are joined, bounded where they are read.

use crate::formula::{Expression, FormulaType, Node};

/// Texts that are joined are bounded where they are read.
pub(super) fn shorten(expression: &mut Expression, joined: bool) {
    let is_text = expression.value_type == FormulaType::Text;
    match &mut expression.node {
        Node::Field(field) if joined && is_text => expression.node = Node::ShortField(*field),
        Node::Join(parts) | Node::Concat(parts) => all(parts, true),
        Node::Coalesce(parts) | Node::Extreme { of: parts, .. } => all(parts, joined),
        Node::If {
            condition,
            then,
            otherwise,
        } => {
            shorten(condition, false);
            shorten(then, joined);
            shorten(otherwise, joined);
        }
        Node::Lower(of) | Node::Upper(of) | Node::Trim(of) => shorten(of, joined),
        Node::Constant(_) | Node::Field(_) | Node::ShortField(_) | Node::FieldIsNull(_) => {}
        Node::All(parts) | Node::Any(parts) => all(parts, false),
        Node::Compare { left, right, .. } | Node::Arithmetic { left, right, .. } => {
            shorten(left, false);
            shorten(right, false);
        }
        Node::DaysBetween { from, to } => {
            shorten(from, false);
            shorten(to, false);
        }
        Node::AddDays { date, days } => {
            shorten(date, false);
            shorten(days, false);
        }
        Node::IsNull(of)
        | Node::Not(of)
        | Node::Negate(of)
        | Node::Absolute(of)
        | Node::Round { of, .. }
        | Node::Whole(of)
        | Node::Convert(of)
        | Node::Length(of)
        | Node::DateOf(of)
        | Node::DatePart { of, .. } => shorten(of, false),
    }
}

fn all(parts: &mut [Expression], joined: bool) {
    for part in parts {
        shorten(part, joined);
    }
}

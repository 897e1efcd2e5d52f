//! Predicates that hold for no row, as far as the text tells.

use crate::operand::Operand;
use crate::predicate::{Predicate, RulePredicate, Test};

/// Whether no row can satisfy it. May say no where the truth is yes.
pub(crate) fn never(predicate: &RulePredicate) -> bool {
    match predicate {
        Predicate::Constant(value) => !value,
        Predicate::All(parts) => {
            parts.iter().any(never)
                || parts
                    .iter()
                    .enumerate()
                    .any(|(index, left)| parts[index + 1..].iter().any(|right| exclude(left, right)))
        }
        Predicate::Any(parts) => parts.iter().all(never),
        Predicate::Not(part) => **part == Predicate::Constant(true),
        Predicate::Leaf {
            test: Test::In(operands) | Test::HasAny(operands),
            ..
        } => operands.is_empty(),
        Predicate::Exists { inner, .. } => never(inner),
        Predicate::Leaf { .. } | Predicate::Count { .. } | Predicate::Caller(_) => false,
    }
}

/// Whether the two cannot both hold.
fn exclude(left: &RulePredicate, right: &RulePredicate) -> bool {
    match (left, right) {
        (Predicate::Not(inner), other) | (other, Predicate::Not(inner)) => other.implies(inner),
        (
            Predicate::Leaf { field, test },
            Predicate::Leaf {
                field: other,
                test: second,
            },
        ) if field == other => tests_exclude(test, second) || tests_exclude(second, test),
        _ => false,
    }
}

fn tests_exclude(left: &Test, right: &Test) -> bool {
    match (left, right) {
        (Test::IsNull(true), other) => !matches!(other, Test::IsNull(true) | Test::NotIn(_) | Test::JsonIsNull { .. }),
        (Test::Equal(operand), Test::NotEqual(other)) => operand == other,
        (Test::Equal(operand), Test::NotIn(others)) => others.contains(operand),
        (Test::Equal(_) | Test::In(_), Test::Equal(_) | Test::In(_)) => match (constants(left), constants(right)) {
            (Some(left), Some(right)) => !left.iter().any(|value| right.contains(value)),
            _ => false,
        },
        _ => false,
    }
}

/// The values of which the column must hold one, if all are constants.
fn constants(test: &Test) -> Option<Vec<&freehold_base::Value>> {
    let operands = match test {
        Test::Equal(operand) => std::slice::from_ref(operand),
        Test::In(operands) => operands,
        _ => return None,
    };
    operands
        .iter()
        .map(|operand| {
            if let Operand::Constant(value) = operand {
                Some(value)
            } else {
                None
            }
        })
        .collect()
}

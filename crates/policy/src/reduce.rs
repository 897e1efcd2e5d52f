//! Reduction: a rule, once it is known who asks, is a residual over rows alone.

use crate::operand::{Operand, SessionValue};
use crate::predicate::{CallerTest, Predicate, RulePredicate, Test};

/// What is known of the caller when a rule is reduced. Values are not: those are filled in for each request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder<'a> {
    /// Somebody is signed in.
    pub(crate) signed_in: bool,
    /// Active member of the request's tenant, or, in a single-tenant app, signed in.
    pub(crate) member: bool,
    /// They write nothing.
    pub(crate) reads_only: bool,
    /// Roles that count.
    pub(crate) roles: &'a [String],
}

/// The residual: no [`Predicate::Caller`] is left in it, and nothing that compares with a value the caller cannot have.
pub(crate) fn reduce(predicate: &RulePredicate, holder: &Holder<'_>) -> RulePredicate {
    match predicate {
        Predicate::Constant(value) => Predicate::Constant(*value),
        Predicate::All(parts) => all(parts.iter().map(|part| reduce(part, holder))),
        Predicate::Any(parts) => any(parts.iter().map(|part| reduce(part, holder))),
        Predicate::Not(part) => Predicate::not(reduce(part, holder)),
        Predicate::Leaf { field, test } => match reduce_test(test, holder) {
            Reduced::Constant(value) => Predicate::Constant(value),
            Reduced::Test(test) => Predicate::Leaf { field: *field, test },
        },
        Predicate::Exists { link, source, inner } => match reduce(inner, holder) {
            Predicate::Constant(false) => Predicate::Constant(false),
            inner => Predicate::Exists {
                link: link.clone(),
                source: *source,
                inner: Box::new(inner),
            },
        },
        Predicate::Count {
            link,
            source,
            inner,
            test,
        } => {
            let inner = Box::new(reduce(inner, holder));
            match reduce_test(test, holder) {
                Reduced::Constant(value) => Predicate::Constant(value),
                Reduced::Test(test) => Predicate::Count {
                    link: link.clone(),
                    source: *source,
                    inner,
                    test,
                },
            }
        }
        Predicate::Caller(test) => Predicate::Constant(match test {
            CallerTest::SignedIn => holder.signed_in,
            CallerTest::Member => holder.member,
            CallerTest::Role(role) => holder.roles.contains(role),
        }),
    }
}

/// Disjunction without the parts that the others cover.
pub(crate) fn any(parts: impl IntoIterator<Item = RulePredicate>) -> RulePredicate {
    match Predicate::any(parts) {
        Predicate::Any(parts) => Predicate::any(sift(parts, |part, others| {
            let others = Predicate::Any(others);
            (part.implies(&others), others)
        })),
        other => other,
    }
}

/// Conjunction without the parts that follow from the others.
pub(crate) fn all(parts: impl IntoIterator<Item = RulePredicate>) -> RulePredicate {
    match Predicate::all(parts) {
        Predicate::All(parts) => Predicate::all(sift(parts, |part, others| {
            let others = Predicate::All(others);
            (others.implies(part), others)
        })),
        other => other,
    }
}

/// Drops, from the last to the first, each part that is idle beside those that are still there.
fn sift(
    mut parts: Vec<RulePredicate>,
    is_idle: impl Fn(&RulePredicate, Vec<RulePredicate>) -> (bool, RulePredicate),
) -> Vec<RulePredicate> {
    for index in (0..parts.len()).rev() {
        if parts.len() == 1 {
            break;
        }
        let part = parts.remove(index);
        let (idle, others) = is_idle(&part, parts);
        parts = match others {
            Predicate::All(parts) | Predicate::Any(parts) => parts,
            other => vec![other],
        };
        if !idle {
            parts.insert(index, part);
        }
    }
    parts
}

enum Reduced {
    Constant(bool),
    Test(Test),
}

/// A test, knowing that some session values are absent: a comparison with one is false.
fn reduce_test(test: &Test, holder: &Holder<'_>) -> Reduced {
    let absent = |operand: &Operand| match operand {
        Operand::Session(SessionValue::User) => !holder.signed_in,
        Operand::Session(SessionValue::Membership(..)) => !holder.member,
        Operand::Session(SessionValue::Tenant | SessionValue::Now | SessionValue::Today | SessionValue::Claim(..))
        | Operand::Constant(_)
        | Operand::Variable { .. }
        | Operand::Before(_)
        | Operand::Written
        | Operand::Given(_) => false,
    };
    let present = |operands: &[Operand]| {
        operands
            .iter()
            .filter(|operand| !absent(operand))
            .cloned()
            .collect::<Vec<_>>()
    };
    let holds = match test {
        Test::Equal(operand)
        | Test::NotEqual(operand)
        | Test::Less(operand)
        | Test::LessOrEqual(operand)
        | Test::Greater(operand)
        | Test::GreaterOrEqual(operand)
        | Test::Like { pattern: operand, .. }
        | Test::Has(operand)
        | Test::JsonEqual { operand, .. } => !absent(operand),
        Test::Folded(inner) => {
            return match reduce_test(inner, holder) {
                Reduced::Test(inner) => Reduced::Test(Test::Folded(Box::new(inner))),
                constant @ Reduced::Constant(_) => constant,
            };
        }
        // `in` and `has_any` are disjunctions: what is absent drops out of them.
        Test::In(operands) => match present(operands) {
            present if present.is_empty() => false,
            present => return Reduced::Test(Test::In(present)),
        },
        Test::HasAny(operands) => match present(operands) {
            present if present.is_empty() => false,
            present => return Reduced::Test(Test::HasAny(present)),
        },
        // `not_in` and `has_all` are conjunctions: what is absent makes them false.
        Test::NotIn(operands) if operands.is_empty() => return Reduced::Constant(true),
        Test::NotIn(operands) | Test::HasAll(operands) => !operands.iter().any(absent),
        Test::IsNull(_) | Test::JsonIsNull { .. } => true,
    };
    if holds {
        Reduced::Test(test.clone())
    } else {
        Reduced::Constant(false)
    }
}

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;

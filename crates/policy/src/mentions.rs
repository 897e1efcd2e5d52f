//! What a predicate looks at.

use crate::operand::Operand;
use crate::predicate::{Link, Predicate, RulePredicate, Test};
use freehold_schema::catalog::{EntityId, FieldId};

/// Every column that decides the predicate over a row of `entity`, related rows' columns too, in order and without repetition.
pub(crate) fn columns(predicate: &RulePredicate, entity: EntityId) -> Vec<(EntityId, FieldId)> {
    let mut found = Vec::new();
    visit(predicate, entity, &mut |mention| match mention {
        Mention::Column(entity, field) if !found.contains(&(entity, field)) => found.push((entity, field)),
        Mention::Column(..) | Mention::Operand(_) => {}
    });
    found
}

/// Whether an operand of the predicate satisfies `asks`.
pub(crate) fn any_operand(predicate: &RulePredicate, asks: &dyn Fn(&Operand) -> bool) -> bool {
    let mut found = false;
    visit(predicate, EntityId(0), &mut |mention| {
        if let Mention::Operand(operand) = mention {
            found = found || asks(operand);
        }
    });
    found
}

/// Whether the predicate looks into the table of an entity, in search of related rows.
pub(crate) fn looks_into(predicate: &RulePredicate, entity: EntityId) -> bool {
    match predicate {
        Predicate::Constant(_) | Predicate::Caller(_) | Predicate::Leaf { .. } => false,
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter().any(|part| looks_into(part, entity)),
        Predicate::Not(part) => looks_into(part, entity),
        Predicate::Exists { source, inner, .. } | Predicate::Count { source, inner, .. } => {
            source.entity == entity || looks_into(inner, entity)
        }
    }
}

enum Mention<'a> {
    Column(EntityId, FieldId),
    Operand(&'a Operand),
}

fn visit<'a>(predicate: &'a RulePredicate, entity: EntityId, tell: &mut dyn FnMut(Mention<'a>)) {
    match predicate {
        Predicate::Constant(_) | Predicate::Caller(_) => {}
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter().for_each(|part| visit(part, entity, tell)),
        Predicate::Not(part) => visit(part, entity, tell),
        Predicate::Leaf { field, test } => {
            tell(Mention::Column(entity, *field));
            visit_operands(test, tell);
        }
        Predicate::Exists { link, source, inner } => {
            visit_link(link, entity, source.entity, tell);
            visit(inner, source.entity, tell);
        }
        Predicate::Count {
            link,
            source,
            inner,
            test,
        } => {
            visit_link(link, entity, source.entity, tell);
            visit(inner, source.entity, tell);
            visit_operands(test, tell);
        }
    }
}

fn visit_link<'a>(link: &Link<FieldId>, entity: EntityId, related: EntityId, tell: &mut dyn FnMut(Mention<'a>)) {
    match link {
        Link::Reference(field) => tell(Mention::Column(entity, *field)),
        Link::Inverse { by } => tell(Mention::Column(related, *by)),
        Link::Equal { theirs, ours } => {
            tell(Mention::Column(related, *theirs));
            tell(Mention::Column(entity, *ours));
        }
        Link::Free => {}
    }
}

fn visit_operands<'a>(test: &'a Test, tell: &mut dyn FnMut(Mention<'a>)) {
    for operand in operands(test) {
        tell(Mention::Operand(operand));
    }
}

/// What a column is compared with.
pub(crate) fn operands(test: &Test) -> Vec<&Operand> {
    match test {
        Test::Equal(operand)
        | Test::NotEqual(operand)
        | Test::Less(operand)
        | Test::LessOrEqual(operand)
        | Test::Greater(operand)
        | Test::GreaterOrEqual(operand)
        | Test::Like { pattern: operand, .. }
        | Test::Has(operand)
        | Test::JsonEqual { operand, .. } => vec![operand],
        Test::In(operands) | Test::NotIn(operands) | Test::HasAny(operands) | Test::HasAll(operands) => {
            operands.iter().collect()
        }
        Test::Folded(inner) => operands(inner),
        Test::IsNull(_) | Test::JsonIsNull { .. } => Vec::new(),
    }
}

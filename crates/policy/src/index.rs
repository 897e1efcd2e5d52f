//! Indexes that the rules need: a rule is evaluated for every row of every list.

use crate::operand::Operand;
use crate::policy::Policy;
use crate::predicate::{Predicate, RulePredicate, Test};
use freehold_schema::catalog::{AccessLevel, Catalog, EntityDef, EntityId, FieldId, FieldType, SystemField};

/// See [`Policy::required_indexes`].
pub(crate) fn required_indexes(catalog: &Catalog, policy: &Policy) -> Vec<(EntityId, Vec<FieldId>)> {
    let mut wanted: Vec<(EntityId, Vec<FieldId>)> = Vec::new();
    for token in policy.user_tokens() {
        let mut fields = equality_columns(&token.condition);
        fields.extend(token.value.filter(|value| !fields.contains(value)));
        wanted.push((token.lookup, fields));
    }
    for entity in catalog.entities.values() {
        if entity.access != AccessLevel::Open && crate::gate::asks_tokens(entity) {
            wanted.extend(
                entity
                    .find_system(SystemField::Owner)
                    .map(|owner| (entity.id, vec![owner])),
            );
            wanted.extend(
                entity
                    .record_tokens
                    .iter()
                    .filter_map(|token| token.field)
                    .map(|field| (entity.id, vec![field])),
            );
        }
        for field in &entity.fields {
            match field.field_type {
                FieldType::Reference { .. } if field.system.is_none() => wanted.push((entity.id, vec![field.id])),
                FieldType::List { of, by } => wanted.push((of, vec![by])),
                _ => {}
            }
        }
    }
    // Rules that ask for the owner, on entities whose gate does not.
    for rule in policy.rules() {
        let owner = catalog.entity(rule.entity).find_system(SystemField::Owner);
        wanted.extend(
            owner
                .filter(|owner| equality_columns(&rule.condition).contains(owner))
                .map(|owner| (rule.entity, vec![owner])),
        );
    }
    // Longest first, so that an index is dropped for one that begins with it.
    wanted.sort_by(|(left_entity, left), (right_entity, right)| {
        (left_entity, right.len(), left).cmp(&(right_entity, left.len(), right))
    });
    let mut kept: Vec<(EntityId, Vec<FieldId>)> = Vec::new();
    for (entity, fields) in wanted {
        let served = kept
            .iter()
            .any(|(other, longer)| *other == entity && longer.starts_with(&fields));
        if !served && !is_served(catalog.entity(entity), &fields) {
            kept.push((entity, fields));
        }
    }
    kept.sort();
    kept
}

/// Whether the primary key, a unique key or an index of the author's serves a search for these columns.
fn is_served(entity: &EntityDef, fields: &[FieldId]) -> bool {
    let id = entity.find_system(SystemField::Id);
    fields.is_empty()
        || fields.iter().any(|field| Some(*field) == id)
        || entity
            .unique
            .iter()
            .any(|key| key.fields.starts_with(fields) || key.fields.iter().all(|field| fields.contains(field)))
        || entity.index.iter().any(|index| index.starts_with(fields))
}

/// Columns that a conjunction compares for equality, those compared with the caller first.
fn equality_columns(predicate: &RulePredicate) -> Vec<FieldId> {
    let parts = match predicate {
        Predicate::All(parts) => parts.as_slice(),
        single => std::slice::from_ref(single),
    };
    let equal = |session: bool| {
        parts.iter().filter_map(move |part| match part {
            Predicate::Leaf {
                field,
                test: Test::Equal(operand),
            } => (matches!(operand, Operand::Session(_)) == session).then_some(*field),
            _ => None,
        })
    };
    let mut columns: Vec<FieldId> = Vec::new();
    for field in equal(true).chain(equal(false)) {
        if !columns.contains(&field) {
            columns.push(field);
        }
    }
    columns
}

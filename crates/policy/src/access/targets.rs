//! One entity's write targets for one role set: which rules may write, on which rows, and what the new row must be like.

use crate::policy::Policy;
use crate::predicate::Predicate;
use crate::reduce::{Holder, all, reduce};
use crate::rule::Rule;
use crate::source::RowSource;
use crate::target::{Grant, WriteTarget};
use crate::wall::wall;
use freehold_schema::catalog::{Catalog, EntityDef, EntityKind, FieldDef, FieldId, FieldType, Operation};
use std::sync::Arc;

/// The operations that write.
pub(super) const WRITES: [Operation; 4] = [
    Operation::Create,
    Operation::Update,
    Operation::Delete,
    Operation::Transition,
];

/// The entity's targets, in the order of [`WRITES`].
pub(super) fn targets(
    catalog: &Catalog,
    policy: &Policy,
    entity: &EntityDef,
    sets: &[&str],
    holder: &Holder<'_>,
    read: Option<&RowSource>,
) -> Vec<WriteTarget> {
    let visible = Arc::new(read.map_or(Predicate::Constant(false), |source| source.rows().clone()));
    // Who is no member reaches only the public part of a tenant.
    let reached = (!catalog.is_walled(entity.id) || entity.public || holder.member) && !holder.reads_only;
    WRITES
        .into_iter()
        .map(|operation| {
            let rules = policy
                .rules_of(sets)
                .filter(|rule| reached && rule.entity == entity.id && rule.allows(operation))
                .filter(|_| !is_administered(entity, operation));
            let grants = rules.map(|rule| grant(catalog, policy, entity, rule, operation, holder));
            WriteTarget {
                entity: entity.id,
                operation,
                grants: grants.filter(Grant::is_possible).collect(),
                visible: visible.clone(),
            }
        })
        .collect()
}

/// People, memberships and tenants come and go by the mutations of administration, which ask who manages whom.
pub(crate) fn is_administered(entity: &EntityDef, operation: Operation) -> bool {
    match entity.kind {
        EntityKind::Ordinary => false,
        EntityKind::Tenant => operation == Operation::Create,
        EntityKind::User | EntityKind::Membership => matches!(operation, Operation::Create | Operation::Delete),
    }
}

fn grant(
    catalog: &Catalog,
    policy: &Policy,
    entity: &EntityDef,
    rule: &Rule,
    operation: Operation,
    holder: &Holder<'_>,
) -> Grant {
    let wall = wall(catalog, entity.id);
    let applies = all([wall.clone(), reduce(&policy.applies(rule, operation), holder)]);
    let check = reduce(&rule.check, holder);
    let (stored, new_row) = match operation {
        Operation::Create => (Predicate::Constant(true), all([applies, check])),
        Operation::Update | Operation::Transition => (applies, all([wall, check])),
        Operation::Delete | Operation::Read | Operation::List => (applies, Predicate::Constant(true)),
    };
    // Of a creation the gate is asked anyway.
    let moved = if operation == Operation::Create || rule.records_all || entity.access_field.is_none() {
        Predicate::Constant(true)
    } else {
        reduce(&policy.gate(entity.id).write, holder)
    };
    let given = |field: &FieldId| is_given(entity, entity.field(*field), operation);
    let mut writable: Vec<FieldId> = rule.write.iter().copied().filter(given).collect();
    writable.retain(|field| !rule.presets.iter().any(|(preset, _)| preset == field));
    let presets = rule
        .presets
        .iter()
        .filter(|(field, _)| !entity.is_administered(entity.field(*field)))
        .filter(|(field, _)| is_preset(entity.field(*field), operation))
        .cloned()
        .collect();
    Grant {
        set: rule.set.clone(),
        position: rule.position,
        records_all: rule.records_all,
        stored,
        new_row,
        moved,
        writable,
        presets,
    }
}

/// Whether the operation can ever take the field's value from its caller.
pub(crate) fn is_given(entity: &EntityDef, field: &FieldDef, operation: Operation) -> bool {
    if entity.is_administered(field) || !is_stored(field) {
        return false;
    }
    match operation {
        Operation::Create => !field.state,
        Operation::Update => !field.state && !field.immutable,
        Operation::Transition => field.state,
        Operation::Delete | Operation::Read | Operation::List => false,
    }
}

fn is_preset(field: &FieldDef, operation: Operation) -> bool {
    match operation {
        Operation::Create => true,
        Operation::Update | Operation::Transition => !field.immutable,
        Operation::Delete | Operation::Read | Operation::List => false,
    }
}

/// Whether the field is a column that a caller can fill; files are given otherwise.
fn is_stored(field: &FieldDef) -> bool {
    !matches!(
        field.field_type,
        FieldType::Autonumber | FieldType::List { .. } | FieldType::File | FieldType::Image
    ) && field.column().is_some()
}

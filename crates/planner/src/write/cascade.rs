//! What may go with a deleted row.

use crate::mutation::{Administration, MutationRoot, RootAction, Step};
use freehold_policy::Access;
use freehold_policy::target::WriteTarget;
use freehold_schema::catalog::{Catalog, EntityId, FieldType, OnDelete, Operation};
use std::collections::{BTreeMap, BTreeSet};

/// What the caller may delete of each entity that a cascade of these writes can reach.
pub(crate) fn deletions(catalog: &Catalog, access: &Access, roots: &[MutationRoot]) -> BTreeMap<EntityId, WriteTarget> {
    let mut deleted = BTreeSet::new();
    for root in roots {
        match &root.action {
            RootAction::One { step, .. } => collect(step, &mut deleted),
            RootAction::Many { steps, .. } => steps.iter().for_each(|step| collect(step, &mut deleted)),
            RootAction::Administer(administer) => {
                let membership = catalog.tenancy.map(|tenancy| tenancy.membership);
                deleted.extend(membership.filter(|_| matches!(administer.what, Administration::Remove { .. })));
            }
            RootAction::Text(_) => {}
        }
    }
    reached(catalog, deleted)
        .into_iter()
        .map(|entity| (entity, access.target(entity, Operation::Delete)))
        .collect()
}

/// The entities of which a step deletes rows.
fn collect(step: &Step, deleted: &mut BTreeSet<EntityId>) {
    match step {
        Step::Create(create) | Step::Upsert { create, .. } => {
            create.children.iter().for_each(|child| collect(child, deleted));
        }
        Step::Update { change, .. } => change.children.iter().for_each(|child| collect(child, deleted)),
        Step::Delete { target, .. } => {
            deleted.insert(target.entity());
        }
    }
}

/// The entities whose rows go when rows of these do, and so on.
fn reached(catalog: &Catalog, deleted: BTreeSet<EntityId>) -> BTreeSet<EntityId> {
    let mut open: Vec<EntityId> = deleted.into_iter().collect();
    let mut reached = BTreeSet::new();
    while let Some(gone) = open.pop() {
        for entity in catalog.entities.values() {
            let follows = entity.fields.iter().any(|field| {
                matches!(&field.field_type,
                    FieldType::Reference { to, on_delete: OnDelete::Cascade, .. } if to.contains(&gone))
            });
            if follows && reached.insert(entity.id) {
                open.push(entity.id);
            }
        }
    }
    reached
}

//! What a schema may name.

use crate::access::{Access, EntityAccess};
use crate::source::{Guard, RowSource};
use crate::target::WriteTarget;
use freehold_schema::catalog::{Catalog, EntityDef, FieldId, Operation};
use freehold_schema::graphql::visible::{Visible, VisibleEntity, VisibleField, VisibleInput, VisibleWrites};

/// Entities with a source, and the fields that show a value on some row of it.
pub(crate) fn visible(catalog: &Catalog, access: &Access) -> Visible {
    Visible {
        entities: access
            .entities
            .iter()
            .filter(|entity| {
                entity.list.is_some() || entity.read.is_some() || entity.writes.iter().any(WriteTarget::is_open)
            })
            .map(|entity| self::entity(catalog, entity))
            .collect(),
        actions: access.actions().to_vec(),
        founding: founding(catalog, access),
    }
}

fn founding(catalog: &Catalog, access: &Access) -> Vec<VisibleInput> {
    let Some(tenancy) = catalog.tenancy else {
        return Vec::new();
    };
    let given = access.founding().iter().map(|id| {
        let field = catalog.field(tenancy.entity, *id);
        VisibleInput {
            id: *id,
            required: field.required && field.default_value().is_none(),
        }
    });
    given.collect()
}

fn entity(catalog: &Catalog, access: &EntityAccess) -> VisibleEntity {
    let sources: Vec<&RowSource> = [&access.list, &access.read].into_iter().flatten().collect();
    let mut fields: Vec<FieldId> = sources
        .iter()
        .flat_map(|source| source.guards.fields.iter().map(|(field, _)| *field))
        .collect();
    fields.sort_unstable();
    fields.dedup();
    let fields = fields.into_iter().map(|id| VisibleField {
        id,
        // A row may come from either source, so both have to show the value.
        always: sources.iter().all(|source| source.guard(id) == Some(&Guard::Open)),
    });
    VisibleEntity {
        id: access.id,
        can_list: access.list.is_some(),
        can_read: access.read.is_some(),
        fields: fields.collect(),
        writes: writes(catalog.entity(access.id), access),
    }
}

fn writes(entity: &EntityDef, access: &EntityAccess) -> VisibleWrites {
    let find = |operation| {
        access
            .writes
            .iter()
            .find(|target| target.operation() == operation)
            .filter(|target| target.is_open())
    };
    let given = |target: &WriteTarget| {
        let mut fields: Vec<FieldId> = target
            .grants()
            .iter()
            .flat_map(|grant| grant.writable())
            .copied()
            .collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    };
    let input = |target: &WriteTarget, id: FieldId| {
        let field = entity.field(id);
        let preset = |grant: &crate::target::Grant| grant.presets().iter().any(|(preset, _)| *preset == id);
        VisibleInput {
            id,
            required: field.required && field.default_value().is_none() && !target.grants().iter().any(preset),
        }
    };
    VisibleWrites {
        create: find(Operation::Create).map(|target| given(target).into_iter().map(|id| input(target, id)).collect()),
        update: find(Operation::Update).map(given),
        delete: find(Operation::Delete).is_some(),
        transition: find(Operation::Transition).map(given).unwrap_or_default(),
    }
}

//! What a schema may name.

use crate::access::{Access, EntityAccess};
use crate::source::{Guard, RowSource};
use freehold_schema::catalog::FieldId;
use freehold_schema::graphql::visible::{Visible, VisibleEntity, VisibleField};

/// Entities with a source, and the fields that show a value on some row of it.
pub(crate) fn visible(access: &Access) -> Visible {
    Visible {
        entities: access
            .entities
            .iter()
            .filter(|entity| entity.list.is_some() || entity.read.is_some())
            .map(entity)
            .collect(),
    }
}

fn entity(access: &EntityAccess) -> VisibleEntity {
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
    }
}

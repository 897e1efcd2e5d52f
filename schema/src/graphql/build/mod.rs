//! From the catalog, and what a role set may see and write of it, to the types of its schema.
//!
//! [`query`], [`mutation`] and [`subscription`] are the roots; the rest makes the types below them.

mod administration;
mod aggregate;
mod audit;
mod entity;
mod explain;
mod input;
mod mutation;
mod nested_input;
mod people;
mod query;
mod shared;
mod subscription;
mod write_input;

use super::shape;
use super::type_system::{TypeDef, TypeSystem};
use super::visible::{Visible, VisibleEntity, VisibleField};
use crate::catalog::{Catalog, EntityDef, EntityId, FieldDef, FieldType};

/// All types that a role set sees, and no others.
pub(crate) fn build(catalog: &Catalog, visible: &Visible) -> TypeSystem {
    let mut system = TypeSystem::default();
    let scope = Scope { catalog, visible };
    shared::add(&scope, &mut system);
    for seen in scope.entities() {
        entity::add(&scope, seen, &mut system);
        input::add(&scope, seen, &mut system);
        if seen.can_list {
            aggregate::add(&scope, seen, &mut system);
        }
    }
    query::add(&scope, &mut system);
    subscription::add(&scope, &mut system);
    audit::add(&scope, &mut system);
    explain::add(&scope, &mut system);
    people::add(&scope, &mut system);
    mutation::add(&scope, &mut system);
    system.prune();
    system
}

/// What the builders read.
struct Scope<'a> {
    catalog: &'a Catalog,
    visible: &'a Visible,
}

impl<'a> Scope<'a> {
    /// Entities of which something is seen.
    fn entities(&self) -> impl Iterator<Item = &'a VisibleEntity> {
        self.visible
            .entities
            .iter()
            .filter(|seen| seen.can_read || seen.can_list)
    }

    /// Entities of which something may be written, whether it is seen or not.
    fn written(&self) -> impl Iterator<Item = &'a VisibleEntity> {
        self.visible.entities.iter().filter(|seen| seen.writes.is_open())
    }

    fn def(&self, seen: &VisibleEntity) -> &'a EntityDef {
        self.catalog.entity(seen.id)
    }

    /// Whether references may lead to the entity.
    fn can_read(&self, id: EntityId) -> bool {
        self.visible.find(id).is_some_and(|seen| seen.can_read)
    }

    /// Whether lists of the entity exist.
    fn can_list(&self, id: EntityId) -> bool {
        self.visible.find(id).is_some_and(|seen| seen.can_list)
    }

    /// The fields that the schema has: seen, of a kind that it knows, and with a target that is seen as well.
    fn fields(&self, seen: &'a VisibleEntity) -> impl Iterator<Item = (&'a FieldDef, VisibleField)> {
        let def = self.def(seen);
        def.fields.iter().filter_map(move |field| {
            // A listed row always has its id.
            let known = seen.find(field.id).or_else(|| {
                shape::is_id(field).then_some(VisibleField {
                    id: field.id,
                    always: true,
                })
            })?;
            let shown = match &field.field_type {
                FieldType::Reference { to, .. } => to.iter().any(|target| self.can_read(*target)),
                FieldType::List { of, .. } => self.can_list(*of),
                FieldType::File | FieldType::Image => false,
                _ => true,
            };
            shown.then_some((field, known))
        })
    }

    /// Whether some visible reference to exactly this entity can be filtered by.
    fn is_referenced(&self, id: EntityId) -> bool {
        self.can_read(id)
            && self.entities().any(|seen| {
                self.fields(seen)
                    .any(|(field, _)| shape::is_filterable(field) && field.reference_target() == Some(id))
            })
    }
}

/// Registers a type unless it would be empty; says whether it exists.
fn add_unless_empty(system: &mut TypeSystem, name: String, def: TypeDef) -> bool {
    use super::type_system::TypeKind;
    let empty = match &def.kind {
        TypeKind::Object { fields, .. } | TypeKind::Interface { fields, .. } => fields.is_empty(),
        TypeKind::Input { fields } => fields.is_empty(),
        TypeKind::Enum { values } => values.is_empty(),
        TypeKind::Union { possible } => possible.is_empty(),
        TypeKind::Scalar { .. } => false,
    };
    if !empty {
        system.types.insert(name, def);
    }
    !empty
}

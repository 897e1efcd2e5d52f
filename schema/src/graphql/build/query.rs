//! The query root.

use super::entity::connection_field;
use super::{Scope, input};
use crate::catalog::{EntityDef, FieldDef, FieldType, UniqueKey};
use crate::graphql::shape;
use crate::graphql::type_system::{InputField, OutputField, QUERY, Text, TypeDef, TypeRef, TypeSystem};
use crate::graphql::visible::VisibleEntity;
use indexmap::IndexMap;

pub(super) fn add(scope: &Scope<'_>, system: &mut TypeSystem) {
    let mut fields: IndexMap<Text, OutputField> = IndexMap::new();
    let id = || input::required(TypeRef::named("ID"));
    for seen in scope.entities() {
        let def = scope.def(seen);
        let retired = |field: OutputField| OutputField {
            deprecated: def.deprecated.clone().map(Text::from),
            ..field
        };
        let one = || OutputField::new(TypeRef::named(def.type_name.clone()));
        if seen.can_read {
            fields.insert(def.root_one.clone().into(), retired(one().argument("id", id())));
            for key in &def.unique {
                if let Some(arguments) = key_arguments(scope, seen, def, key) {
                    let mut field = one();
                    field.arguments = arguments;
                    fields.insert(key.root_field.clone().into(), retired(field));
                }
            }
        }
        if seen.can_list {
            fields.insert(def.root_many.clone().into(), retired(connection_field(scope, seen.id)));
        }
    }
    if scope.entities().any(|seen| seen.can_read) {
        fields.insert(
            "node".into(),
            OutputField::new(TypeRef::named("Node"))
                .argument("id", id())
                .describe("Any row, by its id."),
        );
    }
    fields.insert(
        "viewer".into(),
        OutputField::new(TypeRef::named("Viewer")).describe("Who asks; null for an anonymous caller."),
    );
    system.types.insert(QUERY.to_owned(), TypeDef::object(fields));
}

/// The arguments of a look-up by a unique key; `None` unless all of its fields can be seen and compared.
fn key_arguments(
    scope: &Scope<'_>,
    seen: &VisibleEntity,
    def: &EntityDef,
    key: &UniqueKey,
) -> Option<IndexMap<Text, InputField>> {
    key.fields
        .iter()
        .map(|id| {
            let (field, _) = scope.fields(seen).find(|(field, _)| field.id == *id)?;
            shape::is_filterable(field)
                .then(|| (field.graphql_name.clone().into(), input::required(key_type(def, field))))
        })
        .collect()
}

fn key_type(def: &EntityDef, field: &FieldDef) -> TypeRef {
    match &field.field_type {
        FieldType::Reference { .. } => TypeRef::named("ID"),
        FieldType::Text(_) => TypeRef::named("String"),
        FieldType::Select(_) => TypeRef::named(shape::enum_name(def, field)),
        other => TypeRef::named(shape::scalar_name(other).unwrap_or("String")),
    }
}

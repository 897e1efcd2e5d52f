//! Object types of an entity: the row, its connection and its edge, its enums and unions.

use super::{Scope, add_unless_empty, input};
use crate::catalog::{EntityDef, FieldDef, FieldType};
use crate::graphql::shape;
use crate::graphql::type_system::{OutputField, Text, TypeDef, TypeKind, TypeRef, TypeSystem};
use crate::graphql::visible::VisibleEntity;
use indexmap::IndexMap;

pub(super) fn add(scope: &Scope<'_>, seen: &VisibleEntity, system: &mut TypeSystem) {
    let def = scope.def(seen);
    let mut fields: IndexMap<Text, OutputField> = IndexMap::new();
    for (field, known) in scope.fields(seen) {
        add_named_types(scope, def, field, system);
        let output = if let FieldType::List { of, .. } = &field.field_type {
            connection_field(scope, *of)
        } else {
            let type_ref = value_type(scope, def, field);
            // A required reference may still be null: its target may be hidden.
            let never_null = shape::is_id(field) || field.required && known.always && shape::targets(field).is_empty();
            OutputField::new(if never_null { type_ref.non_null() } else { type_ref })
        };
        fields.insert(
            field.graphql_name.clone().into(),
            output.told_by(field.description.as_deref(), field.deprecated.as_deref()),
        );
    }
    fields.insert(
        "_access".into(),
        OutputField::new(TypeRef::required("Access")).describe("What the caller may do with this row."),
    );
    let mut row = TypeDef::new(TypeKind::Object {
        implements: if seen.can_read { vec!["Node".into()] } else { Vec::new() },
        fields,
    });
    row.description = def.description.clone().map(Text::from);
    system.types.insert(def.type_name.clone(), row);
    if seen.can_list {
        add_connection(scope, seen, system);
    }
}

/// The type of an entity whose rows may be written and not read: the answer to a write is always null.
pub(super) fn add_unseen(def: &EntityDef, system: &mut TypeSystem) {
    let fields = IndexMap::from([(Text::from("id"), OutputField::new(TypeRef::required("ID")))]);
    let row = TypeDef::object(fields).describe("Can be written, and not read: always null.");
    system.types.insert(def.type_name.clone(), row);
}

/// The nullable type of a field's value. Lists have none: see [`connection_field`].
pub(super) fn value_type(scope: &Scope<'_>, def: &EntityDef, field: &FieldDef) -> TypeRef {
    match &field.field_type {
        FieldType::Select(_) => TypeRef::named(shape::enum_name(def, field)),
        FieldType::MultiSelect(_) => TypeRef::list(shape::enum_name(def, field)),
        FieldType::Reference { to, .. } => match to.as_slice() {
            [only] => TypeRef::named(scope.catalog.entity(*only).type_name.clone()),
            _ => TypeRef::named(def.union_name(field)),
        },
        scalar => TypeRef::named(shape::scalar_name(scalar).unwrap_or("String")),
    }
}

/// A field that lists rows of an entity.
pub(super) fn connection_field(scope: &Scope<'_>, of: crate::catalog::EntityId) -> OutputField {
    let mut field = OutputField::new(TypeRef::required(format!(
        "{}Connection",
        scope.catalog.entity(of).type_name
    )));
    field.arguments = input::list_arguments(scope, of);
    field
}

fn add_named_types(scope: &Scope<'_>, def: &EntityDef, field: &FieldDef, system: &mut TypeSystem) {
    match &field.field_type {
        FieldType::Select(_) | FieldType::MultiSelect(_) => add_enum(def, field, system),
        FieldType::Reference { to, .. } if to.len() > 1 => {
            let possible = to
                .iter()
                .filter(|target| scope.can_read(**target))
                .map(|target| scope.catalog.entity(*target).type_name.clone().into())
                .collect();
            add_unless_empty(
                system,
                def.union_name(field),
                TypeDef::new(TypeKind::Union { possible }),
            );
        }
        _ => {}
    }
}

/// The enum of a `select` or `multiselect`; other fields have none.
pub(super) fn add_enum(def: &EntityDef, field: &FieldDef, system: &mut TypeSystem) {
    if let FieldType::Select(options) | FieldType::MultiSelect(options) = &field.field_type {
        let values = options
            .iter()
            .map(|option| option.graphql_name.clone().into())
            .collect();
        add_unless_empty(
            system,
            shape::enum_name(def, field),
            TypeDef::new(TypeKind::Enum { values }),
        );
    }
}

fn add_connection(scope: &Scope<'_>, seen: &VisibleEntity, system: &mut TypeSystem) {
    let name = &scope.def(seen).type_name;
    let list = |of: String| TypeRef::list(of).non_null();
    let mut fields: IndexMap<Text, OutputField> = IndexMap::new();
    fields.insert(
        "nodes".into(),
        OutputField::new(list(name.clone())).describe("The rows of this page."),
    );
    fields.insert(
        "edges".into(),
        OutputField::new(list(format!("{name}Edge"))).describe("The rows of this page with their cursors."),
    );
    fields.insert("pageInfo".into(), OutputField::new(TypeRef::required("PageInfo")));
    fields.insert(
        "totalCount".into(),
        OutputField::new(TypeRef::required("Int")).describe("The number of rows on all pages."),
    );
    fields.insert(
        "aggregate".into(),
        OutputField::new(TypeRef::required(format!("{name}Aggregate"))).describe("Figures over all pages."),
    );
    if super::aggregate::has_groups(scope, seen) {
        let by = input::required(list(format!("{name}GroupBy")));
        fields.insert(
            "groups".into(),
            OutputField::new(list(format!("{name}Group")))
                .argument("by", by)
                .describe("Figures for each combination of values."),
        );
    }
    system
        .types
        .insert(format!("{name}Connection"), TypeDef::object(fields));

    let mut edge: IndexMap<Text, OutputField> = IndexMap::new();
    edge.insert(
        "cursor".into(),
        OutputField::new(TypeRef::required("String")).describe("A place in this list, for `after` and `before`."),
    );
    edge.insert("node".into(), OutputField::new(TypeRef::required(name.clone())));
    system.types.insert(format!("{name}Edge"), TypeDef::object(edge));
}

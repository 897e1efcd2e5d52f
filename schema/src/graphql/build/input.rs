//! Input types of an entity: filter and order, and the arguments of its lists.

use super::{Scope, add_unless_empty};
use crate::catalog::{EntityDef, EntityId, FieldDef, FieldType};
use crate::graphql::shape;
use crate::graphql::type_system::{InputField, Text, TypeDef, TypeRef, TypeSystem};
use crate::graphql::visible::VisibleEntity;
use indexmap::IndexMap;

pub(super) fn add(scope: &Scope<'_>, seen: &VisibleEntity, system: &mut TypeSystem) {
    let def = scope.def(seen);
    add_filter(scope, seen, def, system);
    let order: IndexMap<Text, InputField> = scope
        .fields(seen)
        .filter(|(field, _)| shape::is_orderable(field))
        .map(|(field, _)| {
            let type_ref = match field.reference_target() {
                Some(target) => TypeRef::named(format!("{}OrderBy", scope.catalog.entity(target).type_name)),
                None => TypeRef::named("OrderDirection"),
            };
            (
                Text::from(field.graphql_name.clone()),
                InputField::new(type_ref).told_by(None, field.deprecated.as_deref()),
            )
        })
        .collect();
    add_unless_empty(system, format!("{}OrderBy", def.type_name), TypeDef::input(order));
}

/// Arguments of the root list and of every relation that lists the entity.
pub(super) fn list_arguments(scope: &Scope<'_>, of: EntityId) -> IndexMap<Text, InputField> {
    let name = &scope.catalog.entity(of).type_name;
    let optional = |type_ref: TypeRef, text: &'static str| InputField::new(type_ref).describe(text);
    let mut arguments: IndexMap<Text, InputField> = IndexMap::new();
    arguments.insert(
        "filter".into(),
        optional(TypeRef::named(format!("{name}Filter")), "Rows that match."),
    );
    arguments.insert(
        "orderBy".into(),
        optional(TypeRef::list(format!("{name}OrderBy")), "The most significant first."),
    );
    arguments.insert(
        "first".into(),
        optional(TypeRef::named("Int"), "Rows from the start, or behind `after`."),
    );
    arguments.insert(
        "after".into(),
        optional(TypeRef::named("String"), "A cursor of this list."),
    );
    arguments.insert(
        "last".into(),
        optional(TypeRef::named("Int"), "Rows from the end, or before `before`."),
    );
    arguments.insert(
        "before".into(),
        optional(TypeRef::named("String"), "A cursor of this list."),
    );
    arguments.insert(
        "offset".into(),
        optional(TypeRef::named("Int"), "Rows to pass over; cursors are faster."),
    );
    let has_text = scope
        .visible
        .find(of)
        .is_some_and(|seen| scope.fields(seen).any(|(field, _)| shape::is_searchable(field)));
    if has_text {
        arguments.insert(
            "search".into(),
            optional(TypeRef::named("String"), "Words that stand in the row's texts."),
        );
    }
    arguments
}

/// An argument that must be given.
pub(super) fn required(type_ref: TypeRef) -> InputField {
    InputField::new(type_ref.non_null())
}

fn add_filter(scope: &Scope<'_>, seen: &VisibleEntity, def: &EntityDef, system: &mut TypeSystem) {
    let name = format!("{}Filter", def.type_name);
    let mut fields: IndexMap<Text, InputField> = IndexMap::new();
    for (field, _) in scope.fields(seen).filter(|(field, _)| shape::is_filterable(field)) {
        let type_ref = TypeRef::named(filter_name(scope, def, field, system));
        fields.insert(
            field.graphql_name.clone().into(),
            InputField::new(type_ref).told_by(field.description.as_deref(), field.deprecated.as_deref()),
        );
    }
    for (word, text) in [
        ("and", "All of these; an empty list is true."),
        ("or", "Any of these; an empty list is false."),
    ] {
        let mut both = InputField::new(TypeRef::list(name.clone())).describe(text);
        both.strict_list = true;
        fields.insert(word.into(), both);
    }
    fields.insert(
        "not".into(),
        InputField::new(TypeRef::named(name.clone())).describe("The exact complement."),
    );
    if scope.is_referenced(seen.id) {
        fields.insert(
            "isNull".into(),
            InputField::new(TypeRef::named("Boolean"))
                .describe("Whether the reference leads nowhere that the caller can read."),
        );
    }
    system.types.insert(name, TypeDef::input(fields));

    if seen.can_list {
        let filter = || InputField::new(TypeRef::named(format!("{}Filter", def.type_name)));
        let mut list: IndexMap<Text, InputField> = IndexMap::new();
        list.insert("some".into(), filter().describe("At least one row matches."));
        list.insert("every".into(), filter().describe("No row fails to match."));
        list.insert("none".into(), filter().describe("No row matches."));
        list.insert(
            "count".into(),
            InputField::new(TypeRef::named("IntFilter")).describe("The number of rows."),
        );
        system
            .types
            .insert(format!("{}ListFilter", def.type_name), TypeDef::input(list));
    }
}

/// The filter type of a field; makes it if it is the field's own.
fn filter_name(scope: &Scope<'_>, def: &EntityDef, field: &FieldDef, system: &mut TypeSystem) -> String {
    if field.encrypted.is_some()
        && let Some(name) = shape::sealed_filter_name(&field.field_type)
    {
        return name.to_owned();
    }
    match &field.field_type {
        FieldType::Select(_) => {
            let of = shape::enum_name(def, field);
            let name = format!("{of}Filter");
            system
                .types
                .insert(name.clone(), TypeDef::input(super::shared::equality_operators(&of)));
            name
        }
        FieldType::MultiSelect(_) => {
            let of = shape::enum_name(def, field);
            let name = format!("{of}Filter");
            let mut operators: IndexMap<Text, InputField> = IndexMap::new();
            operators.insert("has".into(), InputField::new(TypeRef::named(of.clone())));
            operators.insert("hasAny".into(), InputField::new(TypeRef::list(of.clone())));
            operators.insert("hasAll".into(), InputField::new(TypeRef::list(of)));
            operators.insert("isNull".into(), InputField::new(TypeRef::named("Boolean")));
            system.types.insert(name.clone(), TypeDef::input(operators));
            name
        }
        FieldType::Reference { .. } => match field.reference_target() {
            Some(target) => format!("{}Filter", scope.catalog.entity(target).type_name),
            None => "PolymorphicFilter".to_owned(),
        },
        FieldType::List { of, .. } => format!("{}ListFilter", scope.catalog.entity(*of).type_name),
        scalar => shape::scalar_filter_name(scalar).unwrap_or("StringFilter").to_owned(),
    }
}

//! Aggregates and groups of an entity's lists.

use super::entity::value_type;
use super::{Scope, add_unless_empty};
use crate::catalog::{FieldDef, FieldType};
use crate::graphql::shape;
use crate::graphql::type_system::{OutputField, Text, TypeDef, TypeKind, TypeRef, TypeSystem};
use crate::graphql::visible::VisibleEntity;
use indexmap::IndexMap;

/// A kind of figure: its field, the end of its type's name, and the fields it is made of.
type Figure = (&'static str, &'static str, fn(&FieldDef) -> bool);

/// Whether lists of the entity can be grouped by anything.
pub(super) fn has_groups(scope: &Scope<'_>, seen: &VisibleEntity) -> bool {
    scope.fields(seen).any(|(field, _)| shape::is_groupable(field))
}

pub(super) fn add(scope: &Scope<'_>, seen: &VisibleEntity, system: &mut TypeSystem) {
    let def = scope.def(seen);
    let name = &def.type_name;
    let mut parts: IndexMap<Text, OutputField> = IndexMap::new();
    parts.insert(
        "count".into(),
        OutputField::new(TypeRef::required("Int")).describe("The number of rows."),
    );
    let figures: [Figure; 4] = [
        ("sum", "Sum", shape::is_summable),
        ("avg", "Avg", shape::is_summable),
        ("min", "Min", shape::is_comparable),
        ("max", "Max", shape::is_comparable),
    ];
    for (figure, suffix, applies) in figures {
        let fields: IndexMap<Text, OutputField> = scope
            .fields(seen)
            .filter(|(field, _)| applies(field))
            .map(|(field, _)| {
                let type_ref = match (figure, field.field_type.shown()) {
                    ("sum", FieldType::Decimal) => TypeRef::named("Decimal"),
                    ("sum" | "avg", _) => TypeRef::named("Float"),
                    _ => value_type(scope, def, field),
                };
                (
                    Text::from(field.graphql_name.clone()),
                    OutputField::new(type_ref).told_by(None, field.deprecated.as_deref()),
                )
            })
            .collect();
        let type_name = format!("{name}{suffix}");
        if add_unless_empty(system, type_name.clone(), TypeDef::object(fields)) {
            parts.insert(figure.into(), OutputField::new(TypeRef::named(type_name)));
        }
    }
    system.types.insert(format!("{name}Aggregate"), TypeDef::object(parts));
    if has_groups(scope, seen) {
        add_groups(scope, seen, system);
    }
}

fn add_groups(scope: &Scope<'_>, seen: &VisibleEntity, system: &mut TypeSystem) {
    let def = scope.def(seen);
    let name = &def.type_name;
    let by: Vec<&FieldDef> = scope
        .fields(seen)
        .map(|(field, _)| field)
        .filter(|field| shape::is_groupable(field))
        .collect();
    let values = by.iter().map(|field| shape::group_by_name(field).into()).collect();
    system
        .types
        .insert(format!("{name}GroupBy"), TypeDef::new(TypeKind::Enum { values }));

    let keys = by
        .iter()
        .map(|field| {
            (
                Text::from(field.graphql_name.clone()),
                OutputField::new(value_type(scope, def, field)),
            )
        })
        .collect();
    let key = TypeDef::object(keys)
        .describe("The values a group has in common. Fields that the list is not grouped by are null.");
    system.types.insert(format!("{name}GroupKey"), key);

    let mut group: IndexMap<Text, OutputField> = IndexMap::new();
    group.insert(
        "key".into(),
        OutputField::new(TypeRef::required(format!("{name}GroupKey"))),
    );
    group.insert(
        "aggregate".into(),
        OutputField::new(TypeRef::required(format!("{name}Aggregate"))),
    );
    system.types.insert(format!("{name}Group"), TypeDef::object(group));
}

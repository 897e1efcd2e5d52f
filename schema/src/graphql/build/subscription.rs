//! The subscription root: what a query may ask, again whenever its answer changes; and the changes of single rows.

use super::Scope;
use crate::catalog::EntityDef;
use crate::graphql::shape;
use crate::graphql::type_system::{InputField, OutputField, QUERY, SUBSCRIPTION, Text, TypeDef, TypeRef, TypeSystem};
use indexmap::IndexMap;

/// Adds `Subscription`: the root fields that `Query` has by now, and one more for each entity that can be listed.
pub(super) fn add(scope: &Scope<'_>, system: &mut TypeSystem) {
    let mut fields: IndexMap<Text, OutputField> = IndexMap::new();
    if let Some(queries) = system.types.get(QUERY).and_then(TypeDef::fields) {
        fields.extend(queries.iter().map(|(name, field)| (name.clone(), field.clone())));
    }
    for seen in scope.entities().filter(|seen| seen.can_list) {
        let def = scope.def(seen);
        system.types.insert(shape::change_name(def), change(def));
        let mut field = OutputField::new(TypeRef::required(shape::change_name(def)))
            .describe("Each row of the filter that comes, changes or goes, from now on.");
        let filter = InputField::new(TypeRef::named(format!("{}Filter", def.type_name)));
        field = field.argument("filter", filter.describe("Rows that match."));
        field.deprecated = def.deprecated.clone().map(Text::from);
        fields.insert(shape::changed_field(def).into(), field);
    }
    system.types.insert(SUBSCRIPTION.to_owned(), TypeDef::object(fields));
    system.subscription = Some(SUBSCRIPTION.to_owned());
}

fn change(def: &EntityDef) -> TypeDef {
    let fields = [
        ("kind", OutputField::new(TypeRef::required("ChangeKind"))),
        ("id", OutputField::new(TypeRef::required("ID"))),
        (
            "node",
            OutputField::new(TypeRef::named(def.type_name.clone()))
                .describe("The row as it is; null once it has gone."),
        ),
    ];
    TypeDef::object(fields.map(|(name, field)| (Text::from(name), field)).into())
}

//! The mutation root.

use super::entity::add_unseen;
use super::write_input::{Inputs, input_argument};
use super::{Scope, administration, input, write_input};
use crate::catalog::EntityDef;
use crate::graphql::root_write::RootWrite;
use crate::graphql::shape;
use crate::graphql::type_system::{InputField, MUTATION, OutputField, Text, TypeDef, TypeRef, TypeSystem};
use crate::graphql::visible::VisibleEntity;
use indexmap::IndexMap;

/// Adds `Mutation`, unless nothing may be written.
pub(super) fn add(scope: &Scope<'_>, system: &mut TypeSystem) {
    let mut fields: IndexMap<Text, OutputField> = IndexMap::new();
    for seen in scope.written() {
        let def = scope.def(seen);
        if !scope.entities().any(|known| known.id == seen.id) {
            add_unseen(def, system);
        }
        let inputs = write_input::add(scope, seen, system);
        for write in RootWrite::all(def) {
            if let Some(field) = root_field(def, seen, inputs, write) {
                let deprecated = def.deprecated.clone().map(Text::from);
                fields.insert(write.name(def).into(), OutputField { deprecated, ..field });
            }
        }
    }
    administration::add(scope, &mut fields, system);
    if !fields.is_empty() {
        system.types.insert(MUTATION.to_owned(), TypeDef::object(fields));
        system.mutation = Some(MUTATION.to_owned());
    }
}

/// A root field; `None` if the caller may not do that.
fn root_field(def: &EntityDef, seen: &VisibleEntity, inputs: Inputs, write: RootWrite) -> Option<OutputField> {
    let writes = &seen.writes;
    let field = match write {
        RootWrite::CreateOne => {
            writes.create.as_ref()?;
            let field = one(def, "Adds a row.");
            if inputs.create {
                field.argument("input", input_argument(def, "CreateInput"))
            } else {
                field
            }
        }
        RootWrite::CreateMany => {
            inputs.create.then_some(())?;
            let rows = TypeRef::list(format!("{}CreateInput", def.type_name));
            many(def, "Adds rows, all or none.").argument("input", input::required(rows))
        }
        RootWrite::UpdateOne => {
            inputs.update.then_some(())?;
            one(def, "Changes a row; with `ifVersion` only while it has that version.")
                .argument("id", input::required(TypeRef::named("ID")))
                .argument("input", input_argument(def, "UpdateInput"))
                .argument("ifVersion", if_version())
        }
        RootWrite::UpdateMany => {
            (inputs.update && seen.can_list).then_some(())?;
            many(def, "Changes all rows that match; none if they are more than `atMost`.")
                .argument("filter", input_argument(def, "Filter"))
                .argument("input", input_argument(def, "UpdateInput"))
                .argument("atMost", at_most())
        }
        RootWrite::DeleteOne => {
            writes.delete.then_some(())?;
            one(
                def,
                "Removes a row, with `ifVersion` only while it has that version; the answer is the row as it was.",
            )
            .argument("id", input::required(TypeRef::named("ID")))
            .argument("ifVersion", if_version())
        }
        RootWrite::DeleteMany => {
            (writes.delete && seen.can_list).then_some(())?;
            many(
                def,
                "Removes all rows that match, none if they are more than `atMost`; the answer is the rows as they were.",
            )
            .argument("filter", input_argument(def, "Filter"))
            .argument("atMost", at_most())
        }
        RootWrite::Upsert => {
            inputs.key.then_some(())?;
            one(def, "Changes the row that has the key's values, or adds one.")
                .argument("by", input_argument(def, "UniqueKey"))
                .argument("input", input_argument(def, "CreateInput"))
        }
        RootWrite::Transition(state) => {
            writes.transition.contains(&state).then_some(())?;
            let field = def.field(state);
            let told = format!(
                "Moves a row to another `{}`; with `ifVersion` only while it has that version.",
                field.graphql_name
            );
            one(def, told)
                .argument("id", input::required(TypeRef::named("ID")))
                .argument("to", input::required(TypeRef::named(shape::enum_name(def, field))))
                .argument("ifVersion", if_version())
        }
    };
    Some(field)
}

/// Null if the caller may not read the row.
fn one(def: &EntityDef, told: impl Into<Text>) -> OutputField {
    OutputField::new(TypeRef::named(def.type_name.clone())).describe(told)
}

/// A row, or null, for each.
fn many(def: &EntityDef, told: &'static str) -> OutputField {
    let rows = TypeRef::List(Box::new(TypeRef::named(def.type_name.clone())));
    OutputField::new(rows.non_null()).describe(told)
}

fn if_version() -> InputField {
    InputField::new(TypeRef::named("Int"))
}

fn at_most() -> InputField {
    InputField::new(TypeRef::required("Int")).or(1)
}

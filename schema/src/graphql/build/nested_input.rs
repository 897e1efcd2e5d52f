//! Input types of a list's rows, written together with the row above: each key is there if the rules of the listed
//! entity open it.

use super::write_input::{new_row, new_values, takes_a_field};
use super::{Scope, add_unless_empty};
use crate::catalog::{EntityDef, FieldDef, FieldType};
use crate::graphql::shape;
use crate::graphql::type_system::{InputField, Text, TypeDef, TypeRef, TypeSystem};
use crate::graphql::visible::VisibleEntity;

/// What may be done to the rows of a list while the row above is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct NestedKeys {
    pub(super) create: bool,
    update: bool,
    delete: bool,
    pub(super) connect: bool,
    disconnect: bool,
}

/// `None`: the field is no list, the caller does not see it, or nothing may be done.
pub(super) fn nested_keys(scope: &Scope<'_>, seen: &VisibleEntity, list: &FieldDef) -> Option<NestedKeys> {
    let FieldType::List { of, by } = list.field_type else {
        return None;
    };
    if !scope.fields(seen).any(|(field, _)| field.id == list.id) {
        return None;
    }
    let child = scope.visible.find(of)?;
    let refers_back = child
        .writes
        .create
        .as_ref()
        .is_some_and(|given| given.iter().any(|given| given.id == by));
    let moves = child.writes.update.as_ref().is_some_and(|given| given.contains(&by));
    let keys = NestedKeys {
        create: refers_back && !new_values(scope, child, by).is_empty(),
        update: takes_a_field(scope, child),
        delete: child.writes.delete,
        connect: moves,
        disconnect: moves && !scope.catalog.field(of, by).required,
    };
    (keys.create || keys.update || keys.delete || keys.connect || keys.disconnect).then_some(keys)
}

/// The types of a list's nested writes.
pub(super) fn add(scope: &Scope<'_>, seen: &VisibleEntity, list: &FieldDef, system: &mut TypeSystem) {
    let def = scope.def(seen);
    let (Some(keys), FieldType::List { of, by }) = (nested_keys(scope, seen, list), &list.field_type) else {
        return;
    };
    let Some(child) = scope.visible.find(*of) else { return };
    let new = list_input(def, list, "CreateInput");
    if keys.create {
        system
            .types
            .insert(new.clone(), TypeDef::input(new_row(scope, child, Some(*by))));
    }
    let create = (keys.create, "create", new, "Rows to add to the list.");
    let connect = (
        keys.connect,
        "connect",
        "ID".to_owned(),
        "Rows that come to this list, from wherever they are.",
    );
    let changes = [
        create.clone(),
        (
            keys.update,
            "update",
            format!("{}UpdateItem", scope.catalog.entity(*of).type_name),
            "Rows of the list to change.",
        ),
        (keys.delete, "delete", "ID".to_owned(), "Rows of the list to remove."),
        connect.clone(),
        (
            keys.disconnect,
            "disconnect",
            "ID".to_owned(),
            "Rows that leave the list, and stay.",
        ),
    ];
    let nested = |parts: &[(bool, &'static str, String, &'static str)]| {
        let open = parts.iter().filter(|(open, ..)| *open);
        let fields = open.map(|(_, key, of, told)| {
            (
                Text::from(*key),
                InputField::new(TypeRef::list(of.clone())).describe(*told),
            )
        });
        TypeDef::input(fields.collect())
    };
    add_unless_empty(
        system,
        list_input(def, list, "NestedCreateInput"),
        nested(&[create, connect]),
    );
    add_unless_empty(system, list_input(def, list, "NestedUpdateInput"), nested(&changes));
}

/// `TicketCommentsNestedCreateInput`
pub(super) fn list_input(def: &EntityDef, list: &FieldDef, suffix: &str) -> String {
    debug_assert!(shape::LIST_INPUTS.contains(&suffix), "the name is not reserved");
    format!("{}{suffix}", shape::field_type_name(def, list))
}

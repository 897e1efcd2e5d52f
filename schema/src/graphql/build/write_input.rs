//! Input types of writes: a new row, a change, and the enum of an entity's unique keys.
//!
//! No field has a default of GraphQL's: a client could not tell what the model says from what it said itself, and a
//! rule must take every field that is named.

use super::entity::add_enum;
use super::nested_input::{list_input, nested_keys};
use super::{Scope, add_unless_empty, input, nested_input};
use crate::catalog::{EntityDef, EntityId, EnumOption, FieldDef, FieldId, FieldType, UniqueKey};
use crate::graphql::sdl::quoted;
use crate::graphql::shape;
use crate::graphql::type_system::{InputField, Text, TypeDef, TypeKind, TypeRef, TypeSystem};
use crate::graphql::visible::VisibleEntity;
use freehold_base::{Value, write_date, write_datetime, write_time};
use indexmap::IndexMap;

/// Which input types of an entity there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inputs {
    /// `TicketCreateInput`. Not there when rules set every field of a new row themselves.
    pub(super) create: bool,
    /// `TicketUpdateInput`
    pub(super) update: bool,
    /// `TicketUniqueKey`, if rows can be upserted.
    pub(super) key: bool,
}

pub(super) fn add(scope: &Scope<'_>, seen: &VisibleEntity, system: &mut TypeSystem) -> Inputs {
    let def = scope.def(seen);
    let name = &def.type_name;
    let (create, update) = (seen.writes.create.is_some(), seen.writes.update.is_some());
    for field in &def.fields {
        if is_written(seen, field.id) {
            add_enum(def, field, system);
        }
        nested_input::add(scope, seen, field, system);
    }
    let create = create
        && add_unless_empty(
            system,
            format!("{name}CreateInput"),
            TypeDef::input(new_row(scope, seen, None)),
        );
    let update = update
        && add_unless_empty(
            system,
            format!("{name}UpdateInput"),
            TypeDef::input(change(scope, seen)),
        );
    if takes_a_field(scope, seen) {
        let item = IndexMap::from([
            (Text::from("id"), InputField::new(TypeRef::required("ID"))),
            (
                "input".into(),
                InputField::new(TypeRef::required(format!("{name}UpdateInput"))),
            ),
            (
                "ifVersion".into(),
                InputField::new(TypeRef::named("Int")).describe("Refused unless the row has this version."),
            ),
        ]);
        system.types.insert(format!("{name}UpdateItem"), TypeDef::input(item));
    }
    // A key of which the row above would be changed has to be readable: else an upsert would tell who has it.
    let keys = def.unique.iter().filter(|key| can_upsert(scope, seen, key));
    let values = keys.map(|key| shape::unique_key_name(def, key).into()).collect();
    let key = create
        && seen.writes.update.is_some()
        && add_unless_empty(
            system,
            format!("{name}UniqueKey"),
            TypeDef::new(TypeKind::Enum { values }).describe("The fields that tell whether a row is there already."),
        );
    Inputs { create, update, key }
}

/// A field of a new row.
pub(super) fn new_value(def: &EntityDef, field: &FieldDef, required: bool) -> Option<InputField> {
    let type_ref = input_type(def, field)?;
    let mut told: Vec<String> = field.description.iter().cloned().collect();
    if let Some(default) = default_text(field) {
        told.push(format!("By default `{default}`."));
    }
    let mut deprecated = field.deprecated.clone().map(Text::from);
    if required && let Some(reason) = deprecated.take() {
        // What must be given cannot be deprecated (GraphQL, section 3.13.3).
        told.push(format!("Deprecated: {reason}"));
    }
    Some(InputField {
        description: (!told.is_empty()).then(|| told.join("\n\n").into()),
        deprecated,
        ..InputField::new(if required { type_ref.non_null() } else { type_ref })
    })
}

/// The nullable type of a field's value as input; `None` for what no input holds.
fn input_type(def: &EntityDef, field: &FieldDef) -> Option<TypeRef> {
    Some(match &field.field_type {
        FieldType::Reference { .. } => TypeRef::named("ID"),
        FieldType::Select(_) => TypeRef::named(shape::enum_name(def, field)),
        FieldType::MultiSelect(_) => TypeRef::list(shape::enum_name(def, field)),
        FieldType::Id
        | FieldType::Version
        | FieldType::Autonumber
        | FieldType::List { .. }
        | FieldType::File
        | FieldType::Image
        | FieldType::Formula { .. } => return None,
        FieldType::Text(_)
        | FieldType::Int
        | FieldType::Float
        | FieldType::Decimal
        | FieldType::Boolean
        | FieldType::Date
        | FieldType::Time
        | FieldType::DateTime
        | FieldType::Uuid
        | FieldType::Json => TypeRef::named(shape::scalar_name(&field.field_type)?),
    })
}

/// Fields of a new row, in the model's order. `without`: the reference to the row that it is nested in.
pub(super) fn new_row(scope: &Scope<'_>, seen: &VisibleEntity, without: Option<FieldId>) -> IndexMap<Text, InputField> {
    let def = scope.def(seen);
    let taken = seen.writes.create.as_deref().unwrap_or_default();
    let fields = def.fields.iter().filter_map(|field| {
        let input = if let Some(keys) = nested_keys(scope, seen, field) {
            (keys.create || keys.connect)
                .then(|| InputField::new(TypeRef::named(list_input(def, field, "NestedCreateInput"))))
        } else {
            let given = taken
                .iter()
                .find(|given| given.id == field.id && Some(given.id) != without)?;
            new_value(def, field, given.required)
        };
        Some((Text::from(field.graphql_name.clone()), input?))
    });
    fields.collect()
}

/// Fields of a change, in the model's order: what is left out stays.
fn change(scope: &Scope<'_>, seen: &VisibleEntity) -> IndexMap<Text, InputField> {
    let def = scope.def(seen);
    let taken = seen.writes.update.as_deref().unwrap_or_default();
    let fields = def.fields.iter().filter_map(|field| {
        let input = if nested_keys(scope, seen, field).is_some() {
            InputField::new(TypeRef::named(list_input(def, field, "NestedUpdateInput")))
        } else {
            taken.contains(&field.id).then_some(())?;
            InputField::new(input_type(def, field)?).told_by(field.description.as_deref(), field.deprecated.as_deref())
        };
        Some((Text::from(field.graphql_name.clone()), input))
    });
    fields.collect()
}

/// Plain fields of a new row below another one. Lists of its own do not make it a row: an input may not be empty.
pub(super) fn new_values<'a>(scope: &Scope<'a>, child: &VisibleEntity, by: FieldId) -> Vec<&'a FieldDef> {
    let def = scope.catalog.entity(child.id);
    let taken = child.writes.create.iter().flatten();
    taken
        .filter(|given| given.id != by)
        .map(|given| def.field(given.id))
        .filter(|field| input_type(def, field).is_some())
        .collect()
}

/// Whether some update takes a plain field of the entity.
pub(super) fn takes_a_field(scope: &Scope<'_>, seen: &VisibleEntity) -> bool {
    let def = scope.catalog.entity(seen.id);
    let mut taken = seen.writes.update.iter().flatten();
    taken.any(|field| input_type(def, def.field(*field)).is_some())
}

/// Whether an upsert may look for a row by the key: the caller gives all of its fields, and may read and compare them.
fn can_upsert(scope: &Scope<'_>, seen: &VisibleEntity, key: &UniqueKey) -> bool {
    let given = seen.writes.create.as_deref().unwrap_or_default();
    seen.can_read
        && key.fields.iter().all(|id| {
            given.iter().any(|given| given.id == *id)
                && scope
                    .fields(seen)
                    .any(|(field, _)| field.id == *id && shape::is_filterable(field))
        })
}

/// Whether any write takes the field.
fn is_written(seen: &VisibleEntity, id: FieldId) -> bool {
    let writes = &seen.writes;
    writes.create.iter().flatten().any(|given| given.id == id)
        || writes.update.iter().flatten().any(|given| *given == id)
        || writes.transition.contains(&id)
}

/// A field's default as a literal, for people.
fn default_text(field: &FieldDef) -> Option<String> {
    let member = |value: &str, options: &[EnumOption]| {
        let option = options.iter().find(|option| option.value == value);
        option.map_or_else(|| value.to_owned(), |option| option.graphql_name.clone())
    };
    let written = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        quoted(&String::from_utf8_lossy(&out))
    };
    Some(match (field.default_value()?, &field.field_type) {
        (Value::Text(value), FieldType::Select(options)) => member(&value, options),
        (Value::TextList(values), FieldType::MultiSelect(options)) => {
            let members: Vec<String> = values.iter().map(|value| member(value, options)).collect();
            format!("[{}]", members.join(", "))
        }
        (Value::Text(value), _) => quoted(&value),
        (Value::TextList(values), _) => format!("[{}]", values.join(", ")),
        (Value::Boolean(value), _) => value.to_string(),
        (Value::Int(value), _) => value.to_string(),
        (Value::Float(value), _) => value.to_string(),
        (Value::Decimal(value), _) => quoted(&value.to_string()),
        (Value::Uuid(value), _) => quoted(&value.to_string()),
        (Value::Json(value), _) => value,
        (Value::DateTime(micros), _) => written(&|out| write_datetime(out, micros)),
        (Value::Date(days), _) => written(&|out| write_date(out, i64::from(days))),
        (Value::Time(micros), _) => written(&|out| write_time(out, micros)),
        (Value::Null | Value::Bytes(_), _) => return None,
    })
}

/// The argument `input` of that type.
pub(super) fn input_argument(def: &EntityDef, suffix: &str) -> InputField {
    input::required(TypeRef::named(format!("{}{suffix}", def.type_name)))
}

/// The input of a new tenant: the fields that its founder may give. `false`: there is none.
pub(super) fn add_tenant(scope: &Scope<'_>, tenant: EntityId, system: &mut TypeSystem) -> bool {
    let def = scope.catalog.entity(tenant);
    let mut fields: IndexMap<Text, InputField> = IndexMap::new();
    for given in &scope.visible.founding {
        let field = def.field(given.id);
        if let Some(input) = new_value(def, field, given.required) {
            add_enum(def, field, system);
            fields.insert(field.graphql_name.clone().into(), input);
        }
    }
    add_unless_empty(system, format!("{}CreateInput", def.type_name), TypeDef::input(fields))
}

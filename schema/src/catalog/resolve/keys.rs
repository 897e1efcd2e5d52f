//! Unique keys, indexes, access fields.

use super::names::{camel, pascal};
use super::{Context, attributes::given};
use crate::catalog::{AccessLevel, EntityId, EntityKind, FieldDef, FieldId, FieldType, SystemField, UniqueKey};
use crate::model::{EntityModel, Name, Spanned};
use crate::source::Span;

pub(super) fn resolve(context: &mut Context<'_>) {
    for index in 0..context.drafts.list.len() {
        let id = EntityId(index as u16);
        built_in(context, id);
        let Some(model) = context.drafts.list[index].model else {
            continue;
        };
        unique(context, id, model);
        indexes(context, id, model);
        access_field(context, id, model);
    }
    access_cycles(context);
}

fn built_in(context: &mut Context<'_>, id: EntityId) {
    let name = match context.def(id).kind {
        EntityKind::User => "email",
        EntityKind::Membership => "user",
        EntityKind::Ordinary | EntityKind::Tenant => return,
    };
    if let Some(field) = context.def(id).find_field(name).map(|field| field.id) {
        add_unique(context, id, vec![field], context.def(id).span);
    }
}

fn unique(context: &mut Context<'_>, id: EntityId, model: &EntityModel) {
    for (name, field) in model.fields.iter().filter(|(_, field)| given(field.unique)) {
        let Some(found) = context.def(id).find_field(&name.value) else {
            continue;
        };
        // That `unique` does not apply to the type was told with the other attributes.
        if type_fault(&found.field_type).is_none() {
            let span = field.unique.map_or(name.span, |unique| unique.span);
            let fields = key_fields(context, id, std::slice::from_ref(name), true);
            add_unique(context, id, fields.unwrap_or_default(), span);
        }
    }
    for key in &model.unique {
        let fields = list(context, id, key, true);
        add_unique(context, id, fields.unwrap_or_default(), key.span);
    }
}

fn add_unique(context: &mut Context<'_>, id: EntityId, fields: Vec<FieldId>, span: Span) {
    if fields.is_empty() {
        return;
    }
    let entity = context.def(id);
    let parts: Vec<String> = fields.iter().map(|field| pascal(&entity.field(*field).name)).collect();
    let key = UniqueKey {
        root_field: format!("{}By{}", camel(&entity.name), parts.join("And")),
        fields,
    };
    if entity.unique.iter().any(|known| {
        known.fields.len() == key.fields.len() && known.fields.iter().all(|field| key.fields.contains(field))
    }) {
        context
            .diagnostics
            .error("duplicate-key-list", span, "this unique key is there already")
            .hint("remove one of them");
        return;
    }
    context.entities[id.0 as usize].unique.push(key);
}

fn indexes(context: &mut Context<'_>, id: EntityId, model: &EntityModel) {
    for key in &model.index {
        let Some(fields) = list(context, id, key, false) else {
            continue;
        };
        if context.def(id).index.contains(&fields) {
            context
                .diagnostics
                .warning("duplicate-key-list", key.span, "this index is there already")
                .hint("remove one of them");
            continue;
        }
        context.entities[id.0 as usize].index.push(fields);
    }
}

fn list(context: &mut Context<'_>, id: EntityId, key: &Spanned<Vec<Name>>, unique: bool) -> Option<Vec<FieldId>> {
    if key.value.is_empty() {
        context
            .diagnostics
            .error("key-field", key.span, "the list of fields is empty");
        return None;
    }
    key_fields(context, id, &key.value, unique)
}

fn key_fields(context: &mut Context<'_>, id: EntityId, names: &[Name], unique: bool) -> Option<Vec<FieldId>> {
    let mut fields: Vec<FieldId> = Vec::with_capacity(names.len());
    let mut whole = true;
    for name in names {
        let Some(field) = context.field(id, name) else {
            whole = false;
            continue;
        };
        let fault = if fields.contains(&field) {
            Some("is listed twice")
        } else {
            key_fault(context.def(id).field(field), unique)
        };
        if let Some(why) = fault {
            let noun = if unique { "unique key" } else { "index" };
            context.diagnostics.error(
                "key-field",
                name.span,
                format!("`{}` cannot be in this {noun}: it {why}", name.value),
            );
            whole = false;
        }
        fields.push(field);
    }
    whole.then_some(fields)
}

fn key_fault(field: &FieldDef, unique: bool) -> Option<&'static str> {
    if field.encrypted.is_some() && !field.searchable {
        return Some("is encrypted and not `searchable: equality`");
    }
    match field.system {
        Some(SystemField::Tenant) if unique => Some("is part of every key of the entity already"),
        Some(SystemField::Id | SystemField::Version) if unique => Some("is the server's"),
        _ => type_fault(&field.field_type),
    }
}

/// Why values of that type cannot be in a key.
fn type_fault(field_type: &FieldType) -> Option<&'static str> {
    match field_type {
        FieldType::List { .. } => Some("has no column"),
        FieldType::Json => Some("holds JSON"),
        FieldType::MultiSelect(_) => Some("holds several words"),
        FieldType::File | FieldType::Image => Some("holds a file"),
        FieldType::Formula { .. } => Some("is calculated, and has no column"),
        FieldType::Id
        | FieldType::Version
        | FieldType::Text(_)
        | FieldType::Int
        | FieldType::Float
        | FieldType::Decimal
        | FieldType::Boolean
        | FieldType::Date
        | FieldType::Time
        | FieldType::DateTime
        | FieldType::Uuid
        | FieldType::Select(_)
        | FieldType::Reference { .. }
        | FieldType::Autonumber => None,
    }
}

fn access_field(context: &mut Context<'_>, id: EntityId, model: &EntityModel) {
    let Some(name) = &model.access_field else { return };
    let Some(field) = context.field(id, name) else { return };
    let entity = context.def(id);
    let def = entity.field(field);
    if entity.kind == EntityKind::User || def.reference_target().is_none() || def.system.is_some() {
        let why = match &def.field_type {
            _ if entity.kind == EntityKind::User => "the gate of `user` is fixed",
            FieldType::Reference { .. } if def.system.is_some() => "a system field is none",
            FieldType::Reference { .. } => "it has more than one target",
            _ => "it is not a reference",
        };
        context.diagnostics.error(
            "access-field",
            name.span,
            format!("`{}` cannot be the access field: {why}", name.value),
        );
        return;
    }
    let open = entity.access == AccessLevel::Open;
    let message = format!(
        "`{}` has an access field, so record tokens of its own do not count",
        entity.name
    );
    if open {
        context.diagnostics.warning(
            "access-field",
            name.span,
            "an open entity has no gate, so its access field has no effect",
        );
    }
    if let Some((token, _)) = model.record_tokens.iter().next() {
        context
            .diagnostics
            .error("tokens-beside-access-field", token.span, message)
            .also(name.span, "the access field")
            .hint("remove the record tokens, or the access field");
    }
    context.entities[id.0 as usize].access_field = Some(field);
}

/// Gates that ask each other in a circle would never answer.
fn access_cycles(context: &mut Context<'_>) {
    let next = |context: &Context<'_>, id: EntityId| {
        let entity = context.def(id);
        entity
            .access_field
            .and_then(|field| entity.field(field).reference_target())
    };
    let mut settled = vec![false; context.entities.len()];
    for start in 0..context.entities.len() {
        let mut path: Vec<EntityId> = Vec::new();
        let mut at = Some(EntityId(start as u16));
        while let Some(id) = at.filter(|id| !settled[id.0 as usize]) {
            if let Some(from) = path.iter().position(|known| *known == id) {
                let names: Vec<&str> = path[from..]
                    .iter()
                    .chain([&id])
                    .map(|id| context.def(*id).name.as_str())
                    .collect();
                let message = format!("access fields go in a circle: {}", names.join(" → "));
                let span = context
                    .drafts
                    .get(id)
                    .model
                    .and_then(|model| model.access_field.as_ref())
                    .map_or(context.def(id).span, |name| name.span);
                context
                    .diagnostics
                    .error("access-field-cycle", span, message)
                    .hint("one of these entities needs a gate of its own");
                break;
            }
            path.push(id);
            at = next(context, id);
        }
        for id in path {
            settled[id.0 as usize] = true;
        }
    }
}

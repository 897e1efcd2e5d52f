//! Entities with their fields.

use super::attributes::{self, given};
use super::draft::Draft;
use super::names::{self, RESERVED_FIELDS, camel, enum_name};
use super::{Context, builtin};
use crate::catalog::{AccessLevel, EntityDef, EntityId, EntityKind, EnumOption, FieldDef, FieldId, FieldType, OnDelete, TextKind};
use crate::model::{EntityModel, FieldModel, Name, Spanned, TypeWord};
use freehold_base::EntityTag;
use std::collections::HashMap;

/// `by` of a list before it is looked up.
const UNKNOWN: FieldId = FieldId(u16::MAX);

/// Fills `context.entities`.
pub(super) fn resolve(context: &mut Context<'_>) {
    let drafts = context.drafts.list.clone();
    for (index, draft) in drafts.iter().enumerate() {
        // INVARIANT: `draft::collect` gives no more entities than there are tags.
        let Some(tag) = EntityTag::new(index as u16) else { break };
        let entity = entity(context, EntityId(index as u16), tag, draft);
        context.entities.insert(draft.name.clone(), entity);
    }
    for (index, draft) in drafts.iter().enumerate() {
        if let Some(model) = draft.model {
            lists(context, EntityId(index as u16), model);
        }
    }
}

fn entity(context: &mut Context<'_>, id: EntityId, tag: EntityTag, draft: &Draft<'_>) -> EntityDef {
    let access = access(context, draft);
    let mut fields = builtin::system_fields(context, draft);
    fields.extend(builtin::built_in_fields(context, draft));
    let built_in: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
    if let Some(model) = draft.model {
        for (name, field_model) in model.fields.iter() {
            if check_field_name(context, draft, name, &built_in)
                && let Some(field) = field(context, draft, name, field_model)
            {
                fields.push(field);
            }
        }
        if model.extensible.is_some_and(|extensible| extensible.value) {
            context.diagnostics.warning("not-available", draft.span, "per-tenant fields are not available in this version");
        }
    }
    if fields.len() > usize::from(u16::MAX) {
        context.diagnostics.error("too-many-fields", draft.span, "too many fields");
        fields.truncate(usize::from(u16::MAX));
    }
    for (index, field) in fields.iter_mut().enumerate() {
        field.id = FieldId(index as u16);
    }
    check_collisions(context, &fields);
    let plural = plural(context, draft);
    EntityDef {
        id,
        kind: draft.kind,
        name: draft.name.clone(),
        span: draft.span,
        tag,
        description: draft.model.and_then(|model| model.description.clone()),
        deprecated: draft.model.and_then(|model| model.deprecated.clone()),
        type_name: names::pascal(&draft.name),
        root_one: camel(&draft.name),
        root_many: camel(&plural),
        tenant_scoped: draft.tenant_scoped,
        public: draft.model.and_then(|model| model.public).is_some_and(|public| public.value),
        access,
        access_field: None,
        fields,
        unique: Vec::new(),
        index: Vec::new(),
        record_tokens: Vec::new(),
    }
}

fn access(context: &mut Context<'_>, draft: &Draft<'_>) -> AccessLevel {
    let stated = draft.model.and_then(|model| model.access);
    if draft.kind == EntityKind::User {
        if let Some(stated) = stated {
            context
                .diagnostics
                .warning("access-of-user", stated.span, "`access` of `user` has no effect")
                .hint("its gate is fixed: oneself, or an active member of the request's tenant");
        }
        return AccessLevel::Protected;
    }
    if let (None, Some(_)) = (stated, draft.model) {
        context
            .diagnostics
            .error("access-not-stated", draft.span, format!("`{}` does not state its `access`", draft.name))
            .hint("write `access: protected`, `access: protected_write` or `access: open`");
    }
    stated.map_or(AccessLevel::Protected, |stated| stated.value)
}

fn plural(context: &mut Context<'_>, draft: &Draft<'_>) -> String {
    match draft.model.and_then(|model| model.plural.as_ref()) {
        Some(stated) if !context.check_name("a plural", stated) => names::plural(&draft.name),
        Some(stated) if camel(&stated.value) == camel(&draft.name) => {
            context
                .diagnostics
                .error("plural", stated.span, format!("the plural of `{}` must differ from it", draft.name))
                .hint(format!("for example `plural: all_{}`", draft.name));
            stated.value.clone()
        }
        Some(stated) => stated.value.clone(),
        None => names::plural(&draft.name),
    }
}

fn check_field_name(context: &mut Context<'_>, draft: &Draft<'_>, name: &Name, built_in: &[String]) -> bool {
    if !context.check_name("a field", name) {
        return false;
    }
    let told = if built_in.iter().any(|known| known == name.as_str()) {
        let told = context.diagnostics.error("reserved-name", name.span, format!("`{}` is a built-in field of `{}`", name.value, draft.name));
        told.hint("leave it out: it is there already")
    } else if RESERVED_FIELDS.contains(&name.as_str()) {
        context.diagnostics.error("reserved-name", name.span, format!("`{}` cannot be the name of a field", name.value)).hint("choose another name")
    } else if draft.tenant_scoped && context.model.tenant.as_ref().is_some_and(|tenant| tenant.value == name.value) {
        let told = context.diagnostics.error("reserved-name", name.span, format!("`{}` is there already, as `tenant`", name.value));
        told.hint("leave it out; for a reference to another one choose another name")
    } else {
        return true;
    };
    let _ = told;
    false
}

fn field(context: &mut Context<'_>, draft: &Draft<'_>, name: &Name, model: &FieldModel) -> Option<FieldDef> {
    let Some(field_type) = field_type(context, draft, name, model) else {
        context.lost.add(&name.value);
        return None;
    };
    let mut field = builtin::field(&name.value, name.span, field_type);
    field.description.clone_from(&model.description);
    field.deprecated.clone_from(&model.deprecated);
    field.required = given(model.required);
    field.immutable = given(model.immutable);
    field.personal = given(model.personal);
    field.state = given(model.state);
    field.searchable = model.searchable.is_some();
    field.encrypted = model.encrypted.as_ref().map(|key| key.value.clone());
    field.default = model.default.as_ref().map(|default| default.0.clone());
    field.was = model.was.as_ref().map(|was| was.value.clone());
    field.min = model.min.as_ref().map(|min| min.0.clone());
    field.max = model.max.as_ref().map(|max| max.0.clone());
    field.pattern = model.pattern.as_ref().map(|pattern| pattern.value.clone());
    attributes::check(context, name, model, &field);
    if let (Some(was), Some(entity)) = (&model.was, draft.model)
        && entity.fields.get(&was.value).is_some()
    {
        context.diagnostics.error("renamed", was.span, format!("`{}` is still a field", was.value)).hint("`was` is the name that is gone");
    }
    Some(field)
}

fn field_type(context: &mut Context<'_>, draft: &Draft<'_>, name: &Name, model: &FieldModel) -> Option<FieldType> {
    Some(match model.r#type.value {
        TypeWord::Text => FieldType::Text(TextKind::Plain),
        TypeWord::Html => FieldType::Text(TextKind::Html),
        TypeWord::Markdown => FieldType::Text(TextKind::Markdown),
        TypeWord::Email => FieldType::Text(TextKind::Email),
        TypeWord::Url => FieldType::Text(TextKind::Url),
        TypeWord::Int => FieldType::Int,
        TypeWord::Float => FieldType::Float,
        TypeWord::Decimal => FieldType::Decimal,
        TypeWord::Boolean => FieldType::Boolean,
        TypeWord::Date => FieldType::Date,
        TypeWord::Time => FieldType::Time,
        TypeWord::Datetime => FieldType::DateTime,
        TypeWord::Uuid => FieldType::Uuid,
        TypeWord::Json => FieldType::Json,
        TypeWord::File => FieldType::File,
        TypeWord::Image => FieldType::Image,
        TypeWord::Autonumber => FieldType::Autonumber,
        TypeWord::Select => FieldType::Select(options(context, name, model)?),
        TypeWord::Multiselect => FieldType::MultiSelect(options(context, name, model)?),
        TypeWord::Ref => reference(context, draft, name, model)?,
        TypeWord::List => {
            let (Some(of), Some(_)) = (&model.of, &model.by) else {
                let missing = if model.of.is_none() { "of" } else { "by" };
                context
                    .diagnostics
                    .error("missing-key", name.span, format!("the list `{}` does not state `{missing}`", name.value))
                    .hint("write `{type: list, of: <entity>, by: <its reference back>}`");
                return None;
            };
            FieldType::List { of: context.entity(of)?, by: UNKNOWN }
        }
        TypeWord::Formula => {
            context.diagnostics.error("not-available", model.r#type.span, "formula fields are not available in this version");
            return None;
        }
    })
}

fn options(context: &mut Context<'_>, name: &Name, model: &FieldModel) -> Option<Vec<EnumOption>> {
    let Some(stated) = model.options.as_ref().filter(|options| !options.value.is_empty()) else {
        let span = model.options.as_ref().map_or(name.span, |options| options.span);
        context
            .diagnostics
            .error("options", span, format!("`{}` has no options", name.value))
            .hint("write `options: [first, second]`");
        return None;
    };
    let mut options: Vec<EnumOption> = Vec::with_capacity(stated.value.len());
    let mut places = HashMap::new();
    for option in &stated.value {
        let Some(graphql_name) = enum_name(&option.value) else {
            context.diagnostics.error("options", option.span, format!("`{}` cannot be an option", option.value)).hint("an option needs a letter or a digit");
            continue;
        };
        if let Some((first, value)) = places.insert(graphql_name.clone(), (option.span, option.value.clone())) {
            let message = if value == option.value {
                format!("the option `{value}` is listed twice")
            } else {
                format!("`{}` and `{value}` are both `{graphql_name}` in GraphQL", option.value)
            };
            context.diagnostics.error("options", option.span, message).also(first, "the first one");
            continue;
        }
        options.push(EnumOption { value: option.value.clone(), graphql_name });
    }
    Some(options)
}

fn reference(context: &mut Context<'_>, draft: &Draft<'_>, name: &Name, model: &FieldModel) -> Option<FieldType> {
    let Some(targets) = model.to.as_ref().filter(|targets| !targets.0.is_empty()) else {
        context
            .diagnostics
            .error("missing-key", name.span, format!("the reference `{}` does not state `to`", name.value))
            .hint("write `to:` with the entity it points to");
        return None;
    };
    let mut to = Vec::with_capacity(targets.0.len());
    for target in &targets.0 {
        let Some(id) = context.entity(target) else { continue };
        if to.contains(&id) {
            context.diagnostics.error("duplicate-target", target.span, format!("`{}` is listed twice", target.value));
            continue;
        }
        check_tenant_path(context, draft, id, target);
        to.push(id);
    }
    if to.len() < targets.0.len() && to.is_empty() {
        return None;
    }
    let on_delete = on_delete(context, name, model, &to);
    Some(FieldType::Reference { to, on_delete })
}

/// A row outside the tenants cannot refer into one: whose row would it be?
fn check_tenant_path(context: &mut Context<'_>, draft: &Draft<'_>, target: EntityId, name: &Name) {
    if draft.tenant_scoped || !context.drafts.get(target).tenant_scoped {
        return;
    }
    let (message, hint) = if draft.kind == EntityKind::Tenant {
        (format!("the tenant entity cannot refer to `{}`, which is in it", name.value), "turn it round: a reference or a boolean on the other entity".to_owned())
    } else {
        let tenant = context.model.tenant.as_ref().map_or("tenant", |tenant| tenant.as_str());
        let hint = match draft.kind {
            EntityKind::User => "users belong to the environment; put the field on the membership entity".to_owned(),
            EntityKind::Ordinary | EntityKind::Tenant | EntityKind::Membership => format!("state `in: {tenant}` on `{}` too", draft.name),
        };
        (format!("`{}` is shared by all tenants and cannot refer to `{}`, which belongs to one", draft.name, name.value), hint)
    };
    context.diagnostics.error("tenant-path", name.span, message).hint(hint);
}

fn on_delete(context: &mut Context<'_>, name: &Name, model: &FieldModel, to: &[EntityId]) -> OnDelete {
    let required = given(model.required);
    match model.on_delete {
        Some(Spanned { value: OnDelete::SetNull, span }) if required => {
            context
                .diagnostics
                .error("on-delete", span, format!("`{}` is required and cannot be set to null", name.value))
                .hint("write `on_delete: restrict` or `on_delete: cascade`");
            OnDelete::SetNull
        }
        Some(stated) => stated.value,
        None => {
            let only_user = to == [context.drafts.user];
            let implied = if required { OnDelete::Restrict } else { OnDelete::SetNull };
            if only_user {
                let word = if required { "restrict" } else { "set_null" };
                context
                    .diagnostics
                    .warning("on-delete", name.span, format!("`{}` does not state `on_delete`; `{word}` is taken", name.value))
                    .hint(format!("write `on_delete: {word}`"));
            } else if to.len() == 1 && model.to.as_ref().is_some_and(|to| to.0.len() == 1) {
                context
                    .diagnostics
                    .error("on-delete", name.span, format!("the reference `{}` does not state `on_delete`", name.value))
                    .hint("write `on_delete: restrict`, `on_delete: cascade` or `on_delete: set_null`");
            }
            implied
        }
    }
}

/// Two names of the model that are one to GraphQL or to the database.
fn check_collisions(context: &mut Context<'_>, fields: &[FieldDef]) {
    let mut graphql: HashMap<&str, &FieldDef> = HashMap::new();
    let mut columns: HashMap<String, &FieldDef> = HashMap::new();
    for field in fields {
        if let Some(first) = graphql.insert(&field.graphql_name, field) {
            let message = format!("`{}` and `{}` are both `{}` in GraphQL", first.name, field.name, field.graphql_name);
            context.diagnostics.error("graphql-name", field.span, message).hint("rename one of them");
        }
        let Some(column) = field.column() else { continue };
        if column.name.len() > names::NAME_BYTES_MAX {
            context.diagnostics.error("invalid-name", field.span, format!("the column `{}` would be longer than 63 bytes", column.name));
        }
        if let Some(first) = columns.insert(column.name.clone(), field) {
            let message = format!("`{}` and `{}` are both stored as `{}`", first.name, field.name, column.name);
            context.diagnostics.error("column-name", field.span, message).hint("rename one of them");
        }
    }
}

/// Looks up `by` of the lists, now that all fields are known.
fn lists(context: &mut Context<'_>, id: EntityId, model: &EntityModel) {
    for index in 0..context.def(id).fields.len() {
        let field = &context.def(id).fields[index];
        let FieldType::List { of, .. } = field.field_type else { continue };
        let Some(name) = model.fields.get(&field.name).and_then(|model| model.by.as_ref()) else { continue };
        let Some(by) = context.field(of, name) else { continue };
        let (target, back) = (context.def(of), context.def(of).field(by));
        if !matches!(&back.field_type, FieldType::Reference { to, .. } if to.contains(&id)) {
            let known: Vec<String> = target
                .fields
                .iter()
                .filter(|field| field.system.is_none() && matches!(&field.field_type, FieldType::Reference { to, .. } if to.contains(&id)))
                .map(|field| format!("`{}`", field.name))
                .collect();
            let hint = if known.is_empty() {
                format!("give `{}` a reference to `{}`", target.name, context.def(id).name)
            } else {
                format!("references back: {}", known.join(", "))
            };
            let message = format!("`{}.{}` is not a reference to `{}`", target.name, name.value, context.def(id).name);
            context.diagnostics.error("not-a-reference-back", name.span, message).hint(hint);
        }
        context.entities[id.0 as usize].fields[index].field_type = FieldType::List { of, by };
    }
}

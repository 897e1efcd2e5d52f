//! Entities with their fields.

use super::attributes::{self, given};
use super::draft::Draft;
use super::names::{self, RESERVED_FIELDS, camel};
use super::{Context, builtin, field_types};
use crate::catalog::{AccessLevel, EntityDef, EntityId, EntityKind, FieldDef, FieldId, FieldType};
use crate::model::{EntityModel, FieldModel, Name};
use freehold_base::EntityTag;
use std::collections::HashMap;

/// PostgreSQL keeps 1,600 columns in a table, SQLite 2,000; some stay for the platform.
const FIELDS_MAX: usize = 1_000;

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
            context.diagnostics.warning(
                "not-available",
                draft.span,
                "per-tenant fields are not available in this version",
            );
        }
    }
    if fields.len() > FIELDS_MAX {
        context.diagnostics.error(
            "too-many-fields",
            draft.span,
            format!("`{}` has more than {FIELDS_MAX} fields", draft.name),
        );
        fields.truncate(FIELDS_MAX);
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
        public: draft
            .model
            .and_then(|model| model.public)
            .is_some_and(|public| public.value),
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
    if let (None, Some(_), false) = (stated, draft.model, context.lost.contains("access")) {
        context
            .diagnostics
            .error(
                "access-not-stated",
                draft.span,
                format!("`{}` does not state its `access`", draft.name),
            )
            .hint("write `access: protected`, `access: protected_write` or `access: open`");
    }
    stated.map_or(AccessLevel::Protected, |stated| stated.value)
}

fn plural(context: &mut Context<'_>, draft: &Draft<'_>) -> String {
    match draft.model.and_then(|model| model.plural.as_ref()) {
        Some(stated) if !context.check_name("a plural", stated) => names::plural(&draft.name),
        Some(stated) => stated.value.clone(),
        None => names::plural(&draft.name),
    }
}

fn check_field_name(context: &mut Context<'_>, draft: &Draft<'_>, name: &Name, built_in: &[String]) -> bool {
    if !context.check_name("a field", name) {
        return false;
    }
    if built_in.iter().any(|known| known == name.as_str()) {
        let told = context.diagnostics.error(
            "reserved-name",
            name.span,
            format!("`{}` is a built-in field of `{}`", name.value, draft.name),
        );
        told.hint("leave it out: it is there already");
    } else if RESERVED_FIELDS.contains(&name.as_str()) {
        context
            .diagnostics
            .error(
                "reserved-name",
                name.span,
                format!("`{}` cannot be the name of a field", name.value),
            )
            .hint("choose another name");
    } else if draft.tenant_scoped
        && context
            .model
            .tenant
            .as_ref()
            .is_some_and(|tenant| tenant.value == name.value)
    {
        let told = context.diagnostics.error(
            "reserved-name",
            name.span,
            format!("`{}` is there already, as `tenant`", name.value),
        );
        told.hint("leave it out; for a reference to another one choose another name");
    } else {
        return true;
    }
    false
}

fn field(context: &mut Context<'_>, draft: &Draft<'_>, name: &Name, model: &FieldModel) -> Option<FieldDef> {
    let Some(field_type) = field_types::resolve(context, draft, name, model) else {
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
    field.cascade_system = model.cascade.is_some();
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
        context
            .diagnostics
            .error("renamed", was.span, format!("`{}` is still a field", was.value))
            .hint("`was` is the name that is gone");
    }
    Some(field)
}

/// Two names of the model that are one to GraphQL or to the database.
fn check_collisions(context: &mut Context<'_>, fields: &[FieldDef]) {
    let mut graphql: HashMap<&str, &FieldDef> = HashMap::new();
    let mut columns: HashMap<String, &FieldDef> = HashMap::new();
    for field in fields {
        if let Some(first) = graphql.insert(&field.graphql_name, field) {
            let message = format!(
                "`{}` and `{}` are both `{}` in GraphQL",
                first.name, field.name, field.graphql_name
            );
            context
                .diagnostics
                .error("graphql-name", field.span, message)
                .hint("rename one of them");
        }
        let own = field.column().map(|column| column.name);
        for column in own.into_iter().chain(field.index_column()) {
            if column.len() > names::NAME_BYTES_MAX {
                context.diagnostics.error(
                    "invalid-name",
                    field.span,
                    format!("the column `{column}` would be longer than 63 bytes"),
                );
            }
            if let Some(first) = columns.insert(column.clone(), field) {
                let message = format!("`{}` and `{}` are both stored as `{column}`", first.name, field.name);
                context
                    .diagnostics
                    .error("column-name", field.span, message)
                    .hint("rename one of them");
            }
        }
    }
}

/// Looks up `by` of the lists, now that all fields are known.
fn lists(context: &mut Context<'_>, id: EntityId, model: &EntityModel) {
    for index in 0..context.def(id).fields.len() {
        let field = &context.def(id).fields[index];
        let FieldType::List { of, .. } = field.field_type else {
            continue;
        };
        let Some(name) = model.fields.get(&field.name).and_then(|model| model.by.as_ref()) else {
            continue;
        };
        let Some(by) = context.field(of, name) else { continue };
        let (target, back) = (context.def(of), context.def(of).field(by));
        if !matches!(&back.field_type, FieldType::Reference { to, .. } if to.contains(&id)) {
            let known: Vec<String> = target
                .fields
                .iter()
                .filter(|field| {
                    field.system.is_none()
                        && matches!(&field.field_type, FieldType::Reference { to, .. } if to.contains(&id))
                })
                .map(|field| format!("`{}`", field.name))
                .collect();
            let hint = if known.is_empty() {
                format!("give `{}` a reference to `{}`", target.name, context.def(id).name)
            } else {
                format!("references back: {}", known.join(", "))
            };
            let message = format!(
                "`{}.{}` is not a reference to `{}`",
                target.name,
                name.value,
                context.def(id).name
            );
            context
                .diagnostics
                .error("not-a-reference-back", name.span, message)
                .hint(hint);
        }
        context.entities[id.0 as usize].fields[index].field_type = FieldType::List { of, by };
    }
}

//! What a field holds: the word under `type:`, with the attributes that belong to it.

use super::Context;
use super::attributes::given;
use super::draft::Draft;
use super::formulas;
use super::names::enum_name;
use crate::catalog::{EntityId, EntityKind, EnumOption, FieldId, FieldType, OnDelete, TextKind};
use crate::model::{FieldModel, Name, Spanned, TypeWord};
use std::collections::HashMap;

/// `by` of a list before it is looked up.
const UNKNOWN: FieldId = FieldId(u16::MAX);

/// The type of a field; `None` when it has none, which was told.
pub(super) fn resolve(
    context: &mut Context<'_>,
    draft: &Draft<'_>,
    name: &Name,
    model: &FieldModel,
) -> Option<FieldType> {
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
                    .error(
                        "missing-key",
                        name.span,
                        format!("the list `{}` does not state `{missing}`", name.value),
                    )
                    .hint("write `{type: list, of: <entity>, by: <its reference back>}`");
                return None;
            };
            FieldType::List {
                of: context.entity(of)?,
                by: UNKNOWN,
            }
        }
        TypeWord::Formula => formulas::declared(context, name, model)?,
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
            context
                .diagnostics
                .error(
                    "options",
                    option.span,
                    format!("`{}` cannot be an option", option.value),
                )
                .hint("an option needs a letter or a digit");
            continue;
        };
        if let Some((first, value)) = places.insert(graphql_name.clone(), (option.span, option.value.clone())) {
            let message = if value == option.value {
                format!("the option `{value}` is listed twice")
            } else {
                format!("`{}` and `{value}` are both `{graphql_name}` in GraphQL", option.value)
            };
            context
                .diagnostics
                .error("options", option.span, message)
                .also(first, "the first one");
            continue;
        }
        options.push(EnumOption {
            value: option.value.clone(),
            graphql_name,
        });
    }
    Some(options)
}

fn reference(context: &mut Context<'_>, draft: &Draft<'_>, name: &Name, model: &FieldModel) -> Option<FieldType> {
    let Some(targets) = model.to.as_ref().filter(|targets| !targets.0.is_empty()) else {
        context
            .diagnostics
            .error(
                "missing-key",
                name.span,
                format!("the reference `{}` does not state `to`", name.value),
            )
            .hint("write `to:` with the entity it points to");
        return None;
    };
    let mut to = Vec::with_capacity(targets.0.len());
    for target in &targets.0 {
        let Some(id) = context.entity(target) else { continue };
        if to.contains(&id) {
            context.diagnostics.error(
                "duplicate-target",
                target.span,
                format!("`{}` is listed twice", target.value),
            );
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
        (
            format!("the tenant entity cannot refer to `{}`, which is in it", name.value),
            "turn it round: a reference or a boolean on the other entity".to_owned(),
        )
    } else {
        let tenant = context.model.tenant.as_ref().map_or("tenant", |tenant| tenant.as_str());
        let hint = match draft.kind {
            EntityKind::User => "users belong to the environment; put the field on the membership entity".to_owned(),
            EntityKind::Ordinary | EntityKind::Tenant | EntityKind::Membership => {
                format!("state `in: {tenant}` on `{}` too", draft.name)
            }
        };
        (
            format!(
                "`{}` is shared by all tenants and cannot refer to `{}`, which belongs to one",
                draft.name, name.value
            ),
            hint,
        )
    };
    context.diagnostics.error("tenant-path", name.span, message).hint(hint);
}

fn on_delete(context: &mut Context<'_>, name: &Name, model: &FieldModel, to: &[EntityId]) -> OnDelete {
    let required = given(model.required);
    match model.on_delete {
        Some(Spanned {
            value: OnDelete::SetNull,
            span,
        }) if required => {
            context
                .diagnostics
                .error(
                    "on-delete",
                    span,
                    format!("`{}` is required and cannot be set to null", name.value),
                )
                .hint("write `on_delete: restrict` or `on_delete: cascade`");
            OnDelete::SetNull
        }
        Some(stated) => stated.value,
        None => {
            let only_user = to == [context.drafts.user];
            let implied = if required {
                OnDelete::Restrict
            } else {
                OnDelete::SetNull
            };
            if context.lost.contains("on_delete") {
                // Stated in words that were told of already.
            } else if only_user {
                let word = if required { "restrict" } else { "set_null" };
                context
                    .diagnostics
                    .warning(
                        "on-delete",
                        name.span,
                        format!("`{}` does not state `on_delete`; `{word}` is taken", name.value),
                    )
                    .hint(format!("write `on_delete: {word}`"));
            } else if to.len() == 1 && model.to.as_ref().is_some_and(|to| to.0.len() == 1) {
                context
                    .diagnostics
                    .error(
                        "on-delete",
                        name.span,
                        format!("the reference `{}` does not state `on_delete`", name.value),
                    )
                    .hint("write `on_delete: restrict`, `on_delete: cascade` or `on_delete: set_null`");
            }
            implied
        }
    }
}

//! Permission sets, profiles, roles.

use super::{Context, administration};
use crate::catalog::{
    Check, FieldId, FieldType, Operation, PermissionSetDef, ProfileDef, RoleDef, RuleDecl, SystemField,
};
use crate::model::{ActionsOrRule, MfaModel, Name, Raw, Spanned};
use crate::source::Span;
use crate::yaml::NodeKind;
use indexmap::IndexMap;
use std::collections::HashSet;

/// Actions of the platform. An app's own come with functions.
pub(super) const ACTIONS: [&str; 14] = [
    "create_tenant",
    "invite_member",
    "set_member_roles",
    "remove_member",
    "block_member",
    "unblock_member",
    "reset_password",
    "set_secret",
    "create_api_key",
    "revoke_api_key",
    "revoke_sessions",
    "read_audit",
    "extend_model",
    "review_images",
];

pub(super) fn permission_sets(context: &mut Context<'_>) -> IndexMap<String, PermissionSetDef> {
    let mut sets = IndexMap::new();
    for (name, entries) in context.model.permission_sets.iter() {
        if !context.check_name("a permission set", name) {
            continue;
        }
        let mut set = PermissionSetDef {
            name: name.value.clone(),
            span: name.span,
            rules: Vec::new(),
            actions: Vec::new(),
        };
        for entry in entries {
            if let Some(actions) = &entry.value.actions {
                add_actions(context, entry, actions, &mut set);
            } else if let Some(rule) = rule(context, entry.span, &entry.value) {
                set.rules.push(rule);
            }
        }
        sets.insert(name.value.clone(), set);
    }
    sets
}

fn add_actions(
    context: &mut Context<'_>,
    entry: &Spanned<ActionsOrRule>,
    actions: &[Name],
    set: &mut PermissionSetDef,
) {
    let rule = &entry.value;
    if rule.entity.is_some() || rule.allow.is_some() || !rule.read.is_empty() || !rule.write.is_empty() {
        context
            .diagnostics
            .error("rule-shape", entry.span, "`actions` stands alone")
            .hint("make two entries: one with `actions`, one with `entity` and `allow`");
    }
    for action in actions {
        if !ACTIONS.contains(&action.as_str()) {
            context.unknown("unknown-action", "action", action, ACTIONS);
        } else if !set.actions.contains(&action.value) {
            set.actions.push(action.value.clone());
        }
    }
}

fn rule(context: &mut Context<'_>, span: Span, model: &ActionsOrRule) -> Option<RuleDecl> {
    let Some(entity_name) = &model.entity else {
        context
            .diagnostics
            .error(
                "rule-shape",
                span,
                "a rule needs `entity` and `allow`, or `actions` alone",
            )
            .hint("write {entity: ticket, allow: [read, list], read: [subject]}");
        return None;
    };
    let stated = model.allow.as_deref().unwrap_or_default();
    if stated.is_empty() {
        context
            .diagnostics
            .error("rule-shape", entity_name.span, "the rule allows nothing")
            .hint("state `allow:` with create, read, list, update, delete or transition");
    }
    let entity = context.entity(entity_name)?;
    let mut allow: Vec<Operation> = Vec::with_capacity(stated.len());
    for operation in stated {
        if allow.contains(&operation.value) {
            context
                .diagnostics
                .warning("listed-twice", operation.span, "the operation is listed twice");
        } else {
            allow.push(operation.value);
        }
    }
    let read = read_fields(context, entity, &model.read);
    let write = write_fields(context, entity, model);
    let presets = presets(context, entity, model);
    check_lists(context, model, &allow);
    administration::check_rule(context, entity, model);
    Some(RuleDecl {
        span,
        entity,
        allow,
        condition: model.r#where.as_ref().map(|condition| condition.0.clone()),
        check: check(context, model.check.as_ref()),
        read,
        write,
        records_all: model.records.is_some(),
        presets,
    })
}

/// A list of fields that does nothing is a slip of the hand.
fn check_lists(context: &mut Context<'_>, model: &ActionsOrRule, allow: &[Operation]) {
    if allow.is_empty() {
        return;
    }
    let reads = allow
        .iter()
        .any(|operation| matches!(operation, Operation::Read | Operation::List));
    let writes = allow
        .iter()
        .any(|operation| matches!(operation, Operation::Create | Operation::Update | Operation::Transition));
    if let (Some(first), false) = (model.read.first(), allow.contains(&Operation::Read)) {
        let hint = if reads {
            "add `read` to `allow`: `list` finds rows, `read` opens fields"
        } else {
            "add `read` to `allow`, or remove the list"
        };
        context
            .diagnostics
            .warning(
                "list-without-operation",
                first.span,
                "`read` has no effect: the rule does not allow `read`",
            )
            .hint(hint);
    }
    if let (Some(first), false) = (model.write.first(), writes) {
        context
            .diagnostics
            .warning(
                "list-without-operation",
                first.span,
                "`write` has no effect: the rule allows no create, update or transition",
            )
            .hint("add one of them to `allow`, or remove the list");
    }
    if let (Some((first, _)), false) = (model.set.iter().next(), writes) {
        context.diagnostics.warning(
            "list-without-operation",
            first.span,
            "`set` has no effect: the rule allows no create or update",
        );
    }
}

fn read_fields(context: &mut Context<'_>, entity: crate::catalog::EntityId, names: &[Name]) -> Vec<FieldId> {
    let mut fields = Vec::with_capacity(names.len());
    let mut seen = HashSet::new();
    for name in names {
        if is_custom(context, name) {
            continue;
        }
        let Some(field) = context.field(entity, name) else {
            continue;
        };
        if seen.insert(field) {
            fields.push(field);
        } else {
            context
                .diagnostics
                .warning("listed-twice", name.span, format!("`{}` is listed twice", name.value));
        }
    }
    fields
}

fn write_fields(context: &mut Context<'_>, entity: crate::catalog::EntityId, model: &ActionsOrRule) -> Vec<FieldId> {
    let mut fields = Vec::with_capacity(model.write.len());
    let mut seen = HashSet::new();
    for name in &model.write {
        if is_custom(context, name) {
            continue;
        }
        let Some(field) = context.field(entity, name) else {
            continue;
        };
        if let Some(why) = unwritable(context.def(entity).field(field)) {
            context.diagnostics.error(
                "not-writable",
                name.span,
                format!("`{}` cannot be written: {why}", name.value),
            );
        } else if !seen.insert(field) {
            context
                .diagnostics
                .warning("listed-twice", name.span, format!("`{}` is listed twice", name.value));
        } else {
            fields.push(field);
        }
    }
    fields
}

fn presets(
    context: &mut Context<'_>,
    entity: crate::catalog::EntityId,
    model: &ActionsOrRule,
) -> Vec<(FieldId, crate::yaml::Node)> {
    let mut presets = Vec::new();
    for (name, value) in model.set.iter() {
        let Some(field) = context.field(entity, name) else {
            continue;
        };
        if let Some(why) = unwritable(context.def(entity).field(field)) {
            context.diagnostics.error(
                "not-writable",
                name.span,
                format!("`{}` cannot be set: {why}", name.value),
            );
            continue;
        }
        if let Some(listed) = model.write.iter().find(|listed| listed.value == name.value) {
            context
                .diagnostics
                .error(
                    "preset-and-write",
                    name.span,
                    format!("`{}` is both set by the rule and written by the caller", name.value),
                )
                .also(listed.span, "written by the caller")
                .hint("remove it from one of the two");
        }
        presets.push((field, value.0.clone()));
    }
    presets
}

fn unwritable(field: &crate::catalog::FieldDef) -> Option<&'static str> {
    match (field.system, &field.field_type) {
        (Some(SystemField::Owner), _) => None,
        (Some(_), _) => Some("it is the server's"),
        (None, FieldType::List { .. }) => {
            Some("it is the inverse of a reference; write the reference on the other entity")
        }
        (None, FieldType::Autonumber) => Some("the server counts it"),
        (None, FieldType::Formula { .. }) => Some("it is calculated"),
        (None, _) => None,
    }
}

/// `custom.*` and `custom.<field>` name fields that a tenant adds.
fn is_custom(context: &mut Context<'_>, name: &Name) -> bool {
    let custom = name.value.starts_with("custom.");
    if custom {
        context.diagnostics.warning(
            "not-available",
            name.span,
            "per-tenant fields are not available in this version",
        );
    }
    custom
}

fn check(context: &mut Context<'_>, stated: Option<&Raw>) -> Check {
    match stated.map(|raw| &raw.0) {
        None => Check::Condition,
        Some(node) => match &node.kind {
            NodeKind::Map(_) => Check::Stated(node.clone()),
            NodeKind::Scalar { text, .. } if text == "any" => Check::Any,
            NodeKind::Null | NodeKind::Scalar { .. } | NodeKind::List(_) => {
                let found = node.noun();
                context
                    .diagnostics
                    .error(
                        "rule-shape",
                        node.span,
                        format!("`check` is a condition or `any`, found {found}"),
                    )
                    .hint("leave it out to check `where` on the new row");
                Check::Condition
            }
        },
    }
}

pub(super) fn profiles(context: &mut Context<'_>) -> IndexMap<String, ProfileDef> {
    let mut profiles = IndexMap::new();
    for (name, model) in context.model.profiles.iter() {
        if context.check_name("a profile", name) {
            let sets = set_names(context, &model.sets);
            profiles.insert(
                name.value.clone(),
                ProfileDef {
                    name: name.value.clone(),
                    span: name.span,
                    sets,
                },
            );
        }
    }
    profiles
}

pub(super) fn roles(context: &mut Context<'_>) -> IndexMap<String, RoleDef> {
    let mut roles = IndexMap::new();
    for (name, model) in context.model.roles.iter() {
        if !context.check_name("a role", name) {
            continue;
        }
        let sets = set_names(context, &model.sets);
        let mut manages = Vec::with_capacity(model.manages.len());
        for managed in &model.manages {
            if context.model.roles.get(&managed.value).is_none() {
                let known: Vec<&str> = context.model.roles.names().collect();
                context.unknown("unknown-role", "role", managed, known);
            } else if manages.contains(&managed.value) {
                context.diagnostics.warning(
                    "listed-twice",
                    managed.span,
                    format!("`{}` is listed twice", managed.value),
                );
            } else {
                manages.push(managed.value.clone());
            }
        }
        let mfa_required = matches!(
            model.mfa,
            Some(Spanned {
                value: MfaModel::Required,
                ..
            })
        );
        roles.insert(
            name.value.clone(),
            RoleDef {
                name: name.value.clone(),
                span: name.span,
                sets,
                manages,
                mfa_required,
            },
        );
    }
    roles
}

fn set_names(context: &mut Context<'_>, names: &[Name]) -> Vec<String> {
    let mut sets = Vec::with_capacity(names.len());
    for name in names {
        if context.model.permission_sets.get(&name.value).is_none() {
            let known: Vec<&str> = context.model.permission_sets.names().collect();
            context.unknown("unknown-set", "permission set", name, known);
        } else if sets.contains(&name.value) {
            context
                .diagnostics
                .warning("listed-twice", name.span, format!("`{}` is listed twice", name.value));
        } else {
            sets.push(name.value.clone());
        }
    }
    sets
}

/// `anonymous_profile` or `default_profile`.
pub(super) fn stated_profile(context: &mut Context<'_>, key: &str, stated: Option<&Name>) -> Option<String> {
    let name = stated?;
    if context.model.profiles.get(&name.value).is_none() {
        let known: Vec<&str> = context.model.profiles.names().collect();
        context.unknown("unknown-profile", &format!("profile under `{key}`:"), name, known);
    }
    Some(name.value.clone())
}

//! What rules cannot give: who is a member with which roles, and new tenants. Actions open the mutations for those.

use super::Context;
use crate::catalog::{Catalog, EntityId, EntityKind, FieldDef, FieldType, Operation, RoleDef};
use crate::graphql::RootWrite;
use crate::model::{ActionsOrRule, Name, Spanned};
use crate::source::Span;
use indexmap::IndexMap;

/// Warns of what a rule states to no effect.
pub(super) fn check_rule(context: &mut Context<'_>, entity: EntityId, model: &ActionsOrRule) {
    for operation in model.allow.iter().flatten() {
        check_operation(context, entity, model, operation);
    }
    for name in model.write.iter().chain(model.set.iter().map(|(name, _)| name)) {
        check_field(context, entity, name);
    }
}

fn check_operation(context: &mut Context<'_>, entity: EntityId, model: &ActionsOrRule, operation: &Spanned<Operation>) {
    let def = context.def(entity);
    let (kind, entity_name, create) = (def.kind, def.name.clone(), RootWrite::CreateOne.name(def));
    let word = operation.value.word();
    let without = |action: &str| format!("grant the action `{action}`, and remove `{word}`");
    let (why, hint) = match (kind, operation.value) {
        (EntityKind::User | EntityKind::Membership, Operation::Create) => (
            "people are invited, by `inviteMember`".to_owned(),
            without("invite_member"),
        ),
        (EntityKind::User | EntityKind::Membership, Operation::Delete) => (
            "people are removed, by `removeMember`".to_owned(),
            without("remove_member"),
        ),
        (EntityKind::Tenant, Operation::Create) if granted(context, &["create_tenant"]).is_none() => (
            format!("a new one comes by `{create}`, which nobody may"),
            "grant the action `create_tenant`".to_owned(),
        ),
        (EntityKind::Tenant, Operation::Create) if is_conditional(model) => (
            format!("`{create}` takes fields from rules without `where`, `check` and `set` alone"),
            format!("state a rule of its own: {{entity: {entity_name}, allow: [create], write: […]}}"),
        ),
        _ => return,
    };
    context
        .diagnostics
        .warning(
            "administered",
            operation.span,
            format!("`{word}` has no effect on `{entity_name}`: {why}"),
        )
        .hint(hint);
}

/// Whether a rule asks anything of a row, or writes something itself.
fn is_conditional(model: &ActionsOrRule) -> bool {
    let checks = model.check.as_ref().is_some_and(|check| check.0.text() != Some("any"));
    model.r#where.is_some() || checks || model.set.iter().next().is_some()
}

fn check_field(context: &mut Context<'_>, entity: EntityId, name: &Name) {
    let has_tenants = context.model.tenant.is_some();
    let def = context.def(entity);
    let kind = def.kind;
    if !def
        .find_field(&name.value)
        .is_some_and(|field| def.is_administered(field))
    {
        return;
    }
    let (how, hint) = match (name.as_str(), kind) {
        ("roles", _) => (
            "changes by `setMemberRoles` alone",
            "grant the action `set_member_roles`",
        ),
        ("user", EntityKind::Membership) => (
            "is given by `inviteMember` alone",
            "grant the actions `invite_member` and `remove_member`",
        ),
        ("status", EntityKind::User) if has_tenants => (
            "is no tenant's to change",
            "members are blocked in their tenant: grant the action `block_member`",
        ),
        ("status", _) => (
            "changes by `blockMember` and `unblockMember` alone",
            "grant the action `block_member`",
        ),
        _ => ("is in no mutation's input", "remove it from the rule"),
    };
    context
        .diagnostics
        .warning("administered", name.span, format!("`{}` {how}", name.value))
        .hint(hint);
}

/// Where some permission set grants one of these actions first.
fn granted(context: &Context<'_>, actions: &[&str]) -> Option<Span> {
    let entries = context.model.permission_sets.iter().flat_map(|(_, entries)| entries);
    let granted = entries.filter_map(|entry| entry.value.actions.as_ref()).flatten();
    granted
        .filter(|action| actions.contains(&action.as_str()))
        .map(|action| action.span)
        .next()
}

/// What would make the mutations of administration useless, or be a way around them.
pub(super) fn check_entities(context: &mut Context<'_>, catalog: &Catalog) {
    if let (Some(place), None) = (granted(context, &["invite_member"]), &catalog.default_profile) {
        let severity = context.security_severity();
        context
            .diagnostics
            .tell(
                severity,
                "administered",
                place,
                "people who are invited would have no profile, and nobody signs in without one",
            )
            .hint("state `default_profile:` in app.yaml");
    }
    let people = catalog.tenancy.map(|tenancy| tenancy.membership);
    let people: Vec<EntityId> = std::iter::once(catalog.user).chain(people).collect();
    let mut adds: Vec<(EntityId, &[&str])> = vec![(catalog.user, &["invite_member"])];
    if let Some(tenancy) = catalog.tenancy {
        adds.push((tenancy.membership, &["invite_member", "create_tenant"]));
        adds.push((tenancy.entity, &["create_tenant"]));
    }
    for (entity, actions) in adds {
        if granted(context, actions).is_none() {
            continue;
        }
        let def = catalog.entity(entity);
        let what = match def.kind {
            EntityKind::Tenant => RootWrite::CreateOne.name(def),
            EntityKind::User | EntityKind::Membership | EntityKind::Ordinary => "inviteMember".to_owned(),
        };
        let needed = def.fields.iter().filter(|field| match def.kind {
            EntityKind::Tenant => !catalog.is_founders(field),
            EntityKind::User => field.name != "email",
            EntityKind::Membership => field.name != "user",
            EntityKind::Ordinary => false,
        });
        for field in needed.filter(|field| is_needed(field)) {
            context
                .diagnostics
                .error(
                    "administered",
                    field.span,
                    format!(
                        "`{what}` could add no row of `{}`: `{}` is required, has no default, and is not given there",
                        def.name, field.name
                    ),
                )
                .hint("give it a default, or remove `required`");
        }
    }
    for entity in people {
        let def = catalog.entity(entity);
        for field in def.fields.iter().filter(|field| field.cascade_system) {
            context
                .diagnostics
                .error(
                    "administered",
                    field.span,
                    format!(
                        "`cascade: system` would remove a `{}` without asking who manages whom",
                        def.name
                    ),
                )
                .hint("use `on_delete: set_null` or `restrict`");
        }
    }
}

/// Whether a new row must be given the field.
fn is_needed(field: &FieldDef) -> bool {
    field.required
        && field.system.is_none()
        && field.column().is_some()
        && field.field_type != FieldType::Autonumber
        && field.default_value().is_none()
}

/// The roles of whoever creates a tenant. If somebody may, there has to be one who manages the others.
pub(super) fn founder_roles(context: &mut Context<'_>, roles: &IndexMap<String, RoleDef>) -> Vec<String> {
    let model = context.model;
    let stated = model.founder_roles.as_ref();
    let granted = granted(context, &["create_tenant"]);
    if model.tenant.is_none() {
        let hint = "remove it, or state `tenant:` in app.yaml";
        let no_effect = |what: &str| format!("`{what}` has no effect: the app has no tenants");
        if let Some(action) = granted {
            context
                .diagnostics
                .warning("no-tenants", action, no_effect("create_tenant"))
                .hint(hint);
        }
        if let Some(stated) = stated {
            context
                .diagnostics
                .warning("no-tenants", stated.span, no_effect("founder_roles"))
                .hint(hint);
        }
        return Vec::new();
    }
    let founders = match stated {
        Some(stated) => known_roles(context, &stated.value),
        None => roles
            .values()
            .filter(|role| !role.manages.is_empty())
            .map(|role| role.name.clone())
            .collect(),
    };
    let manages = |name: &str| model.roles.get(name).is_some_and(|role| !role.manages.is_empty());
    let has_manager = match stated {
        Some(stated) => stated.value.iter().any(|name| manages(name.as_str())),
        None => model.roles.names().any(manages),
    };
    if let (Some(action), false) = (granted, has_manager) {
        let (span, why) = match stated {
            Some(stated) => (stated.span, "no role under `founder_roles` manages others"),
            None => (action, "no role manages others"),
        };
        context
            .diagnostics
            .error(
                "founder-roles",
                span,
                format!("a new tenant would have no manager: {why}"),
            )
            .hint("state `founder_roles:` in app.yaml with a role that has `manages:`");
    }
    founders
}

fn known_roles(context: &mut Context<'_>, names: &[Name]) -> Vec<String> {
    let mut known = Vec::with_capacity(names.len());
    for name in names {
        if context.model.roles.get(&name.value).is_none() {
            let roles: Vec<&str> = context.model.roles.names().collect();
            context.unknown("unknown-role", "role", name, roles);
        } else if known.contains(&name.value) {
            context
                .diagnostics
                .warning("listed-twice", name.span, format!("`{}` is listed twice", name.value));
        } else {
            known.push(name.value.clone());
        }
    }
    known
}

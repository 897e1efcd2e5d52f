//! What rules cannot give: who is a member with which roles, and new tenants. Actions open the mutations for those.

use super::Context;
use crate::catalog::{EntityId, EntityKind, Operation, RoleDef};
use crate::graphql::RootWrite;
use crate::model::{ActionsOrRule, Name};
use indexmap::IndexMap;

/// Warns of what a rule lists to no effect.
pub(super) fn check_rule(context: &mut Context<'_>, entity: EntityId, model: &ActionsOrRule) {
    let has_tenants = context.model.tenant.is_some();
    let def = context.def(entity);
    let (kind, entity_name, create) = (def.kind, def.name.clone(), RootWrite::CreateOne.name(def));
    for operation in model.allow.iter().flatten() {
        let (how, action) = match (kind, operation.value) {
            (EntityKind::User | EntityKind::Membership, Operation::Create) => {
                ("people are invited, by `inviteMember`".to_owned(), "invite_member")
            }
            (EntityKind::User | EntityKind::Membership, Operation::Delete) => {
                ("people are removed, by `removeMember`".to_owned(), "remove_member")
            }
            (EntityKind::Tenant, Operation::Create) => (format!("a new one comes by `{create}`"), "create_tenant"),
            _ => continue,
        };
        let word = operation.value.word();
        context
            .diagnostics
            .warning(
                "administered",
                operation.span,
                format!("`{word}` has no effect on `{entity_name}`: {how}"),
            )
            .hint(format!("grant the action `{action}`, and remove `{word}`"));
    }
    for name in &model.write {
        let def = context.def(entity);
        if !def
            .find_field(&name.value)
            .is_some_and(|field| def.is_administered(field))
        {
            continue;
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
            _ => ("is in no mutation's input", "remove it from `write`"),
        };
        context
            .diagnostics
            .warning("administered", name.span, format!("`{}` {how}", name.value))
            .hint(hint);
    }
}

/// The roles of whoever creates a tenant. If somebody may, there has to be one who manages the others.
pub(super) fn founder_roles(context: &mut Context<'_>, roles: &IndexMap<String, RoleDef>) -> Vec<String> {
    let model = context.model;
    let stated = model.founder_roles.as_ref();
    let entries = model.permission_sets.iter().flat_map(|(_, entries)| entries);
    let granted = entries
        .filter_map(|entry| entry.value.actions.as_ref())
        .flatten()
        .find(|action| action.value == "create_tenant");
    if model.tenant.is_none() {
        let hint = "remove it, or state `tenant:` in app.yaml";
        let no_effect = |what: &str| format!("`{what}` has no effect: the app has no tenants");
        if let Some(action) = granted {
            context
                .diagnostics
                .warning("no-tenants", action.span, no_effect("create_tenant"))
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
            None => (action.span, "no role manages others"),
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

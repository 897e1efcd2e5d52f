//! Faults of safety and of forgetfulness that names alone can show. What needs typed conditions is the `policy` room's.

use super::{Context, administration, formulas, identity};
use crate::catalog::{AccessLevel, Catalog, Check, EntityId, EntityKind, FieldId, RuleDecl, SignUp};
use crate::model::Name;
use crate::source::Span;
use crate::yaml::Node;
use std::collections::HashSet;

/// Also settles `public`, where it is not stated.
pub(super) fn check(context: &mut Context<'_>, catalog: &mut Catalog) {
    public(context, catalog);
    if !context.diagnostics.has_errors() {
        unused(context, catalog);
    }
    wide_profiles(context, catalog);
    managing(context, catalog);
    administration::check_entities(context, catalog);
    formulas::lint(context, catalog);
    identity::lint(context, catalog);
}

/// The rules of a profile, each once.
fn rules_of_profile<'a>(catalog: &'a Catalog, profile: Option<&str>) -> Vec<&'a RuleDecl> {
    let sets = profile
        .and_then(|name| catalog.profiles.get(name))
        .map(|profile| profile.sets.as_slice())
        .unwrap_or_default();
    sets.iter()
        .filter_map(|set| catalog.permission_sets.get(set))
        .flat_map(|set| &set.rules)
        .collect()
}

fn public(context: &mut Context<'_>, catalog: &mut Catalog) {
    let ruled: HashSet<EntityId> = rules_of_profile(catalog, catalog.anonymous_profile.as_deref())
        .iter()
        .map(|rule| rule.entity)
        .collect();
    for index in 0..catalog.entities.len() {
        let id = EntityId(index as u16);
        let stated = context.drafts.get(id).model.and_then(|model| model.public);
        if stated.is_some() || !ruled.contains(&id) {
            continue;
        }
        let walled = catalog.is_walled(id);
        // Rows that all tenants share are reachable anyway. On them `public` says that whoever names a tenant counts as being
        // there, and that is only taken when it is stated.
        if !walled && id != catalog.user {
            continue;
        }
        let entity = &mut catalog.entities[index];
        entity.public = true;
        if walled {
            context
                .diagnostics
                .warning(
                    "public-not-stated",
                    entity.span,
                    format!(
                        "`{}` does not state `public`; anonymous callers have a rule on it, so true is taken",
                        entity.name
                    ),
                )
                .hint("write `public: true`, or `public: false` to keep it to members");
        }
    }
}

/// Entities and fields that no rule opens.
fn unused(context: &mut Context<'_>, catalog: &Catalog) {
    let rules = || catalog.permission_sets.values().flat_map(|set| &set.rules);
    let named: HashSet<(EntityId, FieldId)> = rules()
        .flat_map(|rule| {
            let presets = rule.presets.iter().map(|(field, _)| field);
            rule.read
                .iter()
                .chain(&rule.write)
                .chain(presets)
                .map(|field| (rule.entity, *field))
        })
        .collect();
    let ruled: HashSet<EntityId> = rules().map(|rule| rule.entity).collect();
    for entity in catalog.entities.values() {
        let Some(model) = context.drafts.get(entity.id).model else {
            continue;
        };
        if !ruled.contains(&entity.id) {
            context
                .diagnostics
                .warning(
                    "entity-without-rule",
                    entity.span,
                    format!("no rule is about `{}`, so nobody can reach it", entity.name),
                )
                .hint("add a rule to a permission set");
            continue;
        }
        let forgotten = |name: &&Name| {
            entity
                .find_field(&name.value)
                .is_some_and(|field| !named.contains(&(entity.id, field.id)))
        };
        for name in model.fields.iter().map(|(name, _)| name).filter(forgotten) {
            context
                .diagnostics
                .warning(
                    "field-without-rule",
                    name.span,
                    format!("no rule reads or writes `{}.{}`", entity.name, name.value),
                )
                .hint("list it under `read` or `write` of a rule");
        }
    }
}

/// What the profiles that everybody gets must not hold.
fn wide_profiles(context: &mut Context<'_>, catalog: &Catalog) {
    let mut told: HashSet<(Span, &str)> = HashSet::new();
    for (profile, who) in [
        (catalog.anonymous_profile.as_deref(), "anonymous callers"),
        (catalog.default_profile.as_deref(), "everybody who signs in"),
        (registered(catalog), "everybody who registers"),
    ] {
        for rule in rules_of_profile(catalog, profile) {
            let entity = catalog.entity(rule.entity);
            let signed_in = profile != catalog.anonymous_profile.as_deref();
            // One's own row of `user` is nobody else's.
            let own_row =
                signed_in && entity.kind == EntityKind::User && rule.condition.as_ref().is_some_and(is_oneself);
            // Behind the record gate and narrowed by a condition, a person may well write.
            let narrowed = signed_in && (rule.condition.is_some() || matches!(rule.check, Check::Stated(_)));
            let gated = entity.access != AccessLevel::Open;
            if gated
                && !narrowed
                && rule.allow.iter().any(|operation| operation.is_write())
                && told.insert((rule.span, "write"))
            {
                let severity = context.security_severity();
                context
                    .diagnostics
                    .tell(
                        severity,
                        "wide-write",
                        rule.span,
                        format!("{who} may write the protected `{}`", entity.name),
                    )
                    .hint(if signed_in {
                        "narrow it with `where` or `check`, or move it to a set that only roles hold"
                    } else {
                        "move it to a set that anonymous callers do not hold"
                    });
            }
            for field in rule.read.iter().map(|field| entity.field(*field)) {
                let what = if field.encrypted.is_some() {
                    "encrypted"
                } else if field.personal {
                    "personal"
                } else {
                    continue;
                };
                let place = read_place(context, rule, &field.name);
                if !own_row && told.insert((rule.span, &field.name)) {
                    let severity = context.security_severity();
                    context
                        .diagnostics
                        .tell(
                            severity,
                            "wide-read",
                            place,
                            format!("{who} may read `{}.{}`, which is {what}", entity.name, field.name),
                        )
                        .hint("move it to a permission set that only roles hold");
                }
            }
        }
    }
    wide_actions(context, catalog);
    // `records: all` belongs to roles: a profile holds wherever the person goes.
    for profile in catalog.profiles.values() {
        for rule in rules_of_profile(catalog, Some(&profile.name))
            .into_iter()
            .filter(|rule| rule.records_all)
        {
            if told.insert((rule.span, "records: all")) {
                let entity = catalog.entity(rule.entity);
                let severity = context.security_severity();
                let message = format!(
                    "the profile `{}` skips the record gate of `{}`",
                    profile.name, entity.name
                );
                context
                    .diagnostics
                    .tell(severity, "wide-records", rule.span, message)
                    .hint("`records: all` is for roles; open rows to a profile with a record token");
            }
        }
    }
}

/// The profile of people who register themselves.
fn registered(catalog: &Catalog) -> Option<&str> {
    match &catalog.identity.sign_up {
        SignUp::Closed => None,
        SignUp::Open { profile } => profile.as_deref(),
    }
}

/// Administration is for roles, or for profiles that are given to somebody. To found a tenant is for whom the app says: who has none
/// yet has no role.
fn wide_actions(context: &mut Context<'_>, catalog: &Catalog) {
    let (model, severity) = (context.model, context.security_severity());
    let wide: HashSet<&str> = [
        catalog.anonymous_profile.as_deref(),
        catalog.default_profile.as_deref(),
        registered(catalog),
    ]
    .into_iter()
    .flatten()
    .collect();
    let sets: HashSet<&String> = wide
        .iter()
        .filter_map(|name| catalog.profiles.get(*name))
        .flat_map(|profile| &profile.sets)
        .collect();
    for (_, entries) in model
        .permission_sets
        .iter()
        .filter(|(name, _)| sets.contains(&name.value))
    {
        for action in entries
            .iter()
            .filter_map(|entry| entry.value.actions.as_ref())
            .flatten()
            .filter(|action| action.value != "create_tenant")
        {
            context
                .diagnostics
                .tell(
                    severity,
                    "wide-action",
                    action.span,
                    format!("everybody may do `{}`", action.value),
                )
                .hint("move it to a permission set that only roles hold");
        }
    }
}

/// Where a rule lists a field.
pub(super) fn read_place(context: &Context<'_>, rule: &RuleDecl, field: &str) -> Span {
    let mut entries = context.model.permission_sets.iter().flat_map(|(_, entries)| entries);
    let entry = entries.find(|entry| entry.span == rule.span);
    entry
        .and_then(|entry| entry.value.read.iter().find(|name| name.value == field))
        .map_or(rule.span, |name| name.span)
}

/// `{id: $user}`, alone or beside other conditions.
fn is_oneself(condition: &Node) -> bool {
    let id = condition.get("id");
    id.and_then(|id| id.text().or_else(|| id.get("eq").and_then(Node::text))) == Some("$user")
}

/// Nobody may give away what he does not hold, nor make himself a manager.
fn managing(context: &mut Context<'_>, catalog: &Catalog) {
    let actions = |role: &str| -> HashSet<&str> {
        let sets = catalog
            .roles
            .get(role)
            .map(|role| role.sets.as_slice())
            .unwrap_or_default();
        sets.iter()
            .filter_map(|set| catalog.permission_sets.get(set))
            .flat_map(|set| &set.actions)
            .map(String::as_str)
            .collect()
    };
    let severity = context.security_severity();
    for (name, model) in context.model.roles.iter() {
        let Some(role) = catalog.roles.get(&name.value) else {
            continue;
        };
        let own = actions(&role.name);
        for managed in &model.manages {
            if managed.value == role.name {
                context
                    .diagnostics
                    .tell(
                        severity,
                        "role-manages-itself",
                        managed.span,
                        format!("the role `{}` manages itself", role.name),
                    )
                    .hint("let another role, or an operator, give it");
                continue;
            }
            let Some(other) = catalog.roles.get(&managed.value) else {
                continue;
            };
            let mut more: Vec<String> = actions(&other.name)
                .into_iter()
                .filter(|action| !own.contains(action))
                .map(|action| format!("`{action}`"))
                .collect();
            more.sort();
            more.extend(
                other
                    .manages
                    .iter()
                    .filter(|role_name| !role.manages.contains(role_name))
                    .map(|role_name| format!("managing `{role_name}`")),
            );
            if !more.is_empty() {
                context
                    .diagnostics
                    .tell(
                        severity,
                        "role-escalation",
                        managed.span,
                        format!(
                            "`{}` could give `{}`, which holds more than it: {}",
                            role.name,
                            other.name,
                            more.join(", ")
                        ),
                    )
                    .hint("give the managing role the same, or do not let it manage this one");
            }
        }
    }
}

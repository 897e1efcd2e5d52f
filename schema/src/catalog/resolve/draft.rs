//! Which entities there are, what part each plays, and which belong to tenants.

use super::Context;
use crate::catalog::{EntityId, EntityKind};
use crate::model::{EntityModel, Name};
use crate::source::Span;
use freehold_base::EntityTag;

/// An entity before its fields are known.
#[derive(Clone, Debug)]
pub(super) struct Draft<'a> {
    pub(super) name: String,
    /// Where it is declared; the default span when it is implicit.
    pub(super) span: Span,
    /// What the model says; `None` when it is implicit.
    pub(super) model: Option<&'a EntityModel>,
    pub(super) kind: EntityKind,
    pub(super) tenant_scoped: bool,
}

/// All entities, in the catalog's order.
#[derive(Clone, Debug)]
pub(super) struct Drafts<'a> {
    pub(super) list: Vec<Draft<'a>>,
    pub(super) by_name: std::collections::HashMap<String, EntityId>,
    pub(super) user: EntityId,
    pub(super) tenant: Option<EntityId>,
    pub(super) membership: Option<EntityId>,
}

impl Drafts<'_> {
    pub(super) fn new() -> Self {
        Self {
            list: Vec::new(),
            by_name: std::collections::HashMap::new(),
            user: EntityId(0),
            tenant: None,
            membership: None,
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<EntityId> {
        self.by_name.get(name).copied()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|draft| draft.name.as_str())
    }

    pub(super) fn get(&self, id: EntityId) -> &Draft<'_> {
        &self.list[id.0 as usize]
    }
}

const MEMBERSHIP: &str = "membership";
const USER: &str = "user";

/// `None`: too many to go on.
pub(super) fn collect<'a>(context: &mut Context<'a>) -> Option<Drafts<'a>> {
    let model = context.model;
    let tenant = model.tenant.as_ref();
    let mut drafts = Drafts::new();
    let implicit = |name: &str, kind, tenant_scoped| Draft {
        name: name.to_owned(),
        span: Span::default(),
        model: None,
        kind,
        tenant_scoped,
    };
    let declared_membership = model.entities.iter().find(|(_, entity)| entity.membership_of.is_some());
    if model.entities.get(USER).is_none() {
        drafts.list.push(implicit(USER, EntityKind::User, false));
    }
    if tenant.is_some() && declared_membership.is_none() {
        drafts.list.push(implicit(MEMBERSHIP, EntityKind::Membership, true));
    }
    for (name, entity) in model.entities.iter() {
        if !context.check_name("an entity", name) || !check_reserved(context, name) {
            continue;
        }
        if name.value == MEMBERSHIP && tenant.is_some() && declared_membership.is_none() {
            context
                .diagnostics
                .error(
                    "membership",
                    name.span,
                    "`membership` is the built-in membership entity",
                )
                .hint("to add fields to it, state `membership_of:` with the tenant entity");
            continue;
        }
        let kind = kind(context, name, entity, declared_membership.map(|(first, _)| first));
        let tenant_scoped = scope(context, name, entity, kind);
        drafts.list.push(Draft {
            name: name.value.clone(),
            span: name.span,
            model: Some(entity),
            kind,
            tenant_scoped,
        });
    }
    if let Some((name, _)) = model
        .entities
        .iter()
        .nth(usize::from(EntityTag::MAX))
        .filter(|_| drafts.list.len() > usize::from(EntityTag::MAX) + 1)
    {
        context.diagnostics.error(
            "too-many-entities",
            name.span,
            format!("an app has at most {} entities", EntityTag::MAX),
        );
        return None;
    }
    for (index, draft) in drafts.list.iter().enumerate() {
        let id = EntityId(index as u16);
        drafts.by_name.insert(draft.name.clone(), id);
        match draft.kind {
            EntityKind::User => drafts.user = id,
            EntityKind::Tenant => drafts.tenant = Some(id),
            EntityKind::Membership => drafts.membership = Some(id),
            EntityKind::Ordinary => {}
        }
    }
    check_tenant(context, &drafts);
    Some(drafts)
}

fn check_reserved(context: &mut Context<'_>, name: &Name) -> bool {
    let why = match name.as_str() {
        "users" => "`users` is the list of people in a seed",
        other if other.starts_with("fh_") || other.starts_with("sqlite_") || other.starts_with("pg_") => {
            "the prefix is the platform's"
        }
        _ => return true,
    };
    context
        .diagnostics
        .error(
            "reserved-name",
            name.span,
            format!("`{}` cannot be the name of an entity", name.value),
        )
        .hint(why);
    context.lost.add(&name.value);
    false
}

fn kind(context: &mut Context<'_>, name: &Name, entity: &EntityModel, first_membership: Option<&Name>) -> EntityKind {
    let is_tenant = context
        .model
        .tenant
        .as_ref()
        .is_some_and(|tenant| tenant.value == name.value);
    if let Some(of) = &entity.membership_of {
        if name.value == USER || is_tenant {
            context.diagnostics.error(
                "membership",
                of.span,
                format!("`{}` cannot be the membership entity too", name.value),
            );
        } else if first_membership.is_some_and(|first| first.span != name.span) {
            context
                .diagnostics
                .error("membership", of.span, "an app has one membership entity");
        } else if context.model.tenant.is_none() {
            context
                .diagnostics
                .error("membership", of.span, "memberships need a tenant entity")
                .hint(format!("state `tenant: {}` in app.yaml", of.value));
        } else {
            return EntityKind::Membership;
        }
    }
    if name.value == USER {
        if is_tenant && let Some(tenant) = &context.model.tenant {
            context
                .diagnostics
                .error("tenant-entity", tenant.span, "`user` cannot be the tenant entity");
        }
        return EntityKind::User;
    }
    if is_tenant {
        EntityKind::Tenant
    } else {
        EntityKind::Ordinary
    }
}

/// Whether rows have a tenant, and that the names used for it are those of the tenant entity.
fn scope(context: &mut Context<'_>, name: &Name, entity: &EntityModel, kind: EntityKind) -> bool {
    let tenant = context.model.tenant.as_ref();
    for stated in entity.r#in.iter().chain(&entity.membership_of) {
        match tenant {
            Some(tenant) if tenant.value == stated.value => {}
            Some(tenant) => {
                context
                    .diagnostics
                    .error(
                        "tenant-path",
                        stated.span,
                        format!("`{}` is not the tenant entity", stated.value),
                    )
                    .hint(format!(
                        "write `{}`, or leave `in:` out for an entity that all tenants share",
                        tenant.value
                    ));
            }
            // Told as a membership without tenants.
            None if entity.membership_of.is_some() => {}
            None => {
                context
                    .diagnostics
                    .error("tenant-path", stated.span, "the app has no tenants")
                    .hint(format!(
                        "state `tenant: {}` in app.yaml, or leave `in:` out",
                        stated.value
                    ));
            }
        }
    }
    match (kind, &entity.r#in) {
        (EntityKind::User | EntityKind::Tenant, Some(stated)) => {
            let what = if kind == EntityKind::User {
                "users belong to the environment"
            } else {
                "the tenant entity is its own wall"
            };
            context
                .diagnostics
                .error(
                    "tenant-path",
                    stated.span,
                    format!("`{}` cannot be in a tenant: {what}", name.value),
                )
                .hint("leave `in:` out");
            false
        }
        (EntityKind::User | EntityKind::Tenant | EntityKind::Ordinary, None) => false,
        (EntityKind::Membership, _) | (EntityKind::Ordinary, Some(_)) => true,
    }
}

fn check_tenant(context: &mut Context<'_>, drafts: &Drafts<'_>) {
    let Some(tenant) = &context.model.tenant else { return };
    if drafts.tenant.is_none() && tenant.value != USER && !context.lost.contains(&tenant.value) {
        let known: Vec<&str> = drafts.names().collect();
        context
            .diagnostics
            .error(
                "tenant-entity",
                tenant.span,
                format!("the tenant entity `{}` is not declared", tenant.value),
            )
            .hint("declare it under `entities:`")
            .nearest(&tenant.value, known);
    }
}

//! The policy reduced for one role set.

mod founding;
mod own;
mod role_set;
mod sources;
mod targets;
mod tokens;

pub use role_set::RoleSet;
pub(crate) use targets::{is_administered, is_given};
pub use tokens::{OwnToken, ReasonPart, TokenOrigin};

use crate::policy::Policy;
use crate::reduce::Holder;
use crate::source::RowSource;
use crate::target::WriteTarget;
use freehold_schema::catalog::{Catalog, EntityId, FieldId, Operation};
use freehold_schema::graphql::visible::Visible;

/// What a role set may read and write: the only maker of [`RowSource`].
#[derive(Clone, Debug)]
pub struct Access {
    pub(crate) entities: Vec<EntityAccess>,
    pub(crate) own: OwnRows,
    tokens: Vec<OwnToken>,
    roles: Vec<String>,
    actions: Vec<String>,
    manages: Vec<String>,
    founding: Vec<FieldId>,
}

/// One entity, reduced.
#[derive(Clone, Debug)]
pub(crate) struct EntityAccess {
    pub(crate) id: EntityId,
    pub(crate) list: Option<RowSource>,
    pub(crate) read: Option<RowSource>,
    /// In the order of [`targets::WRITES`].
    pub(crate) writes: Vec<WriteTarget>,
}

/// What every signed-in caller may know of themselves.
#[derive(Clone, Debug)]
pub(crate) struct OwnRows {
    pub(crate) user: RowSource,
    pub(crate) memberships: Option<RowSource>,
    pub(crate) tenants: Option<RowSource>,
}

impl Access {
    /// Reduces the policy. What is unknown to the catalog (a profile or role of an older bundle) grants nothing.
    pub fn reduce(catalog: &Catalog, policy: &Policy, role_set: &RoleSet) -> Self {
        let role_set = role_set.clone().normal(catalog);
        let holder = Holder {
            signed_in: role_set.signed_in,
            member: role_set.member,
            reads_only: role_set.reads_only,
            roles: &role_set.roles,
        };
        let sets = role_set.sets(catalog);
        let entities = catalog
            .entities
            .values()
            .map(|entity| {
                let (list, read) = sources::sources(catalog, policy, entity, &sets, &holder);
                let writes = targets::targets(catalog, policy, entity, &sets, &holder, read.as_ref());
                EntityAccess {
                    id: entity.id,
                    list,
                    read,
                    writes,
                }
            })
            .collect();
        let own = own::own_rows(catalog, &holder);
        let tokens = tokens::own_tokens(catalog, policy, &holder);
        let acts = role_set.signed_in && !role_set.reads_only;
        let granted = |name: &&String| acts && (role_set.member || !is_of_tenant(catalog, name));
        let mut actions: Vec<String> = sets
            .iter()
            .filter_map(|set| catalog.permission_sets.get(*set))
            .flat_map(|set| &set.actions)
            .filter(granted)
            .cloned()
            .collect();
        actions.sort_unstable();
        actions.dedup();
        let mut manages: Vec<String> = role_set
            .roles
            .iter()
            .filter_map(|role| catalog.roles.get(role))
            .filter(|_| acts)
            .flat_map(|role| role.manages.iter().cloned())
            .collect();
        manages.sort_unstable();
        manages.dedup();
        let founding = if actions.iter().any(|action| action == CREATE_TENANT) {
            founding::fields(catalog, policy, &sets)
        } else {
            Vec::new()
        };
        Self {
            entities,
            own,
            tokens,
            roles: role_set.roles,
            actions,
            manages,
            founding,
        }
    }

    /// The rows that lists, totals and aggregates may use; `None`: the entity has no list for this role set.
    pub fn list(&self, entity: EntityId) -> Option<&RowSource> {
        self.find(entity)?.list.as_ref()
    }

    /// The rows that by-id fields, keys, `node` and references may show.
    pub fn read(&self, entity: EntityId) -> Option<&RowSource> {
        self.find(entity)?.read.as_ref()
    }

    /// The caller's own `user` row: id, email, name, locale, profile, status and, in a single-tenant app, roles. For `viewer`.
    pub fn own_user(&self) -> &RowSource {
        &self.own.user
    }

    /// The caller's own active memberships in all tenants: user, roles, status and the tenant. For `viewer`.
    pub fn own_memberships(&self) -> Option<&RowSource> {
        self.own.memberships.as_ref()
    }

    /// The tenants of the caller's own active memberships: id, and `slug` and `name` where there are such fields. For `viewer`.
    pub fn own_tenants(&self) -> Option<&RowSource> {
        self.own.tenants.as_ref()
    }

    /// What the caller carries. For `viewer`.
    pub fn own_tokens(&self) -> &[OwnToken] {
        &self.tokens
    }

    /// What may be written of an entity by that operation (create, update, delete, transition); without a grant nothing.
    pub fn target(&self, entity: EntityId, operation: Operation) -> WriteTarget {
        let found = self
            .find(entity)
            .and_then(|access| access.writes.iter().find(|target| target.operation() == operation));
        found.cloned().unwrap_or_else(|| WriteTarget {
            entity,
            operation,
            grants: std::sync::Arc::new([]),
            visible: std::sync::Arc::new(crate::predicate::Predicate::Constant(false)),
        })
    }

    /// Whether the caller holds the named action (`invite_member`, `read_audit`, …) in the request's tenant.
    pub fn may(&self, action: &str) -> bool {
        self.actions.iter().any(|held| held == action)
    }

    /// Every action held, sorted.
    pub fn actions(&self) -> &[String] {
        &self.actions
    }

    /// Roles that the caller may give and take in the request's tenant, sorted.
    pub fn manages(&self) -> &[String] {
        &self.manages
    }

    /// Fields that the caller may give of a tenant that they create, ascending; none without the action `create_tenant`.
    pub fn founding(&self) -> &[FieldId] {
        &self.founding
    }

    /// The roles held in the request's tenant, sorted. For `viewer`.
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// What the schema of this role set names.
    pub fn visible(&self, catalog: &Catalog) -> Visible {
        crate::visible::visible(catalog, self)
    }

    fn find(&self, entity: EntityId) -> Option<&EntityAccess> {
        self.entities.iter().find(|access| access.id == entity)
    }
}

/// The action that is about no tenant that is there.
const CREATE_TENANT: &str = "create_tenant";

/// Whether an action is about a tenant, and so for its members alone. `create_tenant` is for whoever has it.
fn is_of_tenant(catalog: &Catalog, action: &str) -> bool {
    catalog.tenancy.is_some() && action != CREATE_TENANT
}

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

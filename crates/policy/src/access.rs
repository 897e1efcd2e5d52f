//! The policy reduced for one role set.

mod own;
mod role_set;
mod sources;
mod tokens;

pub use role_set::RoleSet;
pub use tokens::{OwnToken, ReasonPart, TokenOrigin};

use crate::policy::Policy;
use crate::reduce::Holder;
use crate::source::RowSource;
use freehold_schema::catalog::{Catalog, EntityId};
use freehold_schema::graphql::visible::Visible;

/// What a role set may read and write: the only maker of [`RowSource`].
#[derive(Clone, Debug)]
pub struct Access {
    pub(crate) entities: Vec<EntityAccess>,
    pub(crate) own: OwnRows,
    tokens: Vec<OwnToken>,
    roles: Vec<String>,
}

/// One entity, reduced.
#[derive(Clone, Debug)]
pub(crate) struct EntityAccess {
    pub(crate) id: EntityId,
    pub(crate) list: Option<RowSource>,
    pub(crate) read: Option<RowSource>,
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
            roles: &role_set.roles,
        };
        let sets = role_set.sets(catalog);
        let entities = catalog
            .entities
            .values()
            .map(|entity| sources::sources(catalog, policy, entity, &sets, &holder))
            .collect();
        let own = own::own_rows(catalog, &holder);
        let tokens = tokens::own_tokens(catalog, policy, &holder);
        Self {
            entities,
            own,
            tokens,
            roles: role_set.roles,
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

    /// The roles held in the request's tenant, sorted. For `viewer`.
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// What the schema of this role set names.
    pub fn visible(&self) -> Visible {
        crate::visible::visible(self)
    }

    fn find(&self, entity: EntityId) -> Option<&EntityAccess> {
        self.entities.iter().find(|access| access.id == entity)
    }
}

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

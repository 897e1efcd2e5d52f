//! The model resolved: complete, immutable, indexed by id. Every name holds; no later stage looks one up and fails.
//!
//! Conditions of rules stay YAML here ([`crate::yaml::Node`]); the `policy` room parses and type-checks them.

mod access;
mod entity;
mod field;
mod identity;
mod key;
mod password;
mod resolve;

pub use access::{
    Check, Grants, Operation, PermissionSetDef, ProfileDef, RecordTokenDef, RoleDef, RuleDecl, TokenMatch, UserTokenDef,
};
pub use entity::{AccessLevel, EntityDef, EntityId, EntityKind, UniqueKey};
pub use field::{Column, EnumOption, FieldDef, FieldId, FieldType, OnDelete, SystemField, TextKind};
pub use identity::{
    ClientDef, Identity, JwtDef, JwtUser, JwtUserKey, Link, OidcDef, OidcFactor, OidcSource, ProviderDef, Provision,
    ProvisionTenant, RoleMap, SamlDef, SecondFactors, SessionRules, SignUp, VerifyEmail,
};
pub use key::{KeyDef, KeyScope};
pub use password::{PasswordHash, PasswordRules};
pub(crate) use resolve::{outside, resolve};

use freehold_base::Limits;
use indexmap::IndexMap;

/// An app, resolved.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The app's name.
    pub app: String,
    /// How strictly the model is judged.
    pub security: SecurityLevel,
    /// Profile of callers who are not signed in; `None`: they can do nothing.
    pub anonymous_profile: Option<String>,
    /// Profile of users for whom none is stated.
    pub default_profile: Option<String>,
    /// `None` for a single-tenant app.
    pub tenancy: Option<Tenancy>,
    /// The `user` entity.
    pub user: EntityId,
    /// Every entity, by name; an [`EntityId`] is the index here.
    pub entities: IndexMap<String, EntityDef>,
    /// Keys that fields are encrypted under, by name.
    pub keys: IndexMap<String, KeyDef>,
    /// What callers carry.
    pub user_tokens: IndexMap<String, UserTokenDef>,
    /// Lists of rules.
    pub permission_sets: IndexMap<String, PermissionSetDef>,
    /// Sets of a user in the environment.
    pub profiles: IndexMap<String, ProfileDef>,
    /// Sets of a user in a tenant.
    pub roles: IndexMap<String, RoleDef>,
    /// Roles of whoever creates a tenant, there; names of `roles`. None in a single-tenant app.
    pub founder_roles: Vec<String>,
    /// How a host name chooses a tenant.
    pub hosts: Vec<HostDef>,
    /// How passwords are judged; `None`: nobody signs in with one.
    pub passwords: Option<PasswordRules>,
    /// Other ways to sign in, sessions and second factors.
    pub identity: Identity,
    /// Bounds on requests.
    pub limits: Limits,
}

/// `security:` of app.yaml.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecurityLevel {
    /// Trying things out.
    Open,
    /// Being built.
    Prototype,
    /// The only level that may be published.
    Production,
}

/// How an app is divided among tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenancy {
    /// The entity whose rows are the tenants.
    pub entity: EntityId,
    /// The field that addresses one (`slug`), if it has such a field.
    pub slug: Option<FieldId>,
    /// The entity whose rows are memberships.
    pub membership: EntityId,
    /// The membership's reference to the user.
    pub membership_user: FieldId,
    /// The membership's role names.
    pub membership_roles: FieldId,
    /// The membership's status.
    pub membership_status: FieldId,
}

/// A host name, or a pattern with one `{field}` of the tenant entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostDef {
    /// What stands before the placeholder, or the whole name.
    pub prefix: String,
    /// The field whose value stands between; `None`: the host names the environment alone.
    pub field: Option<FieldId>,
    /// What stands behind it.
    pub suffix: String,
}

impl Catalog {
    /// The entity of that id. Ids come from this catalog alone.
    pub fn entity(&self, id: EntityId) -> &EntityDef {
        &self.entities[id.0 as usize]
    }

    /// The field of that entity.
    pub fn field(&self, entity: EntityId, field: FieldId) -> &FieldDef {
        self.entity(entity).field(field)
    }

    /// Finds an entity by the model's name.
    pub fn find_entity(&self, name: &str) -> Option<&EntityDef> {
        self.entities.get(name)
    }

    /// Whether that entity's rows belong to a tenant: `in:` entities, memberships, and the tenants themselves.
    pub fn is_walled(&self, entity: EntityId) -> bool {
        self.entity(entity).tenant_scoped || self.is_tenant_entity(entity)
    }

    /// Whether a field of the tenant entity can be given by the founder of a new one, at all: it is a plain value of the row, and
    /// needs no key of a tenant that is not there yet.
    pub fn is_founders(&self, field: &FieldDef) -> bool {
        let of_tenant = |key: &String| self.keys.get(key).is_none_or(|key| key.scope == KeyScope::Tenant);
        field.system.is_none()
            && !field.state
            && field.column().is_some()
            && !matches!(
                field.field_type,
                FieldType::Autonumber | FieldType::File | FieldType::Image
            )
            && !field.encrypted.as_ref().is_some_and(of_tenant)
    }

    /// Whether that entity's rows are the tenants.
    pub fn is_tenant_entity(&self, entity: EntityId) -> bool {
        self.tenancy.is_some_and(|tenancy| tenancy.entity == entity)
    }
}

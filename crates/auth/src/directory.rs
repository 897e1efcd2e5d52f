//! Where an app keeps its users, tenants and memberships.

use freehold_base::ValueType;
use std::time::Duration;

/// Names of the app's own tables and columns, from its catalog. Users are always in `user`, with the columns of the built-in fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// Stands in the text of statements over the app's tables: one that was prepared before the tables changed is not used after.
    pub version: String,
    /// Profile of callers who are not signed in.
    pub anonymous_profile: Option<String>,
    /// Profile of users who have none of their own.
    pub default_profile: Option<String>,
    /// Column of the user's roles, in a single-tenant app that has roles.
    pub user_roles: Option<String>,
    /// What follows failed sign-ins; `None`: nobody signs in with a password.
    pub lockout: Option<Lockout>,
    /// Roles that count in sessions with a second factor alone.
    pub strong_roles: Vec<String>,
    /// How long sessions of browsers last.
    pub sessions: SessionSpans,
    /// Who signs in with a password has shown that the address is theirs.
    pub verify_email: bool,
    /// Tenants; `None` for a single-tenant app.
    pub tenancy: Option<Tenancy>,
}

/// How long sessions of browsers last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionSpans {
    /// One that is not used for so long is over.
    pub idle: Duration,
    /// One is over after so long, used or not.
    pub absolute: Duration,
}

impl Default for SessionSpans {
    fn default() -> Self {
        Self {
            idle: Duration::from_mins(30),
            absolute: Duration::from_hours(12),
        }
    }
}

/// What follows failed sign-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockout {
    /// So many in a row block the account; at least 1.
    pub failures_max: u32,
    /// For so long.
    pub block: Duration,
}

/// Tables of tenants and memberships.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenancy {
    /// Table of the tenants.
    pub tenants: String,
    /// Column that addresses a tenant.
    pub slug: Option<String>,
    /// Column with a tenant's name.
    pub name: Option<String>,
    /// Table of the memberships.
    pub memberships: String,
    /// The membership's reference to the user.
    pub user: String,
    /// The membership's roles.
    pub roles: String,
    /// The membership's status.
    pub status: String,
    /// What `$membership.<field>` may name.
    pub fields: Vec<MembershipField>,
}

/// A field of the membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembershipField {
    /// The model's name.
    pub name: String,
    /// The physical column.
    pub column: String,
    /// What it holds; never [`ValueType::Bytes`], whose content is sealed.
    pub value_type: ValueType,
}

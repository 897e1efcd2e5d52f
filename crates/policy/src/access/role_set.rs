//! All of a caller that shapes a schema and its plans.

use freehold_base::Caller;
use freehold_schema::catalog::Catalog;

/// All of a caller that shapes a schema and its plans. Callers with equal role sets share both.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleSet {
    /// The profile.
    pub profile: Option<String>,
    /// The roles in the request's tenant that count, sorted.
    pub roles: Vec<String>,
    /// Somebody is signed in.
    pub signed_in: bool,
    /// Active member of the request's tenant (in a single-tenant app: signed in).
    pub member: bool,
    /// Changes nothing.
    pub reads_only: bool,
}

impl RoleSet {
    /// The role set of a caller of that app. Roles count for members alone.
    pub fn of(catalog: &Catalog, caller: &Caller) -> Self {
        let set = Self {
            profile: caller.profile.clone(),
            roles: caller.roles.clone(),
            signed_in: caller.person.is_some(),
            member: caller.is_member(),
            reads_only: caller.reads_only,
        };
        set.normal(catalog)
    }

    /// Without what cannot count, so that equal rights are equal sets: nobody is a member without signing in, and in a
    /// single-tenant app whoever signed in is. Roles that need a second factor are the caller's only in a session that has one.
    pub(crate) fn normal(mut self, catalog: &Catalog) -> Self {
        self.member = self.signed_in && (self.member || catalog.tenancy.is_none());
        if !self.member {
            self.roles.clear();
        }
        self.roles.retain(|role| catalog.roles.contains_key(role));
        self.roles.sort_unstable();
        self.roles.dedup();
        self.profile = self.profile.filter(|profile| catalog.profiles.contains_key(profile));
        self
    }

    /// Names of the permission sets: the profile's and the roles'.
    pub(crate) fn sets<'a>(&self, catalog: &'a Catalog) -> Vec<&'a str> {
        let profile = self
            .profile
            .iter()
            .filter_map(|name| catalog.profiles.get(name))
            .flat_map(|profile| &profile.sets);
        let roles = self
            .roles
            .iter()
            .filter_map(|name| catalog.roles.get(name))
            .flat_map(|role| &role.sets);
        let mut sets: Vec<&str> = profile.chain(roles).map(String::as_str).collect();
        sets.sort_unstable();
        sets.dedup();
        sets
    }
}

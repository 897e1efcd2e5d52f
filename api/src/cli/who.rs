//! Whose rights are looked at, by roles alone.

use crate::error::Failure;
use clap::Args;
use freehold_base::nearest;
use freehold_policy::RoleSet;
use freehold_schema::catalog::Catalog;

/// A role set, as options.
#[derive(Args)]
pub(super) struct RoleArgs {
    /// A role held in the request's tenant; may be given several times
    #[arg(long = "role", value_name = "NAME")]
    roles: Vec<String>,
    /// The person's profile [default: the app's default_profile]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Nobody is signed in
    #[arg(long, conflicts_with_all = ["roles", "profile"])]
    pub(super) anonymous: bool,
}

impl RoleArgs {
    /// Whether anything is stated.
    pub(super) fn are_given(&self) -> bool {
        self.anonymous || self.profile.is_some() || !self.roles.is_empty()
    }

    /// The role set: without options that of the default profile.
    ///
    /// # Errors
    /// When the app does not have what is named.
    pub(super) fn role_set(&self, catalog: &Catalog) -> Result<RoleSet, Failure> {
        for role in &self.roles {
            known("role", role, catalog.roles.keys())?;
        }
        if let Some(profile) = &self.profile {
            known("profile", profile, catalog.profiles.keys())?;
        }
        if self.anonymous {
            let Some(profile) = catalog.anonymous_profile.clone() else {
                return Err(Failure::new("anonymous callers have no schema in this app")
                    .hint("`anonymous_profile:` in app.yaml gives them one"));
            };
            return Ok(RoleSet {
                profile: Some(profile),
                roles: Vec::new(),
                signed_in: false,
                member: false,
                reads_only: false,
            });
        }
        Ok(RoleSet {
            profile: self.profile.clone().or_else(|| catalog.default_profile.clone()),
            roles: self.roles.clone(),
            signed_in: true,
            member: true,
            reads_only: false,
        })
    }
}

/// Refuses a name that the app does not have.
///
/// # Errors
/// With the name that may have been meant, or with all that there are.
pub(super) fn known<'a>(
    what: &str,
    name: &str,
    names: impl Iterator<Item = &'a String> + Clone,
) -> Result<(), Failure> {
    if names.clone().any(|known| known == name) {
        return Ok(());
    }
    let failure = Failure::new(format!("the app has no {what} `{name}`"));
    Err(match nearest(name, names.clone().map(String::as_str)) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint(format!(
            "it has {}",
            names.map(String::as_str).collect::<Vec<_>>().join(", ")
        )),
    })
}

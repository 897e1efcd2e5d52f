//! YAML → model: what an app declares, unchecked. The types here are the format: its JSON Schema is made from them.

mod access;
mod app;
mod check;
mod decode;
mod entity;
mod identity;
mod merge;
mod place;

pub use access::{ActionsOrRule, MfaModel, ProfileModel, RecordsModel, RoleModel, UserTokenModel};
pub use app::{ConnectorModel, KeyModel, LimitsModel, Method, Scope, SecretModel, SettingModel, parse_duration};
pub use entity::{CascadeModel, EntityModel, FieldModel, RecordTokenModel, Searchable, TypeWord};
pub use identity::{
    ClientModel, FactorsModel, IdentityModel, JwtModel, JwtUserModel, LinkModel, LockoutModel, OidcFactorModel,
    OidcModel, OidcPreset, PasswordModel, PasswordSettings, ProvisionModel, RoleMapModel, SamlFactorModel, SamlModel,
    SessionsModel, SignUpModel, SignUpSettings,
};
pub use place::{Condition, Name, Named, Names, Raw, Spanned};

pub(crate) use merge::merge;

use crate::catalog::SecurityLevel;
use crate::diagnostic::Diagnostics;
use crate::source::{FileKind, Sources};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::HashSet;
use std::sync::LazyLock;

/// An app: all its files merged by top-level key.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    title = "an app model",
    description = "The declarative model of a Freehold app. Every *.yaml file under its directory is a part of it."
)]
pub struct Model {
    /// The app's name.
    pub app: Option<Name>,
    /// How strictly the model is judged; `production` when left out. Only `production` may be published.
    pub security: Option<Spanned<SecurityLevel>>,
    /// Profile of callers who are not signed in. Left out: they can do nothing.
    pub anonymous_profile: Option<Name>,
    /// Profile of users for whom none is stated.
    pub default_profile: Option<Name>,
    /// The entity whose rows are the tenants. Left out: a single-tenant app.
    pub tenant: Option<Name>,
    /// Roles that whoever creates a tenant has there. Left out: every role that manages others.
    pub founder_roles: Option<Spanned<Vec<Name>>>,
    /// Encryption keys.
    #[serde(default)]
    pub keys: Named<KeyModel>,
    /// Settings that an environment or a tenant may change.
    #[serde(default)]
    pub config: Named<SettingModel>,
    /// Credentials that are written and never read.
    #[serde(default)]
    pub secrets: Named<SecretModel>,
    /// Ways out of the sandbox.
    #[serde(default)]
    pub connectors: Named<ConnectorModel>,
    /// Hosts and ways to sign in.
    pub identity: Option<IdentityModel>,
    /// Bounds on one request.
    pub limits: Option<LimitsModel>,
    /// The entities, by name.
    #[serde(default)]
    pub entities: Named<EntityModel>,
    /// What callers carry, by name.
    #[serde(default)]
    pub user_tokens: Named<UserTokenModel>,
    /// Lists of rules, by name.
    #[serde(default)]
    pub permission_sets: Named<Vec<Spanned<ActionsOrRule>>>,
    /// Permission sets of a user in the environment; each user has exactly one profile.
    #[serde(default)]
    pub profiles: Named<ProfileModel>,
    /// Permission sets of a user in a tenant; a user has any number of roles there.
    #[serde(default)]
    pub roles: Named<RoleModel>,
}

/// Names whose declarations were left out because they are faulty: nobody is told that these are unknown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lost(HashSet<String>);

impl Lost {
    /// Notes a name.
    pub(crate) fn add(&mut self, name: &str) {
        self.0.insert(name.to_owned());
    }

    /// Whether a declaration of that name was left out.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

static JSON_SCHEMA: LazyLock<serde_json::Value> = LazyLock::new(|| schemars::schema_for!(Model).to_value());

/// The JSON Schema of the model format, for editors. Committed as `schema/model.schema.json`.
pub fn json_schema() -> serde_json::Value {
    JSON_SCHEMA.clone()
}

/// Reads and merges the model files. Every fault is told; `None` when names may be missing because a file could not be read.
pub(crate) fn read(sources: &Sources, diagnostics: &mut Diagnostics) -> Option<(Model, Lost)> {
    let (root, whole) = merge(sources, FileKind::Model, diagnostics);
    let mut lost = Lost::default();
    let checked = check::check(root, &JSON_SCHEMA, &mut lost, diagnostics)?;
    if !whole {
        return None;
    }
    match decode::decode(&checked) {
        Ok(model) => Some((model, lost)),
        Err(fault) => {
            diagnostics.error_nowhere("model-decode", format!("the model could not be read: {fault}"));
            None
        }
    }
}

#[cfg(test)]
mod tests;

//! `user_tokens:`, `permission_sets:`, `profiles:`, `roles:`

use super::{Condition, Name, Named, Raw, Spanned};
use crate::catalog::Operation;
use schemars::JsonSchema;
use serde::Deserialize;

/// What a caller carries, found by a live look-up.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a user token")]
pub struct UserTokenModel {
    /// The entity looked up.
    pub lookup: Name,
    /// Rows that count.
    pub r#where: Option<Condition>,
    /// The field whose values the caller carries. Left out: the token has no value.
    pub value: Option<Name>,
    /// Why, for people; `{field.path}` is filled in from the row found.
    pub reason: Option<Spanned<String>>,
}

/// One entry of a permission set: a rule about an entity, or a list of actions.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a rule")]
pub struct ActionsOrRule {
    /// What it is about.
    pub entity: Option<Name>,
    /// What it allows.
    pub allow: Option<Vec<Spanned<Operation>>>,
    /// Rows it applies to. Left out: all that the record gate lets through.
    pub r#where: Option<Condition>,
    /// What a written row must satisfy: a condition, or `any`. Left out: `where`.
    pub check: Option<Raw>,
    /// Fields it opens for reading.
    #[serde(default)]
    pub read: Vec<Name>,
    /// Fields it opens for writing.
    #[serde(default)]
    pub write: Vec<Name>,
    /// `all`: skips the record gate.
    pub records: Option<Spanned<RecordsModel>>,
    /// Values that the rule writes itself.
    #[serde(default)]
    pub set: Named<Raw>,
    /// Named actions; alone in its entry.
    pub actions: Option<Vec<Name>>,
}

/// The word under `records:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordsModel {
    /// The record gate is skipped.
    All,
}

/// Permission sets of a user in the environment.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a profile")]
pub struct ProfileModel {
    /// Names of permission sets.
    pub sets: Vec<Name>,
}

/// Permission sets of a user in a tenant.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a role")]
pub struct RoleModel {
    /// Names of permission sets.
    pub sets: Vec<Name>,
    /// Roles that its holders may give and take.
    #[serde(default)]
    pub manages: Vec<Name>,
    /// `required`: holders need a second factor.
    pub mfa: Option<Spanned<MfaModel>>,
}

/// The word under `mfa:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MfaModel {
    /// A second factor is needed.
    Required,
}

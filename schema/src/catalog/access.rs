//! Access declarations: tokens, permission sets, profiles, roles.

use super::{EntityId, FieldId};
use crate::source::Span;
use crate::yaml::Node;

/// What a rule may allow.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Add a row.
    Create,
    /// See a row's fields wherever the row appears.
    Read,
    /// Find rows in lists, totals and aggregates.
    List,
    /// Change fields.
    Update,
    /// Remove a row.
    Delete,
    /// Change a `state: true` field.
    Transition,
}

impl Operation {
    /// As the model writes it: `create`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::List => "list",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Transition => "transition",
        }
    }

    /// Whether the record gate is asked for writing.
    pub fn is_write(self) -> bool {
        match self {
            Self::Read | Self::List => false,
            Self::Create | Self::Update | Self::Delete | Self::Transition => true,
        }
    }
}

/// A record token: what a row asks for.
#[derive(Clone, Debug)]
pub struct RecordTokenDef {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// What a caller must carry.
    pub matches: TokenMatch,
    /// The field whose value must equal the caller's; `None`: carrying the token is enough.
    pub field: Option<FieldId>,
    /// Rows it applies to; `None`: all.
    pub when: Option<Node>,
    /// What it opens.
    pub grants: Grants,
}

/// `match:` of a record token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenMatch {
    /// Anybody.
    Everyone,
    /// Anybody signed in.
    Authenticated,
    /// Active members of the request's tenant.
    TenantMember,
    /// The person whom the field names.
    SelfUser,
    /// Holders of a role.
    Role(String),
    /// Holders of a user token.
    UserToken(String),
}

/// `grants:` of a record token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Grants {
    /// Reads.
    Read,
    /// Reads and writes.
    ReadWrite,
}

/// A user token: what a caller carries, found by a live look-up.
#[derive(Clone, Debug)]
pub struct UserTokenDef {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// The entity looked up, within the request's tenant when it has one.
    pub lookup: EntityId,
    /// Rows that count.
    pub condition: Option<Node>,
    /// The field whose values the caller carries; `None`: the token has no value.
    pub value: Option<FieldId>,
    /// Why, for people; `{field.path}` is filled in from the row found.
    pub reason: Option<String>,
}

/// A list of rules and actions.
#[derive(Clone, Debug)]
pub struct PermissionSetDef {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// The rules.
    pub rules: Vec<RuleDecl>,
    /// Named actions it grants.
    pub actions: Vec<String>,
}

/// One grant, names resolved, conditions still YAML.
#[derive(Clone, Debug)]
pub struct RuleDecl {
    /// Where it stands.
    pub span: Span,
    /// What it is about.
    pub entity: EntityId,
    /// What it allows.
    pub allow: Vec<Operation>,
    /// Rows it applies to.
    pub condition: Option<Node>,
    /// What a written row must satisfy.
    pub check: Check,
    /// Fields it opens for reading.
    pub read: Vec<FieldId>,
    /// Fields it opens for writing.
    pub write: Vec<FieldId>,
    /// Skips the record gate.
    pub records_all: bool,
    /// Values the rule writes itself.
    pub presets: Vec<(FieldId, Node)>,
}

/// `check:` of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// Not stated: the rule's `where`.
    Condition,
    /// `check: any`
    Any,
    /// A condition of its own.
    Stated(Node),
}

/// The permission sets of a user in an environment.
#[derive(Clone, Debug)]
pub struct ProfileDef {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// Names of its sets.
    pub sets: Vec<String>,
}

/// The permission sets of a user in a tenant.
#[derive(Clone, Debug)]
pub struct RoleDef {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// Names of its sets.
    pub sets: Vec<String>,
    /// Roles its holders may give and take.
    pub manages: Vec<String>,
    /// Needs a second factor.
    pub mfa_required: bool,
}

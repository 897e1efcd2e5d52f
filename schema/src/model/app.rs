//! app.yaml: keys, configuration, secrets, connectors, limits.

use super::{Name, Raw, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// What has a value of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One for the environment.
    Environment,
    /// One for each tenant.
    Tenant,
}

/// An encryption key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a key")]
pub struct KeyModel {
    /// What has a key of its own.
    pub scope: Spanned<Scope>,
    /// Age after which a new one is made: a number with `s`, `m`, `h` or `d`.
    pub rotate_after: Option<Spanned<String>>,
}

/// A setting that an environment or a tenant may change.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a setting")]
pub struct SettingModel {
    /// Who may change it.
    pub scope: Spanned<Scope>,
    /// Its value where nobody has.
    pub default: Option<Raw>,
}

/// A credential that is written and never read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a secret")]
pub struct SecretModel {
    /// What has one of its own.
    pub scope: Spanned<Scope>,
    /// Connectors that may use it.
    #[serde(default)]
    pub usable_by: Vec<Name>,
}

/// A way out of the sandbox.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a connector")]
pub struct ConnectorModel {
    /// Every request goes below this address.
    pub base_url: Spanned<String>,
    /// The secret that the host adds.
    pub secret: Option<Name>,
    /// Methods it may use.
    #[serde(default)]
    pub methods: Vec<Spanned<Method>>,
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// Bounds on one request.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "limits")]
pub struct LimitsModel {
    /// Nesting of fields.
    pub depth: Option<Spanned<u32>>,
    /// Cost: the fields, and a tenth for each row they may return.
    pub cost: Option<Spanned<u32>>,
    /// Rows of one page.
    pub page: Option<Spanned<u32>>,
    /// Rows of a page when the query does not say.
    pub page_default: Option<Spanned<u32>>,
    /// Root fields and aliases.
    pub aliases: Option<Spanned<u32>>,
    /// Directives on one field.
    pub directives: Option<Spanned<u32>>,
    /// Bytes of a request's body.
    pub body_bytes: Option<Spanned<u32>>,
    /// Nesting of brackets in a query's text or in its variables.
    pub nesting: Option<Spanned<u32>>,
    /// Lexical tokens of a query.
    pub tokens: Option<Spanned<u32>>,
}

/// Reads a number with `s`, `m`, `h` or `d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let seconds = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let number: u64 = text[..text.len() - 1].parse().ok()?;
    number.checked_mul(seconds).map(Duration::from_secs)
}

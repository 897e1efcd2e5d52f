//! `identity:` of app.yaml: hosts and ways to sign in.

use super::{Name, Named, Names, Spanned};
use crate::catalog::PasswordHash;
use crate::yaml::{Node, NodeKind};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// Hosts and ways to sign in.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "identity")]
pub struct IdentityModel {
    /// Host names of the app. The value is the tenant entity when the host names a tenant (`"{organisation.slug}.example.com": organisation`), else null.
    #[serde(default)]
    pub hosts: Named<Option<Name>>,
    /// Signing in with a password.
    pub password: Option<Spanned<PasswordModel>>,
    /// Whether people may register themselves: `closed` (if left out), `open`, or `{profile: member}`.
    pub sign_up: Option<Spanned<SignUpModel>>,
    /// How long sessions last.
    pub sessions: Option<SessionsModel>,
    /// Whether signing in with a password needs an address that was proved to be the person's; true if left out.
    pub verify_email: Option<Spanned<bool>>,
    /// Second factors that people may register.
    pub mfa: Option<FactorsModel>,
    /// Whether service users may sign in with HTTP Basic; false if left out.
    pub basic: Option<Spanned<bool>>,
    /// OpenID Connect providers, by name.
    #[serde(default)]
    pub oidc: Named<OidcModel>,
    /// SAML providers, by name.
    #[serde(default)]
    pub saml: Named<SamlModel>,
    /// Issuers whose tokens are taken as they come, by name.
    #[serde(default)]
    pub jwt: Named<JwtModel>,
    /// Apps and other environments that sign people in here, by `client_id`.
    #[serde(default)]
    pub clients: Named<ClientModel>,
}

/// Signing in with a password: `disabled`, or its settings.
#[derive(Clone, Debug)]
pub enum PasswordModel {
    /// Nobody has a password.
    Disabled,
    /// Passwords are used.
    Settings(PasswordSettings),
}

/// How passwords are judged.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "password settings")]
pub struct PasswordSettings {
    /// Fewest characters of a new password.
    pub min_length: Option<Spanned<u32>>,
    /// What follows failures.
    pub lockout: Option<LockoutModel>,
    /// How new passwords are hashed; `argon2id` if left out.
    pub hash: Option<Spanned<PasswordHash>>,
}

/// What follows failed sign-ins.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a lockout")]
pub struct LockoutModel {
    /// Consecutive failures that lead to a block.
    pub failures: Spanned<u32>,
    /// How long it lasts: a number with `s`, `m`, `h` or `d`.
    pub block: Spanned<String>,
}

/// Whether people may register themselves: `closed`, `open`, or the profile that they get.
#[derive(Clone, Debug)]
pub enum SignUpModel {
    /// Nobody may.
    Closed,
    /// Everybody may, and gets the default profile.
    Open,
    /// Everybody may, and gets a profile.
    Settings(SignUpSettings),
}

/// What people who register themselves get.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "sign-up")]
pub struct SignUpSettings {
    /// Their profile.
    pub profile: Name,
}

/// How long sessions last.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "sessions")]
pub struct SessionsModel {
    /// A session without requests ends after this: `1m` to `24h`; `30m` if left out.
    pub idle: Option<Spanned<String>>,
    /// Every session ends after this: `5m` to `30d`; `12h` if left out.
    pub absolute: Option<Spanned<String>>,
}

/// Second factors that people may register.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "`mfa`")]
pub struct FactorsModel {
    /// Codes of an authenticator app; true if left out.
    pub totp: Option<Spanned<bool>>,
    /// Passkeys and security keys; true if left out.
    pub passkeys: Option<Spanned<bool>>,
}

/// A provider of which much is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OidcPreset {
    /// Google accounts.
    Google,
    /// Microsoft accounts; needs `directory`.
    Microsoft,
    /// GitHub accounts.
    Github,
}

impl OidcPreset {
    /// The word of the model.
    pub fn word(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Microsoft => "microsoft",
            Self::Github => "github",
        }
    }
}

/// An OpenID Connect provider.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "an OpenID Connect provider")]
pub struct OidcModel {
    /// Who it is, where much is known of it; else `issuer`.
    pub preset: Option<Spanned<OidcPreset>>,
    /// Its address, exactly as its tokens say.
    pub issuer: Option<Spanned<String>>,
    /// With `preset: microsoft`: the id of a directory, `organizations`, `consumers` or `common`.
    pub directory: Option<Spanned<String>>,
    /// The text of its button; its name if left out.
    pub label: Option<Spanned<String>>,
    /// What the app is called there.
    pub client_id: Spanned<String>,
    /// Name of the secret that proves it; left out for a public client.
    pub client_secret: Option<Name>,
    /// What is asked for besides `openid`; `[email, profile]` if left out.
    pub scopes: Option<Vec<Spanned<String>>>,
    /// Slugs of the tenants whose people may use it; everybody's if left out.
    pub tenants: Option<Spanned<Vec<Name>>>,
    /// Domains of the addresses that it speaks for; any if left out.
    pub domains: Option<Spanned<Vec<Name>>>,
    /// Whether it may sign in to an account that it did not make; `never` if left out.
    pub link: Option<Spanned<LinkModel>>,
    /// What it says when a second factor was used; left out: none counts.
    pub mfa: Option<Spanned<OidcFactorModel>>,
    /// What happens to accounts at sign-in.
    pub provision: Option<ProvisionModel>,
}

/// Whether a provider may sign in to an account that it did not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkModel {
    /// It may not, unless the account's person has linked it.
    Never,
    /// To the account of the same address, if the provider says that the address is verified.
    VerifiedEmail,
}

/// What an OpenID Connect provider says when a second factor was used.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a provider's second factor")]
pub struct OidcFactorModel {
    /// Values of the claim `acr`.
    #[serde(default)]
    pub acr: Vec<Spanned<String>>,
    /// Values in the claim `amr`.
    #[serde(default)]
    pub amr: Vec<Spanned<String>>,
}

/// What happens to accounts at sign-in with a provider.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "provisioning")]
pub struct ProvisionModel {
    /// Whether a person without an account gets one; false if left out.
    pub create: Option<Spanned<bool>>,
    /// Profile of new accounts; the default profile if left out.
    pub profile: Option<Name>,
    /// Claim with the slug of the tenant in which the person is made a member. Left out: the one of `tenants`, if it lists just one.
    pub tenant: Option<Spanned<String>>,
    /// Roles by claim: given and taken at each sign-in.
    pub roles: Option<RoleMapModel>,
    /// Claim with the person's name; `name` if left out, for SAML none.
    pub name: Option<Spanned<String>>,
}

/// What values of a claim mean in roles.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "roles by claim")]
pub struct RoleMapModel {
    /// The claim: a text, or a list of texts.
    pub claim: Spanned<String>,
    /// A role, or several, by value.
    pub map: Named<Names>,
}

/// A SAML identity provider.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a SAML provider")]
pub struct SamlModel {
    /// Its entity id.
    pub entity_id: Spanned<String>,
    /// Where requests are sent to (HTTP-Redirect binding).
    pub sso_url: Spanned<String>,
    /// Certificates whose keys sign its assertions: PEM, or as they stand in its metadata.
    pub certificates: Spanned<Vec<Spanned<String>>>,
    /// The text of its button; its name if left out.
    pub label: Option<Spanned<String>>,
    /// Whether our requests are signed; true if left out.
    pub sign_requests: Option<Spanned<bool>>,
    /// Attribute with the address. Left out: the `NameID`, if its format is `emailAddress`.
    pub email: Option<Spanned<String>>,
    /// Slugs of the tenants whose people may use it; everybody's if left out.
    pub tenants: Option<Spanned<Vec<Name>>>,
    /// Domains of the addresses that it speaks for; any if left out.
    pub domains: Option<Spanned<Vec<Name>>>,
    /// Whether it may sign in to an account that it did not make; `never` if left out. Needs `domains`.
    pub link: Option<Spanned<LinkModel>>,
    /// What it says when a second factor was used; left out: none counts.
    pub mfa: Option<Spanned<SamlFactorModel>>,
    /// What happens to accounts at sign-in. Claims are attributes here.
    pub provision: Option<ProvisionModel>,
}

/// What a SAML provider says when a second factor was used.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a provider's second factor")]
pub struct SamlFactorModel {
    /// Values of `AuthnContextClassRef`.
    #[serde(default)]
    pub contexts: Vec<Spanned<String>>,
}

/// An issuer whose tokens are taken as they come.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "an issuer of tokens")]
pub struct JwtModel {
    /// `iss` of its tokens, exactly.
    pub issuer: Spanned<String>,
    /// Values of which `aud` must contain one.
    pub audience: Names,
    /// Where its keys are; left out: discovery tells.
    pub jwks_uri: Option<Spanned<String>>,
    /// How a token's user is found.
    pub user: JwtUserModel,
    /// Slugs of the tenants in which its tokens hold; all if left out.
    pub tenants: Option<Spanned<Vec<Name>>>,
    /// Narrows: of the user's roles only those count that the claim grants too.
    pub roles: Option<RoleMapModel>,
}

/// How a token's user is found.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "the user of a token")]
pub struct JwtUserModel {
    /// The claim.
    pub claim: Spanned<String>,
    /// What it is of the user: `email`, `id`, or a unique text field of `user`.
    pub by: Name,
}

/// An app or another environment that signs people in here.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "a client")]
pub struct ClientModel {
    /// What people are told that they sign in to; its name if left out.
    pub label: Option<Spanned<String>>,
    /// Where a code may be sent to.
    pub redirect_uris: Spanned<Vec<Spanned<String>>>,
    /// Name of the secret that the client proves itself with; left out for a public client.
    pub secret: Option<Name>,
    /// Age at which refresh tokens end: `1h` to `365d`. Left out: it gets none.
    pub refresh: Option<Spanned<String>>,
}

impl<'de> Deserialize<'de> for PasswordModel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = Node::deserialize(deserializer)?;
        match node.kind {
            NodeKind::Map(_) => super::decode::decode(&node)
                .map(Self::Settings)
                .map_err(serde::de::Error::custom),
            NodeKind::Null | NodeKind::Scalar { .. } | NodeKind::List(_) => Ok(Self::Disabled),
        }
    }
}

impl JsonSchema for PasswordModel {
    fn schema_name() -> Cow<'static, str> {
        "PasswordModel".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let settings = generator.subschema_for::<PasswordSettings>();
        json_schema!({"anyOf": [{"type": "string", "const": "disabled"}, settings]})
    }
}

impl<'de> Deserialize<'de> for SignUpModel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = Node::deserialize(deserializer)?;
        match &node.kind {
            NodeKind::Map(_) => super::decode::decode(&node)
                .map(Self::Settings)
                .map_err(serde::de::Error::custom),
            NodeKind::Scalar { text, .. } if text == "open" => Ok(Self::Open),
            NodeKind::Null | NodeKind::Scalar { .. } | NodeKind::List(_) => Ok(Self::Closed),
        }
    }
}

impl JsonSchema for SignUpModel {
    fn schema_name() -> Cow<'static, str> {
        "SignUpModel".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let settings = generator.subschema_for::<SignUpSettings>();
        json_schema!({"anyOf": [{"type": "string", "enum": ["closed", "open"]}, settings]})
    }
}

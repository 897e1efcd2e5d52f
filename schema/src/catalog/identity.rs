//! `identity:` of app.yaml: who may sign in, by what, and what becomes of them. Hosts and passwords stand beside it in the catalog.

use crate::source::Span;
use indexmap::IndexMap;
use std::time::Duration;

/// Ways to sign in besides passwords, and what follows.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// Whether people may register themselves.
    pub sign_up: SignUp,
    /// How long sessions last.
    pub sessions: SessionRules,
    /// Whether signing in with a password needs an address that was proved to be the person's.
    pub verify_email: VerifyEmail,
    /// Second factors that people may register.
    pub factors: SecondFactors,
    /// Whether service users may sign in with HTTP Basic.
    pub basic: bool,
    /// OpenID Connect providers, by name. No name is among `saml` too.
    pub oidc: IndexMap<String, OidcDef>,
    /// SAML providers, by name.
    pub saml: IndexMap<String, SamlDef>,
    /// Issuers whose tokens are taken as they come, by name.
    pub jwt: IndexMap<String, JwtDef>,
    /// Apps that sign people in here; the name is their `client_id`.
    pub clients: IndexMap<String, ClientDef>,
}

impl Identity {
    /// What is common to the providers, in the order in which a sign-in page lists them.
    pub fn providers(&self) -> impl Iterator<Item = &ProviderDef> {
        let oidc = self.oidc.values().map(|def| &def.provider);
        oidc.chain(self.saml.values().map(|def| &def.provider))
    }

    /// Whether a session can have a second factor at all.
    pub fn has_second_factor(&self) -> bool {
        self.factors.totp
            || self.factors.passkeys
            || self.oidc.values().any(|def| def.factor.is_some())
            || self.saml.values().any(|def| !def.factor_contexts.is_empty())
    }
}

/// `sign_up:`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SignUp {
    /// Accounts are made by administrators and by providers alone.
    #[default]
    Closed,
    /// Whoever proves an address may have an account: by a password, unless the app has none, or at a provider that makes accounts.
    Open {
        /// Its profile, a name of the catalog's `profiles`. `None`: users without a profile, where the app has no default one.
        profile: Option<String>,
    },
}

/// `verify_email:`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VerifyEmail {
    /// An address that nobody proved signs nobody in.
    #[default]
    Required,
    /// An account's address is believed.
    Ignored,
}

/// `sessions:`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// A session without requests ends after this; no more than `absolute`.
    pub idle: Duration,
    /// Every session ends after this.
    pub absolute: Duration,
}

impl Default for SessionRules {
    fn default() -> Self {
        Self {
            idle: Duration::from_mins(30),
            absolute: Duration::from_hours(12),
        }
    }
}

/// `mfa:` of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondFactors {
    /// Codes of an authenticator app.
    pub totp: bool,
    /// Passkeys and security keys.
    pub passkeys: bool,
}

impl Default for SecondFactors {
    fn default() -> Self {
        Self {
            totp: true,
            passkeys: true,
        }
    }
}

/// What OpenID Connect and SAML providers have in common.
#[derive(Clone, Debug)]
pub struct ProviderDef {
    /// Its name: unique among all providers, part of addresses, and kept beside the accounts that it signs in.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// The text of its button.
    pub label: String,
    /// Slugs of the tenants whose people may use it; `None`: everybody. Never empty.
    pub tenants: Option<Vec<String>>,
    /// Domains of the addresses that it speaks for, lower case, compared whole (`example.com` is not `a.example.com`). A person whose
    /// address is of another domain, or has none, is refused. `None`: any. Never empty.
    pub domains: Option<Vec<String>>,
    /// Whether it may sign in to an account that it did not make.
    pub link: Link,
    /// What happens to accounts at sign-in.
    pub provision: Provision,
}

/// `link:`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Only to accounts that it made, or that their person linked while signed in.
    #[default]
    Never,
    /// Also to the account of the same address, if the provider says that the address is verified, and the account's is too. SAML has
    /// no word for that: its provider is believed within its `domains`.
    VerifiedEmail,
}

/// What happens to accounts at sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provision {
    /// Whether a person without an account gets one.
    pub create: bool,
    /// Profile of new accounts, a name of the catalog's `profiles`. `None`: the app has no default one.
    pub profile: Option<String>,
    /// The tenant in which the person is made a member.
    pub tenant: ProvisionTenant,
    /// Roles by claim; where the app has tenants, those of the membership in `tenant`, which is not [`ProvisionTenant::None`] then.
    pub roles: Option<RoleMap>,
    /// Claim or attribute with the person's name; `None`: it is not taken over.
    pub name: Option<String>,
}

/// The tenant in which a person is made a member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ProvisionTenant {
    /// None: memberships are others' business, or the app has no tenants.
    #[default]
    None,
    /// The one whose slug is in this claim. It must be among the provider's `tenants`, where those are stated.
    Claim(String),
    /// The one with this slug.
    Slug(String),
}

/// What values of a claim mean in roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleMap {
    /// The claim: a text, or a list of texts.
    pub claim: String,
    /// Names of the catalog's `roles` by value; compared whole, with case.
    pub by_value: IndexMap<String, Vec<String>>,
}

impl RoleMap {
    /// The roles that these values mean, each once.
    pub fn granted<'a>(&'a self, values: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        once(values.into_iter().filter_map(|value| self.by_value.get(value)))
    }

    /// The roles that the map decides about, each once: at sign-in those that are not granted are taken away. Other roles stay.
    pub fn managed(&self) -> Vec<&str> {
        once(self.by_value.values())
    }
}

fn once<'a>(lists: impl Iterator<Item = &'a Vec<String>>) -> Vec<&'a str> {
    let mut roles: Vec<&str> = Vec::new();
    for role in lists.flatten() {
        if !roles.contains(&role.as_str()) {
            roles.push(role);
        }
    }
    roles
}

/// An OpenID Connect provider, or GitHub.
#[derive(Clone, Debug)]
pub struct OidcDef {
    /// What every provider has.
    pub provider: ProviderDef,
    /// Who it is.
    pub source: OidcSource,
    /// What the app is called there.
    pub client_id: String,
    /// Name of the secret (scope environment) that proves it. `None`: a public client, which has PKCE alone.
    pub client_secret: Option<String>,
    /// What is asked for: complete and without repetition, `openid` first where there is an ID token.
    pub scopes: Vec<String>,
    /// What says that a second factor was used; `None`: nothing does.
    pub factor: Option<OidcFactor>,
}

/// Who an OpenID Connect provider is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OidcSource {
    /// Google accounts.
    Google,
    /// Microsoft accounts. Under `common`, `organizations` and `consumers` each directory is an issuer of its own, with its id in the
    /// place of this word, so the discovered issuer is a pattern.
    Microsoft {
        /// A directory's id or domain, `common`, `organizations` or `consumers`.
        directory: String,
    },
    /// GitHub accounts: OAuth 2.0 without ID tokens; the person and the addresses are asked for.
    Github,
    /// Whoever this is, exactly as its tokens say (`iss`); discovery starts here.
    Issuer(String),
}

impl OidcSource {
    /// The issuer, as discovery needs it; `None`: GitHub, which is none.
    pub fn issuer(&self) -> Option<String> {
        match self {
            Self::Google => Some("https://accounts.google.com".to_owned()),
            Self::Microsoft { directory } => Some(format!("https://login.microsoftonline.com/{directory}/v2.0")),
            Self::Github => None,
            Self::Issuer(issuer) => Some(issuer.clone()),
        }
    }
}

/// What says that a second factor was used: either does. One of the two is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcFactor {
    /// Values of `acr`.
    pub acr: Vec<String>,
    /// Values that `amr` may contain.
    pub amr: Vec<String>,
}

/// A SAML identity provider.
#[derive(Clone, Debug)]
pub struct SamlDef {
    /// What every provider has.
    pub provider: ProviderDef,
    /// Its entity id.
    pub entity_id: String,
    /// Where requests are sent to (HTTP-Redirect binding).
    pub sso_url: String,
    /// Certificates (X.509, DER) whose keys sign its assertions; one or more. They are pinned: no authority is asked, and their dates
    /// mean nothing. That they hold a usable key is not checked here.
    pub certificates: Vec<Vec<u8>>,
    /// Whether our requests are signed.
    pub sign_requests: bool,
    /// Attribute with the address; `None`: the `NameID`, where its format is `emailAddress`.
    pub email: Option<String>,
    /// Values of `AuthnContextClassRef` that say that a second factor was used; empty: nothing does.
    pub factor_contexts: Vec<String>,
}

/// An issuer whose tokens are taken as they come, without a session.
#[derive(Clone, Debug)]
pub struct JwtDef {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// `iss` of its tokens, exactly. No two have the same issuer and an audience in common.
    pub issuer: String,
    /// Values of which `aud` must contain one; never empty.
    pub audiences: Vec<String>,
    /// Where its keys are; `None`: discovery tells.
    pub jwks_uri: Option<String>,
    /// How a token's user is found. It is never made.
    pub user: JwtUser,
    /// Slugs of the tenants in which its tokens hold; `None`: in all. Never empty.
    pub tenants: Option<Vec<String>>,
    /// Narrows: of the user's roles only those count that the token's claim grants too. `None`: all count.
    pub roles: Option<RoleMap>,
}

/// How a token's user is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtUser {
    /// The claim.
    pub claim: String,
    /// What it is of the user.
    pub by: JwtUserKey,
}

/// What a token's claim is of the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwtUserKey {
    /// The address; a token that says `email_verified: false` is refused.
    Email,
    /// The id.
    Id,
    /// The value of this field of `user`: a text, unique, not encrypted.
    Field(super::FieldId),
}

/// An app or another environment that signs people in here: authorization code with PKCE.
#[derive(Clone, Debug)]
pub struct ClientDef {
    /// Its name, which is its `client_id`.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// What people are told that they sign in to.
    pub label: String,
    /// Where a code may be sent to, compared whole (but for the port of a loopback address: RFC 8252, 7.3). Never empty.
    pub redirect_uris: Vec<String>,
    /// Name of the secret (scope environment) that the client proves itself with; `None`: a public client.
    pub secret: Option<String>,
    /// Age at which a family of refresh tokens ends; `None`: it gets none.
    pub refresh: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_of_claims() {
        let list = |roles: &[&str]| roles.iter().map(|role| (*role).to_owned()).collect();
        let map = RoleMap {
            claim: "groups".into(),
            by_value: IndexMap::from([
                ("agents".to_owned(), list(&["agent"])),
                ("leads".to_owned(), list(&["lead", "agent"])),
            ]),
        };
        assert_eq!(map.granted(["leads", "agents", "Agents", "agent"]), ["lead", "agent"]);
        assert!(map.granted(["agent", "AGENTS", ""]).is_empty());
        assert_eq!(map.managed(), ["agent", "lead"]);
    }

    #[test]
    fn nothing_stated_is_safe() {
        let identity = Identity::default();
        assert_eq!(identity.sign_up, SignUp::Closed);
        assert_eq!(identity.verify_email, VerifyEmail::Required);
        assert!(!identity.basic && identity.has_second_factor() && identity.providers().next().is_none());
        assert!(identity.sessions.idle <= identity.sessions.absolute);
        assert_eq!(Link::default(), Link::Never);
        assert!(!Provision::default().create);
    }
}

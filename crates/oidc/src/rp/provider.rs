//! An identity provider, as it is configured.

use crate::Secret;

/// An identity provider that people may sign in at.
#[derive(Clone)]
pub struct Provider {
    /// The app's name of it.
    pub name: String,
    /// Its issuer, letter for letter as its discovery document has it; see [`Preset`] for those that differ.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// How we prove it; a public client has none.
    pub client_secret: Option<Secret>,
    /// What is asked for. `openid` is added where it belongs.
    pub scopes: Vec<String>,
    /// How it differs from the rules.
    pub preset: Preset,
    /// Whether the userinfo endpoint is asked too: for providers whose ID tokens have no e-mail address or groups.
    pub userinfo: bool,
    /// Audiences that its tokens may name besides us. None, for most.
    pub trusted_audiences: Vec<String>,
}

/// How a provider differs from OpenID Connect's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Not at all.
    Plain,
    /// Google: its older tokens leave `https://` out of their issuer.
    Google,
    /// Microsoft: with the issuer `https://login.microsoftonline.com/common/v2.0` or `…/organizations/v2.0`, each token is of its
    /// own tenant's issuer, which is the one in [`crate::Claims`]. E-mail addresses there are what the tenant's administrator
    /// writes, so they are verified only if the optional claim `xms_edov` says so.
    Microsoft,
    /// GitHub, and GitHub Enterprise Server: OAuth 2.0 without ID tokens; who it is, is asked of its API.
    GitHub,
}

impl Preset {
    /// The issuer, where there is only one.
    pub fn issuer(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Google => Some("https://accounts.google.com"),
            Self::Microsoft => Some("https://login.microsoftonline.com/common/v2.0"),
            Self::GitHub => Some("https://github.com"),
        }
    }

    /// What to ask for, if nothing else is stated.
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Plain | Self::Google | Self::Microsoft => &["openid", "email", "profile"],
            Self::GitHub => &["read:user", "user:email"],
        }
    }
}

impl Provider {
    /// A provider of a preset, with its issuer and scopes. `None` for [`Preset::Plain`], which has no issuer of its own.
    pub fn of(preset: Preset, name: &str, client_id: &str, client_secret: Option<Secret>) -> Option<Self> {
        Some(Self {
            name: name.to_owned(),
            issuer: preset.issuer()?.to_owned(),
            client_id: client_id.to_owned(),
            client_secret,
            scopes: preset.scopes().iter().map(|scope| (*scope).to_owned()).collect(),
            preset,
            userinfo: false,
            trusted_audiences: Vec::new(),
        })
    }
}

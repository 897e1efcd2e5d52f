//! `/auth/account`: who one is, and everything that lets one in.

mod factors;
pub(crate) mod keys;
mod sessions;

use crate::frame::Frame;
use crate::page::{Draft, Page};
use crate::problem::Problem;
use keys::Keys;
use maud::{Markup, html};

/// Everything about who is signed in. Times are in seconds since 1970.
#[derive(Clone, Default)]
pub struct Account {
    /// What is around it.
    pub frame: Frame,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Whether the address may be changed here.
    pub email_change: bool,
    /// Whether they have a password to change.
    pub password: bool,
    /// Where they are a member.
    pub memberships: Vec<Membership>,
    /// Codes of an authenticator app; `None` if the app does not have them.
    pub totp: Option<Factor>,
    /// Their passkeys; `None` if the app does not have passkeys.
    pub passkeys: Option<Vec<PasskeyRow>>,
    /// Where they are signed in.
    pub sessions: Vec<SessionRow>,
    /// Their API keys; `None` if they may have none.
    pub keys: Option<Keys>,
    /// What just went well: `The key is revoked.`
    pub notice: Option<String>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// Whether a second factor is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// It is not.
    Off,
    /// It is.
    On {
        /// Since when.
        since: i64,
        /// How many recovery codes are left.
        recovery_codes: usize,
    },
}

/// A tenant they are a member of.
#[derive(Clone, Debug, Default)]
pub struct Membership {
    /// The tenant's name.
    pub tenant: String,
    /// Names of their roles there.
    pub roles: Vec<String>,
}

/// One of their passkeys.
#[derive(Clone, Debug, Default)]
pub struct PasskeyRow {
    /// Names it in `/auth/passkey/remove`.
    pub id: String,
    /// What they call it.
    pub name: String,
    /// When it was made.
    pub created: i64,
    /// When it was last used.
    pub last_used: Option<i64>,
}

/// One of their sessions.
#[derive(Clone, Debug, Default)]
pub struct SessionRow {
    /// Names it in `/auth/sessions/revoke`.
    pub id: String,
    /// `Firefox on Linux`.
    pub device: String,
    /// Where it was last used from.
    pub address: String,
    /// When it was last used.
    pub last_seen: i64,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// The page of a view.
pub fn account(view: &Account) -> Page {
    let frame = &view.frame;
    let content = html! {
        @if let Some(notice) = &view.notice { p.notice role="status" { (notice) } }
        (profile(view))
        @if !view.memberships.is_empty() { (memberships(&view.memberships)) }
        @if let Some(factor) = view.totp { (factors::totp(frame, factor)) }
        @if let Some(passkeys) = &view.passkeys { (factors::passkeys(frame, passkeys)) }
        (sessions::sessions(frame, &view.sessions))
        @if let Some(keys) = &view.keys { (keys::section(frame, keys, &view.problems)) }
    };
    let mut draft = Draft::new("Your account", content)
        .problems(&view.problems, if view.keys.is_some() { &["name"] } else { &[] })
        .script(true);
    draft.wide = true;
    draft.page(frame)
}

fn profile(view: &Account) -> Markup {
    html! {
        section.profile aria-label="Profile" {
            div.row {
                div {
                    p.name { (view.name) }
                    p.muted { (view.email) }
                }
                form method="post" action="/auth/sign-out" {
                    (view.frame.csrf_field())
                    button.second { "Sign out" }
                }
            }
            @if view.email_change || view.password {
                p.links {
                    @if view.password { a href="/auth/password/change" { "Change password" } }
                    @if view.email_change { a href="/auth/email/change" { "Change address" } }
                }
            }
        }
    }
}

fn memberships(memberships: &[Membership]) -> Markup {
    html! {
        section aria-labelledby="memberships" {
            h2 id="memberships" { "Memberships" }
            ul.rows {
                @for membership in memberships {
                    li.row { div {
                        p.name { (membership.tenant) }
                        p.muted { (membership.roles.join(", ")) }
                    } }
                }
            }
        }
    }
}

/// A button behind a second click, for what cannot be undone.
pub(crate) fn careful(words: &str, about: &str, content: &Markup) -> Markup {
    html! {
        details.careful {
            summary { (words) span.unseen { " " (about) } }
            div.sure { (content) }
        }
    }
}

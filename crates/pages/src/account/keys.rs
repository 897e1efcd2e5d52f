//! API keys.

use super::careful;
use crate::field::{Field, Kind};
use crate::frame::Frame;
use crate::moment::moment;
use crate::page::{Draft, Page};
use crate::problem::Problem;
use maud::{Markup, html};

/// API keys, and what a new one may be. The form posts `{name, expires_days, roles…, read_only}` to `/auth/keys`: `roles` once for
/// each that is checked, `read_only` `true` or not at all, `expires_days` empty for a key that does not expire.
#[derive(Clone, Default)]
pub struct Keys {
    /// The keys there are.
    pub list: Vec<KeyRow>,
    /// The name that was typed before.
    pub name: String,
    /// Roles a new key may have.
    pub roles: Vec<RoleChoice>,
    /// How many days a new key may last, the first being proposed.
    pub expires_days: Vec<u32>,
    /// Whether a new key may last for ever.
    pub lasting: bool,
    /// Whether `read only` is checked.
    pub read_only: bool,
}

/// An API key, without what opens.
#[derive(Clone, Debug, Default)]
pub struct KeyRow {
    /// Names it in `/auth/keys/revoke`.
    pub id: String,
    /// What they call it.
    pub name: String,
    /// Its beginning, to tell it by.
    pub hint: String,
    /// Names of its roles.
    pub roles: Vec<String>,
    /// Whether it only reads.
    pub read_only: bool,
    /// When it ends, in seconds since 1970.
    pub expires: Option<i64>,
    /// When it was last used, in seconds since 1970.
    pub last_used: Option<i64>,
}

/// A role that a new key may have.
#[derive(Clone, Debug, Default)]
pub struct RoleChoice {
    /// Its name in the form.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// Whether it is checked.
    pub checked: bool,
}

/// A new key, shown this once.
///
/// Not `Debug`: it holds the key.
#[derive(Clone, Default)]
pub struct KeyCreated {
    /// What is around it.
    pub frame: Frame,
    /// What they call it.
    pub name: String,
    /// The key.
    pub key: String,
}

/// The page of a view.
pub fn key_created(view: &KeyCreated) -> Page {
    let content = html! {
        p { "The key " strong { (view.name) } " is shown only now. Keep it where secrets are kept." }
        p { code.secret { (view.key) } }
        p { a.button href="/auth/account" { "I have kept it" } }
    };
    Draft::new("Your new key", content).page(&view.frame)
}

pub(super) fn section(frame: &Frame, keys: &Keys, problems: &[Problem]) -> Markup {
    html! {
        section aria-labelledby="keys" {
            h2 id="keys" { "API keys" }
            @if keys.list.is_empty() { p.muted { "A key lets a program act as you." } }
            @else { ul.rows { @for key in &keys.list { (row(frame, key)) } } }
            details.new open[!problems.is_empty()] {
                summary { "Make a key" }
                (form(frame, keys, problems))
            }
        }
    }
}

fn row(frame: &Frame, key: &KeyRow) -> Markup {
    html! {
        li.row {
            div {
                p.name { (key.name) " " code.muted { (key.hint) } @if key.read_only { " " span.mark { "Read only" } } }
                p.muted {
                    @if let Some(last_used) = key.last_used { "Last used " (moment(last_used)) } @else { "Never used" }
                    @if let Some(expires) = key.expires { " · ends " (moment(expires)) } @else { " · does not end" }
                    @if !key.roles.is_empty() { " · " (key.roles.join(", ")) }
                }
            }
            (careful("Revoke…", &key.name, &html! {
                p { "What uses it stops working." }
                form method="post" action="/auth/keys/revoke" {
                    (frame.csrf_field())
                    input type="hidden" name="id" value=(key.id);
                    button.danger { "Revoke" span.unseen { " " (key.name) } }
                }
            }))
        }
    }
}

fn form(frame: &Frame, keys: &Keys, problems: &[Problem]) -> Markup {
    let name = Field {
        name: "name",
        label: "Name",
        kind: Kind::Label,
        value: &keys.name,
        hint: Some("What it is for.".to_owned()),
        focus: false,
    };
    html! {
        form method="post" action="/auth/keys" {
            (frame.csrf_field())
            (name.render(problems))
            div.field {
                label for="expires_days" { "Ends after" }
                select id="expires_days" name="expires_days" {
                    @for days in &keys.expires_days { option value=(days) { (days) @if *days == 1 { " day" } @else { " days" } } }
                    @if keys.lasting { option value="" { "Never" } }
                }
            }
            @if !keys.roles.is_empty() {
                fieldset {
                    legend { "Roles" }
                    @for role in &keys.roles {
                        label.check { input type="checkbox" name="roles" value=(role.name) checked[role.checked]; span { (role.label) } }
                    }
                }
            }
            label.check { input type="checkbox" name="read_only" value="true" checked[keys.read_only]; span { "It may only read" } }
            button { "Make key" }
        }
    }
}

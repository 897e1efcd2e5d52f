//! `/auth/sign-in`.

use crate::field::{Field, Kind};
use crate::frame::Frame;
use crate::link::encoded;
use crate::page::{Draft, Page};
use crate::problem::Problem;
use maud::{Markup, html};

/// What a refused sign-in says, whatever the reason was: whether an account exists is nobody's business.
pub const SIGN_IN_REFUSED: &str = "That did not work. Check the e-mail address and the password, or try again later.";

/// The page to sign in on. Posts `{email, password, return_to}` to `/auth/sign-in`.
#[derive(Clone, Default)]
pub struct SignIn {
    /// What is around it.
    pub frame: Frame,
    /// What was typed before.
    pub email: String,
    /// Where to go then: a path of this host, or a URL at one of [`Frame::redirects`]; empty if nowhere particular.
    pub return_to: String,
    /// Whether one can sign in with e-mail and password.
    pub password: bool,
    /// Whether there is a way to choose a new password.
    pub forgot: bool,
    /// Whether one may sign up.
    pub sign_up: bool,
    /// Whether there are passkeys.
    pub passkey: bool,
    /// Other places to sign in at.
    pub providers: Vec<Provider>,
    /// Why the page is shown, such as a session that ended.
    pub notice: Option<String>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// Somewhere else to sign in.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Which protocol, and so which path.
    pub protocol: Protocol,
    /// Its name in the path.
    pub name: String,
    /// Its name for people.
    pub label: String,
}

/// How a provider is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `/auth/oidc/{name}`
    Oidc,
    /// `/auth/saml/{name}/login`
    Saml,
}

impl Provider {
    /// Where its button leads.
    pub(crate) fn href(&self, frame: &Frame, return_to: &str) -> String {
        let name = encoded(&self.name);
        let path = match self.protocol {
            Protocol::Oidc => format!("/auth/oidc/{name}"),
            Protocol::Saml => format!("/auth/saml/{name}/login"),
        };
        with_return(frame, &path, return_to)
    }
}

/// The path, with `return_to` in its query.
pub(crate) fn with_return(frame: &Frame, path: &str, return_to: &str) -> String {
    frame.returning(return_to).map_or_else(
        || path.to_owned(),
        |return_to| format!("{path}?return_to={}", encoded(return_to)),
    )
}

/// The page of a view.
pub fn sign_in(view: &SignIn) -> Page {
    let frame = &view.frame;
    let content = html! {
        @if let Some(notice) = &view.notice { p.notice role="status" { (notice) } }
        @if view.password { (password_form(view)) }
        @if view.passkey || !view.providers.is_empty() {
            @if view.password { p.or { span { "or" } } }
            @if view.passkey { (passkey_button("Sign in with a passkey", &view.return_to, frame)) }
            @if !view.providers.is_empty() {
                ul.providers {
                    @for provider in &view.providers {
                        li { a.button.second href=(provider.href(frame, &view.return_to)) {
                            "Continue with " (provider.label)
                        } }
                    }
                }
            }
        }
        @if view.sign_up {
            p.after { "New here? " a href=(with_return(frame, "/auth/sign-up", &view.return_to)) { "Create an account" } }
        }
    };
    Draft::new("Sign in", content)
        .problems(&view.problems, if view.password { &["email", "password"] } else { &[] })
        .script(view.passkey || view.password)
        .page(frame)
}

fn password_form(view: &SignIn) -> Markup {
    let email = Field {
        name: "email",
        label: "E-mail address",
        kind: Kind::Username,
        value: &view.email,
        hint: None,
        focus: view.email.is_empty(),
    };
    let password = Field {
        name: "password",
        label: "Password",
        kind: Kind::CurrentPassword,
        value: "",
        hint: None,
        focus: !view.email.is_empty(),
    };
    html! {
        form method="post" action="/auth/sign-in" {
            (view.frame.csrf_field())
            (view.frame.return_field(&view.return_to))
            (email.render(&view.problems))
            (password.render(&view.problems))
            @if view.forgot { p.beside { a href="/auth/password/forgot" { "Forgot your password?" } } }
            button { "Sign in" }
        }
    }
}

/// Hidden until the script finds that the browser has passkeys.
pub(crate) fn passkey_button(words: &str, return_to: &str, frame: &Frame) -> Markup {
    html! {
        div.passkey hidden data-passkey="sign-in" data-return-to=(frame.returning(return_to).unwrap_or_default()) {
            button.second type="button" { (words) }
            p.error role="alert" {}
        }
    }
}

//! `/auth/sign-up`, and the page behind its letter's link.

use crate::field::{Field, Kind};
use crate::frame::Frame;
use crate::page::{Draft, Page};
use crate::password::{new_password, username};
use crate::problem::Problem;
use crate::sign_in::{Provider, with_return};
use maud::html;

/// Asks for the letter that lets one sign up. Posts `{email}` to `/auth/sign-up`.
#[derive(Clone, Default)]
pub struct SignUp {
    /// What is around it.
    pub frame: Frame,
    /// What was typed before.
    pub email: String,
    /// Where to go then, as in [`SignIn`](crate::SignIn).
    pub return_to: String,
    /// Other places that make an account when one first signs in there.
    pub providers: Vec<Provider>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// The page behind the letter's link. Posts `{token, name, password}` to `/auth/sign-up/finish`.
///
/// Not `Debug`: it holds the token.
#[derive(Clone, Default)]
pub struct SignUpFinish {
    /// What is around it.
    pub frame: Frame,
    /// The link's token.
    pub token: String,
    /// The address the letter went to, if it is known.
    pub email: Option<String>,
    /// The name that was typed before.
    pub name: String,
    /// The fewest characters of a password.
    pub chars_min: usize,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// The page of a view.
pub fn sign_up(view: &SignUp) -> Page {
    let frame = &view.frame;
    let email = Field {
        name: "email",
        label: "E-mail address",
        kind: Kind::Email,
        value: &view.email,
        hint: Some("We send a link there to go on with.".to_owned()),
        focus: true,
    };
    let content = html! {
        form method="post" action="/auth/sign-up" {
            (frame.csrf_field())
            (frame.return_field(&view.return_to))
            (email.render(&view.problems))
            button { "Send link" }
        }
        @if !view.providers.is_empty() {
            p.or { span { "or" } }
            ul.providers {
                @for provider in &view.providers {
                    li { a.button.second href=(provider.href(frame, &view.return_to)) { "Continue with " (provider.label) } }
                }
            }
        }
        p.after { "Have an account? " a href=(with_return(frame, "/auth/sign-in", &view.return_to)) { "Sign in" } }
    };
    Draft::new("Create an account", content)
        .problems(&view.problems, &["email"])
        .page(frame)
}

/// The page of a view.
pub fn sign_up_finish(view: &SignUpFinish) -> Page {
    let name = Field {
        name: "name",
        label: "Your name",
        kind: Kind::PersonName,
        value: &view.name,
        hint: None,
        focus: true,
    };
    let content = html! {
        @if let Some(email) = &view.email { p.muted { "For " (email) } }
        form method="post" action="/auth/sign-up/finish" {
            (view.frame.csrf_field())
            input type="hidden" name="token" value=(view.token);
            @if let Some(email) = &view.email { (username(email)) }
            (name.render(&view.problems))
            (new_password(view.chars_min, false).render(&view.problems))
            button { "Create account" }
        }
    };
    Draft::new("Finish your account", content)
        .problems(&view.problems, &["name", "password"])
        .script(true)
        .page(&view.frame)
}

//! Passwords: forgotten, chosen by the link of a letter, and changed.

use crate::field::{Field, Kind, length_hint};
use crate::frame::Frame;
use crate::page::{Draft, Page};
use crate::problem::Problem;
use maud::{Markup, html};

/// Asks for the letter that lets one choose a password. Posts `{email}` to `/auth/password/forgot`.
#[derive(Clone, Default)]
pub struct ForgotPassword {
    /// What is around it.
    pub frame: Frame,
    /// What was typed before.
    pub email: String,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// The page behind a letter's link. Posts `{token, password}` to `/auth/password/reset`.
///
/// Not `Debug`: it holds the token.
#[derive(Clone, Default)]
pub struct ChoosePassword {
    /// What is around it.
    pub frame: Frame,
    /// The link's token.
    pub token: String,
    /// The address, if it is known, so that a password manager keeps the two together.
    pub email: Option<String>,
    /// The fewest characters.
    pub chars_min: usize,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// Changes the password of who is signed in. Posts `{current, password}` to `/auth/password/change`.
#[derive(Clone, Default)]
pub struct ChangePassword {
    /// What is around it.
    pub frame: Frame,
    /// Whose it is.
    pub email: String,
    /// The fewest characters.
    pub chars_min: usize,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// The page of a view.
pub fn forgot_password(view: &ForgotPassword) -> Page {
    let email = Field {
        name: "email",
        label: "E-mail address",
        kind: Kind::Username,
        value: &view.email,
        hint: None,
        focus: true,
    };
    let content = html! {
        p { "We send you a link with which you can choose a new one." }
        form method="post" action="/auth/password/forgot" {
            (view.frame.csrf_field())
            (email.render(&view.problems))
            button { "Send link" }
        }
        p.after { a href="/auth/sign-in" { "Back to sign-in" } }
    };
    Draft::new("Forgot your password?", content)
        .problems(&view.problems, &["email"])
        .page(&view.frame)
}

/// The page of a view.
pub fn choose_password(view: &ChoosePassword) -> Page {
    let content = html! {
        form method="post" action="/auth/password/reset" {
            (view.frame.csrf_field())
            input type="hidden" name="token" value=(view.token);
            @if let Some(email) = &view.email { (username(email)) }
            (new_password(view.chars_min, true).render(&view.problems))
            button { "Set password" }
        }
    };
    Draft::new("Choose a password", content)
        .problems(&view.problems, &["password"])
        .script(true)
        .page(&view.frame)
}

/// The page of a view.
pub fn change_password(view: &ChangePassword) -> Page {
    let current = Field {
        name: "current",
        label: "Current password",
        kind: Kind::CurrentPassword,
        value: "",
        hint: None,
        focus: true,
    };
    let content = html! {
        p.muted { "Signed in as " (view.email) ". Your other sessions end when the password changes." }
        form method="post" action="/auth/password/change" {
            (view.frame.csrf_field())
            (username(&view.email))
            (current.render(&view.problems))
            (new_password(view.chars_min, false).render(&view.problems))
            button { "Change password" }
        }
        p.after { a href="/auth/account" { "Back to your account" } }
    };
    Draft::new("Change your password", content)
        .problems(&view.problems, &["current", "password"])
        .script(true)
        .page(&view.frame)
}

/// The field of a new password.
pub(crate) fn new_password<'a>(chars_min: usize, focus: bool) -> Field<'a> {
    Field {
        name: "password",
        label: "New password",
        kind: Kind::NewPassword(chars_min),
        value: "",
        hint: length_hint(chars_min),
        focus,
    }
}

/// For password managers alone: it has no `name`, so it is not sent.
pub(crate) fn username(email: &str) -> Markup {
    html! { input type="text" autocomplete="username" value=(email) readonly hidden; }
}

//! Letters and addresses: look for one, confirm one, change one.

use crate::field::{Field, Kind};
use crate::frame::Frame;
use crate::page::{Draft, Page};
use crate::problem::Problem;
use maud::html;

/// Says that a letter is on its way, in the same words whether or not there is an account.
#[derive(Clone)]
pub struct CheckMail {
    /// What is around it.
    pub frame: Frame,
    /// What the letter is for.
    pub letter: Letter,
    /// The address that was typed.
    pub email: String,
}

/// What a letter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letter {
    /// Choosing a password.
    Reset,
    /// Signing up.
    SignUp,
    /// Confirming a new address.
    Verify,
}

/// The page behind the link of a letter to a new address. Posts `{token}` to `/auth/email/verify`: a link alone changes nothing,
/// because mail filters follow links.
///
/// Not `Debug`: it holds the token.
#[derive(Clone, Default)]
pub struct VerifyEmail {
    /// What is around it.
    pub frame: Frame,
    /// The link's token.
    pub token: String,
    /// The address, if it is known.
    pub email: Option<String>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// Asks for a new address. Posts `{email, password}` to `/auth/email/change`.
#[derive(Clone, Default)]
pub struct ChangeEmail {
    /// What is around it.
    pub frame: Frame,
    /// The present address.
    pub current: String,
    /// What was typed before.
    pub email: String,
    /// Whether the account has a password to ask for.
    pub password: bool,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// The page of a view.
pub fn check_mail(view: &CheckMail) -> Page {
    let content = html! {
        @match view.letter {
            Letter::Reset => {
                p { "If " strong { (view.email) } " belongs to an account, a letter with a link is on its way there. \
                    Choose a new password with it." }
            },
            Letter::SignUp => {
                p { "A letter with a link is on its way to " strong { (view.email) } ". Finish your account with it." }
            },
            Letter::Verify => {
                p { "A letter with a link is on its way to " strong { (view.email) } ". Your address changes once you have followed it." }
            },
        }
        p.muted { "Nothing after a few minutes? Look among unwanted mail, and check the address for typing errors." }
        p.after {
            @match view.letter {
                Letter::Reset => a href="/auth/password/forgot" { "Try another address" },
                Letter::SignUp => a href="/auth/sign-up" { "Try another address" },
                Letter::Verify => a href="/auth/account" { "Back to your account" },
            }
        }
    };
    Draft::new("Check your mail", content).page(&view.frame)
}

/// The page of a view.
pub fn verify_email(view: &VerifyEmail) -> Page {
    let content = html! {
        p {
            @if let Some(email) = &view.email { "Is " strong { (email) } " your address?" }
            @else { "One more click, and the address is yours." }
        }
        form method="post" action="/auth/email/verify" {
            (view.frame.csrf_field())
            input type="hidden" name="token" value=(view.token);
            button { "Confirm address" }
        }
    };
    Draft::new("Confirm your address", content)
        .problems(&view.problems, &[])
        .page(&view.frame)
}

/// The page of a view.
pub fn change_email(view: &ChangeEmail) -> Page {
    let email = Field {
        name: "email",
        label: "New e-mail address",
        kind: Kind::Email,
        value: &view.email,
        hint: Some("We send a link there. The address changes once you have followed it.".to_owned()),
        focus: true,
    };
    let password = Field {
        name: "password",
        label: "Password",
        kind: Kind::CurrentPassword,
        value: "",
        hint: None,
        focus: false,
    };
    let content = html! {
        p.muted { "At present: " (view.current) }
        form method="post" action="/auth/email/change" {
            (view.frame.csrf_field())
            (email.render(&view.problems))
            @if view.password { (password.render(&view.problems)) }
            button { "Send link" }
        }
        p.after { a href="/auth/account" { "Back to your account" } }
    };
    Draft::new("Change your address", content)
        .problems(
            &view.problems,
            if view.password {
                &["email", "password"]
            } else {
                &["email"]
            },
        )
        .script(view.password)
        .page(&view.frame)
}

//! `/auth/mfa`.

use crate::field::{Field, Kind};
use crate::frame::Frame;
use crate::page::{Draft, Page};
use crate::problem::{Problem, message_of};
use crate::sign_in::passkey_button;
use maud::html;

/// The page that asks for a second factor. Posts `{code}` or `{recovery_code}` to `/auth/mfa`.
#[derive(Clone, Default)]
pub struct SecondFactor {
    /// What is around it.
    pub frame: Frame,
    /// Where to go then, as in [`SignIn`](crate::SignIn).
    pub return_to: String,
    /// Whether codes of an app are accepted.
    pub totp: bool,
    /// Whether recovery codes are.
    pub recovery: bool,
    /// Whether passkeys are.
    pub passkey: bool,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// The page of a view.
pub fn second_factor(view: &SecondFactor) -> Page {
    let frame = &view.frame;
    let code = Field {
        name: "code",
        label: "Code",
        kind: Kind::Code,
        value: "",
        hint: Some("The six digits that your authenticator app shows now.".to_owned()),
        focus: true,
    };
    let recovery = Field {
        name: "recovery_code",
        label: "Recovery code",
        kind: Kind::RecoveryCode,
        value: "",
        hint: Some("One of the codes you kept. Each works once.".to_owned()),
        focus: !view.totp,
    };
    let recovery_form = html! {
        form method="post" action="/auth/mfa" {
            (frame.csrf_field())
            (frame.return_field(&view.return_to))
            (recovery.render(&view.problems))
            button.second[view.totp] { "Use recovery code" }
        }
    };
    let recovery_wrong = message_of(&view.problems, "recovery_code").is_some();
    let content = html! {
        @if view.totp {
            form method="post" action="/auth/mfa" {
                (frame.csrf_field())
                (frame.return_field(&view.return_to))
                (code.render(&view.problems))
                button { "Continue" }
            }
        }
        @if view.passkey { (passkey_button("Use a passkey", &view.return_to, frame)) }
        @if view.recovery && view.totp {
            details open[recovery_wrong] {
                summary { "Use a recovery code instead" }
                (recovery_form)
            }
        } @else if view.recovery {
            (recovery_form)
        }
        form.after method="post" action="/auth/sign-out" {
            (frame.csrf_field())
            button.quiet { "Sign in as someone else" }
        }
    };
    Draft::new("Is it you?", content)
        .problems(&view.problems, &["code", "recovery_code"])
        .script(view.passkey)
        .page(frame)
}

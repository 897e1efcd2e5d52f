//! Setting up codes of an authenticator app, and the codes for when it is lost.

use crate::field::{Field, Kind};
use crate::frame::Frame;
use crate::page::{Draft, Page};
use crate::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::html;

/// The page with the secret of an authenticator app. Posts `{code}` to `/auth/totp/confirm`.
///
/// Not `Debug`: it holds the secret.
#[derive(Clone, Default)]
pub struct TotpSetUp {
    /// What is around it.
    pub frame: Frame,
    /// The picture of `uri`: a whole SVG document, with its `xmlns`. It is shown as an image, so nothing in it can run.
    pub qr_svg: String,
    /// The secret in base 32, to type.
    pub secret: String,
    /// `otpauth://totp/…`, for who reads the page on the phone that has the app. Anything else is left out.
    pub uri: Option<String>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// Codes for when the app is lost, shown this once.
///
/// Not `Debug`: it holds the codes.
#[derive(Clone, Default)]
pub struct RecoveryCodes {
    /// What is around it.
    pub frame: Frame,
    /// Whose they are, for the printed sheet.
    pub email: String,
    /// The codes.
    pub codes: Vec<String>,
}

/// The page of a view.
pub fn totp_set_up(view: &TotpSetUp) -> Page {
    let frame = &view.frame;
    let picture = format!("data:image/svg+xml;base64,{}", STANDARD.encode(&view.qr_svg));
    let uri = view.uri.as_deref().filter(|it| it.starts_with("otpauth://totp/"));
    let code = Field {
        name: "code",
        label: "Code",
        kind: Kind::Code,
        value: "",
        hint: Some("The six digits that the app shows now.".to_owned()),
        focus: !view.problems.is_empty(),
    };
    let content = html! {
        ol.steps {
            li {
                h2 { "Scan this with your authenticator app" }
                img.qr src=(picture) alt="QR code. The secret below is the same as text." width="200" height="200";
                @if let Some(uri) = uri { p { a href=(uri) { "Open the app on this device" } } }
                p.muted { "Or type this secret into the app:" }
                p { code.secret { (grouped(&view.secret)) } }
            }
            li {
                h2 { "Enter the code it shows" }
                form method="post" action="/auth/totp/confirm" {
                    (frame.csrf_field())
                    (code.render(&view.problems))
                    button { "Turn on" }
                }
            }
        }
        p.after { a href="/auth/account" { "Not now" } }
    };
    let mut draft = Draft::new("Set up an authenticator app", content).problems(&view.problems, &["code"]);
    draft.drawn = true;
    draft.page(frame)
}

/// The page of a view.
pub fn recovery_codes(view: &RecoveryCodes) -> Page {
    let content = html! {
        p { "Each of these codes signs you in once if you lose your authenticator app or passkey. "
            strong { "They are shown only now:" } " print them, or keep them in a password manager." }
        ul.codes aria-label="Recovery codes" {
            @for code in &view.codes { li { code { (code) } } }
        }
        @if !view.email.is_empty() {
            p.muted { "For " (view.email) ". Earlier codes no longer work." }
        }
        button.second.screen type="button" hidden data-print { "Print" }
        p.screen { a.button href="/auth/account" { "I have kept them" } }
    };
    Draft::new("Recovery codes", content).script(true).page(&view.frame)
}

/// In groups of four, as they are read aloud.
fn grouped(secret: &str) -> String {
    let mut out = String::with_capacity(secret.len() * 5 / 4);
    for (at, letter) in secret.chars().filter(|it| !it.is_whitespace()).enumerate() {
        if at > 0 && at % 4 == 0 {
            out.push(' ');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_by_four() {
        assert_eq!(grouped("JBSW Y3DPEHPK3PXP"), "JBSW Y3DP EHPK 3PXP");
        assert_eq!(grouped(""), "");
    }
}

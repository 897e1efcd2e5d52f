//! Second factors: an authenticator app, recovery codes, passkeys.

use super::{Factor, PasskeyRow, careful};
use crate::frame::Frame;
use crate::moment::moment;
use maud::{Markup, html};

pub(super) fn totp(frame: &Frame, factor: Factor) -> Markup {
    html! {
        section aria-labelledby="totp" {
            h2 id="totp" { "Authenticator app" }
            @match factor {
                Factor::Off => {
                    p.muted { "Signing in with a password then also asks for a code from your phone." }
                    form method="post" action="/auth/totp/begin" {
                        (frame.csrf_field())
                        button.second { "Set up" }
                    }
                },
                Factor::On { since, recovery_codes } => {
                    p { span.mark { "On" } " " span.muted { "since " (moment(since)) } }
                    p.muted { (left(recovery_codes)) }
                    div.actions {
                        (careful("New recovery codes…", "", &html! {
                            p { "The codes you have now will no longer work." }
                            form method="post" action="/auth/recovery-codes" {
                                (frame.csrf_field())
                                button.second { "Make new codes" }
                            }
                        }))
                        (careful("Turn off…", "the authenticator app", &html! {
                            p { "Signing in will no longer ask for a code." }
                            form method="post" action="/auth/totp/remove" {
                                (frame.csrf_field())
                                button.danger { "Turn off" }
                            }
                        }))
                    }
                },
            }
        }
    }
}

fn left(recovery_codes: usize) -> String {
    match recovery_codes {
        0 => "No recovery codes are left. Make new ones.".to_owned(),
        1 => "1 recovery code is left.".to_owned(),
        some => format!("{some} recovery codes are left."),
    }
}

pub(super) fn passkeys(frame: &Frame, passkeys: &[PasskeyRow]) -> Markup {
    html! {
        section aria-labelledby="passkeys" {
            h2 id="passkeys" { "Passkeys" }
            @if passkeys.is_empty() {
                p.muted { "Sign in with your fingerprint, face or device instead of a password." }
            } @else {
                ul.rows {
                    @for passkey in passkeys {
                        li.row {
                            div {
                                p.name { (passkey.name) }
                                p.muted {
                                    "Added " (moment(passkey.created))
                                    @if let Some(last_used) = passkey.last_used { " · last used " (moment(last_used)) }
                                }
                            }
                            (careful("Remove…", &passkey.name, &html! {
                                form method="post" action="/auth/passkey/remove" {
                                    (frame.csrf_field())
                                    input type="hidden" name="id" value=(passkey.id);
                                    button.danger { "Remove" span.unseen { " " (passkey.name) } }
                                }
                            }))
                        }
                    }
                }
            }
            div.passkey hidden data-passkey="register" {
                div.field {
                    label for="passkey-name" { "Name of a new passkey" }
                    div.input { input id="passkey-name" type="text" autocomplete="off" maxlength="64"; }
                }
                button.second type="button" { "Add a passkey" }
                p.error role="alert" {}
            }
            noscript { p.muted { "Adding a passkey needs JavaScript." } }
        }
    }
}

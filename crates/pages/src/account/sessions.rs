//! Where one is signed in.

use super::SessionRow;
use crate::frame::Frame;
use crate::moment::moment;
use maud::{Markup, html};

pub(super) fn sessions(frame: &Frame, sessions: &[SessionRow]) -> Markup {
    html! {
        section aria-labelledby="sessions" {
            h2 id="sessions" { "Where you are signed in" }
            ul.rows {
                @for session in sessions {
                    li.row {
                        div {
                            p.name { (session.device) @if session.current { " " span.mark { "This one" } } }
                            p.muted { (session.address) " · last seen " (moment(session.last_seen)) }
                        }
                        @if !session.current {
                            form method="post" action="/auth/sessions/revoke" {
                                (frame.csrf_field())
                                input type="hidden" name="id" value=(session.id);
                                button.second { "Sign out" span.unseen { " " (session.device) } }
                            }
                        }
                    }
                }
            }
            @if sessions.iter().any(|it| !it.current) {
                form method="post" action="/auth/sessions/revoke-all" {
                    (frame.csrf_field())
                    button.second { "Sign out everywhere else" }
                }
            }
        }
    }
}

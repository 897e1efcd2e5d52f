//! The built-in OpenID provider asks before it tells.

use crate::frame::Frame;
use crate::link::{local_or_root, origin_of};
use crate::page::{Draft, Page};
use maud::html;

/// Asks whether to sign in to a client. Posts `{request, decision}` to `action`, with `decision` `allow` or `deny`.
///
/// [`Frame::redirects`] must hold the client's registered redirect: the form ends there, and its host is shown.
#[derive(Clone, Default)]
pub struct Consent {
    /// What is around it.
    pub frame: Frame,
    /// The client's name, as it is registered.
    pub client: String,
    /// Who is signed in.
    pub email: String,
    /// What the client learns, a phrase each: `your name`.
    pub learns: Vec<String>,
    /// Where the form goes, a path of this host.
    pub action: String,
    /// What names the flow, opaque here.
    pub request: String,
}

/// The page of a view.
pub fn consent(view: &Consent) -> Page {
    let frame = &view.frame;
    let title = format!("Sign in to {}?", view.client);
    let origins: Vec<String> = frame.redirects.iter().filter_map(|it| origin_of(it)).collect();
    let content = html! {
        p { "You are signed in as " strong { (view.email) } "." }
        @if !view.learns.is_empty() {
            p { (view.client) " will see:" }
            ul.plain { @for phrase in &view.learns { li { (phrase) } } }
        }
        @for origin in &origins { p.muted { "Then you go to " (origin) } }
        form method="post" action=(local_or_root(&view.action)) {
            (frame.csrf_field())
            input type="hidden" name="request" value=(view.request);
            div.choice {
                button name="decision" value="allow" { "Continue" }
                button.second name="decision" value="deny" { "Cancel" }
            }
        }
        form.after method="post" action="/auth/sign-out" {
            (frame.csrf_field())
            button.quiet { "Use another account" }
        }
    };
    Draft::new(&title, content).page(frame)
}

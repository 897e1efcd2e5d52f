//! Pages that say how something went.

use crate::frame::Frame;
use crate::link::local_or_root;
use crate::page::{Draft, Page};
use crate::sign_in::{Provider, with_return};
use maud::{Markup, html};

/// Something went well, or is as it is: a password is set, an address is confirmed, a link is too old.
#[derive(Clone, Default)]
pub struct Notice {
    /// What is around it.
    pub frame: Frame,
    /// The heading: `Your password is set`.
    pub title: String,
    /// A sentence or two.
    pub message: String,
    /// Where one may go from here: a path of this host, and its words.
    pub next: Option<(String, String)>,
}

/// Signing in elsewhere does not work at the moment.
#[derive(Clone)]
pub struct ProviderOutage {
    /// What is around it.
    pub frame: Frame,
    /// Where.
    pub provider: Provider,
    /// Where to go then, as in [`SignIn`](crate::SignIn).
    pub return_to: String,
    /// What names the request in the logs.
    pub request_id: String,
}

/// Something went wrong, and no form can say it.
#[derive(Clone, Default)]
pub struct ErrorPage {
    /// What is around it.
    pub frame: Frame,
    /// The machine's word for it, as the JSON API has it.
    pub code: String,
    /// A sentence for the reader.
    pub message: String,
    /// What names the request in the logs.
    pub request_id: String,
    /// Where one may go from here, a path of this host.
    pub back: Option<String>,
}

/// Signed out.
#[derive(Clone, Default)]
pub struct SignedOut {
    /// What is around it.
    pub frame: Frame,
    /// Where to go after signing in again, as in [`SignIn`](crate::SignIn).
    pub return_to: String,
}

/// The page of a view.
pub fn notice(view: &Notice) -> Page {
    let content = html! {
        p { (view.message) }
        @if let Some((path, words)) = &view.next { p { a.button href=(local_or_root(path)) { (words) } } }
    };
    Draft::new(&view.title, content).page(&view.frame)
}

/// The page of a view.
pub fn provider_outage(view: &ProviderOutage) -> Page {
    let frame = &view.frame;
    let title = format!("{} does not answer", view.provider.label);
    let content = html! {
        p { "Signing in with " (view.provider.label) " does not work at the moment. It is not your fault; try again in a few minutes." }
        p { a.button href=(view.provider.href(frame, &view.return_to)) { "Try again" } }
        p { a.button.second href=(with_return(frame, "/auth/sign-in", &view.return_to)) { "Sign in another way" } }
        (reference(None, &view.request_id))
    };
    Draft::new(&title, content).page(frame)
}

/// The page of a view.
pub fn error_page(view: &ErrorPage) -> Page {
    let content = html! {
        p { (view.message) }
        @if let Some(back) = &view.back { p { a.button href=(local_or_root(back)) { "Go back" } } }
        (reference(Some(&view.code), &view.request_id))
    };
    Draft::new("That did not work", content).page(&view.frame)
}

/// The page of a view.
pub fn signed_out(view: &SignedOut) -> Page {
    let content = html! {
        p { "You are signed out on this device." }
        p { a.button href=(with_return(&view.frame, "/auth/sign-in", &view.return_to)) { "Sign in again" } }
    };
    Draft::new("Signed out", content).page(&view.frame)
}

/// What to tell who looks into it.
fn reference(code: Option<&str>, request_id: &str) -> Markup {
    html! {
        dl.reference {
            @if let Some(code) = code { div { dt { "Code" } dd { code { (code) } } } }
            div { dt { "Request" } dd { code { (request_id) } } }
        }
    }
}

//! What every page has around it.

use crate::link::{is_local, origin_of};
use crate::theme::Theme;
use maud::{Markup, html};

/// What every view carries.
///
/// Not `Debug`: it holds the token against cross-site requests.
#[derive(Clone, Default)]
pub struct Frame {
    /// The app's or tenant's looks.
    pub theme: Theme,
    /// Goes into every form as `csrf`.
    pub csrf: String,
    /// Registered URLs of other origins which a form of this page may end at: the client's redirect, when signing in is part of a
    /// flow of the built-in OpenID provider. Browsers hold a form's whole chain of redirects against `form-action`.
    pub redirects: Vec<String>,
}

impl Frame {
    /// The hidden field of every form.
    pub(crate) fn csrf_field(&self) -> Markup {
        html! { input type="hidden" name="csrf" value=(self.csrf); }
    }

    /// `return_to`, if it leads to this host or to a registered redirect; anything else is left out of the page.
    pub(crate) fn returning<'a>(&self, return_to: &'a str) -> Option<&'a str> {
        let registered = || {
            origin_of(return_to).is_some_and(|wanted| {
                self.redirects
                    .iter()
                    .filter_map(|it| origin_of(it))
                    .any(|it| it == wanted)
            })
        };
        (is_local(return_to) || registered()).then_some(return_to)
    }

    /// `return_to` as a hidden field, or nothing.
    pub(crate) fn return_field(&self, return_to: &str) -> Markup {
        html! {
            @if let Some(return_to) = self.returning(return_to) {
                input type="hidden" name="return_to" value=(return_to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(return_to: &str, redirects: &[&str], expected: bool) {
        let frame = Frame {
            redirects: redirects.iter().map(|it| (*it).to_owned()).collect(),
            ..Frame::default()
        };
        assert_eq!(frame.returning(return_to).is_some(), expected, "{return_to:?}");
    }

    #[test]
    fn returns_only_home_or_where_registered() {
        let app = ["https://app.example/callback"];
        check("/", &[], true);
        check("/a?b=c", &[], true);
        check("https://app.example/elsewhere?x", &app, true);
        for other in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/",
            "https://app.example.evil.example/",
            "https://app.example@evil.example/",
            "http://app.example/",
            "javascript:alert(1)",
            "data:text/html,x",
        ] {
            check(other, &app, false);
        }
    }
}

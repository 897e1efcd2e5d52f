//! A whole document, put together.

use crate::asset::{script_integrity, script_path};
use crate::frame::Frame;
use crate::link::origin_of;
use crate::policy::Policy;
use crate::problem::{Problem, summary};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The style of every page.
const STYLE: &str = include_str!("pages.css");

/// A document, and the policy to send it with.
///
/// Not `Debug`: it may hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Page {
    /// `text/html; charset=utf-8`.
    pub html: String,
    /// Value of the `Content-Security-Policy` header. It and the document belong together: it holds hashes of its styles.
    pub policy: String,
}

/// A page before it is put together.
pub(crate) struct Draft<'a> {
    pub(crate) title: &'a str,
    pub(crate) problems: &'a [Problem],
    /// Fields that a problem may lead to.
    pub(crate) fields: &'a [&'a str],
    pub(crate) content: Markup,
    pub(crate) script: bool,
    /// Whether the content holds an image in a `data:` URL.
    pub(crate) drawn: bool,
    /// For lists rather than one form.
    pub(crate) wide: bool,
}

impl<'a> Draft<'a> {
    /// A page of one form or message.
    pub(crate) fn new(title: &'a str, content: Markup) -> Self {
        Self {
            title,
            problems: &[],
            fields: &[],
            content,
            script: false,
            drawn: false,
            wide: false,
        }
    }

    /// With what was wrong, above the content.
    pub(crate) fn problems(mut self, problems: &'a [Problem], fields: &'a [&'a str]) -> Self {
        self.problems = problems;
        self.fields = fields;
        self
    }

    /// With the script, if `wanted`.
    pub(crate) fn script(mut self, wanted: bool) -> Self {
        self.script = wanted;
        self
    }

    pub(crate) fn page(self, frame: &Frame) -> Page {
        let theme = &frame.theme;
        let theme_style = theme.style();
        let logo = theme.logo();
        let mut images: Vec<String> = logo.iter().map(|(_, source)| source.clone()).collect();
        if self.drawn {
            images.push("data:".to_owned());
        }
        let policy = Policy {
            styles: vec![STYLE, &theme_style],
            images,
            form_targets: frame.redirects.iter().filter_map(|it| origin_of(it)).collect(),
            script: self.script,
        };
        // The only markup that is not escaped, and none of it is from a view: `style` holds colours that were parsed.
        let styles = html! { style { (PreEscaped(STYLE)) } style { (PreEscaped(&theme_style)) } };
        let document = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    // Links in letters hold tokens.
                    meta name="referrer" content="same-origin";
                    title {
                        @if !self.problems.is_empty() { "Error: " }
                        (self.title) " – " (theme.name())
                    }
                    (styles)
                    @if self.script { script src=(script_path()) integrity=(script_integrity()) defer {} }
                }
                body.wide[self.wide] {
                    header {
                        @if let Some((url, _)) = &logo { img.logo src=(url) alt="" height="40"; }
                        p.brand { (theme.name()) }
                    }
                    main {
                        h1 { (self.title) }
                        (summary(self.problems, self.fields))
                        (self.content)
                    }
                }
            }
        };
        Page {
            html: document.into_string(),
            policy: policy.header(),
        }
    }
}

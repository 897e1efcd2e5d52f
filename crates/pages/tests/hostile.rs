//! Whatever stands in a view, it stays a text: no element, attribute, link, style or directive comes of it.

mod browser;
#[path = "../examples/demo/mod.rs"]
mod demo;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use browser::{Document, read};
use demo::{Plain, Words, pages};
use freehold_pages::{Frame, Page, SignIn, Theme, TotpSetUp, sign_in, totp_set_up};
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Every text in every view is this one, with a number of its own before it.
struct Hostile<'a> {
    text: &'a str,
    given: RefCell<Vec<String>>,
}

impl<'a> Hostile<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            given: RefCell::default(),
        }
    }
}

impl Words for Hostile<'_> {
    fn text(&self, words: &str) -> String {
        let mut given = self.given.borrow_mut();
        given.push(words.to_owned());
        format!("m{}m{}", given.len() - 1, self.text)
    }

    fn path(&self, path: &str) -> String {
        let rest: String = self
            .text
            .chars()
            .filter(|it| !it.is_control() && !it.is_whitespace() && *it != '\\')
            .collect();
        format!("{path}{rest}")
    }
}

const MARKUP: [&str; 10] = [
    "<x-evil onx=1>",
    "\"><x-evil onx=1>",
    "'><x-evil onx=1>",
    "\" onx=\"1",
    "' onx='1",
    "</title></style></script><x-evil>",
    "--><!--<x-evil>",
    "&lt;x-evil&gt;&quot;&#34;",
    "]]><![CDATA[<x-evil>",
    "` onx=1 \u{2028}\u{0}\r\n<x-evil\u{0}>",
];

/// The pages as they are, read once: the slow part of many cases.
static PLAIN: LazyLock<Vec<(&str, Page, Document)>> = LazyLock::new(|| {
    pages(&Plain)
        .into_iter()
        .map(|(name, page)| {
            let document = read(&page.html);
            (name, page, document)
        })
        .collect()
});

fn same_shape(text: &str) {
    let hostile = pages(&Hostile::new(text));
    assert_eq!(hostile.len(), PLAIN.len());
    for ((name, plain, expected), (_, page)) in PLAIN.iter().zip(&hostile) {
        let document = read(&page.html);
        assert_eq!(document.skeleton, expected.skeleton, "{name} with {text:?}");
        assert_eq!(page.policy, plain.policy, "{name} with {text:?}");
        let styles = |it: &Document| -> Vec<String> { it.named("style").map(|it| it.text.clone()).collect() };
        assert_eq!(styles(&document), styles(expected), "{name} with {text:?}");
    }
}

#[test]
fn a_text_is_never_markup() {
    for text in MARKUP {
        same_shape(text);
        for (name, page) in pages(&Hostile::new(text)) {
            assert!(!page.html.contains("<x-evil"), "{name} with {text:?}");
            let document = read(&page.html);
            if !text.contains('\u{0}') {
                assert!(
                    document.faults.is_empty(),
                    "{name} with {text:?}: {:?}",
                    document.faults
                );
            }
            for (attribute, value) in document.values() {
                let held = value.contains("evil") || value.contains("onx");
                let may = matches!(attribute, "value" | "href" | "action" | "data-return-to");
                assert!(!held || may, "{name}: {attribute}={value:?}");
                if matches!(attribute, "href" | "action") {
                    let ours = value.starts_with('/') && !value.starts_with("//");
                    let fragment = value.starts_with('#') && !held;
                    let app = value.starts_with("otpauth://totp/");
                    assert!(ours || fragment || app, "{name}: {attribute}={value:?}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn no_text_changes_the_shape(text in "[<>\"'`&;=/!\\-a-z\\PC\\s]{0,24}|\\PC{0,24}") {
        same_shape(&text);
    }
}

/// Each text of the views is on a page, so what the tests above put there was really tried.
#[test]
fn every_text_is_shown() {
    let words = Hostile::new("");
    let mut shown = String::new();
    for (_, page) in pages(&words) {
        let document = read(&page.html);
        for element in &document.elements {
            shown.extend(element.text.split_whitespace());
            shown.push(' ');
        }
        for (_, value) in document.values() {
            shown.push_str(value);
            shown.push(' ');
            if let Some(picture) = value.strip_prefix("data:image/svg+xml;base64,") {
                shown.push_str(&String::from_utf8(STANDARD.decode(picture).unwrap()).unwrap());
            }
        }
        // Texts after an element's end belong to no start.
        shown.push_str(&page.html);
    }
    let mut found: BTreeMap<String, bool> = BTreeMap::new();
    for (at, base) in words.given.into_inner().into_iter().enumerate() {
        *found.entry(base).or_default() |= shown.contains(&format!("m{at}m"));
    }
    let missing: Vec<&String> = found.iter().filter(|it| !it.1).map(|it| it.0).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// A view whose paths lead elsewhere.
struct Elsewhere(&'static str);

impl Words for Elsewhere {
    fn path(&self, _path: &str) -> String {
        self.0.to_owned()
    }
}

#[test]
fn no_path_leads_elsewhere() {
    for path in [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/\t/evil.example/",
        "/\n/evil.example/",
        " //evil.example/",
        "javascript:alert('evil.example')",
        "data:text/html,evil.example",
        "https://wiki.example@evil.example/",
    ] {
        for (name, page) in pages(&Elsewhere(path)) {
            assert!(!page.html.contains("evil.example"), "{name} with {path:?}");
        }
    }
}

struct Looks(Theme);

impl Words for Looks {
    fn theme(&self) -> Theme {
        self.0.clone()
    }
}

#[test]
fn looks_are_not_styles() {
    let plain = pages(&Plain);
    for (accent, logo_url) in [
        ("red", "javascript:alert(1)"),
        ("#0b5cad;}body{display:none", "data:image/svg+xml,<svg/>"),
        ("#fff", "http://tracker.example/l.png"),
        ("#12345g", "//tracker.example/l.png"),
        ("url(https://tracker.example)", "https://a;script-src.example/l.png"),
        ("#123456</style><x-evil>", "https://a,b.example/l.png"),
        ("", ""),
    ] {
        let looks = Looks(Theme {
            title: "Helpdesk".to_owned(),
            logo_url: Some(logo_url.to_owned()),
            accent: Some(accent.to_owned()),
        });
        for ((name, plain), (_, page)) in plain.iter().zip(pages(&looks)) {
            assert!(*plain == page, "{name} with {accent:?}, {logo_url:?}");
        }
    }
}

#[test]
fn a_logo_is_allowed_by_its_origin_alone() {
    let page = sign_in(&SignIn {
        frame: Frame {
            theme: Theme {
                logo_url: Some("https://cdn.example/logo.png?a=\"><x-evil>".to_owned()),
                ..Theme::default()
            },
            ..Frame::default()
        },
        ..SignIn::default()
    });
    assert!(page.policy.contains("; img-src https://cdn.example"), "{}", page.policy);
    let document = read(&page.html);
    assert_eq!(document.named("img").count(), 1);
    assert!(document.faults.is_empty());
    assert_eq!(document.named("x-evil").count(), 0);
}

#[test]
fn a_redirect_cannot_widen_the_policy() {
    let policy = |redirects: &[&str]| {
        let redirects = redirects.iter().map(|it| (*it).to_owned()).collect();
        sign_in(&SignIn {
            frame: Frame {
                redirects,
                ..Frame::default()
            },
            ..SignIn::default()
        })
        .policy
    };
    let none = policy(&[]);
    for redirect in [
        "*",
        "https://*",
        "https://*.example/",
        "https:",
        "http://app.example/",
        "https://a;script-src 'unsafe-inline'/",
        "https://a;b.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "'unsafe-inline'",
        "",
    ] {
        assert_eq!(policy(&[redirect]), none, "{redirect:?}");
    }
    let app = policy(&["https://app.example/callback;script-src *", "com.example.app:/callback"]);
    assert!(
        app.contains("form-action 'self' com.example.app: https://app.example"),
        "{app}"
    );
    assert_eq!(app.matches("script-src").count(), none.matches("script-src").count());
}

#[test]
fn an_app_is_opened_for_its_codes_alone() {
    for uri in [
        "javascript:alert(1)",
        "https://evil.example/",
        "otpauth://hotp/x",
        "OTPAUTH://totp/x",
        "",
    ] {
        let page = totp_set_up(&TotpSetUp {
            uri: Some(uri.to_owned()),
            ..TotpSetUp::default()
        });
        let links: Vec<String> = read(&page.html)
            .named("a")
            .filter_map(|it| it.attribute("href").map(str::to_owned))
            .collect();
        assert_eq!(links, ["/auth/account"], "{uri:?}");
    }
}

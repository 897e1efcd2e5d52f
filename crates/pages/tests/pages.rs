//! What holds for every page.

mod browser;
#[path = "../examples/demo/mod.rs"]
mod demo;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use browser::{Document, Element, read};
use demo::{Plain, pages};
use freehold_pages::{Page, asset, script_path};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Every page, read.
fn each(mut check: impl FnMut(&str, &Page, &Document)) {
    for (name, page) in pages(&Plain) {
        check(name, &page, &read(&page.html));
    }
}

#[test]
fn equal_views_give_equal_bytes() {
    assert!(pages(&Plain) == pages(&Plain));
}

#[test]
fn a_page_is_one_whole_document() {
    each(|name, page, document| {
        assert!(page.html.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{name}");
        assert!(document.faults.is_empty(), "{name}: {:?}", document.faults);
        for once in ["html", "head", "title", "body", "main", "h1"] {
            assert_eq!(document.named(once).count(), 1, "{name}: {once}");
        }
        let mut open = Vec::new();
        for tag in &document.skeleton {
            if let Some(end) = tag.strip_prefix("</") {
                assert_eq!(open.pop(), Some(end), "{name}");
                continue;
            }
            let start = tag.trim_start_matches('<').split(' ').next().unwrap();
            if !["meta", "input", "img", "link", "br"].contains(&start) {
                open.push(start);
            }
        }
        assert!(open.is_empty(), "{name}: {open:?}");
    });
}

#[test]
fn the_policy_allows_what_is_there_and_no_more() {
    each(|name, page, document| {
        let directives: BTreeMap<&str, &str> = page.policy.split("; ").map(|it| it.split_once(' ').unwrap()).collect();
        for closed in ["default-src", "base-uri", "frame-ancestors"] {
            assert_eq!(directives[closed], "'none'", "{name}");
        }
        for word in ["unsafe", "*", "http:", "https: ", "'strict-dynamic'"] {
            assert!(!page.policy.contains(word), "{name}: {}", page.policy);
        }
        let hashes: Vec<String> = document
            .named("style")
            .map(|it| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(&it.text))))
            .collect();
        assert_eq!(directives["style-src"], hashes.join(" "), "{name}");
        let scripts: Vec<&Element> = document.named("script").collect();
        assert_eq!(
            directives.get("script-src").copied(),
            (!scripts.is_empty()).then_some("'self'")
        );
        for script in scripts {
            assert_eq!(script.attribute("src"), Some(script_path()), "{name}");
            let bytes = asset(script_path()).unwrap().bytes;
            let integrity = format!("sha256-{}", STANDARD.encode(Sha256::digest(bytes)));
            assert_eq!(script.attribute("integrity"), Some(integrity.as_str()), "{name}");
            assert_eq!(script.text, "", "{name}");
        }
        assert_eq!(
            directives.contains_key("img-src"),
            document.named("img").count() > 0,
            "{name}"
        );
        let form_action = if name == "consent" {
            "'self' https://wiki.example"
        } else {
            "'self'"
        };
        assert_eq!(directives["form-action"], form_action, "{name}");
        for (attribute, _) in document.values() {
            assert!(
                attribute != "style" && !attribute.starts_with("on"),
                "{name}: {attribute}"
            );
        }
        // A stricter referrer would send forms with `Origin: null`, a laxer one would tell tokens.
        let referrer = document
            .named("meta")
            .find(|it| it.attribute("name") == Some("referrer"))
            .unwrap();
        assert_eq!(referrer.attribute("content"), Some("same-origin"), "{name}");
    });
}

#[test]
fn forms_post_home_with_their_token() {
    each(|name, page, document| {
        for form in document.named("form") {
            assert_eq!(form.attribute("method"), Some("post"), "{name}");
            assert!(form.attribute("action").unwrap().starts_with("/auth/"), "{name}");
            assert_eq!(form.attribute("enctype"), None, "{name}");
        }
        for content in page.html.split("<form").skip(1) {
            let content = content.split_once("</form>").unwrap().0;
            let token = "<input type=\"hidden\" name=\"csrf\" value=\"csrf-token\">";
            assert_eq!(content.matches(token).count(), 1, "{name}: {content}");
            // Without a script too, there is something to press: a button that submits.
            assert!(
                content.replace("type=\"button\"", "").contains("<button"),
                "{name}: {content}"
            );
        }
    });
}

/// The fields that each form sends, beside `csrf`.
#[test]
fn forms_have_the_fields_of_the_api() {
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    each(|_, page, _| {
        for content in page.html.split("<form").skip(1) {
            let form = read(&format!("<form{}", content.split_once("</form>").unwrap().0));
            let action = form.elements[0].attribute("action").unwrap().to_owned();
            let mut names: Vec<&str> = form
                .elements
                .iter()
                .filter_map(|it| it.attribute("name"))
                .filter(|it| *it != "csrf")
                .collect();
            names.dedup();
            seen.entry(action).or_default().insert(names.join(" "));
        }
    });
    let expected = [
        ("/auth/email/change", vec!["email password"]),
        ("/auth/email/verify", vec!["token"]),
        (
            "/auth/keys",
            vec!["name expires_days read_only", "name expires_days roles read_only"],
        ),
        ("/auth/keys/revoke", vec!["id"]),
        ("/auth/mfa", vec!["return_to code", "return_to recovery_code"]),
        ("/auth/passkey/remove", vec!["id"]),
        ("/auth/password/change", vec!["current password"]),
        ("/auth/password/forgot", vec!["email"]),
        ("/auth/password/reset", vec!["token password"]),
        ("/auth/provider/consent", vec!["request decision"]),
        ("/auth/recovery-codes", vec![""]),
        ("/auth/sessions/revoke", vec!["id"]),
        ("/auth/sessions/revoke-all", vec![""]),
        ("/auth/sign-in", vec!["return_to email password"]),
        ("/auth/sign-out", vec![""]),
        ("/auth/sign-up", vec!["return_to email"]),
        ("/auth/sign-up/finish", vec!["token name password"]),
        ("/auth/totp/begin", vec![""]),
        ("/auth/totp/confirm", vec!["code"]),
        ("/auth/totp/remove", vec![""]),
    ];
    let seen: Vec<(&str, Vec<&str>)> = seen
        .iter()
        .map(|(action, names)| (action.as_str(), names.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn every_field_is_named_and_described() {
    each(|name, _, document| {
        let ids: Vec<&str> = document.elements.iter().filter_map(|it| it.attribute("id")).collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: {ids:?}");
        let labelled: BTreeSet<&str> = document.named("label").filter_map(|it| it.attribute("for")).collect();
        for input in document.named("input").chain(document.named("select")) {
            let kind = input.attribute("type").unwrap_or("select");
            // A check box stands in its label; what is hidden is not read out.
            if kind == "hidden" || kind == "checkbox" || input.attribute("hidden").is_some() {
                continue;
            }
            assert!(labelled.contains(input.attribute("id").unwrap()), "{name}: {input:?}");
            assert!(
                kind == "select" || input.attribute("autocomplete").is_some(),
                "{name}: {input:?}"
            );
            assert!(
                kind != "password" || input.attribute("value").is_none(),
                "{name}: {input:?}"
            );
        }
        let references = ["aria-describedby", "aria-labelledby", "for"];
        for (attribute, value) in document.values() {
            if references.contains(&attribute) {
                assert!(
                    value.split(' ').all(|it| unique.contains(it)),
                    "{name}: {attribute}={value}"
                );
            }
            if let Some(id) = value.strip_prefix('#').filter(|_| attribute == "href") {
                assert!(unique.contains(id), "{name}: {value}");
            }
        }
        assert!(
            document
                .elements
                .iter()
                .filter(|it| it.attribute("autofocus").is_some())
                .count()
                <= 1,
            "{name}"
        );
    });
}

#[test]
fn an_error_is_said_first() {
    each(|name, page, document| {
        let title = &document.named("title").next().unwrap().text;
        let told = page.html.contains("class=\"problems\"");
        assert_eq!(title.starts_with("Error: "), told, "{name}: {title}");
        assert!(title.ends_with(" – Helpdesk"), "{name}: {title}");
        let wrong = name.contains("wrong") || name.contains("refused") || name.contains("empty");
        assert!(!wrong || told, "{name}");
    });
}

/// What a letter says must not tell whether there is an account.
#[test]
fn a_letter_for_a_password_is_a_condition() {
    each(|name, page, _| {
        if name == "check-mail-reset" {
            assert!(page.html.contains("If <strong>"), "{name}");
        }
    });
}

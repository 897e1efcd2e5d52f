//! Headers of every page, and what no page has in it.

use super::Lobby;
use freehold_tests::{Reply, letter_to, on_both_databases};
use serde_json::json;

/// What every page says of itself.
fn check(what: &str, reply: &Reply) {
    assert!(
        reply.header("content-type").starts_with("text/html"),
        "{what} {}",
        reply.head
    );
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
    ] {
        let found: Vec<&str> = reply.headers(name).collect();
        assert_eq!(found, [value], "{what} {}", reply.head);
    }
    let policies: Vec<&str> = reply.headers("content-security-policy").collect();
    assert_eq!(policies.len(), 1, "{what} {}", reply.head);
    for directive in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(policies[0].contains(directive), "{what} {}", policies[0]);
    }
    for never in ["unsafe-inline", "unsafe-eval", "*", "http:", "https:"] {
        assert!(!policies[0].contains(never), "{what} {}", policies[0]);
    }
    for handler in [" onclick=", " onload=", "javascript:"] {
        assert!(!reply.text.contains(handler), "{what}");
    }
}

on_both_databases! {
    fn every_page_says_what_it_may_do(database) {
        let lobby = Lobby::new(database);
        let mut browser = lobby.browser();
        let token = "0".repeat(64);
        for path in [
            "sign-in", "sign-up", "password/forgot", &format!("password/reset?token={token}"), &format!("email/verify?token={token}"),
            // What is not there, or not good, is a page too.
            "nothing", "sign-out", &format!("sign-up/finish?token={token}"),
        ] {
            let reply = browser.get(&format!("/auth/{path}"));
            check(path, &reply);
        }
        lobby.sign_in(&mut browser, "ann");
        for path in ["account", "password/change", "email/change"] {
            let reply = browser.get(&format!("/auth/{path}"));
            assert_eq!(reply.status, 200, "{path}");
            check(path, &reply);
        }
        // Answers to forms.
        let page = browser.get("/auth/account");
        check("a set-up", &browser.submit_on(&page, "/auth/totp/begin", &[]));
        check("a key", &browser.submit_on(&page, "/auth/keys", &[("name", "x")]));
        check("a bad key", &browser.submit_on(&page, "/auth/keys", &[("name", "")]));
        check("another site's form", &browser.form("/auth/sign-out", &[]));
        let mut other = lobby.browser();
        check("a wrong password", &other.submit("/auth/sign-in", "/auth/sign-in", &[("email", "x"), ("password", "y")]));
        check("a letter that is on its way", &other.submit("/auth/password/forgot", "/auth/password/forgot", &[("email", "ann@lobby.test")]));
        let letter = letter_to(&lobby.server, "ann@lobby.test");
        let done = other.submit(letter.link(), "/auth/password/reset", &[("password", "tall-window-73x")]);
        check("a password that is set", &done);
        check("a body that cannot be read", &other.form_from("/auth/sign-in", &[], &[]));
        // Files of pages are anybody's, and never change.
        let page = other.get("/auth/sign-in");
        let assets = page.text.split('"').filter(|it| it.starts_with("/auth/assets/")).map(str::to_owned).collect::<Vec<_>>();
        for path in &assets {
            let reply = other.get(path);
            assert!(reply.status == 200 && reply.header("cache-control").contains("immutable"), "{path} {}", reply.head);
            assert_eq!(reply.header("x-content-type-options"), "nosniff");
        }
        for path in ["/auth/assets/", "/auth/assets/../sign-in", "/auth/assets/%2e%2e/x", "/auth/assets/nothing.js"] {
            let reply = other.send("GET", path, &[], "");
            assert_eq!(reply.status, 404, "{path} {}", reply.text);
        }
    }

    fn what_people_type_is_text(database) {
        let lobby = Lobby::new(database);
        let bad = "\"><script>alert(1)</script>";
        let mut browser = lobby.browser();
        let mut replies = vec![
            browser.submit("/auth/sign-in", "/auth/sign-in", &[("email", bad), ("password", bad)]),
            browser.submit("/auth/password/forgot", "/auth/password/forgot", &[("email", bad)]),
            browser.submit("/auth/sign-up", "/auth/sign-up", &[("email", bad)]),
            browser.get("/auth/sign-in?return_to=/%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
            browser.get("/auth/password/reset?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
            browser.get("/auth/email/verify?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
            browser.get("/auth/%22%3E%3Cscript%3Ealert(1)%3C/script%3E"),
        ];
        lobby.server.execute("UPDATE \"user\" SET name = '<script>alert(1)</script>' WHERE email = 'ann@lobby.test'");
        let mut ann = lobby.browser().called("<script>alert(1)</script>");
        lobby.sign_in(&mut ann, "ann");
        ann.post("/auth/keys", &json!({"name": "<script>alert(1)</script>"}));
        let page = ann.get("/auth/account");
        assert!(page.text.contains("&lt;script&gt;alert(1)"), "{}", page.text);
        replies.push(page);
        for reply in replies {
            assert!(!reply.text.contains("<script>alert"), "{}", reply.text);
        }
    }
}

//! Signing in and out, by programs and by pages; and what other sites' pages cannot do.

use super::{COOKIE, Lobby, email, is_in, told};
use freehold_tests::{letters, on_both_databases};
use serde_json::json;

/// Where nobody is to be sent.
const ELSEWHERE: [&str; 9] = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "evil.example",
    "javascript:alert(1)",
    "/a\r\nSet-Cookie: freehold=x",
    " /auth/account",
    "http:/evil.example",
];

on_both_databases! {
    fn a_program_signs_in_and_out(database) {
        let lobby = Lobby::new(database);
        let mut browser = lobby.browser();
        assert!(!is_in(&mut browser));
        let reply = browser.sign_in(&email("ann"), lobby.password("ann"));
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(reply.body["user"]["email"], "ann@lobby.test");
        assert_eq!(reply.body["secondFactor"], false);
        let teams = reply.body["memberships"].as_array().expect("memberships");
        assert_eq!(teams.len(), 2, "{}", reply.text);
        let cookie = reply.set_cookie(COOKIE);
        for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        assert_eq!(reply.header("cache-control"), "no-store");
        let token = browser.cookie(COOKIE).to_owned();
        assert!(!reply.text.contains(&token), "a script could read it");
        let session = browser.read("/auth/session");
        assert_eq!(session.body, reply.body);

        let out = browser.post("/auth/sign-out", &json!({}));
        assert_eq!((out.status, browser.cookie(COOKIE)), (204, ""));
        browser.plant(COOKIE, &token);
        assert!(!is_in(&mut browser), "the token is good no more, wherever it is kept");
        assert_eq!(browser.post("/auth/sign-out", &json!({})).status, 204, "once more does no harm");
    }

    fn a_person_signs_in_by_a_form_and_comes_back(database) {
        let lobby = Lobby::new(database);
        let mut browser = lobby.browser();
        // Whoever wants something of theirs signs in first, and is led back.
        let asked = browser.get("/auth/password/change");
        assert_eq!(asked.header("location"), "/auth/sign-in?return_to=%2Fauth%2Fpassword%2Fchange");
        let page = browser.follow(&asked);
        let wrong = browser.submit_on(&page, "/auth/sign-in", &[("email", "ann@lobby.test"), ("password", "wrong-password-1")]);
        assert_eq!((wrong.status, wrong.set_cookie(COOKIE)), (401, ""), "{}", wrong.text);
        assert!(wrong.text.contains("value=\"ann@lobby.test\"") && !wrong.text.contains("wrong-password-1"), "{}", wrong.text);
        let password = lobby.password("ann").to_owned();
        let right = browser.submit_on(&wrong, "/auth/sign-in", &[("email", "ann@lobby.test"), ("password", &password)]);
        assert_eq!((right.status, right.header("location")), (303, "/auth/password/change"), "{}", right.text);
        assert_eq!(browser.follow(&right).status, 200);
        // Who is in already is led on.
        assert_eq!(browser.get("/auth/sign-in?return_to=/auth/mfa").header("location"), "/auth/mfa");
        let account = browser.get("/auth/account");
        assert!(account.status == 200 && account.text.contains("ann@lobby.test"), "{}", account.text);
        let out = browser.submit_on(&account, "/auth/sign-out", &[]);
        assert_eq!((out.status, out.header("location"), browser.cookie(COOKIE)), (303, "/auth/sign-in", ""));
        assert_eq!(lobby.rows("fh_session").len(), 0);
    }

    fn other_sites_sign_nobody_in(database) {
        let lobby = Lobby::new(database);
        let password = lobby.password("ann").to_owned();
        let mut browser = lobby.browser();
        let page = browser.get("/auth/sign-in");
        let hidden = page.hidden("/auth/sign-in");
        let csrf = hidden.iter().find(|(name, _)| name == "csrf").expect("a token").1.clone();
        let own = browser.origin();
        let mut stranger = lobby.browser();
        let strange = stranger.get("/auth/sign-in").hidden("/auth/sign-in")[0].1.clone();
        assert_ne!(csrf, strange);
        let account = [("email", "ann@lobby.test"), ("password", password.as_str())];
        let with = |csrf: &str| {
            let mut fields: Vec<(&str, String)> = account.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            fields.push(("csrf", csrf.to_owned()));
            fields
        };
        let ways: [(&str, Vec<(&str, &str)>); 9] = [
            ("", vec![("Origin", &own)]),
            (&strange, vec![("Origin", &own)]),
            (&csrf[1..], vec![("Origin", &own)]),
            (&csrf, vec![("Origin", "https://evil.example")]),
            (&csrf, vec![("Origin", "null")]),
            (&csrf, vec![("Origin", "http://localhost.evil.example")]),
            (&csrf, vec![("Origin", "http://localhost:1")]),
            (&csrf, vec![("Sec-Fetch-Site", "cross-site")]),
            (&csrf, vec![("Sec-Fetch-Site", "same-site")]),
        ];
        for (csrf, headers) in ways {
            let fields = with(csrf);
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let reply = browser.clone().form_from("/auth/sign-in", &fields, &headers);
            assert_eq!((reply.status, reply.set_cookie(COOKIE)), (403, ""), "{csrf} {headers:?} {}", reply.text);
        }
        // Without the cookie that the form is held against.
        let mut other = browser.clone();
        other.forget("freehold-form");
        let fields = with(&csrf);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = other.form("/auth/sign-in", &fields);
        assert_eq!((reply.status, reply.set_cookie(COOKIE)), (403, ""), "{}", reply.text);
        // It was none of the rest.
        assert_eq!(browser.form("/auth/sign-in", &fields).status, 303);

        let body = json!({"email": "ann@lobby.test", "password": password}).to_string();
        let json = ("Content-Type", "application/json");
        for (headers, status) in [
            (vec![json, ("Origin", "https://evil.example")], 403),
            (vec![json, ("Origin", "null")], 403),
            (vec![json, ("Sec-Fetch-Site", "cross-site")], 403),
            (vec![json, ("Sec-Fetch-Site", "same-site")], 403),
            (vec![("Content-Type", "text/plain"), ("Origin", "https://evil.example")], 415),
            (vec![("Content-Type", "multipart/form-data; boundary=x")], 415),
            (vec![], 415),
        ] {
            let reply = lobby.browser().send("POST", "/auth/sign-in", &headers, &body);
            assert_eq!((reply.status, reply.set_cookie(COOKIE)), (status, ""), "{headers:?} {}", reply.text);
        }
        for method in ["PUT", "DELETE", "PATCH"] {
            assert_eq!(lobby.browser().send(method, "/auth/sign-in", &[json], &body).status, 405);
        }
        assert_eq!(lobby.rows("fh_session").len(), 1, "the one that was asked for here");
    }

    fn other_sites_change_nothing_of_who_is_in(database) {
        let lobby = Lobby::new(database);
        let browser = lobby.signed_in("ann");
        let csrf = browser.clone().get("/auth/account").hidden("/auth/sign-out")[0].1.clone();
        for path in [
            "sign-out", "sessions/revoke", "sessions/revoke-all", "mfa", "totp/begin", "totp/confirm", "totp/remove", "recovery-codes",
            "passkey/register/begin", "passkey/register/finish", "passkey/sign-in/begin", "passkey/sign-in/finish", "passkey/remove",
            "password/forgot", "password/change", "sign-up", "email/change", "keys", "keys/revoke",
        ] {
            let path = format!("/auth/{path}");
            let body = json!({"id": "x", "name": "x", "email": "x@y.test", "password": "x", "current": "x", "code": "1"}).to_string();
            for from in [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
                let reply = browser.clone().send("POST", &path, &[("Content-Type", "application/json"), from], &body);
                assert_eq!(reply.status, 403, "{path} {from:?} {}", reply.text);
                let reply = browser.clone().form_from(&path, &[("csrf", &csrf), ("id", "x"), ("name", "x")], &[from]);
                assert_eq!(reply.status, 403, "{path} {from:?} {}", reply.text);
            }
            let reply = browser.clone().form(&path, &[("id", "x"), ("name", "x"), ("csrf", "0")]);
            assert_eq!(reply.status, 403, "{path} {}", reply.text);
        }
        for path in ["/auth/session", "/auth/sessions", "/auth/keys"] {
            let reply = browser.clone().send("GET", path, &[("Sec-Fetch-Site", "cross-site")], "");
            assert_eq!(reply.status, 403, "{path} {}", reply.text);
        }
        assert!(is_in(&mut browser.clone()));
        assert!(letters(&lobby.server).is_empty());
    }

    fn nobody_is_sent_elsewhere(database) {
        let lobby = Lobby::new(database);
        let password = lobby.password("ann").to_owned();
        let mut browser = lobby.browser();
        for to in ELSEWHERE {
            browser.forget(COOKIE);
            let fields = [("email", "ann@lobby.test"), ("password", password.as_str()), ("return_to", to)];
            let reply = browser.submit("/auth/sign-in", "/auth/sign-in", &fields);
            assert_eq!((reply.status, reply.header("location")), (303, "/auth/account"), "{to:?} {}", reply.head);
            assert_eq!(reply.headers("set-cookie").filter(|it| it.starts_with("freehold=")).count(), 1, "{}", reply.head);
            let to = to.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
            let reply = browser.get(&format!("/auth/sign-in?return_to={to}"));
            assert_eq!((reply.status, reply.header("location")), (303, "/auth/account"), "{to:?} {}", reply.head);
            let page = lobby.browser().get(&format!("/auth/sign-in?return_to={to}"));
            assert!(page.status == 200 && !page.text.contains("evil.example"), "{to:?} {}", page.text);
        }
    }

    fn a_token_from_before_is_no_session_after(database) {
        let lobby = Lobby::new(database);
        // Somebody has put a cookie into the browser: of nobody's session, or of their own.
        let mut eve = lobby.signed_in("eve");
        for planted in ["0".repeat(64), eve.cookie(COOKIE).to_owned()] {
            let mut browser = lobby.browser();
            browser.plant(COOKIE, &planted);
            lobby.sign_in(&mut browser, "ann");
            assert_ne!(browser.cookie(COOKIE), planted);
            let mut other = lobby.browser();
            other.plant(COOKIE, &planted);
            let seen = other.read("/auth/session").body["user"]["email"].clone();
            assert_ne!(seen, "ann@lobby.test");
        }
        assert!(!is_in(&mut eve), "the session that was in that browser is over");
        // Signing in once more gives another token, and ends the one before.
        let mut browser = lobby.signed_in("ann");
        let before = browser.cookie(COOKIE).to_owned();
        lobby.sign_in(&mut browser, "ann");
        assert_ne!(browser.cookie(COOKIE), before);
        browser.plant(COOKIE, &before);
        assert!(!is_in(&mut browser));
    }

    fn whatever_is_wrong_the_answer_is_the_same(database) {
        let lobby = Lobby::new(database);
        lobby.server.execute("UPDATE \"user\" SET status = 'blocked' WHERE email = 'dan@lobby.test'");
        let wrong = told(&lobby.browser().sign_in("ann@lobby.test", "wrong-password-1"));
        assert_eq!((wrong.0, wrong.1["errors"][0]["extensions"]["code"].as_str()), (401, Some("UNAUTHENTICATED")));
        let dan = lobby.password("dan").to_owned();
        for (email, password) in [
            ("nobody@lobby.test", "wrong-password-1"),
            ("dan@lobby.test", dan.as_str()),
            ("dan@lobby.test", "wrong-password-1"),
            ("", ""),
            ("ann@lobby.test", ""),
            ("ann@lobby.test\u{0}", "wrong-password-1"),
            ("' OR 1=1 --", "wrong-password-1"),
            ("%", "wrong-password-1"),
        ] {
            assert_eq!(told(&lobby.browser().sign_in(email, password)), wrong, "{email:?}");
        }
        assert!(letters(&lobby.server).is_empty());
        // It says what a body has to be like, and never what was in it.
        for body in ["", "[]", "{", "1", "{\"email\": 1, \"password\": \"x\"}", "{\"email\": \"a\"}"] {
            let reply = lobby.browser().send("POST", "/auth/sign-in", &[("Content-Type", "application/json")], body);
            assert_eq!((reply.status, reply.code()), (400, "BAD_REQUEST"), "{body} {}", reply.text);
        }
        let deep = format!("{}{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
        let reply = lobby.browser().send("POST", "/auth/sign-in", &[("Content-Type", "application/json")], &deep);
        assert!([400, 413].contains(&reply.status), "{}", reply.text);
        let long = lobby.browser().sign_in(&"a".repeat(321), "x");
        assert_eq!(long.status, 400);
        let large = lobby.browser().sign_in("a", &"x".repeat(70_000));
        assert_eq!(large.status, 413, "{}", large.text);
    }
}

//! Freehold as the OpenID provider of apps: authorization code with PKCE, tokens, and their end.

use super::{ask, start, who};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use freehold_tests::peers::{Browser, Visit, claims_of, encode, sha256, unix_now};
use freehold_tests::{Database, Server, on_both_databases};
use serde_json::{Value, json};

const CLIENTS: &str = "\
clients:
  phone: {label: The phone, redirect_uris: [\"com.acme.desk:/callback\", \"http://127.0.0.1/callback\"], refresh: 30d}
  site: {label: The site, redirect_uris: [\"https://site.acme.test/callback\"], secret: client_hush}";
const VERIFIER: &str = "a-verifier-of-the-app-that-nobody-else-has-seen-0123456789";
const APP: &str = "com.acme.desk:/callback";

fn provider(database: Database) -> Server {
    start(database, CLIENTS, &[("client_hush", "hush&hush")])
}

fn signed_in(server: &Server, email: &str) -> Browser {
    let browser = Browser::new();
    let body = json!({"email": email, "password": server.password(email)});
    let visit = browser.send(&format!("{}/auth/sign-in", server.base()), &body);
    assert_eq!(visit.status, 200, "{}", visit.text);
    browser
}

/// An authorization request; later values stand for earlier ones, and empty ones for none.
fn request(server: &Server, more: &[(&str, &str)]) -> String {
    let challenge = encode(&sha256(VERIFIER.as_bytes()));
    let mut fields = vec![
        ("response_type", "code"),
        ("client_id", "phone"),
        ("redirect_uri", APP),
        ("scope", "openid email profile offline_access"),
        ("state", "a-state"),
        ("nonce", "a-nonce"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields.retain(|(_, value)| !value.is_empty());
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    format!("{}/auth/oauth/authorize?{query}", server.base())
}

fn code_for(browser: &Browser, server: &Server, more: &[(&str, &str)]) -> String {
    let visit = browser.get(&request(server, more));
    visit
        .led("code")
        .unwrap_or_else(|| panic!("no code: {} {:?} {}", visit.status, visit.location, visit.text))
}

fn tokens(server: &Server, more: &[(&str, &str)], headers: &[(&str, &str)]) -> Visit {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("client_id", "phone"),
        ("redirect_uri", APP),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields.retain(|(_, value)| !value.is_empty());
    Browser::new().post(&format!("{}/auth/token", server.base()), &fields, headers)
}

fn refresh(server: &Server, token: &str) -> Visit {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", "phone"),
        ("refresh_token", token),
    ];
    Browser::new().post(&format!("{}/auth/token", server.base()), &fields, &[])
}

fn text<'a>(visit: &'a Visit, name: &str) -> &'a str {
    visit.body[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name}: {}", visit.text))
}

#[track_caller]
fn is_error(visit: &Visit, status: u16, word: &str) {
    assert_eq!(
        (visit.status, visit.body["error"].as_str()),
        (status, Some(word)),
        "{}",
        visit.text
    );
    assert_eq!(visit.header("cache-control"), Some("no-store"), "{:?}", visit.headers);
}

/// Who an access token is of; a status for nobody.
fn holder(server: &Server, access: &str) -> Value {
    let body = json!({"query": "{ viewer { user { email } } }"}).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer {access}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (status, body) = freehold_tests::raw::send(server.address(), request.as_bytes()).expect("an answer");
    match status {
        200 => serde_json::from_str::<Value>(&body).expect("JSON")["data"]["viewer"]["user"]["email"].clone(),
        status => json!(status),
    }
}

on_both_databases! {
    fn an_app_signs_somebody_in(database) {
        let server = provider(database);
        let base = server.base();
        let program = Browser::new();
        let told = program.fetch(&format!("{base}/.well-known/openid-configuration"), &[]);
        assert_eq!((told.status, &told.body["issuer"]), (200, &json!(base)), "{}", told.text);
        let at = |name: &str| told.body[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", told.text)).to_owned();
        assert_eq!(at("authorization_endpoint"), format!("{base}/auth/oauth/authorize"));
        assert_eq!(told.body["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(told.body["response_types_supported"], json!(["code"]));

        // Nobody is signed in: first that, then on, with everything that was asked.
        let browser = Browser::new();
        let visit = browser.get(&request(&server, &[]));
        let to = visit.location.clone().expect("it leads on");
        assert!(to.starts_with("/auth/sign-in?return_to=%2Fauth%2Foauth%2Fauthorize%3F"), "{to}");
        let page = browser.follow(&format!("{base}{to}"));
        let back = page.input("return_to").expect("it is known where to go on");
        let form = [
            ("csrf", page.input("csrf").expect("a token")),
            ("email", "ann@acme.test".to_owned()),
            ("password", server.password("ann@acme.test").to_owned()),
            ("return_to", back),
        ];
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let visit = browser.submit(&format!("{base}/auth/sign-in"), &form);
        let there = browser.go_on(visit);
        let to = there.location.clone().unwrap_or_else(|| panic!("{} {}", there.status, there.text));
        assert!(to.starts_with("com.acme.desk:/callback?"), "{to}");
        assert_eq!((there.led("state").as_deref(), there.led("iss").as_deref()), (Some("a-state"), Some(base)));

        let given = tokens(&server, &[("code", &there.led("code").expect("a code"))], &[]);
        assert_eq!(given.status, 200, "{}", given.text);
        assert_eq!(given.header("cache-control"), Some("no-store"), "{:?}", given.headers);
        assert_eq!(text(&given, "token_type"), "Bearer");
        let keys = program.fetch(&at("jwks_uri"), &[]).body;
        assert!(keys["keys"][0]["d"].is_null() && keys["keys"][0]["alg"] == "ES256", "{keys}");
        let claims = claims_of(text(&given, "id_token"), &keys);
        let now = unix_now();
        assert_eq!((&claims["iss"], &claims["aud"], &claims["nonce"]), (&json!(base), &json!("phone"), &json!("a-nonce")), "{claims}");
        assert_eq!((&claims["email"], &claims["email_verified"], &claims["name"]), (&json!("ann@acme.test"), &json!(true), &json!("Ann")), "{claims}");
        let seconds = |name: &str| claims[name].as_i64().unwrap_or_else(|| panic!("no {name}: {claims}"));
        assert!((now - 60..=now).contains(&seconds("iat")) && (now - 60..=now).contains(&seconds("auth_time")), "{claims}");
        assert!(seconds("exp") > now && seconds("exp") <= now + 900, "{claims}");
        let access = text(&given, "access_token");
        assert_eq!(claims["at_hash"], json!(encode(&sha256(access.as_bytes())[..16])), "{claims}");

        // The access token is a session like any other, but changes nothing about her account.
        assert_eq!(holder(&server, access), "ann@acme.test");
        let bearer = format!("Bearer {access}");
        let info = program.fetch(&at("userinfo_endpoint"), &[("Authorization", &bearer)]);
        assert_eq!((&info.body["sub"], &info.body["email"]), (&claims["sub"], &json!("ann@acme.test")), "{}", info.text);
        let visit = program.fetch(&format!("{base}/auth/keys"), &[("Authorization", &bearer)]);
        assert_eq!(visit.status, 403, "{}", visit.text);
        // A browser's session is no access token.
        let cookie = browser.cookie(base, "freehold").expect("a cookie");
        let visit = program.fetch(&at("userinfo_endpoint"), &[("Authorization", &format!("Bearer {cookie}"))]);
        assert_eq!(visit.status, 401, "{}", visit.text);
        assert_eq!(program.fetch(&at("userinfo_endpoint"), &[]).status, 401);
        // Keys stay when the server starts anew.
        server.kill();
        let server = server.again().start();
        assert_eq!(program.fetch(&format!("{}/auth/oauth/jwks", server.base()), &[]).body, keys);
        let kept = serde_json::to_string(&server.reader().tables()).expect("JSON");
        assert!(!kept.contains("PRIVATE") && !kept.contains(access), "tokens are stored as hashes");
    }

    fn less_is_told_when_less_is_asked(database) {
        let server = provider(database);
        let browser = signed_in(&server, "ann@acme.test");
        let given = tokens(&server, &[("code", &code_for(&browser, &server, &[("scope", "openid")]))], &[]);
        let keys = Browser::new().fetch(&format!("{}/auth/oauth/jwks", server.base()), &[]).body;
        let claims = claims_of(text(&given, "id_token"), &keys);
        assert!(claims["email"].is_null() && claims["name"].is_null(), "{claims}");
        let info = Browser::new().fetch(&format!("{}/auth/oauth/userinfo", server.base()), &[("Authorization", &format!("Bearer {}", text(&given, "access_token")))]);
        assert_eq!((info.status, &info.body["sub"]), (200, &claims["sub"]), "{}", info.text);
        assert!(info.body["email"].is_null() && info.body["name"].is_null(), "{}", info.text);
        let given = tokens(&server, &[("code", &code_for(&browser, &server, &[("scope", "email")]))], &[]);
        assert!(given.body["id_token"].is_null(), "{}", given.text);
    }

    fn requests_that_are_not_sure_whose_are_shown(database) {
        let server = provider(database);
        let browser = signed_in(&server, "ann@acme.test");
        for more in [
            &[("redirect_uri", "https://evil.test/callback")][..],
            &[("redirect_uri", "com.acme.desk:/callback/other")],
            &[("redirect_uri", "com.acme.desk:/callback?x=1")],
            &[("redirect_uri", "http://127.0.0.1.evil.test/callback")],
            &[("redirect_uri", "http://localhost/callback")],
            &[("redirect_uri", "https://site.acme.test/callback")],
            &[("redirect_uri", "")],
            &[("client_id", "other")],
            &[("client_id", "")],
        ] {
            let visit = browser.get(&request(&server, more));
            assert_eq!((visit.status, visit.location.as_deref()), (400, None), "{more:?} {}", visit.text);
            assert!(visit.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), "{:?}", visit.headers);
            assert!(!visit.text.contains("evil.test"), "{}", visit.text);
        }
        // The port of a loopback address is free.
        let visit = browser.get(&request(&server, &[("redirect_uri", "http://127.0.0.1:49152/callback")]));
        assert!(visit.location.as_deref().is_some_and(|to| to.starts_with("http://127.0.0.1:49152/callback?code=")), "{visit:?}");
        // Twice the same parameter is whose?
        let url = format!("{}&redirect_uri=https%3A%2F%2Fevil.test%2F", request(&server, &[]));
        let visit = browser.get(&url);
        assert_eq!((visit.status, visit.location.as_deref()), (400, None), "{}", visit.text);
        // What else is wrong, the app is told.
        for (more, word) in [
            (&[("response_type", "token")][..], "unsupported_response_type"),
            (&[("code_challenge", "")], "invalid_request"),
            (&[("code_challenge_method", "plain")], "invalid_request"),
            (&[("code_challenge_method", "")], "invalid_request"),
            (&[("scope", "openid everything")], "invalid_scope"),
        ] {
            let visit = browser.get(&request(&server, more));
            assert_eq!((visit.led("error").as_deref(), visit.led("state").as_deref()), (Some(word), Some("a-state")), "{more:?} {visit:?}");
            assert_eq!(visit.led("code"), None);
        }
    }

    fn nobody_is_asked_where_that_is_not_wanted(database) {
        let server = provider(database);
        let nobody = Browser::new();
        let visit = nobody.get(&request(&server, &[("prompt", "none")]));
        assert_eq!(visit.led("error").as_deref(), Some("login_required"), "{visit:?}");
        let ann = signed_in(&server, "ann@acme.test");
        code_for(&ann, &server, &[("prompt", "none")]);
        let visit = ann.get(&request(&server, &[("prompt", "none"), ("acr_values", "mfa")]));
        assert_eq!(visit.led("error").as_deref(), Some("interaction_required"), "{visit:?}");
        let visit = ann.get(&request(&server, &[("acr_values", "mfa")]));
        assert!(visit.location.as_deref().is_some_and(|to| to.starts_with("/auth/mfa")), "{visit:?}");
    }

    fn a_code_is_for_one_app_and_one_time(database) {
        let server = provider(database);
        let browser = signed_in(&server, "ann@acme.test");
        let site = format!("Basic {}", STANDARD.encode("site:hush%26hush"));
        for (what, more, headers) in [
            ("another verifier", &[("code_verifier", "another-verifier-of-the-app-that-is-long-enough-000")][..], &[][..]),
            ("another address", &[("redirect_uri", "http://127.0.0.1/callback")], &[]),
            ("another app", &[("client_id", "")], &[("Authorization", site.as_str())]),
        ] {
            let code = code_for(&browser, &server, &[]);
            let all = [&[("code", code.as_str())][..], more].concat();
            is_error(&tokens(&server, &all, headers), 400, "invalid_grant");
            // It was used up by that.
            is_error(&tokens(&server, &[("code", &code)], &[]), 400, "invalid_grant");
            let _ = what;
        }
        let code = code_for(&browser, &server, &[]);
        is_error(&tokens(&server, &[("code", &code), ("code_verifier", "")], &[]), 400, "invalid_request");
        let given = tokens(&server, &[("code", &code)], &[]);
        assert_eq!(given.status, 200, "{}", given.text);
        let (access, fresh) = (text(&given, "access_token"), text(&given, "refresh_token"));
        let renewed = refresh(&server, fresh);
        assert_eq!((holder(&server, access), holder(&server, text(&renewed, "access_token"))), (json!("ann@acme.test"), json!("ann@acme.test")));
        // The code again: of the two who have it one is a thief, so nobody has anything by it.
        is_error(&tokens(&server, &[("code", &code)], &[]), 400, "invalid_grant");
        assert_eq!((holder(&server, access), holder(&server, text(&renewed, "access_token"))), (json!(401), json!(401)));
        is_error(&refresh(&server, text(&renewed, "refresh_token")), 400, "invalid_grant");
        // Her session in the browser is another matter.
        assert_eq!(who(&browser, &server), "ann@acme.test");
    }

    fn refresh_tokens_change_and_are_not_used_twice(database) {
        let server = provider(database);
        let browser = signed_in(&server, "ann@acme.test");
        let first = tokens(&server, &[("code", &code_for(&browser, &server, &[]))], &[]);
        let second = refresh(&server, text(&first, "refresh_token"));
        let third = refresh(&server, text(&second, "refresh_token"));
        assert_eq!(third.status, 200, "{}", third.text);
        assert_ne!(text(&first, "refresh_token"), text(&second, "refresh_token"));
        for visit in [&first, &second, &third] {
            assert_eq!(holder(&server, text(visit, "access_token")), "ann@acme.test");
        }
        // Another app's is none.
        let site = format!("Basic {}", STANDARD.encode("site:hush%26hush"));
        let fields = [("grant_type", "refresh_token"), ("refresh_token", text(&third, "refresh_token"))];
        let visit = Browser::new().post(&format!("{}/auth/token", server.base()), &fields, &[("Authorization", &site)]);
        is_error(&visit, 400, "invalid_grant");
        // One that was used: all that came of the code is over, for whoever has it.
        let other = tokens(&server, &[("code", &code_for(&browser, &server, &[]))], &[]);
        is_error(&refresh(&server, text(&first, "refresh_token")), 400, "invalid_grant");
        for visit in [&first, &second, &third] {
            assert_eq!(holder(&server, text(visit, "access_token")), 401);
        }
        is_error(&refresh(&server, text(&third, "refresh_token")), 400, "invalid_grant");
        assert_eq!(holder(&server, text(&other, "access_token")), "ann@acme.test", "what came of another code is not");
        // Somebody blocked gets nothing more.
        server.execute("UPDATE \"user\" SET status = 'blocked' WHERE email = 'ann@acme.test'");
        is_error(&refresh(&server, text(&other, "refresh_token")), 400, "invalid_grant");
        assert_eq!(holder(&server, text(&other, "access_token")), 401);
    }

    fn an_app_gives_tokens_back(database) {
        let server = provider(database);
        let browser = signed_in(&server, "ann@acme.test");
        let revoke = |fields: &[(&str, &str)], headers: &[(&str, &str)]| {
            Browser::new().post(&format!("{}/auth/oauth/revoke", server.base()), fields, headers)
        };
        let site = format!("Basic {}", STANDARD.encode("site:hush%26hush"));
        for kind in ["access_token", "refresh_token"] {
            let given = tokens(&server, &[("code", &code_for(&browser, &server, &[]))], &[]);
            let token = text(&given, kind);
            // Another app cannot.
            assert_eq!(revoke(&[("token", token)], &[("Authorization", &site)]).status, 200);
            assert_eq!(holder(&server, text(&given, "access_token")), "ann@acme.test", "{kind}");
            is_error(&revoke(&[("token", token), ("client_id", "other")], &[]), 401, "invalid_client");
            assert_eq!(revoke(&[("token", token), ("client_id", "phone")], &[]).status, 200);
            assert_eq!(holder(&server, text(&given, "access_token")), 401, "{kind}");
            is_error(&refresh(&server, text(&given, "refresh_token")), 400, "invalid_grant");
        }
        // A token that there is not is given back already; a browser's session is none of an app's.
        assert_eq!(revoke(&[("token", "nonsense"), ("client_id", "phone")], &[]).status, 200);
        let cookie = browser.cookie(server.base(), "freehold").expect("a cookie");
        assert_eq!(revoke(&[("token", &cookie), ("client_id", "phone")], &[]).status, 200);
        assert_eq!(who(&browser, &server), "ann@acme.test");
        is_error(&revoke(&[("client_id", "phone")], &[]), 400, "invalid_request");
    }

    fn an_app_with_a_secret_shows_it(database) {
        let server = provider(database);
        let browser = signed_in(&server, "ann@acme.test");
        let own = [("client_id", "site"), ("redirect_uri", "https://site.acme.test/callback")];
        let good = format!("Basic {}", STANDARD.encode("site:hush%26hush"));
        let wrong = format!("Basic {}", STANDARD.encode("site:hush"));
        let code = code_for(&browser, &server, &own);
        for (more, headers) in [
            (&[][..], &[][..]),
            (&[("client_secret", "wrong")], &[]),
            (&[("client_secret", "")], &[("Authorization", wrong.as_str())]),
        ] {
            let all = [&[("code", code.as_str())][..], &own, more].concat();
            let visit = tokens(&server, &all, headers);
            is_error(&visit, 401, "invalid_client");
            assert!(visit.header("www-authenticate").is_some(), "{:?}", visit.headers);
        }
        // The code is still good: whoever is not the app cannot use it up.
        let all = [&[("code", code.as_str())][..], &own, &[("client_id", "")]].concat();
        let given = tokens(&server, &all, &[("Authorization", &good)]);
        assert_eq!(given.status, 200, "{}", given.text);
        assert!(given.body["refresh_token"].is_null(), "it gets none: {}", given.text);
        let code = code_for(&browser, &server, &own);
        let all = [&[("code", code.as_str()), ("client_secret", "hush&hush")][..], &own].concat();
        assert_eq!(tokens(&server, &all, &[]).status, 200);
        // A public one has none to show.
        let code = code_for(&browser, &server, &[]);
        is_error(&tokens(&server, &[("code", &code), ("client_secret", "x")], &[]), 401, "invalid_client");
        let fields = [("grant_type", "client_credentials"), ("client_id", "site"), ("client_secret", "hush&hush")];
        is_error(&Browser::new().post(&format!("{}/auth/token", server.base()), &fields, &[]), 400, "unsupported_grant_type");
    }

    fn somebody_is_asked_and_says_no_or_yes(database) {
        let server = provider(database);
        let browser = signed_in(&server, "ann@acme.test");
        let url = request(&server, &[("prompt", "consent")]);
        let page = browser.get(&url);
        assert_eq!((page.status, page.location.as_deref()), (200, None), "{}", page.text);
        for part in ["The phone", "ann@acme.test", "your name"] {
            assert!(page.text.contains(part), "no {part}: {}", page.text);
        }
        let (csrf, asked) = (page.input("csrf").expect("a token"), page.input("request").expect("a request"));
        let decide = |browser: &Browser, csrf: &str, decision: &str| {
            let fields = [("csrf", csrf), ("request", &asked), ("decision", decision)];
            browser.submit(&format!("{}/auth/oauth/authorize", server.base()), &fields)
        };
        // From another site's page.
        for csrf in ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let visit = decide(&browser, csrf, "allow");
            assert_eq!((visit.status, visit.location.as_deref()), (403, None), "{}", visit.text);
        }
        for decision in ["deny", "", "maybe"] {
            let visit = decide(&browser, &csrf, decision);
            assert_eq!((visit.led("error").as_deref(), visit.led("code")), (Some("access_denied"), None), "{visit:?}");
        }
        let visit = decide(&browser, &csrf, "allow");
        assert!(visit.location.as_deref().is_some_and(|to| to.starts_with(APP)), "{visit:?}");
        let given = tokens(&server, &[("code", &visit.led("code").expect("a code"))], &[]);
        assert_eq!(given.status, 200, "{}", given.text);
        // What the form brings is judged anew.
        let evil = asked.replace("com.acme.desk", "com.evil");
        let fields = [("csrf", csrf.as_str()), ("request", &evil), ("decision", "allow")];
        let visit = browser.submit(&format!("{}/auth/oauth/authorize", server.base()), &fields);
        assert_eq!((visit.status, visit.location.as_deref()), (400, None), "{}", visit.text);
        // Nobody signed in.
        let nobody = Browser::new();
        let visit = nobody.get(&url);
        assert!(visit.location.as_deref().is_some_and(|to| to.starts_with("/auth/sign-in")), "{visit:?}");
    }

    // Claim 10 of the capabilities: a session in one app signs in at another that lists it, and at no other.
    fn one_sign_in_for_two_apps(database) {
        let a = start(database, "clients:\n  other: {redirect_uris: [\"http://127.0.0.1/auth/oidc/corp/callback\"], secret: client_hush}", &[("client_hush", "hush")]);
        let identity = format!("oidc:\n  corp: {{issuer: \"{}\", client_id: other, client_secret: hush, link: verified_email, provision: {{create: true}}}}", a.base());
        let b = start(database, &identity, &[("hush", "hush")]);
        let browser = signed_in(&a, "ann@acme.test");
        // Without a word: all are redirects.
        let visit = browser.follow(&format!("{}/auth/oidc/corp", b.base()));
        assert_eq!(visit.url, format!("{}/auth/account", b.base()), "{:#?}\n{}\n{}", visit.way, visit.text, b.complaints());
        assert_eq!(who(&browser, &b), "ann@acme.test");
        let tickets = ask(&browser, &b, Some("acme"), "{ tickets { nodes { title } } }");
        assert_eq!(tickets["data"]["tickets"]["nodes"], json!([{"title": "of acme"}]));
        // Somebody who is not signed in at A is asked there.
        let nobody = Browser::new();
        let visit = nobody.follow(&format!("{}/auth/oidc/corp", b.base()));
        assert!(visit.url.starts_with(&format!("{}/auth/sign-in", a.base())), "{:#?}", visit.way);
        // Tokens of A are none of B's.
        assert_eq!(holder(&b, &browser.cookie(a.base(), "freehold").expect("a cookie")), 401);
        // An app that does not list A knows nothing of it.
        let c = provider(database);
        assert_eq!(browser.get(&format!("{}/auth/oidc/corp", c.base())).status, 404);
    }
}

//! Signing in at an OpenID provider, and everything that it or somebody in between may try.

use super::{ask, of_acme, refused, sign_in, who, with, with_corp};
use freehold_tests::on_both_databases;
use freehold_tests::peers::{Browser, Lie, OpenId, unix_now};
use serde_json::{Value, json};

const LINKED: &str = "link: verified_email\nprovision: {create: true}";

on_both_databases! {
    fn somebody_signs_in_at_the_provider(database) {
        let corp = OpenId::start();
        let server = with_corp(database, &corp, LINKED);
        corp.says(of_acme("ann"));
        let browser = Browser::new();
        let page = browser.get(&format!("{}/auth/sign-in", server.base()));
        assert!(page.text.contains("/auth/oidc/corp"), "{}", page.text);
        let sent = browser.get(&format!("{}/auth/oidc/corp?return_to=/auth/sessions", server.base()));
        assert_eq!(sent.status, 303, "{}", sent.text);
        let to = sent.location.clone().expect("it leads on");
        assert!(to.starts_with(&format!("{}/authorize?", corp.issuer())), "{to}");
        let callback = format!("{}/auth/oidc/corp/callback", server.base());
        assert_eq!(sent.led("redirect_uri").as_deref(), Some(callback.as_str()));
        assert_eq!((sent.led("client_id").as_deref(), sent.led("scope").as_deref()), (Some("desk"), Some("openid email profile")));
        let cookie = sent.header("set-cookie").expect("a cookie").to_owned();
        assert!(cookie.starts_with("freehold-flow=") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        let there = browser.go_on(sent);
        assert_eq!(there.url, format!("{}/auth/sessions", server.base()), "{:#?}", there.way);
        assert_eq!(who(&browser, &server), "ann@acme.test");
        assert_eq!(browser.cookie(server.base(), "freehold-flow"), None, "it has done its work");
        // The same account as by the password, with the roles it has.
        let tickets = ask(&browser, &server, Some("acme"), "{ tickets { nodes { title } } }");
        assert_eq!(tickets["data"]["tickets"]["nodes"], json!([{"title": "of acme"}]));
    }

    fn the_way_back_is_for_one_browser_and_one_time(database) {
        let corp = OpenId::start();
        let server = with_corp(database, &corp, LINKED);
        corp.says(of_acme("ann"));
        // As far as the provider's redirect, which is not followed.
        let away = |browser: &Browser| {
            let sent = browser.get(&format!("{}/auth/oidc/corp", server.base()));
            let back = browser.get(sent.location.as_deref().expect("it leads on"));
            back.location.expect("it leads back")
        };
        let (ann, eve) = (Browser::new(), Browser::new());
        let back = away(&ann);
        // Without the cookie, and with one of another browser's sign-in.
        let nobody = Browser::new();
        refused(&nobody.follow(&back), &nobody, &server, 401);
        let of_eve = away(&eve);
        refused(&eve.follow(&back), &eve, &server, 401);
        // Eve's own attempt is used up by that.
        refused(&eve.follow(&of_eve), &eve, &server, 401);
        // The right browser, once.
        let flow = ann.cookie(server.base(), "freehold-flow").expect("a cookie");
        assert_eq!(ann.follow(&back).status, 200);
        assert_eq!(who(&ann, &server), "ann@acme.test");
        let again = Browser::new();
        again.put_cookie(server.base(), "freehold-flow", Some(&flow));
        refused(&again.follow(&back), &again, &server, 401);
        // A code that was used, in an attempt that was not.
        let late = Browser::new();
        let fresh = away(&late);
        let state = fresh.split("state=").nth(1).expect("a state");
        let url = format!("{}/auth/oidc/corp/callback?code=code-1&state={state}", server.base());
        refused(&late.follow(&url), &late, &server, 401);
        // A state that this browser was not given; no state; two of them.
        for change in [
            |_: &str| "code=code-1&state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            |query: &str| query.split("&state").next().unwrap_or_default().to_owned(),
            |query: &str| format!("{query}&state=x"),
        ] {
            let browser = Browser::new();
            let back = away(&browser);
            let query = back.split_once('?').expect("a query").1;
            let visit = browser.get(&format!("{}/auth/oidc/corp/callback?{}", server.base(), change(query)));
            assert!(matches!(visit.status, 400 | 401), "{} {}", visit.status, visit.text);
            assert_eq!(who(&browser, &server), Value::Null);
        }
    }

    fn nobody_is_led_to_another_site(database) {
        let corp = OpenId::start();
        let server = with_corp(database, &corp, LINKED);
        corp.says(of_acme("ann"));
        for to in ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "/%0d%0aSet-Cookie:a=b", ""] {
            let browser = Browser::new();
            let to: String = to.replace('%', "%25").replace('\\', "%5C");
            let sent = browser.get(&format!("{}/auth/oidc/corp?return_to={to}", server.base()));
            let back = browser.get(sent.location.as_deref().expect("it leads on"));
            let home = browser.get(back.location.as_deref().expect("it leads back"));
            let led = home.location.expect("it leads on");
            assert!(led == "/auth/account" || led.starts_with("/%"), "{to}: {led}");
        }
    }

    fn tokens_that_lie_let_nobody_in(database) {
        let corp = OpenId::start();
        let server = with_corp(database, &corp, LINKED);
        let now = unix_now();
        for (what, lie, claims) in [
            ("another issuer", Lie::No, json!({"iss": "https://other.test"})),
            ("an issuer with a slash", Lie::No, json!({"iss": format!("{}/", corp.issuer())})),
            ("another audience", Lie::No, json!({"aud": "other"})),
            ("another audience beside", Lie::No, json!({"aud": ["desk", "other"]})),
            ("another party", Lie::No, json!({"azp": "other"})),
            ("no audience", Lie::No, json!({"aud": null})),
            ("another nonce", Lie::No, json!({"nonce": "AAAAAAAAAAAAAAAAAAAAAA"})),
            ("no nonce", Lie::No, json!({"nonce": null})),
            ("expired", Lie::No, json!({"exp": now - 120, "iat": now - 600})),
            ("no end", Lie::No, json!({"exp": null})),
            ("of tomorrow", Lie::No, json!({"iat": now + 86_400, "exp": now + 90_000})),
            ("not yet", Lie::No, json!({"nbf": now + 600})),
            ("of nobody", Lie::No, json!({"sub": null})),
            ("another access token", Lie::No, json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"})),
            ("no signature", Lie::Unsigned, json!({})),
            ("signed with the public key", Lie::SignedWithPublicKey, json!({})),
            ("another key of the same name", Lie::OtherKey, json!({})),
            ("a key that is not shown", Lie::UnknownKey, json!({})),
            ("changed on the way", Lie::Tampered, json!({})),
            ("no token", Lie::NoToken, json!({})),
            ("another state", Lie::OtherState, json!({})),
            ("a refusal", Lie::Denied, json!({})),
        ] {
            corp.lies(lie);
            corp.says(with(of_acme("ann"), &claims));
            let browser = Browser::new();
            let visit = sign_in(&browser, &server);
            assert!(matches!(visit.status, 400 | 401), "{what}: {} {}\n{}", visit.status, visit.text, server.complaints());
            assert_eq!(who(&browser, &server), Value::Null, "{what}");
        }
        assert!(corp.site().count("/keys") <= 2, "keys are not fetched for each token");
        corp.lies(Lie::No);
        corp.says(of_acme("ann"));
        let browser = Browser::new();
        assert_eq!(sign_in(&browser, &server).status, 200);
        // Keys that it has shown may change places.
        corp.rotates();
        let browser = Browser::new();
        assert_eq!(sign_in(&browser, &server).status, 200);
    }

    fn an_outage_is_told_and_passes(database) {
        let corp = OpenId::start();
        let server = with_corp(database, &corp, LINKED);
        corp.says(of_acme("ann"));
        // On the way back: what is known of it does not help.
        let browser = Browser::new();
        let sent = browser.get(&format!("{}/auth/oidc/corp", server.base()));
        let back = browser.get(sent.location.as_deref().expect("it leads on"));
        corp.is_down(true);
        let visit = browser.get(back.location.as_deref().expect("it leads back"));
        refused(&visit, &browser, &server, 503);
        assert!(visit.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) && visit.text.contains("corp"), "{}", visit.text);
        // Passwords go on.
        server.sign_in("ann@acme.test");
        corp.is_down(false);
        let browser = Browser::new();
        assert_eq!(sign_in(&browser, &server).status, 200);

        // Down from the start.
        let other = OpenId::start();
        other.is_down(true);
        let server = with_corp(database, &other, LINKED);
        let browser = Browser::new();
        let visit = sign_in(&browser, &server);
        refused(&visit, &browser, &server, 503);
        assert!(visit.text.contains("corp"), "{}", visit.text);
    }

    fn a_provider_that_is_not_set_up_lets_nobody_in(database) {
        let corp = OpenId::start();
        let server = super::start(database, &super::corp_only(&corp, LINKED), &[]);
        let browser = Browser::new();
        refused(&sign_in(&browser, &server), &browser, &server, 503);
        assert!(server.log().contains("the secret `hush`"), "{}", server.log());
        for path in ["/auth/oidc/other", "/auth/oidc/other/callback?code=a&state=b", "/auth/oidc/", "/auth/oidc/corp/other"] {
            assert_eq!(browser.get(&format!("{}{path}", server.base())).status, 404, "{path}");
        }
    }

    fn tokens_in_the_shape_of_google_s(database) {
        let corp = OpenId::start();
        corp.has_rsa();
        let server = with_corp(database, &corp, "domains: [acme.test]\nprovision: {create: true}");
        let google = json!({
            "azp": "desk", "sub": "110169484474386276334", "hd": "acme.test", "email": "nell@acme.test", "email_verified": true,
            "at_hash": freehold_tests::peers::encode(&freehold_tests::peers::sha256(b"opaque")[..16]),
            "name": "Nell O'Acme", "picture": "https://lh3.googleusercontent.test/a", "given_name": "Nell", "family_name": "O'Acme",
        });
        corp.says(google.clone());
        let browser = Browser::new();
        let visit = sign_in(&browser, &server);
        assert_eq!(visit.status, 200, "{}\n{}", visit.text, server.complaints());
        assert_eq!(who(&browser, &server), "nell@acme.test");
        // Whoever is of another domain, or of one that only looks like it.
        for email in ["nell@evil.test", "nell@evil.acme.test", "nell@acme.test.evil.test", "nell@evil.test@acme.test ", "acme.test"] {
            corp.says(with(google.clone(), &json!({"sub": email, "email": email})));
            let browser = Browser::new();
            refused(&sign_in(&browser, &server), &browser, &server, 401);
        }
    }
}

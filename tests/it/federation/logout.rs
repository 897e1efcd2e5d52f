//! A provider says that sessions have ended (OpenID Connect Back-Channel Logout 1.0).

use super::{of_acme, sign_in, who, with, with_corp};
use freehold_tests::on_both_databases;
use freehold_tests::peers::{Browser, Lie, OpenId, Visit, unix_now};
use serde_json::{Value, json};

fn events() -> Value {
    json!({"http://schemas.openid.net/event/backchannel-logout": {}})
}

fn logout(corp: &OpenId, claims: &Value) -> String {
    let all = with(json!({"aud": "desk", "events": events()}), claims);
    corp.token(&json!({"typ": "logout+jwt"}), &all)
}

on_both_databases! {
    fn sessions_end_at_once(database) {
        let corp = OpenId::start();
        let server = with_corp(database, &corp, "link: verified_email\nprovision: {create: true}");
        let begin = |name: &str, session: &str| {
            corp.says(with(of_acme(name), &json!({"sid": session})));
            let browser = Browser::new();
            assert_eq!(sign_in(&browser, &server).status, 200, "{}", server.complaints());
            browser
        };
        let say = |token: &str| -> Visit {
            let url = format!("{}/auth/oidc/corp/logout", server.base());
            Browser::new().post(&url, &[("logout_token", token)], &[])
        };
        let (one, two, three, bo) = (begin("ann", "s1"), begin("ann", "s2"), begin("ann", "s3"), begin("bo", "s4"));
        let own = server.sign_in("ann@acme.test");
        let own = |query| own.answer(query).body["data"]["viewer"]["user"]["email"].clone();

        // One session.
        let token = logout(&corp, &json!({"sid": "s1", "jti": "t1"}));
        assert_eq!(say(&token).status, 200);
        assert_eq!((who(&one, &server), who(&two, &server)), (Value::Null, json!("ann@acme.test")));
        // The same token again.
        let again = say(&token);
        assert_eq!((again.status, again.body["errors"][0]["extensions"]["code"].as_str()), (400, Some("BAD_REQUEST")), "{}", again.text);

        // Tokens that are none.
        let now = unix_now();
        for (what, lie, claims) in [
            ("another audience", Lie::No, json!({"aud": "other"})),
            ("another issuer", Lie::No, json!({"iss": "https://other.test"})),
            ("a nonce", Lie::No, json!({"nonce": "n"})),
            ("no event", Lie::No, json!({"events": {}})),
            ("nobody", Lie::No, json!({"sid": null})),
            ("no name", Lie::No, json!({"jti": null})),
            ("too old", Lie::No, json!({"iat": now - 4000, "exp": now - 3000})),
            ("no signature", Lie::Unsigned, json!({})),
            ("the public key", Lie::SignedWithPublicKey, json!({})),
            ("another key", Lie::OtherKey, json!({})),
            ("an unknown key", Lie::UnknownKey, json!({})),
        ] {
            corp.lies(lie);
            let all = with(json!({"sid": "s2", "jti": what}), &claims);
            let visit = say(&logout(&corp, &all));
            assert_eq!(visit.status, 400, "{what}: {}", visit.text);
            assert_eq!(who(&two, &server), "ann@acme.test", "{what}");
        }
        corp.lies(Lie::No);
        // An ID token, whose kind is not said, is none either.
        let id_token = corp.token(&json!({}), &with(of_acme("ann"), &json!({"aud": "desk", "sid": "s2"})));
        for token in [id_token.as_str(), "", "a.b.c", "nonsense"] {
            assert_eq!(say(token).status, 400, "{token}");
        }
        assert_eq!(who(&two, &server), "ann@acme.test");

        // All of somebody's by this provider, and no others.
        assert_eq!(say(&logout(&corp, &json!({"sub": "id-ann", "jti": "t2"}))).status, 200);
        assert_eq!((who(&two, &server), who(&three, &server)), (Value::Null, Value::Null));
        assert_eq!(who(&bo, &server), "bo@acme.test");
        assert_eq!(own("{ viewer { user { email } } }"), "ann@acme.test", "she came in by her password there");
        // Somebody whom nobody knows: that is no mistake of the provider's.
        assert_eq!(say(&logout(&corp, &json!({"sub": "id-nobody", "jti": "t3"}))).status, 200);
    }

    fn listeners_are_cut_off(database) {
        let corp = OpenId::start();
        let server = with_corp(database, &corp, "link: verified_email");
        corp.says(with(of_acme("ann"), &json!({"sid": "s1"})));
        let browser = Browser::new();
        assert_eq!(sign_in(&browser, &server).status, 200);
        let person = server.holder(&browser.cookies(server.base()).expect("a cookie")).tenant("acme");
        let events = person.listen("subscription { tickets { totalCount } }", &json!({}));
        assert_eq!(events.next()["data"]["tickets"]["totalCount"], 1);
        let url = format!("{}/auth/oidc/corp/logout", server.base());
        let token = logout(&corp, &json!({"sid": "s1", "jti": "t1"}));
        assert_eq!(Browser::new().post(&url, &[("logout_token", &token)], &[]).status, 200);
        events.end();
    }
}

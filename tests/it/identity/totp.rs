//! Codes of an authenticator, codes for its loss, and roles that count with a second factor alone.

use super::{COOKIE, Lobby, email, is_in, roles};
use freehold_tests::{Browser, code_now, letter_to, on_both_databases};
use serde_json::{Value, json};

/// Somebody whose password was right.
fn asked(lobby: &Lobby, name: &str) -> (Browser, Value) {
    let mut browser = lobby.browser();
    let reply = browser.sign_in(&email(name), lobby.password(name));
    assert_eq!((reply.status, reply.set_cookie(COOKIE)), (200, ""), "{}", reply.text);
    assert!(!is_in(&mut browser), "the password alone lets nobody in");
    (browser, reply.body["secondFactorRequired"].clone())
}

fn safes(browser: &mut Browser) -> Result<usize, String> {
    let reply = browser.graphql("{ safes { nodes { code } } }", Some("red"));
    match reply.body["data"]["safes"]["nodes"].as_array() {
        Some(nodes) => Ok(nodes.len()),
        None => Err(reply.code().to_owned()),
    }
}

on_both_databases! {
    fn it_is_set_up_once_it_has_shown_that_it_works(database) {
        let lobby = Lobby::new(database);
        let mut browser = lobby.signed_in("ann");
        let begun = browser.post("/auth/totp/begin", &json!({}));
        let text = |name: &str| begun.body[name].as_str().expect("a text").to_owned();
        let secret = text("secret");
        assert!(text("uri").starts_with("otpauth://totp/") && text("uri").contains(&secret), "{}", begun.text);
        assert!(text("qrSvg").contains("<svg"), "{}", begun.text);
        let ticket = text("ticket");
        // Not yet: she signs in as always.
        assert!(lobby.lets_in(&email("ann"), lobby.password("ann")));
        let confirm = |browser: &mut Browser, ticket: &str, code: &str| browser.post("/auth/totp/confirm", &json!({"ticket": ticket, "code": code}));
        for wrong in ["", "000000x", "12345", "1234567"] {
            assert_eq!(confirm(&mut browser, &ticket, wrong).status, 400, "{wrong}");
        }
        let old = code_now(&secret, -4);
        assert_eq!(confirm(&mut browser, &ticket, &old).status, 400, "of two minutes ago");
        // Nobody else ends what she has begun.
        let mut bo = lobby.signed_in("bo");
        assert_eq!(confirm(&mut bo, &ticket, &code_now(&secret, 0)).status, 404);
        let before = browser.cookie(COOKIE).to_owned();
        let done = confirm(&mut browser, &ticket, &code_now(&secret, 0));
        assert_eq!(done.status, 200, "{}", done.text);
        let codes = done.body["recoveryCodes"].as_array().expect("codes");
        assert_eq!(codes.len(), 10, "{}", done.text);
        assert_ne!(browser.cookie(COOKIE), before, "the session is trusted with more, and has another token");
        assert!(letter_to(&lobby.server, "ann@lobby.test").text.contains("A new way to sign in"));
        assert_eq!(confirm(&mut browser, &ticket, &code_now(&secret, 1)).status, 404, "once");
        assert_eq!(browser.post("/auth/totp/begin", &json!({})).status, 409);
        // A set-up that takes too long is over.
        let begun = bo.post("/auth/totp/begin", &json!({}));
        lobby.server.execute("UPDATE fh_ticket SET expires_at = created_at");
        let secret = begun.body["secret"].as_str().expect("a secret");
        let ticket = begun.body["ticket"].as_str().expect("a ticket");
        assert_eq!(confirm(&mut bo, ticket, &code_now(secret, 0)).status, 404);
        assert_eq!(lobby.browser().post("/auth/totp/begin", &json!({})).status, 401);
    }

    fn a_code_completes_the_sign_in_and_is_good_once(database) {
        let lobby = Lobby::new(database);
        let (_, secret, _) = lobby.with_totp("ann");
        let used = code_now(&secret, 0);
        let (mut browser, waiting) = asked(&lobby, "ann");
        assert_eq!(waiting["accepts"], json!(["totp", "recovery_code"]));
        let show = |browser: &mut Browser, code: &str| {
            let reply = browser.post("/auth/mfa", &json!({ "code": code }));
            (reply.status, !reply.set_cookie(COOKIE).is_empty())
        };
        // The one that was shown when it was set up, and those before it.
        assert_eq!(show(&mut browser, &used), (401, false));
        assert_eq!(show(&mut browser, &code_now(&secret, -1)), (401, false));
        let next = code_now(&secret, 1);
        assert_eq!(show(&mut browser, &next), (200, true));
        assert_eq!(browser.read("/auth/session").body["secondFactor"], true);
        // The ticket is used up, and so is the code.
        let mut copy = lobby.browser();
        let reply = copy.post("/auth/mfa", &json!({"ticket": waiting["ticket"], "code": code_now(&secret, 1)}));
        assert_eq!((reply.status, reply.set_cookie(COOKIE)), (401, ""));
        let (mut browser, _) = asked(&lobby, "ann");
        assert_eq!(show(&mut browser, &next), (401, false), "a code that was seen over a shoulder");
        lobby.forget_codes();
        assert_eq!(show(&mut browser, &code_now(&secret, -3)), (401, false), "old ones");
        // Without cookies, by the ticket; of another person's it is worth nothing.
        lobby.server.execute("DELETE FROM fh_rate");
        lobby.server.execute("UPDATE fh_credential SET failures = 0, blocked_until = NULL");
        let (_, waiting) = asked(&lobby, "ann");
        let (_, bos, _) = lobby.with_totp("bo");
        lobby.forget_codes();
        let with = |secret: &str| json!({"ticket": waiting["ticket"], "code": code_now(secret, 0)});
        assert_eq!(lobby.browser().post("/auth/mfa", &with(&bos)).status, 401);
        assert_eq!(lobby.browser().post("/auth/mfa", &with(&secret)).status, 200);
        // One that waits for too long is over.
        let (mut browser, _) = asked(&lobby, "ann");
        lobby.forget_codes();
        lobby.server.execute("UPDATE fh_ticket SET expires_at = created_at");
        assert_eq!(show(&mut browser, &code_now(&secret, 0)), (401, false));
        // Of many at once one is heard.
        lobby.server.execute("UPDATE fh_credential SET failures = 0, blocked_until = NULL");
        let tickets: Vec<Value> = (0..3).map(|_| asked(&lobby, "ann").1["ticket"].clone()).collect();
        lobby.forget_codes();
        let code = code_now(&secret, 0);
        let heard = std::thread::scope(|scope| {
            let all: Vec<_> = tickets
                .iter()
                .map(|ticket| {
                    let body = json!({"ticket": ticket, "code": code});
                    let lobby = &lobby;
                    scope.spawn(move || lobby.browser().post("/auth/mfa", &body).status)
                })
                .collect();
            all.into_iter().map(|it| it.join().expect("nobody panics")).filter(|status| *status == 200).count()
        });
        assert_eq!(heard, 1);
    }

    fn the_form_asks_for_it_too(database) {
        let lobby = Lobby::new(database);
        let (_, secret, codes) = lobby.with_totp("ann");
        lobby.forget_codes();
        let password = lobby.password("ann").to_owned();
        let mut browser = lobby.browser();
        let fields = [("email", "ann@lobby.test"), ("password", password.as_str()), ("return_to", "/auth/password/change")];
        let reply = browser.submit("/auth/sign-in", "/auth/sign-in", &fields);
        assert_eq!((reply.status, reply.header("location")), (303, "/auth/mfa?return_to=%2Fauth%2Fpassword%2Fchange"), "{}", reply.text);
        assert!(reply.set_cookie(COOKIE).is_empty());
        let page = browser.follow(&reply);
        let wrong = browser.submit_on(&page, "/auth/mfa", &[("code", "abcdef")]);
        assert_eq!((wrong.status, wrong.set_cookie(COOKIE)), (401, ""), "{}", wrong.text);
        let elsewhere = [("code", code_now(&secret, 0)), ("return_to", "//evil.example".to_owned())];
        let elsewhere: Vec<(&str, &str)> = elsewhere.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let right = browser.submit_on(&page, "/auth/mfa", &elsewhere);
        assert_eq!((right.status, right.header("location")), (303, "/auth/account"), "{}", right.text);
        assert!(is_in(&mut browser));
        // With a code for its loss.
        let mut browser = lobby.browser();
        let reply = browser.submit("/auth/sign-in", "/auth/sign-in", &fields);
        let page = browser.follow(&reply);
        let at = page.text.find("name=\"recovery_code\"").expect("a field");
        assert!(at > 0);
        let hidden = page.hidden("/auth/mfa");
        let csrf = hidden.iter().find(|(name, _)| name == "csrf").expect("a token").1.clone();
        let right = browser.form("/auth/mfa", &[("csrf", &csrf), ("recovery_code", &codes[0]), ("return_to", "/auth/password/change")]);
        assert_eq!((right.status, right.header("location")), (303, "/auth/password/change"), "{}", right.text);
        assert!(is_in(&mut browser));
    }

    fn codes_for_its_loss_are_good_once_each(database) {
        let lobby = Lobby::new(database);
        let (mut strong, _, codes) = lobby.with_totp("ann");
        let show = |code: &str| {
            let (mut browser, _) = asked(&lobby, "ann");
            lobby.server.execute("DELETE FROM fh_rate");
            lobby.server.execute("UPDATE fh_credential SET failures = 0, blocked_until = NULL");
            browser.post("/auth/mfa", &json!({ "recoveryCode": code })).status
        };
        assert_eq!(show(&codes[0]), 200);
        assert_eq!(show(&codes[0]), 401, "once");
        assert_eq!(show(&format!(" {} ", codes[1].to_uppercase().replace('-', " "))), 200, "as people type");
        let (_, _, bos) = lobby.with_totp("bo");
        assert_eq!(show(&bos[0]), 401, "another person's");
        let (mut browser, _) = asked(&lobby, "bo");
        assert_eq!(browser.post("/auth/mfa", &json!({"recoveryCode": bos[0]})).status, 200);
        // New ones make the others useless.
        let fresh = strong.post("/auth/recovery-codes", &json!({}));
        let fresh: Vec<&str> = fresh.body["recoveryCodes"].as_array().expect("codes").iter().filter_map(Value::as_str).collect();
        assert_eq!(fresh.len(), 10);
        assert_eq!((show(&codes[2]), show(fresh[0])), (401, 200));
        assert_eq!(lobby.signed_in("dan").post("/auth/recovery-codes", &json!({})).status, 404);
    }

    fn a_role_that_needs_it_counts_with_it_alone(database) {
        let lobby = Lobby::new(database);
        let mut weak = lobby.signed_in("cy");
        assert_eq!((roles(&mut weak, "red"), safes(&mut weak)), (vec!["writer".to_owned()], Err("GRAPHQL_VALIDATION_FAILED".to_owned())));
        let schema = |browser: &mut Browser| browser.graphql("{ __type(name: \"Safe\") { name } }", Some("red")).body["data"]["__type"].clone();
        assert_eq!(schema(&mut weak), Value::Null, "nor is it in the schema");
        let update = "mutation { updateSafe(id: \"x\", input: {code: \"1\"}) { id } }";
        assert_eq!(weak.graphql(update, Some("red")).code(), "GRAPHQL_VALIDATION_FAILED");
        let (mut strong, secret, _) = lobby.with_totp("cy");
        assert_eq!((roles(&mut strong, "red"), safes(&mut strong)), (vec!["keeper".to_owned(), "writer".to_owned()], Ok(1)));
        assert_eq!(schema(&mut strong)["name"], "Safe");
        assert_eq!(safes(&mut weak), Err("GRAPHQL_VALIDATION_FAILED".to_owned()), "another session of the same person");
        // Shown in that session too.
        lobby.forget_codes();
        let shown = weak.post("/auth/mfa", &json!({"code": code_now(&secret, 0)}));
        assert_eq!(shown.status, 204, "{}", shown.text);
        assert_eq!(safes(&mut weak), Ok(1));
        // Others hold it not at all.
        let (mut ann, ..) = lobby.with_totp("ann");
        assert_eq!(safes(&mut ann), Err("GRAPHQL_VALIDATION_FAILED".to_owned()));
    }

    fn administration_goes_on_without_the_roles_that_need_it(database) {
        let lobby = Lobby::new(database);
        // Dan is a chief and a keeper, and shows no second factor.
        let both = match database {
            freehold_tests::Database::Sqlite => "'[\"chief\",\"keeper\"]'",
            freehold_tests::Database::Postgres => "ARRAY['chief','keeper']",
        };
        lobby.server.execute(&format!("UPDATE membership SET roles = {both} WHERE {}", super::of("dan")));
        let mut dan = lobby.signed_in("dan");
        let query = format!("mutation {{ setMemberRoles(user: \"{}\", roles: [\"reader\"]) {{ roles }} }}", lobby.id("ann"));
        let reply = dan.graphql(&query, Some("red"));
        assert_eq!(reply.body["data"]["setMemberRoles"]["roles"], json!(["reader"]), "{}", reply.text);
    }

    fn who_has_not_shown_it_takes_nothing_off(database) {
        let lobby = Lobby::new(database);
        let mut weak = lobby.signed_in("ann");
        let (mut strong, secret, _) = lobby.with_totp("ann");
        for (path, body) in [
            ("/auth/totp/remove", json!({})),
            ("/auth/totp/begin", json!({})),
            ("/auth/recovery-codes", json!({})),
            ("/auth/passkey/register/begin", json!({"name": "x"})),
            ("/auth/keys", json!({"name": "x"})),
        ] {
            let reply = weak.post(path, &body);
            assert_eq!((reply.status, reply.code()), (403, "FORBIDDEN"), "{path} {}", reply.text);
        }
        assert_eq!(lobby.rows("fh_factor").len(), 1);
        assert_eq!(strong.post("/auth/totp/remove", &json!({})).status, 204);
        assert_eq!((lobby.rows("fh_factor").len(), lobby.rows("fh_recovery").len()), (0, 0), "the codes go with the last one");
        assert!(lobby.lets_in(&email("ann"), lobby.password("ann")));
        assert!(is_in(&mut lobby.signed_in("ann")));
        assert_eq!(strong.post("/auth/totp/remove", &json!({})).status, 404);
        assert_eq!(strong.post("/auth/mfa", &json!({"code": code_now(&secret, 1)})).status, 401);
    }

    fn an_app_may_have_none(database) {
        let lobby = Lobby::with(database, "mfa: {totp: true, passkeys: true}", "mfa: {totp: false, passkeys: false}");
        let mut browser = lobby.signed_in("ann");
        for path in ["/auth/totp/begin", "/auth/passkey/register/begin", "/auth/passkey/sign-in/begin"] {
            assert_eq!(browser.post(path, &json!({"name": "x"})).status, 404, "{path}");
        }
        assert!(!browser.get("/auth/account").text.contains("/auth/totp/begin"));
    }
}

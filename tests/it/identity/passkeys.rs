//! Passkeys: instead of a password, or as a second factor; against `http://localhost`, where browsers take them without TLS.

use super::{COOKIE, Lobby, email, is_in, roles, told};
use freehold_tests::{Browser, Passkey, Reply, Scene, letter_to, on_both_databases};
use serde_json::{Value, json};

/// The answer of an authenticator, with what names the ceremony.
fn with_ticket(mut answer: Value, begun: &Reply) -> Value {
    answer["ticket"] = begun.body["ticket"].clone();
    answer
}

fn begin(browser: &mut Browser, what: &str) -> Reply {
    let reply = browser.post(&format!("/auth/passkey/{what}/begin"), &json!({"name": "My phone"}));
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply
}

fn register(browser: &mut Browser) -> Passkey {
    let scene = Scene::at(&browser.origin());
    register_as(browser, &scene)
}

fn register_as(browser: &mut Browser, scene: &Scene) -> Passkey {
    let begun = begin(browser, "register");
    let (key, answer) = Passkey::create(&begun.body, scene);
    let done = browser.post("/auth/passkey/register/finish", &with_ticket(answer, &begun));
    assert_eq!(done.status, 200, "{}", done.text);
    key
}

/// Signs in with a passkey alone.
fn enter(browser: &mut Browser, key: &Passkey, scene: &Scene) -> Reply {
    let begun = begin(browser, "sign-in");
    browser.post(
        "/auth/passkey/sign-in/finish",
        &with_ticket(key.get(&begun.body, scene), &begun),
    )
}

on_both_databases! {
    fn a_passkey_is_set_up_and_signs_in_by_itself(database) {
        let lobby = Lobby::new(database);
        let mut browser = lobby.signed_in("cy");
        let before = browser.cookie(COOKIE).to_owned();
        let begun = begin(&mut browser, "register");
        let asked = &begun.body["publicKey"];
        assert_eq!((&asked["rp"]["id"], &asked["attestation"]), (&json!("localhost"), &json!("none")), "{}", begun.text);
        let (key, answer) = Passkey::create(&begun.body, &Scene::at(&browser.origin()));
        let done = browser.post("/auth/passkey/register/finish", &with_ticket(answer.clone(), &begun));
        assert_eq!(done.body["recoveryCodes"].as_array().map(Vec::len), Some(10), "{}", done.text);
        assert_ne!(browser.cookie(COOKIE), before);
        assert_eq!(roles(&mut browser, "red"), ["keeper", "writer"], "it is a second factor");
        assert!(letter_to(&lobby.server, "cy@lobby.test").text.contains("A new way to sign in"));
        assert_eq!(browser.post("/auth/passkey/register/finish", &with_ticket(answer, &begun)).status, 404, "once");
        assert!(browser.get("/auth/account").text.contains("My phone"));
        // One that is there is not asked for again.
        let again = begin(&mut browser, "register");
        assert_eq!(again.body["publicKey"]["excludeCredentials"].as_array().map(Vec::len), Some(1));

        let mut other = lobby.browser();
        let scene = Scene::at(&other.origin());
        let reply = enter(&mut other, &key, &scene);
        assert_eq!((reply.status, &reply.body["user"]["email"]), (200, &json!("cy@lobby.test")), "{}", reply.text);
        assert_eq!(reply.body["secondFactor"], true);
        assert_eq!(roles(&mut other, "red"), ["keeper", "writer"]);
    }

    fn it_is_a_second_factor_beside_a_password(database) {
        let lobby = Lobby::new(database);
        let mut early = lobby.signed_in("cy");
        let mut browser = lobby.browser();
        // One that does not see who touches it will do for that.
        let scene = Scene { verified: false, ..Scene::at(&browser.origin()) };
        let key = register_as(&mut lobby.signed_in("cy"), &scene);
        let asked = browser.sign_in(&email("cy"), lobby.password("cy"));
        assert_eq!(asked.body["secondFactorRequired"]["accepts"], json!(["passkey", "recovery_code"]), "{}", asked.text);
        assert!(!is_in(&mut browser));
        let begun = begin(&mut browser, "sign-in");
        assert_eq!(begun.body["publicKey"]["allowCredentials"].as_array().map(Vec::len), Some(1), "{}", begun.text);
        let reply = browser.post("/auth/passkey/sign-in/finish", &with_ticket(key.get(&begun.body, &scene), &begun));
        assert_eq!((reply.status, &reply.body["secondFactor"]), (200, &json!(true)), "{}", reply.text);
        assert_eq!(roles(&mut browser, "red"), ["keeper", "writer"]);
        // Alone it has to.
        let mut alone = lobby.browser();
        let reply = enter(&mut alone, &key, &scene);
        assert_eq!((reply.status, reply.set_cookie(COOKIE)), (401, ""), "{}", reply.text);
        // In a session that began before.
        assert_eq!(roles(&mut early, "red"), ["writer"]);
        let before = early.cookie(COOKIE).to_owned();
        let begun = begin(&mut early, "sign-in");
        let reply = early.post("/auth/passkey/sign-in/finish", &with_ticket(key.get(&begun.body, &scene), &begun));
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_ne!(early.cookie(COOKIE), before);
        assert_eq!(roles(&mut early, "red"), ["keeper", "writer"]);
    }

    fn another_person_s_is_no_second_factor(database) {
        let lobby = Lobby::new(database);
        let mut ann = lobby.signed_in("ann");
        let (hers, cys) = (register(&mut ann), register(&mut lobby.signed_in("cy")));
        let asked = || {
            let mut browser = lobby.browser();
            browser.sign_in(&email("cy"), lobby.password("cy"));
            browser
        };
        let scene = Scene::at(&lobby.browser().origin());
        for key in [&hers, &hers.naming(&cys)] {
            let mut browser = asked();
            let begun = begin(&mut browser, "sign-in");
            let reply = browser.post("/auth/passkey/sign-in/finish", &with_ticket(key.get(&begun.body, &scene), &begun));
            assert_eq!((reply.status, reply.set_cookie(COOKIE)), (401, ""), "{}", reply.text);
            assert!(!is_in(&mut browser));
        }
        // Nor does one make another session more than it is.
        let mut weak = lobby.signed_in("dan");
        let begun = weak.post("/auth/passkey/sign-in/begin", &json!({}));
        if begun.status == 200 {
            let reply = weak.post("/auth/passkey/sign-in/finish", &with_ticket(hers.get(&begun.body, &scene), &begun));
            assert_eq!(reply.status, 401, "{}", reply.text);
        }
        assert_eq!(weak.read("/auth/session").body["secondFactor"], false);
        // Alone it says who it is, whatever name it carries.
        let mut browser = lobby.browser();
        let reply = enter(&mut browser, &hers.naming(&cys), &scene);
        assert!(reply.status == 401 || reply.body["user"]["email"] == "ann@lobby.test", "{}", reply.text);
        // Nobody removes another's.
        let id = lobby.rows("fh_factor").into_iter().find(|row| row["user_id"] == lobby.id("cy").as_str()).expect("a row")["id"].clone();
        assert_eq!(ann.post("/auth/passkey/remove", &json!({ "id": id })).status, 404);
        assert_eq!(lobby.rows("fh_factor").len(), 2);
    }

    fn what_is_forged_or_old_is_refused(database) {
        let lobby = Lobby::new(database);
        let mut browser = lobby.signed_in("ann");
        let origin = browser.origin();
        let home = Scene::at(&origin);
        let scenes = [
            ("another origin", Scene { origin: "https://evil.example".into(), ..home.clone() }),
            ("another port", Scene { origin: "http://localhost:1".into(), ..home.clone() }),
            ("an origin that begins so", Scene { origin: format!("{origin}.evil.example"), ..home.clone() }),
            ("another host", Scene { host: "evil.example".into(), ..home.clone() }),
            ("nobody there", Scene { present: false, ..home.clone() }),
        ];
        for (what, scene) in &scenes {
            let begun = begin(&mut browser, "register");
            let (_, answer) = Passkey::create(&begun.body, scene);
            let reply = browser.post("/auth/passkey/register/finish", &with_ticket(answer, &begun));
            assert_eq!((reply.status, reply.code()), (400, "BAD_USER_INPUT"), "{what} {}", reply.text);
        }
        assert_eq!(lobby.rows("fh_factor").len(), 0);
        let mut key = register(&mut browser);
        let mut other = lobby.browser();
        for (what, scene) in &scenes {
            let reply = enter(&mut other, &key, scene);
            assert_eq!((reply.status, reply.set_cookie(COOKIE)), (401, ""), "{what} {}", reply.text);
        }
        // What was heard once is not good again, nor under another challenge.
        let begun = begin(&mut other, "sign-in");
        let answer = with_ticket(key.get(&begun.body, &home), &begun);
        assert_eq!(other.post("/auth/passkey/sign-in/finish", &answer).status, 200);
        let mut thief = lobby.browser();
        let replayed = thief.post("/auth/passkey/sign-in/finish", &answer);
        assert_eq!((replayed.status, replayed.set_cookie(COOKIE)), (401, ""));
        let fresh = begin(&mut thief, "sign-in");
        let reply = thief.post("/auth/passkey/sign-in/finish", &with_ticket(answer.clone(), &fresh));
        assert_eq!((told(&reply), reply.set_cookie(COOKIE)), (told(&replayed), ""));
        // Nor what was signed over something else.
        let fresh = begin(&mut thief, "sign-in");
        let mut tampered = key.get(&fresh.body, &home);
        tampered["response"]["signature"] = answer["response"]["signature"].clone();
        assert_eq!(thief.post("/auth/passkey/sign-in/finish", &with_ticket(tampered, &fresh)).status, 401);
        let fresh = begin(&mut thief, "sign-in");
        lobby.server.execute("UPDATE fh_ticket SET expires_at = created_at");
        assert_eq!(thief.post("/auth/passkey/sign-in/finish", &with_ticket(key.get(&fresh.body, &home), &fresh)).status, 401, "too late");
        // A copied one is found out by its counter.
        key.counter = 7;
        assert_eq!(enter(&mut lobby.browser(), &key, &home).status, 200);
        key.counter = 6;
        assert_eq!(enter(&mut lobby.browser(), &key, &home).status, 401);
        key.counter = 8;
        assert_eq!(enter(&mut lobby.browser(), &key, &home).status, 200);
        // One that nobody has set up.
        let begun = begin(&mut browser, "register");
        let (unknown, _) = Passkey::create(&begun.body, &home);
        let reply = enter(&mut lobby.browser(), &unknown, &home);
        assert_eq!(told(&reply), told(&replayed));
        for garbage in [json!({}), json!({"id": "x", "rawId": "x", "type": "public-key", "response": {}})] {
            let fresh = begin(&mut thief, "sign-in");
            assert_eq!(thief.post("/auth/passkey/sign-in/finish", &with_ticket(garbage, &fresh)).status, 401);
        }
    }

    fn one_that_was_removed_opens_nothing(database) {
        let lobby = Lobby::new(database);
        let mut browser = lobby.signed_in("ann");
        let (one, two) = (register(&mut browser), register(&mut browser));
        let home = Scene::at(&browser.origin());
        let page = browser.get("/auth/account");
        assert_eq!(page.text.matches("action=\"/auth/passkey/remove\"").count(), 2);
        let gone = browser.submit_on(&page, "/auth/passkey/remove", &[]);
        assert_eq!((gone.status, gone.header("location")), (303, "/auth/account"), "{}", gone.text);
        assert_eq!(lobby.rows("fh_factor").len(), 1);
        let mut statuses = [&one, &two].map(|key| enter(&mut lobby.browser(), key, &home).status);
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
        // Somebody who is blocked is blocked with it too.
        lobby.server.execute("UPDATE \"user\" SET status = 'blocked' WHERE email = 'ann@lobby.test'");
        for key in [&one, &two] {
            let reply = enter(&mut lobby.browser(), key, &home);
            assert_eq!((reply.status, reply.set_cookie(COOKIE)), (401, ""));
        }
    }
}

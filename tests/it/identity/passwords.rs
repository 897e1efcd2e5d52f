//! Passwords: changed, forgotten and chosen anew; and those that were hashed by others.

use super::{COOKIE, Lobby, email, is_in, of, told};
use freehold_tests::{letter_to, letters, on_both_databases};
use serde_json::json;
use std::time::Duration;

const NEW: &str = "tall-window-73x";

/// Hashes of Ann's password, as other programs write them.
const HASHES: [&str; 3] = [
    "$2b$04$Jjml9./IDk92KB7ADY3Fv.t27iYLahkWXZUq2S/Dhf3t8VWLOxFJq",
    "$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$GxM3Jg+czfHw5HbSuRNel1lNLLRRJdZk0d7bmc887rc",
    "$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$W+7w6JeKY4NkhyGNiw4i2kwxUbTisRix08NEig+k+c4",
];

/// Passwords of Ann's that are none.
const FAULTS: [&str; 8] = [
    "",
    "eleven-long",
    "aaaaaaaaaaaaaaaa",
    "abcdefghijklmnop",
    "password1234",
    "qwertyuiop123",
    "ann@lobby.test",
    "tall\u{7}window-73x",
];

on_both_databases! {
    fn one_changes_ones_own(database) {
        let lobby = Lobby::new(database);
        let (mut here, mut there) = (lobby.signed_in("ann"), lobby.signed_in("ann"));
        let key = here.post("/auth/keys", &json!({"name": "k"})).body["key"].as_str().expect("a key").to_owned();
        let old = lobby.password("ann").to_owned();
        for password in FAULTS {
            let reply = here.post("/auth/password/change", &json!({"current": old, "password": password}));
            assert_eq!((reply.status, reply.code()), (400, "BAD_USER_INPUT"), "{password:?} {}", reply.text);
            assert!(password.len() < 12 || !reply.text.contains(password), "{}", reply.text);
        }
        let long = "x9-".repeat(400);
        assert_eq!(here.post("/auth/password/change", &json!({"current": old, "password": long})).status, 400);
        assert!(is_in(&mut there));
        let reply = here.post("/auth/password/change", &json!({"current": old, "password": NEW}));
        assert_eq!(reply.status, 204, "{}", reply.text);
        assert!(is_in(&mut here) && !is_in(&mut there), "whoever else is in is out");
        assert!(!lobby.lets_in(&email("ann"), &old) && lobby.lets_in(&email("ann"), NEW));
        let mut tool = lobby.browser().saying("Authorization", &format!("Bearer {key}"));
        assert_eq!(tool.graphql("{ viewer { roles } }", None).status, 200, "keys are revoked one by one");

        // By the page.
        let wrong = here.submit("/auth/password/change", "/auth/password/change", &[("current", "wrong-password-1"), ("password", &old)]);
        assert!(wrong.status == 401 && !wrong.text.contains("wrong-password-1"), "{}", wrong.text);
        let short = here.submit("/auth/password/change", "/auth/password/change", &[("current", NEW), ("password", "short-one")]);
        assert!(short.status == 400 && short.text.contains("12"), "{}", short.text);
        let done = here.submit("/auth/password/change", "/auth/password/change", &[("current", NEW), ("password", &old)]);
        assert_eq!((done.status, done.header("location")), (303, "/auth/account"), "{}", done.text);
        assert!(lobby.lets_in(&email("ann"), &old));
        assert_eq!(lobby.browser().post("/auth/password/change", &json!({"current": old, "password": NEW})).status, 401);
    }

    fn who_forgot_it_has_a_letter(database) {
        let lobby = Lobby::new(database);
        let mut session = lobby.signed_in("ann");
        lobby.server.execute("UPDATE \"user\" SET status = 'blocked' WHERE email = 'dan@lobby.test'");
        let ask = |address: &str| lobby.browser().post("/auth/password/forgot", &json!({ "email": address }));
        let known = ask("ann@lobby.test");
        assert_eq!(known.status, 202, "{}", known.text);
        // Nobody learns who is known.
        let plain = |head: &str| {
            let lines = head.lines().filter(|line| !line.starts_with("date:") && !line.starts_with("x-request-id:"));
            let mut lines: Vec<String> = lines.map(str::to_owned).collect();
            lines.sort();
            lines
        };
        for address in ["nobody@lobby.test", "dan@lobby.test", "", "x", "a\u{0}b"] {
            let reply = ask(address);
            assert_eq!((plain(&reply.head), &reply.text), (plain(&known.head), &known.text), "{address:?}");
        }
        let letter = letter_to(&lobby.server, "ann@lobby.test");
        std::thread::sleep(Duration::from_millis(500));
        assert!(letters(&lobby.server).is_empty(), "strangers and those who are blocked have none");
        assert!(letter.link().starts_with("/auth/password/reset?token="), "{}", letter.text);
        let token = letter.token().to_owned();
        assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");

        // Mail filters follow links: nothing comes of that.
        for _ in 0..2 {
            let page = lobby.browser().get(letter.link());
            assert!(page.status == 200 && page.set_cookie(COOKIE).is_empty(), "{}", page.text);
        }
        for password in FAULTS {
            let reply = lobby.browser().post("/auth/password/reset", &json!({"token": token, "password": password}));
            assert_eq!((reply.status, reply.code()), (400, "BAD_USER_INPUT"), "{password:?} {}", reply.text);
        }
        assert!(is_in(&mut session));
        let mut browser = lobby.browser();
        let done = browser.submit(letter.link(), "/auth/password/reset", &[("password", NEW)]);
        assert!(done.status == 200 && done.set_cookie(COOKIE).is_empty(), "nobody is signed in by a link: {}", done.text);
        assert!(!is_in(&mut session), "her sessions are over");
        assert!(lobby.lets_in(&email("ann"), NEW) && !lobby.lets_in(&email("ann"), lobby.password("ann")));
        let again = browser.post("/auth/password/reset", &json!({"token": token, "password": "other-window-73x"}));
        assert_eq!((again.status, again.code()), (404, "NOT_FOUND"), "it is good once");
    }

    fn links_are_good_for_a_while_and_one_of_them_once(database) {
        let lobby = Lobby::new(database);
        let link = || {
            let reply = lobby.browser().post("/auth/password/forgot", &json!({"email": "ANN@Lobby.test"}));
            assert_eq!(reply.status, 202);
            letter_to(&lobby.server, "ann@lobby.test").token().to_owned()
        };
        let choose = |token: &str| lobby.browser().post("/auth/password/reset", &json!({"token": token, "password": NEW})).status;
        let (first, second) = (link(), link());
        assert_ne!(first, second);
        let row = lobby.rows("fh_reset").remove(0);
        let moment = |name: &str| row[name].as_i64().expect("a moment");
        assert_eq!(moment("expires_at") - moment("created_at"), 1_800_000_000, "half an hour");
        lobby.server.execute("UPDATE fh_reset SET expires_at = created_at");
        assert_eq!((choose(&first), choose(&second)), (404, 404), "they are over");
        for wrong in ["", "x", &"0".repeat(64), &"f".repeat(65)] {
            assert_eq!(choose(wrong), 404, "{wrong}");
        }
        assert!(lobby.lets_in(&email("ann"), lobby.password("ann")));
        // Of many at once one is heard, and no other link is good after.
        lobby.server.execute("DELETE FROM fh_rate");
        let (other, third) = (link(), link());
        let heard = std::thread::scope(|scope| {
            let choosing: Vec<_> = (0..5).map(|_| scope.spawn(|| choose(&third))).collect();
            choosing.into_iter().map(|it| it.join().expect("nobody panics")).filter(|status| *status == 204).count()
        });
        assert_eq!(heard, 1);
        assert_eq!(choose(&other), 404);
        assert!(lobby.lets_in(&email("ann"), NEW));
    }

    fn hashes_of_other_programs_are_good_and_replaced(database) {
        let lobby = Lobby::new(database);
        let hash = || lobby.rows_of("fh_credential", "ann")[0]["password_hash"].as_str().expect("a text").to_owned();
        let password = lobby.password("ann").to_owned();
        for planted in HASHES {
            lobby.server.execute(&format!("UPDATE fh_credential SET password_hash = '{planted}' WHERE {}", of("ann")));
            assert!(!lobby.lets_in(&email("ann"), "wrong-password-1"));
            assert_eq!(hash(), planted, "a wrong one changes nothing");
            assert!(lobby.lets_in(&email("ann"), &password), "{planted}");
            assert!(hash().starts_with("$argon2id$"), "{}", hash());
            let before = hash();
            assert!(lobby.lets_in(&email("ann"), &password));
            assert_eq!(hash(), before, "once");
        }
        // What is no hash is nobody's password.
        for planted in ["", "violet-harbour-47", "$2b$31$Jjml9./IDk92KB7ADY3Fv.t27iYLahkWXZUq2S/Dhf3t8VWLOxFJq", "$argon2id$v=19$m=4000000,t=9,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAA"] {
            lobby.server.execute(&format!("UPDATE fh_credential SET password_hash = '{planted}', failures = 0 WHERE {}", of("ann")));
            let reply = lobby.browser().sign_in(&email("ann"), &password);
            assert_eq!(told(&reply), told(&lobby.browser().sign_in("nobody@lobby.test", &password)), "{planted}");
        }
    }

    fn the_app_says_how_they_are_hashed(database) {
        let lobby = Lobby::with(database, "password: {min_length: 12,", "password: {hash: scrypt, min_length: 12,");
        let hash = |name: &str| lobby.rows_of("fh_credential", name)[0]["password_hash"].as_str().expect("a text").to_owned();
        lobby.server.execute(&format!("UPDATE fh_credential SET password_hash = '{}' WHERE {}", HASHES[0], of("ann")));
        assert!(lobby.lets_in(&email("ann"), lobby.password("ann")));
        assert!(hash("ann").starts_with("$scrypt$"), "{}", hash("ann"));
        let mut bo = lobby.signed_in("bo");
        let reply = bo.post("/auth/password/change", &json!({"current": lobby.password("bo"), "password": NEW}));
        assert_eq!(reply.status, 204, "{}", reply.text);
        assert!(hash("bo").starts_with("$scrypt$") && lobby.lets_in(&email("bo"), NEW), "{}", hash("bo"));
    }

    fn without_passwords_there_is_none_to_forget(database) {
        let lobby = Lobby::with(database, "password: {min_length: 12, lockout: {failures: 3, block: 10m}}\n  sign_up: open", "password: disabled");
        let browser = lobby.browser();
        for (path, body) in [
            ("/auth/password/forgot", json!({"email": "ann@lobby.test"})),
            ("/auth/password/reset", json!({"token": "0".repeat(64), "password": NEW})),
        ] {
            assert_eq!(browser.clone().post(path, &body).status, 404, "{path}");
        }
        assert_eq!(browser.clone().sign_in("ann@lobby.test", lobby.password("ann")).status, 401);
    }
}

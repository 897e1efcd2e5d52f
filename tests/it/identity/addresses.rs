//! Whose an address is: shown before the first sign-in, and before it is changed.

use super::{COOKIE, Lobby, of, told};
use freehold_tests::{Browser, Folder, Start, fixture, letter_to, letters, on_both_databases};
use serde_json::json;
use std::time::Duration;

fn unverified(lobby: &Lobby, name: &str) {
    lobby.server.execute(&format!(
        "UPDATE fh_credential SET verified_email = '' WHERE {}",
        of(name)
    ));
}

fn no_letter(lobby: &Lobby) {
    std::thread::sleep(Duration::from_millis(400));
    let found = letters(&lobby.server);
    assert!(found.is_empty(), "{found:?}");
}

on_both_databases! {
    fn an_address_that_nobody_proved_signs_nobody_in(database) {
        let lobby = Lobby::new(database);
        unverified(&lobby, "ann");
        let wrong = told(&lobby.browser().sign_in("nobody@lobby.test", "wrong-password-1"));
        assert_eq!(told(&lobby.browser().sign_in("ann@lobby.test", "wrong-password-1")), wrong);
        no_letter(&lobby);
        let reply = lobby.browser().sign_in("ann@lobby.test", lobby.password("ann"));
        assert_eq!((reply.status, reply.code(), reply.set_cookie(COOKIE)), (401, "UNAUTHENTICATED", ""));
        assert!(reply.message().contains("not verified"), "{}", reply.text);
        let letter = letter_to(&lobby.server, "ann@lobby.test");
        assert!(letter.link().starts_with("/auth/email/verify?token="), "{}", letter.text);
        // A link alone changes nothing: mail filters follow links.
        for _ in 0..2 {
            assert_eq!(lobby.browser().get(letter.link()).status, 200);
        }
        assert_eq!(lobby.browser().sign_in("ann@lobby.test", lobby.password("ann")).status, 401);
        let newer = letter_to(&lobby.server, "ann@lobby.test");
        let done = lobby.browser().submit(newer.link(), "/auth/email/verify", &[]);
        assert!(done.status == 200 && done.set_cookie(COOKIE).is_empty(), "{}", done.text);
        assert!(lobby.lets_in("ann@lobby.test", lobby.password("ann")));
        let again = lobby.browser().post("/auth/email/verify", &json!({"token": newer.token()}));
        assert_eq!((again.status, again.code()), (404, "NOT_FOUND"), "it is good once");
        // Mailboxes are not filled by whoever knows a password.
        unverified(&lobby, "ann");
        for _ in 0..4 {
            assert!(!lobby.lets_in("ann@lobby.test", lobby.password("ann")));
        }
        std::thread::sleep(Duration::from_millis(400));
        assert!(letters(&lobby.server).len() <= 1, "three in all");
    }

    fn links_are_good_for_a_day_and_for_their_own_address(database) {
        let lobby = Lobby::new(database);
        unverified(&lobby, "ann");
        lobby.browser().sign_in("ann@lobby.test", lobby.password("ann"));
        let letter = letter_to(&lobby.server, "ann@lobby.test");
        let verify = |token: &str| lobby.browser().post("/auth/email/verify", &json!({ "token": token })).status;
        for wrong in ["", "x", &"0".repeat(64)] {
            assert_eq!(verify(wrong), 404, "{wrong}");
        }
        let row = lobby.rows("fh_ticket").remove(0);
        let moment = |name: &str| row[name].as_i64().expect("a moment");
        assert_eq!(moment("expires_at") - moment("created_at"), 86_400_000_000);
        lobby.server.execute("UPDATE fh_ticket SET expires_at = created_at");
        assert_eq!(verify(letter.token()), 404, "it is over");
        // One for this is good for nothing else, and the other way round.
        lobby.browser().sign_in("ann@lobby.test", lobby.password("ann"));
        let letter = letter_to(&lobby.server, "ann@lobby.test");
        for (path, body) in [
            ("/auth/password/reset", json!({"token": letter.token(), "password": "tall-window-73x"})),
            ("/auth/sign-up/finish", json!({"token": letter.token(), "password": "tall-window-73x", "name": "A"})),
        ] {
            assert_eq!(lobby.browser().post(path, &body).status, 404, "{path}");
        }
        let reply = lobby.browser().post("/auth/mfa", &json!({"ticket": letter.token(), "code": "123456"}));
        assert_eq!((reply.status, reply.set_cookie(COOKIE)), (401, ""));
        // She has another address by now, which this letter was not sent to.
        lobby.server.execute("UPDATE \"user\" SET email = 'other@lobby.test' WHERE email = 'ann@lobby.test'");
        assert_eq!(verify(letter.token()), 401);
        assert!(!lobby.lets_in("other@lobby.test", lobby.password("ann")));
    }

    fn an_app_may_believe_addresses(database) {
        let lobby = Lobby::with(database, "verify_email: true", "verify_email: false");
        unverified(&lobby, "ann");
        assert!(lobby.lets_in("ann@lobby.test", lobby.password("ann")));
        no_letter(&lobby);
    }

    fn one_changes_ones_address_by_a_letter_to_the_new_one(database) {
        let lobby = Lobby::new(database);
        let (mut ann, mut bo) = (lobby.signed_in("ann"), lobby.signed_in("bo"));
        let password = lobby.password("ann").to_owned();
        for wrong in ["", "x", "a@b", "a@b.test,c@d.test", "a b@c.test", "a@b.test\r\nBcc: c@d.test", "<a@b.test>"] {
            let reply = ann.post("/auth/email/change", &json!({"email": wrong, "password": password}));
            assert_eq!((reply.status, reply.code()), (400, "BAD_USER_INPUT"), "{wrong:?} {}", reply.text);
        }
        let ask = json!({"email": "anna@lobby.test", "password": password});
        assert_eq!(lobby.browser().post("/auth/email/change", &ask).status, 401);
        // Whoever sits at her browser does not know it.
        assert_eq!(ann.post("/auth/email/change", &json!({"email": "anna@lobby.test", "password": "wrong-password-1"})).status, 401);
        // Nor does another person's password do.
        assert_eq!(bo.post("/auth/email/change", &ask).status, 401);
        no_letter(&lobby);
        let reply = ann.post("/auth/email/change", &ask);
        assert_eq!(reply.status, 202, "{}", reply.text);
        let letter = letter_to(&lobby.server, "anna@lobby.test");
        assert!(lobby.lets_in("ann@lobby.test", &password) && !lobby.lets_in("anna@lobby.test", &password));
        // The link is hers alone, once she is signed in.
        for mut other in [lobby.browser(), bo.clone()] {
            let reply = other.post("/auth/email/verify", &json!({"token": letter.token()}));
            assert_eq!(reply.status, 401, "{}", reply.text);
        }
        assert!(lobby.lets_in("ann@lobby.test", &password));
    }

    fn a_link_changes_the_address_once(database) {
        let lobby = Lobby::new(database);
        let mut ann = lobby.signed_in("ann");
        let password = lobby.password("ann").to_owned();
        assert_eq!(ann.post("/auth/email/change", &json!({"email": "anna@lobby.test", "password": password})).status, 202);
        let letter = letter_to(&lobby.server, "anna@lobby.test");
        let done = ann.submit(letter.link(), "/auth/email/verify", &[]);
        assert!(done.status == 200 && done.text.contains("from now on"), "{}\n{}", done.text, lobby.server.complaints());
        assert!(lobby.lets_in("anna@lobby.test", &password), "and it is verified");
        assert!(!lobby.lets_in("ann@lobby.test", &password));
        assert_eq!(ann.post("/auth/email/verify", &json!({"token": letter.token()})).status, 404);
        // A newer letter makes the older one useless.
        for address in ["one@lobby.test", "two@lobby.test"] {
            assert_eq!(ann.post("/auth/email/change", &json!({"email": address, "password": password})).status, 202);
        }
        let mut found = Vec::new();
        while found.len() < 2 {
            found.extend(letters(&lobby.server));
        }
        let of = |address: &str| found.iter().find(|letter| letter.to() == address).expect("a letter").token().to_owned();
        assert_eq!(ann.post("/auth/email/verify", &json!({"token": of("one@lobby.test")})).status, 404);
        // Somebody has that address by now.
        lobby.server.execute("UPDATE \"user\" SET email = 'two@lobby.test' WHERE email = 'bo@lobby.test'");
        let reply = ann.post("/auth/email/verify", &json!({"token": of("two@lobby.test")}));
        assert_eq!((reply.status, reply.code()), (409, "CONFLICT"), "{}", reply.text);
        assert!(lobby.lets_in("anna@lobby.test", &password));
    }

    fn where_nobody_signs_up_addresses_are_kept_by_others(database) {
        let folder = Folder::with_model(&fixture("lobby"));
        let app = std::fs::read_to_string(fixture("lobby").join("app.yaml")).expect("a file of the model");
        assert!(app.contains("sign_up: open"), "{app}");
        folder.write("app.yaml", &app.replace("sign_up: open", "sign_up: closed"));
        let server = Start::with_folder(folder, database).start();
        let mut browser = Browser::new(server.address(), None);
        let password = server.password("bo@lobby.test").to_owned();
        assert_eq!(browser.sign_in("bo@lobby.test", &password).status, 200);
        let reply = browser.post("/auth/email/change", &json!({"email": "bo@other.test", "password": password}));
        assert_eq!((reply.status, reply.code()), (403, "FORBIDDEN"), "{}", reply.text);
        assert!(letters(&server).is_empty());
        assert!(!browser.get("/auth/account").text.contains("/auth/email/change"));
    }
}

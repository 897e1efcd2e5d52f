//! Accounts for whoever wants one, where the app lets them.

use super::{COOKIE, Lobby, is_in, told};
use freehold_tests::{letter_to, letters, on_both_databases};
use serde_json::json;
use std::time::Duration;

const NEW: &str = "tall-window-73x";

on_both_databases! {
    fn nobody_signs_up_where_that_is_closed(database) {
        let lobby = Lobby::with(database, "sign_up: open", "sign_up: closed");
        let mut browser = lobby.browser();
        let page = browser.get("/auth/sign-up");
        assert_eq!(page.status, 404);
        assert!(page.header("content-type").starts_with("text/html"), "{}", page.head);
        assert!(!browser.get("/auth/sign-in").text.contains("/auth/sign-up"));
        for (path, body) in [
            ("/auth/sign-up", json!({"email": "zoe@new.test"})),
            ("/auth/sign-up/finish", json!({"token": "0".repeat(64), "name": "Zoe", "password": NEW})),
        ] {
            let reply = browser.post(path, &body);
            assert_eq!((reply.status, reply.code()), (404, "NOT_FOUND"), "{path}");
        }
        assert!(letters(&lobby.server).is_empty());
    }

    fn an_address_comes_first_and_then_the_account(database) {
        let lobby = Lobby::new(database);
        let before = lobby.rows("user").len();
        let mut browser = lobby.browser();
        let asked = browser.submit("/auth/sign-up", "/auth/sign-up", &[("email", "Zoe@New.test")]);
        assert!(asked.status == 200 && asked.text.contains("Zoe@New.test"), "{}", asked.text);
        let letter = letter_to(&lobby.server, "Zoe@New.test");
        assert_eq!(lobby.rows("user").len(), before, "there is no account yet");
        assert!(letter.link().starts_with("/auth/sign-up/finish?token="), "{}", letter.text);
        let page = browser.get(letter.link());
        assert!(page.text.contains("zoe@new.test"), "{}", page.text);
        for (name, password) in [("Zoe", "short"), ("Zoe", "password1234"), ("Zoe", "zoe@new.test"), ("", NEW), ("Z\u{7}", NEW)] {
            let reply = browser.submit_on(&page, "/auth/sign-up/finish", &[("name", name), ("password", password)]);
            assert!(reply.status == 400 && reply.set_cookie(COOKIE).is_empty(), "{name} {password} {}", reply.text);
        }
        let done = browser.submit_on(&page, "/auth/sign-up/finish", &[("name", "Zoe"), ("password", NEW)]);
        assert_eq!((done.status, done.header("location")), (303, "/auth/account"), "{}", done.text);
        let session = browser.read("/auth/session");
        assert_eq!(session.body["user"]["email"], "zoe@new.test", "{}", session.text);
        assert_eq!(session.body["memberships"], json!([]));
        let row = lobby.rows("user").into_iter().find(|row| row["email"] == "zoe@new.test").expect("an account");
        assert_eq!((&row["profile"], &row["status"], &row["name"]), (&json!("guest"), &json!("active"), &json!("Zoe")));
        assert!(lobby.lets_in("zoe@new.test", NEW), "the address is verified by that");
        let again = lobby.browser().post("/auth/sign-up/finish", &json!({"token": letter.token(), "name": "Zoe", "password": NEW}));
        assert_eq!((again.status, again.set_cookie(COOKIE)), (404, ""));
        assert_eq!(lobby.browser().get(letter.link()).status, 404);
    }

    fn nobody_learns_who_has_an_account(database) {
        let lobby = Lobby::new(database);
        let ask = |address: &str| lobby.browser().post("/auth/sign-up", &json!({ "email": address }));
        let (new, known) = (ask("zoe@new.test"), ask("ANN@lobby.test"));
        assert_eq!(new.status, 202, "{}", new.text);
        assert_eq!(told(&known), told(&new));
        let mut found = Vec::new();
        while found.len() < 2 {
            found.extend(letters(&lobby.server));
        }
        found.sort_by_key(|letter| letter.link().to_owned());
        // She has one already, so hers lets her choose a password.
        assert_eq!((found[0].to(), found[0].link().split('?').next()), ("ann@lobby.test", Some("/auth/password/reset")));
        assert_eq!((found[1].to(), found[1].link().split('?').next()), ("zoe@new.test", Some("/auth/sign-up/finish")));
        for wrong in ["", "zoe", "zoe@new", "a@b.test\r\nBcc: c@d.test", "a@b.test, c@d.test"] {
            let reply = ask(wrong);
            assert_eq!((reply.status, reply.code()), (400, "BAD_USER_INPUT"), "{wrong:?}");
        }
        std::thread::sleep(Duration::from_millis(300));
        assert!(letters(&lobby.server).is_empty());
    }

    fn links_are_for_their_address_and_for_a_while(database) {
        let lobby = Lobby::new(database);
        let link = |address: &str| {
            assert_eq!(lobby.browser().post("/auth/sign-up", &json!({ "email": address })).status, 202);
            letter_to(&lobby.server, address).token().to_owned()
        };
        let finish = |token: &str| {
            let body = json!({"token": token, "name": "Zoe", "password": NEW, "email": "dan@lobby.test", "roles": ["chief"], "profile": "fixed"});
            let mut browser = lobby.browser();
            let reply = browser.post("/auth/sign-up/finish", &body);
            (reply.status, is_in(&mut browser))
        };
        let late = link("late@new.test");
        lobby.server.execute("UPDATE fh_ticket SET expires_at = created_at");
        assert_eq!(finish(&late), (404, false), "it is over");
        for wrong in ["", "x", &"0".repeat(64)] {
            assert_eq!(finish(wrong), (404, false), "{wrong}");
        }
        // Two letters, one account; and what else is said counts for nothing.
        let (one, two) = (link("zoe@new.test"), link("zoe@new.test"));
        assert_eq!(finish(&one), (200, true));
        assert!(!finish(&two).1);
        let rows: Vec<_> = lobby.rows("user").into_iter().filter(|row| row["email"] == "zoe@new.test").collect();
        assert_eq!((rows.len(), &rows[0]["profile"]), (1, &json!("guest")));
        // Of many at once one is heard.
        let token = link("yan@new.test");
        let heard = std::thread::scope(|scope| {
            let all: Vec<_> = (0..5).map(|_| scope.spawn(|| finish(&token))).collect();
            all.into_iter().map(|it| it.join().expect("nobody panics")).filter(|it| *it == (200, true)).count()
        });
        assert_eq!(heard, 1);
    }
}

//! Guesses: how many there are, by whatever way, and who learns of it.

use super::{COOKIE, Lobby, email, of, told};
use freehold_tests::{code_now, letter_to, letters, on_both_databases};
use serde_json::json;
use std::time::Duration;

fn failures(lobby: &Lobby, name: &str) -> i64 {
    lobby.rows_of("fh_credential", name)[0]["failures"]
        .as_i64()
        .expect("a number")
}

on_both_databases! {
    fn three_wrong_ones_block_and_only_the_log_says_so(database) {
        let lobby = Lobby::new(database);
        let unknown = told(&lobby.browser().sign_in("nobody@lobby.test", "wrong-password-1"));
        for _ in 0..3 {
            assert_eq!(told(&lobby.browser().sign_in("ann@lobby.test", "wrong-password-1")), unknown);
        }
        let right = lobby.browser().sign_in("ann@lobby.test", lobby.password("ann"));
        assert_eq!((told(&right), right.set_cookie(COOKIE)), (unknown, ""));
        assert_eq!(lobby.causes(4), ["wrong_password", "wrong_password", "wrong_password", "blocked"]);
        // Its owner is told, once.
        let letter = letter_to(&lobby.server, "ann@lobby.test");
        assert!(letter.text.contains("Nobody can sign in to your account"), "{}", letter.text);
        assert!(letters(&lobby.server).is_empty());
        // Another's is as it was; and hers after a while.
        assert!(lobby.lets_in("bo@lobby.test", lobby.password("bo")));
        let until = lobby.rows_of("fh_credential", "ann")[0]["blocked_until"].as_i64().expect("it is blocked");
        let at = lobby.rows_of("fh_credential", "ann")[0]["changed_at"].as_i64().expect("a moment");
        assert!(until - at >= 600_000_000, "ten minutes at least");
        lobby.server.execute("UPDATE fh_credential SET blocked_until = 1 WHERE blocked_until IS NOT NULL");
        assert!(lobby.lets_in("ann@lobby.test", lobby.password("ann")));
        assert_eq!(failures(&lobby, "ann"), 0);
    }

    fn attempts_at_once_and_by_other_names_are_counted(database) {
        let lobby = Lobby::new(database);
        let names = [
            "ann@lobby.test", "Ann@lobby.test", "ANN@LOBBY.TEST", " ann@lobby.test ", "ann@Lobby.test", "\tann@lobby.test",
            "aNN@lobby.TEST", "ann@lobby.test\n", "ann@LOBBY.test", "ann@lobby.test",
        ];
        std::thread::scope(|scope| {
            for name in names {
                let lobby = &lobby;
                scope.spawn(move || {
                    let reply = lobby.browser().sign_in(name, "wrong-password-1");
                    assert_eq!(reply.status, 401, "{}", reply.text);
                });
            }
        });
        let causes = lobby.causes(10);
        let count = |cause: &str| causes.iter().filter(|it| *it == cause).count();
        assert_eq!((count("wrong_password"), count("blocked")), (3, 7), "{causes:?}");
        assert!(!lobby.lets_in("ann@lobby.test", lobby.password("ann")));
        assert!(letter_to(&lobby.server, "ann@lobby.test").text.contains("guesses"));
    }

    fn those_who_know_the_password_do_not_count(database) {
        let lobby = Lobby::new(database);
        for _ in 0..2 {
            for _ in 0..2 {
                assert!(!lobby.lets_in("ann@lobby.test", "wrong-password-1"));
            }
            assert!(lobby.lets_in("ann@lobby.test", lobby.password("ann")));
            assert_eq!(failures(&lobby, "ann"), 0);
        }
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert!(lobby.lets_in("ann@lobby.test", lobby.password("ann"))));
            }
        });
    }

    fn wrong_codes_block_as_wrong_passwords_do(database) {
        let lobby = Lobby::new(database);
        let (_, secret, codes) = lobby.with_totp("ann");
        lobby.forget_codes();
        let password = lobby.password("ann").to_owned();
        let ask = || {
            let mut browser = lobby.browser();
            let reply = browser.sign_in("ann@lobby.test", &password);
            assert_eq!(reply.status, 200, "{}", reply.text);
            browser
        };
        let wrong = format!("{:06}", (code_now(&secret, 0).parse::<u32>().expect("digits") + 500_000) % 1_000_000);
        // One by one, in sign-ins that begin anew each time: the right password between them forgives nothing.
        for _ in 0..2 {
            let reply = ask().post("/auth/mfa", &json!({ "code": wrong }));
            assert_eq!((reply.status, reply.set_cookie(COOKIE)), (401, ""), "{}", reply.text);
        }
        assert_eq!(failures(&lobby, "ann"), 2);
        let mut last = ask();
        let refused = last.post("/auth/mfa", &json!({"recoveryCode": "aaaaa-aaaaa-aaaaa-a"}));
        assert_eq!(refused.status, 401);
        // Blocked: neither the code, nor a code for its loss, nor the password.
        lobby.server.execute("DELETE FROM fh_rate");
        let reply = last.post("/auth/mfa", &json!({"code": code_now(&secret, 0)}));
        assert_eq!(told(&reply), told(&refused));
        let reply = last.post("/auth/mfa", &json!({"recoveryCode": codes[0]}));
        assert_eq!(told(&reply), told(&refused));
        assert!(!lobby.lets_in("ann@lobby.test", &password));
        assert!(lobby.causes(6).contains(&"blocked".to_owned()));
        // And then again, with what is not used up by that.
        lobby.server.execute("UPDATE fh_credential SET blocked_until = 1 WHERE blocked_until IS NOT NULL");
        let reply = ask().post("/auth/mfa", &json!({"recoveryCode": codes[0]}));
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(failures(&lobby, "ann"), 0);
    }

    fn every_door_that_asks_for_the_password_counts(database) {
        let lobby = Lobby::new(database);
        let mut browser = lobby.signed_in("ann");
        for _ in 0..2 {
            let reply = browser.post("/auth/password/change", &json!({"current": "wrong-password-1", "password": "tall-window-73x"}));
            assert_eq!((reply.status, reply.code()), (401, "UNAUTHENTICATED"), "{}", reply.text);
        }
        let reply = browser.post("/auth/email/change", &json!({"email": "new@lobby.test", "password": "wrong-password-1"}));
        assert_eq!(reply.status, 401, "{}", reply.text);
        let change = json!({"current": lobby.password("ann"), "password": "tall-window-73x"});
        assert_eq!(browser.post("/auth/password/change", &change).status, 401);
        assert!(!lobby.lets_in(&email("ann"), lobby.password("ann")));
        let hash = lobby.rows_of("fh_credential", "ann")[0]["password_hash"].clone();
        lobby.server.execute(&format!("UPDATE fh_credential SET blocked_until = 1 WHERE {}", of("ann")));
        assert!(lobby.lets_in(&email("ann"), lobby.password("ann")));
        assert_eq!(lobby.rows_of("fh_credential", "ann")[0]["password_hash"], hash);
        letter_to(&lobby.server, "ann@lobby.test");
        std::thread::sleep(Duration::from_millis(300));
        assert!(letters(&lobby.server).is_empty(), "no letter went to the new address");
    }
}

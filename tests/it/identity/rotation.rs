//! A session has another token once it is good for more, or for less.

use super::{COOKIE, Lobby, is_in, notes, roles};
use freehold_tests::{Browser, code_now, on_both_databases};
use serde_json::json;

/// A browser that has kept what another one had.
fn copy(lobby: &Lobby, token: &str) -> Browser {
    let mut browser = lobby.browser();
    browser.plant(COOKIE, token);
    browser
}

fn set_roles(lobby: &Lobby, dan: &mut Browser, name: &str, roles: &str) {
    let query = format!(
        "mutation {{ setMemberRoles(user: \"{}\", roles: [{roles}]) {{ roles }} }}",
        lobby.id(name)
    );
    let reply = dan.graphql(&query, Some("red"));
    assert!(
        reply.body["errors"].is_null(),
        "{}\n{}",
        reply.text,
        lobby.server.complaints()
    );
}

/// As if half a minute had passed.
fn pass(lobby: &Lobby) {
    lobby
        .server
        .execute("UPDATE fh_session SET expires_at = 1 WHERE rotate = 2");
}

on_both_databases! {
    fn other_roles_give_another_token(database) {
        let lobby = Lobby::new(database);
        let (mut ann, mut dan) = (lobby.signed_in("ann"), lobby.signed_in("dan"));
        // Looked up once, so that she is known.
        for _ in 0..2 {
            let reply = ann.graphql("{ viewer { roles } }", Some("red"));
            assert_eq!(reply.headers("set-cookie").count(), 0, "{}", reply.head);
        }
        let before = ann.cookie(COOKIE).to_owned();
        set_roles(&lobby, &mut dan, "ann", "\"reader\"");
        let reply = ann.graphql("{ viewer { roles } }", Some("red"));
        assert_eq!(reply.body["data"]["viewer"]["roles"], json!(["reader"]), "{}", reply.text);
        let set = reply.set_cookie(COOKIE);
        for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax"] {
            assert!(set.contains(attribute), "{}", reply.head);
        }
        assert_ne!(ann.cookie(COOKIE), before);
        // Requests that are under way carry the old one, for a while; and have none of their own made.
        let mut old = copy(&lobby, &before);
        let late = old.graphql("{ viewer { roles } }", Some("red"));
        assert_eq!((late.status, late.headers("set-cookie").count()), (200, 0), "{}", late.head);
        let sessions = ann.read("/auth/sessions").body["sessions"].as_array().map_or(0, Vec::len);
        assert_eq!(sessions, 1, "it is one session still");
        pass(&lobby);
        assert!(!is_in(&mut old) && is_in(&mut ann));
        assert_eq!(notes(&mut old, Some("red")), Err("UNAUTHENTICATED".to_owned()));
        // The session lasts no longer by that, and is not asked again.
        let again = ann.graphql("{ viewer { roles } }", Some("red"));
        assert_eq!(again.headers("set-cookie").count(), 0, "{}", again.head);
        // His own are as they were.
        assert_eq!(dan.graphql("{ viewer { roles } }", Some("red")).headers("set-cookie").count(), 0);
    }

    fn every_change_of_membership_does(database) {
        let lobby = Lobby::new(database);
        let mut dan = lobby.signed_in("dan");
        let id = lobby.id("ann");
        let mut ann = lobby.signed_in("ann");
        for (field, seen) in [
            (format!("blockMember(user: \"{id}\") {{ status }}"), Err("GRAPHQL_VALIDATION_FAILED".to_owned())),
            (format!("unblockMember(user: \"{id}\") {{ status }}"), Ok(vec!["Rose".to_owned()])),
            (format!("removeMember(user: \"{id}\") {{ status }}"), Err("GRAPHQL_VALIDATION_FAILED".to_owned())),
            ("inviteMember(email: \"ann@lobby.test\", roles: [\"reader\"]) { status }".to_owned(), Ok(vec!["Rose".to_owned()])),
        ] {
            let before = ann.cookie(COOKIE).to_owned();
            let reply = dan.graphql(&format!("mutation {{ {field} }}"), Some("red"));
            assert!(reply.body["errors"].is_null(), "{field} {}", reply.text);
            let reply = ann.graphql("{ viewer { user { email } } }", Some("red"));
            assert!(!reply.set_cookie(COOKIE).is_empty(), "{field} {} {}", reply.head, reply.text);
            assert_ne!(ann.cookie(COOKIE), before, "{field}");
            assert_eq!(notes(&mut ann, Some("red")), seen, "{field}");
        }
    }

    fn of_many_requests_at_once_one_has_the_new_token(database) {
        let lobby = Lobby::new(database);
        let (ann, mut dan) = (lobby.signed_in("ann"), lobby.signed_in("dan"));
        let asked = |browser: &Browser| {
            let mut browser = browser.clone();
            let reply = browser.graphql("{ viewer { roles } }", Some("red"));
            assert_eq!(reply.status, 200, "{}", reply.text);
            (reply.headers("set-cookie").count(), browser.cookie(COOKIE).to_owned())
        };
        for _ in 0..3 {
            asked(&ann);
        }
        set_roles(&lobby, &mut dan, "ann", "\"reader\"");
        let answers: Vec<(usize, String)> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..8).map(|_| scope.spawn(|| asked(&ann))).collect();
            asking.into_iter().map(|it| it.join().expect("nobody panics")).collect()
        });
        let new: Vec<&String> = answers.iter().filter(|(count, _)| *count == 1).map(|(_, token)| token).collect();
        assert_eq!(new.len(), 1, "{answers:?}");
        assert!(is_in(&mut copy(&lobby, new[0])));
    }

    fn a_tool_keeps_its_token(database) {
        let lobby = Lobby::new(database);
        let (ann, mut dan) = (lobby.signed_in("ann"), lobby.signed_in("dan"));
        set_roles(&lobby, &mut dan, "ann", "\"reader\"");
        let mut tool = lobby.browser().saying("Authorization", &format!("Bearer {}", ann.cookie(COOKIE)));
        for _ in 0..2 {
            let reply = tool.graphql("{ viewer { roles } }", Some("red"));
            assert_eq!((reply.status, reply.headers("set-cookie").count()), (200, 0), "{}", reply.head);
        }
    }

    fn a_factor_that_is_shown_gives_another_token(database) {
        let lobby = Lobby::new(database);
        let mut early = lobby.signed_in("cy");
        let (mut browser, secret, _) = lobby.with_totp("cy");
        assert_eq!(roles(&mut browser, "red"), ["keeper", "writer"], "setting it up shows it");
        // In a session that began before.
        assert_eq!(roles(&mut early, "red"), ["writer"]);
        let before = early.cookie(COOKIE).to_owned();
        lobby.forget_codes();
        let shown = early.post("/auth/mfa", &json!({"code": code_now(&secret, 0)}));
        assert_eq!(shown.status, 204, "{}", shown.text);
        assert_ne!(early.cookie(COOKIE), before);
        assert_eq!(roles(&mut early, "red"), ["keeper", "writer"]);
        // Whoever has a copy of the old token has no more by it than they had.
        let mut old = copy(&lobby, &before);
        assert_eq!(roles(&mut old, "red"), ["writer"]);
        assert_eq!(old.read("/auth/session").body["secondFactor"], false);
        pass(&lobby);
        assert!(!is_in(&mut old) && is_in(&mut early));
    }

    fn a_session_that_is_over_has_no_older_token(database) {
        let lobby = Lobby::new(database);
        let mut dan = lobby.signed_in("dan");
        for (way, new_roles) in [("sign-out", "\"reader\""), ("revoke", "\"writer\""), ("others", "\"reader\"")] {
            let mut ann = lobby.signed_in("ann");
            let before = ann.cookie(COOKIE).to_owned();
            set_roles(&lobby, &mut dan, "ann", new_roles);
            assert_eq!(ann.graphql("{ viewer { roles } }", Some("red")).status, 200);
            assert_ne!(ann.cookie(COOKIE), before);
            assert!(is_in(&mut copy(&lobby, &before)));
            match way {
                "sign-out" => assert_eq!(ann.post("/auth/sign-out", &json!({})).status, 204),
                "revoke" => {
                    let sessions = ann.read("/auth/sessions").body["sessions"].clone();
                    let id = sessions.as_array().and_then(|all| all.iter().find(|it| it["current"] == true)).expect("it")["id"].clone();
                    assert_eq!(ann.post("/auth/sessions/revoke", &json!({ "id": id })).status, 204);
                }
                _ => assert_eq!(lobby.signed_in("ann").post("/auth/sessions/revoke-all", &json!({})).status, 200),
            }
            assert!(!is_in(&mut copy(&lobby, &before)), "{way}");
        }
    }
}

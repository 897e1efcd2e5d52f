//! Sessions as their owner sees them, and their end.

use super::{COOKIE, Lobby, is_in, notes, of};
use freehold_tests::{Browser, on_both_databases};
use serde_json::{Value, json};

fn listed(browser: &mut Browser) -> Vec<Value> {
    let reply = browser.read("/auth/sessions");
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.body["sessions"].as_array().expect("sessions").clone()
}

fn current(browser: &mut Browser) -> String {
    let sessions = listed(browser);
    let mut mine = sessions.iter().filter(|it| it["current"] == true);
    let id = mine
        .next()
        .and_then(|it| it["id"].as_str())
        .expect("one is this one")
        .to_owned();
    assert!(mine.next().is_none());
    id
}

on_both_databases! {
    fn one_sees_ones_own_and_ends_them(database) {
        let lobby = Lobby::new(database);
        let (mut here, mut bo) = (lobby.signed_in("ann"), lobby.signed_in("bo"));
        let mut there = lobby.browser().called("curl/8.5.0");
        lobby.sign_in(&mut there, "ann");
        let sessions = listed(&mut here);
        let mut devices: Vec<&str> = sessions.iter().filter_map(|it| it["device"].as_str()).collect();
        devices.sort_unstable();
        assert_eq!(devices, ["Firefox on Linux", "curl"]);
        let text = Value::from(sessions.clone()).to_string();
        for browser in [&here, &there, &bo] {
            assert!(!text.contains(browser.cookie(COOKIE)), "what opens is not shown");
        }
        assert_ne!(current(&mut here), current(&mut there));

        // Nobody ends another person's, or learns that it is there.
        let (hers, his) = (current(&mut there), current(&mut bo));
        let missing = here.post("/auth/sessions/revoke", &json!({"id": "00000000-0000-4000-8000-000000000000"}));
        for id in [his.as_str(), "", "x", "' OR 1=1 --"] {
            let reply = here.post("/auth/sessions/revoke", &json!({ "id": id }));
            assert_eq!((reply.status, reply.message()), (404, missing.message()), "{id}");
        }
        assert!(is_in(&mut bo));
        // It is over for whatever is done with it, at once.
        let holder = lobby.server.holder(&there.cookies()).tenant("red");
        let events = holder.listen("subscription { notes { totalCount } }", &json!({}));
        events.next();
        assert_eq!(here.post("/auth/sessions/revoke", &json!({ "id": hers })).status, 204);
        assert_eq!(events.end(), "UNAUTHENTICATED");
        assert!(!is_in(&mut there) && is_in(&mut here));
        assert_eq!(notes(&mut there.clone(), Some("red")), Err("UNAUTHENTICATED".to_owned()));
        let reply = there.graphql("{ viewer { roles } }", None);
        assert!(reply.set_cookie(COOKIE).contains("Max-Age=0"), "a cookie of nothing is taken away: {}", reply.head);
        // One's own takes the cookie along.
        let own = current(&mut here);
        assert_eq!(here.post("/auth/sessions/revoke", &json!({ "id": own })).status, 204);
        assert_eq!(here.cookie(COOKIE), "");
    }

    fn all_others_end_at_once(database) {
        let lobby = Lobby::new(database);
        let mut browsers: Vec<Browser> = (0..3).map(|_| lobby.signed_in("ann")).collect();
        let mut bo = lobby.signed_in("bo");
        let reply = browsers[0].post("/auth/sessions/revoke-all", &json!({}));
        assert_eq!((reply.status, &reply.body["revoked"]), (200, &json!(2)));
        let alive: Vec<bool> = browsers.iter_mut().map(is_in).collect();
        assert_eq!(alive, [true, false, false]);
        lobby.sign_in(&mut browsers[1], "ann");
        let reply = browsers[0].post("/auth/sessions/revoke-all", &json!({"includingThis": true}));
        assert_eq!((reply.status, &reply.body["revoked"], browsers[0].cookie(COOKIE)), (200, &json!(2), ""));
        assert!(!is_in(&mut browsers[1]) && is_in(&mut bo));
        assert_eq!(lobby.rows_of("fh_session", "ann").len(), 0);
        // The page does the same.
        let mut here = lobby.signed_in("ann");
        let mut there = lobby.signed_in("ann");
        let gone = here.submit("/auth/account", "/auth/sessions/revoke-all", &[]);
        assert_eq!((gone.status, gone.header("location")), (303, "/auth/account"));
        assert!(is_in(&mut here) && !is_in(&mut there));
        // Nobody in particular has none.
        for path in ["/auth/sessions", "/auth/keys"] {
            assert_eq!(lobby.browser().read(path).status, 401);
        }
        assert_eq!(lobby.browser().post("/auth/sessions/revoke-all", &json!({})).status, 401);
    }

    fn sessions_end_by_time_as_the_app_says(database) {
        let lobby = Lobby::with(database, "{idle: 30m, absolute: 12h}", "{idle: 2m, absolute: 6m}");
        let mut browser = lobby.signed_in("ann");
        let row = lobby.rows_of("fh_session", "ann").remove(0);
        let micros = |name: &str| row[name].as_i64().expect("a moment");
        assert_eq!(micros("expires_at") - micros("created_at"), 360_000_000);
        let idle = |seconds: i64| {
            let then = micros("created_at") - seconds * 1_000_000;
            lobby.server.execute(&format!("UPDATE fh_session SET last_seen_at = {then}"));
        };
        idle(100);
        assert!(is_in(&mut browser));
        // Its use is noted, and so it goes on.
        assert_eq!(notes(&mut browser, Some("red")), Ok(vec!["Rose".to_owned()]));
        let noted = lobby.rows_of("fh_session", "ann").remove(0)["last_seen_at"].as_i64();
        assert!(noted >= Some(micros("created_at")));
        idle(121);
        assert!(!is_in(&mut browser), "it was idle for longer");
        assert_eq!(notes(&mut browser.clone(), Some("red")), Err("UNAUTHENTICATED".to_owned()));
        assert_eq!(browser.clone().read("/auth/sessions").status, 401);
        // However much it is used.
        let mut browser = lobby.signed_in("ann");
        assert_eq!(notes(&mut browser, Some("red")), Ok(vec!["Rose".to_owned()]));
        lobby.server.execute("UPDATE fh_session SET expires_at = last_seen_at - 1");
        assert!(!is_in(&mut browser));
        assert_eq!(notes(&mut browser, Some("red")), Err("UNAUTHENTICATED".to_owned()));
    }

    fn blocked_people_are_out_at_once(database) {
        let lobby = Lobby::new(database);
        let mut browser = lobby.signed_in("ann");
        assert_eq!(notes(&mut browser, Some("red")), Ok(vec!["Rose".to_owned()]));
        lobby.server.execute("UPDATE \"user\" SET status = 'blocked' WHERE email = 'ann@lobby.test'");
        assert!(!is_in(&mut browser));
        assert_eq!(notes(&mut browser.clone(), Some("red")), Err("UNAUTHENTICATED".to_owned()));
        for path in ["/auth/sessions", "/auth/keys"] {
            assert_eq!(browser.clone().read(path).status, 401);
        }
        // What cannot be read is good for nothing.
        lobby.server.execute("UPDATE \"user\" SET status = 'active' WHERE email = 'ann@lobby.test'");
        assert!(is_in(&mut browser));
        for damaged in ["{", "[]", "{\"superuser\": true}", ""] {
            lobby.server.execute(&format!("UPDATE fh_session SET terms = '{damaged}' WHERE {}", of("ann")));
            assert!(!is_in(&mut browser), "{damaged}");
            assert_eq!(notes(&mut browser.clone(), Some("red")), Err("UNAUTHENTICATED".to_owned()), "{damaged}");
        }
    }
}

//! API keys: what they open, what they never do, and how they end.

use super::{COOKIE, Lobby, is_in, notes, of, roles};
use freehold_tests::{Browser, Reply, Socket, code_now, on_both_databases};
use serde_json::{Value, json};

fn make(browser: &mut Browser, wanted: &Value) -> Reply {
    let reply = browser.post("/auth/keys", wanted);
    assert_eq!(reply.status, 201, "{wanted} {}", reply.text);
    reply
}

fn key_of(reply: &Reply) -> String {
    reply.body["key"].as_str().expect("a key").to_owned()
}

/// A program that has a key.
fn tool(lobby: &Lobby, key: &str) -> Browser {
    lobby
        .browser()
        .called("robot/1")
        .saying("Authorization", &format!("Bearer {key}"))
}

const CREATE: &str = "mutation { createNote(input: {title: \"By a key\"}) { id } }";

on_both_databases! {
    fn a_key_is_shown_once_and_opens_everywhere(database) {
        let lobby = Lobby::new(database);
        let mut ann = lobby.signed_in("ann");
        let made = make(&mut ann, &json!({"name": "Robot", "expiresDays": 7}));
        let key = key_of(&made);
        assert!(key.starts_with("fh_") && key.len() == 52, "{key}");
        let listed = ann.read("/auth/keys");
        assert!(!listed.text.contains(&key), "{}", listed.text);
        let keys = listed.body["keys"].as_array().expect("keys");
        assert_eq!((keys.len(), &keys[0]["name"], &keys[0]["id"]), (1, &json!("Robot"), &made.body["id"]));
        assert!(key.starts_with(keys[0]["hint"].as_str().expect("a hint")));
        assert!(!ann.get("/auth/account").text.contains(&key));
        assert!(!ann.read("/auth/sessions").text.contains("Robot"), "keys are no sessions");

        let mut robot = tool(&lobby, &key);
        assert_eq!(notes(&mut robot, Some("red")), Ok(vec!["Rose".to_owned()]));
        assert_eq!(roles(&mut robot, "red"), ["writer"]);
        let created = robot.graphql(CREATE, Some("red"));
        assert!(created.body["errors"].is_null(), "{}", created.text);
        // Over a WebSocket: with the handshake, or in the first message.
        let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
        let bearer = format!("Bearer {key}");
        let ask = json!({"id": "1", "type": "subscribe", "payload": {"query": "subscription { notes { totalCount } }"}});
        for (headers, payload) in [
            (vec![protocol, ("authorization", bearer.as_str()), ("x-tenant", "red")], json!({})),
            (vec![protocol], json!({"authorization": bearer, "X-Tenant": "red"})),
        ] {
            let mut socket = Socket::open(lobby.server.address(), &headers).expect("a handshake");
            socket.say(&json!({"type": "connection_init", "payload": payload}));
            assert_eq!(socket.hear()["type"], "connection_ack");
            socket.say(&ask);
            assert_eq!(socket.hear()["payload"]["data"]["notes"]["totalCount"], 2);
        }
        // By events.
        let body = json!({"query": "{ notes { totalCount } }"}).to_string();
        let headers = [("Content-Type", "application/json"), ("Accept", "text/event-stream"), ("X-Tenant", "red")];
        let events = robot.send("POST", "/graphql", &headers, &body);
        assert!(events.text.contains("\"totalCount\":2"), "{}", events.text);
        // Not in a cookie, nor what is nearly it.
        let mut cookie = lobby.browser();
        cookie.plant(COOKIE, &key);
        assert!(!is_in(&mut cookie));
        for wrong in [&key[..51], &format!("{key}x"), &key.replacen("fh_", "fh-", 1), &key.to_uppercase(), "fh_", &format!("fh_{}", "0".repeat(49))] {
            assert_eq!(notes(&mut tool(&lobby, wrong), Some("red")), Err("UNAUTHENTICATED".to_owned()), "{wrong}");
        }
    }

    fn a_key_has_no_more_than_its_owner_and_less_if_they_say_so(database) {
        let lobby = Lobby::new(database);
        let mut ann = lobby.signed_in("ann");
        for (wanted, what) in [
            (json!({"name": "x", "roles": ["chief"]}), "a role that she does not hold"),
            (json!({"name": "x", "roles": ["nothing"]}), "no role"),
            (json!({"name": "x", "tenant": "green"}), "no tenant"),
            (json!({"name": "x", "tenant": "blue", "roles": ["writer"]}), "a role that she holds elsewhere"),
            (json!({"name": ""}), "no name"),
            (json!({"name": "x".repeat(101)}), "a long name"),
            (json!({"name": "a\nb"}), "two lines"),
            (json!({"name": "x", "expiresDays": 0}), "no life"),
            (json!({"name": "x", "expiresDays": 3651}), "too long a life"),
        ] {
            let reply = ann.post("/auth/keys", &wanted);
            assert_eq!((reply.status, reply.code()), (400, "BAD_USER_INPUT"), "{what} {}", reply.text);
        }
        let mut none = tool(&lobby, &key_of(&make(&mut ann, &json!({"name": "none", "roles": []}))));
        assert_eq!(notes(&mut none, Some("red")), Err("GRAPHQL_VALIDATION_FAILED".to_owned()));
        let mut reader = tool(&lobby, &key_of(&make(&mut ann, &json!({"name": "reader", "roles": ["reader"]}))));
        assert_eq!(notes(&mut reader, Some("red")), Err("GRAPHQL_VALIDATION_FAILED".to_owned()), "she is a writer there");
        assert_eq!(notes(&mut reader, Some("blue")), Ok(vec!["Sky".to_owned()]));
        let mut bound = tool(&lobby, &key_of(&make(&mut ann, &json!({"name": "bound", "tenant": "blue"}))));
        assert_eq!(notes(&mut bound, None), Ok(vec!["Sky".to_owned()]), "it is there without being said");
        assert_eq!(notes(&mut bound, Some("red")), Err("GRAPHQL_VALIDATION_FAILED".to_owned()));
        assert_eq!(notes(&mut ann.clone(), Some("red")), Ok(vec!["Rose".to_owned()]));

        // Whatever her roles become.
        let mut whole = tool(&lobby, &key_of(&make(&mut ann, &json!({"name": "whole"}))));
        assert!(whole.graphql(CREATE, Some("red")).body["errors"].is_null());
        let mut dan = lobby.signed_in("dan");
        let query = format!("mutation {{ setMemberRoles(user: \"{}\", roles: [\"reader\"]) {{ roles }} }}", lobby.id("ann"));
        assert!(dan.graphql(&query, Some("red")).body["errors"].is_null());
        assert_eq!(whole.graphql(CREATE, Some("red")).code(), "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(roles(&mut whole, "red"), ["reader"]);
        lobby.server.execute("UPDATE \"user\" SET status = 'blocked' WHERE email = 'ann@lobby.test'");
        assert_eq!(notes(&mut whole, Some("red")), Err("UNAUTHENTICATED".to_owned()));
    }

    fn a_key_that_reads_changes_nothing(database) {
        let lobby = Lobby::new(database);
        let (mut ann, mut dan) = (lobby.signed_in("ann"), lobby.signed_in("dan"));
        for (name, browser) in [("ann", &mut ann), ("dan", &mut dan)] {
            let made = make(browser, &json!({"name": "looks", "readOnly": true}));
            let mut reads = tool(&lobby, &key_of(&made));
            let titles = Ok(vec!["Rose".to_owned()]);
            assert_eq!(notes(&mut reads, Some("red")), titles, "{name}");
            let schema = reads.graphql("{ __schema { mutationType { name } } }", Some("red"));
            assert_eq!(schema.body["data"]["__schema"]["mutationType"], Value::Null, "{name} {}", schema.text);
            let id = lobby.id("bo");
            for mutation in [
                CREATE.to_owned(),
                format!("mutation {{ setMemberRoles(user: \"{id}\", roles: []) {{ roles }} }}"),
                format!("mutation {{ updateUser(id: \"{}\", input: {{name: \"X\"}}) {{ id }} }}", lobby.id(name)),
                "mutation { __typename }".to_owned(),
            ] {
                let before = lobby.rows("note").len();
                // Twice: who has called before is known.
                for _ in 0..2 {
                    let reply = reads.graphql(&mutation, Some("red"));
                    assert_ne!(reply.code(), "", "{mutation} {}", reply.text);
                    assert!(reply.body["data"].is_null(), "{}", reply.text);
                }
                assert_eq!(lobby.rows("note").len(), before);
            }
            assert_eq!(notes(&mut reads, Some("red")), titles);
        }
        // Its owner writes as before.
        assert!(ann.graphql(CREATE, Some("red")).body["errors"].is_null());
    }

    fn keys_end_by_time_and_by_their_owner(database) {
        let lobby = Lobby::new(database);
        let (mut ann, mut bo) = (lobby.signed_in("ann"), lobby.signed_in("bo"));
        let (one, two) = (make(&mut ann, &json!({"name": "one", "expiresDays": 1})), make(&mut ann, &json!({"name": "two"})));
        let (mut first, mut second) = (tool(&lobby, &key_of(&one)), tool(&lobby, &key_of(&two)));
        assert!(notes(&mut first, Some("red")).is_ok() && notes(&mut second, Some("red")).is_ok());
        // They do not end because nobody uses them.
        lobby.server.execute("UPDATE fh_session SET last_seen_at = 1 WHERE kind = 'key'");
        assert!(notes(&mut first, Some("red")).is_ok());
        let rows = lobby.rows_of("fh_session", "ann");
        let row = rows.iter().find(|row| row["label"].as_str().is_some_and(|label| label.ends_with("one"))).expect("a row");
        let moment = |name: &str| row[name].as_i64().expect("a moment");
        assert_eq!(moment("expires_at") - moment("created_at"), 86_400_000_000);
        lobby.server.execute("UPDATE fh_session SET expires_at = created_at WHERE label LIKE '%one'");
        assert_eq!(notes(&mut first, Some("red")), Err("UNAUTHENTICATED".to_owned()));
        assert_eq!(ann.read("/auth/keys").body["keys"].as_array().map(Vec::len), Some(1));

        let id = json!({"id": two.body["id"]});
        assert_eq!(bo.post("/auth/keys/revoke", &id).status, 404, "another person's");
        // What listens by it hears that it is over.
        let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
        let bearer = format!("Bearer {}", key_of(&two));
        let mut socket = Socket::open(lobby.server.address(), &[protocol, ("authorization", &bearer), ("x-tenant", "red")]).expect("a handshake");
        socket.say(&json!({"type": "connection_init"}));
        socket.hear();
        socket.say(&json!({"id": "1", "type": "subscribe", "payload": {"query": "subscription { notes { totalCount } }"}}));
        assert_eq!(socket.hear()["type"], "next");
        assert_eq!(ann.post("/auth/keys/revoke", &id).status, 204);
        assert_eq!(notes(&mut second, Some("red")), Err("UNAUTHENTICATED".to_owned()), "at once");
        let over = socket.hear();
        assert_eq!((&over["type"], &over["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("UNAUTHENTICATED")), "{over}");
        assert_eq!(ann.post("/auth/keys/revoke", &id).status, 404);
        // A session is no key.
        let session = ann.read("/auth/sessions").body["sessions"][0]["id"].clone();
        assert_eq!(ann.post("/auth/keys/revoke", &json!({ "id": session })).status, 404);
        assert!(is_in(&mut ann));
        // By the pages.
        let page = ann.get("/auth/account");
        let made = ann.submit_on(&page, "/auth/keys", &[("name", "By <page>"), ("roles", "writer"), ("expires_days", "7")]);
        assert!(made.status == 200 && made.text.contains("fh_") && made.text.contains("By &lt;page&gt;"), "{}", made.text);
        let gone = ann.submit("/auth/account", "/auth/keys/revoke", &[]);
        assert_eq!((gone.status, gone.header("location")), (303, "/auth/account"));
        assert_eq!(ann.read("/auth/keys").body["keys"].as_array().map(Vec::len), Some(0));
    }

    fn a_key_does_nothing_to_the_account(database) {
        let lobby = Lobby::new(database);
        let mut ann = lobby.signed_in("ann");
        let made = make(&mut ann, &json!({"name": "x"}));
        let mut robot = tool(&lobby, &key_of(&made));
        let password = lobby.password("ann").to_owned();
        let before = (lobby.rows("fh_credential"), lobby.rows("fh_factor").len());
        for (path, body) in [
            ("keys", json!({"name": "more"})),
            ("keys/revoke", json!({"id": made.body["id"]})),
            ("sessions/revoke", json!({"id": made.body["id"]})),
            ("sessions/revoke-all", json!({"includingThis": true})),
            ("totp/begin", json!({})),
            ("totp/remove", json!({})),
            ("recovery-codes", json!({})),
            ("passkey/register/begin", json!({"name": "x"})),
            ("passkey/remove", json!({"id": "x"})),
            ("password/change", json!({"current": password, "password": "tall-window-73x"})),
            ("email/change", json!({"email": "x@y.test", "password": password})),
            ("mfa", json!({"code": "123456"})),
        ] {
            let reply = robot.post(&format!("/auth/{path}"), &body);
            assert_eq!((reply.status, reply.code()), (403, "FORBIDDEN"), "{path} {}", reply.text);
        }
        for path in ["/auth/sessions", "/auth/keys"] {
            assert_eq!(robot.read(path).status, 403, "{path}");
        }
        assert_eq!(robot.get("/auth/account").header("location").split('?').next(), Some("/auth/sign-in"));
        robot.post("/auth/sign-out", &json!({}));
        assert_eq!((lobby.rows("fh_credential"), lobby.rows("fh_factor").len()), before);
        assert!(is_in(&mut ann));
        assert!(notes(&mut robot, Some("red")).is_ok(), "it stays until its owner revokes it");
    }

    fn a_key_is_as_strong_as_the_session_that_made_it(database) {
        let lobby = Lobby::new(database);
        let mut weak = lobby.signed_in("cy");
        let mut plain = tool(&lobby, &key_of(&make(&mut weak, &json!({"name": "weak"}))));
        assert_eq!(roles(&mut plain, "red"), ["writer"]);
        let (mut strong, secret, _) = lobby.with_totp("cy");
        let mut better = tool(&lobby, &key_of(&make(&mut strong, &json!({"name": "strong"}))));
        assert_eq!(roles(&mut better, "red"), ["keeper", "writer"]);
        assert_eq!(roles(&mut plain, "red"), ["writer"], "as it was");
        // A key shows no factor by itself.
        lobby.forget_codes();
        assert_eq!(plain.post("/auth/mfa", &json!({"code": code_now(&secret, 0)})).status, 403);
        assert_eq!(roles(&mut plain, "red"), ["writer"]);
    }

    fn what_lies_in_the_database_opens_nothing(database) {
        let lobby = Lobby::new(database);
        let (mut ann, secret, codes) = lobby.with_totp("ann");
        let key = key_of(&make(&mut ann, &json!({"name": "x"})));
        let reply = lobby.browser().post("/auth/password/forgot", &json!({"email": "bo@lobby.test"}));
        assert_eq!(reply.status, 202);
        let token = loop {
            let found = freehold_tests::letters(&lobby.server);
            if let Some(letter) = found.iter().find(|letter| letter.to() == "bo@lobby.test") {
                break letter.token().to_owned();
            }
        };
        let (_, waiting) = {
            let mut browser = lobby.browser();
            let reply = browser.sign_in("ann@lobby.test", lobby.password("ann"));
            (browser, reply.body["secondFactorRequired"]["ticket"].as_str().expect("a ticket").to_owned())
        };
        let dump = serde_json::to_string(&lobby.server.reader().tables()).expect("JSON").to_lowercase();
        let secret_bytes = hex(&from_base32(&secret));
        let session = ann.cookie(COOKIE).to_owned();
        let code = codes[0].replace('-', "");
        for (what, text) in [
            ("an API key", key.as_str()),
            ("the key without its prefix", &key[3..46]),
            ("a session's token", &session),
            ("a secret of codes", &secret),
            ("its bytes", &secret_bytes),
            ("a code for its loss", &codes[0]),
            ("that without dashes", &code),
            ("a password", lobby.password("ann")),
            ("a link", &token),
            ("a ticket", &waiting),
        ] {
            assert!(!dump.contains(&text.to_lowercase()), "{what} lies in the database");
            assert!(!lobby.server.complaints().contains(text), "{what} stands in the log");
        }
        // Hashes are not good in the place of what they are hashes of.
        for row in lobby.rows("fh_session") {
            let hash = row["token_hash"].as_str().expect("bytes").trim_start_matches("\\x").to_owned();
            assert_eq!(hash.len(), 64, "{row:?}");
            assert_eq!(notes(&mut tool(&lobby, &hash), Some("red")), Err("UNAUTHENTICATED".to_owned()));
        }
        // A secret that is put under another factor is good for nothing.
        let (_, bos, _) = lobby.with_totp("bo");
        lobby.server.execute(&format!(
            "UPDATE fh_factor SET secret = (SELECT f.secret FROM fh_factor f WHERE f.{}), used_step = NULL WHERE {}",
            of("bo"),
            of("ann")
        ));
        let mut browser = lobby.browser();
        browser.sign_in("ann@lobby.test", lobby.password("ann"));
        let reply = browser.post("/auth/mfa", &json!({"code": code_now(&bos, 0)}));
        assert!(reply.status >= 400 && reply.set_cookie(COOKIE).is_empty(), "{}", reply.text);
    }

    fn nobody_has_any_number_of_keys(database) {
        let lobby = Lobby::new(database);
        let mut ann = lobby.signed_in("ann");
        for number in 0..50 {
            lobby.server.execute("DELETE FROM fh_rate");
            make(&mut ann, &json!({"name": format!("{number}"), "expiresDays": 1}));
        }
        let reply = ann.post("/auth/keys", &json!({"name": "one more"}));
        assert_eq!(reply.code(), "LIMIT_EXCEEDED", "{}", reply.text);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat()
}

fn from_base32(text: &str) -> Vec<u8> {
    let bits = text
        .chars()
        .map(|letter| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).expect("base 32"));
    let bits = bits.map(|digit| format!("{digit:05b}")).collect::<Vec<_>>().concat();
    let bytes = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|chunk| std::str::from_utf8(chunk).expect("digits"));
    bytes.map(|byte| u8::from_str_radix(byte, 2).expect("a byte")).collect()
}

//! The audit log: who may read it, what is in it, and that nobody changes it unseen.

use freehold_tests::{Answer, Database, Folder, Person, Server, Start, command, on_both_databases};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Two firms. Clerks change open notes; chiefs, who manage clerks, change all of them and read the log.
const APP: &str = "
app: watched
security: prototype
default_profile: member
anonymous_profile: visitor
tenant: firm
identity: {password: {lockout: {failures: 3, block: 10m}}}
entities:
  firm:
    access: open
    public: false
    fields: {name: {type: text, required: true}, slug: {type: text, required: true}}
    unique: [[slug]]
  membership: {membership_of: firm, access: protected, public: false, fields: {}}
  note:
    in: firm
    access: open
    public: false
    fields: {title: {type: text, required: true}, is_open: {type: boolean, default: true}}
profiles: {member: {sets: []}, visitor: {sets: []}}
roles:
  clerk: {sets: [office]}
  chief: {sets: [office, all_notes, watch], manages: [clerk]}
permission_sets:
  office:
    - {entity: note, allow: [read, list], read: [title, is_open]}
    - {entity: note, allow: [update], where: {is_open: true}, write: [title], check: any}
  all_notes:
    - {entity: note, allow: [update], records: all, write: [title, is_open]}
  watch:
    - {actions: [read_audit]}
";

const SEED: &str = "
users:
  - {email: ann@watched.test, password: violet-harbour-47, name: Ann}
  - {email: bo@watched.test, password: copper-lantern-12, name: Bo}
  - {email: cleo@watched.test, password: quiet-orchard-83, name: Cleo}
  - {email: dan@watched.test, password: amber-tunnel-29, name: Dan}
firm:
  acme: {name: Acme, slug: acme}
  beta: {name: Beta, slug: beta}
membership:
  ann: {firm: acme, user: ann@watched.test, roles: [clerk]}
  bo: {firm: acme, user: bo@watched.test, roles: [chief]}
  cleo: {firm: beta, user: cleo@watched.test, roles: [chief]}
  dan_acme: {firm: acme, user: dan@watched.test, roles: [clerk]}
  dan_beta: {firm: beta, user: dan@watched.test, roles: [clerk]}
note:
  open: {firm: acme, title: Open, is_open: true}
  shut: {firm: acme, title: Shut, is_open: false}
  far: {firm: beta, title: Far, is_open: true}
";

const LOG: &str = "query($kind: [AuditKind!], $user: ID, $first: Int, $after: String) {
    auditLog(kind: $kind, user: $user, first: $first, after: $after) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        nodes { seq at kind user entity rowId detail requestId hash } } }";

fn folder(app: &str, seed: &str) -> Folder {
    let folder = Folder::new();
    folder.write("app.yaml", app);
    folder.write("seed.yaml", seed);
    folder
}

fn start(database: Database) -> Server {
    Start::with_folder(folder(APP, SEED), database).start()
}

/// Status of an attempt to sign in.
fn try_sign_in(server: &Server, email: &str, password: &str) -> u16 {
    let body = json!({"email": email, "password": password}).to_string();
    let head = "POST /auth/sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Freehold-CSRF: 1\r\nContent-Type: application/json";
    let request = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    freehold_tests::raw::send(server.address(), request.as_bytes())
        .expect("an answer")
        .0
}

/// Records, newest first.
fn log(reader: &Person<'_>, variables: &Value) -> Vec<Value> {
    let data = reader.query_with(LOG, variables);
    data["auditLog"]["nodes"].as_array().expect("nodes").clone()
}

fn of_kind(reader: &Person<'_>, kind: &str) -> Vec<Value> {
    log(reader, &json!({"kind": [kind], "first": 200}))
}

fn id_of(person: &Person<'_>) -> Value {
    person.query("{ viewer { user { id } } }")["viewer"]["user"]["id"].clone()
}

fn note(person: &Person<'_>, title: &str) -> String {
    let data = person.query("{ notes { nodes { id title } } }");
    let nodes = data["notes"]["nodes"].as_array().expect("nodes");
    let found = nodes
        .iter()
        .find(|node| node["title"] == title)
        .expect("the note is there");
    found["id"].as_str().expect("an id").to_owned()
}

fn rename(person: &Person<'_>, id: &str, title: &str) -> Answer {
    person.answer_with(
        "mutation($id: ID!, $title: String!) { updateNote(id: $id, input: {title: $title}) { title } }",
        &json!({"id": id, "title": title}),
    )
}

/// `freehold audit …` on the server's database: exit code and what was printed.
fn audit(server: &Server, arguments: &[&str]) -> (Option<i32>, String) {
    let model = server.folder().model().display().to_string();
    let mut all = vec!["audit", arguments[0], model.as_str()];
    all.extend(&arguments[1..]);
    let place = server.place();
    all.extend(place.iter().map(String::as_str));
    let finished = command(&all);
    (finished.code, finished.stdout + &finished.stderr)
}

fn assert_sound(server: &Server) {
    let (code, text) = audit(server, &["verify"]);
    assert_eq!(code, Some(0), "{text}");
}

on_both_databases! {
    fn the_log_is_for_holders_of_the_action_and_of_their_tenant(database) {
        let server = start(database);
        let (ann, bo, cleo) = (server.sign_in("ann@watched.test"), server.sign_in("bo@watched.test"), server.sign_in("cleo@watched.test"));
        for (person, why) in [(&ann, "a clerk"), (&bo.tenant("beta"), "no member"), (&server.anonymous().tenant("acme"), "nobody")] {
            assert_eq!(person.refusal("{ auditLog { totalCount } }"), "GRAPHQL_VALIDATION_FAILED", "{why}");
        }
        let types = r#"{ a: __type(name: "AuditEntry") { name } b: __type(name: "AuditKind") { name } }"#;
        assert_eq!(ann.query(types), json!({"a": null, "b": null}));
        assert_eq!(bo.query(types), json!({"a": {"name": "AuditEntry"}, "b": {"name": "AuditKind"}}));

        // Sign-ins of one's own members, and of nobody else's.
        let (ann_id, bo_id, cleo_id) = (id_of(&ann), id_of(&bo), id_of(&cleo));
        let users = |reader: &Person<'_>| {
            of_kind(reader, "SIGN_IN").iter().map(|record| record["user"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(users(&bo), [bo_id.clone(), ann_id.clone()]);
        assert_eq!(users(&cleo), [cleo_id]);
        server.sign_in("dan@watched.test");
        assert_eq!((users(&bo).len(), users(&cleo).len()), (3, 2), "of two firms");

        let records = log(&bo, &json!({"user": ann_id}));
        assert_eq!(records.len(), 1);
        let record = &records[0];
        assert_eq!((&record["seq"], &record["kind"], &record["entity"]), (&json!(1), &json!("SIGN_IN"), &Value::Null));
        assert_eq!((record["hash"].as_str().map(str::len), record["requestId"].as_str().map(str::len)), (Some(64), Some(32)));
        assert_sound(&server);
    }

    fn pages_aliases_and_fragments(database) {
        let server = start(database);
        let bo = server.sign_in("bo@watched.test");
        for _ in 0..4 {
            server.sign_in("ann@watched.test");
        }
        let all = log(&bo, &json!({}));
        assert_eq!(all.iter().map(|record| record["seq"].clone()).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
        let mut seen = Vec::new();
        let mut after = Value::Null;
        loop {
            let data = bo.query_with(LOG, &json!({"first": 2, "after": after}));
            let page = &data["auditLog"];
            assert_eq!(page["totalCount"], 5);
            assert_eq!(page["pageInfo"]["hasPreviousPage"], !seen.is_empty());
            seen.extend(page["nodes"].as_array().expect("nodes").clone());
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(seen, all);
        let data = bo.query(
            "{ __typename newest: auditLog(first: 1) { __typename ...Page } none: auditLog(kind: ALERT) { n: totalCount nodes { seq } }
               viewer { user { name } } }
             fragment Page on AuditConnection { edges { __typename cursor node { number: seq ... on AuditEntry { __typename kind } } } }",
        );
        assert_eq!(data.as_object().expect("an object").keys().collect::<Vec<_>>(), ["__typename", "newest", "none", "viewer"]);
        let edge = &data["newest"]["edges"][0];
        assert_eq!(data["newest"]["__typename"], "AuditConnection");
        assert_eq!(edge["node"], json!({"number": 5, "__typename": "AuditEntry", "kind": "SIGN_IN"}));
        assert_eq!(data["none"], json!({"n": 0, "nodes": []}));
        assert_eq!(data["viewer"]["user"]["name"], "Bo");
        // The same text is answered anew each time.
        let again = |person: &Person<'_>| person.query("{ auditLog { totalCount } }")["auditLog"]["totalCount"].clone();
        assert_eq!(again(&bo), 5);
        server.sign_in("ann@watched.test");
        assert_eq!(again(&bo), 6);

        for (arguments, code) in [
            ("first: -1", "BAD_USER_INPUT"),
            ("first: 201", "LIMIT_EXCEEDED"),
            ("after: \"x\"", "BAD_USER_INPUT"),
            ("user: \"ann\"", "BAD_USER_INPUT"),
            ("since: \"now\"", "BAD_USER_INPUT"),
            ("kind: NONSENSE", "GRAPHQL_VALIDATION_FAILED"),
        ] {
            assert_eq!(bo.refusal(&format!("{{ auditLog({arguments}) {{ totalCount }} }}")), code, "{arguments}");
        }
        // A cursor is of one tenant's chain.
        let cursor = edge["cursor"].as_str().expect("a cursor");
        let cleo = server.sign_in("cleo@watched.test");
        assert_eq!(cleo.refusal(&format!("{{ auditLog(after: \"{cursor}\") {{ totalCount }} }}")), "BAD_USER_INPUT");
        let moments: Vec<&str> = all.iter().filter_map(|record| record["at"].as_str()).collect();
        let between = format!("{{ auditLog(since: \"{}\", until: \"{}\") {{ totalCount }} }}", moments[3], moments[1]);
        assert_eq!(bo.query(&between)["auditLog"]["totalCount"], 2, "from the second to before the fourth");
    }

    fn failed_sign_ins_are_told_without_addresses(database) {
        let server = start(database);
        let bo = server.sign_in("bo@watched.test");
        let ann = id_of(&server.sign_in("ann@watched.test"));
        for (email, password) in [
            ("ann@watched.test", "wrong-1"),
            ("ANN@watched.test", "wrong-2"),
            ("ann@watched.test", "wrong-3"),
            ("ann@watched.test", "violet-harbour-47"),
            ("nobody@watched.test", "wrong-4"),
        ] {
            assert_eq!(try_sign_in(&server, email, password), 401, "{email}");
        }
        let failed = of_kind(&bo, "SIGN_IN_FAILED");
        let causes: Vec<&Value> = failed.iter().rev().map(|record| &record["detail"]["cause"]).collect();
        assert_eq!(causes, ["wrong_password", "wrong_password", "wrong_password", "blocked"], "of members alone");
        assert!(failed.iter().all(|record| record["user"] == ann));
        assert!(failed.iter().all(|record| record["detail"]["address"] == failed[0]["detail"]["address"]), "one address, one name");
        let locked = of_kind(&bo, "LOCKED_OUT");
        assert_eq!((locked.len(), &locked[0]["user"]), (1, &ann));

        // Whoever operates the server sees them all, and nobody sees an address or a password.
        let (code, text) = audit(&server, &["list", "--json", "--kind", "sign_in_failed"]);
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(text.lines().count(), 5, "{text}");
        assert!(text.contains("no_account"), "{text}");
        let whole = text + &log(&bo, &json!({})).iter().map(Value::to_string).collect::<String>();
        for secret in ["nobody", "watched.test", "wrong-", "127.0.0.1", "violet"] {
            assert!(!whole.contains(secret), "{secret}: {whole}");
        }
        assert_sound(&server);
    }

    fn refused_writes_are_told_by_names_alone(database) {
        let server = start(database);
        let (ann, bo) = (server.sign_in("ann@watched.test"), server.sign_in("bo@watched.test"));
        let (open, shut) = (note(&ann, "Open"), note(&ann, "Shut"));
        let far = note(&server.sign_in("cleo@watched.test"), "Far");
        assert_eq!(rename(&ann, &open, "Opened").body["data"]["updateNote"]["title"], "Opened");
        let refused = rename(&ann, &shut, "my-secret-title");
        assert_eq!(refused.code(), "FORBIDDEN");
        assert_eq!(rename(&ann, &far, "my-secret-title").code(), "NOT_FOUND");
        assert_eq!(rename(&ann, "01930000-0000-8fff-8000-000000000001", "my-secret-title").code(), "NOT_FOUND");

        let denied = of_kind(&bo, "DENIED");
        let told: Vec<Value> = denied.iter().rev().map(|it| json!([it["user"], it["entity"], it["rowId"], it["detail"]])).collect();
        let ann_id = id_of(&ann);
        let detail = |code: &str| json!({"code": code, "operation": "update", "field": "updateNote"});
        assert_eq!(told, [
            json!([ann_id, "note", shut, detail("FORBIDDEN")]),
            json!([ann_id, "note", far, detail("NOT_FOUND")]),
            json!([ann_id, "note", "01930000-0000-8fff-8000-000000000001", detail("NOT_FOUND")]),
        ]);
        assert_eq!(denied[2]["requestId"], refused.body["errors"][0]["extensions"]["requestId"]);
        let all = log(&bo, &json!({"first": 200})).iter().map(Value::to_string).collect::<String>();
        assert!(!all.contains("my-secret-title") && !all.contains("Opened"), "{all}");
        assert_sound(&server);
    }

    fn writes_of_administrators_and_elevations_are_kept_if_the_write_is(database) {
        let server = start(database);
        let (ann, bo) = (server.sign_in("ann@watched.test"), server.sign_in("bo@watched.test"));
        let (open, shut) = (note(&ann, "Open"), note(&ann, "Shut"));
        assert_eq!(rename(&ann, &open, "secret-1").code(), "");
        assert_eq!(rename(&bo, &open, "secret-2").code(), "");
        assert_eq!(rename(&bo, &shut, "secret-3").code(), "");
        let records = log(&bo, &json!({"kind": ["WRITE", "ELEVATION"]}));
        let bo_id = id_of(&bo);
        let told: Vec<Value> = records.iter().rev().map(|it| json!([it["kind"], it["user"], it["entity"], it["rowId"], it["detail"]])).collect();
        let detail = |set: &str, rule: i64| json!({"operation": "update", "fields": ["title"], "set": set, "rule": rule});
        assert_eq!(told, [
            json!(["WRITE", bo_id, "note", open, detail("office", 1)]),
            json!(["ELEVATION", bo_id, "note", shut, detail("all_notes", 0)]),
        ], "a clerk's own writes are nobody's business");

        // All or nothing: what is undone is not told as done, but the refusal is.
        let both = format!(
            "mutation {{ a: updateNote(id: \"{open}\", input: {{title: \"secret-4\"}}) {{ id }} b: updateNote(id: \"{}\", input: {{title: \"secret-5\"}}) {{ id }} }}",
            note(&server.sign_in("cleo@watched.test"), "Far"),
        );
        assert_eq!(bo.refusal(&both), "NOT_FOUND");
        assert_eq!(log(&bo, &json!({"kind": ["WRITE", "ELEVATION"]})).len(), 2);
        assert_eq!(of_kind(&bo, "DENIED").len(), 1);

        let why = format!(r#"{{ explainAccess(entity: "note", id: "{shut}", operation: UPDATE, user: {}) {{ allowed }} }}"#, id_of(&ann));
        assert_eq!(bo.query(&why)["explainAccess"]["allowed"], false);
        let asked = of_kind(&bo, "EXPLAIN");
        assert_eq!((&asked[0]["user"], &asked[0]["rowId"], &asked[0]["detail"]["about"]), (&bo_id, &json!(shut), &id_of(&ann)));
        let all = log(&bo, &json!({"first": 200})).iter().map(Value::to_string).collect::<String>();
        assert!(!all.contains("secret-"), "{all}");
        assert_sound(&server);
    }

    fn a_burst_of_refusals_raises_one_alert_and_no_flood(database) {
        let hook = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hooks/very-secret-path", hook.local_addr().expect("an address"));
        let server = Start::with_folder(folder(APP, SEED), database).with(&["--alert-webhook", &url]).start();
        let (ann, bo) = (server.sign_in("ann@watched.test"), server.sign_in("bo@watched.test"));
        let shut = note(&ann, "Shut");
        for _ in 0..9 {
            assert_eq!(rename(&ann, &shut, "x").code(), "FORBIDDEN");
        }
        assert_eq!(of_kind(&bo, "ALERT").len(), 0, "nine are none");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..3 {
                        assert_eq!(rename(&ann, &shut, "x").code(), "FORBIDDEN");
                    }
                });
            }
        });
        let alerts = of_kind(&bo, "ALERT");
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        assert_eq!((&alerts[0]["user"], &alerts[0]["entity"]), (&id_of(&ann), &json!("note")));
        assert_eq!(alerts[0]["detail"], json!({
            "code": "FORBIDDEN", "operation": "update", "field": "updateNote", "of": "denied", "count": 10, "withinSeconds": 60,
        }));
        assert_eq!(of_kind(&bo, "DENIED").len(), 20, "of 33: the rest is counted");
        assert_sound(&server);

        let (mut stream, _) = hook.accept().expect("the webhook is called");
        let request = receive(&mut stream);
        assert!(request.starts_with("POST /hooks/very-secret-path HTTP/1.1\r\n"), "{request}");
        let body: Value = serde_json::from_str(request.rsplit("\r\n").next().unwrap_or_default()).expect("JSON");
        assert_eq!((&body["event"], &body["user"], &body["detail"]), (&json!("alert"), &alerts[0]["user"], &alerts[0]["detail"]));
        let log = server.log();
        assert!(log.contains("a burst of refusals") && !log.contains("very-secret-path"), "{log}");
    }

    fn a_burst_of_failed_sign_ins_raises_one_alert(database) {
        let server = start(database);
        for number in 0..12 {
            assert_eq!(try_sign_in(&server, &format!("nobody{number}@watched.test"), "wrong"), 401);
        }
        let started = Instant::now();
        let alerts = loop {
            let (code, text) = audit(&server, &["list", "--json", "--kind", "alert"]);
            assert_eq!(code, Some(0), "{text}");
            if !text.is_empty() {
                break text;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "no alert\n{}", server.log());
        };
        assert_eq!(alerts.lines().count(), 1, "{alerts}");
        let alert: Value = serde_json::from_str(&alerts).expect("JSON");
        assert_eq!((&alert["detail"]["of"], &alert["detail"]["count"], &alert["user"]), (&json!("sign_in_failed"), &json!(10), &Value::Null));
    }

    fn two_servers_write_one_chain(database) {
        let first = start(database);
        let second = Start::beside(&first).start();
        let bo = second.sign_in("bo@watched.test");
        let cookie = first.sign_in("ann@watched.test").cookie().expect("a cookie").to_owned();
        let shut = note(&first.holder(&cookie), "Shut");
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let (server, cookie, shut) = (if writer % 2 == 0 { &first } else { &second }, &cookie, &shut);
                scope.spawn(move || {
                    for _ in 0..3 {
                        server.sign_in("dan@watched.test");
                        assert_eq!(rename(&server.holder(cookie), shut, "x").code(), "FORBIDDEN");
                    }
                });
            }
        });
        assert_eq!(of_kind(&bo, "SIGN_IN").len(), 26);
        assert_eq!(of_kind(&bo, "DENIED").len(), 20, "of 24, counted by both together");
        assert_eq!(of_kind(&bo, "ALERT").len(), 1, "whichever of them raised it");
        let records = log(&bo, &json!({"first": 200}));
        let numbers: Vec<i64> = records.iter().rev().filter_map(|record| record["seq"].as_i64()).collect();
        assert_eq!(numbers, (1..=47).collect::<Vec<i64>>());
        assert_sound(&first);
    }

    fn whoever_changes_the_log_is_found_out(database) {
        let server = start(database);
        let bo = server.sign_in("bo@watched.test");
        server.sign_in("ann@watched.test");
        server.sign_in("ann@watched.test");
        let (code, heads) = audit(&server, &["verify", "--json"]);
        assert_eq!(code, Some(0), "{heads}");
        let report: Value = serde_json::from_str(&heads).expect("JSON");
        assert_eq!((&report["ok"], report["chains"].as_array().map(Vec::len)), (&json!(true), Some(2)));
        let file = server.folder().path().join("heads.json");
        std::fs::write(&file, &heads).expect("a file can be written");
        let file = file.display().to_string();
        let (code, text) = audit(&server, &["verify", "--tenant", "acme", "--against", &file]);
        assert_eq!((code, text.contains(": 3 records, sound")), (Some(0), true), "{text}");

        let triggers_off = match database {
            Database::Sqlite => "DROP TRIGGER fh_audit_no_update; DROP TRIGGER fh_audit_no_delete; DROP TRIGGER fh_audit_chain_no_delete;",
            Database::Postgres => "ALTER TABLE fh_audit DISABLE TRIGGER ALL; ALTER TABLE fh_audit_chain DISABLE TRIGGER ALL;",
        };
        server.execute(&format!("{triggers_off} UPDATE fh_audit SET user_id = NULL WHERE seq = 2"));
        let (code, text) = audit(&server, &["verify"]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("environment: record 2 was altered") && text.contains("2 of 2 chains"), "{text}");
        let (code, json) = audit(&server, &["verify", "--json"]);
        let report: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!((code, &report["ok"], &report["chains"][0]["fault"]["seq"]), (Some(1), &json!(false), &json!(2)));
        assert_eq!(log(&bo, &json!({})).len(), 3, "it can still be read");
        // All of it gone: only what was kept elsewhere tells.
        server.execute("DELETE FROM fh_audit; DELETE FROM fh_audit_chain");
        assert_eq!(audit(&server, &["verify"]), (Some(0), "the audit log is empty\n".to_owned()));
        let (code, text) = audit(&server, &["verify", "--against", &file]);
        assert!(code == Some(1) && text.contains("record 1 is missing, with all that follow up to 3"), "{text}");
    }

    fn an_app_without_tenants_has_the_environment_s_chain(database) {
        let app = "
app: alone
security: prototype
default_profile: member
entities: {note: {access: open, fields: {title: {type: text}}}}
profiles: {member: {sets: []}}
roles: {watcher: {sets: [watch]}}
permission_sets: {watch: [{actions: [read_audit]}]}
";
        let seed = "
users:
  - {email: ann@alone.test, password: violet-harbour-47, roles: [watcher]}
  - {email: bo@alone.test, password: copper-lantern-12}
";
        let server = Start::with_folder(folder(app, seed), database).start();
        let (ann, bo) = (server.sign_in("ann@alone.test"), server.sign_in("bo@alone.test"));
        assert_eq!(try_sign_in(&server, "nobody@alone.test", "wrong"), 401);
        assert_eq!(bo.refusal("{ auditLog { totalCount } }"), "GRAPHQL_VALIDATION_FAILED");
        let kinds: Vec<Value> = log(&ann, &json!({})).iter().map(|record| record["kind"].clone()).collect();
        assert_eq!(kinds, ["SIGN_IN_FAILED", "SIGN_IN", "SIGN_IN"]);
        assert_sound(&server);
    }
}

/// Reads a request to its end, and answers it.
fn receive(stream: &mut TcpStream) -> String {
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout can be set");
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    while !bytes.ends_with(b"}") {
        let read = stream.read(&mut chunk).expect("the request comes");
        assert!(read > 0, "{}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&chunk[..read]);
    }
    stream
        .write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        .expect("an answer can be sent");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn the_log_of_a_place_where_there_is_none() {
    for (arguments, expected) in [
        (vec!["audit", "verify", "no-such-folder"], "there is no database at"),
        (vec!["audit", "verify"], "no app is stated"),
        (
            vec!["audit", "list", "--database", "sqlite:/no/such/file.db"],
            "there is no database at",
        ),
        (vec!["audit", "list", ".", "--kind", "gossip"], "the kinds are sign_in"),
    ] {
        let finished = command(&arguments);
        assert!(
            finished.code != Some(0) && finished.stderr.contains(expected),
            "{arguments:?}: {}",
            finished.stderr
        );
    }
}

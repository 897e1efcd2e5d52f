//! Apps that state how passwords are used.

use crate::texts;
use freehold_tests::{Database, Folder, Server, Start, fixture, on_both_databases, raw, without_request_id};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const OFF: &str = "identity: {password: disabled}";

/// Status and body.
fn sign_in(server: &Server, email: &str, password: &str) -> (u16, String) {
    let body = json!({"email": email, "password": password}).to_string();
    let head = "POST /auth/sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Freehold-CSRF: 1\r\nContent-Type: application/json";
    let request = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    raw::send(server.address(), request.as_bytes()).expect("an answer")
}

/// The body of a refusal.
fn refusal(server: &Server, email: &str, password: &str) -> Value {
    let (status, text) = sign_in(server, email, password);
    assert_eq!(status, 401, "{text}");
    without_request_id(serde_json::from_str(&text).expect("JSON"))
}

fn off() -> Value {
    json!({"errors": [{"message": "sign-in by password is off for this app", "extensions": {"code": "UNAUTHENTICATED"}}]})
}

/// The app of the fixture with another `identity`, running.
fn with_identity(database: Database, identity: &str) -> Server {
    let folder = Folder::with_model(&fixture("locked"));
    folder.write("app.yaml", &app(identity));
    Start::with_folder(folder, database).start()
}

fn app(identity: &str) -> String {
    let text = std::fs::read_to_string(fixture("locked").join("app.yaml")).expect("a file of the model");
    assert!(text.contains(OFF), "{text}");
    text.replace(OFF, identity)
}

on_both_databases! {
    fn disabled_passwords_let_nobody_in(database) {
        let server = Server::shared(&fixture("locked"), database);
        for (email, password) in [
            ("ann@locked.test", server.password("ann@locked.test")),
            ("ann@locked.test", "wrong-password-1"),
            ("nobody@locked.test", "wrong-password-1"),
            ("", ""),
        ] {
            assert_eq!(refusal(server, email, password), off(), "{email} {password}");
        }
        assert!(!server.log().contains("nine-shut-doors"), "people who cannot sign in are not offered");
        // What needs no password is there.
        let data = server.anonymous().query("{ notices { nodes { code } } }");
        assert_eq!(texts(&data["notices"], "code"), ["closed"]);
    }

    fn passwords_that_were_in_use_are_turned_off(database) {
        let server = with_identity(database, "identity: {password: {min_length: 8}}");
        let password = server.password("ann@locked.test").to_owned();
        assert_eq!(sign_in(&server, "ann@locked.test", &password).0, 200);
        server.folder().write("app.yaml", &app(OFF));
        let started = Instant::now();
        while sign_in(&server, "ann@locked.test", &password).0 == 200 {
            assert!(started.elapsed() < Duration::from_secs(20), "still in use\n{}", server.log());
            std::thread::yield_now();
        }
        assert_eq!(refusal(&server, "ann@locked.test", &password), off());
    }

    fn the_lockout_is_the_one_of_the_app(database) {
        let server = with_identity(database, "identity: {password: {lockout: {failures: 1, block: 1h}}}");
        let password = server.password("ann@locked.test").to_owned();
        assert_eq!(sign_in(&server, "ann@locked.test", &password).0, 200);
        let wrong = refusal(&server, "ann@locked.test", "wrong-password-1");
        assert_eq!(refusal(&server, "ann@locked.test", &password), wrong, "one failure blocks");
    }
}

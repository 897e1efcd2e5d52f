//! Operations that stand in the app: known by hash and id, and, where they alone are trusted, all that is answered.

use freehold_tests::{Answer, Database, Folder, Person, Server, Socket, Start, command, fixture, on_both_databases};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const MEDIA_TYPE: &str = "application/graphql-response+json";

/// In a file, with its newline.
const AUTHORS: &str = "query Authors { authors(orderBy: [{name: ASC}]) { nodes { name } } }";
/// SHA-256 of it.
const AUTHORS_HASH: &str = "e63cb86397c8668c5a592e816dc26d8062b80483729914f59cdda1677004e92e";
/// In Apollo's manifest.
const BOOK: &str = "query Book($number: Int!) {\n  bookByNumber(number: $number) { title }\n}";
/// In Relay's manifest.
const LIVE: &str = "subscription Live { authors { totalCount } }";
/// In none; and what tools ask first.
const FOREIGN: [&str; 6] = [
    "{ __typename }",
    "query Authors { authors(orderBy: [{name: ASC}]) { nodes { name born } } }",
    "query Authors { authors(orderBy: [{name: ASC}]) {  nodes { name } } }",
    "query Authors { authors(orderBy: [{name: ASC}]) { nodes { name } } } { __typename }",
    "{ __schema { types { name } } }",
    "subscription { authors { totalCount } }",
];

fn folder() -> Folder {
    let folder = Folder::with_model(&fixture("shelf"));
    folder.write("operations/authors.graphql", &format!("{AUTHORS}\n"));
    let book = json!({"id": "book-1", "name": "Book", "type": "query", "body": BOOK});
    let manifest = json!({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [book]});
    folder.write("operations/web/apollo.json", &manifest.to_string());
    folder.write("operations/relay.json", &json!({"live-1": LIVE}).to_string());
    folder
}

fn trusting(database: Database) -> Server {
    Start::with_folder(folder(), database)
        .with(&["--trusted-operations"])
        .start()
}

fn send(person: &Person<'_>, body: &Value) -> Answer {
    person.post(&body.to_string(), "application/json", MEDIA_TYPE)
}

fn hash(hash: &str) -> Value {
    json!({"persistedQuery": {"version": 1, "sha256Hash": hash}})
}

fn authors() -> Value {
    json!({"data": {"authors": {"nodes": [{"name": "Ada"}, {"name": "Bea"}, {"name": "Cid"}]}}})
}

fn book() -> Value {
    json!({"data": {"bookByNumber": {"title": "Book 002"}}})
}

/// Waits until an answer is as wanted.
fn until(server: &Server, body: &Value, is_wanted: impl Fn(&Answer) -> bool) {
    let started = Instant::now();
    loop {
        let answer = send(&server.anonymous(), body);
        if is_wanted(&answer) {
            return;
        }
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{body} still answers {}\n{}",
            answer.text,
            server.log()
        );
        std::thread::yield_now();
    }
}

/// Whatever names an operation of the app is answered, in both modes.
fn operations_are_answered(server: &Server) {
    let visitor = server.anonymous();
    let two = json!({"number": 2});
    for (body, expected) in [
        (json!({"query": AUTHORS}), authors()),
        (json!({"query": format!("\n  {AUTHORS} \r\n")}), authors()),
        (json!({"extensions": hash(AUTHORS_HASH)}), authors()),
        (json!({"query": AUTHORS, "extensions": hash(AUTHORS_HASH)}), authors()),
        (json!({"documentId": format!("sha256:{AUTHORS_HASH}")}), authors()),
        (
            json!({"documentId": format!("sha256:{AUTHORS_HASH}"), "query": AUTHORS}),
            authors(),
        ),
        (json!({"documentId": "book-1", "variables": two}), book()),
        (
            json!({"documentId": "book-1", "query": BOOK, "variables": two, "operationName": "Book"}),
            book(),
        ),
    ] {
        let answer = send(&visitor, &body);
        assert_eq!((answer.status, &answer.body), (200, &expected), "{body}");
    }
    for (path, expected) in [
        (format!("documentId=sha256:{AUTHORS_HASH}"), authors()),
        ("documentId=book-1&variables=%7B%22number%22:2%7D".to_owned(), book()),
        (
            format!(
                "extensions=%7B%22persistedQuery%22:%7B%22version%22:1,%22sha256Hash%22:%22{AUTHORS_HASH}%22%7D%7D"
            ),
            authors(),
        ),
    ] {
        let answer = visitor.get(&format!("/graphql?{path}"), MEDIA_TYPE);
        assert_eq!((answer.status, &answer.body), (200, &expected), "{path}");
    }
    let event = visitor.post(
        &json!({"documentId": "book-1", "variables": two}).to_string(),
        "application/json",
        "text/event-stream",
    );
    assert!(
        event.text.contains("event: next") && event.text.contains("Book 002"),
        "{}",
        event.text
    );
    assert_eq!(
        visitor.listen(LIVE, &json!({})).next(),
        json!({"data": {"authors": {"totalCount": 3}}})
    );
    let mut socket = Socket::of(&visitor);
    for (id, payload, expected) in [
        ("1", json!({"query": AUTHORS}), authors()),
        ("2", json!({"documentId": "book-1", "variables": two}), book()),
        ("3", json!({"extensions": hash(AUTHORS_HASH)}), authors()),
        (
            "4",
            json!({"documentId": "live-1"}),
            json!({"data": {"authors": {"totalCount": 3}}}),
        ),
    ] {
        socket.say(&json!({"id": id, "type": "subscribe", "payload": payload}));
        assert_eq!(
            socket.hear_of(id),
            json!({"id": id, "type": "next", "payload": expected})
        );
    }
    for (body, code) in [
        (json!({"documentId": "book-1", "query": AUTHORS}), "BAD_REQUEST"),
        (
            json!({"documentId": format!("sha256:{AUTHORS_HASH}"), "query": BOOK}),
            "BAD_REQUEST",
        ),
        (
            json!({"documentId": "book-1", "extensions": hash(AUTHORS_HASH)}),
            "BAD_REQUEST",
        ),
        (json!({"documentId": 1}), "BAD_REQUEST"),
        (json!({"documentId": "sha256:1"}), "BAD_REQUEST"),
        (json!({}), "BAD_REQUEST"),
        (json!({"documentId": "book-2"}), "PERSISTED_QUERY_NOT_FOUND"),
        (
            json!({"documentId": format!("sha256:{}", "0".repeat(64))}),
            "PERSISTED_QUERY_NOT_FOUND",
        ),
        (
            json!({"extensions": hash(&"0".repeat(64))}),
            "PERSISTED_QUERY_NOT_FOUND",
        ),
    ] {
        let answer = send(&visitor, &body);
        assert_eq!((answer.status, answer.code()), (400, code), "{body}");
    }
}

on_both_databases! {
    fn operations_of_the_app_are_answered_where_they_alone_are(database) {
        let server = trusting(database);
        assert!(!server.log().contains("warning: only operations"), "{}", server.log());
        operations_are_answered(&server);
        // Who asks still matters: a text is no right.
        assert_eq!(send(&server.anonymous(), &json!({"documentId": "book-1", "variables": {"number": 3}})).body, json!({"data": {"bookByNumber": null}}));
        assert_eq!(send(&server.sign_in("ed@shelf.test"), &json!({"documentId": "book-1", "variables": {"number": 3}})).body["data"]["bookByNumber"]["title"], "Book 003");
    }

    fn everything_else_is_refused(database) {
        let server = trusting(database);
        let (visitor, editor) = (server.anonymous(), server.sign_in("ed@shelf.test"));
        let mut socket = Socket::of(&editor);
        for (number, text) in FOREIGN.iter().enumerate() {
            for person in [&visitor, &editor] {
                let answer = person.answer(text);
                assert_eq!((answer.status, answer.code()), (403, "FORBIDDEN"), "{text}");
                let hint = &answer.body["errors"][0]["extensions"]["hint"];
                assert_eq!(hint, "only the operations that stand in the app are answered here");
                assert_eq!(answer.body["data"], Value::Null);
            }
            let as_json = visitor.post(&json!({"query": text}).to_string(), "application/json", "application/json");
            assert_eq!((as_json.status, as_json.code()), (403, "FORBIDDEN"), "{text}");
            let events = editor.try_listen(text, &json!({})).expect_err("it is refused");
            assert_eq!((events.status, events.code()), (403, "FORBIDDEN"), "{text}");
            let id = number.to_string();
            socket.subscribe(&id, text, &json!({}));
            let refused = socket.hear_of(&id);
            assert_eq!((&refused["type"], &refused["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("FORBIDDEN")), "{text}");
            let named = editor.post(&json!({"query": text, "documentId": "book-1"}).to_string(), "application/json", MEDIA_TYPE);
            assert_eq!(named.code(), "FORBIDDEN", "{text}");
        }
        let by_get = visitor.get("/graphql?query=%7B__typename%7D", MEDIA_TYPE);
        assert_eq!((by_get.status, by_get.code()), (403, "FORBIDDEN"));
        // Nothing that was sent is kept: neither by its hash nor as a document.
        // SHA-256 of `{__typename}`.
        let known = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
        assert_eq!(send(&visitor, &json!({"query": "{__typename}", "extensions": hash(known)})).code(), "FORBIDDEN");
        for body in [json!({"extensions": hash(known)}), json!({"documentId": format!("sha256:{known}")})] {
            let answer = send(&visitor, &body);
            assert_eq!((answer.status, answer.code()), (400, "PERSISTED_QUERY_NOT_FOUND"), "{body}");
        }
        assert_eq!(send(&visitor, &json!({"query": AUTHORS})).body, authors(), "and the app's are answered as before");
    }

    fn without_the_switch_everything_is_answered_and_operations_have_names(database) {
        let server = Start::with_folder(folder(), database).start();
        operations_are_answered(&server);
        for text in FOREIGN.iter().filter(|text| text.starts_with('{')) {
            assert!(server.anonymous().query(text).is_object(), "{text}");
        }
        let known = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
        let by_hash = json!({"extensions": hash(known)});
        assert_eq!(send(&server.anonymous(), &by_hash).code(), "PERSISTED_QUERY_NOT_FOUND");
        let expected = json!({"data": {"__typename": "Query"}});
        assert_eq!(send(&server.anonymous(), &json!({"query": "{__typename}", "extensions": hash(known)})).body, expected);
        assert_eq!(send(&server.anonymous(), &by_hash).body, expected);
        assert_eq!(send(&server.anonymous(), &json!({"documentId": format!("sha256:{known}")})).body, expected);
    }

    fn operations_follow_their_files(database) {
        let server = trusting(database);
        let (more, live) = (json!({"query": "{ __typename }"}), json!({"documentId": "live-1"}));
        let events = server.anonymous().listen(LIVE, &json!({}));
        assert_eq!(events.next(), json!({"data": {"authors": {"totalCount": 3}}}));
        assert_eq!(send(&server.anonymous(), &more).code(), "FORBIDDEN");
        server.folder().write("operations/more.gql", "{ __typename }\n");
        until(&server, &more, |answer| answer.status == 200);
        // With a fault nothing changes.
        server.folder().write("operations/more.gql", "{ __typename ");
        let started = Instant::now();
        while !server.log().contains("operations/more.gql:1:13") {
            assert!(started.elapsed() < Duration::from_secs(20), "{}", server.log());
            std::thread::yield_now();
        }
        assert_eq!(send(&server.anonymous(), &more).status, 200);
        std::fs::remove_file(server.folder().model().join("operations/more.gql")).expect("a file can be removed");
        until(&server, &more, |answer| answer.code() == "FORBIDDEN");
        // Whoever listens to what is taken out of the app listens no more.
        server.folder().write("operations/relay.json", "{}");
        until(&server, &live, |answer| answer.code() == "PERSISTED_QUERY_NOT_FOUND");
        assert_eq!(events.end(), "FORBIDDEN");
    }

    fn an_app_without_operations_is_warned_of(database) {
        let server = Start::with_model(&fixture("shelf"), database).with(&["--trusted-operations"]).start();
        assert!(server.log().contains("warning: only operations of the app are answered, and it has none"), "{}", server.log());
        assert_eq!(server.anonymous().refusal("{ __typename }"), "FORBIDDEN");
    }
}

#[test]
fn faults_are_told_with_their_place() {
    let folder = folder();
    let model = folder.model().display().to_string();
    let sound = command(&["check", &model]);
    assert!(
        sound.code == Some(0) && sound.stdout.contains(", 3 operations"),
        "{sound:?}"
    );
    folder.write("operations/broken.graphql", "\nquery Broken { authors(");
    folder.write(
        "operations/relay.json",
        &json!({"live-1": LIVE, "other": "{ a b: }"}).to_string(),
    );
    let told = command(&["check", &model, "--json"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    let told: Value = serde_json::from_str(&told.stdout).expect("JSON");
    let faults = told["diagnostics"].as_array().expect("a list").iter();
    let faults: Vec<Value> = faults
        .filter(|fault| fault["severity"] == "error")
        .map(|fault| json!([fault["check"], fault["file"], fault["line"], fault["column"]]))
        .collect();
    assert_eq!(
        faults,
        [
            json!(["operation", "operations/broken.graphql", 2, 24]),
            json!(["operation", "operations/relay.json", 1, 74]),
        ]
    );
    let served = Start::with_folder(folder, Database::Sqlite).try_start();
    assert!(served.is_err_and(|log| log.contains("operations/broken.graphql:2:24")));
}

#[test]
fn the_switch_stands_in_the_file_and_in_words() {
    let folder = Folder::new();
    let file = folder.path().join("freehold.toml");
    std::fs::write(
        &file,
        "app = \"shelf\"\ntrusted_operations = true\n[database]\nurl = \"sqlite:x\"\n",
    )
    .expect("a file can be written");
    let file = file.display().to_string();
    let printed = |words: &[&str]| command(&[&["serve", "--print-config"], words].concat());
    for (words, expected) in [
        (vec!["--config", &file], "true"),
        (vec!["--config", &file, "--trusted-operations=false"], "false"),
        (vec!["--app", "shelf", "--database", "sqlite:x"], "false"),
        (
            vec!["--trusted-operations", "--app", "shelf", "--database", "sqlite:x"],
            "true",
        ),
    ] {
        let printed = printed(&words);
        assert!(
            printed.stdout.contains(&format!("\ntrusted_operations = {expected}\n")),
            "{words:?} {printed:?}"
        );
    }
    let unclear = printed(&["--config", &file, "--trusted-operations=perhaps"]);
    assert_eq!(unclear.code, Some(2), "{unclear:?}");
    std::fs::remove_dir_all(folder.path()).expect("a folder can be removed");
}

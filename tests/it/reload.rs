//! `freehold dev` follows the files of the model.

use freehold_tests::{Answer, Database, Server, Start, fixture, on_both_databases};
use serde_json::json;
use std::time::{Duration, Instant};

fn fresh(database: Database) -> Server {
    Start::with_model(&fixture("shelf"), database).start()
}

/// Asks until the answer is as wanted, for 20 seconds at most.
fn until(server: &Server, query: &str, is_wanted: impl Fn(&Answer) -> bool) -> Answer {
    let started = Instant::now();
    loop {
        let answer = server.anonymous().answer(query);
        if is_wanted(&answer) {
            return answer;
        }
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{query} still answers {}\n{}",
            answer.text,
            server.log()
        );
        std::thread::yield_now();
    }
}

fn until_log(server: &Server, word: &str) {
    let started = Instant::now();
    while !server.log().contains(word) {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "the server does not say `{word}`:\n{}",
            server.log()
        );
        std::thread::yield_now();
    }
}

fn edit(server: &Server, file: &str, from: &str, to: &str) {
    let path = server.folder().model().join(file);
    let text = std::fs::read_to_string(&path).expect("a file of the model");
    assert!(text.contains(from), "{file} has no {from}");
    std::fs::write(path, text.replace(from, to)).expect("a file can be written");
}

on_both_databases! {
    fn a_new_field_is_there_at_once(database) {
        let server = fresh(database);
        let query = "{ authors(orderBy: [{name: ASC}]) { nodes { name country } } }";
        assert_eq!(server.anonymous().refusal(query), "GRAPHQL_VALIDATION_FAILED");
        let before = server.anonymous().query("{ authors { nodes { id } } }");
        edit(&server, "entities.yaml", "      born:  {type: date}", "      born:  {type: date}\n      country: {type: text}");
        edit(&server, "access.yaml", "read: [name, born, books]", "read: [name, born, books, country]");
        let answer = until(&server, query, |answer| answer.body["errors"].is_null());
        assert_eq!(answer.body["data"]["authors"]["nodes"][0], json!({"name": "Ada", "country": null}));
        assert_eq!(server.anonymous().query("{ authors { nodes { id } } }"), before, "the rows are the same");
    }

    fn a_rule_taken_away_holds_at_once(database) {
        let server = fresh(database);
        let query = "{ authors { nodes { name } } }";
        assert!(server.anonymous().query(query)["authors"].is_object());
        edit(&server, "access.yaml", "    - {entity: author, allow: [read, list], read: [name, born, books]}\n", "");
        until(&server, query, |answer| answer.code() == "GRAPHQL_VALIDATION_FAILED");
    }

    fn a_broken_model_is_reported_and_the_old_one_goes_on(database) {
        let server = fresh(database);
        let query = "{ authors(orderBy: [{name: ASC}]) { nodes { name } } }";
        let before = server.anonymous().query(query);
        edit(&server, "entities.yaml", "of: review, by: book", "of: reviw, by: book");
        until_log(&server, "reviw");
        assert!(server.log().contains("entities.yaml"), "the report names the file:\n{}", server.log());
        assert_eq!(server.anonymous().query(query), before);
        // Mended, it is taken.
        edit(&server, "entities.yaml", "of: reviw, by: book", "of: review, by: book");
        edit(&server, "access.yaml", "read: [name, born, books]", "read: [name, books]");
        until(&server, "{ authors { nodes { born } } }", |answer| answer.code() == "GRAPHQL_VALIDATION_FAILED");
    }

    fn text_that_is_no_yaml_is_reported(database) {
        let server = fresh(database);
        edit(&server, "access.yaml", "profiles:", "profiles: [{");
        until_log(&server, "access.yaml");
        assert_eq!(server.anonymous().query("{ authors { totalCount } }"), json!({"authors": {"totalCount": 3}}));
    }

    fn a_change_that_loses_data_is_refused(database) {
        let server = fresh(database);
        edit(&server, "access.yaml", "read: [name, born, books]", "read: [name, books]");
        edit(&server, "entities.yaml", "      born:  {type: date}\n", "");
        until_log(&server, "born");
        // Whatever the schema now says, the data is still there when the field comes back.
        assert_eq!(server.anonymous().query("{ authors { totalCount } }"), json!({"authors": {"totalCount": 3}}));
        edit(&server, "entities.yaml", "      books: {type: list, of: book, by: author}", "      books: {type: list, of: book, by: author}\n      born:  {type: date}");
        edit(&server, "access.yaml", "read: [name, books]", "read: [name, born, books]");
        let query = "{ authors(orderBy: [{name: ASC}]) { nodes { born } } }";
        let answer = until(&server, query, |answer| answer.body["errors"].is_null());
        assert_eq!(answer.body["data"]["authors"]["nodes"], json!([{"born": "1950-03-01"}, {"born": "1960-07-15"}, {"born": null}]));
    }
}

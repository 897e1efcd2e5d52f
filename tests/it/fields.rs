//! Fields that a caller may not read, always or on some rows. The model is `tests/fixtures/shelf`.

use crate::texts;
use freehold_tests::{Database, Person, Server, fixture, on_both_databases};
use serde_json::json;

fn server(database: Database) -> &'static Server {
    Server::shared(&fixture("shelf"), database)
}

fn rex(database: Database) -> Person<'static> {
    server(database).sign_in("rex@shelf.test")
}

on_both_databases! {
    fn a_field_without_a_rule_does_not_exist(database) {
        for query in [
            "{ books { nodes { cost } } }",
            "{ bookByNumber(number: 2) { cost } }",
            r#"{ books(filter: {cost: {gt: "1"}}) { totalCount } }"#,
            r#"{ books(filter: {not: {cost: {gt: "1"}}}) { totalCount } }"#,
            "{ books(filter: {cost: {isNull: true}}) { totalCount } }",
            "{ books(orderBy: [{cost: ASC}]) { totalCount } }",
            "{ books { aggregate { sum { cost } } } }",
            "{ books { aggregate { min { cost } } } }",
            "{ books { groups(by: [COST]) { aggregate { count } } } }",
            "{ books { groups(by: [VISIBLE]) { aggregate { count } } } }",
            "{ books { groups(by: [GENRE]) { key { visible } } } }",
            "{ books(filter: {visible: {eq: false}}) { totalCount } }",
            "{ authors { nodes { books { nodes { cost } } } } }",
            r#"{ authors(filter: {books: {some: {cost: {gt: "1"}}}}) { totalCount } }"#,
            r#"{ reviews(filter: {book: {cost: {gt: "1"}}}) { totalCount } }"#,
            "{ reviews(orderBy: [{book: {cost: ASC}}]) { totalCount } }",
            "{ vaults { totalCount } }",
            "{ __type(name: \"Vault\") { name } vault(id: \"1\") { treasure } }",
        ] {
            let answer = rex(database).answer(query);
            assert_eq!((answer.status, answer.code()), (400, "GRAPHQL_VALIDATION_FAILED"), "{query}: {}", answer.text);
            assert!(answer.body["data"].is_null(), "{query}: {}", answer.text);
        }
        let ed = server(database).sign_in("ed@shelf.test");
        assert_eq!(ed.query("{ bookByNumber(number: 2) { cost } }"), json!({"bookByNumber": {"cost": "2.50"}}));
    }

    fn the_schema_does_not_name_it(database) {
        let query = "{ __schema { types { name fields { name } inputFields { name } enumValues { name } } } }";
        let text = rex(database).answer(query).text;
        for word in ["cost", "COST", "visible", "VISIBLE", "Vault", "treasure", "vaults"] {
            assert!(!text.contains(&format!("\"{word}")), "`{word}` is in the schema of a reader");
        }
        let text = server(database).sign_in("ed@shelf.test").answer(query).text;
        assert!(text.contains("\"cost\"") && text.contains("\"visible\"") && !text.contains("treasure"));
    }

    fn a_field_of_some_rows_is_null_on_the_others(database) {
        let data = rex(database).query("{ books(first: 3, orderBy: [{number: ASC}]) { nodes { number note _access { restricted } } } }");
        let expected = json!([
            {"number": 2, "note": null, "_access": {"restricted": ["note"]}},
            {"number": 4, "note": null, "_access": {"restricted": ["note"]}},
            {"number": 6, "note": "note 6", "_access": {"restricted": []}},
        ]);
        let mut got = data["books"]["nodes"].clone();
        for node in got.as_array_mut().expect("nodes") {
            let names = node["_access"]["restricted"].as_array_mut().expect("names");
            // `owner` is under the same rule.
            names.retain(|name| name != "owner");
        }
        assert_eq!(got, expected);
    }

    fn what_is_hidden_is_null_to_filters(database) {
        let count = |filter: &str| {
            let data = rex(database).query(&format!("{{ books(filter: {filter}) {{ totalCount }} }}"));
            data["books"]["totalCount"].as_u64().expect("a number")
        };
        // Of thirty visible books Rex owns ten: every sixth of sixty.
        assert_eq!(count("{}"), 30);
        assert_eq!(count("{note: {isNull: false}}"), 10);
        assert_eq!(count("{note: {isNull: true}}"), 20);
        assert_eq!(count(r#"{note: {startsWith: "note"}}"#), 10);
        assert_eq!(count(r#"{not: {note: {startsWith: "note"}}}"#), 20);
        assert_eq!(count(r#"{note: {ne: "x"}}"#), 10);
        assert_eq!(count(r#"{note: {notIn: ["x"]}}"#), 10);
        assert_eq!(count(r#"{note: {eq: "note 2"}}"#), 0);
        assert_eq!(count(r#"{note: {eq: "note 6"}}"#), 1);
        assert_eq!(count("{owner: {isNull: false}}"), 10);
        assert_eq!(count(r#"{owner: {name: {eq: "Rex"}}}"#), 10);
    }

    fn what_is_hidden_is_null_to_orders_groups_and_figures(database) {
        let data = rex(database).query("{ books(first: 50, orderBy: [{note: ASC}]) { nodes { note } } }");
        let notes = texts(&data["books"], "note");
        let mut shown: Vec<String> = notes[..10].to_vec();
        shown.sort();
        assert_eq!(notes[..10], shown, "in order, the hidden ones behind them");
        assert!(notes[10..].iter().all(|note| note == "null"), "{notes:?}");

        let data = rex(database).query("{ books { groups(by: [OWNER]) { key { owner { name } } aggregate { count min { note } max { note } } } } }");
        let expected = json!([
            {"key": {"owner": {"name": "Rex"}}, "aggregate": {"count": 10, "min": {"note": "note 12"}, "max": {"note": "note 60"}}},
            {"key": {"owner": null}, "aggregate": {"count": 20, "min": {"note": null}, "max": {"note": null}}},
        ]);
        assert_eq!(data["books"]["groups"], expected);
    }

    fn two_people_of_one_role_have_one_schema_and_two_answers(database) {
        let sue = server(database).sign_in("sue@shelf.test");
        let query = "{ books { totalCount } noted: books(filter: {note: {isNull: false}}) { totalCount } }";
        assert_eq!(sue.query(query), json!({"books": {"totalCount": 30}, "noted": {"totalCount": 0}}));
        assert_eq!(rex(database).query(query), json!({"books": {"totalCount": 30}, "noted": {"totalCount": 10}}));
        assert_eq!(server(database).anonymous().refusal(query), "GRAPHQL_VALIDATION_FAILED");
    }
}

//! Requests that mean harm: none stops the process, ends as a 500, takes long, or tells of rows that are hidden.

use freehold_tests::{Answer, Database, Person, Server, fixture, on_both_databases};
use serde_json::{Value, json};

fn hal(database: Database) -> Person<'static> {
    Server::shared(&fixture("vault"), database)
        .sign_in("hal@vault.test")
        .tenant("main")
}

/// Whether the process still answers.
fn is_alive(person: &Person<'_>) {
    assert_eq!(person.query("{ boxes { totalCount } }")["boxes"]["totalCount"], 1);
}

fn is_refused(answer: &Answer) {
    assert!(
        [
            "BAD_USER_INPUT",
            "LIMIT_EXCEEDED",
            "COST_EXCEEDED",
            "GRAPHQL_VALIDATION_FAILED"
        ]
        .contains(&answer.code()),
        "{}",
        answer.text
    );
}

fn filtered(person: &Person<'_>, filter: &Value) -> Answer {
    person.answer_with(
        "query ($f: BoxFilter) { boxes(filter: $f) { totalCount } }",
        &json!({"f": filter}),
    )
}

on_both_databases! {
    fn no_operand_tells_of_a_hidden_row_by_failing(database) {
        // The hidden box is labelled `secret`, and only its own team opens it.
        let hal = hal(database);
        for size in [10, 1_990, 2_010, 49_990, 60_000] {
            let long = "a".repeat(size);
            for operator in ["like", "contains", "startsWith", "endsWith", "eq", "gt"] {
                for mode in ["DEFAULT", "INSENSITIVE"] {
                    let ask = |label: &str| {
                        let filter = json!({"and": [{"label": {"startsWith": label}}, {"label": {operator: long, "mode": mode}}]});
                        filtered(&hal, &filter).without_request_id()
                    };
                    let (hidden, absent) = (ask("secret"), ask("sekret"));
                    assert_eq!(hidden, absent, "{operator} {mode} {size}");
                    assert!(!hidden.to_string().contains("INTERNAL"), "{hidden}");
                }
            }
            let search = |label: &str| {
                let query = "query ($f: BoxFilter, $s: String) { boxes(filter: $f, search: $s) { totalCount } }";
                hal.answer_with(query, &json!({"f": {"label": {"startsWith": label}}, "s": long})).without_request_id()
            };
            assert_eq!(search("secret"), search("sekret"), "search {size}");
        }
    }

    fn long_lists_are_bounded_before_they_are_planned(database) {
        let hal = hal(database);
        let numbers: Vec<u32> = (0..12_000).collect();
        is_refused(&filtered(&hal, &json!({"data": {"in": numbers}})));
        is_refused(&filtered(&hal, &json!({"data": {"notIn": numbers}})));
        let thousand: Vec<String> = (0..1_000).map(|number| format!("text {number}")).collect();
        assert_eq!(filtered(&hal, &json!({"label": {"in": thousand}})).body["data"]["boxes"]["totalCount"], 0);
        assert_eq!(filtered(&hal, &json!({"data": {"notIn": thousand}})).body["data"]["boxes"]["totalCount"], 1);
        let many: Vec<Value> = (0..100).map(|_| json!({"label": {"in": thousand}})).collect();
        is_refused(&filtered(&hal, &json!({"or": many})));
        let tags: Vec<&str> = (0..1_000).map(|_| "RED").collect();
        assert_eq!(filtered(&hal, &json!({"tags": {"hasAny": tags}})).body["data"]["boxes"]["totalCount"], 0);
        assert_eq!(filtered(&hal, &json!({"tags": {"hasAll": tags}})).body["data"]["boxes"]["totalCount"], 0);
        is_alive(&hal);
    }

    fn many_conditions_are_bounded(database) {
        let hal = hal(database);
        let all = json!({"eq": "a", "ne": "b", "lt": "c", "lte": "d", "gt": "e", "gte": "f", "in": ["g"], "notIn": ["h"], "contains": "i", "startsWith": "j"});
        let many: Vec<Value> = (0..290).map(|_| json!({"label": all})).collect();
        is_refused(&filtered(&hal, &json!({"and": many})));
        let few: Vec<Value> = (0..140).map(|number| json!({"label": {"ne": format!("{number}")}})).collect();
        assert_eq!(filtered(&hal, &json!({"and": few})).body["data"]["boxes"]["totalCount"], 1);
        is_alive(&hal);
    }

    fn conditions_on_lists_in_one_another_cost(database) {
        let hal = hal(database);
        let nested = |depth: usize| (0..depth).fold(json!({"label": {"eq": "x"}}), |inner, _| json!({"team": {"boxes": {"some": inner}}}));
        assert_eq!(filtered(&hal, &nested(2)).body["data"]["boxes"]["totalCount"], 0);
        is_refused(&filtered(&hal, &nested(4)));
        // And many of them at once are too much.
        let four: Vec<Value> = (0..4).map(|_| nested(3)).collect();
        is_refused(&filtered(&hal, &json!({"or": four})));
    }

    fn guesses_at_names_are_bounded(database) {
        let hal = hal(database);
        let long = "s".repeat(200_000);
        let answer = hal.answer(&format!("{{ {long} }}"));
        is_refused(&answer);
        assert!(answer.text.len() < 2_000, "the answer repeats the name");
        let names: Vec<String> = (0..3_000).map(|number| format!("boxed{number}")).collect();
        is_refused(&hal.answer(&format!("{{ {} }}", names.join(" "))));
        let mut unknown = serde_json::Map::new();
        for number in 0..20_000 {
            unknown.insert(format!("labe{number}"), json!({"eq": "x"}));
        }
        is_refused(&filtered(&hal, &Value::Object(unknown)));
        is_alive(&hal);
    }

    fn json_operands_may_hold_anything_but_nul(database) {
        let hal = hal(database);
        for operand in [json!("a\u{0}b"), json!({"a\u{0}": 1}), json!([["\u{0}"]])] {
            is_refused(&filtered(&hal, &json!({"data": {"eq": operand}})));
            is_refused(&filtered(&hal, &json!({"data": {"in": [operand]}})));
        }
        let odd = json!({"data": {"eq": {"a'b\"": [1.5e300, null, "\u{1F600}"]}}});
        assert_eq!(filtered(&hal, &odd).body["data"]["boxes"]["totalCount"], 0);
    }
}

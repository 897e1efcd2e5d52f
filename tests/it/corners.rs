//! Corners in which an app of strangers once got a wrong answer.

use crate::texts;
use freehold_tests::{Database, Person, Server, fixture, on_both_databases};
use serde_json::json;

fn sign_in(database: Database, email: &str) -> Person<'static> {
    Server::shared(&fixture("harbour"), database)
        .sign_in(email)
        .tenant("north")
}

on_both_databases! {
    fn sums_past_the_greatest_are_null(database) {
        let server = Server::fresh(&fixture("till"), database);
        let cleo = server.sign_in("cleo@till.test");
        for name in ["x1", "x2"] {
            cleo.query(&format!("mutation {{ createSale(input: {{name: {name:?}, price: \"1\", quantity: 1, weight: 1.7e308}}) {{ id }} }}"));
        }
        let query = "{ sales(filter: {name: {in: [\"x1\", \"x2\"]}}) {
            aggregate { sum { weight price quantity } avg { weight price quantity } }
            groups(by: [STATE]) { aggregate { sum { weight } } } } }";
        let expected = json!({"sales": {
            "aggregate": {"sum": {"weight": null, "price": "2", "quantity": 2.0}, "avg": {"weight": null, "price": 1.0, "quantity": 1.0}},
            "groups": [{"aggregate": {"sum": {"weight": null}}}],
        }});
        assert_eq!(cleo.query(query), expected);
        let all = cleo.query("{ sales { aggregate { sum { price } avg { price } } } }");
        assert_eq!(all["sales"]["aggregate"], json!({"sum": {"price": null}, "avg": {"price": null}}), "past 28 digits");
    }

    fn means_are_the_nearest_double(database) {
        let server = Server::fresh(&fixture("bazaar"), database);
        let bob = server.sign_in("bob@bazaar.test").tenant("one");
        // 23 grades that make 268,678.
        let rows: Vec<_> = (0..23).map(|row| json!({"grade": if row == 0 { 268_678 } else { 0 }, "text": "mean"})).collect();
        bob.query_with("mutation($rows: [NoteCreateInput!]!) { createNotes(input: $rows) { id } }", &json!({"rows": rows}));
        let answer = bob.answer("{ notes(filter: {text: {eq: \"mean\"}}) { aggregate { avg { grade } } } }");
        assert!(answer.text.contains("11681.652173913044"), "{}", answer.text);
    }

    fn folded_texts_are_ordered_by_code_points_too(database) {
        let server = Server::fresh(&fixture("bazaar"), database);
        let bob = server.sign_in("bob@bazaar.test").tenant("one");
        let texts = ["'", "-", "A", "b", "é", "É", "_", "~", "1"];
        for text in texts {
            bob.query(&format!("mutation {{ createNote(input: {{text: {text:?}, grade: 77}}) {{ id }} }}"));
        }
        for (bound, below) in [("'", 0), ("a", 4), ("b", 5), ("é", 7), ("É", 7)] {
            let query = format!("{{ notes(filter: {{grade: {{eq: 77}}, text: {{lt: {bound:?}, mode: INSENSITIVE}}}}) {{ totalCount }} }}");
            assert_eq!(bob.query(&query), json!({"notes": {"totalCount": below}}), "{bound}");
        }
        // SQLite's LIKE would take these for U+FFFD.
        assert_eq!(bob.refusal(r#"{ notes(search: "\uffff") { totalCount } }"#), "BAD_USER_INPUT");
        assert_eq!(bob.refusal(r#"{ notes(filter: {text: {contains: "\ufffe"}}) { totalCount } }"#), "BAD_USER_INPUT");
    }

    fn long_searches_are_refused_before_they_run(database) {
        let server = Server::shared(&fixture("bazaar"), database);
        let bob = server.sign_in("bob@bazaar.test").tenant("one");
        let long = "a".repeat(501);
        assert_eq!(bob.refusal(&format!("{{ notes(filter: {{text: {{contains: {long:?}}}}}) {{ totalCount }} }}")), "BAD_USER_INPUT");
        let many: Vec<String> = (0..60).map(|index| format!("{{text: {{contains: \"{index}\"}}}}")).collect();
        let query = format!("{{ notes(filter: {{or: [{}]}}) {{ totalCount }} }}", many.join(", "));
        assert_eq!(bob.refusal(&query), "COST_EXCEEDED");
        bob.query("{ notes(search: \"four words at once\", filter: {text: {contains: \"a\", endsWith: \"b\"}}) { totalCount } }");
    }

    fn an_offset_counts_rows_and_not_what_their_rule_finds(database) {
        // Each berth is opened by an EXISTS that several boats satisfy.
        let pam = sign_in(database, "pam@harbour.test");
        for (offset, expected) in [(0, vec!["b1", "b2", "b3"]), (1, vec!["b2", "b3"]), (2, vec!["b3"]), (3, vec![])] {
            let data = pam.query(&format!("{{ berths(offset: {offset}) {{ nodes {{ code trade {{ code }} }} totalCount }} }}"));
            assert_eq!(texts(&data["berths"], "code"), expected, "offset {offset}");
            assert_eq!(data["berths"]["totalCount"], 3);
        }
        let data = pam.query("{ berths(offset: 1, first: 1) { nodes { code } pageInfo { hasNextPage } } }");
        assert_eq!(data["berths"], json!({"nodes": [{"code": "b2"}], "pageInfo": {"hasNextPage": true}}));
    }

    fn restricted_names_only_what_the_schema_has(database) {
        // `issued_for` leads to a port, of which nothing may be seen.
        let data = sign_in(database, "pam@harbour.test").query(
            r#"{ licenses { nodes { code _access { restricted } } } __type(name: "License") { fields { name } } }"#,
        );
        assert!(!data["__type"].to_string().contains("issuedFor"), "{data}");
        for node in data["licenses"]["nodes"].as_array().expect("nodes") {
            assert_eq!(node["_access"]["restricted"], json!([]), "{node}");
        }
    }

    fn naming_a_tenant_is_not_being_there(database) {
        let codes = |person: &Person<'_>| texts(&person.query("{ licenses { nodes { code } } }")["licenses"], "code");
        assert_eq!(codes(&sign_in(database, "pam@harbour.test")), ["free", "north"]);
        for outsider in ["out@harbour.test", "shut@harbour.test"] {
            let outsider = sign_in(database, outsider);
            assert_eq!(codes(&outsider), ["free"]);
            assert_eq!(codes(&outsider.tenant("nowhere")), ["free"]);
        }
    }

    fn case_is_folded_in_every_operator(database) {
        let pam = sign_in(database, "pam@harbour.test");
        let codes = |filter: &str| texts(&pam.query(&format!("{{ trades(filter: {{code: {filter}}}) {{ nodes {{ code }} }} }}"))["trades"], "code");
        assert_eq!(codes(r#"{mode: INSENSITIVE, eq: "fish"}"#), ["FISH"]);
        assert_eq!(codes(r#"{mode: INSENSITIVE, ne: "fish"}"#), ["salt"]);
        assert_eq!(codes(r#"{mode: INSENSITIVE, in: ["fish", "SALT"]}"#), ["FISH", "salt"]);
        assert_eq!(codes(r#"{mode: INSENSITIVE, notIn: ["fish", "x"]}"#), ["salt"]);
        assert_eq!(codes("{mode: INSENSITIVE, in: []}"), Vec::<String>::new());
        assert_eq!(codes("{mode: INSENSITIVE, notIn: []}"), ["FISH", "salt"]);
        assert_eq!(codes(r#"{mode: INSENSITIVE, contains: "IS"}"#), ["FISH"]);
        assert_eq!(codes(r#"{mode: INSENSITIVE, lt: "g"}"#), ["FISH"]);
        assert_eq!(codes(r#"{mode: INSENSITIVE, gte: "SALT"}"#), ["salt"]);
    }

    fn not_inside_a_reference_asks_for_a_row(database) {
        let pam = sign_in(database, "pam@harbour.test");
        let codes = |filter: &str| texts(&pam.query(&format!("{{ berths(filter: {filter}) {{ nodes {{ code }} }} }}"))["berths"], "code");
        assert_eq!(codes(r#"{trade: {not: {code: {eq: "salt"}}}}"#), ["b1"]);
        assert_eq!(codes(r#"{not: {trade: {code: {eq: "salt"}}}}"#), ["b1", "b3"]);
        assert_eq!(codes("{trade: {isNull: true}}"), ["b3"]);
        assert_eq!(codes(r#"{trade: {isNull: true, not: {code: {eq: "salt"}}}}"#), Vec::<String>::new());
        assert_eq!(codes(r#"{trade: {or: [{isNull: true}, {code: {eq: "salt"}}]}}"#), ["b2", "b3"]);
        assert_eq!(codes("{trade: {not: {isNull: true}}}"), ["b1", "b2"]);
    }

    fn a_date_is_compared_with_today(database) {
        let data = sign_in(database, "cy@harbour.test").query("{ berths { nodes { code freeUntil } } }");
        assert_eq!(data["berths"]["nodes"], json!([{"code": "b1", "freeUntil": "2001-05-01"}]));
    }

    fn only_memberships_one_can_choose_are_shown(database) {
        let query = "{ viewer { memberships { tenant { slug } roles } tenant { slug } } }";
        let data = sign_in(database, "pam@harbour.test").query(query);
        assert_eq!(data["viewer"], json!({"memberships": [{"tenant": {"slug": "north"}, "roles": ["pilot"]}], "tenant": {"slug": "north"}}));
        let data = sign_in(database, "shut@harbour.test").query(query);
        assert_eq!(data["viewer"], json!({"memberships": [], "tenant": null}));
    }

    fn an_aggregate_may_show_its_type_alone(database) {
        let data = sign_in(database, "pam@harbour.test").query("{ berths { aggregate { __typename } } }");
        assert_eq!(data["berths"]["aggregate"]["__typename"], "BerthAggregate");
    }
}

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

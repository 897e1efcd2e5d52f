//! Who passes a record gate, and what lies behind it. The model is `tests/fixtures/gates`.

use crate::sorted;
use freehold_tests::{Database, Person, Server, fixture, on_both_databases};
use serde_json::json;

fn server(database: Database) -> &'static Server {
    Server::shared(&fixture("gates"), database)
}

fn labels(person: &Person<'_>, list: &str) -> Vec<String> {
    sorted(
        &person.query(&format!("{{ {list}(first: 50) {{ nodes {{ label }} }} }}"))[list],
        "label",
    )
}

/// In a list, in totals, by id and through `node` alike.
fn check(person: &Person<'_>, list: &str, one: &str, expected: &[&str]) {
    let data = person.query(&format!(
        "{{ {list}(first: 50) {{ totalCount nodes {{ id label }} }} }}"
    ));
    let mut expected: Vec<&str> = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(sorted(&data[list], "label"), expected, "{list}");
    assert_eq!(data[list]["totalCount"], expected.len(), "{list}: totalCount");
    for node in data[list]["nodes"].as_array().into_iter().flatten() {
        let (id, label) = (&node["id"], &node["label"]);
        let data = person.query(&format!("{{ {one}(id: {id}) {{ label }} node(id: {id}) {{ id }} }}"));
        assert_eq!(
            data,
            json!({one: {"label": label}, "node": {"id": id}}),
            "{label} by id"
        );
    }
}

fn papers(person: &Person<'_>, expected: &[&str]) {
    check(person, "papers", "paper", expected);
}

on_both_databases! {
    fn owner_role_reader_crew_and_member_open(database) {
        let server = server(database);
        let ann = server.sign_in("ann@gates.test").tenant("acme");
        papers(&ann, &["everyone", "authenticated", "member", "role", "owned_by_ann", "crew_a1"]);
        let bo = server.sign_in("bo@gates.test").tenant("acme");
        papers(&bo, &["everyone", "authenticated", "member", "owned_by_bo", "for_bo", "duty"]);
        let eve = server.sign_in("eve@gates.test").tenant("acme");
        papers(&eve, &["everyone", "authenticated", "member"]);
    }

    fn the_anonymous_pass_everyone_alone(database) {
        papers(&server(database).anonymous().tenant("acme"), &["everyone"]);
        papers(&server(database).anonymous().tenant("globex"), &["g_everyone"]);
    }

    fn who_is_no_member_reaches_public_entities_alone(database) {
        let dan = server(database).sign_in("dan@gates.test").tenant("acme");
        papers(&dan, &["everyone", "authenticated", "for_dan"]);
        let answer = dan.answer("{ plans { totalCount } }");
        let is_hidden = answer.code() == "GRAPHQL_VALIDATION_FAILED" || answer.body["data"]["plans"]["totalCount"] == 0;
        assert!(is_hidden, "plan is not public: {}", answer.text);
        let ann = server(database).sign_in("ann@gates.test").tenant("acme");
        assert_eq!(labels(&ann, "plans"), ["plan_of_acme"]);
    }

    fn a_blocked_member_is_none(database) {
        let finn = server(database).sign_in("finn@gates.test").tenant("acme");
        papers(&finn, &["everyone", "authenticated", "crew_a1"]);
        assert_eq!(finn.refusal("{ crews { totalCount } }"), "GRAPHQL_VALIDATION_FAILED");
    }

    fn user_tokens_are_looked_up_in_the_request_s_tenant(database) {
        let server = server(database);
        // On duty, and of a crew, at Globex only.
        papers(&server.sign_in("cleo@gates.test").tenant("acme"), &["everyone", "authenticated"]);
        papers(&server.sign_in("cleo@gates.test").tenant("globex"), &["g_everyone", "g_member", "g_role", "g_duty", "g_crew"]);
        papers(&server.sign_in("gus@gates.test").tenant("acme"), &["everyone", "authenticated", "member", "role", "crew_a2"]);
        papers(&server.sign_in("gus@gates.test").tenant("globex"), &["g_everyone", "g_member", "g_duty"]);
    }

    fn an_access_field_decides_alone_and_through_two_steps(database) {
        let server = server(database);
        let anonymous = server.anonymous().tenant("acme");
        check(&anonymous, "pages", "page", &["of_everyone", "of_everyone_too"]);
        check(&anonymous, "lines", "line", &["line_of_everyone"]);
        let ann = server.sign_in("ann@gates.test").tenant("acme");
        check(&ann, "pages", "page", &["of_everyone", "of_everyone_too", "of_ann", "of_crew_a1"]);
        check(&ann, "lines", "line", &["line_of_everyone", "line_of_ann"]);
    }

    fn nested_lists_and_references_have_the_same_gate(database) {
        let ann = server(database).sign_in("ann@gates.test").tenant("acme");
        let data = ann.query("{ papers(first: 20) { nodes { label pages(first: 5) { totalCount nodes { label lines(first: 5) { totalCount nodes { label page { label paper { label } } } } } } } } }");
        let mut seen = Vec::new();
        for paper in data["papers"]["nodes"].as_array().expect("nodes") {
            assert_eq!(paper["pages"]["totalCount"], paper["pages"]["nodes"].as_array().expect("nodes").len());
            for page in paper["pages"]["nodes"].as_array().expect("nodes") {
                for line in page["lines"]["nodes"].as_array().expect("nodes") {
                    assert_eq!(line["page"]["label"], page["label"]);
                    assert_eq!(line["page"]["paper"]["label"], paper["label"]);
                    seen.push(line["label"].as_str().expect("a label").to_owned());
                }
            }
        }
        seen.sort();
        assert_eq!(seen, ["line_of_ann", "line_of_everyone"]);
    }

    fn records_all_passes_the_gate_and_not_the_tenant(database) {
        let eve = server(database).sign_in("eve@gates.test").tenant("acme");
        let data = eve.query("{ ledgers(first: 50) { totalCount nodes { label total _access { restricted } } } }");
        assert_eq!(data["ledgers"]["totalCount"], 5);
        let mut rows: Vec<String> = data["ledgers"]["nodes"].as_array().expect("nodes").iter().map(|node| {
            let restricted = node["_access"]["restricted"].as_array().expect("names");
            let names: Vec<&str> = ["label", "total"].into_iter().filter(|name| restricted.contains(&json!(name))).collect();
            format!("{} {} {names:?}", node["label"], node["total"])
        }).collect();
        rows.sort();
        let expected = [
            r#""middle" 50 []"#, r#""own" null ["total"]"#, r#""small" null ["total"]"#,
            r#"null 500 ["label"]"#, r#"null null ["label", "total"]"#,
        ];
        assert_eq!(rows, expected);
        // Without `records: all`, the owner's row only.
        let ann = server(database).sign_in("ann@gates.test").tenant("acme");
        assert_eq!(labels(&ann, "ledgers"), ["own"]);
    }

    fn protected_write_is_open_for_reading(database) {
        let ann = server(database).sign_in("ann@gates.test").tenant("acme");
        assert_eq!(labels(&ann, "rotas"), ["rota_of_acme"]);
    }

    fn list_alone_counts_and_shows_ids(database) {
        let gus = server(database).sign_in("gus@gates.test").tenant("globex");
        let data = gus.query("{ rotas { totalCount nodes { id } } }");
        assert_eq!(data["rotas"]["totalCount"], 1);
        assert!(data["rotas"]["nodes"][0]["id"].is_string());
        assert_eq!(gus.refusal("{ rotas { nodes { label } } }"), "GRAPHQL_VALIDATION_FAILED");
        // `read` opens by-id fields and `node`; without it they are not there, or find nothing.
        let id = &data["rotas"]["nodes"][0]["id"];
        let answer = gus.answer(&format!("{{ rota(id: {id}) {{ id }} }}"));
        assert!(answer.code() == "GRAPHQL_VALIDATION_FAILED" || answer.body["data"]["rota"].is_null(), "{}", answer.text);
        assert_eq!(gus.query(&format!("{{ node(id: {id}) {{ id }} }}"))["node"], json!(null));
    }

    fn people_are_the_active_members_of_the_tenant(database) {
        let ann = server(database).sign_in("ann@gates.test").tenant("acme");
        assert_eq!(sorted(&ann.query("{ users { nodes { name } } }")["users"], "name"), ["Ann", "Bo", "Eve", "Gus"]);
        let cleo = server(database).sign_in("cleo@gates.test").tenant("globex");
        assert_eq!(sorted(&cleo.query("{ users { nodes { name } } }")["users"], "name"), ["Cleo", "Gus"]);
    }

    fn rows_of_the_environment_have_no_wall(database) {
        for person in [server(database).anonymous(), server(database).anonymous().tenant("acme"), server(database).sign_in("dan@gates.test")] {
            assert_eq!(labels(&person, "notices"), ["now", "past"]);
        }
    }

    fn viewer_says_what_lets_one_in(database) {
        let ann = server(database).sign_in("ann@gates.test").tenant("acme");
        let data = ann.query("{ viewer { user { email } roles tenant { slug } memberships { tenant { slug } roles } accessTokens { match reason } } }");
        assert_eq!(data["viewer"]["user"]["email"], "ann@gates.test");
        assert_eq!(data["viewer"]["roles"], json!(["clerk"]));
        assert_eq!(data["viewer"]["tenant"]["slug"], "acme");
        assert_eq!(data["viewer"]["memberships"], json!([{"tenant": {"slug": "acme"}, "roles": ["clerk"]}]));
        let tokens = data["viewer"]["accessTokens"].to_string();
        assert!(tokens.contains("member of crew First"), "{tokens}");
        assert!(!tokens.contains("on duty"), "{tokens}");
        assert_eq!(server(database).anonymous().query("{ viewer { user { email } } }")["viewer"], json!(null));
    }
}

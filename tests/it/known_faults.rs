//! What went wrong in the systems before ours, as far as reading is concerned; for writing see `refusals`. Each is a test, so that
//! it does not come back.

use crate::sorted;
use freehold_tests::{Database, Folder, Person, Server, Start, fixture, on_both_databases};
use serde_json::json;
use std::fmt::Write;

fn gates(database: Database) -> &'static Server {
    Server::shared(&fixture("gates"), database)
}

fn rex(database: Database) -> Person<'static> {
    Server::shared(&fixture("shelf"), database).sign_in("rex@shelf.test")
}

on_both_databases! {
    fn the_gate_is_not_on_the_root_query_alone(database) {
        // Hidden books through their author, hidden reviews through nothing: they have no other way.
        let data = rex(database).query("{ authors { nodes { name books(first: 50) { totalCount nodes { number author { books { totalCount } } } } } } }");
        for author in data["authors"]["nodes"].as_array().expect("nodes") {
            let expected = if author["name"] == "Bea" { 15 } else { 0 };
            assert_eq!(author["books"]["totalCount"], expected, "{author}");
            assert_eq!(author["books"]["nodes"].as_array().map(Vec::len), Some(expected), "{author}");
        }
        // A reference to a hidden row is null, also under a row that one may see.
        let eve = gates(database).sign_in("eve@gates.test").tenant("acme");
        let data = eve.query("{ crewMembers(filter: {member: {isNull: true}}) { totalCount } memberships { nodes { user { name } } } }");
        assert_eq!(data["crewMembers"]["totalCount"], 0);
    }

    fn filters_do_not_read_what_one_may_not(database) {
        let rex = rex(database);
        let count = |filter: &str| rex.query(&format!("{{ authors(filter: {filter}) {{ totalCount }} }}"))["authors"]["totalCount"].as_u64().expect("a number");
        // The hidden books have odd numbers.
        assert_eq!(count("{books: {some: {number: {eq: 1}}}}"), 0);
        assert_eq!(count("{books: {some: {number: {eq: 2}}}}"), 1);
        assert_eq!(count("{not: {books: {none: {number: {eq: 1}}}}}"), 0);
        assert_eq!(count("{books: {every: {number: {gt: 1}}}}"), 3);
        assert_eq!(count("{books: {count: {eq: 0}}}"), 2);
    }

    fn orders_do_not_read_what_one_may_not(database) {
        // All hidden notes are alike: the order among them is that of the ids, up and down.
        let rex = rex(database);
        let numbers = |order: &str| {
            let data = rex.query(&format!("{{ books(first: 50, filter: {{note: {{isNull: true}}}}, orderBy: {order}) {{ nodes {{ number }} }} }}"));
            data["books"]["nodes"].as_array().expect("nodes").iter().filter_map(|node| node["number"].as_u64()).collect::<Vec<_>>()
        };
        assert_eq!(numbers("[{note: ASC}]"), numbers("[]"));
        let mut down = numbers("[{note: DESC}]");
        down.reverse();
        assert_eq!(down, numbers("[]"));
    }

    fn field_lists_of_every_set_count(database) {
        // Ann's fields of `paper` come from the profile's set and from the role's.
        let ann = gates(database).sign_in("ann@gates.test").tenant("acme");
        let data = ann.query(r#"{ papers(filter: {label: {eq: "owned_by_ann"}}) { nodes { label kind owner { name } crew { name } } } }"#);
        assert_eq!(data["papers"]["nodes"], json!([{"label": "owned_by_ann", "kind": "CLOSED", "owner": {"name": "Ann"}, "crew": null}]));
    }

    fn tokens_of_one_tenant_open_nothing_in_another(database) {
        let cleo = gates(database).sign_in("cleo@gates.test").tenant("acme");
        assert_eq!(sorted(&cleo.query("{ papers { nodes { label } } }")["papers"], "label"), ["authenticated", "everyone"]);
    }

    fn lookups_have_no_cap(database) {
        let folder = Folder::with_model(&fixture("gates"));
        let (mut crews, mut members) = (String::from("crew:\n"), String::from("crew_member:\n"));
        for n in 0..700 {
            writeln!(crews, "  many{n}: {{firm: acme, name: \"Crew {n}\"}}").expect("a string takes text");
            writeln!(members, "  many{n}: {{firm: acme, crew: many{n}, member: bo@gates.test}}").expect("a string takes text");
        }
        let papers = "paper:\n  many0: {firm: acme, label: many0, kind: closed, crew: many0}\n  many699: {firm: acme, label: many699, kind: closed, crew: many699}\n";
        folder.write("seed/many.yaml", &format!("{crews}{members}{papers}"));
        let server = Start::with_folder(folder, database).start();
        let bo = server.sign_in("bo@gates.test").tenant("acme");
        let found = bo.query(r#"{ papers(filter: {label: {startsWith: "many"}}) { nodes { label } } }"#);
        assert_eq!(sorted(&found["papers"], "label"), ["many0", "many699"]);
    }

    fn node_does_not_skip_the_rules_of_the_type(database) {
        let ed = Server::shared(&fixture("shelf"), database).sign_in("ed@shelf.test");
        let data = ed.query("{ hidden: bookByNumber(number: 5) { id } shown: bookByNumber(number: 2) { id } }");
        let (hidden, shown) = (&data["hidden"]["id"], &data["shown"]["id"]);
        let data = rex(database).query(&format!("{{ hidden: node(id: {hidden}) {{ id ... on Book {{ title }} }} shown: node(id: {shown}) {{ id ... on Book {{ title note }} }} book(id: {hidden}) {{ title }} }}"));
        assert_eq!(data, json!({"hidden": null, "shown": {"id": shown, "title": "Book 002", "note": null}, "book": null}));
        // A type without a rule: its rows are not there. Ledgers have rules for members alone.
        let eve = gates(database).sign_in("eve@gates.test").tenant("acme");
        let id = &eve.query("{ ledgers { nodes { id } } }")["ledgers"]["nodes"][0]["id"];
        for person in [gates(database).anonymous().tenant("acme"), gates(database).sign_in("dan@gates.test").tenant("acme"), gates(database).sign_in("cleo@gates.test").tenant("globex")] {
            assert_eq!(person.query(&format!("{{ node(id: {id}) {{ id }} }}")), json!({"node": null}));
        }
    }

    fn counts_pages_and_cursors_do_not_tell_of_hidden_rows(database) {
        let rex = rex(database);
        let data = rex.query("{ books(first: 30, orderBy: [{number: ASC}]) { totalCount pageInfo { hasNextPage hasPreviousPage } aggregate { count } groups(by: [GENRE]) { aggregate { count } } edges { cursor } } }");
        assert_eq!((&data["books"]["totalCount"], &data["books"]["aggregate"]["count"]), (&json!(30), &json!(30)));
        assert_eq!(data["books"]["pageInfo"], json!({"hasNextPage": false, "hasPreviousPage": false}));
        // The cursor of a hidden row, from somebody who sees it, opens nothing: rows behind it are one's own.
        let ed = Server::shared(&fixture("shelf"), database).sign_in("ed@shelf.test");
        let cursor = ed.query("{ books(first: 3, orderBy: [{number: ASC}]) { pageInfo { endCursor } } }")["books"]["pageInfo"]["endCursor"].clone();
        let answer = rex.answer(&format!("{{ books(first: 2, orderBy: [{{number: ASC}}], after: {cursor}) {{ nodes {{ number }} }} }}"));
        let is_own = answer.body["data"]["books"]["nodes"] == json!([{"number": 4}, {"number": 6}]);
        assert!(is_own || answer.code() == "BAD_USER_INPUT", "{}", answer.text);
    }

    fn or_of_an_object_is_no_and(database) {
        for filter in ["{or: {number: {eq: 2}, title: {eq: \"Book 002\"}}}", "{or: {number: {eq: 2}}}"] {
            assert_eq!(rex(database).answer(&format!("{{ books(filter: {filter}) {{ totalCount }} }}")).status, 400);
        }
    }

    fn empty_lists_and_null_in_filters(database) {
        let rex = rex(database);
        let count = |filter: &str| rex.query(&format!("{{ books(filter: {filter}) {{ totalCount }} }}"))["books"]["totalCount"].clone();
        assert_eq!((count("{number: {in: []}}"), count("{number: {notIn: []}}"), count("{or: []}"), count("{and: []}")), (json!(0), json!(30), json!(0), json!(30)));
        assert!(rex.answer("{ books(filter: {number: {eq: null}}) { totalCount } }").status == 400);
    }
}

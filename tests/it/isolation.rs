//! Requests of different tenants, all at once, never show each other's ids.

use freehold_tests::{Server, fixture, on_both_databases};
use serde_json::Value;
use std::collections::BTreeSet;

const QUERY: &str = "{ viewer { user { id } tenant { id } } papers(first: 50) { totalCount nodes { id label pages { nodes { id } } } } \
                     rotas { nodes { id } } node(id: \"NODE\") { id } }";

fn ids(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| match inner.as_str() {
            Some(id) if key == "id" => drop(found.insert(id.to_owned())),
            _ => ids(inner, found),
        }),
        Value::Array(items) => items.iter().for_each(|item| ids(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

on_both_databases! {
    fn tenants_asked_at_once_stay_apart(database) {
        let server = Server::shared(&fixture("gates"), database);
        let gus = server.sign_in("gus@gates.test");
        let callers = [
            gus.tenant("acme"), gus.tenant("globex"), server.sign_in("ann@gates.test").tenant("acme"), server.sign_in("cleo@gates.test").tenant("globex"),
        ];
        // Each asks for a node of the other tenant, too.
        let any = |tenant: usize| callers[tenant].query("{ papers(first: 1) { nodes { id } } }")["papers"]["nodes"][0]["id"].as_str().expect("an id").to_owned();
        let foreign = [any(1), any(0), any(1), any(0)];
        let answers: Vec<String> = (0..4).map(|at| callers[at].answer(&QUERY.replace("NODE", &foreign[at])).text).collect();

        let mut of_tenant = [BTreeSet::new(), BTreeSet::new()];
        for (at, answer) in answers.iter().enumerate() {
            let value: Value = serde_json::from_str(answer).expect("JSON");
            assert!(value["errors"].is_null() && value["data"]["node"].is_null(), "{answer}");
            let mut found = BTreeSet::new();
            ids(&value["data"], &mut found);
            found.remove(value["data"]["viewer"]["user"]["id"].as_str().expect("an id"));
            of_tenant[at % 2].extend(found);
        }
        assert!(of_tenant.iter().all(|ids| ids.len() > 3) && of_tenant[0].is_disjoint(&of_tenant[1]));

        std::thread::scope(|scope| {
            for (at, caller) in callers.iter().enumerate() {
                for _ in 0..2 {
                    let (answers, foreign) = (&answers, &foreign);
                    scope.spawn(move || {
                        for _ in 0..50 {
                            assert_eq!(caller.answer(&QUERY.replace("NODE", &foreign[at])).text, answers[at]);
                        }
                    });
                }
            }
        });
    }
}

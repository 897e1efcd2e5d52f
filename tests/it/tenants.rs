//! The wall between tenants. The model is `tests/fixtures/gates`.

use crate::sorted;
use freehold_tests::{Database, Person, Server, fixture, on_both_databases};
use serde_json::{Value, json};

fn server(database: Database) -> &'static Server {
    Server::shared(&fixture("gates"), database)
}

fn ids(person: &Person<'_>, list: &str) -> Vec<Value> {
    let data = person.query(&format!("{{ {list}(first: 50) {{ nodes {{ id }} }} }}"));
    data[list]["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .map(|node| node["id"].clone())
        .collect()
}

on_both_databases! {
    fn ids_of_another_tenant_find_nothing(database) {
        let cleo = server(database).sign_in("cleo@gates.test").tenant("globex");
        let ann = server(database).sign_in("ann@gates.test").tenant("acme");
        for (list, one) in [("papers", "paper"), ("crews", "crew"), ("crewMembers", "crewMember"), ("rotas", "rota"), ("firms", "firm"), ("memberships", "membership")] {
            for id in ids(&cleo, list) {
                let data = ann.query(&format!("{{ one: {one}(id: {id}) {{ id }} node(id: {id}) {{ id }} list: {list}(filter: {{id: {{eq: {id}}}}}) {{ totalCount }} }}"));
                assert_eq!(data, json!({"one": null, "node": null, "list": {"totalCount": 0}}), "{one}");
            }
        }
    }

    fn a_foreign_tenant_answers_as_one_that_does_not_exist(database) {
        let server = server(database);
        let foreign_id = ids(&server.sign_in("cleo@gates.test").tenant("globex"), "firms").remove(0);
        let foreign_id = foreign_id.as_str().expect("an id").to_owned();
        let unknown_id = foreign_id.chars().map(|c| if c == '1' { '2' } else { c }).rev().collect::<String>();
        let ann = server.sign_in("ann@gates.test");
        for query in [
            "{ crews { totalCount } }",
            "{ rotas { nodes { label } } }",
            "{ firms { nodes { name slug } } }",
            "{ memberships { totalCount } }",
            "{ users { nodes { name } } }",
            "{ notices { nodes { label } } }",
            "{ plans { totalCount nodes { label } } }",
            "{ viewer { user { email } roles tenant { slug } memberships { tenant { slug } roles } } }",
            "{ __schema { types { name fields { name } inputFields { name } } } }",
            "mutation { deletePaper(id: \"x\") { id } }",
            "{ nonsense }",
            "{",
        ] {
            let (foreign, unknown) = (ann.tenant("globex").answer(query), ann.tenant("nowhere").answer(query));
            assert_eq!(foreign.status, unknown.status, "{query}");
            assert_eq!(foreign.without_request_id().to_string(), unknown.without_request_id().to_string(), "{query}");
            let (foreign, unknown) = (ann.tenant(&foreign_id).answer(query), ann.tenant(&unknown_id).answer(query));
            assert_eq!(foreign.status, unknown.status, "{query} by id");
            assert_eq!(foreign.without_request_id().to_string(), unknown.without_request_id().to_string(), "{query} by id");
        }
        // Public entities show the public rows of the one, and nothing of the other.
        let query = "{ papers { nodes { label } } }";
        assert_eq!(sorted(&ann.tenant("globex").query(query)["papers"], "label"), ["g_ann", "g_everyone"]);
        assert_eq!(sorted(&ann.tenant("nowhere").query(query)["papers"], "label"), [""; 0]);
    }

    fn two_memberships_are_two_worlds(database) {
        let gus = server(database).sign_in("gus@gates.test");
        let (acme, globex) = (ids(&gus.tenant("acme"), "papers"), ids(&gus.tenant("globex"), "papers"));
        assert!(!acme.is_empty() && !globex.is_empty());
        assert!(acme.iter().all(|id| !globex.contains(id)));
        let roles = |tenant: &str| gus.tenant(tenant).query("{ viewer { roles } }")["viewer"]["roles"].clone();
        assert_eq!((roles("acme"), roles("globex")), (json!(["clerk"]), json!(["guest"])));
        // A role of one tenant is none in the other.
        assert_eq!(gus.tenant("globex").refusal("{ crews { totalCount } }"), "GRAPHQL_VALIDATION_FAILED");
        let memberships = gus.query("{ viewer { memberships { tenant { slug } roles } } }");
        let mut slugs: Vec<&str> = memberships["viewer"]["memberships"].as_array().expect("a list").iter().filter_map(|it| it["tenant"]["slug"].as_str()).collect();
        slugs.sort_unstable();
        assert_eq!(slugs, ["acme", "globex"]);
    }

    fn the_only_membership_is_chosen_without_a_header(database) {
        let ann = server(database).sign_in("ann@gates.test");
        assert_eq!(ann.query("{ viewer { tenant { slug } } }"), json!({"viewer": {"tenant": {"slug": "acme"}}}));
        assert_eq!(ids(&ann, "papers"), ids(&ann.tenant("acme"), "papers"));
        // Of two, none is.
        let gus = server(database).sign_in("gus@gates.test");
        assert_eq!(gus.query("{ viewer { tenant { slug } } }"), json!({"viewer": {"tenant": null}}));
    }

    fn a_tenant_may_be_named_by_its_id(database) {
        let ann = server(database).sign_in("ann@gates.test");
        let id = ids(&ann.tenant("acme"), "firms").remove(0);
        assert_eq!(ids(&ann.tenant(id.as_str().expect("an id")), "papers"), ids(&ann.tenant("acme"), "papers"));
    }

    fn the_tenant_entity_shows_the_request_s_tenant_alone(database) {
        let gus = server(database).sign_in("gus@gates.test");
        assert_eq!(sorted(&gus.tenant("acme").query("{ firms { totalCount nodes { slug } } }")["firms"], "slug"), ["acme"]);
    }

    fn filters_orders_and_nested_lists_do_not_reach_over(database) {
        let ann = server(database).sign_in("ann@gates.test").tenant("acme");
        for (query, expected) in [
            (r#"{ papers(filter: {label: {startsWith: "g_"}}) { totalCount } }"#, json!({"papers": {"totalCount": 0}})),
            (r#"{ crewMembers(filter: {member: {email: {eq: "cleo@gates.test"}}}) { totalCount } }"#, json!({"crewMembers": {"totalCount": 0}})),
            (r#"{ users(filter: {email: {eq: "cleo@gates.test"}}) { totalCount } }"#, json!({"users": {"totalCount": 0}})),
            ("{ crews(orderBy: [{name: ASC}]) { nodes { name members { nodes { member { name } } } } } }", json!({"crews": {"nodes": [
                {"name": "First", "members": {"nodes": [{"member": {"name": "Ann"}}]}},
                {"name": "Second", "members": {"nodes": [{"member": {"name": "Gus"}}]}},
            ]}})),
        ] {
            assert_eq!(ann.query(query), expected, "{query}");
        }
    }
}

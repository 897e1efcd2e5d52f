//! What a writer neither learns nor touches: values that a row does not show them, rows and logs of other tenants.

use crate::probe::World;
use freehold_tests::{Database, Server, fixture, on_both_databases};
use serde_json::{Value, json};

fn bazaar(database: Database) -> Server {
    Server::fresh(&fixture("bazaar"), database)
}

/// The id of a seeded row.
fn id(server: &Server, entity: &str, column: &str, value: &str) -> String {
    World::of(server).find(entity, column, value).id.clone()
}

/// How often each kind and operation is in a tenant's log, as its manager reads it.
fn log(server: &Server, manager: &str, tenant: &str) -> Vec<String> {
    let manager = server.sign_in(manager).tenant(tenant);
    let log = manager.query("{ auditLog(first: 100) { nodes { kind entity detail } } }");
    let nodes = log["auditLog"]["nodes"].as_array().expect("records").clone();
    let told =
        |node: &Value| format!("{} {} {}", node["kind"], node["entity"], node["detail"]["operation"]).replace('"', "");
    nodes
        .iter()
        .map(told)
        .filter(|record| !record.starts_with("SIGN_IN"))
        .collect()
}

on_both_databases! {
    fn an_upsert_does_not_find_rows_by_what_they_hide(database) {
        let server = bazaar(database);
        let bob = server.sign_in("bob@bazaar.test").tenant("one");
        let row = "{ projects { nodes { name hush version _access { restricted } } } }";
        let before = bob.query(row);
        assert_eq!(before["projects"]["nodes"][0]["hush"], Value::Null, "bob may write the row, and not read its key");
        let upsert = |hush: &str| {
            bob.answer(&format!("mutation {{ upsertProject(by: HUSH, input: {{name: \"S\", hush: {hush:?}}}) {{ name version }} }}"))
        };
        // What is guessed right is taken, whoever has it, and nothing else is told.
        assert_eq!(upsert("pin-4711").code(), "CONFLICT");
        assert_eq!(bob.query(row), before);
        // One's own row shows its key, and is found by it.
        assert_eq!(upsert("pin-4712").body["data"]["upsertProject"], json!({"name": "S", "version": 1}));
        assert_eq!(upsert("pin-4712").body["data"]["upsertProject"], json!({"name": "S", "version": 2}));
    }

    fn what_all_share_does_not_go_from_under_others(database) {
        let server = bazaar(database);
        let amy = server.sign_in("amy@bazaar.test").tenant("one");
        let out = server.sign_in("out@bazaar.test").tenant("two");
        let before = server.reader().tables()["thing"].clone();
        let mut said = Vec::new();
        for color in ["red", "blue", "gray", "lime"] {
            let delete = format!("mutation {{ deleteColor(id: {:?}) {{ name }} }}", id(&server, "color", "name", color));
            for person in [&amy, &out, &server.anonymous()] {
                let answer = person.answer(&delete);
                assert_eq!(answer.code(), "CONFLICT", "{color}: {}", answer.text);
                said.push(answer.body["errors"][0]["message"].clone());
            }
        }
        said.dedup();
        assert_eq!(said, [json!("the row is still referred to")], "which of the ways it would have been is not told");
        assert_eq!(server.reader().tables()["thing"], before);
        // Within one's own tenant it goes as the model says.
        let plum = id(&server, "color", "name", "plum");
        let gone = amy.query(&format!("mutation {{ deleteColor(id: {plum:?}) {{ name }} }}"));
        assert_eq!(gone, json!({"deleteColor": {"name": "plum"}}));
        assert_eq!(amy.query("{ things { totalCount } }"), json!({"things": {"totalCount": 0}}));
    }

    fn outsiders_leave_nothing_in_a_tenant_s_log(database) {
        let server = bazaar(database);
        let amy = server.sign_in("amy@bazaar.test");
        let founded = |tenant: &str, slug: &str| {
            let text = format!("mutation {{ createOrg(input: {{name: \"Q\", slug: {slug:?}}}) {{ slug }} }}");
            let created = amy.tenant(tenant).query(&text);
            assert_eq!(created, json!({"createOrg": {"slug": slug}}));
        };
        let before = log(&server, "fay@bazaar.test", "two");
        founded("two", "q1");
        founded("one", "q2");
        founded("nowhere", "q3");
        let red = id(&server, "color", "name", "red");
        let refused = amy.tenant("two").refusal(&format!("mutation {{ updateColor(id: {red:?}, input: {{name: \"pink\"}}, ifVersion: 7) {{ name }} }}"));
        assert_eq!(refused, "STALE_VERSION");
        amy.tenant("two").query(&format!("mutation {{ updateColor(id: {red:?}, input: {{name: \"pink\"}}) {{ name }} }}"));
        let missing = "mutation { updateColor(id: \"01930000-0000-8001-8000-00000000dead\", input: {name: \"x\"}) { name } }";
        assert_eq!(amy.tenant("two").refusal(missing), "NOT_FOUND");
        assert_eq!(log(&server, "fay@bazaar.test", "two"), before);
        let own = log(&server, "amy@bazaar.test", "one");
        assert!(!own.iter().any(|record| record.ends_with("create_tenant")), "{own:?}");
        assert_eq!(log(&server, "amy@bazaar.test", "q1"), ["ADMINISTRATION user create_tenant"]);
    }

    fn a_right_that_all_have_makes_nobody_an_administrator(database) {
        let server = bazaar(database);
        let bob = server.sign_in("bob@bazaar.test").tenant("one");
        bob.query("mutation { createNote(input: {text: \"x\"}) { id } }");
        let amy = server.sign_in("amy@bazaar.test").tenant("one");
        amy.query("mutation { createNote(input: {text: \"y\"}) { id } }");
        let writes: Vec<String> = log(&server, "amy@bazaar.test", "one").into_iter().filter(|record| record.starts_with("WRITE")).collect();
        assert_eq!(writes, ["WRITE note create"]);
    }

    fn a_row_does_not_answer_for_itself(database) {
        let server = bazaar(database);
        let bob = server.sign_in("bob@bazaar.test").tenant("one");
        let note = id(&server, "note", "text", "high");
        let update = |input: &str| bob.answer(&format!("mutation {{ updateNote(id: {note:?}, input: {{{input}}}) {{ grade }} }}"));
        assert_eq!(update(&format!("up: {note:?}, grade: 1")).code(), "FORBIDDEN");
        assert_eq!(update("grade: 8").body["data"], json!({"updateNote": {"grade": 8}}));
        let other = bob.query("mutation { createNote(input: {text: \"low\", grade: 1}) { id } }")["createNote"]["id"].clone();
        assert_eq!(update(&format!("up: {other}")).code(), "FORBIDDEN", "of others it is asked as ever");
    }

    fn numbers_of_json_read_alike(database) {
        let server = bazaar(database);
        let bob = server.sign_in("bob@bazaar.test").tenant("one");
        let text = "mutation($data: JSON) { createNote(input: {data: $data}) { data } }";
        let data: Value = serde_json::from_str(r#"[1e20, 1.5e-7, -0.0, 2.50, 7, 18446744073709551615, {"a": 1e-20}]"#).expect("JSON");
        let answer = bob.answer_with(text, &json!({"data": data}));
        assert!(
            answer.text.contains(r#"[1e+20,1.5e-7,0.0,2.5,7,18446744073709551615,{"a":1e-20}]"#),
            "{}",
            answer.text
        );
        let nul = bob.answer_with(text, &json!({"data": "a\u{0}"}));
        assert_eq!((nul.code(), nul.body["errors"][0]["extensions"]["problems"][0]["rule"].clone()), ("BAD_USER_INPUT", json!("nul")));
    }

    fn rows_named_the_other_way_round_are_no_deadlock(database) {
        let server = bazaar(database);
        let bob = server.sign_in("bob@bazaar.test").tenant("one");
        let cookie = bob.cookie().expect("a session").to_owned();
        let make = |text: &str| bob.query(&format!("mutation {{ createNote(input: {{text: {text:?}}}) {{ id }} }}"))["createNote"]["id"].clone();
        let (a, b) = (make("a"), make("b"));
        let text = |first: &Value, second: &Value| {
            format!("mutation {{ x: updateNote(id: {first}, input: {{text: \"1\"}}) {{ version }} y: updateNote(id: {second}, input: {{text: \"2\"}}) {{ version }} }}")
        };
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let (server, cookie) = (&server, &cookie);
                let text = if worker % 2 == 0 { text(&a, &b) } else { text(&b, &a) };
                scope.spawn(move || {
                    let bob = server.holder(cookie).tenant("one");
                    for _ in 0..10 {
                        let answer = bob.answer(&text);
                        assert_eq!(answer.code(), "", "{}", answer.text);
                    }
                });
            }
        });
        // Each was written by all of them.
        let versions = bob.query("{ notes(filter: {text: {in: [\"1\", \"2\"]}}) { nodes { version } } }");
        assert_eq!(versions, json!({"notes": {"nodes": [{"version": 41}, {"version": 41}]}}));
    }

    fn blocking_twice_is_told(database) {
        let server = bazaar(database);
        let amy = server.sign_in("amy@bazaar.test").tenant("one");
        let bob = id(&server, "user", "email", "bob@bazaar.test");
        let block = format!("mutation {{ blockMember(user: {bob:?}) {{ status }} }}");
        amy.query(&block);
        assert_eq!(amy.refusal(&block), "CONFLICT");
        assert_eq!(server.sign_in("out@bazaar.test").tenant("one").refusal(&block), "GRAPHQL_VALIDATION_FAILED");
    }
}

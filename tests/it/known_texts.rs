//! What was asked before is answered by what was made of it before: with other values, for other people, and never with less care.

use crate::probe::World;
use freehold_tests::{Answer, Database, Person, Random, Server, example, fixture, on_both_databases};
use serde_json::{Value, json};

/// Queries whose variables stand wherever a variable may, with values to choose from.
const TEXTS: [(&str, &[(&str, &str)]); 6] = [
    (
        "query($status: TicketStatus, $priorities: [TicketPriority!], $text: String, $first: Int, $by: [TicketOrderBy!]) {
           tickets(filter: {status: {eq: $status}, priority: {in: $priorities}, subject: {contains: $text, mode: INSENSITIVE}}, first: $first, orderBy: $by) {
             totalCount nodes { subject status priority } pageInfo { hasNextPage endCursor } } }",
        &[
            ("status", r#"["NEW", "OPEN", "SOLVED", null, "NOWHERE"]"#),
            ("priorities", r#"[["LOW"], ["LOW", "URGENT"], [], "NORMAL", null]"#),
            ("text", r#"["e", "PRINT", "", "%", "' or 1=1 --", "\u0000"]"#),
            ("first", "[1, 2, 5, 0, 1000000, -1, 2147483648]"),
            ("by", r#"[[{"subject": "ASC"}], [{"subject": "DESC"}], [{"team": {"name": "ASC"}}, {"createdAt": "DESC"}], {"due": "ASC"}, null]"#),
        ],
    ),
    (
        "query($with: Boolean!, $without: Boolean = false, $search: String, $offset: Int) {
           tickets(search: $search, offset: $offset, first: 3) { nodes { subject team @include(if: $with) { name } comments(first: 2) @skip(if: $without) { totalCount } } } }",
        &[
            ("with", "[true, false, null]"),
            ("without", "[true, false]"),
            ("search", r#"["the", "a e", "nothing like it", null]"#),
            ("offset", "[0, 1, 7]"),
        ],
    ),
    (
        "query($filter: TicketFilter) { tickets(filter: $filter) { totalCount } }",
        &[(
            "filter",
            r#"[null, {}, {"status": {"eq": "NEW"}}, {"status": {"eq": "OPEN"}}, {"status": {"ne": "OPEN"}}, {"not": {"status": {"eq": "OPEN"}}},
                {"or": [{"priority": {"eq": "LOW"}}, {"priority": {"eq": "URGENT"}}]}, {"or": [{"priority": {"eq": "NORMAL"}}, {"status": {"eq": "NEW"}}]},
                {"due": {"isNull": true}}, {"due": {"isNull": false}}, {"due": {"lt": "2026-01-01"}}, {"due": {"lt": "no day"}},
                {"comments": {"some": {"internal": {"eq": true}}}}, {"comments": {"some": {"internal": {"eq": false}}}}, {"comments": {"count": {"gt": 2}}},
                {"tags": {"has": "HARDWARE"}}, {"tags": {"hasAny": ["NETWORK", "SECURITY"]}}, {"hours": {"gte": "1.5"}}, {"hours": {"gte": 1.5}}, {"status": {"eq": null}}]"#,
        )],
    ),
    (
        "query($id: ID!) { ticket(id: $id) { subject } node(id: $id) { __typename id } }",
        &[("id", r#"["<0>", "<1>", "<2>", "<3>", "<4>", "nonsense", 7, "00000000-0000-8000-8000-000000000000", null]"#)],
    ),
    (
        "query($ids: [ID!], $after: String) { tickets(filter: {id: {in: $ids}}) { nodes { subject } } page: tickets(first: 2, after: $after) { nodes { subject } pageInfo { endCursor } } }",
        &[("ids", r#"[["<0>"], ["<1>"], ["<0>", "<1>"], ["<2>", "<2>"], [], null]"#), ("after", r#"["<cursor>", "nonsense", null]"#)],
    ),
    (
        "query($slug: String!, $type: String!) { articleBySlug(slug: $slug) { title } __type(name: $type) { name kind } }",
        &[("slug", r#"["vpn-at-home", "nothing", ""]"#), ("type", r#"["Ticket", "Article", "Nothing"]"#)],
    ),
];

/// Mutations whose variables stand wherever a variable may, with values to choose from. `<new>` is another text each time.
const WRITES: [(&str, &[(&str, &str)]); 4] = [
    (
        "mutation($input: TicketCreateInput!, $first: Int) {
           createTicket(input: $input) { status priority tags due hours team { name } requester { name } comments(first: $first) { totalCount } } }",
        &[
            (
                "input",
                r#"[{"subject": "<new>"}, {"subject": "<new>", "team": "<4>"}, {"subject": "<new>", "team": "<4>", "priority": "URGENT", "tags": ["NETWORK"]},
                    {"subject": "<new>", "team": "<4>", "priority": "LOW", "tags": []}, {"subject": "<new>", "team": "<4>", "priority": null, "tags": null},
                    {"subject": "<new>", "team": "<4>", "tags": ["NETWORK", "NOWHERE"]}, {"subject": "<new>", "team": "<0>"}, {"subject": ""},
                    {"subject": "<new>", "team": "<4>", "due": "2026-02-03", "hours": "1.50"}, {"subject": "<new>", "team": "<4>", "due": "2026-02-30"},
                    {"subject": "<new>", "team": "<4>", "hours": -1}, {"subject": "<new>", "team": "<4>", "iban": "GB33BUKB20201555555555"},
                    {"subject": "<new>", "team": "00000000-0000-8000-8000-000000000000"}, {"subject": null}, {}, null]"#,
            ),
            ("first", "[1, 0, -1, 1000000]"),
        ],
    ),
    (
        "mutation($id: ID!, $version: Int, $input: TicketUpdateInput!) {
           updateTicket(id: $id, ifVersion: $version, input: $input) { priority due tags hours team { name } } }",
        &[
            ("id", r#"["<0>", "<1>", "<2>", "<3>", "<4>", "nonsense", null]"#),
            ("version", "[null, null, 1000000, -1]"),
            (
                "input",
                r#"[{"priority": "LOW"}, {"priority": "URGENT"}, {"priority": "LOW", "due": null}, {"due": "2026-02-03"}, {"team": "<4>"}, {"team": null},
                    {"team": "<0>"}, {"tags": ["NETWORK"], "hours": "2.25"}, {"tags": []}, {"iban": null}, {"iban": "GB33BUKB20201555555555"},
                    {"priority": "NOWHERE"}, {"hours": "1000.01"}, {"body": "<p>b</p>"}, {}]"#,
            ),
        ],
    ),
    (
        "mutation($id: ID!, $to: TicketStatus!) { transitionTicket(id: $id, to: $to) { status } }",
        &[("id", r#"["<0>", "<1>", "<2>", "<3>"]"#), ("to", r#"["OPEN", "WAITING", "NEW", "SOLVED", "NOWHERE", null]"#)],
    ),
    (
        "mutation($one: ID!, $other: ID!, $priority: TicketPriority, $with: Boolean!) {
           one: updateTicket(id: $one, input: {priority: $priority}) { priority }
           other: updateTicket(id: $other, input: {priority: $priority}) @include(if: $with) { priority team @skip(if: $with) { name } } }",
        &[
            ("one", r#"["<0>", "<1>", "<2>"]"#),
            ("other", r#"["<1>", "<2>", "<3>"]"#),
            ("priority", r#"["LOW", "URGENT", null, "NOWHERE"]"#),
            ("with", "[true, false, null]"),
        ],
    ),
];

/// The answer, without what differs from one request to the next.
fn told(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.without_request_id())
}

on_both_databases! {
    fn a_text_that_is_known_is_answered_as_one_that_is_not(database) {
        let server = Server::shared(&example("helpdesk"), database);
        let mut random = Random::new(7);
        let people: Vec<Person<'_>> = ["ann", "bo", "eve", "finn", "hana", "ivo", "jun"]
            .map(|name| server.sign_in(&format!("{name}@acme.test")).tenant("acme"))
            .into();
        let world = World::of(server);
        // Four tickets, and a row of another entity.
        let rows = world.all_rows("ticket").iter().take(4).chain(world.all_rows("team").first());
        let ids: Vec<String> = rows.map(|row| row.id.clone()).collect();
        let cursor = people[2].query("{ tickets(first: 2) { pageInfo { endCursor } } }")["tickets"]["pageInfo"]["endCursor"].clone();
        let fill = |text: &str| {
            let text = ids.iter().enumerate().fold(text.to_owned(), |text, (index, id)| text.replace(&format!("<{index}>"), id));
            text.replace("<cursor>", cursor.as_str().expect("a cursor"))
        };
        for (number, (text, variables)) in TEXTS.iter().enumerate() {
            let choices: Vec<(&str, Vec<Value>)> = variables
                .iter()
                .map(|(name, values)| (*name, serde_json::from_str(&fill(values)).expect("JSON")))
                .collect();
            for turn in 0..60 {
                let mut given = serde_json::Map::new();
                for (name, values) in &choices {
                    if !random.one_in(5) {
                        given.insert((*name).to_owned(), random.pick(values).clone());
                    }
                }
                let given = Value::Object(given);
                let person = random.pick(&people);
                // A comment makes another text of it.
                let fresh = person.answer_with(&format!("{text} # {number}.{turn}"), &given);
                let known = person.answer_with(text, &given);
                assert_eq!(told(&known), told(&fresh), "{text}\n{given}");
            }
        }
    }

    fn a_write_that_is_known_is_written_as_one_that_is_not(database) {
        let server = Server::fresh(&example("helpdesk"), database);
        let mut random = Random::new(11);
        let people: Vec<Person<'_>> = ["ann", "bo", "eve", "finn", "hana"]
            .map(|name| server.sign_in(&format!("{name}@acme.test")).tenant("acme"))
            .into();
        let world = World::of(&server);
        let rows = world.all_rows("ticket").iter().take(4).chain(world.all_rows("team").first());
        let ids: Vec<String> = rows.map(|row| row.id.clone()).collect();
        let mut written = 0;
        for (number, (text, variables)) in WRITES.iter().enumerate() {
            for turn in 0..120 {
                let mut given: Vec<(&str, String)> = Vec::new();
                for (name, values) in *variables {
                    let values: Vec<Value> = serde_json::from_str(values).expect("JSON");
                    if !random.one_in(12) {
                        given.push((name, random.pick(&values).to_string()));
                    }
                }
                let fill = |new: &str| -> Value {
                    let filled = given.iter().map(|(name, value)| {
                        let value = ids.iter().enumerate().fold(value.clone(), |value, (index, id)| value.replace(&format!("<{index}>"), id));
                        ((*name).to_owned(), serde_json::from_str(&value.replace("<new>", new)).expect("JSON"))
                    });
                    Value::Object(filled.collect())
                };
                let person = random.pick(&people);
                // A comment makes another text of it.
                let fresh = person.answer_with(&format!("{text} # {number}.{turn}"), &fill(&format!("{number}.{turn} fresh")));
                let known = person.answer_with(text, &fill(&format!("{number}.{turn} known")));
                assert_eq!(told(&known), told(&fresh), "{text}\n{given:?}");
                written += usize::from(known.body["errors"].is_null());
            }
        }
        assert!(written > 40, "{written}");
    }

    fn rights_are_asked_of_a_write_that_is_known_too(database) {
        let server = Server::fresh(&fixture("bazaar"), database);
        let bob = server.sign_in("bob@bazaar.test").tenant("one");
        let notes = || World::of(&server).all_rows("note").len();
        let write = || bob.answer_with("mutation($text: String) { createNote(input: {text: $text}) { text } }", &json!({"text": "low"}));
        let known = |why: &str| {
            for _ in 0..3 {
                let before = notes();
                assert_eq!(write().body["data"], json!({"createNote": {"text": "low"}}), "{why}");
                assert_eq!(notes(), before + 1, "{why}");
            }
        };
        let refused = |code: &str, why: &str| {
            let before = notes();
            assert_eq!(write().code(), code, "{why}");
            assert_eq!(notes(), before, "{why}");
        };
        known("bob is a worker");
        // Past the server: it knows nothing of it until it is asked.
        server.execute(match database {
            Database::Sqlite => "UPDATE membership SET roles = '[]' WHERE roles LIKE '%worker%'",
            Database::Postgres => "UPDATE membership SET roles = '{}' WHERE 'worker' = ANY(roles)",
        });
        refused("GRAPHQL_VALIDATION_FAILED", "he has no role");
        server.execute(match database {
            Database::Sqlite => "UPDATE membership SET roles = '[\"worker\"]' WHERE roles = '[]'",
            Database::Postgres => "UPDATE membership SET roles = '{worker}' WHERE roles = '{}'",
        });
        known("he has it again");
        server.execute("UPDATE membership SET status = 'blocked'");
        refused("GRAPHQL_VALIDATION_FAILED", "he is blocked");
        server.execute("UPDATE membership SET status = 'active'");
        known("he is back");
        server.execute("UPDATE \"user\" SET status = 'blocked' WHERE email = 'bob@bazaar.test'");
        refused("UNAUTHENTICATED", "he is blocked everywhere");
        server.execute("UPDATE \"user\" SET status = 'active'");
        known("and let in again");
        server.execute("UPDATE fh_session SET last_seen_at = 0");
        refused("UNAUTHENTICATED", "he has been away too long");
        server.execute("DELETE FROM fh_session");
        refused("UNAUTHENTICATED", "his session is over");
    }

    fn what_is_part_of_a_program_is_not_taken_for_another_value(database) {
        let server = Server::fresh(&fixture("bazaar"), database);
        let bob = server.sign_in("bob@bazaar.test").tenant("one");
        for (data, grade) in [(json!({"a": 1, "b": "x"}), 1), (json!({"a": 2, "b": "x"}), 2), (json!({"a": 2, "b": "y"}), 3)] {
            bob.query_with("mutation($data: JSON, $grade: Int) { createNote(input: {data: $data, grade: $grade}) { id } }", &json!({"data": data, "grade": grade}));
        }
        // JSON that is compared is a part of the program, variables inside it too.
        let text = "query($value: JSON!, $path: [String!]) { notes(filter: {data: {path: $path, in: [$value, \"z\"]}}, orderBy: [{grade: ASC}]) { nodes { grade } } }";
        for _ in 0..2 {
            for (path, value, found) in [("a", json!(1), json!([1])), ("a", json!(2), json!([2, 3])), ("b", json!("x"), json!([1, 2])), ("b", json!("y"), json!([3])), ("c", json!("y"), json!([]))] {
                let data = bob.query_with(text, &json!({"value": value, "path": [path]}));
                let grades: Vec<&Value> = data["notes"]["nodes"].as_array().expect("nodes").iter().map(|node| &node["grade"]).collect();
                assert_eq!(json!(grades), found, "{path} {value}");
            }
        }
    }

    fn rights_are_asked_of_what_is_known_too(database) {
        let server = Server::fresh(&fixture("bazaar"), database);
        let amy = server.sign_in("amy@bazaar.test").tenant("one");
        let bob = server.sign_in("bob@bazaar.test").tenant("one");
        let ask = || bob.answer_with("query($text: String) { notes(filter: {text: {eq: $text}}) { totalCount } }", &json!({"text": "high"}));
        let known = |why: &str| {
            for _ in 0..3 {
                assert_eq!(ask().body["data"], json!({"notes": {"totalCount": 1}}), "{why}");
            }
        };
        known("bob is a worker");
        let id = &World::of(&server).find("user", "email", "bob@bazaar.test").id.clone();
        amy.query(&format!("mutation {{ blockMember(user: {id:?}) {{ status }} }}"));
        assert_eq!(ask().code(), "GRAPHQL_VALIDATION_FAILED", "he is blocked");
        server.execute("UPDATE membership SET status = 'active'");
        known("he is back");
        // Past the server: it knows nothing of it until it is asked.
        server.execute(match database {
            Database::Sqlite => "UPDATE membership SET roles = '[]' WHERE roles LIKE '%worker%'",
            Database::Postgres => "UPDATE membership SET roles = '{}' WHERE 'worker' = ANY(roles)",
        });
        assert_eq!(ask().code(), "GRAPHQL_VALIDATION_FAILED", "he has no role");
        server.execute(match database {
            Database::Sqlite => "UPDATE membership SET roles = '[\"worker\"]' WHERE roles = '[]'",
            Database::Postgres => "UPDATE membership SET roles = '{worker}' WHERE roles = '{}'",
        });
        known("he has it again");
        server.execute("UPDATE \"user\" SET status = 'blocked' WHERE email = 'bob@bazaar.test'");
        assert_eq!(ask().code(), "UNAUTHENTICATED", "he is blocked everywhere");
        server.execute("UPDATE \"user\" SET status = 'active'");
        known("and let in again");
        server.execute("DELETE FROM fh_session");
        assert_eq!(ask().code(), "UNAUTHENTICATED", "his session is over");
        assert_eq!(ask().code(), "UNAUTHENTICATED");
    }

    fn what_is_known_of_one_tenant_is_nothing_of_another(database) {
        let server = Server::fresh(&fixture("bazaar"), database);
        let text = "query($name: String) { things(filter: {name: {eq: $name}}) { nodes { name } } }";
        let (amy, fay) = (server.sign_in("amy@bazaar.test"), server.sign_in("fay@bazaar.test"));
        for _ in 0..4 {
            for (person, tenant, name, found) in [
                (&amy, "one", "ours", 1), (&fay, "two", "hued", 1), (&amy, "one", "hued", 0), (&fay, "two", "ours", 0),
            ] {
                let data = person.tenant(tenant).query_with(text, &json!({"name": name}));
                assert_eq!(data["things"]["nodes"].as_array().map(Vec::len), Some(found), "{tenant} {name}");
            }
            for (person, tenant) in [(&amy, "two"), (&fay, "one"), (&amy, "nowhere")] {
                assert_eq!(person.tenant(tenant).answer_with(text, &json!({"name": "ours"})).code(), "GRAPHQL_VALIDATION_FAILED");
            }
        }
    }
}

//! Writes that go through: what each kind of mutation stores and answers.

use freehold_tests::{Database, Person, Server, fixture, on_both_databases};
use serde_json::{Value, json};

/// A server, and Ann of the red crew.
fn guild(database: Database) -> Server {
    Server::fresh(&fixture("guild"), database)
}

fn ann(server: &Server) -> Person<'_> {
    server.sign_in("ann@guild.test").tenant("acme")
}

/// The answer to `mutation { … }`.
#[track_caller]
fn write(person: &Person<'_>, text: &str) -> Value {
    person.query(&format!("mutation {{ {text} }}"))
}

/// The id of a job that the person sees.
fn job(person: &Person<'_>, title: &str) -> String {
    let found = person.query(&format!("{{ jobByTitle(title: {title:?}) {{ id }} }}"));
    found["jobByTitle"]["id"].as_str().expect("an id").to_owned()
}

/// The id of a crew.
fn crew(person: &Person<'_>, name: &str) -> String {
    let found = person.query(&format!(
        "{{ crews(filter: {{name: {{eq: {name:?}}}}}) {{ nodes {{ id }} }} }}"
    ));
    found["crews"]["nodes"][0]["id"].as_str().expect("an id").to_owned()
}

on_both_databases! {
    fn a_row_is_made_changed_moved_and_removed(database) {
        let server = guild(database);
        let ann = ann(&server);
        let red = crew(&ann, "Red");
        let made = write(&ann, &format!("createJob(input: {{title: \"Tower\", crew: {red:?}}}) {{ id title hours state kind number version owner {{ name }} crew {{ name }} }}"));
        let made = &made["createJob"];
        assert_eq!(
            (&made["title"], &made["hours"], &made["state"], &made["kind"], &made["number"], &made["version"]),
            (&json!("Tower"), &json!(1), &json!("NEW"), &json!("PLAIN"), &json!(5), &json!(1))
        );
        assert_eq!((&made["owner"]["name"], &made["crew"]["name"]), (&json!("Ann"), &json!("Red")));
        let id = made["id"].as_str().expect("an id");
        let changed = write(&ann, &format!("updateJob(id: {id:?}, input: {{hours: 7}}, ifVersion: 1) {{ hours version createdAt updatedAt }}"));
        assert_eq!((&changed["updateJob"]["hours"], &changed["updateJob"]["version"]), (&json!(7), &json!(2)));
        assert_ne!(changed["updateJob"]["createdAt"], changed["updateJob"]["updatedAt"]);
        let moved = write(&ann, &format!("transitionJob(id: {id:?}, to: OPEN) {{ state version }}"));
        assert_eq!(moved["transitionJob"], json!({"state": "OPEN", "version": 3}));
        // What is answered of a removed row is what it was.
        let removed = write(&ann, &format!("deleteJob(id: {id:?}) {{ title hours state version }}"));
        assert_eq!(removed["deleteJob"], json!({"title": "Tower", "hours": 7, "state": "OPEN", "version": 3}));
        assert_eq!(ann.query(&format!("{{ job(id: {id:?}) {{ id }} }}")), json!({"job": null}));
    }

    fn root_fields_run_in_order_and_see_each_other(database) {
        let server = guild(database);
        let ann = ann(&server);
        let data = write(&ann, "first: createJob(input: {title: \"One\"}) { number title } \
                                again: upsertJob(by: TITLE, input: {title: \"One\", hours: 3}) { number hours version } \
                                __typename \
                                gone: deleteJobs(filter: {title: {eq: \"One\"}}) { title hours } \
                                third: createJob(input: {title: \"One\"}) { number }");
        assert_eq!(
            data.to_string(),
            json!({
                "first": {"number": 5, "title": "One"},
                "again": {"number": 5, "hours": 3, "version": 2},
                "__typename": "Mutation",
                "gone": [{"title": "One", "hours": 3}],
                "third": {"number": 6},
            })
            .to_string()
        );
    }

    fn lists_are_written_with_their_row(database) {
        let server = guild(database);
        let ann = ann(&server);
        let roof = job(&ann, "Roof");
        let data = write(&ann, "createJob(input: {title: \"Hut\", tasks: {create: [{text: \"Door\"}, {text: \"Window\", done: true}]}}) { id tasks { totalCount nodes { id text done job { title } } } }");
        let tasks = &data["createJob"]["tasks"];
        assert_eq!(tasks["totalCount"], 2);
        assert_eq!(tasks["nodes"][1]["job"]["title"], "Hut");
        let (door, window) = (&tasks["nodes"][0]["id"], &tasks["nodes"][1]["id"]);
        let hut = data["createJob"]["id"].as_str().expect("an id");
        let data = write(&ann, &format!("updateJob(id: {hut:?}, input: {{hours: 2, tasks: {{delete: [{window}], update: [{{id: {door}, input: {{done: true}}, ifVersion: 1}}], create: [{{text: \"Step\"}}]}}}}) {{ version tasks {{ nodes {{ text done }} }} }}"));
        assert_eq!(
            data["updateJob"],
            json!({"version": 2, "tasks": {"nodes": [{"text": "Door", "done": true}, {"text": "Step", "done": false}]}})
        );
        let data = write(&ann, &format!("updateJob(id: {roof:?}, input: {{tasks: {{connect: [{door}]}}}}) {{ version tasks {{ nodes {{ text }} }} }}"));
        assert_eq!(data["updateJob"], json!({"version": 1, "tasks": {"nodes": [{"text": "Nail"}, {"text": "Door"}]}}));
    }

    fn values_come_by_variables(database) {
        let server = guild(database);
        let ann = ann(&server);
        let create = "mutation ($input: JobCreateInput!) { createJob(input: $input) { title hours kind crew { name } } }";
        let input = json!({"title": "'; DROP TABLE job; --", "hours": 4, "kind": "SECRET", "crew": crew(&ann, "Red")});
        let data = ann.query_with(create, &json!({ "input": input }));
        assert_eq!(data["createJob"], json!({"title": "'; DROP TABLE job; --", "hours": 4, "kind": "SECRET", "crew": {"name": "Red"}}));
        let many = "mutation ($inputs: [JobCreateInput!]!, $first: String!) { createJobs(input: $inputs) { title } one: createJob(input: {title: $first}) { title } }";
        let data = ann.query_with(many, &json!({"inputs": [{"title": "b"}, {"title": "a"}], "first": "c"}));
        assert_eq!(data, json!({"createJobs": [{"title": "b"}, {"title": "a"}], "one": {"title": "c"}}));
    }

    fn a_row_that_is_out_of_sight_is_answered_with_null(database) {
        let server = guild(database);
        let dan = server.sign_in("dan@guild.test").tenant("acme");
        let people = dan.query("{ users { nodes { id name } } }");
        let people = people["users"]["nodes"].as_array().expect("people");
        let ann_id = people.iter().find(|person| person["name"] == "Ann").expect("Ann")["id"].clone();
        let gift = job(&dan, "Gift");
        let answer = dan.answer(&format!("mutation {{ updateJob(id: {gift:?}, input: {{owner: {ann_id}}}) {{ title }} }}"));
        assert_eq!((answer.status, &answer.body["data"], &answer.body["errors"]), (200, &json!({"updateJob": null}), &Value::Null));
        assert_eq!(ann(&server).query("{ jobByTitle(title: \"Gift\") { owner { name } } }")["jobByTitle"]["owner"]["name"], "Ann");
    }

    fn a_refusal_has_its_place(database) {
        let server = guild(database);
        let ann = ann(&server);
        let (roof, wall) = (job(&ann, "Roof"), job(&ann, "Wall"));
        let answer = ann.answer(&format!("mutation {{ a: updateJob(id: {roof:?}, input: {{hours: 2}}) {{ id }} b: updateJob(id: {wall:?}, input: {{hours: 2}}) {{ id }} }}"));
        assert_eq!((answer.status, answer.code(), &answer.body["data"]), (403, "FORBIDDEN", &Value::Null), "{}", answer.text);
        assert_eq!(answer.body["errors"][0]["path"], json!(["b"]), "{}", answer.text);
        let stale = ann.answer(&format!("mutation {{ a: updateJob(id: {roof:?}, input: {{hours: 2}}, ifVersion: 9) {{ id }} }}"));
        assert_eq!((stale.status, stale.code()), (409, "STALE_VERSION"), "{}", stale.text);
        assert!(stale.body["errors"][0]["message"].as_str().expect("a message").contains("its version is 1, not 9"), "{}", stale.text);
        // All wrong values at once, and before anything is asked.
        let wrong = ann.answer("mutation { createJob(input: {title: \"01234567890123456789012345678901234567890\", hours: -1}) { id } }");
        assert_eq!((wrong.status, wrong.code()), (400, "BAD_USER_INPUT"), "{}", wrong.text);
        assert_eq!(wrong.body["errors"][0]["extensions"]["problems"].as_array().map(Vec::len), Some(2), "{}", wrong.text);
    }
}

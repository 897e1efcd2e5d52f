//! What went wrong with writes in the systems before ours, and what a refusal may tell. Each is a test, so that it does not come back.

use freehold_tests::{Answer, Database, Person, Reader, Server, Tables, fixture, on_both_databases};
use serde_json::{Value, json};
use std::collections::HashMap;

/// A server, and what its rows are called.
struct Guild {
    server: Server,
    reader: Reader,
    ids: HashMap<String, String>,
}

impl Guild {
    fn new(database: Database) -> Self {
        let server = Server::fresh(&fixture("guild"), database);
        let reader = server.reader();
        let mut ids = HashMap::new();
        for (table, column) in [("job", "title"), ("task", "text"), ("crew", "name"), ("user", "name")] {
            for row in &reader.tables()[table] {
                let text = |key: &str| row[key].as_str().expect("a text").to_owned();
                ids.insert(text(column).to_lowercase(), text("id"));
            }
        }
        Self { server, reader, ids }
    }

    fn person(&self, name: &str) -> Person<'_> {
        let tenant = if name == "cleo" { "globex" } else { "acme" };
        self.server.sign_in(&format!("{name}@guild.test")).tenant(tenant)
    }

    /// The text with ids in the place of `<names>`.
    fn fill(&self, text: &str) -> String {
        let fill =
            |text: String, (name, id): (&String, &String)| text.replace(&format!("<{name}>"), &format!("{id:?}"));
        self.ids.iter().fold(text.to_owned(), fill)
    }

    fn send(&self, name: &str, text: &str) -> Answer {
        self.person(name).answer(&self.fill(text))
    }

    /// Everything that is stored, but for when sessions were used, who tried to sign in, and what was noted of refusals.
    fn stored(&self) -> Tables {
        let mut tables = self.reader.tables();
        tables.retain(|name, _| {
            !["fh_session", "fh_audit", "fh_rate"]
                .iter()
                .any(|kind| name.starts_with(kind))
        });
        tables
    }

    /// Carries it out, or fails the test.
    fn done(&self, name: &str, text: &str) -> Value {
        let answer = self.send(name, text);
        assert!(
            answer.body["errors"].is_null() && answer.status == 200,
            "{name}: {text}\n  {}\n{}",
            answer.text,
            self.server.complaints()
        );
        answer.body["data"].clone()
    }

    /// Refuses it with that code, and leaves everything as it was.
    fn refused(&self, name: &str, text: &str, code: &str) -> Answer {
        let person = self.person(name);
        let before = self.stored();
        let answer = person.answer(&self.fill(text));
        assert_eq!(
            answer.code(),
            code,
            "{name}: {text}\n  {}\n{}",
            answer.text,
            self.server.complaints()
        );
        assert!(answer.body["data"].is_null(), "{}", answer.text);
        let after = self.stored();
        for (table, rows) in &after {
            assert_eq!(
                before.get(table),
                Some(rows),
                "{name}: {text}\n  was refused with {code}, and changed `{table}`"
            );
        }
        answer
    }
}

on_both_databases! {
    fn a_row_is_not_pointed_at_oneself(database) {
        let guild = Guild::new(database);
        // The wall is the blue crew's. Ann, of the red one, sees it, and may not take it.
        guild.refused("ann", "mutation { updateJob(id: <wall>, input: {crew: <red>}) { id } }", "FORBIDDEN");
        guild.refused("ann", "mutation { updateJob(id: <wall>, input: {crew: <red>, hours: 3}) { id } }", "FORBIDDEN");
        guild.refused("ann", "mutation { upsertJob(by: TITLE, input: {title: \"Wall\", crew: <red>}) { id } }", "FORBIDDEN");
        // Her own she may give away; then it is gone for her.
        guild.done("ann", "mutation { updateJob(id: <roof>, input: {crew: <blue>}) { id } }");
        guild.refused("ann", "mutation { updateJob(id: <roof>, input: {crew: <red>}) { id } }", "FORBIDDEN");
    }

    fn the_parent_is_the_stored_one(database) {
        let guild = Guild::new(database);
        // The brick stands with the wall, whatever Ann says about it.
        guild.refused("ann", "mutation { updateTask(id: <brick>, input: {job: <roof>}) { id } }", "FORBIDDEN");
        guild.refused("ann", "mutation { updateTask(id: <brick>, input: {job: <roof>, done: true}) { id } }", "FORBIDDEN");
        guild.refused("ann", "mutation { deleteTask(id: <brick>) { id } }", "FORBIDDEN");
        guild.refused("ann", "mutation { updateJob(id: <roof>, input: {tasks: {connect: [<brick>]}}) { id } }", "FORBIDDEN");
        for nested in ["delete: [<brick>]", "update: [{id: <brick>, input: {done: true}}]", "disconnect: [<brick>]"] {
            guild.refused("ann", &format!("mutation {{ updateJob(id: <roof>, input: {{tasks: {{{nested}}}}}) {{ id }} }}"), "NOT_FOUND");
        }
        // Moving one's own under another's is writing there.
        guild.refused("ann", "mutation { updateTask(id: <nail>, input: {job: <wall>}) { id } }", "FORBIDDEN");
        guild.refused("ann", "mutation { updateTask(id: <nail>, input: {job: <vault>}) { id } }", "NOT_FOUND");
        guild.refused("ann", "mutation { createTask(input: {text: \"x\", job: <wall>}) { id } }", "FORBIDDEN");
        guild.refused("ann", "mutation { createTask(input: {text: \"x\", job: <vault>}) { id } }", "NOT_FOUND");
        guild.refused("ann", "mutation { createTask(input: {text: \"x\"}) { id } }", "FORBIDDEN");
        guild.done("ann", "mutation { createTask(input: {text: \"x\", job: <roof>}) { id } }");
    }

    fn an_old_owner_has_no_access(database) {
        let guild = Guild::new(database);
        // Given away, it takes no more children from him: a parent that he cannot read is like none.
        guild.refused("dan", "mutation { updateJob(id: <gift>, input: {owner: <ann>, tasks: {create: [{text: \"x\"}]}}) { id } }", "NOT_FOUND");
        let data = guild.done("dan", "mutation { updateJob(id: <gift>, input: {owner: <ann>}) { id } }");
        // It is secret, and his no more: he does not even see that he has written it.
        assert_eq!(data, json!({"updateJob": null}));
        for write in ["updateJob(id: <gift>, input: {hours: 2})", "deleteJob(id: <gift>)", "transitionJob(id: <gift>, to: OPEN)"] {
            guild.refused("dan", &format!("mutation {{ {write} {{ id }} }}"), "NOT_FOUND");
        }
        guild.done("ann", "mutation { updateJob(id: <gift>, input: {hours: 2}) { id } }");
    }

    fn write_lists_of_every_set_count_and_do_not_mix(database) {
        let guild = Guild::new(database);
        // Bo's `hours` come from the first set, his `price` from the second. No one rule has both.
        guild.done("bo", "mutation { updateJob(id: <wall>, input: {hours: 4}) { id } }");
        guild.done("bo", "mutation { updateJob(id: <wall>, input: {price: 40}) { id } }");
        guild.refused("bo", "mutation { updateJob(id: <wall>, input: {hours: 4, price: 40}) { id } }", "FORBIDDEN");
        // The price he may set everywhere, the hours not.
        guild.done("bo", "mutation { updateJob(id: <roof>, input: {price: 40}) { id } }");
        guild.refused("bo", "mutation { updateJob(id: <roof>, input: {hours: 4}) { id } }", "FORBIDDEN");
        // The first set's check is not the second one's.
        guild.refused("bo", "mutation { updateJob(id: <wall>, input: {hours: 9}) { id } }", "FORBIDDEN");
    }

    fn creations_are_judged(database) {
        let guild = Guild::new(database);
        guild.done("ann", "mutation { createJob(input: {title: \"New\", crew: <red>, hours: 8}) { id } }");
        guild.refused("ann", "mutation { createJob(input: {title: \"Long\", crew: <red>, hours: 9}) { id } }", "FORBIDDEN");
        guild.refused("ann", "mutation { createJob(input: {title: \"Far\", crew: <far>}) { id } }", "NOT_FOUND");
        guild.refused("ann", "mutation { createJob(input: {title: \"Own\", crew: <red>, owner: <bo>}) { id } }", "GRAPHQL_VALIDATION_FAILED");
        guild.refused("ann", "mutation { createJob(input: {title: \"Own\", crew: <red>, state: DONE}) { id } }", "GRAPHQL_VALIDATION_FAILED");
        guild.refused("ann", "mutation { createJob(input: {title: \"Own\", tasks: {create: [{text: \"a\"}, {text: \"b\"}]}, hours: 9}) { id } }", "FORBIDDEN");
        // A member of another firm, and nobody.
        let text = guild.fill("mutation { createJob(input: {title: \"Own\"}) { id } }");
        for person in [guild.server.sign_in("ann@guild.test").tenant("globex"), guild.server.anonymous().tenant("acme"), guild.server.anonymous()] {
            let before = guild.stored();
            assert_eq!(person.answer(&text).status, 400, "nothing can be written there");
            assert_eq!(guild.stored(), before);
        }
    }

    fn hidden_and_missing_are_the_same_answer(database) {
        let guild = Guild::new(database);
        let missing = format!("{}-000000000000", guild.ids["vault"].rsplit_once('-').expect("an id").0);
        let gone = guild.done("bo", "mutation { createJob(input: {title: \"Gone\", crew: <blue>, tasks: {create: [{text: \"Gone too\"}]}}) { id tasks { nodes { id } } } }");
        let task_gone = gone["createJob"]["tasks"]["nodes"][0]["id"].as_str().expect("an id").to_owned();
        let gone = gone["createJob"]["id"].as_str().expect("an id").to_owned();
        guild.done("bo", &format!("mutation {{ deleteJob(id: {gone:?}) {{ id }} }}"));
        // Hidden, of another firm, never there, there once, and of another kind: to a job and to a task.
        let jobs = [guild.ids["vault"].as_str(), &guild.ids["moon"], &missing, &gone, &guild.ids["red"]];
        let tasks = [guild.ids["lock"].as_str(), &guild.ids["dust"], &missing, &task_gone, &guild.ids["red"]];
        for (text, ids) in [
            ("updateJob(id: ID, input: {hours: 2}) { id }", jobs),
            ("updateJob(id: ID, input: {}) { id }", jobs),
            ("updateJob(id: ID, input: {hours: 2}, ifVersion: 1) { id }", jobs),
            ("updateJob(id: ID, input: {hours: 2}, ifVersion: 9) { id }", jobs),
            ("deleteJob(id: ID) { id }", jobs),
            ("deleteJob(id: ID, ifVersion: 7) { id }", jobs),
            ("transitionJob(id: ID, to: OPEN) { id }", jobs),
            ("createTask(input: {text: \"x\", job: ID}) { id }", jobs),
            ("updateTask(id: <nail>, input: {job: ID}) { id }", jobs),
            ("updateTask(id: ID, input: {done: true}) { id }", tasks),
            ("deleteTask(id: ID) { id }", tasks),
            ("updateJob(id: <roof>, input: {tasks: {update: [{id: ID, input: {done: true}}]}}) { id }", tasks),
            ("updateJob(id: <roof>, input: {tasks: {delete: [ID]}}) { id }", tasks),
            ("updateJob(id: <roof>, input: {tasks: {connect: [ID]}}) { id }", tasks),
            ("updateJob(id: <roof>, input: {tasks: {disconnect: [ID]}}) { id }", tasks),
            ("createJob(input: {title: \"y\", tasks: {connect: [ID]}}) { id }", tasks),
        ] {
            let answers = ids.map(|id| {
                let text = text.replace("ID", &format!("{id:?}"));
                let answer = guild.refused("ann", &format!("mutation {{ it: {text} }}"), "NOT_FOUND");
                let request = answer.body["errors"][0]["extensions"]["requestId"].as_str().expect("an id of the request").to_owned();
                (answer.status, answer.content_type, answer.text.replace(&request, "REQUEST"))
            });
            for answer in &answers[1..] {
                assert_eq!(*answer, answers[0], "{text}");
            }
        }
    }

    fn versions_are_told_to_those_who_may_write(database) {
        let guild = Guild::new(database);
        guild.refused("ann", "mutation { updateJob(id: <roof>, input: {hours: 2}, ifVersion: 2) { id } }", "STALE_VERSION");
        guild.refused("ann", "mutation { updateJob(id: <wall>, input: {hours: 2}, ifVersion: 2) { id } }", "FORBIDDEN");
        guild.refused("ann", "mutation { deleteJob(id: <wall>, ifVersion: 2) { id } }", "FORBIDDEN");
        let data = guild.done("ann", "mutation { updateJob(id: <roof>, input: {hours: 2}, ifVersion: 1) { version } }");
        assert_eq!(data["updateJob"]["version"], 2);
        // To write what one may not is a refusal, whatever the value: else it could be guessed.
        for hours in [2, 3] {
            guild.refused("ann", &format!("mutation {{ updateJob(id: <wall>, input: {{hours: {hours}}}) {{ id }} }}"), "FORBIDDEN");
        }
    }

    fn a_taken_key_tells_nothing_of_who_has_it(database) {
        let guild = Guild::new(database);
        // The wall is seen by Ann, the vault is not; of another firm nothing is taken.
        let seen = guild.refused("ann", "mutation { createJob(input: {title: \"Wall\", crew: <red>}) { id } }", "CONFLICT");
        let unseen = guild.refused("ann", "mutation { createJob(input: {title: \"Vault\", crew: <red>}) { id } }", "CONFLICT");
        assert_eq!(seen.without_request_id(), unseen.without_request_id());
        assert!(!unseen.text.contains("Vault") && !unseen.text.contains(&guild.ids["vault"]), "{}", unseen.text);
        let renamed = guild.refused("ann", "mutation { updateJob(id: <roof>, input: {title: \"Vault\"}) { id } }", "CONFLICT");
        assert!(!renamed.text.contains("Vault"), "{}", renamed.text);
        guild.refused("ann", "mutation { upsertJob(by: TITLE, input: {title: \"Vault\", hours: 2}) { id } }", "CONFLICT");
        guild.done("ann", "mutation { createJob(input: {title: \"Moon\", crew: <red>}) { id } }");
        // A row that may not be added is refused alike, whether somebody unseen has its key or nobody.
        let taken = guild.refused("ann", "mutation { upsertJob(by: TITLE, input: {title: \"Vault\", hours: 9}) { id } }", "FORBIDDEN");
        let free = guild.refused("ann", "mutation { upsertJob(by: TITLE, input: {title: \"Free\", hours: 9}) { id } }", "FORBIDDEN");
        assert_eq!(taken.without_request_id(), free.without_request_id());
        // Whoever may not write at all is not told of keys.
        guild.refused("ann", "mutation { updateJob(id: <wall>, input: {title: \"Vault\"}) { id } }", "FORBIDDEN");
        guild.refused("ann", "mutation { createJob(input: {title: \"Vault\", hours: 9}) { id } }", "FORBIDDEN");
    }

    fn filters_of_bulk_writes_find_what_is_seen(database) {
        let guild = Guild::new(database);
        let titles = |data: &Value, key: &str| {
            let rows = data[key].as_array().expect("rows").iter();
            let mut titles: Vec<String> = rows.map(|row| row["title"].as_str().unwrap_or_default().to_owned()).collect();
            titles.sort();
            titles
        };
        let data = guild.done("ann", "mutation { updateJobs(filter: {crew: {name: {eq: \"Red\"}}}, input: {hours: 3}, atMost: 5) { title } }");
        assert_eq!(titles(&data, "updateJobs"), ["Roof"]);
        // The vault is not found, so nothing is refused because of it; the wall is.
        let data = guild.done("ann", "mutation { updateJobs(filter: {kind: {eq: SECRET}}, input: {hours: 3}, atMost: 5) { title } deleteJobs(filter: {title: {startsWith: \"Va\"}}) { title } }");
        assert_eq!((titles(&data, "updateJobs"), titles(&data, "deleteJobs")), (vec![], vec![]));
        guild.refused("ann", "mutation { updateJobs(filter: {}, input: {hours: 3}, atMost: 5) { title } }", "FORBIDDEN");
        let answer = guild.refused("ann", "mutation { updateJobs(filter: {}, input: {hours: 3}) { title } }", "LIMIT_EXCEEDED");
        let extensions = &answer.body["errors"][0]["extensions"];
        assert_eq!((&extensions["limit"], &extensions["found"]), (&json!(1), &json!(2)), "{}", answer.text);
        // How many more there are is told by no number.
        let answer = guild.refused("ann", "mutation { deleteJobs(filter: {title: {ne: \"x\"}}) { title } }", "LIMIT_EXCEEDED");
        assert_eq!(answer.body["errors"][0]["extensions"]["found"], 2, "{}", answer.text);
    }

    fn nothing_of_a_refused_operation_happens(database) {
        let guild = Guild::new(database);
        let before = guild.stored();
        guild.refused("ann", "mutation {
            a: createJob(input: {title: \"A\", crew: <red>, tasks: {create: [{text: \"1\"}, {text: \"2\"}]}}) { id }
            b: updateJob(id: <roof>, input: {hours: 5}) { id }
            c: deleteTask(id: <nail>) { id }
            d: updateJob(id: <wall>, input: {hours: 5}) { id }
        }", "FORBIDDEN");
        guild.refused("ann", "mutation { a: createJobs(input: [{title: \"A\"}, {title: \"B\"}, {title: \"A\"}]) { id } }", "CONFLICT");
        guild.refused("ann", "mutation { a: createJob(input: {title: \"A\", tasks: {create: [{text: \"1\"}], connect: [<brick>]}}) { id } }", "FORBIDDEN");
        assert_eq!(guild.stored(), before);
        // The numbers of the refused ones were not taken.
        let data = guild.done("ann", "mutation { a: createJob(input: {title: \"A\"}) { number } }");
        assert_eq!(data["a"]["number"], 5);
    }

    fn what_goes_with_a_row_is_one_s_own_to_delete(database) {
        let guild = Guild::new(database);
        // Bo may delete the wall, and with it the brick; nobody deletes a crew.
        guild.refused("bo", "mutation { deleteCrew(id: <blue>) { id } }", "GRAPHQL_VALIDATION_FAILED");
        let data = guild.done("bo", "mutation { deleteJob(id: <wall>) { title tasks { nodes { text } } } }");
        assert_eq!(data, json!({"deleteJob": {"title": "Wall", "tasks": {"nodes": [{"text": "Brick"}]}}}));
        assert!(guild.stored()["task"].iter().all(|row| row["text"] != "Brick"));
    }

    fn too_much_at_once_is_refused(database) {
        let guild = Guild::new(database);
        let jobs = |count: usize| {
            let rows: Vec<String> = (0..count).map(|number| format!("{{title: \"T{number}\"}}")).collect();
            format!("mutation {{ createJobs(input: [{}]) {{ __typename }} }}", rows.join(", "))
        };
        guild.refused("ann", &jobs(1001), "LIMIT_EXCEEDED");
        guild.refused("ann", "mutation { deleteJobs(filter: {}, atMost: 1001) { id } }", "BAD_USER_INPUT");
        assert_eq!(guild.done("ann", &jobs(300))["createJobs"].as_array().map(Vec::len), Some(300));
        assert_eq!(guild.stored()["job"].len(), 305);
    }

    fn nothing_is_written_by_get(database) {
        let guild = Guild::new(database);
        let before = guild.stored();
        let text = guild.fill("mutation{deleteJob(id:<roof>){id}}").replace('"', "%22").replace('{', "%7B").replace('}', "%7D");
        let answer = guild.person("ann").get(&format!("/graphql?query={text}"), "application/json");
        assert!(answer.status >= 400, "{}", answer.text);
        assert_eq!(guild.stored(), before);
    }
}

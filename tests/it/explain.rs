//! `explainAccess` says what really happens, to whom, and why; and it says nothing of other tenants.

use crate::probe::{Outcome, Probe, Row, World, camel, pascal};
use freehold_tests::{Database, Folder, Person, Server, Start, fixture, on_both_databases};
use serde_json::{Value, json};

/// Explanations asked for at once.
const AT_ONCE: usize = 40;

fn archive(database: Database) -> Server {
    Server::fresh(&fixture("archive"), database)
}

/// Who may ask about others.
fn fay(server: &Server) -> Person<'_> {
    server.sign_in("fay@archive.test").tenant("north")
}

/// One question: entity, row, operation, person, field.
#[derive(Clone, Debug)]
struct Question<'a> {
    entity: &'a str,
    row: &'a str,
    operation: &'static str,
    user: &'a str,
    field: Option<String>,
}

impl Question<'_> {
    fn text(&self) -> String {
        let field = self
            .field
            .as_ref()
            .map(|field| format!(", field: {field:?}"))
            .unwrap_or_default();
        format!(
            "explainAccess(entity: {:?}, id: {:?}, operation: {}, user: {:?}{field})",
            self.entity, self.row, self.operation, self.user
        )
    }
}

/// Whether each is allowed.
fn allowed(asker: &Person<'_>, questions: &[Question<'_>]) -> Vec<bool> {
    let mut found = Vec::new();
    for chunk in questions.chunks(AT_ONCE) {
        let asked = chunk
            .iter()
            .enumerate()
            .map(|(index, question)| format!("a{index}: {} {{ allowed }} ", question.text()));
        let data = asker.query(&format!("{{ {} }}", asked.collect::<String>()));
        found.extend((0..chunk.len()).map(|index| data[format!("a{index}")]["allowed"] == true));
    }
    found
}

/// What really happens.
fn really(probe: &Probe<'_>, question: &Question<'_>, row: &Row, tenant: &str) -> bool {
    let (entity, type_name) = (question.entity, pascal(question.entity));
    let shown = probe.readable(entity, tenant);
    let access = shown.get(&row.id);
    let root = |verb: &str| format!("{verb}{type_name}");
    let try_it = |text: &str| probe.attempt(text) == Outcome::Allowed;
    match (question.operation, &question.field) {
        ("READ", None) => access.is_some(),
        ("READ", Some(field)) => {
            probe.has(&type_name, &camel(field)) && access.is_some_and(|it| !it.hides(&camel(field)))
        }
        ("LIST", _) => probe.listed(entity).contains(&row.id),
        ("UPDATE", field) => {
            if !probe.has("Mutation", &root("update")) {
                return false;
            }
            let wanted = field.as_ref().map(|field| camel(field));
            let change = |input: &str| {
                try_it(&format!(
                    "{}(id: {:?}, input: {{{input}}}) {{ __typename }}",
                    root("update"),
                    row.id
                ))
            };
            let inputs = probe.inputs(&format!("{type_name}UpdateInput"));
            let given = |named: &dyn Fn(&str) -> bool| -> Vec<String> {
                let fitting = inputs.iter().filter(|(name, _)| named(name));
                let values = fitting.flat_map(|(name, type_ref)| {
                    let values = probe.candidates(entity, name, type_ref, tenant).into_iter();
                    values.map(move |value| format!("{name}: {value}, "))
                });
                values.collect()
            };
            let values = given(&|name| wanted.as_ref().is_none_or(|wanted| wanted == name));
            // A rule's `check` may want another field besides.
            let others = given(&|name| wanted.as_ref().is_some_and(|wanted| wanted != name));
            (wanted.is_none() && change(""))
                || values.iter().any(|value| change(value))
                || values
                    .iter()
                    .any(|value| others.iter().any(|other| change(&format!("{value}{other}"))))
        }
        ("DELETE", _) => {
            probe.has("Mutation", &root("delete"))
                && try_it(&format!("{}(id: {:?}) {{ __typename }}", root("delete"), row.id))
        }
        ("TRANSITION", field) => {
            let of_state = |name: &str| probe.world.field(entity, name)["state"] == true;
            let states = probe.world.field(entity, "state")["options"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            field.as_ref().is_none_or(|field| of_state(field))
                && probe.has("Mutation", &root("transition"))
                && states.iter().any(|state| {
                    let to = state.as_str().expect("a state").to_uppercase();
                    try_it(&format!(
                        "{}(id: {:?}, to: {to}) {{ __typename }}",
                        root("transition"),
                        row.id
                    ))
                })
        }
        other => panic!("{other:?}"),
    }
}

/// Everybody whom Fay may ask about, and who is let in.
const PEOPLE: [&str; 8] = ["ann", "bea", "cal", "dov", "eli", "fay", "kit", "lee"];

fn email(name: &str) -> String {
    format!("{name}@archive.test")
}

on_both_databases! {
    fn it_says_what_really_happens(database) {
        let server = archive(database);
        let world = World::of(&server);
        let north = world.find("house", "slug", "north").id.clone();
        let asker = fay(&server);
        let (mut granted, mut refused) = (0, 0);
        for name in PEOPLE {
            let user = world.find("user", "email", &email(name)).id.clone();
            let probe = Probe::new(server.sign_in(&email(name)).tenant("north"), &world);
            let mut questions = Vec::new();
            let mut rows = Vec::new();
            for entity in ["folder", "sheet", "shelf", "membership", "user", "house", "poster", "notice", "duty"] {
                let of_house = world.rows(entity, &north).into_iter().filter(|row| {
                    // Who is no member of the house is not there to be asked about.
                    entity != "user" || world.rows("membership", &north).iter().any(|it| it.cells["user_id"] == row.cells["id"])
                });
                for row in of_house {
                    let fields: &[&str] = match entity {
                        "folder" => &["title", "secret", "shelf", "owner", "state", "origin"],
                        "sheet" => &["text", "page", "folder"],
                        "user" => &["name", "email"],
                        "membership" => &["desk", "roles"],
                        _ => &[],
                    };
                    let question = |operation, field: Option<&str>| Question {
                        entity,
                        row: &row.id,
                        operation,
                        user: &user,
                        field: field.map(str::to_owned),
                    };
                    let whole = ["READ", "LIST", "UPDATE", "DELETE", "TRANSITION"].map(|operation| question(operation, None));
                    let parts = fields.iter().flat_map(|field| ["READ", "UPDATE", "TRANSITION"].map(|operation| question(operation, Some(field))));
                    for question in whole.into_iter().chain(parts) {
                        questions.push(question);
                        rows.push(row);
                    }
                }
            }
            let told = allowed(&asker, &questions);
            for ((question, row), told) in questions.iter().zip(&rows).zip(told) {
                assert_eq!(told, really(&probe, question, row, &north), "{name}: {question:?}");
                if told { granted += 1 } else { refused += 1 }
            }
        }
        assert!(granted > 300 && refused > 1000, "{granted} {refused}");
    }

    fn the_leaf_that_failed_is_told(database) {
        let server = archive(database);
        let world = World::of(&server);
        let asker = fay(&server);
        let explain = |name: &str, title: &str, operation: &'static str, field: Option<&str>| {
            let question = Question {
                entity: "folder",
                row: &world.find("folder", "title", title).id,
                operation,
                user: &world.find("user", "email", &email(name)).id,
                field: field.map(str::to_owned),
            };
            let selection = "allowed reason set role token rule { set position grantedBy } reach { condition holds parts } \
                visible { holds } rules { set position grantedBy applies failed check tree }";
            asker.query(&format!("{{ it: {} {{ {selection} }} }}", question.text()))["it"].take()
        };

        let by_owner = explain("ann", "Coast", "READ", Some("title"));
        assert_eq!((&by_owner["allowed"], &by_owner["token"], &by_owner["set"], &by_owner["role"]), (&json!(true), &json!("owner"), &json!("reading"), &json!("role reader")));
        assert_eq!(by_owner["reason"], "rule `reading[0]`, from role reader, gate opened by owner");
        assert_eq!(by_owner["rule"], json!({"set": "reading", "position": 0, "grantedBy": ["role reader"]}));
        assert_eq!((&by_owner["visible"], &by_owner["reach"]["holds"]), (&Value::Null, &json!(true)));

        let by_origin = explain("bea", "River", "READ", None);
        assert_eq!(by_origin["token"], "record token origin");
        let by_duty = explain("cal", "Coast", "UPDATE", Some("secret"));
        assert_eq!((&by_duty["token"], &by_duty["visible"]["holds"], &by_duty["rules"][0]["check"]), (&json!("record token duty"), &json!(true), &json!("shelf is not null")));
        let past_the_gate = explain("eli", "Will", "READ", Some("title"));
        assert_eq!((&past_the_gate["set"], &past_the_gate["token"]), (&json!("ruling"), &Value::Null), "records: all opens no gate");

        let condition = explain("ann", "Diary", "UPDATE", Some("title"));
        assert_eq!((&condition["allowed"], &condition["rules"][0]["failed"]), (&json!(false), &json!("state = \"draft\"")));
        assert_eq!(condition["reason"], "rule `reading[3]` does not apply: state = \"draft\"");
        let gate = explain("bea", "Coast", "READ", None);
        let ways = "record gate: none of owner, record token duty, record token origin, record token filed";
        assert_eq!((&gate["rules"][0]["failed"], &gate["rules"][1]["failed"]), (&json!(ways), &json!("state = \"filed\"")));
        assert_eq!(gate["reason"], "none of 2 rules applies to this row");
        let parts = gate["rules"][0]["tree"]["parts"][0]["parts"].as_array().expect("ways");
        assert_eq!((parts.len(), parts.iter().all(|part| part["holds"] == false)), (4, true));
        // For writing the tokens that only read are no ways in.
        let writing = explain("bea", "River", "UPDATE", None);
        assert_eq!(writing["rules"][0]["failed"], "state = \"draft\"");
        let field = explain("ann", "Coast", "READ", Some("secret"));
        assert_eq!(field["rules"][0]["failed"], "`read` lists secret");
        let immutable = explain("cal", "Coast", "UPDATE", Some("origin"));
        assert_eq!(immutable["rules"][0]["failed"], "an update takes origin (it is immutable)");
        let unseen = explain("kit", "Coast", "UPDATE", Some("title"));
        assert_eq!((&unseen["reason"], &unseen["visible"]["holds"], &unseen["rules"][0]["applies"]), (&json!("the row cannot be read, and so not be found"), &json!(false), &json!(true)));
        let nothing = explain("lee", "Coast", "DELETE", None);
        assert_eq!((&nothing["reason"], &nothing["rules"]), (&json!("no rule allows this operation at all"), &json!([])));
        // The field may be named as GraphQL has it, and the entity too.
        assert_eq!(explain("cal", "Coast", "READ", Some("createdAt"))["allowed"], true);
    }

    fn whoever_is_blocked_gets_nothing_and_is_told_why(database) {
        let server = archive(database);
        let world = World::of(&server);
        let asker = fay(&server);
        let explain = |name: &str, entity: &str, row: &Row| {
            let user = &world.find("user", "email", &email(name)).id;
            let text = format!("explainAccess(entity: {entity:?}, id: {:?}, operation: READ, user: {user:?})", row.id);
            asker.query(&format!("{{ it: {text} {{ allowed reason token set reach {{ holds }} rules {{ applies }} }} }}"))["it"].take()
        };
        // He owns it, and it is filed; his membership is blocked.
        let gil = explain("gil", "folder", world.find("folder", "title", "Bill"));
        assert_eq!((&gil["allowed"], &gil["reason"], &gil["reach"]["holds"]), (&json!(false), &json!("out of reach: a membership that is not blocked"), &json!(false)));
        // What hangs in the window he sees as everybody does.
        let window = explain("gil", "poster", world.find("poster", "text", "Open day"));
        assert_eq!((&window["allowed"], &window["token"]), (&json!(true), &json!("record token shown")));
        // Who is blocked altogether cannot even sign in, so not even that.
        for (entity, row) in [("folder", world.find("folder", "title", "River")), ("poster", world.find("poster", "text", "Open day"))] {
            let hal = explain("hal", entity, row);
            assert_eq!((&hal["allowed"], &hal["reason"], &hal["set"]), (&json!(false), &json!("out of reach: a person who is not blocked"), &Value::Null));
        }
        let notice = explain("hal", "notice", world.find("notice", "text", "Open until six"));
        assert_eq!((&notice["allowed"], &notice["rules"][0]["applies"]), (&json!(false), &json!(true)), "only that he is blocked keeps it");
    }

    fn nothing_is_told_of_another_house(database) {
        let server = archive(database);
        let world = World::of(&server);
        let asker = fay(&server);
        let user = |name: &str| world.find("user", "email", &email(name)).id.clone();
        let code = |entity: &str, row: &str, user: &str| {
            asker.refusal(&format!("{{ explainAccess(entity: {entity:?}, id: {row:?}, operation: READ, user: {user:?}) {{ allowed }} }}"))
        };
        let (ours, theirs) = (&world.find("folder", "title", "Coast").id, &world.find("folder", "title", "Islands").id);
        let missing = "01930000-0000-8001-8000-00000000dead";
        for row in [theirs.as_str(), missing] {
            assert_eq!(code("folder", row, &user("ann")), "NOT_FOUND");
        }
        // Ida is of the other house, Jon of none, and nobody has the last id.
        for person in [user("ida"), user("jon"), missing.to_owned()] {
            assert_eq!(code("folder", ours, &person), "NOT_FOUND");
            assert_eq!(code("user", &person, &user("ann")), "NOT_FOUND", "not even whether there is such a person");
        }
        assert_eq!(code("house", &world.find("house", "slug", "south").id, &user("ann")), "NOT_FOUND");
        assert_eq!(code("poster", &world.find("poster", "text", "Old maps").id, &user("ann")), "NOT_FOUND");
        // An id of one entity is none of another.
        assert_eq!(code("sheet", ours, &user("ann")), "NOT_FOUND");
        for (field, expected) in [
            ("entity: \"foldr\", id: \"x\", operation: READ", "BAD_USER_INPUT"),
            ("entity: \"folder\", id: \"x\", operation: READ", "BAD_USER_INPUT"),
            ("entity: \"folder\", id: \"ID\", operation: READ, user: \"x\"", "BAD_USER_INPUT"),
            ("entity: \"folder\", id: \"ID\", operation: READ, field: \"titel\"", "BAD_USER_INPUT"),
            ("entity: \"folder\", id: \"ID\", operation: LIST, field: \"title\"", "BAD_USER_INPUT"),
            ("entity: \"folder\", id: \"ID\", operation: CREATE", "GRAPHQL_VALIDATION_FAILED"),
        ] {
            let query = format!("{{ explainAccess({}) {{ allowed }} }}", field.replace("ID", ours));
            assert_eq!(asker.refusal(&query), expected, "{query}");
        }
    }

    fn only_who_reads_the_audit_log_asks_and_is_recorded(database) {
        let server = archive(database);
        let world = World::of(&server);
        let row = &world.find("folder", "title", "Coast").id;
        let query = format!("{{ explainAccess(entity: \"folder\", id: {row:?}, operation: UPDATE) {{ allowed }} }}");
        for name in ["ann", "cal", "eli", "lee", "jon"] {
            let person = server.sign_in(&email(name)).tenant("north");
            assert_eq!(person.refusal(&query), "GRAPHQL_VALIDATION_FAILED", "{name}");
            let types = person.query("{ __schema { types { name } } }").to_string();
            assert!(!types.contains("AccessExplanation"), "{name} does not know that there is such a thing");
        }
        assert_eq!(server.anonymous().tenant("north").refusal(&query), "GRAPHQL_VALIDATION_FAILED");
        // In the other house she is nobody.
        assert_eq!(server.sign_in("fay@archive.test").tenant("south").refusal(&query), "GRAPHQL_VALIDATION_FAILED");

        let asker = fay(&server);
        assert_eq!(asker.query(&query), json!({"explainAccess": {"allowed": false}}), "about herself");
        let (fay, ann) = (&world.find("user", "email", "fay@archive.test").id, &world.find("user", "email", "ann@archive.test").id);
        let about = format!("{{ explainAccess(entity: \"Folder\", id: {row:?}, operation: UPDATE, user: {ann:?}) {{ allowed }} }}");
        assert_eq!(asker.query(&about), json!({"explainAccess": {"allowed": true}}));
        let log = asker.query("{ auditLog(kind: [EXPLAIN]) { totalCount nodes { user entity rowId detail } } }");
        let record = |about: &str| json!({"user": fay, "entity": "folder", "rowId": row, "detail": {"about": about, "operation": "update"}});
        let found = log["auditLog"]["nodes"].as_array().expect("records");
        assert_eq!((&log["auditLog"]["totalCount"], found.as_slice()), (&json!(2), [record(ann), record(fay)].as_slice()));
    }

    fn in_an_app_without_tenants_it_is_about_anybody(database) {
        let folder = Folder::new();
        folder.write(
            "app.yaml",
            "
app: alone
security: prototype
default_profile: member
entities: {note: {access: protected, public: true, fields: {title: {type: text}}}}
profiles: {member: {sets: [own]}}
roles: {watcher: {sets: [watch]}}
permission_sets:
  own: [{entity: note, allow: [read, list], read: [title]}]
  watch: [{actions: [read_audit]}]
",
        );
        folder.write(
            "seed.yaml",
            "
users:
  - {email: ann@alone.test, password: violet-harbour-47, roles: [watcher]}
  - {email: bo@alone.test, password: copper-lantern-12}
  - {email: cy@alone.test, password: copper-lantern-13, status: blocked}
note: {a: {title: Hers, owner: bo@alone.test}, b: {title: His, owner: cy@alone.test}}
",
        );
        let server = Start::with_folder(folder, database).start();
        let world = World::of(&server);
        let ann = server.sign_in("ann@alone.test");
        let explain = |name: &str, title: &str| {
            let user = &world.find("user", "email", &format!("{name}@alone.test")).id;
            let row = &world.find("note", "title", title).id;
            let text = format!("explainAccess(entity: \"note\", id: {row:?}, operation: READ, user: {user:?})");
            ann.query(&format!("{{ it: {text} {{ allowed reason }} }}"))["it"].take()
        };
        assert_eq!(explain("bo", "Hers"), json!({"allowed": true, "reason": "rule `own[0]`, from profile member, gate opened by owner"}));
        assert_eq!(explain("bo", "His")["allowed"], false);
        assert_eq!(explain("cy", "His"), json!({"allowed": false, "reason": "out of reach: a person who is not blocked"}));
        let missing = "{ explainAccess(entity: \"note\", id: \"01930000-0000-8001-8000-00000000dead\", operation: READ) { allowed } }";
        assert_eq!(ann.refusal(missing), "NOT_FOUND");
        assert_eq!(server.sign_in("bo@alone.test").refusal(missing), "GRAPHQL_VALIDATION_FAILED");
    }

    fn a_selection_is_answered_as_it_is_asked(database) {
        let server = archive(database);
        let world = World::of(&server);
        let row = &world.find("folder", "title", "Coast").id;
        let data = fay(&server).query(&format!(
            "query {{ __typename one: explainAccess(entity: \"folder\", id: {row:?}, operation: READ) {{ ...E kind: __typename }}
             two: explainAccess(entity: \"folder\", id: {row:?}, operation: LIST) @skip(if: true) {{ allowed }}
             notices {{ totalCount }} }}
             fragment E on AccessExplanation {{ ok: allowed rules {{ __typename set }} reach {{ __typename holds }} visible {{ holds }} }}"
        ));
        assert_eq!(data["one"], json!({
            "ok": false, "rules": [], "reach": {"__typename": "AccessFinding", "holds": true}, "visible": null, "kind": "AccessExplanation",
        }));
        assert_eq!((data.get("two"), &data["notices"]["totalCount"]), (None, &json!(2)));
    }
}

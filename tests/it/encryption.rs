//! Encrypted columns: nothing of them is in the clear where the database is, nothing opens where it does not stand, and keys are
//! rotated while the server goes on.

use freehold_tests::{
    Answer, Database, Folder, Person, Running, Server, Start, command, command_with_input, on_both_databases,
};
use serde_json::{Value, json};
use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Two banks. Tellers write and read accounts, trainees read those that are open, auditors see that there are some.
const APP: &str = "
app: sealed
security: production
default_profile: person
tenant: bank
founder_roles: [teller]
keys: {pii: {scope: tenant}, house: {scope: environment}}
entities:
  bank:
    access: open
    public: false
    fields:
      name: {type: text, required: true}
      slug: {type: text, required: true, unique: true}
      motto: {type: text, encrypted: pii}
  membership: {membership_of: bank, access: protected, public: false, fields: {pin: {type: int, encrypted: pii, default: 16180339}}}
  account:
    in: bank
    access: open
    public: false
    fields:
      label: {type: text, required: true}
      open: {type: boolean, required: true, default: true}
      iban: {type: text, encrypted: pii, searchable: equality, unique: true, max: 200}
      other: {type: text, encrypted: pii, searchable: equality}
      balance: {type: decimal, encrypted: pii, searchable: equality}
      born: {type: date, encrypted: pii}
  loan:
    in: bank
    access: open
    public: false
    fields:
      iban: {type: text, encrypted: pii, searchable: equality}
  agency:
    access: open
    fields:
      code: {type: text, encrypted: house, searchable: equality, unique: true, required: true}
profiles: {person: {sets: [founding]}}
roles:
  teller: {sets: [telling], manages: [trainee]}
  trainee: {sets: [learning]}
  auditor: {sets: [auditing]}
permission_sets:
  founding:
    - {actions: [create_tenant]}
    - {entity: bank, allow: [create], write: [name, slug]}
  telling:
    - {entity: bank, allow: [read, list], read: [name, motto]}
    - {entity: bank, allow: [update], write: [motto]}
    - {entity: account, allow: [read, list], read: [label, open, iban, other, balance, born]}
    - {entity: account, allow: [create, update], write: [label, open, iban, other, balance, born]}
    - {entity: loan, allow: [read, list], read: [iban]}
    - {entity: agency, allow: [read, list], read: [code]}
    - {entity: agency, allow: [create], write: [code]}
  learning:
    - {entity: account, allow: [read, list], read: [label]}
    - {entity: account, allow: [read, list], where: {open: true}, read: [iban]}
  auditing:
    - {entity: account, allow: [read, list], read: [label]}
";

const SEED: &str = r#"
users:
  - {email: ann@sealed.test, password: violet-harbour-47, name: Ann}
  - {email: bo@sealed.test, password: copper-lantern-12, name: Bo}
  - {email: cleo@sealed.test, password: quiet-orchard-83, name: Cleo}
  - {email: dan@sealed.test, password: amber-tunnel-29, name: Dan}
bank:
  north: {name: North, slug: north, motto: "SEEDED-MOTTO"}
  south: {name: South, slug: south, motto: "SEEDED-MOTTO"}
membership:
  ann: {bank: north, user: ann@sealed.test, roles: [teller], pin: 48151623}
  bo: {bank: south, user: bo@sealed.test, roles: [teller]}
  cleo: {bank: north, user: cleo@sealed.test, roles: [trainee]}
  dan: {bank: north, user: dan@sealed.test, roles: [auditor]}
account:
  one: {bank: north, label: "SEEDED-LABEL", iban: "SEEDED-IBAN-ONE", other: "SEEDED-TWIN", balance: "31415926.50", born: 1971-02-03}
  two: {bank: north, label: second, open: false, iban: "SEEDED-IBAN-TWO", other: "SEEDED-TWIN", balance: "31415926.5"}
  three: {bank: north, label: third}
  far: {bank: south, label: far, iban: "SEEDED-IBAN-ONE", other: "SEEDED-TWIN"}
loan:
  one: {bank: north, iban: "SEEDED-IBAN-ONE"}
agency:
  one: {code: "SEEDED-CODE"}
"#;

fn folder(app: &str, seed: &str) -> Folder {
    let folder = Folder::new();
    folder.write("app.yaml", app);
    folder.write("seed.yaml", seed);
    folder
}

fn start(database: Database) -> Server {
    Start::with_folder(folder(APP, SEED), database).start()
}

fn teller(server: &Server) -> Person<'_> {
    server.sign_in("ann@sealed.test").tenant("north")
}

fn labels(person: &Person<'_>, filter: &str) -> Vec<String> {
    let query = format!("{{ accounts(filter: {filter}, orderBy: [{{label: ASC}}]) {{ nodes {{ label }} }} }}");
    crate::texts(&person.query(&query)["accounts"], "label")
}

/// The program's words before those that say which environment is meant.
fn keys(server: &Server, words: &[&str]) -> freehold_tests::Finished {
    let place = server.place();
    let words: Vec<&str> = words.iter().copied().chain(place.iter().map(String::as_str)).collect();
    command(&words)
}

fn report(server: &Server) -> Value {
    let listed = keys(server, &["keys", "list", "--json"]);
    serde_json::from_str(&listed.stdout).unwrap_or_else(|_| panic!("{listed:?}"))
}

/// Whether some text is anywhere in the server's data: as it is, or as hexadecimal digits.
fn is_stored(server: &Server, text: &str) -> bool {
    let hex = text.bytes().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a string takes text");
        out
    });
    let has = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|it| it == part);
    let data = server.folder().path().join("data");
    let files = std::fs::read_dir(data).expect("the folder can be listed");
    let mut found = files.map(|entry| entry.expect("an entry").path()).any(|path| {
        // The database, its log of changes, its index of that log, and the key file.
        let bytes = std::fs::read(path).expect("a file can be read");
        has(&bytes, text.as_bytes()) || has(&bytes, hex.as_bytes())
    });
    for rows in server.reader().tables().values() {
        let rows = json!(rows).to_string();
        found |= rows.contains(text) || rows.to_lowercase().contains(&hex);
    }
    found
}

on_both_databases! {
    fn nothing_is_in_the_clear_where_the_database_is(database) {
        let server = start(database);
        let ann = teller(&server);
        let written = ann.query(r#"mutation {
            createAccount(input: {label: "WRITTEN-LABEL", iban: "WRITTEN-IBAN", balance: "27182818.25"}) { iban balance }
            createAgency(input: {code: "WRITTEN-CODE"}) { code } }"#);
        assert_eq!(written, json!({"createAccount": {"iban": "WRITTEN-IBAN", "balance": "27182818.25"}, "createAgency": {"code": "WRITTEN-CODE"}}));
        let changed = ann.query_with(
            r#"mutation($to: String!) { updateAccounts(filter: {label: {eq: "third"}}, input: {iban: $to}) { iban } }"#,
            &json!({"to": "CHANGED-IBAN"}),
        );
        assert_eq!(changed["updateAccounts"][0]["iban"], "CHANGED-IBAN");
        assert_eq!(labels(&ann, r#"{iban: {in: ["ASKED-IBAN", "CHANGED-IBAN"]}}"#), ["third"]);
        // What is not encrypted is found: the search is one that finds.
        for text in ["SEEDED-LABEL", "WRITTEN-LABEL"] {
            assert!(is_stored(&server, text), "{text}");
        }
        for text in [
            "SEEDED-IBAN", "SEEDED-TWIN", "SEEDED-MOTTO", "SEEDED-CODE", "31415926", "1971-02-03", "48151623",
            "WRITTEN-IBAN", "WRITTEN-CODE", "27182818", "CHANGED-IBAN", "ASKED-IBAN",
        ] {
            assert!(!is_stored(&server, text), "{text} is in the clear");
            assert!(!server.log().contains(text), "{text} is in the log");
        }
        let tables = server.reader().tables();
        let column = |name: &str| tables["account"].iter().map(|row| row[name].to_string()).filter(|cell| cell != "null").collect::<Vec<_>>();
        let distinct = |name: &str| column(name).into_iter().collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!((column("other").len(), distinct("other")), (3, 3), "equal values differ");
        // Two of one bank are equal, and the other bank's is not.
        assert_eq!(distinct("other_index"), 2);
        assert_eq!(distinct("balance_index"), 2);
    }

    fn people_read_and_find_what_they_may(database) {
        let server = start(database);
        let ann = teller(&server);
        let one = json!({"label": "SEEDED-LABEL", "iban": "SEEDED-IBAN-ONE", "other": "SEEDED-TWIN", "balance": "31415926.50", "born": "1971-02-03"});
        let found = ann.query(r#"{ accountByIban(iban: "SEEDED-IBAN-ONE") { label iban other balance born } banks { nodes { motto } } }"#);
        assert_eq!(found, json!({"accountByIban": one, "banks": {"nodes": [{"motto": "SEEDED-MOTTO"}]}}));
        for (filter, expected) in [
            (r#"{iban: {eq: "SEEDED-IBAN-TWO"}}"#, vec!["second"]),
            (r#"{iban: {eq: "seeded-iban-two"}}"#, vec![]),
            (r#"{iban: {in: ["SEEDED-IBAN-TWO", "SEEDED-IBAN-ONE", "x"]}}"#, vec!["SEEDED-LABEL", "second"]),
            ("{iban: {isNull: true}}", vec!["third"]),
            (r#"{not: {iban: {eq: "SEEDED-IBAN-TWO"}}}"#, vec!["SEEDED-LABEL", "third"]),
            (r#"{balance: {eq: "31415926.500"}}"#, vec!["SEEDED-LABEL", "second"]),
            (r#"{other: {eq: "SEEDED-TWIN"}}"#, vec!["SEEDED-LABEL", "second"]),
        ] {
            assert_eq!(labels(&ann, filter), expected, "{filter}");
        }
        // The same account at the other bank.
        let bo = server.sign_in("bo@sealed.test").tenant("south");
        assert_eq!(labels(&bo, r#"{iban: {eq: "SEEDED-IBAN-ONE"}}"#), ["far"]);
        // To a trainee the account of a closed row is null: for its value, its filter and its key.
        let cleo = server.sign_in("cleo@sealed.test").tenant("north");
        assert_eq!(cleo.query(r#"{ accountByIban(iban: "SEEDED-IBAN-TWO") { label } }"#), json!({"accountByIban": null}));
        assert_eq!(labels(&cleo, r#"{iban: {in: ["SEEDED-IBAN-TWO", "SEEDED-IBAN-ONE"]}}"#), ["SEEDED-LABEL"]);
        assert_eq!(labels(&cleo, "{iban: {isNull: true}}"), ["second", "third"]);
        let dan = server.sign_in("dan@sealed.test").tenant("north");
        for query in [
            "{ accounts { nodes { iban } } }",
            r#"{ accounts(filter: {iban: {eq: "x"}}) { totalCount } }"#,
            r#"{ accountByIban(iban: "x") { label } }"#,
        ] {
            assert_eq!(dan.answer(query).code(), "GRAPHQL_VALIDATION_FAILED", "{query}");
        }
        for query in [
            r#"{ accounts(filter: {iban: {contains: "SEED"}}) { totalCount } }"#,
            r#"{ accounts(filter: {iban: {ne: "x"}}) { totalCount } }"#,
            r#"{ accounts(filter: {iban: {notIn: ["x"]}}) { totalCount } }"#,
            r#"{ accounts(filter: {born: {eq: "1971-02-03"}}) { totalCount } }"#,
            "{ accounts(filter: {born: {isNull: true}}) { totalCount } }",
            "{ accounts(orderBy: [{iban: ASC}]) { totalCount } }",
            "{ accounts { groups(by: [IBAN]) { aggregate { count } } } }",
            "{ accounts { aggregate { max { iban } } } }",
            "{ accounts { aggregate { sum { balance } } } }",
        ] {
            assert_eq!(ann.answer(query).code(), "GRAPHQL_VALIDATION_FAILED", "{query}");
        }
        // `search` looks into texts, and not into these.
        assert_eq!(ann.query(r#"{ accounts(search: "SEEDED-IBAN") { totalCount } }"#), json!({"accounts": {"totalCount": 0}}));
        let taken = ann.answer(r#"mutation { createAccount(input: {label: "x", iban: "SEEDED-IBAN-TWO"}) { label } }"#);
        assert_eq!(taken.code(), "CONFLICT", "{}", taken.text);
        // At another bank it is free.
        bo.query(r#"mutation { createAccount(input: {label: "x", iban: "SEEDED-IBAN-TWO"}) { label } }"#);
    }

    fn a_new_tenant_has_keys_of_its_own(database) {
        let server = start(database);
        let ann = server.sign_in("ann@sealed.test");
        // Her membership has a value of its own, which the model gives: it is sealed under a key that was not there before.
        let made = ann.query(r#"mutation { createBank(input: {name: "West", slug: "west"}) { id slug } }"#);
        assert_eq!(made["createBank"]["slug"], "west");
        let there = ann.tenant("west");
        let id = made["createBank"]["id"].as_str().expect("an id");
        let changed = there.query(&format!("mutation {{ updateBank(id: \"{id}\", input: {{motto: \"FOUNDED-MOTTO\"}}) {{ motto }} }}"));
        assert_eq!(changed, json!({"updateBank": {"motto": "FOUNDED-MOTTO"}}));
        assert_eq!(there.query("{ banks { nodes { motto } } }"), json!({"banks": {"nodes": [{"motto": "FOUNDED-MOTTO"}]}}));
        there.query(r#"mutation { createAccount(input: {label: "first", iban: "SEEDED-IBAN-ONE"}) { iban } }"#);
        assert_eq!(labels(&there, r#"{iban: {eq: "SEEDED-IBAN-ONE"}}"#), ["first"]);
        assert!(!is_stored(&server, "FOUNDED-MOTTO") && !is_stored(&server, "16180339"));
        let listed = report(&server);
        assert_eq!(listed["dataKeys"].as_array().map(Vec::len), Some(4), "three banks and the house: {listed}");
    }

    fn a_value_opens_nowhere_else(database) {
        let server = start(database);
        let ann = teller(&server);
        let query = "{ accounts { nodes { label iban } } }";
        let row = |label: &str| format!("label = '{label}'");
        let from = |column: &str, label: &str| format!("(SELECT {column} FROM account WHERE {})", row(label));
        let to = |value: &str| format!("UPDATE account SET iban = {value} WHERE {}", row("SEEDED-LABEL"));
        server.execute(&format!("CREATE TABLE kept AS SELECT iban FROM account WHERE {}", row("SEEDED-LABEL")));
        for (what, value) in [
            ("row", from("iban", "second")),
            ("field", from("other", "SEEDED-LABEL")),
            ("tenant", from("iban", "far")),
            ("entity", "(SELECT iban FROM loan)".to_owned()),
            ("index", "iban_index".to_owned()),
            ("no ciphertext", match database {
                Database::Sqlite => "x'00112233'".to_owned(),
                Database::Postgres => r"'\x00112233'".to_owned(),
            }),
        ] {
            server.execute(&to(&value));
            let lines = server.log().lines().count();
            let refused = ann.answer(query);
            refused_without_a_value(&refused, &server, what);
            assert_eq!(server.log().lines().skip(lines).filter(|line| line.contains("account.iban")).count(), 1, "{what}:\n{}", server.log());
            // Other fields and other rows are as they were.
            assert_eq!(labels(&ann, "{}").len(), 3, "{what}");
            assert_eq!(ann.query(r#"{ accountByIban(iban: "SEEDED-IBAN-TWO") { iban } }"#)["accountByIban"]["iban"], "SEEDED-IBAN-TWO");
            server.execute(&to("(SELECT iban FROM kept)"));
            ann.query(query);
        }
        // An index that was moved finds the other row, and shows what that row holds.
        server.execute(&format!("UPDATE account SET iban_index = NULL WHERE {}", row("second")));
        server.execute(&format!("UPDATE account SET iban_index = {} WHERE {}", from("iban_index", "far"), row("second")));
        assert_eq!(labels(&ann, r#"{iban: {eq: "SEEDED-IBAN-ONE"}}"#), ["SEEDED-LABEL"], "another bank's token is no token here");
    }

    fn keys_are_rotated_while_the_server_goes_on(database) {
        let server = start(database);
        let ann = teller(&server);
        let before = report(&server);
        assert_eq!(before["keys"].as_array().map(Vec::len), Some(1));
        let rotating = std::thread::scope(|scope| {
            let rotating = scope.spawn(|| keys(&server, &["keys", "rotate", "--json"]));
            let mut number = 0;
            loop {
                let ended = rotating.is_finished();
                number += 1;
                let iban = format!("DURING-{number}");
                let query = format!("mutation {{ createAccount(input: {{label: \"during\", iban: \"{iban}\"}}) {{ iban }} }}");
                assert_eq!(ann.query(&query)["createAccount"]["iban"], json!(iban));
                assert_eq!(labels(&ann, r#"{iban: {eq: "SEEDED-IBAN-TWO"}}"#), ["second"]);
                if ended {
                    break rotating.join().expect("it does not panic");
                }
            }
        });
        assert_eq!(rotating.code, Some(0), "{rotating:?}");
        let rotated: Value = serde_json::from_str(&rotating.stdout).expect("JSON");
        assert_eq!(rotated["added"], true);
        let after = report(&server);
        assert!(after["dataKeys"].as_array().expect("a list").iter().all(|key| key["key"] == rotated["key"]), "{after}");
        // A tenant that has sealed nothing yet gets its data key from the server that knew the old file.
        let bo = server.sign_in("bo@sealed.test").tenant("south");
        bo.query(r#"mutation { createAgency(input: {code: "AFTER"}) { code } }"#);
        let retired = keys(&server, &["keys", "rotate", "--retire", "--json"]);
        assert_eq!(serde_json::from_str::<Value>(&retired.stdout).expect("JSON")["dropped"], json!([before["keys"][0]["id"]]));
        assert_eq!(labels(&ann, r#"{iban: {eq: "SEEDED-IBAN-TWO"}}"#), ["second"]);
        // And one that starts with the new file alone.
        server.kill();
        let server = server.again().start();
        assert_eq!(labels(&teller(&server), r#"{iban: {in: ["SEEDED-IBAN-TWO", "DURING-1"]}}"#), ["during", "second"]);
    }

    fn a_rotation_that_was_killed_goes_on(database) {
        let mut seed = SEED.to_owned();
        let (mut banks, mut accounts) = (String::new(), String::new());
        for number in 0..400 {
            writeln!(banks, "  b{number}: {{name: Bank, slug: b{number}}}").expect("a string takes text");
            writeln!(accounts, "  a{number}: {{bank: b{number}, label: many, iban: \"MANY-{number}\"}}").expect("a string takes text");
        }
        seed = seed.replace("bank:\n  north", &format!("bank:\n{banks}  north"));
        seed = seed.replace("account:\n  one", &format!("account:\n{accounts}  one"));
        let server = Start::with_folder(folder(APP, &seed), database).start();
        let ann = teller(&server);
        let count = report(&server)["dataKeys"].as_array().expect("a list").len();
        assert_eq!(count, 403, "400 banks, two more, and the house");
        let mut place = vec!["keys".to_owned(), "rotate".to_owned()];
        place.extend(server.place());
        for _ in 0..3 {
            let mut running = Running::start(&place);
            // It has begun; how far it comes is chance.
            running.wait_for("data keys are wrapped anew");
            running.kill();
            assert_eq!(labels(&ann, r#"{iban: {eq: "SEEDED-IBAN-TWO"}}"#), ["second"]);
        }
        let finished = keys(&server, &["keys", "rotate", "--retire"]);
        assert_eq!(finished.code, Some(0), "{finished:?}");
        let after = report(&server);
        let only = &after["keys"][0];
        assert_eq!((&only["inUse"], &only["dataKeys"]), (&json!(true), &json!(count)), "{after}");
        assert_eq!(after["keys"].as_array().map(Vec::len), Some(1));
        server.kill();
        let server = server.again().start();
        assert_eq!(labels(&teller(&server), r#"{iban: {eq: "SEEDED-IBAN-TWO"}}"#), ["second"]);
    }

    fn what_another_server_seals_is_found(database) {
        // Nobody of the south has sealed anything yet.
        let seed = SEED.replace(", motto: \"SEEDED-MOTTO\"}\nmembership", "}\nmembership").replace("label: far, iban: \"SEEDED-IBAN-ONE\", other: \"SEEDED-TWIN\"", "label: far");
        let server = Start::with_folder(folder(APP, &seed), database).start();
        let bo = server.sign_in("bo@sealed.test").tenant("south");
        let filter = r#"{iban: {eq: "NEW"}}"#;
        assert!(labels(&bo, filter).is_empty());
        let other = Start::beside(&server).start();
        let there = other.holder(bo.cookie().expect("a session")).tenant("south");
        there.query(r#"mutation { createAccount(input: {label: "new", iban: "NEW"}) { label } }"#);
        assert_eq!(labels(&bo, filter), ["new"]);
        assert_eq!(bo.query(r#"{ accountByIban(iban: "NEW") { iban } }"#)["accountByIban"]["iban"], "NEW");
    }

    fn a_tenant_whose_key_is_destroyed_is_lost_and_alone(database) {
        let server = start(database);
        server.kill();
        let id = server.reader().tables()["bank"].iter().find(|row| row["slug"] == "south").expect("it is in the seed")["id"].clone();
        let id = id.as_str().expect("an id");
        let server = server.again().start();
        server.execute(&match database {
            Database::Sqlite => format!("DELETE FROM fh_data_key WHERE tenant_id = x'{}'", id.replace('-', "")),
            Database::Postgres => format!("DELETE FROM fh_data_key WHERE tenant_id = '{id}'"),
        });
        let bo = server.sign_in("bo@sealed.test").tenant("south");
        let refused = bo.answer("{ accounts { nodes { iban } } }");
        assert_eq!((refused.code(), &refused.body["data"]), ("UNAVAILABLE", &Value::Null), "{}", refused.text);
        assert_eq!(labels(&bo, "{}"), ["far"]);
        assert_eq!(labels(&teller(&server), r#"{iban: {eq: "SEEDED-IBAN-TWO"}}"#), ["second"]);
    }

    fn a_server_starts_with_its_own_key_file_alone(database) {
        let server = start(database);
        server.kill();
        let file = server.folder().path().join("data/keys.json");
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("the mode can be set");
        assert_eq!(std::fs::metadata(&file).expect("it is there").permissions().mode() & 0o7777, 0o600);
        let good = std::fs::read(&file).expect("it can be read");
        let place = server.place();
        let refused = |expected: &str| {
            let mut words = vec!["dev".to_owned(), server.folder().model().display().to_string(), "--listen".into(), "127.0.0.1:0".into()];
            words.extend(place.clone());
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let ended = command(&words);
            assert_eq!(ended.code, Some(1), "{ended:?}");
            assert!(ended.stderr.contains(expected) && ended.stderr.contains("hint: "), "{expected}: {ended:?}");
            ended.stderr
        };
        mode(0o644);
        assert!(refused("others can read the key file").contains("chmod 600"));
        mode(0o600);
        std::fs::remove_file(&file).expect("it can be removed");
        refused("there is no key file");
        assert!(!file.exists(), "a new file would not open what the lost one has sealed");
        assert_eq!(command(&["keys", "new", &file.display().to_string()]).code, Some(0));
        refused("which the key file");
        std::fs::write(&file, &good).expect("it can be written");
        let server = server.again().start();
        assert_eq!(labels(&teller(&server), r#"{iban: {eq: "SEEDED-IBAN-TWO"}}"#), ["second"]);
    }

    fn in_production_a_key_file_must_be_stated(database) {
        let server = start(database);
        server.kill();
        let data = server.folder().path().join("data");
        let model = server.folder().model().display().to_string();
        let url = match server.place().iter().position(|word| word == "--database") {
            Some(at) => server.place()[at + 1].clone(),
            None => format!("sqlite:{}", data.join("dev.db").display()),
        };
        let app = ["--app", &model, "--database", &url];
        let serve = |more: &[&str]| {
            let words = ["serve", "--listen", "127.0.0.1:0", "--operations-listen", "127.0.0.1:0"];
            command(&[&words[..], &app, more].concat())
        };
        let refused = serve(&[]);
        assert_eq!(refused.code, Some(1));
        assert!(refused.stderr.contains("no key file is stated") && refused.stderr.contains("freehold keys new FILE"), "{refused:?}");
        let nowhere = data.join("nowhere.json").display().to_string();
        let refused = serve(&["--key-file", &nowhere]);
        assert!(refused.code == Some(1) && refused.stderr.contains("there is no key file"), "{refused:?}");
        // Whatever opens the environment: here a command that ends.
        let add = |more: &[&str]| {
            let words = ["user", "add", "--email", "eve@sealed.test", "--tenant", "north", "--role", "teller"];
            command_with_input(&[&words[..], &app, more].concat(), "silver-meadow-64\n")
        };
        assert!(add(&[]).stderr.contains("no key file is stated"));
        let file = data.join("keys.json").display().to_string();
        let added = add(&["--key-file", &file]);
        assert_eq!(added.code, Some(0), "{added:?}");
    }
}

fn refused_without_a_value(refused: &Answer, server: &Server, what: &str) {
    // A token is no value: it seems to be one under a data key that nobody has.
    let expected = if what == "index" {
        (503, "UNAVAILABLE")
    } else {
        (500, "INTERNAL_SERVER_ERROR")
    };
    assert_eq!((refused.status, refused.code()), expected, "{what}: {}", refused.text);
    assert_eq!(refused.body["data"], Value::Null, "{what}: {}", refused.text);
    for text in [&refused.text, &server.log()] {
        assert!(
            !text.contains("SEEDED-IBAN") && !text.contains("SEEDED-TWIN"),
            "{what}: {text}"
        );
    }
}

#[test]
fn the_commands_about_keys_say_what_they_do() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path()).expect("it can be made");
    let file = folder.path().join("keys.json").display().to_string();
    let made = command(&["keys", "new", &file, "--json"]);
    let told: Value = serde_json::from_str(&made.stdout).unwrap_or_else(|_| panic!("{made:?}"));
    assert_eq!(told["file"], json!(file));
    let text = std::fs::read_to_string(&file).expect("it can be read");
    let key = text
        .split("\"key\": \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("it has a key");
    assert_eq!(key.len(), 64);
    assert!(!made.stdout.contains(key) && !made.stderr.contains(key));
    assert!(text.contains(told["key"]["id"].as_str().expect("an id")));
    let again = command(&["keys", "new", &file]);
    assert!(
        again.code == Some(1) && again.stderr.contains("is there already"),
        "{again:?}"
    );
    assert_eq!(std::fs::read_to_string(&file).expect("it can be read"), text);
    for words in [
        &["keys", "--help"][..],
        &["keys", "new", "--help"],
        &["keys", "list", "--help"],
        &["keys", "rotate", "--help"],
    ] {
        let help = command(words);
        assert!(
            help.code == Some(0) && help.stdout.contains("Example"),
            "{words:?}: {help:?}"
        );
    }
    let nowhere = command(&["keys", "list", "--database", "sqlite:/nowhere.db", "--key-file", &file]);
    assert!(
        nowhere.code == Some(1) && nowhere.stderr.contains("there is no database"),
        "{nowhere:?}"
    );
    let _ = std::fs::remove_dir_all::<&Path>(folder.path());
}

//! Every example starts, and the queries of its README give every person in it what they gave before (`tests/snapshots/`).
//! After a change that is meant, run with `FREEHOLD_UPDATE_SNAPSHOTS=1` and read the difference.

use freehold_tests::{Person, Server, example, on_both_databases, reference::document, repository, updates_snapshots};
use serde_json::{Value, json};
use std::fmt::Write;

/// Folders of `examples/`.
fn examples() -> Vec<String> {
    let entries = std::fs::read_dir(repository().join("examples")).expect("examples can be listed");
    let folders = entries
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().join("app.yaml").is_file());
    let mut names: Vec<String> = folders
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The policy tests of an example: file and test.
fn policy_tests(name: &str) -> Vec<(String, Value)> {
    let entries = std::fs::read_dir(example(name).join("tests")).expect("an example has policy tests");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let tests = files.into_iter().flat_map(|file| {
        let tests = document::read_list(&file);
        let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        tests.into_iter().map(move |test| (file.clone(), test))
    });
    tests.collect()
}

/// Blocks of GraphQL in a README.
fn queries(name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(example(name).join("README.md")).expect("an example has a README");
    let blocks = text
        .split("```graphql\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    blocks.map(|block| block.trim().to_owned()).collect()
}

/// Everybody, in every tenant of theirs; a visitor in every tenant there is.
fn people<'a>(server: &'a Server, name: &str) -> Vec<(String, Person<'a>)> {
    let document = document::read(&example(name));
    let tenants: Vec<String> = document
        .get("tenant")
        .and_then(Value::as_str)
        .map_or_else(Vec::new, |tenant| {
            document[tenant]
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(|(_, row)| row["slug"].as_str().map(str::to_owned))
                .collect()
        });
    let mut people = vec![("a visitor".to_owned(), server.anonymous())];
    people.extend(
        tenants
            .iter()
            .map(|tenant| (format!("a visitor at {tenant}"), server.anonymous().tenant(tenant))),
    );
    for user in document["users"].as_array().into_iter().flatten() {
        let email = user["email"].as_str().expect("a user has an e-mail");
        let person = server.sign_in(email);
        let memberships = person.query("{ viewer { memberships { tenant { slug } status } } }");
        let slugs: Vec<String> = memberships["viewer"]["memberships"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|it| it["tenant"]["slug"].as_str().map(str::to_owned))
            .collect();
        if slugs.is_empty() {
            people.push((email.to_owned(), person));
        } else {
            people.extend(
                slugs
                    .iter()
                    .map(|slug| (format!("{email} at {slug}"), person.tenant(slug))),
            );
        }
    }
    people
}

on_both_databases! {
    fn queries_give_what_they_gave(database) {
        for name in examples() {
            let server = Server::shared(&example(&name), database);
            let people = people(server, &name);
            for (number, query) in queries(&name).iter().enumerate() {
                let mut text = format!("{query}\n");
                for (who, person) in &people {
                    let answer = person.answer(query);
                    assert!(answer.status < 500 && answer.code() != "INTERNAL_SERVER_ERROR", "{name}, {who}: {query}\n{}\n{}", answer.text, server.log());
                    let shown = if answer.body["errors"].is_null() { tidy(&answer.body["data"]) } else { json!(answer.code()) };
                    writeln!(text, "\n{who}\n{}", serde_json::to_string_pretty(&shown).expect("a value can be written")).expect("a string takes text");
                }
                check_snapshot(&format!("{name}-{:02}", number + 1), &text);
            }
        }
    }

    fn queries_of_policy_tests_give_what_they_expect(database) {
        for name in examples() {
            let server = Server::shared(&example(&name), database);
            for (file, test) in policy_tests(&name) {
                // What names rows by their labels is for `freehold test`.
                let (Some(query), None, None) = (test["query"].as_str(), test.get("variables"), test.get("error")) else { continue };
                let person = test["as"].as_str().map_or_else(|| server.anonymous(), |email| server.sign_in(email));
                let person = test["tenant"].as_str().map_or_else(|| person.clone(), |tenant| person.tenant(tenant));
                assert_eq!(person.query(query), test["expect"], "{name}/tests/{file}: {} {}: {query}", test["as"], test["tenant"]);
            }
        }
    }

    fn examples_have_no_fault(database) {
        let _ = database;
        for name in examples() {
            let finished = freehold_tests::command(&["check", &example(&name).display().to_string()]);
            assert_eq!(finished.code, Some(0), "freehold check {name}:\n{}{}", finished.stdout, finished.stderr);
        }
    }
}

/// Ids differ from run to run, and so does the order of rows that no key orders.
fn tidy(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, inner)| (key.clone(), if key == "id" { json!("an id") } else { tidy(inner) }))
            .collect(),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(tidy).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        other => other.clone(),
    }
}

fn check_snapshot(name: &str, text: &str) {
    let file = repository().join("tests/snapshots").join(format!("{name}.txt"));
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    if before == text {
        return;
    }
    if updates_snapshots() {
        std::fs::create_dir_all(file.parent().expect("a file has a folder")).expect("a folder can be created");
        std::fs::write(file, text).expect("a file can be written");
        return;
    }
    let line = before
        .lines()
        .zip(text.lines())
        .position(|(one, other)| one != other)
        .unwrap_or(before.lines().count().min(text.lines().count()));
    let around = |text: &str| {
        text.lines()
            .skip(line.saturating_sub(3))
            .take(8)
            .collect::<Vec<_>>()
            .join("\n    ")
    };
    panic!(
        "{} differs in line {}\n  before\n    {}\n  now\n    {}",
        file.display(),
        line + 1,
        around(&before),
        around(text)
    );
}

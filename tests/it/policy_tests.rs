//! `freehold test`: the examples pass, what fails is told so that it can be mended, and nothing is left behind.

use freehold_tests::{
    Database, Finished, Folder, command, example, fixture, on_both_databases, repository, updates_snapshots,
};
use serde_json::{Value, json};
use std::path::Path;

/// Runs the tests of a model, on a database of its own.
fn run(model: &Path, database: Database, more: &[&str]) -> Finished {
    let fresh = database.fresh();
    let mut arguments = vec!["test".to_owned(), model.display().to_string()];
    arguments.extend(fresh.arguments());
    arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
    let finished = command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(fresh.schemas(), [""; 0], "nothing is left behind\n{}", finished.stderr);
    finished
}

/// The archive with one file of tests.
fn with_tests(text: &str) -> Folder {
    let folder = Folder::with_model(&fixture("archive"));
    std::fs::remove_dir_all(folder.model().join("tests")).expect("the fixture has tests");
    folder.write("tests/only.yaml", text);
    folder
}

on_both_databases! {
    fn the_examples_pass(database) {
        for name in ["blog", "helpdesk"] {
            let finished = run(&example(name), database, &["--fail-uncovered"]);
            assert_eq!(finished.code, Some(0), "{name}\n{}{}", finished.stdout, finished.stderr);
            assert!(finished.stdout.contains(" passed, 0 failed, on ") && finished.stderr.is_empty(), "{}{}", finished.stdout, finished.stderr);
        }
    }

    fn what_fails_is_told(database) {
        let model = fixture("archive");
        let finished = run(&model, database, &[]);
        assert_eq!(finished.code, Some(1), "{}{}", finished.stdout, finished.stderr);
        let engine = match database {
            Database::Sqlite => ", on SQLite",
            Database::Postgres => ", on PostgreSQL",
        };
        assert!(finished.stdout.contains(engine), "{}", finished.stdout);
        let text = finished.stdout.replace(&model.display().to_string(), "archive").replace(engine, "");
        let file = repository().join("tests/snapshots/policy-tests.txt");
        if updates_snapshots() {
            std::fs::write(&file, &text).expect("a file can be written");
        }
        let before = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(before == text, "{} differs:\n{text}", file.display());

        let finished = run(&model, database, &["--json"]);
        let report: Value = serde_json::from_str(&finished.stdout).expect("JSON");
        let cases = report["cases"].as_array().expect("cases");
        let failed: Vec<&Value> = cases.iter().filter(|it| it["passed"] == false).collect();
        assert_eq!((&report["ok"], &report["failed"], report["passed"].as_u64()), (&json!(false), &json!(failed.len()), Some((cases.len() - failed.len()) as u64)));
        assert!(text.contains(&format!("{} passed, {} failed", report["passed"], report["failed"])), "{text}");
        let kinds: Vec<&Value> = failed.iter().flat_map(|it| it["faults"].as_array().expect("faults")).map(|it| &it["kind"]).collect();
        for kind in ["can", "cannot", "answer", "refusal", "not_refused"] {
            assert!(kinds.iter().any(|it| *it == kind), "{kind}: {kinds:?}");
        }
        assert!(report["coverage"]["missing"].as_array().is_some_and(|it| !it.is_empty()));
    }

    fn a_mutation_does_not_reach_the_next_test(database) {
        let folder = with_tests(
            "
- {as: eli@archive.test, tenant: north, mutation: 'mutation($id: ID!) { deleteFolder(id: $id) { title sheets { totalCount } } }', variables: {id: $folder.coast}, expect: {deleteFolder: {title: Coast, sheets: {totalCount: 0}}}}
- {as: eli@archive.test, tenant: north, query: '{ folders { totalCount } }', expect: {folders: {totalCount: 8}}}
- {as: cal@archive.test, tenant: north, can: {read: [folder.coast, sheet.coast_1], update: [folder.coast]}}
- {as: fay@archive.test, tenant: north, mutation: 'mutation { createNotice(input: {text: \"a\"}) { text } again: createNotice(input: {text: \"b\"}) { text } }', expect: {createNotice: {text: a}, again: {text: b}}}
- {as: fay@archive.test, tenant: north, mutation: 'mutation($id: ID!) { createNotice(input: {text: \"a\"}) { text } updateMembership(id: $id, input: {desk: \"Z\"}) { desk } }', variables: {id: $membership.fay}, error: {code: FORBIDDEN, path: [updateMembership]}}
- {as: fay@archive.test, tenant: north, query: '{ notices { totalCount } }', expect: {notices: {totalCount: 2}}}
- {as: fay@archive.test, tenant: north, mutation: 'mutation($ann: ID!) { blockMember(user: $ann) { status } }', variables: {ann: $user.ann@archive.test}, expect: {blockMember: {status: blocked}}}
- {as: ann@archive.test, tenant: north, can: {read: [folder.coast]}}
",
        );
        let finished = run(&folder.model(), database, &[]);
        assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
        // Nor any test of another run: the database was its own.
        assert_eq!(run(&folder.model(), database, &["--filter", "deleteFolder"]).code, Some(0));
    }

    fn one_filters_and_learns_what_is_not_exercised(database) {
        let folder = with_tests("- {name: by name, as: ann@archive.test, tenant: north, can: {read: [folder.coast]}}\n- {tenant: south, can: {read: [poster.old_maps]}}\n");
        let all = run(&folder.model(), database, &["--fail-uncovered"]);
        assert!(all.code == Some(1) && all.stderr.contains("rules are exercised by no test"), "{}", all.stderr);
        assert!(all.stdout.contains("2 passed, 0 failed") && all.stdout.contains("of 27 rules exercised") && all.stdout.contains("not exercised  keeping[0]"), "{}", all.stdout);
        for filter in ["by name", "ann@archive", "only.yaml:1", "folder.coast"] {
            let one = run(&folder.model(), database, &["--filter", filter]);
            assert!(one.code == Some(0) && one.stdout.starts_with("1 passed, 0 failed") && !one.stdout.contains("exercised"), "{filter}: {}", one.stdout);
        }
        let none = run(&folder.model(), database, &["--filter", "nothing like it"]);
        assert!(none.code == Some(1) && none.stderr.contains("no test holds `nothing like it`"), "{}", none.stderr);
    }

    fn faults_in_tests_are_told_with_their_place(database) {
        let folder = with_tests("- as: anne@archive.test\n  tenant: nroth\n  can: {read: [folder.coats]}\n  cannto: {}\n");
        let finished = run(&folder.model(), database, &[]);
        assert_eq!(finished.code, Some(1));
        for part in ["tests/only.yaml:1:7", "did you mean `ann@archive.test`?", "did you mean `north`?", "tests/only.yaml:3:16", "did you mean `coast`?", "unknown key `cannto`"] {
            assert!(finished.stderr.contains(part), "{part}: {}", finished.stderr);
        }
        // `freehold check` tells the same.
        let checked = command(&["check", &folder.model().display().to_string()]);
        assert!(checked.code == Some(1) && checked.stderr.contains("did you mean `coast`?"), "{}", checked.stderr);
    }

    fn what_is_interrupted_leaves_nothing(database) {
        let fresh = database.fresh();
        let mut arguments = vec!["test".to_owned(), example("helpdesk").display().to_string()];
        arguments.extend(fresh.arguments());
        let mut running = freehold_tests::Running::start(&arguments);
        if database == Database::Postgres {
            // Until it is at work; it may have ended before anybody looks.
            for _ in 0..2000 {
                if !fresh.schemas().is_empty() || running.has_ended() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        }
        running.interrupt();
        assert_eq!(fresh.schemas(), [""; 0]);
    }
}

#[test]
fn a_new_app_passes_its_tests() {
    let folder = Folder::new();
    let app = folder.path().join("shop").display().to_string();
    assert_eq!(command(&["new", &app]).code, Some(0));
    let finished = command(&["test", &app, "--fail-uncovered"]);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    std::fs::remove_dir_all(folder.path()).expect("the folder can be removed");
}

#[test]
fn an_app_without_tests_is_told() {
    let folder = Folder::with_model(&fixture("gates"));
    let finished = command(&["test", &folder.model().display().to_string()]);
    assert!(
        finished.code == Some(1) && finished.stderr.contains("has no policy tests"),
        "{}",
        finished.stderr
    );
    let address = command(&[
        "test",
        &fixture("archive").display().to_string(),
        "--database",
        "mysql://root:hunter2@host/db",
    ]);
    assert!(
        address.code == Some(1) && address.stderr.contains("no address of a PostgreSQL server"),
        "{}",
        address.stderr
    );
    assert!(!address.stderr.contains("hunter2"), "{}", address.stderr);
}

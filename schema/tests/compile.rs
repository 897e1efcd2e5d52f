//! Golden cases: a folder of model files in, the catalog or the faults out. `UPDATE_EXPECT=1` writes what comes out.

mod golden;

use freehold_schema::source::{SourceFile, Sources};
use freehold_schema::{compile, diagnostic, model};
use std::fmt::Write as _;
use std::path::Path;

#[test]
fn faults_are_told() {
    golden::each("failing", |case, sources| {
        let compiled = golden::compile_all(sources);
        assert!(compiled.catalog.is_none(), "{case} compiles");
        diagnostic::render(&compiled.diagnostics, sources, false)
    });
}

#[test]
fn sound_models_compile() {
    golden::each("passing", |case, sources| {
        let compiled = golden::compile_all(sources);
        let faults = diagnostic::render(&compiled.diagnostics, sources, false);
        let Some(catalog) = compiled.catalog else {
            panic!("{case} does not compile:\n{faults}")
        };
        format!(
            "{}{}{faults}",
            golden::summary(&catalog),
            golden::seed_summary(&catalog, &compiled.seed)
        )
    });
}

#[test]
fn every_check_has_a_case() {
    let told = golden::checks_told();
    let known = golden::checks_in_code();
    // Files of that size are not kept; tests of their own make them.
    let huge = ["file-size", "too-many-entities", "too-many-fields"];
    let missing: Vec<&String> = known
        .iter()
        .filter(|check| !told.contains(*check) && !huge.contains(&check.as_str()))
        // Faults of policy tests have their cases beside the code that tells them.
        .filter(|check| !check.starts_with("test-"))
        .collect();
    assert!(missing.is_empty(), "no golden case tells {missing:?}");
}

#[test]
fn the_json_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("model.schema.json");
    let text = serde_json::to_string_pretty(&model::json_schema()).unwrap() + "\n";
    golden::compare(&path, &text);
}

#[test]
fn the_examples_compile() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    for entry in std::fs::read_dir(examples).into_iter().flatten() {
        let folder = entry.unwrap().path();
        let sources = golden::read(&folder);
        let compiled = golden::compile_all(&sources);
        assert!(
            !compiled.diagnostics.has_errors(),
            "{}",
            diagnostic::render(&compiled.diagnostics, &sources, false)
        );
    }
}

#[test]
fn five_hundred_entities_compile() {
    let mut files = vec![SourceFile {
        name: "app.yaml".into(),
        text: "app: big\nsecurity: prototype\ntenant: org\nentities: {org: {access: open, fields: {slug: {type: text, unique: true}}}}\n".into(),
    }];
    for index in 0..500 {
        let mut text = format!("entities:\n  thing_{index}:\n    in: org\n    access: protected\n    fields:\n");
        writeln!(
            text,
            "      up: {{type: ref, to: thing_{}, on_delete: restrict}}",
            (index + 1) % 500
        )
        .unwrap();
        writeln!(
            text,
            "      down: {{type: list, of: thing_{}, by: up}}",
            (index + 499) % 500
        )
        .unwrap();
        for field in 0..20 {
            writeln!(text, "      field_{field}: {{type: text, max: 200, required: true}}").unwrap();
        }
        files.push(SourceFile {
            name: format!("entities/{index}.yaml"),
            text,
        });
    }
    let sources = Sources::new(files);
    let compiled = compile(&sources);
    assert!(
        !compiled.diagnostics.has_errors(),
        "{}",
        diagnostic::render(&compiled.diagnostics, &sources, false)
    );
    assert_eq!(compiled.catalog.unwrap().entities.len(), 503);
}

#[test]
fn size_is_bounded() {
    let check = |text: String, expected: &str| {
        let sources = Sources::new(vec![SourceFile {
            name: "app.yaml".into(),
            text,
        }]);
        let checks: Vec<&str> = compile(&sources).diagnostics.iter().map(|fault| fault.check).collect();
        assert!(
            checks.contains(&expected),
            "{expected} is not among {} checks",
            checks.len()
        );
    };
    let mut entities = String::from("app: big\nentities:\n");
    (0..4_100).for_each(|index| writeln!(entities, "  e{index}: {{access: open}}").unwrap());
    check(entities, "too-many-entities");
    let mut fields = String::from("app: big\nentities:\n  e:\n    access: open\n    fields:\n");
    (0..1_000).for_each(|index| writeln!(fields, "      f{index}: {{type: int}}").unwrap());
    check(fields, "too-many-fields");
    check(format!("app: big # {}", "x".repeat(1 << 20)), "file-size");
    // The deepest that is read must not exhaust a thread's stack either: the faults behind it are told.
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    check(
        format!("config: {{a: {{scope: tenant, default: {}}}}}", deep(45)),
        "app-name",
    );
    check(
        format!("config: {{a: {{scope: tenant, default: {}}}}}", deep(46)),
        "yaml-depth",
    );
    let many = "\n  - *x".repeat(100_000);
    let sources = Sources::new(vec![SourceFile {
        name: "app.yaml".into(),
        text: format!("app: &x big\nroles:{many}"),
    }]);
    let text = diagnostic::render(&compile(&sources).diagnostics, &sources, false);
    assert!(
        text.ends_with("only the first are shown: 100002 errors\n"),
        "{}",
        &text[text.len() - 200..]
    );
}

/// Models with a line missing, or cut short, are told about, not fallen over.
#[test]
fn damaged_models_do_not_panic() {
    for folder in [
        "tests/golden/passing/tenants",
        "tests/golden/passing/single_tenant",
        "tests/golden/passing/identity",
    ] {
        let sources = golden::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
        let files: Vec<SourceFile> = sources.iter().map(|(_, file)| file.clone()).collect();
        for (at, file) in files.iter().enumerate() {
            for line in 0..file.text.lines().count() {
                let without: Vec<&str> = file
                    .text
                    .lines()
                    .enumerate()
                    .filter(|(number, _)| *number != line)
                    .map(|(_, text)| text)
                    .collect();
                let cut: Vec<&str> = file.text.lines().take(line).collect();
                for text in [without.join("\n"), cut.join("\n")] {
                    let mut damaged = files.clone();
                    damaged[at].text = text;
                    let sources = Sources::new(damaged);
                    let compiled = golden::compile_all(&sources);
                    diagnostic::render(&compiled.diagnostics, &sources, true);
                    diagnostic::to_json(&compiled.diagnostics, &sources);
                }
            }
        }
    }
}

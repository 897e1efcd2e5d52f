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
        let Some(catalog) = compiled.catalog else { panic!("{case} does not compile:\n{faults}") };
        format!("{}{}{faults}", golden::summary(&catalog), golden::seed_summary(&catalog, &compiled.seed))
    });
}

#[test]
fn every_check_has_a_case() {
    let told = golden::checks_told();
    let known = golden::checks_in_code();
    let missing: Vec<&String> = known.iter().filter(|check| !told.contains(*check)).collect();
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
        assert!(!compiled.diagnostics.has_errors(), "{}", diagnostic::render(&compiled.diagnostics, &sources, false));
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
        writeln!(text, "      up: {{type: ref, to: thing_{}, on_delete: restrict}}", (index + 1) % 500).unwrap();
        writeln!(text, "      down: {{type: list, of: thing_{}, by: up}}", (index + 499) % 500).unwrap();
        for field in 0..20 {
            writeln!(text, "      field_{field}: {{type: text, max: 200, required: true}}").unwrap();
        }
        files.push(SourceFile { name: format!("entities/{index}.yaml"), text });
    }
    let sources = Sources::new(files);
    let compiled = compile(&sources);
    assert!(!compiled.diagnostics.has_errors(), "{}", diagnostic::render(&compiled.diagnostics, &sources, false));
    assert_eq!(compiled.catalog.unwrap().entities.len(), 503);
}

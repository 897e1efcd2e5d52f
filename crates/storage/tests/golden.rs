//! Golden folders, one a case: a model, a caller and a query in; the plan, the SQL of both dialects, and perhaps the SDL, out.
//!
//! `UPDATE_GOLDEN=1 cargo test -p freehold-storage --test golden` writes them anew; the difference is what a reviewer reads.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

mod outline;

use freehold_base::Limits;
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_planner::plan::Plan;
use freehold_policy::{Access, Policy, RoleSet};
use freehold_schema::catalog::Catalog;
use freehold_schema::graphql::{RequestText, RoleSchema};
use freehold_schema::source::{SourceFile, Sources};
use freehold_storage::program::Dialect;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[test]
fn every_case_gives_its_sql() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    let differing: Vec<String> = cases.iter().flat_map(|case| check(&root, case)).collect();
    assert!(
        differing.is_empty(),
        "differs from the golden files (UPDATE_GOLDEN=1 writes them anew):\n{}",
        differing.join("\n")
    );
}

/// Runs one case; gives the names of the files that differ.
fn check(root: &Path, case: &Path) -> Vec<String> {
    // A case without a model of its own uses the one beside the cases.
    let own = case.join("app.yaml");
    let model = if own.exists() { own } else { root.join("helpdesk.yaml") };
    let sources = Sources::new(vec![SourceFile {
        name: "app.yaml".to_owned(),
        text: std::fs::read_to_string(model).unwrap(),
    }]);
    let compiled = freehold_schema::compile(&sources);
    let mut faults = compiled.diagnostics;
    let catalog = compiled
        .catalog
        .unwrap_or_else(|| panic!("{}: {:?}", case.display(), faults.sorted()));
    let policy =
        Policy::check(&catalog, &mut faults).unwrap_or_else(|| panic!("{}: {:?}", case.display(), faults.sorted()));
    let access = Access::reduce(
        &catalog,
        &policy,
        &caller(&std::fs::read_to_string(case.join("caller.txt")).unwrap()),
    );
    let schema = RoleSchema::build(&catalog, &access.visible(&catalog));
    let mut differing = Vec::new();
    let mut compare = |name: &str, found: String| {
        let path = case.join(name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, found).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != found {
            differing.push(path.display().to_string());
        }
    };
    // One case for each kind of caller keeps the schema, too.
    if case.join("schema.graphql").exists() {
        compare("schema.graphql", schema.sdl());
    }
    let query = std::fs::read_to_string(case.join("query.graphql")).unwrap();
    let plan = planned(&catalog, &access, &schema, &query);
    compare("plan.txt", outline::outline(&catalog, &plan));
    for (dialect, name) in [(Dialect::Sqlite, "sqlite.sql"), (Dialect::Postgres, "postgres.sql")] {
        compare(name, render(&catalog, &plan, dialect));
    }
    differing
}

fn caller(text: &str) -> RoleSet {
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
            .map(str::trim)
    };
    RoleSet {
        profile: value("profile").map(str::to_owned),
        roles: value("roles")
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        signed_in: value("signed_in") == Some("true"),
        member: value("member") == Some("true"),
        reads_only: false,
    }
}

fn planned(catalog: &Catalog, access: &Access, schema: &RoleSchema, query: &str) -> Plan {
    let request = RequestText {
        query,
        operation_name: None,
        variables: &serde_json::Map::new(),
    };
    let limits = Limits::default();
    let prepared = schema
        .prepare(&request, &limits)
        .unwrap_or_else(|faults| panic!("{faults:?}"));
    let sealer = Sealer::new([1; KEY_BYTES]);
    freehold_planner::plan(
        catalog,
        access,
        &prepared.operation,
        prepared.introspection,
        &sealer,
        &limits,
    )
    .unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn render(catalog: &Catalog, plan: &Plan, dialect: Dialect) -> String {
    let program = freehold_storage::sql::render(catalog, plan, dialect);
    let mut out = String::new();
    for (index, statement) in program.statements.iter().enumerate() {
        let parent = statement
            .parent
            .map(|key| format!(", below column {} of statement {}", key.column, key.statement))
            .unwrap_or_default();
        writeln!(out, "-- statement {index}{parent}").unwrap();
        for (number, parameter) in statement.parameters.iter().enumerate() {
            let token = parameter
                .sealed
                .as_ref()
                .map(|field| format!(", as a token of {}.{}", field.entity_name, field.field));
            writeln!(
                out,
                "-- {}: {:?} {:?}{}",
                number + 1,
                parameter.value_type,
                parameter.operand,
                token.unwrap_or_default()
            )
            .unwrap();
        }
        writeln!(out, "-- columns: {:?}", statement.columns).unwrap();
        writeln!(out, "{};\n", broken(&statement.sql)).unwrap();
    }
    out
}

/// The text with line breaks where a reader wants them.
fn broken(sql: &str) -> String {
    [
        " FROM ",
        " LEFT JOIN ",
        " INNER JOIN ",
        " WHERE ",
        " ORDER BY ",
        " GROUP BY ",
    ]
    .iter()
    .fold(sql.to_owned(), |text, word| {
        text.replace(word, &format!("\n{}", word.trim_start()))
    })
}

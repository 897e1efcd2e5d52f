//! Golden folders, one a case: a caller and a mutation in, the plan as an outline out. All cases share the model beside them.
//!
//! `UPDATE_GOLDEN=1 cargo test -p freehold-planner --test golden` writes them anew; the difference is what a reviewer reads.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

mod mutation_outline;
#[path = "../../storage/tests/outline/mod.rs"]
mod outline;

use freehold_base::Limits;
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_planner::plan_mutation;
use freehold_policy::{Access, Policy, RoleSet};
use freehold_schema::catalog::Catalog;
use freehold_schema::graphql::{RequestText, RoleSchema};
use freehold_schema::source::{SourceFile, Sources};
use serde_json::Map;
use std::path::{Path, PathBuf};

#[test]
fn every_case_gives_its_plan() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let (catalog, policy) = model(&root);
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    let differing: Vec<String> = cases
        .iter()
        .map(|case| (case.join("plan.txt"), planned(&catalog, &policy, case)))
        .filter(|(file, found)| differs(file, found))
        .map(|(file, _)| file.display().to_string())
        .collect();
    assert!(
        differing.is_empty(),
        "differs from the golden files (UPDATE_GOLDEN=1 writes them anew):\n{}",
        differing.join("\n")
    );
}

/// Whether a file is not as it should be; writes it instead when asked to.
fn differs(file: &Path, found: &str) -> bool {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(file, found).unwrap();
        return false;
    }
    std::fs::read_to_string(file).unwrap_or_default() != found
}

fn model(root: &Path) -> (Catalog, Policy) {
    let sources = Sources::new(vec![SourceFile {
        name: "desk.yaml".to_owned(),
        text: std::fs::read_to_string(root.join("desk.yaml")).unwrap(),
    }]);
    let compiled = freehold_schema::compile(&sources);
    let mut faults = compiled.diagnostics;
    let catalog = compiled.catalog.unwrap_or_else(|| panic!("{:?}", faults.sorted()));
    let policy = Policy::check(&catalog, &mut faults).unwrap_or_else(|| panic!("{:?}", faults.sorted()));
    (catalog, policy)
}

fn planned(catalog: &Catalog, policy: &Policy, case: &Path) -> String {
    let read = |name: &str| std::fs::read_to_string(case.join(name)).unwrap();
    let access = Access::reduce(catalog, policy, &caller(&read("caller.txt")));
    let schema = RoleSchema::build(catalog, &access.visible(catalog));
    let limits = Limits::default();
    let request = RequestText {
        query: &read("mutation.graphql"),
        operation_name: None,
        variables: &Map::new(),
    };
    let refused = |faults: &dyn std::fmt::Debug| -> ! { panic!("{}: {faults:?}", case.display()) };
    let prepared = schema
        .prepare(&request, &limits)
        .unwrap_or_else(|faults| refused(&faults));
    let sealer = Sealer::new([1; KEY_BYTES]);
    let plan = plan_mutation(catalog, &access, &prepared.operation, &sealer, &limits);
    let plan = plan.unwrap_or_else(|faults| refused(&faults));
    mutation_outline::outline(catalog, &plan)
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

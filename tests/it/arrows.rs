//! The arrows of `ARCHITECTURE.md`: which room imports which, and who knows SQL, HTTP and GraphQL.
//! A new arrow is a decision: change the table here, and say why in the commit.

use freehold_tests::repository;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// What each room may import, directly.
const ARROWS: &[(&str, &[&str])] = &[
    ("freehold-base", &[]),
    ("freehold-entities", &[]),
    ("freehold-migrations", &[]),
    ("freehold-console", &[]),
    ("freehold-factors", &[]),
    ("freehold-saml", &[]),
    ("freehold-media", &[]),
    ("freehold-pages", &[]),
    ("freehold-oidc", &["freehold-base"]),
    ("freehold-schema", &["freehold-base"]),
    ("freehold-content", &["freehold-base", "freehold-schema"]),
    ("freehold-policy", &["freehold-base", "freehold-schema"]),
    (
        "freehold-planner",
        &[
            "freehold-base",
            "freehold-schema",
            "freehold-content",
            "freehold-policy",
        ],
    ),
    (
        "freehold-storage",
        &[
            "freehold-base",
            "freehold-schema",
            "freehold-policy",
            "freehold-planner",
        ],
    ),
    (
        "freehold-auth",
        &["freehold-base", "freehold-entities", "freehold-factors"],
    ),
    ("freehold-vault", &["freehold-base", "freehold-entities"]),
    (
        "freehold",
        &[
            "freehold-base",
            "freehold-schema",
            "freehold-content",
            "freehold-policy",
            "freehold-planner",
            "freehold-storage",
            "freehold-auth",
            "freehold-vault",
            "freehold-entities",
            "freehold-migrations",
            "freehold-console",
            "freehold-pages",
            "freehold-factors",
            "freehold-oidc",
            "freehold-saml",
        ],
    ),
    ("freehold-tests", &[]),
    ("freehold-bench", &[]),
    ("xtask", &[]),
];

/// Who may depend on what, besides. Some of these nobody depends on: they are where a way round would begin.
const KEEPERS: &[(&[&str], &[&str])] = &[
    (
        &[
            "sea-query",
            "rusqlite",
            "tokio-postgres",
            "postgres",
            "libsqlite3-sys",
            "deadpool-postgres",
        ],
        &["freehold-storage"],
    ),
    (
        &["sea-orm", "sqlx"],
        &["freehold-entities", "freehold-auth", "freehold-vault", "freehold"],
    ),
    (&["oauth2", "openidconnect"], &["freehold-oidc"]),
    (&["roxmltree"], &["freehold-saml"]),
    (&["sea-orm-migration"], &["freehold-migrations"]),
    (&["ammonia", "html5ever", "pulldown-cmark"], &["freehold-content"]),
    (&["actix-web", "actix-http", "actix-rt", "actix-ws"], &["freehold"]),
    (
        &["async-graphql", "async-graphql-parser", "async-graphql-value"],
        &["freehold-schema"],
    ),
];

/// Who looks at a server from outside, past it too: the tests make and read databases, the benchmark fills them and has a server of
/// its own to compare with.
const OUTSIDERS: &[&str] = &["freehold-tests", "freehold-bench"];

fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(repository())
        .output()
        .expect("cargo can be run");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let dependencies = |package: &Value| {
        let all = package["dependencies"].as_array().expect("dependencies");
        all.iter().filter(|it| it["kind"] != "dev").map(name).collect()
    };
    packages
        .iter()
        .map(|package| (name(package), dependencies(package)))
        .collect()
}

#[test]
fn rooms_import_along_the_arrows() {
    let packages = packages();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    let there: BTreeSet<&str> = packages.keys().map(String::as_str).collect();
    assert_eq!(there, known, "rooms of the workspace, and rooms of the table");
    for (room, allowed) in ARROWS {
        let imported: Vec<&String> = packages[*room]
            .iter()
            .filter(|it| known.contains(it.as_str()))
            .collect();
        let strange: Vec<&&String> = imported.iter().filter(|it| !allowed.contains(&it.as_str())).collect();
        assert!(
            strange.is_empty(),
            "{room} imports {strange:?}, and the table has no such arrow"
        );
    }
}

#[test]
fn each_matter_has_its_keepers() {
    for (room, dependencies) in packages() {
        for (matters, keepers) in KEEPERS {
            let found: Vec<&&str> = matters
                .iter()
                .filter(|matter| dependencies.contains(**matter))
                .collect();
            let may = keepers.contains(&room.as_str()) || OUTSIDERS.contains(&room.as_str());
            assert!(
                found.is_empty() || may,
                "{room} depends on {found:?}; only {keepers:?} may"
            );
        }
    }
}

/// No file outside may name the crate.
#[test]
fn async_graphql_stays_in_its_place() {
    let allowed = "schema/src/graphql/";
    for folder in ["schema/src", "api/src"] {
        let mut files = Vec::new();
        collect(&repository().join(folder), &mut files);
        for file in files {
            let name = file
                .strip_prefix(repository())
                .expect("a file of the repository")
                .display()
                .to_string();
            let text = std::fs::read_to_string(&file).expect("a source file can be read");
            let uses = text
                .lines()
                .any(|line| !line.trim_start().starts_with("//") && line.contains("async_graphql"));
            assert!(
                !uses || name.starts_with(allowed),
                "{name} names async_graphql; it belongs to {allowed}"
            );
        }
    }
}

fn collect(folder: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
    for path in std::fs::read_dir(folder)
        .expect("a folder can be listed")
        .map(|entry| entry.expect("an entry").path())
    {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

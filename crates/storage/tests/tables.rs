//! An environment's tables follow its model, and never lose data silently.

mod support;

use freehold_base::{Code, ValueType};
use freehold_schema::catalog::Catalog;
use freehold_storage::tables::{Change, desired};
use freehold_storage::{Database, Error};
use support::{Noon, ask, catalog, databases, either, query, seed};

const FIRST: &str = "
app: desk
security: open
tenant: organisation
entities:
  organisation:
    access: open
    public: false
    fields: {name: {type: text, required: true}, slug: {type: text, required: true}}
    unique: [[slug]]
  membership:
    membership_of: organisation
    access: protected
    public: false
    fields: {}
  team:
    in: organisation
    access: open
    public: false
    fields: {name: {type: text, required: true}}
  ticket:
    in: organisation
    access: open
    public: false
    fields:
      subject: {type: text, required: true}
      team: {type: ref, to: team, on_delete: restrict}
      size: {type: int}
      status: {type: select, options: [new, open, done], default: new}
      about: {type: ref, to: [team, ticket]}
    unique: [[team, subject]]
    index: [[status, size]]
";

const SEED: &str = "
users:
  - {email: ann@acme.test, name: Ann}
organisation:
  acme: {name: Acme, slug: acme}
  beta: {name: Beta, slug: beta}
membership:
  - {organisation: acme, user: ann@acme.test}
ticket:
  x: {organisation: acme, subject: One, team: t1, size: 1, owner: ann@acme.test}
  z: {organisation: acme, subject: Two, size: 2, status: open}
team:
  t1: {organisation: acme, name: First}
";

/// The model with the ticket's fields changed.
fn second(from: &str, to: &str) -> Catalog {
    assert!(FIRST.contains(from), "{from}");
    catalog(&FIRST.replace(from, to))
}

async fn filled(name: &str) -> [Database; 2] {
    let catalog = catalog(FIRST);
    let databases = databases(name).await;
    for database in &databases {
        database.apply(&catalog, &[], false, &Noon).await.expect("tables");
        database
            .insert_seed(&catalog, &seed(&catalog, SEED), None, &Noon, &mut |_, _| {})
            .await
            .expect("rows");
    }
    databases
}

async fn apply(database: &Database, catalog: &Catalog) -> Vec<Change> {
    let changes = database
        .apply(catalog, &[], false, &Noon)
        .await
        .unwrap_or_else(|error| panic!("{:?}: {error}", database.dialect()))
        .changes;
    assert_eq!(
        database.apply(catalog, &[], false, &Noon).await.expect("again").changes,
        [],
        "a second time changes nothing"
    );
    changes
}

async fn refused(database: &Database, catalog: &Catalog) -> Vec<String> {
    match database.apply(catalog, &[], false, &Noon).await {
        Err(error @ Error::UnsafeChange { .. }) => {
            assert_eq!(error.code(), Code::MigrationUnsafe);
            let Error::UnsafeChange { problems } = error else {
                unreachable!()
            };
            let (_, same) = database.compare(catalog, &[]).await.expect("compared");
            assert_eq!(same, problems);
            problems
        }
        other => panic!("{:?}: {other:?}", database.dialect()),
    }
}

async fn texts(database: &Database, expression: &str) -> String {
    let answer = ask(
        database,
        &query(
            &format!("SELECT {expression} FROM ticket ORDER BY subject"),
            Vec::new(),
            &[ValueType::Text],
        ),
    )
    .await;
    answer.unwrap_or_else(|error| panic!("{:?}: {error:?}", database.dialect()))
}

#[test]
fn tables_of_a_tenant_are_keyed_and_referred_to_within_it() {
    let catalog = catalog(FIRST);
    let ticket = catalog.find_entity("ticket").expect("declared");
    let status = ticket.find_field("status").expect("declared").id;
    let owner = ticket.find_field("owner").expect("implicit").id;
    let tables = desired(&catalog, &[(ticket.id, vec![owner]), (ticket.id, vec![status])]);
    let ticket = &tables.tables["ticket"];
    assert_eq!(ticket.primary_key, ["tenant_id", "id"]);
    let references: Vec<String> = ticket
        .references
        .values()
        .map(|it| format!("{} → {}({})", it.columns.join("+"), it.table, it.targets.join("+")))
        .collect();
    for expected in [
        "tenant_id+team_id → team(tenant_id+id)",
        "tenant_id → organisation(id)",
        "owner_id → user(id)",
    ] {
        assert!(
            references.iter().any(|it| it == expected),
            "{expected} in {references:?}"
        );
    }
    assert!(
        !references.iter().any(|it| it.contains("about")),
        "a polymorphic reference has no foreign key"
    );
    let mut indexes: Vec<String> = ticket
        .indexes
        .values()
        .map(|it| format!("{}{}", if it.unique { "!" } else { "" }, it.columns.join("+")))
        .collect();
    indexes.sort();
    // `status` is the beginning of `status, size`, and `team` of the unique key.
    assert_eq!(
        indexes,
        [
            "!tenant_id+team_id+subject",
            "tenant_id+about_id",
            "tenant_id+owner_id",
            "tenant_id+status+size"
        ]
    );
    assert_eq!(tables.tables["organisation"].primary_key, ["id"]);
    assert_eq!(tables.tables["user"].primary_key, ["id"]);
}

#[tokio::test]
async fn tags_are_given_once() {
    let crew = catalog(
        &FIRST
            .replace("  team:\n", "  crew:\n")
            .replace("team: {type: ref, to: team, on", "crew: {type: ref, to: crew, on")
            .replace("[team, ", "[crew, "),
    );
    for database in databases("tags").await {
        let first = database
            .apply(&catalog(FIRST), &[], false, &Noon)
            .await
            .expect("tables")
            .tags;
        let second = database.apply(&crew, &[], false, &Noon).await.expect("tables").tags;
        assert_eq!(first["ticket"], second["ticket"]);
        assert!(first.values().all(|tag| *tag != second["crew"]), "{first:?} {second:?}");
        let third = database
            .apply(&catalog(FIRST), &[], false, &Noon)
            .await
            .expect("tables")
            .tags;
        assert_eq!(first, third);
    }
}

#[tokio::test]
async fn seed_goes_into_an_empty_environment_alone() {
    let catalog = catalog(FIRST);
    for database in filled("seed").await {
        assert!(database.has_data(&catalog).await.expect("an answer"));
        let again = database
            .insert_seed(&catalog, &seed(&catalog, SEED), None, &Noon, &mut |_, _| {})
            .await;
        assert!(matches!(again, Err(Error::NotEmpty)), "{again:?}");
        assert_eq!(
            texts(&database, "subject").await,
            r#"{"rows":[{"c0":"One"},{"c0":"Two"}]}"#
        );
        let sql = "SELECT count(*) FROM ticket WHERE updated_at = created_at AND version = 1 AND tenant_id IS NOT NULL";
        let count = ask(&database, &query(sql, Vec::new(), &[ValueType::BigInt])).await;
        assert_eq!(count.expect("an answer"), r#"{"rows":[{"c0":2}]}"#);
    }
}

#[tokio::test]
async fn a_row_cannot_refer_to_another_tenants_row() {
    let catalog = catalog(FIRST);
    let mut wrong = seed(&catalog, SEED);
    let beta = wrong
        .find(catalog.find_entity("organisation").expect("declared").id, "beta")
        .expect("there")
        .id;
    let ticket = catalog.find_entity("ticket").expect("declared").id;
    let row = wrong
        .rows
        .iter_mut()
        .find(|row| row.entity == ticket && row.label == "x")
        .expect("there");
    row.tenant = Some(beta);
    for database in databases("walls").await {
        database.apply(&catalog, &[], false, &Noon).await.expect("tables");
        let error = database
            .insert_seed(&catalog, &wrong, None, &Noon, &mut |_, _| {})
            .await
            .expect_err("another tenant's team");
        assert_eq!(error.code(), Code::Conflict, "{error:?}");
        assert!(
            !database.has_data(&catalog).await.expect("an answer"),
            "nothing stays of it"
        );
    }
}

#[tokio::test]
async fn what_adds_is_done() {
    for database in filled("adds").await {
        let added = second(
            "      size: {type: int}\n",
            "      size: {type: int}\n      note: {type: text}\n      due: {type: date}\n      level: {type: text, required: true, default: low}\n      helper: {type: ref, to: team, on_delete: set_null}\n",
        );
        let changes: Vec<String> = apply(&database, &added).await.iter().map(ToString::to_string).collect();
        for expected in [
            "add `ticket.note`",
            "add `ticket.due`",
            "add `ticket.level`",
            "add `ticket.helper_id`",
            "index `ticket` by tenant_id, helper_id",
        ] {
            assert!(changes.iter().any(|it| it == expected), "{expected} in {changes:#?}");
        }
        assert_eq!(
            texts(&database, "level").await,
            r#"{"rows":[{"c0":"low"},{"c0":"low"}]}"#
        );
        assert_eq!(texts(&database, "note").await, r#"{"rows":[{"c0":null},{"c0":null}]}"#);
    }
}

#[tokio::test]
async fn renames_keep_their_values() {
    for database in filled("renames").await {
        let renamed = catalog(
            &FIRST
                .replace(
                    "team: {type: ref, to: team, on_delete: restrict}",
                    "crew: {type: ref, to: team, on_delete: restrict, was: team}",
                )
                .replace("size: {type: int}", "points: {type: int, was: size}")
                .replace("unique: [[team, subject]]", "unique: [[crew, subject]]")
                .replace("index: [[status, size]]", "index: [[status, points]]"),
        );
        let changes = apply(&database, &renamed).await;
        assert!(
            changes
                .iter()
                .any(|it| it.to_string() == "rename `ticket.team_id` to `crew_id`"),
            "{changes:#?}"
        );
        assert_eq!(
            texts(&database, "CAST(points AS text)").await,
            r#"{"rows":[{"c0":"1"},{"c0":"2"}]}"#
        );
        assert_eq!(
            texts(&database, "CASE WHEN crew_id IS NULL THEN 'no' ELSE 'yes' END").await,
            r#"{"rows":[{"c0":"yes"},{"c0":"no"}]}"#
        );
    }
}

#[tokio::test]
async fn types_widen_and_requirements_fall() {
    for database in filled("widens").await {
        let wider = catalog(
            &FIRST
                .replace("size: {type: int}", "size: {type: decimal}")
                .replace("subject: {type: text, required: true}", "subject: {type: text}"),
        );
        let changes = apply(&database, &wider).await;
        assert!(
            changes.iter().any(|it| matches!(it, Change::WidenType { .. }))
                && changes.iter().any(|it| matches!(it, Change::DropNotNull { .. }))
        );
        assert_eq!(
            texts(&database, either(&database, "size", "size::text")).await,
            r#"{"rows":[{"c0":"1"},{"c0":"2"}]}"#
        );
    }
}

#[tokio::test]
async fn what_loses_data_is_refused_with_advice() {
    let cases: [(&str, &str, &str); 5] = [
        ("      size: {type: int}\n", "", "`ticket.size` is gone"),
        (
            "size: {type: int}",
            "size: {type: boolean}",
            "changes from Int to Boolean",
        ),
        (
            "size: {type: int}",
            "size: {type: int}\n      must: {type: text, required: true}",
            "give it a default",
        ),
        (
            "team: {type: ref, to: team, on_delete: restrict}",
            "team: {type: ref, to: team, on_delete: restrict, required: true}",
            "some rows have no value",
        ),
        (
            "options: [new, open, done]",
            "options: [new, done]",
            "options of `status`",
        ),
    ];
    for database in filled("refused").await {
        for (from, to, expected) in &cases {
            let changed = catalog(
                &FIRST
                    .replace(from, to)
                    .replace(", size]]", if to.is_empty() { "]]" } else { ", size]]" }),
            );
            let problems = refused(&database, &changed).await;
            assert!(
                problems.len() == 1 && problems[0].contains(expected),
                "{expected}: {problems:#?}"
            );
        }
        let lost_entity = catalog(
            &FIRST
                .replace("  team:\n    in: organisation\n    access: open\n    public: false\n    fields: {name: {type: text, required: true}}\n", "")
                .replace("      team: {type: ref, to: team, on_delete: restrict}\n", "")
                .replace("about: {type: ref, to: [team, ticket]}", "about: {type: ref, to: [user, ticket]}")
                .replace("unique: [[team, subject]]", "unique: [[subject]]"),
        );
        let problems = refused(&database, &lost_entity).await;
        assert!(
            problems.len() == 2 && problems.iter().any(|it| it.contains("entity `team` is gone")),
            "{problems:#?}"
        );
        // Nothing has happened so far.
        apply(&database, &catalog(FIRST)).await;
        let allowed = database
            .apply(&lost_entity, &[], true, &Noon)
            .await
            .expect("somebody said yes");
        assert!(allowed.changes.iter().any(|it| matches!(it, Change::DropTable { .. })));
        apply(&database, &lost_entity).await;
    }
}

#[tokio::test]
async fn duplicates_stand_in_the_way_of_a_unique_key() {
    for database in filled("unique").await {
        let unique = second("unique: [[team, subject]]", "unique: [[team, subject], [owner]]");
        apply(&database, &unique).await;
        match database.sqlite_path() {
            Some(path) => rusqlite::Connection::open(path)
                .expect("opens")
                .execute_batch("UPDATE ticket SET size = 5")
                .expect("written"),
            None => support::client()
                .await
                .batch_execute("UPDATE storage_unique.ticket SET size = 5")
                .await
                .expect("written"),
        }
        let problems = refused(
            &database,
            &second("unique: [[team, subject]]", "unique: [[team, subject], [size]]"),
        )
        .await;
        assert!(
            problems.len() == 1 && problems[0].contains("to be unique"),
            "{problems:#?}"
        );
    }
}

#[tokio::test]
async fn what_is_empty_may_go() {
    let small = catalog(
        "app: desk\nsecurity: open\nentities: {thing: {access: open, public: false, fields: {name: {type: text}}}}",
    );
    for database in databases("empty").await {
        apply(&database, &catalog(FIRST)).await;
        let changes = apply(&database, &small).await;
        assert!(
            changes.iter().any(|it| it.to_string() == "drop `ticket`"),
            "{changes:#?}"
        );
        apply(&database, &catalog(FIRST)).await;
    }
}

#[tokio::test]
async fn two_servers_may_start_together() {
    let catalog = catalog(FIRST);
    for database in databases("together").await {
        let starts = (0..4).map(|_| {
            let (database, catalog) = (database.clone(), catalog.clone());
            tokio::spawn(async move {
                database
                    .apply(&catalog, &[], false, &Noon)
                    .await
                    .expect("tables")
                    .changes
                    .len()
            })
        });
        let mut changed = Vec::new();
        for start in starts.collect::<Vec<_>>() {
            changed.push(start.await.expect("ran"));
        }
        assert_eq!(changed.iter().filter(|count| **count > 0).count(), 1, "{changed:?}");
    }
}

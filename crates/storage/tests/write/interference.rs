//! Others who write at the same time, connections that break, requests that nobody waits for.

use crate::support::{client, settings};
use crate::world::{NOW, Site, World, Writer, raw, schema_of};
use freehold_base::Code;
use freehold_storage::audit::{AuditChain, AuditEvent, AuditKind};
use freehold_storage::program::Dialect;
use freehold_storage::{Database, Settings};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Client;

/// Another session of the same environment.
async fn other(database: &Database) -> Client {
    let client = client().await;
    let schema = schema_of(database).await;
    client
        .batch_execute(&format!("SET search_path = {schema}"))
        .await
        .expect("a session");
    client
}

/// Waits until somebody of the environment waits for a lock.
async fn until_blocked(database: &Database) {
    until(database, |blocked| blocked > 0).await;
}

/// Waits until the number of those who wait for a lock is as it is asked.
async fn until(database: &Database, holds: fn(i64) -> bool) {
    let observer = client().await;
    let schema = schema_of(database).await;
    // Whoever waits for a row has a lock on its table.
    let waiting = "SELECT count(*) FROM pg_stat_activity a WHERE a.wait_event_type = 'Lock' AND EXISTS ( \
                   SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation \
                   WHERE l.pid = a.pid AND c.relnamespace = $1::text::regnamespace)";
    for _ in 0..1000 {
        let blocked: i64 = observer.query_one(waiting, &[&schema]).await.expect("a number").get(0);
        if holds(blocked) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("nobody waits, or somebody still does");
}

/// A mutation that runs while the test goes on.
fn meanwhile<'a>(writer: &'a Writer<'a>, text: &str) -> impl Future<Output = Result<Json, String>> + use<'a> {
    let text = text.to_owned();
    async move { writer.write(&text).await }
}

#[tokio::test]
async fn a_row_is_judged_as_it_is_under_its_lock() {
    let world = World::new();
    for database in world.postgres("locked").await {
        let other = other(&database).await;
        let ann = world.ann(&database);
        other
            .batch_execute("BEGIN; UPDATE ticket SET status = 'solved' WHERE subject = 'Printer'")
            .await
            .expect("locked");
        let (told, ()) = tokio::join!(
            meanwhile(&ann, "updateTicket(id: <ticket.a>, input: {priority: LOW}) { id }"),
            async {
                until_blocked(&database).await;
                other.batch_execute("COMMIT").await.expect("committed");
            }
        );
        assert_eq!(told, Err("FORBIDDEN no rule lets you change this Ticket so".to_owned()));
        assert_eq!(
            raw(&database, "subject", "ticket WHERE priority = 'low'").await.len(),
            0
        );
    }
}

#[tokio::test]
async fn a_filter_is_asked_again_under_the_locks() {
    let world = World::new();
    for database in world.postgres("relisted").await {
        let other = other(&database).await;
        let ann = world.ann(&database);
        other
            .batch_execute("BEGIN; UPDATE ticket SET priority = 'urgent' WHERE subject = 'Printer'")
            .await
            .expect("locked");
        let text = "updateTickets(filter: {priority: {eq: NORMAL}, status: {ne: SOLVED}}, input: {priority: LOW}, atMost: 9) { subject }";
        let (told, ()) = tokio::join!(meanwhile(&ann, text), async {
            until_blocked(&database).await;
            other.batch_execute("COMMIT").await.expect("committed");
        });
        assert_eq!(told, Ok(json!({"updateTickets": [{"subject": "Own"}]})));
        assert_eq!(
            raw(&database, "subject", "ticket WHERE priority = 'low'").await,
            ["Own"]
        );
    }
}

#[tokio::test]
async fn whoever_loses_a_deadlock_tries_again() {
    let world = World::new();
    for database in world.postgres("deadlock").await {
        let other = other(&database).await;
        let ann = world.ann(&database);
        // The other waits longer, so that it is we who lose.
        other
            .batch_execute("SET deadlock_timeout = '1min'; BEGIN; UPDATE ticket SET note = 'n' WHERE subject = 'Own'")
            .await
            .expect("locked");
        let text = "a: updateTicket(id: <ticket.a>, input: {priority: LOW}) { version } b: updateTicket(id: <ticket.o>, input: {priority: LOW}) { version }";
        let (told, ()) = tokio::join!(meanwhile(&ann, text), async {
            until_blocked(&database).await;
            other
                .batch_execute("UPDATE ticket SET note = 'n' WHERE subject = 'Printer'; COMMIT")
                .await
                .expect("it was not we who lost");
        });
        assert_eq!(told, Ok(json!({"a": {"version": 2}, "b": {"version": 2}})));
        assert_eq!(
            raw(
                &database,
                "subject priority note",
                "ticket WHERE note = 'n' AND version = 2"
            )
            .await,
            ["Printer low n", "Own low n"]
        );
    }
}

#[tokio::test]
async fn numbers_are_given_once() {
    let world = World::new();
    for database in world.databases("numbers").await {
        let ann = world.ann(&database);
        let writes = (0..12).map(|index| {
            meanwhile(
                &ann,
                &format!("createTicket(input: {{subject: \"n{index}\"}}) {{ number }}"),
            )
        });
        let told = futures_util::future::join_all(writes).await;
        let mut numbers: Vec<i64> = told
            .into_iter()
            .map(|told| {
                told.expect("written")["createTicket"]["number"]
                    .as_i64()
                    .expect("a number")
            })
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (6..18).collect::<Vec<_>>(), "{:?}", database.dialect());
    }
}

#[tokio::test]
async fn one_of_two_who_take_a_key_finds_the_others_row() {
    let world = World::new();
    for database in world.postgres("key_race").await {
        let other = other(&database).await;
        let ann = world.ann(&database);
        let insert = "BEGIN; INSERT INTO article (id, tenant_id, version, created_at, updated_at, slug, title) \
                  SELECT gen_random_uuid(), tenant_id, 1, created_at, updated_at, 'race', 'theirs' FROM article WHERE slug = 'start'";
        other.batch_execute(insert).await.expect("inserted");
        let text = "upsertArticle(by: SLUG, input: {slug: \"race\", title: \"ours\"}) { title version }";
        let (told, ()) = tokio::join!(meanwhile(&ann, text), async {
            until_blocked(&database).await;
            other.batch_execute("COMMIT").await.expect("committed");
        });
        assert_eq!(told, Ok(json!({"upsertArticle": {"title": "ours", "version": 2}})));
    }
}

#[tokio::test]
async fn what_no_foreign_key_holds_is_held_by_a_lock() {
    let world = World::new();
    for database in world.postgres("held").await {
        let other = other(&database).await;
        let ann = world.ann(&database);
        other
            .batch_execute("BEGIN; DELETE FROM comment WHERE body = 'one'")
            .await
            .expect("deleted");
        let text = "createAttachment(input: {name: \"f\", subject: <comment.1>}) { name }";
        let (told, ()) = tokio::join!(meanwhile(&ann, text), async {
            until_blocked(&database).await;
            other.batch_execute("COMMIT").await.expect("committed");
        });
        assert_eq!(told, Err("NOT_FOUND `subject`: there is no such row".to_owned()));
    }
}

/// Both databases for both ways, with so short a deadline that a test may wait for it.
async fn hurried(world: &World, name: &str) -> Vec<Site> {
    let mut sites = Vec::new();
    for long in [false, true] {
        for settings in settings(&format!("write_{name}_{long}")).await {
            let settings = Settings {
                request_timeout: Duration::from_millis(400),
                ..settings
            };
            let database = Database::open(&settings).await.expect("it opens");
            world.fill(&database).await;
            sites.push(World::site(database, long));
        }
    }
    sites
}

#[tokio::test]
async fn a_deadline_undoes_everything() {
    let world = World::new();
    for database in hurried(&world, "deadline").await {
        let ann = world.ann(&database);
        let text = "a: updateTicket(id: <ticket.o>, input: {priority: LOW}) { id } b: updateTicket(id: <ticket.a>, input: {priority: LOW}) { id }";
        let told = match database.sqlite_path() {
            Some(path) => {
                let other = rusqlite::Connection::open(path).expect("opens");
                other.execute_batch("BEGIN IMMEDIATE").expect("locked");
                let told = ann.write(text).await;
                other.execute_batch("ROLLBACK").expect("free again");
                told
            }
            None => {
                let other = other(&database).await;
                let lock = "BEGIN; SELECT 1 FROM ticket WHERE subject = 'Printer' FOR UPDATE";
                other.batch_execute(lock).await.expect("locked");
                let told = ann.write(text).await;
                other.batch_execute("ROLLBACK").await.expect("free again");
                told
            }
        };
        let told = told.expect_err("too late");
        assert!(told.starts_with("TIMEOUT"), "{told}");
        // Nothing of it comes later, either.
        ann.written(text).await;
        assert_eq!(
            raw(&database, "subject", "ticket WHERE version = 2").await,
            ["Printer", "Own"]
        );
    }
}

#[tokio::test]
async fn nobody_waits_for_a_write_that_is_not_asked_for_any_more() {
    let world = Arc::new(World::new());
    for database in world.postgres("abandoned").await {
        let other = other(&database).await;
        other
            .batch_execute("BEGIN; SELECT 1 FROM ticket WHERE subject = 'Printer' FOR UPDATE")
            .await
            .expect("locked");
        let text = "a: updateTicket(id: <ticket.o>, input: {priority: LOW}) { id } b: updateTicket(id: <ticket.a>, input: {priority: LOW}) { id }";
        {
            let ann = world.ann(&database);
            let write = ann.write(text);
            tokio::select! {
                told = write => panic!("{told:?}"),
                () = until_blocked(&database) => {}
            }
        }
        // It has let go of what it had though the other lock is still held.
        until(&database, |blocked| blocked == 0).await;
        let free = "SELECT 1 FROM ticket WHERE subject = 'Own' FOR UPDATE";
        other
            .batch_execute(&format!("SET lock_timeout = '5s'; {free}; ROLLBACK"))
            .await
            .expect("free");
        assert_eq!(raw(&database, "subject", "ticket WHERE version > 1").await.len(), 0);
        world.ann(&database).written(text).await;
    }
}

#[tokio::test]
async fn a_connection_that_broke_while_it_was_idle_costs_nothing() {
    let world = World::new();
    let [_, settings] = settings("write_broken").await;
    let separator = if settings.url.contains('?') { '&' } else { '?' };
    let named = Settings {
        url: format!("{}{separator}application_name=write_broken", settings.url),
        ..settings
    };
    let database = World::site(Database::open(&named).await.expect("PostgreSQL opens"), false);
    world.fill(&database).await;
    let ann = world.ann(&database);
    let others = client().await;
    // It waits until they have gone.
    let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'write_broken'";
    for _ in 0..3 {
        ann.written("updateTicket(id: <ticket.a>, input: {priority: URGENT}) { id }")
            .await;
        others.batch_execute(end).await.expect("ended");
    }
    ann.written("updateTicket(id: <ticket.a>, input: {priority: LOW}) { id }")
        .await;
    assert_eq!(raw(&database, "version", "ticket WHERE priority = 'low'").await, ["5"]);
}

#[tokio::test]
async fn statements_are_prepared_anew_when_tables_have_changed() {
    let world = World::new();
    for database in world.postgres("outdated").await {
        let ann = world.ann(&database);
        let text = "updateTicket(id: <ticket.a>, input: {priority: LOW}) { subject priority }";
        for _ in 0..3 {
            ann.written(text).await;
        }
        world
            .database_execute(
                &database,
                "ALTER TABLE ticket ALTER COLUMN subject TYPE varchar(200) COLLATE \"C\"",
            )
            .await;
        assert_eq!(ann.written(text).await["updateTicket"]["subject"], json!("Printer"));
        assert_eq!(raw(&database, "version", "ticket WHERE priority = 'low'").await, ["5"]);
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_written() {
    let world = World::new();
    for database in world.databases("unrecorded").await {
        let ann = world.ann(&database);
        let plan = ann.plan("mutation { updateTicket(id: <ticket.a>, input: {priority: LOW}) { id } }");
        // The tables of the audit log are not there.
        let audit = |rows: &[freehold_storage::WrittenRow]| {
            let event = AuditEvent::new(AuditChain::Environment, NOW, AuditKind::Write);
            rows.iter().map(|_| event.clone()).collect()
        };
        let refused = ann.run_audited(&plan, &audit).await.expect_err("not recorded");
        assert_eq!(refused.error.code(), Code::InternalServerError);
        assert_eq!(raw(&database, "subject", "ticket WHERE version > 1").await.len(), 0);
        let silent = |_: &[freehold_storage::WrittenRow]| Vec::new();
        ann.run_audited(&plan, &silent).await.expect("written");
    }
}

#[tokio::test]
async fn round_trips() {
    let world = World::new();
    for database in world.databases("flights").await {
        let ann = world.ann(&database);
        let text = |index: usize| format!("createCategory(input: {{name: \"c{index}\"}}) {{ serial }}");
        for index in 0..4 {
            ann.written(&text(index)).await;
        }
        let before = database.counters();
        ann.written(&text(9)).await;
        let after = database.counters();
        // Step by step: judged, written, read, and on PostgreSQL kept. Whole, whatever it takes.
        let expected = match (database.is_long(), database.dialect()) {
            (false, _) => 1,
            (true, Dialect::Sqlite) => 3,
            (true, Dialect::Postgres) => 4,
        };
        assert_eq!(after.flights - before.flights, expected, "{:?}", database.dialect());
    }
}

//! Mutations that leave no trace: judged, written, answered and checked as any other, and then undone.

use crate::world::{Site, World, Writer, chance, raw};
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_storage::program::Dialect;
use freehold_storage::{Rehearsed, WriteRequest, WrittenRow};
use serde_json::{Map, Value as Json};

/// Rehearses `mutation { … }`.
async fn rehearse(writer: &Writer<'_>, text: &str) -> Result<(Json, Vec<WrittenRow>), String> {
    let plan = writer.plan(&format!("mutation {{ {text} }}"));
    let variables = Map::new();
    let mut letters = Vec::new();
    let mut changed = Vec::new();
    let request = WriteRequest {
        binder: writer.binder(&variables),
        sealer: &Sealer::new([7; KEY_BYTES]),
        entropy: &mut chance,
        audit: None,
        letters: &mut letters,
        changed: &mut changed,
        drafts: None,
        readings: None,
        request_id: None,
    };
    let outcome = writer.database.rehearse(&plan, request).await;
    let rehearsed = outcome.map_err(|refused| format!("{} {}", refused.error.code().name(), refused.error));
    rehearsed.map(|Rehearsed { data, written }| {
        let mut data: Map<String, Json> = serde_json::from_slice(&data).expect("JSON");
        data.shift_remove("nothing");
        (Json::Object(data), written)
    })
}

/// What is in the tables that the tests write to.
async fn stored(database: &Site) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (column, table) in [
        ("subject", "ticket"),
        ("priority", "ticket"),
        ("body", "comment"),
        ("slug", "article"),
    ] {
        found.push(raw(database, column, table).await);
    }
    found
}

#[tokio::test]
async fn a_rehearsal_answers_as_a_write_and_keeps_nothing() {
    let world = World::new();
    for database in world.databases("rehearsal").await {
        let ann = world.ann(&database);
        let before = stored(&database).await;
        for text in [
            "updateTicket(id: <ticket.a>, input: {priority: LOW}) { priority version }",
            "createTicket(input: {subject: \"New\", team: <team.t1>}) { subject priority version }",
            "deleteTicket(id: <ticket.o>) { subject comments { totalCount } }",
            "one: updateTicket(id: <ticket.a>, input: {priority: LOW}) { version } two: updateTicket(id: <ticket.a>, input: {priority: URGENT}) { version }",
        ] {
            // The second time it is the first time again.
            let (first, written) = rehearse(&ann, text)
                .await
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            let (second, again) = rehearse(&ann, text)
                .await
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(first, second, "{text}");
            assert!(
                !written.is_empty() && written.len() == again.len(),
                "{text}: {written:?}"
            );
            assert!(written.iter().any(|row| row.rule.is_some()), "{text}: {written:?}");
            assert_eq!(stored(&database).await, before, "{text}");
        }
        // What is then written is what was rehearsed.
        let text = "updateTicket(id: <ticket.a>, input: {priority: LOW}) { priority version }";
        let (rehearsed, _) = rehearse(&ann, text).await.expect("it goes through");
        assert_eq!(ann.written(text).await, rehearsed);
    }
}

#[tokio::test]
async fn a_rehearsal_is_refused_as_a_write() {
    let world = World::new();
    for database in world.databases("rehearsal_refused").await {
        let ann = world.ann(&database);
        let before = stored(&database).await;
        for text in [
            "updateTicket(id: <ticket.z>, input: {priority: LOW}) { id }",
            "updateTicket(id: <ticket.c>, input: {priority: LOW}) { id }",
            "createTicket(input: {subject: \"Printer\", team: <team.t1>}) { id }",
            "updateTicket(id: <ticket.a>, input: {priority: LOW}, ifVersion: 9) { id }",
        ] {
            let refused = rehearse(&ann, text).await.expect_err(text);
            assert_eq!(Err(refused), ann.write(text).await, "{text}");
            assert_eq!(stored(&database).await, before, "{text}");
        }
    }
}

#[tokio::test]
async fn what_is_checked_at_the_end_is_checked() {
    let world = World::new();
    for database in world.databases("rehearsal_end").await {
        let ann = world.ann(&database);
        let text = "createComment(input: {ticket: <ticket.a>, body: \"last\"}) { id }";
        assert!(rehearse(&ann, text).await.is_ok());
        // Somebody's trigger takes the ticket away, and the comment refers to nothing.
        let trigger = match database.dialect() {
            Dialect::Sqlite => {
                "CREATE TRIGGER gone AFTER INSERT ON comment BEGIN DELETE FROM ticket WHERE id = NEW.ticket_id; END"
            }
            Dialect::Postgres => {
                "CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN DELETE FROM ticket WHERE id = NEW.ticket_id; RETURN NEW; END $$; \
                 CREATE TRIGGER gone AFTER INSERT ON comment FOR EACH ROW EXECUTE FUNCTION gone()"
            }
        };
        world.database_execute(&database, trigger).await;
        let before = stored(&database).await;
        let refused = rehearse(&ann, text).await.expect_err("it refers to nothing");
        assert_eq!(Err(refused.clone()), ann.write(text).await);
        assert!(
            refused.starts_with("CONFLICT a row that it refers to has gone"),
            "{refused}"
        );
        assert_eq!(stored(&database).await, before);
    }
}

//! Rows that go, and what goes with them.

use crate::world::{World, raw};
use freehold_schema::catalog::Operation;
use serde_json::json;

#[tokio::test]
async fn a_row_is_answered_as_it_was() {
    let world = World::new();
    for database in world.databases("delete").await {
        let ann = world.ann(&database);
        let data = ann
            .written("deleteTicket(id: <ticket.o>) { subject version owner { email } comments { nodes { body } } }")
            .await;
        assert_eq!(
            data["deleteTicket"],
            json!({"subject": "Own", "version": 1, "owner": {"email": "ann@acme.test"}, "comments": {"nodes": [{"body": "four"}]}})
        );
        assert_eq!(raw(&database, "subject", "ticket WHERE subject = 'Own'").await.len(), 0);
        assert_eq!(raw(&database, "body", "comment WHERE body = 'four'").await.len(), 0);
        ann.refused(
            "deleteTicket(id: <ticket.o>) { id }",
            "NOT_FOUND",
            "there is no such Ticket",
        )
        .await;
        ann.refused(
            "deleteTicket(id: <ticket.b>) { id }",
            "NOT_FOUND",
            "there is no such Ticket",
        )
        .await;
        ann.refused(
            "deleteTicket(id: <ticket.c>) { id }",
            "FORBIDDEN",
            "no rule lets you delete this Ticket",
        )
        .await;
    }
}

#[tokio::test]
async fn a_cascade_asks_of_every_row() {
    let world = World::new();
    for database in world.databases("cascade").await {
        let ann = world.ann(&database);
        // One of its comments is internal, which she may not delete.
        ann.refused(
            "deleteTicket(id: <ticket.a>) { id }",
            "FORBIDDEN",
            "no rule lets you delete all that would go with this row",
        )
        .await;
        assert_eq!(raw(&database, "body", "comment").await.len(), 4);
        ann.written("updateComment(id: <comment.2>, input: {internal: false}) { id }")
            .await;
        // By a polymorphic reference, two levels down.
        ann.written("a: createAttachment(input: {name: \"t\", subject: <ticket.a>}) { id } b: createAttachment(input: {name: \"c\", subject: <comment.1>}) { id }").await;
        let plan = ann.plan("mutation { deleteTicket(id: <ticket.a>) { subject } }");
        let (answer, written) = ann.run(&plan).await;
        assert_eq!(
            answer.expect("written"),
            json!({"deleteTicket": {"subject": "Printer"}})
        );
        assert_eq!(written.len(), 5, "{written:?}");
        assert!(
            written
                .iter()
                .all(|row| row.operation == Operation::Delete && row.rule.is_some())
        );
        assert_eq!(raw(&database, "name", "attachment").await.len(), 0);
        assert_eq!(raw(&database, "body", "comment").await, ["hidden", "four"]);
    }
}

#[tokio::test]
async fn the_systems_cascade_asks_nobody() {
    let world = World::new();
    for database in world.databases("system").await {
        let ann = world.ann(&database);
        // Traces go with their ticket, though nobody may delete one. What goes with a trace is asked for again.
        let trace = ann
            .written("createTrace(input: {ticket: <ticket.o>, step: \"s\"}) { id }")
            .await;
        let trace = trace["createTrace"]["id"].clone();
        ann.written(&format!(
            "createLink(input: {{trace: {trace}, name: \"kept\"}}) {{ name }}"
        ))
        .await;
        ann.refused("deleteTicket(id: <ticket.o>) { id }", "FORBIDDEN", "")
            .await;
        ann.written(&format!(
            "createLink(input: {{trace: {trace}, name: \"free\"}}) {{ name }}"
        ))
        .await;
        ann.refused("deleteTicket(id: <ticket.o>) { id }", "FORBIDDEN", "")
            .await;
        world
            .database_execute(&database, "UPDATE link SET name = 'freed' WHERE name = 'kept'")
            .await;
        let plan = ann.plan("mutation { deleteTicket(id: <ticket.o>) { subject } }");
        let (answer, written) = ann.run(&plan).await;
        assert!(answer.is_ok(), "{answer:?}");
        let by_model: Vec<_> = written.iter().filter(|row| row.rule.is_none()).collect();
        let entity = world.catalog.find_entity("trace").expect("declared").id;
        assert!(by_model.len() == 1 && by_model[0].entity == entity, "{written:?}");
        assert_eq!(raw(&database, "step", "trace").await.len(), 0);
        assert_eq!(raw(&database, "name", "link").await.len(), 0);
    }
}

#[tokio::test]
async fn what_stays_holds_a_row_or_loses_it() {
    let world = World::new();
    for database in world.databases("holds").await {
        let ann = world.ann(&database);
        // restrict: tickets of the team; and a polymorphic bookmark, which no foreign key holds.
        ann.refused(
            "deleteTeam(id: <team.t2>) { id }",
            "CONFLICT",
            "the row is still referred to",
        )
        .await;
        ann.written("createBookmark(input: {about: <comment.4>, name: \"b\"}) { id }")
            .await;
        ann.refused(
            "deleteComment(id: <comment.4>) { id }",
            "CONFLICT",
            "the row is still referred to",
        )
        .await;
        // A cascade is stopped by it, too.
        ann.refused(
            "deleteTicket(id: <ticket.o>) { id }",
            "CONFLICT",
            "the row is still referred to",
        )
        .await;
        assert_eq!(raw(&database, "subject", "ticket WHERE subject = 'Own'").await.len(), 1);

        // set_null: nobody's rule is asked, and the row says who did it.
        let twin = ann
            .written(
                "createTicket(input: {subject: \"Twin\", duplicate_of: <ticket.o>}) { id }"
                    .replace("duplicate_of", "duplicateOf")
                    .as_str(),
            )
            .await;
        world.database_execute(&database, "DELETE FROM bookmark").await;
        let plan = ann.plan("mutation { deleteTicket(id: <ticket.o>) { subject } }");
        let (answer, written) = ann.run(&plan).await;
        assert!(answer.is_ok(), "{answer:?}");
        let emptied: Vec<_> = written
            .iter()
            .filter(|row| row.operation == Operation::Update)
            .collect();
        assert!(
            emptied.len() == 1
                && json!(emptied[0].row.to_string()) == twin["createTicket"]["id"]
                && emptied[0].rule.is_none(),
            "{written:?}"
        );
        let ann_id = world.id("user.ann@acme.test").to_string().replace('-', "");
        assert_eq!(
            raw(
                &database,
                "duplicate_of_id version updated_by_id",
                "ticket WHERE subject = 'Twin'"
            )
            .await,
            [format!("- 2 {ann_id}")]
        );
    }
}

#[tokio::test]
async fn rows_that_go_together_do_not_hold_each_other() {
    let world = World::new();
    for database in world.databases("together").await {
        let ann = world.ann(&database);
        // Two tickets that are duplicates of each other.
        ann.written("updateTicket(id: <ticket.o>, input: {duplicateOf: <ticket.a>}) { id }")
            .await;
        ann.written("updateTicket(id: <ticket.a>, input: {duplicateOf: <ticket.o>}) { id }")
            .await;
        ann.written("deleteTicket(id: <ticket.o>) { id }").await;
        assert_eq!(
            raw(&database, "duplicate_of_id version", "ticket WHERE version > 1").await,
            ["- 3"]
        );
        // A ticket that is its own.
        ann.written("updateTicket(id: <ticket.a>, input: {duplicateOf: <ticket.a>}) { id }")
            .await;
        ann.written("updateComment(id: <comment.2>, input: {internal: false}) { id }")
            .await;
        ann.written("deleteTicket(id: <ticket.a>) { id }").await;
        assert_eq!(raw(&database, "subject", "ticket WHERE version > 1").await.len(), 0);
    }
}

#[tokio::test]
async fn a_shared_row_stays_while_another_tenant_refers_to_it() {
    let world = World::new();
    for database in world.databases("shared").await {
        let ann = world.ann(&database);
        world
            .database_execute(
                &database,
                "UPDATE ticket SET category_id = (SELECT id FROM category) WHERE subject = 'Printer'",
            )
            .await;
        let delete = "deleteCategory(id: <category.tools>) { name }";
        ann.refused(delete, "CONFLICT", "the row is still referred to").await;
        let elsewhere = "UPDATE ticket SET category_id = NULL WHERE tenant_id IN (SELECT id FROM organisation WHERE slug <> 'acme')";
        world.database_execute(&database, elsewhere).await;
        let data = ann.written(delete).await;
        assert_eq!(data["deleteCategory"]["name"], json!("Tools"));
        let mut printers = raw(&database, "category_id version", "ticket WHERE subject = 'Printer'").await;
        printers.sort();
        assert_eq!(printers, ["- 1", "- 2"]);
    }
}

#[tokio::test]
async fn only_so_many_rows_go_at_once() {
    let world = World::new();
    for database in world.databases("bounded").await {
        let ann = world.ann(&database);
        let many = "INSERT INTO comment (id, tenant_id, version, created_at, updated_at, ticket_id, body, internal) \
                    SELECT ID(n), o.tenant_id, 1, o.created_at, o.created_at, o.id, 'x', FALSE \
                    FROM ticket o, (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < COUNT) SELECT n FROM c) numbers \
                    WHERE o.subject = 'Own'";
        let fill = |count: &str| {
            let id = match database.dialect() {
                freehold_storage::program::Dialect::Sqlite => "randomblob(16)",
                freehold_storage::program::Dialect::Postgres => "gen_random_uuid()",
            };
            many.replace("ID(n)", id).replace("COUNT", count)
        };
        // With the ticket itself and the comment that is there: one too many.
        world.database_execute(&database, &fill("9999")).await;
        ann.refused(
            "deleteTicket(id: <ticket.o>) { id }",
            "LIMIT_EXCEEDED",
            "more than 10000 rows",
        )
        .await;
        world
            .database_execute(&database, "DELETE FROM comment WHERE body = 'four'")
            .await;
        ann.written("deleteTicket(id: <ticket.o>) { id }").await;
        assert_eq!(raw(&database, "body", "comment WHERE body = 'x'").await.len(), 0);
    }
}

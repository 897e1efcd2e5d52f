//! Several rows at once: by a filter, within lists, by a key.

use crate::world::{World, raw};
use serde_json::json;

#[tokio::test]
async fn a_filter_finds_what_the_caller_lists() {
    let world = World::new();
    for database in world.databases("bulk").await {
        let ann = world.ann(&database);
        // She lists a, c and o; b, d and z are hidden from her.
        let all = "updateTickets(filter: {}, input: {priority: URGENT}";
        ann.refused(
            &format!("{all}, atMost: 2) {{ id }}"),
            "LIMIT_EXCEEDED",
            "more than 2 rows",
        )
        .await;
        ann.refused(&format!("{all}) {{ id }}"), "LIMIT_EXCEEDED", "more than 1 row;")
            .await;
        // One of them is solved: nothing changes.
        ann.refused(
            &format!("{all}, atMost: 3) {{ id }}"),
            "FORBIDDEN",
            "no rule lets you change this Ticket so",
        )
        .await;
        assert_eq!(
            raw(&database, "subject", "ticket WHERE priority = 'urgent'")
                .await
                .len(),
            0
        );
        let data = ann
            .written("updateTickets(filter: {status: {ne: SOLVED}}, input: {priority: URGENT}, atMost: 1000) { subject version priority }")
            .await;
        // In the order of their ids.
        assert_eq!(
            data["updateTickets"],
            json!([
                {"subject": "Printer", "version": 2, "priority": "URGENT"},
                {"subject": "Own", "version": 2, "priority": "URGENT"},
            ])
        );
        let data = ann
            .written("updateTickets(filter: {subject: {eq: \"nothing\"}}, input: {priority: LOW}) { id }")
            .await;
        assert_eq!(data["updateTickets"], json!([]));
        assert_eq!(
            raw(&database, "subject", "ticket WHERE priority = 'urgent'").await,
            ["Printer", "Own"]
        );
    }
}

#[tokio::test]
async fn a_filter_deletes_all_or_nothing() {
    let world = World::new();
    for database in world.databases("bulk_delete").await {
        let ann = world.ann(&database);
        ann.refused(
            "deleteComments(filter: {}, atMost: 3) { body }",
            "FORBIDDEN",
            "no rule lets you delete this Comment",
        )
        .await;
        let data = ann
            .written("deleteComments(filter: {internal: {eq: false}}, atMost: 3) { body ticket { subject } }")
            .await;
        assert_eq!(
            data["deleteComments"],
            json!([{"body": "one", "ticket": {"subject": "Printer"}}, {"body": "four", "ticket": {"subject": "Own"}}])
        );
        assert_eq!(raw(&database, "body", "comment").await, ["two", "hidden"]);
        // A cascade may be faster than the filter: an attachment of a comment's own.
        ann.written(
            "createComment(input: {ticket: <ticket.o>, body: \"p\", attachments: {create: [{name: \"x\"}]}}) { id }",
        )
        .await;
        ann.written(
            "a: deleteComments(filter: {body: {eq: \"p\"}}) { body } b: deleteAttachments(filter: {}) { name }",
        )
        .await;
        assert_eq!(raw(&database, "name", "attachment").await.len(), 0);
    }
}

#[tokio::test]
async fn lists_are_written_within_their_row() {
    let world = World::new();
    for database in world.databases("nested").await {
        let ann = world.ann(&database);
        let data = ann
            .written(
                "updateTicket(id: <ticket.a>, input: {comments: { \
                    disconnect: [], delete: [<comment.1>], update: [{id: <comment.2>, input: {body: \"2\"}, ifVersion: 1}], \
                    connect: [<comment.4>], create: [{body: \"new\"}]}}) \
                 { version comments { nodes { body version } } }",
            )
            .await;
        // The row itself was not changed.
        assert_eq!(
            data["updateTicket"],
            json!({"version": 1, "comments": {"nodes": [
                {"body": "2", "version": 2}, {"body": "four", "version": 2}, {"body": "new", "version": 1},
            ]}})
        );
        let not_there = "there is no such Comment";
        let within = |list: &str| format!("updateTicket(id: <ticket.a>, input: {{comments: {{{list}}}}}) {{ id }}");
        // Another's child is no child of this row, though she may delete it by itself.
        ann.written("createTicket(input: {subject: \"T\", comments: {connect: [<comment.4>]}}) { id }")
            .await;
        for list in [
            "delete: [<comment.4>]",
            "update: [{id: <comment.4>, input: {body: \"x\"}}]",
            "delete: [<comment.3>]",
            "connect: [<comment.3>]",
        ] {
            ann.refused(&within(list), "NOT_FOUND", not_there).await;
        }
        ann.refused(
            &within("update: [{id: <comment.2>, input: {body: \"x\"}, ifVersion: 1}]"),
            "STALE_VERSION",
            "",
        )
        .await;
        // No gate is open for a comment without a ticket.
        ann.refused(&within("disconnect: [<comment.2>]"), "FORBIDDEN", "").await;
        assert_eq!(raw(&database, "body", "comment").await, ["2", "hidden", "four", "new"]);
    }
}

#[tokio::test]
async fn a_key_finds_a_row_or_makes_one() {
    let world = World::new();
    for database in world.databases("upsert").await {
        let ann = world.ann(&database);
        let put = |slug: &str, title: &str| {
            format!("upsertArticle(by: SLUG, input: {{slug: \"{slug}\", title: \"{title}\"}}) {{ slug title version }}")
        };
        let made = ann.written(&put("fresh", "one")).await;
        assert_eq!(
            made["upsertArticle"],
            json!({"slug": "fresh", "title": "one", "version": 1})
        );
        let changed = ann.written(&put("fresh", "two")).await;
        assert_eq!(
            changed["upsertArticle"],
            json!({"slug": "fresh", "title": "two", "version": 2})
        );
        // It is there, but not for her.
        ann.refused(&put("hidden", "three"), "CONFLICT", "exists already").await;
        assert_eq!(
            raw(&database, "slug title version", "article").await,
            ["start Start 1", "hidden Hidden 1", "fresh two 2"]
        );
        // Of two fields, one of which may be nothing: with that nothing is equal.
        let by = |team: &str| {
            format!(
                "upsertTicket(by: TEAM_AND_SUBJECT, input: {{team: {team}, subject: \"Printer\", priority: LOW}}) {{ number }}"
            )
        };
        ann.written(&by("<team.t1>")).await;
        assert_eq!(
            raw(&database, "number version", "ticket WHERE priority = 'low'").await,
            ["1 2"]
        );
        ann.written(&by("null")).await;
        ann.written(&by("null")).await;
        assert_eq!(
            raw(&database, "number", "ticket WHERE subject = 'Printer'").await.len(),
            4
        );
        ann.refused(&by("<team.t3>"), "NOT_FOUND", "`team`").await;
    }
}

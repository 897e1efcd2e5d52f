//! New rows.

use crate::world::{NOW, World, raw};
use freehold_schema::catalog::Operation;
use serde_json::json;

#[tokio::test]
async fn a_row_gets_what_the_caller_the_rule_the_model_and_the_server_give() {
    let world = World::new();
    for database in world.databases("given").await {
        let ann = world.ann(&database);
        let data = ann
            .written(
                "createTicket(input: {subject: \"New\", team: <team.t1>, hours: \"1.50\", labels: [RED], due: \"2026-01-02\", extra: {a: [1]}}) \
                 { subject status priority hours labels due extra number version createdAt updatedAt \
                   owner { email } createdBy: updatedBy { email } editor { email } team { name } }",
            )
            .await;
        let stamp = "2027-01-15T08:00:00Z";
        assert_eq!(NOW.0, 1_800_000_000_000_000);
        assert_eq!(
            data["createTicket"],
            json!({
                "subject": "New", "status": "NEW", "priority": "NORMAL", "hours": "1.50", "labels": ["RED"],
                "due": "2026-01-02", "extra": {"a": [1]}, "number": 6, "version": 1, "createdAt": stamp, "updatedAt": stamp,
                "owner": {"email": "ann@acme.test"}, "createdBy": {"email": "ann@acme.test"},
                "editor": {"email": "ann@acme.test"}, "team": {"name": "First"},
            })
        );
        // The number of rows in acme is 5; beta has numbers of its own, and shared rows have one row of numbers.
        let numbers = ann
            .written("a: createTicket(input: {subject: \"A\"}) { number } b: createTicket(input: {subject: \"B\"}) { number }")
            .await;
        assert_eq!(numbers, json!({"a": {"number": 7}, "b": {"number": 8}}));
        let serial = ann
            .written("createCategory(input: {name: \"Glue\"}) { serial name }")
            .await;
        assert_eq!(serial["createCategory"], json!({"serial": 2, "name": "Glue"}));
        let mut eve = world.member(&database, "eve@beta.test", &["agent"]);
        if let Some(tenant) = &mut eve.caller.tenant {
            tenant.id = world.id("organisation.beta");
        }
        let number = eve.written("createTicket(input: {subject: \"Q\"}) { number }").await;
        assert_eq!(number["createTicket"]["number"], json!(2));
    }
}

#[tokio::test]
async fn ids_tell_their_entity_and_ascend() {
    let world = World::new();
    for database in world.databases("ids").await {
        let ann = world.ann(&database);
        let data = ann
            .written("createTickets(input: [{subject: \"1\"}, {subject: \"2\"}, {subject: \"3\"}]) { id subject }")
            .await;
        let ids: Vec<_> = data["createTickets"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| freehold_base::RowId::parse(row["id"].as_str().expect("an id")).expect("an id"))
            .collect();
        assert_eq!(ids.len(), 3);
        assert!(ids.is_sorted_by(|left, right| left < right), "{ids:?}");
        let tag = world.catalog.find_entity("ticket").expect("declared").tag;
        assert!(ids.iter().all(|id| id.tag() == Some(tag)));
    }
}

#[tokio::test]
async fn presets_are_the_rules_own() {
    let world = World::new();
    for database in world.databases("presets").await {
        let bob = world.bob(&database);
        let data = bob
            .written("createTicket(input: {subject: \"Help\"}) { subject note }")
            .await;
        assert_eq!(data["createTicket"]["note"], json!("asked"));
        let rows = raw(&database, "subject requester_id owner_id note", "ticket").await;
        let bob_id = world.id("user.bob@acme.test").to_string().replace('-', "");
        assert_eq!(rows.last(), Some(&format!("Help {bob_id} {bob_id} asked")));
        // `where` holds of the new row, too.
        bob.refused(
            "createTicket(input: {subject: \"forbidden\"}) { id }",
            "FORBIDDEN",
            "no rule lets you create this Ticket",
        )
        .await;
        // Two rules take it: the first in the policy's order is the one that writes. Of more fields, only the first takes them.
        let cy = world.cy(&database);
        cy.written("createArticle(input: {slug: \"s1\", title: \"T\"}) { slug }")
            .await;
        let rows = raw(&database, "slug body", "article").await;
        assert_eq!(rows.last().map(String::as_str), Some("s1 -"));
    }
}

#[tokio::test]
async fn the_rule_that_let_it_is_told() {
    let world = World::new();
    for database in world.databases("rule").await {
        let bob = world.bob(&database);
        let plan = bob.plan("mutation { createTicket(input: {subject: \"Help\", priority: LOW}) { id } }");
        let (answer, written) = bob.run(&plan).await;
        let ticket = world.catalog.find_entity("ticket").expect("declared");
        let names = |row: &freehold_storage::WrittenRow| {
            let names = row.fields.iter().map(|field| ticket.field(*field).name.clone());
            names.collect::<Vec<_>>()
        };
        let [row] = &written[..] else { panic!("{written:?}") };
        assert_eq!((row.entity, row.operation), (ticket.id, Operation::Create));
        assert_eq!(names(row), ["subject", "priority", "note", "requester"]);
        assert_eq!(row.rule, Some(("requester".to_owned(), 1)));
        assert_eq!(row.tenant, Some(world.id("organisation.acme")));
        assert!(!row.records_all);
        assert_eq!(
            answer.expect("written")["createTicket"]["id"],
            json!(row.row.to_string())
        );
    }
}

#[tokio::test]
async fn references_lead_to_what_the_caller_may_read() {
    let world = World::new();
    for database in world.databases("references").await {
        let ann = world.ann(&database);
        let missing = "\"0199e29c-0000-8004-8000-000000000001\"";
        let wrong = |target: &str| format!("createTicket(input: {{subject: \"R\", team: {target}}}) {{ id }}");
        for target in ["<team.t3>", "<team.t9>", missing] {
            ann.refused(&wrong(target), "NOT_FOUND", "`team`: there is no such row")
                .await;
        }
        // A ticket that is not hers, hidden by the record gate, or another tenant's: the same words.
        for target in ["<ticket.b>", "<ticket.z>"] {
            let text = format!("createComment(input: {{ticket: {target}, body: \"x\"}}) {{ id }}");
            ann.refused(&text, "NOT_FOUND", "`ticket`: there is no such row").await;
        }
        // Polymorphic: by the id's own entity.
        ann.written("createAttachment(input: {name: \"f\", subject: <comment.1>}) { id }")
            .await;
        ann.refused(
            "createAttachment(input: {name: \"f\", subject: <comment.3>}) { id }",
            "NOT_FOUND",
            "`subject`: there is no such row",
        )
        .await;
        assert_eq!(raw(&database, "name", "attachment").await, ["f"]);
    }
}

#[tokio::test]
async fn the_parents_gate_is_asked_for_writing() {
    let world = World::new();
    for database in world.databases("parents_gate").await {
        // Bob can read the ticket that he asked for; his token opens it for reading alone.
        let bob = world.bob(&database);
        bob.refused(
            "createComment(input: {ticket: <ticket.a>, body: \"x\"}) { id }",
            "FORBIDDEN",
            "no rule lets you create this Comment",
        )
        .await;
        let ann = world.ann(&database);
        let data = ann
            .written("createComment(input: {ticket: <ticket.a>, body: \"x\"}) { body ticket { subject } }")
            .await;
        assert_eq!(
            data["createComment"],
            json!({"body": "x", "ticket": {"subject": "Printer"}})
        );
    }
}

#[tokio::test]
async fn a_rule_that_counts_rows_does_not_count_the_new_one() {
    let world = World::new();
    for database in world.databases("count").await {
        let ann = world.ann(&database);
        ann.written("createSlot(input: {team: <team.t1>, name: \"1\"}) { id }")
            .await;
        ann.written("createSlot(input: {team: <team.t1>, name: \"2\"}) { id }")
            .await;
        ann.refused(
            "createSlot(input: {team: <team.t1>, name: \"3\"}) { id }",
            "FORBIDDEN",
            "",
        )
        .await;
        // In one operation each new row is seen by the next.
        ann.refused(
            "createSlots(input: [{team: <team.t2>}, {team: <team.t2>}, {team: <team.t2>}]) { id }",
            "FORBIDDEN",
            "",
        )
        .await;
        let mut slots = raw(&database, "name", "slot").await;
        slots.sort();
        assert_eq!(slots, ["1", "2"]);
    }
}

#[tokio::test]
async fn who_is_in_no_tenant_creates_nothing_behind_the_wall() {
    let world = World::new();
    for database in world.databases("no_tenant").await {
        let visitor = world.visitor(&database);
        let data = visitor
            .written("createArticle(input: {slug: \"v\", title: \"V\"}) { slug owner: id }")
            .await;
        assert_eq!(data["createArticle"]["slug"], json!("v"));
        let rows = raw(&database, "slug owner_id created_by_id", "article").await;
        assert_eq!(rows.last().map(String::as_str), Some("v - -"));
        // The same schema, but the request names no tenant.
        let mut lost = visitor.clone();
        let plan = visitor.plan("mutation { createArticle(input: {slug: \"w\", title: \"W\"}) { slug } }");
        lost.caller.tenant = None;
        let (answer, _) = lost.run(&plan).await;
        assert_eq!(answer.expect_err("refused").error.code().name(), "NOT_FOUND");
        // Shared rows are for whoever has a rule.
        assert_eq!(
            lost.written("createCategory(input: {name: \"Paint\"}) { name }").await["createCategory"]["name"],
            json!("Paint")
        );
    }
}

#[tokio::test]
async fn what_the_caller_may_not_read_is_written_and_not_shown() {
    let world = World::new();
    for database in world.databases("unread").await {
        let cy = world.cy(&database);
        // Cy is in no team: a row that is handed over at once is not hers to see.
        let data = cy
            .written("a: createTicket(input: {subject: \"S\", team: <team.t1>}) { subject } b: __typename")
            .await;
        assert_eq!(data, json!({"a": {"subject": "S"}, "b": "Mutation"}));
        let ann = world.ann(&database);
        let data = ann.written("createLink(input: {name: \"kept\"}) { name }").await;
        assert_eq!(data, json!({"createLink": null}));
        assert_eq!(raw(&database, "name", "link").await, ["kept"]);
    }
}

#[tokio::test]
async fn what_is_nested_is_written_with_its_parent() {
    let world = World::new();
    for database in world.databases("nested_create").await {
        let ann = world.ann(&database);
        let data = ann
            .written(
                "createTicket(input: {subject: \"P\", comments: {create: [{body: \"1\", attachments: {create: [{name: \"f\"}]}}, {body: \"2\", internal: true}], connect: [<comment.1>]}}) \
                 { comments { nodes { body internal attachments { nodes { name } } } } }",
            )
            .await;
        assert_eq!(
            data["createTicket"]["comments"]["nodes"],
            json!([
                {"body": "one", "internal": false, "attachments": {"nodes": []}},
                {"body": "1", "internal": false, "attachments": {"nodes": [{"name": "f"}]}},
                {"body": "2", "internal": true, "attachments": {"nodes": []}},
            ])
        );
        // All or nothing.
        ann.refused(
            "createTicket(input: {subject: \"Q\", comments: {create: [{body: \"3\"}], connect: [<comment.3>]}}) { id }",
            "NOT_FOUND",
            "there is no such Comment",
        )
        .await;
        let subjects = raw(&database, "subject", "ticket WHERE subject IN ('P', 'Q')").await;
        assert_eq!(subjects, ["P"]);
        assert_eq!(raw(&database, "number", "ticket WHERE subject = 'P'").await, ["6"]);
        ann.written("createTicket(input: {subject: \"R\"}) { id }").await;
        // The number of the refused one was given back.
        assert_eq!(raw(&database, "number", "ticket WHERE subject = 'R'").await, ["7"]);
    }
}

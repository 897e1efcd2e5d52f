//! Other values for rows that are there.

use crate::world::{World, raw};
use freehold_schema::catalog::Operation;
use serde_json::json;

#[tokio::test]
async fn a_change_counts_and_says_who() {
    let world = World::new();
    for database in world.databases("change").await {
        let ann = world.ann(&database);
        let data = ann
            .written(
                "updateTicket(id: <ticket.a>, input: {priority: URGENT, hours: \"2.50\", team: null, category: null}, ifVersion: 1) \
                 { subject priority hours version team { name } category { name } updatedBy { email } editor { email } createdBy { email } }",
            )
            .await;
        // Without its team she does not see it any more, but the requester does.
        assert_eq!(data, json!({"updateTicket": null}));
        let rows = raw(
            &database,
            "subject priority hours version team_id",
            "ticket WHERE subject = 'Printer' AND team_id IS NULL",
        )
        .await;
        assert_eq!(rows, ["Printer urgent 2.50 2 -"]);
        let data = ann
            .written("updateTicket(id: <ticket.o>, input: {priority: LOW}) { priority version updatedBy { email } editor { email } createdAt updatedAt }")
            .await;
        let changed = &data["updateTicket"];
        assert_eq!(changed["version"], json!(2));
        assert_eq!(changed["updatedBy"]["email"], json!("ann@acme.test"));
        assert_eq!(changed["editor"]["email"], json!("ann@acme.test"));
        assert_eq!(changed["updatedAt"], json!("2027-01-15T08:00:00Z"));
    }
}

#[tokio::test]
async fn hidden_is_missing_and_refused_is_told() {
    let world = World::new();
    for database in world.databases("hidden").await {
        let ann = world.ann(&database);
        let change = |target: &str, input: &str| format!("updateTicket(id: {target}, input: {{{input}}}) {{ id }}");
        // Another team's, another tenant's, no row at all, a row of another entity.
        for target in [
            "<ticket.b>",
            "<ticket.z>",
            "\"0199e29c-0000-8004-8000-000000000001\"",
            "<team.t1>",
        ] {
            ann.refused(&change(target, "priority: LOW"), "NOT_FOUND", "there is no such Ticket")
                .await;
        }
        // Solved: she sees it, but the rule for it takes another field.
        ann.refused(
            &change("<ticket.c>", "priority: LOW"),
            "FORBIDDEN",
            "no rule lets you change this Ticket so",
        )
        .await;
        let data = ann
            .written("updateTicket(id: <ticket.c>, input: {note: \"n\"}) { note priority }")
            .await;
        assert_eq!(data["updateTicket"], json!({"note": "n", "priority": "LOW"}));
        // No one rule takes both fields: rules do not add up.
        ann.refused(&change("<ticket.c>", "note: \"m\", priority: LOW"), "FORBIDDEN", "")
            .await;
        ann.refused(&change("<ticket.o>", "note: \"m\", priority: LOW"), "FORBIDDEN", "")
            .await;
        assert_eq!(raw(&database, "note", "ticket WHERE note IS NOT NULL").await, ["n"]);
        // A reference that leads to nothing for her: whatever the rules say of the row.
        ann.refused(
            &change("<ticket.o>", "team: <team.t3>"),
            "NOT_FOUND",
            "`team`: there is no such row",
        )
        .await;
        ann.refused(
            &change("<ticket.c>", "team: <team.t3>"),
            "NOT_FOUND",
            "`team`: there is no such row",
        )
        .await;
        ann.refused(&change("<ticket.c>", "team: <team.t2>"), "FORBIDDEN", "")
            .await;
    }
}

#[tokio::test]
async fn the_new_row_is_checked_against_the_old() {
    let world = World::new();
    for database in world.databases("before").await {
        let ann = world.ann(&database);
        // effort: null, or not less than before, or urgent.
        ann.refused(
            "updateTicket(id: <ticket.a>, input: {effort: 2}) { id }",
            "FORBIDDEN",
            "",
        )
        .await;
        ann.written("updateTicket(id: <ticket.a>, input: {effort: 3}) { id }")
            .await;
        ann.written("updateTicket(id: <ticket.a>, input: {effort: 5}) { id }")
            .await;
        ann.refused(
            "updateTicket(id: <ticket.a>, input: {effort: 4}) { id }",
            "FORBIDDEN",
            "",
        )
        .await;
        ann.written("updateTicket(id: <ticket.a>, input: {effort: 1, priority: URGENT}) { id }")
            .await;
        ann.written("updateTicket(id: <ticket.a>, input: {effort: null, priority: LOW}) { id }")
            .await;
        // Before it was null, with which nothing compares.
        ann.refused(
            "updateTicket(id: <ticket.a>, input: {effort: 9}) { id }",
            "FORBIDDEN",
            "",
        )
        .await;
        // A created row has nothing before.
        ann.refused(
            "createTicket(input: {subject: \"x\", effort: 1}) { id }",
            "FORBIDDEN",
            "",
        )
        .await;
        ann.written("createTicket(input: {subject: \"x\"}) { id }").await;
        assert_eq!(
            raw(&database, "effort version", "ticket WHERE version > 1").await,
            ["- 5"]
        );
    }
}

#[tokio::test]
async fn the_version_is_told_last() {
    let world = World::new();
    for database in world.databases("version").await {
        let ann = world.ann(&database);
        ann.written("updateTicket(id: <ticket.a>, input: {priority: LOW}, ifVersion: 1) { id }")
            .await;
        ann.refused(
            "updateTicket(id: <ticket.a>, input: {priority: URGENT}, ifVersion: 1) { id }",
            "STALE_VERSION",
            "its version is 2, not 1",
        )
        .await;
        ann.refused(
            "updateTicket(id: <ticket.b>, input: {priority: LOW}, ifVersion: 7) { id }",
            "NOT_FOUND",
            "",
        )
        .await;
        ann.refused(
            "updateTicket(id: <ticket.c>, input: {priority: LOW}, ifVersion: 7) { id }",
            "FORBIDDEN",
            "",
        )
        .await;
        ann.refused("deleteTicket(id: <ticket.a>, ifVersion: 1) { id }", "STALE_VERSION", "")
            .await;
        ann.refused(
            "transitionTicket(id: <ticket.a>, to: OPEN, ifVersion: 1) { id }",
            "STALE_VERSION",
            "",
        )
        .await;
        assert_eq!(raw(&database, "version", "ticket WHERE priority = 'low'").await, ["2"]);
    }
}

#[tokio::test]
async fn who_changes_nothing_leaves_no_trace() {
    let world = World::new();
    for database in world.databases("empty").await {
        let ann = world.ann(&database);
        let data = ann
            .written("updateTicket(id: <ticket.a>, input: {}) { version subject }")
            .await;
        assert_eq!(data["updateTicket"], json!({"version": 1, "subject": "Printer"}));
        ann.refused("updateTicket(id: <ticket.b>, input: {}) { id }", "NOT_FOUND", "")
            .await;
        ann.refused(
            "updateTicket(id: <ticket.a>, input: {}, ifVersion: 3) { id }",
            "STALE_VERSION",
            "",
        )
        .await;
        let plan = ann.plan("mutation { updateTicket(id: <ticket.a>, input: {}) { id } }");
        let (answer, written) = ann.run(&plan).await;
        assert!(answer.is_ok() && written.is_empty());
        assert_eq!(
            raw(&database, "version", "ticket WHERE version > 1").await,
            Vec::<String>::new()
        );
    }
}

#[tokio::test]
async fn a_row_is_moved_only_where_the_caller_may_write() {
    let world = World::new();
    for database in world.databases("moved").await {
        let ann = world.ann(&database);
        let cy = world.cy(&database);
        ann.written("updateComment(id: <comment.1>, input: {ticket: <ticket.o>}) { ticket { subject } }")
            .await;
        // Cy reads every ticket, but writes those of her own alone; the comment's new parent is not one.
        cy.refused(
            "createComment(input: {ticket: <ticket.b>, body: \"x\"}) { id }",
            "FORBIDDEN",
            "",
        )
        .await;
        let own = cy.written("createTicket(input: {subject: \"Cy's\", comments: {create: [{body: \"c\"}]}}) { id comments { nodes { id } } }").await;
        let comment = own["createTicket"]["comments"]["nodes"][0]["id"].clone();
        cy.written(&format!(
            "updateComment(id: {comment}, input: {{body: \"d\"}}) {{ id }}"
        ))
        .await;
        cy.refused(
            &format!("updateComment(id: {comment}, input: {{ticket: <ticket.b>}}) {{ id }}"),
            "FORBIDDEN",
            "",
        )
        .await;
        // To no parent: nobody's gate is open.
        cy.refused(
            &format!("updateComment(id: {comment}, input: {{ticket: null}}) {{ id }}"),
            "FORBIDDEN",
            "",
        )
        .await;
        // The team's own token does not count on the new row alone: she cannot give herself a ticket by naming her team.
        ann.refused(
            "updateTicket(id: <ticket.b>, input: {team: <team.t1>}) { id }",
            "NOT_FOUND",
            "",
        )
        .await;
    }
}

#[tokio::test]
async fn records_all_passes_the_gate_and_is_told() {
    let world = World::new();
    for database in world.databases("records_all").await {
        let cy = world.cy(&database);
        let plan = cy.plan(
            "mutation { updateTicket(id: <ticket.d>, input: {owner: <user.bob@acme.test>}) { owner { email } } }",
        );
        let (answer, written) = cy.run(&plan).await;
        assert_eq!(
            answer.expect("written")["updateTicket"]["owner"]["email"],
            json!("bob@acme.test")
        );
        let [row] = &written[..] else { panic!("{written:?}") };
        assert!(row.records_all);
        assert_eq!(row.rule, Some(("lead".to_owned(), 0)));
        assert_eq!(row.operation, Operation::Update);
        cy.refused(
            "updateTicket(id: <ticket.z>, input: {owner: <user.bob@acme.test>}) { id }",
            "NOT_FOUND",
            "",
        )
        .await;
        // Who is not known in the tenant cannot be made an owner.
        cy.refused(
            "updateTicket(id: <ticket.d>, input: {owner: <user.eve@beta.test>}) { id }",
            "NOT_FOUND",
            "`owner`",
        )
        .await;
    }
}

#[tokio::test]
async fn states_change_by_transition() {
    let world = World::new();
    for database in world.databases("transition").await {
        let ann = world.ann(&database);
        let data = ann
            .written("transitionTicket(id: <ticket.a>, to: OPEN) { status version }")
            .await;
        assert_eq!(data["transitionTicket"], json!({"status": "OPEN", "version": 2}));
        // The check looks at what was before: the same again is none.
        ann.refused(
            "transitionTicket(id: <ticket.a>, to: OPEN) { id }",
            "FORBIDDEN",
            "to that state",
        )
        .await;
        ann.written("transitionTicket(id: <ticket.a>, to: SOLVED) { id }").await;
        ann.refused("transitionTicket(id: <ticket.a>, to: NEW) { id }", "FORBIDDEN", "")
            .await;
        ann.refused("transitionTicket(id: <ticket.b>, to: OPEN) { id }", "NOT_FOUND", "")
            .await;
    }
}

#[tokio::test]
async fn all_or_nothing_and_in_order() {
    let world = World::new();
    for database in world.databases("order").await {
        let ann = world.ann(&database);
        let data = ann
            .written(
                "a: updateTicket(id: <ticket.a>, input: {priority: LOW}) { version priority } \
                 b: updateTicket(id: <ticket.a>, input: {priority: URGENT}, ifVersion: 2) { version priority }",
            )
            .await;
        assert_eq!(
            data,
            json!({"a": {"version": 2, "priority": "LOW"}, "b": {"version": 3, "priority": "URGENT"}})
        );
        let plan = ann.plan(
            "mutation { a: updateTicket(id: <ticket.a>, input: {priority: LOW}) { id } b: updateTicket(id: <ticket.b>, input: {priority: LOW}) { id } }",
        );
        let (answer, written) = ann.run(&plan).await;
        let refused = answer.expect_err("refused");
        assert_eq!(refused.root.as_deref(), Some("b"));
        assert_eq!(refused.at, [json!("input")]);
        assert!(written.is_empty());
        assert_eq!(
            raw(&database, "priority version", "ticket WHERE version > 1").await,
            ["urgent 3"]
        );
    }
}

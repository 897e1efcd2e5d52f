//! What the database itself refuses.

use crate::world::{World, raw};

#[tokio::test]
async fn a_taken_key_is_named_by_its_fields() {
    let world = World::new();
    for database in world.databases("taken").await {
        let ann = world.ann(&database);
        let taken = async |text: &str, message: &str| ann.refused(text, "CONFLICT", message).await;
        taken(
            "createArticle(input: {slug: \"start\", title: \"x\"}) { id }",
            "a row with this `slug` exists already",
        )
        .await;
        // A hidden row's, too, in the same words.
        taken(
            "createArticle(input: {slug: \"hidden\", title: \"x\"}) { id }",
            "a row with this `slug` exists already",
        )
        .await;
        taken(
            "createTicket(input: {subject: \"Printer\", team: <team.t1>}) { id }",
            "a row with this `team` and `subject` exists already",
        )
        .await;
        taken(
            "updateTicket(id: <ticket.o>, input: {subject: \"Printer\", team: <team.t1>}) { id }",
            "`team` and `subject`",
        )
        .await;
        taken(
            "createCategory(input: {name: \"Tools\"}) { id }",
            "a row with this `name` exists already",
        )
        .await;
        // Another tenant's rows are not in the way.
        ann.written("updateTicket(id: <ticket.o>, input: {subject: \"Printer\", team: <team.t2>}) { id }")
            .await;
        // Within one operation.
        taken(
            "createArticles(input: [{slug: \"twin\", title: \"1\"}, {slug: \"twin\", title: \"2\"}]) { id }",
            "a row with this `slug` exists already",
        )
        .await;
        assert_eq!(raw(&database, "slug", "article").await, ["start", "hidden"]);
    }
}

#[tokio::test]
async fn a_refusal_holds_no_value_of_another_row() {
    let world = World::new();
    for database in world.databases("value").await {
        let ann = world.ann(&database);
        let plan = ann.plan("mutation { createTicket(input: {subject: \"Printer\", team: <team.t1>}) { id } }");
        let (answer, written) = ann.run(&plan).await;
        let refused = answer.expect_err("refused");
        assert!(!refused.to_string().contains("Printer"), "{refused}");
        assert_eq!(refused.root.as_deref(), Some("createTicket"));
        assert!(written.is_empty());
    }
}

#[tokio::test]
async fn a_connection_that_was_refused_something_goes_on() {
    let world = World::new();
    for database in world.databases("goes_on").await {
        let ann = world.ann(&database);
        for _ in 0..5 {
            ann.refused("createCategory(input: {name: \"Tools\"}) { id }", "CONFLICT", "")
                .await;
            ann.refused(
                "updateTicket(id: <ticket.c>, input: {priority: LOW}) { id }",
                "FORBIDDEN",
                "",
            )
            .await;
        }
        let before = database.counters();
        ann.written("createCategory(input: {name: \"Nails\"}) { id }").await;
        assert!(database.counters().statements > before.statements);
        assert_eq!(raw(&database, "name", "category").await, ["Tools", "Nails"]);
    }
}

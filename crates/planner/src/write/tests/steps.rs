//! What becomes of arguments that are sound, and how much of it there may be.

use super::*;

#[test]
fn a_row_without_any_field_to_give_needs_no_input() {
    let Step::Create(create) = step(REQUESTER, "createDiary", json!({})) else {
        panic!("a creation")
    };
    assert!(create.values.is_empty() && create.named.is_empty());
}

#[test]
fn references_are_checked_by_the_entity_that_their_id_tells() {
    let (catalog, policy) = app();
    let access = Access::reduce(&catalog, &policy, &caller(AGENT));
    let source = |field: &str, id: String| {
        let arguments = json!({"id": self::id("ticket", 1), "input": {field: id}});
        let Step::Update { change, .. } = step(AGENT, "updateTicket", arguments) else {
            panic!("an update")
        };
        let check = &change.references[0];
        assert_eq!(check.path, [json!("input"), json!(field)]);
        assert_eq!(check.target, change.values[0].1);
        check
            .source
            .as_ref()
            .map(|source| catalog.entity(source.entity()).name.clone())
    };
    assert_eq!(source("team", id("team", 1)), Some("team".to_owned()));
    assert_eq!(source("about", id("team", 1)), Some("team".to_owned()));
    assert_eq!(source("about", id("article", 1)), Some("article".to_owned()));
    assert_eq!(source("owner", id("user", 1)), Some("user".to_owned()));
    // Of another entity, or of none: like a row that is not there.
    assert_eq!(source("team", id("article", 1)), None);
    assert_eq!(source("about", id("ticket", 1)), None);
    assert_eq!(source("team", "f47ac10b-58cc-4372-a567-0e02b2c3d479".to_owned()), None);
    // An entity that the caller cannot read.
    assert!(access.read(catalog.find_entity("diary").unwrap().id).is_none());
    // Null refers to nothing.
    let Step::Update { change, .. } = step(
        AGENT,
        "updateTicket",
        json!({"id": id("ticket", 1), "input": {"team": null}}),
    ) else {
        panic!("an update")
    };
    assert!(change.references.is_empty());
    assert_eq!(change.values[0].1, Assigned::Value(Value::Null));
}

#[test]
fn an_upsert_changes_neither_the_key_nor_what_never_changes() {
    let (catalog, _) = app();
    let input = json!({"subject": "a", "token": "f47ac10b-58cc-4372-a567-0e02b2c3d479", "requester": id("user", 1), "team": id("team", 1),
        "comments": {"create": [{"body": "b"}]}});
    let Step::Upsert { key, create, change } = step(AGENT, "upsertTicket", json!({"by": "TOKEN", "input": input}))
    else {
        panic!("an upsert")
    };
    let ticket = catalog.find_entity("ticket").unwrap();
    assert_eq!(names(ticket, key.iter().map(|(field, _)| *field)), ["token"]);
    assert!(matches!(key[0].1, Value::Uuid(_)));
    assert_eq!(
        names(ticket, create.named.clone()),
        ["subject", "token", "team", "requester"]
    );
    assert_eq!(
        names(ticket, change.values.iter().map(|(field, _)| *field)),
        ["subject", "team"]
    );
    assert_eq!(
        names(ticket, create.references.iter().map(|check| check.field)),
        ["team", "requester"]
    );
    // Who may not read the requester is told so whether the row is there or not.
    assert_eq!(
        names(ticket, change.references.iter().map(|check| check.field)),
        ["team", "requester"]
    );
    assert_eq!((create.children.len(), change.children.len()), (1, 1));
    // Problems of both ways are those of one input.
    check(
        AGENT,
        "upsertTicket",
        json!({"by": "TOKEN", "input": {"subject": 1, "token": "x", "requester": id("user", 1)}}),
        &["input.subject type", "input.token type"],
    );
}

#[test]
fn bulk_writes_read_one_row_more_than_they_may_write() {
    let Step::Delete {
        rows: Selector::Filter { list, at_most },
        ..
    } = step(
        LEAD,
        "deleteTickets",
        json!({"filter": {"subject": {"eq": "a"}}, "atMost": 7}),
    )
    else {
        panic!("a bulk deletion")
    };
    assert_eq!((at_most, list.page.limit), (7, 8));
    let Step::Update { rows, .. } = step(LEAD, "updateTickets", json!({"filter": {}, "input": {"effort": 1}})) else {
        panic!("a bulk update")
    };
    assert!(matches!(rows, Selector::Filter { at_most: 1, .. }));
}

#[test]
fn a_deletion_knows_all_that_may_go_with_it() {
    let (catalog, _) = app();
    let reached = |roles, name: &str, arguments| -> Vec<String> {
        let plan = plan(roles, name, arguments);
        plan.deletions
            .keys()
            .map(|entity| catalog.entity(*entity).name.clone())
            .collect()
    };
    assert_eq!(
        reached(LEAD, "deleteTicket", json!({"id": id("ticket", 1)})),
        ["comment", "attachment"]
    );
    let nested = json!({"id": id("ticket", 1), "input": {"comments": {"delete": [id("comment", 1)]}}});
    assert_eq!(reached(AGENT, "updateTicket", nested), ["attachment"]);
    assert!(reached(AGENT, "updateTicket", json!({"id": id("ticket", 1), "input": {}})).is_empty());
    // A membership that ends is a row that goes.
    assert_eq!(reached(LEAD, "removeMember", json!({"user": id("user", 1)})), ["shift"]);
    assert!(reached(LEAD, "blockMember", json!({"user": id("user", 1)})).is_empty());
}

#[test]
fn an_answer_that_the_caller_cannot_read_is_null() {
    let plan = plan(REQUESTER, "createDiary", json!({"input": {"mood": "fine"}}));
    let RootAction::One { answer, .. } = &plan.roots[0].action else {
        panic!("one row")
    };
    assert!(matches!(answer.plan.roots[0].kind, crate::plan::SlotKind::Null));
    assert!(!answer.before);
}

#[test]
fn rows_written_are_limited() {
    let refused = |fields: &[(&str, Json)]| {
        let errors = planned(LEAD, fields).unwrap_err();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].code, Code::LimitExceeded);
        errors[0].limit
    };
    let team = |number: usize| json!({"name": format!("t{number}")});
    let teams = |count: usize| {
        (
            "createTeams",
            json!({"input": (0..count).map(team).collect::<Vec<_>>()}),
        )
    };
    assert!(planned(LEAD, &[teams(1_000)]).is_ok());
    assert_eq!(refused(&[teams(1_001)]), Some((1_000, 1_001)));
    assert_eq!(refused(&[teams(600), teams(500), teams(1)]), Some((1_000, 1_100)));
    // Each of the rows that match takes the nested ones.
    let comment = json!({"comments": {"create": [{"body": "a"}, {"body": "b"}]}});
    let bulk = |at_most: u32| {
        (
            "updateTickets",
            json!({"filter": {}, "input": comment, "atMost": at_most}),
        )
    };
    assert!(planned(LEAD, &[bulk(333)]).is_ok());
    assert_eq!(refused(&[bulk(334)]), Some((1_000, 1_002)));
    assert_eq!(
        refused(&[("deleteTickets", json!({"filter": {}, "atMost": 1_000})), teams(1)]),
        Some((1_000, 1_001))
    );
}

#[test]
fn rows_written_and_answered_cost() {
    let cost = |count: usize| {
        let rows: Vec<Json> = (0..count).map(|number| json!({"name": number.to_string()})).collect();
        plan(LEAD, "createTeams", json!({"input": rows})).cost
    };
    // Two fields; for each row one written and one read.
    assert_eq!((cost(0), cost(10), cost(500)), (2, 4, 102));
    let plan = plan(LEAD, "createTeams", json!({"input": [{"name": "a"}]}));
    let RootAction::Many { answer, .. } = &plan.roots[0].action else {
        panic!("several rows")
    };
    assert_eq!(answer.plan.cost, 1);
}

#[test]
fn what_the_schema_does_not_have_is_forbidden() {
    let forbidden = |roles: &[&str], name: &str, arguments: Json| {
        let errors = planned(roles, &[(name, arguments)]).unwrap_err();
        assert_eq!(
            errors.iter().map(|error| error.code).collect::<Vec<_>>(),
            [Code::Forbidden],
            "{name}"
        );
        assert_eq!(errors[0].path, [format!("{name}0")]);
    };
    forbidden(LEAD, "dropEverything", json!({}));
    forbidden(LEAD, "ticket", json!({"id": id("ticket", 1)}));
    forbidden(AGENT, "inviteMember", json!({"email": "a@b.test"}));
    forbidden(AGENT, "setMemberRoles", json!({"user": id("user", 1), "roles": []}));
    forbidden(AGENT, "removeMember", json!({"user": id("user", 1)}));
    forbidden(AGENT, "blockMember", json!({"user": id("user", 1)}));
    forbidden(AGENT, "unblockMember", json!({"user": id("user", 1)}));
    forbidden(AGENT, "resetPassword", json!({"user": id("user", 1)}));
    // Rows that the caller cannot list cannot be written by a filter.
    forbidden(REQUESTER, "updateDiaries", json!({"filter": {}, "input": {}}));
    forbidden(REQUESTER, "deleteDiaries", json!({"filter": {}}));
    // An argument that the schema demands.
    forbidden(AGENT, "updateTicket", json!({"input": {}}));
    forbidden(AGENT, "createTickets", json!({}));
}

//! What a value must be like, and what must be given.

use super::*;

#[test]
fn values_are_of_their_fields_types() {
    let wrong = |field: &str, value: Json, rule: &str| {
        check(
            AGENT,
            "updateTicket",
            json!({"id": id("ticket", 1), "input": {field: value}}),
            &[&format!("input.{field} {rule}")],
        );
    };
    wrong("subject", json!(1), "type");
    wrong("subject", json!("nul\u{0}"), "nul");
    wrong("subject", json!("more than twenty letters"), "length_max");
    wrong("subject", json!(null), "required");
    wrong("priority", json!("normal"), "type");
    wrong("labels", json!("RED"), "type");
    wrong("labels", json!(["RED", "RED"]), "duplicate");
    wrong("hours", json!("1,5"), "type");
    wrong("weight", json!("1"), "type");
    wrong("effort", json!(101), "max");
    wrong("effort", json!(3_000_000_000_u64), "type");
    wrong("paid", json!("true"), "type");
    wrong("due", json!("2026-02-30"), "type");
    wrong("at", json!("24:00"), "type");
    wrong("seen", json!("2026-01-01"), "type");
    wrong("token", json!("x"), "type");
    wrong("extra", json!({"a": "\u{0}"}), "nul");
    wrong("link", json!("javascript:alert(1)"), "scheme");
    wrong("contact", json!("nobody"), "email");
    wrong("team", json!("team"), "type");
    wrong("number", json!(1), "unknown");
    wrong("id", json!(id("ticket", 2)), "unknown");
    wrong("version", json!(2), "unknown");
    wrong("nothing", json!(2), "unknown");
    check(
        AGENT,
        "updateTicket",
        json!({"id": id("ticket", 1), "input": {"labels": ["RED", "BLUE", null]}}),
        &["input.labels.1 type", "input.labels.2 type"],
    );
}

#[test]
fn every_problem_of_every_root_field_is_told_at_once() {
    let errors = planned(
        AGENT,
        &[
            (
                "createTicket",
                json!({"input": {"effort": "x", "comments": {"create": [{"body": null}]}}}),
            ),
            (
                "updateTicket",
                json!({"id": "x", "input": {"comments": {"update": [{"id": "y", "input": {"body": 1}}]}}}),
            ),
            (
                "createTickets",
                json!({"input": [{"subject": "a", "requester": id("user", 1)}, {"subject": "b"}]}),
            ),
        ],
    )
    .unwrap_err();
    assert_eq!(
        problems(&errors),
        [
            "input.effort type",
            "input.subject required",
            "input.requester required",
            "input.comments.create.0.body required",
            "id type",
            "input.comments.update.0.id type",
            "input.comments.update.0.input.body type",
            "input.1.requester required",
        ]
    );
    let places: Vec<_> = errors
        .iter()
        .map(|error| (error.path.join("."), error.position))
        .collect();
    assert_eq!(
        places,
        [
            ("createTicket0".to_owned(), Some((1, 1))),
            ("updateTicket1".to_owned(), Some((1, 2))),
            ("createTickets2".to_owned(), Some((1, 3))),
        ]
    );
    assert!(errors[0].message.contains("and 3 more"), "{}", errors[0].message);
}

#[test]
fn problems_are_bounded() {
    let rows: Vec<Json> = (0..300).map(|_| json!({"subject": 1})).collect();
    let errors = planned(AGENT, &[("createTickets", json!({"input": rows}))]).unwrap_err();
    assert_eq!(problems(&errors).len(), 100);
}

#[test]
fn arguments_are_judged_too() {
    let ticket = id("ticket", 1);
    check(AGENT, "updateTicket", json!({"id": 1, "input": {}}), &["id type"]);
    check(
        AGENT,
        "updateTicket",
        json!({"id": ticket, "input": {}, "ifVersion": 1.5}),
        &["ifVersion type"],
    );
    check(
        AGENT,
        "updateTickets",
        json!({"filter": {}, "input": {}, "atMost": 0}),
        &["atMost range"],
    );
    check(
        AGENT,
        "updateTickets",
        json!({"filter": {}, "input": {}, "atMost": 1001}),
        &["atMost range"],
    );
    check(
        AGENT,
        "updateTickets",
        json!({"filter": {}, "input": {}, "atMost": -1}),
        &["atMost range"],
    );
    check(
        AGENT,
        "updateTickets",
        json!({"filter": {"hours": {"eq": "1"}}, "input": {}}),
        &["filter.hours unknown"],
    );
    check(
        LEAD,
        "deleteTickets",
        json!({"filter": {"subject": {"eq": null}}}),
        &["filter.subject.eq null"],
    );
    check(
        AGENT,
        "transitionTicket",
        json!({"id": ticket, "to": "new"}),
        &["to type"],
    );
    check(
        AGENT,
        "upsertArticle",
        json!({"by": "TITLE", "input": {"slug": "a", "title": "A"}}),
        &["by type"],
    );
    check(
        AGENT,
        "upsertTicket",
        json!({"by": "TEAM_AND_SUBJECT", "input": {"subject": "a", "requester": id("user", 1)}}),
        &["input.team required"],
    );
    check(
        AGENT,
        "upsertArticle",
        json!({"by": "SLUG", "input": {"title": 1}}),
        &["input.title type", "input.slug required"],
    );
}

#[test]
fn a_required_field_is_given_by_the_caller_the_model_or_a_rule() {
    check(
        AGENT,
        "createTicket",
        json!({"input": {"subject": "a"}}),
        &["input.requester required"],
    );
    // A rule that takes what is given presets it: others that do not are no hindrance.
    for roles in [REQUESTER, &["requester", "agent"]] {
        let Step::Create(create) = step(roles, "createTicket", json!({"input": {"subject": "a"}})) else {
            panic!("a creation")
        };
        let (catalog, _) = app();
        let ticket = catalog.find_entity("ticket").unwrap();
        assert_eq!(names(ticket, create.missing), ["requester"]);
        assert_eq!(names(ticket, create.named), ["subject"]);
        let values: Vec<String> = names(ticket, create.values.iter().map(|(field, _)| *field));
        assert_eq!(values, ["subject", "status", "mood", "priority"]);
    }
    // Only the agent's rule takes this, and it presets nothing.
    check(
        &["requester", "agent"],
        "createTicket",
        json!({"input": {"subject": "a", "effort": 1}}),
        &["input.requester required"],
    );
    // No rule takes both of these, which is for the run to say: the value is not what is wrong.
    assert!(
        planned(
            REQUESTER,
            &[("createTicket", json!({"input": {"subject": "a", "effort": 1}}))]
        )
        .is_ok()
    );
    // Null is not left out: no default steps in.
    check(
        AGENT,
        "createComment",
        json!({"input": {"ticket": id("ticket", 1), "body": "a", "internal": null}}),
        &["input.internal required"],
    );
}

#[test]
fn nested_writes_are_judged_where_they_stand() {
    let ticket = id("ticket", 1);
    let nested = |key: &str, value: Json, expected: &[&str]| {
        let arguments = json!({"id": ticket, "input": {"comments": {key: value}}});
        check(AGENT, "updateTicket", arguments, expected);
    };
    nested(
        "create",
        json!([{"body": "a", "ticket": ticket}]),
        &["input.comments.create.0.ticket unknown"],
    );
    nested(
        "create",
        json!([{}, {"body": "a", "internal": 1}]),
        &[
            "input.comments.create.0.body required",
            "input.comments.create.1.internal type",
        ],
    );
    nested(
        "update",
        json!([{"input": {}}, {"id": id("comment", 1)}]),
        &[
            "input.comments.update.0.id required",
            "input.comments.update.1.input required",
        ],
    );
    nested(
        "update",
        json!([{"id": id("comment", 1), "input": {}, "ifVersion": "x"}]),
        &["input.comments.update.0.ifVersion type"],
    );
    nested("delete", json!(["x"]), &["input.comments.delete.0 type"]);
    nested("connect", json!([1]), &["input.comments.connect.0 type"]);
    // The comment would be without its ticket, which it needs.
    nested(
        "disconnect",
        json!([id("comment", 1)]),
        &["input.comments.disconnect.0 required"],
    );
    nested("replace", json!([]), &["input.comments.replace unknown"]);
    check(
        AGENT,
        "updateTicket",
        json!({"id": ticket, "input": {"comments": []}}),
        &["input.comments type"],
    );
    // What clients send for what they leave out.
    for comments in [json!(null), json!({}), json!({"create": null, "connect": []})] {
        let Step::Update { change, .. } = step(
            AGENT,
            "updateTicket",
            json!({"id": ticket, "input": {"comments": comments}}),
        ) else {
            panic!("an update")
        };
        assert!(change.children.is_empty() && change.values.is_empty());
    }
}

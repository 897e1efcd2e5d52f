//! Mutations on their way to an operation: what fits, what is coerced, what is refused.

use super::desk::{Caller, catalog};
use super::{prepare, prepare_with, told};
use crate::graphql::RoleSchema;
use crate::graphql::operation::{Field, Input, InputKind, OperationKind, Selection};
use crate::graphql::type_system::MUTATION;
use freehold_base::Limits;
use serde_json::{Value, json};

fn writer(catalog: &crate::catalog::Catalog) -> RoleSchema {
    Caller::of_everything(catalog).schema()
}

/// The root fields of a mutation.
fn roots(schema: &RoleSchema, query: &str, variables: &Value) -> Vec<Field> {
    let prepared = prepare_with(schema, query, None, variables).unwrap();
    assert_eq!(prepared.operation.kind, OperationKind::Mutation);
    crate::graphql::operation::collect(&prepared.operation.items, MUTATION, &|_, _| false)
}

fn plain(input: &Input) -> Value {
    match input.unspent() {
        InputKind::Null => Value::Null,
        InputKind::Boolean(value) => json!(value),
        InputKind::Number(number) => json!(number),
        InputKind::Text(text) => json!(text),
        InputKind::List(items) => items.iter().map(plain).collect(),
        InputKind::Object(entries) => {
            Value::Object(entries.iter().map(|(key, input)| (key.clone(), plain(input))).collect())
        }
    }
}

fn arguments(field: &Field) -> Value {
    let arguments = field.arguments.iter();
    Value::Object(arguments.map(|(name, input)| (name.clone(), plain(input))).collect())
}

#[test]
fn mutations_become_operations() {
    let catalog = catalog();
    let schema = writer(&catalog);
    let query = "mutation M($new: TicketCreateInput!, $skip: Boolean!, $version: Int, $text: Markdown!) {
        first: createTicket(input: $new) { id subject ...T }
        updateTicket(id: 7, input: {subject: \"x\", body: null, comments: {create: {text: $text}, update: [{id: \"c\", input: {votes: {disconnect: \"v\"}}}]}}, ifVersion: $version) { id }
        gone: deleteTicket(id: 1) @skip(if: $skip) { id }
        ... @include(if: $skip) { transitionTicket(id: 1, to: IN_PROGRESS) { status } }
        upsertTicket(by: TEAM_AND_SUBJECT, input: {subject: \"a\", team: \"t\", source: \"s\"}) { id }
        deleteTickets(filter: {subject: {eq: \"x\"}}) { id }
        some: deleteTickets(filter: {}, atMost: 5) { id }
        __typename
    } fragment T on Ticket { team { name } }";
    let given = json!({ "new": {"subject": "s", "team": "t", "source": "mail", "comments": {"create": [{"text": "a"}], "connect": "c"}}, "skip": true, "text": "hello" });
    let roots = roots(&schema, query, &given);
    let found: Vec<(&str, &str, Value)> = roots
        .iter()
        .map(|field| (field.key.as_str(), field.name.as_str(), arguments(field)))
        .collect();
    assert_eq!(
        found,
        [
            (
                "first",
                "createTicket",
                json!({"input": {"subject": "s", "team": "t", "source": "mail", "comments": {"create": [{"text": "a"}], "connect": ["c"]}}})
            ),
            (
                "updateTicket",
                "updateTicket",
                json!({"id": "7", "input": {"subject": "x", "body": null, "comments": {"create": [{"text": "hello"}], "update": [{"id": "c", "input": {"votes": {"disconnect": ["v"]}}}]}}})
            ),
            (
                "transitionTicket",
                "transitionTicket",
                json!({"id": "1", "to": "IN_PROGRESS"})
            ),
            (
                "upsertTicket",
                "upsertTicket",
                json!({"by": "TEAM_AND_SUBJECT", "input": {"subject": "a", "team": "t", "source": "s"}})
            ),
            (
                "deleteTickets",
                "deleteTickets",
                json!({"filter": {"subject": {"eq": "x"}}, "atMost": 1})
            ),
            ("some", "deleteTickets", json!({"filter": {}, "atMost": 5})),
            ("__typename", "__typename", json!({})),
        ]
    );
    let Selection::Field(subject) = &roots[0].items[1] else {
        panic!("a field")
    };
    assert_eq!(subject.name, "subject");
}

#[test]
fn an_argument_left_out_has_its_default() {
    let catalog = catalog();
    let schema = Caller::new(&catalog)
        .sees("team", &["*"])
        .deletes("team")
        .holds(&["invite_member"])
        .schema();
    let check = |query: &str, given: Value, expected: Value| {
        assert_eq!(arguments(&roots(&schema, query, &given)[0]), expected, "{query}");
    };
    let delete = "mutation ($n: Int) { deleteTeams(filter: {}, atMost: $n) { id } }";
    check(delete, json!({}), json!({"filter": {}, "atMost": 1}));
    check(delete, json!({"n": 3}), json!({"filter": {}, "atMost": 3}));
    assert_eq!(
        told(&prepare_with(&schema, delete, None, &json!({"n": null}))),
        "BAD_USER_INPUT atMost: needs a `Int!`, found null"
    );
    check(
        "mutation { inviteMember(email: \"a@b.test\") { id } }",
        json!({}),
        json!({"email": "a@b.test", "roles": []}),
    );
    check(
        "mutation { inviteMember(email: \"a@b.test\", roles: \"agent\") { id } }",
        json!({}),
        json!({"email": "a@b.test", "roles": ["agent"]}),
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let catalog = catalog();
    let schema = writer(&catalog);
    for (query, expected) in [
        (
            "mutation { createTicket(input: {subject: \"s\"}) { id } }",
            "input: `TicketCreateInput` needs `team: ID!`\ninput: `TicketCreateInput` needs `source: String!`",
        ),
        (
            "mutation { createTicket(input: {subject: null, team: 1, source: \"\"}) { id } }",
            "input.subject: expected `String!`, found null",
        ),
        (
            "mutation { createTicket { id } }",
            "`createTicket` needs the argument `input: TicketCreateInput!`",
        ),
        (
            "mutation { updateTicket(id: 1, input: {number: 3}) { id } }",
            "input.number: `TicketUpdateInput` has no field `number`",
        ),
        (
            "mutation { updateTicket(id: 1, input: {status: SOLVED}) { id } }",
            "input.status: `TicketUpdateInput` has no field `status`",
        ),
        (
            "mutation { updateTicket(id: 1, input: {prioritie: LOW}) { id } }",
            "input.prioritie: `TicketUpdateInput` has no field `prioritie`, did you mean `priority`?",
        ),
        (
            "mutation { updateTicket(id: 1, input: {priority: \"LOW\"}) { id } }",
            "input.priority: expected a `TicketPriority`, found a string",
        ),
        (
            "mutation { updateTicket(id: 1, input: {comments: {create: [{text: \"a\", ticket: 2}]}}) { id } }",
            "input.comments.create[0].ticket: `TicketCommentsCreateInput` has no field `ticket`",
        ),
        (
            "mutation { updateTicket(id: 1, input: {comments: {update: [{id: 1}]}}) { id } }",
            "input.comments.update[0]: `CommentUpdateItem` needs `input: CommentUpdateInput!`",
        ),
        (
            "mutation { updateTicket(id: 1, input: {comments: {disconnect: 1}}) { id } }",
            "input.comments.disconnect: `TicketCommentsNestedUpdateInput` has no field `disconnect`, did you mean `connect`?",
        ),
        (
            "mutation { createTicket(input: {subject: \"s\", team: 1, source: \"\", comments: {delete: 1}}) { id } }",
            "input.comments.delete: `TicketCommentsNestedCreateInput` has no field `delete`",
        ),
        (
            "mutation { transitionTicket(id: 1, to: EARLY) { id } }",
            "to: `EARLY` is not a `TicketStatus`",
        ),
        (
            "mutation { deleteTickets { id } }",
            "`deleteTickets` needs the argument `filter: TicketFilter!`",
        ),
        (
            "mutation { deleteTickets(filter: {or: {subject: {eq: \"a\"}}}) { id } }",
            "filter.or: expected a list, `[{…}]`",
        ),
        (
            "mutation { createTicket(input: {}) }",
            "`createTicket` is a `Ticket`: say which of its fields, `createTicket { … }`\ninput: `TicketCreateInput` needs `subject: String!`\ninput: `TicketCreateInput` needs `team: ID!`\ninput: `TicketCreateInput` needs `source: String!`",
        ),
        (
            "mutation { createOrganisation(input: {name: \"x\"}) { id } }",
            "unknown field `createOrganisation` on `Mutation`",
        ),
        (
            "mutation { tickets { totalCount } }",
            "unknown field `tickets` on `Mutation`",
        ),
        (
            "mutation { __schema { queryType { name } } }",
            "unknown field `__schema` on `Mutation`",
        ),
        (
            "mutation ($i: TicketUpdateInput!) { createTicket(input: $i) { id } }",
            "`$i` is a `TicketUpdateInput!`, but a `TicketCreateInput!` is expected here",
        ),
        (
            "mutation ($s: String) { createTicket(input: {subject: $s, team: 1, source: \"\"}) { id } }",
            "`$s` is a `String`, but a `String!` is expected here",
        ),
        (
            "mutation { a: deleteTicket(id: 1) { id } a: deleteTicket(id: 2) { id } }",
            "two fields cannot share the key `a`: their arguments differ",
        ),
        (
            "subscription { createTicket { id } }",
            "unknown field `createTicket` on `Subscription`",
        ),
    ] {
        let found = told(&prepare(&schema, query)).replace("GRAPHQL_VALIDATION_FAILED ", "");
        assert!(found.starts_with(expected), "{query}\n{found}");
    }
}

#[test]
fn wrong_variables_are_told_with_their_places() {
    let catalog = catalog();
    let schema = writer(&catalog);
    let query = "mutation ($new: [TicketCreateInput!]!) { createTickets(input: $new) { id } }";
    let given = json!({ "new": [
        {"subject": "s", "team": 1, "source": "x", "comments": {"create": [{"text": "a"}, {"txt": "b"}]}},
        {"subject": null, "team": {}, "priority": "URGENT", "source": "x"},
    ] });
    let error = prepare_with(&schema, query, None, &given)
        .unwrap_err()
        .remove(0)
        .to_json();
    let mut problems: Vec<String> = error["extensions"]["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| format!("{} {} {}", problem["path"], problem["rule"], problem["message"]).replace('"', ""))
        .collect();
    // Keys of an object come in the order of whoever reads the JSON.
    problems.sort_unstable();
    assert_eq!(
        problems,
        [
            "[new,0,comments,create,1,text] required needs a `Markdown!`, but was not given",
            "[new,0,comments,create,1,txt] unknown-field `TicketCommentsCreateInput` has no field `txt`, did you mean `text`?",
            "[new,1,priority] enum `URGENT` is not a `TicketPriority`",
            "[new,1,subject] required needs a `String!`, found null",
            "[new,1,team] type expected an id, as a string, found an object",
        ]
    );
}

#[test]
fn null_for_a_variable_with_a_default_does_not_pass_for_a_value() {
    let catalog = catalog();
    let schema = writer(&catalog);
    let query = "mutation ($s: String = \"x\", $id: ID = 1) { m: createTicket(input: {subject: $s, team: 1, source: \"\", comments: {connect: [2, $id]}}) { id } }";
    assert_eq!(told(&prepare_with(&schema, query, None, &json!({}))), "ok");
    let check = |given: Value, expected: Value| {
        let error = prepare_with(&schema, query, None, &given)
            .unwrap_err()
            .remove(0)
            .to_json();
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
        assert_eq!(error["path"], json!(["m"]));
        assert_eq!(error["extensions"]["problems"][0]["path"], expected);
    };
    check(json!({"s": null}), json!(["input", "subject"]));
    check(json!({"id": null}), json!(["input", "comments", "connect", 1]));
}

#[test]
fn root_fields_and_nesting_are_bounded() {
    let catalog = catalog();
    let schema = writer(&catalog);
    let limits = Limits::default();
    let many = |count: usize| {
        let fields: Vec<String> = (0..count)
            .map(|index| format!("a{index}: deleteTicket(id: {index}) {{ id }}"))
            .collect();
        told(&prepare(&schema, &format!("mutation {{ {} }}", fields.join(" "))))
    };
    assert_eq!(many(limits.aliases_max), "ok");
    assert!(many(limits.aliases_max + 1).starts_with("LIMIT_EXCEEDED the number of root fields"));
    let deep = |levels: usize| {
        let (open, close) = ("{and: [".repeat(levels), "]}".repeat(levels));
        told(&prepare(
            &schema,
            &format!("mutation {{ deleteTickets(filter: {open}{close}) {{ id }} }}"),
        ))
    };
    assert_eq!(deep(5), "ok");
    assert!(deep(40).starts_with("LIMIT_EXCEEDED"));
}

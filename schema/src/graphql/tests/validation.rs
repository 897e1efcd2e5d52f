//! The rules of section 5 of the specification, one or more queries a rule; async-graphql's validator as a second opinion.

use super::{fixture, prepare_with, told};
use crate::graphql::introspection::dynamic_schema;
use async_graphql::Request;
use serde_json::json;
use std::task::{Context, Poll, Waker};

/// What fits; `true` where async-graphql, wrongly, disagrees.
const VALID: &[(&str, bool)] = &[
    ("{ viewer { user { id } } }", false),
    ("{ a: ticket(id: 1) { id } b: ticket(id: \"x\") { id } }", false),
    ("{ __typename viewer { __typename user { __typename } } }", false),
    (
        "{ node(id: \"1\") { __typename id ... on Ticket { subject } ...F } } fragment F on Comment { text }",
        false,
    ),
    (
        "{ votes { nodes { about { __typename ... on Ticket { subject } ... on Comment { text } ... on Node { id } } } } }",
        false,
    ),
    (
        "query ($by: [TicketOrderBy!]!) { tickets(orderBy: $by) { totalCount } }",
        false,
    ),
    (
        "query ($first: Int = 3) { tickets(first: $first) { totalCount } }",
        false,
    ),
    (
        "query ($in: [TicketStatus!]) { tickets(filter: {status: {in: $in}}) { totalCount } }",
        false,
    ),
    ("query ($id: ID = \"1\") { ticket(id: $id) { id } }", false),
    (
        "query ($d: Boolean) { __type(name: \"Ticket\") { fields(includeDeprecated: $d) { name } } }",
        false,
    ),
    ("query ($skip: Boolean!) { __typename @skip(if: $skip) }", true),
    (
        "query ($x: String) { tickets(filter: {extra: {eq: {a: [$x, 1, {b: null}]}}}) { totalCount } }",
        false,
    ),
    (
        "{ tickets(filter: {status: {in: NEW}}, orderBy: {createdAt: DESC}) { totalCount } }",
        false,
    ),
    (
        "{ tickets(filter: {weight: {gt: 1}, hours: {lt: \"2.5\"}, urgent: {eq: true}, or: []}) { totalCount } }",
        false,
    ),
    (
        "{ tickets { nodes { id } nodes { id subject } ...F } } fragment F on TicketConnection { nodes { id } }",
        false,
    ),
    (
        "{ tickets { groups(by: STATUS) { key { status team { name } } aggregate { count sum { points } } } } }",
        false,
    ),
    ("query A { __typename } query B { __typename }", false),
    (
        "{ node(id: 1) { ... on Ticket { x: subject } ... on Team { x: name } } }",
        false,
    ),
    (
        "{ node(id: 1) { ... on Ticket { same: owner { version } } ... on Team { same: lead { name } } } }",
        false,
    ),
    ("{ ... @include(if: true) { __typename } }", false),
    (
        "{ ticket(id: 1) { comments(filter: {not: {text: {like: \"a%\", mode: INSENSITIVE}}}) { edges { cursor node { id } } } } }",
        false,
    ),
];

/// What does not fit, and what is said; `true` where async-graphql has no objection.
const INVALID: &[(&str, &str, bool)] = &[
    (
        "{ tickts { totalCount } }",
        "unknown field `tickts` on `Query`, did you mean `tickets`?",
        false,
    ),
    (
        "{ ticket(id: 1) { secret } }",
        "unknown field `secret` on `Ticket`",
        false,
    ),
    (
        "{ ticket(id: 1) { comment } }",
        "unknown field `comment` on `Ticket`, did you mean `comments`?",
        false,
    ),
    (
        "{ votes { nodes { about { id } } } }",
        "unknown field `id` on `VoteAbout`; a union has none, use `... on Ticket` or `... on Comment`",
        false,
    ),
    (
        "mutation { deleteTicket(id: 1) { id } }",
        "this schema has no mutations",
        false,
    ),
    (
        "subscription { a: tickets { totalCount } b: tickets { totalCount } }",
        "a subscription has one root field",
        false,
    ),
    (
        "subscription { tickets @skip(if: true) { totalCount } }",
        "`@skip` and `@include` cannot stand at the root of a subscription",
        false,
    ),
    (
        "subscription { __typename }",
        "`__typename` cannot be the root field of a subscription",
        false,
    ),
    (
        "subscription { ticketChanged { nope } }",
        "unknown field `nope` on `TicketChange`, did you mean `node`?",
        false,
    ),
    (
        "{ ticket(id: 1) }",
        "`ticket` is a `Ticket`: say which of its fields, `ticket { … }`",
        false,
    ),
    (
        "{ ticket(id: 1) { subject { length } } }",
        "`subject` is a `String!` and has no fields to select",
        false,
    ),
    (
        "{ __typename { x } }",
        "`__typename` is a `String!` and has no fields to select",
        true,
    ),
    ("{ __typename(x: 1) }", "unknown argument `x` of `__typename`", true),
    ("{ ticket { id } }", "`ticket` needs the argument `id: ID!`", false),
    (
        "{ ticket(id: 1, id: 1) { id } }",
        "the argument `id` is given twice",
        false,
    ),
    (
        "{ ticket(id: 1, key: 1) { id } }",
        "unknown argument `key` of `Query.ticket`",
        false,
    ),
    ("{ ticket(id: null) { id } }", "id: expected `ID!`, found null", false),
    (
        "{ ticket(id: 1.5) { id } }",
        "id: expected an id, as a string, found 1.5",
        false,
    ),
    (
        "{ tickets(first: 3000000000) { totalCount } }",
        "first: 3000000000 does not fit in 32 bits",
        true,
    ),
    (
        "{ tickets(first: 99999999999999999999999) { totalCount } }",
        "first: expected a whole number, found 1e+23",
        false,
    ),
    (
        "{ tickets(first: \"1\") { totalCount } }",
        "first: expected a whole number, found a string",
        false,
    ),
    (
        "{ tickets(first: 1.0) { totalCount } }",
        "first: expected a whole number, found 1.0",
        false,
    ),
    (
        "{ tickets(after: 1) { totalCount } }",
        "after: expected a string, found 1",
        false,
    ),
    (
        "{ tickets(filter: {status: {eq: \"NEW\"}}) { totalCount } }",
        "filter.status.eq: expected a `TicketStatus`, found a string",
        true,
    ),
    (
        "{ tickets(filter: {status: {eq: NEWW}}) { totalCount } }",
        "filter.status.eq: `NEWW` is not a `TicketStatus`, did you mean `NEW`?",
        false,
    ),
    (
        "{ tickets(filter: {status: NEW}) { totalCount } }",
        "filter.status: expected a `TicketStatusFilter`, found `NEW` without quotes",
        true,
    ),
    (
        "{ tickets(filter: {due: {eq: 20260101}}) { totalCount } }",
        "filter.due.eq: expected a `Date`, as a string, found 20260101",
        true,
    ),
    (
        "{ tickets(filter: {hours: {eq: 2}}) { totalCount } }",
        "filter.hours.eq: expected a `Decimal`, as a string, found 2",
        true,
    ),
    (
        "{ tickets(filter: {urgent: {eq: 1}}) { totalCount } }",
        "filter.urgent.eq: expected true or false, found 1",
        false,
    ),
    (
        "{ tickets(filter: {extra: {eq: NAME}}) { totalCount } }",
        "filter.extra.eq: expected a JSON value, found `NAME` without quotes",
        true,
    ),
    (
        "{ tickets(filter: {or: {status: {eq: NEW}}}) { totalCount } }",
        "filter.or: expected a list, `[{…}]`",
        true,
    ),
    (
        "{ tickets(filter: {and: [{and: {}}]}) { totalCount } }",
        "filter.and[0].and: expected a list, `[{…}]`",
        true,
    ),
    (
        "{ tickets(filter: {stauts: {}}) { totalCount } }",
        "filter.stauts: `TicketFilter` has no field `stauts`, did you mean `status`?",
        false,
    ),
    (
        "{ tickets(filter: {iban: {eq: \"x\"}}) { totalCount } }",
        "filter.iban: `TicketFilter` has no field `iban`",
        false,
    ),
    (
        "{ tickets(filter: {id: {}, id: {}}) { totalCount } }",
        "the input field `id` is given twice",
        true,
    ),
    ("{ ticket(id: 1) { ...F } }", "unknown fragment `F`", false),
    (
        "{ __typename } fragment F on Ticket { id }",
        "the fragment `F` is not used",
        false,
    ),
    (
        "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
        "the fragment `F` leads back to itself, or spreads one that does",
        false,
    ),
    (
        "{ ...F } fragment F on Query { ...F }",
        "the fragment `F` leads back to itself, or spreads one that does",
        false,
    ),
    (
        "{ ... on Tikcet { id } }",
        "unknown type `Tikcet`, did you mean `Ticket`?",
        false,
    ),
    (
        "{ ... on TicketFilter { id } }",
        "a fragment cannot be on `TicketFilter`, which has no fields",
        false,
    ),
    (
        "{ ... on Ticket { id } }",
        "this fragment is on `Ticket`, which a `Query` never is",
        false,
    ),
    (
        "{ viewer { ...F } } fragment F on Ticket { id }",
        "the fragment `F` is on `Ticket`, which a `Viewer` never is",
        false,
    ),
    (
        "{ node(id: 1) { ... on Viewer { roles } } }",
        "this fragment is on `Viewer`, which a `Node` never is",
        false,
    ),
    ("{ __typename @skip }", "`@skip` needs the argument `if`", true),
    (
        "{ __typename @skip(if: 1) }",
        "if: expected true or false, found 1",
        true,
    ),
    (
        "{ viewer @skip(if: true) @skip(if: true) { roles } }",
        "`@skip` is given twice",
        false,
    ),
    (
        "{ viewer @skip(if: true, if: true) { roles } }",
        "the argument `if` is given twice",
        false,
    ),
    ("{ viewer @defer { roles } }", "unknown directive `@defer`", false),
    (
        "{ viewer @deprecated { roles } }",
        "`@deprecated` cannot stand here",
        false,
    ),
    (
        "query @skip(if: true) { viewer { roles } }",
        "`@skip` cannot stand here",
        false,
    ),
    (
        "query ($a: Int, $a: Int) { tickets(first: $a) { totalCount } }",
        "the variable `$a` is declared twice",
        false,
    ),
    (
        "query ($a: Int) { viewer { roles } }",
        "the variable `$a` is not used",
        false,
    ),
    (
        "query A { tickets(first: $frst) { totalCount } }",
        "the variable `$frst` is not declared by `A`",
        false,
    ),
    (
        "query ($first: Int) { ...F } fragment F on Query { tickets(first: $frst, last: $first) { totalCount } }",
        "the variable `$frst` is not declared, did you mean `first`?",
        false,
    ),
    (
        "query ($a: Nope) { tickets(first: $a) { totalCount } }",
        "unknown type `Nope`",
        false,
    ),
    (
        "query ($a: Ticket) { tickets(first: $a) { totalCount } }",
        "`$a` cannot be a `Ticket`, which is not an input type",
        false,
    ),
    (
        "query ($a: String) { tickets(first: $a) { totalCount } }",
        "`$a` is a `String`, but a `Int` is expected here",
        true,
    ),
    (
        "query ($a: ID) { ticket(id: $a) { id } }",
        "`$a` is a `ID`, but a `ID!` is expected here",
        true,
    ),
    (
        "query ($a: ID = null) { ticket(id: $a) { id } }",
        "`$a` is a `ID`, but a `ID!` is expected here",
        true,
    ),
    (
        "query ($a: TicketStatus) { tickets(filter: {status: {in: $a}}) { totalCount } }",
        "`$a` is a `TicketStatus`, but a `[TicketStatus!]` is expected here",
        true,
    ),
    (
        "query ($a: [TicketStatus]) { tickets(filter: {status: {in: $a}}) { totalCount } }",
        "`$a` is a `[TicketStatus]`, but a `[TicketStatus!]` is expected here",
        true,
    ),
    (
        "query ($a: Int = \"x\") { tickets(first: $a) { totalCount } }",
        "$a: expected a whole number, found a string",
        false,
    ),
    (
        "{ a: viewer { roles } a: __typename }",
        "two fields cannot share the key `a`: `viewer` and `__typename` are different fields; give one of them an alias",
        false,
    ),
    (
        "{ ticket(id: 1) { x: subject x: body } }",
        "two fields cannot share the key `x`: `subject` and `body` are different fields; give one of them an alias",
        false,
    ),
    (
        "{ tickets(first: 1) { totalCount } tickets(first: 2) { totalCount } }",
        "two fields cannot share the key `tickets`: their arguments differ; give one of them an alias",
        false,
    ),
    (
        "{ tickets { totalCount } ...F } fragment F on Query { tickets(first: 2) { totalCount } }",
        "two fields cannot share the key `tickets`: their arguments differ; give one of them an alias",
        true,
    ),
    (
        "{ viewer { user { a: name } user { a: locale } } }",
        "two fields cannot share the key `a`: `name` and `locale` are different fields; give one of them an alias",
        true,
    ),
    (
        "{ node(id: 1) { ... on Ticket { x: subject } ... on Team { x: version } } }",
        "two fields cannot share the key `x`: one is a `String!`, the other a `Int!`; give one of them an alias",
        true,
    ),
    (
        "{ node(id: 1) { ... on Ticket { x: team { y: name } } ... on Team { x: lead { y: version } } } }",
        "two fields cannot share the key `y`: one is a `String!`, the other a `Int!`; give one of them an alias",
        true,
    ),
    (
        "{ __typename } { __typename }",
        "an operation without a name must be the only operation",
        false,
    ),
    (
        "query A { __typename } query A { __typename }",
        "there are two operations named `A`",
        false,
    ),
    (
        "{ ...F } fragment F on Query { __typename } fragment F on Query { __typename }",
        "there are two fragments named `F`",
        false,
    ),
];

#[test]
fn what_fits_is_accepted() {
    let schema = fixture::everything();
    let mut faults = Vec::new();
    for (query, disputed) in VALID {
        let variables = json!({ "by": [], "skip": false });
        let name = query.starts_with("query A").then_some("A");
        let (ours, theirs) = (
            told(&prepare_with(&schema, query, name, &variables)),
            second_opinion(query, &variables),
        );
        if ours != "ok" || theirs.is_some() != *disputed {
            faults.push(format!("{query}\n  {ours}\n  async-graphql: {theirs:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_does_not_fit_is_refused_in_a_sentence() {
    let schema = fixture::everything();
    let mut faults = Vec::new();
    for (query, message, lax) in INVALID {
        let result = prepare_with(&schema, query, None, &json!({}));
        let (ours, theirs) = (told(&result), second_opinion(query, &json!({})));
        if ours != format!("GRAPHQL_VALIDATION_FAILED {message}") || theirs.is_none() != *lax {
            faults.push(format!("{query}\n  {ours}\n  async-graphql: {theirs:?}"));
        }
        for error in result.err().unwrap_or_default() {
            assert!(!error.locations.is_empty() && !error.message.contains('\n'), "{query}");
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn all_faults_are_told_in_order_of_place() {
    let schema = fixture::everything();
    let query = "{\n  b: nope\n  a: nope\n  ticket(id: 1) { no }\n}\nfragment F on Query { x }";
    let errors = prepare_with(&schema, query, None, &json!({})).unwrap_err();
    let places: Vec<_> = errors.iter().flat_map(|error| error.locations.clone()).collect();
    assert_eq!(places, [(2, 3), (3, 3), (4, 19), (6, 1), (6, 23)]);
}

#[test]
fn nothing_outside_the_schema_is_named() {
    let schema = fixture::little();
    for (query, message) in [
        ("{ teams { totalCount } }", "unknown field `teams` on `Query`"),
        ("{ ticket(id: 1) { bodyText } }", "unknown field `bodyText` on `Ticket`"),
        ("{ ticket(id: 1) { ... on Team { id } } }", "unknown type `Team`"),
        (
            "{ tickets(filter: {stats: {}}) { totalCount } }",
            "filter.stats: `TicketFilter` has no field `stats`",
        ),
        (
            "query ($a: TeamFilter) { tickets(filter: $a) { totalCount } }",
            "unknown type `TeamFilter`, did you mean `IDFilter`?",
        ),
        (
            "{ comments { groups(by: OWNER) { aggregate { count } } } }",
            "unknown field `groups` on `CommentConnection`",
        ),
    ] {
        assert_eq!(
            told(&prepare_with(&schema, query, None, &json!({}))),
            format!("GRAPHQL_VALIDATION_FAILED {message}"),
            "{query}"
        );
    }
}

/// The first objection of async-graphql, parser and validator.
fn second_opinion(query: &str, variables: &serde_json::Value) -> Option<String> {
    let schema = dynamic_schema(fixture::everything().system()).unwrap();
    let variables = async_graphql::Variables::from_json(variables.clone());
    let mut request = Request::new(query).variables(variables);
    if query.starts_with("query A") {
        request = request.operation_name("A");
    }
    let mut future = std::pin::pin!(schema.execute(request));
    let mut context = Context::from_waker(Waker::noop());
    let response = loop {
        if let Poll::Ready(response) = future.as_mut().poll(&mut context) {
            break response;
        }
    };
    // Errors with a path come from running it: nothing has a value here.
    response
        .errors
        .into_iter()
        .find(|error| error.path.is_empty())
        .map(|error| error.message)
}

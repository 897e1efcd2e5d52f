//! From text to operation: which operation, fragments, conditions, and introspection beside data.

use super::{fixture, prepare, prepare_with, told};
use crate::graphql::Prepared;
use crate::graphql::operation::{InputKind, OperationKind, Selection};
use serde_json::json;
use std::collections::BTreeSet;

/// Selections on one line: `key:name{…}`, `...Type{…}`.
fn written(items: &[Selection]) -> String {
    let parts: Vec<String> = items
        .iter()
        .map(|item| match item {
            Selection::Field(field) => {
                let key = if field.key == field.name {
                    String::new()
                } else {
                    format!("{}:", field.key)
                };
                let below = if field.items.is_empty() {
                    String::new()
                } else {
                    format!("{{{}}}", written(&field.items))
                };
                format!("{key}{}{below}", field.name)
            }
            Selection::On { type_name, items } => {
                format!("...{}{{{}}}", type_name.as_deref().unwrap_or_default(), written(items))
            }
        })
        .collect();
    parts.join(" ")
}

fn introspection(prepared: &Prepared) -> String {
    prepared
        .introspection
        .iter()
        .map(|(key, raw)| format!("{key}={raw}"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn fragments_stand_with_their_types() {
    let schema = fixture::everything();
    let query = "query Q { node(id: 1) { ...F ... { id } ... on Node { __typename } } } fragment F on Ticket { s: subject comments { nodes { ...G } } } fragment G on Comment { text }";
    let prepared = prepare(&schema, query).unwrap();
    assert_eq!(prepared.operation.kind, OperationKind::Query);
    assert_eq!(
        written(&prepared.operation.items),
        "node{...Ticket{s:subject comments{nodes{...Comment{text}}}} ...{id} ...Node{__typename}}"
    );
    let Selection::Field(node) = &prepared.operation.items[0] else {
        panic!()
    };
    assert_eq!(node.position, (1, 11));
    assert!(node.argument("id").is_some());
}

/// Names of the variables that preparation has spent.
fn spent(prepared: &Prepared) -> Vec<String> {
    let names: BTreeSet<String> = prepared
        .variables
        .spent()
        .iter()
        .map(|path| path.name.clone())
        .collect();
    names.into_iter().collect()
}

#[test]
fn skip_and_include_are_applied() {
    let schema = fixture::everything();
    let query = "query ($yes: Boolean!, $no: Boolean = false) {
        viewer @include(if: $yes) { roles @skip(if: $yes) user { id } }
        a: viewer @include(if: $no) { roles }
        ... @skip(if: $no) { b: viewer @skip(if: false) @include(if: false) { roles } }
        ...F @include(if: $yes)
    } fragment F on Query { __typename }";
    let prepared = prepare_with(&schema, query, None, &json!({ "yes": true })).unwrap();
    assert_eq!(
        written(&prepared.operation.items),
        "viewer{user{id}} ...{} ...Query{__typename}"
    );
    assert_eq!(spent(&prepared), ["no", "yes"]);
}

#[test]
fn an_operation_is_chosen_by_name() {
    let schema = fixture::everything();
    let query = "query A { a: __typename } query B { b: __typename }";
    let chosen = |name| prepare_with(&schema, query, name, &json!({}));
    assert_eq!(written(&chosen(Some("B")).unwrap().operation.items), "b:__typename");
    assert_eq!(
        told(&chosen(None)),
        "BAD_REQUEST say which operation to run with `operationName`: there is `A`, `B`"
    );
    assert_eq!(
        told(&chosen(Some("C"))),
        "BAD_REQUEST no operation is named `C`: there is `A`, `B`"
    );
    assert_eq!(told(&prepare(&schema, "query A { a: __typename }")), "ok");
    assert_eq!(
        told(&prepare_with(&schema, "{ __typename }", Some("A"), &json!({}))),
        "BAD_REQUEST no operation is named `A`: the only one has no name"
    );
}

#[test]
fn introspection_is_answered_beside_data() {
    let schema = fixture::everything();
    let query = "query Q($name: String!, $used: String, $no: Boolean = false) {
        viewer { roles }
        a: __type(name: $name) { name ...T }
        ...R
        tickets(after: $used) { totalCount }
        none: __type(name: \"Secret\") { name }
        gone: __schema @include(if: $no) { queryType { name } }
    }
    fragment R on Query { __schema { queryType { name } } ... { a: __type(name: $name) { fields(includeDeprecated: true) { n: name @skip(if: $no) ...Used } } } __typename }
    fragment T on __Type { kind }
    fragment Used on __Field { isDeprecated }";
    let prepared = prepare_with(&schema, query, None, &json!({ "name": "TicketMin" })).unwrap();
    assert_eq!(
        written(&prepared.operation.items),
        "viewer{roles} a:__type ...Query{__schema ...{a:__type} __typename} tickets{totalCount} none:__type"
    );
    assert_eq!(spent(&prepared), ["name", "no"]);
    let told = introspection(&prepared);
    assert!(
        told.starts_with(r#"a={"name":"TicketMin","kind":"OBJECT","fields":[{"n":"createdAt","isDeprecated":false},"#),
        "{told}"
    );
    assert!(told.contains(r#"{"n":"points","isDeprecated":true}"#), "{told}");
    assert!(
        told.ends_with(r#"__schema={"queryType":{"name":"Query"}} none=null"#),
        "{told}"
    );
}

#[test]
fn text_that_is_not_graphql_is_told_in_one_line() {
    let schema = fixture::everything();
    for (query, message) in [
        ("", "unexpected the end of the line, expected executable definition"),
        ("{", "unexpected the end of the line, expected selection"),
        ("{ a b: }", "unexpected `}`, expected name"),
        ("{ a(b: \"x) }", "unexpected `\"`, expected value"),
        ("fragment F on Query { a }", "the query has no operation"),
        (
            "hello",
            "unexpected `hello`, expected `query`, `mutation`, `subscription`, `fragment` or `{`",
        ),
        (
            "query A { a } queryB { b }",
            "unexpected `queryB`, expected `query`, `mutation`, `subscription`, `fragment` or `{`",
        ),
        ("{ a(b: 1e400) }", "cannot read the query at `1`"),
        ("{ a(b: \"\"\" }", "a block string has no end"),
    ] {
        let result = prepare(&schema, query);
        assert_eq!(told(&result), format!("GRAPHQL_PARSE_FAILED {message}"), "{query}");
        assert!(!result.unwrap_err()[0].message.contains('\n'));
    }
}

#[test]
fn newer_spellings_are_read() {
    let schema = fixture::everything();
    let query = "\"What it does\"\nquery Q {\n  tickets(search: \"\\u{1F600}\", after: \"\"\"\n    a \\\"\"\" b\n  \"\"\") { totalCount } }\n\"\"\"\nOf a fragment\n\"\"\" fragment F on Query { x }";
    let errors = prepare(&schema, query).unwrap_err();
    let told: Vec<_> = errors
        .iter()
        .map(|error| (error.message.as_str(), error.locations[0]))
        .collect();
    assert_eq!(
        told,
        [
            ("the fragment `F` is not used", (8, 5)),
            ("unknown field `x` on `Query`", (8, 27))
        ]
    );
    let (valid, _) = query.split_once("\n\"\"\"\nOf").unwrap();
    let prepared = prepare(&schema, valid).unwrap();
    let Selection::Field(field) = &prepared.operation.items[0] else {
        panic!()
    };
    assert_eq!(
        field.argument("search").unwrap().unspent(),
        &InputKind::Text("😀".into())
    );
    assert_eq!(
        field.argument("after").unwrap().unspent(),
        &InputKind::Text("a \"\"\" b".into())
    );
}

#[test]
fn an_error_is_an_entry_of_the_response() {
    let schema = fixture::everything();
    let error = prepare(&schema, "{\n  treasure\n}").unwrap_err().remove(0).to_json();
    assert_eq!(
        error,
        json!({ "message": "unknown field `treasure` on `Query`", "locations": [{"line": 2, "column": 3}], "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"} })
    );
}

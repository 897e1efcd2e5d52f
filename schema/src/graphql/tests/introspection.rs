//! The standard introspection query, and that it shows a caller's own schema only.

use super::{desk, fixture, prepare};
use crate::graphql::RoleSchema;
use crate::graphql::visible::Visible;
use serde_json::Value;

/// What graphql-js 16 sends with every option on.
const STANDARD: &str = "query IntrospectionQuery {
  __schema {
    description
    queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields(includeDeprecated: true) { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type {
  kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }
}";

fn ask(schema: &RoleSchema) -> Value {
    let prepared = prepare(schema, STANDARD).unwrap();
    assert_eq!(prepared.operation.items.len(), 1);
    let [(key, raw)] = prepared.introspection.as_slice() else {
        panic!("one answer")
    };
    assert_eq!(key, "__schema");
    serde_json::from_str(raw.get()).unwrap()
}

fn type_names(answer: &Value) -> Vec<&str> {
    answer["types"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .filter(|name| !name.starts_with("__"))
        .collect()
}

fn find<'a>(answer: &'a Value, list: &str, name: &str) -> &'a Value {
    answer[list]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == name)
        .unwrap_or(&Value::Null)
}

#[test]
fn the_whole_schema_is_told() {
    let schema = fixture::everything();
    let answer = ask(&schema);
    assert_eq!(answer["description"], Value::Null);
    let ticket = find(&answer, "types", "Ticket");
    assert_eq!(ticket["kind"], "OBJECT");
    assert_eq!(ticket["interfaces"][0]["name"], "Node");
    assert_eq!(find(ticket, "fields", "points")["deprecationReason"], "Use \"hours\".");
    assert_eq!(find(ticket, "fields", "subject")["type"]["kind"], "NON_NULL");
    assert_eq!(
        find(find(ticket, "fields", "comments"), "args", "first")["type"]["name"],
        "Int"
    );
    assert_eq!(
        find(&answer, "types", "DateTime")["specifiedByURL"],
        "https://scalars.graphql.org/andimarek/date-time.html"
    );
    assert_eq!(
        find(&answer, "types", "Node")["possibleTypes"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    assert_eq!(
        find(find(&answer, "types", "TicketFilter"), "inputFields", "points")["isDeprecated"],
        true
    );
    assert_eq!(find(&answer, "directives", "skip")["isRepeatable"], false);
    for directive in ["skip", "include", "deprecated", "specifiedBy"] {
        assert!(find(&answer, "directives", directive).is_object(), "{directive}");
    }
}

#[test]
fn introspection_and_sdl_name_the_same_types() {
    for schema in [
        fixture::everything(),
        fixture::little(),
        desk::Caller::of_everything(&desk::catalog())
            .holds(&["create_tenant", "invite_member"])
            .founds(&["*"])
            .schema(),
        RoleSchema::build(&fixture::catalog(), &Visible::default()),
    ] {
        let answer = ask(&schema);
        let sdl = schema.sdl();
        let defined: Vec<&str> = sdl
            .lines()
            .filter_map(|line| {
                ["type ", "input ", "enum ", "scalar ", "union ", "interface "]
                    .iter()
                    .find_map(|word| line.strip_prefix(word))
            })
            .filter_map(|rest| rest.split(' ').next())
            .collect();
        let mut told = type_names(&answer);
        told.retain(|name| !["Int", "Float", "String", "Boolean", "ID"].contains(name));
        let mut defined = defined;
        defined.sort_unstable();
        assert_eq!(told, defined);
    }
}

#[test]
fn a_caller_is_told_of_nothing_else() {
    let answer = ask(&fixture::little()).to_string();
    for hidden in [
        "Team",
        "team",
        "Vote",
        "vote",
        "body",
        "TicketStatus",
        "hours",
        "userByEmail",
        "ticketBy",
        "createdAt",
        "HTML",
    ] {
        assert!(!answer.contains(hidden), "{hidden}");
    }
    let nothing = ask(&RoleSchema::build(&fixture::catalog(), &Visible::default()));
    assert!(
        type_names(&nothing)
            .iter()
            .all(|name| !["Node", "Access", "PageInfo", "Ticket", "User"].contains(name))
    );
    let own = prepare(
        &fixture::little(),
        "{ a: __type(name: \"Team\") { name } b: __type(name: \"Ticket\") { name } }",
    )
    .unwrap();
    let told: Vec<&str> = own.introspection.iter().map(|(_, raw)| raw.get()).collect();
    assert_eq!(told, ["null", r#"{"name":"Ticket"}"#]);
}

#[test]
fn a_repeated_question_is_answered_from_memory() {
    let schema = fixture::everything();
    assert_eq!(ask(&schema), ask(&schema));
    for index in 0..10 {
        prepare(
            &schema,
            &format!("query Q{index} {{ __schema {{ queryType {{ name }} }} }}"),
        )
        .unwrap();
    }
    let again = prepare(&schema, "query Q9 { __schema { queryType { name } } }").unwrap();
    assert_eq!(again.introspection[0].1.get(), r#"{"queryType":{"name":"Query"}}"#);
}

#[test]
fn a_deep_graph_of_types_does_not_exhaust_the_stack() {
    let catalog = fixture::ring(300);
    let schema = RoleSchema::build(&catalog, &fixture::all(&catalog));
    assert!(type_names(&ask(&schema)).len() > 3000);
}

//! CoerceVariableValues, and where a value came from.

use super::{fixture, prepare_with, told};
use crate::graphql::operation::{Input, InputKind, PathStep, Selection};
use serde_json::{Value, json};

const QUERY: &str = "query ($filter: TicketFilter, $first: Int!, $by: [TicketOrderBy!] = {createdAt: DESC}, $weight: Float, $id: ID, $ids: [ID!], $flag: Boolean) {
    tickets(filter: {not: $filter, weight: {gt: $weight}, id: {in: $ids, eq: $id}, urgent: {eq: $flag}}, first: $first, orderBy: $by) { totalCount }
}";

/// JSON with the origin of each scalar: `3 ($first)`.
fn written(input: &Input) -> Value {
    let origin = input.origin().map(|path| {
        let steps = path.steps.iter().map(|step| match step {
            PathStep::Key(key) => format!(".{key}"),
            PathStep::Index(index) => format!("[{index}]"),
        });
        format!(" (${}{})", path.name, steps.collect::<String>())
    });
    match input.unspent() {
        InputKind::List(items) => items.iter().map(written).collect(),
        InputKind::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, input)| (key.clone(), written(input)))
                .collect(),
        ),
        scalar => {
            let text = match scalar {
                InputKind::Boolean(value) => value.to_string(),
                InputKind::Number(number) => number.to_string(),
                InputKind::Text(text) => format!("{text:?}"),
                _ => "null".to_owned(),
            };
            json!(text + &origin.unwrap_or_default())
        }
    }
}

/// The arguments of the first root field.
fn arguments(query: &str, variables: &Value) -> Value {
    let schema = fixture::everything();
    let prepared = prepare_with(&schema, query, None, variables).unwrap();
    let Some(Selection::Field(field)) = prepared.operation.items.first() else {
        panic!("no field")
    };
    Value::Object(
        field
            .arguments
            .iter()
            .map(|(name, input)| (name.clone(), written(input)))
            .collect(),
    )
}

fn problems(variables: &Value) -> Vec<String> {
    let schema = fixture::everything();
    let error = prepare_with(&schema, QUERY, None, variables)
        .unwrap_err()
        .remove(0)
        .to_json();
    assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
    assert!(error["locations"][0]["line"].is_number());
    let problems = error["extensions"]["problems"].as_array().unwrap().clone();
    let path = |problem: &Value| {
        problem["path"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step.to_string().replace('"', ""))
            .collect::<Vec<_>>()
            .join(".")
    };
    problems
        .iter()
        .map(|problem| {
            format!(
                "{} {} {}",
                path(problem),
                problem["rule"].as_str().unwrap(),
                problem["message"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn values_are_typed_and_remember_their_variable() {
    let given = json!({ "first": 3.0, "weight": 2, "ids": 7, "id": "x", "filter": {"or": [{"status": {"in": "NEW"}}], "extra": {"eq": {"a": [1]}}}, "unknown": 1 });
    assert_eq!(
        arguments(QUERY, &given),
        json!({
            "filter": {
                "not": {
                    "or": [{"status": {"in": ["\"NEW\" ($filter.or[0].status.in[0])"]}}],
                    "extra": {"eq": {"a": ["1 ($filter.extra.eq.a[0])"]}}
                },
                "weight": {"gt": "2 ($weight)"}, "id": {"in": ["\"7\" ($ids[0])"], "eq": "\"x\" ($id)"}, "urgent": {}
            },
            "first": "3 ($first)",
            "orderBy": [{"createdAt": "\"DESC\" ($by[0].createdAt)"}]
        })
    );
}

#[test]
fn what_was_not_given_is_left_out_and_null_is_null() {
    let given = json!({ "first": 1, "by": null, "weight": null });
    assert_eq!(
        arguments(QUERY, &given),
        json!({ "filter": {"weight": {"gt": "null ($weight)"}, "id": {}, "urgent": {}}, "first": "1 ($first)", "orderBy": "null ($by)" })
    );
}

#[test]
fn literals_are_coerced_too() {
    let query = "{ tickets(filter: {id: {in: 5}, status: {notIn: [NEW, SOLVED]}, due: {lt: \"2026-01-01\"}, extra: {path: \"a\", eq: {k: [null, 1.5]}}}, orderBy: {team: {name: ASC}}) { totalCount } }";
    assert_eq!(
        arguments(query, &json!({})),
        json!({
            "filter": {
                "id": {"in": ["\"5\""]}, "status": {"notIn": ["\"NEW\"", "\"SOLVED\""]}, "due": {"lt": "\"2026-01-01\""},
                "extra": {"path": ["\"a\""], "eq": {"k": ["null", "1.5"]}}
            },
            "orderBy": [{"team": {"name": "\"ASC\""}}]
        })
    );
}

#[test]
fn every_problem_is_told_with_its_place() {
    let given = json!({
        "filter": {"or": {"status": {}}, "stauts": 1, "status": {"eq": "NWE", "in": ["NEW", null, 3]}, "due": {"eq": 5}, "points": {"eq": 4_294_967_296_i64, "gt": 1.5}},
        "first": null, "weight": "2", "id": true, "ids": [1, 2.5, null], "flag": "true", "by": "x"
    });
    let expected = "filter.or list expected a list, found an object
filter.stauts unknown-field `TicketFilter` has no field `stauts`, did you mean `status`?
filter.status.eq enum `NWE` is not a `TicketStatus`, did you mean `NEW`?
filter.status.in.1 required needs a `TicketStatus!`, found null
filter.status.in.2 type expected a `TicketStatus`, found 3
filter.due.eq type expected a `Date`, as a string, found 5
filter.points.eq range 4294967296 does not fit in 32 bits
filter.points.gt type expected a whole number, found 1.5
first required needs a `Int!`, found null
by.0 type expected a `TicketOrderBy`, found a string
weight type expected a number, found \"2\"
id type expected an id, as a string, found true
ids.1 type expected an id, as a string, found 2.5
ids.2 required needs a `ID!`, found null
flag type expected true or false, found a string"
        .replace("found \"2\"", "found a string");
    assert_eq!(problems(&given).join("\n"), expected);
    assert_eq!(
        problems(&json!({})),
        ["first required needs a `Int!`, but was not given"]
    );
}

#[test]
fn whole_numbers_keep_to_32_bits() {
    for (value, fits) in [
        (json!(2_147_483_647), true),
        (json!(-2_147_483_648_i64), true),
        (json!(2_147_483_648_i64), false),
        (json!(u64::MAX), false),
        (json!(1e300), false),
        (json!("1"), false),
    ] {
        let result = prepare_with(
            &fixture::everything(),
            "query ($n: Int) { tickets(first: $n) { totalCount } }",
            None,
            &json!({ "n": value }),
        );
        assert_eq!(result.is_ok(), fits, "{value}: {}", told(&result));
    }
}

#[test]
fn null_may_not_replace_a_default_that_is_never_null() {
    let query = "query ($d: Boolean) { __type(name: \"Ticket\") { fields(includeDeprecated: $d) { name } } }";
    let schema = fixture::everything();
    assert_eq!(told(&prepare_with(&schema, query, None, &json!({}))), "ok");
    assert_eq!(
        told(&prepare_with(&schema, query, None, &json!({ "d": null }))),
        "BAD_USER_INPUT includeDeprecated: needs a `Boolean!`, found null"
    );
    let skip = "query ($s: Boolean = true) { viewer @skip(if: $s) { roles } __typename }";
    assert_eq!(
        told(&prepare_with(&schema, skip, None, &json!({ "s": null }))),
        "BAD_USER_INPUT s: `@skip` needs true or false"
    );
}

#[test]
fn a_signature_binds_the_next_request() {
    let schema = fixture::everything();
    let prepared = prepare_with(&schema, QUERY, None, &json!({ "first": 1 })).unwrap();
    assert_eq!(
        prepared.text.signature().names().collect::<Vec<_>>(),
        ["filter", "first", "by", "weight", "id", "ids", "flag"]
    );
    let next = json!({ "first": 2.0, "filter": {"status": {"in": "NEW"}}, "unknown": 1 });
    let bound = schema
        .bind(prepared.text.signature(), next.as_object().unwrap())
        .unwrap();
    assert_eq!(
        json!(bound),
        json!({ "filter": {"status": {"in": ["NEW"]}}, "first": 2, "by": [{"createdAt": "DESC"}] })
    );
    assert!(
        schema
            .bind(prepared.text.signature(), json!({ "first": "2" }).as_object().unwrap())
            .is_err()
    );
}

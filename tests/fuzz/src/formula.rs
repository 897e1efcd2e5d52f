//! A formula of a fixed model: what anybody may write as one.

use super::app::{MODEL, compile, file, sides};
use super::query;
use freehold_schema::catalog::FieldType;

/// What the first line may say.
const RETURNS: [&str; 7] = ["text", "int", "float", "decimal", "boolean", "date", "datetime"];

/// A line with what it returns, then the formula. What compiles must render, wherever the field is used.
/// Whether it compiles.
pub fn formula(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).ok().and_then(|text| text.split_once('\n'));
    let Some((returns, formula)) = text.filter(|(returns, _)| RETURNS.contains(returns)) else {
        return false;
    };
    let list = "      comments: {type: list, of: comment, by: ticket}\n";
    let quoted = serde_json::Value::from(formula);
    let field = format!("{list}      fuzzed: {{type: formula, returns: {returns}, formula: {quoted}}}\n");
    let rules = "  fuzzed:\n    \
        - {entity: ticket, allow: [read, list], where: {team: {tickets: {some: {fuzzed: {is_null: false}}}}}, read: [fuzzed]}\n    \
        - {entity: ticket, allow: [read], where: {fuzzed: {is_null: true}}, read: [subject]}\n";
    let model = MODEL.replace(list, &field).replace("sets: [", "sets: [fuzzed, ") + rules;
    let (_, found) = compile(vec![file("app.yaml", &model)]);
    let Some((catalog, policy)) = found else {
        return false;
    };
    let ticket = catalog
        .find_entity("ticket")
        .and_then(|ticket| ticket.find_field("fuzzed"));
    let Some(FieldType::Formula { expression, .. }) = ticket.map(|field| &field.field_type) else {
        panic!("a formula that is none");
    };
    assert!(expression.fields().len() <= freehold_schema::formula::NODES_MAX);
    for side in sides(&catalog, &policy) {
        for text in [
            "{ tickets(filter: {fuzzed: {isNull: false}, not: {fuzzed: {isNull: true}}}, orderBy: [{fuzzed: DESC}]) { totalCount nodes { id fuzzed subject _access { restricted } } } }",
            "{ tickets { groups(by: [FUZZED]) { key { fuzzed } aggregate { count } } } teams { nodes { tickets(orderBy: [{fuzzed: ASC}]) { nodes { fuzzed } } } } }",
        ] {
            query::ask(&catalog, &side, text, &serde_json::Map::new());
        }
    }
    true
}

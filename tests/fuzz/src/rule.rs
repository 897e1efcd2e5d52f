//! A permission set in a fixed model: what anybody may write as a rule.

use super::app::{MODEL, compile, file, sides};
use super::query;

/// The text stands as the list of rules of one permission set of the fixed model. What compiles must render.
/// Whether it compiles.
pub fn rule(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let mut model = MODEL.to_owned();
    model.push_str("  fuzzed:\n");
    for line in text.lines() {
        model.push_str("    ");
        model.push_str(line);
        model.push('\n');
    }
    // The set is dealt out where each kind of caller has it.
    let model = model.replace("sets: [", "sets: [fuzzed, ");
    let (_, found) = compile(vec![file("app.yaml", &model)]);
    let Some((catalog, policy)) = found else {
        return false;
    };
    let _ = policy.required_indexes(&catalog);
    for side in sides(&catalog, &policy) {
        for text in [
            "{ tickets(filter: {subject: {startsWith: \"a\"}}, orderBy: [{team: {name: ASC}}]) { totalCount nodes { id subject hours team { name } requester { name } about { __typename } comments { nodes { body } } _access { canUpdate canDelete writable restricted } } } }",
            "{ comments(filter: {ticket: {team: {isNull: true}}}) { nodes { id body ticket { subject } } groups(by: [TICKET]) { key { ticket { id } } aggregate { count } } } }",
            "{ teams(filter: {tickets: {some: {hours: {gt: \"1\"}}}}) { nodes { id name } } articles { nodes { title } } users { nodes { name } } viewer { accessTokens { match value reason } } }",
            "mutation { createTicket(input: {subject: \"a\", comments: {create: [{body: \"b\"}]}}) { id } }",
            "mutation { updateTickets(filter: {}, input: {subject: \"a\"}, atMost: 9) { id } deleteTickets(filter: {}) { id } }",
            "mutation { upsertArticle(by: SLUG, input: {slug: \"a\", title: \"A\"}) { id } deleteTeam(id: \"00000000-0001-8003-8000-000000000001\") { id } }",
        ] {
            query::ask(&catalog, &side, text, &serde_json::Map::new());
        }
    }
    true
}

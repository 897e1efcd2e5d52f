//! Black-box tests of the server, one file a capability. Every test runs on SQLite and on PostgreSQL.

mod access_gates;
mod access_matrix;
mod administration;
mod agreement;
mod agreement_writes;
mod arrows;
mod at_once;
mod audit;
mod cancellation;
mod corners;
mod crash;
mod encryption;
mod examples;
mod explain;
mod explain_command;
mod federation;
mod fields;
mod filters;
mod formulas;
mod graphql;
mod hostile;
mod http;
mod identity;
mod isolation;
mod known_faults;
mod known_texts;
mod lists;
mod mutations;
mod non_interference;
mod owasp;
mod passwords;
mod policy_tests;
mod probe;
mod refusals;
mod reload;
mod round_trips;
mod several_servers;
mod subscriptions;
mod tenants;
mod transport;
mod trusted_operations;
mod write_walls;

use serde_json::Value;

/// Strings at a path of every node of a list: `texts(&data["papers"], "label")`.
fn texts(connection: &Value, field: &str) -> Vec<String> {
    let nodes = connection["nodes"]
        .as_array()
        .unwrap_or_else(|| panic!("no nodes in {connection}"));
    nodes
        .iter()
        .map(|node| {
            node[field]
                .as_str()
                .map_or_else(|| node[field].to_string(), str::to_owned)
        })
        .collect()
}

/// As [`texts`], sorted: for lists whose order is not the matter.
fn sorted(connection: &Value, field: &str) -> Vec<String> {
    let mut texts = texts(connection, field);
    texts.sort();
    texts
}

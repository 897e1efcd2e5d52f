//! What a role set's schema is, and what becomes of requests against it.

mod desk;
mod fixture;
mod introspection;
mod limits;
mod mutated;
mod mutations;
mod prepare;
mod schema;
mod validation;
mod variables;
mod writes;

use super::{Prepared, RequestError, RequestText, RoleSchema};
use freehold_base::Limits;
use serde_json::{Map, Value};

fn prepare_with(
    schema: &RoleSchema,
    query: &str,
    operation_name: Option<&str>,
    variables: &Value,
) -> Result<Prepared, Vec<RequestError>> {
    let none = Map::new();
    let variables = variables.as_object().unwrap_or(&none);
    schema.prepare(
        &RequestText {
            query,
            operation_name,
            variables,
        },
        &Limits::default(),
    )
}

fn prepare(schema: &RoleSchema, query: &str) -> Result<Prepared, Vec<RequestError>> {
    prepare_with(schema, query, None, &Value::Null)
}

/// The code and message of each error, a line each; `ok` without errors.
fn told(result: &Result<Prepared, Vec<RequestError>>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(errors) => errors
            .iter()
            .map(|error| format!("{} {}", error.code.name(), error.message))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

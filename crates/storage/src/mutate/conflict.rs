//! What a database's refusal means to the one who wrote: which key is taken, what is missing, whether to try again.

use crate::dialect::postgres;
use crate::error::Error;
use crate::tables::desired;
use freehold_planner::Problem;
use freehold_policy::target::WriteTarget;
use freehold_schema::catalog::{Catalog, EntityDef, FieldId, UniqueKey};
use serde_json::Value as Json;
use tokio_postgres::error::SqlState;

/// SQLite's extended codes of constraints.
const SQLITE_FOREIGN_KEY: i32 = 787;
const SQLITE_NOT_NULL: i32 = 1299;
const SQLITE_PRIMARY_KEY: i32 = 1555;
const SQLITE_UNIQUE: i32 = 2067;

/// A refused `INSERT` or `UPDATE` of a row, in the caller's words: no value of the other row, and names only of fields that the
/// caller may write.
pub(super) fn told(catalog: &Catalog, target: &WriteTarget, error: Error) -> Error {
    let writes = |field| target.grants().iter().any(|grant| grant.writes(field));
    told_of(catalog, catalog.entity(target.entity()), &writes, error)
}

/// The same, of a row whose fields `writes` says the caller may write.
pub(crate) fn told_of(catalog: &Catalog, entity: &EntityDef, writes: &dyn Fn(FieldId) -> bool, error: Error) -> Error {
    if !is_unique(&error) {
        return error;
    }
    let is_own = |key: &&UniqueKey| key.fields.iter().all(|field| writes(*field));
    let message = match taken(catalog, entity, &error).filter(is_own) {
        Some(key) => {
            let names: Vec<String> = key
                .fields
                .iter()
                .map(|field| format!("`{}`", entity.field(*field).graphql_name))
                .collect();
            format!("a row with this {} exists already", names.join(" and "))
        }
        None => "a row with these values exists already".to_owned(),
    };
    match error {
        Error::Conflict { source, .. } => Error::Conflict { message, source },
        other => other,
    }
}

/// Whether a unique key is taken.
pub(crate) fn is_unique(error: &Error) -> bool {
    has_state(error, &SqlState::UNIQUE_VIOLATION)
        || matches!(sqlite_code(error), Some(SQLITE_UNIQUE | SQLITE_PRIMARY_KEY))
}

/// Whether the same operation may go through when it is tried again: others were in the way, or the connection was gone before
/// anything could be kept.
pub(super) fn is_passing(error: &Error) -> bool {
    // A target that has gone since it was checked is not there when it is checked again.
    let others = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::FOREIGN_KEY_VIOLATION,
    ];
    others.iter().any(|state| has_state(error, state))
        || error
            .postgres()
            .is_some_and(|error| postgres::is_broken(error) || postgres::is_outdated(error))
}

/// What is left of a database's refusal when nobody has explained it: the caller's own doing where it can be.
pub(super) fn settled(error: Error, at: &[Json]) -> Error {
    let state = error.postgres().and_then(|error| error.code()).cloned();
    let message = match (&state, sqlite_code(&error)) {
        (Some(state), _) if *state == SqlState::FOREIGN_KEY_VIOLATION => REFERENCE,
        (_, Some(SQLITE_FOREIGN_KEY)) => REFERENCE,
        (Some(state), _)
            if *state == SqlState::T_R_SERIALIZATION_FAILURE || *state == SqlState::T_R_DEADLOCK_DETECTED =>
        {
            "others keep changing the same rows; try again"
        }
        (Some(state), _) if *state == SqlState::NOT_NULL_VIOLATION => {
            return input(at, "required", "a value is required");
        }
        (_, Some(SQLITE_NOT_NULL)) => return input(at, "required", "a value is required"),
        // Class 22: data exceptions.
        (Some(state), _) if state.code().starts_with("22") => {
            return input(at, "range", "a value cannot be stored, or not be calculated with");
        }
        _ => return error,
    };
    match error {
        Error::Conflict { source, .. } => Error::Conflict {
            message: message.to_owned(),
            source,
        },
        Error::Database { source } => Error::Conflict {
            message: message.to_owned(),
            source: Some(source),
        },
        other => other,
    }
}

/// A reference that does not hold at the end.
pub(super) const REFERENCE: &str = "a row that it refers to has gone, or one still refers to it";

fn input(at: &[Json], rule: &'static str, message: &str) -> Error {
    Error::Input {
        problems: vec![Problem {
            path: at.to_vec(),
            rule,
            message: message.to_owned(),
        }],
    }
}

fn has_state(error: &Error, state: &SqlState) -> bool {
    error.postgres().and_then(|error| error.code()) == Some(state)
}

fn sqlite_code(error: &Error) -> Option<i32> {
    match error.sqlite()? {
        rusqlite::Error::SqliteFailure(failure, _) => Some(failure.extended_code),
        _ => None,
    }
}

/// The unique key that is taken.
fn taken<'c>(catalog: &Catalog, entity: &'c EntityDef, error: &Error) -> Option<&'c UniqueKey> {
    let columns = match (error.postgres(), error.sqlite()) {
        (Some(error), _) => {
            let name = error.as_db_error()?.constraint()?;
            let tables = desired(catalog, &[]);
            tables.tables.get(&entity.name)?.indexes.get(name)?.columns.clone()
        }
        // `UNIQUE constraint failed: ticket.tenant_id, ticket.slug`
        (_, Some(rusqlite::Error::SqliteFailure(_, Some(message)))) => {
            let (_, columns) = message.split_once(": ")?;
            let columns = columns
                .split(", ")
                .map(|column| column.split_once('.').map(|(_, name)| name.to_owned()));
            columns.collect::<Option<_>>()?
        }
        _ => return None,
    };
    entity.unique.iter().find(|key| {
        let mut wanted: Vec<String> = key
            .fields
            .iter()
            .filter_map(|field| key_column(entity, *field))
            .collect();
        wanted.extend(entity.tenant_scoped.then(|| "tenant_id".to_owned()));
        wanted.len() == columns.len() && wanted.iter().all(|column| columns.contains(column))
    })
}

fn key_column(entity: &EntityDef, field: FieldId) -> Option<String> {
    let field = entity.field(field);
    field
        .index_column()
        .or_else(|| field.column().map(|column| column.name))
}

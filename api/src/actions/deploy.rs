//! Bringing an environment to a model: its tables, then its live bundle.

use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Failure;
use freehold_policy::Policy;
use freehold_schema::catalog::Catalog;
use freehold_storage::Error;
use std::sync::Arc;

/// Whether a change may lose data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// It may not.
    KeepData,
    /// Somebody said yes.
    AllowDestructive,
}

/// A bundle whose tables are there.
pub(crate) struct Deployed {
    /// The bundle, to be served.
    pub(crate) bundle: Arc<Bundle>,
    /// What was done to the tables, for people to read.
    pub(crate) changes: Vec<String>,
}

/// Brings the tables to the catalog. The bundle is served once the caller says so.
///
/// # Errors
/// When the change would lose data, or the database refuses; nothing has been changed then.
pub(crate) async fn deploy(
    environment: &Environment,
    mut catalog: Catalog,
    policy: Policy,
    care: Care,
) -> Result<Deployed, Failure> {
    let indexes = policy.required_indexes(&catalog);
    let destructive = care == Care::AllowDestructive;
    let applied = environment
        .database
        .apply(&catalog, &indexes, destructive, environment.clock.as_ref())
        .await;
    let applied = applied.map_err(|error| match error {
        Error::UnsafeChange { .. } => Failure::new(error.to_string())
            .hint("to lose that data, start once with `--allow-destructive`; a rename is declared with `was:`"),
        other => Failure::from(other),
    })?;
    for (name, tag) in applied.tags {
        if let Some(entity) = catalog.entities.get_mut(&name) {
            entity.tag = tag;
        }
    }
    let changes = applied.changes.iter().map(ToString::to_string).collect();
    Ok(Deployed {
        bundle: Arc::new(Bundle::new(catalog, policy)),
        changes,
    })
}

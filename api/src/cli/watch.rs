//! Looks at an app's files twice a second and serves what they have become.

use crate::actions::default_query::default_query;
use crate::actions::deploy::{Care, deploy};
use crate::actions::seed::seed;
use crate::bundle::compile;
use crate::cli::{say, tell, warn_of_no_operations};
use crate::config;
use crate::environments::Environment;
use crate::error::Failure;
use crate::sources::{self, Fingerprint, fingerprint};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often files are looked at. Editors write in several steps: a change counts once nothing changes between two looks.
const EVERY: Duration = Duration::from_millis(500);

/// What became of an attempt to serve the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// They are served.
    Served,
    /// There is a fault, which was told; what was served before still is.
    Refused,
}

/// Compiles the files and serves them. Faults go to the terminal and to the console.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn load(
    environment: &Environment,
    directory: &std::path::Path,
    care: Care,
) -> Result<Outcome, Failure> {
    let read = directory.to_owned();
    let sources = match tokio::task::spawn_blocking(move || sources::read(&read)).await {
        Ok(Ok(sources)) => sources,
        Ok(Err(failure)) => return Ok(refuse(environment, &failure)),
        Err(error) => return Err(Failure::new(error.to_string())),
    };
    let compiled = compile(&sources);
    let report = compiled.report(&sources, config::color());
    if !report.is_empty() {
        tell(&report);
    }
    let plain = compiled.report(&sources, false);
    let Some((catalog, policy)) = compiled.sound else {
        environment.tell(plain);
        return Ok(Outcome::Refused);
    };
    let deployed = match deploy(environment, catalog, policy, care).await {
        Ok(deployed) => deployed,
        Err(failure) => return Ok(refuse(environment, &failure)),
    };
    for change in &deployed.changes {
        tracing::debug!("{change}");
    }
    let demo_users = match seed(environment, &deployed.bundle, &sources).await {
        Ok(users) => users,
        Err(failure) => return Ok(refuse(environment, &failure)),
    };
    let query = default_query(&deployed.bundle);
    environment.serve(deployed.bundle, &compiled.operations, demo_users, query);
    warn_of_no_operations(environment);
    Ok(Outcome::Served)
}

fn refuse(environment: &Environment, failure: &Failure) -> Outcome {
    super::complain(failure);
    let hint = failure
        .hint
        .as_deref()
        .map(|hint| format!("\nhint: {hint}"))
        .unwrap_or_default();
    environment.tell(format!("error: {}{hint}", failure.message));
    Outcome::Refused
}

/// Watches the files for as long as the process runs. `seen` is what is served.
pub(crate) async fn watch(environment: Arc<Environment>, directory: PathBuf, mut seen: Fingerprint) {
    loop {
        tokio::time::sleep(EVERY).await;
        let now = look(&directory).await;
        if now == seen {
            continue;
        }
        tokio::time::sleep(EVERY / 5).await;
        if look(&directory).await != now {
            continue;
        }
        seen = now;
        let start = Instant::now();
        match load(&environment, &directory, Care::KeepData).await {
            Ok(Outcome::Served) => say(format!("reloaded in {} ms", start.elapsed().as_millis())),
            Ok(Outcome::Refused) => tell("the last good model is still served"),
            Err(failure) => super::complain(&failure),
        }
    }
}

async fn look(directory: &std::path::Path) -> Fingerprint {
    let directory = directory.to_owned();
    tokio::task::spawn_blocking(move || fingerprint(&directory))
        .await
        .unwrap_or_default()
}

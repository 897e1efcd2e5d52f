//! `freehold check`

use crate::bundle::compile;
use crate::cli::{say, tell};
use crate::config;
use crate::error::Failure;
use crate::post::Templates;
use crate::sources;
use clap::Args;
use freehold_schema::diagnostic::{Diagnostics, to_json};
use freehold_schema::{policy_test, seed};
use std::path::PathBuf;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  freehold check examples/helpdesk\n  freehold check shop --json\n\nThe exit code is 1 when there is an error."
)]
pub(crate) struct CheckArgs {
    /// The app's directory
    directory: PathBuf,
    /// Prints the faults as JSON on standard output
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &CheckArgs) -> Result<(), Failure> {
    let sources = sources::read(&args.directory)?;
    Templates::load(&args.directory)?;
    let mut compiled = compile(&sources);
    let mut tests = 0;
    if let Some((catalog, _)) = &compiled.sound {
        let seed = seed::resolve(&sources, catalog, &mut Diagnostics::default());
        tests = policy_test::read(&sources, catalog, &seed, &mut compiled.diagnostics).len();
    }
    compiled.sound = compiled.sound.filter(|_| !compiled.diagnostics.has_errors());
    let is_sound = compiled.sound.is_some();
    if args.json {
        let report = serde_json::json!({ "ok": is_sound, "diagnostics": to_json(&compiled.diagnostics, &sources) });
        say(format!("{report:#}"));
    } else {
        tell(compiled.report(&sources, config::color()));
    }
    match compiled.sound {
        None => Err(Failure::new("")),
        Some((catalog, policy)) => {
            if !args.json {
                let (entities, rules, roles) = (catalog.entities.len(), policy.rules().len(), catalog.roles.len());
                let operations = match compiled.operations.len() {
                    0 => String::new(),
                    number => format!(", {number} operations"),
                };
                say(format!(
                    "{} is sound: {entities} entities, {rules} rules, {roles} roles, {tests} policy tests{operations}",
                    catalog.app
                ));
            }
            Ok(())
        }
    }
}

//! `freehold check`

use crate::bundle::compile;
use crate::cli::{say, tell};
use crate::config;
use crate::error::Failure;
use crate::sources;
use clap::Args;
use freehold_schema::diagnostic::to_json;
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
    let compiled = compile(&sources);
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
                say(format!(
                    "{} is sound: {entities} entities, {rules} rules, {roles} roles",
                    catalog.app
                ));
            }
            Ok(())
        }
    }
}

//! `freehold schema`

use crate::bundle::{Bundle, compile};
use crate::cli::who::RoleArgs;
use crate::cli::{say, tell};
use crate::config;
use crate::error::Failure;
use crate::sources;
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  freehold schema examples/helpdesk --role agent\n  freehold schema examples/helpdesk --anonymous\n  \
    freehold schema examples/blog --profile editor > schema.graphql"
)]
pub(crate) struct SchemaArgs {
    /// The app's directory
    directory: PathBuf,
    #[command(flatten)]
    who: RoleArgs,
}

pub(crate) fn run(args: &SchemaArgs) -> Result<(), Failure> {
    let sources = sources::read(&args.directory)?;
    let compiled = compile(&sources);
    let Some((catalog, policy)) = compiled.sound else {
        tell(compiled.report(&sources, config::color()));
        return Err(Failure::new(""));
    };
    let role_set = args.who.role_set(&catalog)?;
    say(Bundle::new(catalog, policy).view(&role_set).schema.sdl().trim_end());
    Ok(())
}

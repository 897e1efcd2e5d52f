//! `freehold schema`

use crate::bundle::{Bundle, compile};
use crate::cli::{say, tell};
use crate::config;
use crate::error::Failure;
use crate::sources;
use clap::Args;
use freehold_base::nearest;
use freehold_policy::RoleSet;
use std::path::PathBuf;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  freehold schema examples/helpdesk --role agent\n  freehold schema examples/helpdesk --anonymous\n  \
    freehold schema examples/blog --profile editor > schema.graphql"
)]
pub(crate) struct SchemaArgs {
    /// The app's directory
    directory: PathBuf,
    /// A role held in the request's tenant; may be given several times
    #[arg(long = "role", value_name = "NAME")]
    roles: Vec<String>,
    /// The person's profile [default: the app's default_profile]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Nobody is signed in
    #[arg(long, conflicts_with_all = ["roles", "profile"])]
    anonymous: bool,
}

pub(crate) fn run(args: &SchemaArgs) -> Result<(), Failure> {
    let sources = sources::read(&args.directory)?;
    let compiled = compile(&sources);
    let Some((catalog, policy)) = compiled.sound else {
        tell(compiled.report(&sources, config::color()));
        return Err(Failure::new(""));
    };
    for role in &args.roles {
        known("role", role, catalog.roles.keys())?;
    }
    if let Some(profile) = &args.profile {
        known("profile", profile, catalog.profiles.keys())?;
    }
    let role_set = if args.anonymous {
        let Some(profile) = catalog.anonymous_profile.clone() else {
            return Err(Failure::new("anonymous callers have no schema in this app")
                .hint("`anonymous_profile:` in app.yaml gives them one"));
        };
        RoleSet {
            profile: Some(profile),
            roles: Vec::new(),
            signed_in: false,
            member: false,
        }
    } else {
        let profile = args.profile.clone().or_else(|| catalog.default_profile.clone());
        RoleSet {
            profile,
            roles: args.roles.clone(),
            signed_in: true,
            member: true,
        }
    };
    say(Bundle::new(catalog, policy).view(&role_set).schema.sdl().trim_end());
    Ok(())
}

fn known<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a String> + Clone) -> Result<(), Failure> {
    if names.clone().any(|known| known == name) {
        return Ok(());
    }
    let failure = Failure::new(format!("the app has no {what} `{name}`"));
    Err(match nearest(name, names.clone().map(String::as_str)) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint(format!(
            "it has {}",
            names.map(String::as_str).collect::<Vec<_>>().join(", ")
        )),
    })
}

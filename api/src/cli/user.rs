//! `freehold user`

use crate::actions::add_user::{NewUser, add_user};
use crate::actions::deploy::Care;
use crate::cli::{say, serve};
use crate::config::{Config, ServeArgs};
use crate::error::Failure;
use clap::{Args, Subcommand};
use std::io::{IsTerminal, Read};

#[derive(Subcommand)]
pub(crate) enum UserCommand {
    /// Adds a person who signs in with a password, which is read from standard input
    Add(AddArgs),
}

#[derive(Args)]
#[command(
    after_help = "Examples:\n  freehold user add --config freehold.toml --email ann@example.com --tenant acme --role org_admin < password.txt\n  \
    freehold user add --app blog --database sqlite:/data/blog.db --email ann@example.com --profile editor < password.txt"
)]
pub(crate) struct AddArgs {
    #[command(flatten)]
    settings: ServeArgs,
    /// E-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// Name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Profile [default: the app's default_profile]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Slug of a tenant to be a member of; it is created if there is none
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// A role; may be given several times
    #[arg(long = "role", value_name = "NAME")]
    roles: Vec<String>,
}

pub(crate) async fn run(command: &UserCommand) -> Result<(), Failure> {
    let UserCommand::Add(args) = command;
    let config = Config::load(&args.settings)?;
    let password = read_password()?;
    let environment = serve::start(&config, Care::KeepData).await?;
    // Signing in finds an address as it is written, or in lower case.
    let email = args.email.trim().to_lowercase();
    let user = NewUser {
        email: &email,
        name: args.name.as_deref(),
        profile: args.profile.as_deref(),
        tenant: args.tenant.as_deref(),
        roles: &args.roles,
        password: &password,
    };
    let id = add_user(&environment, &user).await?;
    say(format!("{} can sign in (user {id})", user.email));
    Ok(())
}

/// The first line of standard input: a password in an argument would stand in the shell's history.
fn read_password() -> Result<String, Failure> {
    let hint = "write it into the command's standard input: `… < password.txt`";
    if std::io::stdin().is_terminal() {
        return Err(Failure::new("the password is read from standard input").hint(hint));
    }
    let mut text = String::new();
    let read = std::io::stdin().take(4096).read_to_string(&mut text);
    read.map_err(|error| Failure::new(format!("the password cannot be read: {error}")))?;
    let password = text.lines().next().unwrap_or_default();
    if password.is_empty() {
        Err(Failure::new("the password is empty").hint(hint))
    } else {
        Ok(password.to_owned())
    }
}

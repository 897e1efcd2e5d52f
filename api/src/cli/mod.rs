//! The command line, thin: the same actions from a terminal.

mod access;
mod audit;
mod check;
mod dev;
mod explain;
mod keys;
mod new;
mod schema;
mod serve;
mod test;
mod user;
mod watch;
mod who;

use crate::config;
use crate::environments::Environment;
use crate::error::Failure;
use clap::{Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;

/// Turns an app model into a GraphQL API whose authorisation is compiled into the SQL.
#[derive(Parser)]
#[command(
    name = "freehold",
    version,
    about,
    after_help = "Examples:\n  freehold new shop\n  freehold dev shop\n  freehold check shop"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes a small app to start from
    New(new::NewArgs),
    /// Serves an app for development: migrates, seeds, and reloads when a model file changes
    #[command(
        after_help = "Examples:\n  freehold dev examples/helpdesk\n  freehold dev shop --listen 127.0.0.1:0\n  \
        freehold dev shop --database postgres://postgres@127.0.0.1:5432/shop"
    )]
    Dev(config::DevArgs),
    /// Compiles an app and tells every fault
    Check(check::CheckArgs),
    /// Runs an app's policy tests: who sees and may do what, on its seed data
    Test(test::TestArgs),
    /// Prints who may do what, and how that differs between versions of an app
    #[command(subcommand)]
    Access(access::AccessCommand),
    /// Prints what a request becomes for somebody, or why they may do something to a row
    Explain(Box<explain::ExplainArgs>),
    /// Prints the GraphQL schema that somebody sees
    Schema(schema::SchemaArgs),
    /// Serves an app in production
    #[command(after_help = "Examples:\n  freehold serve --config freehold.toml\n  \
        FREEHOLD_DATABASE_URL=postgres://… freehold serve --app shop --host shop.example.com\n  freehold serve --config freehold.toml --print-config")]
    Serve(serve::ServeCommand),
    /// Reads and verifies the audit log
    #[command(subcommand, after_help = "Example:\n  freehold audit verify --config freehold.toml")]
    Audit(audit::AuditCommand),
    /// Makes, lists and rotates the keys under which encrypted fields are sealed
    #[command(subcommand, after_help = "Example:\n  freehold keys new keys.json")]
    Keys(keys::KeysCommand),
    /// Manages users from the terminal
    #[command(
        subcommand,
        after_help = "Example:\n  freehold user add --config freehold.toml --email ann@example.com < password.txt"
    )]
    User(user::UserCommand),
}

/// Runs the command of this process.
pub(crate) fn run() -> ExitCode {
    let command = Cli::parse().command;
    init_log(matches!(command, Command::Serve(_)));
    let outcome = match command {
        Command::New(args) => new::run(&args),
        Command::Dev(args) => runtime().and_then(|runtime| runtime.block_on(dev::run(&args))),
        Command::Check(args) => check::run(&args),
        Command::Test(args) => runtime().and_then(|runtime| runtime.block_on(test::run(&args))),
        Command::Access(command) => access::run(&command),
        Command::Explain(args) => runtime().and_then(|runtime| runtime.block_on(explain::run(&args))),
        Command::Schema(args) => schema::run(&args),
        Command::Serve(args) => runtime().and_then(|runtime| runtime.block_on(serve::run(&args))),
        Command::Audit(command) => runtime().and_then(|runtime| runtime.block_on(audit::run(&command))),
        Command::Keys(command) => runtime().and_then(|runtime| runtime.block_on(keys::run(&command))),
        Command::User(command) => runtime().and_then(|runtime| runtime.block_on(user::run(&command))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure);
            ExitCode::FAILURE
        }
    }
}

/// Writes to standard output. One that is closed is no fault of ours.
fn say(text: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", text.as_ref());
    let _ = out.flush();
}

/// Writes to standard error.
fn tell(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr().lock(), "{}", text.as_ref().trim_end());
}

/// An app without operations is refused whole where they alone are answered: hardly what was meant.
fn warn_of_no_operations(environment: &Environment) {
    if environment.persisted.refuses_all() {
        tell(
            "warning: only operations of the app are answered, and it has none, so every request is refused; put them into its \
             folder `operations/`, or leave `--trusted-operations` out",
        );
    }
}

fn complain(failure: &Failure) {
    if !failure.message.is_empty() {
        tell(format!("error: {}", failure.message));
    }
    if let Some(hint) = &failure.hint {
        tell(format!("hint: {hint}"));
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| Failure::new(format!("cannot start: {error}")))
}

/// A server in production logs what it does; elsewhere people read what commands print.
fn init_log(in_production: bool) {
    let usual = if in_production {
        "warn,freehold=info"
    } else {
        "warn,sqlx=error"
    };
    let filter = tracing_subscriber::EnvFilter::try_new(config::log_filter(usual)).unwrap_or_default();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(config::color());
    // Somebody else's subscriber stays.
    let _ = if config::log_is_json() {
        log.json().try_init()
    } else {
        log.with_target(false).compact().try_init()
    };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload().downcast_ref::<&str>().copied();
        let message = message
            .or_else(|| panic.payload().downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        tracing::error!("panic at {place}: {message}");
    }));
}

//! The program `freehold`: parses the command and calls it.

mod actions;
mod bundle;
mod cli;
mod config;
mod environments;
mod error;
mod http;
mod keys;
mod outgoing;
mod post;
mod pseudonym;
mod recorder;
mod scratch;
mod secret_url;
mod secrets;
mod settings;
mod sources;
mod startup;
mod subscriptions;
mod timings;
mod webhook;

fn main() -> std::process::ExitCode {
    cli::run()
}

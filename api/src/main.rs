//! The program `freehold`: parses the command and calls it.

mod actions;
mod bundle;
mod cli;
mod config;
mod environments;
mod error;
mod http;
mod settings;
mod sources;
mod startup;
mod timings;

fn main() -> std::process::ExitCode {
    cli::run()
}

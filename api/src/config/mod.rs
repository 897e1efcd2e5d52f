//! Every setting, its default and its unit; the only reader of the environment. Flags come before `FREEHOLD_…` variables, and
//! those before the file.

mod args;
mod file;
mod mail;
mod tls;

pub(crate) use args::{DevArgs, ServeArgs};
pub(crate) use file::{AlertsConfig, Config};
pub(crate) use mail::MailConfig;
pub(crate) use tls::{ClientCertificates, TlsConfig, TlsVersion};

use std::io::IsTerminal;

/// The PostgreSQL schema of an environment for which none is stated.
pub(crate) const SCHEMA: &str = "freehold";
/// Where `dev` keeps its database, in the app's directory.
const FOLDER: &str = ".freehold";
/// Connections for the app's tables.
const CONNECTIONS: usize = 16;
/// Refusals of one caller and window that the audit log has one by one; more are counted.
const RECORDED_MAX: u32 = 20;

/// Where an environment's database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// `sqlite:…` or `postgres://…`
    pub(crate) url: String,
    /// PostgreSQL: the environment's schema.
    pub(crate) schema: String,
    /// Connections at most.
    pub(crate) connections: usize,
}

impl Place {
    /// The address without its password, for people.
    pub(crate) fn masked(&self) -> String {
        mask(&self.url)
    }
}

/// What is logged: as usual, unless `FREEHOLD_LOG` says otherwise.
pub(crate) fn log_filter(usual: &str) -> String {
    variable("FREEHOLD_LOG").unwrap_or_else(|| usual.to_owned())
}

/// Whether log lines are JSON (`FREEHOLD_LOG_FORMAT=json`).
pub(crate) fn log_is_json() -> bool {
    variable("FREEHOLD_LOG_FORMAT").is_some_and(|format| format == "json")
}

/// A secret that the model names (`FREEHOLD_SECRET_…`).
pub(crate) fn secret(name: &str) -> Option<String> {
    variable(&format!("FREEHOLD_SECRET_{}", name.to_uppercase()))
}

/// Whether reports are coloured.
pub(crate) fn color() -> bool {
    variable("NO_COLOR").is_none() && std::io::stderr().is_terminal()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A database address without the password in it.
fn mask(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let masked = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:***@{host}"),
            None => authority.to_owned(),
        },
        None => authority.to_owned(),
    };
    let tail = match tail.split_once("password=") {
        Some((before, after)) => format!("{before}password=***{}", after.find('&').map_or("", |at| &after[at..])),
        None => tail.to_owned(),
    };
    format!("{scheme}://{masked}{tail}")
}

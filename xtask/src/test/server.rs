//! `freehold dev` on a copy of an example, for tests that are not written in Rust.

use crate::keeper::Keeper;
use crate::tools;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A running server; it ends with us.
#[derive(Debug)]
pub(super) struct Server {
    url: String,
    _keeper: Keeper,
}

impl Server {
    /// Its address, without a slash at the end.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

/// Starts the program on a copy of that example, with SQLite.
pub(super) fn start(root: &Path, program: &Path, example: &str) -> Result<Server, String> {
    let home = std::env::temp_dir().join(format!("freehold-{example}-{}", std::process::id()));
    std::fs::create_dir_all(&home).map_err(|error| format!("cannot create {}: {error}", home.display()))?;
    let copy = home.join(example);
    tools::succeed(
        Command::new("cp")
            .arg("-R")
            .arg(root.join("examples").join(example))
            .arg(&copy),
    )?;
    let _ = std::fs::remove_dir_all(copy.join(".freehold"));
    let mut command = vec![program.display().to_string(), "dev".into(), copy.display().to_string()];
    command.extend(["--listen".into(), "127.0.0.1:0".into()]);
    let mut keeper = Keeper::start(Command::new("env"), &command, "TERM", &home.display().to_string())?;
    let line = keeper.wait_for_line("listening on ", Duration::from_mins(1))?;
    let address = line.split("listening on ").nth(1).unwrap_or_default();
    let url = address
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .trim_end_matches('/')
        .to_owned();
    Ok(Server { url, _keeper: keeper })
}

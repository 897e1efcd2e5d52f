//! The console, in Chromium.

use super::server;
use crate::tools;
use std::path::Path;
use std::process::Command;

/// Opens the console of the helpdesk example and uses it.
pub(super) fn run(root: &Path, program: &Path, chromium: &Path) -> Result<(), String> {
    let folder = root.join("tests/page");
    tools::succeed(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder),
    )?;
    let server = server::start(root, program, "helpdesk")?;
    let mut node = Command::new("node");
    node.arg("console.mjs")
        .current_dir(&folder)
        .env("FREEHOLD_URL", server.url())
        .env("CHROMIUM", chromium);
    tools::succeed(&mut node)
}

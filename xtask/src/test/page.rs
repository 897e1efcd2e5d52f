//! The console and identity's pages, in Chromium.

use super::server;
use crate::tools;
use std::path::Path;
use std::process::Command;

/// Opens the console of the helpdesk example and uses it; then signs in there in every way that a browser has.
pub(super) fn run(root: &Path, program: &Path, chromium: &Path) -> Result<(), String> {
    let folder = root.join("tests/page");
    tools::succeed(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder),
    )?;
    let server = server::start(root, program, "helpdesk")?;
    for script in ["console.mjs", "identity.mjs"] {
        let mut node = Command::new("node");
        node.arg(script)
            .current_dir(&folder)
            .env("FREEHOLD_URL", server.url())
            .env("CHROMIUM", chromium);
        tools::succeed(&mut node)?;
    }
    Ok(())
}

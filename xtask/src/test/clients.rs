//! Clients that other people wrote, against the server. Each is a script in `tests/clients/`.

use super::server;
use crate::summary::Summary;
use crate::tools;
use std::path::Path;
use std::process::Command;

/// Scripts run with node; each fails by its exit code.
const SCRIPTS: [&str; 6] = ["audit", "relay", "apollo", "urql", "codegen", "live"];
/// The same for signing in: each starts a server of its own, that knows its peer.
const PEERS: [&str; 3] = ["oidc-provider", "saml-provider", "openid-client"];

/// Runs each client against the helpdesk example.
pub(super) fn run(root: &Path, program: &Path, summary: &mut Summary) {
    let folder = root.join("tests/clients");
    let server = match server::start(root, program, "helpdesk") {
        Ok(server) => server,
        Err(reason) => return summary.add("clients", Err(reason)),
    };
    let installed = tools::succeed(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder),
    );
    if installed.is_err() {
        return summary.add("clients: npm ci", installed);
    }
    for script in SCRIPTS {
        let mut node = Command::new("node");
        node.arg(format!("{script}.mjs"))
            .current_dir(&folder)
            .env("FREEHOLD_URL", server.url());
        summary.add(&format!("clients: {script}"), tools::succeed(&mut node));
    }
    // Makes the keys of a pretended SAML provider.
    let openssl = tools::get("openssl", &["openssl"]);
    for script in PEERS {
        let mut node = Command::new("node");
        node.arg(format!("{script}.mjs"))
            .current_dir(&folder)
            .env("FREEHOLD_BIN", program);
        let outcome = openssl.clone().and_then(|_| tools::succeed(&mut node));
        summary.add(&format!("clients: {script}"), outcome);
    }
    summary.add("clients: gql (Python)", python(&folder, server.url()));
}

/// The Python client, in an environment of its own beside the npm packages.
fn python(folder: &Path, url: &str) -> Result<(), String> {
    let python = tools::get("python3", &["python3", "python3-venv"])?;
    let environment = folder.join("node_modules/.python");
    let own = environment.join("bin/python");
    if !own.is_file() {
        let created = tools::succeed(Command::new(&python).args(["-m", "venv"]).arg(&environment));
        if created.is_err() {
            let _ = std::fs::remove_dir_all(&environment);
            return Err("python3 has no venv. On Debian and Ubuntu: apt-get install python3-venv".into());
        }
    }
    let mut pip = Command::new(&own);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        "requirements.txt",
    ]);
    tools::succeed(pip.current_dir(folder))?;
    tools::succeed(
        Command::new(&own)
            .arg("gql_client.py")
            .current_dir(folder)
            .env("FREEHOLD_URL", url),
    )
}

//! Programs that the tests need: found, installed, or asked for.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Finds a program in PATH.
#[expect(
    clippy::disallowed_methods,
    reason = "a task runner has no configuration but the environment"
)]
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// A variable of the environment, unless empty.
#[expect(
    clippy::disallowed_methods,
    reason = "a task runner has no configuration but the environment"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Finds a program, installing `packages` of Debian if it is not there.
pub(crate) fn get(program: &str, packages: &[&str]) -> Result<PathBuf, String> {
    get_by(|| find(program), program, packages)
}

/// As [`get`], for programs that are looked for in their own way.
pub(crate) fn get_by<T>(find: impl Fn() -> Option<T>, what: &str, packages: &[&str]) -> Result<T, String> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let advice = format!(
        "{what} is missing. On Debian and Ubuntu: apt-get install {}",
        packages.join(" ")
    );
    install(packages).map_err(|reason| format!("{advice}\n  ({reason})"))?;
    find().ok_or_else(|| format!("{what} is still missing after apt-get install {}", packages.join(" ")))
}

/// Whether we are root.
pub(crate) fn is_root() -> bool {
    output_of(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0")
}

/// What a command prints, if it succeeds.
pub(crate) fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command to its end; an error names it.
pub(crate) fn succeed(command: &mut Command) -> Result<(), String> {
    let status = command
        .status()
        .map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?} ended with {status}"))
    }
}

fn install(packages: &[&str]) -> Result<(), String> {
    if find("apt-get").is_none() {
        return Err("no apt-get here, so it was not installed".into());
    }
    let prefix: &[&str] = if is_root() {
        &["env"]
    } else if output_of(Command::new("sudo").args(["-n", "true"])).is_some() {
        &["sudo", "-n", "env"]
    } else {
        return Err("not root and no sudo without a password, so it was not installed".into());
    };
    eprintln!("installing {}", packages.join(" "));
    // No system cluster: the tests start their own.
    if packages.contains(&"postgresql") {
        run_as(prefix, &["apt-get", "update", "-q"])?;
        run_as(prefix, &["apt-get", "install", "-q", "-y", "postgresql-common"])?;
        let setting = "sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf";
        run_as(prefix, &["sh", "-c", setting])?;
    } else {
        run_as(prefix, &["apt-get", "update", "-q"])?;
    }
    let mut command = vec!["apt-get", "install", "-q", "-y", "--no-install-recommends"];
    command.extend(packages);
    run_as(prefix, &command)
}

fn run_as(prefix: &[&str], command: &[&str]) -> Result<(), String> {
    let (program, arguments) = prefix.split_first().ok_or("no command")?;
    let mut whole = Command::new(program);
    whole
        .args(arguments)
        .arg("DEBIAN_FRONTEND=noninteractive")
        .args(command);
    // Its chatter goes to stderr: stdout is for results.
    whole.stdout(std::io::stderr());
    succeed(&mut whole)
}

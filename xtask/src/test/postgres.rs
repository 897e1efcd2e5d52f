//! A PostgreSQL server for the tests: the one we are told of, or one of our own that is thrown away.

use crate::keeper::Keeper;
use crate::tools;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A server whose user may create databases.
#[derive(Debug)]
pub(crate) struct Postgres {
    url: String,
    /// Ends with us; none when the server is not ours.
    _keeper: Option<Keeper>,
}

impl Postgres {
    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// The server that `FREEHOLD_TEST_POSTGRES` names, or a new one.
pub(crate) fn get() -> Result<Postgres, String> {
    if let Some(url) = tools::variable("FREEHOLD_TEST_POSTGRES") {
        return Ok(Postgres { url, _keeper: None });
    }
    let programs = tools::get_by(find_programs, "the PostgreSQL server", &["postgresql"])?;
    start(&programs)
}

/// The newest folder with `initdb` and `postgres`.
fn find_programs() -> Option<PathBuf> {
    let has_both = |folder: &Path| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let mut packaged: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .filter(|(_, folder)| has_both(folder))
        .collect();
    packaged.sort();
    let in_path = || {
        tools::find("initdb")?
            .parent()
            .map(Path::to_path_buf)
            .filter(|folder| has_both(folder))
    };
    packaged.pop().map(|(_, folder)| folder).or_else(in_path)
}

fn start(programs: &Path) -> Result<Postgres, String> {
    let account = if tools::is_root() { Some(find_account()?) } else { None };
    let parent = std::env::temp_dir().join(format!("freehold-postgres-{}", std::process::id()));
    std::fs::create_dir_all(&parent).map_err(|error| format!("cannot create {}: {error}", parent.display()))?;
    if let Some(account) = &account {
        tools::succeed(Command::new("chown").arg(account).arg(&parent))?;
    }
    let data = parent.join("data");
    eprintln!("PostgreSQL of {} in {}", programs.display(), data.display());
    let mut initdb = as_account(account.as_deref());
    initdb.arg(programs.join("initdb")).arg("-D").arg(&data).args([
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    ]);
    tools::output_of(&mut initdb).ok_or_else(|| format!("initdb failed: {initdb:?}"))?;

    let port = free_port()?;
    let mut command: Vec<String> = vec![programs.join("postgres").display().to_string()];
    command.extend(["-D".into(), data.display().to_string(), "-p".into(), port.to_string()]);
    for setting in [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "max_connections=300",
        "shared_buffers=128MB",
        "logging_collector=off",
        "log_min_messages=fatal",
        "autovacuum=off",
    ] {
        command.extend(["-c".into(), setting.into()]);
    }
    let keeper = Keeper::start(
        as_account(account.as_deref()),
        &command,
        "INT",
        &parent.display().to_string(),
    )?;
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if started.elapsed() > Duration::from_mins(1) {
            return Err("PostgreSQL did not start within a minute".into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(Postgres {
        url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        _keeper: Some(keeper),
    })
}

/// PostgreSQL refuses to run as root: an account to run it under.
fn find_account() -> Result<String, String> {
    for account in ["postgres", "nobody"] {
        if tools::output_of(Command::new("id").args(["-u", account])).is_some() {
            return Ok(account.into());
        }
    }
    let created = Command::new("useradd").args(["--system", "freehold-test"]).status();
    match created {
        Ok(status) if status.success() => Ok("freehold-test".into()),
        _ => Err(
            "PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody` to run it under".into(),
        ),
    }
}

/// A command that runs its arguments, as that account.
fn as_account(account: Option<&str>) -> Command {
    let Some(account) = account else {
        return Command::new("env");
    };
    let mut command = if tools::find("setpriv").is_some() {
        let mut command = Command::new("setpriv");
        command.args([
            &format!("--reuid={account}"),
            &format!("--regid={}", group_of(account)),
            "--clear-groups",
            "--",
        ]);
        command
    } else {
        let mut command = Command::new("runuser");
        command.args(["-u", account, "--"]);
        command
    };
    command.arg("env").current_dir("/");
    command
}

fn group_of(account: &str) -> String {
    tools::output_of(Command::new("id").args(["-g", account]))
        .map_or_else(|| account.to_owned(), |id| id.trim().to_owned())
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| format!("no free port: {error}"))?;
    listener
        .local_addr()
        .map(|address| address.port())
        .map_err(|error| error.to_string())
}

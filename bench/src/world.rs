//! A database with the data in it, Freehold and the endpoint on it, and people who are signed in.

use crate::cost::{self, Meter};
use crate::data::{Caller, Size};
use crate::driver::{Kind, Target};
use crate::failure::{During, Failure, Outcome};
use crate::http::{self, Connection};
use crate::load::{self, SCHEMA};
use crate::program::Program;
use crate::progress;
use clap::ValueEnum;
use serde_json::json;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio_postgres::NoTls;

/// Where the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Database {
    /// A server beside both
    Postgres,
    /// A file inside both
    Sqlite,
}

/// What a world is made of.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) database: Database,
    /// A PostgreSQL server whose user may create databases.
    pub(crate) postgres: Option<&'a str>,
    /// The program.
    pub(crate) freehold: &'a Path,
    /// The help desk.
    pub(crate) app: &'a Path,
    pub(crate) size: Size,
}

/// Everything that a run needs. To be closed.
pub(crate) struct World {
    pub(crate) callers: Vec<Caller>,
    pub(crate) freehold: Target,
    pub(crate) endpoint: Target,
    pub(crate) meter: Meter,
    /// Of all callers.
    password: String,
    /// The servers end before what they work on is removed.
    _programs: [Program; 2],
}

/// What a world leaves unless it is removed.
#[derive(Debug)]
pub(crate) struct Remains {
    folder: PathBuf,
    /// Address of the server, and name of the database.
    database: Option<(String, String)>,
}

impl Remains {
    /// Makes a folder and, on PostgreSQL, a database.
    pub(crate) async fn new(parts: &Parts<'_>) -> Outcome<Self> {
        let name = format!("freehold_bench_{}", std::process::id());
        let mut database = None;
        if parts.database == Database::Postgres {
            let server = parts.postgres.ok_or_else(|| {
                Failure::new(
                    "no PostgreSQL server is named; `cargo xtask bench` starts one, `--postgres URL` and FREEHOLD_TEST_POSTGRES name one",
                )
            })?;
            statement(server, &format!("CREATE DATABASE {name}")).await?;
            database = Some((server.to_owned(), name.clone()));
        }
        let folder = std::env::temp_dir().join(&name);
        let remains = Self { folder, database };
        match fs::create_dir_all(&remains.folder) {
            Ok(()) => Ok(remains),
            Err(error) => {
                remains.remove().await?;
                Err(error).during("cannot make a temporary folder")
            }
        }
    }

    /// Removes both. Nobody may use them any more.
    pub(crate) async fn remove(self) -> Outcome<()> {
        if let Some((server, name)) = &self.database {
            statement(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        }
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        Ok(())
    }

    fn file(&self) -> PathBuf {
        self.folder.join("bench.db")
    }

    /// The address as Freehold takes it.
    fn url(&self) -> String {
        match &self.database {
            Some((server, name)) => with_database(server, name),
            None => format!("sqlite:{}", self.file().display()),
        }
    }
}

impl World {
    /// Lets Freehold make its tables, fills them, starts both servers and signs everybody in.
    pub(crate) async fn open(parts: &Parts<'_>, remains: &Remains) -> Outcome<Self> {
        let folder = &remains.folder;
        let (app, data) = (folder.join("app"), folder.join("data"));
        copy(parts.app, &app).during("cannot copy the help desk")?;
        let url = remains.url();
        progress::say(&format!("{}: Freehold makes its tables", parts.database));
        let mut dev = Command::new(parts.freehold);
        dev.arg("dev").arg(&app).args(["--listen", "127.0.0.1:0"]);
        dev.arg("--data").arg(&data).args(["--database", &url]);
        drop(Program::start(&mut dev)?);

        progress::say(&format!("{}: the data is loaded", parts.database));
        let callers = match parts.database {
            Database::Postgres => load::postgres(&url, parts.size).await?,
            Database::Sqlite => load::sqlite(&remains.file(), parts.size)?,
        };

        let config = folder.join("freehold.toml");
        fs::write(&config, settings(&app, &data, &url))?;
        let mut serve = Command::new(parts.freehold);
        serve.arg("serve").arg("--config").arg(&config);
        let freehold = Program::start(&mut serve)?;
        let mut endpoint = Command::new(std::env::current_exe()?);
        endpoint.arg("endpoint");
        match parts.database {
            Database::Postgres => endpoint.args(["--postgres", &url]),
            Database::Sqlite => endpoint.arg("--sqlite").arg(remains.file()),
        };
        let endpoint = Program::start(&mut endpoint)?;

        progress::say(&format!("{}: {} people sign in", parts.database, callers.len()));
        let password = demo_password(parts.app)?;
        let mut connection = Connection::open(freehold.address).await?;
        let mut signed_in = Vec::with_capacity(callers.len());
        for caller in &callers {
            let token = sign_in(&mut connection, &caller.email, &password).await?;
            signed_in.push(format!(
                "Authorization: Bearer {token}\r\nX-Tenant: {}\r\n",
                caller.slug
            ));
        }
        let named = |caller: &Caller| format!("X-User: {}\r\nX-Tenant: {}\r\n", caller.user, caller.tenant);
        Ok(Self {
            freehold: Target {
                kind: Kind::Freehold,
                address: freehold.address,
                process: freehold.process(),
                headers: signed_in,
            },
            endpoint: Target {
                kind: Kind::Endpoint,
                address: endpoint.address,
                process: endpoint.process(),
                headers: callers.iter().map(named).collect(),
            },
            meter: Meter::new(postmaster(parts.database, &url).await?)?,
            callers,
            password,
            _programs: [freehold, endpoint],
        })
    }
}

impl World {
    /// More sessions of the first caller, by their tokens.
    pub(crate) async fn sessions(&self, count: usize) -> Outcome<Vec<String>> {
        let caller = self.callers.first().ok_or_else(|| Failure::new("nobody is there"))?;
        let mut connection = Connection::open(self.freehold.address).await?;
        let mut tokens = Vec::with_capacity(count);
        for _ in 0..count {
            tokens.push(sign_in(&mut connection, &caller.email, &self.password).await?);
        }
        Ok(tokens)
    }
}

impl fmt::Display for Database {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        })
    }
}

/// Production, with the defaults but for ports; as many connections as the endpoint has.
fn settings(app: &Path, data: &Path, url: &str) -> String {
    format!(
        "app = {}\nenvironment = \"bench\"\nlisten = \"127.0.0.1:0\"\noperations_listen = \"127.0.0.1:0\"\nkey_file = {}\n\n\
         [database]\nurl = {}\nschema = \"{SCHEMA}\"\nconnections = {}\n\n[subscriptions]\nof_one = 20000\n",
        json!(app.display().to_string()),
        json!(data.join("keys.json").display().to_string()),
        json!(url),
        crate::endpoint::CONNECTIONS,
    )
}

/// PostgreSQL's first process, the parent of all sessions.
async fn postmaster(database: Database, url: &str) -> Outcome<Option<u32>> {
    if database == Database::Sqlite {
        return Ok(None);
    }
    let client = load::connect(url).await?;
    let row = client.query_one("SELECT pg_backend_pid()", &[]).await?;
    let process: i32 = row.try_get(0)?;
    // The session, which is `client`'s, lives while its parent is looked up.
    cost::postmaster_of(u32::try_from(process)?).map(Some)
}

async fn sign_in(connection: &mut Connection, email: &str, password: &str) -> Outcome<String> {
    let mut request = Vec::new();
    let body = json!({"email": email, "password": password}).to_string();
    http::post(&mut request, "/auth/sign-in", "", &body);
    let answer = connection.send(&request).await?;
    let cookie = answer.head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("set-cookie").then_some(value)
    });
    let token = cookie.and_then(|cookie| cookie.split_once('=')?.1.split(';').next());
    match token {
        Some(token) if answer.status == 200 => Ok(token.to_owned()),
        _ => Err(Failure::new(format!(
            "{email} cannot sign in: {} {}",
            answer.status,
            String::from_utf8_lossy(answer.body)
        ))),
    }
}

/// The password of the demo person, as the seed has it.
fn demo_password(app: &Path) -> Outcome<String> {
    let seed = fs::read_to_string(app.join("seed/people.yaml"))?;
    let line = seed.lines().find(|line| line.contains(load::DEMO_EMAIL));
    let password = line.and_then(|line| line.split_once("password: \"")?.1.split('"').next());
    password
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("the seed has no password of {}", load::DEMO_EMAIL)))
}

/// Runs one statement.
async fn statement(url: &str, sql: &str) -> Outcome<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .during("PostgreSQL does not answer")?;
    tokio::spawn(connection);
    client.batch_execute(sql).await?;
    Ok(())
}

/// A folder, without what `freehold dev` keeps in it.
fn copy(from: &Path, to: &Path) -> Outcome<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_name() == ".freehold" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The same server, another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url
        .split_once('?')
        .map_or((url, String::new()), |(address, rest)| (address, format!("?{rest}")));
    let authority = address.find("://").map_or(0, |at| at + 3);
    let base = address[authority..]
        .find('/')
        .map_or(address, |at| &address[..authority + at]);
    format!("{base}/{name}{parameters}")
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn names_another_database() {
        assert_eq!(with_database("postgres://u@h:1/postgres", "x"), "postgres://u@h:1/x");
        assert_eq!(with_database("postgres://u@h:1?a=b", "x"), "postgres://u@h:1/x?a=b");
    }
}

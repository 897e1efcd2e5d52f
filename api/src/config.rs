//! Every setting, its default and its unit; the only reader of the environment. Flags come before `FREEHOLD_…` variables, and
//! those before the file.

use crate::error::Failure;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The PostgreSQL schema of an environment for which none is stated.
const SCHEMA: &str = "freehold";
/// Connections for the app's tables.
const CONNECTIONS: usize = 16;

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

/// Settings of `freehold dev`.
#[derive(Args, Debug)]
pub(crate) struct DevArgs {
    /// The app's directory
    pub(crate) directory: PathBuf,
    /// Address to listen on; port 0 takes a free one
    #[arg(
        long,
        env = "FREEHOLD_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS"
    )]
    pub(crate) listen: SocketAddr,
    /// Database: sqlite:/path/to/file.db or postgres://user@host/database [default: SQLite under DIR/.freehold]
    #[arg(long, env = "FREEHOLD_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// PostgreSQL schema of this environment
    #[arg(long, env = "FREEHOLD_DATABASE_SCHEMA", default_value = SCHEMA, value_name = "NAME")]
    pub(crate) schema: String,
    /// Folder for the SQLite file [default: DIR/.freehold]
    #[arg(long, env = "FREEHOLD_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Listen on an address that other machines reach: anybody there can read the demo passwords
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// Let this start change tables so that data is lost
    #[arg(long)]
    pub(crate) allow_destructive: bool,
}

/// Settings of `freehold serve` that stand in for the file's.
#[derive(Args, Debug, Default)]
pub(crate) struct ServeArgs {
    /// The configuration file
    #[arg(long, env = "FREEHOLD_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The app's directory
    #[arg(long, env = "FREEHOLD_APP", value_name = "DIR")]
    pub(crate) app: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "FREEHOLD_LISTEN", value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Address for /healthz and /readyz [default: 127.0.0.1:9090]
    #[arg(long, env = "FREEHOLD_OPERATIONS_LISTEN", value_name = "ADDRESS")]
    pub(crate) operations_listen: Option<SocketAddr>,
    /// Host name that is answered, or *.suffix; those of the app's identity.hosts are anyway
    #[arg(long = "host", env = "FREEHOLD_HOSTS", value_name = "NAME", value_delimiter = ',')]
    pub(crate) hosts: Option<Vec<String>>,
    /// Database: postgres://user:password@host/database or sqlite:/path/to/file.db
    #[arg(long, env = "FREEHOLD_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// PostgreSQL schema of this environment
    #[arg(long, env = "FREEHOLD_DATABASE_SCHEMA", value_name = "NAME")]
    pub(crate) schema: Option<String>,
    /// Let this start change tables so that data is lost
    #[arg(long)]
    pub(crate) allow_destructive: bool,
}

/// Settings of a server in production. The file has the same names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The app's directory; in the file relative to it.
    #[serde(default)]
    pub(crate) app: PathBuf,
    /// The environment's name, for people.
    #[serde(default = "environment")]
    pub(crate) environment: String,
    /// Where the app is served.
    #[serde(default = "listen")]
    pub(crate) listen: SocketAddr,
    /// Where `/healthz` and `/readyz` are.
    #[serde(default = "operations_listen")]
    pub(crate) operations_listen: SocketAddr,
    /// Hosts answered besides the app's own: names, or `*.suffix`.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    /// The database.
    #[serde(default)]
    pub(crate) database: DatabaseConfig,
    /// The console.
    #[serde(default)]
    pub(crate) console: ConsoleConfig,
}

/// `[database]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DatabaseConfig {
    /// `postgres://…` or `sqlite:…`
    pub(crate) url: String,
    /// PostgreSQL: the environment's schema.
    pub(crate) schema: String,
    /// Connections for the app's tables.
    pub(crate) connections: usize,
}

/// `[console]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConsoleConfig {
    /// Serves the console at `/`.
    pub(crate) enabled: bool,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            url: String::new(),
            schema: SCHEMA.to_owned(),
            connections: CONNECTIONS,
        }
    }
}

fn environment() -> String {
    "production".to_owned()
}

fn listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

fn operations_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 9090))
}

impl Place {
    /// The address without its password, for people.
    pub(crate) fn masked(&self) -> String {
        mask(&self.url)
    }
}

impl DevArgs {
    /// Where the database is: a file beside the app, unless stated.
    ///
    /// # Errors
    /// When the folder of the file cannot be made.
    pub(crate) fn place(&self) -> Result<Place, Failure> {
        if let Some(url) = &self.database {
            return Ok(Place {
                url: url.clone(),
                schema: self.schema.clone(),
                connections: CONNECTIONS,
            });
        }
        let folder = self.data.clone().unwrap_or_else(|| self.directory.join(".freehold"));
        let unwritable = |error| Failure::new(format!("cannot make the folder `{}`: {error}", folder.display()));
        std::fs::create_dir_all(&folder).map_err(unwritable)?;
        if self.data.is_none() {
            std::fs::write(folder.join(".gitignore"), "*\n").map_err(unwritable)?;
        }
        let url = format!("sqlite:{}", folder.join("dev.db").display());
        Ok(Place {
            url,
            schema: self.schema.clone(),
            connections: CONNECTIONS,
        })
    }
}

impl Config {
    /// The settings in force.
    ///
    /// # Errors
    /// When the file cannot be read, or the app or the database is not stated.
    pub(crate) fn load(args: &ServeArgs) -> Result<Self, Failure> {
        let mut config = match &args.config {
            Some(path) => Self::read(path)?,
            None => toml::from_str("").map_err(|error| Failure::new(error.to_string()))?,
        };
        let ServeArgs {
            app,
            listen,
            operations_listen,
            hosts,
            database,
            schema,
            ..
        } = args;
        replace(&mut config.app, app.as_ref());
        replace(&mut config.listen, listen.as_ref());
        replace(&mut config.operations_listen, operations_listen.as_ref());
        replace(&mut config.hosts, hosts.as_ref());
        replace(&mut config.database.url, database.as_ref());
        replace(&mut config.database.schema, schema.as_ref());
        if config.app.as_os_str().is_empty() {
            return Err(Failure::new("no app is stated").hint("`app = \"path/to/app\"` in the file, or --app DIR"));
        }
        if config.database.url.is_empty() {
            return Err(Failure::new("no database is stated").hint(
                "`url = \"postgres://…\"` under [database] of the file, FREEHOLD_DATABASE_URL, or --database URL",
            ));
        }
        Ok(config)
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", path.display())))?;
        let mut config: Self =
            toml::from_str(&text).map_err(|error| Failure::new(format!("`{}`: {error}", path.display())))?;
        if config.app.is_relative() && !config.app.as_os_str().is_empty() {
            config.app = path.parent().unwrap_or(Path::new("")).join(&config.app);
        }
        Ok(config)
    }

    /// Where the database is.
    pub(crate) fn place(&self) -> Place {
        Place {
            url: self.database.url.clone(),
            schema: self.database.schema.clone(),
            connections: self.database.connections.max(1),
        }
    }

    /// The settings as a file would have them, secrets masked.
    pub(crate) fn masked(&self) -> String {
        let mut shown = self.clone();
        shown.database.url = mask(&shown.database.url);
        let Self {
            app,
            environment,
            listen,
            operations_listen,
            hosts,
            database,
            console,
        } = shown;
        let text = |value: &str| serde_json::Value::from(value).to_string();
        format!(
            "app = {}\nenvironment = {}\nlisten = \"{listen}\"\noperations_listen = \"{operations_listen}\"\nhosts = {}\n\n\
             [database]\nurl = {}\nschema = {}\nconnections = {}\n\n[console]\nenabled = {}\n",
            text(&app.display().to_string()),
            text(&environment),
            serde_json::Value::from(hosts),
            text(&database.url),
            text(&database.schema),
            database.connections,
            console.enabled,
        )
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

fn replace<T: Clone>(setting: &mut T, stated: Option<&T>) {
    if let Some(value) = stated {
        setting.clone_from(value);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_masked() {
        for (url, expected) in [
            ("postgres://ann:secret@db:5432/app", "postgres://ann:***@db:5432/app"),
            (
                "postgres://ann:se@cret@db/app?sslmode=require",
                "postgres://ann:***@db/app?sslmode=require",
            ),
            (
                "postgres://ann@db/app?password=secret&x=1",
                "postgres://ann@db/app?password=***&x=1",
            ),
            ("postgres://db/app", "postgres://db/app"),
            ("sqlite:/data/app.db", "sqlite:/data/app.db"),
        ] {
            assert_eq!(mask(url), expected);
        }
    }

    #[test]
    fn flags_come_before_the_file() {
        let folder = std::env::temp_dir().join(format!("freehold-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("freehold.toml");
        std::fs::write(
            &path,
            "app = 'shop'\nlisten = '0.0.0.0:80'\n[database]\nurl = 'postgres://a:b@c/d'\n",
        )
        .unwrap();
        let args = ServeArgs {
            config: Some(path.clone()),
            listen: Some(listen()),
            ..ServeArgs::default()
        };
        let config = Config::load(&args).unwrap();
        assert_eq!((config.app.clone(), config.listen), (folder.join("shop"), listen()));
        let printed: Config = toml::from_str(&config.masked()).unwrap();
        assert_eq!(printed.database.url, "postgres://a:***@c/d");
        std::fs::write(&path, "aps = 'shop'").unwrap();
        assert!(Config::load(&args).unwrap_err().message.contains("aps"));
        assert!(Config::load(&ServeArgs::default()).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

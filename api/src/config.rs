//! Every setting, its default and its unit; the only reader of the environment. Flags come before `FREEHOLD_…` variables, and
//! those before the file.

use crate::error::Failure;
use crate::keys::KeySource;
use crate::secret_url::SecretUrl;
use crate::subscriptions::{OF_ONE_MAX, SUBSCRIPTIONS_MAX};
use clap::Args;
use clap::builder::BoolishValueParser;
use freehold_storage::audit::Bursts;
use serde::{Deserialize, Serialize};
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    /// File with the key-encryption keys [default: keys.json in the folder above, made when it is first needed]
    #[arg(long, env = "FREEHOLD_KEY_FILE", value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Listen on an address that other machines reach: anybody there can read the demo passwords
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// Address to which alerts of the audit log are posted
    #[arg(long, env = "FREEHOLD_ALERT_WEBHOOK", value_name = "URL", hide_env_values = true, value_parser = SecretUrl::parse)]
    pub(crate) alert_webhook: Option<SecretUrl>,
    /// Answer only operations that stand in the app, in its folder operations/; GraphiQL then cannot ask freely, nor show the schema
    #[arg(long, env = "FREEHOLD_TRUSTED_OPERATIONS", value_parser = BoolishValueParser::new())]
    pub(crate) trusted_operations: bool,
    /// Let this start change tables so that data is lost
    #[arg(long)]
    pub(crate) allow_destructive: bool,
}

/// Settings of `freehold serve` that stand in for the file's.
#[derive(Args, Clone, Debug, Default)]
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
    /// File with the key-encryption keys; `freehold keys new` makes one
    #[arg(long, env = "FREEHOLD_KEY_FILE", value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Address to which alerts of the audit log are posted
    #[arg(long, env = "FREEHOLD_ALERT_WEBHOOK", value_name = "URL", hide_env_values = true, value_parser = SecretUrl::parse)]
    pub(crate) alert_webhook: Option<SecretUrl>,
    /// Folder in which letters are left for a mail server to pick up; without one nothing is sent
    #[arg(long, env = "FREEHOLD_MAIL_DIR", value_name = "DIR")]
    pub(crate) mail_dir: Option<PathBuf>,
    /// Answer only operations that stand in the app, in its folder operations/
    #[arg(
        long,
        env = "FREEHOLD_TRUSTED_OPERATIONS",
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new()
    )]
    pub(crate) trusted_operations: Option<bool>,
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
    /// The file with the key-encryption keys; in the file relative to it.
    #[serde(default)]
    pub(crate) key_file: Option<PathBuf>,
    /// The console.
    #[serde(default)]
    pub(crate) console: ConsoleConfig,
    /// Subscriptions.
    #[serde(default)]
    pub(crate) subscriptions: SubscriptionsConfig,
    /// Alerts.
    #[serde(default)]
    pub(crate) alerts: AlertsConfig,
    /// Folder in which letters are left for a mail server to pick up; in the file relative to it.
    #[serde(default)]
    pub(crate) mail_dir: Option<PathBuf>,
    /// Only operations that stand in the app are answered.
    #[serde(default)]
    pub(crate) trusted_operations: bool,
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

/// `[subscriptions]`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SubscriptionsConfig {
    /// Most of one server.
    pub(crate) all: usize,
    /// Most of one person.
    pub(crate) of_one: usize,
}

impl Default for SubscriptionsConfig {
    fn default() -> Self {
        Self {
            all: SUBSCRIPTIONS_MAX,
            of_one: OF_ONE_MAX,
        }
    }
}

/// `[alerts]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AlertsConfig {
    /// So many refusals of one caller raise an alert.
    pub(crate) denials: u32,
    /// If they come within so many seconds.
    pub(crate) within_seconds: u32,
    /// Where alerts are posted.
    pub(crate) webhook: Option<SecretUrl>,
}

impl Default for AlertsConfig {
    fn default() -> Self {
        Self {
            denials: 10,
            within_seconds: 60,
            webhook: None,
        }
    }
}

impl AlertsConfig {
    /// What counts as a burst.
    pub(crate) fn bursts(&self) -> Bursts {
        Bursts {
            alert_at: self.denials.max(1),
            within: Duration::from_secs(u64::from(self.within_seconds.max(1))),
            recorded_max: RECORDED_MAX,
        }
    }
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
        let folder = self.data.clone().unwrap_or_else(|| self.directory.join(FOLDER));
        let unwritable = |error| Failure::new(format!("cannot make the folder `{}`: {error}", folder.display()));
        std::fs::create_dir_all(&folder).map_err(unwritable)?;
        if self.data.is_none() {
            std::fs::write(folder.join(".gitignore"), "*\n").map_err(unwritable)?;
        }
        Ok(Self::file(&self.directory, self.data.as_deref()))
    }

    /// Where the keys are: beside the database, unless stated.
    pub(crate) fn keys(&self) -> KeySource {
        match &self.key_file {
            Some(path) => KeySource::File(path.clone()),
            None => KeySource::FileOrNew(Self::key_file(&self.directory, self.data.as_deref())),
        }
    }

    /// The key file beside the app.
    pub(crate) fn key_file(app: &Path, data: Option<&Path>) -> PathBuf {
        data.map_or_else(|| app.join(FOLDER), Path::to_owned).join("keys.json")
    }

    /// Where letters are left.
    pub(crate) fn mail_dir(&self) -> PathBuf {
        self.data
            .clone()
            .unwrap_or_else(|| self.directory.join(FOLDER))
            .join("mail")
    }

    /// The file beside the app.
    pub(crate) fn file(app: &Path, data: Option<&Path>) -> Place {
        let folder = data.map_or_else(|| app.join(FOLDER), Path::to_owned);
        Place {
            url: format!("sqlite:{}", folder.join("dev.db").display()),
            schema: SCHEMA.to_owned(),
            connections: CONNECTIONS,
        }
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
            key_file,
            alert_webhook,
            mail_dir,
            trusted_operations,
            ..
        } = args;
        if key_file.is_some() {
            config.key_file.clone_from(key_file);
        }
        if mail_dir.is_some() {
            config.mail_dir.clone_from(mail_dir);
        }
        replace(&mut config.app, app.as_ref());
        replace(&mut config.listen, listen.as_ref());
        replace(&mut config.operations_listen, operations_listen.as_ref());
        replace(&mut config.hosts, hosts.as_ref());
        replace(&mut config.trusted_operations, trusted_operations.as_ref());
        replace(&mut config.database.url, database.as_ref());
        replace(&mut config.database.schema, schema.as_ref());
        if alert_webhook.is_some() {
            config.alerts.webhook.clone_from(alert_webhook);
        }
        if !(1..=1000).contains(&config.alerts.denials) || !(1..=3600).contains(&config.alerts.within_seconds) {
            return Err(Failure::new(
                "`denials` under [alerts] is 1 to 1000, `within_seconds` 1 to 3600",
            ));
        }
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
        if let Some(file) = config.key_file.as_mut().filter(|file| file.is_relative()) {
            *file = path.parent().unwrap_or(Path::new("")).join(&*file);
        }
        if let Some(folder) = config.mail_dir.as_mut().filter(|folder| folder.is_relative()) {
            *folder = path.parent().unwrap_or(Path::new("")).join(&*folder);
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

    /// Where the keys are. There is no default: whoever has the keys can read what is encrypted.
    ///
    /// # Errors
    /// When it is not stated.
    pub(crate) fn keys(&self) -> Result<KeySource, Failure> {
        let stated = self.key_file.clone().map(KeySource::File);
        stated.ok_or_else(Self::no_key_file)
    }

    /// That the key file is not stated.
    pub(crate) fn no_key_file() -> Failure {
        Failure::new("no key file is stated").hint(
            "`freehold keys new FILE` makes one; state it by `key_file = \"FILE\"` in the file, FREEHOLD_KEY_FILE, or --key-file FILE",
        )
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
            key_file,
            console,
            subscriptions,
            alerts,
            mail_dir,
            trusted_operations,
        } = shown;
        let text = |value: &str| serde_json::Value::from(value).to_string();
        format!(
            "app = {}\nenvironment = {}\nlisten = \"{listen}\"\noperations_listen = \"{operations_listen}\"\nhosts = {}\ntrusted_operations = {trusted_operations}\n{}{}\n\
             [database]\nurl = {}\nschema = {}\nconnections = {}\n\n[console]\nenabled = {}\n\n\
             [subscriptions]\nall = {}\nof_one = {}\n\n[alerts]\ndenials = {}\nwithin_seconds = {}\n{}",
            text(&app.display().to_string()),
            text(&environment),
            serde_json::Value::from(hosts),
            key_file.map_or_else(String::new, |file| format!(
                "key_file = {}\n",
                text(&file.display().to_string())
            )),
            mail_dir.map_or_else(String::new, |folder| format!(
                "mail_dir = {}\n",
                text(&folder.display().to_string())
            )),
            text(&database.url),
            text(&database.schema),
            database.connections,
            console.enabled,
            subscriptions.all,
            subscriptions.of_one,
            alerts.denials,
            alerts.within_seconds,
            alerts
                .webhook
                .map(|url| format!("webhook = {}\n", text(&url.to_string())))
                .unwrap_or_default(),
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
            "app = 'shop'\nkey_file = 'keys.json'\nlisten = '0.0.0.0:80'\n[database]\nurl = 'postgres://a:b@c/d'\n",
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
        assert_eq!(config.keys().unwrap(), KeySource::File(folder.join("keys.json")));
        assert_eq!(printed.key_file, config.key_file);
        let stated = ServeArgs {
            key_file: Some("other.json".into()),
            ..args.clone()
        };
        let other = Config::load(&stated).unwrap();
        assert_eq!(other.keys().unwrap(), KeySource::File("other.json".into()));
        for (stated, expected) in [(None, false), (Some(true), true)] {
            let stated = ServeArgs {
                trusted_operations: stated,
                ..args.clone()
            };
            let printed: Config = toml::from_str(&Config::load(&stated).unwrap().masked()).unwrap();
            assert_eq!(printed.trusted_operations, expected);
        }
        std::fs::write(
            &path,
            "app = 'shop'\ntrusted_operations = true\n[database]\nurl = 'sqlite:x'\n",
        )
        .unwrap();
        assert!(Config::load(&args).unwrap().trusted_operations);
        let stated = ServeArgs {
            trusted_operations: Some(false),
            ..args.clone()
        };
        assert!(!Config::load(&stated).unwrap().trusted_operations);
        let hook = "https://hooks.example.com/secret";
        std::fs::write(
            &path,
            format!("app = 'shop'\n[database]\nurl = 'sqlite:x'\n[alerts]\nwebhook = '{hook}'\n"),
        )
        .unwrap();
        let config = Config::load(&args).unwrap();
        assert_eq!(config.alerts.webhook.as_ref().map(SecretUrl::expose), Some(hook));
        assert!(!config.masked().contains("secret") && !format!("{config:?}").contains("secret"));
        std::fs::write(
            &path,
            "app = 'shop'\n[database]\nurl = 'sqlite:x'\n[alerts]\ndenials = 0\n",
        )
        .unwrap();
        assert!(Config::load(&args).unwrap_err().message.contains("denials"));
        std::fs::write(&path, "app = 'shop'\n[database]\nurl = 'sqlite:x'\n").unwrap();
        let unstated = Config::load(&args).unwrap().keys().unwrap_err();
        assert!(
            unstated
                .hint
                .is_some_and(|hint| hint.contains("freehold keys new FILE"))
        );
        std::fs::write(&path, "aps = 'shop'").unwrap();
        assert!(Config::load(&args).unwrap_err().message.contains("aps"));
        assert!(Config::load(&ServeArgs::default()).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

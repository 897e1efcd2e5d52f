//! `freehold.toml`, and what results from it and the command line.

use super::mail::MailConfig;
use super::tls::TlsConfig;
use super::{CONNECTIONS, Place, RECORDED_MAX, SCHEMA, ServeArgs, mask};
use crate::error::Failure;
use crate::http::proxies::{ForwardedBy, Network};
use crate::keys::KeySource;
use crate::secret_url::SecretUrl;
use crate::subscriptions::{OF_ONE_MAX, SUBSCRIPTIONS_MAX};
use freehold_storage::audit::Bursts;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    /// Proxies whose word on a request's origin is taken.
    #[serde(default)]
    pub(crate) trusted_proxies: Vec<Network>,
    /// The headers by which they give it.
    #[serde(default)]
    pub(crate) forwarded_by: ForwardedBy,
    /// Only operations that stand in the app are answered.
    #[serde(default)]
    pub(crate) trusted_operations: bool,
    /// The file with the key-encryption keys; in the file relative to it.
    #[serde(default)]
    pub(crate) key_file: Option<PathBuf>,
    /// Folder in which letters are left for a mail server to pick up; in the file relative to it.
    #[serde(default)]
    pub(crate) mail_dir: Option<PathBuf>,
    /// Folder with the secrets that the model names, a file each; in the file relative to it.
    #[serde(default)]
    pub(crate) secrets_dir: Option<PathBuf>,
    // Tables come last, as in the file.
    /// The database.
    #[serde(default)]
    pub(crate) database: DatabaseConfig,
    /// TLS; without it a proxy in front has to do it.
    #[serde(default)]
    pub(crate) tls: Option<TlsConfig>,
    /// Letters.
    #[serde(default)]
    pub(crate) mail: MailConfig,
    /// The console.
    #[serde(default)]
    pub(crate) console: ConsoleConfig,
    /// Subscriptions.
    #[serde(default)]
    pub(crate) subscriptions: SubscriptionsConfig,
    /// Alerts.
    #[serde(default)]
    pub(crate) alerts: AlertsConfig,
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
            secrets_dir,
            smtp,
            mail_from,
            trusted_proxies,
            trusted_operations,
            ..
        } = args;
        if key_file.is_some() {
            config.key_file.clone_from(key_file);
        }
        if secrets_dir.is_some() {
            config.secrets_dir.clone_from(secrets_dir);
        }
        if mail_dir.is_some() {
            config.mail_dir.clone_from(mail_dir);
        }
        if smtp.is_some() {
            config.mail.smtp.clone_from(smtp);
        }
        if mail_from.is_some() {
            config.mail.from.clone_from(mail_from);
        }
        replace(&mut config.trusted_proxies, trusted_proxies.as_ref());
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
        config.mail.check(config.mail_dir.as_deref())?;
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
        let folder = path.parent().unwrap_or(Path::new(""));
        // No app is no path.
        let app = Some(&mut config.app).filter(|app| !app.as_os_str().is_empty());
        let files = [
            config.key_file.as_mut(),
            config.mail_dir.as_mut(),
            config.secrets_dir.as_mut(),
            config.mail.ca.as_mut(),
        ];
        let tls = config.tls.iter_mut().flat_map(TlsConfig::files);
        for file in app.into_iter().chain(files.into_iter().flatten()).chain(tls) {
            // An absolute path stays as it is.
            *file = folder.join(&*file);
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
    ///
    /// # Errors
    /// When a path is no text.
    pub(crate) fn masked(&self) -> Result<String, Failure> {
        let mut shown = self.clone();
        shown.database.url = mask(&shown.database.url);
        toml::to_string(&shown).map_err(|error| Failure::new(format!("the settings cannot be printed: {error}")))
    }
}

fn replace<T: Clone>(setting: &mut T, stated: Option<&T>) {
    if let Some(value) = stated {
        setting.clone_from(value);
    }
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
        let printed: Config = toml::from_str(&config.masked().unwrap()).unwrap();
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
            let printed: Config = toml::from_str(&Config::load(&stated).unwrap().masked().unwrap()).unwrap();
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
        let hook = "https://hooks.example.com/quiet-fox";
        std::fs::write(
            &path,
            format!("app = 'shop'\n[database]\nurl = 'sqlite:x'\n[alerts]\nwebhook = '{hook}'\n"),
        )
        .unwrap();
        let config = Config::load(&args).unwrap();
        assert_eq!(config.alerts.webhook.as_ref().map(SecretUrl::expose), Some(hook));
        assert!(!config.masked().unwrap().contains("quiet-fox") && !format!("{config:?}").contains("quiet-fox"));
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

//! What the command line says, and the variables that stand in for it.

use super::{CONNECTIONS, FOLDER, Place, SCHEMA};
use crate::error::Failure;
use crate::http::proxies::Network;
use crate::keys::KeySource;
use crate::post::SmtpUrl;
use crate::secret_url::SecretUrl;
use clap::Args;
use clap::builder::BoolishValueParser;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

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
    /// Folder with the secrets that the model names, a file each; those that are not there are looked for in FREEHOLD_SECRET_ with the name behind it
    #[arg(long, env = "FREEHOLD_SECRETS_DIR", value_name = "DIR")]
    pub(crate) secrets_dir: Option<PathBuf>,
    /// Mail server by which letters are sent: smtps://user:password@host, or smtp://user:password@host with STARTTLS
    #[arg(long, env = "FREEHOLD_SMTP", value_name = "URL", hide_env_values = true, value_parser = SmtpUrl::parse)]
    pub(crate) smtp: Option<SmtpUrl>,
    /// Who letters are from: "Help desk <desk@example.com>"
    #[arg(long, env = "FREEHOLD_MAIL_FROM", value_name = "ADDRESS")]
    pub(crate) mail_from: Option<String>,
    /// Address or network of a proxy whose X-Forwarded-… headers are taken
    #[arg(long = "trusted-proxy", env = "FREEHOLD_TRUSTED_PROXIES", value_name = "NETWORK", value_delimiter = ',', value_parser = Network::parse)]
    pub(crate) trusted_proxies: Option<Vec<Network>>,
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

    /// Where secrets that the model names are looked for.
    pub(crate) fn secrets_dir(&self) -> PathBuf {
        self.data
            .clone()
            .unwrap_or_else(|| self.directory.join(FOLDER))
            .join("secrets")
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

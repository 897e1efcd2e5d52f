//! Opens an environment: its database twice over, the platform's tables, its keys. Everything is handed to its room here.

use crate::config::{AlertsConfig, MailConfig, Place};
use crate::environments::{Environment, Parts};
use crate::error::{Failure, chain};
use crate::http::host::Hosts;
use crate::keys::{KeySource, open_vault};
use crate::post::Post;
use crate::pseudonym::{self, Pseudonyms};
use crate::recorder::{Recorder, Writer};
use crate::secrets::Secrets;
use crate::settings::settle;
use crate::webhook::Webhook;
use freehold_auth::{Cost, Passwords};
use freehold_base::{Clock, SystemClock};
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_storage::{Database, Settings};
use rand::Rng;
use sea_orm::{ConnectOptions, DatabaseConnection};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The setting that holds the key of cursors.
const CURSOR_KEY: &str = "cursor_key";
/// The setting that holds the key of pseudonyms in the audit log.
const PSEUDONYM_KEY: &str = "pseudonym_key";
/// Connections for the platform's own tables.
const PLATFORM_CONNECTIONS: u32 = 8;

/// What an environment is opened with.
pub(crate) struct Opening {
    /// `development`, `production` …
    pub(crate) name: String,
    /// The app's directory.
    pub(crate) app: PathBuf,
    /// Where its database is.
    pub(crate) place: Place,
    /// Serves the console.
    pub(crate) console: bool,
    /// Browsers reach it without TLS.
    pub(crate) without_tls: bool,
    /// How dear password hashes are.
    pub(crate) cost: Cost,
    /// Which hosts are answered.
    pub(crate) hosts: Hosts,
    /// When an alert is raised, and who is told.
    pub(crate) alerts: AlertsConfig,
    /// Where its keys are.
    pub(crate) keys: KeySource,
    /// Where letters are left; without a folder nothing is sent.
    pub(crate) mail_dir: Option<PathBuf>,
    /// Where secrets that the model names are, a file each.
    pub(crate) secrets_dir: Option<PathBuf>,
    /// Or which mail server takes them.
    pub(crate) mail: MailConfig,
    /// Only operations of the app are answered.
    pub(crate) trusted_operations: bool,
}

/// Opens an environment. It has no bundle yet.
///
/// # Errors
/// When the database cannot be reached, or the platform's tables cannot be made.
pub(crate) async fn open(opening: Opening) -> Result<Environment, Failure> {
    let Opening {
        name,
        app,
        place,
        console,
        without_tls,
        cost,
        hosts,
        alerts,
        keys,
        mail_dir,
        secrets_dir,
        mail,
        trusted_operations,
    } = opening;
    // Before the database: what is wrong with the words of a letter is quickly told.
    let post = Post::open(&app, mail_dir, &mail)?;
    let settings = Settings {
        connections: place.connections,
        ..Settings::new(place.url.clone(), place.schema.clone())
    };
    let unreachable = |error: String| {
        Failure::new(format!("cannot open the database `{}`: {error}", place.masked()))
            .hint("an address is `sqlite:/path/to/file.db` or `postgres://user:password@host:port/database`")
    };
    let database = Database::open(&settings)
        .await
        .map_err(|error| unreachable(chain(&error)))?;
    let platform = connect(&place, database.sqlite_path())
        .await
        .map_err(|error| unreachable(chain(&error)))?;
    migrate(&platform).await?;
    let key = settle(&platform, CURSOR_KEY, &random_key::<KEY_BYTES>()).await?;
    let key = parse_key(&key)
        .ok_or_else(|| Failure::new(format!("the setting `{CURSOR_KEY}` of the environment is damaged")))?;
    let pseudonyms = settle(&platform, PSEUDONYM_KEY, &random_key::<{ pseudonym::KEY_BYTES }>()).await?;
    let pseudonyms = parse_key(&pseudonyms)
        .map(Pseudonyms::new)
        .ok_or_else(|| Failure::new(format!("the setting `{PSEUDONYM_KEY}` of the environment is damaged")))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let vault = open_vault(&platform, &keys, clock.clone()).await?;
    let bursts = alerts.bursts();
    let webhook = alerts
        .webhook
        .map(Webhook::start)
        .transpose()
        .map_err(|error| Failure::new(format!("the webhook's thread cannot be started: {error}")))?;
    let recorder = Recorder::start(Writer {
        database: database.clone(),
        clock: clock.clone(),
        bursts,
        webhook,
        environment: name.clone(),
    });
    let parallel = std::thread::available_parallelism().map_or(2, usize::from);
    Ok(Environment::new(Parts {
        post,
        name,
        label: app
            .canonicalize()
            .unwrap_or(app)
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        console,
        without_tls,
        database,
        platform,
        passwords: Passwords::new(cost, parallel, &mut rand::rng())?,
        sealer: Sealer::new(key),
        vault,
        clock,
        hosts,
        recorder,
        pseudonyms,
        trusted_operations,
        secrets: Secrets::new(secrets_dir),
    }))
}

/// The pool of the platform's own tables.
pub(crate) async fn connect(place: &Place, file: Option<&Path>) -> Result<DatabaseConnection, sea_orm::DbErr> {
    let url = match file {
        // The driver takes `%`, `?` and `#` of a path for its own.
        Some(path) => {
            let path = path
                .display()
                .to_string()
                .replace('%', "%25")
                .replace('?', "%3F")
                .replace('#', "%23");
            format!("sqlite://{path}?mode=rwc")
        }
        None => place.url.clone(),
    };
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(PLATFORM_CONNECTIONS)
        .acquire_timeout(Duration::from_secs(5))
        // A ping before each use costs up to 40 % of a small request.
        .test_before_acquire_if_idle_for(Duration::from_secs(30))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|options| {
            options.busy_timeout(Duration::from_secs(5)).pragma("journal_mode", "WAL").pragma("synchronous", "NORMAL")
        });
    if file.is_none() {
        options.set_schema_search_path(place.schema.clone());
    }
    sea_orm::Database::connect(options).await
}

/// Two servers that start together may both try the same step: the one that comes second tries again.
async fn migrate(platform: &DatabaseConnection) -> Result<(), Failure> {
    let mut outcome = Ok(());
    for _ in 0..3 {
        outcome = freehold_migrations::migrate(platform).await;
        match &outcome {
            Ok(()) => return Ok(()),
            Err(error) => tracing::debug!("the platform's tables: {}", chain(error)),
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    outcome.map_err(|error| Failure::new(format!("the platform's tables cannot be made: {}", chain(&error))))
}

fn random_key<const N: usize>() -> String {
    let mut key = [0; N];
    rand::rng().fill_bytes(&mut key);
    key.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn parse_key<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut key = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_their_text() {
        let text = random_key::<KEY_BYTES>();
        assert!(parse_key::<KEY_BYTES>(&text).is_some());
        assert_eq!(parse_key::<32>(&text), None, "of another length");
        for bad in ["", "zz", &text[1..], &text.replace(['0', '1', '2'], "x")] {
            assert_eq!(parse_key::<KEY_BYTES>(bad), None, "{bad}");
        }
    }
}

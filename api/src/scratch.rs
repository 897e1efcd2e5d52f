//! An environment that is thrown away: for policy tests. In a folder of its own, and on PostgreSQL in a schema of its own.

use crate::config::{AlertsConfig, MailConfig, Place};
use crate::environments::Environment;
use crate::error::{Failure, chain};
use crate::http::host::Hosts;
use crate::keys::KeySource;
use crate::startup::{Opening, open};
use freehold_auth::Cost;
use freehold_storage::{Database, Settings};
use std::path::{Path, PathBuf};

/// Connections to the app's tables: tests ask one after the other.
const CONNECTIONS: usize = 2;

/// Where a thrown-away environment is. [`Scratch::remove`] it, whatever became of what was done in it.
pub(crate) struct Scratch {
    folder: PathBuf,
    place: Place,
}

impl Scratch {
    /// A place for one: SQLite, or that PostgreSQL server.
    ///
    /// # Errors
    /// When the address is none of a PostgreSQL server, or the folder cannot be made.
    pub(crate) fn new(database: Option<&str>) -> Result<Self, Failure> {
        let name = format!("freehold_test_{:016x}", rand::random::<u64>());
        let folder = std::env::temp_dir().join(&name);
        let unwritable = |error| Failure::new(format!("cannot make the folder `{}`: {error}", folder.display()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let url = match database {
            Some(url) => url.to_owned(),
            None => format!("sqlite:{}", folder.join("test.db").display()),
        };
        let place = Place {
            url,
            schema: name,
            connections: CONNECTIONS,
        };
        let is_server = place.url.starts_with("postgres://") || place.url.starts_with("postgresql://");
        if database.is_some() && !is_server {
            return Err(
                Failure::new(format!("`{}` is no address of a PostgreSQL server", place.masked()))
                    .hint("leave `--database` out to test on SQLite, in a file that is thrown away"),
            );
        }
        builder.create(&folder).map_err(unwritable)?;
        Ok(Self { folder, place })
    }

    /// Opens the environment. It has no bundle yet.
    ///
    /// # Errors
    /// As [`open`].
    pub(crate) async fn open(&self, app: &Path) -> Result<Environment, Failure> {
        open(Opening {
            name: "test".to_owned(),
            app: app.to_owned(),
            place: self.place.clone(),
            console: false,
            without_tls: true,
            cost: Cost::Demo,
            hosts: Hosts::default(),
            alerts: AlertsConfig::default(),
            keys: KeySource::FileOrNew(self.folder.join("keys.json")),
            // Nothing is sent in a rehearsal; but what needs a letter can be rehearsed.
            mail_dir: Some(self.folder.join("mail")),
            secrets_dir: None,
            mail: MailConfig::default(),
            trusted_operations: false,
        })
        .await
    }

    /// Removes it with all that is in it. Its environment should be dropped by then.
    ///
    /// # Errors
    /// When the schema cannot be dropped: somebody has to do it by hand.
    pub(crate) async fn remove(self) -> Result<(), Failure> {
        if self.place.url.starts_with("sqlite:") {
            return Ok(());
        }
        let settings = Settings {
            connections: 1,
            ..Settings::new(self.place.url.clone(), self.place.schema.clone())
        };
        let dropped = async { Database::open(&settings).await?.drop_schema(&self.place.schema).await };
        dropped.await.map_err(|error| {
            Failure::new(format!(
                "the schema `{}` could not be dropped: {}",
                self.place.schema,
                chain(&error)
            ))
            .hint(format!("drop it by hand: DROP SCHEMA {} CASCADE", self.place.schema))
        })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            tracing::warn!("`{}` could not be removed: {error}", self.folder.display());
        }
    }
}

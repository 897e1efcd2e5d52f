//! Databases with the platform's tables, key files in a folder of their own, and a provider that fails when told.

use crate::error::{Result, VaultError};
use crate::provider::{KekId, KekView, KeyProvider};
use crate::secret::DataSecret;
use crate::{KeyFile, KeyUse, Vault};
use freehold_base::{CellPlace, Clock, EntityTag, FieldPlace, RowId, Timestamp};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

/// A clock that goes when told.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_800_000_000_000_000)))
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.0.fetch_add(time.as_micros() as i64, Ordering::Relaxed);
    }
}

pub(crate) fn chance(bytes: &mut [u8]) {
    rand::Rng::fill_bytes(&mut rand::rng(), bytes);
}

/// A folder that goes with its owner.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let mut random = [0; 8];
        chance(&mut random);
        let path = std::env::temp_dir().join(format!("freehold-vault-{:016x}", u64::from_be_bytes(random)));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An environment without data keys, and its key file.
pub(crate) struct World {
    pub(crate) database: DatabaseConnection,
    pub(crate) folder: Folder,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) file: Arc<KeyFile>,
}

/// On SQLite alone: for what has nothing to do with the database.
pub(crate) async fn alone() -> World {
    world(None, "").await
}

/// SQLite, and PostgreSQL in a schema of its own when `FREEHOLD_TEST_POSTGRES` has a URL.
pub(crate) async fn worlds(name: &str) -> Vec<World> {
    let mut found = vec![world(None, name).await];
    if let Some(url) = std::env::var_os("FREEHOLD_TEST_POSTGRES") {
        found.push(world(Some(&url.into_string().unwrap()), name).await);
    }
    found
}

async fn world(url: Option<&str>, name: &str) -> World {
    let folder = Folder::new();
    let database = match url {
        Some(url) => {
            let schema = format!("vault_{name}");
            let plain = Database::connect(url).await.unwrap();
            plain
                .execute_unprepared(&format!(
                    "SET client_min_messages = warning; DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"
                ))
                .await
                .unwrap();
            let mut options = ConnectOptions::new(url);
            options.max_connections(4).sqlx_logging(false);
            options.set_schema_search_path(schema);
            Database::connect(options).await.unwrap()
        }
        None => {
            let file = folder.file("vault.db");
            let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", file.display()));
            options.max_connections(4).sqlx_logging(false);
            options.map_sqlx_sqlite_opts(|options| {
                options
                    .busy_timeout(Duration::from_secs(5))
                    .pragma("journal_mode", "WAL")
            });
            Database::connect(options).await.unwrap()
        }
    };
    freehold_migrations::migrate(&database).await.unwrap();
    let clock = TestClock::new();
    let file = Arc::new(KeyFile::create(&folder.file("keys.json"), clock.as_ref(), chance).unwrap());
    World {
        database,
        folder,
        clock,
        file,
    }
}

impl World {
    /// A server's vault, with a key file of its own reading.
    pub(crate) async fn vault(&self) -> Vault {
        self.vault_with(self.reopened()).await.unwrap()
    }

    pub(crate) fn reopened(&self) -> Arc<KeyFile> {
        Arc::new(KeyFile::open(&self.folder.file("keys.json"), chance).unwrap())
    }

    pub(crate) async fn vault_with(&self, provider: Arc<dyn KeyProvider>) -> Result<Vault> {
        Vault::open(self.database.clone(), provider, self.clock.clone(), chance).await
    }
}

pub(crate) fn tenant(number: u8) -> RowId {
    RowId::from_bytes([number; 16])
}

/// The key `pii` of a tenant.
pub(crate) fn pii(tenant: RowId) -> KeyUse<'static> {
    KeyUse {
        name: "pii",
        tenant: Some(tenant),
        rotate_after: None,
    }
}

/// `ticket.iban` of one row.
pub(crate) fn cell(tenant: RowId) -> CellPlace<'static> {
    CellPlace {
        field: FieldPlace {
            tenant: Some(tenant),
            entity: EntityTag::new(7).unwrap(),
            field: "iban",
            key: "pii",
        },
        row: RowId::from_bytes([99; 16]),
    }
}

/// A provider that does so many things and then no more.
#[derive(Debug)]
pub(crate) struct Failing {
    pub(crate) inner: Arc<KeyFile>,
    pub(crate) left: AtomicUsize,
}

impl Failing {
    pub(crate) fn after(inner: Arc<KeyFile>, left: usize) -> Arc<Self> {
        Arc::new(Self {
            inner,
            left: AtomicUsize::new(left),
        })
    }

    pub(crate) fn allow(&self, left: usize) {
        self.left.store(left, Ordering::Relaxed);
    }

    fn spend(&self, kek: &KekId) -> Result<()> {
        let spent = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        spent.map(|_| ()).map_err(|_| VaultError::Unavailable {
            kek: kek.clone(),
            problem: "an outage".to_owned(),
        })
    }
}

#[async_trait::async_trait]
impl KeyProvider for Failing {
    async fn list(&self) -> Result<Vec<KekView>> {
        self.inner.list().await
    }

    async fn wrap(&self, kek: &KekId, binding: &[u8], secret: &DataSecret) -> Result<Vec<u8>> {
        self.spend(kek)?;
        self.inner.wrap(kek, binding, secret).await
    }

    async fn open(&self, kek: &KekId, binding: &[u8], wrapped: &[u8]) -> Result<Option<DataSecret>> {
        self.spend(kek)?;
        self.inner.open(kek, binding, wrapped).await
    }

    fn describe(&self) -> String {
        "a provider that fails".to_owned()
    }
}

//! An environment's data keys: found, made, kept in memory for a while, handed out as ciphers.

use crate::cipher::Cipher;
use crate::data_key::{KeyRing, binding};
use crate::error::{Result, VaultError};
use crate::provider::{KekId, KeyProvider};
use crate::secret::{Chance, DataSecret};
use freehold_base::{Clock, RowId};
use freehold_entities::{data_key, setting};
use moka::sync::Cache;
use sea_orm::sea_query::{Condition, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    TransactionTrait,
};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// The setting that tells the environment from every other.
const ENVIRONMENT: &str = "environment_id";
/// The setting that names the key-encryption key in use.
pub(crate) const KEK: &str = "kek";
/// Data keys of so many tenants stay in memory.
const RINGS_MAX: u64 = 10_000;
/// How long they do. Then one that was destroyed is gone.
const RINGS_KEPT: Duration = Duration::from_mins(5);
/// Places asked for in one statement.
const BATCH_MAX: usize = 200;
/// How often a data key is wrapped anew because the key-encryption key changed meanwhile.
const ATTEMPTS_MAX: usize = 8;

/// An environment's data keys.
pub struct Vault {
    pub(crate) database: DatabaseConnection,
    pub(crate) provider: Arc<dyn KeyProvider>,
    pub(crate) environment: Uuid,
    clock: Arc<dyn Clock>,
    chance: Chance,
    rings: Cache<(Uuid, String), Arc<KeyRing>>,
}

/// A key of the model, and whose data keys of it are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUse<'a> {
    /// The model's name of the key.
    pub name: &'a str,
    /// The tenant; `None` for a key of the environment.
    pub tenant: Option<RowId>,
    /// Age past which a new data key is made before anything is sealed.
    pub rotate_after: Option<Duration>,
}

/// A data key, as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataKeyView {
    /// The model's name of the key.
    pub name: String,
    /// Whose; `None`: the environment's.
    pub tenant: Option<RowId>,
    /// 1, 2, …: the greatest seals.
    pub number: u32,
    /// What wraps it.
    pub kek: KekId,
    /// When it was made; microseconds since 1970 UTC.
    pub created_at: i64,
}

impl fmt::Debug for Vault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Vault")
            .field("environment", &self.environment)
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// The vault of an environment whose platform's tables are there. The first provider that it is opened with is the only one
    /// whose keys it takes from then on.
    ///
    /// # Errors
    /// [`VaultError::ForeignKeys`] when the environment was opened with other keys before; when the provider or the database does
    /// not answer.
    pub async fn open(
        database: DatabaseConnection,
        provider: Arc<dyn KeyProvider>,
        clock: Arc<dyn Clock>,
        chance: Chance,
    ) -> Result<Self> {
        let known = provider.list().await?;
        let newest = known.last().ok_or_else(|| VaultError::Unavailable {
            kek: KekId("any".to_owned()),
            problem: format!("{} has no keys", provider.describe()),
        })?;
        let mut random = [0; 16];
        chance(&mut random);
        let environment = uuid::Builder::from_random_bytes(random).into_uuid().to_string();
        let environment = settle(&database, ENVIRONMENT, &environment).await?;
        let environment = Uuid::parse_str(&environment)
            .map_err(|_| DbErr::Custom(format!("the setting `{ENVIRONMENT}` is damaged")))?;
        let mut wrapping = vec![settle(&database, KEK, newest.id.as_str()).await?];
        wrapping.extend(wrapping_keys(&database).await?);
        if let Some(foreign) = wrapping
            .iter()
            .find(|id| !known.iter().any(|kek| kek.id.as_str() == *id))
        {
            return Err(VaultError::ForeignKeys {
                kek: KekId(foreign.clone()),
                provider: provider.describe(),
            });
        }
        Ok(Self {
            database,
            provider,
            environment,
            clock,
            chance,
            rings: Cache::builder()
                .max_capacity(RINGS_MAX)
                .time_to_live(RINGS_KEPT)
                .build(),
        })
    }

    /// Whether an environment was opened with keys before, so that no new ones may be made for it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_bound(database: &DatabaseConnection) -> Result<bool> {
        Ok(find_setting(database, KEK).await?.is_some())
    }

    /// A cipher that opens what was sealed at those places. One where nothing was ever sealed has no keys there.
    /// Asks the database only for keys that it does not hold.
    ///
    /// # Errors
    /// When the provider does not have a key, or the database does not answer.
    pub async fn cipher(&self, uses: &[KeyUse<'_>]) -> Result<Cipher> {
        let mut rings = Vec::with_capacity(uses.len());
        let mut missing = Vec::new();
        for wanted in uses {
            match self.rings.get(&place(wanted)) {
                Some(ring) => rings.push(ring),
                None => missing.push(*wanted),
            }
        }
        rings.extend(self.load(&missing).await?);
        Ok(Cipher {
            environment: self.environment,
            rings,
            chance: self.chance,
        })
    }

    /// A cipher that can seal at those places too: data keys that are not there yet, or are too old, are made.
    ///
    /// # Errors
    /// As [`Vault::cipher`].
    pub async fn sealing_cipher(&self, uses: &[KeyUse<'_>]) -> Result<Cipher> {
        let cipher = self.cipher(uses).await?;
        let now = self.clock.now().0;
        let wanted: Vec<(KeyUse<'_>, i32)> = uses
            .iter()
            .filter_map(|wanted| {
                let ring = cipher
                    .rings
                    .iter()
                    .find(|ring| ring.name == wanted.name && ring.tenant == wanted.tenant);
                let Some(newest) = ring.and_then(|ring| ring.newest()) else {
                    return Some((*wanted, 1));
                };
                let age = u128::try_from(now.saturating_sub(newest.created_at)).unwrap_or(0);
                let old = wanted.rotate_after.is_some_and(|limit| age > limit.as_micros());
                old.then(|| (*wanted, newest.number.saturating_add(1) as i32))
            })
            .collect();
        if wanted.is_empty() {
            return Ok(cipher);
        }
        for batch in wanted.chunks(BATCH_MAX) {
            self.make(batch).await?;
        }
        self.forget(uses);
        self.cipher(uses).await
    }

    /// Asks the database anew next time: another server may have made data keys since.
    pub fn forget(&self, uses: &[KeyUse<'_>]) {
        for wanted in uses {
            self.rings.invalidate(&place(wanted));
        }
    }

    /// The data keys, as they may be shown.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list(&self) -> Result<Vec<DataKeyView>> {
        let rows = data_key::Entity::find()
            .order_by_asc(data_key::Column::Name)
            .order_by_asc(data_key::Column::TenantId)
            .order_by_asc(data_key::Column::Number)
            .all(&self.database)
            .await?;
        let view = |row: data_key::Model| DataKeyView {
            name: row.name,
            tenant: (!row.tenant_id.is_nil()).then(|| RowId::from(row.tenant_id)),
            number: row.number as u32,
            kek: KekId(row.kek_id),
            created_at: row.created_at,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// The key-encryption key in use.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn current(&self) -> Result<KekId> {
        let current = find_setting(&self.database, KEK).await?;
        let current = current.ok_or_else(|| DbErr::RecordNotFound(format!("fh_setting `{KEK}`")))?;
        Ok(KekId(current))
    }

    async fn load(&self, uses: &[KeyUse<'_>]) -> Result<Vec<Arc<KeyRing>>> {
        let mut rings = Vec::new();
        for batch in uses.chunks(BATCH_MAX) {
            let any = batch.iter().fold(Condition::any(), |any, wanted| {
                let (tenant, name) = place(wanted);
                let one = Condition::all()
                    .add(data_key::Column::TenantId.eq(tenant))
                    .add(data_key::Column::Name.eq(name));
                any.add(one)
            });
            let rows = data_key::Entity::find().filter(any).all(&self.database).await?;
            let mut by_place: BTreeMap<(Uuid, &str), Vec<&data_key::Model>> = BTreeMap::new();
            for row in &rows {
                by_place.entry((row.tenant_id, &row.name)).or_default().push(row);
            }
            for ((tenant, name), rows) in by_place {
                let ring = KeyRing::open(self.provider.as_ref(), self.environment, &rows).await?;
                if let Some(ring) = ring.map(Arc::new) {
                    self.rings.insert((tenant, name.to_owned()), ring.clone());
                    rings.push(ring);
                }
            }
        }
        Ok(rings)
    }

    /// Makes data keys of those numbers. Those that somebody else has made meanwhile stay as they are.
    async fn make(&self, wanted: &[(KeyUse<'_>, i32)]) -> Result<()> {
        for _ in 0..ATTEMPTS_MAX {
            let kek = self.current().await?;
            let mut rows = Vec::with_capacity(wanted.len());
            for (wanted, number) in wanted {
                rows.push(self.wrapped(wanted, *number, &kek).await?);
            }
            let transaction = self.database.begin().await?;
            let there = [
                data_key::Column::TenantId,
                data_key::Column::Name,
                data_key::Column::Number,
            ];
            data_key::Entity::insert_many(rows)
                .on_conflict(OnConflict::columns(there).do_nothing().to_owned())
                .exec_without_returning(&transaction)
                .await?;
            // INVARIANT: no row is committed under a key-encryption key that is not in use: a rotation that has begun would miss
            // it. The lock holds a rotation off until this is done; on SQLite the insertion has done that.
            let in_use = setting::Entity::find_by_id(KEK)
                .lock_shared()
                .one(&transaction)
                .await?
                .is_some_and(|row| row.value == kek.as_str());
            if in_use {
                transaction.commit().await?;
                return Ok(());
            }
            transaction.rollback().await?;
        }
        Err(VaultError::Busy)
    }

    /// A new data key, wrapped.
    async fn wrapped(&self, wanted: &KeyUse<'_>, number: i32, kek: &KekId) -> Result<data_key::ActiveModel> {
        let mut random = [0; 16];
        (self.chance)(&mut random);
        let (tenant_id, name) = place(wanted);
        let mut row = data_key::Model {
            id: uuid::Builder::from_random_bytes(random).into_uuid(),
            tenant_id,
            name,
            number,
            kek_id: kek.as_str().to_owned(),
            wrapped: Vec::new(),
            created_at: self.clock.now().0,
        };
        let secret = DataSecret::random(self.chance);
        row.wrapped = self
            .provider
            .wrap(kek, &binding(self.environment, &row), &secret)
            .await?;
        let data_key::Model {
            id,
            tenant_id,
            name,
            number,
            kek_id,
            wrapped,
            created_at,
        } = row;
        Ok(data_key::ActiveModel {
            id: Set(id),
            tenant_id: Set(tenant_id),
            name: Set(name),
            number: Set(number),
            kek_id: Set(kek_id),
            wrapped: Set(wrapped),
            created_at: Set(created_at),
        })
    }
}

/// The key-encryption keys that wrap something.
async fn wrapping_keys(database: &DatabaseConnection) -> Result<Vec<String>> {
    Ok(data_key::Entity::find()
        .select_only()
        .column(data_key::Column::KekId)
        .distinct()
        .into_tuple()
        .all(database)
        .await?)
}

fn place(wanted: &KeyUse<'_>) -> (Uuid, String) {
    (wanted.tenant.map_or(Uuid::nil(), RowId::uuid), wanted.name.to_owned())
}

async fn find_setting(database: &DatabaseConnection, key: &str) -> Result<Option<String>> {
    let row = setting::Entity::find_by_id(key).one(database).await?;
    Ok(row.map(|row| row.value))
}

/// The setting, which is `value` if nobody has set it before.
async fn settle(database: &DatabaseConnection, key: &str, value: &str) -> Result<String> {
    let row = setting::ActiveModel {
        key: Set(key.to_owned()),
        value: Set(value.to_owned()),
    };
    setting::Entity::insert(row)
        .on_conflict(OnConflict::column(setting::Column::Key).do_nothing().to_owned())
        .exec_without_returning(database)
        .await?;
    let settled = find_setting(database, key).await?;
    Ok(settled.ok_or_else(|| DbErr::RecordNotFound(format!("fh_setting `{key}`")))?)
}

#[cfg(test)]
mod tests;

//! Data keys, opened: what a row of `fh_data_key` is in memory.

use crate::error::{Result, VaultError};
use crate::provider::{KekId, KeyProvider};
use crate::secret::DataSecret;
use freehold_base::RowId;
use freehold_entities::data_key;
use sea_orm::prelude::Uuid;

/// The data keys of one tenant, or of the environment, under one key of the model.
pub(crate) struct KeyRing {
    /// Whose; `None`: the environment's.
    pub(crate) tenant: Option<RowId>,
    /// The model's name of the key.
    pub(crate) name: String,
    /// By ascending number; never empty.
    keys: Vec<DataKey>,
}

/// One data key.
pub(crate) struct DataKey {
    pub(crate) number: u32,
    pub(crate) created_at: i64,
    secret: DataSecret,
}

impl DataKey {
    /// What seals values: AES-256-GCM-SIV.
    pub(crate) fn sealing(&self) -> &[u8; 32] {
        // INVARIANT: a data key is longer than both of its parts together.
        self.secret.bytes().first_chunk().unwrap_or(&[0; 32])
    }

    /// What makes tokens: AES-SIV with two keys of 256 bits.
    pub(crate) fn comparing(&self) -> &[u8; 64] {
        self.secret.bytes().last_chunk().unwrap_or(&[0; 64])
    }
}

impl KeyRing {
    /// The keys in the rows; `None` if there are none.
    ///
    /// # Errors
    /// When the provider does not have a key, or a row was changed.
    pub(crate) async fn open(
        provider: &dyn KeyProvider,
        environment: Uuid,
        rows: &[&data_key::Model],
    ) -> Result<Option<Self>> {
        let Some(first) = rows.first() else { return Ok(None) };
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            keys.push(DataKey {
                number: row.number as u32,
                created_at: row.created_at,
                secret: open(provider, environment, row).await?,
            });
        }
        keys.sort_by_key(|key| key.number);
        Ok(Some(Self {
            tenant: (!first.tenant_id.is_nil()).then(|| RowId::from(first.tenant_id)),
            name: first.name.clone(),
            keys,
        }))
    }

    /// The key that seals from now on.
    pub(crate) fn newest(&self) -> Option<&DataKey> {
        self.keys.last()
    }

    /// The key that makes tokens. INVARIANT: always the first, or equal values would not be equal any more.
    pub(crate) fn first(&self) -> Option<&DataKey> {
        self.keys.first()
    }

    /// The key that sealed a value.
    pub(crate) fn find(&self, number: u32) -> Option<&DataKey> {
        self.keys.iter().find(|key| key.number == number)
    }
}

/// Opens the data key of a row.
pub(crate) async fn open(provider: &dyn KeyProvider, environment: Uuid, row: &data_key::Model) -> Result<DataSecret> {
    let kek = KekId(row.kek_id.clone());
    let opened = provider.open(&kek, &binding(environment, row), &row.wrapped).await?;
    opened.ok_or_else(|| VaultError::Damaged { name: row.name.clone() })
}

/// What a wrapped data key is bound to: it opens in no other row of the table, and in no other environment.
pub(crate) fn binding(environment: Uuid, row: &data_key::Model) -> Vec<u8> {
    let mut out = b"freehold data key 1\0".to_vec();
    out.extend_from_slice(environment.as_bytes());
    out.extend_from_slice(row.id.as_bytes());
    out.extend_from_slice(row.tenant_id.as_bytes());
    out.extend_from_slice(&row.number.to_be_bytes());
    out.extend_from_slice(row.name.as_bytes());
    out
}

//! Rotation: every data key wrapped anew, one by one, while servers go on. It can be killed at any moment and begun again.
//!
//! The order is what makes it safe. The new key is in the file before the environment names it, so nobody meets a name without a
//! key. The environment names it before anything is wrapped anew, so no data key is made under an older one from then on. An older
//! key goes only when nothing is left that it wraps.

use crate::data_key::{binding, open};
use crate::error::{Result, VaultError};
use crate::key_file::KeyFile;
use crate::provider::{KekId, KeyProvider};
use crate::vault::{KEK, Vault};
use freehold_base::Clock;
use freehold_entities::{data_key, setting};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

/// Data keys read at a time.
const BATCH_MAX: u64 = 100;

/// What a rotation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The key-encryption key in use now.
    pub kek: KekId,
    /// Whether it was added just now; else a rotation that was interrupted went on with it.
    pub added: bool,
    /// How many data keys were wrapped anew.
    pub rewrapped: u64,
}

/// What was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired {
    /// The rotation that was finished first, without a new key.
    pub rotation: Rotation,
    /// The key-encryption keys that are gone from the file.
    pub dropped: Vec<KekId>,
}

/// Adds a key to the file and wraps every data key with it; a rotation that was interrupted is finished instead.
/// `progress` is told how many are done, and how many there were.
///
/// # Errors
/// When the file or the database does not answer; all that was done stays done.
pub async fn rotate(
    vault: &Vault,
    file: &KeyFile,
    clock: &dyn Clock,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Rotation> {
    let newest = newest(file).await?;
    let interrupted = vault.current().await? != newest || vault.count_others(&newest).await? > 0;
    let kek = if interrupted { newest } else { file.add(clock)? };
    vault.adopt(&kek).await?;
    Ok(Rotation {
        rewrapped: vault.rewrap(&kek, progress).await?,
        added: !interrupted,
        kek,
    })
}

/// Finishes a rotation, and drops every key from the file but the newest.
///
/// # Errors
/// As [`rotate`]; [`VaultError::InUse`] when something is left that an older key wraps: nothing is dropped then.
pub async fn retire(vault: &Vault, file: &KeyFile, progress: &mut (dyn FnMut(u64, u64) + Send)) -> Result<Retired> {
    let kek = newest(file).await?;
    vault.adopt(&kek).await?;
    let rewrapped = vault.rewrap(&kek, progress).await?;
    let count = vault.count_others(&kek).await?;
    if count > 0 {
        return Err(VaultError::InUse { count });
    }
    let dropped = file.keep_only(&kek)?;
    Ok(Retired {
        rotation: Rotation {
            kek,
            added: false,
            rewrapped,
        },
        dropped,
    })
}

async fn newest(file: &KeyFile) -> Result<KekId> {
    let keys = file.list().await?;
    let newest = keys.into_iter().next_back().map(|kek| kek.id);
    newest.ok_or_else(|| VaultError::Unavailable {
        kek: KekId("any".to_owned()),
        problem: format!("{} has no keys", file.describe()),
    })
}

impl Vault {
    /// Names the key under which data keys are made from now on.
    async fn adopt(&self, kek: &KekId) -> Result<()> {
        setting::Entity::update_many()
            .col_expr(setting::Column::Value, Expr::value(kek.as_str()))
            .filter(setting::Column::Key.eq(KEK))
            .exec(&self.database)
            .await?;
        Ok(())
    }

    /// How many data keys another key wraps.
    async fn count_others(&self, kek: &KekId) -> Result<u64> {
        Ok(data_key::Entity::find()
            .filter(data_key::Column::KekId.ne(kek.as_str()))
            .count(&self.database)
            .await?)
    }

    /// Wraps every data key with that key, one by one.
    async fn rewrap(&self, kek: &KekId, progress: &mut (dyn FnMut(u64, u64) + Send)) -> Result<u64> {
        let all = self.count_others(kek).await?;
        let mut done = 0;
        loop {
            // Two that ran on against each other would never end.
            if self.current().await? != *kek {
                return Err(VaultError::Busy);
            }
            let rows = data_key::Entity::find()
                .filter(data_key::Column::KekId.ne(kek.as_str()))
                .order_by_asc(data_key::Column::Id)
                .limit(BATCH_MAX)
                .all(&self.database)
                .await?;
            if rows.is_empty() {
                return Ok(done);
            }
            for row in &rows {
                done += self.rewrap_one(row, kek).await?;
                progress(done, all.max(done));
            }
        }
    }

    async fn rewrap_one(&self, row: &data_key::Model, kek: &KekId) -> Result<u64> {
        let secret = open(self.provider.as_ref(), self.environment, row).await?;
        let bound = binding(self.environment, row);
        let wrapped = self.provider.wrap(kek, &bound, &secret).await?;
        // What is stored must open before what was stored is gone.
        let opened = self.provider.open(kek, &bound, &wrapped).await?;
        if opened.is_none_or(|opened| opened.bytes() != secret.bytes()) {
            return Err(VaultError::Damaged { name: row.name.clone() });
        }
        let updated = data_key::Entity::update_many()
            .col_expr(data_key::Column::KekId, Expr::value(kek.as_str()))
            .col_expr(data_key::Column::Wrapped, Expr::value(wrapped))
            .filter(data_key::Column::Id.eq(row.id))
            .filter(data_key::Column::KekId.eq(row.kek_id.as_str()))
            .exec(&self.database)
            .await?;
        match updated.rows_affected {
            0 | 1 => Ok(updated.rows_affected),
            other => Err(DbErr::Custom(format!("{other} data keys have one id")).into()),
        }
    }
}

#[cfg(test)]
mod tests;

//! Where an environment's keys come from, and the ciphers of requests: the vault told in the words of a catalog.

use crate::environments::Environment;
use crate::error::{Failure, Refusal};
use freehold_base::{Clock, Code, RowId};
use freehold_schema::catalog::{Catalog, KeyScope};
use freehold_vault::{Cipher, KeyFile, KeyProvider, KeyUse, Vault, VaultError};
use rand::Rng;
use sea_orm::DatabaseConnection;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the key-encryption keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// In a file that is there.
    File(PathBuf),
    /// In a file that is made for an environment that has no keys yet: `dev`.
    FileOrNew(PathBuf),
}

impl KeySource {
    fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::FileOrNew(path) => path,
        }
    }
}

/// Randomness for keys and nonces.
pub(crate) fn chance(bytes: &mut [u8]) {
    rand::rng().fill_bytes(bytes);
}

/// Opens the vault of an environment. A key file is made only for one that has never had keys: those of another are lost with
/// their file, and a new one would not bring them back.
///
/// # Errors
/// When the file is not there, is not its owner's alone, or is that of another environment.
pub(crate) async fn open_vault(
    platform: &DatabaseConnection,
    source: &KeySource,
    clock: Arc<dyn Clock>,
) -> Result<Vault, Failure> {
    let path = source.path();
    if matches!(source, KeySource::FileOrNew(_)) && !path.exists() && !Vault::is_bound(platform).await? {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|error| Failure::new(format!("cannot make the folder `{}`: {error}", folder.display())))?;
        }
        match KeyFile::create(path, clock.as_ref(), chance) {
            // Another server that starts at the same time has made it.
            Ok(_) | Err(VaultError::FileExists { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let file: Arc<dyn KeyProvider> = Arc::new(KeyFile::open(path, chance)?);
    Ok(Vault::open(platform.clone(), file, clock, chance).await?)
}

/// Names of the keys under which some field is encrypted.
pub(crate) fn in_use(catalog: &Catalog) -> BTreeSet<&String> {
    let fields = catalog.entities.values().flat_map(|entity| &entity.fields);
    fields.filter_map(|field| field.encrypted.as_ref()).collect()
}

/// The keys of those names, for rows of that tenant. A key of each tenant is none where there is no tenant.
pub(crate) fn uses<'a>(
    catalog: &'a Catalog,
    names: impl IntoIterator<Item = &'a String>,
    tenant: Option<RowId>,
) -> Vec<KeyUse<'a>> {
    let mut uses = Vec::new();
    for name in names {
        let Some(key) = catalog.keys.get(name) else { continue };
        let tenant = match (key.scope, tenant) {
            (KeyScope::Environment, _) => None,
            (KeyScope::Tenant, None) => continue,
            (KeyScope::Tenant, Some(tenant)) => Some(tenant),
        };
        let rotate_after = key.rotate_after;
        uses.push(KeyUse {
            name,
            tenant,
            rotate_after,
        });
    }
    uses
}

impl Environment {
    /// What opens the values under those keys. Without any it asks nobody and opens nothing.
    ///
    /// # Errors
    /// `UNAVAILABLE` when a key is not there.
    pub(crate) async fn cipher(&self, uses: &[KeyUse<'_>]) -> Result<Cipher, Refusal> {
        Ok(self.vault.cipher(uses).await?)
    }

    /// What seals values under those keys, too.
    ///
    /// # Errors
    /// `UNAVAILABLE` when a key is not there and cannot be made.
    pub(crate) async fn sealing_cipher(&self, uses: &[KeyUse<'_>]) -> Result<Cipher, Refusal> {
        Ok(self.vault.sealing_cipher(uses).await?)
    }
}

/// Whether a request may be tried once more with keys that are loaded anew: another server has made some since.
pub(crate) fn is_about_keys(error: &freehold_storage::Error) -> bool {
    matches!(error, freehold_storage::Error::Sealed { .. }) && error.code() == Code::Unavailable
}

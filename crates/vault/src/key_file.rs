//! Key-encryption keys in a file that its owner alone can read.

use crate::error::{Result, VaultError};
use crate::provider::{KekId, KekView, KeyProvider};
use crate::secret::{Chance, DataSecret, Secret};
use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit};
use freehold_base::Clock;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::Zeroizing;

/// Bytes of a key-encryption key.
const KEK_BYTES: usize = 32;
/// Bytes of the nonce of AES-GCM-SIV.
const NONCE_BYTES: usize = 12;
/// A key file is small; more is something else.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The form of the file.
const VERSION: u32 = 1;

/// A file with key-encryption keys, the newest last. Read again when it is asked for a key that it did not have.
pub struct KeyFile {
    path: PathBuf,
    keys: RwLock<Arc<Vec<Kek>>>,
    chance: Chance,
}

/// One key.
struct Kek {
    id: KekId,
    created_at: i64,
    key: Arc<Secret<KEK_BYTES>>,
}

/// The file as it is written.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored<'a> {
    version: u32,
    #[serde(borrow)]
    keys: Vec<StoredKek<'a>>,
}

/// A key as it is written: hexadecimal.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKek<'a> {
    id: &'a str,
    created_at: i64,
    key: &'a str,
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("KeyFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl KeyFile {
    /// Makes a new file with one key.
    ///
    /// # Errors
    /// [`VaultError::FileExists`], or when it cannot be written.
    pub fn create(path: &Path, clock: &dyn Clock, chance: Chance) -> Result<Self> {
        let keys = vec![Kek::random(clock, chance)];
        let mut file = match create_private(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(VaultError::FileExists { path: path.to_owned() });
            }
            outcome => outcome.map_err(|error| unwritten(path, error))?,
        };
        write_durably(&mut file, path, &keys).map_err(|error| unwritten(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            keys: RwLock::new(Arc::new(keys)),
            chance,
        })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`VaultError::NoFile`], [`VaultError::OpenToOthers`], or when it is no key file.
    pub fn open(path: &Path, chance: Chance) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            keys: RwLock::new(Arc::new(read(path)?)),
            chance,
        })
    }

    /// Adds a key, which is the newest then. The old file is there until the new one is on the disk.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn add(&self, clock: &dyn Clock) -> Result<KekId> {
        let kek = Kek::random(clock, self.chance);
        let id = kek.id.clone();
        self.change(|keys| keys.push(kek))?;
        Ok(id)
    }

    /// Drops every key but that one. What they wrapped, in backups too, opens no more.
    ///
    /// # Errors
    /// When the file does not have that key, or cannot be read or written.
    pub fn keep_only(&self, kek: &KekId) -> Result<Vec<KekId>> {
        let mut dropped = Vec::new();
        self.change(|keys| {
            if keys.iter().any(|known| known.id == *kek) {
                dropped = keys
                    .iter()
                    .map(|known| known.id.clone())
                    .filter(|id| id != kek)
                    .collect();
                keys.retain(|known| known.id == *kek);
            }
        })?;
        self.find(kek)?;
        Ok(dropped)
    }

    /// Changes the file while nobody else does.
    fn change(&self, change: impl FnOnce(&mut Vec<Kek>)) -> Result<()> {
        let path = &self.path;
        let _lock = lock(path)?;
        let mut keys = read(path)?;
        change(&mut keys);
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let beside = path.with_file_name(name);
        let written = (|| {
            // Left by one who was killed while writing it; nobody has used it.
            if beside.exists() {
                std::fs::remove_file(&beside)?;
            }
            let mut file = create_private(&beside)?;
            write_durably(&mut file, &beside, &keys)?;
            std::fs::rename(&beside, path)?;
            sync_folder(path)
        })();
        written.map_err(|error| unwritten(path, error))?;
        self.put(keys);
        Ok(())
    }

    fn put(&self, keys: Vec<Kek>) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    fn keys(&self) -> Arc<Vec<Kek>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key; the file is read again when it is not known, as another process may have added it.
    fn find(&self, id: &KekId) -> Result<Arc<Secret<KEK_BYTES>>> {
        let known = |keys: &[Kek]| keys.iter().find(|kek| kek.id == *id).map(|kek| kek.key.clone());
        if let Some(key) = known(&self.keys()) {
            return Ok(key);
        }
        self.put(read(&self.path)?);
        known(&self.keys()).ok_or_else(|| VaultError::Unavailable {
            kek: id.clone(),
            problem: format!("{} does not have it", self.describe()),
        })
    }
}

#[async_trait::async_trait]
impl KeyProvider for KeyFile {
    async fn list(&self) -> Result<Vec<KekView>> {
        self.put(read(&self.path)?);
        let view = |kek: &Kek| KekView {
            id: kek.id.clone(),
            created_at: kek.created_at,
        };
        Ok(self.keys().iter().map(view).collect())
    }

    async fn wrap(&self, kek: &KekId, binding: &[u8], secret: &DataSecret) -> Result<Vec<u8>> {
        let key = self.find(kek)?;
        let mut nonce = [0; NONCE_BYTES];
        (self.chance)(&mut nonce);
        let payload = Payload {
            msg: secret.bytes(),
            aad: binding,
        };
        let sealed = Aes256GcmSiv::new(key.bytes().into()).encrypt(&nonce.into(), payload);
        let sealed = sealed.map_err(|_| VaultError::Unavailable {
            kek: kek.clone(),
            problem: "it cannot wrap".to_owned(),
        })?;
        Ok([&nonce[..], &sealed].concat())
    }

    async fn open(&self, kek: &KekId, binding: &[u8], wrapped: &[u8]) -> Result<Option<DataSecret>> {
        let key = self.find(kek)?;
        let Some((nonce, sealed)) = wrapped.split_first_chunk::<NONCE_BYTES>() else {
            return Ok(None);
        };
        let payload = Payload {
            msg: sealed,
            aad: binding,
        };
        let opened = Aes256GcmSiv::new(key.bytes().into()).decrypt(nonce.into(), payload);
        Ok(opened
            .ok()
            .map(Zeroizing::new)
            .and_then(|bytes| DataSecret::from_slice(&bytes)))
    }

    fn describe(&self) -> String {
        format!("the key file `{}`", self.path.display())
    }
}

impl Kek {
    fn random(clock: &dyn Clock, chance: Chance) -> Self {
        let key = Secret::random(chance);
        Self {
            id: fingerprint(&key),
            created_at: clock.now().0,
            key: Arc::new(key),
        }
    }
}

/// The name of a key: 64 bits of its hash, which say nothing of its 256.
fn fingerprint(key: &Secret<KEK_BYTES>) -> KekId {
    let hash = Sha256::new()
        .chain_update(b"freehold key-encryption key\0")
        .chain_update(key.bytes())
        .finalize();
    KekId(hex(&hash[..8]))
}

/// Reads a key file, if its owner alone can.
fn read(path: &Path) -> Result<Vec<Kek>> {
    let unread = |source: std::io::Error| VaultError::File {
        path: path.to_owned(),
        action: "read",
        source,
    };
    let bad = |problem| VaultError::BadFile {
        path: path.to_owned(),
        problem,
    };
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(VaultError::NoFile { path: path.to_owned() });
        }
        outcome => outcome.map_err(unread)?,
    };
    let about = file.metadata().map_err(unread)?;
    if !about.is_file() {
        return Err(bad("it is no file"));
    }
    check_private(path, &about)?;
    if about.len() > FILE_BYTES_MAX {
        return Err(bad("it is too large"));
    }
    // Room for all of it from the start: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(about.len() as usize + 1));
    file.take(FILE_BYTES_MAX).read_to_end(&mut text).map_err(unread)?;
    let stored: Stored<'_> =
        serde_json::from_slice(&text).map_err(|_| bad("it is not what `freehold keys new` writes"))?;
    if stored.version != VERSION {
        return Err(bad("it was written by another version"));
    }
    let mut keys = Vec::with_capacity(stored.keys.len());
    for stored in &stored.keys {
        let key = unhex(stored.key).ok_or_else(|| bad("one of its keys has not 64 hexadecimal digits"))?;
        let id = fingerprint(&key);
        if id.as_str() != stored.id {
            return Err(bad("one of its keys does not fit its id: the file was changed"));
        }
        keys.push(Kek {
            id,
            created_at: stored.created_at,
            key: Arc::new(key),
        });
    }
    if keys.is_empty() {
        return Err(bad("it has no keys"));
    }
    Ok(keys)
}

#[cfg(unix)]
fn check_private(path: &Path, about: &std::fs::Metadata) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = about.permissions().mode() & 0o7777;
    let others = mode & 0o077;
    if others > 0 {
        return Err(VaultError::OpenToOthers {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_: &Path, _: &std::fs::Metadata) -> Result<()> {
    Ok(())
}

fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes the keys so that they are there after a loss of power.
fn write_durably(file: &mut File, path: &Path, keys: &[Kek]) -> std::io::Result<()> {
    let mut text = Zeroizing::new(String::with_capacity(64 + 160 * keys.len()));
    // Writing to a string does not fail.
    let _ = write!(text, "{{\n  \"version\": {VERSION},\n  \"keys\": [");
    for (index, kek) in keys.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let key = Zeroizing::new(hex(kek.key.bytes()));
        let _ = write!(
            text,
            "{comma}\n    {{\"id\": \"{}\", \"created_at\": {}, \"key\": \"{}\"}}",
            kek.id, kek.created_at, *key
        );
    }
    text.push_str("\n  ]\n}\n");
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    sync_folder(path)
}

/// A name in a folder is on the disk when the folder is.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// Waits until nobody else changes the file. The lock is of the file itself, which a change replaces, so it is looked at again.
fn lock(path: &Path) -> Result<File> {
    let unread = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound => VaultError::NoFile { path: path.to_owned() },
        _ => VaultError::File {
            path: path.to_owned(),
            action: "read",
            source,
        },
    };
    loop {
        let file = File::open(path).map_err(unread)?;
        file.lock().map_err(unread)?;
        if is_same(&file, path).map_err(unread)? {
            return Ok(file);
        }
    }
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (held, there) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((held.dev(), held.ino()) == (there.dev(), there.ino()))
}

#[cfg(not(unix))]
fn is_same(_: &File, _: &Path) -> std::io::Result<bool> {
    Ok(true)
}

fn unwritten(path: &Path, source: std::io::Error) -> VaultError {
    VaultError::File {
        path: path.to_owned(),
        action: "written",
        source,
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn unhex(text: &str) -> Option<Secret<KEK_BYTES>> {
    if text.len() != 2 * KEK_BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = Zeroizing::new([0; KEK_BYTES]);
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Secret::from_slice(bytes.as_slice())
}

#[cfg(test)]
mod tests;

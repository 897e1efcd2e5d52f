//! Why keys are not there.

use crate::KekId;
use freehold_base::Code;
use sea_orm::DbErr;
use std::path::PathBuf;

/// The result of this room's functions.
pub type Result<T> = std::result::Result<T, VaultError>;

/// Why keys are not there. Holds no key material.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no key file.
    #[error("there is no key file `{}`", path.display())]
    NoFile {
        /// Where it should be.
        path: PathBuf,
    },
    /// A key file is never written over.
    #[error("`{}` is there already", path.display())]
    FileExists {
        /// Where it is.
        path: PathBuf,
    },
    /// The key file cannot be read or written.
    #[error("the key file `{}` cannot be {action}", path.display())]
    File {
        /// Where it is.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Others than its owner can read it, so its keys may be known already.
    #[error("others can read the key file `{}` (mode {mode:04o})", path.display())]
    OpenToOthers {
        /// Where it is.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The key file holds no keys.
    #[error("`{}` is no key file: {problem}", path.display())]
    BadFile {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it. Never holds what stands there.
        problem: &'static str,
    },
    /// Data keys are wrapped with a key that the provider does not have.
    #[error("this environment's data keys are wrapped with the key `{kek}`, which {provider} does not have")]
    ForeignKeys {
        /// The key.
        kek: KekId,
        /// `the key file …`
        provider: String,
    },
    /// The provider does not have the key, or does not answer.
    #[error("the key `{kek}` is not available: {problem}")]
    Unavailable {
        /// The key.
        kek: KekId,
        /// What is wrong.
        problem: String,
    },
    /// A data key does not open.
    #[error("a data key of `{name}` does not open: it was changed, or wrapped for another environment or tenant")]
    Damaged {
        /// The model's name of the key.
        name: String,
    },
    /// A rotation was begun elsewhere at the same time.
    #[error("the key of this environment was changed meanwhile")]
    Busy,
    /// Data keys still need a key that was to be dropped.
    #[error("{count} data keys are still wrapped with older keys")]
    InUse {
        /// How many.
        count: u64,
    },
    /// The database did not answer, or not as expected.
    #[error("the database failed while data keys were asked for")]
    Database(#[from] DbErr),
}

impl VaultError {
    /// The machine word: without keys nothing that is sealed is there.
    pub fn code(&self) -> Code {
        Code::Unavailable
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoFile { .. } => {
                "a new environment's is made by `freehold keys new FILE`; one that has data needs the file it was made with"
            }
            Self::FileExists { .. } => {
                "name a file that does not exist yet; a key is added to this one by `freehold keys rotate`"
            }
            Self::OpenToOthers { .. } => {
                "`chmod 600 FILE`; if somebody may have read it, run `freehold keys rotate` after that"
            }
            Self::ForeignKeys { .. } => "state the key file that this environment was started with before",
            Self::InUse { .. } => "run `freehold keys rotate` first",
            Self::Busy => "try again",
            Self::File { .. }
            | Self::BadFile { .. }
            | Self::Unavailable { .. }
            | Self::Damaged { .. }
            | Self::Database(_) => return None,
        })
    }
}

//! Why a caller is not let in.

use freehold_base::{Code, RowId};
use sea_orm::{DbErr, RuntimeErr, SqlxError};

/// Why a caller is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The token is unknown, over, or of somebody who was blocked.
    #[error("the session is not valid, or over; sign in again")]
    BadSession,
    /// One message for every cause, or it would tell which accounts exist.
    #[error("the e-mail address or the password is wrong, or the account is blocked for now")]
    SignInRefused(Refused),
    /// It says nothing about accounts, so it need not hide.
    #[error("sign-in by password is off for this app")]
    PasswordsOff,
    /// More sign-ins wait than can be served soon.
    #[error("too many people are signing in at this moment; try again in a few seconds")]
    Busy,
    /// The password cannot be set.
    #[error("a password has 1 to {} bytes", crate::PASSWORD_BYTES_MAX)]
    PasswordLength,
    /// The app hashes with bcrypt, which does not read all of it.
    #[error("a password has at most 72 bytes here")]
    PasswordForBcrypt,
    /// The hash could not be computed, or is damaged.
    #[error("a password could not be hashed: {0}")]
    Hash(String),
    /// Something that we have written cannot be read.
    #[error("what is kept about a sign-in is damaged: {0}")]
    Damaged(String),
    /// The database did not answer, or not as expected.
    #[error("the database failed while finding out who is calling")]
    Database(#[from] DbErr),
}

/// A sign-in that failed: for the audit log, never for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Whose account it was; `None` if there is none that is active and has a password and a profile.
    pub user: Option<RowId>,
    /// Why.
    pub cause: RefusalCause,
}

/// Why a sign-in failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalCause {
    /// There is no such account, or it is not active, or has no password or no profile.
    NoAccount,
    /// The password was wrong.
    WrongPassword,
    /// The password was wrong once too often: the account is blocked from now on.
    LockedOut,
    /// The account is blocked for a while.
    Blocked,
}

impl RefusalCause {
    /// As the audit log has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoAccount => "no_account",
            Self::WrongPassword | Self::LockedOut => "wrong_password",
            Self::Blocked => "blocked",
        }
    }
}

impl AuthError {
    /// The machine word.
    pub fn code(&self) -> Code {
        match self {
            Self::BadSession | Self::SignInRefused(_) | Self::PasswordsOff => Code::Unauthenticated,
            Self::Busy => Code::Unavailable,
            Self::PasswordLength | Self::PasswordForBcrypt => Code::BadUserInput,
            Self::Database(error) if is_lost(error) => Code::Unavailable,
            Self::Hash(_) | Self::Damaged(_) | Self::Database(_) => Code::InternalServerError,
        }
    }
}

/// Whether the database was not reached, or went away.
pub(crate) fn is_lost(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            match cause.as_ref() {
                SqlxError::Io(_) | SqlxError::PoolTimedOut | SqlxError::PoolClosed | SqlxError::WorkerCrashed => true,
                // Class 57P: the server is going down, or has ended the session.
                SqlxError::Database(told) => told.code().is_some_and(|code| code.starts_with("57P")),
                _ => false,
            }
        }
        _ => false,
    }
}

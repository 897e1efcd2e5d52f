//! What may go wrong between a plan and its rows.

use freehold_base::{CipherError, Code, RowId};
use freehold_planner::Problem;
use std::time::Duration;

/// Bytes that the rows of one answer may have: beyond it a small query would take much memory.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 << 20;

/// The result of this room's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// Why storage could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database's address cannot be used.
    #[error("bad database address: {problem}")]
    Address {
        /// What is wrong with it. Never holds the password.
        problem: String,
    },
    /// The database does not answer, or has no free connection.
    #[error("the database is not available: {problem}")]
    Unavailable {
        /// What was tried.
        problem: &'static str,
        /// The cause.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The request's deadline passed; the database was told to stop.
    #[error("the database took longer than {} ms", limit.as_millis())]
    Timeout {
        /// The deadline.
        limit: Duration,
    },
    /// The database refused. What it said is for the log alone: it may hold rows' values.
    #[error("the database refused a statement")]
    Database {
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A unique key is taken, a row is still referred to, or others keep changing what is written.
    #[error("{message}")]
    Conflict {
        /// For people; tells nothing of the other row.
        message: String,
        /// What the database said: for the log alone, it may hold rows' values.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The caller can see the row, but may not do this to it.
    #[error("{message}")]
    Forbidden {
        /// For people.
        message: String,
        /// It is about a row that is there and that the caller can read.
        of_row: bool,
    },
    /// The row is not there, or the caller may not know that it is: the two are never told apart.
    #[error("{message}")]
    NotFound {
        /// For people.
        message: String,
    },
    /// The row has another version than the caller believes.
    #[error("the row has changed since: its version is {found}, not {expected}")]
    StaleVersion {
        /// `ifVersion`
        expected: i64,
        /// The version it has.
        found: i64,
    },
    /// More rows than one operation may write.
    #[error("{message}")]
    LimitExceeded {
        /// For people.
        message: String,
        /// The bound.
        limit: u64,
        /// What was found, or one more than the bound.
        found: u64,
    },
    /// Values that cannot be stored.
    #[error("{}", told(problems))]
    Input {
        /// Each with its place.
        problems: Vec<Problem>,
    },
    /// A variable's value does not fit where the operation uses it.
    #[error("bad value of variable `{path}`")]
    Variable {
        /// `$filter.or[0].status`
        path: String,
    },
    /// A statement does not do what its program says: a bug of ours.
    #[error("a program and its database disagree: {problem}")]
    Program {
        /// What was found.
        problem: String,
    },
    /// A sealed value does not open, or cannot be sealed. What it holds is nowhere in the error.
    /// Whose it is, is for the log alone: who writes a field need not know what the model gives to others.
    #[error("encrypted values are not available")]
    Sealed {
        /// `ticket.iban`
        field: String,
        /// The tenant whose row it is about; `None` for rows that belong to none.
        tenant: Option<RowId>,
        /// The cause.
        #[source]
        source: CipherError,
    },
    /// A change of tables would lose data, and nobody said yes.
    #[error("the tables cannot follow the model:{}", list(problems))]
    UnsafeChange {
        /// Each problem with what to do about it.
        problems: Vec<String>,
    },
    /// Seed data is for empty environments.
    #[error("this environment already has rows; seed data is only loaded into an empty one")]
    NotEmpty,
}

impl Error {
    /// The machine word.
    pub fn code(&self) -> Code {
        match self {
            Self::Unavailable { .. }
            | Self::Sealed {
                source: CipherError::NoKey | CipherError::UnknownKey,
                ..
            } => Code::Unavailable,
            Self::Timeout { .. } => Code::Timeout,
            Self::Conflict { .. } | Self::NotEmpty => Code::Conflict,
            Self::Forbidden { .. } => Code::Forbidden,
            Self::NotFound { .. } => Code::NotFound,
            Self::StaleVersion { .. } => Code::StaleVersion,
            Self::LimitExceeded { .. } => Code::LimitExceeded,
            Self::Variable { .. } | Self::Input { .. } => Code::BadUserInput,
            Self::UnsafeChange { .. } => Code::MigrationUnsafe,
            Self::Address { .. }
            | Self::Database { .. }
            | Self::Program { .. }
            | Self::Sealed {
                source: CipherError::Damaged,
                ..
            } => Code::InternalServerError,
        }
    }

    pub(crate) fn program(problem: impl Into<String>) -> Self {
        Self::Program {
            problem: problem.into(),
        }
    }

    pub(crate) fn address(problem: impl Into<String>) -> Self {
        Self::Address {
            problem: problem.into(),
        }
    }

    pub(crate) fn unavailable(problem: &'static str) -> Self {
        Self::Unavailable { problem, source: None }
    }

    pub(crate) fn answer_too_large() -> Self {
        Self::LimitExceeded {
            message: format!(
                "the answer would be larger than {} MiB; ask for smaller pages or fewer fields",
                ANSWER_BYTES_MAX >> 20
            ),
            limit: ANSWER_BYTES_MAX as u64,
            found: ANSWER_BYTES_MAX as u64 + 1,
        }
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict {
            message: message.into(),
            source: None,
        }
    }

    /// What PostgreSQL said, if it was it who refused.
    pub(crate) fn postgres(&self) -> Option<&tokio_postgres::Error> {
        self.cause()?.downcast_ref()
    }

    /// What SQLite said, if it was it who refused.
    pub(crate) fn sqlite(&self) -> Option<&rusqlite::Error> {
        self.cause()?.downcast_ref()
    }

    fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        match self {
            Self::Unavailable { source, .. } | Self::Conflict { source, .. } => source.as_deref(),
            Self::Database { source } => Some(source.as_ref()),
            Self::Address { .. }
            | Self::Timeout { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::StaleVersion { .. }
            | Self::LimitExceeded { .. }
            | Self::Input { .. }
            | Self::Variable { .. }
            | Self::Program { .. }
            | Self::Sealed { .. }
            | Self::UnsafeChange { .. }
            | Self::NotEmpty => None,
        }
    }
}

/// What a database's own words say of a conflict, before anybody knows more.
const CONFLICT: &str = "a unique key is taken, or the row is still referred to";

impl From<rusqlite::Error> for Error {
    fn from(source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match source.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => Self::Conflict {
                message: CONFLICT.to_owned(),
                source: Some(Box::new(source)),
            },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Unavailable {
                problem: "it is locked",
                source: Some(Box::new(source)),
            },
            _ => Self::Database {
                source: Box::new(source),
            },
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(source: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        if source.is_closed() {
            return Self::Unavailable {
                problem: "the connection broke",
                source: Some(Box::new(source)),
            };
        }
        match source.code() {
            Some(code) if *code == SqlState::UNIQUE_VIOLATION || *code == SqlState::FOREIGN_KEY_VIOLATION => {
                Self::Conflict {
                    message: CONFLICT.to_owned(),
                    source: Some(Box::new(source)),
                }
            }
            Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE => Self::Unavailable {
                problem: "it is locked",
                source: Some(Box::new(source)),
            },
            // Class 57P: the server is going down or has ended the session; 53: out of connections, memory or disk.
            Some(code) if code.code().starts_with("57P") || code.code().starts_with("53") => Self::Unavailable {
                problem: "the server ended the session",
                source: Some(Box::new(source)),
            },
            _ => Self::Database {
                source: Box::new(source),
            },
        }
    }
}

/// The first problem's own words.
fn told(problems: &[Problem]) -> String {
    problems
        .first()
        .map_or_else(|| "a value is wrong".to_owned(), |problem| problem.message.clone())
}

fn list(problems: &[String]) -> String {
    problems
        .iter()
        .fold(String::new(), |text, problem| text + "\n  - " + problem)
}

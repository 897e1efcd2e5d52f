//! Why a run ends early.

use std::error::Error;
use std::fmt;

/// A message for whoever runs the benchmark.
pub(crate) struct Failure(String);

/// What most functions here give.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// That message.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// With all causes: what a driver says of itself is often only `db error`.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message = format!("{message}: {error}");
            cause = error.source();
        }
        Self(message)
    }
}

/// Says what was tried when something fails.
pub(crate) trait During<T> {
    /// Puts `what` before the message.
    fn during(self, what: &str) -> Outcome<T>;
}

impl<T, E: Into<Failure>> During<T> for Result<T, E> {
    fn during(self, what: &str) -> Outcome<T> {
        self.map_err(|error| Failure(format!("{what}: {}", error.into())))
    }
}

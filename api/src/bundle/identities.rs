//! Who called before: with the same session and tenant it is most likely the same caller again, so a request's rows are read
//! together with the proof, and not after it.
//!
//! INVARIANT: what is remembered here is a guess. It decides what is asked, never what is answered: nothing leaves before the row of
//! the session, read in the same flight, says that the guess is right.

use freehold_auth::{TenantHint, Token};
use freehold_base::{Caller, Timestamp, Value};
use moka::sync::Cache;
use std::sync::Arc;

/// Callers that are remembered.
const CALLERS_MAX: u64 = 20_000;

/// Somebody who called before.
#[derive(Debug)]
pub(crate) struct Known {
    /// The row that said so.
    pub(crate) row: Option<Vec<Value>>,
    caller: Caller,
}

/// Those who called before, the least seen forgotten first.
#[derive(Debug)]
pub(crate) struct Identities(Cache<IdentityKey, Arc<Known>>);

/// By what a request says who it is.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct IdentityKey {
    token: Option<[u8; 32]>,
    tenant: String,
}

impl IdentityKey {
    /// The key of a request.
    pub(crate) fn new(token: Option<&Token>, tenant: &TenantHint<'_>) -> Self {
        Self {
            token: token.map(|token| token.hash().0),
            tenant: match tenant {
                TenantHint::None => String::new(),
                TenantHint::Named(name) => format!("={name}"),
                TenantHint::Host { column, value } => format!("{column}@{value}"),
            },
        }
    }
}

impl Known {
    /// Somebody, by the row that says who it is.
    pub(crate) fn new(row: Option<Vec<Value>>, caller: Caller) -> Self {
        Self { row, caller }
    }

    /// The caller, as it was then.
    pub(crate) fn last(&self) -> &Caller {
        &self.caller
    }

    /// The caller, now.
    pub(crate) fn caller(&self, now: Timestamp) -> Caller {
        Caller {
            now,
            ..self.caller.clone()
        }
    }
}

impl Identities {
    /// Remembers nobody yet.
    pub(crate) fn new() -> Self {
        Self(Cache::new(CALLERS_MAX))
    }

    /// Finds who it was the last time.
    pub(crate) fn find(&self, key: &IdentityKey) -> Option<Arc<Known>> {
        self.0.get(key)
    }

    /// Remembers somebody.
    pub(crate) fn keep(&self, key: IdentityKey, known: Arc<Known>) {
        self.0.insert(key, known);
    }

    /// Forgets somebody.
    pub(crate) fn forget(&self, key: &IdentityKey) {
        self.0.invalidate(key);
    }
}

//! One subscriber.

use crate::actions::execute::Asked;
use crate::bundle::Known;
use crate::http::host::Host;
use crate::subscriptions::Outlet;
use freehold_auth::Token;
use freehold_base::{Lookup, RowId};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a subscriber asked, and all that tells who they are: enough to understand it anew.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// The operation.
    pub(crate) asked: Asked,
    /// The session's token.
    pub(crate) token: Option<Token>,
    /// `X-Tenant`.
    pub(crate) tenant: Option<String>,
    /// `Host`.
    pub(crate) host: Host,
}

/// A subscriber.
#[derive(Debug)]
pub(crate) struct Member {
    /// What it asked.
    pub(crate) standing: Standing,
    /// Where its answers go.
    pub(crate) outlet: Arc<Outlet>,
    progress: Mutex<Progress>,
}

/// Who a subscriber is, and how far it has been told.
#[derive(Debug)]
pub(crate) struct Progress {
    /// What has to be looked up to know who it is.
    pub(crate) lookup: Option<Arc<Lookup>>,
    /// Who it was the last time.
    pub(crate) known: Arc<Known>,
    /// Coerced variables.
    pub(crate) variables: Arc<Map<String, Value>>,
    /// Tells the last answer from others.
    pub(crate) digest: Option<u64>,
    /// Of one that is told of changes: the rows that it sees, with their versions, once they have been read.
    pub(crate) watched: Option<HashMap<RowId, i64>>,
}

impl Member {
    /// A subscriber that has been told nothing yet.
    pub(crate) fn new(standing: Standing, outlet: Arc<Outlet>, progress: Progress) -> Self {
        Self {
            standing,
            outlet,
            progress: Mutex::new(progress),
        }
    }

    /// Who it is, and how far it has been told. Only the one refresh that reads its cohort changes it.
    pub(crate) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

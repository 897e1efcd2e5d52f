//! One subscriber.

use crate::actions::execute::Asked;
use crate::bundle::Known;
use crate::http::host::Host;
use crate::subscriptions::Outlet;
use freehold_auth::Token;
use freehold_base::{Lookup, RowId};
use serde_json::{Map, Value};
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
    pub(crate) watched: Option<Watched>,
}

/// Rows and their versions, by id: many, so without gaps.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Watched(Vec<(RowId, i64)>);

impl Watched {
    /// Those rows.
    pub(crate) fn new(mut rows: Vec<(RowId, i64)>) -> Self {
        rows.sort_unstable();
        Self(rows)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The version of a row, if it is among them.
    pub(crate) fn get(&self, row: RowId) -> Option<i64> {
        let at = self.find(row).ok()?;
        self.0.get(at).map(|(_, version)| *version)
    }

    /// Notes a version; gives the one before.
    pub(crate) fn insert(&mut self, row: RowId, version: i64) -> Option<i64> {
        match self.find(row) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, version)),
            Err(at) => {
                self.0.insert(at, (row, version));
                None
            }
        }
    }

    /// Takes a row out; false if it was not among them.
    pub(crate) fn remove(&mut self, row: RowId) -> bool {
        self.find(row).map(|at| self.0.remove(at)).is_ok()
    }

    /// Takes all rows out that are not among others; gives them.
    pub(crate) fn keep_those_of(&mut self, others: &Self) -> Vec<RowId> {
        let mut gone = Vec::new();
        self.0.retain(|(row, _)| {
            let stays = others.find(*row).is_ok();
            if !stays {
                gone.push(*row);
            }
            stays
        });
        gone
    }

    /// The rows that are not among others in the same version.
    pub(crate) fn differing(&self, others: &Self) -> Vec<RowId> {
        let differs = |(row, version): &&(RowId, i64)| others.get(*row) != Some(*version);
        self.0.iter().filter(differs).map(|(row, _)| *row).collect()
    }

    fn find(&self, row: RowId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&row, |(known, _)| *known)
    }
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

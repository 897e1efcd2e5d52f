//! One subscriber.

use crate::actions::execute::Asked;
use crate::bundle::Known;
use crate::http::host::Host;
use crate::subscriptions::Outlet;
use freehold_auth::Token;
use freehold_base::{Lookup, RowId};
use serde_json::{Map, Value};
use std::sync::atomic::{AtomicUsize, Ordering};
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
#[derive(Debug, Default)]
pub(crate) struct Watched {
    rows: Vec<(RowId, i64)>,
    places: Places,
}

/// Places for watched rows, of which a server has so many; they are free again when this is dropped.
#[derive(Debug, Default)]
struct Places {
    taken: Arc<AtomicUsize>,
    held: usize,
}

impl Drop for Places {
    fn drop(&mut self) {
        self.taken.fetch_sub(self.held, Ordering::Relaxed);
    }
}

impl Watched {
    /// Those rows. They take no places yet.
    pub(crate) fn new(mut rows: Vec<(RowId, i64)>) -> Self {
        rows.sort_unstable();
        Self {
            rows,
            places: Places::default(),
        }
    }

    /// Takes places for the rows that there are now; false if there are more than `places_max` then.
    pub(crate) fn hold(&mut self, taken: &Arc<AtomicUsize>, places_max: usize) -> bool {
        let held = self.rows.len();
        let all = taken.fetch_add(held, Ordering::Relaxed) + held;
        let before = std::mem::replace(
            &mut self.places,
            Places {
                taken: taken.clone(),
                held,
            },
        );
        all <= places_max + before.held
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The version of a row, if it is among them.
    pub(crate) fn get(&self, row: RowId) -> Option<i64> {
        let at = self.find(row).ok()?;
        self.rows.get(at).map(|(_, version)| *version)
    }

    /// Notes a version; gives the one before.
    pub(crate) fn insert(&mut self, row: RowId, version: i64) -> Option<i64> {
        match self.find(row) {
            Ok(at) => Some(std::mem::replace(&mut self.rows[at].1, version)),
            Err(at) => {
                self.rows.insert(at, (row, version));
                None
            }
        }
    }

    /// Takes a row out; false if it was not among them.
    pub(crate) fn remove(&mut self, row: RowId) -> bool {
        self.find(row).map(|at| self.rows.remove(at)).is_ok()
    }

    /// Takes all rows out that are not among others; gives them.
    pub(crate) fn keep_those_of(&mut self, others: &Self) -> Vec<RowId> {
        let mut gone = Vec::new();
        self.rows.retain(|(row, _)| {
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
        self.rows.iter().filter(differs).map(|(row, _)| *row).collect()
    }

    fn find(&self, row: RowId) -> Result<usize, usize> {
        self.rows.binary_search_by_key(&row, |(known, _)| *known)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> RowId {
        RowId::from_bytes(number.to_be_bytes())
    }

    fn rows(rows: &[(u128, i64)]) -> Watched {
        Watched::new(rows.iter().map(|(row, version)| (id(*row), *version)).collect())
    }

    #[test]
    fn what_differs_is_found() {
        let mut watched = rows(&[(3, 1), (1, 1), (2, 1)]);
        let now = rows(&[(4, 1), (2, 2), (3, 1)]);
        assert_eq!(watched.keep_those_of(&now), [id(1)]);
        assert_eq!(now.differing(&watched), [id(2), id(4)]);
        assert_eq!(watched.insert(id(2), 2), Some(1));
        assert_eq!(watched.insert(id(4), 1), None);
        assert!(now.differing(&watched).is_empty() && watched.len() == 3);
        assert!(watched.remove(id(3)) && !watched.remove(id(3)));
        assert_eq!((watched.get(id(2)), watched.get(id(3))), (Some(2), None));
    }

    #[test]
    fn places_are_free_again() {
        let taken = Arc::<AtomicUsize>::default();
        let places = || AtomicUsize::load(&taken, Ordering::Relaxed);
        let mut one = rows(&[(1, 1), (2, 1)]);
        let mut two = rows(&[(1, 1), (2, 1)]);
        assert!(one.hold(&taken, 3));
        assert!(!two.hold(&taken, 3));
        assert_eq!(places(), 4);
        drop(two);
        one.insert(id(3), 1);
        assert!(one.hold(&taken, 3));
        assert_eq!(places(), 3);
        drop(one);
        assert_eq!(places(), 0);
    }
}

//! What was fetched from issuers, kept in memory for a while.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use freehold_base::Timestamp;

use crate::rp::Metadata;
use crate::{KeySet, OidcError};

const SECOND: u64 = 1_000_000;

/// How long a document is good for. A key that its issuer withdraws is believed for as long.
const TTL: u64 = 3600 * SECOND;

/// How long a document is kept, however often tokens name keys that are not in it.
const NEWER_AFTER: u64 = 60 * SECOND;

/// How long an issuer that does not answer is left alone.
const RETRY_AFTER: u64 = 10 * SECOND;

/// Discovery documents and keys. It grows with the issuers that are configured, not with requests; one for the whole program.
#[derive(Default)]
pub struct Cache {
    pub(crate) metadata: Shelf<Metadata>,
    /// Where issuers of machines have their keys.
    pub(crate) key_urls: Shelf<String>,
    pub(crate) keys: Shelf<KeySet>,
}

impl Cache {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Documents by URL.
pub(crate) struct Shelf<T>(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Slot<T>>>>>);

struct Slot<T> {
    kept: Option<(Arc<T>, Timestamp)>,
    tried: Option<Timestamp>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<T> Shelf<T> {
    /// The document of `url`; `fetched` runs if there is none, if it is too old, or if a newer one is wanted and the last try is a
    /// minute ago. Of many who ask at once, one fetches, and the others wait for what it gets.
    pub(crate) async fn get(
        &self,
        url: &str,
        now: Timestamp,
        newer: bool,
        fetched: impl Future<Output = Result<T, OidcError>>,
    ) -> Result<Arc<T>, OidcError> {
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(url.to_owned()).or_insert_with(|| {
                Arc::new(tokio::sync::Mutex::new(Slot {
                    kept: None,
                    tried: None,
                }))
            }))
        };
        let mut slot = slot.lock().await;
        let recently = |span| slot.tried.is_some_and(|tried| tried.0.abs_diff(now.0) < span);
        match &slot.kept {
            Some((document, at)) if at.0.abs_diff(now.0) < TTL => {
                if !newer || recently(NEWER_AFTER) {
                    return Ok(Arc::clone(document));
                }
            }
            Some(_) | None => {
                if recently(RETRY_AFTER) {
                    return Err(OidcError::StillUnreachable { url: url.to_owned() });
                }
            }
        }
        // Before the answer, so that one who gives up waiting counts too.
        slot.tried = Some(now);
        let document = Arc::new(fetched.await?);
        slot.kept = Some((Arc::clone(&document), now));
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::testing::run;

    /// Asks at `second`, and says what came and how often was fetched so far.
    struct World {
        shelf: Shelf<u32>,
        fetches: AtomicU32,
    }

    impl World {
        fn new() -> Self {
            Self {
                shelf: Shelf::default(),
                fetches: AtomicU32::new(0),
            }
        }

        async fn ask(&self, second: i64, newer: bool, up: bool) -> Option<u32> {
            let fetched = async {
                let count = self.fetches.fetch_add(1, Ordering::Relaxed) + 1;
                tokio::task::yield_now().await;
                if up {
                    Ok(count)
                } else {
                    Err(OidcError::StillUnreachable { url: "down".into() })
                }
            };
            self.shelf
                .get("u", Timestamp(second * 1_000_000), newer, fetched)
                .await
                .ok()
                .map(|found| *found)
        }

        fn fetches(&self) -> u32 {
            self.fetches.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn a_document_is_kept_for_an_hour() {
        run(async {
            let world = World::new();
            for (second, expected) in [(0, 1), (3599, 1), (3600, 2), (3700, 2)] {
                assert_eq!(world.ask(second, false, true).await, Some(expected), "{second}");
            }
        });
    }

    #[test]
    fn newer_ones_come_once_a_minute() {
        run(async {
            let world = World::new();
            assert_eq!(world.ask(0, false, true).await, Some(1));
            for second in 0..60 {
                assert_eq!(world.ask(second, true, true).await, Some(1), "{second}");
            }
            assert_eq!(world.ask(60, true, true).await, Some(2));
            for second in 60..120 {
                assert_eq!(world.ask(second, true, true).await, Some(2), "{second}");
            }
            assert_eq!(world.fetches(), 2);
        });
    }

    #[test]
    fn an_outage_is_told_and_not_hammered() {
        run(async {
            let world = World::new();
            assert_eq!(world.ask(0, false, false).await, None);
            assert_eq!(world.ask(9, false, true).await, None);
            assert_eq!(world.fetches(), 1);
            assert_eq!(world.ask(10, false, true).await, Some(2));
            // An old document is not used while its issuer is down: its keys may have been withdrawn.
            assert_eq!(world.ask(4000, false, false).await, None);
            // A failed search for newer keys leaves the known ones.
            assert_eq!(world.ask(4010, false, true).await, Some(4));
            assert_eq!(world.ask(4100, true, false).await, None);
            assert_eq!(world.ask(4101, true, true).await, Some(4));
            assert_eq!(world.fetches(), 5);
        });
    }

    #[test]
    fn many_at_once_fetch_once() {
        run(async {
            let world = World::new();
            let (one, two, three) = tokio::join!(
                world.ask(0, false, true),
                world.ask(0, false, true),
                world.ask(0, true, true)
            );
            assert_eq!((one, two, three), (Some(1), Some(1), Some(1)));
        });
    }
}

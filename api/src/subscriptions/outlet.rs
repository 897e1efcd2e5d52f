//! What is on its way to a subscriber: taken at the pace of the connection.

use crate::error::Refusal;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Changes of rows that may wait for a slow client, and the bytes of them.
const WAITING_MAX: usize = 1_000;
const WAITING_BYTES_MAX: usize = 1 << 20;
/// How long something may wait before its client is given up.
const WAITS_MAX: Duration = Duration::from_mins(1);

/// Wakes the connection whose outlets have something.
pub(crate) type Outlets = Arc<Notify>;

/// One subscriber's end of a connection.
#[derive(Debug)]
pub(crate) struct Outlet {
    queue: Mutex<Queue>,
    ready: Outlets,
}

/// What goes to a client.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// An answer: `{"data": …}`.
    Next(Bytes),
    /// It ends in error.
    Refused(Refusal),
    /// It ends.
    Complete,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Bytes>,
    bytes: usize,
    /// Since when what is next waits.
    since: Option<Instant>,
    end: Option<Delivery>,
    /// Nothing is taken in any more.
    ended: bool,
}

impl Queue {
    fn push(&mut self, body: Bytes) {
        self.bytes += body.len();
        self.waiting.push_back(body);
        self.since.get_or_insert_with(Instant::now);
    }

    fn clear(&mut self) {
        self.waiting.clear();
        self.bytes = 0;
        self.since = None;
    }

    fn end(&mut self, end: Delivery) {
        if !self.ended {
            self.ended = true;
            self.end = Some(end);
        }
    }
}

impl Outlet {
    /// An outlet of a connection.
    pub(crate) fn new(ready: Outlets) -> Self {
        Self {
            queue: Mutex::default(),
            ready,
        }
    }

    /// Puts an answer that stands for all before it: what a slow client has not taken yet is forgotten.
    pub(crate) fn put_latest(&self, body: Bytes) {
        let mut queue = self.queue();
        if queue.ended {
            return;
        }
        // Whoever takes nothing is not awaited longer for it.
        let since = queue.since;
        queue.clear();
        queue.since = since;
        queue.push(body);
        drop(queue);
        self.ready.notify_one();
    }

    /// Puts an answer behind those that wait; false if there are too many of them.
    pub(crate) fn put(&self, body: Bytes) -> bool {
        let mut queue = self.queue();
        if queue.ended {
            return true;
        }
        let is_full = queue.waiting.len() >= WAITING_MAX || queue.bytes + body.len() > WAITING_BYTES_MAX;
        if is_full && !queue.waiting.is_empty() {
            return false;
        }
        queue.push(body);
        drop(queue);
        self.ready.notify_one();
        true
    }

    /// Ends it in error, at once: what waits is not sent any more.
    pub(crate) fn refuse(&self, refusal: Refusal) {
        let mut queue = self.queue();
        queue.clear();
        queue.end(Delivery::Refused(refusal));
        drop(queue);
        self.ready.notify_one();
    }

    /// Ends it behind what waits.
    pub(crate) fn complete(&self) {
        self.queue().end(Delivery::Complete);
        self.ready.notify_one();
    }

    /// Takes what is next; nothing comes after an end.
    pub(crate) fn take(&self) -> Option<Delivery> {
        let mut queue = self.queue();
        if let Some(body) = queue.waiting.pop_front() {
            queue.bytes = queue.bytes.saturating_sub(body.len());
            queue.since = (!queue.waiting.is_empty()).then(Instant::now);
            return Some(Delivery::Next(body));
        }
        queue.end.take()
    }

    /// Forgets what waits.
    pub(crate) fn forget(&self) {
        self.queue().clear();
    }

    /// Whether nothing is taken in any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.queue().ended
    }

    /// Whether something waits.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.queue().waiting.is_empty()
    }

    /// Whether the client takes nothing any more.
    pub(crate) fn is_stalled(&self) -> bool {
        self.queue().since.is_some_and(|since| since.elapsed() > WAITS_MAX)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use freehold_base::Code;

    fn taken(outlet: &Outlet) -> Vec<String> {
        let told = |delivery| match delivery {
            Delivery::Next(body) => String::from_utf8(body.to_vec()).unwrap(),
            Delivery::Refused(refusal) => refusal.code().name().to_owned(),
            Delivery::Complete => "complete".to_owned(),
        };
        std::iter::from_fn(|| outlet.take()).map(told).collect()
    }

    #[test]
    fn only_the_latest_answer_is_sent() {
        let outlet = Outlet::new(Outlets::default());
        outlet.put_latest(Bytes::from_static(b"a"));
        outlet.put_latest(Bytes::from_static(b"b"));
        assert_eq!(taken(&outlet), ["b"]);
        outlet.put_latest(Bytes::from_static(b"c"));
        outlet.complete();
        outlet.refuse(Refusal::new(Code::Timeout, "too late"));
        assert_eq!(taken(&outlet), ["complete"]);
        outlet.put_latest(Bytes::from_static(b"d"));
        assert!(taken(&outlet).is_empty());
    }

    #[test]
    fn changes_wait_within_bounds() {
        let outlet = Outlet::new(Outlets::default());
        let put = (0..2_000).filter(|_| outlet.put(Bytes::from_static(b"x"))).count();
        assert_eq!(put, WAITING_MAX);
        assert_eq!(taken(&outlet).len(), WAITING_MAX);
        let large = Bytes::from(vec![b'x'; WAITING_BYTES_MAX / 2]);
        let put = (0..10).filter(|_| outlet.put(large.clone())).count();
        assert_eq!((put, outlet.is_waiting()), (2, true));
        outlet.refuse(Refusal::new(Code::Unauthenticated, "over"));
        assert_eq!(taken(&outlet), ["UNAUTHENTICATED"]);
    }
}

//! Live queries: what was asked once is answered again whenever its answer changes.
//!
//! A write tells the [`Hub`] what it has changed ([`Changes`]). The hub knows who listens to what: subscribers of one plan are a
//! *cohort*, and a change is read once for a cohort, for all of its subscribers whom it may concern ([`refresh`]). What they get is
//! put into their [`Outlet`], from which their connection takes it at its own pace. Between servers changes travel by the database's
//! own notifications ([`relay`]); what changed without a word (another program's SQL, a rule about time) is found by looking at
//! everything again now and then.
//!
//! INVARIANT: nothing is sent that was not read together with the proof of who it is for. What a change is said to concern decides when
//! is looked, never what is seen.

mod changes;
mod hub;
mod member;
mod outlet;
mod refresh;
mod relay;

pub(crate) use changes::{Changed, Changes};
pub(crate) use hub::{Hub, OF_ONE_MAX, SUBSCRIPTIONS_MAX, Subscription};
pub(crate) use member::{Member, Progress, Standing, Watched};
pub(crate) use outlet::{Delivery, Outlet, Outlets};

use crate::environments::Environment;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// How long changes are gathered before they are looked at: a burst of writes is one look.
const GATHERED: Duration = Duration::from_millis(20);
/// How often everything is looked at again, for changes that nobody told of.
const SWEPT_EVERY: Duration = Duration::from_secs(15);
/// Flights for cohorts at the same time: the rest of the connections is for requests.
const READ_AT_ONCE: usize = 3;

/// Tells subscribers of changes, for as long as the task runs.
pub(crate) fn start(environment: &Arc<Environment>) -> JoinHandle<()> {
    tokio::spawn(run(environment.clone()))
}

async fn run(environment: Arc<Environment>) {
    let hub = environment.hub.clone();
    let relay = relay::start(&environment);
    // Taken for one flight at a time, in the order in which they are asked for: a dear cohort keeps no other one waiting for all of it.
    let turns = Arc::new(Semaphore::new(READ_AT_ONCE));
    let mut sweep = tokio::time::interval(SWEPT_EVERY);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = hub.is_woken() => {}
            _ = sweep.tick() => hub.sweep(),
        }
        tokio::time::sleep(GATHERED).await;
        if let Some(relay) = &relay {
            relay.send(hub.outgoing());
        }
        for job in hub.due() {
            let (environment, turns) = (environment.clone(), turns.clone());
            tokio::spawn(async move { refresh::refresh(&environment, job, &turns).await });
        }
    }
}

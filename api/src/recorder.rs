//! The one writer of the audit log in this process. Requests hand it what is to be recorded; it writes what has gathered in one
//! transaction, so that a flood takes one connection and few transactions. Alerts that a record raises it sends on.

use crate::error::chain;
use crate::webhook::Webhook;
use freehold_base::{Clock, write_datetime};
use freehold_storage::audit::{AuditChain, AuditEntry, AuditEvent, Bursts};
use freehold_storage::{Database, Error};
use serde_json::{Value, json};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};

/// Orders that wait; whoever comes then waits for a place.
const WAITING_MAX: usize = 1024;
/// Orders written together.
const BATCH_MAX: usize = 256;
/// How often tallies whose window is over are looked for.
const CLOSE_EVERY: Duration = Duration::from_secs(20);

/// Hands what is to be recorded to the writer. The writer ends with it.
#[derive(Debug)]
pub(crate) struct Recorder {
    orders: mpsc::Sender<Order>,
}

/// What the writer works with.
pub(crate) struct Writer {
    /// Where the log is.
    pub(crate) database: Database,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// What counts as a burst.
    pub(crate) bursts: Bursts,
    /// Who is told of alerts.
    pub(crate) webhook: Option<Webhook>,
    /// The environment's name, for them.
    pub(crate) environment: String,
}

/// Something to be recorded, and who waits for it.
struct Order {
    work: Work,
    done: Option<oneshot::Sender<Outcome>>,
}

type Outcome = Result<(), Arc<Error>>;

/// What is found out only when it is written: by then the client has its answer, whose timing tells nothing.
type Later = Pin<Box<dyn Future<Output = Result<Vec<AuditEntry>, String>> + Send>>;

enum Work {
    Now(Vec<AuditEntry>),
    Later(Later),
}

impl Recorder {
    /// Starts the writer.
    pub(crate) fn start(writer: Writer) -> Self {
        let (orders, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(writer.run(waiting));
        Self { orders }
    }

    /// Records entries, and waits until they are.
    ///
    /// # Errors
    /// When they could not be; the log says why.
    pub(crate) async fn record(&self, entries: Vec<AuditEntry>) -> Result<(), Arc<Error>> {
        let (done, outcome) = oneshot::channel();
        let order = Order {
            work: Work::Now(entries),
            done: Some(done),
        };
        let ended = || {
            Arc::new(Error::Unavailable {
                problem: "the writer of the audit log has ended",
                source: None,
            })
        };
        self.orders.send(order).await.map_err(|_| ended())?;
        outcome.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Records what the future finds. Waits at most for a place among those that wait.
    pub(crate) async fn record_later(
        &self,
        entries: impl Future<Output = Result<Vec<AuditEntry>, String>> + Send + 'static,
    ) {
        let order = Order {
            work: Work::Later(Box::pin(entries)),
            done: None,
        };
        if self.orders.send(order).await.is_err() {
            tracing::error!("the writer of the audit log has ended");
        }
    }

    /// Waits until all that was handed over before is recorded, or has failed.
    pub(crate) async fn flush(&self) {
        // Nothing to be recorded stands at the end of the line, too.
        let _ = self.record(Vec::new()).await;
    }
}

impl Writer {
    async fn run(self, mut orders: mpsc::Receiver<Order>) {
        let mut tick = tokio::time::interval_at(Instant::now() + CLOSE_EVERY, CLOSE_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                order = orders.recv() => {
                    let Some(order) = order else { break };
                    let mut batch = vec![order];
                    while batch.len() < BATCH_MAX
                        && let Ok(order) = orders.try_recv()
                    {
                        batch.push(order);
                    }
                    self.write_all(batch).await;
                }
                _ = tick.tick() => self.close_tallies().await,
            }
        }
    }

    /// Writes what has gathered. If it cannot be written together, each is tried alone: one must not spoil the others.
    async fn write_all(&self, batch: Vec<Order>) {
        let mut gathered = Vec::with_capacity(batch.len());
        for Order { work, done } in batch {
            let entries = match work {
                Work::Now(entries) => entries,
                Work::Later(entries) => entries.await.unwrap_or_else(|problem| {
                    tracing::error!("something is missing from the audit log: {problem}");
                    Vec::new()
                }),
            };
            gathered.push((entries, done));
        }
        let all: Vec<AuditEntry> = gathered.iter().flat_map(|(entries, _)| entries).cloned().collect();
        let together = self.write(&all).await;
        let alone = gathered.len() > 1 && matches!(&together, Err(error) if !is_away(error));
        let together = together.map_err(Arc::new);
        for (entries, done) in gathered {
            let outcome = if alone {
                self.write(&entries).await.map_err(Arc::new)
            } else {
                together.clone()
            };
            if let Err(error) = &outcome
                && !entries.is_empty()
            {
                tracing::error!("the audit log could not be written: {}", chain(error));
            }
            if let Some(done) = done {
                // Whoever waited may have gone.
                let _ = done.send(outcome);
            }
        }
    }

    async fn write(&self, entries: &[AuditEntry]) -> Result<(), Error> {
        let alerts = self.database.record_entries(entries, &self.bursts).await?;
        for alert in &alerts {
            self.tell(alert);
        }
        Ok(())
    }

    async fn close_tallies(&self) {
        if let Err(error) = self.database.close_tallies(self.clock.now(), &self.bursts).await {
            tracing::warn!("what the audit log holds back could not be recorded: {}", chain(&error));
        }
    }

    /// Tells of an alert, in the server's log and to the webhook.
    fn tell(&self, alert: &AuditEvent) {
        let message = self.message(alert);
        tracing::warn!(alert = %message, "a burst of refusals");
        if let Some(webhook) = &self.webhook
            && is_first_hand(alert)
        {
            webhook.send(message.to_string());
        }
    }

    fn message(&self, alert: &AuditEvent) -> Value {
        let mut at = Vec::new();
        write_datetime(&mut at, alert.at.0);
        let tenant = match alert.chain {
            AuditChain::Environment => None,
            AuditChain::Tenant(tenant) => Some(tenant.to_string()),
        };
        json!({
            "event": "alert",
            "environment": self.environment,
            "tenant": tenant,
            "at": String::from_utf8_lossy(&at),
            "user": alert.user.map(|user| user.to_string()),
            "entity": alert.entity,
            "rowId": alert.row.map(|row| row.to_string()),
            "requestId": alert.request,
            "detail": alert.detail.to_json(),
        })
    }
}

/// Failed sign-ins stand in the environment's chain and in those of the person's tenants: one message is enough.
fn is_first_hand(alert: &AuditEvent) -> bool {
    let sign_in = alert.detail.to_json()["of"] == "sign_in_failed";
    !sign_in || alert.chain == AuditChain::Environment
}

/// The database is not there: to try each alone would only take longer.
fn is_away(error: &Error) -> bool {
    matches!(error, Error::Unavailable { .. } | Error::Timeout { .. })
}

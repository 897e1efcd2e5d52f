//! Changes between servers, by the database's own notifications.

use crate::environments::Environment;
use crate::error::chain;
use crate::subscriptions::{Changed, Changes};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// How long is waited before a connection that broke is made again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How long changes are gathered before others are told: one word for many writes, at the price of one.
const GATHERED_FOR: Duration = Duration::from_millis(10);

/// What one server tells the others.
#[derive(Serialize, Deserialize)]
struct Message {
    /// Who says it, so that they do not hear themselves.
    server: u64,
    #[serde(flatten)]
    changes: Changes,
}

/// A way to the other servers.
pub(super) struct Relay(UnboundedSender<Changes>);

impl Relay {
    /// Tells the others what has changed here.
    pub(super) fn send(&self, changes: Changes) {
        if !changes.is_empty() {
            // The other end goes with the process.
            let _ = self.0.send(changes);
        }
    }
}

/// Opens the way to other servers; `None` where there can be none.
pub(super) fn start(environment: &Arc<Environment>) -> Option<Relay> {
    if !environment.database.has_relay() {
        return None;
    }
    let (sender, receiver) = mpsc::unbounded_channel();
    environment.hub.relay();
    tokio::spawn(run(environment.clone(), receiver));
    Some(Relay(sender))
}

async fn run(environment: Arc<Environment>, mut outgoing: UnboundedReceiver<Changes>) {
    let server: u64 = rand::random();
    let mut missed = Changes::default();
    loop {
        let mut relay = match environment.database.open_relay().await {
            Ok(Some(relay)) => relay,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!("changes do not travel between servers: {}", chain(&error));
                tokio::time::sleep(AGAIN_AFTER).await;
                continue;
            }
        };
        // Nobody knows what was not heard, nor what was not sent.
        environment.hub.hear(Changes::everything());
        loop {
            let changes = if missed.is_empty() {
                tokio::select! {
                    changes = outgoing.recv() => match changes {
                        Some(changes) => gathered(changes, &mut outgoing).await,
                        None => return,
                    },
                    heard = relay.hear() => match heard {
                        Some(text) => {
                            hear(&environment, server, &text);
                            continue;
                        }
                        None => break,
                    },
                }
            } else {
                std::mem::take(&mut missed)
            };
            if let Err(error) = relay.send(&written(server, &changes)).await {
                tracing::warn!("changes do not travel between servers: {}", chain(&error));
                missed = changes;
                break;
            }
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

/// These changes, and those that follow shortly.
async fn gathered(mut changes: Changes, outgoing: &mut UnboundedReceiver<Changes>) -> Changes {
    tokio::time::sleep(GATHERED_FOR).await;
    while let Ok(more) = outgoing.try_recv() {
        changes.merge(more);
    }
    changes
}

fn hear(environment: &Environment, server: u64, text: &str) {
    match serde_json::from_str::<Message>(text) {
        Ok(message) if message.server == server => {}
        Ok(message) => environment.hub.hear(message.changes),
        // A server of another version.
        Err(_) => environment.hub.hear(Changes::everything()),
    }
}

/// The message, with less said where it would be too long.
fn written(server: u64, changes: &Changes) -> String {
    let text = |changes: &Changes| {
        let changes = changes.clone();
        serde_json::to_string(&Message { server, changes }).unwrap_or_default()
    };
    let fits = |text: &String| text.len() <= freehold_storage::RELAY_BYTES_MAX;
    let coarse = || {
        let mut coarse = changes.clone();
        coarse.rows.values_mut().for_each(|changed| *changed = Changed::Some);
        coarse
    };
    Some(text(changes))
        .filter(fits)
        .or_else(|| Some(text(&coarse())).filter(fits))
        .unwrap_or_else(|| text(&Changes::everything()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use freehold_base::RowId;

    #[test]
    fn a_message_that_is_too_long_says_less() {
        let id = |number: u128| RowId::from_bytes(number.to_be_bytes());
        let read = |text: &str| serde_json::from_str::<Message>(text).unwrap().changes;
        let mut changes = Changes::default();
        changes.add("ticket", None, Changed::Rows([id(1)].into()));
        assert_eq!(read(&written(7, &changes)), changes);
        for number in 0..10 {
            changes.add(&format!("e{number}"), None, Changed::Rows((0..100).map(id).collect()));
        }
        let coarse = read(&written(7, &changes));
        assert!(coarse.rows.len() == 11 && coarse.rows.values().all(|changed| *changed == Changed::Some));
        for number in 0..1_000 {
            changes.add("ticket", Some(id(number)), Changed::Some);
        }
        assert_eq!(read(&written(7, &changes)), Changes::everything());
    }
}

//! Words between the servers of one environment: `LISTEN` and `NOTIFY`.

use super::pool::Pool;
use crate::error::Result;
use futures_util::StreamExt;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{AsyncMessage, Client, Connection, Socket};

/// Longest message; PostgreSQL takes less than 8000 bytes.
pub const RELAY_BYTES_MAX: usize = 7_900;

/// Longest identifier, in bytes.
const NAME_BYTES_MAX: usize = 63;

/// A connection on which the servers of one environment hear each other.
#[derive(Debug)]
pub struct Relay {
    client: Client,
    channel: String,
    heard: UnboundedReceiver<String>,
}

impl Relay {
    pub(crate) async fn open(pool: &Pool) -> Result<Self> {
        let (client, connection) = pool.connect_apart().await?;
        let (sender, heard) = mpsc::unbounded_channel();
        tokio::spawn(listen(connection, sender));
        let channel = channel(pool.schema());
        client.batch_execute(&format!("LISTEN \"{channel}\"")).await?;
        Ok(Self { client, channel, heard })
    }

    /// Tells all servers, this one too.
    ///
    /// # Errors
    /// When the connection has ended, or the text is longer than [`RELAY_BYTES_MAX`].
    pub async fn send(&self, text: &str) -> Result<()> {
        self.client
            .execute("SELECT pg_notify($1, $2)", &[&self.channel, &text])
            .await?;
        Ok(())
    }

    /// The next word of a server; `None` once the connection has ended.
    pub async fn hear(&mut self) -> Option<String> {
        self.heard.recv().await
    }
}

async fn listen(mut connection: Connection<Socket, NoTlsStream>, heard: mpsc::UnboundedSender<String>) {
    let mut messages = futures_util::stream::poll_fn(|context| connection.poll_message(context));
    while let Some(message) = messages.next().await {
        match message {
            Ok(AsyncMessage::Notification(word)) => {
                if heard.send(word.payload().to_owned()).is_err() {
                    return;
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "a connection that listens broke");
                return;
            }
        }
    }
}

/// One channel for an environment, as a database has one list of channels for all schemas. A schema's name has letters of one byte.
fn channel(schema: &str) -> String {
    let name = format!("freehold_{schema}");
    name[name.len().saturating_sub(NAME_BYTES_MAX)..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::channel;

    #[test]
    fn channels_fit() {
        assert_eq!(channel("main"), "freehold_main");
        assert_eq!(channel(&"x".repeat(63)).len(), 63);
    }
}

//! A bounded pool of connections to one environment's schema.

use super::session::{Checkout, Session, StatementCache};
use crate::dialect::quote;
use crate::error::{Error, Result};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Config, Connection, NoTls, Socket};

/// How long the server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections to one environment's schema.
pub(crate) struct Pool {
    config: Config,
    schema: String,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Session>>>,
    checkout_timeout: Duration,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The configuration holds a password.
        out.debug_struct("Pool")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl Pool {
    /// Connects, and creates the schema if it is missing.
    pub(crate) async fn open(url: &str, schema: &str, connections: usize, checkout_timeout: Duration) -> Result<Self> {
        let config = config(url, schema)?;
        let pool = Self {
            config,
            schema: schema.to_owned(),
            permits: Arc::new(Semaphore::new(connections.max(1))),
            idle: Arc::default(),
            checkout_timeout,
        };
        let checkout = pool.checkout().await?;
        let created = checkout
            .client()
            .batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {}", quote(schema)))
            .await;
        checkout.give_back();
        match created {
            // Two servers that start together: IF NOT EXISTS does not cover the race.
            Err(error) if matches!(error.code(), Some(code) if *code == SqlState::UNIQUE_VIOLATION || *code == SqlState::DUPLICATE_SCHEMA) =>
                {}
            other => other?,
        }
        Ok(pool)
    }

    /// An idle connection, or a new one. No ping: a connection that broke is noticed when it is used.
    pub(crate) async fn checkout(&self) -> Result<Checkout> {
        let permit = tokio::time::timeout(self.checkout_timeout, self.permits.clone().acquire_owned()).await;
        let permit = permit
            .map_err(|_| Error::unavailable("no free connection"))?
            .map_err(|_| Error::unavailable("it is closed"))?;
        let session = loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                Some(session) if session.client.is_closed() => {}
                Some(session) => break session,
                None => break self.connect().await?,
            }
        };
        Ok(Checkout::new(session, self.idle.clone(), permit))
    }

    /// Lets go of idle connections: one of them was found broken, and the rest is likely to be.
    pub(crate) fn forget_idle(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The schema.
    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    /// A connection that is none of the pool's.
    pub(super) async fn connect_apart(&self) -> Result<(Client, Connection<Socket, NoTlsStream>)> {
        let unavailable = |source| Error::Unavailable {
            problem: "it does not accept a connection",
            source: Some(Box::new(source)),
        };
        self.config.connect(NoTls).await.map_err(unavailable)
    }

    async fn connect(&self) -> Result<Session> {
        let (client, connection) = self.connect_apart().await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "a connection to PostgreSQL broke");
            }
        });
        Ok(Session {
            client,
            statements: StatementCache::default(),
        })
    }
}

fn config(url: &str, schema: &str) -> Result<Config> {
    if schema.is_empty()
        || schema.len() > 63
        || schema.as_bytes()[0].is_ascii_digit()
        || !schema
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    {
        return Err(Error::address(
            "a schema's name has up to 63 of a–z, 0–9 and `_`, and begins with no digit",
        ));
    }
    // The driver's message is left out: it may quote the address, and with it the password.
    let mut config: Config = url
        .parse()
        .map_err(|_| Error::address("`postgres://user@host:5432/database` expected"))?;
    if config.get_ssl_mode() == SslMode::Require {
        return Err(Error::address(
            "`sslmode=require` is not supported by this version; use a local socket, a private network or a tunnel",
        ));
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("freehold");
    }
    // One snapshot for all statements of a request; one time zone for all texts made of instants.
    let settings = format!(
        "-c search_path={schema} -c default_transaction_isolation=repeatable\\ read -c timezone=UTC -c client_min_messages=warning"
    );
    let options = config
        .get_options()
        .map_or_else(|| settings.clone(), |given| format!("{given} {settings}"));
    config.options(options);
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_cannot_be_used_say_why() {
        let check = |url: &str, schema: &str| config(url, schema).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(check("postgres://u:secret@h/d", "main"), Ok(()));
        assert!(
            check("postgres://u:secret@h/d?sslmode=require", "main")
                .unwrap_err()
                .contains("sslmode=require")
        );
        assert!(check("postgres://u@h/d", "no-dash").unwrap_err().contains("63"));
        let error = check("postgres://u:secret@h:port/d", "main").unwrap_err();
        assert!(error.contains("expected") && !error.contains("secret"), "{error}");
    }
}

//! The listeners.

use crate::environments::Environment;
use crate::http::shell::{Door, serve};
use actix_web::dev::Server;
use actix_web::web::{Data, to};
use actix_web::{App, HttpServer};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long requests may take to end once the server was told to.
const SHUTDOWN_S: u64 = 10;
/// Connections of one worker at a time.
const CONNECTIONS_MAX: usize = 10_000;

/// A server that listens, and does not answer yet.
pub(crate) struct Bound {
    /// The real address.
    pub(crate) address: SocketAddr,
    server: Server,
}

/// Binds a listener. `SIGTERM` and `SIGINT` end it gracefully.
///
/// # Errors
/// When the address is taken, or not one of this machine.
pub(crate) fn bind(environment: Arc<Environment>, door: Door, listen: SocketAddr, workers: usize) -> io::Result<Bound> {
    let listener = TcpListener::bind(listen)?;
    let address = listener.local_addr()?;
    let environment = Data::from(environment);
    let app = move || App::new().app_data(environment.clone()).app_data(Data::new(door)).default_service(to(serve));
    let server = HttpServer::new(app)
        .workers(workers.max(1))
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(Duration::from_secs(75))
        .max_connections(CONNECTIONS_MAX)
        .shutdown_timeout(SHUTDOWN_S)
        .listen(listener)?
        .run();
    Ok(Bound { address, server })
}

impl Bound {
    /// Answers until the server is told to end.
    ///
    /// # Errors
    /// When the listener fails.
    pub(crate) async fn run(self) -> io::Result<()> {
        self.server.await
    }
}

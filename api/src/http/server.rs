//! The listeners.

use crate::environments::Environment;
use crate::error::Failure;
use crate::http::presence;
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

/// Takes an address. Who calls waits until the server answers.
///
/// # Errors
/// When the address is taken, or not one of this machine.
pub(crate) fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).map_err(|error| {
        Failure::new(format!("cannot listen on {address}: {error}"))
            .hint("choose another address with --listen; port 0 takes a free one")
    })
}

/// Makes the server of a listener. `SIGTERM` and `SIGINT` end it gracefully.
///
/// # Errors
/// When the listener is not sound.
pub(crate) fn bind(
    environment: Arc<Environment>,
    door: Door,
    listener: TcpListener,
    workers: usize,
) -> Result<Bound, Failure> {
    let unsound = |error: io::Error| Failure::new(format!("cannot listen: {error}"));
    let address = listener.local_addr().map_err(unsound)?;
    let environment = Data::from(environment);
    let app = move || {
        App::new()
            .app_data(environment.clone())
            .app_data(Data::new(door))
            .default_service(to(serve))
    };
    let server = HttpServer::new(app)
        .on_connect(presence::note)
        .workers(workers.max(1))
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(Duration::from_secs(75))
        .max_connections(CONNECTIONS_MAX)
        .shutdown_timeout(SHUTDOWN_S)
        .listen(listener)
        .map_err(unsound)?
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

//! The listeners.

use crate::environments::Environment;
use crate::error::Failure;
use crate::http::connection::{begin, note};
use crate::http::proxies::Proxies;
use crate::http::shell::{Door, Front, serve};
use crate::http::tls::Tls;
use actix_http::{HttpServiceBuilder, Request};
use actix_server::ServerBuilder;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, map_config};
use actix_web::App;
use actix_web::dev::{AppConfig, Server, fn_service};
use actix_web::web::{Data, to};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection without a request is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may take to end its side of a connection.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);
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

/// How a listener serves.
#[derive(Clone)]
pub(crate) struct Service {
    /// What it serves.
    pub(crate) door: Door,
    /// The proxies that are believed.
    pub(crate) proxies: Proxies,
    /// What it speaks TLS with; without, plain HTTP.
    pub(crate) tls: Option<Tls>,
    /// `Strict-Transport-Security` of answers by TLS.
    pub(crate) hsts: Option<String>,
}

impl Service {
    /// In the clear, with nobody in between.
    pub(crate) fn plain(door: Door) -> Self {
        Self {
            door,
            proxies: Proxies::default(),
            tls: None,
            hsts: None,
        }
    }
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
    service: Service,
    listener: TcpListener,
    workers: usize,
) -> Result<Bound, Failure> {
    let unsound = |error: io::Error| Failure::new(format!("cannot listen: {error}"));
    let address = listener.local_addr().map_err(unsound)?;
    let environment = Data::from(environment);
    let Service {
        door,
        proxies,
        tls,
        hsts,
    } = service;
    let front = Data::new(Front::new(door, proxies, hsts));
    let builder = ServerBuilder::new()
        .workers(workers.max(1))
        .max_concurrent_connections(CONNECTIONS_MAX)
        .shutdown_timeout(SHUTDOWN_S);
    let end = builder.graceful_shutdown_signal();
    // What `HttpServer` does, over streams of our own: it would offer HTTP/2, and take one certificate for good.
    let connections = move || {
        let (tls, end) = (tls.clone(), end.clone());
        let app = App::new()
            .app_data(environment.clone())
            .app_data(front.clone())
            .default_service(to(serve));
        let app = IntoServiceFactory::<_, Request>::into_factory(app);
        let app = app.map_err(|error: actix_web::Error| error.error_response());
        let http = HttpServiceBuilder::default()
            .client_request_timeout(HEAD_TIMEOUT)
            .client_disconnect_timeout(GOODBYE_TIMEOUT)
            .keep_alive(KEEP_ALIVE)
            .local_addr(address)
            .graceful_shutdown_signal(move || {
                let end = end.clone();
                async move { end.notified().await }
            })
            .on_connect_ext(note)
            .h1(map_config(app, |()| AppConfig::default()));
        fn_service(move |socket| begin(socket, tls.clone())).and_then(http)
    };
    let server = builder
        .listen(format!("freehold-{address}"), listener, connections)
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

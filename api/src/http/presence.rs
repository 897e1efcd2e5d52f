//! Whether the client is still there: what nobody waits for is not worth the database's time.
//!
//! actix goes on with a handler whose client has gone until there is something to write. So each connection keeps a second handle of
//! its socket, and a request that takes long looks at it now and then.

use crate::error::Refusal;
use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use freehold_base::Code;
use socket2::{SockRef, Socket};
use std::io::ErrorKind;
use std::mem::MaybeUninit;
use std::pin::pin;
use std::time::Duration;

/// How often is looked.
const EVERY: Duration = Duration::from_millis(250);

/// A second handle of a connection's socket.
struct Presence(Socket);

/// Keeps the handle with the connection.
pub(super) fn note(stream: &TcpStream, extensions: &mut Extensions) {
    // Without one, work just goes on.
    if let Ok(socket) = SockRef::from(stream).try_clone() {
        extensions.insert(Presence(socket));
    }
}

impl Presence {
    /// Whether nothing will be read from the connection any more.
    fn is_gone(&self) -> bool {
        match self.0.peek(&mut [MaybeUninit::uninit()]) {
            Ok(read) => read == 0,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        }
    }
}

/// Works as long as the client is there; then the work is dropped, and with it what the database does for it.
///
/// # Errors
/// Those of the work; `TIMEOUT`, which nobody reads, once the client has gone.
pub(super) async fn while_there<T>(
    request: &HttpRequest,
    work: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let mut work = pin!(work);
    loop {
        if let Ok(outcome) = tokio::time::timeout(EVERY, &mut work).await {
            return outcome;
        }
        if request.conn_data::<Presence>().is_some_and(Presence::is_gone) {
            return Err(Refusal::new(Code::Timeout, "the client has gone").with_status(408));
        }
    }
}

//! A connection: its handshake, and a bound on those who read slowly.

use crate::http::client_certificate::ClientCertificate;
use crate::http::presence;
use crate::http::tls::Tls;
use actix_http::error::DispatchError;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take nothing of what waits for it. A socket takes more once a good part of what it holds was read, so
/// reading byte by byte does not count as reading.
const STALLED_MAX: Duration = Duration::from_secs(30);

/// The connection is one of TLS.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByTls;

/// A connection's stream.
pub(super) struct Stream {
    io: Io,
    /// Since the client has taken nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    stalled_max: Duration,
}

enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Begins a connection.
pub(super) async fn begin(socket: TcpStream, tls: Option<Tls>) -> Result<(Stream, Option<SocketAddr>), DispatchError> {
    let peer = socket.peer_addr().ok();
    // Answers are written whole; waiting for more gains nothing. One that cannot be told is just slower.
    let _ = socket.set_nodelay(true);
    let io = match tls {
        None => Io::Plain(socket),
        Some(tls) => {
            let handshake = TlsAcceptor::from(tls.now()).accept(socket);
            let shaken = timeout(HANDSHAKE_TIMEOUT, handshake).await;
            let shaken = shaken.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
            Io::Tls(Box::new(shaken.map_err(|error| {
                tracing::debug!(?peer, "no TLS handshake: {error}");
                DispatchError::Io(error)
            })?))
        }
    };
    Ok((Stream::new(io, STALLED_MAX), peer))
}

/// Keeps with the connection what handlers ask of it.
pub(super) fn note(stream: &Stream, data: &mut Extensions) {
    presence::note(stream.socket(), data);
    if let Io::Tls(stream) = &stream.io {
        data.insert(ByTls);
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        // It was verified in the handshake. One that cannot be read is nobody's.
        if let Some(certificate) = shown.and_then(|leaf| ClientCertificate::read(leaf)) {
            tracing::debug!(
                subject = certificate.subject,
                fingerprint = certificate.hex(),
                "a client's certificate"
            );
            data.insert(certificate);
        }
    }
}

impl Stream {
    fn new(io: Io, stalled_max: Duration) -> Self {
        Self {
            io,
            stalled: None,
            stalled_max,
        }
    }

    fn socket(&self) -> &TcpStream {
        match &self.io {
            Io::Plain(socket) => socket,
            Io::Tls(stream) => stream.get_ref().0,
        }
    }

    /// Ends the connection if what is to be written waits for too long.
    fn bound<T>(&mut self, outcome: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let longest = self.stalled_max;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(longest)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(socket) => Pin::new(socket).poll_read(context, into),
            Io::Tls(stream) => Pin::new(stream).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = match &mut self.io {
            Io::Plain(socket) => Pin::new(socket).poll_write(context, bytes),
            Io::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        };
        self.bound(outcome, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = match &mut self.io {
            Io::Plain(socket) => Pin::new(socket).poll_write_vectored(context, parts),
            Io::Tls(stream) => Pin::new(stream).poll_write_vectored(context, parts),
        };
        self.bound(outcome, context)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Plain(socket) => socket.is_write_vectored(),
            Io::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = match &mut self.io {
            Io::Plain(socket) => Pin::new(socket).poll_flush(context),
            Io::Tls(stream) => Pin::new(stream).poll_flush(context),
        };
        self.bound(outcome, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = match &mut self.io {
            Io::Plain(socket) => Pin::new(socket).poll_shutdown(context),
            Io::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        };
        self.bound(outcome, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A connection's two ends.
    async fn pair(stalled_max: Duration) -> (Stream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        (Stream::new(Io::Plain(socket), stalled_max), client)
    }

    #[tokio::test]
    async fn who_reads_nothing_is_left() {
        let (mut stream, client) = pair(Duration::from_millis(50)).await;
        let much = vec![0; 64 << 20];
        let error = stream.write_all(&much).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        drop(client);
    }

    #[tokio::test]
    async fn who_reads_gets_everything() {
        let (mut stream, mut client) = pair(Duration::from_secs(5)).await;
        let much = vec![7; 8 << 20];
        let reader = tokio::spawn(async move {
            let (mut read, mut chunk) = (0, vec![0; 1 << 16]);
            loop {
                match client.read(&mut chunk).await.unwrap() {
                    0 => return read,
                    some => read += some,
                }
            }
        });
        stream.write_all(&much).await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(reader.await.unwrap(), much.len());
    }
}

//! HTTP/1.1 as the driver needs it: one connection, kept alive, one request at a time, no copy of the answer.

use crate::failure::{During, Failure, Outcome};
use std::fmt::Write;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest head of an answer.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer, where it was received.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) head: &'a str,
    pub(crate) body: &'a [u8],
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await.during("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::with_capacity(256 << 10),
        })
    }

    /// Sends a whole request, and waits for the whole answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Outcome<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let (head_end, length) = loop {
            self.receive().await?;
            if let Some(end) = find(&self.received, b"\r\n\r\n") {
                break (end + 4, content_length(&self.received[..end])?);
            }
            if self.received.len() > HEAD_BYTES_MAX {
                return Err(Failure::new("the head of an answer does not end"));
            }
        };
        while self.received.len() < head_end + length {
            self.receive().await?;
        }
        let head = std::str::from_utf8(&self.received[..head_end])?;
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        Ok(Answer {
            status: status.ok_or_else(|| Failure::new("an answer has no status"))?,
            head,
            body: &self.received[head_end..head_end + length],
        })
    }

    async fn receive(&mut self) -> Outcome<()> {
        if self.stream.read_buf(&mut self.received).await? == 0 {
            return Err(Failure::new("the server closed the connection"));
        }
        Ok(())
    }
}

/// Writes a request without a body, with more lines of its head, each ending in `\r\n`.
pub(crate) fn get(out: &mut Vec<u8>, path: &str, headers: &str) {
    out.clear();
    out.extend_from_slice(b"GET ");
    out.extend_from_slice(path.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    out.extend_from_slice(headers.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Writes a request with a JSON body.
pub(crate) fn post(out: &mut Vec<u8>, path: &str, headers: &str, body: &str) {
    out.clear();
    let mut head = String::with_capacity(128);
    // Writing to a string does not fail.
    let _ = write!(
        head,
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        body.len()
    );
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(headers.as_bytes());
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body.as_bytes());
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// Both servers know how long their answers are.
fn content_length(head: &[u8]) -> Outcome<usize> {
    let head = std::str::from_utf8(head)?;
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    lines
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .ok_or_else(|| Failure::new(format!("an answer has no length:\n{head}")))
}

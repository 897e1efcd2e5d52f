//! A proxy before PostgreSQL that counts round trips and statements.
//! Message formats: PostgreSQL documentation, "Frontend/Backend Protocol", chapter "Message Formats".

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How late answers come, so that only a client that waits for one is seen to wait.
const LATENCY: Duration = Duration::from_millis(10);

/// What has passed since the last [`Proxy::reset`].
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// Round trips: what a client sent before it heard from the server again, as the letters of the messages (`PBES`).
    pub flights: Vec<String>,
    /// SQL of every statement that was executed, in order.
    pub statements: Vec<String>,
}

impl Traffic {
    /// Statements that read or write, without `BEGIN`, `COMMIT`, `SET` and the like.
    pub fn queries(&self) -> Vec<&str> {
        let is_query = |text: &&str| {
            let word = text
                .trim_start()
                .split(|c: char| !c.is_alphabetic())
                .next()
                .unwrap_or_default();
            matches!(
                word.to_ascii_uppercase().as_str(),
                "SELECT" | "WITH" | "INSERT" | "UPDATE" | "DELETE" | "VALUES"
            )
        };
        self.statements.iter().map(String::as_str).filter(is_query).collect()
    }
}

/// The proxy; it serves as long as the process lives.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    traffic: Arc<Mutex<Traffic>>,
}

impl Proxy {
    /// Stands before the server of that URL.
    pub(crate) fn start(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let own = listener.local_addr().expect("a listener has an address");
        let (before, host, after) = split(url);
        let target = if host.contains(':') {
            host.to_owned()
        } else {
            format!("{host}:5432")
        };
        let traffic = Arc::new(Mutex::new(Traffic::default()));
        let shared = Arc::clone(&traffic);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&target) else {
                    continue;
                };
                serve(client, server, &shared);
            }
        });
        Self {
            url: format!("{before}{own}{after}"),
            traffic,
        }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Begins to count from nothing.
    pub fn reset(&self) {
        *lock(&self.traffic) = Traffic::default();
    }

    /// What has passed since then.
    pub fn traffic(&self) -> Traffic {
        lock(&self.traffic).clone()
    }
}

/// `postgres://user@`, `host:port`, `/database?…`
fn split(url: &str) -> (&str, &str, &str) {
    let start = url.find("://").map_or(0, |at| at + 3);
    let start = url[start..].find('@').map_or(start, |at| start + at + 1);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    (&url[..start], &url[start..end], &url[end..])
}

fn lock(traffic: &Mutex<Traffic>) -> std::sync::MutexGuard<'_, Traffic> {
    traffic.lock().expect("nobody panics while holding it")
}

fn serve(client: TcpStream, server: TcpStream, traffic: &Arc<Mutex<Traffic>>) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    // Whether the client has heard from the server since it last spoke.
    let heard = Arc::new(Mutex::new(true));
    let (mut from_client, mut to_client) = (client.try_clone().expect("a socket can be cloned"), client);
    let (mut from_server, mut to_server) = (server.try_clone().expect("a socket can be cloned"), server);
    let (counted, asked) = (Arc::clone(traffic), Arc::clone(&heard));
    std::thread::spawn(move || {
        let mut reader = Frontend::default();
        let mut chunk = [0_u8; 16 * 1024];
        while let Ok(n @ 1..) = from_client.read(&mut chunk) {
            {
                let mut traffic = lock(&counted);
                if std::mem::take(&mut *asked.lock().expect("nobody panics while holding it")) {
                    traffic.flights.push(String::new());
                }
                reader.read(&chunk[..n], &mut traffic);
            }
            if to_server.write_all(&chunk[..n]).is_err() {
                break;
            }
        }
        let _ = to_server.shutdown(Shutdown::Both);
    });
    std::thread::spawn(move || {
        let mut chunk = [0_u8; 16 * 1024];
        while let Ok(n @ 1..) = from_server.read(&mut chunk) {
            // A slow network: what the client sends without waiting for this has left by then, however many writes it takes.
            std::thread::sleep(LATENCY);
            *heard.lock().expect("nobody panics while holding it") = true;
            if to_client.write_all(&chunk[..n]).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
    });
}

/// Reads what one client sends.
#[derive(Debug, Default)]
struct Frontend {
    buffer: Vec<u8>,
    is_started: bool,
    /// SQL by the name of the prepared statement.
    prepared: HashMap<String, String>,
    /// SQL by the name of the portal.
    portals: HashMap<String, String>,
}

impl Frontend {
    fn read(&mut self, bytes: &[u8], traffic: &mut Traffic) {
        self.buffer.extend_from_slice(bytes);
        loop {
            let head = usize::from(self.is_started);
            let Some(length) = self.buffer.get(head..head + 4) else {
                return;
            };
            let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
            if self.buffer.len() < head + length {
                return;
            }
            let message: Vec<u8> = self.buffer.drain(..head + length).collect();
            if self.is_started {
                self.message(message[0], &message[5..], traffic);
            } else {
                // SSLRequest and GSSENCRequest come before the startup message.
                let code = message
                    .get(4..8)
                    .map_or(0, |code| u32::from_be_bytes([code[0], code[1], code[2], code[3]]));
                self.is_started = code != 80_877_103 && code != 80_877_104;
            }
        }
    }

    fn message(&mut self, kind: u8, body: &[u8], traffic: &mut Traffic) {
        if let Some(flight) = traffic.flights.last_mut() {
            flight.push(char::from(kind));
        }
        let mut texts = body
            .split(|byte| *byte == 0)
            .map(|text| String::from_utf8_lossy(text).into_owned());
        let mut text = || texts.next().unwrap_or_default();
        match kind {
            b'Q' => traffic.statements.push(text()),
            b'P' => {
                let name = text();
                self.prepared.insert(name, text());
            }
            b'B' => {
                let portal = text();
                let sql = self.prepared.get(&text()).cloned().unwrap_or_default();
                self.portals.insert(portal, sql);
            }
            b'E' => traffic
                .statements
                .push(self.portals.get(&text()).cloned().unwrap_or_default()),
            _ => {}
        }
    }
}

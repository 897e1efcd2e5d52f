//! A mail server that keeps what it gets.

use crate::authority::Identity;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fmt;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it offers.
#[derive(Clone, Debug)]
pub enum Offers {
    /// Nothing but to take letters.
    Nothing,
    /// STARTTLS.
    StartTls(Identity),
    /// TLS from the first byte.
    Tls(Identity),
}

/// A mail server.
pub struct Sink {
    port: u16,
    received: Receiver<Mail>,
    commands: Arc<Mutex<Vec<String>>>,
}

/// A letter that it got.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    /// Who it is from, on the envelope.
    pub from: String,
    /// To whom it goes.
    pub to: Vec<String>,
    /// The letter.
    pub text: String,
    /// It came by TLS.
    pub by_tls: bool,
    /// Name and password that were said, as they were said.
    pub login: Option<String>,
}

impl Sink {
    /// Starts one. The first so many letters are put off.
    pub fn start(offers: Offers, put_off: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it listens").port();
        let (letters, received) = channel();
        let commands = Arc::new(Mutex::new(Vec::new()));
        let heard = commands.clone();
        std::thread::spawn(move || {
            let mut left = put_off;
            for socket in listener.incoming().flatten() {
                let _ = socket.set_read_timeout(Some(Duration::from_secs(20)));
                let mut session = Session {
                    letters: letters.clone(),
                    commands: heard.clone(),
                    mail: Mail::default(),
                    put_off: left > 0,
                };
                left = left.saturating_sub(1);
                // A client that breaks off is none of our business.
                let _ = session.run(socket, &offers);
            }
        });
        Self {
            port,
            received,
            commands,
        }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The next letter, if one comes in time.
    pub fn take(&self, within: Duration) -> Option<Mail> {
        self.received.recv_timeout(within).ok()
    }

    /// What it was told so far.
    ///
    /// # Panics
    ///
    /// If it has panicked.
    pub fn commands(&self) -> Vec<String> {
        self.commands.lock().expect("nobody panics").clone()
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sink")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// One connection.
struct Session {
    letters: Sender<Mail>,
    commands: Arc<Mutex<Vec<String>>>,
    mail: Mail,
    put_off: bool,
}

impl Session {
    fn run(&mut self, mut socket: TcpStream, offers: &Offers) -> std::io::Result<()> {
        match offers {
            Offers::Tls(identity) => {
                self.mail.by_tls = true;
                let mut stream = shaken(socket, identity);
                stream.write_all(b"220 sink\r\n")?;
                self.talk(&mut stream, false).map(|_| ())
            }
            Offers::Nothing => {
                socket.write_all(b"220 sink\r\n")?;
                self.talk(&mut socket, false).map(|_| ())
            }
            Offers::StartTls(identity) => {
                socket.write_all(b"220 sink\r\n")?;
                if self.talk(&mut socket, true)? {
                    self.mail.by_tls = true;
                    let mut stream = shaken(socket, identity);
                    self.talk(&mut stream, false)?;
                }
                Ok(())
            }
        }
    }

    /// Until the end, or until TLS is to begin.
    fn talk(&mut self, stream: &mut (impl Read + Write), offers_tls: bool) -> std::io::Result<bool> {
        while let Some(line) = line(stream)? {
            self.commands.lock().expect("nobody panics").push(line.clone());
            let upper = line.to_ascii_uppercase();
            let answer = if upper.starts_with("EHLO") {
                let tls = if offers_tls { "250-STARTTLS\r\n" } else { "" };
                format!("250-sink\r\n{tls}250 AUTH PLAIN")
            } else if upper == "STARTTLS" && offers_tls {
                stream.write_all(b"220 go on\r\n")?;
                return Ok(true);
            } else if upper.starts_with("AUTH PLAIN") {
                self.mail.login = Some(line[10..].trim().to_owned());
                "235 welcome".to_owned()
            } else if upper.starts_with("MAIL FROM:") {
                self.mail.from = within(&line);
                if self.put_off {
                    // Quoting what must not get into a log.
                    "451 later, dear ".to_owned() + &self.mail.from
                } else {
                    "250 ok".to_owned()
                }
            } else if upper.starts_with("RCPT TO:") {
                self.mail.to.push(within(&line));
                "250 ok".to_owned()
            } else if upper == "DATA" {
                stream.write_all(b"354 go on\r\n")?;
                let mut text = String::new();
                while let Some(line) = self::line(stream)?.filter(|line| line != ".") {
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    text.push_str("\r\n");
                }
                self.mail.text = text;
                let _ = self.letters.send(std::mem::take(&mut self.mail));
                "250 kept".to_owned()
            } else if upper == "QUIT" {
                stream.write_all(b"221 bye\r\n")?;
                return Ok(false);
            } else {
                "250 ok".to_owned()
            };
            stream.write_all(format!("{answer}\r\n").as_bytes())?;
            stream.flush()?;
        }
        Ok(false)
    }
}

fn shaken(socket: TcpStream, identity: &Identity) -> StreamOwned<ServerConnection, TcpStream> {
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(identity.chain(), identity.private())
        .expect("it is a pair");
    let server = ServerConnection::new(Arc::new(config)).expect("the configuration is sound");
    StreamOwned::new(server, socket)
}

fn within(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(String::new(), |(inner, _)| inner.to_owned())
}

/// A line; `None` at the end.
fn line(stream: &mut impl Read) -> std::io::Result<Option<String>> {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    loop {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        if byte[0] == b'\n' {
            let text = String::from_utf8_lossy(&bytes).trim_end_matches('\r').to_owned();
            return Ok(Some(text));
        }
        bytes.push(byte[0]);
    }
}

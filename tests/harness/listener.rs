//! Those who listen: to a stream of events, or on a WebSocket.

use crate::person::Person;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

/// How long an answer may take. Shorter than the time after which the server looks at everything again, so that what comes in time
/// came because somebody told of the change.
pub(crate) const SOON: Duration = Duration::from_secs(8);

/// How long nothing may come where nothing should.
pub(crate) const QUIET: Duration = Duration::from_millis(400);

/// A subscription by server-sent events.
#[derive(Debug)]
pub struct Events {
    received: Receiver<(String, String)>,
    latest: RefCell<Value>,
    is_over: Cell<bool>,
}

impl Events {
    /// Reads a response as events.
    pub(crate) fn new(body: impl Read + Send + 'static) -> Self {
        let (sender, received) = channel();
        std::thread::spawn(move || {
            let (mut name, mut data) = (String::new(), Vec::new());
            for line in BufReader::new(body).lines() {
                let Ok(line) = line else { return };
                match line.split_once(':') {
                    Some(("event", value)) => value.trim().clone_into(&mut name),
                    Some(("data", value)) => data.push(value.strip_prefix(' ').unwrap_or(value).to_owned()),
                    Some(_) => {}
                    None if name.is_empty() && data.is_empty() => {}
                    None => {
                        let event = (std::mem::take(&mut name), std::mem::take(&mut data).join("\n"));
                        if sender.send(event).is_err() {
                            return;
                        }
                    }
                }
            }
        });
        Self {
            received,
            latest: RefCell::new(Value::Null),
            is_over: Cell::new(false),
        }
    }

    /// The next answer.
    ///
    /// # Panics
    ///
    /// If none comes, or the subscription is over.
    pub fn next(&self) -> Value {
        self.take(SOON).unwrap_or_else(|| {
            panic!(
                "no answer came{}; the last was {}",
                if self.is_over.get() { ", and none will" } else { "" },
                self.latest.borrow()
            )
        })
    }

    /// The next answer, if one comes in time.
    pub fn take(&self, within: Duration) -> Option<Value> {
        match self.received.recv_timeout(within) {
            Ok((name, data)) if name == "next" => {
                let answer: Value = serde_json::from_str(&data).expect("an event is JSON");
                self.latest.replace(answer.clone());
                Some(answer)
            }
            Ok((name, _)) => {
                assert_eq!(name, "complete");
                self.is_over.set(true);
                None
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                self.is_over.set(true);
                None
            }
        }
    }

    /// What was answered last, once everything that has come was taken.
    pub fn latest(&self) -> Value {
        while self.take(Duration::ZERO).is_some() {}
        self.latest.borrow().clone()
    }

    /// Waits until the last answer is as wanted.
    ///
    /// # Panics
    ///
    /// If it does not become so in time.
    pub fn until(&self, told: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        let mut latest = self.latest();
        while !is_wanted(&latest) {
            let left = SOON.checked_sub(started.elapsed());
            latest = match left.and_then(|left| self.take(left)) {
                Some(next) => next,
                None => panic!("{told}: the last answer is {latest}"),
            };
        }
        latest
    }

    /// Asserts that nothing comes.
    ///
    /// # Panics
    ///
    /// If something does.
    pub fn is_quiet(&self) {
        assert_eq!(self.take(QUIET), None);
        assert!(!self.is_over.get(), "the subscription is over");
    }

    /// The code of the error with which it ends; empty if it ends without one.
    ///
    /// # Panics
    ///
    /// If it does not end.
    pub fn end(&self) -> String {
        let started = Instant::now();
        let mut code = String::new();
        while !self.is_over.get() {
            assert!(started.elapsed() < SOON, "it does not end: {}", self.latest.borrow());
            if let Some(answer) = self.take(SOON) {
                let told = answer["errors"][0]["extensions"]["code"].as_str();
                told.unwrap_or_default().clone_into(&mut code);
            }
        }
        code
    }
}

/// A connection that speaks `graphql-transport-ws`.
pub struct Socket(WebSocket<TcpStream>);

impl Socket {
    /// Opens one, with headers.
    ///
    /// # Errors
    /// The status of a refused handshake.
    pub fn open(address: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(SOON)).expect("a socket has a timeout");
        let mut request = format!("ws://{address}/graphql")
            .into_client_request()
            .expect("an address");
        for (name, value) in headers {
            let value = HeaderValue::try_from(*value).expect("a header");
            request.headers_mut().insert(*name, value);
        }
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                Err(response.status().as_u16())
            }
            Err(error) => panic!("no handshake: {error}"),
        }
    }

    /// Opens one for a person, and says who it is in the first message.
    pub fn of(person: &Person<'_>) -> Self {
        let mut socket = Self::open(
            person.server().address(),
            &[("sec-websocket-protocol", "graphql-transport-ws")],
        )
        .expect("the server takes it");
        let mut payload = json!({});
        if let Some(cookie) = person.cookie() {
            let token = cookie.split_once('=').map_or(cookie, |(_, token)| token);
            payload["authorization"] = format!("Bearer {token}").into();
        }
        if let Some(tenant) = person.tenant_name() {
            payload["X-Tenant"] = tenant.into();
        }
        socket.say(&json!({"type": "connection_init", "payload": payload}));
        assert_eq!(socket.hear(), json!({"type": "connection_ack"}));
        socket
    }

    /// Sends a message.
    pub fn say(&mut self, message: &Value) {
        self.say_text(&message.to_string());
    }

    /// Sends a text.
    pub fn say_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).expect("the connection is open");
    }

    /// Begins an operation.
    pub fn subscribe(&mut self, id: &str, query: &str, variables: &Value) {
        let payload = json!({"query": query, "variables": variables});
        self.say(&json!({"id": id, "type": "subscribe", "payload": payload}));
    }

    /// The next message.
    ///
    /// # Panics
    ///
    /// If none comes, or the connection ends.
    pub fn hear(&mut self) -> Value {
        loop {
            match self.0.read().expect("a message comes") {
                Message::Text(text) => return serde_json::from_str(&text).expect("a message is JSON"),
                Message::Close(reason) => panic!("closed: {reason:?}"),
                _ => {}
            }
        }
    }

    /// The next message of an operation.
    pub fn hear_of(&mut self, id: &str) -> Value {
        loop {
            let message = self.hear();
            if message["id"] == id {
                return message;
            }
        }
    }

    /// Asserts that nothing comes.
    ///
    /// # Panics
    ///
    /// If something does.
    pub fn is_quiet(&mut self) {
        let limit = |socket: &mut WebSocket<TcpStream>, within| {
            socket
                .get_mut()
                .set_read_timeout(Some(within))
                .expect("a socket has a timeout");
        };
        limit(&mut self.0, QUIET);
        match self.0.read() {
            Err(tungstenite::Error::Io(_)) | Ok(Message::Ping(_)) => {}
            other => panic!("{other:?}"),
        }
        limit(&mut self.0, SOON);
    }

    /// Says good-bye, and waits for the answer to it.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn close(mut self) {
        self.0.close(None).expect("the connection is open");
        loop {
            match self.0.read() {
                Ok(Message::Close(_)) => return,
                Ok(_) => {}
                Err(error) => panic!("gone without a word: {error}"),
            }
        }
    }

    /// The code with which the server closes.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn closed(&mut self) -> u16 {
        // It may wait for the client first.
        let patient = self.0.get_mut().set_read_timeout(Some(2 * SOON));
        patient.expect("a socket has a timeout");
        loop {
            match self.0.read() {
                Ok(Message::Close(Some(frame))) => {
                    return match frame.code {
                        CloseCode::Library(code) | CloseCode::Iana(code) => code,
                        other => other.into(),
                    };
                }
                Ok(Message::Close(None)) | Err(_) => panic!("closed without a code"),
                Ok(_) => {}
            }
        }
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Socket").finish_non_exhaustive()
    }
}

//! Operations over a WebSocket: the sub-protocol `graphql-transport-ws`, as the library graphql-ws describes it.

mod message;

use crate::actions::asker::Asker;
use crate::actions::execute::{Asked, Request, execute};
use crate::actions::subscribe::{subscribe, tenant_hint};
use crate::error::Refusal;
use crate::http::credentials::{CookieKind, Credentials, bearer, check_origin, shown};
use crate::http::graphql::{named_tenant, only_once, within_time};
use crate::http::host::Host;
use crate::http::shell::{Call, log, new_id};
use crate::http::verb::{Verb, verb};
use crate::subscriptions::{Delivery, Outlet, Outlets, Standing, Subscription};
use crate::timings::Timings;
use crate::{actions::audit::Origin, environments::Environment};
use actix_web::HttpResponse;
use actix_web::error::PayloadError;
use actix_web::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use actix_web::web::{Data, Payload};
use actix_web::{FromRequest, dev};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, ProtocolError, Session};
use freehold_auth::Token;
use freehold_base::Code;
use futures_util::StreamExt;
use message::{Incoming, Init, Outgoing, asked, read};
use std::cell::Cell;
use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PROTOCOL: &str = "graphql-transport-ws";

/// Operations that run on one connection at a time.
const OPERATIONS_MAX: usize = 100;
/// What may have been read of the next messages when one is complete, with the heads of their frames.
const READ_AHEAD_BYTES: usize = 256 << 10;
/// How long a client may take to say who it is.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often is asked whether the client is still there.
const PING_EVERY: Duration = Duration::from_secs(25);
/// How long a client may be silent.
const SILENT_MAX: Duration = Duration::from_mins(1);
/// How long a client may take to take one message.
const SENT_WITHIN: Duration = Duration::from_secs(30);

/// Answers a request that asks for a WebSocket.
pub(super) async fn serve(call: &Call<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let headers = call.request.headers();
    only_once(headers, &AUTHORIZATION)?;
    let kind = CookieKind::of(&call.host, call.environment.without_tls);
    let credentials = shown(call, kind).await?;
    if credentials.by_cookie {
        // Any page may open a WebSocket to anywhere, and the browser sends the cookies along.
        check_origin(headers, &call.host, true)?;
    }
    let tenant = named_tenant(headers)?;
    let no_handshake = |error: actix_web::Error| {
        Refusal::new(Code::BadRequest, format!("the WebSocket cannot be opened: {error}")).with_status(400)
    };
    let asks = |names: &str| names.split(',').any(|name| name.trim() == PROTOCOL);
    if !headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .any(|value| value.to_str().is_ok_and(asks))
    {
        let refusal = Refusal::new(Code::BadRequest, format!("the sub-protocol is `{PROTOCOL}`")).with_status(400);
        return Err(refusal.with_hint("send it in `Sec-WebSocket-Protocol`; the client library graphql-ws does"));
    }
    let size_max = call.environment.limits().body_bytes_max;
    let received = Rc::new(Cell::new(0));
    let received_max = 2 * size_max + READ_AHEAD_BYTES;
    let mut bounded = bounded(payload, received.clone(), received_max);
    let payload = Payload::from_request(call.request, &mut bounded)
        .await
        .map_err(no_handshake)?;
    let (response, session, messages) =
        actix_ws::handle_with_protocols(call.request, payload, &[PROTOCOL]).map_err(no_handshake)?;
    let connection = Connection {
        environment: call.environment.clone(),
        host: call.host.clone(),
        address: call.client_address(),
        credentials,
        tenant: tenant.map(str::to_owned),
        session,
        ready: Outlets::default(),
        running: HashMap::new(),
        is_open: false,
        received,
        received_max,
    };
    let messages = messages
        .max_frame_size(size_max)
        .aggregate_continuations()
        .max_continuation_size(size_max);
    actix_web::rt::spawn(connection.run(messages));
    Ok(response)
}

/// What was received, as long as it is not too much for one message. The reader of frames takes whatever a frame announces, and
/// looks at its length when all of it is there.
fn bounded(payload: Payload, received: Rc<Cell<usize>>, bytes_max: usize) -> dev::Payload {
    let stream = payload.map(move |chunk| {
        let chunk = chunk?;
        received.set(received.get() + chunk.len());
        if received.get() > bytes_max {
            return Err(PayloadError::Io(ErrorKind::FileTooLarge.into()));
        }
        Ok(chunk)
    });
    dev::Payload::Stream {
        payload: stream.boxed_local(),
    }
}

/// A connection, and what runs on it.
struct Connection {
    environment: Data<Environment>,
    host: Host,
    address: Option<IpAddr>,
    credentials: Credentials,
    tenant: Option<String>,
    session: Session,
    ready: Outlets,
    running: HashMap<String, Running>,
    /// The client has said who it is.
    is_open: bool,
    /// Bytes since the last message.
    received: Rc<Cell<usize>>,
    received_max: usize,
}

/// An operation that runs.
struct Running {
    outlet: Arc<Outlet>,
    request_id: String,
    work: Work,
}

enum Work {
    /// Ends with its subscription.
    Listening(#[expect(dead_code, reason = "dropped, it ends")] Subscription),
    /// Is dropped with the connection, or when the client does not want it any more.
    Answering(tokio::task::JoinHandle<()>),
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Work::Answering(task) = &self.work {
            task.abort();
        }
    }
}

/// Why a connection ends.
struct Close(u16, String);

impl Close {
    fn new(code: u16, why: impl Into<String>) -> Self {
        Self(code, why.into())
    }

    /// Why nobody is let in: for good, or for now.
    fn of(refusal: &Refusal) -> Self {
        match refusal.code() {
            Code::Unauthenticated | Code::Forbidden => Self::new(4403, format!("Forbidden: {}", refusal.message())),
            _ => Self::new(1013, refusal.message()),
        }
    }

    /// What is wrong with what was received (RFC 6455, section 7.4.1).
    fn broken(error: &ProtocolError) -> Self {
        match error {
            ProtocolError::Overflow => Self::new(1009, "the message is too large"),
            ProtocolError::Io(_) => Self::new(1007, "the message is no text"),
            _ => Self::new(1002, "the message is not as RFC 6455 says"),
        }
    }
}

/// What the connection has to do next.
enum Turn {
    Message(AggregatedMessage),
    Broken(Close),
    Gone,
    Ready,
    Tick,
}

impl Connection {
    async fn run(mut self, messages: AggregatedMessageStream) {
        let reason = self.converse(messages).await;
        self.running.clear();
        if let Some(Close(code, why)) = reason {
            let reason = CloseReason {
                code: CloseCode::from(code),
                description: Some(why),
            };
            let _ = tokio::time::timeout(SENT_WITHIN, self.session.close(Some(reason))).await;
        }
    }

    /// Speaks until one of both has enough; says why, if it is us.
    async fn converse(&mut self, mut messages: AggregatedMessageStream) -> Option<Close> {
        let begun = Instant::now();
        let mut heard = Instant::now();
        let mut tick = tokio::time::interval(PING_EVERY);
        tick.tick().await;
        let mut init_timeout = Box::pin(tokio::time::sleep(INIT_TIMEOUT));
        loop {
            let turn = tokio::select! {
                message = messages.next() => match message {
                    Some(Ok(message)) => Turn::Message(message),
                    Some(Err(_)) if self.received.get() > self.received_max => {
                        Turn::Broken(Close::new(1009, "the message is too large"))
                    }
                    Some(Err(error)) => Turn::Broken(Close::broken(&error)),
                    None => Turn::Gone,
                },
                () = self.ready.notified() => Turn::Ready,
                _ = tick.tick() => Turn::Tick,
                () = &mut init_timeout, if !self.is_open => Turn::Tick,
            };
            let outcome = match turn {
                Turn::Gone => return None,
                // Its own reason is the answer (RFC 6455, section 5.5.1).
                Turn::Message(AggregatedMessage::Close(reason)) => {
                    return Some(reason.map_or_else(
                        || Close::new(1000, ""),
                        |reason| Close(reason.code.into(), String::new()),
                    ));
                }
                Turn::Broken(close) => return Some(close),
                Turn::Message(message) => {
                    heard = Instant::now();
                    self.received.set(0);
                    match message {
                        AggregatedMessage::Text(text) => self.hear(&text).await,
                        AggregatedMessage::Binary(_) => return Some(Close::new(4400, "messages are texts")),
                        AggregatedMessage::Ping(bytes) => {
                            let sent = tokio::time::timeout(SENT_WITHIN, self.session.pong(&bytes)).await;
                            if !matches!(sent, Ok(Ok(()))) {
                                return None;
                            }
                            Ok(())
                        }
                        AggregatedMessage::Pong(_) | AggregatedMessage::Close(_) => Ok(()),
                    }
                }
                Turn::Ready => self.deliver().await,
                Turn::Tick if !self.is_open && begun.elapsed() >= INIT_TIMEOUT => {
                    return Some(Close::new(4408, "Connection initialisation timeout"));
                }
                Turn::Tick if heard.elapsed() > SILENT_MAX => return None,
                Turn::Tick => {
                    let sent = tokio::time::timeout(SENT_WITHIN, self.session.ping(b"")).await;
                    if !matches!(sent, Ok(Ok(()))) {
                        return None;
                    }
                    Ok(())
                }
            };
            if let Err(close) = outcome {
                return close;
            }
        }
    }

    async fn hear(&mut self, text: &str) -> Result<(), Option<Close>> {
        let limits = self.environment.limits();
        let incoming = read(text, &limits).map_err(|why| Some(Close::new(4400, why)))?;
        match incoming {
            Incoming::Init(_) if self.is_open => Err(Some(Close::new(4429, "Too many initialisation requests"))),
            Incoming::Init(init) => {
                self.open(init).await.map_err(|refusal| Some(Close::of(&refusal)))?;
                self.is_open = true;
                self.send(&Outgoing::Ack).await
            }
            Incoming::Ping => self.send(&Outgoing::Pong).await,
            Incoming::Pong => Ok(()),
            _ if !self.is_open => Err(Some(Close::new(4401, "Unauthorized"))),
            Incoming::Subscribe { id, .. } if self.running.contains_key(&id) => {
                Err(Some(Close::new(4409, format!("Subscriber for {id} already exists"))))
            }
            Incoming::Subscribe { id, payload } => {
                let asked = asked(payload, &self.environment.persisted);
                self.begin(id, asked).await
            }
            Incoming::Complete { id } => {
                self.running.remove(&id);
                Ok(())
            }
        }
    }

    /// Learns who the client is. What it says comes before what the browser has sent along.
    async fn open(&mut self, init: Init) -> Result<(), Refusal> {
        if let Some(text) = init.authorization {
            self.credentials = Credentials {
                token: Some(bearer(&text)?),
                by_cookie: false,
            };
        }
        if let Some(tenant) = init.tenant {
            self.tenant = Some(tenant);
        }
        let environment = self.environment.clone();
        let bundle = environment.bundle()?;
        let tenant = tenant_hint(&bundle.catalog, &self.host, self.tenant.as_deref());
        let token = self.token();
        let mut asker = Asker::new(&environment, &bundle, token.as_ref(), &tenant);
        asker.identify().await.map(|_| ())
    }

    fn token(&self) -> Option<Token> {
        self.credentials.token.clone()
    }

    async fn begin(&mut self, id: String, asked: Result<Asked, Refusal>) -> Result<(), Option<Close>> {
        let request_id = new_id();
        let begun = if self.running.len() >= OPERATIONS_MAX {
            let message = format!("a connection runs at most {OPERATIONS_MAX} operations at a time");
            Err(Refusal::new(Code::LimitExceeded, message).with_hint("complete some, or open another connection"))
        } else {
            match asked {
                Ok(asked) => self.work(asked, &request_id).await,
                Err(refusal) => Err(refusal),
            }
        };
        match begun {
            Ok((outlet, work)) => {
                let running = Running {
                    outlet,
                    request_id,
                    work,
                };
                self.running.insert(id, running);
                // It may have been faster.
                self.ready.notify_one();
                Ok(())
            }
            Err(refusal) => {
                log(&refusal, &request_id);
                self.send(&Outgoing::Error(&id, &refusal.body(&request_id))).await
            }
        }
    }

    async fn work(&self, asked: Asked, request_id: &str) -> Result<(Arc<Outlet>, Work), Refusal> {
        let outlet = Arc::new(Outlet::new(self.ready.clone()));
        if verb(&asked.query, asked.operation_name.as_deref()) == Verb::Subscription {
            let standing = Standing {
                asked,
                token: self.token(),
                tenant: self.tenant.clone(),
                host: self.host.clone(),
            };
            let subscription = within_time(subscribe(&self.environment, standing, outlet.clone())).await?;
            return Ok((outlet, Work::Listening(subscription)));
        }
        let (environment, host, tenant) = (self.environment.clone(), self.host.clone(), self.tenant.clone());
        let (token, address, request_id) = (self.token(), self.address, request_id.to_owned());
        let answers = outlet.clone();
        let task = tokio::task::spawn_local(async move {
            let request = Request {
                asked,
                token,
                tenant: tenant.as_deref(),
                host: &host,
                origin: Origin {
                    request: &request_id,
                    address,
                },
                reads_only: false,
            };
            let mut timings = Timings::default();
            match within_time(execute(&environment, &request, &mut timings)).await {
                // A token that is to be replaced is replaced by the next request that can be given another.
                Ok(answered) => {
                    answers.put_latest(answered.body.into());
                    answers.complete();
                }
                Err(refusal) => answers.refuse(refusal),
            }
        });
        Ok((outlet, Work::Answering(task)))
    }

    /// Sends what is ready. One operation at a time each, so that none keeps the others waiting.
    async fn deliver(&mut self) -> Result<(), Option<Close>> {
        loop {
            let mut ready = Vec::new();
            for (id, running) in &self.running {
                if let Some(delivery) = running.outlet.take() {
                    ready.push((id.clone(), running.request_id.clone(), delivery));
                }
            }
            if ready.is_empty() {
                return Ok(());
            }
            for (id, request_id, delivery) in ready {
                match delivery {
                    Delivery::Next(body) => self.send(&Outgoing::Next(&id, &body)).await?,
                    Delivery::Refused(refusal) => {
                        log(&refusal, &request_id);
                        self.running.remove(&id);
                        self.send(&Outgoing::Error(&id, &refusal.body(&request_id))).await?;
                    }
                    Delivery::Complete => {
                        self.running.remove(&id);
                        self.send(&Outgoing::Complete(&id)).await?;
                    }
                }
            }
        }
    }

    async fn send(&mut self, message: &Outgoing<'_>) -> Result<(), Option<Close>> {
        match tokio::time::timeout(SENT_WITHIN, self.session.text(message.to_string())).await {
            Ok(Ok(())) => Ok(()),
            // It is gone, or takes nothing any more.
            Ok(Err(_)) | Err(_) => Err(None),
        }
    }
}

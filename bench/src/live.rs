//! How soon a change reaches those who listen: many subscribers of a hundred plans on one server.

use crate::failure::{During, Failure, Outcome};
use crate::http::{self, Connection};
use crate::progress;
use crate::world::World;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

/// Texts that are planned each by itself.
const PLANS: usize = 100;
/// Subscriptions on one connection.
const EACH: usize = 10;
/// Subscriptions that begin at the same time.
const BEGINNING_MAX: usize = 500;
/// Sessions that share the connections.
const SESSIONS: usize = 50;
/// Changes that are measured.
const CHANGES: usize = 10;
/// How long everybody may take to hear of one.
const PATIENCE: Duration = Duration::from_mins(1);

type Socket = WebSocketStream<TcpStream>;

/// When answers came, since the last change.
type Arrivals = Rc<RefCell<Vec<Instant>>>;

/// Lets so many listen, changes a row that all of them see, and prints how soon they heard.
pub(crate) async fn run(world: &World, database: &str, subscribers: usize) -> Outcome<String> {
    let sessions = world.sessions(SESSIONS).await?;
    let caller = world.callers.first().ok_or_else(|| Failure::new("nobody is there"))?;
    let ticket = caller
        .tickets
        .first()
        .ok_or_else(|| Failure::new("no ticket is there"))?
        .to_string();
    let before = world.meter.read(world.freehold.process)?;
    progress::say(&format!("{database}: {subscribers} subscriptions begin"));
    let arrivals = Arrivals::default();
    let local = tokio::task::LocalSet::new();
    let measured = local.run_until(async {
        let begun = Instant::now();
        let mut open = Vec::new();
        for (number, first) in (0..subscribers).step_by(EACH).enumerate() {
            let count = EACH.min(subscribers - first);
            let (sink, stream) = connect(world, &sessions[number % sessions.len()], &caller.slug).await?.split();
            tokio::task::spawn_local(listen(stream, arrivals.clone()));
            open.push(begin(sink, first, count, &ticket).await?);
            // As fast as they are answered.
            all(&arrivals, (first + count).saturating_sub(BEGINNING_MAX)).await?;
        }
        all(&arrivals, subscribers).await?;
        let began_s = begun.elapsed().as_secs_f64();
        let listening = world.meter.read(world.freehold.process)?;
        let mut times_ms: Vec<f64> = Vec::with_capacity(subscribers * CHANGES);
        let mut connection = Connection::open(world.freehold.address).await?;
        let start = world.meter.read(world.freehold.process)?;
        for change in 0..CHANGES {
            arrivals.borrow_mut().clear();
            let sent = Instant::now();
            let mut request = Vec::new();
            let text = "mutation ($id: ID!, $s: String!) { updateTicket(id: $id, input: {subject: $s}) { version } }";
            let body = json!({"query": text, "variables": {"id": ticket, "s": format!("change {change}")}}).to_string();
            http::post(&mut request, "/graphql", &world.freehold.headers[0], &body);
            let answer = connection.send(&request).await?;
            if answer.status != 200 || answer.body.windows(8).any(|part| part == b"\"errors\"") {
                return Err(Failure::new(String::from_utf8_lossy(answer.body)));
            }
            all(&arrivals, subscribers).await?;
            let arrived = arrivals.borrow();
            times_ms.extend(arrived.iter().map(|at| at.duration_since(sent).as_secs_f64() * 1000.0));
        }
        let end = world.meter.read(world.freehold.process)?;
        times_ms.sort_unstable_by(f64::total_cmp);
        let at = |part: f64| times_ms[((times_ms.len() - 1) as f64 * part) as usize];
        let each = |duration: Duration| duration.as_secs_f64() * 1000.0 / CHANGES as f64;
        Ok(format!(
            "{database}: {subscribers} subscribers of {PLANS} plans with different values, {} connections, {SESSIONS} sessions\n\n\
             | p50 ms | p99 ms | last ms | server ms a change | database ms a change | KiB a subscriber | all began in s |\n|--:|--:|--:|--:|--:|--:|--:|\n\
             | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {:.1} | {began_s:.1} |\n\n",
            open.len(),
            at(0.5),
            at(0.99),
            at(1.0),
            each(end.server.saturating_sub(start.server)),
            each(end.database.saturating_sub(start.database)),
            listening.resident_kib.saturating_sub(before.resident_kib) as f64 / subscribers as f64,
        ))
    });
    measured.await
}

async fn connect(world: &World, token: &str, tenant: &str) -> Outcome<Socket> {
    let stream = TcpStream::connect(world.freehold.address)
        .await
        .during("cannot connect")?;
    stream.set_nodelay(true)?;
    let mut request = format!("ws://{}/graphql", world.freehold.address).into_client_request()?;
    let protocol = HeaderValue::from_static("graphql-transport-ws");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await?;
    let payload = json!({"Authorization": format!("Bearer {token}"), "X-Tenant": tenant});
    let init = json!({"type": "connection_init", "payload": payload});
    socket.send(Message::text(init.to_string())).await?;
    match socket.next().await {
        Some(Ok(Message::Text(text))) if text.contains("connection_ack") => Ok(socket),
        other => Err(Failure::new(format!("no connection: {other:?}"))),
    }
}

/// Begins subscriptions: each has a plan and values of its own.
async fn begin(
    mut sink: SplitSink<Socket, Message>,
    first: usize,
    count: usize,
    ticket: &str,
) -> Outcome<SplitSink<Socket, Message>> {
    for number in first..first + count {
        let (plan, value) = (number % PLANS, number / PLANS);
        let query = format!(
            "subscription ($id: ID!, $until: DateTime!) {{ p{plan}: tickets(filter: {{id: {{eq: $id}}, createdAt: {{lt: $until}}}}, first: 5) \
             {{ nodes {{ id subject status priority team {{ name }} }} }} }}"
        );
        let until = format!("2099-01-01T{:02}:{:02}:00Z", value / 60 % 24, value % 60);
        let payload = json!({"query": query, "variables": {"id": ticket, "until": until}});
        let message = json!({"id": number.to_string(), "type": "subscribe", "payload": payload});
        sink.send(Message::text(message.to_string())).await?;
    }
    Ok(sink)
}

async fn listen(mut stream: SplitStream<Socket>, arrivals: Arrivals) {
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(text) = message else { continue };
        if text.contains("\"type\":\"next\"") {
            arrivals.borrow_mut().push(Instant::now());
        } else {
            progress::say(&text);
        }
    }
}

/// Waits until so many answers have come.
async fn all(arrivals: &Arrivals, count: usize) -> Outcome<()> {
    let begun = Instant::now();
    while arrivals.borrow().len() < count {
        if begun.elapsed() > PATIENCE {
            let came = arrivals.borrow().len();
            return Err(Failure::new(format!("{came} of {count} answers have come")));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

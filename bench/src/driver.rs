//! Asks both servers in turn, and measures.

use crate::cost::Meter;
use crate::data::Caller;
use crate::equal::{essence, lasting_essence};
use crate::failure::{Failure, Outcome};
use crate::http::{self, Connection};
use crate::progress;
use crate::random::Random;
use crate::workload::{Question, Values, Workload};
use crate::world::World;
use futures_util::future::try_join_all;
use serde::Serialize;
use serde_json::Value;
use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Requests of each workload whose answers are compared before anything is measured.
const COMPARED: usize = 50;
/// How long a slice may go on after its end: for the last answers.
const GRACE: Duration = Duration::from_mins(1);

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Freehold,
    Endpoint,
}

/// A server to ask.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    pub(crate) process: u32,
    /// Lines of a request's head that say who asks, for each caller.
    pub(crate) headers: Vec<String>,
}

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) slice: Duration,
    pub(crate) rounds: usize,
}

/// What was measured while one server was asked for a while.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Slice {
    pub(crate) requests: u64,
    pub(crate) requests_per_s: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    /// Processor time of the server for each request.
    pub(crate) server_us: f64,
    /// Processor time of the database for each request; nothing on SQLite, where it is the server's.
    pub(crate) database_us: f64,
    pub(crate) resident_kib: u64,
    pub(crate) peak_kib: u64,
}

/// Both servers, one after the other.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Round {
    pub(crate) freehold: Slice,
    pub(crate) endpoint: Slice,
}

impl Slice {
    /// Processor time for each request, of server and database.
    pub(crate) fn total_us(&self) -> f64 {
        self.server_us + self.database_us
    }
}

/// Numbers that no two requests share.
#[derive(Debug, Default)]
pub(crate) struct Serials(Cell<u64>);

impl Serials {
    fn next(&self) -> u64 {
        let serial = self.0.get() + 1;
        self.0.set(serial);
        serial
    }
}

/// Asks both the same, and fails unless they answer the same.
pub(crate) async fn compare(world: &World, workload: Workload, serials: &Serials) -> Outcome<()> {
    let mut freehold = Connection::open(world.freehold.address).await?;
    let mut endpoint = Connection::open(world.endpoint.address).await?;
    let mut random = Random::new(0x5eed);
    let mut telling = 0;
    for number in 0..COMPARED {
        let mut question = Question::new(workload, &world.callers, serials.next(), &mut random);
        // Some rows that an agent may not see, and some that open by another condition than the team.
        if let Values::Row { id } = &mut question.values
            && number % 5 == 0
        {
            *id = random.pick(&world.callers[question.caller].others);
        }
        let ours = ask(&world.freehold, &mut freehold, &question, workload, serials.next()).await?;
        if let Values::Create { subject, .. } = &mut question.values {
            // The same subject in the same team is a conflict.
            *subject = format!("Bench {:012x}", serials.next());
        }
        let theirs = ask(&world.endpoint, &mut endpoint, &question, workload, serials.next()).await?;
        let (ours_says, theirs_says) = if workload.writes() {
            (lasting_essence(&ours), lasting_essence(&theirs))
        } else {
            (essence(&ours), essence(&theirs))
        };
        if ours_says != theirs_says {
            return Err(Failure::new(format!(
                "the answers differ, so nothing is measured\n  {}\n  Freehold: {ours}\n  endpoint: {theirs}",
                question.path()
            )));
        }
        telling += usize::from(tells(&ours));
    }
    if telling < COMPARED / 2 {
        return Err(Failure::new(format!(
            "{workload}: only {telling} of {COMPARED} answers have rows in them; equal answers prove nothing"
        )));
    }
    Ok(())
}

/// Measures a workload: both servers in turn, so many times.
pub(crate) async fn measure(
    world: &World,
    workload: Workload,
    connections: usize,
    plan: Plan,
    serials: &Serials,
) -> Outcome<Vec<Round>> {
    let mut freehold = open(world.freehold.address, connections).await?;
    let mut endpoint = open(world.endpoint.address, connections).await?;
    let warm_up = plan.slice.min(Duration::from_secs(1));
    let mut rounds = Vec::with_capacity(plan.rounds);
    for number in 0..=plan.rounds {
        let slice = Load {
            workload,
            callers: &world.callers,
            serials,
            // Both are asked the same.
            seed: number as u64 * 1000 + connections as u64,
            // Round 0 warms up, and is not counted.
            length: if number == 0 { warm_up } else { plan.slice },
        };
        let freehold = slice.run(&world.freehold, &mut freehold, &world.meter).await?;
        let endpoint = slice.run(&world.endpoint, &mut endpoint, &world.meter).await?;
        if number > 0 {
            rounds.push(Round { freehold, endpoint });
        }
    }
    if let Some(last) = rounds.last() {
        progress::say(&format!(
            "  {workload}, {connections} connections: Freehold {:.0}/s and {:.0} + {:.0} µs, endpoint {:.0}/s and {:.0} + {:.0} µs in the last round",
            last.freehold.requests_per_s,
            last.freehold.server_us,
            last.freehold.database_us,
            last.endpoint.requests_per_s,
            last.endpoint.server_us,
            last.endpoint.database_us,
        ));
    }
    Ok(rounds)
}

/// What a server is asked in a slice.
struct Load<'a> {
    workload: Workload,
    callers: &'a [Caller],
    serials: &'a Serials,
    seed: u64,
    length: Duration,
}

impl Load<'_> {
    async fn run(&self, target: &Target, connections: &mut [Connection], meter: &Meter) -> Outcome<Slice> {
        let before = meter.read(target.process)?;
        let started = Instant::now();
        let deadline = started + self.length;
        let clients = connections
            .iter_mut()
            .enumerate()
            .map(|(number, connection)| self.drive(target, connection, number, deadline));
        let times = tokio::time::timeout(self.length + GRACE, try_join_all(clients))
            .await
            .map_err(|_| Failure::new("a server does not answer any more"))??;
        let elapsed = started.elapsed();
        let after = meter.read(target.process)?;

        let mut times: Vec<u32> = times.into_iter().flatten().collect();
        times.sort_unstable();
        let requests = times.len().max(1) as f64;
        let at = |part: f64| {
            times
                .get((times.len() as f64 * part) as usize)
                .copied()
                .unwrap_or(0)
                .into()
        };
        Ok(Slice {
            requests: times.len() as u64,
            requests_per_s: requests / elapsed.as_secs_f64(),
            p50_us: at(0.5),
            p99_us: at(0.99),
            server_us: micros(after.server.saturating_sub(before.server)) / requests,
            database_us: micros(after.database.saturating_sub(before.database)) / requests,
            resident_kib: after.resident_kib,
            peak_kib: after.peak_kib,
        })
    }

    /// One client: asks again as soon as it has its answer. Gives the times in microseconds.
    async fn drive(
        &self,
        target: &Target,
        connection: &mut Connection,
        number: usize,
        deadline: Instant,
    ) -> Outcome<Vec<u32>> {
        let mut random = Random::new(self.seed << 16 | number as u64);
        let mut request = Vec::with_capacity(2 << 10);
        let mut times = Vec::with_capacity(16 << 10);
        while Instant::now() < deadline {
            let question = Question::new(self.workload, self.callers, self.serials.next(), &mut random);
            target.write(&mut request, &question, self.workload, self.serials.next());
            let sent = Instant::now();
            let answer = connection.send(&request).await?;
            times.push(sent.elapsed().as_micros() as u32);
            // Both frame an answer alike, and a refusal otherwise.
            if answer.status != 200 || !answer.body.starts_with(b"{\"data\":{") {
                return Err(Failure::new(format!(
                    "{:?} answers {} {} to {}",
                    target.kind,
                    answer.status,
                    String::from_utf8_lossy(&answer.body[..answer.body.len().min(600)]),
                    question.path()
                )));
            }
        }
        Ok(times)
    }
}

impl Target {
    fn write(&self, out: &mut Vec<u8>, question: &Question, workload: Workload, serial: u64) {
        let headers = &self.headers[question.caller];
        match self.kind {
            Kind::Freehold => {
                let body = question.graphql(workload, serial).to_string();
                http::post(out, "/graphql", headers, &body);
            }
            Kind::Endpoint if workload.writes() => http::post(out, &question.path(), headers, ""),
            Kind::Endpoint => http::get(out, &question.path(), headers),
        }
    }
}

async fn ask(
    target: &Target,
    connection: &mut Connection,
    question: &Question,
    workload: Workload,
    serial: u64,
) -> Outcome<Value> {
    let mut request = Vec::new();
    target.write(&mut request, question, workload, serial);
    let answer = connection.send(&request).await?;
    let text = String::from_utf8_lossy(answer.body);
    serde_json::from_str(&text).map_err(|_| {
        Failure::new(format!(
            "{:?} answers {} {text} to {}",
            target.kind,
            answer.status,
            question.path()
        ))
    })
}

async fn open(address: SocketAddr, count: usize) -> Outcome<Vec<Connection>> {
    try_join_all((0..count).map(|_| Connection::open(address))).await
}

/// Whether there are rows in an answer.
fn tells(answer: &Value) -> bool {
    match answer {
        Value::Object(fields) => fields.values().any(tells),
        Value::Array(values) => !values.is_empty(),
        Value::String(_) => true,
        Value::Number(number) => number.as_i64() != Some(0),
        Value::Null | Value::Bool(_) => false,
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

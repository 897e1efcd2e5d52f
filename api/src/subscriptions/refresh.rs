//! Reads what is due to a cohort, in as few statements as its plan has, and puts it into the outlets.

use crate::actions::execute::enveloped;
use crate::actions::subscribe::{Admitted, admit};
use crate::bundle::{Bundle, Known, Recipe, Watch};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::keys::{is_about_keys, uses};
use crate::subscriptions::hub::{DueMember, Job, too_slow};
use crate::subscriptions::{Changed, Member, Watched};
use freehold_auth::is_unchanged;
use freehold_base::{Caller, Code, Lookup, RowId, Timestamp};
use freehold_planner::change::{ChangeSlotKind, WATCHED_ID, WATCHED_MAX, WATCHED_VERSION};
use freehold_storage::program::Program;
use freehold_storage::{Binder, Database, Run, digest};
use freehold_vault::{Cipher, KeyUse};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Runs of a program in one flight.
const AT_ONCE: usize = 200;
/// Members of one flight that reads all rows they watch: each answer is long.
const WHOLE_AT_ONCE: usize = 10;
/// A flight that takes longer is followed by a smaller one, one that takes much less by a larger one.
const SLOW: Duration = Duration::from_secs(1);
/// How long a flight for several may take, and one for a single member.
const FLIGHT_MAX: Duration = Duration::from_secs(5);
const SINGLE_MAX: Duration = Duration::from_secs(10);
/// Members that are understood anew at the same time.
const ANEW_AT_ONCE: usize = 8;
/// How long is waited before a database that is away is asked again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Reads a job, in turns with others, and gives it back to the hub.
pub(super) async fn refresh(environment: &Environment, job: Job, turns: &Semaphore) {
    let mut reading = Reading {
        environment,
        bundle: &job.bundle,
        turns,
        at_once: AT_ONCE,
        others: BTreeSet::new(),
        again: Vec::new(),
    };
    let is_current = environment
        .bundle()
        .is_ok_and(|current| Arc::ptr_eq(&current, &job.bundle));
    let members = job.members.as_slice();
    if is_current {
        match &job.recipe {
            Recipe::Live(live) => reading.live(&live.program, members).await,
            Recipe::Changes(watch) => reading.changes(watch, members).await,
            // Nobody subscribes to a query.
            Recipe::Query(_) => {}
        }
    } else {
        reading.others.extend(0..members.len());
    }
    let Reading { others, mut again, .. } = reading;
    let mut anew = FuturesUnordered::new();
    for member in others.into_iter().filter_map(|at| members.get(at)) {
        if anew.len() >= ANEW_AT_ONCE {
            again.extend(anew.next().await.flatten());
        }
        anew.push(understand_anew(environment, turns, member));
    }
    while let Some(member) = anew.next().await {
        again.extend(member);
    }
    if !again.is_empty() {
        tokio::time::sleep(AGAIN_AFTER).await;
    }
    environment.hub.has_read(&job, again);
}

struct Reading<'a> {
    environment: &'a Environment,
    bundle: &'a Bundle,
    turns: &'a Semaphore,
    /// Runs of the next flight.
    at_once: usize,
    /// Members that are somebody else by now.
    others: BTreeSet<usize>,
    /// Members that could not be told anything.
    again: Vec<DueMember>,
}

/// Who a member is, while it is read for.
struct Seat<'a> {
    member: &'a Member,
    caller: Caller,
    lookup: Option<Arc<Lookup>>,
    known: Arc<Known>,
    variables: Arc<Map<String, Value>>,
    digest: Option<u64>,
    cipher: Cipher,
}

/// One run of a program for one member.
#[derive(Clone, Copy)]
struct Glance {
    /// Index of the member.
    at: usize,
    /// The row that it is about.
    row: Option<RowId>,
}

/// What a glance has shown.
enum Sight {
    /// The member is somebody else by now, or nobody.
    SomebodyElse,
    /// What it showed the last time.
    Same,
    /// The JSON object of `data`, and what tells it from others.
    Data(Vec<u8>, u64),
    /// It cannot be answered.
    Failed(Refusal),
}

impl Reading<'_> {
    /// Answers live queries.
    async fn live(&mut self, program: &Arc<Program>, members: &[DueMember]) {
        let glances: Vec<Glance> = (0..members.len()).map(|at| Glance { at, row: None }).collect();
        let mut rest = glances.as_slice();
        while let Some(seen) = self.next(program, members, &mut rest).await {
            for (glance, sight) in seen {
                let member = &members[glance.at];
                match sight {
                    Sight::SomebodyElse => drop(self.others.insert(glance.at)),
                    Sight::Same => {}
                    Sight::Data(data, digest) => {
                        member.member.progress().digest = Some(digest);
                        member.member.outlet.put_latest(enveloped(&data).into());
                    }
                    Sight::Failed(refusal) => self.end(member, refusal),
                }
            }
        }
    }

    /// Tells of changes of single rows.
    async fn changes(&mut self, watch: &Watch, members: &[DueMember]) {
        let mut wanted = Vec::new();
        let mut whole = Vec::new();
        for (at, member) in members.iter().enumerate() {
            let is_new = member.member.progress().watched.is_none();
            match &member.due {
                Changed::Rows(rows) if !is_new && !rows.is_empty() => {
                    wanted.extend(rows.iter().map(|row| Glance { at, row: Some(*row) }));
                }
                Changed::Rows(_) | Changed::Some => whole.push(Glance { at, row: None }),
            }
        }
        for glances in whole.chunks(WHOLE_AT_ONCE) {
            let mut rest = glances;
            while let Some(seen) = self.next(&watch.rows, members, &mut rest).await {
                for (glance, sight) in seen {
                    let member = &members[glance.at];
                    let rows = match sight {
                        Sight::SomebodyElse => {
                            self.others.insert(glance.at);
                            continue;
                        }
                        Sight::Same => continue,
                        Sight::Data(data, digest) => watched(&data).and_then(|rows| {
                            let differing = self.differing(watch, &member.member, rows)?;
                            // What differs is not told yet, and perhaps not soon.
                            member.member.progress().digest = differing.is_empty().then_some(digest);
                            Ok(differing)
                        }),
                        Sight::Failed(refusal) => Err(refusal),
                    };
                    match rows {
                        Ok(rows) => wanted.extend(rows.into_iter().map(|row| Glance {
                            at: glance.at,
                            row: Some(row),
                        })),
                        Err(refusal) => self.end(member, refusal),
                    }
                }
            }
        }
        let mut rest = wanted.as_slice();
        while let Some(seen) = self.next(&watch.row, members, &mut rest).await {
            for (glance, sight) in seen {
                let (Some(row), member) = (glance.row, &members[glance.at]) else {
                    continue;
                };
                let told = match sight {
                    Sight::SomebodyElse => {
                        self.others.insert(glance.at);
                        continue;
                    }
                    Sight::Same => continue,
                    Sight::Data(data, _) => self.tell(watch, &member.member, row, &data),
                    Sight::Failed(refusal) => Err(refusal),
                };
                if let Err(refusal) = told {
                    self.end(member, refusal);
                }
            }
        }
    }

    /// Tells of the rows that have gone; gives those that have come or changed.
    fn differing(&self, watch: &Watch, member: &Member, mut rows: Watched) -> Result<Vec<RowId>, Refusal> {
        let mut progress = member.progress();
        if rows.len() > WATCHED_MAX as usize {
            return Err(too_many());
        }
        let Some(watched) = progress.watched.as_mut() else {
            let has_place = self.environment.hub.watch(&mut rows);
            progress.watched = Some(rows);
            return if has_place { Ok(Vec::new()) } else { Err(no_place()) };
        };
        let gone = watched.keep_those_of(&rows);
        let differing = rows.differing(watched);
        self.environment.hub.watch(watched);
        drop(progress);
        for row in gone {
            if !member.outlet.put(event(watch, "DELETED", row, None)) {
                return Err(too_slow());
            }
        }
        Ok(differing)
    }

    /// Tells of a row as it is now, if the member has not been told so.
    fn tell(&self, watch: &Watch, member: &Member, row: RowId, data: &[u8]) -> Result<(), Refusal> {
        let Row { row: found } = serde_json::from_slice(data).map_err(Refusal::internal)?;
        let mut progress = member.progress();
        let watched = progress.watched.get_or_insert_default();
        let body = match found {
            None if watched.remove(row) => event(watch, "DELETED", row, None),
            None => return Ok(()),
            Some(found) => {
                let version = found
                    .get(WATCHED_VERSION)
                    .and_then(|version| version.get().parse().ok());
                let version: i64 = version.ok_or_else(|| Refusal::internal("a watched row has no version"))?;
                let kind = match watched.insert(row, version) {
                    Some(before) if before == version => return Ok(()),
                    Some(_) => "UPDATED",
                    None => "CREATED",
                };
                event(watch, kind, row, Some(&found))
            }
        };
        let (now, has_place) = (watched.len(), self.environment.hub.watch(watched));
        // The rows are other ones than those that were read together.
        progress.digest = None;
        drop(progress);
        if !has_place {
            return Err(no_place());
        }
        if now > WATCHED_MAX as usize {
            return Err(too_many());
        }
        if member.outlet.put(body) {
            Ok(())
        } else {
            Err(too_slow())
        }
    }

    /// Ends a subscription in error.
    fn end(&self, member: &DueMember, refusal: Refusal) {
        member.member.outlet.refuse(refusal);
        self.environment.hub.leave(member.number);
    }

    /// What the next members see, in one flight; `None` when there are no more, or the database is away, which is noted. What is wrong
    /// with one run is found by smaller flights, so that the others have their answers.
    async fn next(
        &mut self,
        program: &Arc<Program>,
        members: &[DueMember],
        rest: &mut &[Glance],
    ) -> Option<Vec<(Glance, Sight)>> {
        while !rest.is_empty() {
            let (now, later) = rest.split_at(self.at_once.clamp(1, rest.len()));
            let (outcome, took) = {
                let _turn = self.turns.acquire().await.ok()?;
                let begun = Instant::now();
                (self.look(program, members, now).await, begun.elapsed())
            };
            match outcome {
                Ok(seen) => {
                    if took > SLOW {
                        self.at_once = now.len() / 2;
                    } else if took < SLOW / 10 {
                        self.at_once = (2 * self.at_once).min(AT_ONCE);
                    }
                    *rest = later;
                    return Some(seen);
                }
                Err(refusal) if refusal.code() == Code::Unavailable => {
                    tracing::debug!("a live query is tried again");
                    let at: BTreeSet<usize> = rest.iter().map(|glance| glance.at).collect();
                    self.again.extend(at.into_iter().map(|at| DueMember {
                        due: Changed::Some,
                        ..members[at].clone()
                    }));
                    *rest = &[];
                }
                Err(refusal) => match now {
                    [glance] => {
                        *rest = later;
                        return Some(vec![(*glance, Sight::Failed(refusal))]);
                    }
                    _ => self.at_once = now.len() / 2,
                },
            }
        }
        None
    }

    async fn look(
        &self,
        program: &Arc<Program>,
        members: &[DueMember],
        glances: &[Glance],
    ) -> Result<Vec<(Glance, Sight)>, Refusal> {
        match self.attempt(program, members, glances).await? {
            // Another server may have sealed under a data key that it made just now.
            Err(error) if is_about_keys(&error) => Ok(self.attempt(program, members, glances).await??),
            outcome => Ok(outcome?),
        }
    }

    async fn attempt(
        &self,
        program: &Arc<Program>,
        members: &[DueMember],
        glances: &[Glance],
    ) -> Result<freehold_storage::Result<Vec<(Glance, Sight)>>, Refusal> {
        let now = self.environment.clock.now();
        let mut seats: HashMap<usize, Seat<'_>> = HashMap::new();
        for Glance { at, .. } in glances {
            if !seats.contains_key(at) {
                seats.insert(*at, self.seat(program, &members[*at].member, now).await?);
            }
        }
        let outcome = self.run(program, glances, &seats, now).await;
        if let Err(error) = &outcome
            && is_about_keys(error)
        {
            for seat in seats.values() {
                self.environment.vault.forget(&self.uses(program, &seat.caller));
            }
        }
        Ok(outcome)
    }

    fn uses<'k>(&'k self, program: &'k Program, caller: &Caller) -> Vec<KeyUse<'k>> {
        let tenant = caller.tenant.as_ref().map(|tenant| tenant.id);
        uses(&self.bundle.catalog, &program.keys, tenant)
    }

    async fn seat<'m>(&self, program: &Program, member: &'m Member, now: Timestamp) -> Result<Seat<'m>, Refusal> {
        let (lookup, known, variables, digest) = {
            let progress = member.progress();
            (
                progress.lookup.clone(),
                progress.known.clone(),
                progress.variables.clone(),
                progress.digest,
            )
        };
        let caller = known.caller(now);
        let cipher = self.environment.cipher(&self.uses(program, &caller)).await?;
        Ok(Seat {
            member,
            caller,
            lookup,
            known,
            variables,
            digest,
            cipher,
        })
    }

    async fn run(
        &self,
        program: &Arc<Program>,
        glances: &[Glance],
        seats: &HashMap<usize, Seat<'_>>,
        now: Timestamp,
    ) -> freehold_storage::Result<Vec<(Glance, Sight)>> {
        let binder = |glance: &Glance| {
            seats.get(&glance.at).map(|seat| Binder {
                catalog: &self.bundle.catalog,
                caller: &seat.caller,
                variables: &seat.variables,
                written: glance.row,
                cipher: Some(&seat.cipher),
            })
        };
        // Those who ask the same share a run, and those who are the same a look-up.
        let mut runs: Vec<Run> = Vec::new();
        let mut run_of: Vec<usize> = Vec::with_capacity(glances.len());
        let mut known_runs: HashMap<String, usize> = HashMap::new();
        let mut lookups: Vec<&Lookup> = Vec::new();
        let mut lookup_of: HashMap<usize, usize> = HashMap::new();
        let mut known_lookups: HashMap<String, usize> = HashMap::new();
        for glance in glances {
            let Some(binder) = binder(glance) else { continue };
            let run = Run::new(program, &binder)?;
            let number = *known_runs.entry(run.fingerprint()).or_insert_with(|| {
                runs.push(run);
                runs.len() - 1
            });
            run_of.push(number);
            if let Some(lookup) = seats.get(&glance.at).and_then(|seat| seat.lookup.as_deref()) {
                let number = *known_lookups.entry(format!("{lookup:?}")).or_insert_with(|| {
                    lookups.push(lookup);
                    lookups.len() - 1
                });
                lookup_of.insert(glance.at, number);
            }
        }
        let limit = if runs.len() > 1 { FLIGHT_MAX } else { SINGLE_MAX };
        let batch = self
            .environment
            .database
            .run_many(&lookups, program, runs, limit)
            .await?;
        let digests: Vec<u64> = batch.tables.iter().map(|tables| digest(tables)).collect();
        let mut seen = Vec::with_capacity(glances.len());
        for (glance, run) in glances.iter().zip(run_of) {
            let (Some(seat), Some(binder)) = (seats.get(&glance.at), binder(glance)) else {
                continue;
            };
            let row = lookup_of
                .get(&glance.at)
                .and_then(|number| batch.rows[*number].as_deref());
            let token = seat.member.standing.token.as_ref();
            let sight = if !is_unchanged(&self.bundle.directory, token, seat.known.row.as_deref(), row, now) {
                Sight::SomebodyElse
            } else if glance.row.is_none() && seat.digest == Some(digests[run]) {
                Sight::Same
            } else {
                match Database::answer(program, &batch.tables[run], &binder, &self.environment.sealer) {
                    Ok(data) => Sight::Data(data, digests[run]),
                    Err(error) if is_about_keys(&error) => return Err(error),
                    Err(error) => Sight::Failed(error.into()),
                }
            };
            seen.push((*glance, sight));
        }
        Ok(seen)
    }
}

/// Asks anew who a member is, and what its text means for them. What waits for a client that may see something else by now is not sent
/// any more. Gives the member if the database is away.
async fn understand_anew(environment: &Environment, turns: &Semaphore, member: &DueMember) -> Option<DueMember> {
    let admitted = {
        let _turn = turns.acquire().await.ok()?;
        admit(environment, &member.member.standing).await
    };
    let refusal = match admitted {
        Ok(Admitted {
            bundle,
            recipe,
            progress,
        }) => {
            let is_of_changes = {
                let mut old = member.member.progress();
                let watched = old.watched.take();
                *old = progress;
                old.watched = watched;
                old.watched.is_some()
            };
            if !(is_of_changes && member.member.outlet.is_waiting()) {
                member.member.outlet.forget();
                environment.hub.move_to(member.number, &bundle, &recipe);
                return None;
            }
            too_slow()
        }
        Err(refusal) if matches!(refusal.code(), Code::Timeout | Code::Unavailable) => {
            return Some(DueMember {
                due: Changed::Some,
                ..member.clone()
            });
        }
        Err(refusal) => refusal,
    };
    member.member.outlet.refuse(refusal);
    environment.hub.leave(member.number);
    None
}

#[derive(serde::Deserialize)]
struct Rows<'d> {
    #[serde(borrow)]
    rows: Vec<HashMap<&'d str, Value>>,
}

#[derive(serde::Deserialize)]
struct Row<'d> {
    #[serde(borrow)]
    row: Option<HashMap<&'d str, &'d RawValue>>,
}

/// The rows of [`Watch::rows`], with their versions.
fn watched(data: &[u8]) -> Result<Watched, Refusal> {
    let Rows { rows } = serde_json::from_slice(data).map_err(Refusal::internal)?;
    let rows = rows.into_iter().map(|row| {
        let id = row.get(WATCHED_ID).and_then(Value::as_str).and_then(RowId::parse);
        Some((id?, row.get(WATCHED_VERSION).and_then(Value::as_i64)?))
    });
    let rows: Option<Vec<(RowId, i64)>> = rows.collect();
    let rows = rows.ok_or_else(|| Refusal::internal("a watched row has no id or version"))?;
    Ok(Watched::new(rows))
}

/// `{"data": {"ticketChanged": {…}}}`
fn event(watch: &Watch, kind: &str, row: RowId, found: Option<&HashMap<&str, &RawValue>>) -> bytes::Bytes {
    let slots = watch.slots.iter().enumerate().map(|(index, slot)| {
        let value = match &slot.kind {
            ChangeSlotKind::Text(text) => Value::from(text.as_str()).to_string(),
            ChangeSlotKind::Kind => Value::from(kind).to_string(),
            ChangeSlotKind::Id => Value::from(row.to_string()).to_string(),
            ChangeSlotKind::Node => {
                let node = found.and_then(|found| found.get(index.to_string().as_str()));
                node.map_or_else(|| "null".to_owned(), |node| node.get().to_owned())
            }
        };
        format!("{}:{value}", Value::from(slot.key.as_str()))
    });
    let slots: Vec<String> = slots.collect();
    let key = Value::from(watch.key.as_str());
    format!("{{\"data\":{{{key}:{{{}}}}}}}", slots.join(",")).into()
}

fn too_many() -> Refusal {
    let message = format!("a subscription to changes watches at most {WATCHED_MAX} rows");
    Refusal::new(Code::LimitExceeded, message).with_hint("narrow it with `filter`")
}

fn no_place() -> Refusal {
    let refusal = Refusal::new(Code::LimitExceeded, "this server watches too many rows already");
    refusal
        .with_status(503)
        .with_hint("narrow it with `filter`, or try again later")
}

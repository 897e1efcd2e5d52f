//! Reads what is due to a cohort, in as few statements as its plan has, and puts it into the outlets.

use crate::actions::execute::enveloped;
use crate::actions::subscribe::{Admitted, admit};
use crate::bundle::{Bundle, Known, Recipe, Watch};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::keys::{is_about_keys, uses};
use crate::subscriptions::hub::{DueMember, Job};
use crate::subscriptions::{Changed, Member};
use freehold_auth::is_unchanged;
use freehold_base::{Caller, Code, Lookup, RowId, Timestamp};
use freehold_planner::change::{ChangeSlotKind, WATCHED_ID, WATCHED_MAX, WATCHED_VERSION};
use freehold_storage::program::Program;
use freehold_storage::{Binder, Database, Run, digest};
use freehold_vault::{Cipher, KeyUse};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Runs of a program in one flight.
const AT_ONCE: usize = 500;
/// How long is waited before a database that is away is asked again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Reads a job, and gives it back to the hub.
pub(super) async fn refresh(environment: &Environment, job: Job) {
    let mut reading = Reading {
        environment,
        bundle: &job.bundle,
        again: Vec::new(),
    };
    let is_current = environment
        .bundle()
        .is_ok_and(|current| Arc::ptr_eq(&current, &job.bundle));
    if is_current {
        for members in job.members.chunks(AT_ONCE) {
            match &job.recipe {
                Recipe::Live(program) => reading.live(program, members).await,
                Recipe::Changes(watch) => reading.changes(watch, members).await,
                // Nobody subscribes to a query.
                Recipe::Query(_) => {}
            }
        }
    } else {
        for member in &job.members {
            reading.understand_anew(member).await;
        }
    }
    let again = reading.again;
    if !again.is_empty() {
        tokio::time::sleep(AGAIN_AFTER).await;
    }
    environment.hub.has_read(job.cohort, again);
}

struct Reading<'a> {
    environment: &'a Environment,
    bundle: &'a Bundle,
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

type Sights<'f> = Pin<Box<dyn Future<Output = Result<Vec<(Glance, Sight)>, Refusal>> + Send + 'f>>;

impl Reading<'_> {
    /// Answers live queries.
    async fn live(&mut self, program: &Arc<Program>, members: &[DueMember]) {
        let glances: Vec<Glance> = (0..members.len()).map(|at| Glance { at, row: None }).collect();
        for (glance, sight) in self.seen(program, members, &glances).await {
            let member = &members[glance.at];
            match sight {
                Sight::SomebodyElse => self.understand_anew(member).await,
                Sight::Same => {}
                Sight::Data(data, digest) => {
                    member.member.progress().digest = Some(digest);
                    member.member.outlet.put_latest(enveloped(&data).into());
                }
                Sight::Failed(refusal) => member.member.outlet.refuse(refusal),
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
        let mut others = BTreeSet::new();
        for (glance, sight) in self.seen(&watch.rows, members, &whole).await {
            let member = &members[glance.at].member;
            match sight {
                Sight::SomebodyElse => drop(others.insert(glance.at)),
                Sight::Same => {}
                Sight::Data(data, _) => match watched(&data) {
                    Ok(rows) if rows.len() > WATCHED_MAX as usize => member.outlet.refuse(too_many()),
                    Ok(rows) => {
                        let rows = self.differing(watch, member, rows);
                        wanted.extend(rows.into_iter().map(|row| Glance {
                            at: glance.at,
                            row: Some(row),
                        }));
                    }
                    Err(refusal) => member.outlet.refuse(refusal),
                },
                Sight::Failed(refusal) => member.outlet.refuse(refusal),
            }
        }
        for glances in wanted.chunks(AT_ONCE) {
            for (glance, sight) in self.seen(&watch.row, members, glances).await {
                let (Some(row), member) = (glance.row, &members[glance.at].member) else {
                    continue;
                };
                let told = match sight {
                    Sight::SomebodyElse => {
                        others.insert(glance.at);
                        continue;
                    }
                    Sight::Same => continue,
                    Sight::Data(data, _) => tell(watch, member, row, &data),
                    Sight::Failed(refusal) => Err(refusal),
                };
                if let Err(refusal) = told {
                    member.outlet.refuse(refusal);
                }
            }
        }
        for at in others {
            self.understand_anew(&members[at]).await;
        }
    }

    /// Tells of the rows that have gone; gives those that have come or changed.
    #[expect(clippy::unused_self, reason = "it stands with those who call it")]
    fn differing(&self, watch: &Watch, member: &Member, rows: HashMap<RowId, i64>) -> Vec<RowId> {
        let mut progress = member.progress();
        let Some(before) = progress.watched.as_mut() else {
            progress.watched = Some(rows);
            return Vec::new();
        };
        let mut gone: Vec<RowId> = before.keys().filter(|row| !rows.contains_key(row)).copied().collect();
        gone.sort_unstable();
        before.retain(|row, _| rows.contains_key(row));
        let mut differing: Vec<RowId> = rows
            .into_iter()
            .filter(|(row, version)| before.get(row) != Some(version))
            .map(|(row, _)| row)
            .collect();
        drop(progress);
        differing.sort_unstable();
        for row in gone {
            if !member.outlet.put(event(watch, "DELETED", row, None)) {
                member.outlet.refuse(too_slow());
            }
        }
        differing
    }

    /// What members see; those for whom the database is away are noted.
    async fn seen(
        &mut self,
        program: &Arc<Program>,
        members: &[DueMember],
        glances: &[Glance],
    ) -> Vec<(Glance, Sight)> {
        match self.look(program, members, glances).await {
            Ok(seen) => seen,
            Err(refusal) => {
                tracing::debug!(code = refusal.code().name(), "a live query is tried again");
                let at: BTreeSet<usize> = glances.iter().map(|glance| glance.at).collect();
                let again = at.into_iter().map(|at| DueMember {
                    due: Changed::Some,
                    ..members[at].clone()
                });
                self.again.extend(again);
                Vec::new()
            }
        }
    }

    /// Runs a program for members. What is wrong with one run is found by halves, so that the others have their answers.
    ///
    /// # Errors
    /// When the database is away, or too slow.
    fn look<'f>(&'f self, program: &'f Arc<Program>, members: &'f [DueMember], glances: &'f [Glance]) -> Sights<'f> {
        Box::pin(async move {
            if glances.is_empty() {
                return Ok(Vec::new());
            }
            match self.look_at_once(program, members, glances).await {
                Err(refusal) if matches!(refusal.code(), Code::Timeout | Code::Unavailable) => Err(refusal),
                Err(refusal) => {
                    if let [glance] = glances {
                        return Ok(vec![(*glance, Sight::Failed(refusal))]);
                    }
                    let (first, second) = glances.split_at(glances.len() / 2);
                    let mut seen = self.look(program, members, first).await?;
                    seen.extend(self.look(program, members, second).await?);
                    Ok(seen)
                }
                seen => seen,
            }
        })
    }

    async fn look_at_once(
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
        let batch = self.environment.database.run_many(&lookups, program, runs).await?;
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
            let sight = if !is_unchanged(token, seat.known.row.as_deref(), row, now) {
                Sight::SomebodyElse
            } else if seat.digest == Some(digests[run]) {
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

    /// Asks anew who a member is, and what its text means for them.
    async fn understand_anew(&mut self, member: &DueMember) {
        match admit(self.environment, &member.member.standing).await {
            Ok(Admitted {
                bundle,
                recipe,
                progress,
            }) => {
                {
                    let mut old = member.member.progress();
                    let watched = old.watched.take();
                    *old = progress;
                    old.watched = watched;
                }
                self.environment.hub.move_to(member.number, &bundle, &recipe);
            }
            Err(refusal) if matches!(refusal.code(), Code::Timeout | Code::Unavailable) => {
                self.again.push(DueMember {
                    due: Changed::Some,
                    ..member.clone()
                });
            }
            Err(refusal) => member.member.outlet.refuse(refusal),
        }
    }
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
fn watched(data: &[u8]) -> Result<HashMap<RowId, i64>, Refusal> {
    let Rows { rows } = serde_json::from_slice(data).map_err(Refusal::internal)?;
    let rows = rows.into_iter().map(|row| {
        let id = row.get(WATCHED_ID).and_then(Value::as_str).and_then(RowId::parse);
        Some((id?, row.get(WATCHED_VERSION).and_then(Value::as_i64)?))
    });
    let rows: Option<HashMap<RowId, i64>> = rows.collect();
    rows.ok_or_else(|| Refusal::internal("a watched row has no id or version"))
}

/// Tells of a row as it is now, if the member has not been told so.
fn tell(watch: &Watch, member: &Member, row: RowId, data: &[u8]) -> Result<(), Refusal> {
    let Row { row: found } = serde_json::from_slice(data).map_err(Refusal::internal)?;
    let mut progress = member.progress();
    let watched = progress.watched.get_or_insert_default();
    let body = match found {
        None => match watched.remove(&row) {
            Some(_) => event(watch, "DELETED", row, None),
            None => return Ok(()),
        },
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
            if watched.len() > WATCHED_MAX as usize {
                return Err(too_many());
            }
            event(watch, kind, row, Some(&found))
        }
    };
    if member.outlet.put(body) {
        Ok(())
    } else {
        Err(too_slow())
    }
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

fn too_slow() -> Refusal {
    let refusal = Refusal::new(
        Code::LimitExceeded,
        "too many changes wait for this client to take them",
    );
    refusal.with_hint("subscribe again, and read what you have missed")
}

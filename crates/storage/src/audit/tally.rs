//! Events that one caller can cause at will: of many only the first are recorded one by one, and a burst raises one alert.
//!
//! What has been counted stands in the database, so that all servers count together. A tally is of one chain, kind and subject (who
//! it is that repeats it). It opens with the first event and lasts for a window; what is held back then becomes one record.

use super::log::Select;
use super::{AuditChain, AuditDetail, AuditEvent, AuditKind, append, bound};
use crate::binder::Bound;
use crate::cells::{Table, read};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::program::Dialect;
use crate::transaction::Transaction;
use freehold_base::{RowId, Timestamp, Value, ValueType, write_datetime};
use std::collections::BTreeMap;
use std::time::Duration;

/// Tallies closed in one transaction.
const CLOSED_MAX: i64 = 500;
/// How often a tally is opened that somebody closes at the same moment.
const TRIES: usize = 5;

/// What is to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum AuditEntry {
    /// An event that cannot be caused at will.
    Once(AuditEvent),
    /// An event that its subject may repeat as often as they like.
    Repeated {
        /// The event.
        event: AuditEvent,
        /// Who repeats it: a user, or a place on the network. Never an address in clear.
        subject: String,
    },
}

/// What counts as a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bursts {
    /// So many events by one subject raise an alert.
    pub alert_at: u32,
    /// If they happen within so long; also how long a tally lasts, and how long an alert is not raised again.
    pub within: Duration,
    /// So many of a window are recorded one by one; no fewer than raise an alert.
    pub recorded_max: u32,
}

/// Which tally. Ordered as they are locked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    chain: AuditChain,
    kind: &'static str,
    subject: String,
}

/// What has been counted.
#[derive(Clone, Debug, PartialEq)]
struct Tally {
    user: Option<RowId>,
    opened_at: i64,
    /// Events since then.
    seen: i64,
    /// Events that are in no record yet.
    held: i64,
    /// Moments of the last events, as many as raise an alert; across windows.
    recent: Vec<i64>,
    alerted_at: Option<i64>,
}

impl Bursts {
    fn micros(&self) -> i64 {
        i64::try_from(self.within.as_micros()).unwrap_or(i64::MAX)
    }

    fn recorded_max(&self) -> i64 {
        i64::from(self.recorded_max.max(self.alert_at))
    }
}

impl Tally {
    fn new(event: &AuditEvent) -> Self {
        Self {
            user: event.user,
            opened_at: event.at.0,
            seen: 0,
            held: 0,
            recent: Vec::new(),
            alerted_at: None,
        }
    }

    /// Counts an event; appends what it makes to `records`, and gives the alert that it raises.
    fn count(
        &mut self,
        key: &Key,
        event: &AuditEvent,
        bursts: &Bursts,
        records: &mut Vec<AuditEvent>,
    ) -> Option<AuditEvent> {
        let now = event.at.0;
        let begin = now.saturating_sub(bursts.micros());
        if self.opened_at <= begin {
            records.extend(self.close(key, event.at));
            *self = Self {
                user: event.user,
                opened_at: now,
                seen: 0,
                ..self.clone()
            };
        }
        self.seen += 1;
        if self.seen <= bursts.recorded_max() {
            records.push(event.clone());
        } else {
            self.held += 1;
        }
        let most = bursts.alert_at.max(1) as usize;
        self.recent.push(now);
        self.recent.retain(|moment| *moment > begin);
        if self.recent.len() > most {
            self.recent.drain(..self.recent.len() - most);
        }
        if self.recent.len() < most || self.alerted_at.is_some_and(|moment| moment > begin) {
            return None;
        }
        self.alerted_at = Some(now);
        let mut alert = AuditEvent {
            kind: AuditKind::Alert,
            ..event.clone()
        };
        alert.detail = alert
            .detail
            .name("of", event.kind.name())
            .number("count", most as i64)
            .number(
                "withinSeconds",
                i64::try_from(bursts.within.as_secs()).unwrap_or(i64::MAX),
            );
        records.push(alert.clone());
        Some(alert)
    }

    /// The record of what was held back; the tally holds nothing then.
    fn close(&mut self, key: &Key, now: Timestamp) -> Option<AuditEvent> {
        let held = std::mem::take(&mut self.held);
        let kind = AuditKind::parse(key.kind).filter(|_| held > 0)?;
        let mut since = Vec::new();
        write_datetime(&mut since, self.opened_at);
        Some(AuditEvent {
            user: self.user,
            detail: AuditDetail::default()
                .number("repeated", held)
                .name("since", String::from_utf8_lossy(&since)),
            ..AuditEvent::new(key.chain, now, kind)
        })
    }

    /// Whether nothing of it matters any more.
    fn is_over(&self, begin: i64) -> bool {
        self.held == 0
            && self.opened_at <= begin
            && self.recent.iter().all(|moment| *moment <= begin)
            && self.alerted_at.is_none_or(|moment| moment <= begin)
    }
}

impl Database {
    /// Records what is to be recorded, in order and in one transaction; gives the alerts that it raised.
    ///
    /// # Errors
    /// When the database refuses or does not answer; nothing is recorded then.
    pub async fn record_entries(&self, entries: &[AuditEntry], bursts: &Bursts) -> Result<Vec<AuditEvent>> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        self.in_time(async {
            let mut transaction = self.begin_anew().await?;
            let mut tallies = BTreeMap::new();
            for entry in entries {
                if let AuditEntry::Repeated { event, subject } = entry {
                    tallies
                        .entry(Key::new(event, subject))
                        .or_insert_with(|| Tally::new(event));
                }
            }
            // All before any chain, and in one order: nobody waits for each other in a ring.
            for (key, tally) in &mut tallies {
                *tally = open(&mut transaction, key, tally).await?;
            }
            let (mut records, mut alerts) = (Vec::with_capacity(entries.len()), Vec::new());
            for entry in entries {
                match entry {
                    AuditEntry::Once(event) => records.push(event.clone()),
                    AuditEntry::Repeated { event, subject } => {
                        let key = Key::new(event, subject);
                        if let Some(tally) = tallies.get_mut(&key) {
                            alerts.extend(tally.count(&key, event, bursts, &mut records));
                        }
                    }
                }
            }
            for (key, tally) in &tallies {
                store(&mut transaction, key, tally).await?;
            }
            append(&mut transaction, &records).await?;
            transaction.commit().await?;
            Ok(alerts)
        })
        .await
    }

    /// Closes tallies whose window is over: what they hold back becomes records, and those that nothing is left of go. Gives how many
    /// were looked at. Several servers may do it at once.
    ///
    /// # Errors
    /// When the database refuses or does not answer.
    pub async fn close_tallies(&self, now: Timestamp, bursts: &Bursts) -> Result<usize> {
        let begin = now.0.saturating_sub(bursts.micros());
        let waiting = Select::default()
            .push("SELECT opened_at FROM fh_audit_tally WHERE opened_at <= ")
            .number(begin)
            .push(" LIMIT 1")
            .run(self, vec![ValueType::BigInt])
            .await?;
        if waiting.rows() == 0 {
            return Ok(0);
        }
        self.in_time(async {
            let mut transaction = self.begin_anew().await?;
            let found = ended(&mut transaction, begin).await?;
            let mut records = Vec::new();
            for (key, mut tally) in found.clone() {
                records.extend(tally.close(&key, now));
                if tally.is_over(begin) {
                    let sql = "DELETE FROM fh_audit_tally WHERE chain = $1 AND kind = $2 AND subject = $3";
                    transaction.execute(sql.to_owned(), key.cells()?).await?;
                } else {
                    store(&mut transaction, &key, &tally).await?;
                }
            }
            append(&mut transaction, &records).await?;
            transaction.commit().await?;
            Ok(found.len())
        })
        .await
    }
}

impl Key {
    fn new(event: &AuditEvent, subject: &str) -> Self {
        Self {
            chain: event.chain,
            kind: event.kind.name(),
            subject: subject.to_owned(),
        }
    }

    fn cells(&self) -> Result<Vec<Bound>> {
        Ok(vec![
            bound(Value::Uuid(self.chain.id().uuid()), ValueType::Uuid)?,
            text(self.kind)?,
            text(&self.subject)?,
        ])
    }
}

/// What has been counted, which nobody else counts until the transaction ends; `fresh` if nothing has.
async fn open(transaction: &mut Transaction, key: &Key, fresh: &Tally) -> Result<Tally> {
    let begin = "INSERT INTO fh_audit_tally (chain, kind, subject, opened_at, seen, held, recent) \
                 VALUES ($1, $2, $3, $4, 0, 0, '[]') ON CONFLICT (chain, kind, subject) DO NOTHING";
    let lock = match transaction.dialect() {
        Dialect::Sqlite => "",
        Dialect::Postgres => " FOR UPDATE",
    };
    let find = format!(
        "SELECT {} FROM fh_audit_tally WHERE chain = $1 AND kind = $2 AND subject = $3{lock}",
        COLUMNS.join(", ")
    );
    // Somebody may close it between the two statements.
    for _ in 0..TRIES {
        let mut cells = key.cells()?;
        cells.push(bound(Value::Int(fresh.opened_at), ValueType::BigInt)?);
        if transaction.execute(begin.to_owned(), cells).await? == 1 {
            return Ok(fresh.clone());
        }
        let table = transaction.query(find.clone(), key.cells()?, TYPES.to_vec()).await?;
        if table.rows() == 1 {
            return Ok(tally(&table, 0)?.1);
        }
    }
    Err(Error::unavailable(
        "a tally of the audit log is closed as often as it is opened",
    ))
}

async fn store(transaction: &mut Transaction, key: &Key, tally: &Tally) -> Result<()> {
    let sql = "UPDATE fh_audit_tally SET user_id = $1, opened_at = $2, seen = $3, held = $4, recent = $5, alerted_at = $6 \
               WHERE chain = $7 AND kind = $8 AND subject = $9";
    let number = |number: i64| bound(Value::Int(number), ValueType::BigInt);
    let user = tally.user.map_or(Value::Null, |user| Value::Uuid(user.uuid()));
    let mut cells = vec![
        bound(user, ValueType::Uuid)?,
        number(tally.opened_at)?,
        number(tally.seen)?,
        number(tally.held)?,
        text(&serde_json::Value::from(tally.recent.clone()).to_string())?,
        bound(tally.alerted_at.map_or(Value::Null, Value::Int), ValueType::BigInt)?,
    ];
    cells.extend(key.cells()?);
    transaction.execute(sql.to_owned(), cells).await?;
    Ok(())
}

/// Tallies whose window is over, locked; those that somebody else has locked are left to them.
async fn ended(transaction: &mut Transaction, begin: i64) -> Result<Vec<(Key, Tally)>> {
    let lock = match transaction.dialect() {
        Dialect::Sqlite => "",
        Dialect::Postgres => " FOR UPDATE SKIP LOCKED",
    };
    let sql = format!(
        "SELECT {} FROM fh_audit_tally WHERE opened_at <= $1 ORDER BY opened_at LIMIT {CLOSED_MAX}{lock}",
        COLUMNS.join(", ")
    );
    let cells = vec![bound(Value::Int(begin), ValueType::BigInt)?];
    let table = transaction.query(sql, cells, TYPES.to_vec()).await?;
    (0..table.rows()).map(|row| tally(&table, row)).collect()
}

const COLUMNS: [&str; 9] = [
    "chain",
    "kind",
    "subject",
    "user_id",
    "opened_at",
    "seen",
    "held",
    "recent",
    "alerted_at",
];
const TYPES: [ValueType; 9] = [
    ValueType::Uuid,
    ValueType::Text,
    ValueType::Text,
    ValueType::Uuid,
    ValueType::BigInt,
    ValueType::BigInt,
    ValueType::BigInt,
    ValueType::Text,
    ValueType::BigInt,
];

/// A row of [`COLUMNS`].
fn tally(table: &Table, row: usize) -> Result<(Key, Tally)> {
    let wrong = || Error::program("a tally of the audit log cannot be read");
    let cell = |column: usize| read(TYPES[column], table.cell(row, column));
    let number = |column| match cell(column)? {
        Value::Int(number) => Ok(number),
        _ => Err(wrong()),
    };
    let words = |column| match cell(column)? {
        Value::Text(text) => Ok(text),
        _ => Err(wrong()),
    };
    let id = |column| match cell(column)? {
        Value::Uuid(id) => Ok(Some(RowId::from(id))),
        _ => Ok::<_, Error>(None),
    };
    let key = Key {
        chain: AuditChain::of(id(0)?.ok_or_else(wrong)?),
        kind: AuditKind::parse(&words(1)?).ok_or_else(wrong)?.name(),
        subject: words(2)?,
    };
    let tally = Tally {
        user: id(3)?,
        opened_at: number(4)?,
        seen: number(5)?,
        held: number(6)?,
        recent: serde_json::from_str(&words(7)?).unwrap_or_default(),
        alerted_at: match cell(8)? {
            Value::Int(moment) => Some(moment),
            _ => None,
        },
    };
    Ok((key, tally))
}

fn text(text: &str) -> Result<Bound> {
    bound(Value::Text(text.to_owned()), ValueType::Text)
}

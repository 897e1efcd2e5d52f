//! The audit log: an append-only chain of records for the environment, and one for each tenant.
//!
//! Each record has the hash of the one before it, and each chain a head that counts its records, so that a record which was changed,
//! left out or put in is found ([`verify`](Database::verify_audit)). The tables are made in `migrations`, whose triggers refuse every
//! change of a record. Holds names of fields and never their values.

mod log;
mod record;
mod tally;
mod verify;

pub use log::{AuditFilter, AuditHead, SignIns};
pub use record::{AuditRecord, Digest};
pub use tally::{AuditEntry, Bursts};
pub use verify::{Fault, Finding};

use crate::binder::Bound;
use crate::cells::read;
use crate::database::{Database, Engine, References};
use crate::error::{Error, Result};
use crate::program::Dialect;
use crate::transaction::Transaction;
use freehold_base::{RowId, Timestamp, Value, ValueType};
use record::{GENESIS, Position};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// Names in one record; of longer lists the rest is counted.
const NAMES_MAX: usize = 200;
/// Records written by one statement.
const ROWS_MAX: usize = 200;

/// Whose chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AuditChain {
    /// The environment's: what belongs to no tenant, and everything in an app without tenants.
    Environment,
    /// A tenant's.
    Tenant(RowId),
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AuditKind {
    /// Somebody signed in.
    SignIn,
    /// Somebody could not.
    SignInFailed,
    /// Failed sign-ins have blocked an account for a while.
    LockedOut,
    /// A write was refused.
    Denied,
    /// Members, roles, blocks, passwords, tenants.
    Administration,
    /// A write by somebody who administers.
    Write,
    /// A write by a rule that passes the record gate by (`records: all`).
    Elevation,
    /// Somebody asked why another may do what they may.
    Explain,
    /// A burst of refusals.
    Alert,
}

impl AuditKind {
    /// All.
    pub const ALL: [Self; 9] = [
        Self::SignIn,
        Self::SignInFailed,
        Self::LockedOut,
        Self::Denied,
        Self::Administration,
        Self::Write,
        Self::Elevation,
        Self::Explain,
        Self::Alert,
    ];

    /// As it is stored. In GraphQL the same in upper case.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignInFailed => "sign_in_failed",
            Self::LockedOut => "locked_out",
            Self::Denied => "denied",
            Self::Administration => "administration",
            Self::Write => "write",
            Self::Elevation => "elevation",
            Self::Explain => "explain",
            Self::Alert => "alert",
        }
    }

    /// The kind of that name, in either case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

/// Something to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEvent {
    /// Where.
    pub chain: AuditChain,
    /// When it happened.
    pub at: Timestamp,
    /// What it is about.
    pub kind: AuditKind,
    /// Who did it, or was refused: id of the `user` row.
    pub user: Option<RowId>,
    /// The entity of the row.
    pub entity: Option<String>,
    /// The row it was done to.
    pub row: Option<RowId>,
    /// What more there is to say.
    pub detail: AuditDetail,
    /// The request's id.
    pub request: Option<String>,
}

impl AuditEvent {
    /// An event of which no more is known.
    pub fn new(chain: AuditChain, at: Timestamp, kind: AuditKind) -> Self {
        Self {
            chain,
            at,
            kind,
            user: None,
            entity: None,
            row: None,
            detail: AuditDetail::default(),
            request: None,
        }
    }
}

/// What more there is to say of an event: names and numbers by our own keys.
// INVARIANT: no value of a field. Records are never erased, so what is in one stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditDetail(Map<String, Json>);

impl AuditDetail {
    /// With a name: of an operation, a rule, a root field, a role.
    #[must_use]
    pub fn name(mut self, key: &'static str, name: impl Into<String>) -> Self {
        self.0.insert(key.to_owned(), Json::String(name.into()));
        self
    }

    /// With a number.
    #[must_use]
    pub fn number(mut self, key: &'static str, number: i64) -> Self {
        self.0.insert(key.to_owned(), Json::from(number));
        self
    }

    /// With names: of fields, of roles. Past `NAMES_MAX` the last says how many more there are.
    #[must_use]
    pub fn names<T: Into<String>>(mut self, key: &'static str, names: impl IntoIterator<Item = T>) -> Self {
        let mut names = names.into_iter();
        let mut kept: Vec<Json> = names
            .by_ref()
            .take(NAMES_MAX)
            .map(|name| Json::String(name.into()))
            .collect();
        let more = names.count();
        if more > 0 {
            kept.push(Json::String(format!("… and {more} more")));
        }
        self.0.insert(key.to_owned(), Json::Array(kept));
        self
    }

    /// As JSON.
    pub fn to_json(&self) -> Json {
        Json::Object(self.0.clone())
    }

    fn to_text(&self) -> String {
        self.to_json().to_string()
    }
}

impl AuditChain {
    /// As it is stored: the tenant's id, or nobody's.
    pub fn id(self) -> RowId {
        match self {
            Self::Environment => RowId::from_bytes([0; 16]),
            Self::Tenant(tenant) => tenant,
        }
    }

    /// The chain stored under that id.
    pub fn of(id: RowId) -> Self {
        if id == Self::Environment.id() {
            Self::Environment
        } else {
            Self::Tenant(id)
        }
    }
}

/// Appends records inside an open write transaction: they are kept if the transaction is.
///
/// Locks the chain's head until the transaction ends, so that records of all servers stand in one row: call it once, after all
/// else that locks rows, and commit soon after. Heads are locked in one order everywhere, so nobody waits for each other in a ring.
///
/// # Errors
/// When the database refuses; the transaction cannot go on then.
pub(crate) async fn append(transaction: &mut Transaction, events: &[AuditEvent]) -> Result<()> {
    let mut chains: BTreeMap<AuditChain, Vec<&AuditEvent>> = BTreeMap::new();
    for event in events {
        chains.entry(event.chain).or_default().push(event);
    }
    for (chain, events) in chains {
        extend(transaction, chain, &events).await?;
    }
    Ok(())
}

/// Appends records of one chain.
async fn extend(transaction: &mut Transaction, chain: AuditChain, events: &[&AuditEvent]) -> Result<()> {
    let mut position = lock(transaction, chain).await?;
    for events in events.chunks(ROWS_MAX) {
        let mut places = Vec::with_capacity(events.len());
        let mut cells = Vec::with_capacity(events.len() * record::COLUMNS.len());
        for event in events {
            let row = position.next(event);
            let first = cells.len();
            cells.extend(row.cells()?);
            let numbers: Vec<String> = (first + 1..=cells.len()).map(|number| format!("${number}")).collect();
            places.push(format!("({})", numbers.join(", ")));
            position = row.position();
        }
        let sql = format!(
            "INSERT INTO fh_audit ({}) VALUES {}",
            record::COLUMNS.join(", "),
            places.join(", ")
        );
        transaction.execute(sql, cells).await?;
    }
    let head = vec![
        bound(Value::Int(position.length), ValueType::BigInt)?,
        bound(Value::Bytes(position.hash.0.to_vec()), ValueType::Bytes)?,
        bound(Value::Uuid(chain.id().uuid()), ValueType::Uuid)?,
    ];
    let sql = "UPDATE fh_audit_chain SET length = $1, hash = $2 WHERE chain = $3";
    transaction.execute(sql.to_owned(), head).await?;
    Ok(())
}

/// The end of a chain, which is nobody else's until the transaction ends. Begins a chain that is not there.
async fn lock(transaction: &mut Transaction, chain: AuditChain) -> Result<Position> {
    // SQLite has one writer anyway.
    let lock = match transaction.dialect() {
        Dialect::Sqlite => "",
        Dialect::Postgres => " FOR UPDATE",
    };
    let id = || bound(Value::Uuid(chain.id().uuid()), ValueType::Uuid);
    for _ in 0..2 {
        let found = transaction
            .query(
                format!("SELECT length, hash FROM fh_audit_chain WHERE chain = $1{lock}"),
                vec![id()?],
                vec![ValueType::BigInt, ValueType::Bytes],
            )
            .await?;
        if found.rows() == 1 {
            let length = read(ValueType::BigInt, found.cell(0, 0))?;
            let hash = found.cell(0, 1).and_then(Digest::read);
            return match (length, hash) {
                (Value::Int(length), Some(hash)) => Ok(Position { chain, length, hash }),
                _ => Err(Error::program("the head of an audit chain cannot be read")),
            };
        }
        // On PostgreSQL somebody else may begin it at this moment. No row is proposed where there is one: a trigger refuses that.
        let begin = vec![id()?, bound(Value::Bytes(GENESIS.0.to_vec()), ValueType::Bytes)?, id()?];
        let sql = "INSERT INTO fh_audit_chain (chain, length, hash) SELECT $1, 0, $2 \
                   WHERE NOT EXISTS (SELECT 1 FROM fh_audit_chain WHERE chain = $3) ON CONFLICT (chain) DO NOTHING";
        transaction.execute(sql.to_owned(), begin).await?;
    }
    Err(Error::program("an audit chain cannot be begun"))
}

impl Database {
    /// Records events in a transaction of their own.
    ///
    /// # Errors
    /// When the database refuses or does not answer; nothing is recorded then.
    pub async fn record(&self, events: &[AuditEvent]) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        self.in_time(async {
            let mut transaction = self.begin_anew().await?;
            append(&mut transaction, events).await?;
            transaction.commit().await
        })
        .await
    }

    /// Begins a write transaction, on a fresh connection if the idle ones have broken.
    async fn begin_anew(&self) -> Result<Transaction> {
        match (self.begin(References::Enforced).await, self.engine()) {
            (Err(Error::Unavailable { .. }), Engine::Postgres(pool)) => {
                pool.forget_idle();
                self.begin(References::Enforced).await
            }
            (outcome, _) => outcome,
        }
    }

    /// Nobody waits longer than for a request's statements.
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let limit = self.request_timeout();
        tokio::time::timeout(limit, work)
            .await
            .unwrap_or(Err(Error::Timeout { limit }))
    }
}

fn bound(value: Value, value_type: ValueType) -> Result<Bound> {
    Bound::new(value, value_type)
}

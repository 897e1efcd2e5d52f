//! Keys of machines: good in one tenant, with no more rights than their owner has, and known by their hash alone.

use super::rows::{self, Rows, uuid};
use super::{chain, decide, event, tell_operator, text};
use crate::audit::AuditDetail;
use crate::binder::Bound;
use crate::cells::{Table, read};
use crate::error::{Error, Result};
use crate::mutate::{Done, Writing};
use crate::transaction::Transaction;
use freehold_base::{RowId, Value, ValueType, write_datetime};
use freehold_planner::mutation::KeyOrder;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Keys of one person at most.
const KEYS_MAX: i64 = 50;
/// Keys in one list.
const LISTED_MAX: usize = 1_000;
const DAY_MICROS: i64 = 86_400_000_000;

/// A key, as those see it who manage its owner.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberKey {
    /// What it is called. Nobody gets in with it.
    pub id: RowId,
    /// Whose rights it has.
    pub user: RowId,
    /// Its first characters, and what people call it.
    label: String,
    /// What it is good for, as `auth` writes it.
    terms: Json,
    created_at: i64,
    last_seen_at: i64,
    expires_at: i64,
    /// Its owner's, in the tenant.
    pub(super) roles: Vec<String>,
}

impl MemberKey {
    /// GraphQL's `ApiKey`.
    pub fn to_json(&self) -> Json {
        let (hint, name) = self.label.split_once('\n').unwrap_or(("", &self.label));
        let used = (self.last_seen_at > self.created_at).then(|| moment(self.last_seen_at));
        json!({
            "id": self.id.to_string(),
            "user": self.user.to_string(),
            "name": name,
            "hint": hint,
            "roles": self.terms.get("roles"),
            "readOnly": self.terms.get("read_only") == Some(&Json::Bool(true)),
            "createdAt": moment(self.created_at),
            "lastUsedAt": used,
            "expiresAt": moment(self.expires_at),
        })
    }
}

/// Which keys.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    All,
    Of(RowId),
    One(RowId),
}

/// Keys of the tenant, the newest first. Those that are over, and those of people who are no members, are none.
pub(super) async fn list(
    transaction: &mut Transaction,
    rows: &Rows<'_>,
    which: Which,
    now: i64,
) -> Result<Vec<MemberKey>> {
    // SQLite counts parameters as they come, so they stand in their order.
    let (join, mut parameters) = rows.joined("s.user_id", 1)?;
    let mut within = if parameters.is_empty() {
        ""
    } else {
        " AND s.tenant_id = $1"
    }
    .to_owned();
    parameters.push(Bound::new(Value::Int(now), ValueType::BigInt)?);
    // Writing to a string does not fail.
    let _ = write!(within, " AND s.expires_at > ${}", parameters.len());
    let (column, id) = match which {
        Which::All => ("", None),
        Which::Of(user) => ("s.user_id", Some(user)),
        Which::One(id) => ("s.id", Some(id)),
    };
    if let Some(id) = id {
        parameters.push(uuid(id)?);
        let _ = write!(within, " AND {column} = ${}", parameters.len());
    }
    let roles = rows.roles_column(transaction.dialect(), "m");
    let sql = format!(
        "SELECT s.id, s.user_id, s.label, s.terms, s.created_at, s.last_seen_at, s.expires_at, {roles} FROM fh_session s {join} \
         WHERE s.kind = 'key'{within} ORDER BY s.created_at DESC, s.id LIMIT {LISTED_MAX}"
    );
    let columns = vec![
        ValueType::Uuid,
        ValueType::Uuid,
        ValueType::Text,
        ValueType::Text,
        ValueType::BigInt,
        ValueType::BigInt,
        ValueType::BigInt,
        ValueType::TextList,
    ];
    let table = transaction.query(sql, parameters, columns).await?;
    (0..table.rows()).map(|row| key_of(&table, row)).collect()
}

/// Makes a key; gives GraphQL's `ApiKeyCreated`, in which the hash stands for the text: whoever drew it knows what to put there.
pub(super) async fn create(
    writing: &mut Writing<'_, '_>,
    rows: &Rows<'_>,
    manages: &[String],
    order: &KeyOrder,
) -> Done<Json> {
    let caller = writing.request.binder.caller;
    let asker = caller
        .person
        .as_ref()
        .map(|person| person.id)
        .ok_or_else(rows::absent)?;
    let drawn = order.drawn.as_ref();
    let drawn = drawn.ok_or_else(|| Error::program("nothing was drawn for a key"))?;
    let user = order.user.unwrap_or(asker);
    let is_own = user == asker;
    let transaction = &mut writing.transaction;
    let member = rows.find(transaction, user).await?.ok_or_else(rows::absent)?;
    let mut allowed = member.roles.clone();
    if is_own {
        // What this session of theirs does not have, a key that it makes has not.
        allowed.retain(|role| caller.roles.contains(role));
    } else {
        decide::manages_member(manages, &member)?;
        // With a key one is that person, in what they have outside of the tenant too.
        decide::is_own(rows.belongs_elsewhere(transaction, user).await?)?;
    }
    // Those of now: a role that its owner gets later is for nobody who has the key.
    let roles = decide::key_roles(&allowed, order.roles.as_deref())?;

    let now = caller.now.0;
    check_number(transaction, user, now).await?;
    let expires_at = now.saturating_add(i64::from(order.days).saturating_mul(DAY_MICROS));
    let mut terms = Map::new();
    // Nobody else shows a second factor for its owner.
    if is_own && drawn.strong {
        terms.insert("strong".to_owned(), Json::Bool(true));
    }
    terms.insert("lasting".to_owned(), Json::Bool(true));
    if order.read_only {
        terms.insert("read_only".to_owned(), Json::Bool(true));
    }
    terms.insert("roles".to_owned(), json!(roles));
    // What it is called tells nothing of it: the hash of its hash.
    let mut id = [0; 16];
    id.copy_from_slice(&Sha256::digest(drawn.hash)[..16]);
    let id = RowId::from_bytes(id);
    let tenant = rows.tenancy().map(|(_, tenant)| Value::Uuid(tenant.uuid()));
    let sql = "INSERT INTO fh_session (token_hash, id, user_id, kind, terms, tenant_id, rotate, label, created_at, last_seen_at, \
               expires_at) VALUES ($1, $2, $3, 'key', $4, $5, 0, $6, $7, $7, $8)";
    let values = vec![
        Bound::new(Value::Bytes(drawn.hash.to_vec()), ValueType::Bytes)?,
        uuid(id)?,
        uuid(user)?,
        Bound::new(text(&Json::Object(terms).to_string()), ValueType::Text)?,
        Bound::new(tenant.unwrap_or(Value::Null), ValueType::Uuid)?,
        Bound::new(text(&format!("{}\n{}", drawn.hint, order.name)), ValueType::Text)?,
        Bound::new(Value::Int(now), ValueType::BigInt)?,
        Bound::new(Value::Int(expires_at), ValueType::BigInt)?,
    ];
    transaction.execute(sql.to_owned(), values).await?;
    let detail = AuditDetail::default().names("roles", &roles);
    record(writing, "create_api_key", user, id, detail);
    Ok(json!({
        "id": id.to_string(),
        "key": hex(&drawn.hash),
        "hint": drawn.hint,
        "expiresAt": moment(expires_at),
    }))
}

/// Ends a key: one's own, or of a member whom the caller manages. Others are not told from none. Gives GraphQL's `ApiKey`.
pub(super) async fn revoke(
    writing: &mut Writing<'_, '_>,
    rows: &Rows<'_>,
    manages: &[String],
    id: RowId,
) -> Done<Json> {
    let caller = writing.request.binder.caller;
    let asker = caller.person.as_ref().map(|person| person.id);
    let transaction = &mut writing.transaction;
    let found = list(transaction, rows, Which::One(id), caller.now.0).await?;
    let key = found.into_iter().find(|key| is_shown(key, asker, manages));
    let key = key.ok_or_else(|| Error::NotFound {
        message: "there is no such key".to_owned(),
    })?;
    let sql = "DELETE FROM fh_session WHERE id = $1 AND user_id = $2 AND kind = 'key'".to_owned();
    transaction.execute(sql, vec![uuid(key.id)?, uuid(key.user)?]).await?;
    record(writing, "revoke_api_key", key.user, key.id, AuditDetail::default());
    Ok(key.to_json())
}

/// Whether somebody is shown a key, and may end it.
pub(super) fn is_shown(key: &MemberKey, asker: Option<RowId>, manages: &[String]) -> bool {
    asker == Some(key.user) || decide::manages_all(manages, &key.roles).is_ok()
}

async fn check_number(transaction: &mut Transaction, user: RowId, now: i64) -> Result<()> {
    let sql = "SELECT count(*) FROM fh_session WHERE user_id = $1 AND kind = 'key' AND expires_at > $2".to_owned();
    let parameters = vec![uuid(user)?, Bound::new(Value::Int(now), ValueType::BigInt)?];
    let table = transaction.query(sql, parameters, vec![ValueType::BigInt]).await?;
    let found = number(&table, 0, 0)?;
    if found < KEYS_MAX {
        return Ok(());
    }
    Err(Error::LimitExceeded {
        message: format!("nobody has more than {KEYS_MAX} keys; revoke one first"),
        limit: KEYS_MAX.unsigned_abs(),
        found: found.unsigned_abs().saturating_add(1),
    })
}

/// Says it in the audit log.
fn record(writing: &mut Writing<'_, '_>, operation: &'static str, user: RowId, key: RowId, detail: AuditDetail) {
    let detail = detail.name("operation", operation).name("key", key.to_string());
    tell_operator(writing, user, &detail);
    let done = event(writing, chain(writing), Some(user), detail);
    writing.events.push(done);
}

fn key_of(table: &Table, row: usize) -> Result<MemberKey> {
    let id = |column| match read(ValueType::Uuid, table.cell(row, column))? {
        Value::Uuid(uuid) => Ok(RowId::from(uuid)),
        _ => Err(Error::program("a key has no id")),
    };
    let words = |column| {
        Ok::<_, Error>(match read(ValueType::Text, table.cell(row, column))? {
            Value::Text(text) => text,
            _ => String::new(),
        })
    };
    Ok(MemberKey {
        id: id(0)?,
        user: id(1)?,
        label: words(2)?,
        terms: serde_json::from_str(&words(3)?).unwrap_or_default(),
        created_at: number(table, row, 4)?,
        last_seen_at: number(table, row, 5)?,
        expires_at: number(table, row, 6)?,
        roles: match read(ValueType::TextList, table.cell(row, 7))? {
            Value::TextList(roles) => roles,
            _ => Vec::new(),
        },
    })
}

fn number(table: &Table, row: usize, column: usize) -> Result<i64> {
    match read(ValueType::BigInt, table.cell(row, column))? {
        Value::Int(number) => Ok(number),
        _ => Err(Error::program("a number is null")),
    }
}

fn moment(micros: i64) -> String {
    let mut text = Vec::new();
    write_datetime(&mut text, micros);
    String::from_utf8_lossy(&text).into_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

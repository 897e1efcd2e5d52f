//! One record, and the hash that ties it to the one before.

use super::{AuditChain, AuditEvent, AuditKind, bound};
use crate::binder::Bound;
use crate::cells::{Table, read};
use crate::error::{Error, Result};
use crate::program::Dialect;
use freehold_base::{RowId, Timestamp, Value, ValueType};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The columns, in the order of the table.
pub(super) const COLUMNS: [&str; 11] = [
    "chain",
    "seq",
    "at",
    "kind",
    "user_id",
    "entity",
    "row_id",
    "detail",
    "request_id",
    "previous",
    "hash",
];

/// Stands in front of what is hashed: the version of the encoding.
const DOMAIN: &[u8] = b"freehold audit record 1\0";

/// What the first record of a chain has for the hash of the one before.
pub(super) const GENESIS: Digest = Digest([0; 32]);

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

/// One record as it is stored. Whatever somebody has put into the tables can be read into it: it may be wrong, but is always there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    kind: Vec<u8>,
    user: Option<Vec<u8>>,
    entity: Option<Vec<u8>>,
    row: Option<Vec<u8>>,
    detail: Vec<u8>,
    request: Option<Vec<u8>>,
    /// The hash of the record before.
    pub previous: Option<Digest>,
    /// Its own.
    pub hash: Option<Digest>,
}

/// The end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) chain: AuditChain,
    pub(super) length: i64,
    pub(super) hash: Digest,
}

/// A record that is about to be stored.
pub(super) struct NewRecord<'e> {
    position: Position,
    previous: Digest,
    event: &'e AuditEvent,
    detail: String,
}

impl Position {
    /// The record that follows.
    pub(super) fn next(self, event: &AuditEvent) -> NewRecord<'_> {
        let detail = event.detail.to_text();
        let seq = self.length + 1;
        let hash = hash(&Content {
            previous: self.hash,
            chain: self.chain,
            seq,
            at: event.at.0,
            kind: event.kind.name().as_bytes(),
            user: event.user.map(RowId::bytes).as_ref().map(<[u8; 16]>::as_slice),
            entity: event.entity.as_deref().map(str::as_bytes),
            row: event.row.map(RowId::bytes).as_ref().map(<[u8; 16]>::as_slice),
            detail: detail.as_bytes(),
            request: event.request.as_deref().map(str::as_bytes),
        });
        NewRecord {
            position: Self {
                length: seq,
                hash,
                ..self
            },
            previous: self.hash,
            event,
            detail,
        }
    }
}

impl NewRecord<'_> {
    /// The end of the chain once it is stored.
    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// The cells of its row, as [`COLUMNS`].
    pub(super) fn cells(&self) -> Result<Vec<Bound>> {
        let event = self.event;
        let id = |id: Option<RowId>| id.map_or(Value::Null, |id| Value::Uuid(id.uuid()));
        let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
        let bytes = |digest: Digest| Value::Bytes(digest.0.to_vec());
        [
            (id(Some(self.position.chain.id())), ValueType::Uuid),
            (Value::Int(self.position.length), ValueType::BigInt),
            (Value::Int(event.at.0), ValueType::BigInt),
            (Value::Text(event.kind.name().to_owned()), ValueType::Text),
            (id(event.user), ValueType::Uuid),
            (text(&event.entity), ValueType::Text),
            (id(event.row), ValueType::Uuid),
            (Value::Text(self.detail.clone()), ValueType::Text),
            (text(&event.request), ValueType::Text),
            (bytes(self.previous), ValueType::Bytes),
            (bytes(self.position.hash), ValueType::Bytes),
        ]
        .into_iter()
        .map(|(value, value_type)| bound(value, value_type))
        .collect()
    }
}

impl AuditRecord {
    /// What it is about; `None` for a kind that this version does not know.
    pub fn kind(&self) -> Option<AuditKind> {
        AuditKind::parse(std::str::from_utf8(&self.kind).ok()?)
    }

    /// What it is about, as it is stored.
    pub fn kind_text(&self) -> String {
        lossy(&self.kind)
    }

    /// Who.
    pub fn user(&self) -> Option<RowId> {
        id(self.user.as_deref())
    }

    /// The entity of the row.
    pub fn entity(&self) -> Option<String> {
        self.entity.as_deref().map(lossy)
    }

    /// The row.
    pub fn row(&self) -> Option<RowId> {
        id(self.row.as_deref())
    }

    /// What more there is to say, as JSON.
    pub fn detail(&self) -> serde_json::Value {
        serde_json::from_slice(&self.detail).unwrap_or_default()
    }

    /// The request's id.
    pub fn request(&self) -> Option<String> {
        self.request.as_deref().map(lossy)
    }

    /// The hash that it should have, by what is in it.
    pub(super) fn computed(&self, chain: AuditChain) -> Option<Digest> {
        Some(hash(&Content {
            previous: self.previous?,
            chain,
            seq: self.seq,
            at: self.at.0,
            kind: &self.kind,
            user: self.user.as_deref(),
            entity: self.entity.as_deref(),
            row: self.row.as_deref(),
            detail: &self.detail,
            request: self.request.as_deref(),
        }))
    }

    /// The columns to select, so that a cell of any type can be read: only numbers are numbers, all else is bytes.
    pub(super) fn selected(dialect: Dialect) -> String {
        let columns = COLUMNS.iter().skip(1).map(|column| match (dialect, *column) {
            (Dialect::Sqlite, "seq" | "at") => format!("CAST({column} AS INTEGER)"),
            (Dialect::Sqlite, _) => format!("CAST({column} AS BLOB)"),
            (Dialect::Postgres, "user_id" | "row_id") => format!("uuid_send({column})"),
            (Dialect::Postgres, "kind" | "entity" | "detail" | "request_id") => {
                format!("convert_to({column}, 'UTF8')")
            }
            (Dialect::Postgres, _) => (*column).to_owned(),
        });
        columns.collect::<Vec<_>>().join(", ")
    }

    /// The types of [`AuditRecord::selected`].
    pub(super) fn types() -> Vec<ValueType> {
        let mut types = vec![ValueType::Bytes; COLUMNS.len() - 1];
        types[0] = ValueType::BigInt;
        types[1] = ValueType::BigInt;
        types
    }

    /// A row of [`AuditRecord::selected`].
    pub(super) fn read(table: &Table, row: usize) -> Result<Self> {
        let number = |column| match read(ValueType::BigInt, table.cell(row, column))? {
            Value::Int(number) => Ok(number),
            _ => Err(Error::program("a record of the audit log has no number")),
        };
        let bytes = |column| table.cell(row, column).map(<[u8]>::to_vec);
        Ok(Self {
            seq: number(0)?,
            at: Timestamp(number(1)?),
            kind: bytes(2).unwrap_or_default(),
            user: bytes(3),
            entity: bytes(4),
            row: bytes(5),
            detail: bytes(6).unwrap_or_default(),
            request: bytes(7),
            previous: table.cell(row, 8).and_then(Digest::read),
            hash: table.cell(row, 9).and_then(Digest::read),
        })
    }
}

/// Everything that a record's hash is made of.
struct Content<'a> {
    previous: Digest,
    chain: AuditChain,
    seq: i64,
    at: i64,
    kind: &'a [u8],
    user: Option<&'a [u8]>,
    entity: Option<&'a [u8]>,
    row: Option<&'a [u8]>,
    detail: &'a [u8],
    request: Option<&'a [u8]>,
}

/// Fields of fixed length as they are; of any other first whether it is there, then its length: no two records are encoded alike.
fn hash(content: &Content<'_>) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(DOMAIN);
    hasher.update(content.previous.0);
    hasher.update(content.chain.id().bytes());
    hasher.update(content.seq.to_be_bytes());
    hasher.update(content.at.to_be_bytes());
    let fields = [
        Some(content.kind),
        content.user,
        content.entity,
        content.row,
        Some(content.detail),
        content.request,
    ];
    for field in fields {
        match field {
            None => hasher.update([0]),
            Some(bytes) => {
                hasher.update([1]);
                hasher.update((bytes.len() as u64).to_be_bytes());
                hasher.update(bytes);
            }
        }
    }
    Digest(hasher.finalize().into())
}

impl Digest {
    /// Thirty-two bytes; any other number is no hash.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads hexadecimal.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

/// Hexadecimal, lower case.
impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

fn id(bytes: Option<&[u8]>) -> Option<RowId> {
    bytes?.try_into().ok().map(RowId::from_bytes)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::AuditDetail;

    type Change = fn(&mut AuditEvent);

    fn event() -> AuditEvent {
        let tenant = AuditChain::Tenant(RowId::from_bytes([7; 16]));
        AuditEvent {
            user: Some(RowId::from_bytes([1; 16])),
            entity: Some("ticket".to_owned()),
            row: Some(RowId::from_bytes([2; 16])),
            detail: AuditDetail::default()
                .name("operation", "update")
                .names("fields", ["subject"]),
            request: Some("r1".to_owned()),
            ..AuditEvent::new(tenant, Timestamp(5), AuditKind::Write)
        }
    }

    fn hashed(event: &AuditEvent, length: i64, previous: Digest) -> Digest {
        let position = Position {
            chain: event.chain,
            length,
            hash: previous,
        };
        position.next(event).position().hash
    }

    #[test]
    fn every_column_changes_the_hash() {
        let plain = event();
        let mut seen = vec![
            hashed(&plain, 0, GENESIS),
            hashed(&plain, 1, GENESIS),
            hashed(&plain, 0, Digest([1; 32])),
        ];
        let changes: [Change; 12] = [
            |it| it.chain = AuditChain::Environment,
            |it| it.at = Timestamp(6),
            |it| it.kind = AuditKind::Elevation,
            |it| it.user = None,
            |it| it.user = it.row,
            |it| it.entity = None,
            |it| it.entity = Some(String::new()),
            |it| it.row = None,
            |it| it.detail = AuditDetail::default(),
            |it| it.request = None,
            // What one field loses another gains: only lengths tell these apart.
            |it| {
                it.entity = Some("ticke".to_owned());
                it.request = Some("tr1".to_owned());
            },
            |it| {
                (it.user, it.row) = (None, it.user);
            },
        ];
        for change in changes {
            let mut event = event();
            change(&mut event);
            seen.push(hashed(&event, 0, GENESIS));
        }
        let number = seen.len();
        seen.sort_by_key(|digest| digest.0);
        seen.dedup();
        assert_eq!(seen.len(), number);
    }

    /// Chains that are in databases must stay valid: this hash, computed by hand from the guide's words, never changes.
    #[test]
    fn the_encoding_is_fixed() {
        assert_eq!(
            hashed(&event(), 0, GENESIS).to_string(),
            "f7335850b43101a9119b903b4cf7c748c534b9169127d00baa9948b2de935dd1"
        );
    }

    #[test]
    fn hashes_survive_their_text() {
        let digest = Digest([0xab; 32]);
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        for bad in ["", "zz", &"é".repeat(32), &"0".repeat(63)] {
            assert_eq!(Digest::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn long_lists_are_cut() {
        let detail = AuditDetail::default().names("fields", (0..300).map(|number| format!("f{number}")));
        let text = detail.to_text();
        assert!(
            text.contains("\"f199\"") && !text.contains("\"f200\"") && text.contains("100 more"),
            "{text}"
        );
    }
}

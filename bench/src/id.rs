//! Row ids, as Freehold makes them: UUID version 8, the time in front, the entity's tag behind the version.

use bytes::{BufMut, BytesMut};
use std::error::Error;
use std::fmt;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

/// The id of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(pub(crate) Uuid);

impl Id {
    /// An id of that time, entity and chance. See `crates/base/src/id.rs`.
    pub(crate) fn new(unix_ms: u64, tag: u16, random: u64) -> Self {
        let high = (unix_ms << 16) | 0x8000 | u64::from(tag & 0x0fff);
        let low = (random & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        Self(Uuid::from_u64_pair(high, low))
    }

    /// Its sixteen bytes, as SQLite keeps it.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(out)
    }
}

/// Binary, as the driver's own feature for UUIDs does it.
impl ToSql for Id {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_slice(self.bytes());
        Ok(IsNull::No)
    }

    fn accepts(type_: &Type) -> bool {
        *type_ == Type::UUID
    }

    to_sql_checked!();
}

/// Seconds since 1970, sent in binary.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(pub(crate) i64);

/// PostgreSQL counts from the year 2000.
const EPOCH_2000_S: i64 = 946_684_800;

impl ToSql for Moment {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_i64((self.0 - EPOCH_2000_S) * 1_000_000);
        Ok(IsNull::No)
    }

    fn accepts(type_: &Type) -> bool {
        *type_ == Type::TIMESTAMPTZ
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_its_parts() {
        let id = Id::new(0x0194_1f29_7c00, 4, 1);
        assert_eq!(id.to_string(), "01941f29-7c00-8004-8000-000000000001");
    }
}

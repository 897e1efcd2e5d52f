//! Row ids: UUIDs that tell their entity and sort by time of creation.

use std::fmt;
use uuid::Uuid;

/// Length of a row id in bytes.
pub const ROW_ID_BYTES: usize = 16;

/// The 12-bit number of an entity inside one environment. Assigned once, it survives renames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct EntityTag(u16);

impl EntityTag {
    /// The largest tag: 12 bits.
    pub const MAX: u16 = 0x0fff;

    /// Of what is no entity of an app: secrets of people's second factors. It is bound to a key that no model can name.
    pub const IDENTITY: Self = Self(Self::MAX);

    /// A tag, if the number fits in 12 bits.
    pub fn new(number: u16) -> Option<Self> {
        (number <= Self::MAX).then_some(Self(number))
    }

    /// The number, 0..=4095.
    pub fn number(self) -> u16 {
        self.0
    }
}

/// The id of a row: UUID version 8 (RFC 9562, section 5.8) with the 48-bit millisecond time of version 7
/// in front and the entity's tag in the 12 bits behind the version.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct RowId(Uuid);

impl RowId {
    /// Builds an id from its parts. Only the low 48 bits of `unix_ms` and 62 bits of `random` are used.
    pub fn new(unix_ms: u64, tag: EntityTag, random: u64) -> Self {
        let high = (unix_ms << 16) | 0x8000 | u64::from(tag.0);
        let low = (random & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        Self(Uuid::from_u64_pair(high, low))
    }

    /// Reads the hyphenated or plain hexadecimal form; anything else is no id.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 36 && text.len() != 32 {
            return None;
        }
        Uuid::try_parse(text).ok().map(Self)
    }

    /// The entity this id says it belongs to; `None` for a UUID we did not make.
    pub fn tag(self) -> Option<EntityTag> {
        let (high, _) = self.0.as_u64_pair();
        ((high >> 12) & 0xf == 8).then_some(EntityTag((high & 0x0fff) as u16))
    }

    /// The sixteen bytes, most significant first.
    pub fn bytes(self) -> [u8; ROW_ID_BYTES] {
        *self.0.as_bytes()
    }

    /// The id made of sixteen bytes.
    pub fn from_bytes(bytes: [u8; ROW_ID_BYTES]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The same bytes as a plain UUID, for drivers.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for RowId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for RowId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(out)
    }
}

impl fmt::Debug for RowId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_entity_and_sorts_by_time() {
        let tag = EntityTag::new(77).unwrap();
        let early = RowId::new(1_000, tag, u64::MAX);
        let late = RowId::new(1_001, tag, 0);
        assert_eq!(early.tag(), Some(tag));
        assert!(early < late);
        assert_eq!(RowId::parse(&early.to_string()), Some(early));
        assert_eq!(early.uuid().get_version_num(), 8);
    }

    #[test]
    fn foreign_uuids_have_no_tag() {
        let id = RowId::parse("f47ac10b-58cc-4372-a567-0e02b2c3d479").unwrap();
        assert_eq!(id.tag(), None);
        assert_eq!(RowId::parse("nonsense"), None);
        assert_eq!(RowId::parse("{f47ac10b-58cc-4372-a567-0e02b2c3d479}"), None);
        assert_eq!(EntityTag::new(4096), None);
    }
}

//! Ids of new rows.

use freehold_base::{EntityTag, RowId, Timestamp};
use std::collections::BTreeMap;

/// Bits of chance in the first id of an entity: one less than an id holds, so that later ones have room above it.
const FIRST_BITS: u128 = (1 << 61) - 1;
/// Most that an id is above the one before it.
const STEP: u128 = (1 << 32) - 1;

/// Makes the ids of one operation: those of one entity ascend in the order in which they are made.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    last: BTreeMap<EntityTag, u64>,
}

impl Ids {
    /// The next id of that entity.
    pub(crate) fn next(&mut self, tag: EntityTag, now: Timestamp, entropy: &mut dyn FnMut() -> u128) -> RowId {
        let random = match self.last.get(&tag) {
            None => (entropy() & FIRST_BITS) as u64,
            Some(last) => last + 1 + (entropy() & STEP) as u64,
        };
        self.last.insert(tag, random);
        RowId::new(now.unix_ms(), tag, random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ascend_whatever_chance_says() {
        let tag = EntityTag::new(5).unwrap();
        let other = EntityTag::new(6).unwrap();
        let chances = [u128::MAX, 0, 7, u128::MAX, 0];
        let mut chances = chances.into_iter().cycle();
        let mut entropy = || chances.next().unwrap();
        let mut ids = Ids::default();
        let made: Vec<RowId> = (0..1000)
            .map(|_| ids.next(tag, Timestamp(5_000), &mut entropy))
            .collect();
        assert!(made.is_sorted_by(|left, right| left < right));
        assert!(made.iter().all(|id| id.tag() == Some(tag)));
        assert_eq!(ids.next(other, Timestamp(5_000), &mut entropy).tag(), Some(other));
    }
}

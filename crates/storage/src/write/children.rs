//! A statement's rows by the key of their parent.

use super::Range;
use crate::cells::{Table, bytes};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The rows of a statement, found by column 0.
///
/// Rows of one parent usually stand together and parents in the order they are written, so the next run is tried first.
/// A plan of the database may split a parent's rows all the same (a hash join does); then `order` brings them together.
pub(super) struct Children {
    runs: Vec<(u128, Range)>,
    by_key: HashMap<u128, usize, BuildHasherDefault<KeyHasher>>,
    next: usize,
    order: Option<Vec<u32>>,
}

impl Children {
    pub(super) fn new(table: &Table) -> Self {
        let keys: Vec<Option<u128>> = (0..table.rows()).map(|row| key(table.cell(row, 0)?)).collect();
        let mut runs: Vec<(u128, Range)> = Vec::new();
        let mut by_key = HashMap::default();
        let mut split = false;
        for (row, key) in keys.iter().enumerate() {
            let Some(key) = *key else { continue };
            match runs.last_mut() {
                Some((known, range)) if *known == key && range.end == row => range.end += 1,
                _ => {
                    split |= by_key.insert(key, runs.len()).is_some();
                    runs.push((
                        key,
                        Range {
                            start: row,
                            end: row + 1,
                        },
                    ));
                }
            }
        }
        if split {
            Self::regrouped(&keys)
        } else {
            Self {
                runs,
                by_key,
                next: 0,
                order: None,
            }
        }
    }

    /// Brings the rows of each parent together, in the order they came.
    fn regrouped(keys: &[Option<u128>]) -> Self {
        let mut groups: Vec<(u128, Vec<u32>)> = Vec::new();
        let mut by_key: HashMap<u128, usize, BuildHasherDefault<KeyHasher>> = HashMap::default();
        for (row, key) in keys.iter().enumerate() {
            let Some(key) = *key else { continue };
            let group = *by_key.entry(key).or_insert_with(|| {
                groups.push((key, Vec::new()));
                groups.len() - 1
            });
            groups[group].1.push(row as u32);
        }
        let mut order = Vec::with_capacity(keys.len());
        let mut runs = Vec::with_capacity(groups.len());
        for (key, rows) in groups {
            let start = order.len();
            order.extend(rows);
            runs.push((
                key,
                Range {
                    start,
                    end: order.len(),
                },
            ));
        }
        Self {
            runs,
            by_key,
            next: 0,
            order: Some(order),
        }
    }

    /// The positions of a parent's rows.
    pub(super) fn find(&mut self, parent: &[u8]) -> Range {
        let Some(parent) = key(parent) else {
            return Range::default();
        };
        // This run again (nodes and edges of one parent), or the one behind it.
        for index in [self.next, self.next + 1] {
            if let Some((known, range)) = self.runs.get(index)
                && *known == parent
            {
                self.next = index;
                return *range;
            }
        }
        let Some(index) = self.by_key.get(&parent) else {
            return Range::default();
        };
        self.next = *index;
        self.runs[*index].1
    }

    /// The row at a position.
    pub(super) fn row_at(&self, position: usize) -> usize {
        self.order.as_ref().map_or(position, |order| {
            order.get(position).map_or(usize::MAX, |row| *row as usize)
        })
    }
}

fn key(cell: &[u8]) -> Option<u128> {
    (cell.len() == 16)
        .then(|| bytes(cell).map(u128::from_be_bytes))
        .flatten()
}

/// Hash of a row id. Its low half is random already, and made by the server, so no one can choose collisions.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = ((key as u64) ^ ((key >> 64) as u64)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

//! What goes with a row.

use super::model::{Field, OnDelete};
use super::value::Val;
use super::world::{RowId, World};
use std::collections::{BTreeMap, BTreeSet};

/// What happens when a row is deleted.
#[derive(Debug, Default)]
pub(super) struct Fall {
    /// The row, and all that go with it.
    pub(super) rows: BTreeSet<RowId>,
    /// Those of them that the caller must be allowed to delete: not those that go by the system's own cascade.
    pub(super) asked: BTreeSet<RowId>,
    /// Fields of other rows that become empty.
    pub(super) emptied: BTreeMap<RowId, Vec<String>>,
    /// A row that stays refers to one that would go.
    pub(super) is_held: bool,
}

/// Follows the references to a row, and to the rows that go with it.
pub(super) fn fall(world: &World, row: RowId) -> Fall {
    let mut fall = Fall::default();
    fall.rows.insert(row);
    // Rows whose own references are still to be followed.
    let mut open = vec![row];
    while let Some(target) = open.pop() {
        for (other, field) in referring(world, target) {
            if field.on_delete != OnDelete::Cascade {
                continue;
            }
            // A row to which two ways lead is asked for if one of them asks.
            if !field.by_system && other != row {
                fall.asked.insert(other);
            }
            if fall.rows.insert(other) {
                open.push(other);
            }
        }
    }
    for target in &fall.rows {
        for (other, field) in referring(world, *target) {
            match field.on_delete {
                _ if fall.rows.contains(&other) => {}
                OnDelete::Cascade => {}
                OnDelete::Restrict => fall.is_held = true,
                OnDelete::SetNull => fall.emptied.entry(other).or_default().push(field.name.clone()),
            }
        }
    }
    fall
}

/// Rows that refer to that one, and by which field.
fn referring(world: &World, target: RowId) -> Vec<(RowId, &Field)> {
    let mut found = Vec::new();
    for row in world.ids() {
        let fields = &world.model.entity(&world.row_of(row).entity).fields;
        let references = fields.iter().filter(|field| !field.targets().is_empty());
        let pointing = references.filter(|field| *world.raw(row, &field.name) == Val::Row(target));
        found.extend(pointing.map(|field| (row, field)));
    }
    found
}

//! What another version of an app lets people do, and what it takes from them.

use super::{Extent, Matrix, Reach, Way};
use serde::Serialize;

/// One difference between two matrices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The caller; `everybody` where it is about the reach of an entity.
    pub caller: String,
    /// `ticket`, `ticket.iban`, `actions`, `manages`.
    pub place: String,
    /// `update`, `read`, `reach`, the action's or role's name.
    pub what: String,
    /// As it was.
    pub old: Extent,
    /// As it is.
    pub new: Extent,
    /// Whether more is allowed than before. Where a condition changed it may be, and is said to be.
    pub widens: bool,
}

/// What differs, in the order of the new matrix; what is gone comes last.
pub fn compare(old: &Matrix, new: &Matrix) -> Vec<Difference> {
    let mut differences = reaches(old, new);
    let (old, new) = (cells(old), cells(new));
    let find = |cells: &[Cell], wanted: &Cell| {
        cells
            .iter()
            .find(|cell| (&cell.0, &cell.1, &cell.2) == (&wanted.0, &wanted.1, &wanted.2))
            .map_or(Extent::Never, |cell| cell.3.clone())
    };
    let gone = old.iter().filter(|cell| find(&new, cell).is_never());
    let cells = new.iter().chain(gone).filter_map(|cell| {
        let (before, after) = (find(&old, cell), find(&new, cell));
        (before != after).then(|| Difference {
            caller: cell.0.clone(),
            place: cell.1.clone(),
            what: cell.2.clone(),
            widens: !after.is_never() && before != Extent::Always,
            old: before,
            new: after,
        })
    });
    differences.extend(cells);
    differences
}

/// Walls that came or went: they open and close what no rule names.
fn reaches(old: &Matrix, new: &Matrix) -> Vec<Difference> {
    let extent = |reach: Reach| match reach {
        Reach::Environment => Extent::Always,
        Reach::Members | Reach::Tenant => Extent::Sometimes(vec![Way {
            rows: Some(reach.to_string()),
            then: None,
        }]),
    };
    let differing = new.entities.iter().filter_map(|after| {
        let before = old.entities.iter().find(|before| before.entity == after.entity)?;
        (before.reach != after.reach).then(|| Difference {
            caller: "everybody".to_owned(),
            place: after.entity.clone(),
            what: "reach".to_owned(),
            old: extent(before.reach),
            new: extent(after.reach),
            widens: after.reach > before.reach,
        })
    });
    differing.collect()
}

/// Caller, place, what, extent.
type Cell = (String, String, String, Extent);

fn cells(matrix: &Matrix) -> Vec<Cell> {
    let mut cells = Vec::new();
    for row in &matrix.callers {
        let mut add = |place: &str, what: &str, extent: &Extent| {
            if !extent.is_never() {
                cells.push((row.caller.clone(), place.to_owned(), what.to_owned(), extent.clone()));
            }
        };
        for action in &row.actions {
            add("actions", action, &Extent::Always);
        }
        for role in &row.manages {
            add("manages", role, &Extent::Always);
        }
        for entity in &row.entities {
            for cell in &entity.operations {
                add(&entity.entity, cell.operation.word(), &cell.rows);
            }
            // What comes with a row says nothing that the row does not.
            for field in entity.fields.iter().filter(|field| !field.comes_along) {
                let place = format!("{}.{}", entity.entity, field.field);
                for (word, extent) in field.uses() {
                    add(&place, word, extent);
                }
            }
        }
    }
    cells
}

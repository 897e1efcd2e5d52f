//! Development data: rows keyed by labels, people by e-mail. Pure: it ends in values, and `storage` writes them.

mod rows;
mod values;

use crate::catalog::{Catalog, EntityId, FieldId};
use crate::diagnostic::Diagnostics;
use crate::model::merge;
use crate::source::{FileKind, Sources, Span};
use freehold_base::{RowId, Value};

/// Development data, resolved. Its ids depend on labels and times alone, so they are the same in every run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seed {
    /// People who can sign in.
    pub users: Vec<SeedUser>,
    /// Every row, those of people first. References may point forward.
    pub rows: Vec<SeedRow>,
}

/// A person.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedUser {
    /// Index of the person's row in [`Seed::rows`].
    pub row: usize,
    /// The address, as written.
    pub email: String,
    /// The name, if given.
    pub name: Option<String>,
    /// The password in the clear, if given.
    pub password: Option<String>,
    /// The profile: stated, or the app's default.
    pub profile: Option<String>,
    /// Where the person is written.
    pub span: Span,
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedRow {
    /// Its entity.
    pub entity: EntityId,
    /// Its label; a person's is the e-mail address, that of a row in a list its number from 1.
    pub label: String,
    /// Its id.
    pub id: RowId,
    /// Its tenant; `None` on shared rows and on the tenants themselves.
    pub tenant: Option<RowId>,
    /// The stored fields that are not null, with `owner` and `created_at`; encrypted ones in the clear.
    pub values: Vec<(FieldId, Value)>,
    /// Where it is written.
    pub span: Span,
}

impl Seed {
    /// Finds a row by entity and label.
    pub fn find(&self, entity: EntityId, label: &str) -> Option<&SeedRow> {
        self.rows.iter().find(|row| row.entity == entity && row.label == label)
    }
}

/// Reads the seed files. Every fault is told; a row with a fault is left out or incomplete.
pub fn resolve(sources: &Sources, catalog: &Catalog, diagnostics: &mut Diagnostics) -> Seed {
    let (root, _) = merge(sources, FileKind::Seed, diagnostics);
    let mut rows = rows::collect(&root, catalog, diagnostics);
    rows::settle_tenants(&mut rows, catalog, diagnostics);
    values::fill(&rows, catalog, diagnostics)
}

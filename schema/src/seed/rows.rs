//! Which rows there are, with their ids and tenants.

use crate::catalog::{Catalog, EntityDef, EntityId};
use crate::diagnostic::Diagnostics;
use crate::source::Span;
use crate::yaml::{Key, Node, NodeKind};
use freehold_base::{RowId, Timestamp, nearest, parse_datetime};
use std::collections::HashMap;

/// 2026-01-01T00:00:00Z: the time of the first row that states none.
const FIRST_MICROS: i64 = 1_767_225_600_000_000;

/// A row whose values are not read yet.
#[derive(Clone, Debug)]
pub(super) struct Draft<'a> {
    pub(super) entity: EntityId,
    pub(super) label: String,
    /// The label, or the whole row when it has none.
    pub(super) span: Span,
    pub(super) entries: &'a [(Key, Node)],
    pub(super) id: RowId,
    pub(super) created_at: i64,
    pub(super) tenant: Option<RowId>,
}

/// All rows, and the ways to find them.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows<'a> {
    pub(super) list: Vec<Draft<'a>>,
    by_label: HashMap<(EntityId, String), usize>,
}

impl Rows<'_> {
    pub(super) fn find(&self, entity: EntityId, label: &str) -> Option<&Draft<'_>> {
        self.by_label
            .get(&(entity, label.to_owned()))
            .map(|index| &self.list[*index])
    }

    /// The labels of an entity, for hints.
    pub(super) fn labels(&self, entity: EntityId) -> impl Iterator<Item = &str> {
        self.list
            .iter()
            .filter(move |row| row.entity == entity)
            .map(|row| row.label.as_str())
    }
}

/// Key of the list of people.
const USERS: &str = "users";

pub(super) fn collect<'a>(root: &'a Node, catalog: &Catalog, diagnostics: &mut Diagnostics) -> Rows<'a> {
    let mut rows = Rows::default();
    let NodeKind::Map(sections) = &root.kind else {
        return rows;
    };
    let users = sections.iter().filter(|(key, _)| key.text == USERS);
    let others = sections.iter().filter(|(key, _)| key.text != USERS);
    for (_, node) in users {
        people(&mut rows, node, catalog, diagnostics);
    }
    for (key, node) in others {
        match catalog.find_entity(&key.text) {
            Some(entity) if entity.id == catalog.user => {
                diagnostics
                    .error("seed-shape", key.span, "people are listed under `users`")
                    .hint("write `users:` and a list");
            }
            Some(entity) => section(&mut rows, node, entity, catalog, diagnostics),
            None => {
                let known = catalog.entities.keys().map(String::as_str).chain([USERS]);
                diagnostics
                    .error("seed-entity", key.span, format!("unknown entity `{}`", key.text))
                    .nearest(&key.text, known);
            }
        }
    }
    rows
}

fn people<'a>(rows: &mut Rows<'a>, node: &'a Node, catalog: &Catalog, diagnostics: &mut Diagnostics) {
    let NodeKind::List(items) = &node.kind else {
        let found = node.noun();
        diagnostics
            .error(
                "seed-shape",
                node.span,
                format!("expected a list of people, found {found}"),
            )
            .hint("write `- {email: …, password: …}`");
        return;
    };
    for item in items {
        let Some(entries) = mapping(item, diagnostics) else {
            continue;
        };
        match item.get("email") {
            Some(node) if node.text().is_some() => {
                let label = node.text().unwrap_or_default().to_owned();
                add(
                    rows,
                    catalog.entity(catalog.user),
                    label,
                    node.span,
                    entries,
                    diagnostics,
                );
            }
            _ => {
                diagnostics.error("seed-shape", item.span, "a person needs an `email`");
            }
        }
    }
}

fn section<'a>(
    rows: &mut Rows<'a>,
    node: &'a Node,
    entity: &EntityDef,
    catalog: &Catalog,
    diagnostics: &mut Diagnostics,
) {
    match &node.kind {
        NodeKind::Null => {}
        NodeKind::Map(items) => {
            for (label, item) in items {
                if let Some(entries) = mapping(item, diagnostics) {
                    add(rows, entity, label.text.clone(), label.span, entries, diagnostics);
                }
            }
        }
        NodeKind::List(items) => {
            for (index, item) in items.iter().enumerate() {
                if let Some(entries) = mapping(item, diagnostics) {
                    add(
                        rows,
                        catalog.entity(entity.id),
                        (index + 1).to_string(),
                        item.span,
                        entries,
                        diagnostics,
                    );
                }
            }
        }
        NodeKind::Scalar { .. } => {
            let found = node.noun();
            diagnostics.error(
                "seed-shape",
                node.span,
                format!("expected rows by label, or a list of rows, found {found}"),
            );
        }
    }
}

fn mapping<'a>(node: &'a Node, diagnostics: &mut Diagnostics) -> Option<&'a [(Key, Node)]> {
    match &node.kind {
        NodeKind::Map(entries) => Some(entries),
        NodeKind::Null => Some(&[]),
        NodeKind::Scalar { .. } | NodeKind::List(_) => {
            let found = node.noun();
            diagnostics.error(
                "seed-shape",
                node.span,
                format!("expected the fields of a row, found {found}"),
            );
            None
        }
    }
}

fn add<'a>(
    rows: &mut Rows<'a>,
    entity: &EntityDef,
    label: String,
    span: Span,
    entries: &'a [(Key, Node)],
    diagnostics: &mut Diagnostics,
) {
    let key = (entity.id, label);
    if let Some(first) = rows.by_label.get(&key) {
        let first = rows.list[*first].span;
        diagnostics
            .error("seed-duplicate", span, format!("`{}` is there already", key.1))
            .also(first, "first written here");
        return;
    }
    let stated = entries
        .iter()
        .find(|(key, _)| key.text == "created_at")
        .and_then(|(_, node)| node.text())
        .and_then(parse_datetime);
    let created_at = stated.unwrap_or(FIRST_MICROS + rows.list.len() as i64 * 1_000);
    let id = RowId::new(Timestamp(created_at).unix_ms(), entity.tag, hash(&entity.name, &key.1));
    rows.by_label.insert(key.clone(), rows.list.len());
    rows.list.push(Draft {
        entity: entity.id,
        label: key.1,
        span,
        entries,
        id,
        created_at,
        tenant: None,
    });
}

/// FNV-1a, 64 bit (Fowler, Noll, Vo): the same on every machine and in every release, which std does not promise of its hashers.
fn hash(entity: &str, label: &str) -> u64 {
    let bytes = entity.bytes().chain([0]).chain(label.bytes());
    let mixed = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // Only 62 bits go into an id; the two highest are folded back.
    mixed ^ (mixed >> 61)
}

/// Gives each row of a tenant its tenant, written under the tenant entity's name.
pub(super) fn settle_tenants(rows: &mut Rows<'_>, catalog: &Catalog, diagnostics: &mut Diagnostics) {
    let Some(tenancy) = catalog.tenancy else { return };
    let tenant = catalog.entity(tenancy.entity);
    let tenants: HashMap<String, RowId> = rows
        .list
        .iter()
        .filter(|row| row.entity == tenant.id)
        .map(|row| (row.label.clone(), row.id))
        .collect();
    for row in &mut rows.list {
        let entity = catalog.entity(row.entity);
        if !entity.tenant_scoped {
            continue;
        }
        let Some((_, node)) = row.entries.iter().find(|(key, _)| key.text == tenant.name) else {
            diagnostics
                .error(
                    "seed-tenant",
                    row.span,
                    format!("a row of `{}` states its `{}`", entity.name, tenant.name),
                )
                .hint(format!("add `{}:` with a label", tenant.name));
            continue;
        };
        let label = node.text().unwrap_or_default();
        row.tenant = tenants.get(label).copied();
        if row.tenant.is_none() {
            let told = diagnostics.error(
                "seed-label",
                node.span,
                format!("there is no `{}` labelled `{label}`", tenant.name),
            );
            if let Some(near) = nearest(label, tenants.keys().map(String::as_str)) {
                told.hint(format!("did you mean `{near}`?"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_paper() {
        let fnv = |text: &str| {
            text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
        };
        assert_eq!(fnv("foobar"), 0x8594_4171_f739_67e8);
        assert_ne!(hash("a", "bc"), hash("ab", "c"));
    }
}

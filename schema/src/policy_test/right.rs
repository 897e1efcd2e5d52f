//! `can` and `cannot`: operations, and what they are about.

use super::case::find_row;
use super::{Right, TestRow};
use crate::catalog::{Catalog, EntityDef, FieldId, Operation};
use crate::diagnostic::Diagnostics;
use crate::seed::Seed;
use crate::source::Span;
use crate::yaml::{Node, NodeKind};

const OPERATIONS: [Operation; 6] = [
    Operation::Create,
    Operation::Read,
    Operation::List,
    Operation::Update,
    Operation::Delete,
    Operation::Transition,
];

/// Reads `{read: [ticket.x, ticket.x.subject], create: [comment]}`.
pub(super) fn rights(node: &Node, may: bool, catalog: &Catalog, seed: &Seed, faults: &mut Diagnostics) -> Vec<Right> {
    let NodeKind::Map(entries) = &node.kind else {
        let found = node.noun();
        faults
            .error(
                "test-shape",
                node.span,
                format!("expected operations and what they are about, found {found}"),
            )
            .hint("write `{read: [entity.label], create: [entity]}`");
        return Vec::new();
    };
    let mut rights = Vec::new();
    for (key, value) in entries {
        let Some(operation) = OPERATIONS.into_iter().find(|known| known.word() == key.text) else {
            let known = OPERATIONS.map(Operation::word);
            faults
                .error("test-operation", key.span, format!("unknown operation `{}`", key.text))
                .hint(format!("the operations are {}", known.join(", ")))
                .nearest(&key.text, known);
            continue;
        };
        let items = match &value.kind {
            NodeKind::List(items) => items.as_slice(),
            NodeKind::Null | NodeKind::Scalar { .. } | NodeKind::Map(_) => std::slice::from_ref(value),
        };
        for item in items {
            let Some(text) = item.text() else {
                let found = item.noun();
                faults.error(
                    "test-shape",
                    item.span,
                    format!("expected `entity.label`, found {found}"),
                );
                continue;
            };
            let mut reader = Reader {
                catalog,
                seed,
                operation,
                span: item.span,
                faults,
            };
            if let Some((entity, row, field)) = reader.about(text) {
                rights.push(Right {
                    span: item.span,
                    may,
                    operation,
                    entity: entity.id,
                    row,
                    field,
                });
            }
        }
    }
    rights
}

struct Reader<'a, 'f> {
    catalog: &'a Catalog,
    seed: &'a Seed,
    operation: Operation,
    span: Span,
    faults: &'f mut Diagnostics,
}

impl<'a> Reader<'a, '_> {
    fn about(&mut self, text: &str) -> Option<(&'a EntityDef, Option<TestRow>, Option<FieldId>)> {
        let (name, rest) = match text.split_once('.') {
            Some((name, rest)) => (name, Some(rest)),
            None => (text, None),
        };
        let Some(entity) = self.catalog.find_entity(name) else {
            let known = self.catalog.entities.keys().map(String::as_str);
            self.faults
                .error("test-label", self.span, format!("unknown entity `{name}`"))
                .nearest(name, known);
            return None;
        };
        let word = self.operation.word();
        match (self.operation, rest) {
            (Operation::Create, None) => Some((entity, None, None)),
            (Operation::Create, Some(field)) => {
                if self.seed.find(entity.id, field).is_some() && entity.find_field(field).is_none() {
                    self.faults
                        .error(
                            "test-label",
                            self.span,
                            "`create` is about new rows, and this one is there",
                        )
                        .hint(format!("write `{name}`, or `{name}.<field>`"));
                    return None;
                }
                let field = self.field(entity, field)?;
                Some((entity, None, Some(field)))
            }
            (_, None) => {
                self.faults
                    .error(
                        "test-label",
                        self.span,
                        format!("`{word}` is about a row: which `{name}`?"),
                    )
                    .hint(format!("write `{name}.<label>`, with a label of the seed"));
                None
            }
            (_, Some(rest)) => self.row(entity, rest),
        }
    }

    /// `label`, or `label.field`. Labels may have dots: those of people are e-mail addresses.
    fn row(&mut self, entity: &'a EntityDef, rest: &str) -> Option<(&'a EntityDef, Option<TestRow>, Option<FieldId>)> {
        let behind = rest.rsplit_once('.').filter(|(label, _)| {
            self.seed.find(entity.id, rest).is_none() && self.seed.find(entity.id, label).is_some()
        });
        let (label, field) = match behind {
            Some((label, field)) => (label, Some(field)),
            None => (rest, None),
        };
        let row = find_row(self.catalog, self.seed, entity.id, label, self.span, self.faults)?;
        let field = match field {
            None => None,
            Some(_) if matches!(self.operation, Operation::List | Operation::Delete) => {
                let word = self.operation.word();
                self.faults.error(
                    "test-field",
                    self.span,
                    format!("`{word}` is about rows, not about their fields"),
                );
                return None;
            }
            Some(name) => Some(self.field(entity, name)?),
        };
        let row = TestRow {
            label: row.label.clone(),
            id: row.id,
        };
        Some((entity, Some(row), field))
    }

    fn field(&mut self, entity: &EntityDef, name: &str) -> Option<FieldId> {
        let found = entity.find_field(name).map(|field| field.id);
        if found.is_none() {
            let known = entity.fields.iter().map(|field| field.name.as_str());
            self.faults
                .error(
                    "test-field",
                    self.span,
                    format!("unknown field of `{}`: `{name}`", entity.name),
                )
                .nearest(name, known);
        }
        found
    }
}

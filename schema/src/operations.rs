//! The operations that stand in an app, as its clients send them: documents, and the manifests that clients' tools make of theirs.
//! Pure, and without a schema: whether an operation fits one depends on who asks.

mod literal;
mod manifest;

use crate::diagnostic::Diagnostics;
use crate::graphql::check_syntax;
use crate::source::{FileKind, Sources, Span, is_model_file};
use freehold_base::{Code, Limits};
use literal::Literal;
use std::collections::HashMap;

/// One operation of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppOperation {
    /// What a manifest calls it.
    pub id: Option<String>,
    /// The document as it is written.
    pub written: String,
}

impl AppOperation {
    /// The document, without the white space around it.
    pub fn text(&self) -> &str {
        trim(&self.written)
    }
}

/// An operation and its place, before it was looked at.
struct Entry<'s> {
    id: Option<String>,
    written: String,
    literal: Literal<'s>,
}

/// A document without the white space around it (GraphQL, section 2.1), in which editors and clients differ.
pub fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r', '\u{feff}'])
}

/// Reads the operations of an app. Every fault is told; an operation with a fault is left out.
pub fn read(sources: &Sources, limits: &Limits, diagnostics: &mut Diagnostics) -> Vec<AppOperation> {
    let mut operations: Vec<AppOperation> = Vec::new();
    let mut by_id: HashMap<String, (usize, Span)> = HashMap::new();
    for (id, file) in sources.iter() {
        if is_model_file(&file.name) != FileKind::Operation {
            continue;
        }
        let in_manifest = file.name.rsplit_once('.').is_some_and(|(_, ending)| ending == "json");
        let entries = if in_manifest {
            manifest::read(id, &file.text, diagnostics)
        } else {
            vec![Entry {
                id: None,
                written: file.text.clone(),
                literal: Literal::plain(id, &file.text),
            }]
        };
        for entry in entries {
            if !is_readable(&entry, in_manifest, limits, diagnostics) {
                continue;
            }
            let operation = AppOperation {
                id: entry.id,
                written: entry.written,
            };
            if let Some(name) = &operation.id {
                let span = entry.literal.span();
                let (first, first_span) = *by_id.entry(name.clone()).or_insert((operations.len(), span));
                if operations.get(first).is_some_and(|it| it.text() != operation.text()) {
                    diagnostics
                        .error("operation", span, format!("`{name}` is the id of two operations"))
                        .also(first_span, "the other one");
                    continue;
                }
            }
            operations.push(operation);
        }
    }
    operations
}

fn is_readable(entry: &Entry<'_>, in_manifest: bool, limits: &Limits, diagnostics: &mut Diagnostics) -> bool {
    let Err(error) = check_syntax(trim(&entry.written), limits) else {
        return true;
    };
    let lead = entry.written.len()
        - entry
            .written
            .trim_start_matches([' ', '\t', '\n', '\r', '\u{feff}'])
            .len();
    let (before, text) = entry.written.split_at(lead);
    let place = error.locations.first().copied();
    let character = before.chars().count() + place.map_or(0, |place| character_at(text, place));
    let fault = diagnostics.error("operation", entry.literal.character(character), error.message.clone());
    if (place.is_none() || text.is_empty()) && !in_manifest && error.code == Code::GraphqlParseFailed {
        fault.hint("a file is one document as clients send it: an operation together with its fragments");
    }
    false
}

/// The number of the character at a line and column, both from 1.
fn character_at(text: &str, (line, column): (usize, usize)) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line - 1)
        .map(|line| line.chars().count())
        .sum();
    before + column - 1
}

#[cfg(test)]
mod tests;

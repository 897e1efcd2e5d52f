//! Many files, one tree: merged by top-level key.

use crate::diagnostic::Diagnostics;
use crate::source::{FileKind, Sources, Span, is_model_file};
use crate::yaml::{Key, Node, NodeKind, parse};
use indexmap::IndexMap;

/// The files of one kind as one tree. The same name twice is an error that shows both places.
/// `false` beside it: a file could not be read, so that names may be missing.
pub(crate) fn merge(sources: &Sources, kind: FileKind, diagnostics: &mut Diagnostics) -> (Node, bool) {
    let mut merged: IndexMap<String, (Key, Node)> = IndexMap::new();
    let mut whole = true;
    let mut root = Span::default();
    for (id, file) in sources.iter().filter(|(_, file)| is_model_file(&file.name) == kind) {
        let Some(node) = parse(id, file, diagnostics) else {
            whole = false;
            continue;
        };
        if merged.is_empty() {
            root = Span {
                end: node.span.start,
                ..node.span
            };
        }
        match node.kind {
            NodeKind::Null => {}
            NodeKind::Map(entries) => entries
                .into_iter()
                .for_each(|(key, node)| add(&mut merged, key, node, diagnostics)),
            NodeKind::Scalar { .. } | NodeKind::List(_) => {
                let found = node.noun();
                diagnostics.error(
                    "wrong-kind",
                    node.span,
                    format!("expected a mapping at the top of a file, found {found}"),
                );
            }
        }
    }
    (
        Node {
            span: root,
            kind: NodeKind::Map(merged.into_values().collect()),
        },
        whole,
    )
}

fn add(merged: &mut IndexMap<String, (Key, Node)>, key: Key, node: Node, diagnostics: &mut Diagnostics) {
    let Some((first, known)) = merged.get_mut(&key.text) else {
        merged.insert(key.text.clone(), (key, node));
        return;
    };
    match (&mut known.kind, node.kind) {
        (NodeKind::Map(entries), NodeKind::Map(more)) => {
            let mut seen: IndexMap<String, Span> =
                entries.iter().map(|(name, _)| (name.text.clone(), name.span)).collect();
            for (name, value) in more {
                if let Some(first) = seen.get(&name.text) {
                    diagnostics
                        .error(
                            "duplicate-name",
                            name.span,
                            format!("`{}` is declared twice under `{}`", name.text, key.text),
                        )
                        .also(*first, "first declared here");
                } else {
                    seen.insert(name.text.clone(), name.span);
                    entries.push((name, value));
                }
            }
        }
        (NodeKind::List(items), NodeKind::List(more)) => items.extend(more),
        (_, NodeKind::Null) => {}
        (kind @ NodeKind::Null, other) => *kind = other,
        _ => {
            let first = first.span;
            diagnostics
                .error(
                    "duplicate-key",
                    key.span,
                    format!("`{}` is written in two files", key.text),
                )
                .also(first, "first written here");
        }
    }
}

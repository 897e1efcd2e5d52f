//! Text → [`Node`]: one document, plain data only.

use super::{Key, Node, NodeKind};
use crate::diagnostic::Diagnostics;
use crate::source::{FileId, SourceFile, Span};
use saphyr_parser::{Event, Parser, ScalarStyle};

/// A file larger than this is refused.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// Deeper nesting than this is refused, so that walking a tree never exhausts the stack.
pub const DEPTH_MAX: usize = 48;

/// Words that YAML 1.1 parsers turn into booleans.
const RESERVED: [&str; 6] = ["on", "off", "yes", "no", "y", "n"];

/// Reads one file. Every fault is told; `None` when the text cannot be read as YAML at all. An empty file is null.
pub fn parse(id: FileId, file: &SourceFile, diagnostics: &mut Diagnostics) -> Option<Node> {
    let text = &file.text;
    if text.len() > FILE_BYTES_MAX {
        diagnostics
            .error(
                "file-size",
                Span {
                    file: id,
                    start: 0,
                    end: 0,
                },
                format!("`{}` is larger than {FILE_BYTES_MAX} bytes", file.name),
            )
            .hint("split it: all files of an app are merged");
        return None;
    }
    let mut builder = Builder {
        offsets: Offsets::new(id, text),
        stack: Vec::new(),
        root: None,
        documents: 0,
        diagnostics,
    };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => {
                let place = builder.offsets.span(span.start.index(), span.end.index());
                builder.event(event, place)?;
            }
            Err(fault) => {
                let at = fault.marker().index();
                let mut place = builder.offsets.span(at, at);
                // Behind the last word there is nothing to show.
                place.start = place.start.min(text.trim_end().len() as u32);
                place.end = place.start;
                let (message, hint) = explain(fault.info());
                let told = builder.diagnostics.error("yaml-syntax", place, message);
                if let Some(hint) = hint {
                    told.hint(hint);
                }
                return None;
            }
        }
    }
    Some(builder.root.unwrap_or(Node {
        span: Span {
            file: id,
            start: 0,
            end: 0,
        },
        kind: NodeKind::Null,
    }))
}

/// The parser's words, and a hint for the faults that people make most.
fn explain(info: &str) -> (String, Option<&'static str>) {
    let hint = if info.contains("tab") {
        Some("indent with spaces")
    } else if info.contains("mapping values are not allowed") || info.contains("mapping key") {
        Some("quote a text that contains `: `")
    } else if info.contains("expected ',' or") || info.contains("while parsing a flow") {
        Some("a bracket or a comma is missing")
    } else if info.contains("did not find expected") || info.contains("simple key expect") {
        Some("check the indentation, and that each key ends with `:`")
    } else {
        None
    };
    (format!("this is not YAML: {info}"), hint)
}

/// Turns character positions into byte positions.
struct Offsets {
    file: FileId,
    /// Byte of each character; empty when all characters are one byte.
    bytes: Vec<u32>,
    length: u32,
}

impl Offsets {
    fn new(file: FileId, text: &str) -> Self {
        let bytes = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(at, _)| at as u32).collect()
        };
        Self {
            file,
            bytes,
            length: text.len() as u32,
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let start = self.byte(start);
        Span {
            file: self.file,
            start,
            end: self.byte(end).max(start),
        }
    }

    fn byte(&self, character: usize) -> u32 {
        if self.bytes.is_empty() {
            return u32::try_from(character).unwrap_or(u32::MAX).min(self.length);
        }
        self.bytes.get(character).copied().unwrap_or(self.length)
    }
}

/// A collection that is not finished.
enum Open {
    List(Span, Vec<Node>),
    Map {
        span: Span,
        entries: Vec<(Key, Node)>,
        seen: std::collections::HashMap<String, Span>,
        key: Option<PendingKey>,
    },
}

/// A mapping's key whose value is still to come; `None` inside: a key that was refused.
struct PendingKey(Option<Key>);

struct Builder<'a> {
    offsets: Offsets,
    stack: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    diagnostics: &'a mut Diagnostics,
}

impl Builder<'_> {
    /// `None`: give up on this file.
    fn event(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.diagnostics
                        .error("yaml-documents", span, "a file holds one document")
                        .hint("remove `---`, or move what follows to a file of its own");
                    return None;
                }
            }
            Event::Alias(_) => {
                self.refuse_anchor(span);
                self.value(Node {
                    span,
                    kind: NodeKind::Null,
                });
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_decoration(anchor, tag.is_some(), span);
                self.scalar(text.into_owned(), style, span);
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_decoration(anchor, tag.is_some(), span);
                self.open(Open::List(span, Vec::new()), span)?;
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_decoration(anchor, tag.is_some(), span);
                let seen = std::collections::HashMap::new();
                self.open(
                    Open::Map {
                        span,
                        entries: Vec::new(),
                        seen,
                        key: None,
                    },
                    span,
                )?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.stack.pop() {
                    let node = close(open, span);
                    self.value(node);
                }
            }
        }
        Some(())
    }

    fn open(&mut self, open: Open, span: Span) -> Option<()> {
        if self.stack.len() >= DEPTH_MAX {
            self.diagnostics
                .error("yaml-depth", span, format!("nested deeper than {DEPTH_MAX} levels"));
            return None;
        }
        self.stack.push(open);
        Some(())
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, span: Span) {
        let plain = matches!(style, ScalarStyle::Plain);
        if plain && RESERVED.contains(&text.to_ascii_lowercase().as_str()) {
            self.diagnostics
                .error(
                    "reserved-word",
                    span,
                    format!("`{text}` is a boolean to some YAML parsers"),
                )
                .hint(format!(
                    "quote it (\"{text}\") or use another word; for a boolean write true or false"
                ));
        }
        let kind = match text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" if plain => NodeKind::Null,
            _ => NodeKind::Scalar { text, plain },
        };
        self.value(Node { span, kind });
    }

    /// Puts a finished value where it belongs.
    fn value(&mut self, node: Node) {
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map { entries, seen, key, .. }) => match key.take() {
                Some(PendingKey(Some(name))) => {
                    if let Some(first) = seen.get(&name.text) {
                        let first = *first;
                        self.diagnostics
                            .error("duplicate-key", name.span, format!("`{}` is written twice", name.text))
                            .also(first, "first written here");
                    } else {
                        seen.insert(name.text.clone(), name.span);
                        entries.push((name, node));
                    }
                }
                Some(PendingKey(None)) => {}
                None => *key = Some(PendingKey(read_key(node, self.diagnostics))),
            },
        }
    }

    fn refuse_decoration(&mut self, anchor: usize, tagged: bool, span: Span) {
        if anchor != 0 {
            self.refuse_anchor(span);
        }
        if tagged {
            self.diagnostics
                .error("yaml-tag", span, "tags are not supported")
                .hint("remove the word that begins with `!`");
        }
    }

    fn refuse_anchor(&mut self, span: Span) {
        self.diagnostics
            .error("yaml-anchor", span, "anchors and aliases are not supported")
            .hint("write the value out");
    }
}

fn read_key(node: Node, diagnostics: &mut Diagnostics) -> Option<Key> {
    match node.kind {
        NodeKind::Scalar { text, plain } => {
            if plain && (text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")) {
                diagnostics
                    .error("reserved-word", node.span, format!("the key `{text}` is a boolean"))
                    .hint(format!("quote it: \"{text}\""));
            }
            Some(Key { span: node.span, text })
        }
        NodeKind::Null => {
            diagnostics
                .error("yaml-key", node.span, "a key may not be null")
                .hint("quote it, or give it a name");
            None
        }
        NodeKind::List(_) | NodeKind::Map(_) => {
            diagnostics.error("yaml-key", node.span, "a key must be a single word");
            None
        }
    }
}

/// A block collection has no closing mark: it ends with its last item.
fn close(open: Open, end: Span) -> Node {
    match open {
        Open::List(span, items) => {
            let (first, last) = (
                items.first().map(|item| item.span.start),
                items.last().map(|item| item.span.end),
            );
            Node {
                span: cover(span, first, last, end),
                kind: NodeKind::List(items),
            }
        }
        Open::Map { span, entries, .. } => {
            let first = entries.first().map(|(key, _)| key.span.start);
            let last = entries.last().map(|(key, node)| node.span.end.max(key.span.end));
            Node {
                span: cover(span, first, last, end),
                kind: NodeKind::Map(entries),
            }
        }
    }
}

fn cover(open: Span, first: Option<u32>, last: Option<u32>, close: Span) -> Span {
    let flow = open.end > open.start && close.end > close.start;
    if flow {
        return Span { end: close.end, ..open };
    }
    let start = first.map_or(open.start, |first| first.min(open.start.max(first)));
    Span {
        file: open.file,
        start,
        end: last.unwrap_or(open.end).max(start),
    }
}

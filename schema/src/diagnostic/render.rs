//! Faults as text for people and as JSON for tools.

use super::{Diagnostic, Diagnostics, Severity};
use crate::source::{Sources, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::ops::Range;

/// Every fault with file, line, column, the snippet and a hint; errors first, and a count at the end.
/// Nothing found gives an empty text.
pub fn render(diagnostics: &Diagnostics, sources: &Sources, color: bool) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for fault in diagnostics.sorted() {
        text.push_str(&renderer.render(&report(fault, sources)));
        text.push_str("\n\n");
    }
    let (errors, warnings) = diagnostics.counts();
    let counts: Vec<String> =
        [(errors, "error"), (warnings, "warning")].into_iter().filter(|(count, _)| *count > 0).map(|(count, noun)| plural(count, noun)).collect();
    text.push_str(&counts.join(", "));
    text.push('\n');
    text
}

/// `[{severity, check, message, file, line, column, hint}]`, in the order of [`render`].
pub fn to_json(diagnostics: &Diagnostics, sources: &Sources) -> serde_json::Value {
    diagnostics
        .sorted()
        .into_iter()
        .map(|fault| {
            let position = fault.span.map(|span| sources.position(span));
            serde_json::json!({
                "severity": match fault.severity { Severity::Error => "error", Severity::Warning => "warning" },
                "check": fault.check,
                "message": fault.message,
                "file": fault.span.map(|span| sources.file(span.file).name.clone()),
                "line": position.map(|(line, _)| line),
                "column": position.map(|(_, column)| column),
                "hint": fault.hint,
            })
        })
        .collect()
}

fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn report<'a>(fault: &'a Diagnostic, sources: &'a Sources) -> Vec<Group<'a>> {
    let level = match fault.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(fault.message.as_str()).id(fault.check));
    if let Some(span) = fault.span {
        let mut snippet = snippet(sources, span).annotation(AnnotationKind::Primary.span(visible(sources, span)));
        if let Some((other, label)) = &fault.related
            && other.file == span.file
        {
            snippet = snippet.annotation(AnnotationKind::Context.span(visible(sources, *other)).label(label.as_str()));
        }
        group = group.element(snippet);
        if let Some((other, label)) = &fault.related
            && other.file != span.file
        {
            let place = AnnotationKind::Context.span(visible(sources, *other)).label(label.as_str());
            group = group.element(self::snippet(sources, *other).annotation(place));
        }
    }
    if let Some(hint) = &fault.hint {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    vec![group]
}

fn snippet<'a, T: Clone>(sources: &'a Sources, span: Span) -> Snippet<'a, T> {
    let file = sources.file(span.file);
    Snippet::source(file.text.as_str()).path(file.name.as_str())
}

/// The first line of a span, on character boundaries.
fn visible(sources: &Sources, span: Span) -> Range<usize> {
    let text = &sources.file(span.file).text;
    let start = floor(text, span.start as usize);
    let end = floor(text, span.end as usize).max(start);
    let end = text[start..end].find(['\n', '\r']).map_or(end, |at| start + at);
    start..end
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

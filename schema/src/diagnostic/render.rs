//! Faults as text for people and as JSON for tools.

use super::{Diagnostic, Diagnostics, Severity};
use crate::source::{SourceFile, Sources, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::ops::Range;

/// Nobody reads on behind so many, and a broken generator can make a hundred thousand.
const PICTURES_MAX: usize = 500;

/// Every fault with file, line, column, the snippet and a hint; errors first, and a count at the end.
/// Nothing found gives an empty text.
pub fn render(diagnostics: &Diagnostics, sources: &Sources, color: bool) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for fault in diagnostics.sorted().into_iter().take(PICTURES_MAX) {
        text.push_str(&renderer.render(&report(fault, sources)));
        text.push_str("\n\n");
    }
    let (errors, warnings) = diagnostics.counts();
    if errors + warnings > PICTURES_MAX {
        text.push_str("only the first are shown: ");
    }
    let counts: Vec<String> = [(errors, "error"), (warnings, "warning")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| plural(count, noun))
        .collect();
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
        let related = fault.related.as_ref();
        let (near, far) = match related {
            Some((other, _)) if other.file == span.file => (related, None),
            _ => (None, related),
        };
        let window = Window::around(sources, span, near.map(|(other, _)| *other));
        let mut snippet = window
            .snippet()
            .annotation(AnnotationKind::Primary.span(window.place(span)));
        if let Some((other, label)) = near {
            snippet = snippet.annotation(AnnotationKind::Context.span(window.place(*other)).label(label.as_str()));
        }
        group = group.element(snippet);
        if let Some((other, label)) = far {
            let window = Window::around(sources, *other, None);
            group = group.element(
                window
                    .snippet()
                    .annotation(AnnotationKind::Context.span(window.place(*other)).label(label.as_str())),
            );
        }
    }
    if let Some(hint) = &fault.hint {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    vec![group]
}

/// The lines that a picture needs: the renderer reads all it is given, and a file may be large.
struct Window<'a> {
    file: &'a SourceFile,
    start: usize,
    end: usize,
}

impl<'a> Window<'a> {
    fn around(sources: &'a Sources, span: Span, other: Option<Span>) -> Self {
        let file = sources.file(span.file);
        let text = &file.text;
        let spans = [Some(span), other];
        let first = spans
            .iter()
            .flatten()
            .map(|span| floor(text, span.start as usize))
            .min()
            .unwrap_or(0);
        let last = spans
            .iter()
            .flatten()
            .map(|span| floor(text, span.start as usize))
            .max()
            .unwrap_or(0);
        let start = text[..first].rfind('\n').map_or(0, |at| at + 1);
        let end = text[last..].find('\n').map_or(text.len(), |at| last + at);
        Self { file, start, end }
    }

    fn snippet<T: Clone>(&self) -> Snippet<'a, T> {
        let line = self.file.text[..self.start].matches('\n').count() + 1;
        Snippet::source(&self.file.text[self.start..self.end])
            .line_start(line)
            .path(self.file.name.as_str())
    }

    /// The first line of a span, on character boundaries, counted from the window's start.
    fn place(&self, span: Span) -> Range<usize> {
        let text = &self.file.text;
        let start = floor(text, span.start as usize);
        let end = floor(text, span.end as usize).max(start);
        let end = text[start..end]
            .find(['\n', '\r'])
            .map_or(end, |at| start + at)
            .min(self.end);
        start - self.start..end - self.start
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    fn faults() -> (Sources, Diagnostics) {
        let file = SourceFile {
            name: "a.yaml".into(),
            text: "eins: 1\nzwölf: drei\n".into(),
        };
        let mut diagnostics = Diagnostics::default();
        let span = Span {
            file: FileId(0),
            start: 16,
            end: 20,
        };
        diagnostics.warning("plural", span, "warned").hint("do");
        diagnostics.error("hosts", span, "told");
        (Sources::new(vec![file]), diagnostics)
    }

    #[test]
    fn a_picture_shows_the_place() {
        let (sources, diagnostics) = faults();
        let expected = "error[hosts]: told\n --> a.yaml:2:8\n  |\n2 | zwölf: drei\n  |        ^^^^";
        let text = render(&diagnostics, &sources, false);
        assert!(text.starts_with(expected), "{text}");
        assert!(text.contains("= help: do"), "{text}");
        assert!(text.ends_with("\n\n1 error, 1 warning\n"), "{text}");
        assert!(render(&diagnostics, &sources, true).contains('\u{1b}'));
        assert_eq!(render(&Diagnostics::default(), &sources, false), "");
    }

    #[test]
    fn json_is_for_tools() {
        let (sources, diagnostics) = faults();
        let expected = serde_json::json!({
            "severity": "error", "check": "hosts", "message": "told", "file": "a.yaml", "line": 2, "column": 8, "hint": null
        });
        assert_eq!(to_json(&diagnostics, &sources)[0], expected);
    }
}

//! Changes of a text.

use std::ops::Range;

/// Bytes to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) range: Range<usize>,
    pub(crate) with: String,
}

impl Edit {
    pub(crate) fn replace(range: Range<usize>, with: impl Into<String>) -> Self {
        Self {
            range,
            with: with.into(),
        }
    }

    pub(crate) fn insert(at: usize, text: &str) -> Self {
        Self::replace(at..at, text)
    }

    /// Makes text of the `<` at that place. `&lt;` is text in Markdown and in HTML alike; `\<` would not be.
    pub(crate) fn escape(at: usize) -> Self {
        Self::replace(at..at + 1, "&lt;")
    }
}

/// The text with the changes made. Of two that touch, the first wins; the other is found again in the next round.
pub(crate) fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut changed = String::with_capacity(text.len() + 64);
    let (mut at, mut last) = (0, None);
    for edit in edits {
        if edit.range.start < at || last == Some(edit.range.start) {
            continue;
        }
        changed.push_str(&text[at..edit.range.start]);
        changed.push_str(&edit.with);
        at = edit.range.end;
        last = Some(edit.range.start);
    }
    changed.push_str(&text[at..]);
    changed
}

//! A document where it stands in a file: as it is, or as a string in JSON.

use crate::source::{FileId, Span};

/// A text in a file.
pub(super) struct Literal<'s> {
    file: FileId,
    /// Where it begins.
    start: usize,
    /// As it is written there, quotes included.
    raw: &'s str,
    is_json: bool,
}

impl<'s> Literal<'s> {
    /// A whole file.
    pub(super) fn plain(file: FileId, text: &'s str) -> Self {
        Self {
            file,
            start: 0,
            raw: text,
            is_json: false,
        }
    }

    /// A string in JSON, whose bytes are in a file at `start`.
    pub(super) fn json(file: FileId, start: usize, raw: &'s str) -> Self {
        Self {
            file,
            start,
            raw,
            is_json: true,
        }
    }

    /// All of it.
    pub(super) fn span(&self) -> Span {
        self.part(0, self.raw.len())
    }

    /// A character of what it says, by its number.
    pub(super) fn character(&self, number: usize) -> Span {
        let mut starts = self.starts().skip(number);
        let end = self.raw.len() - usize::from(self.is_json);
        let start = starts.next().unwrap_or(end);
        self.part(start, starts.next().unwrap_or(end))
    }

    fn part(&self, start: usize, end: usize) -> Span {
        Span {
            file: self.file,
            start: (self.start + start) as u32,
            end: (self.start + end) as u32,
        }
    }

    /// Where each character is written.
    fn starts(&self) -> impl Iterator<Item = usize> {
        let quotes = usize::from(self.is_json);
        let inner = self.raw.get(quotes..self.raw.len() - quotes).unwrap_or_default();
        let mut at = 0;
        std::iter::from_fn(move || {
            let rest = inner.get(at..).filter(|rest| !rest.is_empty())?;
            let start = at;
            at += if self.is_json { escaped(rest) } else { 0 }.max(rest.chars().next().map_or(1, char::len_utf8));
            Some(quotes + start)
        })
    }
}

/// Bytes of the escape at the beginning of a JSON text (RFC 8259, section 7); 0 if there is none.
fn escaped(text: &str) -> usize {
    if !text.starts_with('\\') {
        return 0;
    }
    let unit = text.strip_prefix("\\u").and_then(|rest| rest.get(..4));
    match unit.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
        // The first half of a pair.
        Some(0xD800..0xDC00) => 12,
        Some(_) => 6,
        None => 2,
    }
}

//! Places in a formula's text → places in the file: quotes, escapes and indentation lie between them.

use crate::source::Span;
use std::ops::Range;

/// Where each letter of a scalar's text stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    whole: Span,
    /// For each letter but white space: its byte in the text, and its bytes in the file.
    letters: Vec<(usize, Range<u32>)>,
}

impl Places {
    /// `source` is the file's text. Where text and file cannot be laid side by side, every place is the whole scalar.
    pub(crate) fn new(source: &str, span: Span, text: &str) -> Self {
        let raw = source.get(span.start as usize..span.end as usize).unwrap_or_default();
        Self {
            whole: span,
            // A block's first letter may be a quote as well.
            letters: [raw.chars().next().filter(|first| matches!(first, '"' | '\'')), None]
                .into_iter()
                .find_map(|quote| letters(raw, quote, span.start, text))
                .unwrap_or_default(),
        }
    }

    /// The place of a range of the text; an empty one at the end is the place behind the last letter.
    pub(crate) fn span(&self, range: &Range<usize>) -> Span {
        let within = |(at, _): &&(usize, Range<u32>)| range.contains(at);
        let mut found = self.letters.iter().filter(within).map(|(_, place)| place);
        match (found.next(), self.letters.last()) {
            (Some(first), _) => Span {
                start: first.start,
                end: found.next_back().unwrap_or(first).end,
                ..self.whole
            },
            (None, Some((_, last))) => Span {
                start: last.end,
                end: last.end,
                ..self.whole
            },
            (None, None) => self.whole,
        }
    }
}

/// Lays text and file side by side. YAML folds white space, so that is passed over on both sides.
fn letters(raw: &str, quote: Option<char>, start: u32, text: &str) -> Option<Vec<(usize, Range<u32>)>> {
    let mut at = usize::from(quote.is_some());
    let mut found = Vec::new();
    for (index, letter) in text.char_indices().filter(|(_, letter)| !letter.is_whitespace()) {
        loop {
            let rest = raw.get(at..)?;
            let next = rest.chars().next()?;
            if next.is_whitespace() {
                at += next.len_utf8();
                continue;
            }
            let (written, bytes) = match (quote, next) {
                (Some('"'), '\\') => escape(rest)?,
                (Some('\''), '\'') if rest.starts_with("''") => ('\'', 2),
                _ => (next, next.len_utf8()),
            };
            at += bytes;
            if written.is_whitespace() {
                continue;
            }
            if written != letter {
                return None;
            }
            let end = start + at as u32;
            found.push((index, end - bytes as u32..end));
            break;
        }
    }
    Some(found)
}

/// The letter that an escape stands for, and its bytes.
fn escape(rest: &str) -> Option<(char, usize)> {
    let mark = rest.chars().nth(1)?;
    let digits = match mark {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        // White space of any kind, and a line that goes on.
        't' | 'n' | 'r' | '\n' | '\t' | ' ' | '_' | 'N' | 'L' | 'P' | 'e' | 'a' | 'b' | 'v' | 'f' | '0' => {
            return Some((' ', 2));
        }
        other => return Some((other, 1 + other.len_utf8())),
    };
    let number = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
    Some((char::from_u32(number)?, 2 + digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    /// The file's text at the place of `word` in the formula.
    fn check(source: &str, text: &str, word: &str, expected: &str) {
        let start = source.find(|letter: char| !letter.is_whitespace()).unwrap();
        let span = Span {
            file: FileId(0),
            start: start as u32,
            end: source.trim_end().len() as u32,
        };
        let at = text.find(word).unwrap();
        let found = Places::new(source, span, text).span(&(at..at + word.len()));
        assert_eq!(&source[found.start as usize..found.end as usize], expected, "{source}");
    }

    #[test]
    fn every_style_of_scalar() {
        check("a + bc", "a + bc", "bc", "bc");
        check("  a +\n    bc  ", "a + bc", "bc", "bc");
        check("\"a + 'b\\\"c' + d\"", "a + 'b\"c' + d", "d", "d");
        check("\"a \\u002b bc\"", "a + bc", "+", "\\u002b");
        check("\"a\\n + bc\"", "a\n + bc", "bc", "bc");
        check("'a || ''x'' || bc'", "a || 'x' || bc", "'x'", "''x''");
        check("a +\n        bc\n", "a +\n  bc\n", "bc", "bc");
        check("ü || a\n  + bc", "ü || a + bc", "a + bc", "a\n  + bc");
        check("'x' || bc\n", "'x' || bc", "'x'", "'x'");
    }

    #[test]
    fn what_does_not_lie_side_by_side_is_told_as_a_whole() {
        check("other", "a + b", "b", "other");
        check("\"a + \\q", "a + b", "b", "\"a + \\q");
    }

    #[test]
    fn the_end_is_behind_the_last_letter() {
        let span = Span {
            file: FileId(0),
            start: 0,
            end: 5,
        };
        let place = Places::new("'a +'", span, "a +").span(&(3..3));
        assert_eq!((place.start, place.end), (4, 4));
    }
}

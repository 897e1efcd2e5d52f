//! What needs no parser: shapes of attacks that are text by CommonMark, and may be more to a careless renderer.
//!
//! These are nets below the trapeze. They catch only what is shaped like an attack, and leave code alone.

use super::edit::Edit;
use super::reading::{Reading, skip_to_address};
use crate::link;
use regex::Regex;
use std::sync::LazyLock;

/// Which bytes are code, and which are tags that were judged.
pub(super) struct Extent {
    /// For each byte, in how many readings it is code.
    code: Vec<u8>,
    tags: Vec<bool>,
}

impl Extent {
    pub(super) fn new(text: &str) -> Self {
        Self {
            code: vec![0; text.len()],
            tags: vec![false; text.len()],
        }
    }

    pub(super) fn add(&mut self, reading: &Reading) {
        for range in &reading.code {
            self.code[range.clone()].iter_mut().for_each(|count| *count += 1);
        }
        for range in &reading.tags {
            self.tags[range.clone()].fill(true);
        }
    }
}

/// Bytes that a tag is followed for. What is longer is taken for an attack.
const TAG_BYTES_MAX: usize = 1_000;

/// Elements that change how what follows them is read, or that run, frame or post: dangerous without any attribute.
static ELEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)^<(?:!--|!\[|!doctype|\?[a-z]|/?(?:annotation-xml|applet|base|body|button|embed|foreignobject|form|frame|frameset",
        r"|head|html|iframe|input|link|math|meta|noembed|noframes|noscript|object|option|plaintext|portal|script|select",
        r"|style|svg|template|textarea|title|xmp)(?:[\s/>]|$))"
    ))
    .ok()
});

/// An attribute that runs, or that dresses.
static ATTRIBUTE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(?-u:\b)(?:on[a-z]+|style|srcdoc|formaction)\s*=").ok());

/// What must change.
pub(super) fn edits(text: &str, extent: &Extent, readings: usize) -> Vec<Edit> {
    let mut edits = Vec::new();
    let hazards = hazards(text);
    let is_hazardous = |from: usize, to: usize| {
        let next = hazards.partition_point(|hazard| *hazard < from);
        hazards.get(next).is_some_and(|hazard| *hazard < to)
    };
    for (at, byte) in text.bytes().enumerate() {
        if usize::from(extent.code[at]) == readings {
            continue;
        }
        match byte {
            b'<' if !extent.tags[at] => {
                let is_attack = is_element_of_attack(&text[at..])
                    || tag_end(&text[at..]).is_some_and(|end| end > TAG_BYTES_MAX || is_hazardous(at, at + end));
                if is_attack {
                    edits.push(escape(text, at));
                }
            }
            b'{' => {
                let rest = &text[at + 1..];
                let inside = rest.find(['{', '}']).map_or(rest, |end| &rest[..end]);
                let end = 1 + inside.find('\n').unwrap_or(inside.len());
                if is_hazardous(at, at + end) {
                    edits.push(Edit::replace(at..at + 1, "&#123;"));
                }
            }
            b']' if text[at..].starts_with("](") || text[at..].starts_with("]:") => {
                edits.extend(leads_astray(text, at + 2));
            }
            b'[' if text[at..].starts_with("[[") => edits.extend(leads_astray(text, at + 2)),
            _ => {}
        }
    }
    edits
}

/// Where there are attributes that run, in order: by their name, or by the address that they are given.
fn hazards(text: &str) -> Vec<usize> {
    // A pattern that does not compile would find one everywhere: nothing gets past it. A test sees that it compiles.
    let Some(attribute) = ATTRIBUTE.as_ref() else {
        return (0..text.len()).collect();
    };
    let named = attribute.find_iter(text).map(|found| found.start());
    let given = text.match_indices('=').map(|(at, _)| at).filter(|at| {
        let value = text[at + 1..].trim_start().trim_start_matches(['"', '\'']);
        link::is_dangerous(value)
    });
    let mut hazards: Vec<usize> = named.chain(given).collect();
    hazards.sort_unstable();
    hazards
}

fn is_element_of_attack(text: &str) -> bool {
    ELEMENT.as_ref().is_none_or(|element| element.is_match(text))
}

/// Where a browser ends the tag that the text begins with, if it is one to a browser: at a `>` outside quotes, or with the
/// paragraph, since a renderer writes a tag there.
fn tag_end(text: &str) -> Option<usize> {
    if !text[1..].starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        return None;
    }
    let mut quote = None;
    let (mut after_equals, mut after_line) = (false, false);
    for (at, byte) in text.bytes().enumerate().take(TAG_BYTES_MAX + 1) {
        match (quote, byte) {
            (Some(opened), byte) if byte == opened => quote = None,
            (None, b'>') => return Some(at),
            (None, b'\n') if after_line => return Some(at),
            (None, b'"' | b'\'') if after_equals => quote = Some(byte),
            _ => {}
        }
        after_line = byte == b'\n' || (after_line && matches!(byte, b' ' | b'\t'));
        after_equals = byte == b'=' || (after_equals && byte.is_ascii_whitespace());
    }
    Some(if text.len() > TAG_BYTES_MAX {
        TAG_BYTES_MAX + 1
    } else {
        text.len()
    })
}

/// A `<` that has a backslash before it is replaced together with it: not every renderer knows that escape.
fn escape(text: &str, at: usize) -> Edit {
    let backslashes = text[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
    Edit::replace(at - backslashes % 2..at + 1, "&lt;")
}

fn leads_astray(text: &str, from: usize) -> Option<Edit> {
    let at = skip_to_address(text, from);
    link::is_dangerous(&text[at..]).then(|| Edit::insert(at, "#"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_compile() {
        assert!(ELEMENT.is_some() && ATTRIBUTE.is_some());
    }

    fn check(text: &str, expected: bool) {
        let found = edits(text, &Extent::new(text), 1);
        assert_eq!(!found.is_empty(), expected, "{text}");
    }

    #[test]
    fn tags_of_attacks() {
        check("<script", true);
        check("</SCRIPT >", true);
        check("<script/x", true);
        check("<scripture", false);
        check("<img src=x onerror=alert(1)", true);
        check("<img/onerror=alert(1)", true);
        check("<x onclick =", true);
        check("<p style=\"", true);
        check("<a href=\"java&#115;cript:x", true);
        check("<a href = 'data:x", true);
        check("<a title=\" > \n\n \" onclick=x", true);
        check("<a <b onclick=x", true);
        check("<a> onclick=x", false);
        check("<a b\n \nonclick=x", false);
        check("<!-- x", true);
        check("<?xml", true);
        check("< b onclick=", false);
        check("<3 onclick=", false);
        check("<b and c = d", false);
        check("<x<1 = y", false);
        check("<common = 1", false);
        check("<n and online = 1", true);
        check(&format!("<b {}", "x".repeat(TAG_BYTES_MAX - 3)), false);
        check(&format!("<b {}", "x".repeat(TAG_BYTES_MAX - 2)), true);
    }

    #[test]
    fn braces_of_attacks() {
        check("{onclick=x}", true);
        check("{: href = 'javascript:x'}", true);
        check("{a} onclick=x", false);
        check("{\nonclick=x}", false);
        check("{on = x}", false);
        check("{option=x}", false);
    }
}

//! Spellings of the September 2025 specification that async-graphql's parser does not know, rewritten to ones that it does:
//! `\u{1F600}` and surrogate pairs, `\"""` in block strings, and descriptions of operations and fragments.
//!
//! What gets shorter is filled up with blanks, so that errors point to the same places as before.

use super::sdl::quoted;
use std::borrow::Cow;

/// Places to change, in order, none inside another.
#[derive(Debug, Default)]
pub(crate) struct Rewrites<'t>(Vec<(&'t str, usize, String)>);

impl<'t> Rewrites<'t> {
    /// Notes a string literal, with its quotes, at byte `at`.
    pub(crate) fn string(&mut self, literal: &'t str, at: usize) {
        if !literal.contains("\\u") {
            return;
        }
        if let Some(plain) = unicode_escapes(literal) {
            self.0.push((literal, at, plain));
        }
    }

    /// Notes a block string, with its quotes, at byte `at`.
    pub(crate) fn block_string(&mut self, literal: &'t str, at: usize) {
        if literal.contains("\\\"\"\"") {
            let raw = literal
                .strip_prefix("\"\"\"")
                .and_then(|rest| rest.strip_suffix("\"\"\""))
                .unwrap_or_default();
            self.0
                .push((literal, at, quoted(&block_value(&raw.replace("\\\"\"\"", "\"\"\"")))));
        }
    }

    /// Notes a description, which says nothing to a server.
    pub(crate) fn description(&mut self, literal: &'t str, at: usize) {
        self.0.push((literal, at, String::new()));
    }

    /// The text with all of it changed.
    pub(crate) fn apply(self, text: &'t str) -> Cow<'t, str> {
        if self.0.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for (literal, at, replacement) in self.0 {
            out.push_str(text.get(from..at).unwrap_or_default());
            out.push_str(&replacement);
            let (lines, last) = (
                literal.matches('\n').count(),
                literal.rsplit('\n').next().unwrap_or_default().chars().count(),
            );
            if lines > 0 {
                out.push_str(&"\n".repeat(lines));
                out.push_str(&" ".repeat(last));
            } else {
                out.push_str(&" ".repeat(last.saturating_sub(replacement.chars().count())));
            }
            from = at + literal.len();
        }
        out.push_str(text.get(from..).unwrap_or_default());
        Cow::Owned(out)
    }
}

/// The literal with its `\u{…}` and surrogate pairs written out; `None` if it has none, or wrong ones for the parser to refuse.
fn unicode_escapes(literal: &str) -> Option<String> {
    let mut out = String::new();
    let mut changed = false;
    let mut rest = literal;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let code = escape.strip_prefix("\\u").unwrap_or_default();
        let (letter, length) = if code.starts_with('{') {
            let end = code.find('}')?;
            (char::from_u32(hexadecimal(code.get(1..end)?)?)?, 2 + end + 1)
        } else if let Some(high @ 0xd800..=0xdbff) = code.get(..4).and_then(hexadecimal) {
            let low = hexadecimal(code.get(4..)?.strip_prefix("\\u")?.get(..4)?)?;
            (char::decode_utf16([high as u16, low as u16]).next()?.ok()?, 12)
        } else {
            let length = 1 + escape.chars().nth(1)?.len_utf8();
            out.push_str(escape.get(..length)?);
            rest = escape.get(length..)?;
            continue;
        };
        changed = true;
        let plain = quoted(letter.encode_utf8(&mut [0; 4]));
        out.push_str(plain.get(1..plain.len() - 1)?);
        rest = escape.get(length..)?;
    }
    out.push_str(rest);
    changed.then_some(out)
}

fn hexadecimal(digits: &str) -> Option<u32> {
    let sound = digits.len() <= 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| sound)
}

/// BlockStringValue (section 2.9.4): without common indentation and without blank lines around.
fn block_value(raw: &str) -> String {
    let text = raw.replace("\r\n", "\n").replace('\r', "\n");
    let blank = |line: &str| line.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
    let indent_of = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let indent = text
        .split('\n')
        .skip(1)
        .filter(|line| !blank(line))
        .map(indent_of)
        .min()
        .unwrap_or(0);
    let lines: Vec<&str> = text
        .split('\n')
        .enumerate()
        .map(|(index, line)| {
            if index == 0 {
                line
            } else {
                line.get(indent..).unwrap_or_default()
            }
        })
        .collect();
    let start = lines.iter().position(|line| !blank(line)).unwrap_or(lines.len());
    let end = lines
        .iter()
        .rposition(|line| !blank(line))
        .map_or(start, |last| last + 1);
    lines.get(start..end).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_written_out() {
        for (literal, plain) in [
            (r#""\u{1F600}""#, Some("\"😀\"")),
            (r#""a\uD83D\uDE00b""#, Some("\"a😀b\"")),
            (r#""\u{22}\u{5c}\u{A}""#, Some(r#""\"\\\n""#)),
            (r#""\\u{41}\u{42}""#, Some(r#""\\u{41}B""#)),
            (r#""\u0041""#, None),
            (r#""\u{110000}""#, None),
            (r#""\u{}""#, None),
            (r#""\u{+41}""#, None),
            (r#""\uD83D\u+041""#, None),
            (r#""\uD83Dx""#, None),
            (r#""\u12""#, None),
            (r#""\"#, None),
        ] {
            assert_eq!(unicode_escapes(literal).as_deref(), plain, "{literal}");
        }
    }

    #[test]
    fn block_strings_lose_their_indentation() {
        assert_eq!(block_value("\n    a\n      \"\"\"b\n\n  \t"), "a\n  \"\"\"b");
        assert_eq!(block_value("a\r\n b\r  c"), "a\nb\n c");
        assert_eq!(block_value(" \n\t\n"), "");
    }

    #[test]
    fn places_stay() {
        let text = "\"\"\"d\"\"\"\n{ a(b: \"\u{e9}\\u{41}\") c \"\"\"x\n \\\"\"\" y\"\"\" d }";
        let mut rewrites = Rewrites::default();
        let place = |literal: &str| text.find(literal).unwrap();
        rewrites.description(&text[0..7], 0);
        let (string, block) = ("\"\u{e9}\\u{41}\"", "\"\"\"x\n \\\"\"\" y\"\"\"");
        rewrites.string(&text[place(string)..place(string) + string.len()], place(string));
        rewrites.block_string(&text[place(block)..place(block) + block.len()], place(block));
        assert_eq!(
            rewrites.apply(text),
            "       \n{ a(b: \"\u{e9}A\"     ) c \"x\\n\\\"\\\"\\\" y\"\n           d }"
        );
    }
}

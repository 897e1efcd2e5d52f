//! One tag of raw HTML, by the grammar of CommonMark (6.6), which is stricter than a browser's: whatever this does not read is
//! made text, so that a browser never sees a tag that we did not.

use crate::link;
use crate::markup::{EVERYWHERE, LINK_REL, find_element, is_address};

/// Elements without content.
const VOID: [&str; 5] = ["br", "col", "hr", "img", "wbr"];

/// Elements that need no closing tag: the next of their kind, or their parent's end, closes them.
const OPTIONAL_END: [&str; 14] = [
    "caption", "colgroup", "dd", "dt", "li", "p", "rp", "rt", "tbody", "td", "tfoot", "th", "thead", "tr",
];

/// A tag, or a comment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Markup {
    /// `<b>`, of an element that is allowed.
    Open {
        name: &'static str,
        /// What to write instead, if something of it is not allowed.
        rewritten: Option<String>,
    },
    /// `</b>`
    Close(&'static str),
    /// `<!-- … -->`; whether it may stay.
    Comment { plain: bool },
}

/// Nothing comes between such an element and its end.
pub(crate) fn is_void(name: &str) -> bool {
    VOID.contains(&name)
}

/// Whether an element may be left open.
pub(crate) fn may_stay_open(name: &str) -> bool {
    OPTIONAL_END.contains(&name)
}

/// Reads what the text begins with, and its length; `None` for everything that must become text.
pub(crate) fn read(text: &str) -> Option<(Markup, usize)> {
    if text.starts_with("<!--") {
        return comment(text);
    }
    if text.starts_with("</") {
        return close(text);
    }
    open(text)
}

/// A comment without `<`, `>` and `--` inside is one for every reader. Others end where the most impatient reader would end them
/// or later, and are taken out.
fn comment(text: &str) -> Option<(Markup, usize)> {
    let length = 2 + text[2..].find("-->")? + 3;
    let plain = length >= "<!---->".len() && {
        let body = &text[4..length - 3];
        !body.contains(['<', '>']) && !body.contains("--") && !body.ends_with('-') && !body.starts_with('-')
    };
    Some((Markup::Comment { plain }, length))
}

fn close(text: &str) -> Option<(Markup, usize)> {
    let length = name_length(&text[2..])?;
    let (name, _) = find_element(&text[2..2 + length])?;
    let rest = text[2 + length..].trim_start_matches([' ', '\t', '\n']);
    let after = rest.strip_prefix('>')?;
    if is_void(name) {
        return None;
    }
    Some((Markup::Close(name), text.len() - after.len()))
}

fn open(text: &str) -> Option<(Markup, usize)> {
    let rest = text.strip_prefix('<')?;
    let length = name_length(rest)?;
    let (name, own) = find_element(&rest[..length])?;
    let mut kept: Vec<(String, Option<&str>)> = Vec::new();
    let mut changed = false;
    let mut rest = &rest[length..];
    let after = loop {
        let trimmed = rest.trim_start_matches([' ', '\t', '\n']);
        if let Some(after) = trimmed.strip_prefix('>').or_else(|| trimmed.strip_prefix("/>")) {
            break after;
        }
        if trimmed.len() == rest.len() {
            return None;
        }
        let (attribute, value, after) = read_attribute(trimmed)?;
        let attribute = attribute.to_ascii_lowercase();
        rest = after;
        let is_rel = name == "a" && attribute == "rel" && value == Some(LINK_REL);
        let allowed = is_rel || EVERYWHERE.contains(&attribute.as_str()) || own.contains(&attribute.as_str());
        let leads_astray = is_address(&attribute) && value.is_some_and(|value| !link::is_safe(value));
        if !allowed || leads_astray || kept.iter().any(|(known, _)| *known == attribute) {
            changed = true;
            continue;
        }
        changed |= value.is_some_and(|value| value.contains(LEFT_OUT));
        kept.push((attribute, value));
    };
    let has = |wanted: &str| kept.iter().any(|(attribute, _)| attribute == wanted);
    if has("href") && !has("rel") {
        kept.push(("rel".to_owned(), Some(LINK_REL)));
        changed = true;
    }
    let rewritten = changed.then(|| write(name, &kept));
    Some((Markup::Open { name, rewritten }, text.len() - after.len()))
}

fn name_length(text: &str) -> Option<usize> {
    if !text.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        return None;
    }
    let ends = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '-');
    Some(text.find(ends).unwrap_or(text.len()))
}

/// Name, value and the rest.
fn read_attribute(text: &str) -> Option<(&str, Option<&str>, &str)> {
    if !text.starts_with(|letter: char| letter.is_ascii_alphabetic() || matches!(letter, '_' | ':')) {
        return None;
    }
    let ends = |letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':' | '.' | '-'));
    let (name, rest) = text.split_at(text.find(ends)?);
    let Some(value) = rest.trim_start_matches([' ', '\t', '\n']).strip_prefix('=') else {
        return Some((name, None, rest));
    };
    let value = value.trim_start_matches([' ', '\t', '\n']);
    for quote in ['"', '\''] {
        if let Some(quoted) = value.strip_prefix(quote) {
            let (value, rest) = quoted.split_once(quote)?;
            return Some((name, Some(value), rest));
        }
    }
    let end = value.find([' ', '\t', '\n', '"', '\'', '=', '<', '>', '`'])?;
    (end > 0).then(|| (name, Some(&value[..end]), &value[end..]))
}

/// What a value is not left with: it could be a tag, code, a cell's border or a paragraph's end to another reader.
const LEFT_OUT: [char; 5] = ['<', '>', '`', '|', '\n'];

fn write(name: &str, attributes: &[(String, Option<&str>)]) -> String {
    let mut tag = format!("<{name}");
    for (attribute, value) in attributes {
        tag.push(' ');
        tag.push_str(attribute);
        let Some(value) = value else { continue };
        tag.push_str("=\"");
        for letter in value.chars() {
            match letter {
                '"' => tag.push_str("&quot;"),
                '<' => tag.push_str("&lt;"),
                '>' => tag.push_str("&gt;"),
                '`' => tag.push_str("&#96;"),
                '|' => tag.push_str("&#124;"),
                '\n' => tag.push(' '),
                _ => tag.push(letter),
            }
        }
        tag.push('"');
    }
    tag.push('>');
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Ok("")`: as it is; `Err`: text.
    fn check(text: &str, expected: Result<&str, ()>) {
        let found = read(text).map(|(markup, length)| {
            assert!(text.is_char_boundary(length));
            match markup {
                Markup::Open { rewritten, .. } => rewritten.unwrap_or_default(),
                Markup::Close(name) => format!("/{name}"),
                Markup::Comment { plain: true } => String::new(),
                Markup::Comment { plain: false } => "taken out".to_owned(),
            }
        });
        assert_eq!(found.as_deref().ok_or(()), expected, "{text}");
        if let Some(rewritten) = found.filter(|found| found.starts_with('<')) {
            check(&rewritten, Ok(""));
        }
    }

    #[test]
    fn left_as_they_are() {
        for text in [
            "<b>",
            "<B>",
            "<br>",
            "<br/>",
            "<br />",
            "<hr\n/>",
            "<h1 title='x' lang=en>",
            "<details open>",
            "<img src=\"a.png\" alt=\"a\"\n  width=10>",
            "<a href=\"https://x.test/?a=1&amp;b=2\" rel=\"noopener noreferrer\">",
            "<a title=x>",
            "<td colspan = \"2\">",
            "<!-- a comment -->",
            "<!---->",
            "<!-- a - b -->",
        ] {
            check(text, Ok(""));
        }
    }

    #[test]
    fn rewritten() {
        check("<b onclick=x>", Ok("<b>"));
        check("<p class=\"a\" title=\"b\">", Ok("<p title=\"b\">"));
        check("<IMG SRC=x ONERROR='alert(1)'>", Ok("<img src=\"x\">"));
        check("<img src=\"javascript:x\">", Ok("<img>"));
        check("<img src=\"jav&#x61;script:x\">", Ok("<img>"));
        check("<img src=\"data:image/png;base64,x\" alt=y>", Ok("<img alt=\"y\">"));
        check("<a href=x>", Ok("<a href=\"x\" rel=\"noopener noreferrer\">"));
        check(
            "<a href=x rel=opener>",
            Ok("<a href=\"x\" rel=\"noopener noreferrer\">"),
        );
        check(
            "<a href=a href=javascript:x>",
            Ok("<a href=\"a\" rel=\"noopener noreferrer\">"),
        );
        check("<p title='\"<x>`|\n'>", Ok("<p title=\"&quot;&lt;x&gt;&#96;&#124; \">"));
        check("<details open onclick=x>", Ok("<details open>"));
    }

    #[test]
    fn closing() {
        check("</b>", Ok("/b"));
        check("</B\n>", Ok("/b"));
        check("</b x>", Err(()));
        check("</br>", Err(()));
        check("</script>", Err(()));
        check("</ b>", Err(()));
        check("</b", Err(()));
    }

    #[test]
    fn text() {
        for text in [
            "<script>",
            "<svg>",
            "<x-y>",
            "<b",
            "<b onclick=x",
            "<b/onclick=x>",
            "<b a=\"x\"onclick=y>",
            "<b \"\">",
            "<b =x>",
            "<b a=>",
            "<b a='x>",
            "<b a=x`>",
            "< b>",
            "<>",
            "<!doctype html>",
            "<?php ?>",
            "<![CDATA[x]]>",
            "<!-- x",
            "<b\u{a0}c>",
            "<img\u{c}src=x>",
            "<iframe src=https://x.test>",
            "<form>",
            "<input>",
            "<style>",
            "<é>",
        ] {
            check(text, Err(()));
        }
    }

    #[test]
    fn comments() {
        for text in [
            "<!-->",
            "<!--->",
            "<!-->-->",
            "<!-- a > b -->",
            "<!-- <b> -->",
            "<!-- a -- b -->",
            "<!-- a --->",
            "<!--- a -->",
            "<!-- a --!> <b> -->",
        ] {
            check(text, Ok("taken out"));
        }
        assert_eq!(read("<!--><b>-->").map(|(_, length)| length), Some(5));
    }
}

//! Bounds that hold before any parser sees a text: a recursive parser dies of a nesting bomb, and takes the process along.
//!
//! The scanner reads tokens only. Where it and the parser could disagree about what is a string, it refuses the text,
//! so no bracket can hide from the count.

use super::error::{Refused, RequestError};
use super::rewrite::Rewrites;
use freehold_base::{Code, Limits};
use std::borrow::Cow;

/// No setting raises the nesting beyond this: the parser uses a few kilobytes of stack for each level.
const NESTING_CEILING: usize = 128;

/// No name is longer; messages repeat names.
const NAME_BYTES_MAX: usize = 256;

/// The words that begin a definition.
const DEFINITIONS: [&str; 4] = ["query", "mutation", "subscription", "fragment"];

/// Checks the nesting of brackets in a JSON text, strings left out, before it is parsed.
///
/// # Errors
/// `LIMIT_EXCEEDED` when it is deeper than `max`.
#[expect(clippy::result_large_err, reason = "called once a request")]
pub fn check_nesting(bytes: &[u8], max: usize) -> Result<(), RequestError> {
    let max = max.min(NESTING_CEILING);
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                if depth > max {
                    return Err(RequestError::limit("nesting", max as u64, depth as u64));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                at += 1;
                while let Some(byte) = bytes.get(at) {
                    match byte {
                        b'"' => break,
                        b'\\' => at += 2,
                        _ => at += 1,
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// Checks the number of tokens and the nesting of brackets of a query, and that no input object names a field twice.
/// Gives the text as the parser can read it.
///
/// # Errors
/// `LIMIT_EXCEEDED`; `GRAPHQL_PARSE_FAILED` for a block string without an end; `GRAPHQL_VALIDATION_FAILED` for a field named twice.
pub(crate) fn check_query<'t>(text: &'t str, limits: &Limits) -> Result<Cow<'t, str>, Refused> {
    let nesting_max = limits.nesting_max.min(NESTING_CEILING);
    let bytes = text.as_bytes();
    let mut tokens = 0_usize;
    // One entry a bracket; the names seen so far, for the braces of an input object.
    let mut open: Vec<Option<Vec<&str>>> = Vec::new();
    let mut parentheses = 0_usize;
    let mut last_name: Option<(&str, usize)> = None;
    let mut begins_definition = true;
    let mut rewrites = Rewrites::default();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => continue,
            // A byte order mark is white space.
            0xEF if bytes[at..].starts_with(&[0xBB, 0xBF]) => {
                at += 2;
                continue;
            }
            b'#' => {
                while bytes.get(at).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
                    at += 1;
                }
                continue;
            }
            b'"' if bytes[at..].starts_with(b"\"\"") => {
                at = end_of_block_string(bytes, at + 2).ok_or_else(|| {
                    RequestError::new(Code::GraphqlParseFailed, "a block string has no end").at(position(text, start))
                })?;
                let literal = text.get(start..at).unwrap_or_default();
                if begins_definition {
                    rewrites.description(literal, start);
                } else {
                    rewrites.block_string(literal, start);
                }
                last_name = None;
            }
            b'"' => {
                at = end_of_string(bytes, at);
                let literal = text.get(start..at).unwrap_or_default();
                if begins_definition {
                    rewrites.description(literal, start);
                } else {
                    rewrites.string(literal, start);
                }
                last_name = None;
            }
            b'{' | b'[' | b'(' => {
                open.push((byte == b'{' && parentheses > 0).then(Vec::new));
                if open.len() > nesting_max {
                    return Err(RequestError::limit("nesting", nesting_max as u64, open.len() as u64)
                        .at(position(text, start))
                        .into());
                }
                parentheses += usize::from(byte == b'(');
                last_name = None;
            }
            b'}' | b']' | b')' => {
                open.pop();
                parentheses -= usize::from(byte == b')' && parentheses > 0);
                last_name = None;
            }
            b':' => {
                if let (Some((name, name_at)), Some(Some(names))) = (last_name.take(), open.last_mut()) {
                    if names.contains(&name) {
                        let message = format!("the input field `{name}` is given twice");
                        return Err(RequestError::invalid(position(text, name_at), message).into());
                    }
                    names.push(name);
                }
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => {
                while bytes
                    .get(at)
                    .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
                {
                    at += 1;
                }
                if at - start > NAME_BYTES_MAX {
                    return Err(
                        RequestError::limit("name length", NAME_BYTES_MAX as u64, (at - start) as u64)
                            .at(position(text, start))
                            .into(),
                    );
                }
                last_name = text.get(start..at).map(|name| (name, start));
                // The parser would take `queryA` for `query A`.
                if let Some((name, _)) = last_name.filter(|(name, _)| begins_definition && !DEFINITIONS.contains(name))
                {
                    let message = format!(
                        "unexpected `{name}`, expected `query`, `mutation`, `subscription`, `fragment` or `{{`"
                    );
                    return Err(RequestError::new(Code::GraphqlParseFailed, message)
                        .at(position(text, start))
                        .into());
                }
            }
            b'0'..=b'9' | b'-' | b'.' | b'+' => {
                while bytes
                    .get(at)
                    .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-'))
                {
                    at += 1;
                }
                last_name = None;
            }
            _ => last_name = None,
        }
        begins_definition = byte == b'}' && open.is_empty() || begins_definition && byte == b'"';
        tokens += 1;
        if tokens > limits.tokens_max {
            return Err(
                RequestError::limit("number of tokens", limits.tokens_max as u64, tokens as u64)
                    .at(position(text, start))
                    .into(),
            );
        }
    }
    Ok(rewrites.apply(text))
}

/// Where a string that began before `at` ends: behind its quote, or at the end of its line.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            b'\\' if bytes.get(at + 1).is_some_and(|next| !matches!(next, b'\n' | b'\r')) => at += 2,
            _ => at += 1,
        }
    }
    at
}

fn end_of_block_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    while at < bytes.len() {
        if bytes[at..].starts_with(b"\\\"\"\"") {
            at += 4;
        } else if bytes[at..].starts_with(b"\"\"\"") {
            return Some(at + 3);
        } else {
            at += 1;
        }
    }
    None
}

/// Line and column of a byte, both from 1; columns count characters.
pub(crate) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Result<(), Code> {
        check_query(text, &Limits::default())
            .map(drop)
            .map_err(|error| error.code)
    }

    #[test]
    fn brackets_count_outside_strings_and_comments_only() {
        let bomb = "{".repeat(100_000);
        assert_eq!(query(&bomb), Err(Code::LimitExceeded));
        assert_eq!(query(&format!("{{ a(b: \"{bomb}\") }}")), Ok(()));
        assert_eq!(query(&format!("{{ a(b: \"\\\"{bomb}\") }}")), Ok(()));
        assert_eq!(
            query(&format!("{{ a(b: \"\"\" {bomb} \\\"\"\" {bomb} \"\"\") }}")),
            Ok(())
        );
        assert_eq!(query(&format!("# {bomb}\n{{ a }}")), Ok(()));
        assert_eq!(
            query(&format!("{{ a(b: \"\"\"x\" {bomb}")),
            Err(Code::GraphqlParseFailed)
        );
        assert_eq!(query(&format!("{{ a(b: \"x\n {bomb}")), Err(Code::LimitExceeded));
        assert_eq!(query(&format!("{{ a(b: \"x\\\n {bomb}")), Err(Code::LimitExceeded));
        assert_eq!(query(&"(".repeat(65)), Err(Code::LimitExceeded));
        assert_eq!(query(&"{a(b:[".repeat(22)), Err(Code::LimitExceeded));
    }

    #[test]
    fn tokens_are_counted() {
        assert_eq!(query(&format!("{{ {} }}", "a ".repeat(19_998))), Ok(()));
        assert_eq!(
            query(&format!("{{ {} }}", "a ".repeat(20_000))),
            Err(Code::LimitExceeded)
        );
        assert_eq!(query(&"!".repeat(20_001)), Err(Code::LimitExceeded));
        assert_eq!(query(&",".repeat(20_001)), Ok(()));
    }

    #[test]
    fn an_input_field_is_named_once() {
        assert_eq!(
            query("{ a(b: {c: 1, d: {c: 2}, e: [{c: 1}, {c: 2}]}) { c: x c: x } }"),
            Ok(())
        );
        assert_eq!(query("{ a(b: {c: 1, c: 1}) }"), Err(Code::GraphqlValidationFailed));
        assert_eq!(
            query("query ($f: X = {c: \"c:\", d: c, c: 1}) { a }"),
            Err(Code::GraphqlValidationFailed)
        );
    }

    #[test]
    fn json_nesting_is_counted_outside_strings() {
        let bomb = "[".repeat(100_000);
        assert!(check_nesting(bomb.as_bytes(), 64).is_err());
        assert!(check_nesting(format!("{{\"a\":\"{bomb}\\\"{bomb}\"}}").as_bytes(), 64).is_ok());
        assert!(check_nesting(b"[[[[]]]]", 4).is_ok());
        assert!(check_nesting(b"[[[[]]]]", 3).is_err());
        assert!(check_nesting(b"\"\\", 3).is_ok());
    }
}

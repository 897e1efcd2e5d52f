//! `pattern:`: a regular expression that the whole value has to match.

use crate::fault::Fault;
use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, Look};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// Longest text that is held against a pattern, in bytes: a match takes time by the product of both lengths.
pub const PATTERN_TEXT_BYTES_MAX: usize = 64 << 10;

/// Memory of one compiled pattern, in bytes, and of its cache while it runs.
const PROGRAM_BYTES_MAX: usize = 256 << 10;

/// Compiled patterns that are kept.
const KEPT_MAX: usize = 512;

/// Compiled patterns by their text. A pattern means the same in every environment, so this may be shared by all.
static COMPILED: LazyLock<RwLock<HashMap<String, Arc<Regex>>>> = LazyLock::new(RwLock::default);

/// Whether the whole text matches.
pub(crate) fn judge(pattern: &str, text: &str) -> Result<(), Fault> {
    if text.len() > PATTERN_TEXT_BYTES_MAX {
        return Err(Fault::new(
            "size",
            format!("a text with a pattern may have at most {PATTERN_TEXT_BYTES_MAX} bytes"),
        ));
    }
    // INVARIANT: what cannot be judged is refused. `check_model` told the author.
    let regex = compiled(pattern).map_err(|_| Fault::new("pattern", "the field's pattern cannot be run"))?;
    if regex.is_match(text) {
        Ok(())
    } else {
        Err(Fault::new("pattern", format!("has to match `{pattern}`")))
    }
}

/// The pattern between `\A` and `\z`.
///
/// # Errors
/// Why it cannot be run.
pub(crate) fn compiled(pattern: &str) -> Result<Arc<Regex>, String> {
    if let Some(known) = COMPILED.read().unwrap_or_else(PoisonError::into_inner).get(pattern) {
        return Ok(Arc::clone(known));
    }
    let regex = Arc::new(compile(pattern)?);
    let mut kept = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
    kept.insert(pattern.to_owned(), Arc::clone(&regex));
    Ok(regex)
}

fn compile(pattern: &str) -> Result<Regex, String> {
    // Anchors around the text would be lost in a comment of `(?x)`; around the syntax tree they hold.
    let tree = regex_syntax::Parser::new()
        .parse(pattern)
        .map_err(|_| "it is not a regular expression".to_owned())?;
    let whole = Hir::concat(vec![Hir::look(Look::Start), tree, Hir::look(Look::End)]);
    RegexBuilder::new(&whole.to_string())
        .size_limit(PROGRAM_BYTES_MAX)
        .dfa_size_limit(PROGRAM_BYTES_MAX)
        .build()
        .map_err(|_| "it is too large; use smaller repetitions".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: Result<(), &str>) {
        assert_eq!(
            judge(pattern, text).map_err(|fault| fault.rule),
            expected,
            "{pattern} {}",
            text.chars().take(40).collect::<String>()
        );
    }

    #[test]
    fn the_whole_value() {
        check("[a-z]+", "abc", Ok(()));
        check("[a-z]+", "abc1", Err("pattern"));
        check("[a-z]+", "1abc", Err("pattern"));
        check("[a-z]+", "abc\n", Err("pattern"));
        check("^[a-z]+$", "abc", Ok(()));
        check("a|ab", "ab", Ok(()));
        check("a|b", "ab", Err("pattern"));
        check("", "", Ok(()));
        check("", "a", Err("pattern"));
        // Anchors of lines do not open the value.
        check("(?m)^a$", "b\na", Err("pattern"));
        check("(?x) a # a comment", "a", Ok(()));
        check("(?x) a # a comment", "aa", Err("pattern"));
        check("(?i)é", "É", Ok(()));
        check(r"\p{L}{2}", "éü", Ok(()));
    }

    #[test]
    fn what_cannot_be_run_is_refused() {
        check("(", "(", Err("pattern"));
        check(r"\w{1000}{1000}", "a", Err("pattern"));
        assert!(compiled(r"\w{1000}{1000}").unwrap_err().contains("too large"));
        check("(?s).*", &"x".repeat(PATTERN_TEXT_BYTES_MAX), Ok(()));
        check("(?s).*", &"x".repeat(PATTERN_TEXT_BYTES_MAX + 1), Err("size"));
    }

    #[test]
    fn the_cache_is_bounded() {
        for number in 0..=2 * KEPT_MAX {
            check(&format!("a{number}"), &format!("a{number}"), Ok(()));
        }
        assert!(COMPILED.read().unwrap().len() <= KEPT_MAX);
    }
}

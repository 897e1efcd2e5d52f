//! Text: one normal form, no control characters, as long as the field says.

use crate::fault::Fault;
use crate::pattern;
use freehold_base::Value;
use freehold_schema::catalog::{FieldDef, FieldType};
use freehold_schema::value;
use freehold_schema::yaml::Node;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Plain text as it is stored.
pub(crate) fn clean(text: &str) -> Result<String, Vec<Fault>> {
    let text = normalise(text);
    refuse_controls(&text)?;
    Ok(text)
}

/// Unicode's normal form C, and lines that end in `\n`.
pub(crate) fn normalise(text: &str) -> String {
    let text = if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.to_owned()
    };
    if is_nfc(&text) { text } else { text.nfc().collect() }
}

/// Refuses control characters other than line feed and tab, each code point told once.
pub(crate) fn refuse_controls(text: &str) -> Result<(), Vec<Fault>> {
    let mut found: Vec<char> = text
        .chars()
        .filter(|letter| letter.is_control() && !matches!(letter, '\n' | '\t'))
        .collect();
    found.sort_unstable();
    found.dedup();
    if found.is_empty() {
        return Ok(());
    }
    Err(found.into_iter().map(refused_control).collect())
}

/// Why that control character is refused. NUL has a rule of its own: PostgreSQL cannot hold it.
pub(crate) fn refused_control(letter: char) -> Fault {
    let rule = if letter == '\0' { "nul" } else { "control" };
    Fault::new(
        rule,
        format!(
            "the control character U+{:04X} is not allowed; remove it",
            u32::from(letter)
        ),
    )
}

/// Characters that turn the direction of what follows. A name or an address with one shows other than it is.
pub(crate) fn is_bidi_control(letter: char) -> bool {
    matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}')
}

/// Judges the stored form by the field's `min`, `max` and `pattern`. Lengths count characters.
pub(crate) fn judge(field: &FieldDef, text: &str) -> Result<(), Vec<Fault>> {
    let length = text.chars().count();
    let mut faults = Vec::new();
    if let Some(min) = bound(field.min.as_ref()).filter(|min| length < *min) {
        faults.push(Fault::new(
            "length_min",
            format!("at least {} are needed, found {length}", characters(min)),
        ));
    }
    if let Some(max) = bound(field.max.as_ref()).filter(|max| length > *max) {
        faults.push(Fault::new(
            "length_max",
            format!("at most {} are allowed, found {length}", characters(max)),
        ));
    }
    if let Some(pattern) = &field.pattern
        && let Err(fault) = pattern::judge(pattern, text)
    {
        faults.push(fault);
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn bound(node: Option<&Node>) -> Option<usize> {
    match value::read(&FieldType::Int, node?) {
        Ok(Value::Int(length)) => usize::try_from(length).ok(),
        _ => None,
    }
}

pub(crate) fn characters(count: usize) -> String {
    match count {
        1 => "1 character".to_owned(),
        _ => format!("{count} characters"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &[(&str, &str)]>) {
        let found = clean(text);
        match (&found, expected) {
            (Ok(found), Ok(expected)) => {
                assert_eq!(found, expected);
                assert_eq!(clean(found).as_ref(), Ok(found), "a second time");
            }
            (Err(faults), Err(expected)) => {
                let found: Vec<&str> = faults.iter().map(|fault| fault.rule).collect();
                let rules: Vec<&str> = expected.iter().map(|(rule, _)| *rule).collect();
                assert_eq!(found, rules, "{text:?}");
                for (fault, (_, part)) in faults.iter().zip(expected) {
                    assert!(fault.message.contains(part), "{}", fault.message);
                }
            }
            _ => panic!("{text:?}: {found:?}"),
        }
    }

    #[test]
    fn one_normal_form() {
        check("", Ok(""));
        check("plain", Ok("plain"));
        check("e\u{301}", Ok("é"));
        check("A\u{30A}", Ok("Å"));
        check("\u{212B}", Ok("Å"));
        // Compatibility forms are other characters: they stay.
        check("ﬁ ①", Ok("ﬁ ①"));
        check("a\r\nb\rc\nd", Ok("a\nb\nc\nd"));
        check("a\r\r\nb", Ok("a\n\nb"));
        check("a\tb\n", Ok("a\tb\n"));
        check(" kept ", Ok(" kept "));
    }

    #[test]
    fn controls_are_named() {
        check("a\0b", Err(&[("nul", "U+0000")]));
        check("\u{7}", Err(&[("control", "U+0007")]));
        check("\u{7f}", Err(&[("control", "U+007F")]));
        check("\u{85}", Err(&[("control", "U+0085")]));
        check("\u{9f}", Err(&[("control", "U+009F")]));
        check("\u{c}", Err(&[("control", "U+000C")]));
        check("\u{1b}[31m\0\u{1b}", Err(&[("nul", "U+0000"), ("control", "U+001B")]));
        // The neighbours of both ranges.
        check(" ~\u{a0}\u{2028}", Ok(" ~\u{a0}\u{2028}"));
        // People write in both directions; what reorders text is no control character.
        check(
            "\u{202E}abc\u{202C}\u{2066}x\u{2069}",
            Ok("\u{202E}abc\u{202C}\u{2066}x\u{2069}"),
        );
        check("👩\u{200D}🚀", Ok("👩\u{200D}🚀"));
    }
}

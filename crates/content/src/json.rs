//! JSON: one way to write it, so that both databases hold the same.

use crate::fault::Fault;
use serde_json::Value;

/// Nesting of lists and objects; a value without any has 0.
pub const JSON_DEPTH_MAX: usize = 32;

/// Bytes of the stored form, which has no spaces between its parts.
pub const JSON_BYTES_MAX: usize = 64 << 10;

/// Greatest exponent of a number, of either sign.
const EXPONENT_MAX: i32 = 100;

/// JSON as it is stored: compact, a key of an object once (the last one counts), numbers as a double or a 64-bit integer.
pub(crate) fn clean(text: &str) -> Result<String, Fault> {
    // Spaces go, so what is read may be a little longer than what is stored; the parser need not see much more.
    if text.len() > 4 * JSON_BYTES_MAX {
        return Err(too_long());
    }
    if nesting(text) > JSON_DEPTH_MAX {
        return Err(Fault::new(
            "depth",
            format!("JSON may nest at most {JSON_DEPTH_MAX} deep"),
        ));
    }
    let value: Value = serde_json::from_str(text).map_err(|fault| {
        let message = format!(
            "expected JSON; it breaks off in line {}, column {}",
            fault.line(),
            fault.column()
        );
        Fault::new("type", message)
    })?;
    if holds_nul(&value) {
        return Err(Fault::new(
            "nul",
            "the control character U+0000 is not allowed; remove it",
        ));
    }
    if holds_extremes(&value) {
        return Err(Fault::new(
            "range",
            format!("numbers in JSON are between 1e{EXPONENT_MAX} and 1e-{EXPONENT_MAX}, or 0"),
        ));
    }
    let stored = value.to_string();
    if stored.len() > JSON_BYTES_MAX {
        return Err(too_long());
    }
    Ok(stored)
}

fn too_long() -> Fault {
    Fault::new("size", format!("JSON may have at most {JSON_BYTES_MAX} bytes"))
}

/// Nesting of brackets outside strings; that of the value, if it is JSON.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Whether a number is written shorter than it is: a database that writes out all digits would answer far more than it was given.
fn holds_extremes(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => false,
        Value::Number(number) => number.as_f64().is_some_and(|number| {
            let magnitude = number.abs();
            magnitude != 0.0 && !(10_f64.powi(-EXPONENT_MAX)..=10_f64.powi(EXPONENT_MAX)).contains(&magnitude)
        }),
        Value::Array(items) => items.iter().any(holds_extremes),
        Value::Object(entries) => entries.values().any(holds_extremes),
    }
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(entries) => entries
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let found = clean(text);
        assert_eq!(
            found.as_deref().map_err(|fault| fault.rule),
            expected,
            "{}",
            text.chars().take(60).collect::<String>()
        );
        if let Ok(stored) = &found {
            assert_eq!(clean(stored).as_ref(), Ok(stored), "a second time");
        }
    }

    #[test]
    fn one_way_to_write_it() {
        check("null", Ok("null"));
        check(" [ 1 , 2.50, \"a\" ] ", Ok("[1,2.5,\"a\"]"));
        check(r#"{"b":1,"a":{"c":null}}"#, Ok(r#"{"b":1,"a":{"c":null}}"#));
        check(r#"{"a":1,"a":2}"#, Ok(r#"{"a":2}"#));
        check(r#""[[[[\"""#, Ok(r#""[[[[\"""#));
        check("18446744073709551615", Ok("18446744073709551615"));
    }

    #[test]
    fn what_is_no_json() {
        for text in [
            "",
            "{",
            "{a:1}",
            "[1,]",
            "NaN",
            "1 2",
            "'a'",
            "\"\\ud800\"",
            "1e999",
            "\"a\nb\"",
        ] {
            check(text, Err("type"));
        }
    }

    #[test]
    fn nul_is_nowhere() {
        check(r#""\u0000""#, Err("nul"));
        check(r#"{"a":["x\u0000"]}"#, Err("nul"));
        check(r#"{"\u0000":1}"#, Err("nul"));
        check(r#""\\u0000""#, Ok(r#""\\u0000""#));
        check(r#""\u0001""#, Ok(r#""\u0001""#));
    }

    #[test]
    fn bounds() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        check(&nested(JSON_DEPTH_MAX), Ok(&nested(JSON_DEPTH_MAX)));
        check(&nested(JSON_DEPTH_MAX + 1), Err("depth"));
        check(&"[".repeat(200_000), Err("depth"));
        check(&"{\"a\":".repeat(40_000), Err("depth"));
        let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
        check(&text(JSON_BYTES_MAX), Ok(&text(JSON_BYTES_MAX)));
        check(&text(JSON_BYTES_MAX + 1), Err("size"));
        check(&" ".repeat(5 * JSON_BYTES_MAX), Err("size"));
        check(&format!("{}1", " ".repeat(JSON_BYTES_MAX)), Ok("1"));
    }
}

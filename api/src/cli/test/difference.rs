//! How one JSON value differs from another, place by place.

use crate::actions::policy_test::same;
use serde_json::Value;

/// Differences that are told; a list that is wholly another need not be read to its end.
const TOLD_MAX: usize = 12;
/// Characters of a value that are shown.
const SHOWN_MAX: usize = 200;

/// `tickets.totalCount: 193 expected, 194 found`, one line a place.
pub(super) fn differences(expected: &Value, found: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    walk("", expected, found, &mut lines);
    let more = lines.len().saturating_sub(TOLD_MAX);
    lines.truncate(TOLD_MAX);
    if more > 0 {
        lines.push(format!("… and {more} more places"));
    }
    lines
}

fn walk(place: &str, expected: &Value, found: &Value, lines: &mut Vec<String>) {
    match (expected, found) {
        _ if same(expected, found) => {}
        (Value::Object(one), Value::Object(other)) => {
            for (key, value) in one {
                let place = below(place, key);
                match other.get(key) {
                    Some(other) => walk(&place, value, other, lines),
                    None => lines.push(format!("{place}: {} expected, and it is not there", shown(value))),
                }
            }
            for (key, value) in other.iter().filter(|(key, _)| !one.contains_key(*key)) {
                lines.push(format!("{}: not expected, {} found", below(place, key), shown(value)));
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            for (index, value) in one.iter().enumerate() {
                let place = format!("{place}[{index}]");
                match other.get(index) {
                    Some(other) => walk(&place, value, other, lines),
                    None => lines.push(format!("{place}: {} expected, and it is not there", shown(value))),
                }
            }
            for (index, value) in other.iter().enumerate().skip(one.len()) {
                lines.push(format!("{place}[{index}]: not expected, {} found", shown(value)));
            }
        }
        _ => {
            let place = if place.is_empty() { "data" } else { place };
            lines.push(format!("{place}: {} expected, {} found", shown(expected), shown(found)));
        }
    }
}

fn below(place: &str, key: &str) -> String {
    if place.is_empty() {
        key.to_owned()
    } else {
        format!("{place}.{key}")
    }
}

pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(expected: &Value, found: &Value, lines: &[&str]) {
        assert_eq!(differences(expected, found), lines);
    }

    #[test]
    fn places_are_told() {
        check(&json!({"a": 1.0, "b": [1]}), &json!({"b": [1], "a": 1}), &[]);
        check(
            &json!({"t": {"n": 2, "rows": [{"x": "a"}, {"x": "b"}]}, "gone": null}),
            &json!({"t": {"n": 3, "rows": [{"x": "c"}]}, "new": true}),
            &[
                "t.n: 2 expected, 3 found",
                "t.rows[0].x: \"a\" expected, \"c\" found",
                "t.rows[1]: {\"x\":\"b\"} expected, and it is not there",
                "gone: null expected, and it is not there",
                "new: not expected, true found",
            ],
        );
        check(&json!(null), &json!([]), &["data: null expected, [] found"]);
        check(
            &json!({"a": [1]}),
            &json!({"a": [1, 2]}),
            &["a[1]: not expected, 2 found"],
        );
    }

    #[test]
    fn what_is_long_is_cut() {
        let long = differences(&json!((0..40).collect::<Vec<_>>()), &json!((1..41).collect::<Vec<_>>()));
        assert_eq!((long.len(), long[12].as_str()), (13, "… and 28 more places"));
        assert!(shown(&json!("é".repeat(500))).ends_with('…'));
    }
}

//! Cells as JSON text. Nothing is allocated but the output.

use crate::cells::{EPOCH_DAYS, EPOCH_MICROS, bytes};
use freehold_base::{Value, ValueType, write_date, write_datetime, write_time};
use freehold_planner::plan::Output;

/// Appends a cell the way its slot asks for.
pub(crate) fn write_cell(out: &mut Vec<u8>, output: &Output, cell: Option<&[u8]>) {
    let Some(cell) = cell else { return write_null(out) };
    match output {
        Output::Plain(value_type) => write_plain(out, *value_type, cell),
        Output::Member(ValueType::TextList, members) => {
            let Ok(values) = serde_json::from_slice::<Vec<String>>(cell) else {
                return write_null(out);
            };
            out.push(b'[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_member(out, members, value.as_bytes());
            }
            out.push(b']');
        }
        Output::Member(_, members) => write_member(out, members, cell),
        Output::Sealed => write_null(out),
    }
}

/// Appends a value.
pub(crate) fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null | Value::Bytes(_) => write_null(out),
        Value::Boolean(value) => write_boolean(out, *value),
        Value::Int(number) => write_integer(out, *number),
        Value::Float(number) => write_float(out, *number),
        Value::Decimal(decimal) => write_text(out, decimal.to_string().as_bytes()),
        Value::Text(text) => write_text(out, text.as_bytes()),
        Value::Uuid(uuid) => write_uuid(out, uuid.as_bytes()),
        Value::DateTime(micros) => quoted(out, |out| write_datetime(out, *micros)),
        Value::Date(days) => quoted(out, |out| write_date(out, i64::from(*days))),
        Value::Time(micros) => quoted(out, |out| write_time(out, *micros)),
        Value::Json(text) => write_compact(out, text.as_bytes()),
        Value::TextList(values) => {
            out.push(b'[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_text(out, value.as_bytes());
            }
            out.push(b']');
        }
    }
}

pub(crate) fn write_null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"null");
}

pub(crate) fn write_boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// JSON with its objects' keys in PostgreSQL's order (shorter ones first, then by bytes), so that both databases give back the same.
pub(crate) fn canonical(text: &str) -> String {
    let Ok(mut json) = serde_json::from_str::<serde_json::Value>(text) else {
        return text.to_owned();
    };
    settle(&mut json);
    json.to_string()
}

/// Keys in their order, and no zero below zero.
fn settle(json: &mut serde_json::Value) {
    match json {
        serde_json::Value::Object(entries) => {
            let mut sorted: Vec<_> = std::mem::take(entries).into_iter().collect();
            sorted.sort_by(|(left, _), (right, _)| left.len().cmp(&right.len()).then_with(|| left.cmp(right)));
            for (_, value) in &mut sorted {
                settle(value);
            }
            entries.extend(sorted);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(settle),
        serde_json::Value::Number(number) if number.as_f64() == Some(0.0) && number.is_f64() => {
            *json = serde_json::Value::from(0.0);
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}

fn write_plain(out: &mut Vec<u8>, value_type: ValueType, cell: &[u8]) {
    match value_type {
        ValueType::Text | ValueType::Decimal => write_text(out, cell),
        ValueType::Uuid => match bytes::<16>(cell) {
            Some(uuid) => write_uuid(out, &uuid),
            None => write_null(out),
        },
        ValueType::Boolean => write_boolean(out, cell.first().is_some_and(|byte| *byte != 0)),
        ValueType::Int => match bytes(cell) {
            Some(number) => write_integer(out, i32::from_be_bytes(number)),
            None => write_null(out),
        },
        ValueType::BigInt => match bytes(cell) {
            Some(number) => write_integer(out, i64::from_be_bytes(number)),
            None => write_null(out),
        },
        ValueType::Float => match bytes(cell) {
            Some(number) => write_float(out, f64::from_be_bytes(number)),
            None => write_null(out),
        },
        ValueType::DateTime => match bytes(cell).map(i64::from_be_bytes) {
            // PostgreSQL's infinities have no RFC 3339 form.
            None | Some(i64::MIN | i64::MAX) => write_null(out),
            Some(micros) => quoted(out, |out| write_datetime(out, micros.saturating_add(EPOCH_MICROS))),
        },
        ValueType::Date => match bytes(cell).map(i32::from_be_bytes) {
            None | Some(i32::MIN | i32::MAX) => write_null(out),
            Some(days) => quoted(out, |out| write_date(out, i64::from(days) + i64::from(EPOCH_DAYS))),
        },
        ValueType::Time => match bytes(cell) {
            Some(micros) => quoted(out, |out| write_time(out, i64::from_be_bytes(micros))),
            None => write_null(out),
        },
        ValueType::Json | ValueType::TextList => write_compact(out, cell),
        ValueType::Bytes => write_null(out),
    }
}

/// A member's JSON name; a stored value that is no member any more is null, as GraphQL has no name for it.
fn write_member(out: &mut Vec<u8>, members: &[(String, String)], value: &[u8]) {
    match members.iter().find(|(stored, _)| stored.as_bytes() == value) {
        Some((_, name)) => write_text(out, name.as_bytes()),
        None => write_null(out),
    }
}

fn write_integer(out: &mut Vec<u8>, number: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// The shortest text that reads back as the same double; null for those JSON cannot say.
fn write_float(out: &mut Vec<u8>, number: f64) {
    if number.is_finite() {
        // SQLite keeps no negative zero; adding zero takes it away here too.
        out.extend_from_slice(ryu::Buffer::new().format_finite(number + 0.0).as_bytes());
    } else {
        write_null(out);
    }
}

fn write_uuid(out: &mut Vec<u8>, uuid: &[u8; 16]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'-'; 38];
    text[0] = b'"';
    text[37] = b'"';
    let mut at = 1;
    for (index, byte) in uuid.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            at += 1;
        }
        text[at] = HEX[usize::from(byte >> 4)];
        text[at + 1] = HEX[usize::from(byte & 15)];
        at += 2;
    }
    out.extend_from_slice(&text);
}

fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Whether one of eight bytes must be escaped in a JSON string: below 0x20, `"` or `\`.
/// Source of the tests: *Bit Twiddling Hacks*, `hasless` and `haszero`.
fn needs_escape(eight: u64) -> bool {
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH_BITS;
    let control = eight.wrapping_sub(ONES * 0x20) & !eight & HIGH_BITS;
    control | has_zero(eight ^ (ONES * u64::from(b'"'))) | has_zero(eight ^ (ONES * u64::from(b'\\'))) != 0
}

/// Appends a JSON string of UTF-8 text.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    // `text[copied..at]` needs no escape and is copied in one go.
    let (mut copied, mut at) = (0, 0);
    while at < text.len() {
        if let Some(eight) = bytes::<8>(&text[at..])
            && !needs_escape(u64::from_le_bytes(eight))
        {
            at += 8;
            continue;
        }
        let end = (at + 8).min(text.len());
        while at < end {
            let byte = text[at];
            if byte < 0x20 || byte == b'"' || byte == b'\\' {
                out.extend_from_slice(&text[copied..at]);
                write_escape(out, byte);
                copied = at + 1;
            }
            at += 1;
        }
    }
    out.extend_from_slice(&text[copied..]);
    out.push(b'"');
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        _ => {
            let low = byte & 15;
            let digit = if low < 10 { b'0' + low } else { b'a' + low - 10 };
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), digit]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends valid JSON without the white space between its tokens (PostgreSQL puts some there), and with numbers written one way
/// (PostgreSQL writes out all digits).
fn write_compact(out: &mut Vec<u8>, json: &[u8]) {
    out.reserve(json.len());
    let (mut in_string, mut escaped) = (false, false);
    let mut rest = json;
    while let Some((byte, after)) = rest.split_first() {
        if !in_string && matches!(byte, b'-' | b'0'..=b'9') {
            let is_part = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
            let end = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            write_number(out, number);
            rest = after;
            continue;
        }
        rest = after;
        if in_string {
            in_string = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
        } else if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
            continue;
        } else {
            in_string = *byte == b'"';
        }
        out.push(*byte);
    }
}

/// Appends a number of JSON: a 64-bit integer as it is, anything else as the double that it is.
fn write_number(out: &mut Vec<u8>, number: &[u8]) {
    let text = std::str::from_utf8(number).unwrap_or_default();
    let is_whole = !text.contains(['.', 'e', 'E']) && (text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok());
    let double = text
        .parse::<f64>()
        .ok()
        .and_then(|double| serde_json::Number::from_f64(double + 0.0));
    match double {
        Some(double) if !is_whole => out.extend_from_slice(double.to_string().as_bytes()),
        _ => out.extend_from_slice(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &Output, cell: Option<&[u8]>, expected: &str) {
        let mut out = Vec::new();
        write_cell(&mut out, output, cell);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    fn plain(value_type: ValueType, cell: &[u8], expected: &str) {
        check(&Output::Plain(value_type), Some(cell), expected);
    }

    #[test]
    fn numbers_of_json_are_written_one_way() {
        for (kept, expected) in [
            ("1", "1"),
            ("-7", "-7"),
            ("18446744073709551615", "18446744073709551615"),
            ("100000000000000000000", "1e+20"),
            ("1e+20", "1e+20"),
            ("0.00000015", "1.5e-7"),
            ("1.5e-7", "1.5e-7"),
            ("-0.0", "0.0"),
            ("12345678901234568000000", "1.2345678901234568e+22"),
            (
                "[1.50, {\"a-1e5\": -2.0}, \"0.00000015\"]",
                "[1.5,{\"a-1e5\":-2.0},\"0.00000015\"]",
            ),
        ] {
            plain(ValueType::Json, kept.as_bytes(), expected);
        }
        assert_eq!(canonical("{\"b\":-0.0,\"a\":[-0.0,0]}"), "{\"a\":[0.0,0],\"b\":0.0}");
    }

    #[test]
    fn every_type() {
        check(&Output::Plain(ValueType::Text), None, "null");
        check(&Output::Sealed, Some(b"secret"), "null");
        plain(ValueType::Boolean, &[1], "true");
        plain(ValueType::Boolean, &[0], "false");
        plain(ValueType::Int, &(-7i32).to_be_bytes(), "-7");
        plain(ValueType::BigInt, &i64::MAX.to_be_bytes(), "9223372036854775807");
        plain(ValueType::Decimal, b"12.50", "\"12.50\"");
        plain(ValueType::Text, "ä".as_bytes(), "\"ä\"");
        plain(ValueType::Uuid, &[0xab; 16], "\"abababab-abab-abab-abab-abababababab\"");
        plain(ValueType::DateTime, &0i64.to_be_bytes(), "\"2000-01-01T00:00:00Z\"");
        plain(
            ValueType::DateTime,
            &(-1i64).to_be_bytes(),
            "\"1999-12-31T23:59:59.999999Z\"",
        );
        plain(ValueType::DateTime, &i64::MAX.to_be_bytes(), "null");
        plain(ValueType::Date, &(-1i32).to_be_bytes(), "\"1999-12-31\"");
        plain(ValueType::Time, &1_500_000i64.to_be_bytes(), "\"00:00:01.5\"");
        plain(
            ValueType::Json,
            b"{\"a b\": [1, \"x\\\" y\"]}",
            "{\"a b\":[1,\"x\\\" y\"]}",
        );
        plain(ValueType::TextList, b"[\"a\", \"b c\"]", "[\"a\",\"b c\"]");
        plain(ValueType::Bytes, b"x", "null");
        plain(ValueType::Int, b"x", "null");
    }

    #[test]
    fn floats_are_shortest_and_finite() {
        for (number, expected) in [
            (3.0, "3.0"),
            (0.1, "0.1"),
            (-0.0, "0.0"),
            (1e300, "1e300"),
            (f64::NAN, "null"),
            (f64::INFINITY, "null"),
        ] {
            plain(ValueType::Float, &f64::to_be_bytes(number), expected);
        }
    }

    #[test]
    fn members_have_their_graphql_names() {
        let members = vec![
            ("in_progress".to_owned(), "IN_PROGRESS".to_owned()),
            ("new".to_owned(), "NEW".to_owned()),
        ];
        let one = Output::Member(ValueType::Text, members.clone());
        check(&one, Some(b"in_progress"), "\"IN_PROGRESS\"");
        check(&one, Some(b"gone"), "null");
        check(&one, None, "null");
        let list = Output::Member(ValueType::TextList, members);
        check(&list, Some(b"[\"new\",\"in_progress\"]"), "[\"NEW\",\"IN_PROGRESS\"]");
        check(&list, Some(b"[]"), "[]");
    }

    #[test]
    fn texts_are_escaped_wherever_it_is_needed() {
        // Each escape at each offset of the eight bytes, against serde_json.
        for special in [
            '"', '\\', '\n', '\t', '\r', '\u{8}', '\u{c}', '\u{0}', '\u{1f}', '\u{7f}', 'é', '😀', ' ', '!',
        ] {
            for before in 0..20 {
                for after in [0, 1, 7, 8, 9] {
                    let text = "x".repeat(before) + &special.to_string() + &"y".repeat(after) + &special.to_string();
                    let mut out = Vec::new();
                    write_text(&mut out, text.as_bytes());
                    assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
                }
            }
        }
    }

    #[test]
    fn values_read_like_cells() {
        let check = |value: Value, expected: &str| {
            let mut out = Vec::new();
            write_value(&mut out, &value);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check(Value::Null, "null");
        check(Value::Int(5), "5");
        check(Value::DateTime(0), "\"1970-01-01T00:00:00Z\"");
        check(Value::Date(0), "\"1970-01-01\"");
        check(
            Value::TextList(vec!["a\"".to_owned(), String::new()]),
            "[\"a\\\"\",\"\"]",
        );
        check(Value::Bytes(vec![1]), "null");
    }

    #[test]
    fn keys_stand_in_postgresqls_order() {
        assert_eq!(
            canonical(r#"{"bb": 1, "a": {"z": 1, "y": [ {"cc":1,"c":2} ]}}"#),
            r#"{"a":{"y":[{"c":2,"cc":1}],"z":1},"bb":1}"#
        );
    }
}

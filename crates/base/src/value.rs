//! Typed values as they travel from a query, a rule or a row to the database and back.

use chrono::{DateTime, NaiveDate, NaiveTime, Timelike};
use rust_decimal::Decimal;
use uuid::Uuid;

/// The type of a [`Value`], and of a bind slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ValueType {
    /// True or false.
    Boolean,
    /// 32-bit integer.
    Int,
    /// 64-bit integer: counts and versions.
    BigInt,
    /// Double.
    Float,
    /// Exact decimal.
    Decimal,
    /// Text of any kind, enum members included.
    Text,
    /// UUID, row ids included.
    Uuid,
    /// Instant, UTC.
    DateTime,
    /// Calendar date.
    Date,
    /// Time of day.
    Time,
    /// JSON text.
    Json,
    /// List of texts (`multiselect`).
    TextList,
    /// Ciphertext.
    Bytes,
}

/// A value of one [`ValueType`], or null.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Value {
    /// No value. A comparison with it is false.
    Null,
    /// True or false.
    Boolean(bool),
    /// Integer (`Int` and `BigInt`).
    Int(i64),
    /// Double.
    Float(f64),
    /// Exact decimal.
    Decimal(Decimal),
    /// Text.
    Text(String),
    /// UUID.
    Uuid(Uuid),
    /// Microseconds since 1970 UTC.
    DateTime(i64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// JSON text.
    Json(String),
    /// Texts.
    TextList(Vec<String>),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The type; `None` for null.
    pub fn value_type(&self) -> Option<ValueType> {
        Some(match self {
            Self::Null => return None,
            Self::Boolean(_) => ValueType::Boolean,
            Self::Int(_) => ValueType::BigInt,
            Self::Float(_) => ValueType::Float,
            Self::Decimal(_) => ValueType::Decimal,
            Self::Text(_) => ValueType::Text,
            Self::Uuid(_) => ValueType::Uuid,
            Self::DateTime(_) => ValueType::DateTime,
            Self::Date(_) => ValueType::Date,
            Self::Time(_) => ValueType::Time,
            Self::Json(_) => ValueType::Json,
            Self::TextList(_) => ValueType::TextList,
            Self::Bytes(_) => ValueType::Bytes,
        })
    }
}

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Reads an RFC 3339 instant; gives microseconds since 1970 UTC. Years 0001 to 9999 only, as PostgreSQL and JavaScript agree on those.
pub fn parse_datetime(text: &str) -> Option<i64> {
    let instant = DateTime::parse_from_rfc3339(text).ok()?;
    let micros = instant.timestamp_micros();
    (-62_135_596_800_000_000..253_402_300_800_000_000)
        .contains(&micros)
        .then_some(micros)
}

/// Reads `YYYY-MM-DD`; gives days since 1970-01-01.
pub fn parse_date(text: &str) -> Option<i32> {
    if text.len() != 10 {
        return None;
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

/// Reads `HH:MM[:SS[.ffffff]]`; gives microseconds since midnight.
pub fn parse_time(text: &str) -> Option<i64> {
    let time = NaiveTime::parse_from_str(text, "%H:%M:%S%.f")
        .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M"))
        .ok()?;
    let nanos = time.nanosecond();
    (nanos < 1_000_000_000)
        .then(|| i64::from(time.num_seconds_from_midnight()) * MICROS_PER_SECOND + i64::from(nanos / 1000))
}

/// Appends `YYYY-MM-DD` of days since 1970 (proleptic Gregorian; algorithm: Hinnant, *chrono-compatible low-level date algorithms*).
pub fn write_date(out: &mut Vec<u8>, days: i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    digits(out, year, 4);
    out.push(b'-');
    digits(out, month, 2);
    out.push(b'-');
    digits(out, day, 2);
}

/// Appends `HH:MM:SS[.ffffff]` of microseconds since midnight, without trailing zeros.
pub fn write_time(out: &mut Vec<u8>, micros: i64) {
    let seconds = micros / MICROS_PER_SECOND;
    digits(out, seconds / 3600, 2);
    out.push(b':');
    digits(out, seconds / 60 % 60, 2);
    out.push(b':');
    digits(out, seconds % 60, 2);
    let fraction = micros % MICROS_PER_SECOND;
    if fraction != 0 {
        out.push(b'.');
        digits(out, fraction, 6);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

/// Appends the RFC 3339 form in UTC of microseconds since 1970.
pub fn write_datetime(out: &mut Vec<u8>, micros: i64) {
    write_date(out, micros.div_euclid(MICROS_PER_DAY));
    out.push(b'T');
    write_time(out, micros.rem_euclid(MICROS_PER_DAY));
    out.push(b'Z');
}

/// Appends a non-negative number with at least `width` digits.
fn digits(out: &mut Vec<u8>, number: i64, width: usize) {
    let mut buffer = [b'0'; 20];
    let mut rest = number.unsigned_abs();
    let mut at = buffer.len();
    while rest > 0 || buffer.len() - at < width {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&buffer[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str, expected: &str) {
        let mut out = Vec::new();
        write_datetime(&mut out, parse_datetime(text).unwrap());
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn instants() {
        round_trip("2026-11-22T02:48:19Z", "2026-11-22T02:48:19Z");
        round_trip("2026-11-22T02:48:19.120+02:00", "2026-11-22T00:48:19.12Z");
        round_trip("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z");
        round_trip("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z");
        for bad in ["2026-11-22", "2026-13-01T00:00:00Z", "-2026-01-01T00:00:00Z", "now"] {
            assert_eq!(parse_datetime(bad), None, "{bad}");
        }
    }

    #[test]
    fn dates_and_times() {
        let mut out = Vec::new();
        write_date(&mut out, i64::from(parse_date("2024-02-29").unwrap()));
        out.push(b' ');
        write_time(&mut out, parse_time("09:05").unwrap());
        out.push(b' ');
        write_time(&mut out, parse_time("23:59:59.5").unwrap());
        assert_eq!(String::from_utf8(out).unwrap(), "2024-02-29 09:05:00 23:59:59.5");
        assert_eq!(parse_date("2023-02-29"), None);
        assert_eq!(parse_time("24:00"), None);
    }
}

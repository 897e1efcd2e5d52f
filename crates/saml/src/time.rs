//! SAML's times: `xs:dateTime` in UTC (SAML core, section 1.3.3), here Unix seconds.

use chrono::DateTime;

use crate::error::{Result, SamlError};

/// Fractions of a second are dropped. A time without a zone is UTC.
pub(crate) fn parse(text: &str) -> Result<i64> {
    let text = text.trim();
    let zoned = text.ends_with('Z') || text.get(19..).is_some_and(|tail| tail.contains(['+', '-']));
    let parsed = if zoned {
        DateTime::parse_from_rfc3339(text)
    } else {
        DateTime::parse_from_rfc3339(&format!("{text}Z"))
    };
    parsed
        .map(|time| time.timestamp())
        .map_err(|_| SamlError::structure(format!("`{text}` is not a time")))
}

/// A time as SAML writes it.
pub(crate) fn format(seconds: i64) -> Result<String> {
    DateTime::from_timestamp(seconds, 0)
        .map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
        .ok_or(SamlError::Setting {
            name: "now",
            why: "it is beyond the calendar",
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        for text in [
            "2023-11-14T22:13:20Z",
            "2023-11-14T22:13:20.999Z",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13:20.1234567",
            " 2023-11-14T23:13:20+01:00 ",
            "2023-11-14T20:13:20.5-02:00",
        ] {
            assert_eq!(parse(text).unwrap(), 1_700_000_000, "{text}");
        }
        assert_eq!(format(1_700_000_000).unwrap(), "2023-11-14T22:13:20Z");
        for text in [
            "",
            "Z",
            "2023-11-14",
            "2023-13-14T22:13:20Z",
            "99999999999-01-01T00:00:00Z",
            "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(format(i64::MAX).is_err());
    }
}

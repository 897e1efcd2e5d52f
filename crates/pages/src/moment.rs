//! Points in time, as people read them.

use chrono::DateTime;
use maud::{Markup, html};

/// Seconds since 1970 as `2026-03-01 09:30 UTC`; the script, where there is one, puts the reader's own time there.
pub(crate) fn moment(seconds: i64) -> Markup {
    html! {
        @if let Some(at) = DateTime::from_timestamp(seconds, 0) {
            time datetime=(at.format("%Y-%m-%dT%H:%M:%SZ")) { (at.format("%Y-%m-%d %H:%M UTC")) }
        } @else {
            "at an unknown time"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_utc() {
        assert_eq!(
            moment(1_772_357_400).into_string(),
            r#"<time datetime="2026-03-01T09:30:00Z">2026-03-01 09:30 UTC</time>"#
        );
        assert_eq!(moment(i64::MAX).into_string(), "at an unknown time");
    }
}

//! Which media type answers a GraphQL request (GraphQL over HTTP, section 6.4; RFC 9110, section 12.5.1).

/// How a GraphQL answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// `application/graphql-response+json`: the status tells what happened.
    GraphqlResponse,
    /// `application/json`: the status is 200 for each well-formed request.
    Json,
}

/// What a client takes; at least one of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The media type of a single answer.
    pub(crate) media: Option<Media>,
    /// `text/event-stream`: answers as events. No wildcard asks for it.
    pub(crate) events: bool,
}

impl Media {
    /// For the `Content-Type` header.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// How well a range of the `Accept` header fits a media type: the more specific range decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Anything,
    Family,
    Exact,
}

/// What to answer with; `None`: nothing that the client takes. Without a header, or with a wildcard, plain JSON: such clients are
/// older than the other type.
pub(crate) fn negotiate(accept: Option<&str>) -> Option<Accepted> {
    let Some(accept) = accept.filter(|text| !text.trim().is_empty()) else {
        return Some(Accepted {
            media: Some(Media::Json),
            events: false,
        });
    };
    let accepted = Accepted {
        media: media(accept),
        events: matches!(quality_of(accept, EVENT_STREAM), Some((Fit::Exact, events)) if events > 0),
    };
    (accepted.media.is_some() || accepted.events).then_some(accepted)
}

const EVENT_STREAM: &str = "text/event-stream";

fn media(accept: &str) -> Option<Media> {
    let (graphql_fit, graphql) = quality_of(accept, "application/graphql-response+json").unwrap_or((Fit::Anything, 0));
    let (_, json) = quality_of(accept, "application/json").unwrap_or((Fit::Anything, 0));
    // Among equals the newer type, if the client knows it; a wildcard means plain JSON.
    let prefers_json = if graphql_fit == Fit::Exact {
        json > graphql
    } else {
        json >= graphql
    };
    match (prefers_json, json, graphql) {
        (_, 0, 0) => None,
        (true, ..) => Some(Media::Json),
        (false, ..) => Some(Media::GraphqlResponse),
    }
}

/// The most specific range that covers the type, and its quality in thousandths.
fn quality_of(accept: &str, media: &str) -> Option<(Fit, u16)> {
    accept
        .split(',')
        .filter_map(|range| fit(range, media))
        .max_by_key(|(fit, _)| *fit)
}

fn fit(range: &str, own: &str) -> Option<(Fit, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let fit = match name.as_str() {
        "*/*" => Fit::Anything,
        "application/*" if own != EVENT_STREAM => Fit::Family,
        name if name == own => Fit::Exact,
        _ => return None,
    };
    let mut quality = 1000;
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match key.trim().to_ascii_lowercase().as_str() {
            "q" => quality = thousandths(value.trim()),
            "charset" if !is_utf8(value) => return None,
            _ => {}
        }
    }
    Some((fit, quality))
}

/// A `q` value; what cannot be read counts as 1.
fn thousandths(text: &str) -> u16 {
    let value: f32 = text.parse().unwrap_or(1.0);
    if value.is_nan() {
        1000
    } else {
        (value.clamp(0.0, 1.0) * 1000.0).round() as u16
    }
}

/// Whether a charset parameter says UTF-8.
pub(crate) fn is_utf8(value: &str) -> bool {
    let value = value.trim().trim_matches('"');
    value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_chooses() {
        let graphql = Some(Media::GraphqlResponse);
        let json = Some(Media::Json);
        for (accept, expected) in [
            (None, json),
            (Some(""), json),
            (Some("*/*"), json),
            (Some("application/*"), json),
            (Some("application/json"), json),
            (Some("application/json; charset=utf-8"), json),
            (Some("application/json; charset=\"UTF-8\""), json),
            (Some("application/json; charset=iso-8859-1"), None),
            (Some("application/graphql-response+json"), graphql),
            (Some("APPLICATION/GraphQL-Response+JSON"), graphql),
            (
                Some("application/graphql-response+json, application/json;q=0.9"),
                graphql,
            ),
            (Some("application/graphql-response+json, application/json"), graphql),
            (Some("application/json, application/graphql-response+json"), graphql),
            (Some("application/graphql-response+json;q=0.5, application/json"), json),
            (
                Some("application/graphql-response+json;q=0, application/json;q=0.1"),
                json,
            ),
            (Some("application/graphql-response+json, */*"), graphql),
            (Some("application/graphql-response+json;q=0.2, */*;q=0.1"), graphql),
            (Some("application/json;q=0, */*"), graphql),
            (Some("application/json, */*;q=0.1"), json),
            (Some("text/html, application/xhtml+xml, */*;q=0.8"), json),
            (Some("text/html"), None),
            (Some("*/*;q=0"), None),
        ] {
            let found = negotiate(accept);
            assert_eq!(found.and_then(|found| found.media), expected, "{accept:?}");
            assert!(found.is_none_or(|found| !found.events), "{accept:?}");
        }
        for (accept, media) in [
            ("text/event-stream", None),
            ("Text/Event-Stream;q=0.1, text/html", None),
            ("application/json, text/event-stream", json),
            (
                "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
                graphql,
            ),
            ("text/event-stream, */*;q=0.1", json),
        ] {
            assert_eq!(
                negotiate(Some(accept)),
                Some(Accepted { media, events: true }),
                "{accept}"
            );
        }
        assert_eq!(negotiate(Some("text/event-stream;q=0")), None);
    }
}

//! Answers as server-sent events, one subscription a response: `Accept: text/event-stream` ("distinct connections mode" of the
//! protocol that graphql-sse describes; HTML Living Standard, section 9.2).

use crate::http::shell::log;
use crate::subscriptions::{Delivery, Outlet, Outlets, Subscription};
use actix_web::HttpResponse;
use actix_web::body::{BodyStream, BoxBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use bytes::Bytes;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// How often a stream says that it is still there: proxies close those that are silent.
const ALIVE_EVERY: Duration = Duration::from_secs(12);

struct Stream {
    outlet: Arc<Outlet>,
    ready: Outlets,
    request_id: String,
    /// Ends with the stream.
    _subscription: Option<Subscription>,
    is_over: bool,
}

/// A response that takes what comes out of an outlet, until its end.
pub(super) fn response(
    outlet: Arc<Outlet>,
    ready: Outlets,
    subscription: Option<Subscription>,
    request_id: String,
) -> HttpResponse {
    let stream = Stream {
        outlet,
        ready,
        request_id,
        _subscription: subscription,
        is_over: false,
    };
    let events = futures_util::stream::unfold(stream, |mut stream| async move {
        let event = stream.next().await?;
        Some((Ok::<_, Infallible>(event), stream))
    });
    let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(BodyStream::new(Box::pin(events))));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream; charset=utf-8"),
    );
    // Some proxies gather what they pass on.
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    response
}

impl Stream {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.is_over {
                return None;
            }
            if let Some(delivery) = self.outlet.take() {
                return Some(match delivery {
                    Delivery::Next(body) => next(&body).into(),
                    Delivery::Refused(refusal) => {
                        self.is_over = true;
                        log(&refusal, &self.request_id);
                        let mut events = next(&refusal.body(&self.request_id));
                        events.extend_from_slice(COMPLETE);
                        events.into()
                    }
                    Delivery::Complete => {
                        self.is_over = true;
                        Bytes::from_static(COMPLETE)
                    }
                });
            }
            if tokio::time::timeout(ALIVE_EVERY, self.ready.notified()).await.is_err() {
                return Some(Bytes::from_static(b":\n\n"));
            }
        }
    }
}

const COMPLETE: &[u8] = b"event: complete\ndata:\n\n";

/// An event with an answer. One that has several lines has several fields.
fn next(body: &[u8]) -> Vec<u8> {
    let mut event = Vec::with_capacity(body.len() + 32);
    event.extend_from_slice(b"event: next\n");
    for line in body.split(|byte| matches!(byte, b'\n' | b'\r')) {
        event.extend_from_slice(b"data: ");
        event.extend_from_slice(line);
        event.push(b'\n');
    }
    event.push(b'\n');
    event
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn events() {
        assert_eq!(next(b"{\"data\":1}"), b"event: next\ndata: {\"data\":1}\n\n");
        assert_eq!(next(b"{\n}"), b"event: next\ndata: {\ndata: }\n\n");
    }
}

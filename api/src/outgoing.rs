//! Requests to identity providers. Blocking, on threads for that; no redirect is followed, and nothing is waited for long.

use freehold_oidc::{Http, HttpError, RESPONSE_BYTES_MAX, Request, Response};
use std::time::Duration;
use ureq::Agent;

/// How long an exchange may take.
const TIMEOUT: Duration = Duration::from_secs(8);

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing(Agent);

impl Outgoing {
    /// A new one.
    pub(crate) fn new() -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("freehold/", env!("CARGO_PKG_VERSION")));
        Self(config.build().into())
    }
}

impl Http for Outgoing {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let agent = self.0.clone();
        let sent = tokio::task::spawn_blocking(move || -> Result<Response, HttpError> {
            let (parts, body) = request.into_parts();
            // A `GET` has no body at all, not an empty one.
            let mut response = if body.is_empty() {
                agent.run(http::Request::from_parts(parts, ()))?
            } else {
                agent.run(http::Request::from_parts(parts, body))?
            };
            // One more than is read, so that what is too long is not taken for whole.
            let limit = RESPONSE_BYTES_MAX as u64 + 1;
            let bytes = response.body_mut().with_config().limit(limit).read_to_vec()?;
            let (parts, _) = response.into_parts();
            Ok(http::Response::from_parts(parts, bytes))
        });
        sent.await?
    }
}

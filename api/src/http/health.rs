//! For those who operate the server.

use crate::environments::Environment;
use crate::error::Refusal;
use crate::http::answer;
use actix_web::HttpResponse;
use freehold_base::Code;
use std::time::Duration;

/// How long the database may take to say that it is there.
const TIMEOUT: Duration = Duration::from_secs(2);

/// `/healthz`: the process answers.
pub(crate) fn alive() -> HttpResponse {
    answer(200, "text/plain; charset=utf-8", "ok\n")
}

/// `/readyz`: the database answers, and there is a model to serve.
pub(crate) async fn ready(environment: &Environment) -> Result<HttpResponse, Refusal> {
    environment.bundle()?;
    match tokio::time::timeout(TIMEOUT, environment.platform.ping()).await {
        Ok(Ok(())) => Ok(answer(200, "text/plain; charset=utf-8", "ready\n")),
        Ok(Err(_)) | Err(_) => Err(Refusal::new(Code::Unavailable, "the database does not answer")),
    }
}

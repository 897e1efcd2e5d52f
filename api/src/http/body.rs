//! The body of a request, within bounds of size and time.

use crate::error::Refusal;
use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use freehold_base::Code;
use futures_util::StreamExt;
use std::time::Duration;

/// How long a client may take to send a body.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Reads a body of at most `bytes_max`.
///
/// # Errors
/// `LIMIT_EXCEEDED` for a larger one, `TIMEOUT` (as 408) for a slow one, `BAD_REQUEST` for one that breaks off.
pub(crate) async fn read(request: &HttpRequest, mut payload: Payload, bytes_max: usize) -> Result<Bytes, Refusal> {
    let too_large = || {
        let message = format!("the body is larger than {bytes_max} bytes");
        Refusal::new(Code::LimitExceeded, message).with_status(413)
    };
    let declared = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    if declared.is_some_and(|digits| digits.parse::<usize>().map_or(true, |bytes| bytes > bytes_max)) {
        return Err(too_large());
    }
    let reading = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk =
                chunk.map_err(|_| Refusal::new(Code::BadRequest, "the body breaks off, or is badly encoded"))?;
            if body.len() + chunk.len() > bytes_max {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    match tokio::time::timeout(TIMEOUT, reading).await {
        Ok(result) => result,
        Err(_) => Err(Refusal::new(Code::Timeout, "the body did not arrive in time").with_status(408)),
    }
}

//! `/auth/…`: sessions of people, JSON in and JSON out.

use crate::actions::sign_in;
use crate::error::Refusal;
use crate::http::credentials::{CookieKind, check_origin, credentials};
use crate::http::graphql::{check_content_type, forget_cookie};
use crate::http::shell::{Call, refused};
use crate::http::{body, json};
use crate::subscriptions::Changes;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, SET_COOKIE, USER_AGENT};
use actix_web::web::Payload;
use freehold_auth::{Attempt, AuthError, end_session, find_session};
use freehold_base::Code;

/// Longest body of a sign-in.
const BODY_BYTES_MAX: usize = 16 << 10;

#[derive(serde::Deserialize)]
struct SignIn {
    email: String,
    password: String,
}

/// `POST /auth/sign-in {email, password}` → the session's cookie, who it is for, and their memberships.
pub(crate) async fn sign_in(call: &Call<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let headers = call.request.headers();
    check_origin(headers, &call.host, false)?;
    check_content_type(headers)?;
    let bytes = body::read(call.request, payload, BODY_BYTES_MAX).await?;
    let given: SignIn = serde_json::from_slice(&bytes).map_err(|_| {
        Refusal::new(
            Code::BadRequest,
            "the body must be `{\"email\": \"…\", \"password\": \"…\"}`",
        )
    })?;
    let kind = CookieKind::of(&call.host, call.environment.without_tls);
    let previous = credentials(headers, kind)
        .ok()
        .filter(|found| found.by_cookie)
        .and_then(|found| found.token);
    let address = call.request.peer_addr().map(|address| address.ip().to_string());
    let attempt = Attempt {
        email: &given.email,
        password: &given.password,
        previous: previous.as_ref(),
        user_agent: headers.get(USER_AGENT).and_then(|value| value.to_str().ok()),
        address: address.as_deref(),
    };
    let (token, session) = sign_in::sign_in(call.environment, attempt, call.origin()).await?;
    if let Some(previous) = &previous {
        call.environment.hub.tell(Changes::session(previous.hash().0));
    }
    let mut response = json(200, &session)?;
    let cookie = HeaderValue::try_from(kind.set(&token)).map_err(Refusal::internal)?;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}

/// `POST /auth/sign-out` → 204, signed in or not.
pub(crate) async fn sign_out(call: &Call<'_>) -> Result<HttpResponse, Refusal> {
    let headers = call.request.headers();
    check_origin(headers, &call.host, false)?;
    let kind = CookieKind::of(&call.host, call.environment.without_tls);
    if let Ok(found) = credentials(headers, kind)
        && let Some(token) = found.token
    {
        end_session(&call.environment.platform, &token).await?;
        call.environment.hub.tell(Changes::session(token.hash().0));
    }
    let mut response = HttpResponse::new(StatusCode::NO_CONTENT);
    let cookie = HeaderValue::try_from(kind.clear()).map_err(Refusal::internal)?;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}

/// `GET /auth/session` → who is signed in, or 401.
pub(crate) async fn session(call: &Call<'_>) -> Result<HttpResponse, Refusal> {
    let headers = call.request.headers();
    let bundle = call.environment.bundle()?;
    let kind = CookieKind::of(&call.host, call.environment.without_tls);
    let found = async {
        let credentials = credentials(headers, kind)?;
        if credentials.by_cookie {
            check_origin(headers, &call.host, true)?;
        }
        let token = credentials
            .token
            .ok_or_else(|| Refusal::new(Code::Unauthenticated, "nobody is signed in"))?;
        let now = call.environment.clock.now();
        find_session(&call.environment.platform, &bundle.directory, &token, now)
            .await
            .map_err(|error: AuthError| Refusal::from(error))
    };
    match found.await {
        Ok(session) => json(200, &session),
        Err(refusal) if refusal.code() == Code::Unauthenticated => {
            let mut response = refused(&refusal, &call.id);
            forget_cookie(call, &mut response);
            Ok(response)
        }
        Err(refusal) => Err(refusal),
    }
}

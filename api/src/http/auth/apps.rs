//! `/auth/token`, `/auth/oauth/…`: apps that sign people in here.

use crate::actions::identity::apps::{self, Answer, Authorized, Shown};
use crate::error::Refusal;
use crate::http::auth::BODY_BYTES_MAX;
use crate::http::auth::door::{Door, bake, redirect, with_return};
use crate::http::auth::input::read;
use crate::http::auth::page::frame;
use crate::http::{answer, body, json};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use actix_web::web::Payload;
use freehold_auth::{SessionKind, find_session};
use freehold_base::Code;
use freehold_oidc::issuer::OauthError;
use freehold_pages::Consent;

/// `GET /auth/oauth/authorize?client_id=…&redirect_uri=…&response_type=code&code_challenge=…` → back to the app, with a code
pub(crate) async fn authorize(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    let parameters = door.call.request.query_string();
    go_on(door, parameters, Answer::None).await
}

/// `POST /auth/oauth/authorize`, from the page that asks → back to the app
pub(crate) async fn decide(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let request = input.text("request").unwrap_or_default();
    let answer = match input.text("decision").as_deref() {
        Some("allow") => Answer::Allow,
        _ => Answer::Deny,
    };
    go_on(door, &request, answer).await
}

async fn go_on(door: &Door<'_>, parameters: &str, answer: Answer) -> Result<HttpResponse, Refusal> {
    let person = if door.cookie.is_some() {
        door.anybody().await
    } else {
        None
    };
    let here = format!("/auth/oauth/authorize?{parameters}");
    match apps::authorize(door.call.environment, parameters, person.as_ref(), answer, door.page()).await {
        Ok(Authorized::To(to)) => redirect(&to),
        Ok(Authorized::SignIn) => {
            // Whoever is signed in too long ago signs in anew.
            let mut response = redirect(&with_return("/auth/sign-in", &here))?;
            if let Some(person) = &person {
                freehold_auth::end_session(&door.call.environment.platform, &person.token).await?;
                bake(&mut response, door.kind.clear())?;
            }
            Ok(response)
        }
        Ok(Authorized::SecondFactor) => redirect(&with_return("/auth/mfa", &here)),
        Ok(Authorized::Ask(asked)) => {
            let framed = frame(door)?;
            let mut view = Consent {
                frame: framed.frame.clone(),
                client: asked.client,
                email: person.map(|person| person.view.user.email).unwrap_or_default(),
                learns: asked.learns,
                action: "/auth/oauth/authorize".to_owned(),
                request: parameters.to_owned(),
            };
            view.frame.redirects = vec![asked.redirect_uri];
            framed.show(door, 200, freehold_pages::consent(&view))
        }
        Err(Shown::Refusal(refusal)) => Err(refusal),
        Err(Shown::Oauth(error)) => Err(Refusal::new(Code::BadRequest, error.to_string())),
    }
}

/// `POST /auth/token` (RFC 6749, section 3.2)
pub(crate) async fn token(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let bytes = body::read(door.call.request, payload, BODY_BYTES_MAX).await?;
    let authorization = authorization(door.call.request.headers());
    match apps::tokens(door.call.environment, authorization, &bytes, door.visitor_at_page()).await {
        Ok(tokens) => json(200, &tokens),
        Err(shown) => told(shown),
    }
}

/// `POST /auth/oauth/revoke` (RFC 7009)
pub(crate) async fn revoke(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let bytes = body::read(door.call.request, payload, BODY_BYTES_MAX).await?;
    let authorization = authorization(door.call.request.headers());
    match apps::revoke(door.call.environment, authorization, &bytes, door.visitor_at_page()).await {
        Ok(()) => Ok(HttpResponse::new(StatusCode::OK)),
        Err(shown) => told(shown),
    }
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or("?"))
}

fn told(shown: Shown) -> Result<HttpResponse, Refusal> {
    let error: OauthError = match shown {
        Shown::Refusal(refusal) => return Err(refusal),
        Shown::Oauth(error) => error,
    };
    let mut response = json(error.status(), &error.body())?;
    if error.status() == 401 {
        let basic = HeaderValue::from_static("Basic realm=\"token\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, basic);
    }
    Ok(response)
}

/// `GET /auth/oauth/userinfo`, with an access token (OpenID Connect Core, section 5.3)
pub(crate) async fn user_info(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    let environment = door.call.environment;
    let bundle = environment.bundle()?;
    let refused = || Refusal::new(Code::Unauthenticated, "an access token is asked for here");
    let token = door
        .token
        .as_ref()
        .filter(|_| door.cookie.is_none())
        .ok_or_else(refused)?;
    let view = find_session(&environment.platform, &bundle.directory, token, environment.clock.now()).await?;
    if view.kind != SessionKind::Token.name() {
        return Err(refused());
    }
    json(200, &apps::user_info(environment, &view).await?)
}

/// `GET /auth/oauth/jwks`
pub(crate) async fn jwks(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    let keys = apps::jwks(door.call.environment).await?;
    Ok(answer(200, "application/jwk-set+json", keys.to_string()))
}

/// `GET /.well-known/openid-configuration`
pub(crate) async fn discovery(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    json(200, &apps::discovery(door.call.environment, door.page()).await?)
}

//! `/auth/sign-up`: an account for oneself, where the app lets people have one.

use crate::actions::identity::sign_up;
use crate::error::Refusal;
use crate::http::auth::door::Door;
use crate::http::auth::input::{Style, read, read_with_token};
use crate::http::auth::page::{frame, is_for_form, problems};
use crate::http::auth::passwords::{chars_min, check_mail};
use crate::http::auth::sign_in::providers;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use freehold_pages::{Letter, Problem, SignUp, SignUpFinish};

#[derive(serde::Deserialize)]
struct Address {
    email: String,
    #[serde(default)]
    return_to: String,
}

/// `GET /auth/sign-up`
pub(crate) fn page(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    sign_up::check_open(&*door.call.environment.bundle()?)?;
    form(door, 200, "", &door.query("return_to").unwrap_or_default(), Vec::new())
}

fn form(
    door: &Door<'_>,
    status: u16,
    email: &str,
    return_to: &str,
    problems: Vec<Problem>,
) -> Result<HttpResponse, Refusal> {
    let bundle = door.call.environment.bundle()?;
    let framed = frame(door)?;
    let mut providers = providers(&bundle, door.visitor().tenant);
    let makes = |name: &str| {
        bundle
            .catalog
            .identity
            .providers()
            .any(|it| it.name == name && it.provision.create)
    };
    providers.retain(|provider| makes(&provider.name));
    let view = SignUp {
        frame: framed.frame.clone(),
        email: email.to_owned(),
        return_to: return_to.to_owned(),
        providers,
        problems,
    };
    framed.show(door, status, freehold_pages::sign_up(&view))
}

/// `POST /auth/sign-up {email}` → 202, whoever it is
pub(crate) async fn ask(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let given: Address = input.as_shape("{\"email\": \"…\"}")?;
    match (
        sign_up::ask(door.call.environment, &given.email, door.visitor()).await,
        input.style,
    ) {
        (Ok(()), Style::Json) => Ok(HttpResponse::new(StatusCode::ACCEPTED)),
        (Ok(()), Style::Form) => check_mail(door, Letter::SignUp, given.email),
        (Err(refusal), Style::Form) if is_for_form(&refusal) => form(
            door,
            refusal.status(),
            &given.email,
            &given.return_to,
            problems(&refusal),
        ),
        (Err(refusal), _) => Err(refusal),
    }
}

/// `GET /auth/sign-up/finish?token=…`
pub(crate) async fn finish_page(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    finish_form(door, 200, &door.query("token").unwrap_or_default(), "", Vec::new()).await
}

async fn finish_form(
    door: &Door<'_>,
    status: u16,
    token: &str,
    name: &str,
    problems: Vec<Problem>,
) -> Result<HttpResponse, Refusal> {
    let email = sign_up::address_of(door.call.environment, token).await?;
    let framed = frame(door)?;
    let view = SignUpFinish {
        frame: framed.frame.clone(),
        token: token.to_owned(),
        email: Some(email),
        name: name.to_owned(),
        chars_min: chars_min(&*door.call.environment.bundle()?),
        problems,
    };
    framed.show(door, status, freehold_pages::sign_up_finish(&view))
}

/// Not `Debug`: it holds a password.
#[derive(serde::Deserialize)]
struct Given {
    token: String,
    name: String,
    password: String,
}

/// `POST /auth/sign-up/finish {token, name, password}` → as a sign-in
pub(crate) async fn finish(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read_with_token(door, payload).await?;
    let given: Given = input.as_shape("{\"token\": \"…\", \"name\": \"…\", \"password\": \"…\"}")?;
    let environment = door.call.environment;
    match sign_up::finish(environment, &given.token, &given.name, &given.password, door.visitor()).await {
        Ok(step) => door.step(step, input.style, ""),
        Err(refusal) if input.style == Style::Form && is_for_form(&refusal) => {
            finish_form(door, refusal.status(), &given.token, &given.name, problems(&refusal)).await
        }
        Err(refusal) => Err(refusal),
    }
}

//! `/auth/passkey/…`: JSON alone, because a browser speaks with its authenticator by a script.

use crate::actions::identity::factors;
use crate::actions::identity::passkeys::{self, Entered};
use crate::error::Refusal;
use crate::http::auth::cookies::Small;
use crate::http::auth::door::{Door, HOME, bake, done, local};
use crate::http::auth::factors::give;
use crate::http::auth::input::read;
use crate::http::json;
use actix_web::HttpResponse;
use actix_web::web::Payload;
use freehold_auth::{FactorKind, Token};
use freehold_base::Code;
use serde_json::{Value, json};

/// Ours, in a body that is else the browser's.
const OURS: [&str; 3] = ["ticket", "name", "csrf"];

/// `POST /auth/passkey/register/begin {name}` → `{publicKey, ticket}`
pub(crate) async fn begin_set_up(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let person = door.person().await?;
    let name = input.text("name").unwrap_or_default();
    let begun = passkeys::begin_set_up(door.call.environment, &person, &name, door.page()).await?;
    ceremony(door, &begun)
}

fn ceremony(door: &Door<'_>, begun: &passkeys::Begun) -> Result<HttpResponse, Refusal> {
    let mut options: Value = serde_json::from_str(begun.options.get()).map_err(Refusal::internal)?;
    if let Value::Object(options) = &mut options {
        options.insert("ticket".to_owned(), Value::String(begun.ticket.text()));
    }
    let mut response = json(200, &options)?;
    bake(&mut response, Small::Ceremony.set(door.kind, &begun.ticket))?;
    Ok(response)
}

fn ticket(door: &Door<'_>, given: Option<&str>) -> Result<Token, Refusal> {
    let given = given.and_then(Token::parse);
    given
        .or_else(|| door.small(Small::Ceremony))
        .ok_or_else(|| Refusal::new(Code::BadRequest, "`ticket` names what was begun"))
}

/// `POST /auth/passkey/register/finish`, with the browser's answer → `{recoveryCodes, redirect}`
pub(crate) async fn finish_set_up(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let person = door.person().await?;
    let ticket = ticket(door, input.text("ticket").as_deref())?;
    let answer = input.json_without(&OURS);
    let environment = door.call.environment;
    let confirmed = passkeys::finish_set_up(environment, &person, &ticket, &answer, door.visitor_at_page()).await?;
    let mut response = json(
        200,
        &json!({"recoveryCodes": confirmed.recovery_codes, "redirect": HOME}),
    )?;
    give(door, &mut response, &confirmed.token)?;
    bake(&mut response, Small::Ceremony.clear(door.kind))?;
    Ok(response)
}

/// `POST /auth/passkey/sign-in/begin` → `{publicKey, ticket}`
pub(crate) async fn begin_sign_in(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let step = step(door, input.text("step").as_deref());
    let person = door.anybody().await;
    let return_to = input.text("return_to").unwrap_or_default();
    let begun = passkeys::begin_sign_in(
        door.call.environment,
        step.as_ref(),
        person.as_ref(),
        &return_to,
        door.visitor_at_page(),
    )
    .await?;
    ceremony(door, &begun)
}

/// The sign-in that waits for a second factor.
fn step(door: &Door<'_>, given: Option<&str>) -> Option<Token> {
    let given = given.and_then(Token::parse);
    given.or_else(|| door.small(Small::Step))
}

/// `POST /auth/passkey/sign-in/finish`, with the browser's answer → the session's cookie, and who it is for
pub(crate) async fn finish_sign_in(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let ticket = ticket(door, input.text("ticket").as_deref())?;
    let step = step(door, input.text("step").as_deref());
    let person = door.anybody().await;
    let answer = input.json_without(&["ticket", "step", "csrf"]);
    let (entered, return_to) = passkeys::finish_sign_in(
        door.call.environment,
        &ticket,
        step.as_ref(),
        person.as_ref(),
        &answer,
        door.visitor_at_page(),
    )
    .await?;
    let redirect = local(&return_to);
    let mut response = match &entered {
        Entered::In(signed_in) => {
            let mut told = serde_json::to_value(&signed_in.view).map_err(Refusal::internal)?;
            if let Value::Object(told) = &mut told {
                told.insert("redirect".to_owned(), json!(redirect));
            }
            json(200, &told)?
        }
        Entered::Trusted(_) => json(200, &json!({ "redirect": redirect }))?,
    };
    match &entered {
        Entered::In(signed_in) => give(door, &mut response, &signed_in.token)?,
        Entered::Trusted(token) => give(door, &mut response, token)?,
    }
    bake(&mut response, Small::Ceremony.clear(door.kind))?;
    bake(&mut response, Small::Step.clear(door.kind))?;
    Ok(response)
}

#[derive(serde::Deserialize)]
struct Which {
    id: String,
}

/// `POST /auth/passkey/remove {id}` → 204
pub(crate) async fn remove(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let which: Which = input.as_shape("{\"id\": \"…\"}")?;
    let person = door.person().await?;
    let environment = door.call.environment;
    factors::remove(
        environment,
        &person,
        FactorKind::Passkey,
        Some(&which.id),
        door.visitor(),
    )
    .await?;
    done(input.style, HOME)
}

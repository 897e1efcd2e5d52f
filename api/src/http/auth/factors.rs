//! `/auth/mfa`, `/auth/totp/…`, `/auth/recovery-codes`.

use crate::actions::identity::factors::{self, SetUp};
use crate::actions::identity::second_factor::{self, Shown, waiting};
use crate::error::Refusal;
use crate::http::auth::cookies::Small;
use crate::http::auth::door::{Door, HOME, bake, done, local, redirect};
use crate::http::auth::input::{Input, Style, read};
use crate::http::auth::page::{frame, is_for_form, problems};
use crate::http::auth::sign_in::sign_in_first;
use crate::http::json;
use actix_web::HttpResponse;
use actix_web::web::Payload;
use freehold_auth::{FactorKind, Token};
use freehold_base::Code;
use freehold_pages::{Problem, RecoveryCodes, SecondFactor, TotpSetUp};
use serde_json::json;

/// Not `Debug`: it holds a code.
#[derive(serde::Deserialize)]
struct Given {
    code: Option<String>,
    #[serde(alias = "recoveryCode")]
    recovery_code: Option<String>,
    /// For clients without cookies.
    ticket: Option<String>,
    #[serde(default)]
    return_to: String,
}

const SHAPE: &str = "{\"code\": \"…\"} or {\"recoveryCode\": \"…\"}";

/// `GET /auth/mfa`
pub(crate) async fn page(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    form(door, 200, &door.query("return_to").unwrap_or_default(), Vec::new()).await
}

async fn form(door: &Door<'_>, status: u16, return_to: &str, problems: Vec<Problem>) -> Result<HttpResponse, Refusal> {
    let environment = door.call.environment;
    let accepts = match waiting(environment, door.small(Small::Step).as_ref()).await {
        Ok((_, accepts)) => accepts,
        Err(_) => match door.anybody().await {
            Some(person) => crate::actions::identity::sign_in::accepts(environment, person.id).await?,
            None => return sign_in_first(door),
        },
    };
    if accepts.is_nothing() {
        return redirect(HOME);
    }
    let framed = frame(door)?;
    let view = SecondFactor {
        frame: framed.frame.clone(),
        return_to: return_to.to_owned(),
        totp: accepts.totp,
        recovery: accepts.recovery,
        passkey: accepts.passkey,
        problems,
    };
    framed.show(door, status, freehold_pages::second_factor(&view))
}

/// `POST /auth/mfa {code}` completes a sign-in, or shows a second factor once more in a session.
pub(crate) async fn show(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let given: Given = input.as_shape(SHAPE)?;
    match shown(door, &input, &given).await {
        Err(refusal) if input.style == Style::Form && is_for_form(&refusal) => {
            let field = if given.code.is_some() { "code" } else { "recovery_code" };
            let message = problems(&refusal).into_iter().map(|it| it.message).collect::<String>();
            form(
                door,
                refusal.status(),
                &given.return_to,
                vec![Problem::of(field, message)],
            )
            .await
        }
        outcome => outcome,
    }
}

async fn shown(door: &Door<'_>, input: &Input, given: &Given) -> Result<HttpResponse, Refusal> {
    let environment = door.call.environment;
    let shown = match (&given.code, &given.recovery_code) {
        (Some(code), None) => Shown::Code(code),
        (None, Some(code)) => Shown::RecoveryCode(code),
        _ => return Err(Refusal::new(Code::BadRequest, format!("the body must be `{SHAPE}`"))),
    };
    let ticket = given.ticket.as_deref().and_then(Token::parse);
    let ticket = ticket.or_else(|| door.small(Small::Step));
    if let Some(ticket) = ticket {
        let signed_in = second_factor::complete(environment, Some(&ticket), shown, door.visitor()).await?;
        return door.signed_in(&signed_in, input.style, &given.return_to);
    }
    let person = door.person().await?;
    let token = second_factor::step_up(environment, &person, shown, door.visitor()).await?;
    trusted(door, input.style, local(&given.return_to), &token)
}

/// The answer that gives a session another token.
pub(super) fn trusted(door: &Door<'_>, style: Style, to: &str, token: &Token) -> Result<HttpResponse, Refusal> {
    let mut response = done(style, to)?;
    give(door, &mut response, token)?;
    Ok(response)
}

/// Gives the client its session's new token, in the way that it has the old one.
pub(super) fn give(door: &Door<'_>, response: &mut HttpResponse, token: &Token) -> Result<(), Refusal> {
    bake(response, door.kind.set(token))
}

/// `POST /auth/totp/begin` → `{ticket, secret, uri, qrSvg}`
pub(crate) async fn begin_totp(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let person = door.person().await?;
    let begun = factors::begin_totp(door.call.environment, &person).await?;
    match input.style {
        Style::Json => json(
            200,
            &json!({"ticket": begun.ticket.text(), "secret": begun.secret, "uri": begun.uri, "qrSvg": begun.qr_svg}),
        ),
        Style::Form => set_up_page(door, 200, begun, Vec::new()),
    }
}

fn set_up_page(door: &Door<'_>, status: u16, begun: SetUp, problems: Vec<Problem>) -> Result<HttpResponse, Refusal> {
    let framed = frame(door)?;
    let view = TotpSetUp {
        frame: framed.frame.clone(),
        qr_svg: begun.qr_svg,
        secret: begun.secret,
        uri: Some(begun.uri),
        problems,
    };
    let mut response = framed.show(door, status, freehold_pages::totp_set_up(&view))?;
    bake(&mut response, Small::SetUp.set(door.kind, &begun.ticket))?;
    Ok(response)
}

/// `POST /auth/totp/confirm {ticket, code}` → `{recoveryCodes}`
pub(crate) async fn confirm_totp(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let given: Given = input.as_shape("{\"ticket\": \"…\", \"code\": \"…\"}")?;
    let person = door.person().await?;
    let ticket = given.ticket.as_deref().and_then(Token::parse);
    let ticket = ticket
        .or_else(|| door.small(Small::SetUp))
        .ok_or_else(|| Refusal::new(Code::BadRequest, "`ticket` names what is being set up"))?;
    let code = given.code.unwrap_or_default();
    let environment = door.call.environment;
    let confirmed = match factors::confirm_totp(environment, &person, &ticket, &code, door.visitor()).await {
        Ok(confirmed) => confirmed,
        Err(refusal) if input.style == Style::Form && is_for_form(&refusal) => {
            let begun = factors::pending_totp(environment, &person, &ticket).await?;
            let message = problems(&refusal).into_iter().map(|it| it.message).collect::<String>();
            return set_up_page(door, refusal.status(), begun, vec![Problem::of("code", message)]);
        }
        Err(refusal) => return Err(refusal),
    };
    let mut response = codes(door, input.style, &person.view.user.email, confirmed.recovery_codes)?;
    give(door, &mut response, &confirmed.token)?;
    bake(&mut response, Small::SetUp.clear(door.kind))?;
    Ok(response)
}

/// Codes for the loss of a factor, shown this once; none if there were some already.
fn codes(door: &Door<'_>, style: Style, email: &str, codes: Vec<String>) -> Result<HttpResponse, Refusal> {
    match style {
        Style::Json => json(200, &json!({ "recoveryCodes": codes })),
        Style::Form if codes.is_empty() => redirect(HOME),
        Style::Form => {
            let framed = frame(door)?;
            let view = RecoveryCodes {
                frame: framed.frame.clone(),
                email: email.to_owned(),
                codes,
            };
            framed.show(door, 200, freehold_pages::recovery_codes(&view))
        }
    }
}

/// `POST /auth/totp/remove` → 204
pub(crate) async fn remove_totp(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let person = door.person().await?;
    factors::remove(door.call.environment, &person, FactorKind::Totp, None, door.visitor()).await?;
    done(input.style, HOME)
}

/// `POST /auth/recovery-codes` → `{recoveryCodes}`: new ones, the old ones are good no more.
pub(crate) async fn recovery_codes(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let person = door.person().await?;
    let made = factors::new_recovery_codes(door.call.environment, &person, door.visitor()).await?;
    codes(door, input.style, &person.view.user.email, made)
}

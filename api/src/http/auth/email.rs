//! `/auth/email/…`: whose an address is.

use crate::actions::identity::addresses::{self, Verified};
use crate::error::Refusal;
use crate::http::auth::door::{Door, HOME};
use crate::http::auth::input::{Style, read, read_with_token};
use crate::http::auth::page::{frame, is_for_form, problems};
use crate::http::auth::passwords::check_mail;
use crate::http::auth::sign_in::sign_in_first;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use freehold_pages::{ChangeEmail, Letter, Notice, Problem, VerifyEmail};

/// `GET /auth/email/change`
pub(crate) async fn change_page(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    change_form(door, 200, "", Vec::new()).await
}

async fn change_form(
    door: &Door<'_>,
    status: u16,
    email: &str,
    problems: Vec<Problem>,
) -> Result<HttpResponse, Refusal> {
    let Some(person) = door.anybody().await else {
        return sign_in_first(door);
    };
    let framed = frame(door)?;
    let view = ChangeEmail {
        frame: framed.frame.clone(),
        current: person.view.user.email,
        email: email.to_owned(),
        password: true,
        problems,
    };
    framed.show(door, status, freehold_pages::change_email(&view))
}

/// Not `Debug`: it holds a password.
#[derive(serde::Deserialize)]
struct Change {
    email: String,
    password: String,
}

/// `POST /auth/email/change {email, password}` → 202: a letter goes to the new address.
pub(crate) async fn change(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let given: Change = input.as_shape("{\"email\": \"…\", \"password\": \"…\"}")?;
    let person = door.person().await?;
    let environment = door.call.environment;
    let asked = addresses::ask_change(environment, &person, &given.email, &given.password, door.visitor()).await;
    match (asked, input.style) {
        (Ok(()), Style::Json) => Ok(HttpResponse::new(StatusCode::ACCEPTED)),
        (Ok(()), Style::Form) => check_mail(door, Letter::Verify, given.email),
        (Err(refusal), Style::Form) if is_for_form(&refusal) => {
            change_form(door, refusal.status(), &given.email, problems(&refusal)).await
        }
        (Err(refusal), _) => Err(refusal),
    }
}

/// `GET /auth/email/verify?token=…`: a link alone changes nothing, because mail filters follow links.
pub(crate) fn verify_page(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    verify_form(door, 200, &door.query("token").unwrap_or_default(), Vec::new())
}

fn verify_form(door: &Door<'_>, status: u16, token: &str, problems: Vec<Problem>) -> Result<HttpResponse, Refusal> {
    let framed = frame(door)?;
    let view = VerifyEmail {
        frame: framed.frame.clone(),
        token: token.chars().filter(char::is_ascii_hexdigit).take(64).collect(),
        email: None,
        problems,
    };
    framed.show(door, status, freehold_pages::verify_email(&view))
}

#[derive(serde::Deserialize)]
struct Link {
    token: String,
}

/// `POST /auth/email/verify {token}` → 204
pub(crate) async fn verify(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    // The session counts only to see that it is whose the link is.
    let input = read_with_token(door, payload).await?;
    let Link { token } = input.as_shape("{\"token\": \"…\"}")?;
    let person = door.anybody().await;
    let environment = door.call.environment;
    let outcome = addresses::verify(environment, &token, person.as_ref(), door.visitor()).await;
    match (outcome, input.style) {
        (Ok(_), Style::Json) => Ok(HttpResponse::new(StatusCode::NO_CONTENT)),
        (Ok(verified), Style::Form) => {
            let framed = frame(door)?;
            let message = match verified {
                Verified::Shown => "The address is verified. You can sign in.",
                Verified::Changed => "You sign in with this address from now on.",
            };
            let view = Notice {
                frame: framed.frame.clone(),
                title: "Thank you".to_owned(),
                message: message.to_owned(),
                next: Some((HOME.to_owned(), "Continue".to_owned())),
            };
            framed.show(door, 200, freehold_pages::notice(&view))
        }
        (Err(refusal), Style::Form) if is_for_form(&refusal) => {
            verify_form(door, refusal.status(), &token, problems(&refusal))
        }
        (Err(refusal), _) => Err(refusal),
    }
}

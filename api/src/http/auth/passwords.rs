//! `/auth/password/…`: a new password, by a letter or by the old one.

use crate::actions::identity::passwords;
use crate::bundle::Bundle;
use crate::error::Refusal;
use crate::http::auth::door::{Door, HOME, done};
use crate::http::auth::input::{Style, read, read_with_token};
use crate::http::auth::page::{frame, is_for_form, problems};
use crate::http::auth::sign_in::sign_in_first;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Payload;
use freehold_base::Code;
use freehold_pages::{ChangePassword, CheckMail, ChoosePassword, ForgotPassword, Letter, Notice, Problem};

#[derive(serde::Deserialize)]
struct Address {
    email: String,
}

/// `GET /auth/password/forgot`
pub(crate) fn forgot_page(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    forgot_form(door, 200, "", Vec::new())
}

fn forgot_form(door: &Door<'_>, status: u16, email: &str, problems: Vec<Problem>) -> Result<HttpResponse, Refusal> {
    let framed = frame(door)?;
    let view = ForgotPassword {
        frame: framed.frame.clone(),
        email: email.to_owned(),
        problems,
    };
    framed.show(door, status, freehold_pages::forgot_password(&view))
}

/// `POST /auth/password/forgot {email}` → 202, whoever it is
pub(crate) async fn forgot(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let Address { email } = input.as_shape("{\"email\": \"…\"}")?;
    let asked = passwords::ask(door.call.environment, &email, door.visitor()).await;
    match (asked, input.style) {
        (Ok(()), Style::Json) => Ok(HttpResponse::new(StatusCode::ACCEPTED)),
        (Ok(()), Style::Form) => check_mail(door, Letter::Reset, email),
        (Err(refusal), Style::Form) if is_for_form(&refusal) || refusal.code() == Code::Unavailable => {
            forgot_form(door, refusal.status(), &email, problems(&refusal))
        }
        (Err(refusal), _) => Err(refusal),
    }
}

/// That there is a letter, if there is one.
pub(super) fn check_mail(door: &Door<'_>, letter: Letter, email: String) -> Result<HttpResponse, Refusal> {
    let framed = frame(door)?;
    let view = CheckMail {
        frame: framed.frame.clone(),
        letter,
        email,
    };
    framed.show(door, 200, freehold_pages::check_mail(&view))
}

/// The fewest characters of a password.
pub(super) fn chars_min(bundle: &Bundle) -> usize {
    bundle.catalog.passwords.map_or(1, |rules| rules.chars_min as usize)
}

/// `GET /auth/password/reset?token=…`
pub(crate) fn reset_page(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    reset_form(door, 200, &door.query("token").unwrap_or_default(), Vec::new())
}

fn reset_form(door: &Door<'_>, status: u16, token: &str, problems: Vec<Problem>) -> Result<HttpResponse, Refusal> {
    let framed = frame(door)?;
    let view = ChoosePassword {
        frame: framed.frame.clone(),
        // Whatever it is, it goes back into the form it came from; only what a token consists of.
        token: token.chars().filter(char::is_ascii_hexdigit).take(64).collect(),
        email: None,
        chars_min: chars_min(&*door.call.environment.bundle()?),
        problems,
    };
    framed.show(door, status, freehold_pages::choose_password(&view))
}

/// Not `Debug`: it holds a password.
#[derive(serde::Deserialize)]
struct Choice {
    token: String,
    password: String,
}

/// `POST /auth/password/reset {token, password}` → 204; as a form, a page that says how it went.
pub(crate) async fn reset(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    // No cookie counts here: whoever has the token may choose, from whatever page. So there is no other site's request to fear.
    let input = read_with_token(door, payload).await?;
    let choice: Choice = input.as_shape("{\"token\": \"…\", \"password\": \"…\"}")?;
    let outcome = passwords::choose(door.call.environment, &choice.token, &choice.password, door.visitor()).await;
    match (outcome, input.style) {
        (Ok(()), Style::Json) => Ok(HttpResponse::new(StatusCode::NO_CONTENT)),
        (Ok(()), Style::Form) => {
            let framed = frame(door)?;
            let view = Notice {
                frame: framed.frame.clone(),
                title: "Your password is set".to_owned(),
                message: "You can sign in with it now.".to_owned(),
                next: Some(("/auth/sign-in".to_owned(), "Sign in".to_owned())),
            };
            framed.show(door, 200, freehold_pages::notice(&view))
        }
        (Err(refusal), Style::Form) if is_for_form(&refusal) => {
            let problems = problems(&refusal).into_iter();
            let problems = problems.map(|it| Problem::of("password", it.message)).collect();
            reset_form(door, refusal.status(), &choice.token, problems)
        }
        (Err(refusal), _) => Err(refusal),
    }
}

/// `GET /auth/password/change`
pub(crate) async fn change_page(door: &Door<'_>) -> Result<HttpResponse, Refusal> {
    change_form(door, 200, Vec::new()).await
}

async fn change_form(door: &Door<'_>, status: u16, problems: Vec<Problem>) -> Result<HttpResponse, Refusal> {
    let Some(person) = door.anybody().await else {
        return sign_in_first(door);
    };
    let framed = frame(door)?;
    let view = ChangePassword {
        frame: framed.frame.clone(),
        email: person.view.user.email,
        chars_min: chars_min(&person.bundle),
        problems,
    };
    framed.show(door, status, freehold_pages::change_password(&view))
}

/// Not `Debug`: it holds passwords.
#[derive(serde::Deserialize)]
struct Change {
    current: String,
    password: String,
}

/// `POST /auth/password/change {current, password}` → 204; other sessions end.
pub(crate) async fn change(door: &Door<'_>, payload: Payload) -> Result<HttpResponse, Refusal> {
    let input = read(door, payload).await?;
    let given: Change = input.as_shape("{\"current\": \"…\", \"password\": \"…\"}")?;
    let person = door.person().await?;
    let environment = door.call.environment;
    let outcome = passwords::change(environment, &person, &given.current, &given.password, door.visitor()).await;
    match outcome {
        Ok(()) => done(input.style, HOME),
        Err(refusal) if input.style == Style::Form && is_for_form(&refusal) => {
            let field = if refusal.code() == Code::Unauthenticated {
                "current"
            } else {
                "password"
            };
            let problems = problems(&refusal).into_iter();
            let problems = problems.map(|it| Problem::of(field, it.message)).collect();
            change_form(door, refusal.status(), problems).await
        }
        Err(refusal) => Err(refusal),
    }
}

//! Whose an e-mail address is: shown by a link in a letter to it.

use crate::actions::audit;
use crate::actions::execute::{self, Asked, Request};
use crate::actions::identity::limits::{self, Door};
use crate::actions::identity::sign_in::prove_password;
use crate::actions::identity::visitor::{Person, Visitor};
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Refusal;
use crate::http::host::Host;
use crate::post::Kind;
use crate::timings::Timings;
use freehold_auth::{TicketKind, Token, find_person, forgive, issue_ticket, take_ticket, verify_address, void_tickets};
use freehold_base::{Code, RowId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a link is good.
const WITHIN: Duration = Duration::from_hours(24);
/// What changes an address: an operation like any other, so that the app's rules say who may.
const CHANGE: &str = "mutation ($id: ID!, $email: Email!) { updateUser(id: $id, input: {email: $email}) { id } }";

/// What a link knows.
#[derive(Serialize, Deserialize)]
struct Shown {
    email: String,
}

/// Sends a link to the address that somebody has, if that was not done just now.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn send_verification(
    environment: &Environment,
    bundle: &Bundle,
    user: RowId,
    email: &str,
    site: &str,
) -> Result<(), Refusal> {
    match limits::about(environment, Door::Letter, email).await {
        Ok(()) => send(environment, bundle, user, email, site).await,
        Err(refusal) if refusal.code() == Code::RateLimited => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

async fn send(environment: &Environment, bundle: &Bundle, user: RowId, email: &str, site: &str) -> Result<(), Refusal> {
    let token = Token::random(&mut rand::rng());
    let data = Shown {
        email: email.to_owned(),
    };
    let now = environment.clock.now();
    issue_ticket(
        &environment.platform,
        TicketKind::Email,
        &token,
        Some(user),
        &data,
        now,
        WITHIN,
    )
    .await?;
    let link = format!("{site}/auth/email/verify?token={}", token.text());
    let app = &bundle.catalog.app;
    environment
        .post
        .send_kind(Kind::VerifyAddress, email, &link, app, site)
        .await;
    Ok(())
}

/// Sends a link to an address that somebody wants to have instead. Nothing changes before it is used.
///
/// # Errors
/// `UNAUTHENTICATED` for a wrong password, `BAD_USER_INPUT` for what is no address, `UNAVAILABLE` where no letters are sent.
pub(crate) async fn ask_change(
    environment: &Environment,
    person: &Person,
    email: &str,
    password: &str,
    visitor: Visitor<'_>,
) -> Result<(), Refusal> {
    if !environment.post.is_open() {
        return Err(Refusal::new(Code::Unavailable, "no letters are sent from here"));
    }
    person.whole()?;
    let email = email.trim();
    if !is_address(email) {
        return Err(Refusal::new(Code::BadUserInput, "this is no e-mail address"));
    }
    limits::about(environment, Door::Letter, email).await?;
    let (_, proven) = prove_password(environment, &person.view.user.email, password, visitor).await?;
    if proven.user != person.id {
        return Err(freehold_auth::AuthError::BadSession.into());
    }
    forgive(&environment.platform, person.id).await?;
    void_tickets(&environment.platform, TicketKind::Email, person.id).await?;
    send(environment, &person.bundle, person.id, email, visitor.site).await
}

/// Whether a text may be an address. Whether it is one, the letter tells.
pub(crate) fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    text.len() <= 254
        && parts.is_some_and(|(local, host)| !local.is_empty() && host.contains('.') && !host.starts_with('.'))
        && !text
            .chars()
            .any(|it| it.is_control() || it.is_whitespace() || "<>,;\"".contains(it))
}

/// What became of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verified {
    /// The address that somebody has is theirs.
    Shown,
    /// They have another address from now on.
    Changed,
}

/// Uses a link up. To change an address its owner is signed in: the app's rules are asked whether they may.
///
/// # Errors
/// `NOT_FOUND` for a link that is not good, `UNAUTHENTICATED` for a change by somebody else, and whatever the write says.
pub(crate) async fn verify(
    environment: &Environment,
    token: &str,
    person: Option<&Person>,
    host: &Host,
    visitor: Visitor<'_>,
) -> Result<Verified, Refusal> {
    limits::from_place(environment, Door::Proof, visitor.origin).await?;
    let bundle = environment.bundle()?;
    let not_good =
        || Refusal::new(Code::NotFound, "this link is not good any more").with_hint("sign in, and another one is sent");
    let token = Token::parse(token).ok_or_else(not_good)?;
    let (platform, now) = (&environment.platform, environment.clock.now());
    let found = freehold_auth::find_ticket::<Shown>(platform, TicketKind::Email, &token, now).await?;
    let (user, email) = found
        .and_then(|found| Some((found.user?, found.data.email)))
        .ok_or_else(not_good)?;
    let owner = find_person(platform, &bundle.directory, user)
        .await?
        .ok_or_else(not_good)?;
    let changes = owner.user.email != email;
    if changes {
        let person = person.filter(|person| person.id == user).ok_or_else(|| {
            Refusal::new(
                Code::Unauthenticated,
                "sign in as whoever asked for this address, and use the link again",
            )
        })?;
        change(environment, person, &email, host, visitor).await?;
    }
    if take_ticket::<Shown>(platform, TicketKind::Email, &token, now)
        .await?
        .is_none()
    {
        return Err(not_good());
    }
    verify_address(platform, user).await?;
    audit::own_account(environment, &bundle, user, "verify_address", visitor.origin).await;
    Ok(if changes { Verified::Changed } else { Verified::Shown })
}

async fn change(
    environment: &Environment,
    person: &Person,
    email: &str,
    host: &Host,
    visitor: Visitor<'_>,
) -> Result<(), Refusal> {
    let variables = json!({"id": person.id.to_string(), "email": email});
    let Value::Object(variables) = variables else {
        return Err(Refusal::internal("variables are an object"));
    };
    let request = Request {
        asked: Asked {
            query: CHANGE.to_owned(),
            operation_name: None,
            variables,
        },
        token: Some(person.token.clone()),
        tenant: visitor.tenant,
        host,
        origin: visitor.origin,
        reads_only: false,
    };
    let may_not = || Refusal::new(Code::Forbidden, "this app does not let you change your address");
    let body = match Box::pin(execute::execute(environment, &request, &mut Timings::default())).await {
        Ok(answered) => answered.body,
        Err(refusal) if refusal.code() == Code::GraphqlValidationFailed => return Err(may_not()),
        Err(refusal) => return Err(refusal),
    };
    let answer: Value = serde_json::from_slice(&body).map_err(Refusal::internal)?;
    if answer.get("errors").is_none() {
        Ok(())
    } else {
        Err(may_not())
    }
}

//! Whose an e-mail address is: shown by a link in a letter to it.

use crate::actions::audit;
use crate::actions::identity::limits::{self, Door};
use crate::actions::identity::people;
use crate::actions::identity::sign_in::prove_password;
use crate::actions::identity::visitor::{Person, Visitor};
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Refusal;
use crate::post::Kind;
use freehold_auth::{
    TicketKind, Token, find_person, find_user, forgive, issue_ticket, take_ticket, verify_address, void_tickets,
};
use freehold_base::{Code, RowId};
use freehold_schema::catalog::SignUp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a link is good.
const WITHIN: Duration = Duration::from_hours(24);

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
    if !may_change(&person.bundle) {
        return Err(Refusal::new(
            Code::Forbidden,
            "addresses are changed by those who keep the accounts here",
        ));
    }
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

/// Uses a link up. To change an address its owner is signed in.
///
/// # Errors
/// `NOT_FOUND` for a link that is not good, `UNAUTHENTICATED` for a change by somebody else, `CONFLICT` for an address that somebody has.
pub(crate) async fn verify(
    environment: &Environment,
    token: &str,
    person: Option<&Person>,
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
        person.whole()?;
        if !may_change(&bundle) {
            return Err(not_good());
        }
        change(environment, &bundle, user, &email).await?;
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

/// Whether people move to other addresses by themselves: where they make their accounts, too. Elsewhere an account is somebody else's to
/// keep, and its address says whose.
pub(crate) fn may_change(bundle: &Bundle) -> bool {
    bundle.catalog.passwords.is_some() && bundle.catalog.identity.sign_up != SignUp::Closed
}

async fn change(environment: &Environment, bundle: &Bundle, user: RowId, email: &str) -> Result<(), Refusal> {
    let (platform, directory) = (&environment.platform, &bundle.directory);
    let taken = || Refusal::new(Code::Conflict, "somebody has this address by now");
    if find_user(platform, directory, email).await?.is_some() {
        return Err(taken());
    }
    people::set_email(environment, bundle, user, email)
        .await
        .map_err(|_| taken())
}

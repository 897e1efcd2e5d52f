//! Accounts for whoever wants one, where the app lets them. The address comes first: a letter to it has the link by which the account is
//! made. So there is no account without a verified address, and nobody learns who has one.

use crate::actions::audit;
use crate::actions::identity::limits::{self, Door};
use crate::actions::identity::people::{self, NewPerson};
use crate::actions::identity::sign_in::{Method, Step, admit};
use crate::actions::identity::visitor::Visitor;
use crate::actions::identity::{addresses::is_address, passwords};
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Refusal;
use crate::post::Kind;
use freehold_auth::{
    Address, TicketKind, Token, find_ticket, find_user, is_taken, issue_ticket, set_password, take_ticket,
};
use freehold_base::Code;
use freehold_schema::catalog::SignUp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// How long a link is good.
const WITHIN: Duration = Duration::from_hours(24);

/// What a link knows.
#[derive(Serialize, Deserialize)]
struct Wanted {
    email: String,
}

/// Sends a link to an address: to make an account, or, for somebody who has one, to choose a new password. Everybody is told the same.
///
/// # Errors
/// `NOT_FOUND` where accounts are others' to make, `BAD_USER_INPUT` for what is no address, `RATE_LIMITED`, `UNAVAILABLE`.
pub(crate) async fn ask(environment: &Arc<Environment>, email: &str, visitor: Visitor<'_>) -> Result<(), Refusal> {
    let bundle = environment.bundle()?;
    check_open(&bundle)?;
    if !environment.post.is_open() {
        return Err(Refusal::new(Code::Unavailable, "no letters are sent from here"));
    }
    let email = email.trim();
    if !is_address(email) {
        return Err(Refusal::new(Code::BadUserInput, "this is no e-mail address"));
    }
    limits::from_place(environment, Door::Letter, visitor.origin).await?;
    limits::about(environment, Door::Letter, email).await?;
    let (environment, email, site) = (environment.clone(), email.to_owned(), visitor.site.to_owned());
    tokio::spawn(async move {
        if let Err(refusal) = send_link(&environment, &bundle, &email, &site).await {
            tracing::error!(
                "a letter to somebody who signs up could not be sent: {}",
                refusal.message()
            );
        }
    });
    Ok(())
}

async fn send_link(environment: &Environment, bundle: &Bundle, email: &str, site: &str) -> Result<(), Refusal> {
    let (platform, directory) = (&environment.platform, &bundle.directory);
    let lower = email.to_lowercase();
    for written in [email, lower.as_str()] {
        if find_user(platform, directory, written).await?.is_some() {
            return passwords::send_link(environment, bundle, email, site).await;
        }
    }
    let token = Token::random(&mut rand::rng());
    let data = Wanted { email: lower };
    let now = environment.clock.now();
    issue_ticket(platform, TicketKind::SignUp, &token, None, &data, now, WITHIN).await?;
    let link = format!("{site}/auth/sign-up/finish?token={}", token.text());
    environment
        .post
        .send_kind(Kind::SignUp, email, &link, &bundle.catalog.app, site)
        .await;
    Ok(())
}

/// The address that a link was sent to, while it is good.
///
/// # Errors
/// `NOT_FOUND`.
pub(crate) async fn address_of(environment: &Environment, token: &str) -> Result<String, Refusal> {
    let bundle = environment.bundle()?;
    check_open(&bundle)?;
    let token = Token::parse(token).ok_or_else(not_good)?;
    let now = environment.clock.now();
    let found = find_ticket::<Wanted>(&environment.platform, TicketKind::SignUp, &token, now).await?;
    Ok(found.ok_or_else(not_good)?.data.email)
}

/// Makes the account, and signs its owner in.
///
/// # Errors
/// `NOT_FOUND` for a link that is not good, `BAD_USER_INPUT` for a name or a password that is none, `CONFLICT` if there is an account by
/// now.
pub(crate) async fn finish(
    environment: &Environment,
    token: &str,
    name: &str,
    password: &str,
    visitor: Visitor<'_>,
) -> Result<Step, Refusal> {
    let bundle = environment.bundle()?;
    let profile = check_open(&bundle)?;
    limits::from_place(environment, Door::Proof, visitor.origin).await?;
    let email = address_of(environment, token).await?;
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(Refusal::new(Code::BadUserInput, "a name has 1 to 200 characters"));
    }
    passwords::judge(&bundle, password, &email, Some(name))?;
    let phc = environment.passwords.hash_queued(password).await?;
    let (platform, now) = (&environment.platform, environment.clock.now());
    let token = Token::parse(token).ok_or_else(not_good)?;
    if take_ticket::<Wanted>(platform, TicketKind::SignUp, &token, now)
        .await?
        .is_none()
    {
        return Err(not_good());
    }
    if is_taken(platform, &email).await? {
        return Err(Refusal::new(
            Code::Conflict,
            "there is an account with this address by now; sign in",
        ));
    }
    let person = NewPerson {
        email: &email,
        name: Some(name),
        profile: profile.as_deref(),
        roles: &[],
        tenant: None,
    };
    let user = people::insert(environment, &bundle, &person, Vec::new())
        .await
        .map_err(|failure| Refusal::internal(failure.message))?;
    set_password(platform, user, phc, Address::Shown, now).await?;
    audit::own_account(environment, &bundle, user, "sign_up", visitor.origin).await;
    admit(environment, &bundle, user, Method::own("sign_up", false), visitor).await
}

/// The profile of those who sign up.
///
/// # Errors
/// `NOT_FOUND` where accounts are others' to make.
pub(crate) fn check_open(bundle: &Bundle) -> Result<Option<String>, Refusal> {
    match &bundle.catalog.identity.sign_up {
        SignUp::Open { profile } if bundle.catalog.passwords.is_some() => Ok(profile.clone()),
        SignUp::Open { .. } | SignUp::Closed => {
            Err(Refusal::new(Code::NotFound, "accounts are not made by oneself here"))
        }
    }
}

fn not_good() -> Refusal {
    Refusal::new(Code::NotFound, "this link is not good any more").with_hint("ask for another")
}

//! The second factor of a sign-in that is under way, or of a session that is to be trusted with more.

use crate::actions::audit;
use crate::actions::identity::factors::open;
use crate::actions::identity::limits::{self, Door};
use crate::actions::identity::sign_in::{Accepts, Pending, SignedIn, accepts, begin, tell};
use crate::actions::identity::visitor::{Person, Visitor};
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Refusal;
use crate::post::Kind;
use crate::subscriptions::Changes;
use freehold_auth::{
    FactorKind, RefusalCause, Refused, TicketKind, Token, begin_attempt, fail, find_ticket, forgive, list_factors,
    rotate, strengthen, take_ticket, use_recovery, use_step,
};
use freehold_base::{Code, RowId};
use freehold_factors::{RecoveryCode, TotpSecret, totp};
use std::sync::Arc;

/// What somebody shows.
#[derive(Clone, Copy)]
pub(crate) enum Shown<'a> {
    /// The code of an authenticator.
    Code(&'a str),
    /// One of the codes for its loss.
    RecoveryCode(&'a str),
}

/// Whom a ticket is waiting for.
///
/// # Errors
/// `UNAUTHENTICATED` when it is over.
pub(crate) async fn waiting(environment: &Environment, ticket: Option<&Token>) -> Result<(RowId, Accepts), Refusal> {
    let ticket = ticket.ok_or_else(over)?;
    let now = environment.clock.now();
    let found = find_ticket::<Pending>(&environment.platform, TicketKind::SecondFactor, ticket, now).await?;
    let user = found.and_then(|found| found.user).ok_or_else(over)?;
    Ok((user, accepts(environment, user).await?))
}

/// Completes a sign-in by a code.
///
/// # Errors
/// `UNAUTHENTICATED`, the same for a wrong code, a used one and a blocked account; `RATE_LIMITED`.
pub(crate) async fn complete(
    environment: &Environment,
    ticket: Option<&Token>,
    shown: Shown<'_>,
    visitor: Visitor<'_>,
) -> Result<SignedIn, Refusal> {
    limits::from_place(environment, Door::Proof, visitor.origin).await?;
    let bundle = environment.bundle()?;
    let (user, _) = waiting(environment, ticket).await?;
    prove(environment, &bundle, user, shown, visitor).await?;
    finish(environment, &bundle, ticket, user, visitor).await
}

/// Uses the ticket up, once the factor was shown, and begins the session.
///
/// # Errors
/// `UNAUTHENTICATED` when the ticket is over.
pub(crate) async fn finish(
    environment: &Environment,
    bundle: &Bundle,
    ticket: Option<&Token>,
    user: RowId,
    visitor: Visitor<'_>,
) -> Result<SignedIn, Refusal> {
    let ticket = ticket.ok_or_else(over)?;
    let now = environment.clock.now();
    let taken = take_ticket::<Pending>(&environment.platform, TicketKind::SecondFactor, ticket, now).await?;
    let mut method = taken
        .filter(|taken| taken.user == Some(user))
        .ok_or_else(over)?
        .data
        .method;
    method.strong = true;
    begin(environment, bundle, user, &method, visitor).await
}

/// Notes in a session that a second factor was shown, and gives the session another token: it is good for more from now on.
///
/// # Errors
/// As [`complete`].
pub(crate) async fn step_up(
    environment: &Environment,
    person: &Person,
    shown: Shown<'_>,
    visitor: Visitor<'_>,
) -> Result<Token, Refusal> {
    limits::from_place(environment, Door::Proof, visitor.origin).await?;
    person.whole()?;
    prove(environment, &person.bundle, person.id, shown, visitor).await?;
    trust(environment, &person.token).await
}

/// Trusts a session with more.
///
/// # Errors
/// When the session has ended meanwhile.
pub(crate) async fn trust(environment: &Environment, token: &Token) -> Result<Token, Refusal> {
    // The old token, which is good a little longer, stays what it was.
    let next = Token::random(&mut rand::rng());
    if !rotate(&environment.platform, token, &next, environment.clock.now()).await? {
        return Err(freehold_auth::AuthError::BadSession.into());
    }
    strengthen(&environment.platform, &next).await?;
    environment.hub.tell(Changes::session(token.hash().0));
    Ok(next)
}

/// Proves a second factor. Each failure counts with the passwords': so many in a row block the account.
async fn prove(
    environment: &Environment,
    bundle: &Arc<Bundle>,
    user: RowId,
    shown: Shown<'_>,
    visitor: Visitor<'_>,
) -> Result<(), Refusal> {
    limits::about(environment, Door::Proof, &user.to_string()).await?;
    let (platform, directory) = (&environment.platform, &bundle.directory);
    let heard = begin_attempt(platform, directory, user, environment.clock.as_ref()).await?;
    if heard && is_right(environment, user, shown).await? {
        limits::succeeded(environment, Door::Proof, &user.to_string()).await?;
        forgive(platform, user).await?;
        return Ok(());
    }
    let now = environment.clock.now();
    let locked_out = heard && fail(platform, directory, user, now).await?;
    let cause = match (heard, locked_out) {
        (false, _) => RefusalCause::Blocked,
        (true, true) => RefusalCause::LockedOut,
        (true, false) => RefusalCause::WrongPassword,
    };
    let refused = Refused {
        user: Some(user),
        cause,
    };
    audit::sign_in_failed(
        environment,
        bundle.clone(),
        refused,
        "second_factor",
        "",
        visitor.origin,
    )
    .await;
    if locked_out {
        tell(environment, bundle, user, Kind::AccountLocked, visitor.site).await;
    }
    Err(Refusal::new(
        Code::Unauthenticated,
        "the code is wrong or was used, or the account is blocked for now",
    ))
}

async fn is_right(environment: &Environment, user: RowId, shown: Shown<'_>) -> Result<bool, Refusal> {
    let (platform, now) = (&environment.platform, environment.clock.now());
    match shown {
        Shown::RecoveryCode(text) => match RecoveryCode::normalise(text) {
            Some(code) => Ok(use_recovery(platform, user, &code.text()).await?),
            None => Ok(false),
        },
        Shown::Code(text) => {
            let factors = list_factors(platform, user).await?;
            for factor in factors.iter().filter(|factor| factor.kind == FactorKind::Totp) {
                let secret = open(environment, factor.id, &factor.secret).await?;
                let secret = TotpSecret::from_bytes(&secret)
                    .ok_or_else(|| Refusal::internal("the secret of an authenticator is damaged"))?;
                if let Some(step) = totp::check(&secret, text, now.0 / 1_000_000, factor.used_step) {
                    return Ok(use_step(platform, factor.id, step, now).await?);
                }
            }
            Ok(false)
        }
    }
}

fn over() -> Refusal {
    Refusal::new(Code::Unauthenticated, "this sign-in has taken too long; begin again")
}

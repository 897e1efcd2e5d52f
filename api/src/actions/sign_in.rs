//! Signing in with a password.

use crate::actions::audit::{self, Origin};
use crate::environments::Environment;
use crate::error::Refusal;
use freehold_auth::{Attempt, AuthError, SessionView, Token, end_session, find_session};
use freehold_base::{Code, RowId};

/// Checks the password and begins a session. Either is in the audit log.
///
/// # Errors
/// `UNAUTHENTICATED`, the same for whatever is wrong, and for everybody where passwords are off; `UNAVAILABLE` when too many wait,
/// without a sound model, or if it cannot be recorded.
pub(crate) async fn sign_in(
    environment: &Environment,
    attempt: Attempt<'_>,
    origin: Origin<'_>,
) -> Result<(Token, SessionView), Refusal> {
    if attempt.email.len() > 320 {
        return Err(Refusal::new(
            Code::BadRequest,
            "`email` is longer than any e-mail address",
        ));
    }
    let bundle = environment.bundle()?;
    let token = Token::random(&mut rand::rng());
    let clock = environment.clock.as_ref();
    let (platform, directory) = (&environment.platform, &bundle.directory);
    let outcome = freehold_auth::sign_in(platform, directory, &environment.passwords, attempt, token, clock).await;
    if let Err(AuthError::SignInRefused(refused)) = &outcome {
        audit::sign_in_failed(environment, bundle.clone(), *refused, attempt.email, origin).await;
    }
    let signed_in = outcome?;
    let view = find_session(platform, directory, &signed_in.token, clock.now()).await?;
    let tenants = view.memberships.iter().filter_map(|it| RowId::parse(&it.tenant.id));
    if let Err(refusal) = audit::signed_in(environment, signed_in.user, tenants, origin).await {
        // Nobody is let in unseen.
        end_session(platform, &signed_in.token).await?;
        return Err(refusal);
    }
    Ok((signed_in.token, view))
}

//! Signing in with a password.

use crate::environments::Environment;
use crate::error::Refusal;
use freehold_auth::{Attempt, SessionView, Token, find_session};
use freehold_base::Code;

/// Checks the password and begins a session.
///
/// # Errors
/// `UNAUTHENTICATED`, the same for whatever is wrong, and for everybody where passwords are off; `UNAVAILABLE` when too many wait, or without a sound model.
pub(crate) async fn sign_in(environment: &Environment, attempt: Attempt<'_>) -> Result<(Token, SessionView), Refusal> {
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
    let signed_in = freehold_auth::sign_in(platform, directory, &environment.passwords, attempt, token, clock).await?;
    let view = find_session(platform, directory, &signed_in.token, clock.now()).await?;
    Ok((signed_in.token, view))
}

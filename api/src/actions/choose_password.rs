//! Choosing a password by a link that came in a letter.

use crate::environments::Environment;
use crate::error::Refusal;
use freehold_auth::{Token, is_reset_good, set_password, spend_reset};
use freehold_base::Code;

/// Sets the password of the person to whom the link was sent, ends their sessions and uses the link up.
///
/// # Errors
/// `BAD_USER_INPUT` for a password that is too short, `NOT_FOUND` for a link that is not good (any more).
pub(crate) async fn choose_password(environment: &Environment, token: &str, password: &str) -> Result<(), Refusal> {
    let bundle = environment.bundle()?;
    let not_good = || {
        Refusal::new(Code::NotFound, "this link is not good any more")
            .with_hint("a link is good once and for a while; ask for another")
    };
    let rules = bundle
        .catalog
        .passwords
        .ok_or_else(|| Refusal::new(Code::NotFound, "nobody signs in with a password here"))?;
    let fewest = rules.chars_min as usize;
    if password.chars().count() < fewest {
        return Err(Refusal::new(
            Code::BadUserInput,
            format!("a password has at least {fewest} characters"),
        ));
    }
    let token = Token::parse(token).ok_or_else(not_good)?;
    if !is_reset_good(&environment.platform, &token, environment.clock.now()).await? {
        return Err(not_good());
    }
    let phc = environment.passwords.hash_queued(password).await?;
    // Of two who use the link at once, one has it.
    let user = spend_reset(&environment.platform, &token, environment.clock.now())
        .await?
        .ok_or_else(not_good)?;
    set_password(&environment.platform, user, phc, environment.clock.now()).await?;
    Ok(())
}

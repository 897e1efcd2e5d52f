//! Choosing a password by a link that came in a letter.

use crate::actions::audit::{self, Origin};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::subscriptions::{Changed, Changes};
use freehold_auth::{Token, is_reset_good};
use freehold_base::Code;

/// Sets the password of the person to whom the link was sent, ends their sessions and uses the link up. Signs nobody in: whoever has
/// the link still has to know the address.
///
/// # Errors
/// `BAD_USER_INPUT` for a password that is too short or too long, `NOT_FOUND` for a link that is not good (any more).
pub(crate) async fn choose_password(
    environment: &Environment,
    token: &str,
    password: &str,
    origin: Origin<'_>,
) -> Result<(), Refusal> {
    let bundle = environment.bundle()?;
    let not_good = || {
        Refusal::new(Code::NotFound, "this link is not good any more")
            .with_hint("a link is good once and for a while; ask an administrator for another")
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
    // Before the dear hash.
    if !is_reset_good(&environment.platform, &token, environment.clock.now()).await? {
        return Err(not_good());
    }
    let phc = environment.passwords.hash_queued(password).await?;
    let now = environment.clock.now();
    let user = freehold_auth::choose_password(&environment.platform, &token, phc, now)
        .await?
        .ok_or_else(not_good)?;
    // Their sessions have ended.
    let mut changes = Changes::default();
    let people = &bundle.catalog.entity(bundle.catalog.user).name;
    changes.add(people, None, Changed::Rows([user].into()));
    environment.hub.tell(changes);
    audit::password_chosen(environment, &bundle, user, origin).await;
    Ok(())
}

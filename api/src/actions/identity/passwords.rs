//! Choosing a password: by a link that came in a letter, or by the one that there is.

use crate::actions::audit;
use crate::actions::identity::limits::{self, Door};
use crate::actions::identity::sign_in::prove_password;
use crate::actions::identity::visitor::{Person, Visitor};
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Refusal;
use crate::post::Kind;
use crate::subscriptions::{Changed, Changes};
use freehold_auth::{Token, ask_reset, end_sessions, find_person, find_reset, find_user, has_credential};
use freehold_base::{Code, RowId};
use std::sync::Arc;

/// Sends a link to choose a new password to whoever has that address and a password. Everybody is told the same, at once: what there is
/// to do is done behind the answer.
///
/// # Errors
/// `NOT_FOUND` where nobody signs in with a password; `RATE_LIMITED`; `UNAVAILABLE` where no letters are sent.
pub(crate) async fn ask(environment: &Arc<Environment>, email: &str, visitor: Visitor<'_>) -> Result<(), Refusal> {
    let bundle = environment.bundle()?;
    if bundle.catalog.passwords.is_none() {
        return Err(off());
    }
    if !environment.post.is_open() {
        return Err(Refusal::new(Code::Unavailable, "no letters are sent from here")
            .with_hint("ask an administrator for a link"));
    }
    limits::from_place(environment, Door::Letter, visitor.origin).await?;
    limits::about(environment, Door::Letter, email).await?;
    let (environment, email, site) = (environment.clone(), email.trim().to_owned(), visitor.site.to_owned());
    tokio::spawn(async move {
        if let Err(refusal) = send_link(&environment, &bundle, &email, &site).await {
            tracing::error!("a link to choose a password could not be sent: {}", refusal.message());
        }
    });
    Ok(())
}

/// Sends a link to choose a new password, if there is somebody with that address and a password.
///
/// # Errors
/// When the database refuses.
pub(super) async fn send_link(
    environment: &Environment,
    bundle: &Bundle,
    email: &str,
    site: &str,
) -> Result<(), Refusal> {
    let (platform, directory) = (&environment.platform, &bundle.directory);
    if email.contains('\0') || email.len() > 320 {
        return Ok(());
    }
    let mut found = find_user(platform, directory, email).await?;
    if found.is_none() {
        found = find_user(platform, directory, &email.to_lowercase()).await?;
    }
    let Some((user, person)) = found else { return Ok(()) };
    // Whoever comes by a provider alone has no password here, and gets none by this.
    if !has_credential(platform, user).await? {
        return Ok(());
    }
    let token = Token::random(&mut rand::rng());
    ask_reset(platform, user, &token, environment.clock.now()).await?;
    let link = format!("{site}/auth/password/reset?token={}", token.text());
    let (to, app) = (&person.user.email, &bundle.catalog.app);
    environment
        .post
        .send_kind(Kind::PasswordResetAsked, to, &link, app, site)
        .await;
    Ok(())
}

/// Sets the password of the person to whom the link was sent, ends their sessions and uses the link up. Signs nobody in: whoever has
/// the link still has to know the address, and to show the second factor.
///
/// # Errors
/// `BAD_USER_INPUT` for a password that is no good, `NOT_FOUND` for a link that is not good (any more).
pub(crate) async fn choose(
    environment: &Environment,
    token: &str,
    password: &str,
    visitor: Visitor<'_>,
) -> Result<(), Refusal> {
    let bundle = environment.bundle()?;
    let not_good = || {
        Refusal::new(Code::NotFound, "this link is not good any more")
            .with_hint("a link is good once and for a while; ask for another")
    };
    let fewest = bundle.catalog.passwords.ok_or_else(off)?.chars_min as usize;
    if password.chars().count() < fewest {
        return Err(Refusal::new(
            Code::BadUserInput,
            format!("a password has at least {fewest} characters"),
        ));
    }
    limits::from_place(environment, Door::Proof, visitor.origin).await?;
    let token = Token::parse(token).ok_or_else(not_good)?;
    // Before the dear hash.
    let (platform, now) = (&environment.platform, environment.clock.now());
    let user = find_reset(platform, &token, now).await?.ok_or_else(not_good)?;
    let person = find_person(platform, &bundle.directory, user)
        .await?
        .ok_or_else(not_good)?;
    judge(&bundle, password, &person.user.email, person.user.name.as_deref())?;
    let phc = environment.passwords.hash_queued(password).await?;
    let now = environment.clock.now();
    let user = freehold_auth::choose_password(platform, &token, phc, now)
        .await?
        .ok_or_else(not_good)?;
    sessions_ended(environment, &bundle, user);
    audit::own_account(environment, &bundle, user, "choose_password", visitor.origin).await;
    Ok(())
}

/// Changes one's own password, and ends one's other sessions.
///
/// # Errors
/// `UNAUTHENTICATED` for a wrong one, which counts as any wrong password; `BAD_USER_INPUT` for a new one that is no good.
pub(crate) async fn change(
    environment: &Environment,
    person: &Person,
    current: &str,
    password: &str,
    visitor: Visitor<'_>,
) -> Result<(), Refusal> {
    let bundle = &person.bundle;
    if bundle.catalog.passwords.is_none() {
        return Err(off());
    }
    person.whole()?;
    let user = &person.view.user;
    judge(bundle, password, &user.email, user.name.as_deref())?;
    let (_, proven) = prove_password(environment, &user.email, current, visitor).await?;
    if proven.user != person.id {
        return Err(freehold_auth::AuthError::BadSession.into());
    }
    let phc = environment.passwords.hash_queued(password).await?;
    let (platform, now) = (&environment.platform, environment.clock.now());
    freehold_auth::change_password(platform, person.id, phc, now).await?;
    freehold_auth::forgive(platform, person.id).await?;
    let others = freehold_auth::Sessions::Others(person.id, person.token.hash());
    super::sessions::tell(environment, &end_sessions(platform, others).await?);
    audit::own_account(environment, bundle, person.id, "change_password", visitor.origin).await;
    Ok(())
}

/// Takes a new password, or says what is wrong with it.
///
/// # Errors
/// `BAD_USER_INPUT`, in words for its owner.
pub(crate) fn judge(bundle: &Bundle, password: &str, email: &str, name: Option<&str>) -> Result<(), Refusal> {
    let fewest = bundle.catalog.passwords.ok_or_else(off)?.chars_min as usize;
    let mut context = vec![email, bundle.catalog.app.as_str()];
    context.extend(name);
    freehold_factors::judge(password, fewest, &context)
        .map_err(|fault| Refusal::new(Code::BadUserInput, fault.to_string()))
}

/// Somebody's sessions have ended: those who listen with them hear it.
pub(crate) fn sessions_ended(environment: &Environment, bundle: &Bundle, user: RowId) {
    let mut changes = Changes::default();
    let people = &bundle.catalog.entity(bundle.catalog.user).name;
    changes.add(people, None, Changed::Rows([user].into()));
    environment.hub.tell(changes);
}

fn off() -> Refusal {
    Refusal::new(Code::NotFound, "nobody signs in with a password here")
}

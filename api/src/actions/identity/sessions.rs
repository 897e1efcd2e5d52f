//! One's own sessions: seen and ended.

use crate::actions::audit;
use crate::actions::identity::limits::{self, Door};
use crate::actions::identity::visitor::{Person, Visitor};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::subscriptions::Changes;
use freehold_auth::{SessionInfo, SessionKind, Sessions, TokenHash, end_refreshes, end_sessions, list_sessions};
use freehold_base::Code;
use uuid::Uuid;

/// A person's sessions in browsers and apps, the last used first. Keys are no sessions. One that counts in one tenant alone sees itself
/// alone: whoever runs that tenant's provider has no business with where else somebody is signed in.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn list(environment: &Environment, person: &Person) -> Result<Vec<SessionInfo>, Refusal> {
    let directory = &person.bundle.directory;
    let now = environment.clock.now();
    let mut sessions = list_sessions(&environment.platform, directory, Sessions::Of(person.id), now).await?;
    sessions.retain(|it| [SessionKind::Browser.name(), SessionKind::Token.name()].contains(&it.kind.as_str()));
    if person.view.tenant.is_some() {
        sessions.retain(|it| it.token == person.token.hash());
    }
    Ok(sessions)
}

/// Ends one of one's sessions; says whether it was the one that asks.
///
/// # Errors
/// `NOT_FOUND`, for another person's too.
pub(crate) async fn revoke(
    environment: &Environment,
    person: &Person,
    id: &str,
    visitor: Visitor<'_>,
) -> Result<bool, Refusal> {
    limits::about(environment, Door::Account, &person.id.to_string()).await?;
    let gone = || Refusal::new(Code::NotFound, "there is no such session");
    let id = Uuid::try_parse(id).map_err(|_| gone())?;
    if person.view.tenant.is_some() && !list(environment, person).await?.iter().any(|it| it.id == id) {
        return Err(gone());
    }
    let ended = end_sessions(&environment.platform, Sessions::One(person.id, id)).await?;
    if ended.is_empty() {
        return Err(gone());
    }
    tell(environment, &ended);
    audit::own_account(environment, &person.bundle, person.id, "revoke_session", visitor.origin).await;
    Ok(ended.contains(&person.token.hash()))
}

/// Ends all of one's sessions but the one that asks, or with it. Keys stay: they are revoked one by one.
///
/// # Errors
/// `FORBIDDEN` to a session of one tenant.
pub(crate) async fn revoke_all(
    environment: &Environment,
    person: &Person,
    own_too: bool,
    visitor: Visitor<'_>,
) -> Result<usize, Refusal> {
    person.whole()?;
    limits::about(environment, Door::Account, &person.id.to_string()).await?;
    end_refreshes(&environment.platform, person.id).await?;
    let others = Sessions::Others(person.id, person.token.hash());
    let mut ended = end_sessions(&environment.platform, others).await?;
    if own_too {
        let own = Sessions::Kind(person.id, SessionKind::Browser);
        ended.extend(end_sessions(&environment.platform, own).await?);
    }
    tell(environment, &ended);
    audit::own_account(
        environment,
        &person.bundle,
        person.id,
        "revoke_sessions",
        visitor.origin,
    )
    .await;
    Ok(ended.len())
}

/// Lets those hear who listen with these sessions.
pub(crate) fn tell(environment: &Environment, ended: &[TokenHash]) {
    for token in ended {
        environment.hub.tell(Changes::session(token.0));
    }
}

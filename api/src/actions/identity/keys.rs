//! API keys: a person's rights or fewer, for machines. Shown once, stored hashed, and ended by time or by their owner.

use crate::actions::audit;
use crate::actions::identity::limits::{self, Door};
use crate::actions::identity::sessions::tell;
use crate::actions::identity::visitor::{Person, Visitor};
use crate::environments::Environment;
use crate::error::Refusal;
use freehold_auth::{
    NewSession, SessionInfo, SessionKind, Sessions, Terms, Token, begin_session, end_sessions, list_sessions,
};
use freehold_base::{Code, RowId, nearest};
use freehold_factors::ApiKeyText;
use std::time::Duration;
use uuid::Uuid;

/// Keys of one person at most.
const KEYS_MAX: usize = 50;
/// Longest life of a key, in days.
pub(crate) const DAYS_MAX: u32 = 3650;
/// Life of a key for which none is stated, in days.
pub(crate) const DAYS_DEFAULT: u32 = 90;
/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 100;

/// A key that is wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// What its owner calls it.
    pub(crate) name: String,
    /// Days until it ends.
    pub(crate) expires_days: Option<u32>,
    /// Only these of its owner's roles count; `None`: all.
    pub(crate) roles: Option<Vec<String>>,
    /// It changes nothing.
    pub(crate) read_only: bool,
    /// The only tenant in which it counts, by slug or id.
    pub(crate) tenant: Option<String>,
}

/// A key that was made. Not `Debug`: it is shown this once.
pub(crate) struct Made {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    pub(crate) hint: String,
    /// In microseconds since 1970 UTC.
    pub(crate) expires_at: i64,
}

/// Makes a key for whoever asks.
///
/// # Errors
/// `BAD_USER_INPUT` for a name, a life, roles or a tenant that cannot be; `LIMIT_EXCEEDED`.
pub(crate) async fn create(
    environment: &Environment,
    person: &Person,
    wanted: &Wanted,
    visitor: Visitor<'_>,
) -> Result<Made, Refusal> {
    limits::about(environment, Door::Account, &person.id.to_string()).await?;
    let factors = freehold_auth::list_factors(&environment.platform, person.id).await?;
    person.shown(factors.len())?;
    let bad = |what: &str| Refusal::new(Code::BadUserInput, what.to_owned());
    let name = wanted.name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(bad("a key has a name of 1 to 100 characters"));
    }
    let days = wanted.expires_days.unwrap_or(DAYS_DEFAULT);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(bad("a key lasts 1 to 3650 days"));
    }
    let tenant = tenant_of(person, wanted.tenant.as_deref())?;
    if let Some(roles) = &wanted.roles {
        check_roles(person, tenant, roles)?;
    }
    if list(environment, person).await?.len() >= KEYS_MAX {
        return Err(Refusal::new(
            Code::LimitExceeded,
            format!("nobody has more than {KEYS_MAX} keys; revoke one first"),
        ));
    }
    let text = ApiKeyText::random(&mut rand::rng());
    let token = Token::from_bytes(*text.bytes());
    let lasts = Duration::from_hours(24 * u64::from(days));
    let label = format!("{}\n{name}", text.hint());
    let now = environment.clock.now();
    let new = NewSession {
        kind: SessionKind::Key,
        // What its owner has not shown, their key has not.
        terms: Terms {
            strong: person.terms.strong,
            lasting: true,
            read_only: wanted.read_only,
            roles: wanted.roles.clone(),
            ..Terms::default()
        },
        tenant,
        label: Some(&label),
        lasts,
        ..NewSession::browser(&person.bundle.directory, person.id)
    };
    let id = begin_session(&environment.platform, &token, &new, now).await?;
    audit::own_account(environment, &person.bundle, person.id, "create_api_key", visitor.origin).await;
    Ok(Made {
        id,
        key: text.text().to_string(),
        hint: text.hint(),
        expires_at: freehold_auth::ends(now, lasts),
    })
}

/// A person's keys, without what opens.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn list(environment: &Environment, person: &Person) -> Result<Vec<SessionInfo>, Refusal> {
    let which = Sessions::Kind(person.id, SessionKind::Key);
    let directory = &person.bundle.directory;
    Ok(list_sessions(&environment.platform, directory, which, environment.clock.now()).await?)
}

/// A key's first characters, and what its owner calls it.
pub(crate) fn names_of(key: &SessionInfo) -> (&str, &str) {
    let label = key.label.as_deref().unwrap_or_default();
    label.split_once('\n').unwrap_or(("", label))
}

/// Revokes a key.
///
/// # Errors
/// `NOT_FOUND`, for another person's too.
pub(crate) async fn revoke(
    environment: &Environment,
    person: &Person,
    id: &str,
    visitor: Visitor<'_>,
) -> Result<(), Refusal> {
    limits::about(environment, Door::Account, &person.id.to_string()).await?;
    person.whole()?;
    let gone = || Refusal::new(Code::NotFound, "there is no such key");
    let id = Uuid::try_parse(id).map_err(|_| gone())?;
    let is_key = list(environment, person).await?.iter().any(|key| key.id == id);
    if !is_key {
        return Err(gone());
    }
    let ended = end_sessions(&environment.platform, Sessions::One(person.id, id)).await?;
    tell(environment, &ended);
    audit::own_account(environment, &person.bundle, person.id, "revoke_api_key", visitor.origin).await;
    Ok(())
}

/// The tenant that is named, of which the person is a member.
fn tenant_of(person: &Person, named: Option<&str>) -> Result<Option<RowId>, Refusal> {
    let Some(named) = named.filter(|named| !named.is_empty()) else {
        return Ok(None);
    };
    let mut memberships = person.view.memberships.iter();
    let found = memberships.find(|it| it.tenant.slug == named || it.tenant.id == named);
    let id = found.and_then(|it| RowId::parse(&it.tenant.id));
    id.map(Some)
        .ok_or_else(|| Refusal::new(Code::BadUserInput, format!("you are no member of `{named}`")))
}

/// A key never has a role that its owner does not hold.
fn check_roles(person: &Person, tenant: Option<RowId>, roles: &[String]) -> Result<(), Refusal> {
    let held = held_roles(person, tenant);
    match roles.iter().find(|role| !held.contains(&role.as_str())) {
        None => Ok(()),
        Some(role) => {
            let refusal = Refusal::new(Code::BadUserInput, format!("you do not hold the role `{role}`"));
            Err(match nearest(role, held.iter().copied()) {
                Some(near) => refusal.with_hint(format!("did you mean `{near}`?")),
                None => refusal,
            })
        }
    }
}

/// The roles of a person, everywhere or in one tenant.
pub(crate) fn held_roles(person: &Person, tenant: Option<RowId>) -> Vec<&str> {
    let tenant = tenant.map(|id| id.to_string());
    let here = person
        .view
        .memberships
        .iter()
        .filter(|it| tenant.as_ref().is_none_or(|id| *id == it.tenant.id))
        .flat_map(|it| &it.roles);
    let own = person.view.roles.iter().flatten();
    let mut held: Vec<&str> = here.chain(own).map(String::as_str).collect();
    held.sort_unstable();
    held.dedup();
    held
}

//! Sessions of people, and whatever else shows who calls: access tokens, keys of machines. One table, looked up in one way by
//! [`crate::identify()`]; they end by time, or by their owner.

use crate::terms::Terms;
use crate::{AuthError, Directory, Token, TokenHash};
use freehold_base::{RowId, Timestamp};
use freehold_entities::session;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder,
};
use sea_orm::{ActiveValue::Set, sea_query::Expr};
use std::time::Duration;
use uuid::Uuid;

/// Use is noted this often, so that reading does not always write.
const NOTED: Duration = Duration::from_mins(1);
/// How long a token that was replaced is still good: requests that are under way carry it.
const REPLACED: Duration = Duration::from_secs(30);
/// Text of the client's that is kept is cut to this many characters.
const NOTE_CHARS_MAX: usize = 300;

/// What kind of session it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// Of a person in a browser.
    Browser,
    /// An access token of an app.
    Token,
    /// A key of a machine.
    Key,
    /// Something shown with each request, for which this stands for a while: a password, a certificate, somebody else's token.
    Exchanged,
}

impl SessionKind {
    /// As the column has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Token => "token",
            Self::Key => "key",
            Self::Exchanged => "exchanged",
        }
    }
}

/// A session that is to begin.
#[derive(Clone, Debug)]
pub struct NewSession<'a> {
    /// Whose.
    pub user: RowId,
    /// Of what kind.
    pub kind: SessionKind,
    /// What it is good for.
    pub terms: Terms,
    /// The only tenant in which it counts; `None`: all.
    pub tenant: Option<RowId>,
    /// What its owner calls it.
    pub label: Option<&'a str>,
    /// How long it is good at most.
    pub lasts: Duration,
    /// What the client calls itself.
    pub user_agent: Option<&'a str>,
    /// Where it calls from.
    pub address: Option<&'a str>,
    /// The identity provider that signed the person in, and what it calls its own session.
    pub provider: Option<(&'a str, Option<&'a str>)>,
    /// The refresh tokens it came from.
    pub family: Option<Uuid>,
}

impl NewSession<'_> {
    /// A browser's, without a second factor.
    pub fn browser(directory: &Directory, user: RowId) -> Self {
        NewSession {
            user,
            kind: SessionKind::Browser,
            terms: Terms::default(),
            tenant: None,
            label: None,
            lasts: directory.sessions.absolute,
            user_agent: None,
            address: None,
            provider: None,
            family: None,
        }
    }
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// What it is called. Nobody gets in with it.
    pub id: Uuid,
    /// Whose.
    pub user: RowId,
    /// `browser`, `token`, `key` …
    pub kind: String,
    /// What it is good for.
    pub terms: Terms,
    /// The only tenant in which it counts.
    pub tenant: Option<RowId>,
    /// What its owner calls it.
    pub label: Option<String>,
    /// When it began, in microseconds since 1970 UTC, as the others.
    pub created_at: i64,
    /// When it was last used, to the minute.
    pub last_seen_at: i64,
    /// When it ends in any case.
    pub expires_at: i64,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// Where it was begun from.
    pub address: Option<String>,
    /// The identity provider.
    pub provider: Option<String>,
    /// By what it is looked up.
    pub token: TokenHash,
}

/// Which sessions are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions<'a> {
    /// That one, of that person.
    One(RowId, Uuid),
    /// All of a person.
    Of(RowId),
    /// All of a person of that kind.
    Kind(RowId, SessionKind),
    /// All of a person but the one of that token; keys stay.
    Others(RowId, TokenHash),
    /// Those that came from one family of refresh tokens.
    Family(Uuid),
    /// Those that a provider began for a person.
    Provider(&'a str, RowId),
    /// Those that a provider calls so.
    ProviderSession(&'a str, &'a str),
}

impl Sessions<'_> {
    fn condition(self) -> Condition {
        use session::Column;
        let all = Condition::all();
        match self {
            Self::One(user, id) => all.add(Column::UserId.eq(user.uuid())).add(Column::Id.eq(id)),
            Self::Of(user) => all.add(Column::UserId.eq(user.uuid())),
            Self::Kind(user, kind) => all
                .add(Column::UserId.eq(user.uuid()))
                .add(Column::Kind.eq(kind.name())),
            Self::Others(user, token) => all
                .add(Column::UserId.eq(user.uuid()))
                .add(Column::TokenHash.ne(token.bytes()))
                .add(Column::Kind.ne(SessionKind::Key.name())),
            Self::Family(family) => all.add(Column::Family.eq(family)),
            Self::Provider(provider, user) => all
                .add(Column::Provider.eq(provider))
                .add(Column::UserId.eq(user.uuid())),
            Self::ProviderSession(provider, session) => all
                .add(Column::Provider.eq(provider))
                .add(Column::ProviderSession.eq(session)),
        }
    }
}

/// Begins a session. Gives what it is called.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn begin_session(
    database: &impl ConnectionTrait,
    token: &Token,
    new: &NewSession<'_>,
    now: Timestamp,
) -> Result<Uuid, AuthError> {
    let cut = |text: &str| text.chars().take(NOTE_CHARS_MAX).collect::<String>();
    // What it is called tells nothing of the token: the hash of its hash.
    let id = TokenHash::of(&token.hash().0).0;
    let id = Uuid::from_slice(&id[..16]).map_err(|error| AuthError::Damaged(error.to_string()))?;
    let row = session::ActiveModel {
        token_hash: Set(token.hash().bytes()),
        id: Set(id),
        user_id: Set(new.user.uuid()),
        kind: Set(new.kind.name().to_owned()),
        terms: Set(new.terms.text()),
        tenant_id: Set(new.tenant.map(RowId::uuid)),
        rotate: Set(0),
        label: Set(new.label.map(cut)),
        created_at: Set(now.0),
        last_seen_at: Set(now.0),
        expires_at: Set(later(now, new.lasts)),
        user_agent: Set(new.user_agent.map(cut)),
        address: Set(new.address.map(cut)),
        provider: Set(new.provider.map(|(name, _)| name.to_owned())),
        provider_session: Set(new.provider.and_then(|(_, session)| session.map(cut))),
        family: Set(new.family),
    };
    session::Entity::insert(row).exec_without_returning(database).await?;
    Ok(id)
}

/// Sessions that are not over, the last used first.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn list_sessions(
    database: &DatabaseConnection,
    directory: &Directory,
    which: Sessions<'_>,
    now: Timestamp,
) -> Result<Vec<SessionInfo>, AuthError> {
    let rows = session::Entity::find()
        .filter(which.condition())
        .order_by_desc(session::Column::LastSeenAt)
        .all(database)
        .await?;
    let mut found = Vec::new();
    for row in rows {
        let Some(terms) = Terms::parse(row.terms.as_deref()) else {
            continue;
        };
        if is_over(directory, &terms, row.last_seen_at, row.expires_at, now) || row.rotate == ROTATED {
            continue;
        }
        let hash: [u8; 32] = row
            .token_hash
            .try_into()
            .map_err(|_| AuthError::Damaged("a session's token".to_owned()))?;
        found.push(SessionInfo {
            id: row.id,
            user: row.user_id.into(),
            kind: row.kind,
            terms,
            tenant: row.tenant_id.map(RowId::from),
            label: row.label,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
            user_agent: row.user_agent,
            address: row.address,
            provider: row.provider,
            token: TokenHash(hash),
        });
    }
    Ok(found)
}

/// Ends sessions. Gives by what they were looked up; those that are not there are ended already.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn end_sessions(database: &DatabaseConnection, which: Sessions<'_>) -> Result<Vec<TokenHash>, AuthError> {
    if let Sessions::One(..) = which {
        let found = session::Entity::find().filter(which.condition()).one(database).await?;
        return match found {
            Some(row) => end(database, with_older(&row)).await,
            None => Ok(Vec::new()),
        };
    }
    end(database, which.condition()).await
}

/// The session, and the rows of its older tokens, which are good a little longer: they began when it did.
fn with_older(row: &session::Model) -> Condition {
    use session::Column;
    let same = Condition::all()
        .add(Column::UserId.eq(row.user_id))
        .add(Column::Kind.eq(SessionKind::Browser.name()))
        .add(Column::CreatedAt.eq(row.created_at));
    if row.kind == SessionKind::Browser.name() {
        same
    } else {
        Condition::all().add(Column::TokenHash.eq(row.token_hash.clone()))
    }
}

async fn end(database: &DatabaseConnection, which: Condition) -> Result<Vec<TokenHash>, AuthError> {
    let rows = session::Entity::delete_many()
        .filter(which)
        .exec_with_returning(database)
        .await?;
    let hash = |row: session::Model| row.token_hash.try_into().ok().map(TokenHash);
    Ok(rows.into_iter().filter_map(hash).collect())
}

/// Ends the session of whoever signs out; gives by what it was looked up. One that is not there is ended already. A key stays: its
/// owner revokes it, not whoever holds it.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn end_session(database: &DatabaseConnection, token: &Token) -> Result<Vec<TokenHash>, AuthError> {
    let found = session::Entity::find_by_id(token.hash().bytes()).one(database).await?;
    match found.filter(|row| row.kind != SessionKind::Key.name()) {
        Some(row) => end(database, with_older(&row)).await,
        None => Ok(Vec::new()),
    }
}

/// Notes that a second factor was shown in a session.
///
/// # Errors
/// [`AuthError::BadSession`], [`AuthError::Database`].
pub async fn strengthen(database: &DatabaseConnection, token: &Token) -> Result<(), AuthError> {
    let row = session::Entity::find_by_id(token.hash().bytes()).one(database).await?;
    let row = row.ok_or(AuthError::BadSession)?;
    let terms = Terms::parse(row.terms.as_deref()).ok_or(AuthError::BadSession)?;
    let terms = Terms { strong: true, ..terms };
    session::Entity::update_many()
        .col_expr(session::Column::Terms, Expr::value(terms.text()))
        .filter(session::Column::TokenHash.eq(token.hash().bytes()))
        .exec(database)
        .await?;
    Ok(())
}

/// The column says that its token is to be replaced: what its owner may do has changed.
pub(crate) const TO_ROTATE: i32 = 1;
/// The column says that its token was replaced, and is good for those alone that are under way.
const ROTATED: i32 = 2;

/// Gives a browser's session another token; the old one is good for half a minute more. False: another request has done so.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn rotate(
    database: &DatabaseConnection,
    old: &Token,
    new: &Token,
    now: Timestamp,
) -> Result<bool, AuthError> {
    let row = session::Entity::find_by_id(old.hash().bytes()).one(database).await?;
    let Some(row) = row.filter(|row| row.kind == SessionKind::Browser.name()) else {
        return Ok(false);
    };
    // Of two that would replace it, one does.
    let mine = session::Entity::update_many()
        .col_expr(session::Column::Rotate, Expr::value(ROTATED))
        .col_expr(
            session::Column::ExpiresAt,
            Expr::value(later(now, REPLACED).min(row.expires_at)),
        )
        .filter(session::Column::TokenHash.eq(old.hash().bytes()))
        .filter(session::Column::Rotate.ne(ROTATED))
        .exec(database)
        .await?;
    if mine.rows_affected == 0 {
        return Ok(false);
    }
    let id = TokenHash::of(&new.hash().0).0;
    let id = Uuid::from_slice(&id[..16]).map_err(|error| AuthError::Damaged(error.to_string()))?;
    let next = session::ActiveModel {
        token_hash: Set(new.hash().bytes()),
        id: Set(id),
        rotate: Set(0),
        last_seen_at: Set(now.0),
        ..session::ActiveModel::from(row).reset_all()
    };
    session::Entity::insert(next).exec_without_returning(database).await?;
    Ok(true)
}

/// Asks that the tokens of a person's sessions are replaced when they are next used.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn rotate_later(database: &impl ConnectionTrait, user: RowId) -> Result<(), AuthError> {
    session::Entity::update_many()
        .col_expr(session::Column::Rotate, Expr::value(TO_ROTATE))
        .filter(session::Column::UserId.eq(user.uuid()))
        .filter(session::Column::Kind.eq(SessionKind::Browser.name()))
        .filter(session::Column::Rotate.eq(0))
        .exec(database)
        .await?;
    Ok(())
}

/// Forgets sessions that are over.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn purge_sessions(
    database: &DatabaseConnection,
    directory: &Directory,
    now: Timestamp,
) -> Result<u64, AuthError> {
    let idle = Condition::all()
        .add(session::Column::Kind.eq(SessionKind::Browser.name()))
        .add(session::Column::LastSeenAt.lte(earlier(now, directory.sessions.idle)));
    let over = Condition::any().add(session::Column::ExpiresAt.lte(now.0)).add(idle);
    Ok(session::Entity::delete_many()
        .filter(over)
        .exec(database)
        .await?
        .rows_affected)
}

/// Notes that the session is in use, if that was not noted within the last minute.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn touch_session(database: &DatabaseConnection, token: TokenHash, now: Timestamp) -> Result<(), AuthError> {
    session::Entity::update_many()
        .col_expr(session::Column::LastSeenAt, Expr::value(now.0))
        .filter(session::Column::TokenHash.eq(token.bytes()))
        .filter(session::Column::LastSeenAt.lte(earlier(now, NOTED)))
        .exec(database)
        .await?;
    Ok(())
}

/// Whether a session has been idle for too long, or has reached its end.
pub(crate) fn is_over(
    directory: &Directory,
    terms: &Terms,
    last_seen_at: i64,
    expires_at: i64,
    now: Timestamp,
) -> bool {
    let idle = !terms.lasting && earlier(now, directory.sessions.idle) >= last_seen_at;
    now.0 >= expires_at || idle
}

/// Whether use of a session is to be noted again.
pub(crate) fn is_stale(last_seen_at: i64, now: Timestamp) -> bool {
    earlier(now, NOTED) >= last_seen_at
}

/// Microseconds since 1970, so much later than `now`.
pub(crate) fn later(now: Timestamp, span: Duration) -> i64 {
    now.0
        .saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
}

pub(crate) fn earlier(now: Timestamp, span: Duration) -> i64 {
    now.0
        .saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
}

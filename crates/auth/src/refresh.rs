//! Refresh tokens (RFC 6749, section 6): each is good once. One that comes back was stolen, from one side or the other, and ends the
//! whole family with its sessions (RFC 9700, section 4.14.2).

use crate::session::{SessionKind, Sessions, end_sessions, later};
use crate::terms::Terms;
use crate::{AuthError, Token, TokenHash};
use freehold_base::{RowId, Timestamp};
use freehold_entities::{refresh, session};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, QueryFilter};
use std::time::Duration;
use uuid::Uuid;

/// What a refresh token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// All that came from one sign-in.
    pub family: Uuid,
    /// Whose.
    pub user: RowId,
    /// The app it was given to.
    pub client: String,
    /// What its access tokens are good for.
    pub terms: Terms,
    /// When the family ends, in microseconds since 1970 UTC.
    pub expires_at: i64,
}

/// What became of a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// It was good, and is used up.
    Good(Refresh),
    /// There is none such, or it is over, or another app's.
    Unknown,
    /// It was used before: its family has ended, and the sessions with these tokens.
    Reused(RowId, Vec<TokenHash>),
}

/// Keeps a refresh token.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn issue_refresh(
    database: &impl ConnectionTrait,
    token: &Token,
    new: &Refresh,
    now: Timestamp,
) -> Result<(), AuthError> {
    let row = refresh::ActiveModel {
        token_hash: Set(token.hash().bytes()),
        family: Set(new.family),
        user_id: Set(new.user.uuid()),
        client: Set(new.client.clone()),
        terms: Set(new.terms.text()),
        created_at: Set(now.0),
        expires_at: Set(new.expires_at),
        used_at: Set(None),
    };
    refresh::Entity::insert(row).exec_without_returning(database).await?;
    Ok(())
}

/// Uses a refresh token up.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn use_refresh(
    database: &DatabaseConnection,
    token: &Token,
    client: &str,
    now: Timestamp,
) -> Result<Refreshed, AuthError> {
    let hash = token.hash().bytes();
    let Some(row) = refresh::Entity::find_by_id(hash.clone()).one(database).await? else {
        return Ok(Refreshed::Unknown);
    };
    if row.client != client || row.expires_at <= now.0 {
        return Ok(Refreshed::Unknown);
    }
    let user = RowId::from(row.user_id);
    // Of two who use it at once, one does.
    let used = refresh::Entity::update_many()
        .col_expr(refresh::Column::UsedAt, Expr::value(now.0))
        .filter(refresh::Column::TokenHash.eq(hash))
        .filter(refresh::Column::UsedAt.is_null())
        .exec(database)
        .await?;
    if used.rows_affected == 0 {
        return Ok(Refreshed::Reused(user, end_family(database, row.family).await?));
    }
    let terms = Terms::parse(row.terms.as_deref()).ok_or(AuthError::BadSession)?;
    Ok(Refreshed::Good(Refresh {
        family: row.family,
        user,
        client: row.client,
        terms,
        expires_at: row.expires_at,
    }))
}

/// The family of a refresh token of that app, whether it was used or not.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn family_of(database: &DatabaseConnection, token: &Token, client: &str) -> Result<Option<Uuid>, AuthError> {
    let row = refresh::Entity::find_by_id(token.hash().bytes()).one(database).await?;
    Ok(row.filter(|row| row.client == client).map(|row| row.family))
}

/// The family of an access token of that app.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn family_of_session(
    database: &DatabaseConnection,
    token: &Token,
    client: &str,
) -> Result<Option<Uuid>, AuthError> {
    let row = session::Entity::find_by_id(token.hash().bytes()).one(database).await?;
    let row = row.filter(|row| row.kind == SessionKind::Token.name() && row.label.as_deref() == Some(client));
    Ok(row.and_then(|row| row.family))
}

/// Ends a family, and the sessions that came from it; gives their tokens.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn end_family(database: &DatabaseConnection, family: Uuid) -> Result<Vec<TokenHash>, AuthError> {
    refresh::Entity::delete_many()
        .filter(refresh::Column::Family.eq(family))
        .exec(database)
        .await?;
    end_sessions(database, Sessions::Family(family)).await
}

/// Ends all refresh tokens of a person.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn end_refreshes(database: &impl ConnectionTrait, user: RowId) -> Result<(), AuthError> {
    refresh::Entity::delete_many()
        .filter(refresh::Column::UserId.eq(user.uuid()))
        .exec(database)
        .await?;
    Ok(())
}

/// Forgets those that are over; gives their number. A used one is kept until then: it tells a thief.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn purge_refreshes(database: &DatabaseConnection, now: Timestamp) -> Result<u64, AuthError> {
    Ok(refresh::Entity::delete_many()
        .filter(refresh::Column::ExpiresAt.lte(now.0))
        .exec(database)
        .await?
        .rows_affected)
}

/// When something that begins now ends.
pub fn ends(now: Timestamp, lasts: Duration) -> i64 {
    later(now, lasts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{NewSession, begin_session};
    use crate::testing::{id, worlds};
    use freehold_base::Clock;

    #[tokio::test]
    async fn one_that_comes_back_ends_the_family() {
        for world in worlds("refresh").await {
            let (database, now) = (&world.database, world.clock.now());
            let tokens: Vec<Token> = (0..3).map(|_| Token::random(&mut rand::rng())).collect();
            let family = Uuid::from_u128(7);
            let new = Refresh {
                family,
                user: id(1),
                client: "mobile".into(),
                terms: Terms::default(),
                expires_at: ends(now, Duration::from_mins(1)),
            };
            issue_refresh(database, &tokens[0], &new, now).await.unwrap();
            let access = Token::random(&mut rand::rng());
            let session = NewSession {
                kind: SessionKind::Token,
                family: Some(family),
                ..NewSession::browser(&world.directory, id(1))
            };
            begin_session(database, &access, &session, now).await.unwrap();
            let used = |token, client, at| use_refresh(database, token, client, at);
            assert_eq!(used(&tokens[2], "mobile", now).await.unwrap(), Refreshed::Unknown);
            assert_eq!(used(&tokens[0], "other", now).await.unwrap(), Refreshed::Unknown);
            let late = Timestamp(new.expires_at);
            assert_eq!(used(&tokens[0], "mobile", late).await.unwrap(), Refreshed::Unknown);
            assert_eq!(
                used(&tokens[0], "mobile", now).await.unwrap(),
                Refreshed::Good(new.clone())
            );
            issue_refresh(database, &tokens[1], &new, now).await.unwrap();
            let reused = used(&tokens[0], "mobile", now).await.unwrap();
            assert_eq!(reused, Refreshed::Reused(id(1), vec![access.hash()]));
            assert_eq!(used(&tokens[1], "mobile", now).await.unwrap(), Refreshed::Unknown);
        }
    }
}

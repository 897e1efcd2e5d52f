//! Tickets: what is good once, for one thing and for a while. Links in letters, sign-ins that are under way, challenges, codes of apps.

use crate::session::later;
use crate::{AuthError, Token, TokenHash};
use freehold_base::{RowId, Timestamp};
use freehold_entities::ticket;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, TryInsertResult};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// What a ticket is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketKind {
    /// The password was right; the second factor is still to come.
    SecondFactor,
    /// Somebody was sent to an OpenID provider.
    Oidc,
    /// Somebody was sent to a SAML provider.
    Saml,
    /// Somebody has come back from a SAML provider.
    SamlBack,
    /// What a provider sent was used: it is not good again.
    Seen,
    /// A passkey is being set up.
    PasskeySetUp,
    /// A passkey is asked for.
    PasskeySignIn,
    /// An authenticator is being set up.
    TotpSetUp,
    /// A letter to somebody who wants an account.
    SignUp,
    /// A letter that shows whose an address is.
    Email,
    /// An app may fetch tokens.
    Code,
}

impl TicketKind {
    /// As the column has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SecondFactor => "second_factor",
            Self::Oidc => "oidc",
            Self::Saml => "saml",
            Self::SamlBack => "saml_back",
            Self::Seen => "seen",
            Self::PasskeySetUp => "passkey_set_up",
            Self::PasskeySignIn => "passkey_sign_in",
            Self::TotpSetUp => "totp_set_up",
            Self::SignUp => "sign_up",
            Self::Email => "email",
            Self::Code => "code",
        }
    }
}

/// A ticket that is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket<T> {
    /// Whom it is about.
    pub user: Option<RowId>,
    /// What was to be known.
    pub data: T,
}

/// Makes a ticket that is good for so long.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn issue_ticket(
    database: &impl ConnectionTrait,
    kind: TicketKind,
    token: &Token,
    user: Option<RowId>,
    data: &impl Serialize,
    now: Timestamp,
    lasts: Duration,
) -> Result<(), AuthError> {
    let row = ticket::ActiveModel {
        token_hash: Set(token.hash().bytes()),
        kind: Set(kind.name().to_owned()),
        user_id: Set(user.map(RowId::uuid)),
        data: Set(serde_json::to_string(data).map_err(|error| AuthError::Damaged(error.to_string()))?),
        created_at: Set(now.0),
        expires_at: Set(later(now, lasts)),
    };
    ticket::Entity::insert(row).exec_without_returning(database).await?;
    Ok(())
}

/// Uses a ticket up. `None`: there is none that is good for this. Of two who use it at once, one has it.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn take_ticket<T: DeserializeOwned>(
    database: &impl ConnectionTrait,
    kind: TicketKind,
    token: &Token,
    now: Timestamp,
) -> Result<Option<Ticket<T>>, AuthError> {
    let rows = ticket::Entity::delete_many()
        .filter(ticket::Column::TokenHash.eq(token.hash().bytes()))
        .filter(ticket::Column::Kind.eq(kind.name()))
        .exec_with_returning(database)
        .await?;
    good(rows.into_iter().next(), now)
}

/// Looks at a ticket, which stays good.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn find_ticket<T: DeserializeOwned>(
    database: &impl ConnectionTrait,
    kind: TicketKind,
    token: &Token,
    now: Timestamp,
) -> Result<Option<Ticket<T>>, AuthError> {
    let row = ticket::Entity::find_by_id(token.hash().bytes())
        .filter(ticket::Column::Kind.eq(kind.name()))
        .one(database)
        .await?;
    good(row, now)
}

fn good<T: DeserializeOwned>(row: Option<ticket::Model>, now: Timestamp) -> Result<Option<Ticket<T>>, AuthError> {
    let Some(row) = row.filter(|row| row.expires_at > now.0) else {
        return Ok(None);
    };
    Ok(Some(Ticket {
        user: row.user_id.map(RowId::from),
        data: serde_json::from_str(&row.data).map_err(|error| AuthError::Damaged(error.to_string()))?,
    }))
}

/// Remembers that something was used, for so long; false: it was used before.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn use_once(
    database: &impl ConnectionTrait,
    what: &str,
    now: Timestamp,
    lasts: Duration,
) -> Result<bool, AuthError> {
    let row = ticket::ActiveModel {
        token_hash: Set(TokenHash::of(format!("seen:{what}").as_bytes()).bytes()),
        kind: Set(TicketKind::Seen.name().to_owned()),
        user_id: Set(None),
        data: Set("null".to_owned()),
        created_at: Set(now.0),
        expires_at: Set(later(now, lasts)),
    };
    let outcome = ticket::Entity::insert(row)
        .on_conflict_do_nothing_on([ticket::Column::TokenHash])
        .exec_without_returning(database)
        .await?;
    Ok(matches!(outcome, TryInsertResult::Inserted(1)))
}

/// Makes every ticket of a person for that purpose useless.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn void_tickets(database: &impl ConnectionTrait, kind: TicketKind, user: RowId) -> Result<(), AuthError> {
    ticket::Entity::delete_many()
        .filter(ticket::Column::UserId.eq(user.uuid()))
        .filter(ticket::Column::Kind.eq(kind.name()))
        .exec(database)
        .await?;
    Ok(())
}

/// Forgets tickets that are over; gives their number.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn purge_tickets(database: &impl ConnectionTrait, now: Timestamp) -> Result<u64, AuthError> {
    Ok(ticket::Entity::delete_many()
        .filter(ticket::Column::ExpiresAt.lte(now.0))
        .exec(database)
        .await?
        .rows_affected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{id, worlds};
    use freehold_base::Clock;

    #[tokio::test]
    async fn a_ticket_is_good_once_for_one_thing_and_for_a_while() {
        for world in worlds("ticket").await {
            let (database, now) = (&world.database, world.clock.now());
            let lasts = Duration::from_mins(1);
            let token = Token::random(&mut rand::rng());
            let issue = |token: Token| async move {
                let data = vec!["a".to_owned()];
                issue_ticket(database, TicketKind::Email, &token, Some(id(1)), &data, now, lasts).await
            };
            issue(token.clone()).await.unwrap();
            let take = |kind, at| take_ticket::<Vec<String>>(database, kind, &token, at);
            let seen = find_ticket::<Vec<String>>(database, TicketKind::Email, &token, now).await;
            assert!(seen.unwrap().is_some());
            assert_eq!(take(TicketKind::SignUp, now).await.unwrap(), None, "for another thing");
            let taken = take(TicketKind::Email, now).await.unwrap().unwrap();
            assert_eq!((taken.user, taken.data), (Some(id(1)), vec!["a".to_owned()]));
            assert_eq!(take(TicketKind::Email, now).await.unwrap(), None, "twice");

            issue(token.clone()).await.unwrap();
            let late = Timestamp(later(now, lasts));
            assert_eq!(take(TicketKind::Email, late).await.unwrap(), None, "too late");

            issue(token.clone()).await.unwrap();
            void_tickets(database, TicketKind::Email, id(2)).await.unwrap();
            void_tickets(database, TicketKind::SignUp, id(1)).await.unwrap();
            let there = find_ticket::<Vec<String>>(database, TicketKind::Email, &token, now).await;
            assert!(there.unwrap().is_some(), "somebody else's, and another kind");
            void_tickets(database, TicketKind::Email, id(1)).await.unwrap();
            assert_eq!(take(TicketKind::Email, now).await.unwrap(), None, "void");

            assert!(use_once(database, "assertion 1", now, lasts).await.unwrap());
            assert!(!use_once(database, "assertion 1", now, lasts).await.unwrap());
            assert!(use_once(database, "assertion 2", now, lasts).await.unwrap());
            assert_eq!(purge_tickets(database, now).await.unwrap(), 0);
            assert_eq!(purge_tickets(database, late).await.unwrap(), 2);
        }
    }
}

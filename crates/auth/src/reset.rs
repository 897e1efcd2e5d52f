//! Links by which somebody chooses a password.

use crate::read::Sql;
use crate::session::later;
use crate::sign_in::{Address, replace_password};
use crate::{AuthError, Token};
use freehold_base::{RowId, Timestamp};
use freehold_entities::reset;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, QueryFilter, TransactionTrait};
use std::time::Duration;

/// Whose link it is, if it is good now. Costs less than hashing a password, so that nobody makes the server hash for nothing.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn find_reset(
    database: &DatabaseConnection,
    token: &Token,
    now: Timestamp,
) -> Result<Option<RowId>, AuthError> {
    let mut sql = Sql::new(format!("SELECT user_id FROM fh_reset WHERE {GOOD}"));
    push_good(&mut sql, token, now);
    match database.query_one_raw(sql.finish(database)).await? {
        Some(row) => Ok(Some(row.try_get_by::<uuid::Uuid, _>("user_id")?.into())),
        None => Ok(None),
    }
}

/// Makes a link for somebody who asks for one, good for half an hour. Links that they had before stay good: whoever asks again has
/// perhaps the first letter in hand.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn ask_reset(
    database: &DatabaseConnection,
    user: RowId,
    token: &Token,
    now: Timestamp,
) -> Result<(), AuthError> {
    let row = reset::ActiveModel {
        token_hash: Set(token.hash().bytes()),
        user_id: Set(user.uuid()),
        created_at: Set(now.0),
        expires_at: Set(later(now, ASKED_FOR)),
    };
    reset::Entity::insert(row).exec_without_returning(database).await?;
    Ok(())
}

/// How long a link is good that somebody has asked for.
const ASKED_FOR: Duration = Duration::from_mins(30);

/// Uses a link up: sets the password of the person to whom it was sent to the one of that PHC string, lifts a block, ends their sessions
/// and makes every other link of theirs useless. Gives the person; `None` if the link is not good (any more).
///
/// # Errors
/// [`AuthError::Database`].
pub async fn choose_password(
    database: &DatabaseConnection,
    token: &Token,
    phc: String,
    now: Timestamp,
) -> Result<Option<RowId>, AuthError> {
    let transaction = database.begin().await?;
    // Of two who use the link at once, one has it.
    let mut sql = Sql::new(format!("DELETE FROM fh_reset WHERE {GOOD}"));
    push_good(&mut sql, token, now).push(" RETURNING user_id");
    let Some(row) = transaction.query_one_raw(sql.finish(database)).await? else {
        transaction.rollback().await?;
        return Ok(None);
    };
    let user = RowId::from(row.try_get_by::<uuid::Uuid, _>("user_id")?);
    replace_password(&transaction, user, phc, Address::Shown, now).await?;
    reset::Entity::delete_many()
        .filter(reset::Column::UserId.eq(user.uuid()))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(Some(user))
}

/// Forgets links that are over; gives their number.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn purge_resets(database: &DatabaseConnection, now: Timestamp) -> Result<u64, AuthError> {
    Ok(reset::Entity::delete_many()
        .filter(reset::Column::ExpiresAt.lte(now.0))
        .exec(database)
        .await?
        .rows_affected)
}

/// Who is blocked chooses no password: the link is good again once they are not.
const GOOD: &str =
    "EXISTS (SELECT 1 FROM \"user\" u WHERE u.id = fh_reset.user_id AND u.status = 'active') AND token_hash = ";

fn push_good<'s>(sql: &'s mut Sql, token: &Token, now: Timestamp) -> &'s mut Sql {
    sql.bind(token.hash().bytes()).push(" AND expires_at > ").bind(now.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{id, worlds};
    use freehold_base::Clock;
    use freehold_entities::{credential, session};

    const MINUTE: i64 = 60_000_000;

    async fn link(database: &DatabaseConnection, user: RowId, token: &Token, expires_at: i64) {
        let row = reset::ActiveModel {
            token_hash: Set(token.hash().bytes()),
            user_id: Set(user.uuid()),
            created_at: Set(0),
            expires_at: Set(expires_at),
        };
        reset::Entity::insert(row)
            .exec_without_returning(database)
            .await
            .unwrap();
    }

    async fn password(database: &DatabaseConnection, user: RowId) -> String {
        let row = credential::Entity::find_by_id(user.uuid()).one(database).await.unwrap();
        row.unwrap().password_hash
    }

    #[tokio::test]
    async fn a_link_is_good_once_and_for_a_while() {
        for world in worlds("reset").await {
            let (database, now) = (&world.database, world.clock.now());
            let tokens: Vec<Token> = (0..4).map(|_| Token::random(&mut rand::rng())).collect();
            let before = password(database, id(1)).await;
            link(database, id(1), &tokens[0], now.0 + MINUTE).await;
            link(database, id(1), &tokens[1], now.0 + MINUTE).await;
            link(database, id(2), &tokens[2], now.0 + MINUTE).await;
            let choose = |token, now| choose_password(database, token, "new".to_owned(), now);

            // Unknown, and over on the very moment.
            for (token, at) in [(&tokens[3], now), (&tokens[0], Timestamp(now.0 + MINUTE))] {
                assert!(find_reset(database, token, at).await.unwrap().is_none());
                assert_eq!(choose(token, at).await.unwrap(), None);
            }
            assert_eq!(password(database, id(1)).await, before);

            let session = Token::random(&mut rand::rng());
            let new = crate::NewSession::browser(&world.directory, id(1));
            crate::begin_session(database, &session, &new, now).await.unwrap();
            assert!(find_reset(database, &tokens[0], now).await.unwrap().is_some());
            assert_eq!(choose(&tokens[0], now).await.unwrap(), Some(id(1)));
            assert_eq!(password(database, id(1)).await, "new");
            let sessions = session::Entity::find().filter(session::Column::UserId.eq(id(1).uuid()));
            assert_eq!(sessions.all(database).await.unwrap(), []);
            // It is used up, and so is every other link of the same person; nobody else's is.
            for token in &tokens[..2] {
                assert!(find_reset(database, token, now).await.unwrap().is_none());
                assert_eq!(choose(token, now).await.unwrap(), None);
            }
            assert!(find_reset(database, &tokens[2], now).await.unwrap().is_some());
            assert_eq!(purge_resets(database, Timestamp(now.0 + MINUTE)).await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn who_is_blocked_chooses_no_password() {
        for world in worlds("reset_blocked").await {
            let (database, now) = (&world.database, world.clock.now());
            let token = Token::random(&mut rand::rng());
            // Di is blocked.
            link(database, id(4), &token, now.0 + MINUTE).await;
            assert!(find_reset(database, &token, now).await.unwrap().is_none());
            let chosen = choose_password(database, &token, "new".to_owned(), now).await;
            assert_eq!(chosen.unwrap(), None);
            let unblock = "UPDATE \"user\" SET status = 'active'";
            database.execute_unprepared(unblock).await.unwrap();
            assert!(find_reset(database, &token, now).await.unwrap().is_some());
        }
    }
}

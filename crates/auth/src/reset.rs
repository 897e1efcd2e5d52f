//! Links by which somebody chooses a password.

use crate::read::Sql;
use crate::{AuthError, Token};
use freehold_base::{RowId, Timestamp};
use freehold_entities::reset;
use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait};

/// Whether a link is good now. Costs less than hashing a password, so that nobody makes the server hash for nothing.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn is_reset_good(database: &DatabaseConnection, token: &Token, now: Timestamp) -> Result<bool, AuthError> {
    let found = reset::Entity::find_by_id(token.hash().bytes()).one(database).await?;
    Ok(found.is_some_and(|link| link.expires_at > now.0))
}

/// Uses a link up; gives the user whose it is, or `None` if it is not good (any more).
///
/// # Errors
/// [`AuthError::Database`].
pub async fn spend_reset(
    database: &DatabaseConnection,
    token: &Token,
    now: Timestamp,
) -> Result<Option<RowId>, AuthError> {
    let mut sql = Sql::new("DELETE FROM fh_reset WHERE token_hash = ");
    sql.bind(token.hash().bytes())
        .push(" AND expires_at > ")
        .bind(now.0)
        .push(" RETURNING user_id");
    let row = database.query_one_raw(sql.finish(database)).await?;
    let user = row.map(|row| row.try_get_by::<uuid::Uuid, _>("user_id")).transpose()?;
    Ok(user.map(RowId::from))
}

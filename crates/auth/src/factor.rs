//! Second factors of people, as they are kept. What a secret means is not known here: it arrives sealed, and leaves so.

use crate::read::Sql;
use crate::{AuthError, TokenHash};
use freehold_base::{RowId, Timestamp};
use freehold_entities::{factor, recovery};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, EntityTrait, QueryFilter,
    QueryOrder, TransactionTrait,
};
use uuid::Uuid;

/// Factors of one person at most.
pub const FACTORS_MAX: usize = 20;

/// What kind of factor it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorKind {
    /// An authenticator that shows codes (RFC 6238).
    Totp,
    /// A passkey (Web Authentication, level 3).
    Passkey,
}

impl FactorKind {
    /// As the column has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Totp, Self::Passkey].into_iter().find(|kind| kind.name() == text)
    }
}

/// A factor.
#[derive(Clone, PartialEq, Eq)]
pub struct Factor {
    /// What it is called.
    pub id: Uuid,
    /// Whose.
    pub user: RowId,
    /// Of what kind.
    pub kind: FactorKind,
    /// What its owner calls it.
    pub label: String,
    /// A passkey's credential id, in base64url.
    pub handle: Option<String>,
    /// Sealed.
    pub secret: Vec<u8>,
    /// The step of the last code.
    pub used_step: Option<i64>,
    /// When it was set up, in microseconds since 1970 UTC.
    pub created_at: i64,
    /// When it was last used.
    pub last_used_at: Option<i64>,
}

/// Keeps a factor.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn add_factor(database: &DatabaseConnection, new: &Factor) -> Result<(), AuthError> {
    let row = factor::ActiveModel {
        id: Set(new.id),
        user_id: Set(new.user.uuid()),
        kind: Set(new.kind.name().to_owned()),
        label: Set(new.label.clone()),
        handle: Set(new.handle.clone()),
        secret: Set(new.secret.clone()),
        used_step: Set(new.used_step),
        created_at: Set(new.created_at),
        last_used_at: Set(new.last_used_at),
    };
    factor::Entity::insert(row).exec_without_returning(database).await?;
    Ok(())
}

/// A person's factors, the oldest first.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn list_factors(database: &DatabaseConnection, user: RowId) -> Result<Vec<Factor>, AuthError> {
    let rows = factor::Entity::find()
        .filter(factor::Column::UserId.eq(user.uuid()))
        .order_by_asc(factor::Column::CreatedAt)
        .all(database)
        .await?;
    Ok(rows.into_iter().filter_map(read).collect())
}

/// The passkey with that credential id.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn find_passkey(database: &DatabaseConnection, handle: &str) -> Result<Option<Factor>, AuthError> {
    let row = factor::Entity::find()
        .filter(factor::Column::Handle.eq(handle))
        .filter(factor::Column::Kind.eq(FactorKind::Passkey.name()))
        .one(database)
        .await?;
    Ok(row.and_then(read))
}

/// Removes a factor; false if that person has none such. With the last one the codes for its loss go too.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn remove_factor(database: &DatabaseConnection, user: RowId, id: Uuid) -> Result<bool, AuthError> {
    let removed = factor::Entity::delete_many()
        .filter(factor::Column::UserId.eq(user.uuid()))
        .filter(factor::Column::Id.eq(id))
        .exec(database)
        .await?;
    let mut sql = Sql::new("DELETE FROM fh_recovery WHERE user_id = ");
    sql.bind(user.uuid())
        .push(" AND NOT EXISTS (SELECT 1 FROM fh_factor f WHERE f.user_id = fh_recovery.user_id)");
    database.execute_raw(sql.finish(database)).await?;
    Ok(removed.rows_affected > 0)
}

/// Removes all of a person's factors, and their codes: an administrator helps somebody who has lost them.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn remove_factors(database: &DatabaseConnection, user: RowId) -> Result<u64, AuthError> {
    let transaction = database.begin().await?;
    let removed = factor::Entity::delete_many()
        .filter(factor::Column::UserId.eq(user.uuid()))
        .exec(&transaction)
        .await?;
    recovery::Entity::delete_many()
        .filter(recovery::Column::UserId.eq(user.uuid()))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(removed.rows_affected)
}

/// Uses up the code of a step; false if that one or a later one was used: of two who show a code at once, one is heard.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn use_step(database: &DatabaseConnection, id: Uuid, step: i64, now: Timestamp) -> Result<bool, AuthError> {
    let unused = Condition::any()
        .add(factor::Column::UsedStep.is_null())
        .add(factor::Column::UsedStep.lt(step));
    let used = factor::Entity::update_many()
        .col_expr(factor::Column::UsedStep, Expr::value(step))
        .col_expr(factor::Column::LastUsedAt, Expr::value(now.0))
        .filter(factor::Column::Id.eq(id))
        .filter(unused)
        .exec(database)
        .await?;
    Ok(used.rows_affected == 1)
}

/// Notes the use of a passkey, whose public half may count on. False: it is not as it was when it was looked at.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn use_passkey(
    database: &DatabaseConnection,
    before: &Factor,
    secret: Vec<u8>,
    now: Timestamp,
) -> Result<bool, AuthError> {
    let used = factor::Entity::update_many()
        .col_expr(factor::Column::Secret, Expr::value(secret))
        .col_expr(factor::Column::LastUsedAt, Expr::value(now.0))
        .filter(factor::Column::Id.eq(before.id))
        .filter(factor::Column::Secret.eq(before.secret.clone()))
        .exec(database)
        .await?;
    Ok(used.rows_affected == 1)
}

/// Replaces a person's codes for the loss of a factor by new ones.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn replace_recovery(database: &DatabaseConnection, user: RowId, codes: &[String]) -> Result<(), AuthError> {
    let transaction = database.begin().await?;
    recovery::Entity::delete_many()
        .filter(recovery::Column::UserId.eq(user.uuid()))
        .exec(&transaction)
        .await?;
    let rows = codes.iter().map(|code| recovery::ActiveModel {
        code_hash: Set(hash_of(user, code)),
        user_id: Set(user.uuid()),
    });
    recovery::Entity::insert_many(rows)
        .exec_without_returning(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// Uses up a code, in its normal form; false if that person has none such.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn use_recovery(database: &DatabaseConnection, user: RowId, code: &str) -> Result<bool, AuthError> {
    let used = recovery::Entity::delete_many()
        .filter(recovery::Column::CodeHash.eq(hash_of(user, code)))
        .filter(recovery::Column::UserId.eq(user.uuid()))
        .exec(database)
        .await?;
    Ok(used.rows_affected == 1)
}

/// How many codes a person has left.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn count_recovery(database: &DatabaseConnection, user: RowId) -> Result<usize, AuthError> {
    let rows = recovery::Entity::find()
        .filter(recovery::Column::UserId.eq(user.uuid()))
        .all(database)
        .await?;
    Ok(rows.len())
}

/// Codes have eighty random bits: a plain hash is enough. The owner is in it, so that it is good for nobody else.
fn hash_of(user: RowId, code: &str) -> Vec<u8> {
    TokenHash::of(format!("{user}:{code}").as_bytes()).bytes()
}

fn read(row: factor::Model) -> Option<Factor> {
    Some(Factor {
        id: row.id,
        user: row.user_id.into(),
        kind: FactorKind::parse(&row.kind)?,
        label: row.label,
        handle: row.handle,
        secret: row.secret,
        used_step: row.used_step,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
    })
}

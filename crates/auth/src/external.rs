//! People as identity providers know them.

use crate::AuthError;
use freehold_base::{RowId, Timestamp};
use freehold_entities::identity;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use std::collections::BTreeMap;

/// Roles that a provider has given: by tenant (the empty name in an app without tenants), so that they can be taken away again.
pub type Grants = BTreeMap<String, Vec<String>>;

/// Somebody at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalIdentity {
    /// The provider's name in the model.
    pub provider: String,
    /// The provider's own id of the person.
    pub subject: String,
    /// Who it is here.
    pub user: RowId,
    /// Roles that this provider has given.
    pub grants: Grants,
    /// When they first came, in microseconds since 1970 UTC.
    pub created_at: i64,
    /// When they last came.
    pub last_seen_at: i64,
}

/// Who somebody is here whom a provider knows by that id.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn find_identity(
    database: &DatabaseConnection,
    provider: &str,
    subject: &str,
) -> Result<Option<ExternalIdentity>, AuthError> {
    let key = (provider.to_owned(), subject.to_owned());
    Ok(identity::Entity::find_by_id(key).one(database).await?.map(read))
}

/// A person's identities, by provider.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn list_identities(database: &DatabaseConnection, user: RowId) -> Result<Vec<ExternalIdentity>, AuthError> {
    let rows = identity::Entity::find()
        .filter(identity::Column::UserId.eq(user.uuid()))
        .all(database)
        .await?;
    let mut found: Vec<ExternalIdentity> = rows.into_iter().map(read).collect();
    found.sort_by(|one, other| one.provider.cmp(&other.provider));
    Ok(found)
}

/// Keeps who somebody is, what they were given, and that they came now. An identity never moves to another person.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn keep_identity(
    database: &DatabaseConnection,
    provider: &str,
    subject: &str,
    user: RowId,
    grants: &Grants,
    now: Timestamp,
) -> Result<(), AuthError> {
    let row = identity::ActiveModel {
        provider: Set(provider.to_owned()),
        subject: Set(subject.to_owned()),
        user_id: Set(user.uuid()),
        grants: Set(serde_json::to_string(grants).map_err(|error| AuthError::Damaged(error.to_string()))?),
        created_at: Set(now.0),
        last_seen_at: Set(now.0),
    };
    let again = OnConflict::columns([identity::Column::Provider, identity::Column::Subject])
        .update_columns([identity::Column::Grants, identity::Column::LastSeenAt])
        .to_owned();
    identity::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(database)
        .await?;
    Ok(())
}

fn read(row: identity::Model) -> ExternalIdentity {
    ExternalIdentity {
        // What cannot be read has given nothing that could be taken away.
        grants: serde_json::from_str(&row.grants).unwrap_or_default(),
        provider: row.provider,
        subject: row.subject,
        user: row.user_id.into(),
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
    }
}

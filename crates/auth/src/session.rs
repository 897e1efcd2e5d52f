//! Sessions: begun by a sign-in, looked up by [`crate::identify()`], ended by time or by their owner.

use crate::read::{Sql, list, quoted};
use crate::{AuthError, Directory, Tenancy, Token, TokenHash};
use freehold_base::{RowId, Timestamp};
use freehold_entities::session;
use sea_orm::{ActiveValue::Set, sea_query::Expr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, QueryFilter, QueryResult,
};
use std::time::Duration;

/// A session that is not used for so long is over.
pub const IDLE: Duration = Duration::from_mins(30);
/// A session is over after so long, used or not.
pub const ABSOLUTE: Duration = Duration::from_hours(12);
/// Use is noted this often, so that reading does not always write.
const NOTED: Duration = Duration::from_mins(1);

/// Text of the client's that is kept is cut to this many characters.
const NOTE_CHARS_MAX: usize = 300;

/// Who is signed in, for people to read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SessionView {
    /// The person.
    pub user: UserView,
    /// Their active memberships.
    pub memberships: Vec<Membership>,
    /// In a single-tenant app: their roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct UserView {
    /// Row id.
    pub id: String,
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: Option<String>,
}

/// An active membership.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Membership {
    /// Where.
    pub tenant: TenantView,
    /// The roles held there.
    pub roles: Vec<String>,
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TenantView {
    /// Row id.
    pub id: String,
    /// What `X-Tenant` takes; the id, if tenants have no slug.
    pub slug: String,
    /// Name; the slug, if tenants have no name.
    pub name: String,
}

/// Who the token belongs to, with their memberships.
///
/// # Errors
/// [`AuthError::BadSession`], [`AuthError::Database`].
pub async fn find_session(
    database: &DatabaseConnection,
    directory: &Directory,
    token: &Token,
    now: Timestamp,
) -> Result<SessionView, AuthError> {
    let roles = user_roles(database.get_database_backend(), directory);
    let mut sql = Sql::new(format!(
        "SELECT s.last_seen_at, s.expires_at, u.id, u.email, u.name, u.status, {roles} AS roles \
         FROM fh_session s JOIN \"user\" u ON u.id = s.user_id WHERE s.token_hash = "
    ));
    sql.bind(token.hash().bytes());
    let row = database
        .query_one_raw(sql.finish(database))
        .await?
        .ok_or(AuthError::BadSession)?;
    let status: Option<String> = row.try_get_by("status")?;
    if is_over(row.try_get_by("last_seen_at")?, row.try_get_by("expires_at")?, now)
        || status.as_deref() != Some("active")
    {
        return Err(AuthError::BadSession);
    }
    Ok(view(database, directory, &row).await?.1)
}

/// The active user with that e-mail address, as it is written, and their memberships.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn find_user(
    database: &DatabaseConnection,
    directory: &Directory,
    email: &str,
) -> Result<Option<(RowId, SessionView)>, AuthError> {
    let roles = user_roles(database.get_database_backend(), directory);
    let mut sql = Sql::new(format!(
        "SELECT u.id, u.email, u.name, {roles} AS roles FROM \"user\" u WHERE u.status = 'active' AND u.email = "
    ));
    sql.bind(email).push(" LIMIT 1");
    match database.query_one_raw(sql.finish(database)).await? {
        Some(row) => Ok(Some(view(database, directory, &row).await?)),
        None => Ok(None),
    }
}

/// Ends a session. One that is not there is ended already.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn end_session(database: &DatabaseConnection, token: &Token) -> Result<(), AuthError> {
    session::Entity::delete_by_id(token.hash().bytes())
        .exec(database)
        .await?;
    Ok(())
}

/// Forgets sessions that are over.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn purge_sessions(database: &DatabaseConnection, now: Timestamp) -> Result<u64, AuthError> {
    let over = Condition::any()
        .add(session::Column::ExpiresAt.lte(now.0))
        .add(session::Column::LastSeenAt.lte(earlier(now, IDLE)));
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

/// Begins a session.
pub(crate) async fn begin(
    database: &DatabaseConnection,
    token: &Token,
    user: RowId,
    now: Timestamp,
    user_agent: Option<&str>,
    address: Option<&str>,
) -> Result<(), AuthError> {
    let cut = |text: &str| text.chars().take(NOTE_CHARS_MAX).collect::<String>();
    let row = session::ActiveModel {
        token_hash: Set(token.hash().bytes()),
        user_id: Set(user.uuid()),
        created_at: Set(now.0),
        last_seen_at: Set(now.0),
        expires_at: Set(later(now, ABSOLUTE)),
        user_agent: Set(user_agent.map(cut)),
        address: Set(address.map(cut)),
    };
    session::Entity::insert(row).exec_without_returning(database).await?;
    Ok(())
}

/// Whether a session has been idle for too long, or has reached its end.
pub(crate) fn is_over(last_seen_at: i64, expires_at: i64, now: Timestamp) -> bool {
    now.0 >= expires_at || earlier(now, IDLE) >= last_seen_at
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

/// The select expression for a list of role names, as [`list`] reads it.
pub(crate) fn roles_column(backend: DbBackend, table: &str, column: &str) -> String {
    let column = format!("{table}.{}", quoted(column));
    crate::read::selected(backend, &column, freehold_base::ValueType::TextList)
}

/// The roles of a user `u`: on the user in a single-tenant app, else on memberships alone.
pub(crate) fn user_roles(backend: DbBackend, directory: &Directory) -> String {
    directory.user_roles.as_deref().map_or_else(
        || "CAST(NULL AS text)".to_owned(),
        |column| roles_column(backend, "u", column),
    )
}

async fn view(
    database: &DatabaseConnection,
    directory: &Directory,
    row: &QueryResult,
) -> Result<(RowId, SessionView), AuthError> {
    let id = RowId::from(row.try_get_by::<uuid::Uuid, _>("id")?);
    let (memberships, roles) = match &directory.tenancy {
        Some(tenancy) => (memberships(database, tenancy, id).await?, None),
        None => (
            Vec::new(),
            Some(list(row.try_get_by::<Option<String>, _>("roles")?.as_deref())),
        ),
    };
    let user = UserView {
        id: id.to_string(),
        email: row.try_get_by("email")?,
        name: row.try_get_by("name")?,
    };
    Ok((
        id,
        SessionView {
            user,
            memberships,
            roles,
        },
    ))
}

pub(crate) fn earlier(now: Timestamp, span: Duration) -> i64 {
    now.0
        .saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
}

async fn memberships(
    database: &DatabaseConnection,
    tenancy: &Tenancy,
    user: RowId,
) -> Result<Vec<Membership>, AuthError> {
    let id_text = match database.get_database_backend() {
        DbBackend::Postgres => "t.id::text",
        _ => "NULL",
    };
    let column = |name: &Option<String>| {
        name.as_deref()
            .map_or_else(|| id_text.to_owned(), |it| format!("t.{}", quoted(it)))
    };
    let (slug, name) = (
        column(&tenancy.slug),
        column(tenancy.name.as_ref().map_or(&tenancy.slug, |_| &tenancy.name)),
    );
    let mut sql = Sql::new(format!(
        "SELECT t.id, {slug} AS slug, {name} AS name, {roles} AS roles FROM {memberships} m JOIN {tenants} t ON t.id = m.tenant_id \
         WHERE m.{status} = 'active' AND m.{user} = ",
        roles = roles_column(database.get_database_backend(), "m", &tenancy.roles),
        memberships = quoted(&tenancy.memberships),
        tenants = quoted(&tenancy.tenants),
        status = quoted(&tenancy.status),
        user = quoted(&tenancy.user),
    ));
    sql.bind(user.uuid()).push(" ORDER BY 3, 1");
    let mut found = Vec::new();
    for row in database.query_all_raw(sql.finish(database)).await? {
        let id = RowId::from(row.try_get_by::<uuid::Uuid, _>("id")?).to_string();
        let slug = row
            .try_get_by::<Option<String>, _>("slug")?
            .unwrap_or_else(|| id.clone());
        let name = row
            .try_get_by::<Option<String>, _>("name")?
            .unwrap_or_else(|| slug.clone());
        let roles = list(row.try_get_by::<Option<String>, _>("roles")?.as_deref());
        found.push(Membership {
            tenant: TenantView { id, slug, name },
            roles,
        });
    }
    Ok(found)
}

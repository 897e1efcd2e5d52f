//! Who somebody is, for people to read: the person, and where they are a member.

use crate::read::{Sql, list, quoted};
use crate::session::is_over;
use crate::terms::Terms;
use crate::{AuthError, Directory, Tenancy, Token};
use freehold_base::{RowId, Timestamp};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult};

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
    /// A second factor was shown: roles with `mfa: required` count.
    #[serde(rename = "secondFactor")]
    pub second_factor: bool,
    /// Id of the person's row.
    #[serde(skip)]
    pub id: RowId,
    /// `browser`, `token`, `key` …; empty for a person without a session.
    #[serde(skip)]
    pub kind: String,
    /// What the session is good for.
    #[serde(skip)]
    pub terms: Terms,
    /// The only tenant in which the session counts.
    #[serde(skip)]
    pub tenant: Option<RowId>,
    /// When the session began, in microseconds since 1970 UTC; 0 for a person without one.
    #[serde(skip)]
    pub signed_in_at: i64,
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

/// Who the token belongs to, with their memberships: of a session that counts in one tenant alone, with the one there.
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
        "SELECT s.last_seen_at, s.expires_at, s.terms, s.kind, s.tenant_id, s.created_at, u.id, u.email, u.name, u.status, {roles} AS roles \
         FROM fh_session s JOIN \"user\" u ON u.id = s.user_id WHERE s.token_hash = "
    ));
    sql.bind(token.hash().bytes());
    let row = database
        .query_one_raw(sql.finish(database))
        .await?
        .ok_or(AuthError::BadSession)?;
    let status: Option<String> = row.try_get_by("status")?;
    let terms = Terms::parse(row.try_get_by::<Option<String>, _>("terms")?.as_deref()).ok_or(AuthError::BadSession)?;
    let (seen, ends) = (row.try_get_by("last_seen_at")?, row.try_get_by("expires_at")?);
    if is_over(directory, &terms, seen, ends, now) || status.as_deref() != Some("active") {
        return Err(AuthError::BadSession);
    }
    let (_, mut view) = view(database, directory, &row).await?;
    let tenant = row.try_get_by::<Option<uuid::Uuid>, _>("tenant_id")?.map(RowId::from);
    if let Some(tenant) = tenant {
        view.memberships.retain(|it| it.tenant.id == tenant.to_string());
    }
    Ok(SessionView {
        second_factor: terms.strong,
        kind: row.try_get_by("kind")?,
        tenant,
        signed_in_at: row.try_get_by("created_at")?,
        terms,
        ..view
    })
}

/// The active user with that id, and their memberships.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn find_person(
    database: &DatabaseConnection,
    directory: &Directory,
    user: RowId,
) -> Result<Option<SessionView>, AuthError> {
    let roles = user_roles(database.get_database_backend(), directory);
    let mut sql = Sql::new(format!(
        "SELECT u.id, u.email, u.name, {roles} AS roles FROM \"user\" u WHERE u.status = 'active' AND u.id = "
    ));
    sql.bind(user.uuid());
    match database.query_one_raw(sql.finish(database)).await? {
        Some(row) => Ok(Some(view(database, directory, &row).await?.1)),
        None => Ok(None),
    }
}

/// The active user whose column has that value, if there is just one.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn find_user_by(
    database: &DatabaseConnection,
    column: &str,
    value: &str,
) -> Result<Option<RowId>, AuthError> {
    // PostgreSQL takes no text with this character.
    if value.contains('\0') {
        return Ok(None);
    }
    let mut sql = Sql::new(format!(
        "SELECT u.id FROM \"user\" u WHERE u.status = 'active' AND u.{} = ",
        quoted(column)
    ));
    sql.bind(value).push(" LIMIT 2");
    let rows = database.query_all_raw(sql.finish(database)).await?;
    match rows.as_slice() {
        [row] => Ok(Some(row.try_get_by::<uuid::Uuid, _>("id")?.into())),
        _ => Ok(None),
    }
}

/// Whether there is a user with that e-mail address, as it is written: blocked ones too.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn is_taken(database: &DatabaseConnection, email: &str) -> Result<bool, AuthError> {
    let mut sql = Sql::new("SELECT u.id FROM \"user\" u WHERE u.email = ");
    sql.bind(email).push(" LIMIT 1");
    Ok(database.query_one_raw(sql.finish(database)).await?.is_some())
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
            second_factor: false,
            id,
            kind: String::new(),
            terms: Terms::default(),
            tenant: None,
            signed_in_at: 0,
        },
    ))
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

//! Where somebody is a member: the chains of the audit log that hear of their sign-ins.

use crate::read::{Sql, list, quoted};
use crate::view::roles_column;
use crate::{AuthError, Directory};
use freehold_base::{RowId, Timestamp};
use sea_orm::{ConnectionTrait, DatabaseConnection};

/// The tenants of a user's active memberships, ascending; none in an app without tenants.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn tenants_of(
    database: &DatabaseConnection,
    directory: &Directory,
    user: RowId,
) -> Result<Vec<RowId>, AuthError> {
    let Some(tenancy) = &directory.tenancy else {
        return Ok(Vec::new());
    };
    let mut sql = Sql::new(format!(
        "SELECT DISTINCT m.tenant_id FROM {} m WHERE m.{} = 'active' AND m.{} = ",
        quoted(&tenancy.memberships),
        quoted(&tenancy.status),
        quoted(&tenancy.user),
    ));
    sql.bind(user.uuid()).push(" ORDER BY 1");
    let mut tenants = Vec::new();
    for row in database.query_all_raw(sql.finish(database)).await? {
        if let Some(id) = row.try_get_by::<Option<uuid::Uuid>, _>("tenant_id")? {
            tenants.push(id.into());
        }
    }
    Ok(tenants)
}

/// What somebody is in a tenant, or in an app without tenants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundMembership {
    /// Id of the membership's row; of the user's, in an app without tenants.
    pub id: RowId,
    /// Their roles.
    pub roles: Vec<String>,
    /// The row's version.
    pub version: i64,
    /// Neither blocked nor otherwise kept out.
    pub active: bool,
}

/// What somebody is in that tenant, active or not; without tenants, on their own row.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn find_membership(
    database: &DatabaseConnection,
    directory: &Directory,
    user: RowId,
    tenant: Option<RowId>,
) -> Result<Option<FoundMembership>, AuthError> {
    let backend = database.get_database_backend();
    let version = crate::read::selected(backend, "m.version", freehold_base::ValueType::BigInt);
    let mut sql = match (&directory.tenancy, tenant) {
        (Some(tenancy), Some(tenant)) => {
            let mut sql = Sql::new(format!(
                "SELECT m.id, {version} AS version, m.{status} AS status, {roles} AS roles FROM {memberships} m WHERE m.{user} = ",
                status = quoted(&tenancy.status),
                roles = roles_column(backend, "m", &tenancy.roles),
                memberships = quoted(&tenancy.memberships),
                user = quoted(&tenancy.user),
            ));
            sql.bind(user.uuid()).push(" AND m.tenant_id = ").bind(tenant.uuid());
            sql
        }
        (None, None) if directory.user_roles.is_some() => {
            let roles = roles_column(backend, "m", directory.user_roles.as_deref().unwrap_or_default());
            let mut sql = Sql::new(format!(
                "SELECT m.id, {version} AS version, m.status, {roles} AS roles FROM \"user\" m WHERE m.id = "
            ));
            sql.bind(user.uuid());
            sql
        }
        _ => return Ok(None),
    };
    sql.push(" LIMIT 1");
    let Some(row) = database.query_one_raw(sql.finish(database)).await? else {
        return Ok(None);
    };
    Ok(Some(FoundMembership {
        id: row.try_get_by::<uuid::Uuid, _>("id")?.into(),
        roles: list(row.try_get_by::<Option<String>, _>("roles")?.as_deref()),
        version: row.try_get_by("version")?,
        active: row.try_get_by::<Option<String>, _>("status")?.as_deref() == Some("active"),
    }))
}

/// The id of the tenant with that slug or id; `None` in an app without tenants.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn find_tenant(
    database: &DatabaseConnection,
    directory: &Directory,
    name: &str,
    now: Timestamp,
) -> Result<Option<RowId>, AuthError> {
    let hint = crate::TenantHint::Named(name);
    let caller = crate::identify(database, directory, None, &hint, now).await?;
    Ok(caller.tenant.map(|tenant| tenant.id))
}

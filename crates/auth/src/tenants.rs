//! Where somebody is a member: the chains of the audit log that hear of their sign-ins.

use crate::read::{Sql, quoted};
use crate::{AuthError, Directory};
use freehold_base::RowId;
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

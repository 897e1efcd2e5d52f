//! From a request's token and tenant to a [`Caller`], in one statement.

use crate::read::{Sql, find, list, quoted, read, selected};
use crate::session::{is_over, is_stale, roles_column, touch_session, user_roles};
use crate::sign_in::lower_domain;
use crate::{AuthError, Directory, Tenancy, Token};
use freehold_base::{Caller, CallerTenant, Person, RowId, Timestamp, Value};
use sea_orm::{DatabaseConnection, QueryResult};
use std::collections::BTreeMap;

/// How a request names its tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantHint<'a> {
    /// It does not: the only membership, if there is just one.
    None,
    /// By slug or id, in a header.
    Named(&'a str),
    /// By the host: the tenant whose column has that value.
    Host {
        /// Column of the tenants' table.
        column: &'a str,
        /// Its value.
        value: &'a str,
    },
}

/// Who calls. Without a token: nobody, with the app's anonymous profile.
///
/// A tenant of which the caller is no active member, and one that does not exist, give a caller with the same profile and no
/// roles; only public rows tell them apart.
///
/// # Errors
/// [`AuthError::BadSession`] for a token that is unknown or over, or whose owner is blocked or has no profile; [`AuthError::Database`].
pub async fn identify(
    database: &DatabaseConnection,
    directory: &Directory,
    token: Option<&Token>,
    hint: &TenantHint<'_>,
    now: Timestamp,
) -> Result<Caller, AuthError> {
    let Some(token) = token else {
        let mut caller = Caller::anonymous(directory.anonymous_profile.clone(), now);
        caller.tenant = find_tenant(database, directory, hint)
            .await?
            .map(|id| CallerTenant { id, membership: None });
        return Ok(caller);
    };
    let statement = signed_in(database, directory, &Who::Session(token), hint).finish(database);
    let row = find(database, statement).await?.ok_or(AuthError::BadSession)?;
    let last_seen_at = row.try_get_by("last_seen_at")?;
    let status: Option<String> = row.try_get_by("user_status")?;
    if is_over(last_seen_at, row.try_get_by("expires_at")?, now) || status.as_deref() != Some("active") {
        return Err(AuthError::BadSession);
    }
    let caller = caller_of(database, directory, &row, now)?;
    if caller.profile.is_none() {
        return Err(AuthError::BadSession);
    }
    if is_stale(last_seen_at, now) {
        touch_session(database, token.hash(), now).await?;
    }
    Ok(caller)
}

/// What somebody would be as a caller, without their being here: for explanations, policy tests and the command line. `None` if there
/// is no such person.
///
/// # Errors
/// [`AuthError::Database`].
pub async fn describe(
    database: &DatabaseConnection,
    directory: &Directory,
    person: &PersonName<'_>,
    hint: &TenantHint<'_>,
    now: Timestamp,
) -> Result<Option<Described>, AuthError> {
    let statement = signed_in(database, directory, &Who::Person(person), hint).finish(database);
    let Some(row) = find(database, statement).await? else {
        return Ok(None);
    };
    let status: Option<String> = row.try_get_by("user_status")?;
    Ok(Some(Described {
        caller: caller_of(database, directory, &row, now)?,
        may_sign_in: status.as_deref() == Some("active"),
        belongs: directory.tenancy.is_none() || row.try_get_by("belongs")?,
    }))
}

/// Somebody who is not here.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// What they are as a caller, once they are let in. Only an active membership is one.
    pub caller: Caller,
    /// Not blocked. Who is blocked is no caller at all.
    pub may_sign_in: bool,
    /// Has a membership in the request's tenant, be it active or blocked; in an app without tenants everybody does.
    pub belongs: bool,
}

/// How somebody is named who is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonName<'a> {
    /// By the id of the user's row.
    Id(RowId),
    /// By e-mail address, whatever its case.
    Email(&'a str),
}

/// Whose rights are asked for.
enum Who<'a> {
    Session(&'a Token),
    Person(&'a PersonName<'a>),
}

/// Session, user, tenant and active membership, as one row.
fn signed_in(database: &DatabaseConnection, directory: &Directory, who: &Who<'_>, hint: &TenantHint<'_>) -> Sql {
    let (columns, from) = match who {
        Who::Session(_) => (
            "s.last_seen_at, s.expires_at",
            " FROM fh_session s JOIN \"user\" u ON u.id = s.user_id",
        ),
        Who::Person(_) => ("NULL AS last_seen_at, NULL AS expires_at", " FROM \"user\" u"),
    };
    let head = format!(
        "/* {} */ SELECT u.id AS user_id, {columns}, u.status AS user_status, u.profile",
        directory.version.replace('*', "")
    );
    let mut sql = Sql::new(head);
    match &directory.tenancy {
        None => {
            sql.push(&format!(", {} AS roles", user_roles(database, directory)))
                .push(from);
        }
        Some(tenancy) => {
            sql.push(", t.id AS tenant_id, m.id AS membership_id");
            sql.push(&format!(", {} AS roles", roles_column(database, "m", &tenancy.roles)));
            for (index, field) in tenancy.fields.iter().enumerate() {
                let column = format!("m.{}", quoted(&field.column));
                let column = selected(database.get_database_backend(), &column, field.value_type);
                sql.push(&format!(", {column} AS field_{index}"));
            }
            let (user, status) = (quoted(&tenancy.user), quoted(&tenancy.status));
            let memberships = quoted(&tenancy.memberships);
            if matches!(who, Who::Person(_)) {
                sql.push(&format!(
                    ", EXISTS (SELECT 1 FROM {memberships} a WHERE a.tenant_id = t.id AND a.{user} = u.id) AS belongs"
                ));
            }
            sql.push(from)
                .push(&format!(" LEFT JOIN {} t ON ", quoted(&tenancy.tenants)));
            if *hint == TenantHint::None {
                sql.push(&format!(
                    "t.id = (SELECT a.tenant_id FROM {memberships} a WHERE a.{user} = u.id AND a.{status} = 'active' AND NOT EXISTS \
                     (SELECT 1 FROM {memberships} b WHERE b.{user} = u.id AND b.{status} = 'active' AND b.tenant_id <> a.tenant_id))"
                ));
            } else {
                push_tenant(&mut sql, tenancy, hint);
            }
            sql.push(&format!(
                " LEFT JOIN {memberships} m ON m.tenant_id = t.id AND m.{user} = u.id AND m.{status} = 'active'"
            ));
        }
    }
    match who {
        Who::Session(token) => sql.push(" WHERE s.token_hash = ").bind(token.hash().bytes()),
        Who::Person(PersonName::Id(id)) => sql.push(" WHERE u.id = ").bind(id.uuid()),
        Who::Person(PersonName::Email(email)) => sql
            .push(" WHERE u.email IN (")
            .bind(*email)
            .push(", ")
            .bind(email.to_lowercase())
            .push(", ")
            .bind(lower_domain(email))
            .push(")"),
    };
    sql.push(" LIMIT 1");
    sql
}

fn caller_of(
    database: &DatabaseConnection,
    directory: &Directory,
    row: &QueryResult,
    now: Timestamp,
) -> Result<Caller, AuthError> {
    let mut roles = list(row.try_get_by::<Option<String>, _>("roles")?.as_deref());
    roles.sort();
    roles.dedup();
    let tenant = match &directory.tenancy {
        None => None,
        Some(tenancy) => match row.try_get_by::<Option<uuid::Uuid>, _>("tenant_id")? {
            None => None,
            Some(id) => Some(CallerTenant {
                id: id.into(),
                membership: membership_of(database, tenancy, row)?,
            }),
        },
    };
    let profile: Option<String> = row.try_get_by("profile")?;
    Ok(Caller {
        person: Some(Person {
            id: row.try_get_by::<uuid::Uuid, _>("user_id")?.into(),
        }),
        tenant,
        profile: profile.or_else(|| directory.default_profile.clone()),
        roles,
        claims: BTreeMap::new(),
        now,
    })
}

fn membership_of(
    database: &DatabaseConnection,
    tenancy: &Tenancy,
    row: &QueryResult,
) -> Result<Option<BTreeMap<String, Value>>, AuthError> {
    if row.try_get_by::<Option<uuid::Uuid>, _>("membership_id")?.is_none() {
        return Ok(None);
    }
    let backend = database.get_database_backend();
    let mut fields = BTreeMap::new();
    for (index, field) in tenancy.fields.iter().enumerate() {
        fields.insert(
            field.name.clone(),
            read(row, backend, &format!("field_{index}"), field.value_type)?,
        );
    }
    Ok(Some(fields))
}

/// The tenant that somebody who is not signed in asks for. Without a hint that takes no statement.
async fn find_tenant(
    database: &DatabaseConnection,
    directory: &Directory,
    hint: &TenantHint<'_>,
) -> Result<Option<RowId>, AuthError> {
    let Some(tenancy) = directory.tenancy.as_ref().filter(|_| *hint != TenantHint::None) else {
        return Ok(None);
    };
    let mut sql = Sql::new(format!("SELECT t.id FROM {} t WHERE ", quoted(&tenancy.tenants)));
    push_tenant(&mut sql, tenancy, hint);
    sql.push(" LIMIT 1");
    let row = find(database, sql.finish(database)).await?;
    Ok(row
        .map(|row| row.try_get_by::<uuid::Uuid, _>("id"))
        .transpose()?
        .map(RowId::from))
}

/// The test that finds the tenant `t`. What reads as an id is one: a slug that looks like an id addresses nothing.
fn push_tenant(sql: &mut Sql, tenancy: &Tenancy, hint: &TenantHint<'_>) {
    match hint {
        TenantHint::None => {
            sql.push("FALSE");
        }
        TenantHint::Host { column, value } => {
            sql.push(&format!("t.{} = ", quoted(column))).bind(*value);
        }
        TenantHint::Named(name) => match (RowId::parse(name), &tenancy.slug) {
            (Some(id), _) => {
                sql.push("t.id = ").bind(id.uuid());
            }
            (None, Some(slug)) => {
                sql.push(&format!("t.{} = ", quoted(slug))).bind(*name);
            }
            (None, None) => {
                sql.push("FALSE");
            }
        },
    }
}

#[cfg(test)]
mod tests;

//! From a request's token and tenant to a [`Caller`], in one statement.

use crate::read::{Sql, arrives_as, list, look_up, quoted, read, selected};
use crate::session::{TO_ROTATE, earlier, is_over, is_stale, touch_session};
use crate::sign_in::lower_domain;
use crate::terms::Terms;
use crate::view::{roles_column, user_roles};
use crate::{AuthError, Directory, Tenancy, Token};
use freehold_base::{Caller, CallerTenant, Expected, Lookup, Person, RowId, Timestamp, Value, ValueType, Wanted};
use sea_orm::{DatabaseConnection, DbBackend};
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

/// What has to be looked up to know who calls; `None`: nothing, for somebody who is not signed in and names no tenant.
///
/// [`caller_of`] reads its answer.
pub fn lookup(
    backend: DbBackend,
    directory: &Directory,
    token: Option<&Token>,
    hint: &TenantHint<'_>,
) -> Option<Lookup> {
    match token {
        Some(token) => Some(signed_in(backend, directory, &Who::Session(token), hint)),
        None => find_tenant(directory, hint),
    }
}

/// Who calls, by the row that [`lookup`] has found. Without a token: nobody, with the app's anonymous profile.
///
/// A tenant of which the caller is no active member, and one that does not exist, give a caller with the same profile and no
/// roles; only public rows tell them apart.
///
/// # Errors
/// [`AuthError::BadSession`] for a token that is unknown or over, or whose owner is blocked or has no profile.
pub fn caller_of(
    directory: &Directory,
    token: Option<&Token>,
    row: Option<&[Value]>,
    now: Timestamp,
) -> Result<Caller, AuthError> {
    if token.is_none() {
        let mut caller = Caller::anonymous(directory.anonymous_profile.clone(), now);
        caller.tenant = row
            .and_then(|row| row_id(row, 0))
            .map(|id| CallerTenant { id, membership: None });
        return Ok(caller);
    }
    let row = row.ok_or(AuthError::BadSession)?;
    let terms = terms_of(row).ok_or(AuthError::BadSession)?;
    if !is_alive(directory, &terms, row, now) {
        return Err(AuthError::BadSession);
    }
    let caller = described_by(directory, &terms, row, now)?;
    if caller.profile.is_none() {
        return Err(AuthError::BadSession);
    }
    Ok(caller)
}

/// Whether the row of a session says what another one of the same session says, and the session is not over: then the caller is
/// the same. Use of a session is noted in its row, and changes nothing else.
pub fn is_unchanged(
    directory: &Directory,
    token: Option<&Token>,
    before: Option<&[Value]>,
    row: Option<&[Value]>,
    now: Timestamp,
) -> bool {
    match (token, before, row) {
        (None, before, row) => before == row,
        (Some(_), Some(before), Some(row)) => {
            let but_use = |row: &[Value]| {
                row.iter()
                    .enumerate()
                    .all(|(index, value)| index == SEEN || before.get(index) == Some(value))
            };
            before.len() == row.len()
                && but_use(row)
                && terms_of(row).is_some_and(|terms| is_alive(directory, &terms, row, now))
        }
        (Some(_), _, _) => false,
    }
}

/// What the row of [`lookup`] has to be for [`is_unchanged`] to hold; `None` when nothing can be said of it beforehand.
pub fn expected(
    directory: &Directory,
    lookup: &Lookup,
    token: Option<&Token>,
    before: Option<&[Value]>,
    now: Timestamp,
) -> Option<Expected> {
    let before = before?;
    let mut idle_since = i64::MIN;
    if token.is_some() {
        if !terms_of(before)?.lasting {
            idle_since = earlier(now, directory.sessions.idle);
        }
        let Some(Value::Int(ends)) = before.get(ENDS) else {
            return None;
        };
        if now.0 >= *ends || !is_active(before) {
            return None;
        }
    }
    let wanted = before.iter().enumerate().map(|(index, value)| {
        if token.is_some() && index == SEEN {
            Wanted::Above(idle_since)
        } else {
            Wanted::Same(value.clone())
        }
    });
    Some(Expected {
        lookup: lookup.clone(),
        row: wanted.collect(),
    })
}

/// Whether use of the session is to be noted again, see [`crate::touch_session`].
pub fn is_to_be_noted(row: &[Value], now: Timestamp) -> bool {
    matches!(row.get(SEEN), Some(Value::Int(seen)) if is_stale(*seen, now))
}

/// Whether the session's token is to be replaced: what its owner may do has changed since it was made.
pub fn is_to_be_rotated(row: &[Value]) -> bool {
    row.get(ROTATE) == Some(&Value::Int(i64::from(TO_ROTATE)))
}

/// Whose session the row is of.
pub fn owner_of(row: &[Value]) -> Option<RowId> {
    row_id(row, USER)
}

/// Who calls, looked up on the platform's own connections.
///
/// # Errors
/// As [`caller_of`]; [`AuthError::Database`].
pub async fn identify(
    database: &DatabaseConnection,
    directory: &Directory,
    token: Option<&Token>,
    hint: &TenantHint<'_>,
    now: Timestamp,
) -> Result<Caller, AuthError> {
    let row = match lookup(database.get_database_backend(), directory, token, hint) {
        Some(lookup) => look_up(database, &lookup).await?,
        None => None,
    };
    let caller = caller_of(directory, token, row.as_deref(), now)?;
    if let (Some(token), Some(row)) = (token, &row)
        && is_to_be_noted(row, now)
    {
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
    let lookup = signed_in(database.get_database_backend(), directory, &Who::Person(person), hint);
    let Some(row) = look_up(database, &lookup).await? else {
        return Ok(None);
    };
    Ok(Some(Described {
        caller: described_by(
            directory,
            &Terms {
                strong: true,
                ..Terms::default()
            },
            &row,
            now,
        )?,
        may_sign_in: is_active(&row),
        belongs: directory.tenancy.is_none() || row.last() == Some(&Value::Boolean(true)),
    }))
}

/// Somebody who is not here.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// What they are as a caller, once they are let in, with a second factor. Only an active membership is one.
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

/// Columns of the row that say who it is, before those of the tenant.
const USER: usize = 0;
const SEEN: usize = 1;
const ENDS: usize = 2;
const TERMS: usize = 3;
const ROTATE: usize = 4;
const STATUS: usize = 5;
const PROFILE: usize = 6;
const ROLES: usize = 7;
const TENANT: usize = 8;
const MEMBERSHIP: usize = 9;
const FIELDS: usize = 10;

/// Session, user, roles, tenant and active membership, as one row; of a person who is not here, whether they belong to the tenant.
fn signed_in(backend: DbBackend, directory: &Directory, who: &Who<'_>, hint: &TenantHint<'_>) -> Lookup {
    let (columns, from) = match who {
        Who::Session(_) => (
            "s.last_seen_at, s.expires_at, s.terms, s.rotate",
            " FROM fh_session s JOIN \"user\" u ON u.id = s.user_id",
        ),
        Who::Person(_) => (
            "CAST(NULL AS bigint), CAST(NULL AS bigint), CAST(NULL AS text), 0",
            " FROM \"user\" u",
        ),
    };
    let head = format!(
        "/* {} */ SELECT u.id, {columns}, u.status, u.profile",
        directory.version.replace('*', "")
    );
    let mut sql = Sql::new(head);
    let mut types = vec![
        ValueType::Uuid,
        ValueType::BigInt,
        ValueType::BigInt,
        ValueType::Text,
        ValueType::Int,
        ValueType::Text,
        ValueType::Text,
        ValueType::Text,
    ];
    match &directory.tenancy {
        None => {
            sql.push(&format!(", {}", user_roles(backend, directory)));
            sql.push(from);
        }
        Some(tenancy) => {
            sql.push(&format!(", {}, t.id, m.id", roles_column(backend, "m", &tenancy.roles)));
            types.extend([ValueType::Uuid; 2]);
            for field in &tenancy.fields {
                let column = format!("m.{}", quoted(&field.column));
                sql.push(&format!(", {}", selected(backend, &column, field.value_type)));
                types.push(arrives_as(backend, field.value_type));
            }
            let (user, status) = (quoted(&tenancy.user), quoted(&tenancy.status));
            let memberships = quoted(&tenancy.memberships);
            if matches!(who, Who::Person(_)) {
                sql.push(&format!(
                    ", EXISTS (SELECT 1 FROM {memberships} a WHERE a.tenant_id = t.id AND a.{user} = u.id)"
                ));
                types.push(ValueType::Boolean);
            }
            sql.push(from)
                .push(&format!(" LEFT JOIN {} t ON ", quoted(&tenancy.tenants)));
            let bound = matches!(who, Who::Session(_));
            if *hint == TenantHint::None {
                let own = if bound { "s.tenant_id" } else { "NULL" };
                sql.push(&format!(
                    "t.id = COALESCE({own}, (SELECT a.tenant_id FROM {memberships} a WHERE a.{user} = u.id AND a.{status} = 'active' AND NOT EXISTS \
                     (SELECT 1 FROM {memberships} b WHERE b.{user} = u.id AND b.{status} = 'active' AND b.tenant_id <> a.tenant_id)))"
                ));
            } else {
                push_tenant(&mut sql, tenancy, hint);
            }
            sql.push(&format!(
                " LEFT JOIN {memberships} m ON m.tenant_id = t.id AND m.{user} = u.id AND m.{status} = 'active'"
            ));
            if bound {
                // A session of one tenant is in every other one a stranger's.
                sql.push(" AND (s.tenant_id IS NULL OR s.tenant_id = t.id)");
            }
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
    sql.lookup(types)
}

fn is_active(row: &[Value]) -> bool {
    row.get(STATUS) == Some(&Value::Text("active".to_owned()))
}

/// What the session of that row is good for; `None`: nothing.
fn terms_of(row: &[Value]) -> Option<Terms> {
    Terms::parse(text(row, TERMS))
}

/// Whether the row is of a session that is not over, of somebody who is not blocked.
fn is_alive(directory: &Directory, terms: &Terms, row: &[Value], now: Timestamp) -> bool {
    let (Some(Value::Int(seen)), Some(Value::Int(ends))) = (row.get(SEEN), row.get(ENDS)) else {
        return false;
    };
    !is_over(directory, terms, *seen, *ends, now) && is_active(row)
}

fn row_id(row: &[Value], column: usize) -> Option<RowId> {
    match row.get(column) {
        Some(Value::Uuid(id)) => Some((*id).into()),
        _ => None,
    }
}

fn text(row: &[Value], column: usize) -> Option<&str> {
    match row.get(column) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn described_by(directory: &Directory, terms: &Terms, row: &[Value], now: Timestamp) -> Result<Caller, AuthError> {
    let mut roles = list(text(row, ROLES));
    roles.retain(|role| {
        let within = terms.roles.as_ref().is_none_or(|scope| scope.contains(role));
        within && (terms.strong || !directory.strong_roles.contains(role))
    });
    roles.sort();
    roles.dedup();
    let tenant = directory.tenancy.as_ref().zip(row_id(row, TENANT));
    let tenant = tenant.map(|(tenancy, id)| CallerTenant {
        id,
        membership: row_id(row, MEMBERSHIP).map(|_| membership_of(tenancy, row)),
    });
    Ok(Caller {
        person: Some(Person {
            id: row_id(row, USER).ok_or(AuthError::BadSession)?,
        }),
        tenant,
        profile: text(row, PROFILE)
            .map(str::to_owned)
            .or_else(|| directory.default_profile.clone()),
        roles,
        claims: BTreeMap::new(),
        reads_only: terms.read_only,
        now,
    })
}

fn membership_of(tenancy: &Tenancy, row: &[Value]) -> BTreeMap<String, Value> {
    let values = row.iter().skip(FIELDS);
    let fields = tenancy.fields.iter().zip(values);
    fields
        .map(|(field, value)| (field.name.clone(), read(field.value_type, value.clone())))
        .collect()
}

/// The tenant that somebody who is not signed in asks for. Without a hint that takes no statement.
fn find_tenant(directory: &Directory, hint: &TenantHint<'_>) -> Option<Lookup> {
    let tenancy = directory.tenancy.as_ref().filter(|_| *hint != TenantHint::None)?;
    let mut sql = Sql::new(format!("SELECT t.id FROM {} t WHERE ", quoted(&tenancy.tenants)));
    push_tenant(&mut sql, tenancy, hint);
    sql.push(" LIMIT 1");
    Some(sql.lookup(vec![ValueType::Uuid]))
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

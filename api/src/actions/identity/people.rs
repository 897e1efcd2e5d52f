//! People who come by another way than an invitation, and what they are in a tenant: rows of the app that the platform itself makes. No
//! rule is asked, because nobody asks: whoever runs the app has said in its model, or at the terminal, that they are to come.

use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::Failure;
use crate::keys::{in_use, uses};
use crate::subscriptions::{Changed, Changes};
use freehold_auth::{NewRow, find_membership, insert_rows, rotate_later, update_row};
use freehold_base::{ColumnCipher, RowId, Value};
use freehold_schema::catalog::{Catalog, EntityId, SystemField};
use freehold_storage::sealed::{self, SealedValue};
use rand::Rng;
use std::collections::HashMap;

/// Somebody who is to be added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewPerson<'a> {
    /// Their address.
    pub(crate) email: &'a str,
    /// Their name.
    pub(crate) name: Option<&'a str>,
    /// Their profile; `None`: the app's own for those who have none.
    pub(crate) profile: Option<&'a str>,
    /// Their roles, in the tenant or in an app without tenants.
    pub(crate) roles: &'a [String],
    /// The tenant that they are made a member of.
    pub(crate) tenant: Option<RowId>,
}

/// Adds somebody, after the rows that they need: all or nothing. They cannot sign in yet.
///
/// # Errors
/// When there is such a person, or a required field has no default.
pub(crate) async fn insert(
    environment: &Environment,
    bundle: &Bundle,
    person: &NewPerson<'_>,
    before: Vec<Row<'_>>,
) -> Result<RowId, Failure> {
    let catalog = &bundle.catalog;
    let id = new_id(environment, catalog, catalog.user);
    let mut given = HashMap::from([("email", text(person.email)), ("status", text("active"))]);
    given.extend(person.name.map(|name| ("name", text(name))));
    given.extend(
        person
            .profile
            .or(catalog.default_profile.as_deref())
            .map(|profile| ("profile", text(profile))),
    );
    if bundle.directory.user_roles.is_some() {
        given.insert("roles", Value::TextList(person.roles.to_vec()));
    }
    let mut rows = before;
    rows.push(Row {
        entity: catalog.user,
        id,
        tenant: None,
        given,
    });
    if let Some(tenant) = person.tenant {
        rows.extend(membership(environment, catalog, id, tenant, person.roles));
    }
    write(environment, catalog, id, person.tenant, rows).await?;
    Ok(id)
}

/// Makes somebody a member of a tenant.
///
/// # Errors
/// When a required field of the membership has no default.
pub(crate) async fn join(
    environment: &Environment,
    bundle: &Bundle,
    user: RowId,
    tenant: RowId,
    roles: &[String],
) -> Result<(), Failure> {
    let catalog = &bundle.catalog;
    let rows = membership(environment, catalog, user, tenant, roles)
        .into_iter()
        .collect();
    write(environment, catalog, user, Some(tenant), rows).await
}

/// Gives somebody these roles and no others, in a tenant or in an app without tenants. False: they are no active member there.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn set_roles(
    environment: &Environment,
    bundle: &Bundle,
    user: RowId,
    tenant: Option<RowId>,
    roles: &[String],
) -> Result<bool, Failure> {
    let (platform, directory, catalog) = (&environment.platform, &bundle.directory, &bundle.catalog);
    let Some(found) = find_membership(platform, directory, user, tenant).await? else {
        return Ok(false);
    };
    if found.roles == roles {
        return Ok(true);
    }
    let (entity, column) = match (&directory.tenancy, &directory.user_roles) {
        (Some(tenancy), _) => (catalog.tenancy.map(|it| it.membership), Some(&tenancy.roles)),
        (None, column) => (Some(catalog.user), column.as_ref()),
    };
    let (Some(entity), Some(column)) = (entity, column) else {
        return Ok(false);
    };
    let def = catalog.entity(entity);
    let mut cells = vec![(
        column.clone(),
        freehold_base::ValueType::TextList,
        Value::TextList(roles.to_vec()),
    )];
    for field in &def.fields {
        let value = match field.system {
            Some(SystemField::UpdatedAt) => Value::DateTime(environment.clock.now().0),
            Some(SystemField::Version) => Value::Int(found.version + 1),
            _ => continue,
        };
        cells.extend(
            sealed::columns(field)
                .into_iter()
                .map(|(column, kind)| (column, kind, value.clone())),
        );
    }
    let row = NewRow {
        table: def.name.clone(),
        cells,
    };
    update_row(platform, &row, found.id).await?;
    rotate_later(platform, user).await?;
    tell(environment, catalog, entity, tenant, found.id);
    Ok(true)
}

/// Gives somebody another address.
///
/// # Errors
/// When somebody has it, or the database refuses.
pub(crate) async fn set_email(
    environment: &Environment,
    bundle: &Bundle,
    user: RowId,
    email: &str,
) -> Result<(), Failure> {
    let catalog = &bundle.catalog;
    let def = catalog.entity(catalog.user);
    let mut cells = Vec::new();
    for field in &def.fields {
        let value = match (field.system, field.name.as_str()) {
            (Some(SystemField::UpdatedAt), _) => Value::DateTime(environment.clock.now().0),
            (None, "email") => text(email),
            _ => continue,
        };
        let columns = sealed::columns(field).into_iter();
        cells.extend(columns.map(|(column, kind)| (column, kind, value.clone())));
    }
    let row = NewRow {
        table: def.name.clone(),
        cells,
    };
    update_row(&environment.platform, &row, user).await?;
    rotate_later(&environment.platform, user).await?;
    tell(environment, catalog, catalog.user, None, user);
    Ok(())
}

/// Writes rows of a person, and lets those hear who listen.
async fn write(
    environment: &Environment,
    catalog: &Catalog,
    owner: RowId,
    place: Option<RowId>,
    rows: Vec<Row<'_>>,
) -> Result<(), Failure> {
    let uses = uses(catalog, in_use(catalog), place);
    let cipher = environment.vault.sealing_cipher(&uses).await?;
    let told: Vec<_> = rows.iter().map(|row| (row.entity, row.tenant, row.id)).collect();
    let made = rows
        .into_iter()
        .map(|row| make(environment, catalog, &cipher, owner, row));
    let rows = made.collect::<Result<Vec<_>, _>>()?;
    insert_rows(&environment.platform, &rows).await?;
    for (entity, tenant, id) in told {
        tell(environment, catalog, entity, tenant, id);
    }
    Ok(())
}

fn tell(environment: &Environment, catalog: &Catalog, entity: EntityId, tenant: Option<RowId>, row: RowId) {
    let mut changes = Changes::default();
    changes.add(&catalog.entity(entity).name, tenant, Changed::Rows([row].into()));
    environment.hub.tell(changes);
}

/// The membership of somebody, if the app has tenants.
fn membership<'a>(
    environment: &Environment,
    catalog: &'a Catalog,
    user: RowId,
    tenant: RowId,
    roles: &[String],
) -> Option<Row<'a>> {
    let tenancy = catalog.tenancy?;
    let entity = catalog.entity(tenancy.membership);
    let name = |field| entity.field(field).name.as_str();
    Some(Row {
        entity: entity.id,
        id: new_id(environment, catalog, tenancy.membership),
        tenant: Some(tenant),
        given: HashMap::from([
            (name(tenancy.membership_user), Value::Uuid(user.uuid())),
            (name(tenancy.membership_roles), Value::TextList(roles.to_vec())),
            (name(tenancy.membership_status), text("active")),
        ]),
    })
}

/// A row to be made, with the values that are not the server's own.
pub(crate) struct Row<'a> {
    pub(crate) entity: EntityId,
    pub(crate) id: RowId,
    pub(crate) tenant: Option<RowId>,
    pub(crate) given: HashMap<&'a str, Value>,
}

/// A row with its system fields, what is given, and defaults.
fn make(
    environment: &Environment,
    catalog: &Catalog,
    cipher: &dyn ColumnCipher,
    owner: RowId,
    row: Row<'_>,
) -> Result<NewRow, Failure> {
    let entity = catalog.entity(row.entity);
    let mut given = row.given;
    let now = Value::DateTime(environment.clock.now().0);
    let mut cells = Vec::new();
    for field in &entity.fields {
        let value = match field.system {
            Some(SystemField::Id) => Value::Uuid(row.id.uuid()),
            Some(SystemField::Owner) => Value::Uuid(owner.uuid()),
            Some(SystemField::CreatedAt | SystemField::UpdatedAt) => now.clone(),
            Some(SystemField::Version) => Value::Int(1),
            Some(SystemField::Tenant) => row.tenant.map_or(Value::Null, |tenant| Value::Uuid(tenant.uuid())),
            Some(SystemField::CreatedBy | SystemField::UpdatedBy) => Value::Null,
            None => given
                .remove(field.name.as_str())
                .or_else(|| field.default_value())
                .unwrap_or(Value::Null),
        };
        if value.is_null() && field.required && field.system.is_none() {
            return Err(Failure::new(format!(
                "a row of `{}` needs `{}`, which has no default",
                entity.name, field.name
            )));
        }
        if value.is_null() {
            continue;
        }
        let values = if field.encrypted.is_some() {
            let place = (entity.id, field.id);
            let SealedValue { value, index } = sealed::seal(Some(cipher), catalog, place, row.tenant, row.id, &value)?;
            std::iter::once(value).chain(index).collect()
        } else {
            vec![value]
        };
        let columns = sealed::columns(field).into_iter();
        cells.extend(
            columns
                .zip(values)
                .map(|((column, value_type), value)| (column, value_type, value)),
        );
    }
    Ok(NewRow {
        table: entity.name.clone(),
        cells,
    })
}

/// An id for a new row.
pub(crate) fn new_id(environment: &Environment, catalog: &Catalog, entity: EntityId) -> RowId {
    RowId::new(
        environment.clock.now().unix_ms(),
        catalog.entity(entity).tag,
        rand::rng().next_u64(),
    )
}

/// A text.
pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

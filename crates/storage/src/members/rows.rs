//! The rows that administration reads and writes: people, memberships, tenants.

use super::{ACTIVE, Desk};
use crate::binder::Bound;
use crate::cells::{Table, read};
use crate::dialect::quote;
use crate::error::{Error, Result};
use crate::program::Dialect;
use crate::sealed;
use crate::transaction::Transaction;
use freehold_base::{Caller, RowId, Value, ValueType};
use freehold_schema::catalog::{Catalog, EntityDef, EntityId, FieldDef, FieldId, SystemField, Tenancy};
use serde_json::{Value as Json, json};

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// The membership's row; in a single-tenant app the user's.
    pub(super) membership: RowId,
    pub(super) user: RowId,
    pub(super) email: String,
    pub(super) name: Option<String>,
    pub(super) roles: Vec<String>,
    pub(super) status: String,
}

impl Member {
    /// As GraphQL's `MemberPayload` has it.
    pub(super) fn to_json(&self) -> Json {
        json!({
            "id": self.membership.to_string(),
            "user": self.user.to_string(),
            "email": self.email,
            "name": self.name,
            "roles": self.roles,
            "status": self.status,
        })
    }
}

/// Where an app keeps its people, and the tenant that is administered.
pub(super) struct Rows<'a> {
    catalog: &'a Catalog,
    /// The tenants' entities, and the tenant of the request, which creating a tenant does without.
    tenancy: Option<(Tenancy, Option<RowId>)>,
    /// Entity and column of the roles.
    holder: EntityId,
    roles: Option<FieldId>,
    status: FieldId,
}

impl<'a> Rows<'a> {
    pub(super) fn of(catalog: &'a Catalog, caller: &Caller) -> Result<Self> {
        let tenant = caller.tenant.as_ref().map(|tenant| tenant.id);
        let find = |name: &str| catalog.entity(catalog.user).find_field(name).map(|field| field.id);
        Ok(match catalog.tenancy {
            Some(tenancy) => Self {
                catalog,
                holder: tenancy.membership,
                roles: Some(tenancy.membership_roles),
                status: tenancy.membership_status,
                tenancy: Some((tenancy, tenant)),
            },
            None => Self {
                catalog,
                tenancy: None,
                holder: catalog.user,
                roles: find("roles"),
                status: find("status").ok_or_else(|| Error::program("users have no status"))?,
            },
        })
    }

    /// One administration of the tenant at a time.
    pub(super) async fn lock(&self, transaction: &mut Transaction) -> Result<()> {
        // SQLite has one writer.
        if transaction.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        let (sql, parameters) = match &self.tenancy {
            Some((tenancy, _)) => (
                format!(
                    "SELECT 1 FROM {} WHERE id = $1 FOR NO KEY UPDATE",
                    quote(&self.catalog.entity(tenancy.entity).name)
                ),
                vec![uuid(self.tenant()?)?],
            ),
            None => ("SELECT 1 FROM fh_catalog FOR UPDATE".to_owned(), Vec::new()),
        };
        transaction.query(sql, parameters, vec![ValueType::Int]).await?;
        Ok(())
    }

    /// The member of that user.
    pub(super) async fn find(&self, transaction: &mut Transaction, user: RowId) -> Result<Option<Member>> {
        let roles = self.roles_column(transaction.dialect(), "m");
        let status = quote(&self.column(self.status)?);
        let (from, parameters) = match &self.tenancy {
            Some((tenancy, _)) => (
                format!(
                    "FROM {} m JOIN \"user\" u ON u.id = m.{} WHERE u.id = $1 AND m.tenant_id = $2",
                    quote(&self.def().name),
                    quote(&self.column(tenancy.membership_user)?)
                ),
                vec![uuid(user)?, uuid(self.tenant()?)?],
            ),
            None => (
                "FROM \"user\" m JOIN \"user\" u ON u.id = m.id WHERE u.id = $1".to_owned(),
                vec![uuid(user)?],
            ),
        };
        let sql = format!("SELECT m.id, u.id, u.email, u.name, {roles}, m.{status} {from}");
        let columns = vec![
            ValueType::Uuid,
            ValueType::Uuid,
            ValueType::Text,
            ValueType::Text,
            ValueType::TextList,
            ValueType::Text,
        ];
        let table = transaction.query(sql, parameters, columns).await?;
        if table.rows() == 0 {
            return Ok(None);
        }
        Ok(Some(Member {
            membership: id(&table, 0)?,
            user: id(&table, 1)?,
            email: text(&table, 2)?.unwrap_or_default(),
            name: text(&table, 3)?,
            roles: match read(ValueType::TextList, table.cell(0, 4))? {
                Value::TextList(roles) => roles,
                _ => Vec::new(),
            },
            status: text(&table, 5)?.unwrap_or_default(),
        }))
    }

    /// Whether somebody else is an active manager.
    pub(super) async fn has_other_manager(
        &self,
        transaction: &mut Transaction,
        user: RowId,
        managers: &[String],
    ) -> Result<bool> {
        let Some(roles) = self.roles.filter(|_| !managers.is_empty()) else {
            return Ok(false);
        };
        let roles = format!("m.{}", quote(&self.column(roles)?));
        let held = match transaction.dialect() {
            Dialect::Postgres => format!("{roles} && $2"),
            Dialect::Sqlite => {
                format!("EXISTS (SELECT 1 FROM json_each({roles}) h JOIN json_each($2) w ON w.value = h.value)")
            }
        };
        let status = quote(&self.column(self.status)?);
        let mut parameters = vec![
            uuid(user)?,
            Bound::new(Value::TextList(managers.to_vec()), ValueType::TextList)?,
        ];
        let from = match &self.tenancy {
            Some((tenancy, _)) => {
                parameters.push(uuid(self.tenant()?)?);
                format!(
                    "FROM {} m JOIN \"user\" u ON u.id = m.{} WHERE m.tenant_id = $3",
                    quote(&self.def().name),
                    quote(&self.column(tenancy.membership_user)?)
                )
            }
            None => "FROM \"user\" m JOIN \"user\" u ON u.id = m.id WHERE TRUE".to_owned(),
        };
        let sql = format!(
            "SELECT 1 {from} AND u.id <> $1 AND m.{status} = 'active' AND u.status = 'active' AND {held} LIMIT 1"
        );
        Ok(transaction.query(sql, parameters, vec![ValueType::Int]).await?.rows() > 0)
    }

    pub(super) async fn set_roles(
        &self,
        transaction: &mut Transaction,
        desk: &Desk<'_>,
        member: &Member,
        roles: &[String],
    ) -> Result<()> {
        let field = self.roles.ok_or_else(|| Error::conflict("this app has no roles"))?;
        let value = Bound::new(Value::TextList(roles.to_vec()), ValueType::TextList)?;
        self.set(transaction, desk, member, field, value).await
    }

    pub(super) async fn set_status(
        &self,
        transaction: &mut Transaction,
        desk: &Desk<'_>,
        member: &Member,
        status: &str,
    ) -> Result<()> {
        let value = Bound::new(Value::Text(status.to_owned()), ValueType::Text)?;
        self.set(transaction, desk, member, self.status, value).await
    }

    async fn set(
        &self,
        transaction: &mut Transaction,
        desk: &Desk<'_>,
        member: &Member,
        field: FieldId,
        value: Bound,
    ) -> Result<()> {
        let sql = format!(
            "UPDATE {} SET {} = $1, version = version + 1, updated_at = $2, updated_by_id = $3 WHERE id = $4",
            quote(&self.def().name),
            quote(&self.column(field)?)
        );
        let by = desk
            .caller
            .person
            .as_ref()
            .map_or(Value::Null, |person| Value::Uuid(person.id.uuid()));
        let parameters = vec![
            value,
            Bound::new(Value::DateTime(desk.caller.now.0), ValueType::DateTime)?,
            Bound::new(by, ValueType::Uuid)?,
            uuid(member.membership)?,
        ];
        transaction.execute(sql, parameters).await?;
        Ok(())
    }

    /// Ends a membership. In a single-tenant app people are blocked instead: their rows belong to them.
    pub(super) async fn remove(&self, transaction: &mut Transaction, desk: &Desk<'_>, member: &Member) -> Result<()> {
        if self.tenancy.is_none() {
            self.set_roles(transaction, desk, member, &[]).await?;
            return self.set_status(transaction, desk, member, super::BLOCKED).await;
        }
        let sql = format!(
            "DELETE FROM {} WHERE id = $1 AND tenant_id = $2",
            quote(&self.def().name)
        );
        let parameters = vec![uuid(member.membership)?, uuid(self.tenant()?)?];
        transaction.execute(sql, parameters).await?;
        Ok(())
    }

    /// The user of an address, whatever its case.
    pub(super) async fn find_user(&self, transaction: &mut Transaction, email: &str) -> Result<Option<RowId>> {
        let sql = "SELECT id FROM \"user\" WHERE email IN ($1, $2) ORDER BY email = $1 DESC LIMIT 1";
        let parameters = vec![
            Bound::new(Value::Text(email.to_owned()), ValueType::Text)?,
            Bound::new(Value::Text(email.to_lowercase()), ValueType::Text)?,
        ];
        let table = transaction
            .query(sql.to_owned(), parameters, vec![ValueType::Uuid])
            .await?;
        if table.rows() == 0 {
            Ok(None)
        } else {
            id(&table, 0).map(Some)
        }
    }

    pub(super) async fn create_user(
        &self,
        transaction: &mut Transaction,
        desk: &Desk<'_>,
        email: &str,
        name: Option<&str>,
        roles: &[String],
    ) -> Result<RowId> {
        let user = self.catalog.entity(self.catalog.user);
        let mut values = vec![("email", Value::Text(email.to_lowercase()))];
        values.extend(name.map(|name| ("name", Value::Text(name.to_owned()))));
        let profile = self.catalog.default_profile.clone();
        values.extend(profile.map(|profile| ("profile", Value::Text(profile))));
        if self.tenancy.is_none() {
            values.push(("roles", Value::TextList(roles.to_vec())));
        }
        let values: Vec<(FieldId, Value)> = values
            .into_iter()
            .filter_map(|(name, value)| Some((user.find_field(name)?.id, value)))
            .collect();
        let row = desk.id(user)?;
        // A person is their own owner.
        insert(transaction, desk, user, row, None, &values, Some(row)).await?;
        Ok(row)
    }

    /// Makes a user a member; in a single-tenant app a new user is one already.
    pub(super) async fn admit(
        &self,
        transaction: &mut Transaction,
        desk: &Desk<'_>,
        user: RowId,
        is_new: bool,
        roles: &[String],
    ) -> Result<Member> {
        let already = || Error::conflict("this person is a member already");
        match &self.tenancy {
            None if !is_new => return Err(already()),
            None => {}
            Some((tenancy, _)) => {
                if !is_new && self.find(transaction, user).await?.is_some() {
                    return Err(already());
                }
                let values = [
                    (tenancy.membership_user, Value::Uuid(user.uuid())),
                    (tenancy.membership_roles, Value::TextList(roles.to_vec())),
                ];
                let row = desk.id(self.def())?;
                let tenant = self.tenant()?;
                insert(transaction, desk, self.def(), row, Some(tenant), &values, Some(user)).await?;
            }
        }
        let member = self.find(transaction, user).await?;
        member.ok_or_else(|| Error::program("a member is not found after the row was written"))
    }

    /// A tenant with its first manager, the caller; gives its id and GraphQL's `ViewerTenant`.
    pub(super) async fn create_tenant(
        &self,
        transaction: &mut Transaction,
        desk: &Desk<'_>,
        values: &[(FieldId, Value)],
        roles: &[String],
    ) -> Result<(RowId, Json)> {
        let (Some((tenancy, _)), Some(person)) = (&self.tenancy, desk.caller.person.as_ref().map(|person| person.id))
        else {
            return Err(Error::Forbidden {
                message: "nobody is signed in, or the app has no tenants".to_owned(),
            });
        };
        let tenants = self.catalog.entity(tenancy.entity);
        let tenant = desk.id(tenants)?;
        insert(transaction, desk, tenants, tenant, Some(tenant), values, Some(person))
            .await
            .map_err(|error| match error {
                Error::Conflict { source, .. } => Error::Conflict {
                    message: "another tenant has this name or address".to_owned(),
                    source,
                },
                other => other,
            })?;
        let membership = desk.id(self.def())?;
        let own = [
            (tenancy.membership_user, Value::Uuid(person.uuid())),
            (tenancy.membership_roles, Value::TextList(roles.to_vec())),
        ];
        insert(
            transaction,
            desk,
            self.def(),
            membership,
            Some(tenant),
            &own,
            Some(person),
        )
        .await?;
        let text = |field: Option<FieldId>| {
            let value = values.iter().find(|(id, _)| Some(*id) == field).map(|(_, value)| value);
            match value {
                Some(Value::Text(text)) => Json::from(text.as_str()),
                _ => Json::Null,
            }
        };
        let name = tenants.find_field("name").map(|name| name.id);
        let answer = json!({"id": tenant.to_string(), "slug": text(tenancy.slug), "name": text(name)});
        Ok((tenant, answer))
    }

    fn tenant(&self) -> Result<RowId> {
        let tenant = self.tenancy.as_ref().and_then(|(_, tenant)| *tenant);
        tenant.ok_or_else(|| Error::NotFound {
            message: "there is no such member".to_owned(),
        })
    }

    fn def(&self) -> &'a EntityDef {
        self.catalog.entity(self.holder)
    }

    fn column(&self, field: FieldId) -> Result<String> {
        let column = self.def().field(field).column();
        column
            .map(|column| column.name)
            .ok_or_else(|| Error::program("a field of a membership has no column"))
    }

    /// The roles, as cells carry lists.
    fn roles_column(&self, dialect: Dialect, alias: &str) -> String {
        let column = self.roles.and_then(|roles| self.column(roles).ok());
        match (column, dialect) {
            (None, _) => "'[]'".to_owned(),
            (Some(column), Dialect::Postgres) => format!("to_json({alias}.{})::text", quote(&column)),
            (Some(column), Dialect::Sqlite) => format!("{alias}.{}", quote(&column)),
        }
    }
}

/// Entities of which an order may add a row.
pub(super) fn tags(catalog: &Catalog) -> Vec<&EntityDef> {
    let tenancy = catalog
        .tenancy
        .iter()
        .flat_map(|tenancy| [tenancy.entity, tenancy.membership]);
    std::iter::once(catalog.user)
        .chain(tenancy)
        .map(|entity| catalog.entity(entity))
        .collect()
}

/// Lifts a lockout, ends every session and forgets the password and older links: who has them does not get in any more.
pub(super) async fn end_access(transaction: &mut Transaction, user: RowId) -> Result<()> {
    for sql in [
        "UPDATE fh_credential SET password_hash = '', failures = 0, blocked_until = NULL WHERE user_id = $1",
        "DELETE FROM fh_session WHERE user_id = $1",
        "DELETE FROM fh_reset WHERE user_id = $1",
    ] {
        transaction.execute(sql.to_owned(), vec![uuid(user)?]).await?;
    }
    Ok(())
}

/// Inserts one row: what is stated, the model's defaults, and what the server itself puts into new rows.
async fn insert(
    transaction: &mut Transaction,
    desk: &Desk<'_>,
    entity: &EntityDef,
    row: RowId,
    tenant: Option<RowId>,
    values: &[(FieldId, Value)],
    owner: Option<RowId>,
) -> Result<()> {
    let (mut columns, mut places, mut parameters) = (Vec::new(), Vec::new(), Vec::new());
    for field in &entity.fields {
        let value = value_of(field, desk, row, tenant, values, owner);
        if field.required && value.is_null() && field.system.is_none() {
            return Err(Error::conflict(format!(
                "`{}` of `{}` must be given, and has no default; give it one in the model",
                field.name, entity.name
            )));
        }
        let mut cells = vec![value.clone()];
        if field.encrypted.is_some() {
            let sealed = sealed::seal(desk.cipher, desk.catalog, (entity.id, field.id), tenant, row, &value)?;
            cells = std::iter::once(sealed.value).chain(sealed.index).collect();
        }
        for ((column, value_type), cell) in sealed::columns(field).into_iter().zip(cells) {
            parameters.push(Bound::new(cell, value_type)?);
            columns.push(quote(&column));
            places.push(format!("${}", parameters.len()));
        }
    }
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        quote(&entity.name),
        columns.join(", "),
        places.join(", ")
    );
    transaction.execute(sql, parameters).await?;
    Ok(())
}

fn value_of(
    field: &FieldDef,
    desk: &Desk<'_>,
    row: RowId,
    tenant: Option<RowId>,
    values: &[(FieldId, Value)],
    owner: Option<RowId>,
) -> Value {
    let person = |id: Option<RowId>| id.map_or(Value::Null, |id| Value::Uuid(id.uuid()));
    let caller = desk.caller.person.as_ref().map(|person| person.id);
    match field.system {
        Some(SystemField::Id) => Value::Uuid(row.uuid()),
        Some(SystemField::Version) => Value::Int(1),
        Some(SystemField::CreatedAt | SystemField::UpdatedAt) => Value::DateTime(desk.caller.now.0),
        Some(SystemField::Owner) => person(owner),
        Some(SystemField::CreatedBy | SystemField::UpdatedBy) => person(caller),
        Some(SystemField::Tenant) => person(tenant),
        None => {
            let stated = values.iter().find(|(id, _)| *id == field.id);
            match (stated, field.name.as_str()) {
                (Some((_, value)), _) => value.clone(),
                (None, "status") if field.default.is_none() => Value::Text(ACTIVE.to_owned()),
                (None, _) => field.default_value().unwrap_or(Value::Null),
            }
        }
    }
}

fn uuid(id: RowId) -> Result<Bound> {
    Bound::new(Value::Uuid(id.uuid()), ValueType::Uuid)
}

fn id(table: &Table, column: usize) -> Result<RowId> {
    match read(ValueType::Uuid, table.cell(0, column))? {
        Value::Uuid(uuid) => Ok(uuid.into()),
        _ => Err(Error::program("a row has no id")),
    }
}

fn text(table: &Table, column: usize) -> Result<Option<String>> {
    Ok(match read(ValueType::Text, table.cell(0, column))? {
        Value::Text(text) => Some(text),
        _ => None,
    })
}

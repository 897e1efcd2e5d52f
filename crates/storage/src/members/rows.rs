//! The rows that administration reads and writes: people and memberships.

use super::{BLOCKED, text};
use crate::binder::Bound;
use crate::cells::{Table, read};
use crate::dialect::quote;
use crate::error::{Error, Result};
use crate::mutate::{Done, PlainRow, Writing};
use crate::program::Dialect;
use crate::transaction::Transaction;
use freehold_base::{Caller, RowId, Value, ValueType};
use freehold_schema::catalog::{Catalog, EntityDef, EntityId, FieldId, Tenancy};

/// Whoever is made a user and a member within so long was made both at once: by an invitation, or by the operator.
const ADDED_TOGETHER_MICROS: i64 = 60_000_000;

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// The membership's row; in a single-tenant app the user's.
    pub(super) membership: RowId,
    pub(super) user: RowId,
    /// Where letters go. Not for answers: who may read it there is for the rules to say.
    pub(super) email: String,
    pub(super) roles: Vec<String>,
    pub(super) status: String,
}

/// Where an app keeps its people, and the tenant that is administered.
pub(super) struct Rows<'a> {
    catalog: &'a Catalog,
    /// The tenants' entities, and the tenant of the request.
    tenancy: Option<(Tenancy, RowId)>,
    /// Entity and fields of roles and status.
    holder: EntityId,
    roles: Option<FieldId>,
    status: FieldId,
}

/// What is said of somebody who is no member, whether there is such a person or not.
pub(super) fn absent() -> Error {
    Error::NotFound {
        message: "there is no such member".to_owned(),
    }
}

impl<'a> Rows<'a> {
    /// The people of an app, in the tenant of the caller's request.
    pub(super) fn of(catalog: &'a Catalog, caller: &Caller) -> Result<Self> {
        let tenant = caller.tenant.as_ref().map(|tenant| tenant.id);
        let find = |name: &str| catalog.entity(catalog.user).find_field(name).map(|field| field.id);
        Ok(match catalog.tenancy {
            Some(tenancy) => Self {
                catalog,
                holder: tenancy.membership,
                roles: Some(tenancy.membership_roles),
                status: tenancy.membership_status,
                tenancy: Some((tenancy, tenant.ok_or_else(absent)?)),
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

    /// The tenants' entities, and the tenant of the request; `None` in a single-tenant app.
    pub(super) fn tenancy(&self) -> Option<(Tenancy, RowId)> {
        self.tenancy
    }

    /// One administration of the tenant at a time.
    pub(super) async fn lock(&self, transaction: &mut Transaction) -> Result<()> {
        // SQLite has one writer.
        if transaction.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        let (sql, parameters) = match &self.tenancy {
            Some((tenancy, tenant)) => (
                format!(
                    "SELECT 1 FROM {} WHERE id = $1 FOR NO KEY UPDATE",
                    quote(&self.catalog.entity(tenancy.entity).name)
                ),
                vec![uuid(*tenant)?],
            ),
            None => ("SELECT 1 FROM fh_catalog FOR NO KEY UPDATE".to_owned(), Vec::new()),
        };
        transaction.query(sql, parameters, vec![ValueType::Int]).await?;
        Ok(())
    }

    /// The member of that user.
    pub(super) async fn find(&self, transaction: &mut Transaction, user: RowId) -> Result<Option<Member>> {
        let roles = self.roles_column(transaction.dialect(), "m");
        let status = quote(&self.column(self.status)?);
        let (from, parameters) = match &self.tenancy {
            Some((tenancy, tenant)) => (
                format!(
                    "FROM {} m JOIN \"user\" u ON u.id = m.{} WHERE u.id = $1 AND m.tenant_id = $2",
                    quote(&self.def().name),
                    quote(&self.column(tenancy.membership_user)?)
                ),
                vec![uuid(user)?, uuid(*tenant)?],
            ),
            None => (
                "FROM \"user\" m JOIN \"user\" u ON u.id = m.id WHERE u.id = $1".to_owned(),
                vec![uuid(user)?],
            ),
        };
        let sql = format!("SELECT m.id, u.id, u.email, {roles}, m.{status} {from}");
        let columns = vec![
            ValueType::Uuid,
            ValueType::Uuid,
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
            email: text_of(&table, 2)?.unwrap_or_default(),
            roles: match read(ValueType::TextList, table.cell(0, 3))? {
                Value::TextList(roles) => roles,
                _ => Vec::new(),
            },
            status: text_of(&table, 4)?.unwrap_or_default(),
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
        let (user_column, within) = match &self.tenancy {
            Some((tenancy, tenant)) => {
                parameters.push(uuid(*tenant)?);
                (self.column(tenancy.membership_user)?, " AND m.tenant_id = $3")
            }
            None => ("id".to_owned(), ""),
        };
        // SQLite counts parameters as they come, so they stand in their order.
        let sql = format!(
            "SELECT 1 FROM {} m JOIN \"user\" u ON u.id = m.{} \
             WHERE u.id <> $1 AND {held} AND m.{status} = 'active' AND u.status = 'active'{within} LIMIT 1",
            quote(&self.def().name),
            quote(&user_column)
        );
        Ok(transaction.query(sql, parameters, vec![ValueType::Int]).await?.rows() > 0)
    }

    /// Whether a member belongs to other tenants as well, blocked there or not, or was somebody before they became a member here:
    /// whoever is merely invited is not the tenant's own.
    pub(super) async fn belongs_elsewhere(&self, transaction: &mut Transaction, user: RowId) -> Result<bool> {
        let Some((tenancy, tenant)) = &self.tenancy else {
            return Ok(false);
        };
        let sql = format!(
            "SELECT m.tenant_id, m.created_at, u.created_at FROM {} m JOIN \"user\" u ON u.id = m.{user} WHERE m.{user} = $1",
            quote(&self.def().name),
            user = quote(&self.column(tenancy.membership_user)?)
        );
        let columns = vec![ValueType::Uuid, ValueType::DateTime, ValueType::DateTime];
        let table = transaction.query(sql, vec![uuid(user)?], columns).await?;
        for row in 0..table.rows() {
            let here = read(ValueType::Uuid, table.cell(row, 0))? == Value::Uuid(tenant.uuid());
            let joined = read(ValueType::DateTime, table.cell(row, 1))?;
            let known = read(ValueType::DateTime, table.cell(row, 2))?;
            let was_known = match (known, joined) {
                (Value::DateTime(known), Value::DateTime(joined)) => {
                    joined.saturating_sub(known) > ADDED_TOGETHER_MICROS
                }
                _ => true,
            };
            if !here || was_known {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) async fn set_roles(&self, writing: &mut Writing<'_, '_>, member: &Member, roles: &[String]) -> Done<()> {
        let field = self.roles.ok_or_else(|| Error::conflict("this app has no roles"))?;
        let values = [(field, Value::TextList(roles.to_vec()))];
        writing.overwrite(self.def(), member.membership, &values).await?;
        Ok(rotate_sessions(&mut writing.transaction, member.user).await?)
    }

    pub(super) async fn set_status(&self, writing: &mut Writing<'_, '_>, member: &Member, status: &str) -> Done<()> {
        let values = [(self.status, text(status))];
        writing.overwrite(self.def(), member.membership, &values).await?;
        Ok(rotate_sessions(&mut writing.transaction, member.user).await?)
    }

    /// Ends a membership, with what cascades from it. In a single-tenant app people are blocked instead: their rows belong to them.
    pub(super) async fn remove(&self, writing: &mut Writing<'_, '_>, member: &Member) -> Done<()> {
        if self.tenancy.is_none() {
            self.set_roles(writing, member, &[]).await?;
            return self.set_status(writing, member, BLOCKED).await;
        }
        writing.remove_by(self.def(), member.membership, None, false).await?;
        rotate_sessions(&mut writing.transaction, member.user).await?;
        if let Some((tenancy, tenant)) = &self.tenancy {
            // An invitation that is taken back opens nothing: who is a member nowhere has no link any more.
            let sql = format!(
                "DELETE FROM fh_reset WHERE user_id = $1 AND NOT EXISTS (SELECT 1 FROM {} m WHERE m.{} = $1)",
                quote(&self.def().name),
                quote(&self.column(tenancy.membership_user)?)
            );
            writing.transaction.execute(sql, vec![uuid(member.user)?]).await?;
            // Who comes back some day does not find old keys of this tenant at work.
            let sql = "DELETE FROM fh_session WHERE user_id = $1 AND tenant_id = $2".to_owned();
            let bound = vec![uuid(member.user)?, uuid(*tenant)?];
            writing.transaction.execute(sql, bound).await?;
        }
        // The record of the order says it.
        writing.written.retain(|written| written.row != member.membership);
        Ok(())
    }

    /// The user of an address, whatever its case.
    pub(super) async fn find_user(&self, transaction: &mut Transaction, email: &str) -> Result<Option<RowId>> {
        let sql = "SELECT id FROM \"user\" WHERE email IN ($1, $2) OR lower(email) = $2 \
                   ORDER BY email = $1 DESC, email = $2 DESC, id LIMIT 1";
        let parameters = vec![
            Bound::new(text(email), ValueType::Text)?,
            Bound::new(text(&email.to_lowercase()), ValueType::Text)?,
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

    /// Joins memberships of the tenant, as `m`, to a column with a user's id. The tenant is the parameter of that number.
    pub(super) fn joined(&self, user: &str, number: usize) -> Result<(String, Vec<Bound>)> {
        Ok(match &self.tenancy {
            Some((tenancy, tenant)) => (
                format!(
                    "JOIN {} m ON m.{} = {user} AND m.tenant_id = ${number}",
                    quote(&self.def().name),
                    quote(&self.column(tenancy.membership_user)?)
                ),
                vec![uuid(*tenant)?],
            ),
            None => (format!("JOIN \"user\" m ON m.id = {user}"), Vec::new()),
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
    pub(super) fn roles_column(&self, dialect: Dialect, alias: &str) -> String {
        let column = self.roles.and_then(|roles| self.column(roles).ok());
        match (column, dialect) {
            (None, _) => "'[]'".to_owned(),
            (Some(column), Dialect::Postgres) => format!("to_json({alias}.{})::text", quote(&column)),
            (Some(column), Dialect::Sqlite) => format!("{alias}.{}", quote(&column)),
        }
    }
}

/// Adds a membership; it is the member's own.
pub(super) async fn add_member(
    writing: &mut Writing<'_, '_>,
    tenancy: Tenancy,
    tenant: RowId,
    user: RowId,
    roles: &[String],
) -> Done<()> {
    let memberships = writing.catalog.entity(tenancy.membership);
    let id = writing.next_id(memberships);
    let row = PlainRow {
        entity: memberships,
        id,
        tenant: Some(tenant),
        owner: user,
        values: vec![
            (tenancy.membership_user, Value::Uuid(user.uuid())),
            (tenancy.membership_roles, Value::TextList(roles.to_vec())),
        ],
    };
    writing.add(&row).await?;
    Ok(rotate_sessions(&mut writing.transaction, user).await?)
}

/// Asks that the tokens of somebody's sessions are replaced when they are next used: what they may do has changed. As
/// `freehold_auth::rotate_later`, but within the operation's transaction.
async fn rotate_sessions(transaction: &mut Transaction, user: RowId) -> Result<()> {
    let sql = "UPDATE fh_session SET rotate = 1 WHERE user_id = $1 AND kind = 'browser' AND rotate = 0";
    transaction.execute(sql.to_owned(), vec![uuid(user)?]).await?;
    Ok(())
}

/// Lifts a lockout, ends every session and forgets the password and older links: who has them does not get in any more.
pub(super) async fn end_access(transaction: &mut Transaction, user: RowId) -> Result<()> {
    let all = [
        "UPDATE fh_credential SET password_hash = '', failures = 0, blocked_until = NULL WHERE user_id = $1",
        "DELETE FROM fh_session WHERE user_id = $1",
        "DELETE FROM fh_reset WHERE user_id = $1",
    ];
    about(transaction, user, &all).await?;
    end_sessions(transaction, user).await
}

/// Signs somebody out everywhere: in browsers, in apps, which cannot have new tokens, and where a sign-in is under way. Keys stay.
pub(super) async fn end_sessions(transaction: &mut Transaction, user: RowId) -> Result<()> {
    let all = [
        "DELETE FROM fh_session WHERE user_id = $1 AND kind <> 'key'",
        "DELETE FROM fh_refresh WHERE user_id = $1",
        "DELETE FROM fh_ticket WHERE user_id = $1 AND kind IN ('second_factor', 'code')",
    ];
    about(transaction, user, &all).await
}

/// Forgets second factors, the codes for their loss, and those that are being set up.
pub(super) async fn forget_factors(transaction: &mut Transaction, user: RowId) -> Result<()> {
    let all = [
        "DELETE FROM fh_factor WHERE user_id = $1",
        "DELETE FROM fh_recovery WHERE user_id = $1",
        "DELETE FROM fh_ticket WHERE user_id = $1 AND kind IN ('passkey_set_up', 'totp_set_up')",
    ];
    about(transaction, user, &all).await
}

/// Lifts a lockout.
pub(super) async fn unlock(transaction: &mut Transaction, user: RowId) -> Result<()> {
    let all = ["UPDATE fh_credential SET failures = 0, blocked_until = NULL WHERE user_id = $1"];
    about(transaction, user, &all).await
}

async fn about(transaction: &mut Transaction, user: RowId, statements: &[&str]) -> Result<()> {
    for sql in statements {
        transaction.execute((*sql).to_owned(), vec![uuid(user)?]).await?;
    }
    Ok(())
}

pub(super) fn uuid(id: RowId) -> Result<Bound> {
    Bound::new(Value::Uuid(id.uuid()), ValueType::Uuid)
}

fn id(table: &Table, column: usize) -> Result<RowId> {
    match read(ValueType::Uuid, table.cell(0, column))? {
        Value::Uuid(uuid) => Ok(uuid.into()),
        _ => Err(Error::program("a row has no id")),
    }
}

fn text_of(table: &Table, column: usize) -> Result<Option<String>> {
    Ok(match read(ValueType::Text, table.cell(0, column))? {
        Value::Text(text) => Some(text),
        _ => None,
    })
}

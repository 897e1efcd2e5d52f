//! Administration: members of a tenant and their roles, blocks, passwords; and new tenants. In a single-tenant app the people
//! themselves hold the roles, and what is said of members here is said of them.
//!
//! Who manages whom is decided here, under a lock that all administration of a tenant takes, so that two managers who remove each
//! other at once do not both succeed.

mod decide;
mod letter;
mod rows;

pub use letter::{Letter, LetterKind};

use crate::audit::{AuditChain, AuditDetail, AuditEvent, AuditKind};
use crate::error::{Error, Result};
use crate::mutate::Writing;
use crate::transaction::Transaction;
use decide::{Change, check};
use freehold_base::{Caller, ColumnCipher, EntityTag, RowId};
use freehold_planner::mutation::{Administer, Administration};
use freehold_schema::catalog::{Catalog, EntityDef};
use rows::{Member, Rows};
use serde_json::{Map, Value as Json, json};

/// Status of somebody who may come in.
const ACTIVE: &str = "active";
/// Status of somebody who may not.
const BLOCKED: &str = "blocked";

/// Runs a mutation of administration inside the operation's transaction; gives the JSON of its answer. The action is held
/// already; whom it may be done to is judged here.
pub(crate) async fn administer(writing: &mut Writing<'_, '_>, order: &Administer) -> Result<Vec<u8>> {
    let (catalog, caller) = (writing.catalog, writing.request.binder.caller);
    let cipher = writing.request.binder.cipher;
    // As many as any order takes: of a user, a tenant and a membership.
    let tags = rows::tags(catalog);
    let ids: Vec<(EntityTag, RowId)> = tags.into_iter().map(|def| (def.tag, writing.next_id(def))).collect();
    let desk = Desk {
        catalog,
        caller,
        cipher,
        ids,
    };
    let rows = Rows::of(catalog, caller)?;
    if let Administration::CreateTenant {
        values,
        references,
        roles,
    } = &order.what
    {
        if let Some(tenancy) = catalog.tenancy {
            writing.check_references(catalog.entity(tenancy.entity), references).await?;
        }
        let (tenant, answer) = rows
            .create_tenant(&mut writing.transaction, &desk, values, roles)
            .await?;
        let detail = AuditDetail::default()
            .name("operation", "create_tenant")
            .names("roles", roles);
        writing
            .events
            .push(event(&desk, AuditChain::Tenant(tenant), None, detail));
        return Ok(selected(&answer, "ViewerTenant", order));
    }
    let transaction = &mut writing.transaction;
    rows.lock(transaction).await?;
    still_entitled(transaction, &rows, &desk).await?;
    let asked = Asked {
        rows: &rows,
        desk: &desk,
        order,
    };
    let (member, detail, kind) = asked.carry_out(transaction).await?;
    if let Some(kind) = kind {
        let letter = letter::write(writing, &member, kind).await?;
        writing.request.letters.push(letter);
    }
    let chain = caller
        .tenant
        .as_ref()
        .map_or(AuditChain::Environment, |tenant| AuditChain::Tenant(tenant.id));
    writing.events.push(event(&desk, chain, Some(&member), detail));
    Ok(selected(&member.to_json(), "MemberPayload", order))
}

/// What administration needs of its request.
struct Desk<'a> {
    catalog: &'a Catalog,
    caller: &'a Caller,
    cipher: Option<&'a dyn ColumnCipher>,
    /// An id for a new row of each entity that may get one.
    ids: Vec<(EntityTag, RowId)>,
}

impl Desk<'_> {
    fn id(&self, entity: &EntityDef) -> Result<RowId> {
        let found = self.ids.iter().find(|(tag, _)| *tag == entity.tag);
        found
            .map(|(_, id)| *id)
            .ok_or_else(|| Error::program("no id was made for a new row"))
    }
}

/// The caller's rights were read before the lock; they must be the same under it.
async fn still_entitled(transaction: &mut Transaction, rows: &Rows<'_>, desk: &Desk<'_>) -> Result<()> {
    let changed = || Error::Forbidden {
        message: "your own rights have changed; ask again".to_owned(),
    };
    let person = desk.caller.person.as_ref().ok_or_else(changed)?;
    let own = rows.find(transaction, person.id).await?.ok_or_else(changed)?;
    let mut held = own.roles;
    held.sort_unstable();
    held.dedup();
    if own.status == ACTIVE && held == desk.caller.roles {
        Ok(())
    } else {
        Err(changed())
    }
}

/// What is asked, with where it is kept.
struct Asked<'a> {
    rows: &'a Rows<'a>,
    desk: &'a Desk<'a>,
    order: &'a Administer,
}

type Outcome = (Member, AuditDetail, Option<LetterKind>);

impl Asked<'_> {
    async fn carry_out(&self, transaction: &mut Transaction) -> Result<Outcome> {
        let (rows, desk) = (self.rows, self.desk);
        let told = |operation: &str| AuditDetail::default().name("operation", operation);
        Ok(match &self.order.what {
            Administration::Invite { email, name, roles } => {
                self.invite(transaction, email, name.as_deref(), roles).await?
            }
            Administration::SetRoles { user, roles } => {
                let mut member = self.allowed(transaction, *user, &Change::Roles(roles)).await?;
                let detail = told("set_member_roles")
                    .names("rolesBefore", member.roles.clone())
                    .names("roles", roles);
                rows.set_roles(transaction, desk, &member, roles).await?;
                member.roles.clone_from(roles);
                (member, detail, None)
            }
            Administration::Remove { user } => {
                let member = self.allowed(transaction, *user, &Change::Leaves).await?;
                rows.remove(transaction, desk, &member).await?;
                let detail = told("remove_member").names("rolesBefore", member.roles.clone());
                (member, detail, None)
            }
            Administration::Block { user, blocked } => {
                let (change, status, operation) = if *blocked {
                    (Change::Leaves, BLOCKED, "block_member")
                } else {
                    (Change::Returns, ACTIVE, "unblock_member")
                };
                let mut member = self.allowed(transaction, *user, &change).await?;
                rows.set_status(transaction, desk, &member, status).await?;
                status.clone_into(&mut member.status);
                (member, told(operation), None)
            }
            Administration::ResetPassword { user } => {
                let member = self.allowed(transaction, *user, &Change::Nothing).await?;
                rows::end_access(transaction, member.user).await?;
                (member, told("reset_password"), Some(LetterKind::PasswordReset))
            }
            Administration::CreateTenant { .. } => {
                return Err(Error::program("a tenant is not created by its members"));
            }
        })
    }

    /// The member, if the caller may do that to them.
    async fn allowed(&self, transaction: &mut Transaction, user: RowId, change: &Change<'_>) -> Result<Member> {
        let member = self
            .rows
            .find(transaction, user)
            .await?
            .ok_or_else(|| Error::NotFound {
                message: "there is no such member".to_owned(),
            })?;
        let managers = decide::manager_roles(self.desk.catalog);
        let others = self.rows.has_other_manager(transaction, user, &managers).await?;
        let asker = self.desk.caller.person.as_ref().map(|person| person.id);
        check(&member, asker, &self.order.manages, &managers, others, change)?;
        Ok(member)
    }

    async fn invite(
        &self,
        transaction: &mut Transaction,
        email: &str,
        name: Option<&str>,
        roles: &[String],
    ) -> Result<Outcome> {
        decide::manages_all(&self.order.manages, roles)?;
        let (user, is_new) = match self.rows.find_user(transaction, email).await? {
            Some(user) => (user, false),
            None => {
                let user = self
                    .rows
                    .create_user(transaction, self.desk, email, name, roles)
                    .await?;
                (user, true)
            }
        };
        let member = self.rows.admit(transaction, self.desk, user, is_new, roles).await?;
        let detail = AuditDetail::default()
            .name("operation", "invite_member")
            .names("roles", roles);
        Ok((member, detail, is_new.then_some(LetterKind::Invitation)))
    }
}

fn event(desk: &Desk<'_>, chain: AuditChain, member: Option<&Member>, detail: AuditDetail) -> AuditEvent {
    AuditEvent {
        user: desk.caller.person.as_ref().map(|person| person.id),
        entity: member.map(|_| desk.catalog.entity(desk.catalog.user).name.clone()),
        row: member.map(|member| member.user),
        detail,
        ..AuditEvent::new(chain, desk.caller.now, AuditKind::Administration)
    }
}

/// What the client selected of an answer.
fn selected(answer: &Json, type_name: &str, order: &Administer) -> Vec<u8> {
    let mut object = Map::new();
    for (key, name) in &order.selected {
        let value = match name.as_str() {
            "__typename" => json!(type_name),
            name => answer.get(name).cloned().unwrap_or(Json::Null),
        };
        object.insert(key.clone(), value);
    }
    Json::Object(object).to_string().into_bytes()
}

//! Administration: members of a tenant and their roles, blocks, passwords; and new tenants. In a single-tenant app the people
//! themselves hold the roles, and what is said of members here is said of them.
//!
//! Who manages whom is decided here, under a lock that all administration of a tenant takes, so that two managers who remove each
//! other at once do not both succeed. Start at `administer`; `decide` has the rules, `founding` makes tenants, `invite` members,
//! `keys` keys of machines. `look` is for those who only want to see.

mod decide;
mod founding;
mod invite;
mod keys;
mod letter;
mod look;
mod rows;

pub use keys::MemberKey;
pub use letter::{Letter, LetterKind};
pub use look::Onlooker;

use crate::audit::{AuditChain, AuditDetail, AuditEvent, AuditKind};
use crate::error::{Error, Result};
use crate::mutate::{Done, Writing};
use decide::{Change, check};
use freehold_base::{RowId, Value};
use freehold_planner::mutation::{Administer, Administration};
use rows::{Member, Rows};
use serde_json::{Map, Value as Json, json};

/// Status of somebody who may come in.
const ACTIVE: &str = "active";
/// Status of somebody who may not.
const BLOCKED: &str = "blocked";

/// Runs a mutation of administration inside the operation's transaction; gives the JSON of its answer. The action is held
/// already; whom it may be done to is judged here.
pub(crate) async fn administer(writing: &mut Writing<'_, '_>, order: &Administer) -> Done<Vec<u8>> {
    if let Administration::CreateTenant {
        values,
        references,
        roles,
    } = &order.what
    {
        let tenant = founding::create(writing, values, references, roles).await?;
        return Ok(selected(&tenant, "ViewerTenant", order));
    }
    let rows = Rows::of(writing.catalog, writing.request.binder.caller)?;
    rows.lock(&mut writing.transaction).await?;
    still_entitled(writing, &rows).await?;
    match &order.what {
        Administration::CreateKey(wanted) => {
            let key = keys::create(writing, &rows, &order.manages, wanted).await?;
            return Ok(selected(&key, "ApiKeyCreated", order));
        }
        Administration::RevokeKey { id } => {
            let key = keys::revoke(writing, &rows, &order.manages, *id).await?;
            return Ok(selected(&key, "ApiKey", order));
        }
        Administration::Invite { .. }
        | Administration::SetRoles { .. }
        | Administration::Remove { .. }
        | Administration::Block { .. }
        | Administration::ResetPassword { .. }
        | Administration::CreateTenant { .. }
        | Administration::RevokeSessions { .. }
        | Administration::RemoveFactors { .. }
        | Administration::Unlock { .. } => {}
    }
    let (member, person) = carry_out(writing, &rows, order).await?;
    let answer = json!({
        "id": member.membership.to_string(),
        "user": member.user.to_string(),
        "email": person["email"],
        "name": person["name"],
        "roles": member.roles,
        "status": member.status,
    });
    Ok(selected(&answer, "MemberPayload", order))
}

/// The caller's rights were read before the lock; under it they must still be held. Not all that is held has to count: a role may
/// need a second factor, and a key may have fewer.
async fn still_entitled(writing: &mut Writing<'_, '_>, rows: &Rows<'_>) -> Result<()> {
    let changed = || Error::Forbidden {
        message: "your own rights have changed; ask again".to_owned(),
        of_row: false,
    };
    let caller = writing.request.binder.caller;
    let person = caller.person.as_ref().ok_or_else(changed)?;
    let own = rows.find(&mut writing.transaction, person.id).await?;
    let own = own.ok_or_else(changed)?;
    let held = |role: &String| own.roles.contains(role);
    if own.status == ACTIVE && caller.roles.iter().all(held) {
        Ok(())
    } else {
        Err(changed())
    }
}

/// Does it, and says so in the audit log; gives the member, and what the caller may read of the person.
async fn carry_out(writing: &mut Writing<'_, '_>, rows: &Rows<'_>, order: &Administer) -> Done<(Member, Json)> {
    let (user, change) = match &order.what {
        Administration::Invite { email, name, roles } => {
            let member = invite::invite(writing, rows, &order.manages, email, name.as_deref(), roles).await?;
            let mut person = told(writing, order, member.user, false).await?;
            if person["email"].is_null() {
                // The caller has said it.
                person = json!({"email": email, "name": person["name"]});
            }
            return Ok((member, person));
        }
        Administration::SetRoles { user, roles } => (*user, Change::Roles(roles)),
        Administration::Remove { user } => (*user, Change::Leaves(None)),
        Administration::Block { user, blocked: true } => (*user, Change::Leaves(Some(BLOCKED))),
        Administration::Block { user, blocked: false } => (*user, Change::Returns),
        Administration::ResetPassword { user }
        | Administration::RevokeSessions { user }
        | Administration::RemoveFactors { user }
        | Administration::Unlock { user } => (*user, Change::Nothing),
        Administration::CreateTenant { .. } | Administration::CreateKey(_) | Administration::RevokeKey { .. } => {
            return Err(Error::program("this is not done to a member").into());
        }
    };
    let mut member = allowed(writing, rows, &order.manages, user, &change).await?;
    let before = told(writing, order, user, true).await?;
    let operation = order.what.operation();
    let detail = AuditDetail::default().name("operation", operation);
    let detail = match change {
        Change::Roles(roles) => {
            let told = detail.names("rolesBefore", member.roles.clone()).names("roles", roles);
            rows.set_roles(writing, &member, roles).await?;
            member.roles = roles.to_vec();
            told
        }
        Change::Leaves(None) => {
            rows.remove(writing, &member).await?;
            detail.names("rolesBefore", member.roles.clone())
        }
        Change::Leaves(Some(status)) => {
            rows.set_status(writing, &member, status).await?;
            status.clone_into(&mut member.status);
            detail
        }
        Change::Returns => {
            rows.set_status(writing, &member, ACTIVE).await?;
            ACTIVE.clone_into(&mut member.status);
            detail
        }
        Change::Nothing => {
            of_person(writing, rows, &member, &order.what).await?;
            tell_operator(writing, user, &detail);
            detail
        }
    };
    let done = event(writing, chain(writing), Some(user), detail);
    writing.events.push(done);
    let after = told(writing, order, user, false).await?;
    Ok((member, if before.is_null() { after } else { before }))
}

/// Does something to what is the person's, and not the membership's.
async fn of_person(
    writing: &mut Writing<'_, '_>,
    rows: &Rows<'_>,
    member: &Member,
    what: &Administration,
) -> Result<()> {
    if let Administration::ResetPassword { .. } = what {
        return letter::reset(writing, rows, member).await;
    }
    let (transaction, user) = (&mut writing.transaction, member.user);
    decide::is_own(rows.belongs_elsewhere(transaction, user).await?)?;
    match what {
        Administration::RevokeSessions { .. } => rows::end_sessions(transaction, user).await,
        Administration::RemoveFactors { .. } => {
            rows::forget_factors(transaction, user).await?;
            rows::end_sessions(transaction, user).await
        }
        Administration::Unlock { .. } => rows::unlock(transaction, user).await,
        Administration::ResetPassword { .. }
        | Administration::Invite { .. }
        | Administration::SetRoles { .. }
        | Administration::Remove { .. }
        | Administration::Block { .. }
        | Administration::CreateTenant { .. }
        | Administration::CreateKey(_)
        | Administration::RevokeKey { .. } => Err(Error::program("this is not done to a person")),
    }
}

/// The person is everybody's: the operator is told as well.
fn tell_operator(writing: &mut Writing<'_, '_>, user: RowId, detail: &AuditDetail) {
    let told = event(writing, AuditChain::Environment, Some(user), detail.clone());
    let is_other = chain(writing) != AuditChain::Environment;
    writing.events.extend(is_other.then_some(told));
}

/// The member, if the caller may do that to them.
async fn allowed(
    writing: &mut Writing<'_, '_>,
    rows: &Rows<'_>,
    manages: &[String],
    user: RowId,
    change: &Change<'_>,
) -> Result<Member> {
    let transaction = &mut writing.transaction;
    let member = rows.find(transaction, user).await?.ok_or_else(rows::absent)?;
    let managers = decide::manager_roles(writing.catalog);
    let others = rows.has_other_manager(transaction, user, &managers).await?;
    let asker = writing.request.binder.caller.person.as_ref().map(|person| person.id);
    check(&member, asker, manages, &managers, others, change)?;
    Ok(member)
}

/// What the caller may read of the person; null at the moment when it is not to be read, or when nothing is asked.
async fn told(writing: &mut Writing<'_, '_>, order: &Administer, user: RowId, before: bool) -> Result<Json> {
    let Some(answer) = order.person.as_ref().filter(|answer| answer.before == before) else {
        return Ok(Json::Null);
    };
    let text = writing.answer_of(answer, user).await?;
    serde_json::from_slice(&text).map_err(|_| Error::program("a row is no JSON"))
}

/// The chain of what the caller does.
fn chain(writing: &Writing<'_, '_>) -> AuditChain {
    let tenant = writing.request.binder.caller.tenant.as_ref();
    let tenant = tenant.filter(|tenant| tenant.membership.is_some());
    tenant.map_or(AuditChain::Environment, |tenant| AuditChain::Tenant(tenant.id))
}

fn event(writing: &Writing<'_, '_>, chain: AuditChain, user: Option<RowId>, detail: AuditDetail) -> AuditEvent {
    let caller = writing.request.binder.caller;
    AuditEvent {
        user: caller.person.as_ref().map(|person| person.id),
        entity: user.map(|_| writing.catalog.entity(writing.catalog.user).name.clone()),
        row: user,
        detail,
        request: writing.request.request_id.map(str::to_owned),
        ..AuditEvent::new(chain, caller.now, AuditKind::Administration)
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

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

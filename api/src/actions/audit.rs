//! What the audit log hears of: sign-ins and refusals; and what it tells.

mod answer;

pub(crate) use answer::answer;

use crate::actions::explain::{Question, find_entity};
use crate::bundle::Bundle;
use crate::environments::Environment;
use crate::error::{Failure, Refusal, chain};
use freehold_auth::{RefusalCause, Refused, tenants_of};
use freehold_base::{Caller, Code, RowId};
use freehold_storage::audit::{AuditChain, AuditDetail, AuditEntry, AuditEvent, AuditKind};
use std::net::IpAddr;
use std::sync::Arc;

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// The request's id.
    pub(crate) request: &'a str,
    /// The peer's address.
    pub(crate) address: Option<IpAddr>,
}

/// A write that was refused, by names alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Denial<'a> {
    /// `FORBIDDEN` or `NOT_FOUND`.
    pub(crate) code: Code,
    /// `update`, `invite_member` …
    pub(crate) operation: &'a str,
    /// The root field.
    pub(crate) field: &'a str,
    /// The entity's name in the model.
    pub(crate) entity: Option<&'a str>,
    /// The row as it was asked for, whether it is there or not.
    pub(crate) row: Option<RowId>,
}

/// The chain of what a caller does: of the tenant that they are a member of. Whoever only names a tenant leaves nothing in its log.
pub(crate) fn chain_of(caller: &Caller) -> AuditChain {
    let tenant = caller.tenant.as_ref().filter(|tenant| tenant.membership.is_some());
    tenant.map_or(AuditChain::Environment, |tenant| AuditChain::Tenant(tenant.id))
}

/// Records that a write was refused, before the answer is sent: call it once the write is undone. A caller who is refused again
/// and again is counted, and raises an alert. If it cannot be recorded the write stays refused, and the server's log says so.
pub(crate) async fn denied(environment: &Environment, caller: &Caller, origin: Origin<'_>, denial: &Denial<'_>) {
    let place = origin.address.map(|address| environment.pseudonyms.place(address));
    let user = caller.person.as_ref().map(|person| person.id);
    let mut detail = AuditDetail::default()
        .name("code", denial.code.name())
        .name("operation", denial.operation)
        .name("field", denial.field);
    if user.is_none() {
        detail = detail.name("place", place.as_deref().unwrap_or("unknown"));
    }
    let event = AuditEvent {
        user,
        entity: denial.entity.map(str::to_owned),
        row: denial.row,
        detail,
        request: Some(origin.request.to_owned()),
        ..AuditEvent::new(chain_of(caller), caller.now, AuditKind::Denied)
    };
    let subject = match user {
        Some(user) => format!("user {user}"),
        None => format!("place {}", place.as_deref().unwrap_or("unknown")),
    };
    // Whatever is wrong, the recorder has told the server's log.
    let _ = environment
        .recorder
        .record(vec![AuditEntry::Repeated { event, subject }])
        .await;
}

/// Records that somebody signed in: for the environment, and for the tenants that they are a member of.
///
/// # Errors
/// When it cannot be recorded: nobody is let in unseen.
pub(crate) async fn signed_in(
    environment: &Environment,
    user: RowId,
    tenants: impl IntoIterator<Item = RowId>,
    method: &str,
    origin: Origin<'_>,
) -> Result<(), Refusal> {
    let event = AuditEvent {
        user: Some(user),
        detail: place(environment, origin).name("method", method),
        request: Some(origin.request.to_owned()),
        ..AuditEvent::new(AuditChain::Environment, environment.clock.now(), AuditKind::SignIn)
    };
    let entries = everywhere(&event, tenants).map(AuditEntry::Once).collect();
    environment
        .recorder
        .record(entries)
        .await
        .map_err(|error| unrecorded(&error))
}

/// Records that somebody could not sign in. Waits for nothing that depends on whether there is such an account.
pub(crate) async fn sign_in_failed(
    environment: &Environment,
    bundle: Arc<Bundle>,
    refused: Refused,
    method: &str,
    email: &str,
    origin: Origin<'_>,
) {
    let mut detail = place(environment, origin)
        .name("method", method)
        .name("cause", refused.cause.name());
    if !email.is_empty() {
        detail = detail.name("address", environment.pseudonyms.email(email));
    }
    let event = AuditEvent {
        user: refused.user,
        detail,
        request: Some(origin.request.to_owned()),
        ..AuditEvent::new(
            AuditChain::Environment,
            environment.clock.now(),
            AuditKind::SignInFailed,
        )
    };
    let subject = match origin.address {
        Some(address) => format!("place {}", environment.pseudonyms.place(address)),
        None => "place unknown".to_owned(),
    };
    let platform = environment.platform.clone();
    let entries = async move {
        let tenants = match refused.user {
            Some(user) => tenants_of(&platform, &bundle.directory, user)
                .await
                .map_err(|error| chain(&error))?,
            None => Vec::new(),
        };
        let mut entries = Vec::new();
        for event in everywhere(&event, tenants) {
            if refused.cause == RefusalCause::LockedOut {
                entries.push(AuditEntry::Once(AuditEvent {
                    kind: AuditKind::LockedOut,
                    ..event.clone()
                }));
            }
            let subject = subject.clone();
            entries.push(AuditEntry::Repeated { event, subject });
        }
        Ok(entries)
    };
    environment.recorder.record_later(entries).await;
}

/// Records that somebody asked why a person may do what they may.
///
/// # Errors
/// When it cannot be recorded: nobody looks into others' rights unseen.
pub(crate) async fn explained(
    environment: &Environment,
    caller: &Caller,
    about: &Caller,
    question: &Question<'_>,
    origin: Origin<'_>,
) -> Result<(), Refusal> {
    let bundle = environment.bundle()?;
    let mut detail = AuditDetail::default().name("operation", question.operation.word());
    if let Some(person) = &about.person {
        detail = detail.name("about", person.id.to_string());
    }
    let event = AuditEvent {
        user: caller.person.as_ref().map(|person| person.id),
        // What names no entity is the client's text, and has no place here.
        entity: find_entity(&bundle.catalog, question.entity)
            .ok()
            .map(|entity| entity.name.clone()),
        row: Some(question.row),
        detail,
        request: Some(origin.request.to_owned()),
        ..AuditEvent::new(chain_of(caller), caller.now, AuditKind::Explain)
    };
    let recorded = environment.recorder.record(vec![AuditEntry::Once(event)]).await;
    recorded.map_err(|error| unrecorded(&error))
}

/// Records what somebody has done with their own account: for the environment, and for the tenants that they are a member of. It is done
/// already; if it cannot be recorded, the server's log says so.
pub(crate) async fn own_account(
    environment: &Environment,
    bundle: &Bundle,
    user: RowId,
    operation: &str,
    origin: Origin<'_>,
) {
    let event = AuditEvent {
        user: Some(user),
        row: Some(user),
        detail: place(environment, origin).name("operation", operation),
        request: Some(origin.request.to_owned()),
        ..AuditEvent::new(
            AuditChain::Environment,
            environment.clock.now(),
            AuditKind::Administration,
        )
    };
    let tenants = match tenants_of(&environment.platform, &bundle.directory, user).await {
        Ok(tenants) => tenants,
        Err(error) => {
            tracing::error!(
                "whose member somebody is could not be read for the audit log: {}",
                chain(&error)
            );
            Vec::new()
        }
    };
    let entries = everywhere(&event, tenants).map(AuditEntry::Once).collect();
    // Whatever is wrong, the recorder has told the server's log.
    let _ = environment.recorder.record(entries).await;
}

/// Records that somebody was added from the terminal: for the environment, and for the tenant that they are a member of.
///
/// # Errors
/// When it cannot be recorded.
pub(crate) async fn added(
    environment: &Environment,
    user: RowId,
    tenant: Option<RowId>,
    roles: &[String],
) -> Result<(), Failure> {
    let at = environment.clock.now();
    let event = AuditEvent {
        row: Some(user),
        detail: AuditDetail::default()
            .name("operation", "add_user")
            .names("roles", roles),
        ..AuditEvent::new(AuditChain::Environment, at, AuditKind::Administration)
    };
    let entries = everywhere(&event, tenant).map(AuditEntry::Once).collect();
    let recorded = environment.recorder.record(entries).await;
    recorded.map_err(|error| {
        Failure::new(format!(
            "the person was added, and the audit log could not be written: {}",
            chain(&error)
        ))
    })
}

/// What must be seen is refused. The recorder has told the server's log why it could not be.
fn unrecorded(error: &freehold_storage::Error) -> Refusal {
    match error.code() {
        code @ (Code::Unavailable | Code::Timeout) => Refusal::new(code, error.to_string()),
        _ => Refusal::internal("the audit log could not be written"),
    }
}

/// The same event for the environment and for each tenant.
fn everywhere(event: &AuditEvent, tenants: impl IntoIterator<Item = RowId>) -> impl Iterator<Item = AuditEvent> {
    let chains = std::iter::once(AuditChain::Environment).chain(tenants.into_iter().map(AuditChain::Tenant));
    chains.map(|chain| AuditEvent { chain, ..event.clone() })
}

fn place(environment: &Environment, origin: Origin<'_>) -> AuditDetail {
    match origin.address {
        Some(address) => AuditDetail::default().name("place", environment.pseudonyms.place(address)),
        None => AuditDetail::default(),
    }
}

//! One mutation: written, and everything that is owed for it — a record of its refusal, the letters of administration.

use crate::actions::audit::{self, Denial, Origin};
use crate::actions::execute::Request;
use crate::actions::new_keys::NewKeys;
use crate::bundle::{Bundle, View};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::http::host::site_for_letters;
use crate::keys;
use crate::subscriptions::{Changed, Changes};
use freehold_base::{Caller, Code, Expected, RowId};
use freehold_planner::mutation::{Administration, Assigned, MutationPlan, RootAction, Selector, Step};
use freehold_policy::Access;
use freehold_schema::catalog::{Catalog, EntityId, FieldId, Operation};
use freehold_storage::audit::{AuditDetail, AuditEvent, AuditKind};
use freehold_storage::{Binder, ChangedRow, Error, Readings, Refused, Whole, WriteRequest, WrittenRow};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How often a write is tried that lacks a key.
const ATTEMPTS_MAX: usize = 3;

/// A planned mutation.
#[derive(Debug)]
pub(crate) struct Mutation {
    /// What to write and what to answer.
    pub(crate) plan: MutationPlan,
    /// What reads the answers.
    pub(crate) readings: Arc<Readings>,
    /// Coerced variables.
    pub(crate) variables: Map<String, Value>,
    /// Keys that it makes.
    pub(crate) keys: NewKeys,
}

/// Which way a mutation goes.
pub(crate) enum Way<'t> {
    /// Whole if it can, else in steps.
    Shortest,
    /// In steps: whole, it came to nothing.
    InSteps,
    /// In steps, and undone: nothing is kept, sent or recorded, and the rows that were written are told there.
    Rehearsed(&'t mut Vec<WrittenRow>),
}

/// Runs a mutation; gives the JSON object of `data`.
///
/// # Errors
/// Whatever refuses it; nothing was changed then. A refusal by the rules is in the audit log.
pub(crate) async fn write(
    environment: &Environment,
    bundle: &Bundle,
    view: &View,
    caller: &Caller,
    mutation: &Mutation,
    request: &Request<'_>,
    way: Way<'_>,
) -> Result<Vec<u8>, Refusal> {
    let origin = request.origin;
    if needs_post(&mutation.plan) && !environment.post.is_open() {
        return Err(Refusal::new(
            Code::Unavailable,
            "this server sends no letters, so a password cannot be reset",
        )
        .with_hint("whoever runs it sets `smtp` under [mail], or `mail_dir`, in freehold.toml"));
    }
    let catalog = &bundle.catalog;
    let audit = |rows: &[WrittenRow]| events(&bundle.catalog, &view.access, caller, origin, rows);
    // Data keys are made for those who seal something; an answer is only opened.
    let mut sealing = seals(catalog, &mutation.plan);
    let mut chance = Chance::default();
    let deadline = environment.database.deadline();
    let (is_short, mut rehearsal) = match way {
        Way::Shortest => (true, None),
        Way::InSteps => (false, None),
        Way::Rehearsed(told) => (false, Some(told)),
    };
    if is_short && !sealing {
        let whole = write_whole(environment, bundle, view, caller, mutation, request, None).await?;
        if let Some(whole) = whole {
            return Ok(whole.data);
        }
    }
    let tenant = caller.tenant.as_ref().map(|tenant| tenant.id);
    let mut uses = keys::uses(catalog, keys::in_use(catalog), tenant);
    let mut attempts = 1;
    let hint = rehearsal
        .is_none()
        .then(|| Hint::new(environment, catalog, &mutation.plan, caller));
    let (outcome, letters, changed) = loop {
        let cipher = if sealing {
            environment.sealing_cipher(&uses).await?
        } else {
            environment.cipher(&uses).await?
        };
        let binder = Binder {
            catalog,
            caller,
            variables: &mutation.variables,
            written: None,
            cipher: Some(&cipher),
        };
        let (mut letters, mut changed) = (Vec::new(), Vec::new());
        let mut entropy = chance.replayed();
        let asked = WriteRequest {
            binder,
            sealer: &environment.sealer,
            entropy: &mut entropy,
            audit: Some(&audit),
            letters: &mut letters,
            changed: &mut changed,
            drafts: Some(&view.drafts),
            readings: Some(&mutation.readings),
            request_id: Some(origin.request),
        };
        let outcome = match &mut rehearsal {
            None if !(is_short && sealing) => {
                environment
                    .database
                    .write_in_steps(&mutation.plan, asked, deadline)
                    .await
            }
            None => environment.database.write(&mutation.plan, asked).await,
            Some(told) => environment
                .database
                .rehearse(&mutation.plan, asked)
                .await
                .map(|rehearsed| {
                    told.extend(rehearsed.written);
                    rehearsed.data
                }),
        };
        match &outcome {
            // A value that the model gives, a tenant that was just made, a data key that another server has made: all was undone,
            // and goes through with the keys at hand.
            Err(refused) if attempts < ATTEMPTS_MAX && keys::is_about_keys(&refused.error) => {
                environment.vault.forget(&uses);
                if let Error::Sealed { tenant, .. } = refused.error {
                    let more = keys::uses(catalog, keys::in_use(catalog), tenant);
                    uses.extend(more.into_iter().filter(|key| !uses.contains(key)).collect::<Vec<_>>());
                }
                sealing = true;
                attempts += 1;
            }
            _ => break (outcome, letters, changed),
        }
    };
    if let Some(hint) = hint {
        match &outcome {
            Ok(_) => hint.know(|| changes(catalog, &mutation.plan, caller, &changed)),
            Err(refused) if matches!(refused.error.code(), Code::Unavailable | Code::Timeout) => drop(hint),
            Err(_) => hint.withdraw(),
        }
    }
    match outcome {
        Ok(data) if rehearsal.is_some() => Ok(data),
        Ok(data) => {
            let site = site_for_letters(catalog, &environment.hosts, request.host, environment.without_tls);
            for letter in &letters {
                environment.post.send(letter, &catalog.app, &site).await;
            }
            Ok(mutation.keys.shown(data))
        }
        Err(refused) => {
            let code = refused.error.code();
            if rehearsal.is_none() && matches!(code, Code::Forbidden | Code::NotFound) {
                let about = About::of(&bundle.catalog, &mutation.plan, refused.root.as_deref());
                audit::denied(environment, caller, origin, &about.denial(code)).await;
            }
            Err(told(refused))
        }
    }
}

/// What a write may have changed, for those who listen: told when it is dropped, unless it is known better. When nobody waits for the
/// end of a write any more, it may have been kept all the same.
struct Hint<'a> {
    environment: &'a Environment,
    /// None if nobody listens.
    changes: Option<Changes>,
}

impl<'a> Hint<'a> {
    fn new(environment: &'a Environment, catalog: &Catalog, plan: &MutationPlan, caller: &Caller) -> Self {
        if !environment.hub.has_listeners() {
            return Self {
                environment,
                changes: None,
            };
        }
        let mut changes = changes(catalog, plan, caller, &[]);
        let tenant = caller.tenant.as_ref().map(|tenant| tenant.id);
        let mut entities = BTreeSet::new();
        for root in &plan.roots {
            match &root.action {
                RootAction::One { step, .. } => touched(step, &mut entities),
                RootAction::Many { steps, .. } => steps.iter().for_each(|step| touched(step, &mut entities)),
                RootAction::Text(_) | RootAction::Administer(_) => {}
            }
        }
        entities.extend(plan.deletions.keys().copied());
        for entity in entities {
            changes.add(&catalog.entity(entity).name, tenant, Changed::Some);
        }
        Self {
            environment,
            changes: Some(changes),
        }
    }

    /// It was kept, and has changed these. Somebody may listen by now.
    fn know(mut self, changes: impl FnOnce() -> Changes) {
        self.changes = self.environment.hub.has_listeners().then(changes);
    }

    /// It was not kept.
    fn withdraw(mut self) {
        self.changes = None;
    }
}

impl Drop for Hint<'_> {
    fn drop(&mut self) {
        if let Some(changes) = self.changes.take() {
            self.environment.hub.tell(changes);
        }
    }
}

/// Entities that a step writes.
fn touched(step: &Step, entities: &mut BTreeSet<EntityId>) {
    let children = match step {
        Step::Create(create) | Step::Upsert { create, .. } => {
            entities.insert(create.target.entity());
            &create.children
        }
        Step::Update { change, .. } => {
            entities.insert(change.target.entity());
            &change.children
        }
        Step::Delete { target, .. } => {
            entities.insert(target.entity());
            return;
        }
    };
    for child in children {
        touched(child, entities);
    }
}

/// What those who listen are told.
fn changes(catalog: &Catalog, plan: &MutationPlan, caller: &Caller, rows: &[ChangedRow]) -> Changes {
    let mut changes = Changes::default();
    for row in rows {
        let entity = &catalog.entity(row.entity).name;
        changes.add(entity, row.tenant, Changed::Rows([row.row].into()));
    }
    let administers = plan
        .roots
        .iter()
        .any(|root| matches!(root.action, RootAction::Administer(_)));
    if administers {
        let tenant = caller.tenant.as_ref().map(|tenant| tenant.id);
        changes.add(&catalog.entity(catalog.user).name, None, Changed::Some);
        if let Some(tenancy) = &catalog.tenancy {
            changes.add(&catalog.entity(tenancy.membership).name, tenant, Changed::Some);
            changes.add(&catalog.entity(tenancy.entity).name, tenant, Changed::Some);
        }
    }
    changes
}

/// Tries a mutation whole: one that seals nothing, for it has no keys. What is written whole opens nothing either. With a proof it
/// writes for nobody else than who is expected. `None`: nothing was written, for whatever reason.
///
/// # Errors
/// When the database is not there, or too slow, or nobody knows what became of it.
pub(crate) async fn write_whole(
    environment: &Environment,
    bundle: &Bundle,
    view: &View,
    caller: &Caller,
    mutation: &Mutation,
    request: &Request<'_>,
    proof: Option<&Expected>,
) -> Result<Option<Whole>, Refusal> {
    let catalog = &bundle.catalog;
    let audit = |rows: &[WrittenRow]| events(catalog, &view.access, caller, request.origin, rows);
    let mut changed = Vec::new();
    let mut asked = WriteRequest {
        binder: Binder {
            catalog,
            caller,
            variables: &mutation.variables,
            written: None,
            cipher: None,
        },
        sealer: &environment.sealer,
        entropy: &mut rand::random,
        audit: Some(&audit),
        letters: &mut Vec::new(),
        changed: &mut changed,
        drafts: Some(&view.drafts),
        readings: Some(&mutation.readings),
        request_id: Some(request.origin.request),
    };
    let database = &environment.database;
    let hint = Hint::new(environment, catalog, &mutation.plan, caller);
    let written = database.write_whole(&mutation.plan, &mut asked, proof, database.deadline());
    let written = written.await.map_err(told)?;
    match written {
        Some(_) => hint.know(|| changes(catalog, &mutation.plan, caller, &changed)),
        None => hint.withdraw(),
    }
    Ok(written)
}

/// What is told of a write that was refused.
fn told(refused: Refused) -> Refusal {
    Refusal::from(refused.error).of_write(refused.root.as_deref())
}

/// What the audit log says of rows that were written: those that an administrator wrote, and those that a rule let through past the
/// record gate. Names of fields, never their values.
fn events(
    catalog: &Catalog,
    access: &Access,
    caller: &Caller,
    origin: Origin<'_>,
    rows: &[WrittenRow],
) -> Vec<AuditEvent> {
    // Founding a tenant is for everybody in many apps; it makes nobody an administrator of this one.
    let mut actions = access.actions().iter();
    let administers = actions.any(|action| action != "create_tenant") || !access.manages().is_empty();
    rows.iter()
        .filter(|row| administers || row.records_all)
        .map(|row| {
            let entity = catalog.entity(row.entity);
            let kind = if row.records_all {
                AuditKind::Elevation
            } else {
                AuditKind::Write
            };
            let mut detail = AuditDetail::default().name("operation", row.operation.word());
            if !row.fields.is_empty() {
                detail = detail.names(
                    "fields",
                    row.fields.iter().map(|field| entity.field(*field).name.as_str()),
                );
            }
            if let Some((set, position)) = &row.rule {
                detail = detail.name("set", set.as_str()).number("rule", *position as i64);
            }
            AuditEvent {
                user: caller.person.as_ref().map(|person| person.id),
                entity: Some(entity.name.clone()),
                row: Some(row.row),
                detail,
                request: Some(origin.request.to_owned()),
                ..AuditEvent::new(audit::chain_of(caller), caller.now, kind)
            }
        })
        .collect()
}

/// What was drawn for a write, so that one that is tried again makes the same ids.
#[derive(Default)]
struct Chance(Vec<u128>);

impl Chance {
    fn replayed(&mut self) -> impl FnMut() -> u128 + Send + '_ {
        let mut at = 0;
        move || {
            if at == self.0.len() {
                self.0.push(rand::random());
            }
            at += 1;
            self.0[at - 1]
        }
    }
}

/// Whether a value of an encrypted field is written.
pub(crate) fn seals(catalog: &Catalog, plan: &MutationPlan) -> bool {
    plan.roots.iter().any(|root| match &root.action {
        RootAction::One { step, .. } => step_seals(catalog, step),
        RootAction::Many { steps, .. } => steps.iter().any(|step| step_seals(catalog, step)),
        RootAction::Text(_) | RootAction::Administer(_) => false,
    })
}

fn step_seals(catalog: &Catalog, step: &Step) -> bool {
    let any = |entity: EntityId, values: &[(FieldId, Assigned)]| {
        values
            .iter()
            .any(|(field, _)| catalog.field(entity, *field).encrypted.is_some())
    };
    match step {
        Step::Create(create) | Step::Upsert { create, .. } => {
            any(create.target.entity(), &create.values)
                || create.children.iter().any(|child| step_seals(catalog, child))
        }
        Step::Update { change, .. } => {
            any(change.target.entity(), &change.values)
                || change.children.iter().any(|child| step_seals(catalog, child))
        }
        Step::Delete { .. } => false,
    }
}

/// Whether it makes no sense without a letter: somebody whose password is forgotten by the server must get a link.
fn needs_post(plan: &MutationPlan) -> bool {
    plan.roots.iter().any(|root| match &root.action {
        RootAction::Administer(order) => matches!(order.what, Administration::ResetPassword { .. }),
        RootAction::Text(_) | RootAction::One { .. } | RootAction::Many { .. } => false,
    })
}

/// What a refused root field was about, by names alone.
#[derive(Default)]
struct About<'a> {
    operation: &'a str,
    field: &'a str,
    entity: Option<&'a str>,
    row: Option<RowId>,
}

impl<'a> About<'a> {
    fn of(catalog: &'a Catalog, plan: &'a MutationPlan, root: Option<&str>) -> Self {
        let Some(found) = plan.roots.iter().find(|candidate| Some(candidate.key.as_str()) == root) else {
            return Self::default();
        };
        let (operation, entity, row) = match &found.action {
            RootAction::Text(_) => ("", None, None),
            RootAction::One { step, .. } => of_step(step),
            RootAction::Many { steps, .. } => steps.first().map_or(("", None, None), of_step),
            RootAction::Administer(order) => {
                let person = person(&order.what);
                (order.what.operation(), person.map(|_| catalog.user), person)
            }
        };
        Self {
            operation,
            field: &found.name,
            entity: entity.map(|entity| catalog.entity(entity).name.as_str()),
            row,
        }
    }

    fn denial(&self, code: Code) -> Denial<'_> {
        Denial {
            code,
            operation: self.operation,
            field: self.field,
            entity: self.entity,
            row: self.row,
        }
    }
}

fn of_step(step: &Step) -> (&'static str, Option<EntityId>, Option<RowId>) {
    let id = |rows: &Selector| match rows {
        Selector::Id(id) | Selector::Child { id, .. } => Some(*id),
        Selector::Filter { .. } => None,
    };
    match step {
        Step::Create(create) => (Operation::Create.word(), Some(create.target.entity()), None),
        Step::Update { rows, change } => (change.target.operation().word(), Some(change.target.entity()), id(rows)),
        Step::Delete { rows, target, .. } => (Operation::Delete.word(), Some(target.entity()), id(rows)),
        Step::Upsert { create, .. } => ("upsert", Some(create.target.entity()), None),
    }
}

fn person(what: &Administration) -> Option<RowId> {
    match what {
        Administration::SetRoles { user, .. }
        | Administration::Remove { user }
        | Administration::Block { user, .. }
        | Administration::ResetPassword { user }
        | Administration::RevokeSessions { user }
        | Administration::RemoveFactors { user }
        | Administration::Unlock { user } => Some(*user),
        Administration::CreateKey(order) => order.user,
        Administration::Invite { .. } | Administration::CreateTenant { .. } | Administration::RevokeKey { .. } => None,
    }
}

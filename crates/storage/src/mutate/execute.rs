//! One mutation, from its plan to its answer: judge, write and read field by field, in one transaction.

use super::change::{Aim, Found};
use super::ids::Ids;
use super::{ChangedRow, Done, Fault, Refused, WriteRequest, WrittenRow, conflict};
use crate::audit::{self, AuditEvent};
use crate::database::{Database, Engine, References};
use crate::dialect::postgres;
use crate::error::{Error, Result};
use crate::members;
use crate::program::{Dialect, Statement};
use crate::sql::store::{Lock, Rows, lock};
use crate::transaction::{OUTCOME_UNKNOWN, Query, Transaction};
use freehold_base::RowId;
use freehold_planner::mutation::{Answer, MutationPlan, RootAction, Selector, Step};
use freehold_policy::target::WriteTarget;
use freehold_schema::catalog::{Catalog, EntityDef, EntityId};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Instant;

/// How often an operation is tried when others are in its way.
const ATTEMPTS_MAX: usize = 5;

/// How long it is waited at most before the next try.
const PAUSE: Duration = Duration::from_millis(20);

/// How long the database is waited for past the deadline, to say what became of a transaction.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// When nobody waits for an answer any more.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    pub(super) at: Instant,
    limit: Duration,
}

impl Deadline {
    fn after(limit: Duration) -> Self {
        Self {
            at: Instant::now() + limit,
            limit,
        }
    }

    /// Gives the work up at the deadline.
    pub(super) async fn bound<T>(self, work: impl Future<Output = T>) -> Result<T> {
        tokio::time::timeout_at(self.at, work).await.map_err(|_| self.passed())
    }

    /// What is said when it has passed.
    pub(super) fn passed(self) -> Error {
        Error::Timeout { limit: self.limit }
    }
}

/// An operation that is being written.
pub(crate) struct Writing<'w, 'r> {
    pub(crate) transaction: Transaction,
    pub(crate) catalog: &'r Catalog,
    pub(super) plan: &'w MutationPlan,
    pub(crate) request: &'w mut WriteRequest<'r>,
    ids: Ids,
    /// What has been written so far.
    pub(crate) written: Vec<WrittenRow>,
    /// What administration has to say in the audit log.
    pub(crate) events: Vec<AuditEvent>,
    /// Rows that have gone.
    pub(super) gone: BTreeSet<RowId>,
}

impl Database {
    /// When a request that begins now has taken too long.
    pub fn deadline(&self) -> Deadline {
        Deadline::after(self.request_timeout())
    }

    /// Runs a mutation in one transaction, and writes its answer: the JSON object of `data`. Nothing is changed if it is refused.
    ///
    /// # Errors
    /// [`Refused`] with the reason and the root field. [`Error::Forbidden`], [`Error::NotFound`], [`Error::StaleVersion`],
    /// [`Error::Conflict`], [`Error::LimitExceeded`] and [`Error::Input`] say what the caller did; [`Error::Timeout`] and
    /// [`Error::Unavailable`] that it was too slow or that nothing answered. After [`Error::Unavailable`] of a commit nobody knows
    /// whether it was written, and the message says so.
    pub async fn write(
        &self,
        plan: &MutationPlan,
        mut request: WriteRequest<'_>,
    ) -> std::result::Result<Vec<u8>, Refused> {
        let deadline = self.deadline();
        match self.write_whole(plan, &mut request, None, deadline).await? {
            Some(whole) => Ok(whole.data),
            None => self.write_in_steps(plan, request, deadline).await,
        }
    }

    /// The same, step by step: each looks at what the one before has answered. For what [`Database::write_whole`] cannot do.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub async fn write_in_steps(
        &self,
        plan: &MutationPlan,
        mut request: WriteRequest<'_>,
        deadline: Deadline,
    ) -> std::result::Result<Vec<u8>, Refused> {
        let request = &mut request;
        let mut attempts = 1;
        loop {
            let stopped = match self.attempt(plan, request, deadline).await {
                Ok(data) => return Ok(data),
                Err(stopped) => stopped,
            };
            let again = stopped.again || conflict::is_passing(&stopped.refused.error);
            if !again || attempts == ATTEMPTS_MAX {
                let Refused { error, root, at } = stopped.refused;
                let error = conflict::settled(error, &at);
                return Err(Refused { error, root, at });
            }
            if let (Engine::Postgres(pool), Some(error)) = (self.engine(), stopped.refused.error.postgres())
                && postgres::is_broken(error)
            {
                pool.forget_idle();
            }
            // Those who were in each other's way do not come back at the same time.
            let pause = u64::try_from((request.entropy)() % PAUSE.as_nanos()).unwrap_or_default();
            tokio::time::sleep(Duration::from_nanos(pause)).await;
            attempts += 1;
        }
    }

    /// Tries once, from the beginning, in a transaction of its own.
    async fn attempt(
        &self,
        plan: &MutationPlan,
        request: &mut WriteRequest<'_>,
        deadline: Deadline,
    ) -> std::result::Result<Vec<u8>, Stopped> {
        request.letters.clear();
        request.changed.clear();
        let work = async {
            let mut writing = Writing::begin(self, plan, request).await?;
            let outcome = writing.all().await;
            let Writing { written, request, .. } = &mut writing;
            request.changed.extend(written.iter().map(ChangedRow::from));
            Ok::<_, Error>((writing.transaction, outcome))
        };
        let (transaction, outcome) = deadline.bound(work).await??;
        match outcome {
            Ok(data) => {
                // Once it is asked to keep what was written, the database is waited for: it must be known what became of it.
                let kept = tokio::time::timeout(GRACE, transaction.commit()).await;
                kept.unwrap_or_else(|_| Err(Error::unavailable(OUTCOME_UNKNOWN)))?;
                Ok(data)
            }
            Err(stopped) => {
                // Dropped, it is undone as well, but its connection is lost.
                let _ = tokio::time::timeout(GRACE, transaction.undo()).await;
                Err(stopped)
            }
        }
    }
}

/// Locks of the rows that root fields name by their ids, if there are several: in one order for everybody, so that two operations
/// that name the same rows the other way round wait for each other once, and not for ever.
pub(super) fn named_locks(catalog: &Catalog, dialect: Dialect, plan: &MutationPlan) -> Vec<Statement> {
    let mut named: BTreeMap<EntityId, (BTreeSet<RowId>, Lock)> = BTreeMap::new();
    let steps = plan.roots.iter().flat_map(|root| match &root.action {
        RootAction::One { step, .. } => std::slice::from_ref(&**step),
        RootAction::Many { steps, .. } => steps.as_slice(),
        RootAction::Text(_) | RootAction::Administer(_) => &[],
    });
    for step in steps {
        let (entity, row, how) = match step {
            Step::Update {
                rows: Selector::Id(row),
                change,
            } => (change.target.entity(), *row, Lock::Change),
            Step::Delete {
                rows: Selector::Id(row),
                target,
                ..
            } => (target.entity(), *row, Lock::Remove),
            Step::Create(_) | Step::Upsert { .. } | Step::Update { .. } | Step::Delete { .. } => continue,
        };
        let (rows, strongest) = named.entry(entity).or_insert_with(|| (BTreeSet::new(), how));
        rows.insert(row);
        if how == Lock::Remove {
            *strongest = how;
        }
    }
    if named.values().map(|(rows, _)| rows.len()).sum::<usize>() < 2 {
        return Vec::new();
    }
    let locks = named.into_iter().filter_map(|(entity, (rows, how))| {
        let rows: Vec<RowId> = rows.into_iter().collect();
        lock(catalog, dialect, entity, &Rows::of_request(&rows), how)
    });
    locks.collect()
}

/// An attempt that came to nothing.
pub(super) struct Stopped {
    pub(super) refused: Refused,
    again: bool,
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self {
            refused: error.into(),
            again: false,
        }
    }
}

impl<'w, 'r> Writing<'w, 'r> {
    /// An operation of which nothing has been written yet, in a transaction of its own.
    pub(super) async fn begin(
        database: &Database,
        plan: &'w MutationPlan,
        request: &'w mut WriteRequest<'r>,
    ) -> Result<Self> {
        Ok(Self {
            transaction: database.open_transaction(References::Enforced).await?,
            catalog: request.binder.catalog,
            plan,
            request,
            ids: Ids::default(),
            written: Vec::new(),
            events: Vec::new(),
            gone: BTreeSet::new(),
        })
    }
}

impl Writing<'_, '_> {
    /// Writes it all, with what the audit log says of it; gives the JSON object of `data`.
    pub(super) async fn all(&mut self) -> std::result::Result<Vec<u8>, Stopped> {
        self.lock_named().await?;
        let data = self.roots().await?;
        self.record().await?;
        Ok(data)
    }

    /// Takes the locks of rows that are known beforehand.
    async fn lock_named(&mut self) -> Result<()> {
        let locks = named_locks(self.catalog, self.transaction.dialect(), self.plan);
        let flight: Vec<Query> = locks
            .into_iter()
            .map(|statement| self.query(statement, false))
            .collect::<Result<_>>()?;
        if !flight.is_empty() {
            self.transaction.flight(flight).await?;
        }
        Ok(())
    }

    /// Runs the root fields in order; gives the JSON object of `data`.
    async fn roots(&mut self) -> std::result::Result<Vec<u8>, Stopped> {
        let plan = self.plan;
        let mut data = vec![b'{'];
        for (index, root) in plan.roots.iter().enumerate() {
            let value = self.root(&root.action).await.map_err(|fault| Stopped {
                refused: Refused {
                    error: fault.error,
                    root: Some(root.key.clone()),
                    at: fault.at.unwrap_or_default(),
                },
                again: fault.again,
            })?;
            if index > 0 {
                data.push(b',');
            }
            data.extend(crate::sql::json_key(&root.key));
            data.extend(value);
        }
        data.push(b'}');
        Ok(data)
    }

    /// Runs a root field; gives the JSON of its answer.
    async fn root(&mut self, action: &RootAction) -> Done<Vec<u8>> {
        match action {
            RootAction::Text(text) => Ok(crate::sql::json_text(text)),
            RootAction::One { step, answer } => {
                let answers = self.answered(std::slice::from_ref(step), answer).await?;
                Ok(answers.into_iter().next().unwrap_or_else(|| b"null".to_vec()))
            }
            RootAction::Many { steps, answer } => {
                let answers = self.answered(steps, answer).await?;
                let mut list = vec![b'['];
                for (index, answer) in answers.into_iter().enumerate() {
                    if index > 0 {
                        list.push(b',');
                    }
                    list.extend(answer);
                }
                list.push(b']');
                Ok(list)
            }
            RootAction::Administer(administer) => members::administer(self, administer).await,
        }
    }

    /// Writes, and reads what is answered: after all of it, or before.
    async fn answered(&mut self, steps: &[Step], answer: &Answer) -> Done<Vec<Vec<u8>>> {
        let program = self.reading(answer);
        let mut answers = Vec::new();
        let mut rows = Vec::new();
        for step in steps {
            match step {
                Step::Delete {
                    rows: selector,
                    target,
                    if_version,
                    path,
                } if answer.before => {
                    let aims = self
                        .aims(selector, None, Lock::Remove)
                        .await
                        .map_err(|fault| fault.at(path))?;
                    let going: Vec<RowId> = aims.iter().map(|aim| aim.row).collect();
                    answers.extend(self.answers(&program, &going).await?);
                    self.delete_all(aims, target, *if_version)
                        .await
                        .map_err(|fault| fault.at(path))?;
                }
                step => rows.extend(self.step(step, None).await?),
            }
        }
        answers.extend(self.answers(&program, &rows).await?);
        Ok(answers)
    }

    /// Runs a step, and those that are nested in it; gives the rows that it wrote.
    pub(super) fn step<'s>(
        &'s mut self,
        step: &'s Step,
        parent: Option<RowId>,
    ) -> Pin<Box<dyn Future<Output = Done<Vec<RowId>>> + Send + 's>> {
        Box::pin(async move {
            let done = match step {
                Step::Create(create) => self.create(create, parent).await.map(|row| vec![row]),
                Step::Update { rows, change } => match self.aims(rows, parent, Lock::Change).await {
                    Ok(aims) => {
                        let mut changed = Vec::with_capacity(aims.len());
                        for aim in aims {
                            self.change(change, aim, parent)
                                .await
                                .map_err(|fault| fault.at(&change.path))?;
                            changed.push(aim.row);
                        }
                        Ok(changed)
                    }
                    Err(fault) => Err(fault),
                },
                Step::Delete {
                    rows,
                    target,
                    if_version,
                    ..
                } => match self.aims(rows, parent, Lock::Remove).await {
                    Ok(aims) => self.delete_all(aims, target, *if_version).await.map(|()| Vec::new()),
                    Err(fault) => Err(fault),
                },
                Step::Upsert { key, create, change } => {
                    self.upsert(key, create, change, parent).await.map(|row| vec![row])
                }
            };
            done.map_err(|fault| fault.at(step.path()))
        })
    }

    async fn delete_all(&mut self, aims: Vec<Aim>, target: &WriteTarget, if_version: Option<i64>) -> Done<()> {
        for aim in aims {
            // A cascade may have been faster.
            if aim.found != Found::InList || !self.gone.contains(&aim.row) {
                self.delete(target, if_version, aim).await?;
            }
        }
        Ok(())
    }

    /// The rows that a step is about. Those of a filter are locked.
    async fn aims(&mut self, selector: &Selector, parent: Option<RowId>, lock: Lock) -> Done<Vec<Aim>> {
        let by_id = |row, child_of| Aim {
            row,
            child_of,
            found: Found::ById,
        };
        Ok(match selector {
            Selector::Id(row) => vec![by_id(*row, None)],
            Selector::Child { id, by } => {
                let parent = parent.ok_or_else(|| Error::program("a nested write has no parent"))?;
                vec![by_id(*id, Some((*by, parent)))]
            }
            Selector::Filter { list, at_most } => {
                let rows = self.matched(list, *at_most, lock).await?;
                let listed = rows.into_iter().map(|row| Aim {
                    row,
                    child_of: None,
                    found: Found::InList,
                });
                listed.collect()
            }
        })
    }

    /// Puts what was written into the audit log.
    async fn record(&mut self) -> Result<()> {
        let mut events = std::mem::take(&mut self.events);
        events.extend(self.request.audit.into_iter().flat_map(|audit| audit(&self.written)));
        audit::append(&mut self.transaction, &events).await
    }

    /// A statement with its values bound.
    pub(crate) fn query(&self, statement: Statement, kept: bool) -> Result<Query> {
        Ok(Query {
            parameters: self.request.binder.bind_statement(&statement)?,
            sql: statement.sql,
            columns: statement.columns,
            kept,
        })
    }

    /// Runs a statement that writes so many rows of the target's entity.
    pub(super) async fn store(&mut self, target: &WriteTarget, statement: Statement, rows: u64) -> Done<()> {
        let query = self.query(statement, true)?;
        let outcome = self.transaction.flight(vec![query]).await;
        let outcomes = outcome.map_err(|error| Fault::from(conflict::told(self.catalog, target, error)))?;
        match outcomes.first().map(|outcome| outcome.affected) {
            Some(affected) if affected == rows => Ok(()),
            _ => Err(Error::program("a row that was locked could not be written").into()),
        }
    }

    /// The id of a new row.
    pub(crate) fn next_id(&mut self, entity: &EntityDef) -> RowId {
        let now = self.request.binder.caller.now;
        self.ids.next(entity.tag, now, &mut *self.request.entropy)
    }
}

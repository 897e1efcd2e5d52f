//! Who listens to what, and what is due to them.

use crate::bundle::{Bundle, Known, Recipe};
use crate::error::Refusal;
use crate::subscriptions::{Changed, Changes, Member, Watched};
use freehold_base::{Code, RowId};
use freehold_schema::catalog::{Catalog, EntityId};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Subscriptions of one server.
pub(crate) const SUBSCRIPTIONS_MAX: usize = 20_000;
/// Subscriptions of one person.
pub(crate) const OF_ONE_MAX: usize = 500;
/// Rows that all subscriptions to changes may watch, 24 bytes each.
const WATCHED_MAX: usize = 4_000_000;

/// The subscribers of an environment.
#[derive(Debug)]
pub(crate) struct Hub {
    state: Mutex<State>,
    woken: Notify,
    /// Subscriptions in all, and of one person.
    bounds: [AtomicUsize; 2],
    watched: Arc<AtomicUsize>,
    /// Other servers are told of what is changed here.
    relays: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    cohorts_made: u64,
    members: HashMap<u64, Place>,
    /// How many each person has; nobody in particular too.
    people: HashMap<Option<RowId>, usize>,
    cohorts: HashMap<CohortKey, Cohort>,
    /// What those who listen have not been told yet.
    pending: Changes,
    /// What other servers have not been told yet.
    outgoing: Changes,
}

/// Where a subscriber is.
#[derive(Debug)]
struct Place {
    member: Arc<Member>,
    cohort: CohortKey,
    person: Option<RowId>,
    tenant: Option<RowId>,
}

/// The address of what a cohort runs, which it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct CohortKey(usize);

/// Subscribers of one plan.
#[derive(Debug)]
struct Cohort {
    /// Tells it from one before it that ran the same.
    number: u64,
    bundle: Arc<Bundle>,
    recipe: Recipe,
    by_tenant: HashMap<Option<RowId>, BTreeSet<u64>>,
    /// What each has to be told.
    due: HashMap<u64, Changed>,
    /// Somebody reads for it: what comes due meanwhile is read after that.
    is_read: bool,
}

/// What has to be read for a cohort.
#[derive(Debug)]
pub(crate) struct Job {
    cohort: (CohortKey, u64),
    pub(crate) bundle: Arc<Bundle>,
    pub(crate) recipe: Recipe,
    pub(crate) members: Vec<DueMember>,
}

/// A subscriber, and what is due to it: an answer to a live query, or the changes of these rows or of any.
#[derive(Clone, Debug)]
pub(crate) struct DueMember {
    pub(crate) number: u64,
    pub(crate) member: Arc<Member>,
    pub(crate) due: Changed,
}

/// A subscriber's place, which ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Subscription {
    hub: Arc<Hub>,
    number: u64,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.leave(self.number);
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            woken: Notify::new(),
            bounds: [AtomicUsize::new(SUBSCRIPTIONS_MAX), AtomicUsize::new(OF_ONE_MAX)],
            watched: Arc::default(),
            relays: AtomicBool::new(false),
        }
    }
}

impl Hub {
    /// States how many subscriptions there may be, in all and of one person.
    pub(crate) fn bound(&self, all: usize, of_one: usize) {
        for (bound, stated) in self.bounds.iter().zip([all, of_one]) {
            bound.store(stated, Ordering::Relaxed);
        }
    }

    /// Takes places for the rows that somebody watches now; false if there are no more.
    pub(crate) fn watch(&self, rows: &mut Watched) -> bool {
        rows.hold(&self.watched, WATCHED_MAX)
    }

    /// From now on other servers are told of what is changed here: somebody takes it from [`Hub::outgoing`].
    pub(crate) fn relay(&self) {
        self.relays.store(true, Ordering::Relaxed);
    }

    /// Whether anybody is to be told of changes.
    pub(crate) fn has_listeners(&self) -> bool {
        self.relays.load(Ordering::Relaxed) || !self.state().members.is_empty()
    }

    /// Tells what was changed here.
    pub(crate) fn tell(&self, changes: Changes) {
        if changes.is_empty() {
            return;
        }
        let mut state = self.state();
        let relays = self.relays.load(Ordering::Relaxed);
        if relays {
            state.outgoing.merge(changes.clone());
        }
        if !state.members.is_empty() {
            state.pending.merge(changes);
        } else if !relays {
            return;
        }
        drop(state);
        self.woken.notify_one();
    }

    /// Tells what another server has changed.
    pub(crate) fn hear(&self, changes: Changes) {
        let mut state = self.state();
        if state.members.is_empty() {
            return;
        }
        state.pending.merge(changes);
        drop(state);
        self.woken.notify_one();
    }

    /// Looks at everything again, and lets those go who take nothing.
    pub(crate) fn sweep(&self) {
        let mut state = self.state();
        let is_gone = |place: &Place| {
            if place.member.outlet.is_stalled() {
                place.member.outlet.refuse(too_slow());
            }
            place.member.outlet.has_ended()
        };
        let gone: Vec<u64> = state
            .members
            .iter()
            .filter(|(_, place)| is_gone(place))
            .map(|(number, _)| *number)
            .collect();
        for number in gone {
            state.take(number);
        }
        if !state.members.is_empty() {
            state.pending.everything = true;
        }
    }

    /// Ends when something has been told.
    pub(crate) async fn is_woken(&self) {
        self.woken.notified().await;
    }

    /// What other servers have to be told.
    pub(crate) fn outgoing(&self) -> Changes {
        std::mem::take(&mut self.state().outgoing)
    }

    /// Takes a subscriber in; its first answer is due.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED` when there are too many already, or too many of this person. Those who are nobody in particular have half of
    /// all places.
    pub(crate) fn join(
        self: &Arc<Self>,
        bundle: &Arc<Bundle>,
        recipe: &Recipe,
        member: Member,
    ) -> Result<Subscription, Refusal> {
        let mut state = self.state();
        let [all, of_one] = self.bounds.each_ref().map(|bound| bound.load(Ordering::Relaxed));
        let (person, _) = who(&member.progress().known);
        let theirs = state.people.get(&person).copied().unwrap_or_default();
        if person.is_some() && theirs >= of_one {
            let refusal = Refusal::new(
                Code::LimitExceeded,
                format!("nobody has more than {of_one} subscriptions"),
            );
            return Err(refusal.with_hint("complete those that are not needed any more"));
        }
        if state.members.len() >= all || (person.is_none() && theirs >= all / 2) {
            let refusal = Refusal::new(Code::LimitExceeded, "this server has no place for more subscriptions");
            return Err(refusal.with_status(503).with_hint("try again later"));
        }
        state.next += 1;
        let number = state.next;
        state.place(number, Arc::new(member), bundle, recipe);
        drop(state);
        self.woken.notify_one();
        let hub = self.clone();
        Ok(Subscription { hub, number })
    }

    /// Moves a subscriber that has become somebody else, or whose plan is another one now; an answer is due to it.
    pub(crate) fn move_to(&self, number: u64, bundle: &Arc<Bundle>, recipe: &Recipe) {
        let mut state = self.state();
        if let Some(place) = state.take(number) {
            state.place(number, place.member, bundle, recipe);
            drop(state);
            self.woken.notify_one();
        }
    }

    /// Lets a subscriber go.
    pub(crate) fn leave(&self, number: u64) {
        self.state().take(number);
    }

    /// What is to be read now, of cohorts that nobody reads for.
    pub(crate) fn due(&self) -> Vec<Job> {
        let mut state = self.state();
        state.spread();
        let State { members, cohorts, .. } = &mut *state;
        let mut jobs = Vec::new();
        for (key, cohort) in cohorts {
            if cohort.is_read || cohort.due.is_empty() {
                continue;
            }
            cohort.is_read = true;
            let due = std::mem::take(&mut cohort.due).into_iter();
            let due = due.filter_map(|(number, due)| {
                let member = members.get(&number)?.member.clone();
                Some(DueMember { number, member, due })
            });
            jobs.push(Job {
                cohort: (*key, cohort.number),
                bundle: cohort.bundle.clone(),
                recipe: cohort.recipe.clone(),
                members: due.collect(),
            });
        }
        jobs
    }

    /// Everything of a job has been read; of some members it has to be tried again.
    pub(crate) fn has_read(&self, job: &Job, again: Vec<DueMember>) {
        let (key, number) = job.cohort;
        let mut state = self.state();
        for DueMember { number, due, .. } in again {
            state.owe(number, due);
        }
        let Some(cohort) = state.cohorts.get_mut(&key).filter(|cohort| cohort.number == number) else {
            return;
        };
        cohort.is_read = false;
        if !cohort.due.is_empty() {
            drop(state);
            self.woken.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn place(&mut self, number: u64, member: Arc<Member>, bundle: &Arc<Bundle>, recipe: &Recipe) {
        let key = CohortKey(recipe.address());
        let (person, tenant) = who(&member.progress().known);
        *self.people.entry(person).or_default() += 1;
        self.cohorts_made += 1;
        let cohorts_made = self.cohorts_made;
        let cohort = self.cohorts.entry(key).or_insert_with(|| Cohort {
            number: cohorts_made,
            bundle: bundle.clone(),
            recipe: recipe.clone(),
            by_tenant: HashMap::new(),
            due: HashMap::new(),
            is_read: false,
        });
        cohort.by_tenant.entry(tenant).or_default().insert(number);
        cohort.due.insert(number, Changed::Some);
        self.members.insert(
            number,
            Place {
                member,
                cohort: key,
                person,
                tenant,
            },
        );
    }

    fn take(&mut self, number: u64) -> Option<Place> {
        let place = self.members.remove(&number)?;
        if let Entry::Occupied(mut theirs) = self.people.entry(place.person) {
            *theirs.get_mut() -= 1;
            if *theirs.get() == 0 {
                theirs.remove();
            }
        }
        if let Some(cohort) = self.cohorts.get_mut(&place.cohort) {
            cohort.due.remove(&number);
            if let Some(members) = cohort.by_tenant.get_mut(&place.tenant) {
                members.remove(&number);
                if members.is_empty() {
                    cohort.by_tenant.remove(&place.tenant);
                }
            }
            if cohort.by_tenant.is_empty() {
                self.cohorts.remove(&place.cohort);
            }
        }
        Some(place)
    }

    fn owe(&mut self, number: u64, due: Changed) {
        let cohort = self.members.get(&number).map(|place| place.cohort);
        if let Some(cohort) = cohort.and_then(|key| self.cohorts.get_mut(&key)) {
            cohort.owe(number, due);
        }
    }

    /// Hands what has changed to those whom it may concern.
    fn spread(&mut self) {
        let changes = std::mem::take(&mut self.pending);
        if changes.everything {
            for (number, place) in &self.members {
                if let Some(cohort) = self.cohorts.get_mut(&place.cohort) {
                    cohort.owe(*number, Changed::Some);
                }
            }
            return;
        }
        for ((entity, tenant), changed) in &changes.rows {
            for cohort in self.cohorts.values_mut() {
                cohort.spread(entity, *tenant, changed, &self.members);
            }
        }
        if changes.sessions.is_empty() {
            return;
        }
        for (number, place) in &self.members {
            let token = place.member.standing.token.as_ref();
            if token.is_some_and(|token| changes.sessions.contains(&token.hash().0))
                && let Some(cohort) = self.cohorts.get_mut(&place.cohort)
            {
                cohort.owe(*number, Changed::Rows(BTreeSet::new()));
            }
        }
    }
}

impl Cohort {
    fn owe(&mut self, number: u64, due: Changed) {
        match self.due.entry(number) {
            Entry::Occupied(mut known) => known.get_mut().merge(due),
            Entry::Vacant(vacant) => {
                vacant.insert(due);
            }
        }
    }

    /// Hands a change of an entity's rows to those whom it may concern: by what the plan reads, and by who its callers are.
    fn spread(&mut self, entity: &str, tenant: Option<RowId>, changed: &Changed, members: &HashMap<u64, Place>) {
        let bundle = self.bundle.clone();
        let catalog = &bundle.catalog;
        // An entity of another bundle.
        let Some(entity) = catalog.entities.get(entity).map(|entity| entity.id) else {
            return self.owe_all(&Changed::Some);
        };
        if let Some(due) = self.recipe.due(entity, changed) {
            if !catalog.is_walled(entity) || self.recipe.asks_who() {
                return self.owe_all(&due);
            }
            for whose in behind(catalog, entity, tenant, changed) {
                self.owe_those(whose, &due);
            }
            // Somebody without a tenant may see rows of all of them.
            self.owe_those(Whose::Tenant(None), &due);
        }
        // Who they are is read along with their rows, so it is enough to look.
        let look = Changed::Rows(BTreeSet::new());
        if entity == catalog.user {
            let theirs = |place: &Place| match (changed, place.person) {
                (Changed::Rows(rows), Some(person)) => rows.contains(&person),
                (Changed::Some, Some(_)) => true,
                (_, None) => false,
            };
            let numbers: Vec<u64> = self.by_tenant.values().flatten().copied().collect();
            for number in numbers {
                if members.get(&number).is_some_and(theirs) {
                    self.owe(number, look.clone());
                }
            }
        } else if catalog
            .tenancy
            .is_some_and(|tenancy| entity == tenancy.entity || entity == tenancy.membership)
        {
            for whose in behind(catalog, entity, tenant, changed) {
                self.owe_those(whose, &look);
            }
        }
    }

    fn owe_all(&mut self, due: &Changed) {
        self.owe_those(Whose::All, due);
    }

    fn owe_those(&mut self, whose: Whose, due: &Changed) {
        let numbers: Vec<u64> = match whose {
            Whose::All => self.by_tenant.values().flatten().copied().collect(),
            Whose::Tenant(tenant) => self.by_tenant.get(&tenant).into_iter().flatten().copied().collect(),
        };
        for number in numbers {
            self.owe(number, due.clone());
        }
    }
}

/// Some of a cohort.
#[derive(Clone, Copy)]
enum Whose {
    /// All of it.
    All,
    /// Those who ask in that tenant, or in none.
    Tenant(Option<RowId>),
}

/// Those behind whose walls rows have changed.
fn behind(catalog: &Catalog, entity: EntityId, tenant: Option<RowId>, changed: &Changed) -> Vec<Whose> {
    match (tenant, changed) {
        (Some(tenant), _) => vec![Whose::Tenant(Some(tenant))],
        // The rows of the tenants themselves.
        (None, Changed::Rows(rows)) if catalog.is_tenant_entity(entity) => {
            rows.iter().map(|row| Whose::Tenant(Some(*row))).collect()
        }
        (None, _) => vec![Whose::All],
    }
}

/// Person and tenant of somebody.
fn who(known: &Known) -> (Option<RowId>, Option<RowId>) {
    let caller = known.last();
    (
        caller.person.as_ref().map(|person| person.id),
        caller.tenant.as_ref().map(|tenant| tenant.id),
    )
}

/// Why somebody does not listen any more who takes nothing.
pub(super) fn too_slow() -> Refusal {
    let refusal = Refusal::new(Code::LimitExceeded, "too much waits for this client to take it");
    refusal.with_hint("subscribe again, and read what you have missed")
}

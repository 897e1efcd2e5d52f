//! The decision: who may do what to which row, and see which field of it. Each function is one line of `authorization`.

use super::clause::Rule;
use super::condition::holds;
use super::model::{Access, Entity, Match, RecordToken};
use super::value::Val;
use super::world::{Row, RowId, World};
use std::sync::Arc;

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The signed-in user.
    pub user: Option<RowId>,
    /// The tenant of the request, if it exists.
    pub tenant: Option<RowId>,
    /// The time of the request.
    pub now: String,
    /// In a `check`: the stored row, of which `$before` speaks.
    pub before: Option<RowId>,
    /// The membership as it was when the request came, of which `$membership` speaks; if absent: as it is.
    pub session: Option<Arc<Row>>,
}

/// What the record gate is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// `read`, `list`
    Read,
    /// `create`, `update`, `delete`, `transition`
    Write,
}

impl Caller {
    /// The same caller with session values as they are now, whatever the request changes.
    #[must_use]
    pub fn at(&self, world: &World) -> Self {
        let membership = self.membership(world);
        Self {
            session: membership.map(|row| Arc::clone(&world.rows[row.0])),
            ..self.clone()
        }
    }

    /// The caller's active membership in the request's tenant.
    pub(crate) fn membership(&self, world: &World) -> Option<RowId> {
        let (user, tenant) = (self.user?, self.tenant?);
        let mut memberships = world.of(world.model.membership.as_deref()?);
        memberships.find(|row| {
            world.row_of(*row).tenant == Some(tenant)
                && *world.raw(*row, "user") == Val::Row(user)
                && *world.raw(*row, "status") == Val::Text("active".into())
        })
    }

    /// Active member of the request's tenant; without tenants, anybody signed in.
    fn is_member(&self, world: &World) -> bool {
        if world.model.tenant.is_some() {
            self.membership(world).is_some()
        } else {
            self.user.is_some()
        }
    }

    fn roles(&self, world: &World) -> Vec<String> {
        let holder = if world.model.tenant.is_some() {
            self.membership(world)
        } else {
            self.user
        };
        match holder.map(|row| world.raw(row, "roles")) {
            Some(Val::Texts(roles)) => roles.clone(),
            _ => Vec::new(),
        }
    }

    /// sets(u,T), their rules in the order of the model.
    pub(crate) fn rules<'a>(&self, world: &'a World) -> Vec<&'a Rule> {
        let profile = match self.user {
            Some(user) => match world.raw(user, "profile") {
                Val::Text(name) => Some(name.clone()),
                _ => None,
            },
            None => world.model.anonymous_profile.clone(),
        };
        let of_profile = profile.iter().flat_map(|name| &world.model.profiles[name]);
        let roles = self.roles(world);
        let of_roles = roles.iter().flat_map(|name| &world.model.roles[name]);
        let held: Vec<&String> = of_profile.chain(of_roles).collect();
        let sets = world.model.sets.iter().filter(|(name, _)| held.contains(&name));
        sets.flat_map(|(_, rules)| rules).collect()
    }

    /// Whether a row is the request's tenant's, or nobody's.
    pub(crate) fn is_in_tenant(&self, world: &World, row: RowId) -> bool {
        let row = world.row_of(row);
        !world.model.entity(&row.entity).walled
            || world.model.tenant.is_none()
            || (row.tenant.is_some() && row.tenant == self.tenant)
    }

    /// Whether a rule about one row may look at another: at its own tenant's rows always, and from a row without a tenant
    /// into the tenant only where the caller could go.
    pub(crate) fn looks_from(&self, world: &World, from: RowId, to: RowId) -> bool {
        let is_inside = entity(world, from).walled && world.model.tenant.is_some();
        self.is_in_tenant(world, to) && (is_inside || self.reaches(world, to))
    }

    /// reach(u,r)
    pub(crate) fn reaches(&self, world: &World, row: RowId) -> bool {
        let entity = entity(world, row);
        !entity.walled || (self.is_in_tenant(world, row) && (self.is_member(world) || entity.public))
    }

    /// gate(u,r,m)
    pub(crate) fn passes_gate(&self, world: &World, row: RowId, mode: Mode) -> bool {
        let entity = entity(world, row);
        if entity.name == "user" {
            let person = world.itself(row);
            return self.user == Some(person) || (self.knows_people(world) && self.is_person_of_tenant(world, person));
        }
        if entity.access == Access::Open || (entity.access == Access::ProtectedWrite && mode == Mode::Read) {
            return true;
        }
        if let Some(field) = &entity.access_field {
            return match world.raw(row, field) {
                Val::Row(parent) => self.looks_from(world, row, *parent) && self.passes_gate(world, *parent, mode),
                _ => false,
            };
        }
        let owns = self.user.is_some_and(|user| *world.raw(row, "owner") == Val::Row(user));
        let mut tokens = entity
            .record_tokens
            .iter()
            .filter(|token| mode == Mode::Read || token.writes);
        owns || tokens.any(|token| self.opens(world, row, token))
    }

    /// Who is in a tenant is known to its members, or to everybody where people are public.
    fn knows_people(&self, world: &World) -> bool {
        world.model.tenant.is_none() || self.is_member(world) || world.model.entity("user").public
    }

    /// An active member of the request's tenant; without tenants, any active user.
    fn is_person_of_tenant(&self, world: &World, person: RowId) -> bool {
        let active = Val::Text("active".into());
        match &world.model.tenant {
            None => *world.raw(person, "status") == active,
            Some(_) => {
                self.tenant.is_some()
                    && Self {
                        user: Some(person),
                        ..self.clone()
                    }
                    .membership(world)
                    .is_some()
            }
        }
    }

    /// when_t(r) ∧ value_t(r) ∈ values(u, t.match, tenant)
    fn opens(&self, world: &World, row: RowId, token: &RecordToken) -> bool {
        let wanted = token.field.as_ref().map(|field| world.raw(row, field));
        let carried = match &token.matches {
            Match::Everyone => true,
            Match::Authenticated => self.user.is_some(),
            Match::TenantMember => self.is_member(world),
            Match::Oneself => self.user.is_some_and(|user| wanted == Some(&Val::Row(user))),
            Match::Role(role) => self.roles(world).contains(role),
            Match::User(name) => self.carries(world, name, wanted),
        };
        carried
            && token
                .when
                .as_ref()
                .is_none_or(|condition| holds(world, self, row, condition))
    }

    fn carries(&self, world: &World, token: &str, wanted: Option<&Val>) -> bool {
        let token = &world.model.user_tokens[token];
        // A blocked membership gives nothing, and a tenant's rows nothing to who may not go there.
        let is_active = |row: &RowId| {
            let is_membership = world.model.membership.as_deref() == Some(token.lookup.as_str());
            !is_membership || *world.raw(*row, "status") == Val::Text("active".into())
        };
        let rows = world
            .of(&token.lookup)
            .filter(|row| self.reaches(world, *row))
            .filter(is_active);
        let mut rows = rows.filter(|row| holds(world, self, *row, &token.condition));
        self.user.is_some()
            && rows.any(|row| match (wanted, &token.value) {
                (Some(wanted), Some(field)) => world.raw(row, field).equals(wanted),
                (None, Some(field)) => !world.raw(row, field).is_null(),
                (_, None) => true,
            })
    }

    /// applies(q)
    pub(crate) fn applies(&self, world: &World, rule: &Rule, operation: &str, row: RowId) -> bool {
        let mode = if matches!(operation, "read" | "list") {
            Mode::Read
        } else {
            Mode::Write
        };
        rule.entity == world.row_of(row).entity
            && rule.allows(operation)
            && rule
                .condition
                .as_ref()
                .is_none_or(|condition| holds(world, self, row, condition))
            && (rule.all_records || self.passes_gate(world, row, mode))
    }

    /// may(op,r)
    pub fn may(&self, world: &World, operation: &str, row: RowId) -> bool {
        self.reaches(world, row)
            && self
                .rules(world)
                .into_iter()
                .any(|rule| self.applies(world, rule, operation, row))
    }

    /// Whether the row stands in lists, totals, aggregates and groups.
    pub fn may_list(&self, world: &World, row: RowId) -> bool {
        self.may(world, "list", row)
    }

    /// Whether the row is shown by references, by id and by key.
    pub fn may_read(&self, world: &World, row: RowId) -> bool {
        self.may(world, "read", row)
    }

    /// Whether a field of the row may be read. `id` comes with every row that is there.
    pub fn may_read_field(&self, world: &World, row: RowId, field: &str) -> bool {
        match field {
            "id" => true,
            "version" | "created_at" | "updated_at" => self.may_read(world, row),
            _ => {
                let lists_it = |rule: &Rule| rule.read.iter().any(|name| name == field);
                self.reaches(world, row)
                    && self
                        .rules(world)
                        .into_iter()
                        .any(|rule| lists_it(rule) && self.applies(world, rule, "read", row))
            }
        }
    }

    /// What a field of the row holds for this caller: nothing, if it may not be read, or refers to what may not be read.
    pub fn sees(&self, world: &World, row: RowId, field: &str) -> Val {
        if !self.may_read_field(world, row, field) {
            return Val::Null;
        }
        match world.raw(row, field) {
            Val::Row(target) if field != "id" && !self.may_read(world, *target) => Val::Null,
            value => value.clone(),
        }
    }

    /// Whether an update could write a field of the row.
    pub fn may_write_field(&self, world: &World, row: RowId, field: &str) -> bool {
        entity(world, row).is_given(field)
            && self.reaches(world, row)
            && self
                .rules(world)
                .into_iter()
                .any(|rule| rule.takes(field) && self.applies(world, rule, "update", row))
    }

    /// Whether some rule of the caller names the field of the entity for reading: whether the schema may have it.
    pub fn is_granted(&self, world: &World, entity: &str, field: &str) -> bool {
        let mut reading = self
            .rules(world)
            .into_iter()
            .filter(|rule| rule.entity == entity && rule.allows("read"));
        match field {
            "id" => self.rules(world).iter().any(|rule| rule.entity == entity),
            "version" | "created_at" | "updated_at" => reading.next().is_some(),
            _ => reading.any(|rule| rule.read.iter().any(|name| name == field)),
        }
    }
}

fn entity(world: &World, row: RowId) -> &Entity {
    world.model.entity(&world.row_of(row).entity)
}

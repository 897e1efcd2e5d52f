//! The formulas of the authorisation model, decided row by row from the catalog's declarations. Gates, tokens and reach are worked
//! out here anew: only `where` and `when` come parsed.

use crate::Policy;
use crate::eval::{Question, Row};
use crate::predicate::{Predicate, RulePredicate};
use crate::rule::Rule;
use freehold_base::Value;
use freehold_schema::catalog::{
    AccessLevel, EntityDef, EntityId, EntityKind, FieldId, FieldType, Grants, Operation, RecordTokenDef, TokenMatch,
};

/// Decides as the model says.
pub(super) struct Reference<'a> {
    pub(super) question: Question<'a>,
    pub(super) policy: &'a Policy,
    /// Conditions of record tokens by entity and position, and of user tokens by name, parsed.
    pub(super) when: &'a dyn Fn(EntityId, usize) -> RulePredicate,
    pub(super) lookup: &'a dyn Fn(&str) -> RulePredicate,
}

impl Reference<'_> {
    pub(super) fn may(&self, operation: Operation, entity: &EntityDef, row: &Row) -> bool {
        self.rule_for(operation, entity, row, &|_| true)
    }

    pub(super) fn may_read(&self, field: FieldId, entity: &EntityDef, row: &Row) -> bool {
        self.rule_for(Operation::Read, entity, row, &|rule| rule.read.contains(&field))
    }

    pub(super) fn rule_for(
        &self,
        operation: Operation,
        entity: &EntityDef,
        row: &Row,
        counts: &dyn Fn(&Rule) -> bool,
    ) -> bool {
        let sets = self.sets();
        self.reach(entity, row)
            && self.policy.rules().iter().any(|rule| {
                sets.contains(&rule.set)
                    && rule.entity == entity.id
                    && rule.allow.contains(&operation)
                    && counts(rule)
                    && self.question.holds(&rule.condition, row)
                    && (rule.records_all || self.gate(entity, row, operation.is_write()))
            })
    }

    fn sets(&self) -> Vec<String> {
        let catalog = self.question.catalog;
        let caller = self.question.caller;
        let mut sets: Vec<String> = caller
            .profile
            .iter()
            .flat_map(|profile| catalog.profiles[profile].sets.clone())
            .collect();
        let held = caller.roles.iter().filter(|role| self.has_role(role));
        sets.extend(held.flat_map(|role| catalog.roles[role].sets.clone()));
        sets
    }

    fn has_role(&self, role: &String) -> bool {
        self.member() && self.question.caller.roles.contains(role)
    }

    fn member(&self) -> bool {
        self.question.caller.person.is_some() && self.question.caller.is_member()
    }

    fn user(&self) -> Option<Value> {
        self.question
            .caller
            .person
            .as_ref()
            .map(|person| Value::Uuid(person.id.uuid()))
    }

    fn in_tenant(&self, entity: &EntityDef, row: &Row) -> bool {
        let Some(tenant) = &self.question.caller.tenant else {
            return false;
        };
        let name = if entity.kind == EntityKind::Tenant {
            "id"
        } else {
            "tenant"
        };
        Self::get(entity, row, name) == Value::Uuid(tenant.id.uuid())
    }

    fn walled(entity: &EntityDef) -> bool {
        entity.tenant_scoped || entity.kind == EntityKind::Tenant
    }

    fn reach(&self, entity: &EntityDef, row: &Row) -> bool {
        !Self::walled(entity) || self.in_tenant(entity, row) && (self.member() || entity.public)
    }

    fn get(entity: &EntityDef, row: &Row, name: &str) -> Value {
        row[crate::world::field(entity, name).0 as usize].clone()
    }

    fn rows(&self, entity: EntityId) -> impl Iterator<Item = &Row> {
        self.question.database.rows[entity.0 as usize].iter()
    }

    fn gate(&self, entity: &EntityDef, row: &Row, write: bool) -> bool {
        let catalog = self.question.catalog;
        if entity.kind == EntityKind::User {
            let id = row[0].clone();
            let membership = catalog.find_entity("membership").unwrap();
            let active = Value::Text("active".into());
            return Some(id.clone()) == self.user()
                || (self.member() || entity.public)
                    && self.rows(membership.id).any(|found| {
                        self.in_tenant(membership, found)
                            && Self::get(membership, found, "user") == id
                            && Self::get(membership, found, "status") == active
                    });
        }
        if entity.access == AccessLevel::Open || (entity.access == AccessLevel::ProtectedWrite && !write) {
            return true;
        }
        if let Some(field) = entity.access_field {
            let FieldType::Reference { to, .. } = &entity.field(field).field_type else {
                panic!("no reference")
            };
            return to.iter().map(|parent| catalog.entity(*parent)).any(|parent| {
                self.rows(parent.id).any(|found| {
                    // A shared row looks into a tenant for its members only.
                    let reached = !Self::walled(parent)
                        || self.in_tenant(parent, found) && (Self::walled(entity) || parent.public || self.member());
                    found[0] == row[field.0 as usize] && reached && self.gate(parent, found, write)
                })
            });
        }
        let owner = Self::get(entity, row, "owner");
        !owner.is_null() && Some(owner) == self.user()
            || entity.record_tokens.iter().enumerate().any(|(position, token)| {
                (!write || token.grants == Grants::ReadWrite)
                    && self.question.holds(&(self.when)(entity.id, position), row)
                    && self.matches(token, row)
            })
    }

    fn matches(&self, token: &RecordTokenDef, row: &Row) -> bool {
        let asked = token.field.map(|field| row[field.0 as usize].clone());
        match &token.matches {
            TokenMatch::Everyone => true,
            TokenMatch::Authenticated => self.user().is_some(),
            TokenMatch::TenantMember => self.member(),
            TokenMatch::SelfUser => asked.is_some_and(|asked| !asked.is_null() && Some(asked) == self.user()),
            TokenMatch::Role(role) => self.has_role(role),
            TokenMatch::UserToken(name) => {
                let token = &self.question.catalog.user_tokens[name];
                let lookup = self.question.catalog.entity(token.lookup);
                let reachable = !Self::walled(lookup) || lookup.public || self.member();
                self.user().is_some()
                    && reachable
                    && self.rows(lookup.id).any(|found| {
                        let carried = token.value.map(|value| found[value.0 as usize].clone());
                        (!Self::walled(lookup) || self.in_tenant(lookup, found))
                            && (lookup.kind != EntityKind::Membership
                                || Self::get(lookup, found, "status") == Value::Text("active".into()))
                            && self.question.holds(&(self.lookup)(name), found)
                            && match (&carried, &asked) {
                                (Some(carried), Some(asked)) => !carried.is_null() && carried == asked,
                                (Some(carried), None) => !carried.is_null(),
                                (None, _) => true,
                            }
                    })
            }
        }
    }
}

/// Nothing asked.
pub(super) fn always() -> RulePredicate {
    Predicate::Constant(true)
}

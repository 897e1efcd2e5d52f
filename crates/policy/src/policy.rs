//! Every rule of a bundle, parsed and type-checked.

use crate::access::RoleSet;
use crate::gate::{Gate, gates};
use crate::predicate::{Predicate, RulePredicate};
use crate::rule::{self, Rule};
use crate::token::{UserToken, user_token};
use freehold_schema::catalog::{Catalog, EntityId, FieldId, Operation};
use freehold_schema::diagnostic::Diagnostics;

/// Every rule of a bundle. Belongs to the catalog it was checked against.
#[derive(Clone, Debug)]
pub struct Policy {
    rules: Vec<Rule>,
    gates: Vec<Gate>,
    user_tokens: Vec<UserToken>,
}

impl Policy {
    /// Parses and checks the rules, and looks for what is probably not meant. Every problem is told; `None` if one is an error.
    pub fn check(catalog: &Catalog, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut faults = Diagnostics::default();
        let parsed: Vec<Option<UserToken>> = catalog
            .user_tokens
            .values()
            .map(|token| user_token(catalog, token, &mut faults))
            .collect();
        let carried: Vec<UserToken> = parsed.into_iter().flatten().collect();
        let gates = gates(catalog, &carried, &mut faults);
        let mut rules = Vec::new();
        for set in catalog.permission_sets.values() {
            for (position, declared) in set.rules.iter().enumerate() {
                rules.extend(rule::parse(catalog, &set.name, position, declared, &mut faults));
            }
        }
        let policy = match gates {
            Some(gates) if !faults.has_errors() => {
                let policy = Self {
                    rules,
                    gates,
                    user_tokens: carried,
                };
                crate::lint::lint(catalog, &policy, &mut faults);
                (!faults.has_errors()).then_some(policy)
            }
            _ => None,
        };
        diagnostics.append(faults);
        policy
    }

    /// Every rule, by permission set and position.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rules of the permission sets of those names.
    pub fn rules_of<'a>(&'a self, sets: &'a [&'a str]) -> impl Iterator<Item = &'a Rule> {
        self.rules.iter().filter(|rule| sets.contains(&rule.set.as_str()))
    }

    /// The rules of a role set.
    pub fn rules_of_role_set<'a>(
        &'a self,
        catalog: &Catalog,
        role_set: &RoleSet,
    ) -> impl Iterator<Item = &'a Rule> + use<'a> {
        let role_set = role_set.clone().normal(catalog);
        let sets: Vec<String> = role_set.sets(catalog).into_iter().map(str::to_owned).collect();
        self.rules.iter().filter(move |rule| sets.contains(&rule.set))
    }

    /// The record gate of an entity.
    pub fn gate(&self, entity: EntityId) -> &Gate {
        &self.gates[entity.0 as usize]
    }

    /// What callers may carry.
    pub fn user_tokens(&self) -> &[UserToken] {
        &self.user_tokens
    }

    /// Rows to which the rule applies for an operation: its `where` and, unless it passes `records: all`, the record gate. Without the wall.
    pub fn applies(&self, rule: &Rule, operation: Operation) -> RulePredicate {
        if !rule.allows(operation) {
            return Predicate::Constant(false);
        }
        if rule.records_all {
            return rule.condition.clone();
        }
        Predicate::all([
            rule.condition.clone(),
            self.gate(rule.entity).rows(operation.is_write()).clone(),
        ])
    }

    /// Indexes that the rules need, without repetition. Columns of tenant-scoped entities come behind the tenant's.
    pub fn required_indexes(&self, catalog: &Catalog) -> Vec<(EntityId, Vec<FieldId>)> {
        crate::index::required_indexes(catalog, self)
    }
}

#[cfg(test)]
mod tests;

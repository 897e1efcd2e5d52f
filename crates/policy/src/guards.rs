//! Which rules stand behind an operation, as people read them.

use crate::access::{RoleSet, is_administered};
use crate::explain::explain;
use crate::inquiry::{RuleName, rule_name};
use crate::policy::Policy;
use crate::reduce::{Holder, reduce};
use freehold_schema::catalog::{Catalog, EntityId, FieldId, Operation};
use freehold_schema::source::Span;

/// A rule of a role set, reduced for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleGuard {
    /// Which.
    pub rule: RuleName,
    /// Where it stands.
    pub span: Span,
    /// The rows that it opens, among those that can be reached.
    pub rows: String,
    /// The fields that it opens for reading, or for writing.
    pub fields: Vec<FieldId>,
}

/// The rules of a role set that allow `operation` on rows of `entity`, in the policy's order.
pub fn guards(
    catalog: &Catalog,
    policy: &Policy,
    role_set: &RoleSet,
    entity: EntityId,
    operation: Operation,
) -> Vec<RuleGuard> {
    let role_set = role_set.clone().normal(catalog);
    let holder = Holder {
        signed_in: role_set.signed_in,
        member: role_set.member,
        reads_only: role_set.reads_only,
        roles: &role_set.roles,
    };
    let sets = role_set.sets(catalog);
    let closed = is_administered(catalog.entity(entity), operation) || (role_set.reads_only && operation.is_write());
    policy
        .rules_of(&sets)
        .filter(|rule| !closed && rule.entity == entity && rule.allows(operation))
        .map(|rule| RuleGuard {
            rule: rule_name(catalog, &role_set, rule),
            span: rule.span,
            rows: explain(catalog, entity, &reduce(&policy.applies(rule, operation), &holder)),
            fields: if operation.is_write() { &rule.write } else { &rule.read }.clone(),
        })
        .collect()
}

//! Rules that reach nobody.

use crate::policy::Policy;
use crate::predicate::Predicate;
use crate::reduce::{Holder, reduce};
use crate::rule::Rule;
use freehold_schema::catalog::{Catalog, Operation};
use freehold_schema::diagnostic::Diagnostics;

pub(super) fn lint(catalog: &Catalog, policy: &Policy, faults: &mut Diagnostics) {
    let every_role: Vec<String> = catalog.roles.keys().cloned().collect();
    let anonymous = Holder {
        signed_in: false,
        member: false,
        reads_only: false,
        roles: &[],
    };
    let member = Holder {
        signed_in: true,
        member: true,
        reads_only: false,
        roles: &every_role,
    };
    for set in catalog.permission_sets.values() {
        let (by_anonymous, by_others) = holders(catalog, &set.name);
        if !by_anonymous && !by_others {
            faults.warning(
                "idle-set",
                set.span,
                format!("no profile or role has the permission set `{}`", set.name),
            );
            continue;
        }
        for rule in policy.rules_of(&[set.name.as_str()]) {
            let applies_to = |holder: &Holder<'_>| {
                rule.allow
                    .iter()
                    .any(|operation| may_apply(catalog, policy, rule, *operation, holder))
            };
            if by_anonymous && !by_others && !applies_to(&anonymous) {
                faults
                    .warning("idle-rule", rule.span, "this rule never applies: only anonymous callers have it")
                    .hint("an anonymous caller owns nothing, carries no user token and is no member; is the entity `public`?");
            } else if by_others && !applies_to(&member) && !by_anonymous && !crate::never::never(&rule.condition) {
                faults.warning("idle-rule", rule.span, "this rule never applies to anybody");
            }
        }
    }
}

/// Whether anonymous callers, and whether signed-in ones, have the set.
fn holders(catalog: &Catalog, set: &str) -> (bool, bool) {
    let has = |sets: &[String]| sets.iter().any(|name| name == set);
    let is_anonymous = |name: &str| catalog.anonymous_profile.as_deref() == Some(name);
    let by_anonymous = catalog
        .profiles
        .values()
        .any(|profile| is_anonymous(&profile.name) && has(&profile.sets));
    let by_profile = catalog.profiles.values().any(|profile| {
        (!is_anonymous(&profile.name) || catalog.default_profile.as_deref() == Some(&profile.name))
            && has(&profile.sets)
    });
    (
        by_anonymous,
        by_profile || catalog.roles.values().any(|role| has(&role.sets)),
    )
}

fn may_apply(catalog: &Catalog, policy: &Policy, rule: &Rule, operation: Operation, holder: &Holder<'_>) -> bool {
    if !rule.allows(operation)
        || (catalog.is_walled(rule.entity) && !catalog.entity(rule.entity).public && !holder.member)
    {
        return false;
    }
    // A row is created by its owner, so there is no gate to pass before.
    let rows = if operation == Operation::Create {
        rule.check.clone()
    } else {
        policy.applies(rule, operation)
    };
    reduce(&rows, holder) != Predicate::Constant(false)
}

//! What the founder of a tenant may say of it.
//!
//! A tenant that is not there yet has no wall, no owner and no members, so no rule can be asked about it. Rules without conditions
//! only list its fields: `{entity: organisation, allow: [create], write: [name, slug]}`.

use crate::policy::Policy;
use crate::predicate::{Predicate, RulePredicate};
use crate::rule::Rule;
use freehold_schema::catalog::{Catalog, FieldDef, FieldId, Operation};

/// Fields that nobody could leave out, and those that the sets' rules list.
pub(super) fn fields(catalog: &Catalog, policy: &Policy, sets: &[&str]) -> Vec<FieldId> {
    let Some(tenancy) = catalog.tenancy else {
        return Vec::new();
    };
    let listing: Vec<&Rule> = policy
        .rules_of(sets)
        .filter(|rule| rule.entity == tenancy.entity && rule.allows(Operation::Create) && !is_conditional(rule))
        .collect();
    let is_needed = |field: &FieldDef| field.required && field.default_value().is_none();
    let is_listed = |field: &FieldDef| listing.iter().any(|rule| rule.write.contains(&field.id));
    let fields = catalog.entity(tenancy.entity).fields.iter();
    fields
        .filter(|field| catalog.is_founders(field) && (is_needed(field) || is_listed(field)))
        .map(|field| field.id)
        .collect()
}

/// Whether a rule asks anything of the row, or writes something itself: then its list alone is not what it says.
fn is_conditional(rule: &Rule) -> bool {
    let is_true = |predicate: &RulePredicate| *predicate == Predicate::Constant(true);
    !is_true(&rule.condition) || !is_true(&rule.check) || !rule.presets.is_empty()
}

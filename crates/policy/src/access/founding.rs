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

#[cfg(test)]
mod tests {
    use crate::access::{Access, RoleSet};
    use crate::policy::Policy;
    use freehold_schema::catalog::Operation;
    use freehold_schema::source::{SourceFile, Sources};

    const MODEL: &str = "
app: desk
security: prototype
anonymous_profile: visitor
tenant: org
keys: {of_tenant: {scope: tenant}, of_all: {scope: environment}}
entities:
  org:
    access: open
    public: false
    fields:
      name: {type: text, required: true}
      motto: {type: text}
      plan: {type: select, options: [free, paid], default: free, required: true}
      phase: {type: select, options: [trial, live], default: trial, state: true}
      vat_id: {type: text, encrypted: of_tenant}
      tax_id: {type: text, encrypted: of_all}
      number: {type: autonumber}
      notes: {type: list, of: note, by: tenant}
  membership: {membership_of: org, access: open, public: false}
  note: {in: org, access: open}
permission_sets:
  action: [{actions: [create_tenant]}]
  motto: [{entity: org, allow: [create], write: [motto]}]
  all: [{entity: org, allow: [create, read], read: [name], check: any, write: [motto, plan, phase, owner, vat_id, tax_id]}]
  asks: [{entity: org, allow: [create], where: {plan: free}, write: [plan]}]
  checks: [{entity: org, allow: [create], check: {plan: free}, write: [plan]}]
  sets: [{entity: org, allow: [create], write: [motto], set: {plan: free}}]
  updates: [{entity: org, allow: [update], write: [plan]}]
profiles:
  visitor: {sets: [action, all]}
  member: {sets: [action]}
  other: {sets: [all]}
roles: {admin: {sets: [], manages: [clerk]}, clerk: {sets: []}}
";

    fn founding(profile: &str, signed_in: bool, sets: &str) -> String {
        let text = MODEL.replace("member: {sets: [action]}", &format!("member: {{sets: [action{sets}]}}"));
        let sources = Sources::new(vec![SourceFile {
            name: "app.yaml".to_owned(),
            text,
        }]);
        let compiled = freehold_schema::compile(&sources);
        let mut faults = compiled.diagnostics;
        let catalog = compiled.catalog.unwrap_or_else(|| panic!("{:?}", faults.sorted()));
        let policy = Policy::check(&catalog, &mut faults).unwrap();
        let role_set = RoleSet {
            profile: Some(profile.to_owned()),
            roles: Vec::new(),
            signed_in,
            member: false,
            reads_only: false,
        };
        let access = Access::reduce(&catalog, &policy, &role_set);
        let org = catalog.find_entity("org").unwrap();
        assert!(
            !access.target(org.id, Operation::Create).is_open(),
            "no ordinary row is created"
        );
        assert_eq!(access.visible(&catalog).founding.len(), access.founding().len());
        let names = access.founding().iter().map(|field| org.field(*field).name.as_str());
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_a_founder_may_say() {
        for (sets, expected) in [
            ("", "name"),
            (", motto", "name motto"),
            (", motto, all", "name motto plan tax_id"),
            // What asks something of a row, or writes something itself, lists nothing.
            (", asks", "name"),
            (", checks", "name"),
            (", sets", "name"),
            (", updates", "name"),
        ] {
            assert_eq!(founding("member", true, sets), expected, "{sets}");
        }
        // Without the action, or without anybody.
        assert_eq!(founding("other", true, ""), "");
        assert_eq!(founding("visitor", false, ""), "");
    }
}

use super::inquire;
use crate::access::RoleSet;
use crate::world;
use freehold_schema::catalog::Operation;

const APP: &str = r"
app: desk
security: prototype
tenant: organisation
default_profile: member
entities:
  organisation: {access: open, public: false, fields: {name: {type: text}}}
  ticket:
    in: organisation
    access: protected
    public: false
    fields:
      subject: {type: text}
      status: {type: select, options: [new, solved], default: new}
      requester: {type: ref, to: user, on_delete: set_null, immutable: true}
    record_tokens:
      requester: {match: self, field: requester, grants: read}
  comment:
    in: organisation
    access: protected
    access_field: ticket
    public: false
    fields: {ticket: {type: ref, to: ticket, on_delete: cascade}, body: {type: text}}
permission_sets:
  requester:
    - {entity: ticket, allow: [read, list], where: {not: {status: solved}}, read: [subject]}
    - {entity: comment, allow: [read, update], read: [body], write: [body]}
  lead:
    - {entity: ticket, allow: [read], records: all, read: [status]}
    - {entity: ticket, allow: [create, update], records: all, write: [subject, requester], set: {status: solved}, check: {subject: {ne: x}}}
    - {entity: membership, allow: [delete], records: all}
    - {entity: comment, allow: [read], records: all, read: [body]}
    - {entity: comment, allow: [update], records: all, write: [body], check: {ticket: {status: new}, body: {ne: x}}}
  writer:
    - {entity: ticket, allow: [update], records: all, write: [subject]}
profiles: {member: {sets: [requester]}}
roles: {lead: {sets: [lead]}, writer: {sets: [writer]}}
";

/// The explanation when the questions of that text have the answer yes.
fn check(roles: &[&str], entity: &str, operation: Operation, field: Option<&str>, yes: &[&str]) -> super::Explanation {
    let (catalog, policy) = world::policy(APP);
    let entity = catalog.find_entity(entity).unwrap();
    let role_set = RoleSet {
        profile: Some("member".to_owned()),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        signed_in: true,
        member: true,
        reads_only: false,
    };
    let field = field.map(|name| world::field(entity, name));
    let inquiry = inquire(&catalog, &policy, &role_set, entity.id, operation, field);
    let answers: Vec<bool> = inquiry
        .questions
        .iter()
        .map(|question| yes.contains(&crate::explain::explain(&catalog, entity.id, question).as_str()))
        .collect();
    inquiry.judge(&answers)
}

#[test]
fn a_token_opens_the_gate() {
    let found = check(
        &[],
        "ticket",
        Operation::Read,
        Some("subject"),
        &["tenant = $tenant", "requester = $user"],
    );
    assert!(found.allowed, "{found:#?}");
    assert_eq!(found.token.as_deref(), Some("record token requester"));
    assert_eq!(
        found.reason,
        "rule `requester[0]`, from profile member, gate opened by record token requester"
    );
}

#[test]
fn the_leaf_that_failed_is_told() {
    let found = check(
        &[],
        "ticket",
        Operation::Read,
        None,
        &["tenant = $tenant", "requester = $user", "status = \"solved\""],
    );
    assert!(!found.allowed);
    assert_eq!(found.rules[0].failed.as_deref(), Some("not (status = \"solved\")"));
    let found = check(&[], "ticket", Operation::Read, None, &["tenant = $tenant"]);
    assert_eq!(
        found.rules[0].failed.as_deref(),
        Some("record gate: none of owner, record token requester")
    );
}

#[test]
fn another_tenant_is_out_of_reach() {
    let found = check(&["lead"], "ticket", Operation::Read, None, &["requester = $user"]);
    assert!(!found.allowed);
    assert_eq!(found.reason, "out of reach: of the request's tenant");
    assert!(found.rules.iter().any(|rule| rule.applies), "only the wall keeps it");
}

#[test]
fn a_field_needs_a_rule_that_lists_it() {
    let found = check(
        &["lead"],
        "ticket",
        Operation::Read,
        Some("status"),
        &["tenant = $tenant"],
    );
    assert_eq!(found.rule.map(|rule| rule.set).as_deref(), Some("lead"));
    let found = check(
        &[],
        "ticket",
        Operation::Read,
        Some("status"),
        &["tenant = $tenant", "owner = $user"],
    );
    assert_eq!(found.rules[0].failed.as_deref(), Some("`read` lists status"));
}

#[test]
fn a_parents_gate_is_told_by_its_ways() {
    let found = check(&[], "comment", Operation::Update, None, &["tenant = $tenant"]);
    assert_eq!(
        found.rules[0].failed.as_deref(),
        Some("record gate: none of access field ticket: owner"),
        "the requester's token reads only"
    );
    let found = check(&[], "comment", Operation::Delete, None, &["tenant = $tenant"]);
    assert_eq!(found.reason, "no rule allows this operation at all");
}

#[test]
fn what_cannot_be_read_cannot_be_written() {
    let found = check(&["writer"], "ticket", Operation::Update, None, &["tenant = $tenant"]);
    assert!(!found.allowed && found.rules[0].applies, "{found:#?}");
    assert_eq!(found.reason, "the row cannot be read, and so not be found");
    assert!(found.visible.is_some_and(|visible| !visible.holds));
    let found = check(
        &["writer"],
        "ticket",
        Operation::Update,
        None,
        &["tenant = $tenant", "owner = $user"],
    );
    assert!(found.allowed, "{found:#?}");
    let found = check(&[], "ticket", Operation::Read, None, &[]);
    assert_eq!(found.visible, None);
}

#[test]
fn only_what_an_update_takes_may_be_updated() {
    let failed = |field: &str| {
        let found = check(
            &["lead"],
            "ticket",
            Operation::Update,
            Some(field),
            &["tenant = $tenant"],
        );
        (found.allowed, found.rules[0].failed.clone())
    };
    assert_eq!(failed("subject"), (true, None));
    assert_eq!(
        failed("requester"),
        (false, Some("an update takes requester (it is immutable)".to_owned()))
    );
    assert_eq!(
        failed("status"),
        (
            false,
            Some("the caller gives status (the rule sets it itself)".to_owned())
        )
    );
    assert_eq!(failed("version"), (false, Some("`write` lists version".to_owned())));
    let found = check(&["lead"], "ticket", Operation::Update, None, &["tenant = $tenant"]);
    assert_eq!(found.rules[0].check.as_deref(), Some("subject <> \"x\""));
    let found = check(&["lead"], "membership", Operation::Delete, None, &["tenant = $tenant"]);
    assert!(!found.allowed && found.reason.contains("administration"), "{found:#?}");
}

#[test]
fn whoever_is_barred_is_out_of_reach() {
    let found = check(&["lead"], "ticket", Operation::Read, None, &["tenant = $tenant"]);
    assert!(found.allowed);
    let barred = found.barred("a person who is not blocked");
    assert!(!barred.allowed && barred.rule.is_none() && !barred.reach.holds);
    assert_eq!(barred.reason, "out of reach: a person who is not blocked");
}

#[test]
fn what_no_change_can_touch_is_asked_beforehand() {
    let there = [
        "tenant = $tenant",
        "ticket -> ticket (tenant = $tenant and status = \"new\")",
    ];
    let found = check(&["lead"], "comment", Operation::Update, None, &there[..1]);
    let rule = found.rules.iter().find(|rule| rule.rule.set == "lead").unwrap();
    assert!(!found.allowed && !rule.applies, "{found:#?}");
    assert_eq!(rule.failed.as_deref(), Some(there[1]));
    let found = check(&["lead"], "comment", Operation::Update, None, &there);
    let rule = found.rules.iter().find(|rule| rule.rule.set == "lead").unwrap();
    assert!(found.allowed && rule.applies, "{found:#?}");
    assert_eq!(rule.check.as_deref(), Some("body <> \"x\""), "this a change decides");
}

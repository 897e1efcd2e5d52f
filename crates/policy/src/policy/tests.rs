use crate::explain::explain;
use crate::world::{faults, policy};

/// A help desk of two walls' width. `{ticket}` is put into the ticket entity, `{rest}` at the end.
fn desk(ticket: &str, rest: &str) -> String {
    format!(
        r"
app: desk
security: prototype
tenant: organisation
default_profile: member
anonymous_profile: visitor
entities:
  organisation: {{access: open, public: false, fields: {{name: {{type: text}}, slug: {{type: text}}}}, unique: [[slug]]}}
  membership: {{membership_of: organisation, access: protected, public: false, fields: {{on_call: {{type: boolean}}}}}}
  team: {{in: organisation, access: open, public: false, fields: {{name: {{type: text}}}}}}
  team_member: {{in: organisation, access: open, public: false, fields: {{team: {{type: ref, to: team, on_delete: cascade}}, member: {{type: ref, to: user, on_delete: cascade}}}}}}
  ticket:
    in: organisation
    fields:
      status: {{type: select, options: [new, open], default: new}}
      secret: {{type: text}}
      team: {{type: ref, to: team, on_delete: set_null}}
      requester: {{type: ref, to: user, on_delete: set_null}}
    public: false
    {ticket}
  comment:
    in: organisation
    access: protected
    access_field: ticket
    public: false
    fields: {{ticket: {{type: ref, to: ticket, required: true, on_delete: cascade}}, body: {{type: text}}}}
user_tokens:
  team: {{lookup: team_member, where: {{member: $user}}, value: team}}
  on_call: {{lookup: membership, where: {{user: $user, on_call: true}}}}
{rest}"
    )
}

const ROLES: &str =
    "profiles: {member: {sets: []}, visitor: {sets: []}}\nroles: {agent: {sets: [all]}}\npermission_sets:\n  all:\n";

#[track_caller]
fn gate(ticket: &str, entity: &str, read: &str, write: &str) {
    let (catalog, policy) = policy(&desk(
        ticket,
        &format!("{ROLES}    - {{entity: ticket, allow: [read]}}"),
    ));
    let entity = catalog.find_entity(entity).unwrap().id;
    let gate = policy.gate(entity);
    assert_eq!(explain(&catalog, entity, &gate.read), read);
    assert_eq!(explain(&catalog, entity, &gate.write), write);
}

const TEAM: &str =
    "(signed in and member and some team_member of same team as team (tenant = $tenant and member = $user))";

#[test]
fn levels_of_access() {
    gate("access: open", "ticket", "always", "always");
    gate("access: protected_write", "ticket", "always", "owner = $user");
    gate("access: protected", "ticket", "owner = $user", "owner = $user");
}

#[test]
fn every_match() {
    for (token, opens) in [
        ("{match: everyone, grants: readwrite}", "always"),
        (
            "{match: authenticated, grants: readwrite}",
            "owner = $user or signed in",
        ),
        ("{match: tenant_member, grants: readwrite}", "owner = $user or member"),
        (
            "{match: self, field: requester, grants: readwrite}",
            "owner = $user or requester = $user",
        ),
        (
            "{match: 'role:agent', grants: readwrite}",
            "owner = $user or role agent",
        ),
        (
            "{match: user.team, field: team, grants: readwrite}",
            &format!("owner = $user or {TEAM}"),
        ),
        (
            "{match: user.team, grants: readwrite}",
            "owner = $user or (signed in and member and some team_member (tenant = $tenant and member = $user and team is not null))",
        ),
        (
            "{match: user.on_call, grants: readwrite}",
            r#"owner = $user or (signed in and member and some membership (tenant = $tenant and user = $user and on_call = true and status = "active"))"#,
        ),
        (
            "{match: everyone, when: {status: new, team: {name: x}}, grants: readwrite}",
            r#"owner = $user or (status = "new" and team -> team (tenant = $tenant and name = "x"))"#,
        ),
    ] {
        gate(
            &format!("access: protected\n    record_tokens: {{it: {token}}}"),
            "ticket",
            opens,
            opens,
        );
    }
}

#[test]
fn a_read_token_does_not_open_for_writing() {
    gate(
        "access: protected\n    record_tokens: {it: {match: user.team, field: team, grants: read}}",
        "ticket",
        &format!("owner = $user or {TEAM}"),
        "owner = $user",
    );
}

#[test]
fn an_access_field_brings_the_parents_gate_and_wall() {
    let tokens = "record_tokens: {it: {match: user.team, field: team, grants: read}}";
    gate(
        &format!("access: protected\n    {tokens}"),
        "comment",
        &format!("ticket -> ticket (tenant = $tenant and (owner = $user or {TEAM}))"),
        "ticket -> ticket (tenant = $tenant and owner = $user)",
    );
    gate(
        "access: open",
        "comment",
        "ticket -> ticket (tenant = $tenant)",
        "ticket -> ticket (tenant = $tenant)",
    );
}

#[test]
fn users_know_themselves_and_members_each_other() {
    let expected = r#"id = $user or (member and some membership by user (tenant = $tenant and status = "active"))"#;
    gate("access: open", "user", expected, expected);
    let (catalog, policy) = policy("app: a\nsecurity: prototype\nentities: {user: {public: true}}");
    assert_eq!(
        explain(&catalog, catalog.user, &policy.gate(catalog.user).read),
        r#"id = $user or status = "active""#
    );
}

/// What is said of rules in the set `all`, held by the role `agent`.
#[track_caller]
fn lint(rules: &str, expected: &[&str]) {
    lint_desk("access: protected", rules, expected);
}

#[track_caller]
fn lint_desk(ticket: &str, rules: &str, expected: &[&str]) {
    let rules: String = rules.lines().flat_map(|line| ["    - ", line.trim(), "\n"]).collect();
    let told: Vec<String> = faults(&desk(ticket, &format!("{ROLES}{rules}")))
        .iter()
        .map(|fault| fault.split_once(' ').unwrap().1.to_owned())
        .collect();
    assert_eq!(told, expected);
}

const HINT: &str = "(say with `check` what the written row must satisfy, or state `check: any`)";

#[test]
fn unchecked_writes_of_what_decides() {
    let team = "access: protected\n    record_tokens: {it: {match: user.team, field: team, grants: read}}";
    let told = format!(
        "unchecked-write: `team` decides access (record token `it` of `ticket`), and this rule lets it be written without a `check` {HINT}"
    );
    lint_desk(
        team,
        "{entity: ticket, allow: [update], write: [team, secret]}",
        &[&told],
    );
    lint_desk(
        team,
        "{entity: ticket, allow: [update], write: [team], check: {team: {is_null: false}}}",
        &[],
    );
    lint_desk(
        team,
        "{entity: ticket, allow: [update], write: [team], check: any}",
        &[],
    );
    lint_desk(
        team,
        "{entity: ticket, allow: [update], write: [team], where: {team: {is_null: false}}}",
        &[],
    );
    lint_desk(team, "{entity: ticket, allow: [update], set: {team: null}}", &[]);
    let member = format!(
        "unchecked-write: `member` decides access (record token `it` of `ticket`), and this rule lets it be written without a `check` {HINT}"
    );
    lint_desk(
        team,
        "{entity: team_member, allow: [create], write: [member]}",
        &[&member],
    );
    // Creating a row asks its parent's gate; moving one does not.
    lint("{entity: comment, allow: [create], write: [ticket, body]}", &[]);
    let ticket = format!(
        "unchecked-write: `ticket` decides access (it is the access field), and this rule lets it be written without a `check` {HINT}"
    );
    lint("{entity: comment, allow: [update], write: [ticket, body]}", &[&ticket]);
    let owner = format!(
        "unchecked-write: `owner` decides access (owners pass the record gate), and this rule lets it be written without a `check` {HINT}"
    );
    lint("{entity: ticket, allow: [update], write: [owner]}", &[&owner]);
}

#[test]
fn conditions_that_their_holder_can_make_true() {
    let told = "own-condition: this rule's `where` asks for `status`, which the same people may write (let the other rule's `check` say what they may make of `status`)";
    lint(
        "{entity: ticket, allow: [read], where: {status: open}, read: [secret]}\n{entity: ticket, allow: [update], where: {owner: $user}, write: [status]}",
        &[told],
    );
    lint(
        "{entity: ticket, allow: [read], where: {status: open}, read: [secret]}\n{entity: ticket, allow: [update], where: {owner: $user}, write: [status], check: {status: new}}",
        &[],
    );
    lint(
        "{entity: comment, allow: [read], where: {ticket: {status: open}}, read: [body]}\n{entity: ticket, allow: [update], where: {owner: $user}, write: [status]}",
        &[told],
    );
}

#[test]
fn conditions_without_rows() {
    let never = "never-true: no row satisfies this `where` (its parts exclude each other)";
    for condition in [
        "{status: {eq: new, ne: new}}",
        "{status: {in: []}}",
        "{or: []}",
        "{and: [{status: new}, {status: open}]}",
        "{and: [{status: new}, {not: {status: new}}]}",
        "{status: {in: [new]}, and: [{status: {in: [open]}}]}",
        "{team: {is_null: true, name: x}, and: [{team: {name: {in: []}}}]}",
        "{secret: {is_null: true, contains: x}}",
    ] {
        lint(
            &format!("{{entity: ticket, allow: [read], where: {condition}, read: [secret]}}"),
            &[never],
        );
    }
    lint(
        "{entity: ticket, allow: [read], where: {status: {is_null: true, not_in: []}}, read: [secret]}",
        &[],
    );
    lint(
        "{entity: ticket, allow: [update], write: [secret], check: {status: {in: []}}}",
        &["never-true: no row satisfies this `check` (its parts exclude each other)"],
    );
}

#[test]
fn rules_and_tokens_without_effect() {
    let rest = "permission_sets:\n  news: [{entity: ticket, allow: [read], where: {owner: $user}, read: [secret]}]\n  spare: []\nprofiles: {visitor: {sets: [news]}, member: {sets: []}}";
    let told = faults(&desk("access: open", rest));
    assert_eq!(
        told,
        [
            "31 idle-rule: this rule never applies: only anonymous callers have it (an anonymous caller owns nothing, carries no user token and is no member; is the entity `public`?)",
            "32 idle-set: no profile or role has the permission set `spare`",
        ]
    );
    lint_desk(
        "access: protected_write\n    record_tokens: {it: {match: self, field: requester, grants: read}}",
        "{entity: ticket, allow: [read]}",
        &[
            "idle-token: record token `it` has no effect (with `access: protected_write` every row is open for reading; did you mean `grants: readwrite`?)",
        ],
    );
    let everyone = desk(
        "access: open",
        &format!("{ROLES}    - {{entity: ticket, allow: [read]}}"),
    )
    .replace("where: {member: $user}", "where: {team: {name: x}}");
    assert_eq!(
        faults(&everyone),
        [
            "28 token-for-everyone: everyone who is signed in carries user token `team` (its `where` does not ask for `$user`)"
        ]
    );
}

#[test]
fn single_tenant_apps_have_no_tenant() {
    let app = "app: a\nsecurity: prototype\nentities: {user: {public: true}, post: {access: open, public: true, fields: {title: {type: text}}}}\npermission_sets:\n  all: [{entity: post, allow: [read], where: {title: VALUE}, read: [title]}]\nprofiles: {p: {sets: [all]}}\ndefault_profile: p";
    let hint = "(name the tenant entity in app.yaml: `tenant: …`)";
    assert_eq!(
        faults(&app.replace("VALUE", "$tenant")),
        [format!(
            "5 session-value: there is no `$tenant`: the app has no tenants {hint}"
        )]
    );
    assert_eq!(
        faults(&app.replace("VALUE", "$membership.x")),
        [format!(
            "5 session-value: there is no `$membership.x`: the app has no tenants {hint}"
        )]
    );
    assert!(faults(&app.replace("VALUE", "$claims.title")).is_empty());
}

#[test]
fn naming_a_tenant_is_not_being_in_it() {
    let app = "app: a\nsecurity: prototype\ntenant: home\nentities:\n  home: {access: open, public: false, fields: {slug: {type: text}, bills: {type: list, of: bill, by: payer}}, unique: [[slug]]}\n  bill: {access: open, public: PUBLIC, fields: {payer: {type: ref, to: home, on_delete: cascade}, total: {type: int}}}\n  pet: {in: home, access: open, public: true, fields: {name: {type: text}}}\npermission_sets:\n  all:\n    - {entity: bill, allow: [read], where: {payer: $tenant}, read: [total]}\n    - {entity: bill, allow: [read], where: {not: {payer: {slug: x}}}, read: [total]}\n    - {entity: pet, allow: [read], where: {tenant: $tenant}, read: [name]}\nprofiles: {member: {sets: [all]}}\ndefault_profile: member";
    let told = |public: &str| -> Vec<String> {
        let (catalog, policy) = policy(&app.replace("PUBLIC", public));
        policy
            .rules()
            .iter()
            .map(|rule| explain(&catalog, rule.entity, &rule.condition))
            .collect()
    };
    let walk = r#"not (payer -> home (member and id = $tenant and slug = "x"))"#;
    assert_eq!(told("false"), ["member and payer = $tenant", walk, "tenant = $tenant"]);
    assert_eq!(told("true"), ["payer = $tenant", walk, "tenant = $tenant"]);
}

#[test]
fn presets_are_typed() {
    lint(
        "{entity: ticket, allow: [create], set: {requester: $user, status: open, team: null}}",
        &[],
    );
    lint(
        "{entity: ticket, allow: [create], set: {requester: $tenant}}",
        &[
            "operand-type: `requester` is a `user`, `$tenant` is a `organisation` (both sides of a comparison are of one type)",
        ],
    );
    lint(
        "{entity: ticket, allow: [create], set: {status: opne}}",
        &["unknown-option: `status` has no option `opne` (did you mean `open`?)"],
    );
    lint(
        "{entity: comment, allow: [create], set: {ticket: null}}",
        &["preset-type: `ticket` is required and cannot be empty"],
    );
    lint(
        "{entity: ticket, allow: [create], set: {secret: $before.secret}}",
        &[
            "session-value: `$before.secret` is known in `check` alone (`where` and `when` are about the stored row already)",
        ],
    );
}

#[test]
fn checks_default_to_the_condition() {
    let rules = "    - {entity: ticket, allow: [update], where: {status: new}, write: [secret]}\n    - {entity: ticket, allow: [update], where: {status: new}, write: [secret], check: any}\n    - {entity: ticket, allow: [update], where: {status: new}, write: [secret], check: {status: $before.status}}";
    let (catalog, policy) = policy(&desk("access: protected", &format!("{ROLES}{rules}")));
    let checks: Vec<String> = policy
        .rules()
        .iter()
        .map(|rule| explain(&catalog, rule.entity, &rule.check))
        .collect();
    assert_eq!(checks, [r#"status = "new""#, "always", "status = $before.status"]);
}

#[test]
fn indexes() {
    let team = "access: protected\n    record_tokens: {it: {match: user.team, field: team, grants: read}}";
    let (catalog, policy) = policy(&desk(team, &format!("{ROLES}    - {{entity: ticket, allow: [read]}}")));
    let told: Vec<String> = policy
        .required_indexes(&catalog)
        .iter()
        .map(|(entity, fields)| {
            let names: Vec<&str> = fields
                .iter()
                .map(|field| catalog.field(*entity, *field).name.as_str())
                .collect();
            format!("{} {}", catalog.entity(*entity).name, names.join(" "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "membership owner",
            "team_member team",
            "team_member member team",
            "ticket owner",
            "ticket team",
            "ticket requester",
            "comment ticket"
        ]
    );
}

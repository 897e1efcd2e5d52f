use crate::explain::explain;
use crate::world::{catalog, faults};
use freehold_schema::catalog::Check;

/// An app whose only rule has this condition as its `check`, the richest place.
fn app(condition: &str) -> String {
    format!(
        r"
app: test
security: prototype
tenant: organisation
default_profile: member
entities:
  user: {{public: false, fields: {{memberships: {{type: list, of: membership, by: user}}}}}}
  organisation: {{access: open, public: false, fields: {{name: {{type: text}}, slug: {{type: text}}}}, unique: [[slug]]}}
  membership: {{membership_of: organisation, access: protected, public: false, fields: {{level: {{type: int}}, team: {{type: ref, to: team, on_delete: set_null}}, iban: {{type: text, encrypted: pii}}}}}}
  team: {{in: organisation, access: open, public: false, fields: {{name: {{type: text}}, lead: {{type: ref, to: user, on_delete: set_null}}, tickets: {{type: list, of: ticket, by: team}}}}}}
  device: {{access: open, public: false, fields: {{name: {{type: text}}, home: {{type: ref, to: organisation, on_delete: set_null}}}}}}
  ticket:
    in: organisation
    access: open
    public: false
    fields:
      subject: {{type: text}}
      status: {{type: select, options: [new, open, in_progress]}}
      tags: {{type: multiselect, options: [a, b]}}
      count: {{type: int}}
      ratio: {{type: float}}
      price: {{type: decimal}}
      closed: {{type: boolean}}
      due: {{type: date}}
      at: {{type: time}}
      seen: {{type: datetime}}
      key: {{type: uuid}}
      data: {{type: json}}
      secret: {{type: text, encrypted: pii, searchable: equality}}
      team: {{type: ref, to: team, on_delete: set_null}}
      device: {{type: ref, to: device, on_delete: set_null}}
      about: {{type: ref, to: [team, device]}}
      photo: {{type: image}}
      comments: {{type: list, of: comment, by: ticket}}
  comment: {{in: organisation, access: open, public: false, fields: {{ticket: {{type: ref, to: ticket, required: true, on_delete: cascade}}, internal: {{type: boolean}}}}}}
keys: {{pii: {{scope: tenant}}}}
permission_sets:
  all:
    - entity: ticket
      allow: [update]
      write: [subject]
      check: {condition}
profiles: {{member: {{sets: [all]}}}}
"
    )
}

/// How the condition reads when parsed.
#[track_caller]
fn reads(condition: &str, expected: &str) {
    reads_in(&app(condition), expected);
}

#[track_caller]
fn reads_in(app: &str, expected: &str) {
    let (_, catalog) = catalog(app);
    let rule = &catalog.permission_sets["all"].rules[0];
    let Check::Stated(node) = &rule.check else {
        panic!("no check")
    };
    let mut faults = freehold_schema::diagnostic::Diagnostics::default();
    let scope = super::Scope::written(&catalog, rule.entity);
    let parsed = super::parse(scope, node, &mut faults).unwrap_or_else(|| panic!("{:?}", faults.sorted()));
    assert_eq!(explain(&catalog, rule.entity, &parsed), expected);
}

/// What is said of the condition, without line numbers.
#[track_caller]
fn refused(condition: &str, expected: &[&str]) {
    refused_in(&app(condition), expected);
}

#[track_caller]
fn refused_in(app: &str, expected: &[&str]) {
    let told: Vec<String> = faults(app)
        .iter()
        .map(|fault| fault.split_once(' ').unwrap().1.to_owned())
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn fields_and_operators() {
    reads("{status: new}", r#"status = "new""#);
    reads("{status: new, closed: false}", r#"status = "new" and closed = false"#);
    reads("{count: {gt: 2, lte: 5}}", "count > 2 and count <= 5");
    reads("{status: {in: [new, open]}}", r#"status in ["new", "open"]"#);
    reads("{status: {not_in: [new]}}", r#"status not in ["new"]"#);
    reads(
        "{status: {notIn: [new]}, team: {isNull: false}}",
        r#"status not in ["new"] and team is not null"#,
    );
    reads(
        "{count: {ne: 1, lt: 9, gte: 0}}",
        "count <> 1 and count < 9 and count >= 0",
    );
    reads("{tags: {has: a}}", r#"tags has "a""#);
    reads(
        "{tags: {has_any: [a, b], hasAll: [a]}}",
        r#"tags has any of ["a", "b"] and tags has all of ["a"]"#,
    );
    reads("{subject: {is_null: true}}", "subject is null");
}

/// The app with formulas.
fn app_with_formulas(condition: &str) -> String {
    let formulas = "
      total: {type: formula, returns: decimal, formula: price * count}
      label: {type: formula, returns: text, formula: upper(subject)}
      is_late: {type: formula, returns: boolean, formula: due < date(seen)}
      photo:";
    let rank = "level: {type: int}, rank: {type: formula, returns: int, formula: level * 2}";
    app(condition)
        .replace("\n      photo:", formulas)
        .replace("level: {type: int}", rank)
}

#[test]
fn formulas_are_of_the_type_that_they_return() {
    let reads = |condition: &str, expected: &str| reads_in(&app_with_formulas(condition), expected);
    let refused = |condition: &str, expected: &[&str]| refused_in(&app_with_formulas(condition), expected);
    reads("{total: {gt: 1.50, ne: 3}}", "total > 1.50 and total <> 3");
    reads(
        "{label: {starts_with: A, ne: B}, is_late: true}",
        r#"label like "A%" and label <> "B" and is_late = true"#,
    );
    reads("{total: {ne: $before.total}}", "total <> $before.total");
    reads(
        "{team: {tickets: {some: {is_late: false}}}}",
        "team -> team (tenant = $tenant and some ticket by team (tenant = $tenant and is_late = false))",
    );
    refused(
        "{total: {contains: a}}",
        &[
            "unknown-operator: `total` has no operator `contains` (it has eq, ne, in, not_in, is_null, lt, lte, gt, gte)",
        ],
    );
    refused(
        "{count: $membership.rank}",
        &[
            "session-value: `$membership.rank` is a formula, and no caller carries one (compare with the fields that it is calculated from)",
        ],
    );
}

#[test]
fn empty_lists_keep_their_meaning() {
    reads("{status: {in: []}}", "status in []");
    reads("{status: {notIn: []}}", "status not in []");
    reads("{or: []}", "never");
    reads("{and: []}", "always");
}

#[test]
fn logic() {
    reads(
        "{or: [{status: new}, {closed: true, count: 1}]}",
        r#"status = "new" or (closed = true and count = 1)"#,
    );
    reads(
        "{and: [{status: new}, {closed: true}], count: 1}",
        r#"status = "new" and closed = true and count = 1"#,
    );
    reads(
        "{not: {or: [{status: new}, {closed: true}]}}",
        r#"not (status = "new" or closed = true)"#,
    );
    refused(
        "{or: {status: new, closed: true}}",
        &["condition-shape: `or` takes a list of conditions, this is a mapping (write `or: [{…}, {…}]`)"],
    );
    refused(
        "{and: {status: new}}",
        &["condition-shape: `and` takes a list of conditions, this is a mapping (write `and: [{…}, {…}]`)"],
    );
    refused(
        "{not: [{status: new}]}",
        &["condition-shape: a condition is a mapping, this is a list (write `{field: value}`)"],
    );
}

#[test]
fn text_patterns_are_escaped() {
    reads("{subject: {starts_with: '100%'}}", r#"subject like "100\\%%""#);
    reads("{subject: {endsWith: a_b}}", r#"subject like "%a\\_b""#);
    reads(
        "{subject: {contains: x, mode: INSENSITIVE}}",
        r#"subject like, any case, "%x%""#,
    );
    reads(
        "{subject: {like: 'a%', mode: insensitive}}",
        r#"subject like, any case, "a%""#,
    );
    reads("{subject: {eq: Ä, mode: insensitive}}", r#"subject = "Ä", any case"#);
    refused(
        "{subject: {in: [a], mode: insensitive}}",
        &[
            "unknown-operator: `in` always minds case (`mode: insensitive` goes with `eq`, `contains`, `starts_with`, `ends_with` and `like`)",
        ],
    );
    refused(
        "{subject: {contains: $claims.x}}",
        &["session-value: `$claims.x` cannot be part of a pattern (compare it with `eq` or `in`)"],
    );
}

#[test]
fn constants_are_of_the_fields_type() {
    reads(
        "{ratio: 1.5, price: 0.10, count: -3}",
        "ratio = 1.5 and price = 0.10 and count = -3",
    );
    reads(
        "{due: 2026-01-31, at: '09:30', seen: 2026-01-31T10:00:00+01:00}",
        "due = 2026-01-31 and at = 09:30:00 and seen = 2026-01-31T09:00:00Z",
    );
    reads(
        "{key: F47AC10B-58CC-4372-A567-0E02B2C3D479}",
        "key = f47ac10b-58cc-4372-a567-0e02b2c3d479",
    );
    reads("{subject: '12'}", r#"subject = "12""#);
    refused(
        "{subject: 12}",
        &["operand-type: `subject` is compared with a text, this is a number (write it in quotes if a text is meant)"],
    );
    refused(
        "{count: '12'}",
        &["operand-type: `count` is compared with an integer, this is a text (write it without quotes)"],
    );
    refused(
        "{count: 1.5}",
        &["operand-type: `count` is compared with an integer, this is a number"],
    );
    refused(
        "{count: 3000000000}",
        &["operand-type: `count` is compared with an integer, this is a number"],
    );
    refused(
        "{closed: 'true'}",
        &["operand-type: `closed` is compared with a boolean, this is a text (write it without quotes)"],
    );
    refused(
        "{closed: 1}",
        &["operand-type: `closed` is compared with a boolean, this is a number"],
    );
    refused(
        "{ratio: inf}",
        &["operand-type: `ratio` is compared with a number, this is a number"],
    );
    refused(
        "{due: 2026-02-31}",
        &["operand-type: `due` is compared with a date, this is a text (write a date like `2026-01-31`, or `$now`)"],
    );
    refused(
        "{seen: 2026-01-31}",
        &[
            "operand-type: `seen` is compared with an instant, this is a text (write an instant like `2026-01-31T09:00:00Z`, or `$now`)",
        ],
    );
    refused(
        "{status: opne}",
        &["unknown-option: `status` has no option `opne` (did you mean `open`?)"],
    );
    refused(
        "{status: IN_PROGRESS}",
        &["unknown-option: `status` has no option `IN_PROGRESS` (in a model it is written `in_progress`)"],
    );
    refused(
        "{status: [new, open]}",
        &["operand-type: `status` is compared with a text, this is a list (one of several is written `{in: […]}`)"],
    );
    refused(
        "{team: acme}",
        &["operand-type: `team` is compared with a UUID, this is a text"],
    );
}

#[test]
fn null_is_no_operand() {
    refused(
        "{status: null}",
        &["null-operand: `status` is compared with nothing (null matches nothing; ask `is_null`)"],
    );
    refused(
        "{status: {ne: null}}",
        &["null-operand: `status` is compared with nothing (null matches nothing; ask `is_null`)"],
    );
    refused(
        "{status: {in: [new, ~]}}",
        &["null-operand: `status` is compared with nothing (null matches nothing; ask `is_null`)"],
    );
    refused(
        "{team: null}",
        &["null-operand: `team` is compared with nothing (null matches nothing; ask `is_null`)"],
    );
    refused(
        "{data: {eq: null}}",
        &["null-operand: `data` is compared with nothing (null matches nothing; ask `is_null`)"],
    );
    refused(
        "{subject: {is_null: 'true'}}",
        &["operand-type: `is_null` takes `true` or `false`, this is a text"],
    );
}

#[test]
fn every_problem_is_told_with_its_place() {
    let told = faults(&app(
        "\n        statsu: new\n        count: {gt: x, foo: 1}\n        or: {a: 1}\n        secret: abc",
    ));
    assert_eq!(
        told,
        [
            "43 unknown-field: `ticket` has no field `statsu` (did you mean `status`?)",
            "44 operand-type: `count` is compared with an integer, this is a text",
            "44 unknown-operator: `count` has no operator `foo` (it has eq, ne, in, not_in, is_null, lt, lte, gt, gte)",
            "45 condition-shape: `or` takes a list of conditions, this is a mapping (write `or: [{…}, {…}]`)",
            "46 encrypted-condition: `secret` is encrypted and cannot decide access (`searchable: equality` serves the filters of queries; a rule needs a field in the clear)",
        ]
    );
    refused(
        "{createdAt: {gt: $now}}",
        &["unknown-field: `ticket` has no field `createdAt` (in a model it is written `created_at`)"],
    );
    refused(
        "{status: {}}",
        &["condition-shape: this says nothing about `status` (write `{eq: …}` or another operator)"],
    );
    refused(
        "{status: {gt: new}}",
        &["unknown-operator: `status` has no operator `gt` (it has eq, ne, in, not_in, is_null)"],
    );
    refused(
        "{tags: a}",
        &["unknown-operator: `tags` cannot be compared with a single value (a list column is asked `{has: …}`)"],
    );
    refused(
        "{photo: x}",
        &["unknown-operator: `photo` cannot be compared with a single value"],
    );
}

#[test]
fn system_fields() {
    reads(
        "{owner: $user, created_by: {ne: $user}}",
        "owner = $user and created_by <> $user",
    );
    reads(
        "{id: {in: [0199c7d6-0000-8001-8000-000000000000]}}",
        "id in [0199c7d6-0000-8001-8000-000000000000]",
    );
    reads(
        "{created_at: {lte: $now}, version: 1}",
        "created_at <= $now and version = 1",
    );
    reads("{tenant: $tenant}", "tenant = $tenant");
    reads(
        "{tenant: {slug: acme}}",
        r#"tenant -> organisation (id = $tenant and slug = "acme")"#,
    );
}

#[test]
fn references_are_compared_or_walked_behind_the_wall() {
    reads(
        "{team: {id: 0199c7d6-0000-8001-8000-000000000000}}",
        "team = 0199c7d6-0000-8001-8000-000000000000",
    );
    reads(
        "{team: {eq: 0199c7d6-0000-8001-8000-000000000000}}",
        "team = 0199c7d6-0000-8001-8000-000000000000",
    );
    reads("{team: {name: x}}", r#"team -> team (tenant = $tenant and name = "x")"#);
    reads(
        "{team: {lead: $user, name: x}}",
        r#"team -> team (tenant = $tenant and lead = $user and name = "x")"#,
    );
    // Rows of all tenants look into one for its members alone.
    reads(
        "{device: {home: {name: x}}}",
        r#"device -> device (home -> organisation (member and id = $tenant and name = "x"))"#,
    );
    reads(
        "{owner: {memberships: {count: 1}}}",
        "owner -> user (number of some membership by user (member and tenant = $tenant) = 1)",
    );
    reads(
        "{team: {lead: {status: active}}}",
        r#"team -> team (tenant = $tenant and lead -> user (status = "active"))"#,
    );
    reads(
        "{team: {is_null: false, not: {name: x}}}",
        r#"team is not null and team -> team (tenant = $tenant and not (name = "x"))"#,
    );
    reads("{team: {}}", "team -> team (tenant = $tenant)");
    // From a shared row, an id alone may name a row of another tenant.
    reads(
        "{device: {home: {id: 0199c7d6-0000-8001-8000-000000000000}}}",
        "device -> device (home -> organisation (member and id = $tenant and id = 0199c7d6-0000-8001-8000-000000000000))",
    );
    reads("{about: {is_null: true}}", "about is null");
    reads(
        "{about: 0199c7d6-0000-8001-8000-000000000000}",
        "about = 0199c7d6-0000-8001-8000-000000000000",
    );
    refused(
        "{about: {name: x}}",
        &[
            "condition-shape: `about` may refer to team, device, so it cannot be walked (compare its `id`, or ask `is_null`)",
        ],
    );
    refused(
        "{team: {nmae: x}}",
        &["unknown-field: `team` has no field `nmae` (did you mean `name`?)"],
    );
}

#[test]
fn lists() {
    reads(
        "{comments: {some: {internal: true}}}",
        "some comment by ticket (tenant = $tenant and internal = true)",
    );
    reads(
        "{comments: {none: {internal: true}}}",
        "not (some comment by ticket (tenant = $tenant and internal = true))",
    );
    reads(
        "{comments: {every: {internal: true}}}",
        "not (some comment by ticket (tenant = $tenant and not (internal = true)))",
    );
    reads("{comments: {every: {}}}", "always");
    reads(
        "{comments: {count: {gt: 2, lt: 9}}}",
        "number of some comment by ticket (tenant = $tenant) > 2 and number of some comment by ticket (tenant = $tenant) < 9",
    );
    reads(
        "{team: {tickets: {some: {status: new}}}}",
        r#"team -> team (tenant = $tenant and some ticket by team (tenant = $tenant and status = "new"))"#,
    );
    refused(
        "{comments: {any: {internal: true}}}",
        &[
            "unknown-operator: a list has no operator `any` (write `{some: {…}}`, `{every: {…}}`, `{none: {…}}` or `{count: {gt: 2}}`)",
        ],
    );
    refused(
        "{comments: {}}",
        &[
            "condition-shape: this condition says nothing (write `{some: {…}}`, `{every: {…}}`, `{none: {…}}` or `{count: {gt: 2}}`)",
        ],
    );
    refused(
        "{comments: {count: two}}",
        &["operand-type: `count` is compared with an integer, this is a text"],
    );
}

#[test]
fn json() {
    reads("{data: {path: [a, '0'], eq: x}}", r#"data.a.0 = "x""#);
    reads("{data: {path: [a], ne: 1}}", "data.a <> 1");
    reads("{data: {eq: {a: [1, true, '1']}}}", r#"data = {"a":[1,true,"1"]}"#);
    reads("{data: {path: [a], is_null: true}}", "data.a is null");
    refused(
        "{data: {path: [a], eq: $user}}",
        &["session-value: a session value cannot be compared with JSON"],
    );
    refused(
        "{data: {path: a, eq: 1}}",
        &["operand-type: `path` is a list of keys and indexes (write `path: [address, city]`)"],
    );
    refused(
        "{subject: {path: [a], eq: x}}",
        &[
            "unknown-operator: `subject` has no operator `path` (it has eq, ne, in, not_in, is_null, lt, lte, gt, gte, contains, starts_with, ends_with, like)",
        ],
    );
}

#[test]
fn session_values_are_typed() {
    reads(
        "{team: $membership.team, count: {gte: $membership.level}}",
        "team = $membership.team and count >= $membership.level",
    );
    reads(
        "{key: $claims.key, subject: {in: [$claims.a.b, x]}}",
        r#"key = $claims.key and subject in [$claims.a.b, "x"]"#,
    );
    reads(
        "{status: $before.status, team: {ne: $before.team}}",
        "status = $before.status and team <> $before.team",
    );
    reads("{key: $user}", "key = $user");
    refused(
        "{team: $user}",
        &["operand-type: `team` is a `team`, `$user` is a `user` (both sides of a comparison are of one type)"],
    );
    refused(
        "{owner: $tenant}",
        &[
            "operand-type: `owner` is a `user`, `$tenant` is a `organisation` (both sides of a comparison are of one type)",
        ],
    );
    reads("{due: {lt: $now}}", "due < $now");
    refused(
        "{key: $now}",
        &["operand-type: `key` is a UUID, `$now` is an instant (both sides of a comparison are of one type)"],
    );
    refused(
        "{subject: $membership.level}",
        &[
            "operand-type: `subject` is a text, `$membership.level` is an integer (both sides of a comparison are of one type)",
        ],
    );
    refused(
        "{owner: $usr}",
        &["session-value: unknown session value `$usr` (did you mean `$user`?)"],
    );
    refused(
        "{owner: $user.id}",
        &["session-value: unknown session value `$user.id` (`$user` is a value without parts)"],
    );
    refused(
        "{subject: $claims}",
        &["session-value: unknown session value `$claims` (name one of its values: `$claims.name`)"],
    );
    refused(
        "{subject: $membership.lvel}",
        &[
            "session-value: unknown session value `$membership.lvel`: `membership` has no field `lvel` (did you mean `level`?)",
        ],
    );
    refused(
        "{subject: $membership.iban}",
        &["session-value: `$membership.iban` is not a single plain value"],
    );
    refused(
        "{tags: {has: $membership.roles}}",
        &["session-value: `$membership.roles` is not a single plain value"],
    );
    refused(
        "{status: {in: $claims.list}}",
        &["operand-type: `in` takes a list, this is a text (write `in: […]`)"],
    );
    refused(
        "{owner: '$user'}",
        &[
            "operand-type: `owner` is compared with a UUID, this is a text (a session value is written without quotes)",
            "quoted-session-value: this is the text `$user` (without quotes it is the caller's value)",
        ],
    );
    refused(
        "{team: {name: $before.subjct}}",
        &[
            "session-value: unknown session value `$before.subjct`: `ticket` has no field `subjct` (did you mean `subject`?)",
        ],
    );
}

#[test]
fn before_is_for_checks_alone() {
    let told = faults(
        &app("{status: new}")
            .replace("check:", "where:")
            .replace("{status: new}", "{status: $before.status}"),
    );
    assert_eq!(
        told,
        [
            "42 session-value: `$before.status` is known in `check` alone (`where` and `when` are about the stored row already)"
        ]
    );
}

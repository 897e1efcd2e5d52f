//! Simple writes: in one statement, whatever the tables are called that it looks into; and in one that was rendered for another.

use crate::world::World;
use freehold_storage::program::Dialect;
use serde_json::json;

const MODEL: &str = "
app: desk
security: prototype
anonymous_profile: visitor
default_profile: member
tenant: organisation
entities:
  organisation: {access: open, public: false, fields: {name: {type: text}}}
  membership: {membership_of: organisation, access: open, public: false}
  p: {in: organisation, access: open, public: false, fields: {name: {type: text}}}
  l: {in: organisation, access: open, public: false, fields: {name: {type: text}}}
  w:
    in: organisation
    access: open
    public: false
    fields:
      name: {type: text}
      note: {type: text}
      p: {type: ref, to: p, on_delete: restrict}
      l: {type: ref, to: l, on_delete: restrict}
profiles: {visitor: {sets: []}, member: {sets: []}}
roles:
  worker: {sets: [work]}
permission_sets:
  work:
    - {entity: p, allow: [read, list], read: [name]}
    - {entity: l, allow: [read, list], read: [name]}
    - {entity: w, allow: [read, list], where: {l: {name: {ne: hidden}}}, read: [name, note, p, l]}
    - {entity: w, allow: [create, update, delete], write: [name, note, p, l], check: {p: {name: {ne: closed}}}}
";

const ROWS: &str = "
users:
  - {email: ann@desk.test, name: Ann}
organisation:
  acme: {name: Acme}
membership:
  ann: {organisation: acme, user: ann@desk.test, roles: [worker]}
p:
  open: {organisation: acme, name: open}
  closed: {organisation: acme, name: closed}
l:
  shown: {organisation: acme, name: shown}
  hidden: {organisation: acme, name: hidden}
w:
  one: {organisation: acme, name: one, p: open, l: shown}
  two: {organisation: acme, name: two, p: open, l: shown}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_simple_write_is_one_statement() {
    let world = World::with(MODEL, ROWS);
    for site in world.databases("at_once").await {
        let ann = world.member(&site, "ann@desk.test", &["worker"]);
        let created = "createW(input: {name: \"x\", p: <p.open>, l: <l.shown>}) { name p { name } l { name } }";
        let updated = "updateW(id: <w.one>, input: {name: \"y\"}) { name p { name } l { name } }";
        let hidden = "createW(input: {name: \"z\", p: <p.open>, l: <l.hidden>}) { name }";
        let deleted = "deleteW(id: <w.two>) { name p { name } l { name } }";
        let answer =
            |field: &str, name: &str| json!({field: {"name": name, "p": {"name": "open"}, "l": {"name": "shown"}}});
        for (write, times, answer) in [
            (created, 2, answer("createW", "x")),
            (updated, 2, answer("updateW", "y")),
            // It is written, but not shown.
            (hidden, 2, json!({"createW": null})),
            (deleted, 1, answer("deleteW", "two")),
        ] {
            for _ in 0..times {
                let before = site.counters().statements;
                assert_eq!(ann.write(write).await, Ok(answer.clone()), "{write}");
                let statements = site.counters().statements - before;
                if site.dialect() == Dialect::Postgres && !site.is_long() {
                    assert_eq!(statements, 1, "{write}");
                }
            }
        }
        let closed = "createW(input: {name: \"x\", p: <p.closed>, l: <l.shown>}) { name }";
        ann.refused(closed, "FORBIDDEN", "no rule lets you create this W").await;
        ann.refused("updateW(id: <w.one>, input: {p: <p.closed>}) { name }", "FORBIDDEN", "")
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_finds_the_statements_of_its_own_fields() {
    let world = World::with(MODEL, ROWS);
    for site in world.databases("own_fields").await {
        let ann = world.member(&site, "ann@desk.test", &["worker"]);
        for (input, name, note) in [
            ("name: \"a\"", json!("a"), json!(null)),
            ("note: \"b\"", json!("a"), json!("b")),
            ("note: \"c\", name: \"d\"", json!("d"), json!("c")),
            ("name: null", json!(null), json!("c")),
        ] {
            let text = format!("updateW(id: <w.one>, input: {{{input}}}) {{ name note }}");
            let answer = json!({"updateW": {"name": name, "note": note}});
            assert_eq!(ann.write(&text).await, Ok(answer), "{input}");
            let fields = if input.starts_with("note") { "note" } else { "name" };
            let text = format!("createW(input: {{{fields}: \"x\", p: <p.open>, l: <l.shown>}}) {{ name note }}");
            let other = if fields == "note" { "name" } else { "note" };
            let answer = json!({"createW": {fields: "x", other: null}});
            assert_eq!(ann.write(&text).await, Ok(answer), "{fields}");
        }
    }
}

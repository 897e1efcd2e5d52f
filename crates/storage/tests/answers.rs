//! Queries of one caller and their answers, worked out by hand: what planner and renderer mean, not how they say it.
//! On SQLite alone; `agreement.rs` says that PostgreSQL answers the same.

mod support;

use freehold_base::{Caller, Limits, Timestamp};
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_policy::{Access, Policy, RoleSet};
use freehold_schema::catalog::Catalog;
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::graphql::{RequestText, RoleSchema};
use freehold_storage::{Binder, Database, Settings};
use serde_json::{Map, Value};
use std::sync::Arc;
use support::{Noon, catalog, seed};

/// Everybody lists the tickets that are not secret, reads all, and sees the notes of the open ones.
const MODEL: &str = "
app: answers
security: open
anonymous_profile: all
entities:
  team:
    access: open
    public: true
    fields:
      name: {type: text, required: true}
      tickets: {type: list, of: ticket, by: team}
  ticket:
    access: open
    public: true
    fields:
      subject: {type: text, required: true}
      status: {type: select, options: [new, open]}
      hours: {type: decimal}
      note: {type: text}
      secret: {type: boolean, required: true, default: false}
      team: {type: ref, to: team, on_delete: restrict}
      comments: {type: list, of: comment, by: ticket}
  comment:
    access: open
    public: true
    fields:
      ticket: {type: ref, to: ticket, on_delete: cascade, required: true}
      body: {type: text, required: true}
permission_sets:
  all:
    - {entity: ticket, allow: [list], where: {secret: false}}
    - {entity: ticket, allow: [read], read: [subject, status, hours, team, comments]}
    - {entity: ticket, allow: [read], where: {status: open}, read: [note]}
    - {entity: team, allow: [read, list], where: {name: {ne: Hidden}}, read: [name, tickets]}
    - {entity: comment, allow: [read, list], read: [body, ticket]}
profiles: {all: {sets: [all]}}
";

/// In the order of their ids: a b c d, and e that no list shows. The notes of b and d are hidden, and so is the team of b.
const SEED: &str = r#"
team:
  first: {name: First}
  hidden: {name: Hidden}
ticket:
  a: {subject: "50% off", status: open, hours: "1.5", note: m, team: first, created_at: "2026-01-01T00:00:00Z"}
  b: {subject: "500 of", status: new, note: z, team: hidden, created_at: "2026-01-02T00:00:00Z"}
  c: {subject: "three", status: open, hours: "10", created_at: "2026-01-03T00:00:00Z"}
  d: {subject: "four", status: new, hours: "2", note: a, team: first, created_at: "2026-01-04T00:00:00Z"}
  e: {subject: "secret", status: open, hours: "99", note: b, team: first, secret: true, created_at: "2026-01-05T00:00:00Z"}
comment:
  1: {ticket: a, body: "on a"}
  2: {ticket: d, body: "on d"}
  3: {ticket: d, body: "on d too"}
  4: {ticket: e, body: "on e"}
"#;

struct World {
    catalog: Catalog,
    access: Access,
    schema: RoleSchema,
    caller: Caller,
    database: Database,
}

impl World {
    async fn new() -> Self {
        let catalog = catalog(MODEL);
        let policy = Policy::check(&catalog, &mut Diagnostics::default()).expect("sound rules");
        let caller = Caller::anonymous(Some("all".to_owned()), Timestamp(0));
        let access = Access::reduce(&catalog, &policy, &RoleSet::of(&catalog, &caller));
        let schema = RoleSchema::build(&catalog, &access.visible(&catalog));
        let database = Database::open(&Settings::new("sqlite::memory:", "answers"))
            .await
            .expect("SQLite opens");
        database.apply(&catalog, &[], false, &Noon).await.expect("tables");
        database
            .insert_seed(&catalog, &seed(&catalog, SEED), None, &Noon, &mut |_, _| {})
            .await
            .expect("rows");
        Self {
            catalog,
            access,
            schema,
            caller,
            database,
        }
    }

    async fn ask(&self, query: &str) -> Result<Value, String> {
        let variables = Map::new();
        let request = RequestText {
            query,
            operation_name: None,
            variables: &variables,
        };
        let limits = Limits::default();
        let prepared = self
            .schema
            .prepare(&request, &limits)
            .unwrap_or_else(|faults| panic!("{query}: {faults:?}"));
        let sealer = Sealer::new([1; KEY_BYTES]);
        let plan = freehold_planner::plan(
            &self.catalog,
            &self.access,
            &prepared.operation,
            prepared.introspection,
            &sealer,
            &limits,
        )
        .map_err(|faults| format!("{faults:?}"))?;
        let program = Arc::new(freehold_storage::sql::render(
            &self.catalog,
            &plan,
            self.database.dialect(),
        ));
        let binder = Binder {
            catalog: &self.catalog,
            caller: &self.caller,
            variables: &variables,
            written: None,
            cipher: None,
        };
        let bytes = self.database.run(&program, &binder, &sealer).await.expect("an answer");
        Ok(serde_json::from_slice(&bytes).expect("JSON"))
    }

    /// First letters of the subjects that `tickets(…)` lists: `5 5 t f` are a, b, c, d.
    async fn list(&self, arguments: &str) -> String {
        let answer = self
            .ask(&format!("{{ tickets({arguments}) {{ nodes {{ subject }} }} }}"))
            .await
            .expect("a plan");
        let label = |node: &Value| match node["subject"].as_str().expect("a text") {
            "50% off" => "a",
            "500 of" => "b",
            "three" => "c",
            "four" => "d",
            _ => "e",
        };
        answer["tickets"]["nodes"]
            .as_array()
            .expect("nodes")
            .iter()
            .map(label)
            .collect()
    }

    async fn check(&self, cases: &[(&str, &str)]) {
        for (arguments, expected) in cases {
            assert_eq!(self.list(arguments).await, *expected, "{arguments}");
        }
    }
}

#[tokio::test]
async fn filters_are_two_valued_and_see_what_the_caller_sees() {
    let world = World::new().await;
    world
        .check(&[
            ("first: 9", "abcd"),
            (r#"filter: {hours: {gt: "1.5"}}"#, "cd"),
            (r#"filter: {not: {hours: {gt: "1.5"}}}"#, "ab"),
            (r#"filter: {not: {not: {hours: {gt: "1.5"}}}}"#, "cd"),
            (r#"filter: {note: {eq: "z"}}"#, ""),
            (r#"filter: {not: {note: {eq: "z"}}}"#, "abcd"),
            ("filter: {note: {isNull: true}}", "bcd"),
            ("filter: {team: {isNull: true}}", "bc"),
            (r#"filter: {team: {name: {ne: "Nobody"}}}"#, "ad"),
            (r#"filter: {not: {team: {name: {eq: "First"}}}}"#, "bc"),
            (r#"filter: {subject: {contains: "0%"}}"#, "a"),
            (r#"filter: {subject: {startsWith: "50_"}}"#, ""),
            (r#"filter: {comments: {some: {body: {contains: "too"}}}}"#, "d"),
            ("filter: {comments: {count: {gte: 1}}}", "ad"),
            (r#"filter: {comments: {every: {body: {eq: "on a"}}}}"#, "abc"),
            ("filter: {or: []}", ""),
            ("filter: {and: []}", "abcd"),
        ])
        .await;
    // What no list shows is in no list's filter: the team has three tickets, and two to be listed.
    for (filter, found) in [("{gt: 1}", 1), ("{gt: 2}", 0)] {
        let query = format!("{{ teams(filter: {{tickets: {{count: {filter}}}}}) {{ totalCount }} }}");
        assert_eq!(
            world.ask(&query).await.unwrap()["teams"]["totalCount"],
            found,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn orders_and_pages() {
    let world = World::new().await;
    world
        .check(&[
            ("orderBy: [{hours: ASC}]", "adcb"),
            ("orderBy: [{hours: DESC}]", "bcda"),
            // Hidden notes are null notes.
            ("orderBy: [{note: ASC}]", "abcd"),
            ("orderBy: [{note: DESC}]", "dcba"),
            ("orderBy: [{team: {name: ASC}}]", "adbc"),
            ("first: 2", "ab"),
            ("last: 3", "bcd"),
            ("first: 2, offset: 1", "bc"),
            ("first: 0", ""),
        ])
        .await;
    for (first, more) in [(3, true), (4, false)] {
        let query = format!("{{ tickets(first: {first}) {{ nodes {{ id }} pageInfo {{ hasNextPage }} }} }}");
        let answer = world.ask(&query).await.unwrap();
        assert_eq!(
            answer["tickets"]["nodes"].as_array().map(Vec::len),
            Some(first),
            "{first}"
        );
        assert_eq!(answer["tickets"]["pageInfo"]["hasNextPage"], more, "{first}");
    }
}

#[tokio::test]
async fn a_cursor_is_for_its_order_alone() {
    let world = World::new().await;
    let cursor = world
        .ask("{ tickets(first: 2, orderBy: [{subject: ASC}]) { pageInfo { endCursor } } }")
        .await
        .unwrap()["tickets"]["pageInfo"]["endCursor"]
        .to_string();
    world
        .check(&[(&format!("orderBy: [{{subject: ASC}}], after: {cursor}"), "dc")])
        .await;
    for order in ["note: ASC", "subject: DESC"] {
        let query = format!("{{ tickets(orderBy: [{{{order}}}], after: {cursor}) {{ nodes {{ id }} }} }}");
        assert!(world.ask(&query).await.is_err(), "{order}");
    }
}

#[tokio::test]
async fn totals_groups_and_children() {
    let world = World::new().await;
    let check = async |query: &str, expected: &str| {
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(world.ask(query).await.unwrap(), expected, "{query}");
    };
    check(
        "{ tickets(filter: {status: {eq: OPEN}}) { totalCount aggregate { count sum { hours } } } }",
        r#"{"tickets": {"totalCount": 2, "aggregate": {"count": 2, "sum": {"hours": "11.5"}}}}"#,
    )
    .await;
    // A hidden team is no team.
    check(
        "{ tickets { groups(by: [TEAM]) { key { team { name } } aggregate { count } } } }",
        r#"{"tickets": {"groups": [{"key": {"team": {"name": "First"}}, "aggregate": {"count": 2}}, {"key": {"team": null}, "aggregate": {"count": 2}}]}}"#,
    )
    .await;
    check(
        "{ tickets(first: 2) { nodes { subject team { name } comments { totalCount nodes { body } } } } }",
        r#"{"tickets": {"nodes": [
            {"subject": "50% off", "team": {"name": "First"}, "comments": {"totalCount": 1, "nodes": [{"body": "on a"}]}},
            {"subject": "500 of", "team": null, "comments": {"totalCount": 0, "nodes": []}}]}}"#,
    )
    .await;
    // A list below a row shows what a list shows: the secret ticket is the team's as well.
    check(
        "{ teams { nodes { name tickets { totalCount nodes { subject } } } } }",
        r#"{"teams": {"nodes": [{"name": "First", "tickets": {"totalCount": 2, "nodes": [{"subject": "50% off"}, {"subject": "four"}]}}]}}"#,
    )
    .await;
    check(
        "{ comments(orderBy: [{body: DESC}], first: 2) { nodes { body ticket { subject note _access { restricted } } } } }",
        r#"{"comments": {"nodes": [
            {"body": "on e", "ticket": {"subject": "secret", "note": "b", "_access": {"restricted": []}}},
            {"body": "on d too", "ticket": {"subject": "four", "note": null, "_access": {"restricted": ["note"]}}}]}}"#,
    )
    .await;
}

//! The golden queries, and some more, answered by both databases: the same bytes, at every run.

mod support;

use freehold_base::{Caller, CallerTenant, Limits, Person, RowId, Value};
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_policy::{Access, Policy, RoleSet};
use freehold_schema::catalog::Catalog;
use freehold_schema::graphql::{RequestText, RoleSchema};
use freehold_schema::seed::Seed;
use freehold_storage::{Binder, Database};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use support::{Noon, catalog, databases, seed};

const SEED: &str = r#"
users:
  - {email: ann@acme.test, name: Ann}
  - {email: bob@acme.test, name: Bob}
  - {email: eve@beta.test, name: Eve}
organisation:
  acme: {name: Acme, slug: acme}
  beta: {name: Beta, slug: beta}
membership:
  - {organisation: acme, user: ann@acme.test, roles: [agent], on_call: true}
  - {organisation: acme, user: bob@acme.test, roles: [requester]}
  - {organisation: beta, user: eve@beta.test, roles: [agent]}
team:
  t1: {organisation: acme, name: First}
  t2: {organisation: acme, name: All others}
  t9: {organisation: beta, name: Beta's}
team_member:
  - {organisation: acme, team: t1, member: ann@acme.test}
  - {organisation: beta, team: t9, member: eve@beta.test}
ticket:
  a: {organisation: acme, subject: "Printer on FIRE", team: t1, requester: bob@acme.test, owner: bob@acme.test, hours: "1.50", internal_note: "n", created_at: "2026-01-01T00:00:00Z"}
  b: {organisation: acme, subject: "Große Straße", status: open, priority: urgent, team: t2, hours: "0.25", created_at: "2026-01-02T00:00:00Z"}
  c: {organisation: acme, subject: "nine", status: solved, team: t1, hours: "9.75", internal_note: "seen by nobody", created_at: "2026-01-02T00:00:00Z"}
  d: {organisation: acme, subject: "of nobody", priority: low, hours: "10"}
  e: {organisation: acme, subject: "Ann's", owner: ann@acme.test, hours: "10", created_at: "2025-12-31T23:59:59.999999Z"}
  f: {organisation: acme, subject: "no hours", team: t1, created_at: "2026-01-03T00:00:00Z"}
  g: {organisation: acme, subject: "no hours either", team: t1, created_at: "2026-01-03T00:00:00Z"}
  z: {organisation: beta, subject: "another tenant's", team: t9}
comment:
  1: {organisation: acme, ticket: a, body: "a fire indeed"}
  2: {organisation: acme, ticket: a, body: "call the Fire brigade", internal: true}
  3: {organisation: acme, ticket: b, body: "hidden with its ticket?"}
  4: {organisation: acme, ticket: e, body: "self \"quoted\" \\ and\nbroken"}
  5: {organisation: acme, ticket: a, body: "fire is out"}
article:
  start: {organisation: acme, title: Start, slug: start, published: true, body: "*hello*"}
  draft: {organisation: acme, title: Draft, slug: draft, published: false}
"#;

const MORE: &[&str] = &[
    "{ tickets(orderBy: [{status: DESC}, {hours: ASC}]) { totalCount nodes { id subject status hours createdAt version } } }",
    "{ tickets(first: 2) { edges { cursor node { subject } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
    "{ tickets(last: 2, orderBy: [{hours: DESC}]) { nodes { subject hours } pageInfo { hasNextPage hasPreviousPage } } }",
    "{ tickets(filter: {hours: {gt: \"1.5\"}}) { nodes { hours } } big: tickets(filter: {hours: {in: [\"10.0\", \"0.250\"]}}) { nodes { hours } } }",
    "{ tickets(filter: {subject: {contains: \"straSSE\", mode: INSENSITIVE}}) { nodes { subject } } none: tickets(filter: {subject: {contains: \"GROSSE\"}}) { totalCount } }",
    "{ tickets(filter: {team: {isNull: true}}) { totalCount } tickets2: tickets(filter: {not: {hours: {gte: \"0\"}}}) { nodes { subject } } }",
    "{ tickets(filter: {createdAt: {lte: \"2026-01-01T00:00:00Z\"}}, orderBy: [{createdAt: ASC}]) { nodes { createdAt } } }",
    "{ tickets { groups(by: [STATUS]) { key { status } aggregate { count sum { hours } min { hours } max { createdAt } } } } }",
    "{ tickets { nodes { subject comments(last: 1) { totalCount nodes { body ticket { subject } } pageInfo { hasPreviousPage hasNextPage } } } } }",
    "{ teams { nodes { name tickets { aggregate { count avg { hours } } groups(by: [PRIORITY]) { key { priority } aggregate { count } } } } } }",
    "{ tickets(filter: {hours: {gt: \"9\"}}, orderBy: [{hours: ASC}]) { nodes { hours } aggregate { min { hours } max { hours } } } }",
    "{ tickets(filter: {or: []}) { totalCount } all: tickets(filter: {and: []}) { totalCount } }",
    "{ viewer { accessTokens { match value reason } roles tenant { id name } } }",
    "query ($s: [TicketStatus!], $h: Decimal) { tickets(filter: {status: {in: $s}, hours: {lt: $h}}) { nodes { subject } } }",
];

/// Everything of one environment but its database.
struct App {
    catalog: Catalog,
    policy: Policy,
    seed: Seed,
}

impl App {
    fn new(golden: &Path) -> Self {
        let catalog = catalog(&std::fs::read_to_string(golden.join("helpdesk.yaml")).expect("the golden model"));
        let mut faults = freehold_schema::diagnostic::Diagnostics::default();
        let policy = Policy::check(&catalog, &mut faults).unwrap_or_else(|| panic!("{faults:?}"));
        let seed = seed(&catalog, SEED);
        Self { catalog, policy, seed }
    }

    fn id(&self, entity: &str, label: &str) -> RowId {
        self.seed
            .find(self.catalog.find_entity(entity).expect("declared").id, label)
            .expect("in the seed")
            .id
    }

    fn caller(&self, email: Option<&str>, roles: &[&str]) -> Caller {
        let mut caller = Caller::anonymous(
            Some("visitor".to_owned()),
            freehold_base::Timestamp(1_800_000_000_000_000),
        );
        let mut tenant = CallerTenant {
            id: self.id("organisation", "acme"),
            membership: None,
        };
        if let Some(email) = email {
            caller.profile = Some("member".to_owned());
            caller.person = Some(Person {
                id: self.id("user", email),
            });
            caller.roles = roles.iter().map(|role| (*role).to_owned()).collect();
            tenant.membership = Some(BTreeMap::from([("on_call".to_owned(), Value::Boolean(true))]));
        }
        caller.tenant = Some(tenant);
        caller
    }

    /// The answer to a query; `None` if the caller's schema does not have what it asks for.
    async fn answer(&self, database: &Database, caller: &Caller, query: &str) -> Option<String> {
        let roles = RoleSet {
            profile: caller.profile.clone(),
            roles: caller.roles.clone(),
            signed_in: caller.person.is_some(),
            member: caller.is_member(),
            reads_only: caller.reads_only,
        };
        let access = Access::reduce(&self.catalog, &self.policy, &roles);
        let schema = RoleSchema::build(&self.catalog, &access.visible(&self.catalog));
        let variables = serde_json::json!({"s": ["NEW", "OPEN"], "h": "2.5"});
        let variables = variables.as_object().expect("an object");
        let empty = serde_json::Map::new();
        let variables = if query.contains("$s") { variables } else { &empty };
        let request = RequestText {
            query,
            operation_name: None,
            variables,
        };
        let limits = Limits::default();
        let prepared = schema.prepare(&request, &limits).ok()?;
        let sealer = Sealer::new([1; KEY_BYTES]);
        let plan = freehold_planner::plan(
            &self.catalog,
            &access,
            &prepared.operation,
            prepared.introspection,
            &sealer,
            &limits,
        )
        .unwrap_or_else(|faults| panic!("{query}: {faults:?}"));
        let program = Arc::new(freehold_storage::sql::render(&self.catalog, &plan, database.dialect()));
        let binder = Binder {
            catalog: &self.catalog,
            caller,
            variables,
            written: None,
            cipher: None,
        };
        let mut first = None;
        // PostgreSQL may choose another plan from the sixth run on a connection.
        for _ in 0..14 {
            let bytes = database.run(&program, &binder, &sealer).await.unwrap_or_else(|error| {
                panic!("{:?} {query}: {error:?}\n{:#?}", database.dialect(), program.statements)
            });
            let text = String::from_utf8(bytes).expect("UTF-8");
            serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
            assert_eq!(*first.get_or_insert_with(|| text.clone()), text, "{query}");
        }
        first
    }
}

#[tokio::test]
async fn both_databases_give_the_same_bytes() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let app = App::new(&golden);
    let [sqlite, postgres] = databases("agreement").await;
    for database in [&sqlite, &postgres] {
        database.apply(&app.catalog, &[], false, &Noon).await.expect("tables");
        database
            .insert_seed(&app.catalog, &app.seed, None, &Noon, &mut |_, _| {})
            .await
            .expect("rows");
    }
    let mut queries: Vec<String> = MORE.iter().map(|query| (*query).to_owned()).collect();
    for case in std::fs::read_dir(&golden).expect("golden cases") {
        let file = case.expect("a case").path().join("query.graphql");
        if let Ok(query) = std::fs::read_to_string(file) {
            queries.push(query.replace(
                "01941f29-7c00-8004-8000-000000000001",
                &app.id("ticket", "a").to_string(),
            ));
        }
    }
    let callers = [
        app.caller(None, &[]),
        app.caller(Some("ann@acme.test"), &["agent"]),
        app.caller(Some("ann@acme.test"), &["agent", "requester"]),
        app.caller(Some("bob@acme.test"), &["requester"]),
    ];
    let mut answered = 0;
    for caller in &callers {
        for query in &queries {
            let left = app.answer(&sqlite, caller, query).await;
            let right = app.answer(&postgres, caller, query).await;
            assert_eq!(left, right, "{query} for {:?} {:?}", caller.person, caller.roles);
            if let Some(text) = left {
                assert!(
                    !text.contains("another tenant") && !text.contains("Beta"),
                    "{query}: {text}"
                );
                answered += 1;
            }
        }
    }
    assert!(answered > 40, "only {answered} queries were valid");
}

#[tokio::test]
async fn cursors_walk_the_whole_list_both_ways() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let app = App::new(&golden);
    let caller = app.caller(Some("ann@acme.test"), &["agent"]);
    for database in databases("cursors").await {
        database.apply(&app.catalog, &[], false, &Noon).await.expect("tables");
        database
            .insert_seed(&app.catalog, &app.seed, None, &Noon, &mut |_, _| {})
            .await
            .expect("rows");
        let ask = async |arguments: &str| {
            let query = format!(
                "{{ tickets({arguments}) {{ nodes {{ id }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
            );
            let answer = app
                .answer(&database, &caller, &query)
                .await
                .unwrap_or_else(|| panic!("not valid: {query}"));
            let mut json: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
            json["tickets"].take()
        };
        let ids = |page: &serde_json::Value| {
            page["nodes"]
                .as_array()
                .expect("nodes")
                .iter()
                .map(|node| node["id"].to_string())
                .collect::<Vec<_>>()
        };
        for order in [
            "",
            "orderBy: [{hours: ASC}]",
            "orderBy: [{hours: DESC}]",
            "orderBy: [{status: DESC}, {hours: ASC}]",
            "orderBy: [{team: {name: DESC}}, {createdAt: ASC}]",
        ] {
            let all = ids(&ask(&format!("{order} first: 100")).await);
            assert_eq!(all.len(), 6);
            for size in [1, 2, 4] {
                let (mut forward, mut backward) = (Vec::new(), Vec::new());
                let mut page = ask(&format!("{order} first: {size}")).await;
                forward.extend(ids(&page));
                while page["pageInfo"]["hasNextPage"] == true {
                    page = ask(&format!(
                        "{order} first: {size}, after: {}",
                        page["pageInfo"]["endCursor"]
                    ))
                    .await;
                    forward.extend(ids(&page));
                }
                let mut page = ask(&format!("{order} last: {size}")).await;
                backward.splice(0..0, ids(&page));
                while page["pageInfo"]["hasPreviousPage"] == true {
                    page = ask(&format!(
                        "{order} last: {size}, before: {}",
                        page["pageInfo"]["startCursor"]
                    ))
                    .await;
                    backward.splice(0..0, ids(&page));
                }
                assert_eq!(forward, all, "{order} {size} {:?}", database.dialect());
                assert_eq!(backward, all, "{order} {size} {:?}", database.dialect());
            }
        }
    }
}

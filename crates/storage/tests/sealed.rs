//! Encrypted fields on both databases, with a cipher that is a toy: what reaches the tables, what is compared, what opens.

mod support;

use freehold_base::{
    Caller, CallerTenant, CellPlace, CipherError, Code, ColumnCipher, FieldPlace, Limits, RowId, Timestamp,
};
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_policy::{Access, Policy, RoleSet};
use freehold_schema::catalog::Catalog;
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::graphql::{RequestText, RoleSchema};
use freehold_schema::seed::Seed;
use freehold_storage::program::Dialect;
use freehold_storage::tables::Change;
use freehold_storage::{Binder, Database, Error, seals};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use support::{Noon, catalog, client, databases, seed};

const MODEL: &str = "app: vault
security: prototype
tenant: organisation
anonymous_profile: all
keys: {pii: {scope: tenant}, shared: {scope: environment}}
entities:
  organisation:
    access: open
    public: true
    fields:
      slug: {type: text, required: true, unique: true}
      account: {type: text, encrypted: pii}
  membership: {membership_of: organisation, access: open}
  ticket:
    in: organisation
    access: open
    public: true
    fields:
      subject: {type: text, required: true}
      open: {type: boolean}
      iban: {type: text, encrypted: pii, searchable: equality, unique: true}
      bic: {type: text, encrypted: pii, searchable: equality}
      pin: {type: int, encrypted: pii, searchable: equality}
      sum: {type: decimal, encrypted: pii, searchable: equality}
      born: {type: date, encrypted: pii}
      sure: {type: boolean, encrypted: pii, searchable: equality}
      paper: {type: json, encrypted: pii}
      hidden: {type: text, encrypted: pii, searchable: equality}
  note:
    access: open
    fields:
      iban: {type: text, encrypted: shared, searchable: equality, required: true}
permission_sets:
  all:
    - {entity: organisation, allow: [read, list], read: [slug, account]}
    - {entity: ticket, allow: [read, list], read: [subject, iban, bic, pin, sum, born, sure, paper]}
    - {entity: ticket, allow: [read, list], where: {open: true}, read: [hidden]}
    - {entity: note, allow: [read, list], read: [iban]}
profiles: {all: {sets: [all]}}
";

const SEED: &str = r#"
organisation:
  acme: {slug: acme, account: "A-1"}
  beta: {slug: beta, account: "A-1"}
ticket:
  x: {organisation: acme, subject: x, open: true, iban: DE89, bic: DE89, pin: 7, sum: "1.50", born: 2001-02-03, sure: true, paper: {a: [1]}, hidden: same}
  w: {organisation: acme, subject: w, open: false, iban: GB29, bic: FR14, pin: 7, sum: "1.5", hidden: same}
  z: {organisation: acme, subject: z}
  b: {organisation: beta, subject: b, iban: DE89, bic: DE89}
note:
  1: {iban: DE89}
  2: {iban: FR14}
"#;

/// Binds a value to its place, hides it from the eye, and would stop nobody.
#[derive(Debug)]
struct Toy {
    /// Tenants whose keys are there.
    tenants: Vec<RowId>,
    nonce: AtomicU64,
}

impl Toy {
    fn new(tenants: &[RowId]) -> Self {
        Self {
            tenants: tenants.to_vec(),
            nonce: AtomicU64::new(1),
        }
    }

    fn has(&self, place: &FieldPlace<'_>) -> bool {
        place.key == "shared" || place.tenant.is_some_and(|tenant| self.tenants.contains(&tenant))
    }
}

fn veiled(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| byte ^ 0xa5).collect()
}

impl ColumnCipher for Toy {
    fn seal(&self, place: &CellPlace<'_>, clear: &[u8]) -> Result<Vec<u8>, CipherError> {
        if !self.has(&place.field) {
            return Err(CipherError::NoKey);
        }
        let nonce = self.nonce.fetch_add(1, Ordering::Relaxed);
        let bound = format!("{place:?}");
        Ok([&nonce.to_be_bytes()[..], &veiled(bound.as_bytes()), &veiled(clear)].concat())
    }

    fn open(&self, place: &CellPlace<'_>, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        if !self.has(&place.field) {
            return Err(CipherError::UnknownKey);
        }
        let bound = veiled(format!("{place:?}").as_bytes());
        let rest = sealed.get(8..).and_then(|rest| rest.strip_prefix(&bound[..]));
        rest.map(veiled).ok_or(CipherError::Damaged)
    }

    fn token(&self, place: &FieldPlace<'_>, clear: &[u8]) -> Result<Vec<u8>, CipherError> {
        if !self.has(place) {
            return Err(CipherError::NoKey);
        }
        Ok([&veiled(format!("{place:?}").as_bytes())[..], &veiled(clear)].concat())
    }
}

struct World {
    catalog: Catalog,
    policy: Policy,
    seed: Seed,
    tenants: BTreeMap<String, RowId>,
    schema: String,
    databases: [Database; 2],
    cipher: Toy,
}

impl World {
    async fn new(name: &str) -> Self {
        let catalog = catalog(MODEL);
        let policy = Policy::check(&catalog, &mut Diagnostics::default()).expect("sound rules");
        let seed = seed(&catalog, SEED);
        let organisation = catalog.find_entity("organisation").expect("it is in the model").id;
        let tenants: BTreeMap<String, RowId> = seed
            .rows
            .iter()
            .filter(|row| row.entity == organisation)
            .map(|row| (row.label.clone(), row.id))
            .collect();
        let cipher = Toy::new(&tenants.values().copied().collect::<Vec<_>>());
        let databases = databases(name).await;
        for database in &databases {
            database.apply(&catalog, &[], false, &Noon).await.expect("tables");
            database
                .insert_seed(&catalog, &seed, Some(&cipher), &Noon, &mut |_, _| {})
                .await
                .expect("rows");
        }
        Self {
            catalog,
            policy,
            seed,
            tenants,
            schema: format!("storage_{name}"),
            databases,
            cipher,
        }
    }

    fn row(&self, label: &str) -> RowId {
        let found = self.seed.rows.iter().find(|row| row.label == label);
        found.expect("the seed has it").id
    }

    async fn ask(
        &self,
        database: &Database,
        tenant: &str,
        query: &str,
        variables: Value,
        cipher: Option<&dyn ColumnCipher>,
    ) -> Result<Value, Error> {
        let mut caller = Caller::anonymous(Some("all".to_owned()), Timestamp(0));
        caller.tenant = self.tenants.get(tenant).map(|id| CallerTenant {
            id: *id,
            membership: None,
        });
        let access = Access::reduce(&self.catalog, &self.policy, &RoleSet::of(&self.catalog, &caller));
        let schema = RoleSchema::build(&self.catalog, &access.visible(&self.catalog));
        let (limits, sealer) = (Limits::default(), Sealer::new([1; KEY_BYTES]));
        let variables: Map<String, Value> = serde_json::from_value(variables).expect("an object");
        let request = RequestText {
            query,
            operation_name: None,
            variables: &variables,
        };
        let prepared = schema
            .prepare(&request, &limits)
            .unwrap_or_else(|faults| panic!("{query}: {faults:?}"));
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
            caller: &caller,
            variables: &prepared.variables.to_json(),
            written: None,
            cipher,
        };
        let bytes = database.run(&program, &binder, &sealer).await?;
        Ok(serde_json::from_slice(&bytes).expect("JSON"))
    }

    /// What both databases answer at Acme.
    async fn check(&self, query: &str, expected: Value) {
        for database in &self.databases {
            let found = self.ask(database, "acme", query, json!({}), Some(&self.cipher)).await;
            assert_eq!(found.expect("an answer"), expected, "{:?}: {query}", database.dialect());
        }
    }

    async fn execute(&self, database: &Database, sql: &str) {
        execute(database, &self.schema, sql).await;
    }
}

/// Changes rows past the program.
async fn execute(database: &Database, schema: &str, sql: &str) {
    match database.sqlite_path() {
        Some(path) => {
            let connection = rusqlite::Connection::open(path).expect("the file opens");
            connection.execute_batch(sql).expect("it runs");
        }
        None => {
            let sql = format!("SET search_path TO {schema}; {sql}");
            client().await.batch_execute(&sql).await.expect("it runs");
        }
    }
}

/// An id as the dialect writes it.
fn id(database: &Database, id: RowId) -> String {
    match database.dialect() {
        Dialect::Sqlite => format!("x'{}'", id.uuid().simple()),
        Dialect::Postgres => format!("'{id}'"),
    }
}

#[tokio::test]
async fn values_of_every_type_come_back() {
    let world = World::new("sealed_types").await;
    world
        .check(
            r"{ tickets(orderBy: [{subject: ASC}]) { nodes { iban pin sum born sure paper hidden _access { restricted } } } organisations(orderBy: [{slug: ASC}]) { nodes { slug account } } notes { totalCount } }",
            json!({
                "tickets": {"nodes": [
                    {"iban": "GB29", "pin": 7, "sum": "1.5", "born": null, "sure": null, "paper": null, "hidden": null, "_access": {"restricted": ["hidden"]}},
                    {"iban": "DE89", "pin": 7, "sum": "1.50", "born": "2001-02-03", "sure": true, "paper": {"a": [1]}, "hidden": "same", "_access": {"restricted": []}},
                    {"iban": null, "pin": null, "sum": null, "born": null, "sure": null, "paper": null, "hidden": null, "_access": {"restricted": ["hidden"]}},
                ]},
                "organisations": {"nodes": [{"slug": "acme", "account": "A-1"}]},
                "notes": {"totalCount": 2},
            }),
        )
        .await;
}

#[tokio::test]
async fn equality_is_all_that_is_asked() {
    let world = World::new("sealed_filters").await;
    for (filter, expected) in [
        (r#"{iban: {eq: "DE89"}}"#, vec!["x"]),
        (r#"{iban: {eq: "de89"}}"#, vec![]),
        (r#"{iban: {in: ["GB29", "DE89", "XX"]}}"#, vec!["w", "x"]),
        ("{iban: {in: []}}", vec![]),
        ("{iban: {isNull: true}}", vec!["z"]),
        ("{iban: {isNull: false}}", vec!["w", "x"]),
        (r#"{not: {iban: {eq: "DE89"}}}"#, vec!["w", "z"]),
        ("{pin: {eq: 7}}", vec!["w", "x"]),
        ("{pin: {eq: 8}}", vec![]),
        // Equal numbers are equal however they are written.
        (r#"{sum: {eq: "1.500"}}"#, vec!["w", "x"]),
        ("{sure: {eq: true}}", vec!["x"]),
        // Where a field is hidden it is null, and nothing equals null.
        (r#"{hidden: {eq: "same"}}"#, vec!["x"]),
        ("{hidden: {isNull: true}}", vec!["w", "z"]),
        // One field's token is not another's.
        (r#"{bic: {eq: "DE89"}}"#, vec!["x"]),
    ] {
        let nodes: Vec<Value> = expected.iter().map(|subject| json!({"subject": subject})).collect();
        let query = format!("{{ tickets(filter: {filter}, orderBy: [{{subject: ASC}}]) {{ nodes {{ subject }} }} }}");
        world.check(&query, json!({"tickets": {"nodes": nodes}})).await;
    }
    world
        .check(
            r#"{ ticketByIban(iban: "GB29") { subject } none: ticketByIban(iban: "DE8") { subject } notes(filter: {iban: {eq: "FR14"}}) { nodes { iban } } }"#,
            json!({"ticketByIban": {"subject": "w"}, "none": null, "notes": {"nodes": [{"iban": "FR14"}]}}),
        )
        .await;
    for database in &world.databases {
        let query = "query($list: [String!]) { tickets(filter: {iban: {in: $list}}) { totalCount } }";
        let answer = world.ask(
            database,
            "acme",
            query,
            json!({"list": ["DE89", "GB29"]}),
            Some(&world.cipher),
        );
        assert_eq!(answer.await.expect("an answer"), json!({"tickets": {"totalCount": 2}}));
    }
}

#[tokio::test]
async fn nothing_else_is_offered() {
    let world = World::new("sealed_schema").await;
    let caller = Caller::anonymous(Some("all".to_owned()), Timestamp(0));
    let access = Access::reduce(&world.catalog, &world.policy, &RoleSet::of(&world.catalog, &caller));
    let sdl = RoleSchema::build(&world.catalog, &access.visible(&world.catalog)).sdl();
    for (text, there) in [
        ("  iban: StringSealedFilter\n", true),
        ("  pin: IntSealedFilter\n", true),
        ("  sum: DecimalSealedFilter\n", true),
        ("  sure: BooleanSealedFilter\n", true),
        (
            "input StringSealedFilter {\n  eq: String\n  in: [String!]\n  isNull: Boolean\n}",
            true,
        ),
        ("  ticketByIban(iban: String!): Ticket\n", true),
        ("  iban: OrderDirection", false),
        ("  born: Date\n", true),
        ("  born: DateFilter", false),
        ("  paper: JSONFilter", false),
        ("  IBAN", false),
        ("  PIN", false),
        ("type TicketSum", false),
    ] {
        assert_eq!(sdl.contains(text), there, "{text}\n{sdl}");
    }
}

#[tokio::test]
async fn what_was_moved_does_not_open() {
    let world = World::new("sealed_moved").await;
    let (x, w, b) = (world.row("x"), world.row("w"), world.row("b"));
    let (acme, beta) = (world.tenants["acme"], world.tenants["beta"]);
    for database in &world.databases {
        let at = |row| id(database, row);
        let from_row = |column: &str, row: RowId| format!("(SELECT {column} FROM ticket WHERE id = {})", at(row));
        let good = |row| format!("UPDATE ticket SET bic = (SELECT keep FROM kept) WHERE id = {}", at(row));
        world
            .execute(
                database,
                &format!(
                    "CREATE TABLE kept AS SELECT bic AS keep FROM ticket WHERE id = {}",
                    at(x)
                ),
            )
            .await;
        for (what, change) in [
            (
                "row",
                format!("UPDATE ticket SET bic = {} WHERE id = {}", from_row("bic", w), at(x)),
            ),
            ("field", format!("UPDATE ticket SET bic = iban WHERE id = {}", at(x))),
            (
                "tenant",
                format!("UPDATE ticket SET bic = {} WHERE id = {}", from_row("bic", b), at(x)),
            ),
            (
                "entity",
                format!(
                    "UPDATE ticket SET bic = (SELECT iban FROM note LIMIT 1) WHERE id = {}",
                    at(x)
                ),
            ),
            (
                "index",
                format!("UPDATE ticket SET bic = bic_index WHERE id = {}", at(x)),
            ),
        ] {
            world.execute(database, &change).await;
            let query = "{ tickets { nodes { subject bic } } }";
            let refused = world
                .ask(database, "acme", query, json!({}), Some(&world.cipher))
                .await
                .unwrap_err();
            assert_eq!(refused.code(), Code::InternalServerError, "{what}: {refused}");
            assert!(
                matches!(&refused, Error::Sealed { field, source: CipherError::Damaged, .. } if field == "ticket.bic"),
                "{what}: {refused:?}"
            );
            let told = format!("{refused:?} {refused}");
            assert!(!told.contains("DE89") && !told.contains("FR14"), "{told}");
            // Whoever does not ask for it is not troubled.
            let other = world.ask(
                database,
                "acme",
                "{ tickets { nodes { subject iban } } }",
                json!({}),
                Some(&world.cipher),
            );
            other.await.expect("an answer");
            world.execute(database, &good(x)).await;
        }
        // A tenant's own row is bound to itself.
        world
            .execute(
                database,
                &format!(
                    "UPDATE organisation SET account = (SELECT account FROM organisation WHERE id = {}) WHERE id = {}",
                    at(beta),
                    at(acme)
                ),
            )
            .await;
        let query = "{ organisations { nodes { account } } }";
        let refused = world
            .ask(database, "acme", query, json!({}), Some(&world.cipher))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::InternalServerError);
    }
}

#[tokio::test]
async fn without_keys_there_is_no_answer() {
    let world = World::new("sealed_keys").await;
    let other = Toy::new(&[world.tenants["beta"]]);
    for database in &world.databases {
        let ask = |query, cipher| world.ask(database, "acme", query, json!({}), cipher);
        let open = "{ tickets { nodes { iban } } }";
        assert_eq!(ask(open, None).await.unwrap_err().code(), Code::Unavailable);
        assert_eq!(ask(open, Some(&other)).await.unwrap_err().code(), Code::Unavailable);
        let compare = r#"{ tickets(filter: {iban: {eq: "DE89"}}) { totalCount } }"#;
        assert_eq!(ask(compare, None).await.unwrap_err().code(), Code::Unavailable);
        // A tenant that has no data keys has no values either.
        assert_eq!(
            ask(compare, Some(&other)).await.expect("an answer"),
            json!({"tickets": {"totalCount": 0}})
        );
        // What is not encrypted needs none.
        ask("{ tickets { nodes { subject } } }", None).await.expect("an answer");
        let empty = world.ask(database, "nowhere", open, json!({}), Some(&world.cipher));
        assert_eq!(empty.await.expect("an answer"), json!({"tickets": {"nodes": []}}));
    }
}

#[tokio::test]
async fn equal_values_differ_in_the_tables() {
    let world = World::new("sealed_tables").await;
    for database in &world.databases {
        let distinct = |expression: &str| {
            support::query(
                &format!("SELECT {expression}"),
                Vec::new(),
                &[freehold_base::ValueType::BigInt],
            )
        };
        for (expression, expected) in [
            ("count(DISTINCT iban) FROM ticket", 3),
            // `DE89` at Acme and at Beta, and `GB29`.
            ("count(DISTINCT iban_index) FROM ticket", 3),
            ("count(DISTINCT pin) FROM ticket", 2),
            ("count(DISTINCT pin_index) FROM ticket", 1),
            ("count(DISTINCT sum_index) FROM ticket", 1),
            ("count(DISTINCT account) FROM organisation", 2),
        ] {
            let text = support::ask(database, &distinct(expression)).await.expect("an answer");
            assert_eq!(text, format!(r#"{{"rows":[{{"c0":{expected}}}]}}"#), "{expression}");
        }
    }
    let found = seals(&world.catalog, &world.seed);
    let (acme, beta) = (world.tenants["acme"], world.tenants["beta"]);
    let pii = |tenant| ("pii".to_owned(), Some(tenant));
    assert_eq!(
        found.into_iter().collect::<Vec<_>>(),
        [pii(acme), pii(beta), ("shared".to_owned(), None)]
    );
}

/// The model with a line changed.
fn changed(from: &str, to: &str) -> Catalog {
    assert!(MODEL.contains(from), "{from}");
    catalog(&MODEL.replace(from, to))
}

#[tokio::test]
async fn what_values_depend_on_does_not_change_under_them() {
    let world = World::new("sealed_changes").await;
    let bic = "bic: {type: text, encrypted: pii, searchable: equality}";
    let born = "born: {type: date, encrypted: pii}";
    let cases = [
        (bic, "bic: {type: text}", "`ticket.bic` is not encrypted any more"),
        (
            "subject: {type: text, required: true}",
            "subject: {type: text, encrypted: pii}",
            "`ticket.subject` is encrypted now",
        ),
        (
            bic,
            "bic: {type: int, encrypted: pii, searchable: equality}",
            "`ticket.bic` has values that were encrypted under another key",
        ),
        (
            bic,
            "bic: {type: text, encrypted: shared, searchable: equality}",
            "`ticket.bic` has values that were encrypted under another key",
        ),
        (
            "keys: {pii: {scope: tenant}",
            "keys: {pii: {scope: environment}",
            "has values that were encrypted under another key",
        ),
        (
            bic,
            "swift: {type: text, encrypted: pii, searchable: equality, was: bic}",
            "encrypted field `ticket.bic` is gone, but it has values, which are bound to its name",
        ),
        (
            born,
            "born: {type: date, encrypted: pii, searchable: equality}",
            "`ticket.born_index` is to be filled",
        ),
        (born, "birthday: {type: date}", "encrypted field `ticket.born` is gone"),
    ];
    for (from, to, expected) in cases {
        let mut text = MODEL.replace(from, to);
        for (field, renamed) in [("bic", "swift"), ("born", "birthday")] {
            if to.starts_with(renamed) {
                text = text.replace(&format!(" {field}, "), &format!(" {renamed}, "));
            }
        }
        let model = catalog(&text);
        for database in &world.databases {
            let refused = database.apply(&model, &[], false, &Noon).await.unwrap_err().to_string();
            assert!(refused.contains(expected), "{to}: {refused}");
        }
    }
    for database in &world.databases {
        // An index is made of the values: it can go.
        let applied = database
            .apply(&changed(bic, "bic: {type: text, encrypted: pii}"), &[], false, &Noon)
            .await;
        let changes = applied.expect("it is safe").changes;
        assert!(
            changes
                .iter()
                .any(|change| matches!(change, Change::DropColumn { column, .. } if column == "bic_index")),
            "{changes:?}"
        );
        // And not come back over values.
        assert!(database.apply(&world.catalog, &[], false, &Noon).await.is_err());
        // Somebody says yes: what nobody can open any more is taken away.
        let model = changed(bic, "bic: {type: text, encrypted: shared}");
        database
            .apply(&model, &[], true, &Noon)
            .await
            .expect("somebody said yes");
        let left = support::query(
            "SELECT count(bic) FROM ticket",
            Vec::new(),
            &[freehold_base::ValueType::BigInt],
        );
        assert_eq!(
            support::ask(database, &left).await.expect("an answer"),
            r#"{"rows":[{"c0":0}]}"#
        );
        // Over an empty column everything can change.
        database
            .apply(&world.catalog, &[], false, &Noon)
            .await
            .expect("it is empty");
        assert_eq!(
            database
                .apply(&world.catalog, &[], false, &Noon)
                .await
                .expect("again")
                .changes,
            []
        );
    }
}

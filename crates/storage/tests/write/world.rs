//! The app that is written to, and people who write.

use crate::support::{Noon, catalog, databases, seed};
use freehold_base::{Caller, CallerTenant, Limits, Person, RowId, Timestamp};
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_planner::mutation::{Answer, MutationPlan, MutationRoot, RootAction};
use freehold_planner::plan::Plan;
use freehold_policy::{Access, Policy, RoleSet};
use freehold_schema::catalog::Catalog;
use freehold_schema::graphql::operation::Operation;
use freehold_schema::graphql::{RequestText, RoleSchema};
use freehold_schema::seed::Seed;
use freehold_storage::audit::AuditEvent;
use freehold_storage::{Binder, Database, Drafts, Readings, Refused, WriteRequest, WrittenRow};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

/// Everything of one environment but its database.
pub(crate) struct World {
    pub(crate) catalog: Catalog,
    policy: Policy,
    seed: Seed,
}

/// A database, and the way that writes go there.
pub(crate) struct Site {
    database: Database,
    /// Step by step, never whole.
    long: bool,
    /// What was rendered for each role set.
    drafts: Mutex<HashMap<RoleSet, Arc<Drafts>>>,
}

impl Site {
    /// Whether writes go step by step.
    pub(crate) fn is_long(&self) -> bool {
        self.long
    }
}

impl std::ops::Deref for Site {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

/// Somebody who writes to one database.
#[derive(Clone)]
pub(crate) struct Writer<'a> {
    pub(crate) world: &'a World,
    pub(crate) database: &'a Site,
    pub(crate) caller: Caller,
}

/// Key of a root field that does nothing.
const NOTHING: &str = "nothing";

/// What became of a mutation: `data`, or code and message of the refusal.
pub(crate) type Told = Result<Json, String>;

impl World {
    pub(crate) fn new() -> Self {
        Self::with(include_str!("desk.yaml"), include_str!("seed.yaml"))
    }

    pub(crate) fn with(model: &str, rows: &str) -> Self {
        let catalog = catalog(model);
        let mut faults = freehold_schema::diagnostic::Diagnostics::default();
        let policy = Policy::check(&catalog, &mut faults).unwrap_or_else(|| panic!("{faults:#?}"));
        assert!(!faults.has_errors(), "{faults:#?}");
        let seed = seed(&catalog, rows);
        Self { catalog, policy, seed }
    }

    /// Both databases, each for both ways, with the seed in them.
    pub(crate) async fn databases(&self, name: &str) -> Vec<Site> {
        let mut sites = Vec::new();
        for (suffix, long) in [("", false), ("_long", true)] {
            for database in databases(&format!("write_{name}{suffix}")).await {
                self.fill(&database).await;
                sites.push(Self::site(database, long));
            }
        }
        sites
    }

    /// PostgreSQL for both ways, with the seed in it.
    pub(crate) async fn postgres(&self, name: &str) -> Vec<Site> {
        let mut sites = self.databases(name).await;
        sites.retain(|site| site.dialect() == freehold_storage::program::Dialect::Postgres);
        sites
    }

    /// A database of the test's own.
    pub(crate) fn site(database: Database, long: bool) -> Site {
        Site {
            database,
            long,
            drafts: Mutex::default(),
        }
    }

    pub(crate) async fn fill(&self, database: &Database) {
        database.apply(&self.catalog, &[], false, &Noon).await.expect("tables");
        database
            .insert_seed(&self.catalog, &self.seed, None, &Noon, &mut |_, _| {})
            .await
            .expect("rows");
    }

    /// `ticket.a`
    pub(crate) fn id(&self, label: &str) -> RowId {
        let (entity, label) = label.split_once('.').expect("entity.label");
        let entity = self.catalog.find_entity(entity).expect("declared").id;
        self.seed
            .find(entity, label)
            .unwrap_or_else(|| panic!("{label} is not in the seed"))
            .id
    }

    /// A text with `{ticket.a}` replaced by the row's id.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find('<') {
            let end = start + rest[start..].find('>').expect("a label ends");
            out.push_str(&rest[..start]);
            out.extend(["\"", &self.id(&rest[start + 1..end]).to_string(), "\""]);
            rest = &rest[end + 1..];
        }
        out + rest
    }

    /// Changes rows past all rules.
    pub(crate) async fn database_execute(&self, database: &Database, sql: &str) {
        match database.sqlite_path() {
            Some(path) => rusqlite::Connection::open(path)
                .and_then(|connection| connection.execute_batch(sql))
                .expect("SQLite takes it"),
            None => {
                let client = crate::support::client().await;
                let schema = schema_of(database).await;
                let sql = format!("SET search_path = {schema}; {sql}");
                client.batch_execute(&sql).await.expect("PostgreSQL takes it");
            }
        }
    }

    /// Somebody of the seed, member of acme with those roles.
    pub(crate) fn member<'a>(&'a self, database: &'a Site, email: &str, roles: &[&str]) -> Writer<'a> {
        let mut caller = Caller::anonymous(Some("member".to_owned()), NOW);
        caller.person = Some(Person {
            id: self.id(&format!("user.{email}")),
        });
        caller.roles = roles.iter().map(|role| (*role).to_owned()).collect();
        caller.tenant = Some(CallerTenant {
            id: self.id("organisation.acme"),
            membership: Some(BTreeMap::new()),
        });
        Writer {
            world: self,
            database,
            caller,
        }
    }

    pub(crate) fn ann<'a>(&'a self, database: &'a Site) -> Writer<'a> {
        self.member(database, "ann@acme.test", &["agent"])
    }

    pub(crate) fn bob<'a>(&'a self, database: &'a Site) -> Writer<'a> {
        self.member(database, "bob@acme.test", &["requester"])
    }

    pub(crate) fn cy<'a>(&'a self, database: &'a Site) -> Writer<'a> {
        self.member(database, "cy@acme.test", &["agent", "lead"])
    }

    /// Nobody in particular, in acme.
    pub(crate) fn visitor<'a>(&'a self, database: &'a Site) -> Writer<'a> {
        let mut caller = Caller::anonymous(Some("visitor".to_owned()), NOW);
        caller.tenant = Some(CallerTenant {
            id: self.id("organisation.acme"),
            membership: None,
        });
        Writer {
            world: self,
            database,
            caller,
        }
    }
}

/// Chance that ascends, so that every id is another one.
pub(crate) fn chance() -> u128 {
    static LAST: Mutex<u128> = Mutex::new(1);
    let mut last = LAST.lock().expect("no test panics while it holds this");
    *last = last
        .wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645)
        .wrapping_add(1);
    *last >> 32
}

impl Writer<'_> {
    fn prepared<T>(&self, text: &str, plan: impl FnOnce(&Access, &Operation, &Sealer) -> T) -> T {
        let roles = RoleSet::of(&self.world.catalog, &self.caller);
        let access = Access::reduce(&self.world.catalog, &self.world.policy, &roles);
        let schema = RoleSchema::build(&self.world.catalog, &access.visible(&self.world.catalog));
        let text = self.world.text(text);
        let request = RequestText {
            query: &text,
            operation_name: None,
            variables: &Map::new(),
        };
        let prepared = schema
            .prepare(&request, &Limits::default())
            .unwrap_or_else(|faults| panic!("{text}: {faults:#?}"));
        plan(&access, &prepared.operation, &sealer())
    }

    pub(crate) fn plan(&self, text: &str) -> MutationPlan {
        let mut plan = self.prepared(text, |access, operation, sealer| {
            freehold_planner::plan_mutation(&self.world.catalog, access, operation, sealer, &Limits::default())
                .unwrap_or_else(|faults| panic!("{text}: {faults:#?}"))
        });
        if self.database.long {
            // What does nothing is not sent whole.
            let answer = Answer {
                plan: Plan {
                    roots: Vec::new(),
                    cost: 0,
                },
                before: false,
            };
            plan.roots.push(MutationRoot {
                key: NOTHING.to_owned(),
                name: NOTHING.to_owned(),
                action: RootAction::Many {
                    steps: Vec::new(),
                    answer,
                },
            });
        }
        plan
    }

    /// Runs a mutation; also tells what the audit log would be told.
    pub(crate) async fn run(&self, plan: &MutationPlan) -> (Result<Json, Refused>, Vec<WrittenRow>) {
        let written = Mutex::new(Vec::new());
        let audit = |rows: &[WrittenRow]| {
            written.lock().expect("one at a time").clone_from(&rows.to_vec());
            Vec::new()
        };
        let answer = self.run_audited(plan, &audit).await;
        let written = if answer.is_ok() {
            written.into_inner().expect("one at a time")
        } else {
            Vec::new()
        };
        (answer, written)
    }

    /// Runs a mutation that is recorded.
    pub(crate) async fn run_audited(
        &self,
        plan: &MutationPlan,
        audit: &(dyn Fn(&[WrittenRow]) -> Vec<AuditEvent> + Sync),
    ) -> Result<Json, Refused> {
        let mut letters = Vec::new();
        let mut changed = Vec::new();
        let roles = RoleSet::of(&self.world.catalog, &self.caller);
        let drafts = self
            .database
            .drafts
            .lock()
            .expect("no test panics while it holds this")
            .entry(roles)
            .or_default()
            .clone();
        let readings = Readings::render(&self.world.catalog, plan, self.database.dialect());
        let request = WriteRequest {
            binder: self.binder(&EMPTY),
            sealer: &sealer(),
            entropy: &mut chance,
            audit: Some(audit),
            letters: &mut letters,
            changed: &mut changed,
            drafts: Some(&drafts),
            readings: Some(&readings),
            request_id: None,
        };
        let answer = self.database.write(plan, request).await;
        answer.map(|bytes| {
            let mut data: Map<String, Json> = serde_json::from_slice(&bytes).expect("JSON");
            assert_eq!(data.shift_remove(NOTHING).is_some(), self.database.long);
            Json::Object(data)
        })
    }

    pub(crate) fn binder<'b>(&'b self, variables: &'b Map<String, Json>) -> Binder<'b> {
        Binder {
            catalog: &self.world.catalog,
            caller: &self.caller,
            variables,
            written: None,
            cipher: None,
        }
    }

    /// Runs `mutation { … }`.
    pub(crate) async fn write(&self, text: &str) -> Told {
        let plan = self.plan(&format!("mutation {{ {text} }}"));
        let (answer, _) = self.run(&plan).await;
        answer.map_err(|refused| format!("{} {}", refused.error.code().name(), refused.error))
    }

    /// The answer to a mutation that goes through.
    #[track_caller]
    pub(crate) fn written(&self, text: &str) -> impl Future<Output = Json> {
        let place = std::panic::Location::caller();
        let text = text.to_owned();
        async move {
            match self.write(&text).await {
                Ok(data) => data,
                Err(error) => panic!("{place}: {:?}: {text}: {error}", self.database.dialect()),
            }
        }
    }

    /// Checks what a mutation that is refused is told: its code, and a part of its message.
    #[track_caller]
    pub(crate) fn refused(&self, text: &str, code: &str, message: &str) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        let (text, code, message) = (text.to_owned(), code.to_owned(), message.to_owned());
        async move {
            match self.write(&text).await {
                Ok(data) => panic!("{place}: {:?}: {text}: {data}", self.database.dialect()),
                Err(error) => {
                    let (found, told) = error.split_once(' ').expect("code and message");
                    assert_eq!(found, code, "{place}: {:?}: {text}: {error}", self.database.dialect());
                    assert!(told.contains(&message), "{place}: {text}: {error}");
                }
            }
        }
    }
}

/// The schema of an environment on PostgreSQL.
pub(crate) async fn schema_of(database: &Database) -> String {
    let program = crate::support::query(
        "SELECT current_schema()::text",
        Vec::new(),
        &[freehold_base::ValueType::Text],
    );
    let answer = crate::support::ask(database, &program).await.expect("its schema");
    let json: Json = serde_json::from_str(&answer).expect("JSON");
    json["rows"][0]["c0"].as_str().expect("a name").to_owned()
}

static EMPTY: LazyLock<Map<String, Json>> = LazyLock::new(Map::new);

fn sealer() -> Sealer {
    Sealer::new([1; KEY_BYTES])
}

/// All rows of a table as the database has them, without any rule: `SELECT <columns> FROM <table> ORDER BY id`.
pub(crate) async fn raw(database: &Database, columns: &str, from: &str) -> Vec<String> {
    use freehold_base::ValueType;
    let columns: Vec<&str> = columns.split_whitespace().collect();
    let texts: Vec<String> = columns
        .iter()
        .map(|column| {
            // Ids on SQLite are blobs.
            match database.dialect() {
                freehold_storage::program::Dialect::Sqlite if column.ends_with("id") => {
                    format!("CASE WHEN \"{column}\" IS NOT NULL THEN lower(hex(\"{column}\")) END")
                }
                freehold_storage::program::Dialect::Sqlite => format!("CAST(\"{column}\" AS TEXT)"),
                freehold_storage::program::Dialect::Postgres if column.ends_with("id") => {
                    format!("replace(\"{column}\"::text, '-', '')")
                }
                freehold_storage::program::Dialect::Postgres => format!("\"{column}\"::text"),
            }
        })
        .collect();
    let sql = format!("SELECT {} FROM {from} ORDER BY id", texts.join(", "));
    let types = vec![ValueType::Text; columns.len()];
    let program = crate::support::query(&sql, Vec::new(), &types);
    let answer = crate::support::ask(database, &program).await.expect("rows");
    let json: Json = serde_json::from_str(&answer).expect("JSON");
    let rows = json["rows"].as_array().expect("rows");
    rows.iter()
        .map(|row| {
            let cells = row.as_object().expect("a row").values();
            let cells = cells.map(|cell| cell.as_str().unwrap_or("-").to_owned());
            cells.collect::<Vec<_>>().join(" ")
        })
        .collect()
}

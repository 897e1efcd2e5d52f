//! The audit log: records follow one another whoever writes them, nobody changes them, and whoever does is found out.

use freehold_base::{RowId, Timestamp};
use freehold_storage::audit::{
    AuditChain, AuditDetail, AuditEntry, AuditEvent, AuditFilter, AuditHead, AuditKind, Bursts, Fault, Finding,
};
use freehold_storage::program::Dialect;
use freehold_storage::{Database, Settings};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const NOON: i64 = 1_800_000_000_000_000;
const SECOND: i64 = 1_000_000;
const BURSTS: Bursts = Bursts {
    alert_at: 10,
    within: Duration::from_mins(1),
    recorded_max: 20,
};

/// A log on one database, with two servers that write it.
struct World {
    first: Database,
    second: Database,
    /// A way past them.
    raw: DatabaseConnection,
    /// What goes with it.
    files: Vec<PathBuf>,
}

impl Drop for World {
    fn drop(&mut self) {
        for file in &self.files {
            // A companion may be gone already.
            let _ = std::fs::remove_file(file);
        }
    }
}

/// The server of `cargo xtask test`.
#[expect(
    clippy::disallowed_methods,
    reason = "tests learn of their server from the one who starts it"
)]
fn postgres_url() -> String {
    std::env::var("FREEHOLD_TEST_POSTGRES").expect("FREEHOLD_TEST_POSTGRES is not set: run `cargo xtask test`")
}

async fn worlds(name: &str) -> [World; 2] {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("freehold-audit-{}-{number}.db", std::process::id()));
    let schema = format!("storage_audit_{name}");
    let mut worlds = Vec::new();
    for (url, raw) in [
        (
            format!("sqlite:{}", file.display()),
            format!("sqlite://{}?mode=rwc", file.display()),
        ),
        (postgres_url(), postgres_url()),
    ] {
        let mut options = ConnectOptions::new(raw.clone());
        options.max_connections(2).sqlx_logging(false);
        if !raw.starts_with("sqlite") {
            let plain = sea_orm::Database::connect(raw).await.expect("PostgreSQL answers");
            let fresh = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}");
            plain.execute_unprepared(&fresh).await.expect("a schema");
            options.set_schema_search_path(schema.clone());
        }
        let settings = Settings::new(url, &schema);
        let first = Database::open(&settings).await.expect("the database opens");
        let raw = sea_orm::Database::connect(options).await.expect("the database opens");
        freehold_migrations::migrate(&raw).await.expect("tables");
        let second = Database::open(&settings).await.expect("the database opens");
        worlds.push(World {
            first,
            second,
            raw,
            files: Vec::new(),
        });
    }
    worlds[0].files = ["", "-wal", "-shm"]
        .map(|suffix| PathBuf::from(format!("{}{suffix}", file.display())))
        .to_vec();
    worlds.try_into().unwrap_or_else(|_| unreachable!())
}

fn tenant(number: u8) -> AuditChain {
    AuditChain::Tenant(RowId::from_bytes([number; 16]))
}

fn user(number: u8) -> RowId {
    RowId::from_bytes([number; 16])
}

fn event(chain: AuditChain, kind: AuditKind, second: i64) -> AuditEvent {
    AuditEvent {
        user: Some(user(1)),
        entity: Some("ticket".to_owned()),
        row: Some(user(9)),
        detail: AuditDetail::default()
            .name("operation", "update")
            .names("fields", ["subject", "ü\"\n"]),
        request: Some("r1".to_owned()),
        ..AuditEvent::new(chain, Timestamp(NOON + second * SECOND), kind)
    }
}

async fn verify(database: &Database, chain: AuditChain, noted: &[AuditHead]) -> Finding {
    database
        .verify_audit(chain, noted, &mut |_, _| {})
        .await
        .expect("it can be verified")
}

async fn fault(world: &World, chain: AuditChain) -> Option<(i64, Fault)> {
    verify(&world.first, chain, &[]).await.fault
}

/// The numbers of a page, newest first.
async fn page(
    database: &Database,
    chain: AuditChain,
    filter: &AuditFilter,
    before: Option<i64>,
    limit: u32,
) -> Vec<i64> {
    let records = database.audit_page(chain, filter, before, limit).await.expect("a page");
    records.iter().map(|record| record.seq).collect()
}

impl World {
    /// A chain of so many records.
    async fn filled(&self, chain: AuditChain, number: i64) {
        let events: Vec<AuditEvent> = (0..number)
            .map(|second| event(chain, AuditKind::Write, second))
            .collect();
        self.first.record(&events).await.expect("recorded");
    }

    fn is_sqlite(&self) -> bool {
        self.first.dialect() == Dialect::Sqlite
    }

    /// An id as a literal.
    fn id(&self, chain: AuditChain) -> String {
        let id = chain.id();
        if self.is_sqlite() {
            format!("x'{}'", id.uuid().simple())
        } else {
            format!("'{id}'")
        }
    }

    /// What somebody does who has the database to themselves: first of all the triggers go.
    async fn tamper(&self, sql: &str) {
        let off = if self.is_sqlite() {
            "DROP TRIGGER IF EXISTS fh_audit_no_update; DROP TRIGGER IF EXISTS fh_audit_no_delete; DROP TRIGGER IF EXISTS fh_audit_no_replace; \
             DROP TRIGGER IF EXISTS fh_audit_chain_grows; DROP TRIGGER IF EXISTS fh_audit_chain_no_delete; DROP TRIGGER IF EXISTS fh_audit_chain_no_replace"
        } else {
            "ALTER TABLE fh_audit DISABLE TRIGGER ALL; ALTER TABLE fh_audit_chain DISABLE TRIGGER ALL"
        };
        self.raw.execute_unprepared(off).await.expect("triggers go");
        self.raw
            .execute_unprepared(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

#[tokio::test]
async fn records_are_read_as_they_were_written() {
    for world in worlds("read").await {
        let (acme, beta) = (tenant(2), tenant(3));
        let mut events = vec![
            event(acme, AuditKind::SignIn, 0),
            event(acme, AuditKind::Denied, 1),
            event(beta, AuditKind::Denied, 2),
            AuditEvent::new(acme, Timestamp(NOON + 3 * SECOND), AuditKind::Alert),
        ];
        events[1].user = Some(user(4));
        world.first.record(&events).await.expect("recorded");
        world
            .second
            .record(&[event(AuditChain::Environment, AuditKind::SignIn, 4)])
            .await
            .expect("recorded");

        let records = world
            .first
            .audit_page(acme, &AuditFilter::default(), None, 10)
            .await
            .expect("a page");
        let record = &records[2];
        assert_eq!(
            (record.seq, record.kind(), record.at),
            (1, Some(AuditKind::SignIn), Timestamp(NOON))
        );
        assert_eq!(
            (record.user(), record.entity().as_deref(), record.row()),
            (Some(user(1)), Some("ticket"), Some(user(9)))
        );
        assert_eq!(
            record.detail(),
            serde_json::json!({"operation": "update", "fields": ["subject", "ü\"\n"]})
        );
        assert_eq!(record.request().as_deref(), Some("r1"));
        assert_eq!(records[1].previous, record.hash, "each follows from the one before");
        let empty = &records[0];
        assert_eq!(
            (empty.user(), empty.entity(), empty.row(), empty.request()),
            (None, None, None, None)
        );
        assert_eq!(empty.detail(), serde_json::json!({}));

        let all = AuditFilter::default();
        assert_eq!(page(&world.second, acme, &all, None, 2).await, [3, 2]);
        assert_eq!(page(&world.second, acme, &all, Some(2), 2).await, [1]);
        assert_eq!(
            page(&world.first, beta, &all, None, 9).await,
            [1],
            "each tenant has its own"
        );
        assert_eq!(page(&world.first, AuditChain::Environment, &all, None, 9).await, [1]);
        assert_eq!(page(&world.first, tenant(8), &all, None, 9).await, [0; 0]);
        let at = |second: i64| Some(Timestamp(NOON + second * SECOND));
        for (filter, expected) in [
            (
                AuditFilter {
                    kinds: vec![AuditKind::Denied, AuditKind::Alert],
                    ..all.clone()
                },
                vec![3, 2],
            ),
            (
                AuditFilter {
                    user: Some(user(4)),
                    ..all.clone()
                },
                vec![2],
            ),
            (
                AuditFilter {
                    since: at(1),
                    ..all.clone()
                },
                vec![3, 2],
            ),
            (
                AuditFilter {
                    until: at(1),
                    ..all.clone()
                },
                vec![1],
            ),
            (
                AuditFilter {
                    kinds: vec![AuditKind::SignIn],
                    user: Some(user(1)),
                    since: at(0),
                    until: at(1),
                },
                vec![1],
            ),
        ] {
            assert_eq!(page(&world.first, acme, &filter, None, 9).await, expected, "{filter:?}");
            let count = world.first.audit_count(acme, &filter).await.expect("a count");
            assert_eq!(count, expected.len() as i64, "{filter:?}");
        }
        for chain in [acme, beta, AuditChain::Environment] {
            assert_eq!(fault(&world, chain).await, None);
        }
        let chains = world.first.audit_chains().await.expect("chains");
        assert_eq!(chains, [AuditChain::Environment, acme, beta]);
    }
}

#[tokio::test]
async fn the_database_itself_refuses_changes() {
    for world in worlds("triggers").await {
        world.filled(tenant(2), 3).await;
        let id = world.id(tenant(2));
        let mut statements = vec![
            "UPDATE fh_audit SET kind = 'alert' WHERE seq = 2".to_owned(),
            "UPDATE fh_audit SET user_id = NULL".to_owned(),
            "DELETE FROM fh_audit WHERE seq = 3".to_owned(),
            format!("INSERT INTO fh_audit SELECT * FROM fh_audit WHERE chain = {id} AND seq = 1"),
            "UPDATE fh_audit_chain SET length = 2".to_owned(),
            "UPDATE fh_audit_chain SET hash = previous FROM fh_audit".to_owned(),
            "DELETE FROM fh_audit_chain".to_owned(),
        ];
        if world.is_sqlite() {
            statements.push(format!(
                "INSERT OR REPLACE INTO fh_audit SELECT chain, seq, at, 'alert', user_id, entity, row_id, detail, request_id, previous, hash \
                 FROM fh_audit WHERE chain = {id} AND seq = 1"
            ));
            statements.push(format!("INSERT OR REPLACE INTO fh_audit_chain VALUES ({id}, 9, x'00')"));
        } else {
            statements.push("TRUNCATE fh_audit".to_owned());
            statements.push("TRUNCATE fh_audit_chain".to_owned());
        }
        for sql in statements {
            assert!(world.raw.execute_unprepared(&sql).await.is_err(), "{sql}");
        }
        assert_eq!(fault(&world, tenant(2)).await, None);
        assert_eq!(
            page(&world.first, tenant(2), &AuditFilter::default(), None, 9).await,
            [3, 2, 1]
        );
        world.filled(tenant(2), 1).await;
        assert_eq!(
            page(&world.first, tenant(2), &AuditFilter::default(), None, 1).await,
            [4],
            "it still grows"
        );
    }
}

#[tokio::test]
async fn whoever_changes_a_record_is_found_out() {
    for world in worlds("tampered").await {
        let columns = "at, kind, user_id, entity, row_id, detail, request_id, previous, hash";
        // Each on a chain of its own, with seven records.
        let copy = |from: i64, to: i64| {
            format!(
                "INSERT INTO fh_audit (chain, seq, {columns}) SELECT chain, {to}, {columns} FROM fh_audit WHERE CHAIN AND seq = {from}"
            )
        };
        let cases: Vec<(String, (i64, Fault))> = vec![
            ("UPDATE fh_audit SET kind = 'sign_in' WHERE CHAIN AND seq = 4".to_owned(), (4, Fault::Altered)),
            ("UPDATE fh_audit SET user_id = NULL WHERE CHAIN AND seq = 1".to_owned(), (1, Fault::Altered)),
            ("UPDATE fh_audit SET at = at + 1 WHERE CHAIN AND seq = 7".to_owned(), (7, Fault::Altered)),
            ("UPDATE fh_audit SET detail = '{}' WHERE CHAIN AND seq = 2".to_owned(), (2, Fault::Altered)),
            ("UPDATE fh_audit SET entity = 'person' WHERE CHAIN AND seq = 3".to_owned(), (3, Fault::Altered)),
            ("UPDATE fh_audit SET row_id = user_id WHERE CHAIN AND seq = 3".to_owned(), (3, Fault::Altered)),
            ("UPDATE fh_audit SET request_id = NULL WHERE CHAIN AND seq = 5".to_owned(), (5, Fault::Altered)),
            ("UPDATE fh_audit SET hash = previous WHERE CHAIN AND seq = 5".to_owned(), (5, Fault::Altered)),
            ("UPDATE fh_audit SET previous = hash WHERE CHAIN AND seq = 5".to_owned(), (5, Fault::Altered)),
            ("DELETE FROM fh_audit WHERE CHAIN AND seq = 4".to_owned(), (4, Fault::Missing)),
            ("DELETE FROM fh_audit WHERE CHAIN AND seq = 1".to_owned(), (1, Fault::Missing)),
            ("DELETE FROM fh_audit WHERE CHAIN AND seq > 5".to_owned(), (6, Fault::Cut { last: 7 })),
            ("DELETE FROM fh_audit WHERE CHAIN".to_owned(), (1, Fault::Cut { last: 7 })),
            // Cut, and the head told so: its hash is not that of the record that is last then.
            (
                "DELETE FROM fh_audit WHERE CHAIN AND seq > 5; UPDATE fh_audit_chain SET length = 5 WHERE CHAIN".to_owned(),
                (5, Fault::NotTheHead),
            ),
            // Two records change places; and one closes the gap that another leaves.
            (
                "UPDATE fh_audit SET seq = 100 WHERE CHAIN AND seq = 3; UPDATE fh_audit SET seq = 3 WHERE CHAIN AND seq = 4; \
                 UPDATE fh_audit SET seq = 4 WHERE CHAIN AND seq = 100"
                    .to_owned(),
                (3, Fault::Altered),
            ),
            (
                "DELETE FROM fh_audit WHERE CHAIN AND seq = 6; UPDATE fh_audit SET seq = 6 WHERE CHAIN AND seq = 7; \
                 UPDATE fh_audit_chain SET length = 6 WHERE CHAIN"
                    .to_owned(),
                (6, Fault::Altered),
            ),
            // Put in: behind the last, with a head that counts it, and without one.
            (copy(7, 8), (8, Fault::Uncounted)),
            (format!("{}; UPDATE fh_audit_chain SET length = 8 WHERE CHAIN", copy(7, 8)), (8, Fault::Altered)),
            ("DELETE FROM fh_audit_chain WHERE CHAIN".to_owned(), (1, Fault::NoHead)),
        ];
        for (number, (sql, expected)) in (10..).zip(cases) {
            let chain = tenant(number);
            world.filled(chain, 7).await;
            assert_eq!(fault(&world, chain).await, None);
            world
                .tamper(&sql.replace("CHAIN", &format!("chain = {}", world.id(chain))))
                .await;
            assert_eq!(fault(&world, chain).await, Some(expected), "{sql}");
            assert_eq!(fault(&world, tenant(9)).await, None, "another chain is as it was");
        }
        if world.is_sqlite() {
            // Cells of another type than their column's.
            for (number, (sql, expected)) in (100..).zip([
                (
                    "UPDATE fh_audit SET hash = 'x' WHERE CHAIN AND seq = 2",
                    (2, Fault::Altered),
                ),
                (
                    "UPDATE fh_audit SET user_id = 7 WHERE CHAIN AND seq = 2",
                    (2, Fault::Altered),
                ),
                (
                    "UPDATE fh_audit SET kind = x'ff' WHERE CHAIN AND seq = 2",
                    (2, Fault::Altered),
                ),
                (
                    "UPDATE fh_audit SET at = 'noon' WHERE CHAIN AND seq = 2",
                    (2, Fault::Altered),
                ),
            ]) {
                let chain = tenant(number);
                world.filled(chain, 3).await;
                world
                    .tamper(&sql.replace("CHAIN", &format!("chain = {}", world.id(chain))))
                    .await;
                assert_eq!(fault(&world, chain).await, Some(expected), "{sql}");
                assert_eq!(
                    page(&world.first, chain, &AuditFilter::default(), None, 9).await.len(),
                    3,
                    "it can be read"
                );
            }
        }
    }
}

/// Whoever has the database can write a whole chain anew, with every hash. Only what is kept elsewhere tells.
#[tokio::test]
async fn a_chain_that_was_written_anew_contradicts_what_was_noted() {
    for world in worlds("anew").await {
        let chain = tenant(2);
        world.filled(chain, 5).await;
        let noted = world.first.audit_heads().await.expect("heads");
        world.filled(chain, 3).await;
        let later = world.first.audit_heads().await.expect("heads");
        assert_eq!((noted[0].length, later[0].length), (5, 8));
        assert_eq!(verify(&world.first, chain, &[noted[0], later[0]]).await.fault, None);

        let gone = format!(
            "DELETE FROM fh_audit WHERE chain = {id}; DELETE FROM fh_audit_chain WHERE chain = {id}",
            id = world.id(chain)
        );
        world.tamper(&gone).await;
        assert_eq!(fault(&world, chain).await, None, "nothing of it is left to tell");
        assert_eq!(
            verify(&world.first, chain, &noted).await.fault,
            Some((1, Fault::Cut { last: 5 }))
        );
        let events: Vec<AuditEvent> = (0..6).map(|second| event(chain, AuditKind::SignIn, second)).collect();
        world.first.record(&events).await.expect("recorded");
        assert_eq!(fault(&world, chain).await, None);
        assert_eq!(
            verify(&world.first, chain, &noted).await.fault,
            Some((5, Fault::NotAsNoted))
        );
        assert_eq!(
            verify(&world.first, chain, &later).await.fault,
            Some((7, Fault::Cut { last: 8 }))
        );
    }
}

/// A record that was rewritten together with its own hash gives itself away at the next one, the last at the head.
#[tokio::test]
async fn a_forged_record_does_not_fit_in() {
    for world in worlds("forged").await {
        for (number, expected) in [(2, (3, Fault::Unlinked)), (4, (4, Fault::NotTheHead))] {
            let chain = tenant(number);
            let id = world.id(chain);
            world.filled(chain, 4).await;
            // The chain is cut before the record, goes on with another one, and what followed is put back behind it.
            let saved = format!("saved{number}");
            world
                .tamper(&format!(
                    "CREATE TABLE {saved} AS SELECT * FROM fh_audit WHERE chain = {id} AND seq > {number}; \
                     CREATE TABLE {saved}_head AS SELECT * FROM fh_audit_chain WHERE chain = {id}; \
                     UPDATE fh_audit_chain SET length = {number} - 1, \
                        hash = (SELECT previous FROM fh_audit WHERE chain = {id} AND seq = {number}) WHERE chain = {id}; \
                     DELETE FROM fh_audit WHERE chain = {id} AND seq >= {number}"
                ))
                .await;
            world
                .first
                .record(&[event(chain, AuditKind::SignIn, 0)])
                .await
                .expect("recorded");
            assert_eq!(fault(&world, chain).await, None, "by itself it is right");
            world
                .tamper(&format!(
                    "INSERT INTO fh_audit SELECT * FROM {saved}; DELETE FROM fh_audit_chain WHERE chain = {id}; \
                     INSERT INTO fh_audit_chain SELECT * FROM {saved}_head"
                ))
                .await;
            assert_eq!(fault(&world, chain).await, Some(expected), "record {number}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_that_write_at_once_make_one_chain() {
    for world in worlds("parallel").await {
        let mut tasks = Vec::new();
        for writer in 0..8_u8 {
            let database = if writer % 2 == 0 {
                world.first.clone()
            } else {
                world.second.clone()
            };
            tasks.push(tokio::spawn(async move {
                for round in 0..10 {
                    // In either order: nobody waits for each other in a ring.
                    let mut events = vec![
                        event(tenant(2), AuditKind::Write, round),
                        event(AuditChain::Environment, AuditKind::SignIn, round),
                        event(tenant(3), AuditKind::Write, round),
                    ];
                    if writer % 3 == 0 {
                        events.reverse();
                    }
                    database.record(&events).await.expect("recorded");
                }
            }));
        }
        for task in tasks {
            task.await.expect("a task ends");
        }
        for chain in [AuditChain::Environment, tenant(2), tenant(3)] {
            let finding = verify(&world.first, chain, &[]).await;
            assert_eq!((finding.sound, finding.fault), (80, None));
        }
    }
}

fn repeated(second: i64, subject: &str) -> AuditEntry {
    AuditEntry::Repeated {
        event: event(tenant(2), AuditKind::Denied, second),
        subject: subject.to_owned(),
    }
}

async fn counts(world: &World, kind: AuditKind) -> i64 {
    let filter = AuditFilter {
        kinds: vec![kind],
        ..AuditFilter::default()
    };
    world.first.audit_count(tenant(2), &filter).await.expect("a count")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_burst_raises_one_alert_on_all_servers_together() {
    for world in worlds("burst").await {
        let mut tasks = Vec::new();
        for writer in 0..8_u8 {
            let database = if writer % 2 == 0 {
                world.first.clone()
            } else {
                world.second.clone()
            };
            tasks.push(tokio::spawn(async move {
                let mut alerts = Vec::new();
                for round in 0..5 {
                    let entries = [
                        repeated(round, "user 1"),
                        AuditEntry::Once(event(tenant(2), AuditKind::SignIn, 0)),
                    ];
                    alerts.extend(database.record_entries(&entries, &BURSTS).await.expect("recorded"));
                }
                alerts
            }));
        }
        let mut alerts = Vec::new();
        for task in tasks {
            alerts.extend(task.await.expect("a task ends"));
        }
        assert_eq!(alerts.len(), 1, "{alerts:?}");
        let detail = alerts[0].detail.to_json();
        assert_eq!(
            (&detail["of"], &detail["count"], &detail["withinSeconds"]),
            (&"denied".into(), &10.into(), &60.into())
        );
        assert_eq!(
            (&detail["operation"], alerts[0].user),
            (&"update".into(), Some(user(1)))
        );
        assert_eq!(counts(&world, AuditKind::Alert).await, 1);
        assert_eq!(counts(&world, AuditKind::Denied).await, 20, "of 40");
        assert_eq!(
            counts(&world, AuditKind::SignIn).await,
            40,
            "what cannot be repeated at will is never held back"
        );
        assert_eq!(fault(&world, tenant(2)).await, None);

        // Nothing is closed while the window lasts; then what was held back is one record, whoever closes first.
        let at = |second: i64| Timestamp(NOON + second * SECOND);
        assert_eq!(world.first.close_tallies(at(30), &BURSTS).await.expect("closed"), 0);
        let (one, other) = tokio::join!(
            world.first.close_tallies(at(70), &BURSTS),
            world.second.close_tallies(at(70), &BURSTS)
        );
        assert_eq!((one.expect("closed") + other.expect("closed")), 1);
        let newest = world
            .first
            .audit_page(tenant(2), &AuditFilter::default(), None, 1)
            .await
            .expect("a page");
        assert_eq!(
            (newest[0].kind(), newest[0].user()),
            (Some(AuditKind::Denied), Some(user(1)))
        );
        assert_eq!(newest[0].detail()["repeated"], 20);
        assert_eq!(
            world.first.close_tallies(at(200), &BURSTS).await.expect("closed"),
            0,
            "nothing is left"
        );
    }
}

#[tokio::test]
async fn bursts_are_told_apart_by_time_and_by_subject() {
    for world in worlds("windows").await {
        let send = async |second: i64, subject: &str| {
            let alerts = world
                .first
                .record_entries(&[repeated(second, subject)], &BURSTS)
                .await
                .expect("recorded");
            alerts.len()
        };
        // Nine of one and nine of another are no burst of either.
        for second in 0..9 {
            assert_eq!(send(second, "user 1").await + send(second, "user 2").await, 0);
        }
        assert_eq!(send(61, "user 1").await, 0, "the first has passed by then");
        // Ten in a minute are one, wherever a window begins.
        for second in 62..70 {
            assert_eq!(send(second, "user 1").await, 0, "{second}");
        }
        assert_eq!(send(70, "user 1").await, 1);
        for second in 71..130 {
            assert_eq!(send(second, "user 1").await, 0, "told already: {second}");
        }
        assert_eq!(send(130, "user 1").await, 1, "it goes on, and a minute has passed");
        assert_eq!(counts(&world, AuditKind::Alert).await, 2);
        // Held back: 61..=120 is a window of 60 of which 20 are recorded; the next begins with what was held.
        let held = AuditFilter {
            kinds: vec![AuditKind::Denied],
            ..AuditFilter::default()
        };
        let records = world
            .first
            .audit_page(tenant(2), &held, None, 100)
            .await
            .expect("a page");
        let sums: Vec<i64> = records
            .iter()
            .filter_map(|record| record.detail()["repeated"].as_i64())
            .collect();
        assert_eq!(sums, [40]);
        assert_eq!(fault(&world, tenant(2)).await, None);
    }
}

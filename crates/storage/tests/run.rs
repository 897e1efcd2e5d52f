//! Programs on both databases: one flight, one snapshot, one deadline.

mod support;

use freehold_base::{Code, Value, ValueType};
use freehold_policy::operand::Operand;
use freehold_storage::layout::SlotLayout;
use freehold_storage::program::{Dialect, Parameter, ParentKey, Program};
use freehold_storage::{Database, Error, Settings};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{ask, cell, client, databases, either, query, rows, settings, slot, statement};

/// A uuid that ends in a number.
fn key(database: &Database, number: u8) -> String {
    either(
        database,
        &format!("x'{number:032x}'"),
        &format!("'{number:032x}'::uuid"),
    )
    .to_owned()
}

fn union(rows: &[String]) -> String {
    rows.iter()
        .map(|row| format!("SELECT {row}"))
        .collect::<Vec<_>>()
        .join(" UNION ALL ")
}

/// Parents 1 and 2 (2 twice) with children 10, 11 of the first and 20 of the second.
fn family(database: &Database) -> Arc<Program> {
    let key = |number| key(database, number);
    let parents = statement(&union(&[1, 2, 2].map(key)), Vec::new(), &[ValueType::Uuid]);
    let pairs =
        [(1, 10), (1, 11), (2, 20)].map(|(parent, child)| format!("{} AS parent, {child} AS child", key(parent)));
    let found = either(database, "child FROM", "parent, child FROM");
    let condition = either(database, " WHERE parent = ?1", "");
    let sql = format!("SELECT {found} ({}) pairs{condition} ORDER BY child", union(&pairs));
    let mut children = statement(&sql, Vec::new(), &[ValueType::Uuid, ValueType::Int]);
    children.parent = Some(ParentKey {
        statement: 0,
        column: 0,
    });
    let child: Vec<SlotLayout> = vec![cell("n", 1, ValueType::Int)];
    let layout = vec![slot(
        "parents",
        rows(0, None, vec![slot("children", rows(1, Some(0), child))]),
    )];
    Arc::new(Program {
        statements: vec![parents, children],
        layout,
        keys: BTreeSet::new(),
        reads: std::collections::BTreeMap::new(),
    })
}

#[tokio::test]
async fn children_come_in_the_same_flight() {
    for database in databases("children").await {
        let program = family(&database);
        let expected =
            r#"{"parents":[{"children":[{"n":10},{"n":11}]},{"children":[{"n":20}]},{"children":[{"n":20}]}]}"#;
        assert_eq!(ask(&database, &program).await.expect("an answer"), expected);
        let before = database.counters();
        for _ in 0..12 {
            assert_eq!(ask(&database, &program).await.expect("an answer"), expected);
        }
        let after = database.counters();
        assert_eq!(
            (after.flights - before.flights, after.transactions - before.transactions),
            (12, 12),
            "{:?}",
            database.dialect()
        );
        // SQLite asks once for each distinct parent.
        let statements = if database.dialect() == Dialect::Sqlite { 3 } else { 2 };
        assert_eq!(after.statements - before.statements, 12 * statements);
    }
}

#[tokio::test]
async fn all_statements_see_one_moment() {
    let [sqlite, postgres] = databases("snapshot").await;
    let path = sqlite.sqlite_path().expect("a file").to_owned();
    let writer = rusqlite::Connection::open(path).expect("opens");
    writer
        .execute_batch("CREATE TABLE counter (n integer NOT NULL); INSERT INTO counter VALUES (0)")
        .expect("a table");
    let client = Arc::new(client().await);
    client.batch_execute("CREATE TABLE storage_snapshot.counter (n integer NOT NULL); INSERT INTO storage_snapshot.counter VALUES (0)").await.expect("a table");
    let statements = |count: usize| {
        (0..count)
            .map(|_| statement("SELECT n FROM counter", Vec::new(), &[ValueType::Int]))
            .collect()
    };
    let layout = (0..10)
        .map(|index| {
            slot(
                &format!("r{index}"),
                rows(index, None, vec![cell("n", 0, ValueType::Int)]),
            )
        })
        .collect();
    let program = Arc::new(Program {
        statements: statements(10),
        layout,
        keys: BTreeSet::new(),
        reads: std::collections::BTreeMap::new(),
    });
    let same = |answer: &str| {
        let json: serde_json::Value = serde_json::from_str(answer).expect("JSON");
        let first = json["r0"].clone();
        assert!(
            json.as_object().expect("an object").values().all(|it| *it == first),
            "{answer}"
        );
    };
    let increments = tokio::spawn({
        let client = client.clone();
        async move {
            for _ in 0..300 {
                client
                    .batch_execute("UPDATE storage_snapshot.counter SET n = n + 1")
                    .await
                    .expect("written");
            }
        }
    });
    let thread = std::thread::spawn(move || {
        for _ in 0..300 {
            writer.execute_batch("UPDATE counter SET n = n + 1").expect("written");
        }
    });
    while !increments.is_finished() || !thread.is_finished() {
        same(&ask(&postgres, &program).await.expect("an answer"));
        same(&ask(&sqlite, &program).await.expect("an answer"));
    }
    thread.join().expect("written");
}

#[tokio::test]
async fn more_requests_than_connections_wait_their_turn() {
    for database in databases("queue").await {
        let program = family(&database);
        let expected = ask(&database, &program).await.expect("an answer");
        let requests = (0..50).map(|_| {
            let (database, program) = (database.clone(), program.clone());
            tokio::spawn(async move { ask(&database, &program).await.expect("an answer") })
        });
        for request in requests.collect::<Vec<_>>() {
            assert_eq!(request.await.expect("ran"), expected);
        }
    }
}

fn slow(database: &Database, seconds: u8) -> Arc<Program> {
    let counted =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n";
    let slept = format!("SELECT count(*) FROM pg_sleep({seconds})");
    query(either(database, counted, &slept), Vec::new(), &[ValueType::BigInt])
}

#[tokio::test]
async fn a_slow_statement_ends_at_the_deadline_and_frees_its_connection() {
    for given in settings("deadline").await {
        let given = Settings {
            connections: 1,
            request_timeout: Duration::from_millis(200),
            ..given
        };
        let database = Database::open(&given).await.expect("opens");
        let quick = query("SELECT 1", Vec::new(), &[ValueType::Int]);
        for _ in 0..3 {
            let begun = Instant::now();
            let error = ask(&database, &slow(&database, 60)).await.expect_err("too slow");
            assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
            assert_eq!(error.code(), Code::Timeout);
            assert!(begun.elapsed() < Duration::from_secs(5));
            assert_eq!(
                ask(&database, &quick).await.expect("free again"),
                r#"{"rows":[{"c0":1}]}"#
            );
        }
        if given.url.starts_with("postgres") {
            let running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid() \
                           AND query NOT LIKE '%pg_stat_activity%'";
            let client = client().await;
            for attempt in 0.. {
                let count: i64 = client.query_one(running, &[]).await.expect("an answer").get(0);
                if count == 0 {
                    break;
                }
                assert!(attempt < 100, "the server still works for nobody");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

#[tokio::test]
async fn no_free_connection_is_said_in_time() {
    for given in settings("exhausted").await {
        let given = Settings {
            connections: 1,
            checkout_timeout: Duration::from_millis(50),
            request_timeout: Duration::from_secs(2),
            ..given
        };
        let database = Database::open(&given).await.expect("opens");
        let (busy, program) = (database.clone(), slow(&database, 2));
        let holder = tokio::spawn(async move { ask(&busy, &program).await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        let error = ask(&database, &query("SELECT 1", Vec::new(), &[ValueType::Int]))
            .await
            .expect_err("none is free");
        assert_eq!(error.code(), Code::Unavailable, "{error:?}");
        holder.abort();
    }
}

#[tokio::test]
async fn requests_given_up_at_any_moment_leave_nothing_behind() {
    for database in databases("given_up").await {
        let program = family(&database);
        let expected = ask(&database, &program).await.expect("an answer");
        for micros in (0..2_000).step_by(25) {
            // `Err` is the usual outcome here; what counts is the next request.
            drop(tokio::time::timeout(Duration::from_micros(micros), ask(&database, &program)).await);
            if micros % 100 == 0 {
                assert_eq!(ask(&database, &program).await.expect("an answer"), expected);
            }
        }
        let both = tokio::join!(ask(&database, &program), ask(&database, &program));
        assert_eq!(
            (both.0.expect("an answer"), both.1.expect("an answer")),
            (expected.clone(), expected)
        );
    }
}

#[tokio::test]
async fn broken_connections_are_replaced() {
    let [_, given] = settings("broken").await;
    let mark = if given.url.contains('?') { '&' } else { '?' };
    let postgres = Database::open(&Settings {
        url: format!("{}{mark}application_name=broken", given.url),
        ..given
    })
    .await
    .expect("opens");
    let program = family(&postgres);
    let expected = ask(&postgres, &program).await.expect("an answer");
    let client = client().await;
    for _ in 0..5 {
        let both = tokio::join!(ask(&postgres, &program), ask(&postgres, &program));
        assert_eq!(
            (both.0.expect("an answer"), both.1.expect("an answer")),
            (expected.clone(), expected.clone())
        );
        client
            .batch_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'broken'")
            .await
            .expect("ended");
    }
}

#[tokio::test]
async fn prepared_statements_outlive_changed_tables() {
    for database in databases("outdated").await {
        let run = async |sql: &str| match database.sqlite_path() {
            Some(path) => rusqlite::Connection::open(path)
                .expect("opens")
                .execute_batch(sql)
                .expect("ran"),
            None => client()
                .await
                .batch_execute(&format!("SET search_path = storage_outdated; {sql}"))
                .await
                .expect("ran"),
        };
        run("CREATE TABLE t (a integer); INSERT INTO t VALUES (1)").await;
        let program = query("SELECT a FROM t", Vec::new(), &[ValueType::Int]);
        for _ in 0..7 {
            ask(&database, &program).await.expect("an answer");
        }
        run("ALTER TABLE t ADD COLUMN b integer; ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN a integer")
            .await;
        assert_eq!(
            ask(&database, &program).await.expect("an answer"),
            r#"{"rows":[{"c0":null}]}"#
        );
    }
}

#[tokio::test]
async fn a_program_that_does_not_fit_its_database_is_our_bug() {
    for database in databases("misfit").await {
        let wrong_type = query(
            either(&database, "SELECT 'x'", "SELECT 'x'::text"),
            Vec::new(),
            &[ValueType::Int],
        );
        let missing = query("SELECT 1", Vec::new(), &[ValueType::Int, ValueType::Int]);
        let parameter = Parameter {
            operand: Operand::Constant(Value::Text("x".to_owned())),
            value_type: ValueType::Int,
            sealed: None,
        };
        let value = query("SELECT 1", vec![parameter], &[ValueType::Int]);
        let refused = query("SELECT nothing FROM nowhere", Vec::new(), &[ValueType::Int]);
        for program in [wrong_type, missing, value, refused] {
            let error = ask(&database, &program).await.expect_err("does not fit");
            assert_eq!(error.code(), Code::InternalServerError, "{error:?}");
        }
        // The connection is as good as before.
        ask(&database, &family(&database)).await.expect("an answer");
    }
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_named() {
    for (url, code, expected) in [
        (
            "sqlite:/nowhere/at/all.db",
            Code::InternalServerError,
            "/nowhere/at/all.db",
        ),
        ("mysql://host", Code::InternalServerError, "begins with"),
        (
            "postgres://nobody@127.0.0.1:1/nothing",
            Code::Unavailable,
            "not available",
        ),
    ] {
        let error = Database::open(&Settings::new(url, "nowhere"))
            .await
            .expect_err("leads nowhere");
        assert_eq!(error.code(), code, "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn sqlite_readers_cannot_write() {
    let [sqlite, _] = databases("readers").await;
    let error = ask(&sqlite, &query("CREATE TABLE t (a) RETURNING 1", Vec::new(), &[])).await;
    assert!(error.is_err());
    let path = sqlite.sqlite_path().expect("a file").to_owned();
    assert!(path.exists());
    drop(sqlite);
    assert!(!path.exists(), "a temporary database goes with its owner");
}

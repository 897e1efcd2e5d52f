//! Both databases, fresh, and programs written by hand.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use freehold_base::{Caller, Clock, Timestamp, ValueType};
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_planner::plan::Output;
use freehold_schema::catalog::Catalog;
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::seed::Seed;
use freehold_schema::source::{SourceFile, Sources};
use freehold_storage::layout::{ListLayout, ListShape, PageLayout, SlotKind, SlotLayout};
use freehold_storage::program::{Dialect, Parameter, Program, Statement};
use freehold_storage::{Binder, Database, Result, Settings};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A moment, always the same.
pub struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp(1_800_000_000_000_000)
    }
}

/// The server of `cargo xtask test`.
#[expect(
    clippy::disallowed_methods,
    reason = "tests learn of their server from the one who starts it"
)]
pub fn postgres_url() -> String {
    std::env::var("FREEHOLD_TEST_POSTGRES").expect("FREEHOLD_TEST_POSTGRES is not set: run `cargo xtask test`")
}

/// Settings of both databases; the schema `name` is dropped first.
pub async fn settings(name: &str) -> [Settings; 2] {
    let schema = format!("storage_{name}");
    let sqlite = Settings::new("sqlite::memory:", &schema);
    let postgres = Settings::new(postgres_url(), &schema);
    drop_schema(&schema).await;
    [sqlite, postgres].map(|settings| Settings {
        connections: 2,
        checkout_timeout: Duration::from_millis(500),
        ..settings
    })
}

/// Both databases, empty.
pub async fn databases(name: &str) -> [Database; 2] {
    let [sqlite, postgres] = settings(name).await;
    [
        Database::open(&sqlite).await.expect("SQLite opens"),
        Database::open(&postgres).await.expect("PostgreSQL opens"),
    ]
}

/// A connection of the test's own.
pub async fn client() -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&postgres_url(), tokio_postgres::NoTls)
        .await
        .expect("PostgreSQL answers");
    tokio::spawn(connection);
    client
}

pub async fn drop_schema(schema: &str) {
    client()
        .await
        .batch_execute(&format!(
            "SET client_min_messages = warning; DROP SCHEMA IF EXISTS {schema} CASCADE"
        ))
        .await
        .expect("the schema goes");
}

fn sources(name: &str, text: &str) -> Sources {
    Sources::new(vec![SourceFile {
        name: name.to_owned(),
        text: text.to_owned(),
    }])
}

/// The catalog of a model.
pub fn catalog(model: &str) -> Catalog {
    let compiled = freehold_schema::compile(&sources("app.yaml", model));
    compiled
        .catalog
        .unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics))
}

/// Development data.
pub fn seed(catalog: &Catalog, text: &str) -> Seed {
    let mut diagnostics = Diagnostics::default();
    let seed = freehold_schema::seed::resolve(&sources("seed.yaml", text), catalog, &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{diagnostics:#?}");
    seed
}

/// A statement without parent.
pub fn statement(sql: &str, parameters: Vec<Parameter>, columns: &[ValueType]) -> Statement {
    Statement {
        sql: sql.to_owned(),
        parameters,
        columns: columns.to_vec(),
        parent: None,
    }
}

/// A slot.
pub fn slot(key: &str, kind: SlotKind) -> SlotLayout {
    SlotLayout {
        key: format!("\"{key}\":").into_bytes(),
        kind,
    }
}

/// The slot of a cell.
pub fn cell(key: &str, column: usize, value_type: ValueType) -> SlotLayout {
    slot(
        key,
        SlotKind::Cell {
            column,
            output: Output::Plain(value_type),
        },
    )
}

/// A bare list of all rows of a statement.
pub fn rows(statement: usize, parent_key: Option<usize>, slots: Vec<SlotLayout>) -> SlotKind {
    let page = PageLayout {
        statement,
        limit: 1_000_000,
        backward: false,
        continued: false,
        cursor_columns: Vec::new(),
        cursor_binding: Vec::new(),
    };
    SlotKind::Many(ListLayout {
        parent_key,
        page: Some(page),
        totals: None,
        shape: ListShape::Rows(slots),
    })
}

/// A program of one statement whose cells are written as `c0`, `c1` …
pub fn query(sql: &str, parameters: Vec<Parameter>, columns: &[ValueType]) -> Arc<Program> {
    let slots = columns
        .iter()
        .enumerate()
        .map(|(index, value_type)| cell(&format!("c{index}"), index, *value_type))
        .collect();
    Arc::new(Program {
        statements: vec![statement(sql, parameters, columns)],
        layout: vec![slot("rows", rows(0, None, slots))],
        keys: BTreeSet::new(),
        reads: std::collections::BTreeMap::new(),
    })
}

/// The text of an answer to nobody in particular.
pub async fn ask(database: &Database, program: &Arc<Program>) -> Result<String> {
    let catalog = catalog(
        "app: t\nsecurity: open\nentities: {thing: {access: open, public: false, fields: {name: {type: text}}}}",
    );
    let caller = Caller::anonymous(None, Timestamp(0));
    let variables = serde_json::Map::new();
    let binder = Binder {
        catalog: &catalog,
        caller: &caller,
        variables: &variables,
        written: None,
        cipher: None,
    };
    let bytes = database.run(program, &binder, &Sealer::new([1; KEY_BYTES])).await?;
    Ok(String::from_utf8(bytes).expect("UTF-8"))
}

/// The first text for SQLite, the second for PostgreSQL.
pub fn either<'a>(database: &Database, sqlite: &'a str, postgres: &'a str) -> &'a str {
    match database.dialect() {
        Dialect::Sqlite => sqlite,
        Dialect::Postgres => postgres,
    }
}

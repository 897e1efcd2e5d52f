//! A small app's tables, for the tests of this room.

use crate::{Address, Cost, Directory, Lockout, MembershipField, Passwords, SessionSpans, Tenancy, set_password};
use freehold_base::{Clock, RowId, Timestamp, ValueType};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A clock that goes when told.
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(1_800_000_000_000_000))
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

pub(crate) struct World {
    pub(crate) database: DatabaseConnection,
    pub(crate) directory: Directory,
    pub(crate) passwords: Passwords,
    pub(crate) clock: TestClock,
}

pub(crate) fn id(number: u8) -> RowId {
    RowId::from_bytes([number; 16])
}

/// Ann (1) is an agent at Acme (11), Bo (2) a requester at Acme and blocked at Globex (12), Cy (3) a member of both, Di (4) blocked.
/// All have the password `secret`. On PostgreSQL too, in a schema of its own, when `FREEHOLD_TEST_POSTGRES` has a URL.
pub(crate) async fn worlds(name: &str) -> Vec<World> {
    let mut found = vec![world("sqlite::memory:", None).await];
    if let Some(url) = std::env::var_os("FREEHOLD_TEST_POSTGRES") {
        found.push(world(&url.into_string().unwrap(), Some(&format!("auth_{name}"))).await);
    }
    found
}

async fn world(url: &str, schema: Option<&str>) -> World {
    let mut options = ConnectOptions::new(url);
    options.max_connections(if schema.is_some() { 4 } else { 1 });
    if let Some(schema) = schema {
        let plain = Database::connect(url).await.unwrap();
        plain
            .execute_unprepared(&format!(
                "DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"
            ))
            .await
            .unwrap();
        options.set_schema_search_path(schema);
    }
    let database = Database::connect(options).await.unwrap();
    freehold_migrations::migrate(&database).await.unwrap();
    let postgres = database.get_database_backend() == DbBackend::Postgres;
    let tables = "CREATE TABLE \"user\" (id uuid PRIMARY KEY, email text, name text, profile text, status text);
        CREATE TABLE organisation (id uuid PRIMARY KEY, slug text, name text);
        CREATE TABLE membership (id uuid PRIMARY KEY, tenant_id uuid, user_id uuid, roles text[], status text,
            on_call bool, started_at date, wakes_at time, seen_at timestamptz, rate numeric, note jsonb, score float8)";
    let tables = if postgres {
        tables.to_owned()
    } else {
        [
            ("uuid", "BLOB"),
            ("text[]", "TEXT"),
            ("bool", "INTEGER"),
            (" date", " TEXT"),
            (" time,", " TEXT,"),
        ]
        .into_iter()
        .chain([
            ("timestamptz", "INTEGER"),
            ("numeric", "TEXT"),
            ("jsonb", "TEXT"),
            ("float8", "REAL"),
        ])
        .fold(tables.to_owned(), |sql, (from, to)| sql.replace(from, to))
    };
    database.execute_unprepared(&tables).await.unwrap();
    let uuid = |number: u8| {
        if postgres {
            format!("'{}'", id(number))
        } else {
            format!("x'{}'", id(number).uuid().simple())
        }
    };
    let roles = |names: &str| {
        if postgres {
            format!("'{{{names}}}'")
        } else {
            format!("'[\"{}\"]'", names.replace(',', "\",\""))
        }
    };
    let people = [
        (1, "ann", "'staff'", "active"),
        (2, "bo", "NULL", "active"),
        (3, "cy", "NULL", "active"),
        (4, "di", "NULL", "blocked"),
    ];
    for (number, name, profile, status) in people {
        let sql = format!(
            "INSERT INTO \"user\" VALUES ({}, '{name}@x.test', '{name}', {profile}, '{status}')",
            uuid(number)
        );
        database.execute_unprepared(&sql).await.unwrap();
    }
    for (number, slug) in [(11, "acme"), (12, "globex")] {
        let sql = format!(
            "INSERT INTO organisation VALUES ({}, '{slug}', 'The {slug}')",
            uuid(number)
        );
        database.execute_unprepared(&sql).await.unwrap();
    }
    let members = [
        (21, 11, 1, "lead,agent", "active"),
        (22, 11, 2, "requester", "active"),
        (23, 12, 2, "lead", "blocked"),
    ];
    for (number, tenant, user, names, status) in members
        .into_iter()
        .chain([(24, 11, 3, "lead", "active"), (25, 12, 3, "agent", "active")])
    {
        let seen = if postgres {
            "'1970-01-01T00:00:01.5Z'"
        } else {
            "1500000"
        };
        let sql = format!(
            "INSERT INTO membership VALUES ({}, {}, {}, {}, '{status}', {}, '1970-01-03', '00:00:02', {seen}, '84.50', '{{\"a\": 1}}', 0.5)",
            uuid(number),
            uuid(tenant),
            uuid(user),
            roles(names),
            if postgres { "true" } else { "1" },
        );
        database.execute_unprepared(&sql).await.unwrap();
    }
    let passwords = Passwords::new(Cost::Demo, 2, &mut rand::rng()).unwrap();
    let clock = TestClock::new();
    let phc = passwords.hash("secret", &mut rand::rng()).unwrap();
    for number in 1..=4 {
        set_password(&database, id(number), phc.clone(), Address::Shown, clock.now())
            .await
            .unwrap();
    }
    World {
        database,
        directory: directory(),
        passwords,
        clock,
    }
}

fn directory() -> Directory {
    let types = [
        ("on_call", ValueType::Boolean),
        ("started_at", ValueType::Date),
        ("wakes_at", ValueType::Time),
        ("seen_at", ValueType::DateTime),
        ("rate", ValueType::Decimal),
        ("note", ValueType::Json),
        ("score", ValueType::Float),
        ("roles", ValueType::TextList),
    ];
    let field = |(name, value_type): (&str, ValueType)| MembershipField {
        name: name.into(),
        column: name.into(),
        value_type,
    };
    Directory {
        version: "1".into(),
        anonymous_profile: Some("visitor".into()),
        default_profile: Some("member".into()),
        user_roles: None,
        lockout: Some(Lockout {
            failures_max: 3,
            block: Duration::from_mins(10),
        }),
        strong_roles: Vec::new(),
        sessions: SessionSpans::default(),
        verify_email: false,
        tenancy: Some(Tenancy {
            tenants: "organisation".into(),
            slug: Some("slug".into()),
            name: Some("name".into()),
            memberships: "membership".into(),
            user: "user_id".into(),
            roles: "roles".into(),
            status: "status".into(),
            fields: types.into_iter().map(field).collect(),
        }),
    }
}

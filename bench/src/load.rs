//! Puts the data into tables that Freehold has made, past Freehold: a benchmark may.

use crate::data::{Caller, Cell, Rows, Size, Tags, tenant};
use crate::failure::{During, Failure, Outcome};
use crate::progress;
use bytes::Bytes;
use futures_util::SinkExt;
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};
use std::fmt::Write;
use std::path::Path;
use std::pin::pin;
use tokio_postgres::{Client, NoTls};

/// The schema in which Freehold keeps an environment, unless told otherwise.
pub(crate) const SCHEMA: &str = "freehold";
/// The demo person whose password all callers get.
pub(crate) const DEMO_EMAIL: &str = "eve@acme.test";
/// Bytes of one message of a COPY.
const COPY_BYTES: usize = 64 << 10;

/// Fills PostgreSQL; gives the people who may ask.
pub(crate) async fn postgres(url: &str, size: Size) -> Outcome<Vec<Caller>> {
    let mut client = connect(url).await?;
    // Foreign keys hold by construction. Only a superuser may skip their checks.
    let _ = client.batch_execute("SET session_replication_role = replica").await;
    let mut tags = Vec::new();
    for row in client.query("SELECT name, tag::int FROM fh_entity", &[]).await? {
        tags.push((row.try_get(0)?, row.try_get(1)?));
    }
    let tags = read_tags(&tags)?;
    let mut callers = Vec::new();
    for number in 0..size.tenants {
        let tenant = tenant(number, tags);
        let transaction = client.transaction().await?;
        for rows in &tenant.tables {
            let columns = rows.columns.join(", ");
            let sql = format!("COPY \"{}\" ({columns}) FROM STDIN", rows.table);
            let mut sink = pin!(transaction.copy_in::<_, Bytes>(&sql).await?);
            let mut text = String::with_capacity(2 * COPY_BYTES);
            for row in &rows.cells {
                push_copied(&mut text, row)?;
                if text.len() >= COPY_BYTES {
                    sink.feed(Bytes::from(std::mem::take(&mut text))).await?;
                }
            }
            sink.feed(Bytes::from(text)).await?;
            sink.as_mut().finish().await.during(rows.table)?;
        }
        transaction.commit().await?;
        callers.extend(tenant.caller);
        progress::loaded(number + 1, size.tenants);
    }
    for caller in &callers {
        let sql = "INSERT INTO fh_credential (user_id, password_hash, failures, changed_at) \
             SELECT $1, c.password_hash, 0, c.changed_at FROM fh_credential c JOIN \"user\" u ON u.id = c.user_id WHERE u.email = $2";
        client.execute(sql, &[&caller.user, &DEMO_EMAIL]).await?;
    }
    client.batch_execute("VACUUM ANALYZE").await?;
    Ok(callers)
}

/// Fills a SQLite file; gives the people who may ask.
pub(crate) fn sqlite(file: &Path, size: Size) -> Outcome<Vec<Caller>> {
    let mut connection = Connection::open(file)?;
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "synchronous", "off")?;
    connection.pragma_update(None, "cache_size", -200_000)?;
    register_collation(&connection)?;
    let mut tags = Vec::new();
    {
        let mut statement = connection.prepare("SELECT name, tag FROM fh_entity")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            tags.push((row.get(0)?, row.get(1)?));
        }
    }
    let tags = read_tags(&tags)?;
    let mut callers = Vec::new();
    let transaction = connection.transaction()?;
    for number in 0..size.tenants {
        let tenant = tenant(number, tags);
        for rows in &tenant.tables {
            let mut insert = transaction.prepare_cached(&insertion(rows))?;
            for row in &rows.cells {
                insert.execute(params_from_iter(row.iter().map(to_sqlite)))?;
            }
        }
        callers.extend(tenant.caller);
        progress::loaded(number + 1, size.tenants);
    }
    for caller in &callers {
        let sql = "INSERT INTO fh_credential (user_id, password_hash, failures, changed_at) \
             SELECT ?1, c.password_hash, 0, c.changed_at FROM fh_credential c JOIN \"user\" u ON u.id = c.user_id WHERE u.email = ?2";
        transaction.execute(sql, params![caller.user.bytes(), DEMO_EMAIL])?;
    }
    transaction.commit()?;
    connection.execute_batch("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(callers)
}

/// Connects to an environment's schema.
pub(crate) async fn connect(url: &str) -> Outcome<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .during("PostgreSQL does not answer")?;
    // Its end is told by the client's next statement.
    tokio::spawn(connection);
    client
        .batch_execute(&format!("SET search_path = {SCHEMA}; SET timezone = 'UTC'"))
        .await?;
    Ok(client)
}

/// Freehold's order of decimals, which the tables name. Nothing here compares decimals in SQLite, so any order will do.
pub(crate) fn register_collation(connection: &Connection) -> Outcome<()> {
    connection.create_collation("fh_decimal", |left: &str, right: &str| left.cmp(right))?;
    Ok(())
}

fn read_tags(found: &[(String, i32)]) -> Outcome<Tags> {
    let tag = |name: &str| {
        let found = found.iter().find(|(entity, _)| entity == name);
        found
            .and_then(|(_, tag)| u16::try_from(*tag).ok())
            .ok_or_else(|| Failure::new(format!("the environment has no entity `{name}`")))
    };
    Ok(Tags {
        organisation: tag("organisation")?,
        user: tag("user")?,
        membership: tag("membership")?,
        team: tag("team")?,
        team_member: tag("team_member")?,
        ticket: tag("ticket")?,
        comment: tag("comment")?,
    })
}

/// A line of COPY's text format. No text here holds a backslash, a tab or a line's end.
fn push_copied(out: &mut String, row: &[Cell]) -> Outcome<()> {
    for (index, cell) in row.iter().enumerate() {
        if index > 0 {
            out.push('\t');
        }
        match cell {
            Cell::Null => out.push_str("\\N"),
            Cell::Id(id) => write!(out, "{id}")?,
            Cell::Int(number) => write!(out, "{number}")?,
            Cell::Flag(flag) => out.push(if *flag { 't' } else { 'f' }),
            Cell::Text(text) | Cell::Decimal(text) => out.push_str(text),
            Cell::List(values) => write!(out, "{{{}}}", values.join(","))?,
            Cell::Date(date) => write!(out, "{date}")?,
            Cell::Moment(at_s) => write!(
                out,
                "{}",
                chrono::DateTime::from_timestamp(*at_s, 0).unwrap_or_default()
            )?,
        }
    }
    out.push('\n');
    Ok(())
}

fn insertion(rows: &Rows) -> String {
    let places: Vec<String> = (1..=rows.columns.len()).map(|index| format!("?{index}")).collect();
    format!(
        "INSERT INTO \"{}\" ({}) VALUES ({})",
        rows.table,
        rows.columns.join(", "),
        places.join(", ")
    )
}

/// As Freehold keeps it: ids as bytes, moments in microseconds, lists as JSON.
fn to_sqlite(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Id(id) => Value::Blob(id.bytes().to_vec()),
        Cell::Int(number) => Value::Integer(*number),
        Cell::Flag(flag) => Value::Integer(i64::from(*flag)),
        Cell::Text(text) | Cell::Decimal(text) => Value::Text(text.clone()),
        Cell::List(values) => Value::Text(serde_json::Value::from(values.clone()).to_string()),
        Cell::Date(date) => Value::Text(date.to_string()),
        Cell::Moment(at_s) => Value::Integer(at_s * 1_000_000),
    }
}

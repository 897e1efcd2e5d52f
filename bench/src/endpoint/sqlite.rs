//! The endpoint on SQLite: a read connection for each worker, used on the worker's own thread; one writer for all.

use super::{Asked, Ids, Who, now, push_count, push_page};
use crate::failure::Outcome;
use crate::load::register_collation;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, Params, params};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The connections of one worker.
pub(super) struct Store {
    reader: Connection,
    writer: Writer,
    ids: Ids,
}

/// The only connection that writes.
#[derive(Clone)]
pub(super) struct Writer(Arc<Mutex<Connection>>);

/// Which tickets an agent may read; see the same condition for PostgreSQL. `?1` is the tenant, `?2` the user.
macro_rules! readable {
    () => {
        "t.tenant_id = ?1 AND (t.team_id IN (SELECT m.team_id FROM team_member m WHERE m.tenant_id = ?1 AND m.member_id = ?2) \
         OR t.owner_id = ?2 OR t.requester_id = ?2 OR (t.priority = 'urgent' AND EXISTS (SELECT 1 FROM membership m \
         WHERE m.tenant_id = ?1 AND m.user_id = ?2 AND m.on_call AND m.status = 'active')))"
    };
}

/// A ticket in a list, as an object. Ids are hexadecimal without hyphens and moments are numbers, which is cheaper.
macro_rules! listed {
    () => {
        "'id', lower(hex(t.id)), 'subject', t.subject, 'status', t.status, 'priority', t.priority, 'tags', json(t.tags), \
         'due', t.due, 'hours', t.hours, 'createdAt', t.created_at"
    };
}

macro_rules! columns {
    () => {
        "t.id, t.subject, t.status, t.priority, t.tags, t.due, t.hours, t.created_at"
    };
}

const ROW: &str = concat!(
    "SELECT json_object(",
    listed!(),
    ", 'team', CASE WHEN g.id IS NOT NULL THEN json_object('name', g.name) END, \
     'requester', CASE WHEN u.id IS NOT NULL THEN json_object('name', u.name) END) \
     FROM ticket t LEFT JOIN team g ON g.tenant_id = ?1 AND g.id = t.team_id \
     LEFT JOIN membership a ON a.tenant_id = ?1 AND a.user_id = t.requester_id AND a.status = 'active' \
     LEFT JOIN \"user\" u ON u.id = a.user_id WHERE t.id = ?3 AND ",
    readable!()
);

const LIST: &str = concat!(
    "SELECT json_group_array(json_object(",
    listed!(),
    ")) FROM (SELECT ",
    columns!(),
    " FROM ticket t WHERE t.status = ?3 AND t.created_at < ?4 AND ",
    readable!(),
    " ORDER BY t.created_at DESC, t.id DESC LIMIT 50) t"
);

const NESTED: &str = concat!(
    "SELECT json_group_array(json_object('id', lower(hex(u.id)), 'name', u.name, 'tickets', (\
     SELECT json_group_array(json_object('id', lower(hex(t.id)), 'subject', t.subject, 'status', t.status, 'createdAt', t.created_at, \
     'comments', (SELECT json_group_array(json_object('id', lower(hex(c.id)), 'body', c.body, 'createdAt', c.created_at, \
     'owner', CASE WHEN c.name IS NOT NULL THEN json_object('name', c.name) END)) FROM (\
     SELECT c.id, c.body, c.created_at, o.name FROM comment c \
     LEFT JOIN membership b ON b.tenant_id = ?1 AND b.user_id = c.owner_id AND b.status = 'active' \
     LEFT JOIN \"user\" o ON o.id = b.user_id WHERE c.tenant_id = ?1 AND c.ticket_id = t.id ORDER BY c.id LIMIT 5) c))) \
     FROM (SELECT t.id, t.subject, t.status, t.created_at FROM ticket t WHERE t.requester_id = u.id AND t.created_at >= ?4 AND ",
    readable!(),
    " ORDER BY t.created_at DESC, t.id DESC LIMIT 10) t))) FROM (\
     SELECT u.id, u.name FROM membership a JOIN \"user\" u ON u.id = a.user_id \
     WHERE a.tenant_id = ?1 AND a.status = 'active' AND u.name >= ?3 ORDER BY u.name, u.id LIMIT 20) u"
);

const COUNT: &str = concat!(
    "SELECT count(*) FROM ticket t WHERE t.status IN (?3, ?4) AND t.priority = ?5 AND t.due < ?6 AND ",
    readable!()
);

const TOTAL: &str = concat!(
    "SELECT count(*) FROM ticket t WHERE t.status IN (?3, ?4) AND t.created_at >= ?5 AND ",
    readable!()
);

const PAGE: &str = concat!(
    "SELECT json_group_array(json_object(",
    listed!(),
    ")) FROM (SELECT ",
    columns!(),
    " FROM ticket t WHERE t.status IN (?3, ?4) AND t.created_at >= ?5 AND ",
    readable!(),
    " ORDER BY t.created_at DESC, t.id DESC LIMIT 20) t"
);

const CREATE: &str = "INSERT INTO ticket (id, version, created_at, updated_at, owner_id, created_by_id, updated_by_id, \
     tenant_id, subject, status, priority, tags, team_id, requester_id, due) \
     SELECT ?3, 1, ?10, ?10, ?2, ?2, ?2, ?1, ?4, 'new', ?5, json_array(?6), g.id, ?8, ?9 FROM team g \
     WHERE g.tenant_id = ?1 AND g.id = ?7 AND EXISTS (SELECT 1 FROM membership m \
     WHERE m.tenant_id = ?1 AND m.user_id = ?8 AND m.status = 'active') \
     RETURNING json_object('id', lower(hex(id)), 'subject', subject, 'status', status, 'priority', priority, 'tags', json(tags), \
     'due', due, 'createdAt', created_at)";

/// Only the team and the owner may change a ticket, and it keeps a team.
const UPDATE: &str = "UPDATE ticket AS t SET priority = ?4, due = ?5, version = version + 1, updated_at = ?6, updated_by_id = ?2 \
     WHERE t.tenant_id = ?1 AND t.id = ?3 AND t.team_id IS NOT NULL AND (t.owner_id = ?2 OR t.team_id IN (\
     SELECT m.team_id FROM team_member m WHERE m.tenant_id = ?1 AND m.member_id = ?2)) \
     RETURNING json_object('id', lower(hex(id)), 'priority', priority, 'due', due, 'version', version)";

impl Writer {
    /// Opens it.
    pub(super) fn open(file: &str) -> Outcome<Self> {
        Ok(Self(Arc::new(Mutex::new(open(file)?))))
    }
}

impl Store {
    /// Opens the reader of a worker.
    pub(super) fn open(file: &str, writer: Writer) -> Outcome<Self> {
        let reader = open(file)?;
        let tag = reader.query_row("SELECT tag FROM fh_entity WHERE name = 'ticket'", [], |row| row.get(0))?;
        Ok(Self {
            reader,
            writer,
            ids: Ids::new(tag),
        })
    }

    /// Answers into `body`. It blocks its worker, which costs less than a thread beside it.
    pub(super) fn run(&self, who: Who, asked: &Asked, body: &mut Vec<u8>) -> Outcome<()> {
        let (tenant, user) = (who.tenant.bytes(), who.user.bytes());
        match asked {
            Asked::Row(asked) => one(&self.reader, ROW, params![tenant, user, asked.id.as_bytes()], body),
            Asked::List(asked) => {
                let before = asked.before_s * 1_000_000;
                one(&self.reader, LIST, params![tenant, user, asked.status, before], body)
            }
            Asked::Nested(asked) => {
                let since = asked.since_s * 1_000_000;
                one(&self.reader, NESTED, params![tenant, user, asked.from, since], body)
            }
            Asked::Count(asked) => {
                let values = params![tenant, user, asked.first, asked.second, asked.priority, asked.due];
                let count = self.reader.prepare_cached(COUNT)?.query_row(values, |row| row.get(0))?;
                push_count(body, count)
            }
            Asked::Page(asked) => {
                let since = asked.since_s * 1_000_000;
                let values = params![tenant, user, asked.first, asked.second, since];
                // One snapshot for both.
                let snapshot = self.reader.unchecked_transaction()?;
                let total = snapshot.prepare_cached(TOTAL)?.query_row(values, |row| row.get(0))?;
                let mut page = snapshot.prepare_cached(PAGE)?;
                let mut rows = page.query(values)?;
                let nodes = rows.next()?.map(|row| Ok(row.get_ref(0)?.as_str()?)).transpose();
                push_page(
                    body,
                    total,
                    nodes.map_err(|error: rusqlite::Error| error)?.unwrap_or("[]"),
                )
            }
            Asked::Create(asked) => {
                let id = self.ids.next();
                let at = now().as_micros() as i64;
                let writer = self.writer.0.lock().unwrap_or_else(PoisonError::into_inner);
                let values = params![
                    tenant,
                    user,
                    id.bytes(),
                    asked.subject,
                    asked.priority,
                    asked.tag,
                    asked.team.as_bytes(),
                    asked.requester.as_bytes(),
                    asked.due,
                    at
                ];
                one(&writer, CREATE, values, body)
            }
            Asked::Update(asked) => {
                let at = now().as_micros() as i64;
                let writer = self.writer.0.lock().unwrap_or_else(PoisonError::into_inner);
                let values = params![tenant, user, asked.id.as_bytes(), asked.priority, asked.due, at];
                one(&writer, UPDATE, values, body)
            }
        }
    }
}

/// The JSON of the only row, or null.
fn one(connection: &Connection, sql: &str, values: impl Params, body: &mut Vec<u8>) -> Outcome<()> {
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement
        .query_row(values, |row| {
            body.extend_from_slice(row.get_ref(0)?.as_bytes()?);
            Ok(())
        })
        .optional()?;
    if found.is_none() {
        body.extend_from_slice(b"null");
    }
    Ok(())
}

/// As Freehold opens it: what was acknowledged is there after a power cut, and plans do not depend on bound values.
fn open(file: &str) -> Outcome<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    register_collation(&connection)?;
    Ok(connection)
}

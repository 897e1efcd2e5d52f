//! The endpoint on PostgreSQL: an exclusive connection for each request, its statements prepared once.

use super::{Asked, Ids, Who, push_count, push_page};
use crate::failure::{Failure, Outcome};
use crate::id::{Id, Moment};
use crate::load::connect;
use std::cell::RefCell;
use tokio::sync::Semaphore;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

/// The connections of one worker, driven by its own thread.
pub(super) struct Store {
    permits: Semaphore,
    idle: RefCell<Vec<Connection>>,
    ids: Ids,
}

struct Connection {
    client: Client,
    row: Statement,
    list: Statement,
    nested: Statement,
    count: Statement,
    page: Statement,
    create: Statement,
    update: Statement,
}

/// Which tickets an agent may read: those of the agent's teams, those owned or asked for, and urgent ones when on call.
/// `$1` is the tenant, `$2` the user. What depends on the caller alone is looked up once a statement. Of the two ways to ask for the
/// teams the first is quicker for one row, and the second for many: it leaves the filter's own index to PostgreSQL.
macro_rules! readable {
    (one) => {
        readable!(
            "t.team_id = ANY (ARRAY(SELECT m.team_id FROM team_member m WHERE m.tenant_id = $1 AND m.member_id = $2))"
        )
    };
    (many) => {
        readable!("t.team_id IN (SELECT m.team_id FROM team_member m WHERE m.tenant_id = $1 AND m.member_id = $2)")
    };
    ($of_a_team:literal) => {
        concat!(
            "t.tenant_id = $1 AND (",
            $of_a_team,
            " OR t.owner_id = $2 OR t.requester_id = $2 OR (t.priority = 'urgent' AND EXISTS (SELECT FROM membership m \
             WHERE m.tenant_id = $1 AND m.user_id = $2 AND m.on_call AND m.status = 'active')))"
        )
    };
}

/// Columns of a ticket in a list.
macro_rules! listed {
    () => {
        "t.id, t.subject, t.status, t.priority, t.tags, t.due, t.hours, t.created_at AS \"createdAt\""
    };
}

const ROW: &str = concat!(
    "SELECT row_to_json(r)::text FROM (SELECT ",
    listed!(),
    ", CASE WHEN g.id IS NOT NULL THEN json_build_object('name', g.name) END AS team, \
     CASE WHEN u.id IS NOT NULL THEN json_build_object('name', u.name) END AS requester \
     FROM ticket t LEFT JOIN team g ON g.tenant_id = $1 AND g.id = t.team_id \
     LEFT JOIN membership a ON a.tenant_id = $1 AND a.user_id = t.requester_id AND a.status = 'active' \
     LEFT JOIN \"user\" u ON u.id = a.user_id WHERE t.id = $3 AND ",
    readable!(one),
    ") r"
);

const LIST: &str = concat!(
    "SELECT coalesce(json_agg(r), '[]')::text FROM (SELECT ",
    listed!(),
    " FROM ticket t WHERE t.status = $3 AND t.created_at < $4 AND ",
    readable!(many),
    " ORDER BY t.created_at DESC, t.id DESC LIMIT 50) r"
);

/// `OFFSET 0` keeps PostgreSQL from reading all users of all tenants.
const NESTED: &str = concat!(
    "SELECT coalesce(json_agg(r), '[]')::text FROM (SELECT u.id, u.name, (SELECT coalesce(json_agg(t), '[]') FROM (\
     SELECT t.id, t.subject, t.status, t.created_at AS \"createdAt\", (SELECT coalesce(json_agg(c), '[]') FROM (\
     SELECT c.id, c.body, c.created_at AS \"createdAt\", CASE WHEN o.id IS NOT NULL THEN json_build_object('name', o.name) END AS owner \
     FROM comment c LEFT JOIN membership b ON b.tenant_id = $1 AND b.user_id = c.owner_id AND b.status = 'active' \
     LEFT JOIN \"user\" o ON o.id = b.user_id WHERE c.tenant_id = $1 AND c.ticket_id = t.id ORDER BY c.id LIMIT 5) c) AS comments \
     FROM ticket t WHERE t.requester_id = u.id AND t.created_at >= $4 AND ",
    readable!(many),
    " ORDER BY t.created_at DESC, t.id DESC LIMIT 10) t) AS tickets \
     FROM membership a JOIN LATERAL (SELECT u.id, u.name FROM \"user\" u WHERE u.id = a.user_id AND u.name >= $3 OFFSET 0) u ON TRUE \
     WHERE a.tenant_id = $1 AND a.status = 'active' ORDER BY u.name, u.id LIMIT 20) r"
);

const COUNT: &str = concat!(
    "SELECT count(*) FROM ticket t WHERE t.status IN ($3, $4) AND t.priority = $5 AND t.due < $6::text::date AND ",
    readable!(many)
);

const PAGE: &str = concat!(
    "WITH found AS MATERIALIZED (SELECT ",
    listed!(),
    " FROM ticket t WHERE t.status IN ($3, $4) AND t.created_at >= $5 AND ",
    readable!(many),
    ") SELECT (SELECT count(*) FROM found), (SELECT coalesce(json_agg(r), '[]')::text \
     FROM (SELECT * FROM found t ORDER BY t.\"createdAt\" DESC, t.id DESC LIMIT 20) r)"
);

const CREATE: &str = "WITH t AS (INSERT INTO ticket (id, version, created_at, updated_at, owner_id, created_by_id, updated_by_id, \
     tenant_id, subject, status, priority, tags, team_id, requester_id, due) \
     SELECT $3, 1, now(), now(), $2, $2, $2, $1, $4, 'new', $5, ARRAY[$6], g.id, $8, $9::text::date FROM team g \
     WHERE g.tenant_id = $1 AND g.id = $7 AND EXISTS (SELECT FROM membership m \
     WHERE m.tenant_id = $1 AND m.user_id = $8 AND m.status = 'active') RETURNING *) \
     SELECT row_to_json(r)::text FROM (SELECT t.id, t.subject, t.status, t.priority, t.tags, t.due, t.created_at AS \"createdAt\" FROM t) r";

/// Only the team and the owner may change a ticket, and it keeps a team.
const UPDATE: &str = "WITH t AS (UPDATE ticket t SET priority = $4, due = $5::text::date, version = t.version + 1, updated_at = now(), \
     updated_by_id = $2 WHERE t.tenant_id = $1 AND t.id = $3 AND t.team_id IS NOT NULL AND (t.owner_id = $2 OR t.team_id = ANY (ARRAY(\
     SELECT m.team_id FROM team_member m WHERE m.tenant_id = $1 AND m.member_id = $2))) RETURNING *) \
     SELECT row_to_json(r)::text FROM (SELECT t.id, t.priority, t.due, t.version FROM t) r";

impl Store {
    /// Opens that many connections, and prepares all statements on each.
    pub(super) async fn open(url: &str, connections: usize) -> Outcome<Self> {
        let mut idle = Vec::with_capacity(connections);
        for _ in 0..connections {
            idle.push(Connection::open(url).await?);
        }
        let client = connect(url).await?;
        let tag = client
            .query_one("SELECT tag::int FROM fh_entity WHERE name = 'ticket'", &[])
            .await?;
        Ok(Self {
            permits: Semaphore::new(connections),
            idle: RefCell::new(idle),
            ids: Ids::new(tag.try_get(0)?),
        })
    }

    /// Answers into `body`.
    pub(super) async fn run(&self, who: Who, asked: &Asked, body: &mut Vec<u8>) -> Outcome<()> {
        let permit = self.permits.acquire().await?;
        let connection = self.idle.borrow_mut().pop();
        let connection = connection.ok_or_else(|| Failure::new("no free connection"))?;
        let outcome = self.ask(&connection, who, asked, body).await;
        self.idle.borrow_mut().push(connection);
        drop(permit);
        outcome
    }

    async fn ask(&self, connection: &Connection, who: Who, asked: &Asked, body: &mut Vec<u8>) -> Outcome<()> {
        let client = &connection.client;
        let Who { user, tenant } = who;
        match asked {
            Asked::Row(asked) => one(client, &connection.row, &[&tenant, &user, &Id(asked.id)], body).await,
            Asked::List(asked) => {
                let before = Moment(asked.before_s);
                one(
                    client,
                    &connection.list,
                    &[&tenant, &user, &asked.status, &before],
                    body,
                )
                .await
            }
            Asked::Nested(asked) => {
                let since = Moment(asked.since_s);
                one(client, &connection.nested, &[&tenant, &user, &asked.from, &since], body).await
            }
            Asked::Count(asked) => {
                let values: [&(dyn ToSql + Sync); 6] =
                    [&tenant, &user, &asked.first, &asked.second, &asked.priority, &asked.due];
                let row = client.query_one(&connection.count, &values).await?;
                push_count(body, row.try_get(0)?)
            }
            Asked::Page(asked) => {
                let since = Moment(asked.since_s);
                let values: [&(dyn ToSql + Sync); 5] = [&tenant, &user, &asked.first, &asked.second, &since];
                let row = client.query_one(&connection.page, &values).await?;
                push_page(body, row.try_get(0)?, row.try_get(1)?)
            }
            Asked::Create(asked) => {
                let id = self.ids.next();
                let values: [&(dyn ToSql + Sync); 9] = [
                    &tenant,
                    &user,
                    &id,
                    &asked.subject,
                    &asked.priority,
                    &asked.tag,
                    &Id(asked.team),
                    &Id(asked.requester),
                    &asked.due,
                ];
                one(client, &connection.create, &values, body).await
            }
            Asked::Update(asked) => {
                let values: [&(dyn ToSql + Sync); 5] = [&tenant, &user, &Id(asked.id), &asked.priority, &asked.due];
                one(client, &connection.update, &values, body).await
            }
        }
    }
}

impl Connection {
    async fn open(url: &str) -> Outcome<Self> {
        let client = connect(url).await?;
        Ok(Self {
            row: client.prepare(ROW).await?,
            list: client.prepare(LIST).await?,
            nested: client.prepare(NESTED).await?,
            count: client.prepare(COUNT).await?,
            page: client.prepare(PAGE).await?,
            create: client.prepare(CREATE).await?,
            update: client.prepare(UPDATE).await?,
            client,
        })
    }
}

/// The JSON of the only row, or null.
async fn one(
    client: &Client,
    statement: &Statement,
    values: &[&(dyn ToSql + Sync)],
    body: &mut Vec<u8>,
) -> Outcome<()> {
    match client.query_opt(statement, values).await? {
        Some(row) => body.extend_from_slice(row.try_get::<_, &str>(0)?.as_bytes()),
        None => body.extend_from_slice(b"null"),
    }
    Ok(())
}

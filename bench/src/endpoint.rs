//! The bar: the same answers from a hand-written server, by one prepared statement each that lets the database build the JSON.
//!
//! It does no authentication at all: it believes the user and the tenant that its caller names in plain headers. It parses no
//! GraphQL, validates nothing, and knows one role, the agent's. Its answers may differ in form (an id without hyphens, a moment
//! as a number) where that is cheaper; the driver evens that out before it compares.

mod postgres;
mod sqlite;

use crate::failure::{Failure, Outcome};
use crate::id::Id;
use crate::random::Random;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Data, Query, get, post, resource};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, ResponseError};
use serde::Deserialize;
use std::cell::RefCell;
use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// As many as Freehold has on two processors.
const WORKERS: usize = 2;
/// Connections to PostgreSQL, over all workers; as many as Freehold is given.
pub(crate) const CONNECTIONS: usize = 16;

/// Where the rows are.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// The address of a PostgreSQL database.
    Postgres(String),
    /// A SQLite file.
    Sqlite(String),
}

/// The connections of one worker.
enum Store {
    Postgres(postgres::Store),
    Sqlite(sqlite::Store),
}

/// Who calls, as they say themselves.
#[derive(Clone, Copy, Debug)]
struct Who {
    user: Id,
    tenant: Id,
}

/// What is asked.
#[derive(Debug)]
enum Asked {
    Row(Row),
    List(List),
    Nested(Nested),
    Count(Count),
    Page(Page),
    Create(Create),
    Update(Update),
}

#[derive(Debug, Deserialize)]
struct Row {
    id: Uuid,
}

#[derive(Debug, Deserialize)]
struct List {
    status: String,
    before_s: i64,
}

#[derive(Debug, Deserialize)]
struct Nested {
    from: String,
    since_s: i64,
}

#[derive(Debug, Deserialize)]
struct Count {
    first: String,
    second: String,
    priority: String,
    due: String,
}

#[derive(Debug, Deserialize)]
struct Page {
    first: String,
    second: String,
    since_s: i64,
}

#[derive(Debug, Deserialize)]
struct Create {
    subject: String,
    team: Uuid,
    requester: Uuid,
    priority: String,
    tag: String,
    due: String,
}

#[derive(Debug, Deserialize)]
struct Update {
    id: Uuid,
    priority: String,
    due: String,
}

impl ResponseError for Failure {}

/// Serves until it is told to end. Says where it listens, on standard output.
#[expect(clippy::print_stdout, reason = "the driver waits for this line")]
pub(crate) fn serve(place: &Place) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let writer = match place {
        Place::Postgres(_) => None,
        Place::Sqlite(file) => Some(sqlite::Writer::open(file)?),
    };
    let place = place.clone();
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            let (place, writer) = (place.clone(), writer.clone());
            App::new()
                .data_factory(move || {
                    let (place, writer) = (place.clone(), writer.clone());
                    async move {
                        let store = match (place, writer) {
                            (Place::Postgres(url), _) => {
                                Store::Postgres(postgres::Store::open(&url, CONNECTIONS / WORKERS).await?)
                            }
                            (Place::Sqlite(file), Some(writer)) => Store::Sqlite(sqlite::Store::open(&file, writer)?),
                            (Place::Sqlite(_), None) => return Err(Failure::new("there is no writer")),
                        };
                        Ok::<_, Failure>(store)
                    }
                })
                .service(resource("/row").route(get().to(row)))
                .service(resource("/list").route(get().to(list)))
                .service(resource("/nested").route(get().to(nested)))
                .service(resource("/count").route(get().to(count)))
                .service(resource("/page").route(get().to(page)))
                .service(resource("/create").route(post().to(create)))
                .service(resource("/update").route(post().to(update)))
        })
        .workers(WORKERS)
        // As Freehold does: the driver's connections wait while the other server is asked.
        .keep_alive(Duration::from_secs(75))
        .listen(listener)?
        .run();
        println!("listening on http://{address}");
        server.await
    })?;
    Ok(())
}

type Shared = Data<Store>;

async fn row(request: HttpRequest, store: Shared, asked: Query<Row>) -> Outcome<HttpResponse> {
    answer(&request, &store, &Asked::Row(asked.into_inner())).await
}

async fn list(request: HttpRequest, store: Shared, asked: Query<List>) -> Outcome<HttpResponse> {
    answer(&request, &store, &Asked::List(asked.into_inner())).await
}

async fn nested(request: HttpRequest, store: Shared, asked: Query<Nested>) -> Outcome<HttpResponse> {
    answer(&request, &store, &Asked::Nested(asked.into_inner())).await
}

async fn count(request: HttpRequest, store: Shared, asked: Query<Count>) -> Outcome<HttpResponse> {
    answer(&request, &store, &Asked::Count(asked.into_inner())).await
}

async fn page(request: HttpRequest, store: Shared, asked: Query<Page>) -> Outcome<HttpResponse> {
    answer(&request, &store, &Asked::Page(asked.into_inner())).await
}

async fn create(request: HttpRequest, store: Shared, asked: Query<Create>) -> Outcome<HttpResponse> {
    answer(&request, &store, &Asked::Create(asked.into_inner())).await
}

async fn update(request: HttpRequest, store: Shared, asked: Query<Update>) -> Outcome<HttpResponse> {
    answer(&request, &store, &Asked::Update(asked.into_inner())).await
}

/// The answer in the frame that GraphQL's has: `{"data":{"ticket":…}}`.
async fn answer(request: &HttpRequest, store: &Shared, asked: &Asked) -> Outcome<HttpResponse> {
    let who = Who {
        user: header(request, "x-user")?,
        tenant: header(request, "x-tenant")?,
    };
    let mut body = Vec::with_capacity(4 << 10);
    body.extend_from_slice(b"{\"data\":{\"");
    body.extend_from_slice(asked.root().as_bytes());
    body.extend_from_slice(b"\":");
    match &***store {
        Store::Postgres(store) => store.run(who, asked, &mut body).await?,
        Store::Sqlite(store) => store.run(who, asked, &mut body)?,
    }
    body.extend_from_slice(b"}}");
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(body))
}

/// Ids of new tickets.
struct Ids {
    tag: u16,
    random: RefCell<Random>,
}

impl Ids {
    fn new(tag: i32) -> Self {
        // Two workers start at two moments, and a run finds none of the rows of another.
        Self {
            tag: tag as u16,
            random: RefCell::new(Random::new(now().as_nanos() as u64)),
        }
    }

    fn next(&self) -> Id {
        Id::new(now().as_millis() as u64, self.tag, self.random.borrow_mut().next())
    }
}

#[expect(clippy::disallowed_methods, reason = "an id begins with the time")]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn push_count(body: &mut Vec<u8>, count: i64) -> Outcome<()> {
    write!(body, "{{\"aggregate\":{{\"count\":{count}}}}}")?;
    Ok(())
}

/// The first page of 20.
fn push_page(body: &mut Vec<u8>, total: i64, nodes: &str) -> Outcome<()> {
    let more = total > 20;
    write!(
        body,
        "{{\"totalCount\":{total},\"nodes\":{nodes},\"pageInfo\":{{\"hasNextPage\":{more}}}}}"
    )?;
    Ok(())
}

impl Asked {
    /// The GraphQL root field that it stands for.
    fn root(&self) -> &'static str {
        match self {
            Self::Row(_) => "ticket",
            Self::List(_) | Self::Count(_) | Self::Page(_) => "tickets",
            Self::Nested(_) => "users",
            Self::Create(_) => "createTicket",
            Self::Update(_) => "updateTicket",
        }
    }
}

fn header(request: &HttpRequest, name: &str) -> Outcome<Id> {
    let text = request.headers().get(name).and_then(|value| value.to_str().ok());
    let id = text.and_then(|text| Uuid::try_parse(text).ok());
    id.map(Id)
        .ok_or_else(|| Failure::new(format!("`{name}` must be an id")))
}

//! Administration within a tenant: who may let whom in and out, and what nobody gets around. The model is `tests/fixtures/office`.

mod audit;
mod founding;
mod identity;
mod members;
mod passwords;
mod single;
mod ways_around;

use freehold_tests::{Answer, Database, Person, Reader, Server, Tables, fixture};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A server, and what its rows are called.
struct Office {
    server: Server,
    reader: Reader,
    ids: HashMap<String, String>,
}

/// A letter.
struct Letter {
    text: String,
}

impl Letter {
    fn to(&self) -> &str {
        let line = self.text.lines().next().unwrap_or_default();
        line.strip_prefix("To: ").expect("a letter begins with its address")
    }

    /// The token of its link, if it has one.
    fn token(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once("/auth/password/reset?token=")?;
        rest.lines().next()
    }
}

impl Office {
    fn new(database: Database) -> Self {
        Self::of(Server::fresh(&fixture("office"), database))
    }

    fn of(server: Server) -> Self {
        let reader = server.reader();
        let tables = reader.tables();
        let mut ids = HashMap::new();
        for (table, column) in [
            ("user", "email"),
            ("company", "slug"),
            ("note", "title"),
            ("region", "name"),
        ] {
            for row in tables.get(table).into_iter().flatten() {
                let text = |key: &str| row[key].as_str().expect("a text").to_owned();
                let name = text(column)
                    .to_lowercase()
                    .split('@')
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                ids.insert(name, text("id"));
            }
        }
        Self { server, reader, ids }
    }

    /// Somebody of the seed, in the company where they belong or in Acme.
    fn person(&self, name: &str) -> Person<'_> {
        let company = match name {
            "cleo" => "globex",
            "chris" | "dora" => "board",
            _ => "acme",
        };
        self.server.sign_in(&format!("{name}@office.test")).tenant(company)
    }

    fn id(&self, name: &str) -> &str {
        self.ids.get(name).unwrap_or_else(|| panic!("no {name} in the seed"))
    }

    /// The text with ids in the place of `<names>`.
    fn fill(&self, text: &str) -> String {
        let fill =
            |text: String, (name, id): (&String, &String)| text.replace(&format!("<{name}>"), &format!("{id:?}"));
        self.ids.iter().fold(text.to_owned(), fill)
    }

    /// What one who asks gets to `mutation { it: … }`.
    fn ask(&self, person: &Person<'_>, field: &str) -> Answer {
        person.answer(&self.fill(&format!("mutation {{ it: {field} }}")))
    }

    /// Carries it out, or fails the test.
    fn done(&self, name: &str, field: &str) -> Value {
        let answer = self.ask(&self.person(name), field);
        let is_done = answer.body["errors"].is_null() && answer.status == 200;
        assert!(
            is_done,
            "{name}: {field}\n  {}\n{}",
            answer.text,
            self.server.complaints()
        );
        answer.body["data"]["it"].clone()
    }

    /// Refuses it with that code, and leaves everything as it was.
    fn refused(&self, name: &str, field: &str, code: &str) -> Answer {
        let person = self.person(name);
        let before = self.stored();
        let answer = self.ask(&person, field);
        assert_eq!(
            answer.code(),
            code,
            "{name}: {field}\n  {}\n{}",
            answer.text,
            self.server.complaints()
        );
        assert!(answer.body["data"].is_null(), "{}", answer.text);
        self.unchanged(&before, field);
        answer
    }

    /// Everything that is stored, but for when sessions were used, who tried to sign in, and what was noted of refusals.
    fn stored(&self) -> Tables {
        let mut tables = self.reader.tables();
        tables.retain(|name, _| {
            !["fh_session", "fh_audit", "fh_rate"]
                .iter()
                .any(|kind| name.starts_with(kind))
        });
        tables
    }

    #[track_caller]
    fn unchanged(&self, before: &Tables, what: &str) {
        for (table, rows) in &self.stored() {
            assert_eq!(
                before.get(table),
                Some(rows),
                "{what} was refused, and changed `{table}`"
            );
        }
    }

    /// The membership of somebody in a company.
    fn membership(&self, person: &str, company: &str) -> Option<Map<String, Value>> {
        let (user, tenant) = (json!(self.id(person)), json!(self.id(company)));
        let rows = self.reader.tables().remove("membership").unwrap_or_default();
        rows.into_iter()
            .find(|row| row["user_id"] == user && row["tenant_id"] == tenant)
    }

    /// Letters that have come since the last time.
    fn letters(&self) -> Vec<Letter> {
        letters(&self.server)
    }

    /// The only letter that has come, but for one that tells of a lockout.
    fn letter(&self) -> Letter {
        let mut letters = self.letters();
        letters.retain(|letter| !letter.text.contains("Subject: Nobody can sign in to your account"));
        assert_eq!(
            letters.len(),
            1,
            "{:?}",
            letters.iter().map(|letter| &letter.text).collect::<Vec<_>>()
        );
        letters.remove(0)
    }
}

/// Takes the letters from the folder.
fn letters(server: &Server) -> Vec<Letter> {
    let folder = server.folder().path().join("data").join("mail");
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let files = entries.map(|entry| entry.expect("a folder can be listed").path());
    let letters = files
        .filter(|file| file.extension().is_some_and(|it| it == "eml"))
        .map(|file| {
            let text = std::fs::read_to_string(&file).expect("a letter can be read");
            std::fs::remove_file(&file).expect("a letter can be taken");
            Letter { text }
        });
    letters.collect()
}

/// Names of the root fields of administration that a caller has.
fn mutations(person: &Person<'_>) -> Vec<String> {
    let data = person.query("{ __type(name: \"Mutation\") { fields { name } } }");
    let fields = data["__type"]["fields"].as_array().cloned().unwrap_or_default();
    let names = fields
        .iter()
        .filter_map(|field| field["name"].as_str().map(str::to_owned));
    let mut names: Vec<String> = names
        .filter(|name| !name.contains("Membership"))
        .filter(|name| name.contains("Member") || name == "resetPassword" || name == "createCompany")
        .collect();
    names.sort();
    names
}

/// What a call of the API without GraphQL gave.
struct Reply {
    status: u16,
    headers: ureq::http::HeaderMap,
    body: String,
}

impl Reply {
    fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .new_agent()
}

fn reply(response: ureq::http::Response<ureq::Body>) -> Reply {
    let (head, mut body) = response.into_parts();
    Reply {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.read_to_string().expect("a body is text"),
    }
}

fn post(url: &str, content_type: &str, body: &str) -> Reply {
    let request = agent()
        .post(url)
        .content_type(content_type)
        .header("X-Freehold-CSRF", "1");
    reply(request.send(body.as_bytes()).expect("the server answers"))
}

/// Somebody signs in with a password that is not the seed's; `None` if they may not.
fn sign_in<'s>(server: &'s Server, email: &str, password: &str) -> Option<Person<'s>> {
    let body = json!({"email": email, "password": password}).to_string();
    let reply = post(&format!("{}/auth/sign-in", server.base()), "application/json", &body);
    assert!([200, 401].contains(&reply.status), "{}", reply.body);
    let cookie = reply.header("set-cookie").split(';').next().unwrap_or_default();
    (reply.status == 200).then(|| server.holder(cookie))
}

/// Follows the link of a letter.
fn choose(server: &Server, token: &str, password: &str) -> Reply {
    let body = json!({"token": token, "password": password}).to_string();
    post(
        &format!("{}/auth/password/reset", server.base()),
        "application/json",
        &body,
    )
}

/// What somebody who has nothing to say in a tenant gets when they look.
fn is_outside(person: &Person<'_>) -> bool {
    person.answer("{ notes { totalCount } }").code() == "GRAPHQL_VALIDATION_FAILED"
}

/// What each of several gives who begin together.
fn together<T: Send, W: FnOnce() -> T + Send>(works: Vec<W>) -> Vec<T> {
    let start = std::sync::Barrier::new(works.len());
    std::thread::scope(|scope| {
        let start = &start;
        let begun = works.into_iter().map(|work| {
            scope.spawn(move || {
                start.wait();
                work()
            })
        });
        let begun: Vec<_> = begun.collect();
        begun
            .into_iter()
            .map(|work| work.join().expect("nobody panics"))
            .collect()
    })
}

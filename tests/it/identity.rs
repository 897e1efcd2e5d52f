//! Who somebody is: every door under `/auth/`, and what a session, a key or a second factor is good for behind it. The model is
//! `tests/fixtures/lobby`.

mod addresses;
mod keys;
mod limits;
mod lockout;
mod pages;
mod passkeys;
mod passwords;
mod rotation;
mod sessions;
mod sign_in;
mod sign_up;
mod totp;

use freehold_tests::{Browser, Database, Folder, Reply, Server, Start, code_now, fixture};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// The cookie of a session, without TLS.
const COOKIE: &str = "freehold";

/// A server.
struct Lobby {
    server: Server,
}

impl Lobby {
    fn new(database: Database) -> Self {
        Self {
            server: Server::fresh(&fixture("lobby"), database),
        }
    }

    /// With another line in the place of one of the model.
    fn with(database: Database, line: &str, other: &str) -> Self {
        let folder = Folder::with_model(&fixture("lobby"));
        let app = std::fs::read_to_string(folder.model().join("app.yaml")).expect("a file of the model");
        assert!(app.contains(line), "{line}");
        folder.write("app.yaml", &app.replace(line, other));
        Self {
            server: Start::with_folder(folder, database).start(),
        }
    }

    fn browser(&self) -> Browser {
        Browser::new(self.server.address(), None)
    }

    fn password(&self, name: &str) -> &str {
        self.server.password(&email(name))
    }

    /// A browser in which somebody is signed in.
    fn signed_in(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        self.sign_in(&mut browser, name);
        browser
    }

    fn sign_in(&self, browser: &mut Browser, name: &str) {
        let reply = browser.sign_in(&email(name), self.password(name));
        assert!(
            reply.status == 200 && !reply.set_cookie(COOKIE).is_empty(),
            "{} {}\n{}",
            reply.status,
            reply.text,
            self.server.complaints()
        );
    }

    /// Whether that is the password.
    fn lets_in(&self, email: &str, password: &str) -> bool {
        let reply = self.browser().sign_in(email, password);
        assert!([200, 401].contains(&reply.status), "{} {}", reply.status, reply.text);
        reply.status == 200
    }

    /// Somebody with an authenticator, who has shown it in this browser: its secret, and the codes for its loss.
    fn with_totp(&self, name: &str) -> (Browser, String, Vec<String>) {
        let mut browser = self.signed_in(name);
        let begun = browser.post("/auth/totp/begin", &json!({}));
        assert_eq!(begun.status, 200, "{}\n{}", begun.text, self.server.complaints());
        let secret = begun.body["secret"].as_str().expect("a secret").to_owned();
        let shown = json!({"ticket": begun.body["ticket"], "code": code_now(&secret, 0)});
        let confirmed = browser.post("/auth/totp/confirm", &shown);
        assert_eq!(
            confirmed.status,
            200,
            "{}\n{}",
            confirmed.text,
            self.server.complaints()
        );
        let codes = confirmed.body["recoveryCodes"].as_array().expect("codes");
        let codes = codes
            .iter()
            .map(|code| code.as_str().expect("a code").to_owned())
            .collect();
        (browser, secret, codes)
    }

    /// As if no code had been shown yet: else a test would have to wait for the next half minute.
    fn forget_codes(&self) {
        self.server.execute("UPDATE fh_factor SET used_step = NULL");
    }

    /// Rows of a table.
    fn rows(&self, table: &str) -> Vec<Map<String, Value>> {
        self.server.reader().tables().remove(table).unwrap_or_default()
    }

    fn id(&self, name: &str) -> String {
        let rows = self.rows("user");
        let row = rows.iter().find(|row| row["email"] == email(name).as_str());
        row.and_then(|row| row["id"].as_str())
            .expect("a person of the seed")
            .to_owned()
    }

    /// Rows of a table that are of somebody.
    fn rows_of(&self, table: &str, name: &str) -> Vec<Map<String, Value>> {
        let id = json!(self.id(name));
        let mut rows = self.rows(table);
        rows.retain(|row| row["user_id"] == id);
        rows
    }

    /// Why sign-ins of the people of a team failed, as its chief reads it in the audit log, the first one first.
    fn causes(&self, count: usize) -> Vec<String> {
        let mut dan = self.signed_in("dan");
        let started = Instant::now();
        loop {
            let reply = dan.graphql(
                "{ auditLog(kind: [SIGN_IN_FAILED], first: 200) { nodes { detail } } }",
                Some("red"),
            );
            let nodes = reply.body["data"]["auditLog"]["nodes"].as_array();
            let nodes = nodes.unwrap_or_else(|| panic!("{}", reply.text)).iter().rev();
            let causes: Vec<String> = nodes
                .map(|node| node["detail"]["cause"].as_str().unwrap_or_default().to_owned())
                .collect();
            if causes.len() >= count || started.elapsed() > Duration::from_secs(10) {
                return causes;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// In a statement: the rows of somebody.
fn of(name: &str) -> String {
    format!("user_id = (SELECT id FROM \"user\" WHERE email = '{}')", email(name))
}

fn email(name: &str) -> String {
    format!("{name}@lobby.test")
}

/// Whether somebody is signed in.
fn is_in(browser: &mut Browser) -> bool {
    let reply = browser.clone().read("/auth/session");
    assert!([200, 401].contains(&reply.status), "{}", reply.text);
    reply.status == 200
}

/// What a refusal says, without what differs from request to request.
fn told(reply: &Reply) -> (u16, Value) {
    (reply.status, freehold_tests::without_request_id(reply.body.clone()))
}

/// Titles of notes that are seen in a tenant; the code of the refusal, where nothing may be asked.
fn notes(browser: &mut Browser, team: Option<&str>) -> Result<Vec<String>, String> {
    let reply = browser.graphql("{ notes { nodes { title } } }", team);
    match reply.body["data"]["notes"]["nodes"].as_array() {
        Some(nodes) => Ok(nodes
            .iter()
            .map(|node| node["title"].as_str().unwrap_or_default().to_owned())
            .collect()),
        None => Err(reply.code().to_owned()),
    }
}

/// Roles that count in a tenant.
fn roles(browser: &mut Browser, team: &str) -> Vec<String> {
    let reply = browser.graphql("{ viewer { roles } }", Some(team));
    let roles = reply.body["data"]["viewer"]["roles"].as_array();
    let roles = roles.unwrap_or_else(|| panic!("{}", reply.text)).iter();
    roles.map(|role| role.as_str().unwrap_or_default().to_owned()).collect()
}

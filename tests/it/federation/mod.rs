//! People and machines whom others vouch for, and others whom we vouch to. Whoever they are, a test pretends to be them.

mod logout;
mod machines;
mod oidc;
mod people;
mod provider;
mod saml;

use freehold_tests::peers::{Browser, OpenId, Visit};
use freehold_tests::{Database, Folder, Server, Start, fixture};
use serde_json::{Value, json};

/// The fixture with an `identity:`, and these secrets.
fn start(database: Database, identity: &str, secrets: &[(&str, &str)]) -> Server {
    let folder = folder(identity, secrets);
    Start::with_folder(folder, database).start()
}

fn folder(identity: &str, secrets: &[(&str, &str)]) -> Folder {
    let folder = Folder::with_model(&fixture("federation"));
    folder.write("app.yaml", &app(identity));
    let place = folder.path().join("data/secrets");
    std::fs::create_dir_all(&place).expect("a folder can be made");
    for (name, text) in secrets {
        std::fs::write(place.join(name), text).expect("a file can be written");
    }
    folder
}

fn app(identity: &str) -> String {
    let text = std::fs::read_to_string(fixture("federation").join("app.yaml")).expect("a file of the model");
    let (before, after) = text.split_once("identity: {}\n").expect("its place");
    let identity: String = identity.lines().map(|line| format!("  {line}\n")).collect();
    format!("{before}identity:\n{identity}{after}")
}

/// A server whose people may come by that provider, called `corp`. `more` are the provider's settings, in one line each.
fn with_corp(database: Database, corp: &OpenId, more: &str) -> Server {
    start(database, &corp_only(corp, more), &[("hush", "hush\n")])
}

fn corp_only(corp: &OpenId, more: &str) -> String {
    let more: String = more.lines().map(|line| format!("    {}\n", line)).collect();
    let issuer = corp.issuer();
    format!("oidc:\n  corp:\n    issuer: \"{issuer}\"\n    client_id: desk\n    client_secret: hush\n{more}")
}

/// Goes to the provider and back, to where the account stands.
fn sign_in(browser: &Browser, server: &Server) -> Visit {
    browser.follow(&format!("{}/auth/oidc/corp", server.base()))
}

/// Asks in a session of a browser.
fn ask(browser: &Browser, server: &Server, tenant: Option<&str>, query: &str) -> Value {
    let cookie = browser.cookies(server.base()).unwrap_or_default();
    let person = server.holder(&cookie);
    let person = match tenant {
        Some(tenant) => person.tenant(tenant),
        None => person,
    };
    person.answer(query).body
}

/// Who a browser is signed in as; null for nobody.
fn who(browser: &Browser, server: &Server) -> Value {
    ask(browser, server, None, "{ viewer { user { email } } }")["data"]["viewer"]["user"]["email"].clone()
}

/// Roles of a browser's session in a tenant, in order.
fn roles(browser: &Browser, server: &Server, tenant: &str) -> Value {
    let mut answer = ask(browser, server, Some(tenant), "{ viewer { roles } }");
    let mut roles = answer["data"]["viewer"]["roles"].take();
    if let Some(roles) = roles.as_array_mut() {
        roles.sort_by_key(|role| role.to_string());
    }
    roles
}

/// Refused: nobody is signed in, and the page says why with that status; 401 stands for 400 too, which is for what cannot be an answer.
#[track_caller]
fn refused(visit: &Visit, browser: &Browser, server: &Server, status: u16) {
    let found = if visit.status == 400 { 401 } else { visit.status };
    assert_eq!(found, status, "{} {}\n{}", visit.url, visit.text, server.complaints());
    assert_eq!(who(browser, server), Value::Null, "{}", visit.text);
}

/// Everything that whoever is `name` at Acme says.
fn of_acme(name: &str) -> Value {
    json!({"sub": format!("id-{name}"), "email": format!("{name}@acme.test"), "email_verified": true, "name": name})
}

/// The same, and more.
fn with(mut claims: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    claims
}

//! What stands in a request itself: tokens of others, passwords by HTTP Basic, certificates.

use super::{folder, of_acme, start, with};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use freehold_tests::peers::{Browser, Jwk, Lie, OpenId, SignWith, unix_now};
use freehold_tests::{
    Authority, Database, Identity, Served, Server, Start, TlsClient, Versions, on_both_databases, raw,
};
use serde_json::{Value, json};

const TICKETS: &str = "{ tickets { nodes { title } } }";

/// Status and body of a query with a header.
fn ask(server: &Server, authorization: &str, tenant: Option<&str>, query: &str) -> (u16, Value) {
    let tenant = tenant
        .map(|tenant| format!("X-Tenant: {tenant}\r\n"))
        .unwrap_or_default();
    let body = json!({"query": query}).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: application/graphql-response+json\r\n\
         Content-Type: application/json\r\nAuthorization: {authorization}\r\n{tenant}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (status, body) = raw::send(server.address(), request.as_bytes()).expect("an answer");
    (status, serde_json::from_str(&body).unwrap_or_default())
}

fn whose(server: &Server, token: &str) -> Value {
    let (status, body) = ask(
        server,
        &format!("Bearer {token}"),
        None,
        "{ viewer { user { email } } }",
    );
    match status {
        200 => body["data"]["viewer"]["user"]["email"].clone(),
        _ => json!(status),
    }
}

on_both_databases! {
    fn tokens_of_a_configured_issuer_stand_for_a_user(database) {
        let issuer = OpenId::start();
        let url = issuer.issuer();
        let identity = format!(
            "jwt:\n  ci: {{issuer: \"{url}\", audience: [desk, bench], user: {{claim: email, by: email}}}}\n  \
             jobs: {{issuer: \"{url}\", audience: jobs, user: {{claim: sub, by: machine}}, tenants: [acme], roles: {{claim: scope, map: {{\"desk:write\": agent}}}}}}\n  \
             wide: {{issuer: \"{url}\", audience: wide, user: {{claim: email, by: email}}, tenants: [acme, globex]}}"
        );
        let server = start(database, &identity, &[]);
        let token = |claims: &Value| issuer.token(&json!({}), claims);
        let ann = with(of_acme("ann"), &json!({"aud": "desk"}));
        let good = token(&ann);
        assert_eq!(whose(&server, &good), "ann@acme.test");
        // Again, and in the tenants that she has.
        assert_eq!(whose(&server, &good), "ann@acme.test");
        let bearer = format!("Bearer {good}");
        assert_eq!(ask(&server, &bearer, Some("acme"), TICKETS).1["data"]["tickets"]["nodes"], json!([{"title": "of acme"}]));
        assert_eq!(ask(&server, &bearer, Some("globex"), TICKETS).1["data"]["tickets"]["nodes"], json!([{"title": "of globex"}]));
        assert_eq!(whose(&server, &token(&with(ann.clone(), &json!({"aud": ["others", "bench"]})))), "ann@acme.test");

        // A second factor was none of it.
        let safes = ask(&server, &bearer, Some("acme"), "{ safes { nodes { title } } }").1;
        assert_eq!(safes["data"]["safes"], Value::Null, "{safes}");
        // It changes nothing about the person, and begins no session in a browser.
        let visit = Browser::new().fetch(&format!("{}/auth/keys", server.base()), &[("Authorization", &bearer)]);
        assert!(matches!(visit.status, 401 | 403), "{} {}", visit.status, visit.text);

        let now = unix_now();
        for (what, lie, claims) in [
            ("another audience", Lie::No, json!({"aud": "other"})),
            ("no audience", Lie::No, json!({"aud": null})),
            ("expired", Lie::No, json!({"exp": now - 100})),
            ("no end", Lie::No, json!({"exp": null})),
            ("not yet", Lie::No, json!({"nbf": now + 600})),
            ("another issuer", Lie::No, json!({"iss": "https://other.test"})),
            ("an unverified address", Lie::No, json!({"email_verified": false})),
            ("nobody", Lie::No, json!({"email": "nobody@acme.test"})),
            ("no address", Lie::No, json!({"email": null})),
            ("two addresses", Lie::No, json!({"email": ["ann@acme.test", "bo@acme.test"]})),
            ("somebody blocked", Lie::No, json!({"email": "eve@acme.test"})),
            ("no signature", Lie::Unsigned, json!({})),
            ("the public key", Lie::SignedWithPublicKey, json!({})),
            ("another key", Lie::OtherKey, json!({})),
            ("an unknown key", Lie::UnknownKey, json!({})),
            ("changed on the way", Lie::Tampered, json!({})),
        ] {
            issuer.lies(lie);
            assert_eq!(whose(&server, &token(&with(ann.clone(), &claims))), 401, "{what}");
        }
        issuer.lies(Lie::No);
        // Claim 4 of the capabilities: an issuer that is not listed, and what it signs is sound.
        let other = OpenId::start();
        assert_eq!(whose(&server, &other.token(&json!({}), &ann)), 401);
        let stranger = Jwk::es256("one").sign(&json!({"jku": format!("{}/keys", other.issuer())}), &with(ann.clone(), &json!({"iss": url, "exp": now + 60, "iat": now})), SignWith::Key);
        assert_eq!(whose(&server, &stranger), 401);
        assert!(other.site().asked().is_empty(), "nobody asks a stranger for keys");

        // Another entry of the same issuer: by a field, in one tenant, with fewer roles than the user has.
        let job = json!({"aud": "jobs", "sub": "robot-7", "scope": ["desk:write"]});
        let bearer = format!("Bearer {}", token(&job));
        assert_eq!(ask(&server, &bearer, Some("acme"), "{ viewer { roles user { email } } }").1["data"]["viewer"], json!({"roles": ["agent"], "user": {"email": "bo@acme.test"}}));
        assert_ne!(ask(&server, &bearer, Some("globex"), "{ viewer { roles } }").1["data"]["viewer"]["roles"], json!(["agent"]));
        let less = format!("Bearer {}", token(&with(job.clone(), &json!({"scope": "desk:read"}))));
        assert_eq!(ask(&server, &less, Some("acme"), "{ viewer { roles } }").1["data"]["viewer"]["roles"], json!([]));
        for sub in [json!("robot-8"), json!(""), json!(null)] {
            assert_eq!(whose(&server, &token(&with(job.clone(), &json!({"sub": sub})))), 401, "{sub}");
        }

        // Several tenants: the request says which.
        let wide = format!("Bearer {}", token(&with(ann.clone(), &json!({"aud": "wide"}))));
        for (tenant, title) in [("acme", "of acme"), ("globex", "of globex"), ("acme", "of acme")] {
            assert_eq!(ask(&server, &wide, Some(tenant), TICKETS).1["data"]["tickets"]["nodes"], json!([{"title": title}]), "{tenant}");
        }
        assert_eq!(ask(&server, &wide, None, "{ viewer { user { email } } }").0, 401);
        assert_eq!(ask(&server, &wide, Some("nowhere"), "{ viewer { user { email } } }").0, 401);
    }

    fn a_token_ends_with_its_user(database) {
        let issuer = OpenId::start();
        let identity = format!("jwt: {{ci: {{issuer: \"{}\", audience: desk, user: {{claim: email, by: email}}}}}}", issuer.issuer());
        let server = start(database, &identity, &[]);
        let token = issuer.token(&json!({}), &with(of_acme("ann"), &json!({"aud": "desk"})));
        assert_eq!(whose(&server, &token), "ann@acme.test");
        server.execute("UPDATE \"user\" SET status = 'blocked' WHERE email = 'ann@acme.test'");
        assert_eq!(whose(&server, &token), 401);
        server.execute("UPDATE \"user\" SET status = 'active' WHERE email = 'ann@acme.test'");
        assert_eq!(whose(&server, &token), "ann@acme.test");
        // Keys that cannot be had are an outage, not somebody's fault.
        let other = OpenId::start();
        other.is_down(true);
        let identity = identity.replace(issuer.issuer(), other.issuer());
        let server = start(database, &identity, &[]);
        assert_eq!(whose(&server, &other.token(&json!({}), &with(of_acme("ann"), &json!({"aud": "desk"})))), 503);
    }

    fn basic_is_off_where_nobody_wants_it(database) {
        let server = start(database, "sign_up: closed", &[]);
        let basic = format!("Basic {}", STANDARD.encode("ann@acme.test:violet-harbour-47"));
        assert_eq!(ask(&server, &basic, None, "{ __typename }").0, 401);
        // It was not tried either.
        for _ in 0..5 {
            let wrong = format!("Basic {}", STANDARD.encode("ann@acme.test:wrong-password-1"));
            assert_eq!(ask(&server, &wrong, None, "{ __typename }").0, 401);
        }
        server.sign_in("ann@acme.test");
    }

    fn basic_counts_to_the_lockout(database) {
        let server = start(database, "basic: true", &[]);
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        let email = "{ viewer { user { email } } }";
        let good = basic("ann@acme.test:violet-harbour-47");
        // The tests speak over loopback, which nobody listens in on.
        assert_eq!(ask(&server, &good, None, email).1["data"]["viewer"]["user"]["email"], "ann@acme.test");
        assert_eq!(ask(&server, &good, Some("acme"), TICKETS).1["data"]["tickets"]["nodes"], json!([{"title": "of acme"}]));
        for bad in ["Basic", "Basic !", &basic("ann@acme.test"), &basic(":"), &basic("eve@acme.test:silver-meadow-64")] {
            assert_eq!(ask(&server, bad, None, email).0, 401, "{bad}");
        }
        for _ in 0..3 {
            assert_eq!(ask(&server, &basic("bo@acme.test:wrong-password-1"), None, email).0, 401);
        }
        assert_eq!(ask(&server, &basic("bo@acme.test:copper-lantern-12"), None, email).0, 401, "locked out");
        let visit = Browser::new().send(&format!("{}/auth/sign-in", server.base()), &json!({"email": "bo@acme.test", "password": "copper-lantern-12"}));
        assert_eq!(visit.status, 401, "by the other door too: {}", visit.text);
        // Whoever has a second factor does not get past it by this.
        let gus = basic("gus@globex.test:hollow-granite-58");
        let secret = match database {
            Database::Sqlite => "x'00'",
            Database::Postgres => "'\\x00'::bytea",
        };
        server.execute(&format!(
            "INSERT INTO fh_factor (id, user_id, kind, label, created_at, secret) SELECT id, id, 'totp', 'mine', 0, {secret} FROM \"user\" WHERE email = 'gus@globex.test'",
        ));
        assert_eq!(ask(&server, &gus, None, email).0, 401, "a second factor is not shown by it");
    }
}

const NAME: &str = "help.test";
const TLS: &str = "[tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n";

/// A server in production, with the people of the seed.
fn served(authority: &Authority, identity: &str, tables: &str, more: &[(&str, &str)]) -> Served {
    // They are there after a run for development; what it leaves is served.
    let dev = Start::with_folder(folder(identity, &[]), Database::Sqlite).start();
    let folder = dev.folder().clone();
    dev.kill();
    let own = authority.server(&[NAME]);
    for (name, text) in [("cert.pem", own.certificate.as_str()), ("key.pem", own.key.as_str())]
        .iter()
        .chain(more)
    {
        std::fs::write(folder.path().join(name), text).expect("it can be written");
    }
    Served::start(folder, &format!("hosts = [\"{NAME}\"]"), tables)
}

fn viewer(headers: &str) -> String {
    let body = json!({"query": "{ viewer { user { email } } }"}).to_string();
    format!(
        "POST /graphql HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn over_tls(authority: &Authority, server: &Served, shows: Option<&Identity>, headers: &str) -> (u16, Value) {
    let client = TlsClient::new(authority, Versions::New, shows);
    let mut connection = client.connect(server.address(), NAME).expect("a connection");
    let answer = connection.ask(&viewer(headers)).expect("an answer");
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    (answer.status, body["data"]["viewer"]["user"]["email"].clone())
}

#[test]
fn basic_is_for_tls_alone() {
    let authority = Authority::new();
    let good = format!(
        "Authorization: Basic {}\r\n",
        STANDARD.encode("ann@acme.test:violet-harbour-47")
    );
    let wrong = format!(
        "Authorization: Basic {}\r\n",
        STANDARD.encode("ann@acme.test:wrong-password-1")
    );
    // Plain HTTP, from a proxy that says that the client came by it: the password is not looked at, right or wrong.
    let dev = Start::with_folder(folder("basic: true", &[]), Database::Sqlite).start();
    let folder = dev.folder().clone();
    dev.kill();
    let top = format!("hosts = [\"{NAME}\"]\ntrusted_proxies = [\"127.0.0.1\"]");
    let server = Served::start(folder, &top, "");
    let ask = |headers: &str| raw::send(server.address(), viewer(headers).as_bytes()).expect("an answer");
    let plain = "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: http\r\n";
    for _ in 0..4 {
        let (status, body) = ask(&format!("{wrong}{plain}"));
        assert!(status == 401 && body.contains("TLS"), "{status} {body}");
    }
    assert_eq!(ask(&format!("{good}{plain}")).0, 401);
    let config = server.config().display().to_string();
    let listed = freehold_tests::command(&["audit", "list", "--config", &config, "--kind", "sign_in_failed"]);
    assert!(
        listed.code == Some(0) && !listed.stdout.contains("sign_in_failed"),
        "{listed:?}"
    );
    // By TLS, as the proxy says, they are; and four failures were none.
    let tls = "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n";
    let (status, body) = ask(&format!("{good}{tls}"));
    assert!(status == 200 && body.contains("ann@acme.test"), "{status} {body}");
    drop(server);

    let server = served(&authority, "basic: true", TLS, &[]);
    assert_eq!(
        over_tls(&authority, &server, None, &good),
        (200, json!("ann@acme.test"))
    );
    assert_eq!(over_tls(&authority, &server, None, &wrong), (401, Value::Null));
    assert_eq!(over_tls(&authority, &server, None, ""), (200, Value::Null));
}

#[test]
fn a_certificate_stands_for_whom_it_names() {
    let (authority, people) = (Authority::new(), Authority::new());
    let tables = format!("{TLS}client_ca = \"ca.pem\"\nclient_certificates = \"optional\"");
    let server = served(&authority, "sign_up: closed", &tables, &[("ca.pem", &people.pem())]);
    let ask = |identity: &Identity, headers: &str| over_tls(&authority, &server, Some(identity), headers);
    assert_eq!(
        ask(&people.client("whatever", "ann@acme.test"), ""),
        (200, json!("ann@acme.test"))
    );
    for (what, names) in [
        ("two addresses", &["ann@acme.test", "bo@acme.test"][..]),
        ("an address twice", &["ann@acme.test", "ann@acme.test"]),
        ("nobody", &["nobody@acme.test"]),
        ("somebody blocked", &["eve@acme.test"]),
        ("no address", &[]),
    ] {
        assert_eq!(
            ask(&people.client_of("ann@acme.test", names), ""),
            (200, Value::Null),
            "{what}"
        );
    }
    // What a request says comes before what its connection says.
    let ann = people.client("Ann", "ann@acme.test");
    assert_eq!(
        ask(
            &ann,
            "Authorization: Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
        )
        .0,
        401
    );
    // Another site's page cannot use a browser's certificate.
    assert_eq!(over_tls(&authority, &server, None, ""), (200, Value::Null));
}

//! What is below HTTP, and who stands in between: TLS, certificates, proxies, mail servers. The program is `freehold serve` on SQLite;
//! nothing here depends on the database.

use freehold_tests::{
    Authority, Database, Folder, Identity, Mail, Offers, Served, Server, Sink, TlsClient, TlsConnection, Versions,
    command, example, raw,
};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

const NAME: &str = "help.test";

/// A folder with an app, and a certificate for its name.
fn folder(identity: &Identity) -> Folder {
    let folder = Folder::with_model(&example("helpdesk"));
    put(&folder, identity);
    folder
}

fn put(folder: &Folder, identity: &Identity) {
    std::fs::write(folder.path().join("cert.pem"), &identity.certificate).expect("it can be written");
    std::fs::write(folder.path().join("key.pem"), &identity.key).expect("it can be written");
}

const TOP: &str = "hosts = [\"help.test\"]";
const TLS: &str = "[tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n";

fn tls(authority: &Authority, more: &str) -> Served {
    Served::start(folder(&authority.server(&[NAME])), TOP, &format!("{TLS}{more}"))
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {NAME}\r\n\r\n")
}

fn query(text: &str, headers: &str) -> String {
    let body = json!({ "query": text }).to_string();
    let length = body.len();
    format!(
        "POST /graphql HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

fn open(client: &TlsClient, server: &Served) -> TlsConnection {
    client.connect(server.address(), NAME).expect("a connection")
}

#[test]
fn only_new_versions_are_spoken() {
    let authority = Authority::new();
    let old = TlsClient::new(&authority, Versions::Old, None);
    let new = TlsClient::new(&authority, Versions::New, None);
    let server = tls(&authority, "");
    let refused = old.connect(server.address(), NAME).unwrap_err();
    assert!(refused.contains("ProtocolVersion"), "{refused}");
    let mut connection = open(&new, &server);
    assert_eq!(connection.protocol(), Some(&b"http/1.1"[..]), "HTTP/2 is not offered");
    // More than one request by it.
    for _ in 0..3 {
        let answer = connection.ask(&query("{ __typename }", "")).expect("an answer");
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (200, "{\"data\":{\"__typename\":\"Query\"}}")
        );
    }
    // In the clear nothing is said at all.
    assert_eq!(raw::send(server.address(), get("/auth/session").as_bytes()), None);
    // Whoever needs the older one says so.
    let server = tls(&authority, "min_version = \"1.2\"");
    for client in [&old, &new] {
        assert_eq!(
            open(client, &server)
                .ask(&get("/auth/session"))
                .expect("an answer")
                .status,
            401
        );
    }
}

#[test]
fn browsers_are_told_to_come_by_tls() {
    let authority = Authority::new();
    let client = TlsClient::new(&authority, Versions::New, None);
    for (more, expected) in [
        ("", Some("max-age=63072000")),
        ("hsts_seconds = 0", Some("max-age=0")),
        (
            "hsts_seconds = 60\nhsts_subdomains = true",
            Some("max-age=60; includeSubDomains"),
        ),
    ] {
        let server = tls(&authority, more);
        let mut connection = open(&client, &server);
        for path in ["/auth/session", "/nothing"] {
            let answer = connection.ask(&get(path)).expect("an answer");
            assert_eq!(
                answer.header("strict-transport-security"),
                expected,
                "{more} {}",
                answer.head
            );
        }
        // This machine's other servers have that name too.
        let local = get("/auth/session").replace(NAME, "localhost");
        let answer = connection.ask(&local).expect("an answer");
        assert_eq!(
            (answer.status, answer.header("strict-transport-security")),
            (401, None),
            "{}",
            answer.head
        );
    }
}

#[test]
fn a_new_certificate_is_taken_and_nobody_is_dropped() {
    let authority = Authority::new();
    let client = TlsClient::new(&authority, Versions::New, None);
    let server = tls(&authority, "");
    let mut first = open(&client, &server);
    let before = first.certificate();
    assert_eq!(first.ask(&get("/auth/session")).expect("an answer").status, 401);
    put(server.folder(), &authority.server(&[NAME]));
    server.wait_for("new connections get the certificate");
    let after = open(&client, &server).certificate();
    assert_ne!(before, after);
    assert_eq!(first.ask(&get("/auth/session")).expect("it goes on").status, 401);

    // One that is no use is told once, and changes nothing.
    let other = authority.server(&[NAME]);
    std::fs::write(server.folder().path().join("key.pem"), &other.key).expect("it can be written");
    server.wait_for("the certificate stays as it was");
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(
        server.log().matches("the certificate stays as it was").count(),
        1,
        "{}",
        server.log()
    );
    assert_eq!(open(&client, &server).certificate(), after);
    assert_eq!(first.ask(&get("/auth/session")).expect("it goes on").status, 401);

    // The signal is heard at once.
    std::fs::write(server.folder().path().join("cert.pem"), &other.certificate).expect("it can be written");
    server.signal("HUP");
    let told = Instant::now();
    while open(&client, &server).certificate() == after {
        assert!(told.elapsed() < Duration::from_secs(20), "{}", server.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    let secret = other.key.lines().nth(1).expect("a key has lines");
    assert!(!server.log().contains(secret), "{}", server.log());
}

#[test]
fn files_that_are_no_use_are_told_at_the_start() {
    let authority = Authority::new();
    let (one, two) = (authority.server(&[NAME]), authority.server(&[NAME]));
    let refused = |change: &dyn Fn(&Path), more: &str| {
        let folder = folder(&one);
        change(folder.path());
        let log = Served::try_start(folder, TOP, &format!("{TLS}{more}")).expect_err("it starts");
        assert!(
            log.contains("\nhint: ") && !log.contains(one.key.lines().nth(1).expect("a line")),
            "{log}"
        );
        log
    };
    let write =
        |folder: &Path, name: &str, text: &str| std::fs::write(folder.join(name), text).expect("it can be written");
    let log = refused(
        &|folder| std::fs::remove_file(folder.join("cert.pem")).expect("it is there"),
        "",
    );
    assert!(log.contains("cannot read `") && log.contains("cert.pem"), "{log}");
    let log = refused(&|folder| write(folder, "key.pem", &two.key), "");
    assert!(log.contains("is not that of the certificate"), "{log}");
    let log = refused(&|folder| write(folder, "key.pem", &one.certificate), "");
    assert!(log.contains("there is no private key in"), "{log}");
    let log = refused(&|folder| write(folder, "cert.pem", &one.key), "");
    assert!(log.contains("there is no certificate in"), "{log}");
    let log = refused(&|_| (), "client_certificates = \"required\"");
    assert!(log.contains("nobody is stated who signs them"), "{log}");
}

#[test]
fn plain_http_leads_to_tls_and_does_nothing_else() {
    let authority = Authority::new();
    let server = tls(&authority, "redirect_listen = \"127.0.0.1:0\"\nredirect_port = 443");
    let address = server.redirects();
    let ask = |request: &str| {
        let answer = freehold_tests::raw::whole(&address, request.as_bytes()).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let location = head
            .lines()
            .find_map(|line| line.strip_prefix("location: "))
            .map(str::to_owned);
        let status: u16 = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .expect("a status");
        (status, location, body.to_owned())
    };
    let (status, location, _) = ask(&get("/auth/password/reset?token=00ff"));
    assert_eq!(
        (status, location.as_deref()),
        (308, Some("https://help.test/auth/password/reset?token=00ff"))
    );
    let (status, location, _) = ask(&get("/").replace(NAME, "help.test:8080"));
    assert_eq!((status, location.as_deref()), (308, Some("https://help.test/")));
    for host in ["evil.test", "help.test.evil.test", "", "a b"] {
        let (status, location, _) = ask(&get("/").replace(NAME, host));
        assert!(
            matches!(status, 400 | 404) && location.is_none(),
            "{host}: {status} {location:?}"
        );
    }
    for path in ["//evil.test/", "/\\evil.test", "http://evil.test/"] {
        let (_, location, _) = ask(&get(path));
        assert!(
            location
                .as_deref()
                .is_none_or(|it| it.starts_with("https://help.test/")),
            "{path}: {location:?}"
        );
    }
    // What was sent in the clear is not worked with, and not sent on either.
    let body = json!({"email": "ann@acme.test", "password": "violet-harbour-47"}).to_string();
    let length = body.len();
    for path in ["/auth/sign-in", "/graphql"] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {NAME}\r\nX-Freehold-CSRF: 1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let (status, location, said) = ask(&request);
        assert_eq!((status, location), (403, None), "{said}");
    }
    let config = server.config().display().to_string();
    let listed = command(&["audit", "list", "--config", &config, "--kind", "sign_in_failed"]);
    assert!(
        listed.code == Some(0) && !listed.stdout.contains("sign_in_failed"),
        "{listed:?}"
    );
}

#[test]
fn clients_show_certificates_where_they_must() {
    let (authority, people, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let (ann, eve) = (
        people.client("Ann", "ann@acme.test"),
        strangers.client("Ann", "ann@acme.test"),
    );
    let ask = |server: &Served, versions, shows: Option<&Identity>| {
        let client = TlsClient::new(&authority, versions, shows);
        let mut connection = client.connect(server.address(), NAME)?;
        // With TLS 1.3 a client learns of a refusal when it reads.
        connection.ask(&get("/auth/session")).map(|answer| answer.status)
    };
    for (asked, without) in [("required", false), ("optional", true)] {
        let folder = folder(&authority.server(&[NAME]));
        std::fs::write(folder.path().join("ca.pem"), people.pem()).expect("it can be written");
        let more = format!("{TLS}min_version = \"1.2\"\nclient_ca = \"ca.pem\"\nclient_certificates = \"{asked}\"");
        let server = Served::start(folder, TOP, &more);
        for versions in [Versions::Old, Versions::New] {
            assert_eq!(ask(&server, versions, Some(&ann)), Ok(401), "{asked} {versions:?}");
            let nobody = ask(&server, versions, None);
            assert_eq!(nobody.is_ok(), without, "{asked} {versions:?} {nobody:?}");
            let stranger = ask(&server, versions, Some(&eve));
            assert!(stranger.is_err(), "{asked} {versions:?} {stranger:?}");
            // A certificate of a server is none of a client.
            let wrong = people.server(&[NAME]);
            assert!(ask(&server, versions, Some(&wrong)).is_err(), "{asked} {versions:?}");
        }
    }
}

#[test]
fn events_and_sockets_come_by_tls() {
    let authority = Authority::new();
    let client = TlsClient::new(&authority, Versions::New, None);
    let server = tls(&authority, "");
    let listening = query(
        "subscription { announcements { totalCount } }",
        "Accept: text/event-stream\r\nX-Freehold-CSRF: 1\r\n",
    );
    let answer = open(&client, &server)
        .ask_until(&listening, "totalCount\":0")
        .expect("an event");
    assert!(
        answer.status == 200 && answer.body.contains("event: next"),
        "{answer:?}"
    );

    let stream = open(&client, &server).into_stream();
    let request = tungstenite::client::IntoClientRequest::into_client_request(format!("wss://{NAME}/graphql"));
    let mut request = request.expect("an address");
    let protocol = "graphql-transport-ws".parse().expect("a header");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = tungstenite::client(request, stream).expect("a handshake");
    let mut say = |message: Value| {
        socket
            .send(tungstenite::Message::text(message.to_string()))
            .expect("it goes");
        socket
            .read()
            .expect("it answers")
            .into_text()
            .expect("a text")
            .to_string()
    };
    assert!(say(json!({"type": "connection_init"})).contains("connection_ack"));
    let next = say(
        json!({"id": "1", "type": "subscribe", "payload": {"query": "subscription { announcements { totalCount } }"}}),
    );
    assert!(next.contains("\"totalCount\":0"), "{next}");
}

/// The places from which so many sign-ins failed, as the audit log calls them; the first attempt first.
fn places(server: &Served, expected: usize) -> Vec<String> {
    let config = server.config().display().to_string();
    let started = Instant::now();
    loop {
        let listed = command(&[
            "audit",
            "list",
            "--config",
            &config,
            "--kind",
            "sign_in_failed",
            "--json",
        ]);
        assert_eq!(listed.code, Some(0), "{listed:?}");
        let records = listed
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let mut places: Vec<String> = records
            .map(|record| record["detail"]["place"].as_str().expect("a place").to_owned())
            .collect();
        // A failed sign-in does not wait for its record.
        if places.len() >= expected || started.elapsed() > Duration::from_secs(20) {
            places.reverse();
            return places;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Fails to sign in, with headers.
fn fail(server: &Served, host: &str, headers: &str) -> u16 {
    let body = r#"{"email":"nobody@acme.test","password":"wrong-password-1"}"#;
    let length = body.len();
    let request = format!(
        "POST /auth/sign-in HTTP/1.1\r\nHost: {host}\r\nX-Freehold-CSRF: 1\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    raw::send(server.address(), request.as_bytes()).expect("an answer").0
}

#[test]
fn nobody_but_a_trusted_proxy_says_who_asks() {
    let ways = [
        "",
        "X-Forwarded-For: 203.0.113.7\r\n",
        "X-Forwarded-For: 203.0.113.8\r\n",
        "X-Forwarded-For: 6.6.6.6, 203.0.113.7\r\n",
        "Forwarded: for=203.0.113.9\r\n",
        "X-Real-IP: 203.0.113.9\r\n",
    ];
    // Which of them are one place with the others, by number.
    for (top, expected) in [
        ("", [0, 0, 0, 0, 0, 0]),
        ("trusted_proxies = [\"192.0.2.0/24\"]", [0, 0, 0, 0, 0, 0]),
        ("trusted_proxies = [\"127.0.0.1\"]", [0, 1, 2, 1, 0, 0]),
        (
            "trusted_proxies = [\"127.0.0.0/8\", \"203.0.113.7\"]",
            [0, 1, 2, 3, 0, 0],
        ),
        (
            "trusted_proxies = [\"127.0.0.1\"]\nforwarded_by = \"forwarded\"",
            [0, 0, 0, 0, 4, 0],
        ),
    ] {
        let folder = Folder::with_model(&example("helpdesk"));
        let server = Served::start(folder, &format!("{TOP}\n{top}"), "");
        for headers in ways {
            assert_eq!(fail(&server, NAME, headers), 401);
        }
        let places = places(&server, ways.len());
        assert_eq!(places.len(), ways.len(), "{top}: {places:?}");
        for (one, mine) in places.iter().zip(expected) {
            for (other, theirs) in places.iter().zip(expected) {
                assert_eq!(one == other, mine == theirs, "{top}: {places:?}");
            }
        }
        let different: HashSet<_> = places.iter().collect();
        assert_eq!(different.len(), expected.iter().collect::<HashSet<_>>().len());
    }
}

#[test]
fn a_forwarded_host_is_one_of_ours_and_from_a_trusted_proxy() {
    for (top, inner, forwarded, expected) in [
        ("", NAME, "evil.test", 401),
        ("", "evil.test", NAME, 404),
        ("trusted_proxies = [\"127.0.0.1\"]", "inner.test", NAME, 401),
        ("trusted_proxies = [\"127.0.0.1\"]", NAME, "evil.test", 404),
        ("trusted_proxies = [\"127.0.0.1\"]", NAME, "a b", 400),
    ] {
        let folder = Folder::with_model(&example("helpdesk"));
        let server = Served::start(folder, &format!("{TOP}\n{top}"), "");
        let headers = format!("X-Forwarded-Host: {forwarded}\r\n");
        assert_eq!(fail(&server, inner, &headers), expected, "{top} {inner} {forwarded}");
    }
}

/// Serves the people of a development server, with a mail server, and has Ann's password reset.
fn reset(mail: &str, more: impl Fn(&Folder)) -> (Served, Value) {
    let dev = Server::fresh(&example("helpdesk"), Database::Sqlite);
    let cookie = dev.sign_in("jun@acme.test").cookie().expect("a cookie").to_owned();
    let found = dev
        .holder(&cookie)
        .tenant("acme")
        .query("{ users(filter: {name: {startsWith: \"Ann\"}}) { nodes { id } } }");
    let id = found["users"]["nodes"][0]["id"].clone();
    dev.kill();
    let folder = dev.folder().clone();
    more(&folder);
    // It leaves its folder; then the other one's end removes it.
    drop(dev);
    let _ = std::fs::remove_file(folder.path().join("keep"));
    let served = Served::start(folder, "", mail);
    let body = json!({"query": format!("mutation {{ resetPassword(user: {id}) {{ id }} }}")}).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nHost: {}\r\nX-Freehold-CSRF: 1\r\nX-Tenant: acme\r\nCookie: {cookie}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        served.address(),
        body.len()
    );
    let (_, answer) = raw::send(served.address(), request.as_bytes()).expect("an answer");
    (
        served,
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}")),
    )
}

const FROM: &str = "from = \"Help desk <desk@acme.test>\"\n";

/// What a letter with a link is like.
fn is_letter(mail: &Mail, served: &Served) {
    assert_eq!(
        (mail.from.as_str(), &mail.to[..]),
        ("desk@acme.test", &["ann@acme.test".to_owned()][..])
    );
    for part in [
        "\r\nFrom: \"Help desk\" <desk@acme.test>\r\n",
        "\r\nSubject: Choose a new password for helpdesk\r\n",
        "\r\nDate: ",
        "\r\nMessage-ID: <",
        "/auth/password/reset?token=",
    ] {
        assert_eq!(mail.text.matches(part).count(), 1, "{part:?} in {}", mail.text);
    }
    let (_, token) = mail.text.split_once("token=").expect("a link");
    let token: String = token.chars().take_while(char::is_ascii_hexdigit).collect();
    assert_eq!(token.len(), 64);
    let log = served.log();
    assert!(
        !log.contains(&token) && !log.contains("ann@acme.test") && !log.contains("s3cret"),
        "{log}"
    );
}

#[test]
fn letters_go_by_smtp() {
    let authority = Authority::new();
    let identity = authority.server(&["localhost"]);
    for (offers, url) in [
        (Offers::Tls(identity.clone()), "smtps://desk:s3cret@localhost:PORT"),
        (Offers::StartTls(identity.clone()), "smtp://desk:s3cret@localhost:PORT"),
        (Offers::Nothing, "smtp://localhost:PORT?starttls=off"),
    ] {
        // The first time it is put off, and comes all the same.
        let sink = Sink::start(offers.clone(), 1);
        let url = url.replace("PORT", &sink.port().to_string());
        let mail = format!("[mail]\nsmtp = \"{url}\"\n{FROM}ca = \"ca.pem\"\n");
        let begun = Instant::now();
        let (served, answer) = reset(&mail, |folder| {
            std::fs::write(folder.path().join("ca.pem"), authority.pem()).expect("it can be written");
        });
        assert!(answer.get("errors").is_none(), "{answer}");
        let letter = sink
            .take(Duration::from_secs(30))
            .unwrap_or_else(|| panic!("no letter after {:?}:\n{}", begun.elapsed(), served.log()));
        is_letter(&letter, &served);
        let is_clear = matches!(offers, Offers::Nothing);
        assert_eq!(letter.by_tls, !is_clear);
        // Base64 of `\0desk\0s3cret`.
        assert_eq!(letter.login.as_deref(), (!is_clear).then_some("AGRlc2sAczNjcmV0"));
        assert!(
            served
                .log()
                .contains("a letter has to wait: the mail server does not take it for now (451)"),
            "{}",
            served.log()
        );
        assert!(sink.take(Duration::from_millis(300)).is_none(), "it comes once");
    }
}

#[test]
fn a_letter_waits_for_tls_and_never_goes_without() {
    let (authority, strangers) = (Authority::new(), Authority::new());
    for offers in [
        Offers::Nothing,
        Offers::StartTls(strangers.server(&["localhost"])),
        Offers::StartTls(authority.server(&["elsewhere.test"])),
    ] {
        let sink = Sink::start(offers.clone(), 0);
        let url = format!("smtp://desk:s3cret@localhost:{}?starttls=required", sink.port());
        let mail = format!("[mail]\nsmtp = \"{url}\"\n{FROM}ca = \"ca.pem\"\n");
        let (served, answer) = reset(&mail, |folder| {
            std::fs::write(folder.path().join("ca.pem"), authority.pem()).expect("it can be written");
        });
        assert!(answer.get("errors").is_none(), "who asks is not told: {answer}");
        served.wait_for("a letter could not be sent: the mail server ");
        let commands = sink.commands();
        assert!(
            commands
                .iter()
                .all(|line| line.starts_with("EHLO") || matches!(line.as_str(), "STARTTLS" | "QUIT")),
            "{commands:?}"
        );
        let log = served.log();
        assert!(
            !log.contains("ann@acme.test") && !log.contains("s3cret") && !log.contains("token="),
            "{log}"
        );
    }
}

#[test]
fn an_app_has_letters_of_its_own() {
    let sink = Sink::start(Offers::Nothing, 0);
    let mail = format!(
        "[mail]\nsmtp = \"smtp://localhost:{}?starttls=off\"\n{FROM}",
        sink.port()
    );
    let (served, answer) = reset(&mail, |folder| {
        folder.write(
            "mail/password_reset.txt",
            "Subject: Neues Kennwort für {{app}}\n\nHier:\n\n{{link}}\n",
        );
    });
    assert!(answer.get("errors").is_none(), "{answer}");
    let letter = sink
        .take(Duration::from_secs(30))
        .unwrap_or_else(|| panic!("{}", served.log()));
    assert!(
        letter
            .text
            .contains("\r\nSubject: Neues Kennwort =?utf-8?b?ZsO8cg==?= helpdesk\r\n"),
        "{}",
        letter.text
    );
    assert!(
        letter.text.contains("\r\nHier:\r\n\r\nhttps://") && letter.text.contains("?token="),
        "{}",
        letter.text
    );

    let folder = Folder::with_model(&example("helpdesk"));
    folder.write("mail/password_reset.txt", "Subject: Hello\n\nWithout a link.\n");
    let model = folder.model().display().to_string();
    let checked = command(&["check", &model]);
    assert!(
        checked.code == Some(1) && checked.stderr.contains("the link is missing"),
        "{checked:?}"
    );
    let refused = Served::try_start(folder, "", "").expect_err("it starts");
    assert!(
        refused.contains("password_reset.txt") && refused.contains("the link is missing"),
        "{refused}"
    );
}

#[test]
fn settings_are_printed_without_secrets() {
    let folder = Folder::new();
    let file = folder.path().join("freehold.toml");
    let config = format!(
        "app = \"shop\"\nmail_dir = \"letters\"\ntrusted_proxies = [\"10.0.0.0/8\", \"127.0.0.1\"]\n[database]\nurl = \"postgres://a:s3cret@c/d\"\n{TLS}\
         hsts_subdomains = true\n[mail]\nsmtp = \"smtps://desk:s3cret@mail.test\"\n{FROM}"
    );
    let print = |config: &str| {
        std::fs::write(&file, config).expect("it can be written");
        command(&["serve", "--print-config", "--config", &file.display().to_string()])
    };
    let twice = print(&config);
    assert!(
        twice.code == Some(1) && twice.stderr.contains("either sent by `smtp` or left in `mail_dir`"),
        "{twice:?}"
    );
    let printed = print(&config.replace("mail_dir = \"letters\"\n", ""));
    assert_eq!(printed.code, Some(0), "{printed:?}");
    for part in [
        "smtp = \"smtps://***:***@mail.test:465\"",
        "trusted_proxies = [\"10.0.0.0/8\", \"127.0.0.1/32\"]",
        "min_version = \"1.3\"",
        "hsts_subdomains = true",
        "client_certificates = \"none\"",
    ] {
        assert!(printed.stdout.contains(part), "{part} in {}", printed.stdout);
    }
    assert!(!printed.stdout.contains("s3cret"), "{}", printed.stdout);
    // And can be read again, which says the same.
    let again = print(&printed.stdout);
    assert_eq!(again.stdout, printed.stdout);
    for (wrong, told) in [
        (
            config.replace("127.0.0.1", "localhost"),
            "neither an address nor a network",
        ),
        (
            config
                .replace("min_version", "x")
                .replace("hsts_subdomains = true", "min_version = \"1.1\""),
            "1.1",
        ),
        (
            config.replace(
                "smtps://desk:s3cret@mail.test",
                "smtp://desk:s3cret@mail.test?starttls=off",
            ),
            "not sent in the clear",
        ),
        (
            config
                .replace("desk@acme.test", "desk")
                .replace("mail_dir = \"letters\"\n", ""),
            "is no address",
        ),
    ] {
        let refused = print(&wrong);
        assert!(
            refused.code == Some(1) && refused.stderr.contains(told),
            "{told}: {refused:?}"
        );
    }
    let _ = std::fs::remove_dir_all(folder.path());
}

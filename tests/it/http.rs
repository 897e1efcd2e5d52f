//! GraphQL over HTTP, and requests that mean no good. The model is `tests/fixtures/shelf`.

use freehold_tests::{Database, Server, fixture, on_both_databases, raw};
use serde_json::json;

const QUERY: &str = r#"{"query":"{ __typename }"}"#;

fn server(database: Database) -> &'static Server {
    Server::shared(&fixture("shelf"), database)
}

/// A request by hand; the status.
fn status(server: &Server, request: &str) -> Option<u16> {
    raw::send(server.address(), request.as_bytes()).map(|(status, _)| status)
}

fn post(body: &str, headers: &str) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// A text many times over, with a number for `#`.
fn repeat_numbered(text: &str, count: usize) -> String {
    (0..count).map(|n| text.replace('#', &n.to_string())).collect()
}

/// The server still answers.
fn is_alive(server: &Server) {
    assert_eq!(
        server.anonymous().query("{ __typename }"),
        json!({"__typename": "Query"})
    );
}

on_both_databases! {
    fn media_types(database) {
        let anonymous = server(database).anonymous();
        let answer = anonymous.post(QUERY, "application/json", "application/json");
        assert_eq!((answer.status, &answer.body), (200, &json!({"data": {"__typename": "Query"}})));
        assert!(answer.content_type.starts_with("application/json"), "{}", answer.content_type);
        let answer = anonymous.post(QUERY, "application/json", "application/graphql-response+json");
        assert_eq!(answer.status, 200);
        assert!(answer.content_type.starts_with("application/graphql-response+json"), "{}", answer.content_type);
        assert_eq!(anonymous.post(QUERY, "application/json; charset=utf-8", "*/*").status, 200);
        assert_eq!(anonymous.post(QUERY, "application/json", "application/graphql-response+json, application/json;q=0.9").status, 200);
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"] {
            let answer = anonymous.post(QUERY, content_type, "application/json");
            assert!((400..500).contains(&answer.status), "{content_type}: {} {}", answer.status, answer.text);
        }
        assert_eq!(anonymous.post(QUERY, "application/json", "image/png").status, 406);
    }

    fn get_is_for_queries(database) {
        let anonymous = server(database).anonymous();
        let accept = "application/graphql-response+json";
        let answer = anonymous.get("/graphql?query=%7B__typename%7D", accept);
        assert_eq!((answer.status, &answer.body), (200, &json!({"data": {"__typename": "Query"}})));
        let answer = anonymous.get("/graphql?query=query(%24n%3AInt!)%7BbookByNumber(number%3A%24n)%7Btitle%7D%7D&variables=%7B%22n%22%3A2%7D", accept);
        assert_eq!(answer.body, json!({"data": {"bookByNumber": {"title": "Book 002"}}}), "{}", answer.text);
        let answer = anonymous.get("/graphql?query=mutation%7B__typename%7D", accept);
        assert!(answer.status == 405 || answer.status == 400, "a mutation by GET: {} {}", answer.status, answer.text);
        assert_eq!(anonymous.get("/graphql?query=%7B", accept).status, 400);
        assert_eq!(anonymous.get("/graphql?query=%7B__typename%7D&variables=nonsense", accept).status, 400);
    }

    fn mistakes_have_their_status(database) {
        let anonymous = server(database).anonymous();
        for (body, code) in [
            ("{", "BAD_REQUEST"), ("", "BAD_REQUEST"), ("[]", "BAD_REQUEST"), ("null", "BAD_REQUEST"), ("42", "BAD_REQUEST"), ("{}", "BAD_REQUEST"),
            (r#"{"query":1}"#, "BAD_REQUEST"), (r#"{"query":null}"#, "BAD_REQUEST"), (r#"{"query":"{__typename}","variables":1}"#, "BAD_REQUEST"),
            (r#"{"query":"{__typename}","operationName":1}"#, "BAD_REQUEST"), (r#"{"query":"{__typename}","extensions":1}"#, "BAD_REQUEST"),
            (r#"{"query":"{"}"#, "GRAPHQL_PARSE_FAILED"), (r#"{"query":"{ nothing }"}"#, "GRAPHQL_VALIDATION_FAILED"),
        ] {
            let answer = anonymous.post(body, "application/json", "application/graphql-response+json");
            assert_eq!((answer.status, answer.code()), (400, code), "{body:?}: {}", answer.text);
            assert!(answer.body.get("data").is_none(), "{body:?}: {}", answer.text);
            // GraphQL over HTTP, 6.4.1: with the old media type a well-formed request is answered with 200.
            let status = if code == "BAD_REQUEST" { 400 } else { 200 };
            let answer = anonymous.post(body, "application/json", "application/json");
            assert_eq!((answer.status, answer.code()), (status, code), "{body:?}: {}", answer.text);
        }
    }

    fn bodies_that_are_bombs_are_refused(database) {
        let server = server(database);
        let depth = 100_000;
        let bombs = [
            format!(r#"{{"query":"{{__typename}}","variables":{}{}}}"#, "[".repeat(depth), "]".repeat(depth)),
            format!(r#"{{"query":"{{__typename}}","variables":{}1{}}}"#, r#"{"a":"#.repeat(depth), "}".repeat(depth)),
            json!({"query": "{a".repeat(depth)}).to_string(),
            json!({"query": format!("{{ books(filter: {}{}) {{ totalCount }} }}", "{not: ".repeat(depth / 10), "}".repeat(depth / 10))}).to_string(),
            json!({"query": format!("{{ books(filter: {{number: {{in: {}{}}}}}) {{ totalCount }} }}", "[".repeat(depth), "]".repeat(depth))}).to_string(),
            json!({"query": format!("query ($x: {}Int{}) {{ __typename }}", "[".repeat(depth), "]".repeat(depth))}).to_string(),
            json!({"query": format!("{{ __typename {} }}", "@skip(if: false) ".repeat(30_000))}).to_string(),
            json!({"query": format!("{{ {} }}", "a ".repeat(200_000))}).to_string(),
            json!({"query": format!("{{ __typename }} # {}", "x".repeat(900_000))}).to_string(),
            json!({"query": "{ __typename }", "variables": {"x": "y".repeat(2_000_000)}}).to_string(),
            json!({"query": format!("{{ books(filter: {{title: {{eq: \"{}\"}}}}) {{ totalCount }} }}", "\\u0041".repeat(100_000))}).to_string(),
            json!({"query": format!("query ({}) {{ __typename }}", repeat_numbered("$v#: Int ", 50_000))}).to_string(),
            json!({"query": "\"\"\"".repeat(100_000)}).to_string(),
        ];
        for bomb in &bombs {
            let start: String = bomb.chars().take(60).collect();
            let answer = raw::send(server.address(), post(bomb, "Content-Type: application/json\r\n").as_bytes());
            if let Some((status, body)) = answer {
                assert!(status < 500, "{start}…: {status} {body}");
            }
            is_alive(server);
        }
        // A filter nested in variables.
        let mut filter = json!({"number": {"gt": 0}});
        for _ in 0..100 {
            filter = json!({"not": filter});
        }
        let answer = server.anonymous().answer_with("query ($f: BookFilter) { books(filter: $f) { totalCount } }", &json!({"f": filter}));
        assert!(answer.status < 500, "{}", answer.text);
        is_alive(server);
    }

    fn a_body_over_the_limit_is_413(database) {
        let body = json!({"query": "{ __typename }", "variables": {"x": "y".repeat(2_000_000)}}).to_string();
        let answer = raw::send(server(database).address(), post(&body, "Content-Type: application/json\r\n").as_bytes());
        assert!(answer.as_ref().is_none_or(|(status, _)| *status == 413), "{answer:?}");
    }

    fn only_a_get_asks_for_another_protocol(database) {
        let server = server(database);
        let body = r#"{"query": "{ __typename }"}"#;
        for upgrade in ["Upgrade: websocket\r\n", "Connection: Upgrade\r\nUpgrade: websocket\r\n", "Upgrade: h2c\r\n"] {
            assert_eq!(status(server, &post(body, upgrade)), Some(400), "{upgrade}");
        }
        for twice in ["X-Tenant: acme\r\nX-Tenant: globex\r\n", "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"] {
            assert_eq!(status(server, &post(body, &format!("Content-Type: application/json\r\n{twice}"))), Some(400), "{twice}");
        }
        // What is announced is refused before it is sent.
        let announced = "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2147483648\r\n\r\n";
        assert_eq!(status(server, announced), Some(413));
        is_alive(server);
    }

    fn headers_that_mean_no_good(database) {
        let server = server(database);
        let json_type = "Content-Type: application/json\r\n";
        for headers in [
            "X-Tenant: \u{e9}\r\n".to_owned(), "X-Tenant: ' OR 1=1 --\r\n".into(), format!("X-Tenant: {}\r\n", "x".repeat(5_000)), "X-Tenant: \r\n".into(),
            "X-Tenant: a\r\nX-Tenant: b\r\n".into(), "Cookie: __Host-freehold=\r\n".into(), "Cookie: __Host-freehold=nonsense\r\n".into(),
            format!("Cookie: __Host-freehold={}\r\n", "A".repeat(4_000)), "Cookie: __Host-freehold=a; __Host-freehold=b\r\n".into(), "Cookie: ;;;=;=\r\n".into(),
            "Authorization: Bearer nonsense\r\n".into(), "Authorization: Basic !!!\r\n".into(), "Authorization: \r\n".into(), "Authorization: Bearer\r\n".into(),
            "Accept: \r\n".into(), "Accept: ;;;q=x\r\n".into(), "Accept-Encoding: nonsense\r\n".into(), "Content-Encoding: gzip\r\n".into(),
            "Content-Encoding: nonsense\r\n".into(), "Origin: https://evil.test\r\n".into(), "Origin: null\r\n".into(), "X-Forwarded-Host: evil.test\r\n".into(),
            "X-Forwarded-For: 1.2.3.4, \u{0}\r\n".into(), "Transfer-Encoding: chunked\r\n".into(), "Expect: 200-maybe\r\n".into(), "X-Request-Id: \u{1b}[31m\r\n".into(),
        ] {
            let status = status(server, &post(QUERY, &format!("{json_type}{headers}")));
            assert!(status.is_none_or(|status| status < 500), "{headers:?}: {status:?}");
        }
        is_alive(server);
    }

    fn hosts_and_paths_that_mean_no_good(database) {
        let server = server(database);
        for host in ["", "evil.test", "localhost:99999", "[::1", "a b", "..", "\u{e9}.test", "localhost, evil.test", "LOCALHOST", "127.0.0.1.", "%00"] {
            let request = format!("POST /graphql HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{QUERY}", QUERY.len());
            let status = status(server, &request);
            assert!(status.is_none_or(|status| status < 500), "Host {host:?}: {status:?}");
        }
        for path in ["/", "/nothing", "/graphql/", "/graphql/x", "//graphql", "/%2e%2e/%2e%2e/etc/passwd", "/../../etc/passwd", "/assets/../../Cargo.toml", "/%00", "/%ff", "/auth/nothing", "/files/x", "/healthz", "*", "http://evil.test/"] {
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "NONSENSE"] {
                let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                let answer = raw::send(server.address(), request.as_bytes());
                let status = answer.as_ref().map(|(status, _)| *status);
                assert!(status.is_none_or(|status| status < 500 || status == 501), "{method} {path}: {answer:?}");
                assert!(!answer.is_some_and(|(_, body)| body.contains("root:") || body.contains("[workspace]")), "{method} {path}");
            }
        }
        for request in ["", "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1}", "POST /graphql HTTP/1.1\r\n\r\n", "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"] {
            let mut request = request.to_owned();
            if request.is_empty() || !request.ends_with("\r\n\r\n") {
                request.push_str("\r\n\r\n");
            }
            let status = status(server, &request);
            assert!(status.is_none_or(|status| status < 500 || status == 505), "{request:?}: {status:?}");
        }
        is_alive(server);
    }

    fn signing_in_refuses_without_telling_why(database) {
        let server = server(database);
        let sign_in = |body: &str| raw::send(server.address(), format!("POST /auth/sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Freehold-CSRF: 1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        let unknown = sign_in(r#"{"email":"nobody@shelf.test","password":"wrong-password-1"}"#).expect("an answer");
        let wrong = sign_in(r#"{"email":"sue@shelf.test","password":"wrong-password-1"}"#).expect("an answer");
        assert_eq!(unknown.0, 401);
        let body = |answer: &(u16, String)| {
            let value: serde_json::Value = serde_json::from_str(&answer.1).unwrap_or_else(|_| panic!("{answer:?}"));
            freehold_tests::without_request_id(value).to_string()
        };
        assert_eq!((unknown.0, body(&unknown)), (wrong.0, body(&wrong)));
        for bad in ["", "{", "[]", "{}", r#"{"email":1,"password":2}"#, r#"{"email":"x"}"#, r#"{"email":"a@b","password":""}"#, r#"{"email":"\u0000","password":"\u0000"}"#] {
            let answer = sign_in(bad);
            assert!(answer.as_ref().is_some_and(|(status, _)| (400..500).contains(status)), "{bad:?}: {answer:?}");
        }
        let long = json!({"email": "a".repeat(100_000), "password": "p".repeat(500_000)}).to_string();
        assert!(sign_in(&long).is_none_or(|(status, _)| status < 500));
        is_alive(server);
    }

    fn other_sites_cannot_use_the_session(database) {
        let server = server(database);
        let cookie = server.sign_in("sue@shelf.test").cookie().expect("a cookie").to_owned();
        let query = r#"{"query":"{ viewer { user { name } } }"}"#;
        let ask = |headers: &str, body: &str| raw::send(server.address(), post(body, &format!("Cookie: {cookie}\r\n{headers}")).as_bytes()).expect("an answer");
        let (status, body) = ask("Content-Type: application/json\r\nX-Freehold-CSRF: 1\r\n", query);
        assert!(status == 200 && body.contains("Sue"), "{status} {body}");
        for headers in ["Content-Type: application/json\r\nOrigin: https://evil.test\r\n", "Content-Type: text/plain\r\n", "Content-Type: application/x-www-form-urlencoded\r\n", "Content-Type: text/plain\r\nOrigin: https://evil.test\r\n"] {
            let (status, body) = ask(headers, query);
            assert!(!body.contains("Sue"), "{headers:?}: {status} {body}");
        }
        // `__Host-` needs TLS; development is plain HTTP.
        assert!(cookie.starts_with("freehold=") && cookie.len() >= "freehold=".len() + 64, "256 bits: {cookie}");
    }
}

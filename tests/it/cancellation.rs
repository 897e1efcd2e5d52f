//! What nobody waits for any more is given up.

use freehold_tests::{Database, Server, example};
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

/// More than a server has connections to its database.
const CLIENTS: usize = 40;

#[test]
fn a_client_that_has_gone_keeps_no_connection_busy() {
    let server = Server::fresh(&example("helpdesk"), Database::Postgres);
    // Whatever reads articles waits.
    let (locked, is_locked) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            locked.send(()).expect("somebody waits");
            server.execute("BEGIN; LOCK TABLE freehold.article IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(12); COMMIT");
        });
        is_locked.recv().expect("it locks");
        std::thread::sleep(Duration::from_millis(500));
        let body = json!({"query": "{ articles { totalCount } }"}).to_string();
        let request = format!(
            "POST /graphql HTTP/1.1\r\nHost: {}\r\nX-Tenant: acme\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            server.address(),
            body.len()
        );
        let clients: Vec<TcpStream> = (0..CLIENTS)
            .map(|_| {
                let mut stream = TcpStream::connect(server.address()).expect("the server listens");
                stream.write_all(request.as_bytes()).expect("a request can be sent");
                stream
            })
            .collect();
        std::thread::sleep(Duration::from_secs(1));
        drop(clients);
        // One that waits for a connection for five seconds is refused.
        let answer = server.anonymous().answer("{ announcements { totalCount } }");
        assert_eq!(answer.status, 200, "{}", answer.text);
    });
}

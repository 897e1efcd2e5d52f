//! Several servers on one database, behind a proxy that gives each request to another one.

use freehold_tests::{Balancer, Database, Person, Server, Start, example};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Requests of a row, so that each server has some of them.
const ROUND: usize = 9;

fn servers() -> [Server; 3] {
    let first = Server::fresh(&example("helpdesk"), Database::Postgres);
    let second = Start::beside(&first).start();
    let third = Start::beside(&first).start();
    [first, second, third]
}

fn person_id(administrator: &Person<'_>, name: &str) -> String {
    let text = "query($n: String!) { users(filter: {name: {startsWith: $n}}) { nodes { id } } }";
    let found = administrator.query_with(text, &json!({ "n": name }));
    found["users"]["nodes"][0]["id"].as_str().expect("a person").to_owned()
}

#[test]
fn nothing_depends_on_the_server_that_answers() {
    let servers = servers();
    let balancer = Balancer::before(&servers.each_ref());
    let ann = servers[0].sign_in("ann@acme.test").tenant("acme").by(balancer.base());
    let jun = servers[1].sign_in("jun@acme.test").tenant("acme").by(balancer.base());

    // A session that one has begun is known to all, and so are its cursors.
    let mut after = Value::Null;
    let mut seen = BTreeSet::new();
    let text = "query($after: String) { articles(first: 1, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } } }";
    loop {
        let page = ann.query_with(text, &json!({ "after": after }))["articles"].take();
        assert!(seen.insert(page["nodes"][0]["id"].to_string()), "{page} comes twice");
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert!(seen.len() > 3, "{seen:?}");

    // A right that is given or taken by one holds with the next request, on all of them.
    let id = person_id(&jun, "Ann");
    for roles in [
        json!(["agent"]),
        json!(["agent", "requester"]),
        json!(["requester"]),
        json!([]),
    ] {
        let text = "mutation($u: ID!, $r: [String!]!) { setMemberRoles(user: $u, roles: $r) { __typename } }";
        jun.query_with(text, &json!({"u": id, "r": roles}));
        for _ in 0..ROUND {
            assert_eq!(ann.query("{ viewer { roles } }")["viewer"]["roles"], roles);
        }
    }
    let block = |verb: &str| {
        jun.query(&format!("mutation {{ {verb}Member(user: {id:?}) {{ __typename }} }}"));
    };
    block("block");
    for _ in 0..ROUND {
        let tenant = ann.query("{ viewer { memberships { status } roles } }");
        assert_eq!(tenant["viewer"]["roles"], json!([]), "{tenant}");
    }
    block("unblock");
    assert_eq!(ann.sign_out(), 204);
    for _ in 0..ROUND {
        assert_eq!(ann.refusal("{ viewer { roles } }"), "UNAUTHENTICATED");
    }
}

#[test]
fn a_server_may_be_killed_under_load() {
    let servers = servers();
    let balancer = Balancer::before(&servers.each_ref());
    let ann = servers[0].sign_in("ann@acme.test").tenant("acme").by(balancer.base());
    let text = "mutation($s: String!) { createTicket(input: {subject: $s, body: \"b\"}) { id } }";
    let written = Mutex::new(Vec::new());
    let lost = Mutex::new(0_usize);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (ann, written, lost, is_over) = (&ann, &written, &lost, &is_over);
            scope.spawn(move || {
                for number in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let subject = format!("Load {writer} {number}");
                    let answer = ann.try_answer(text, &json!({ "s": subject }));
                    match answer.filter(|answer| answer.status == 200) {
                        Some(answer) => {
                            assert!(answer.body["errors"].is_null(), "{}", answer.text);
                            written.lock().expect("nobody panics").push(subject);
                        }
                        None => *lost.lock().expect("nobody panics") += 1,
                    }
                }
            });
        }
        std::thread::sleep(Duration::from_secs(1));
        servers[1].kill();
        std::thread::sleep(Duration::from_secs(2));
        is_over.store(true, Ordering::Relaxed);
    });
    let (written, lost) = (written.into_inner().expect("ended"), lost.into_inner().expect("ended"));
    assert!(written.len() > 50, "{} written", written.len());
    // Those that were with it when it died, and perhaps one more each until the proxy knows.
    assert!(lost <= 16, "{lost} of {} were lost", written.len());

    // What was said to be written is there, once.
    let mut found = Vec::new();
    let mut after = Value::Null;
    loop {
        let text = "query($after: String) { tickets(filter: {subject: {startsWith: \"Load \"}}, first: 200, after: $after) \
                    { nodes { subject } pageInfo { endCursor hasNextPage } } }";
        let page = ann.query_with(text, &json!({ "after": after }))["tickets"].take();
        let nodes = page["nodes"].as_array().expect("a list");
        found.extend(
            nodes
                .iter()
                .filter_map(|node| node["subject"].as_str().map(str::to_owned)),
        );
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let distinct: BTreeSet<&String> = found.iter().collect();
    assert_eq!(distinct.len(), found.len(), "something was written twice");
    let missing: Vec<&String> = written.iter().filter(|subject| !distinct.contains(subject)).collect();
    assert!(missing.is_empty(), "said to be written, and not there: {missing:?}");

    // The others go on as if nothing had been, for those who listen too.
    let events = ann.listen(
        "subscription { tickets(filter: {subject: {eq: \"After\"}}) { totalCount } }",
        &json!({}),
    );
    assert_eq!(events.next()["data"]["tickets"]["totalCount"], 0);
    let started = Instant::now();
    for _ in 0..2 * ROUND {
        ann.query("{ tickets { totalCount } }");
    }
    assert!(started.elapsed() < Duration::from_secs(20));
    ann.query_with(text, &json!({"s": "After"}));
    assert_eq!(events.next()["data"]["tickets"]["totalCount"], 1);
}

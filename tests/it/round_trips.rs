//! How often PostgreSQL is asked: all the data of a request in one round trip, a statement for each list and each total.

use freehold_tests::{Database, Server, Start, fixture, proxy::Traffic};

/// Round trips that carry statements. A `Sync` alone is a pool that looks whether a connection is alive, after the answer.
fn flights(traffic: &Traffic) -> usize {
    traffic
        .flights
        .iter()
        .filter(|messages| messages.contains(['E', 'Q']))
        .count()
}

/// Those of a write: without the word to other servers, for which nobody waits.
fn waited_for(traffic: &Traffic) -> usize {
    let words = traffic.statements.iter().filter(|text| text.contains("pg_notify"));
    flights(traffic).saturating_sub(words.count())
}

/// Traffic of one request, once everything is warm, and what a request without data costs.
fn measure(server: &Server, query: &str) -> (Traffic, Traffic) {
    let ed = server.sign_in("ed@shelf.test");
    // A connection that has not seen the statement yet has to be told it once; the least of many is what it costs then.
    let once = |query: &str| {
        server.proxy().reset();
        ed.query(query);
        server.proxy().traffic()
    };
    let traffic = |query: &str| (0..16).map(|_| once(query)).min_by_key(flights).unwrap_or_default();
    (traffic("{ __typename }"), traffic(query))
}

#[test]
fn data_comes_in_one_flight() {
    let server = Start::with_model(&fixture("shelf"), Database::Postgres)
        .proxied()
        .start();
    for (query, statements) in [
        ("{ bookByNumber(number: 2) { title author { name } } }", 1),
        ("{ books(first: 10) { nodes { title author { name } } } }", 1),
        ("{ books(first: 10) { totalCount nodes { title } } }", 2),
        (
            "{ books(first: 10) { nodes { title reviews(first: 3) { nodes { body } } } } }",
            2,
        ),
        (
            "{ books(first: 10) { totalCount nodes { title reviews(first: 3) { totalCount nodes { body } } } } }",
            4,
        ),
        (
            "{ authors { nodes { books(first: 5) { nodes { reviews(first: 3) { nodes { body } } } } } } }",
            3,
        ),
        (
            "{ a: bookByNumber(number: 2) { title } b: authors { nodes { name } } c: samples { nodes { label } } }",
            3,
        ),
        (
            "{ books(first: 10, filter: {author: {name: {eq: \"Ada\"}}, reviews: {some: {stars: {gt: 1}}}}, orderBy: [{author: {name: ASC}}]) { nodes { title } } }",
            1,
        ),
    ] {
        let (without, with) = measure(&server, query);
        let told = format!(
            "{query}\n  flights {:?}, and for no data {:?}\n  statements {:#?}\n  and for no data {:#?}",
            with.flights, without.flights, with.statements, without.statements
        );
        // Who asks is asked in the same flight.
        assert_eq!(flights(&with), 1, "round trips of {told}");
        assert_eq!(
            with.queries().len() - without.queries().len(),
            statements,
            "statements of {told}"
        );
    }
}

#[test]
fn a_simple_write_is_one_flight() {
    let server = Start::with_model(&fixture("guild"), Database::Postgres)
        .proxied()
        .start();
    let ann = server.sign_in("ann@guild.test").tenant("acme");
    let roof = ann.query("{ jobByTitle(title: \"Roof\") { id } }")["jobByTitle"]["id"].clone();
    let red = ann.query("{ crews(filter: {name: {eq: \"Red\"}}) { nodes { id } } }")["crews"]["nodes"][0]["id"].clone();
    // What most of many take: a connection has to be told each statement once, and now and then the proxy sees two round trips as
    // one, when the answer to the first was overtaken.
    let usual = |texts: Vec<String>| {
        let traffic: Vec<Traffic> = texts
            .into_iter()
            .map(|text| {
                server.proxy().reset();
                ann.query(&text);
                server.proxy().traffic()
            })
            .collect();
        let counts: Vec<usize> = traffic.iter().map(waited_for).collect();
        let times = |wanted: usize| counts.iter().filter(|count| **count == wanted).count();
        traffic
            .into_iter()
            .max_by_key(|it| times(waited_for(it)))
            .unwrap_or_default()
    };
    let many = |text: &dyn Fn(usize) -> String| (0..16).map(text).collect::<Vec<_>>();
    let tasks: Vec<String> = (0..16)
        .map(|index| {
            let text = format!("mutation {{ createTask(input: {{text: \"t{index}\", job: {roof}}}) {{ id }} }}");
            ann.query(&text)["createTask"]["id"].to_string()
        })
        .collect();
    let cases = [
        many(&|index| {
            format!(
                "mutation {{ createJob(input: {{title: \"n{index}\", crew: {red}}}) {{ id number crew {{ name }} }} }}"
            )
        }),
        many(&|index| {
            format!(
                "mutation {{ updateJob(id: {roof}, input: {{hours: {}}}) {{ hours version }} }}",
                index % 8
            )
        }),
        many(&|index| {
            format!(
                "mutation {{ transitionJob(id: {roof}, to: {}) {{ state }} }}",
                ["OPEN", "NEW"][index % 2]
            )
        }),
        many(&|index| format!("mutation {{ deleteTask(id: {}) {{ text }} }}", tasks[index])),
        // Several, none of which needs another's answer.
        many(&|index| {
            format!(
                "mutation {{ a: createJob(input: {{title: \"a{index}\"}}) {{ number }} b: createJobs(input: [{{title: \"b{index}\"}}, {{title: \"c{index}\"}}]) {{ number }} c: updateJob(id: {roof}, input: {{hours: 3}}) {{ version }} }}"
            )
        }),
    ];
    for texts in cases {
        let told = texts[0].clone();
        let with = usual(texts);
        // Who asks is proved in the same one.
        assert_eq!(waited_for(&with), 1, "{told}\n{:#?}", with.statements);
    }
}

#[test]
fn who_is_calling_costs_one_round_trip() {
    let server = Start::with_model(&fixture("shelf"), Database::Postgres)
        .proxied()
        .start();
    let (without, _) = measure(&server, "{ __typename }");
    assert_eq!(flights(&without), 1, "{:#?}", without.statements);
}

#[test]
fn introspection_asks_nothing() {
    let server = Start::with_model(&fixture("shelf"), Database::Postgres)
        .proxied()
        .start();
    let (without, with) = measure(&server, "{ __schema { types { name } } }");
    assert_eq!(
        with.statements.len(),
        without.statements.len(),
        "{:#?}",
        with.statements
    );
}

#[test]
fn texts_of_statements_are_constant() {
    let server = Start::with_model(&fixture("shelf"), Database::Postgres)
        .proxied()
        .start();
    let ed = server.sign_in("ed@shelf.test");
    let ask = |text: &str| {
        server.proxy().reset();
        ed.query_with(
            "query ($t: String) { books(first: 3, filter: {title: {contains: $t}}) { nodes { title } } }",
            &serde_json::json!({"t": text}),
        );
        server
            .proxy()
            .traffic()
            .queries()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    ask("warm");
    let (one, other) = (ask("Book"), ask("'; DROP TABLE book; --"));
    assert_eq!(one, other);
    assert!(other.iter().all(|text| !text.contains("DROP")), "{other:?}");
}

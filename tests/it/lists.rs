//! Pages, orders, totals and figures of lists. The model is `tests/fixtures/shelf`: every second book is hidden.

use crate::texts;
use freehold_tests::{Database, Person, Server, fixture, on_both_databases};
use serde_json::{Value, json};

fn rex(database: Database) -> Person<'static> {
    Server::shared(&fixture("shelf"), database).sign_in("rex@shelf.test")
}

fn numbers(connection: &Value) -> Vec<u64> {
    connection["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .filter_map(|node| node["number"].as_u64())
        .collect()
}

/// Walks page by page; gives every number seen.
fn walk(person: &Person<'_>, order: &str, size: usize, forward: bool) -> Vec<u64> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..100 {
        let (count, bound) = if forward {
            ("first", "after")
        } else {
            ("last", "before")
        };
        let bound = cursor
            .map(|cursor| format!(", {bound}: {cursor:?}"))
            .unwrap_or_default();
        let data = person.query(&format!(
            "{{ books({count}: {size}, orderBy: {order}{bound}) {{ totalCount nodes {{ number }} edges {{ cursor }} \
             pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
        ));
        let books = &data["books"];
        let (page, info) = (numbers(books), &books["pageInfo"]);
        assert_eq!(books["totalCount"], 30);
        let edges = books["edges"].as_array().expect("edges");
        assert_eq!(
            (
                edges.first().map(|it| &it["cursor"]),
                edges.last().map(|it| &it["cursor"])
            ),
            (Some(&info["startCursor"]), Some(&info["endCursor"]))
        );
        if forward {
            all.extend(page);
        } else {
            all.splice(0..0, page);
        }
        let (more, next) = if forward {
            ("hasNextPage", "endCursor")
        } else {
            ("hasPreviousPage", "startCursor")
        };
        assert_eq!(info[more], all.len() < 30, "{more} after {} of 30", all.len());
        if info[more] == false {
            return all;
        }
        cursor = info[next].as_str().map(str::to_owned);
    }
    panic!("a hundred pages and no end");
}

on_both_databases! {
    fn pages_forwards_and_backwards_join_to_the_whole(database) {
        let rex = rex(database);
        for order in ["[{number: ASC}]", "[{number: DESC}]", "[{price: ASC}]", "[{price: DESC}]", "[{genre: ASC}, {title: DESC}]", "[{author: {name: DESC}}, {price: ASC}]", "[{note: ASC}]", "[{note: DESC}]", "[{createdAt: ASC}]", "[{author: {born: ASC}}]", "[]"] {
            let whole = numbers(&rex.query(&format!("{{ books(first: 50, orderBy: {order}) {{ nodes {{ number }} }} }}"))["books"]);
            assert_eq!(whole.len(), 30, "{order}");
            for size in [1, 7, 29, 30, 31] {
                assert_eq!(walk(&rex, order, size, true), whole, "forwards by {order}, {size} a page");
                assert_eq!(walk(&rex, order, size, false), whole, "backwards by {order}, {size} a page");
            }
        }
    }

    fn pages_are_full_though_half_the_rows_are_hidden(database) {
        let data = rex(database).query("{ books(first: 10, orderBy: [{number: ASC}]) { totalCount nodes { number } pageInfo { hasNextPage hasPreviousPage } } }");
        assert_eq!(numbers(&data["books"]), (1..=10).map(|it| it * 2).collect::<Vec<_>>());
        assert_eq!(data["books"]["pageInfo"], json!({"hasNextPage": true, "hasPreviousPage": false}));
        // Behind the thirtieth there are hidden ones alone.
        let data = rex(database).query("{ books(first: 30, orderBy: [{number: DESC}]) { pageInfo { hasNextPage } } }");
        assert_eq!(data["books"]["pageInfo"]["hasNextPage"], false);
    }

    fn nulls_come_last_upwards_and_first_downwards(database) {
        let prices = |order: &str| texts(&rex(database).query(&format!("{{ books(first: 50, orderBy: [{{price: {order}}}]) {{ nodes {{ price }} }} }}"))["books"], "price");
        let (up, down) = (prices("ASC"), prices("DESC"));
        assert!(up[24..].iter().all(|price| price == "null") && up[..24].iter().all(|price| price != "null"), "{up:?}");
        assert!(down[..6].iter().all(|price| price == "null") && down[6..].iter().all(|price| price != "null"), "{down:?}");
        let as_numbers: Vec<f64> = up[..24].iter().map(|price| price.parse().expect("a decimal")).collect();
        assert!(as_numbers.is_sorted(), "decimals are ordered as numbers: {as_numbers:?}");
    }

    fn text_is_ordered_by_its_bytes(database) {
        let server = Server::shared(&fixture("shelf"), database);
        let data = server.anonymous().query("{ samples(orderBy: [{aText: ASC}]) { nodes { aText } } }");
        assert_eq!(texts(&data["samples"], "aText"), ["", r"100% of_it\", "Alpha beta", "alpha", "ÉLAN ǅ Straße", "null"]);
    }

    fn text_stays_text_though_a_decimal_guards_it(database) {
        // SQLite hands the collation of a comparison inside CASE on to the whole expression.
        let person = Server::shared(&fixture("shelf"), database).anonymous();
        let ask = |arguments: &str| texts(&person.query(&format!("{{ priceTags({arguments}) {{ nodes {{ label }} }} }}"))["priceTags"], "label");
        assert_eq!(ask("orderBy: [{label: ASC}]"), ["", "100", "9", "Alpha", "null", "null"]);
        assert_eq!(ask("orderBy: [{label: ASC}], filter: {label: {gte: \"100\"}}"), ["100", "9", "Alpha"]);
        assert_eq!(ask("filter: {label: {eq: \"100.0\"}}"), [""; 0]);
        let groups = person.query("{ priceTags { aggregate { min { label } max { label } } } }");
        assert_eq!(groups["priceTags"]["aggregate"], json!({"min": {"label": ""}, "max": {"label": "Alpha"}}));
    }

    fn sums_of_decimals_keep_the_longest_fraction(database) {
        let person = Server::shared(&fixture("shelf"), database).anonymous();
        let sum = |filter: &str| person.query(&format!("{{ priceTags(filter: {filter}) {{ aggregate {{ sum {{ worth }} }} }} }}"))["priceTags"]["aggregate"]["sum"]["worth"].clone();
        assert_eq!(sum("{}"), "21.00");
        assert_eq!(sum(r#"{worth: {in: ["2.5", "3.50"]}}"#), "6.00");
        assert_eq!(sum(r#"{worth: {in: ["10", "4"]}}"#), "14");
        assert_eq!(sum(r#"{worth: {in: ["0.00", "2.5"]}}"#), "2.50");
    }

    fn equal_keys_are_ordered_by_id(database) {
        let ids = |order: &str| texts(&rex(database).query(&format!("{{ books(first: 50, orderBy: [{{genre: {order}}}]) {{ nodes {{ id genre }} }} }}"))["books"], "id");
        let (up, mut down) = (ids("ASC"), ids("DESC"));
        down.reverse();
        assert_eq!(up, down);
    }

    fn offset_leaves_rows_out(database) {
        let data = rex(database).query("{ books(first: 3, offset: 28, orderBy: [{number: ASC}]) { totalCount nodes { number } pageInfo { hasNextPage } } }");
        assert_eq!(numbers(&data["books"]), [58, 60]);
        assert_eq!((&data["books"]["totalCount"], &data["books"]["pageInfo"]["hasNextPage"]), (&json!(30), &json!(false)));
        assert_eq!(rex(database).query("{ books(offset: 1000) { nodes { number } } }")["books"]["nodes"], json!([]));
    }

    fn thirty_rows_are_given_unless_asked(database) {
        let ed = Server::shared(&fixture("shelf"), database).sign_in("ed@shelf.test");
        let data = ed.query("{ books { totalCount nodes { number } } }");
        assert_eq!((numbers(&data["books"]).len(), &data["books"]["totalCount"]), (30, &json!(60)));
    }

    fn a_page_over_the_limit_is_refused(database) {
        let person = rex(database);
        assert_eq!(numbers(&person.query("{ books(first: 50) { nodes { number } } }")["books"]).len(), 30);
        for query in ["{ books(first: 51) { nodes { id } } }", "{ books(last: 51) { nodes { id } } }", "{ authors { nodes { books(first: 51) { nodes { id } } } } }"] {
            let answer = person.answer(query);
            assert_eq!(answer.code(), "LIMIT_EXCEEDED", "{query}: {}", answer.text);
            let extensions = &answer.body["errors"][0]["extensions"];
            assert_eq!((&extensions["limit"], &extensions["found"]), (&json!(50), &json!(51)), "{}", answer.text);
        }
        let answer = person.answer_with("query ($n: Int) { books(first: $n) { nodes { id } } }", &json!({"n": 51}));
        assert_eq!(answer.code(), "LIMIT_EXCEEDED", "{}", answer.text);
    }

    fn impossible_pages_are_refused(database) {
        for query in [
            "{ books(first: -1) { nodes { id } } }",
            "{ books(last: -1) { nodes { id } } }",
            "{ books(offset: -1) { nodes { id } } }",
            "{ books(first: 1, last: 1) { nodes { id } } }",
            "{ books(after: \"nonsense\") { nodes { id } } }",
            "{ books(after: \"\") { nodes { id } } }",
            "{ books(before: \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\") { nodes { id } } }",
        ] {
            assert_eq!(rex(database).refusal(query), "BAD_USER_INPUT", "{query}");
        }
    }

    fn a_cursor_is_bound_to_its_order_and_cannot_be_forged(database) {
        let rex = rex(database);
        let data = rex.query("{ books(first: 2, orderBy: [{price: ASC}]) { pageInfo { endCursor } } }");
        let cursor = data["books"]["pageInfo"]["endCursor"].as_str().expect("a cursor").to_owned();
        let refused = |order: &str, cursor: &str| {
            let query = format!("{{ books(first: 2, orderBy: {order}, after: {cursor:?}) {{ nodes {{ id }} }} }}");
            assert_eq!(rex.refusal(&query), "BAD_USER_INPUT", "{query}");
        };
        for order in ["[{price: DESC}]", "[{number: ASC}]", "[{price: ASC}, {number: ASC}]", "[]"] {
            refused(order, &cursor);
        }
        let query = format!("{{ reviews(first: 2, after: {cursor:?}) {{ nodes {{ id }} }} }}");
        assert_eq!(rex.refusal(&query), "BAD_USER_INPUT");
        for at in 0..cursor.len() {
            let other = if &cursor[at..=at] == "A" { "B" } else { "A" };
            let mut forged = cursor.clone();
            forged.replace_range(at..=at, other);
            let answer = rex.answer(&format!("{{ books(first: 2, orderBy: [{{price: ASC}}], after: {forged:?}) {{ nodes {{ id }} }} }}"));
            // The last character of base64 may have bits that mean nothing.
            let is_same = at + 1 == cursor.len() && answer.body["errors"].is_null();
            assert!(answer.code() == "BAD_USER_INPUT" || is_same, "forged at {at}: {}", answer.text);
        }
    }

    fn a_cursor_tells_nothing(database) {
        let data = rex(database).query("{ books(first: 1, orderBy: [{title: ASC}]) { nodes { title } pageInfo { endCursor } } }");
        let cursor = data["books"]["pageInfo"]["endCursor"].as_str().expect("a cursor");
        let title = data["books"]["nodes"][0]["title"].as_str().expect("a title");
        assert!(!decode(cursor).contains(title), "{cursor}");
    }

    fn figures_are_of_all_rows_of_the_list(database) {
        let rex = rex(database);
        let data = rex.query("{ books(first: 1, filter: {number: {lte: 10}}) { aggregate { count sum { number price } avg { number } min { number title price } max { number title price } } } }");
        let expected = json!({
            "count": 5,
            "sum": {"number": 30.0, "price": "37.00"},
            "avg": {"number": 6.0},
            "min": {"number": 2, "title": "Book 002", "price": "2.25"},
            "max": {"number": 10, "title": "Book 010", "price": "16.25"},
        });
        // 2: 14.25, 4: 8.25, 6: 2.25, 8: 16.25, 10: none.
        let expected = { let mut expected = expected; expected["sum"]["price"] = json!("41.00"); expected };
        assert_eq!(freehold_tests::reference::difference(&expected, &data["books"]["aggregate"]), None, "{data}");
        let data = rex.query("{ books(filter: {number: {gt: 1000}}) { totalCount aggregate { count sum { number } avg { number } min { title } } groups(by: [GENRE]) { aggregate { count } } } }");
        assert_eq!(data["books"], json!({"totalCount": 0, "aggregate": {"count": 0, "sum": {"number": null}, "avg": {"number": null}, "min": {"title": null}}, "groups": []}));
    }

    fn groups_are_ordered_by_their_keys(database) {
        let data = rex(database).query("{ books { groups(by: [GENRE]) { key { genre } aggregate { count } } } }");
        let keys: Vec<&Value> = data["books"]["groups"].as_array().expect("groups").iter().map(|group| &group["key"]["genre"]).collect();
        assert_eq!(keys, [&json!("HOW_TO"), &json!("NOVEL"), &json!("POETRY"), &json!(null)]);
        let data = rex(database).query("{ books { totalCount groups(by: [AUTHOR, GENRE]) { key { author { name } genre } aggregate { count } } } }");
        let groups = data["books"]["groups"].as_array().expect("groups");
        let total: u64 = groups.iter().filter_map(|group| group["aggregate"]["count"].as_u64()).sum();
        assert_eq!(total, 30);
    }

    fn nested_lists_page_for_each_parent(database) {
        let data = rex(database).query("{ books(first: 50, orderBy: [{number: ASC}]) { nodes { number reviews(first: 1, orderBy: [{body: DESC}]) { totalCount nodes { body } pageInfo { hasNextPage } aggregate { count sum { stars } } } } } }");
        for node in data["books"]["nodes"].as_array().expect("nodes") {
            let number = node["number"].as_u64().expect("a number");
            let count = number % 4;
            let reviews = &node["reviews"];
            assert_eq!(reviews["totalCount"], count, "of book {number}");
            assert_eq!(reviews["aggregate"]["count"], count);
            assert_eq!(reviews["pageInfo"]["hasNextPage"], count > 1);
            let expected: Vec<String> = (count > 0).then(|| format!("review {} of {number}", count.max(1) - 1)).into_iter().collect();
            assert_eq!(texts(reviews, "body"), expected);
        }
        // The same list twice, differently.
        let data = rex(database).query("{ bookByNumber(number: 6) { a: reviews(first: 1, orderBy: [{body: ASC}]) { nodes { body } } b: reviews(last: 1, orderBy: [{body: ASC}]) { nodes { body } } } }");
        assert_eq!(data["bookByNumber"], json!({"a": {"nodes": [{"body": "review 0 of 6"}]}, "b": {"nodes": [{"body": "review 1 of 6"}]}}));
    }

    fn cursors_of_nested_lists_go_on(database) {
        let rex = rex(database);
        let ask = |after: &str| rex.query(&format!("{{ bookByNumber(number: 6) {{ reviews(first: 1, orderBy: [{{body: ASC}}]{after}) {{ nodes {{ body }} pageInfo {{ hasNextPage endCursor }} }} }} }}"))["bookByNumber"]["reviews"].clone();
        let first = ask("");
        assert_eq!(first["pageInfo"]["hasNextPage"], true);
        let second = ask(&format!(", after: {}", first["pageInfo"]["endCursor"]));
        assert_eq!(second["nodes"], json!([{"body": "review 1 of 6"}]));
        assert_eq!(second["pageInfo"]["hasNextPage"], false);
    }

    fn by_key_finds_what_may_be_read(database) {
        let rex = rex(database);
        assert_eq!(rex.query("{ bookByNumber(number: 2) { title } }"), json!({"bookByNumber": {"title": "Book 002"}}));
        assert_eq!(rex.query("{ hidden: bookByNumber(number: 3) { title } missing: bookByNumber(number: 3000) { title } }"), json!({"hidden": null, "missing": null}));
    }

    fn more_than_ten_times_the_same_statement(database) {
        // PostgreSQL changes to a generic plan after the fifth execution on a connection.
        let rex = rex(database);
        let query = "query ($n: Int!) { books(first: 50, filter: {number: {gt: $n}}, orderBy: [{author: {name: ASC}}, {number: DESC}]) { nodes { number author { name } reviews(first: 2, orderBy: [{body: ASC}]) { nodes { body } } } } }";
        let first = rex.query_with(query, &json!({"n": 5}));
        for n in 0..40 {
            let data = rex.query_with(query, &json!({"n": n}));
            assert!(numbers(&data["books"]).iter().all(|number| *number > n));
        }
        assert_eq!(rex.query_with(query, &json!({"n": 5})), first);
    }
}

/// The bytes of base64, as far as they are text.
fn decode(text: &str) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = text.chars().filter_map(|c| {
        alphabet.find(match c {
            '+' => '-',
            '/' => '_',
            other => other,
        })
    });
    let bits: Vec<bool> = digits
        .flat_map(|digit| (0..6).rev().map(move |bit| digit >> bit & 1 == 1))
        .collect();
    let bytes: Vec<u8> = bits
        .chunks(8)
        .map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | u8::from(*bit)))
        .collect();
    String::from_utf8_lossy(&bytes).into_owned() + text
}

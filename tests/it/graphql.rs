//! The language: aliases, fragments, variables, directives, introspection, mistakes. The model is `tests/fixtures/shelf`.

use freehold_tests::{Database, Person, Server, fixture, on_both_databases};
use serde_json::{Value, json};

fn rex(database: Database) -> Person<'static> {
    Server::shared(&fixture("shelf"), database).sign_in("rex@shelf.test")
}

on_both_databases! {
    fn a_text_can_be_named_by_its_hash(database) {
        let server = Server::fresh(&fixture("shelf"), database);
        let visitor = server.sign_in("rex@shelf.test");
        // SHA-256 of `{__typename}`.
        let hash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
        let extensions = json!({"persistedQuery": {"version": 1, "sha256Hash": hash}});
        let send = |body: &Value| visitor.post(&body.to_string(), "application/json", "application/graphql-response+json");
        let by_hash = json!({"extensions": extensions});
        assert_eq!(send(&by_hash).code(), "PERSISTED_QUERY_NOT_FOUND");
        assert_eq!(send(&json!({"query": "{ __typename }", "extensions": extensions})).code(), "BAD_REQUEST");
        assert_eq!(send(&by_hash).code(), "PERSISTED_QUERY_NOT_FOUND", "another text's hash is not taken");
        let expected = json!({"data": {"__typename": "Query"}});
        assert_eq!(send(&json!({"query": "{__typename}", "extensions": extensions})).body, expected);
        assert_eq!(send(&by_hash).body, expected);
        let path = format!("/graphql?extensions=%7B%22persistedQuery%22%3A%7B%22version%22%3A1%2C%22sha256Hash%22%3A%22{hash}%22%7D%7D");
        assert_eq!(visitor.get(&path, "application/json").body, expected);
    }

    fn keys_stand_in_the_order_of_the_query(database) {
        let query = "{ z: bookByNumber(number: 2) { title number id2: id } a: __typename m: bookByNumber(number: 4) { number a: title } nothing: bookByNumber(number: 3) { title } }";
        let text = rex(database).answer(query).text;
        let places: Vec<usize> = ["\"z\":", "\"title\":", "\"number\":", "\"id2\":", "\"a\":\"Query\"", "\"m\":", "\"a\":\"Book 004\"", "\"nothing\":null"]
            .iter().map(|key| text.find(key).unwrap_or_else(|| panic!("no {key} in {text}"))).collect();
        assert!(places.is_sorted(), "{text}");
    }

    fn fragments_are_merged(database) {
        let query = "
            query { bookByNumber(number: 6) { ...title ... on Book { number author { name } } ...more ... { genre } } }
            fragment title on Book { title }
            fragment more on Book { title author { born ...name } ... on Node { id } }
            fragment name on Author { name }";
        let data = rex(database).query(query);
        let mut book = data["bookByNumber"].clone();
        let id = book.as_object_mut().expect("an object").shift_remove("id");
        assert!(id.is_some_and(|id| id.is_string()));
        assert_eq!(book, json!({"title": "Book 006", "number": 6, "author": {"name": "Bea", "born": "1960-07-15"}, "genre": "NOVEL"}));
    }

    fn variables_are_checked_and_have_defaults(database) {
        let rex = rex(database);
        let query = "query ($n: Int! = 4, $all: Boolean = false) { bookByNumber(number: $n) { title number @include(if: $all) } }";
        assert_eq!(rex.query(query), json!({"bookByNumber": {"title": "Book 004"}}));
        assert_eq!(rex.query_with(query, &json!({"n": 2, "all": true})), json!({"bookByNumber": {"title": "Book 002", "number": 2}}));
        for variables in [json!({"n": null}), json!({"n": "2"}), json!({"n": 3_000_000_000_i64}), json!({"n": 2.5}), json!({"n": [2]}), json!({"n": {"x": 1}}), json!({"all": "yes"}), json!({"all": 1})] {
            let answer = rex.answer_with(query, &variables);
            assert_eq!((answer.status, answer.code()), (400, "BAD_USER_INPUT"), "{variables}: {}", answer.text);
            assert!(answer.body.get("data").is_none_or(serde_json::Value::is_null), "{}", answer.text);
        }
        let answer = rex.answer("query ($n: Int!) { bookByNumber(number: $n) { title } }");
        assert_eq!((answer.status, answer.code()), (400, "BAD_USER_INPUT"), "{}", answer.text);
        // The same text again, with what was wrong the first time: a cached plan checks too.
        assert_eq!(rex.query_with(query, &json!({"n": 2})), json!({"bookByNumber": {"title": "Book 002"}}));
        assert_eq!(rex.answer_with(query, &json!({"n": "2"})).code(), "BAD_USER_INPUT");
    }

    fn skip_and_include_work_everywhere(database) {
        let rex = rex(database);
        let query = "query ($yes: Boolean!, $no: Boolean!) {
            gone: books @skip(if: $yes) { totalCount }
            bookByNumber(number: 6) {
                title @include(if: $no) number @skip(if: $no)
                ... @include(if: $no) { genre } ... on Book @skip(if: $no) { author { name @include(if: $yes) id @skip(if: $yes) } }
                ...reviews @include(if: $yes)
            }
        } fragment reviews on Book { reviews { totalCount nodes @skip(if: $yes) { body } } }";
        let expected = json!({"bookByNumber": {"number": 6, "author": {"name": "Bea"}, "reviews": {"totalCount": 2}}});
        assert_eq!(rex.query_with(query, &json!({"yes": true, "no": false})), expected);
        let other = rex.query_with(query, &json!({"yes": false, "no": true}));
        assert_eq!((&other["gone"], &other["bookByNumber"]["title"], &other["bookByNumber"]["genre"]), (&json!({"totalCount": 30}), &json!("Book 006"), &json!("NOVEL")));
        assert!(other["bookByNumber"].get("number").is_none() && other["bookByNumber"].get("reviews").is_none());
        // All of it left out: an object without keys, and no error.
        assert_eq!(rex.query("{ bookByNumber(number: 6) @skip(if: true) { title } }"), json!({}));
    }

    fn typename_is_everywhere(database) {
        let data = rex(database).query("{ __typename bookByNumber(number: 6) { __typename author { __typename } reviews(first: 1) { __typename pageInfo { __typename } edges { __typename node { __typename } } aggregate { __typename } } _access { __typename } } viewer { __typename } }");
        let expected = json!({
            "__typename": "Query",
            "bookByNumber": {
                "__typename": "Book", "author": {"__typename": "Author"}, "_access": {"__typename": "Access"},
                "reviews": {
                    "__typename": "ReviewConnection", "pageInfo": {"__typename": "PageInfo"}, "aggregate": {"__typename": "ReviewAggregate"},
                    "edges": [{"__typename": "ReviewEdge", "node": {"__typename": "Review"}}],
                },
            },
            "viewer": {"__typename": "Viewer"},
        });
        assert_eq!(data, expected);
    }

    fn introspection_may_stand_beside_data(database) {
        let query = "query Both($n: Int!, $name: String!) { first: bookByNumber(number: $n) { ...t } __schema { queryType { name } } type: __type(name: $name) { kind fields { name } } last: bookByNumber(number: 4) { ...t } } fragment t on Book { title }";
        let data = rex(database).query_with(query, &json!({"n": 2, "name": "PageInfo"}));
        assert_eq!(data["first"], json!({"title": "Book 002"}));
        assert_eq!(data["last"], json!({"title": "Book 004"}));
        assert_eq!(data["__schema"], json!({"queryType": {"name": "Query"}}));
        assert_eq!(data["type"]["kind"], "OBJECT");
        let keys: Vec<&String> = data.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["first", "__schema", "type", "last"]);
    }

    fn node_tells_the_type_by_the_id(database) {
        let rex = rex(database);
        let data = rex.query("{ bookByNumber(number: 2) { id author { id } } }");
        let (book, author) = (&data["bookByNumber"]["id"], &data["bookByNumber"]["author"]["id"]);
        let data = rex.query(&format!("{{ book: node(id: {book}) {{ __typename id ... on Book {{ title }} ... on Author {{ name }} }} author: node(id: {author}) {{ __typename ... on Book {{ title }} ... on Author {{ name }} }} }}"));
        assert_eq!(data["book"], json!({"__typename": "Book", "id": book, "title": "Book 002"}));
        assert_eq!(data["author"], json!({"__typename": "Author", "name": "Bea"}));
        for id in ["", "x", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"] {
            let answer = rex.answer(&format!("{{ node(id: {id:?}) {{ id }} book(id: {id:?}) {{ id }} }}"));
            let is_nothing = answer.body["data"] == json!({"node": null, "book": null});
            assert!(is_nothing || answer.code() == "BAD_USER_INPUT", "{id}: {}", answer.text);
        }
        // The id of an author is none of a book.
        assert_eq!(rex.query(&format!("{{ book(id: {author}) {{ title }} }}")), json!({"book": null}));
    }

    fn mistakes_are_named_with_suggestions_from_one_s_own_schema(database) {
        let rex = rex(database);
        let answer = rex.answer("{ bookByNumber(number: 2) { titel } }");
        assert_eq!((answer.status, answer.code()), (400, "GRAPHQL_VALIDATION_FAILED"), "{}", answer.text);
        assert!(answer.text.contains("title"), "{}", answer.text);
        assert!(answer.body["errors"][0]["locations"][0]["line"] == 1, "{}", answer.text);
        assert!(answer.body["errors"][0]["extensions"]["requestId"].is_string(), "{}", answer.text);
        for query in ["{ bookByNumber(number: 2) { costt } }", "{ bookByNumber(number: 2) { cos } }", "{ vault { x } }", "{ bookByNumber(number: 2) { visibl } }"] {
            let text = rex.answer(query).text;
            for word in ["`cost`", "\\\"cost\\\"", "\"cost\"", "vaults", "visible"] {
                assert!(!text.contains(word), "{query} tells of {word}: {text}");
            }
        }
    }

    fn broken_queries_are_refused(database) {
        let rex = rex(database);
        for query in ["{", "", "   ", "query {", "{ books { nodes { id } }", "{ books(first: ) { totalCount } }", "nonsense", "{ a b: }", "{ \u{0} }"] {
            let answer = rex.answer(query);
            assert_eq!(answer.status, 400, "{query:?}: {}", answer.text);
            assert!(matches!(answer.code(), "GRAPHQL_PARSE_FAILED" | "BAD_REQUEST"), "{query:?}: {}", answer.text);
        }
        for query in [
            "{ books }", "{ books { totalCount { x } } }", "query A { __typename } query A { __typename }", "{ ...missing }", "{ ...f } fragment f on Query { ...f }",
            "fragment f on Query { __typename } { __typename }", "query ($x: Missing) { __typename }", "query ($x: Int) { __typename }", "{ books(first: $x) { totalCount } }",
            "{ books(nothing: 1) { totalCount } }", "{ books(first: 1, first: 2) { totalCount } }", "{ a: __typename a: books { totalCount } }",
            "{ books @nothing { totalCount } }", "{ books @skip { totalCount } }", "subscription { books { totalCount } __typename }", "{ bookByNumber { title } }",
            "{ books(orderBy: [{number: SIDEWAYS}]) { totalCount } }", "{ bookByNumber(number: 1) { ... on Author { name } } }",
        ] {
            let answer = rex.answer(query);
            assert_eq!((answer.status, answer.code()), (400, "GRAPHQL_VALIDATION_FAILED"), "{query}: {}", answer.text);
        }
        // An operation has to be chosen.
        let body = json!({"query": "query A { __typename } query B { a: __typename }"}).to_string();
        assert_eq!(rex.post(&body, "application/json", "application/graphql-response+json").status, 400);
        let body = json!({"query": "query A { __typename } query B { a: __typename }", "operationName": "B"}).to_string();
        assert_eq!(rex.post(&body, "application/json", "application/graphql-response+json").body, json!({"data": {"a": "Query"}}));
        let body = json!({"query": "query A { __typename }", "operationName": "C"}).to_string();
        assert_eq!(rex.post(&body, "application/json", "application/graphql-response+json").status, 400);
    }

    fn large_operations_are_refused_before_they_run(database) {
        let rex = rex(database);
        let deep = format!("{{ authors {{ nodes {{ {} id {} }} }} }}", "books { nodes { author { ".repeat(20), "} } }".repeat(20));
        assert_eq!(rex.refusal(&deep), "LIMIT_EXCEEDED");
        let aliases: String = (0..200).map(|n| "a#: __typename ".replace('#', &n.to_string())).collect();
        assert_eq!(rex.refusal(&format!("{{ {aliases} }}")), "LIMIT_EXCEEDED");
        let dear = "{ authors(first: 50) { nodes { books(first: 50) { nodes { reviews(first: 50) { nodes { id } } } } } } }";
        assert_eq!(rex.refusal(dear), "COST_EXCEEDED");
        let answer = rex.answer(dear);
        assert!(answer.body["errors"][0]["extensions"]["limit"].is_number() && answer.body["errors"][0]["extensions"]["found"].is_number(), "{}", answer.text);
        // A fragment that doubles itself, twenty times over.
        let mut bomb = "query { ...f0 } fragment f20 on Query { __typename }".to_owned();
        for n in 0..20 {
            let fragment = " fragment fN on Query { ...fM a: __typename ...fM }";
            bomb.push_str(&fragment.replace('N', &n.to_string()).replace('M', &(n + 1).to_string()));
        }
        let answer = rex.answer(&bomb);
        assert!(answer.status < 500, "{}", answer.text);
    }

    fn scalars_are_written_as_promised(database) {
        let data = rex(database).query(r#"{ one: sampleByLabel(label: "one") { ...s } two: sampleByLabel(label: "two") { ...s } empty: sampleByLabel(label: "empty") { ...s } }
            fragment s on Sample { aText anHtml aMarkdown anEmail aUrl anInt aFloat aDecimal aBoolean aDate aTime aDatetime aUuid aJson aSelect aMultiselect version }"#);
        let expected = json!({
            "aText": "alpha", "anHtml": "<p>alpha</p>", "aMarkdown": "alpha", "anEmail": "alpha@example.test", "aUrl": "https://example.test/alpha",
            "anInt": 1, "aFloat": 1.5, "aDecimal": "1.50", "aBoolean": true, "aDate": "2025-01-31", "aTime": "08:30:00",
            "aDatetime": "2025-01-31T08:30:00Z", "aUuid": "00000000-0000-4000-8000-000000000001",
            "aJson": {"size": 1, "deep": {"list": [1, 2, {"x": "y"}]}}, "aSelect": "SMALL", "aMultiselect": ["RED", "GREEN"], "version": 1,
        });
        assert_eq!(data["one"], expected);
        let two = &data["two"];
        assert_eq!(two["aDecimal"], "-12345678901234.000001");
        assert_eq!((&two["aTime"], &two["aDatetime"], &two["aDate"]), (&json!("23:59:59.5"), &json!("1969-12-31T23:59:59.999999Z"), &json!("0099-12-31")));
        assert_eq!((&two["anInt"], &two["aFloat"], &two["aMultiselect"]), (&json!(-2_147_483_648_i64), &json!(-0.25), &json!([])));
        let empty = data["empty"].as_object().expect("an object");
        assert!(empty.iter().all(|(key, value)| key == "version" || value.is_null()), "{empty:?}");
        // Numbers that are whole stay numbers of their type.
        let text = rex(database).answer(r#"{ sampleByLabel(label: "three") { aFloat anInt } }"#).text;
        assert!(text.contains(r#""aFloat":100.0"#) || text.contains(r#""aFloat":100"#), "{text}");
    }

    fn answers_of_sqlite_and_postgres_have_one_form(database) {
        // Compared with the other database by the agreement tests; here: no spaces, and `data` first.
        let text = rex(database).answer("{ bookByNumber(number: 2) { title number price } }").text;
        assert_eq!(text, r#"{"data":{"bookByNumber":{"title":"Book 002","number":2,"price":"14.25"}}}"#);
    }
}

//! Every operator of every type. The model is `tests/fixtures/shelf`, the rows are its samples.

use crate::sorted;
use freehold_tests::{Database, Person, Server, fixture, on_both_databases};
use serde_json::{Value, json};

fn anyone(database: Database) -> Person<'static> {
    Server::shared(&fixture("shelf"), database).anonymous()
}

/// Which samples pass.
fn check(database: Database, cases: &[(&str, &[&str])]) {
    for (filter, expected) in cases {
        let data = anyone(database).query(&format!(
            "{{ samples(filter: {filter}) {{ totalCount nodes {{ label }} }} }}"
        ));
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(sorted(&data["samples"], "label"), expected, "{filter}");
        assert_eq!(data["samples"]["totalCount"], expected.len(), "{filter}");
    }
}

const ALL: &[&str] = &["empty", "one", "two", "three", "four", "five"];

on_both_databases! {
    fn int(database) {
        check(database, &[
            ("{anInt: {eq: 1}}", &["one"]),
            ("{anInt: {ne: 1}}", &["two", "three", "four", "five"]),
            ("{anInt: {in: [0, 1, 7]}}", &["one", "four"]),
            ("{anInt: {notIn: [0, 1]}}", &["two", "three", "five"]),
            ("{anInt: {isNull: true}}", &["empty"]),
            ("{anInt: {isNull: false}}", &["one", "two", "three", "four", "five"]),
            ("{anInt: {lt: 1}}", &["two", "four"]),
            ("{anInt: {lte: 1}}", &["one", "two", "four"]),
            ("{anInt: {gt: 1}}", &["three", "five"]),
            ("{anInt: {gte: 1}}", &["one", "three", "five"]),
            ("{anInt: {gt: 0, lt: 10}}", &["one"]),
            ("{anInt: {eq: -2147483648}}", &["two"]),
            ("{anInt: {eq: 2147483647}}", &["three"]),
        ]);
    }

    fn float(database) {
        check(database, &[
            ("{aFloat: {eq: 1.5}}", &["one"]),
            ("{aFloat: {eq: 100}}", &["three"]),
            ("{aFloat: {lt: 0}}", &["two"]),
            ("{aFloat: {gte: 0.0}}", &["one", "three", "four"]),
            ("{aFloat: {in: [1.5, -0.25]}}", &["one", "two"]),
            ("{aFloat: {isNull: true}}", &["empty", "five"]),
        ]);
    }

    fn decimal_is_exact_and_no_text(database) {
        check(database, &[
            (r#"{aDecimal: {eq: "1.5"}}"#, &["one"]),
            (r#"{aDecimal: {eq: "1.50"}}"#, &["one"]),
            (r#"{aDecimal: {gt: "9.99"}}"#, &["three"]),
            (r#"{aDecimal: {gte: "9.99"}}"#, &["three", "four"]),
            (r#"{aDecimal: {lt: "2"}}"#, &["one", "two"]),
            (r#"{aDecimal: {eq: "-12345678901234.000001"}}"#, &["two"]),
            (r#"{aDecimal: {eq: "-12345678901234.0000011"}}"#, &[]),
            (r#"{aDecimal: {in: ["10.0", "9.990"]}}"#, &["three", "four"]),
            (r#"{aDecimal: {ne: "10.000"}}"#, &["one", "two", "four"]),
        ]);
    }

    fn boolean(database) {
        check(database, &[
            ("{aBoolean: {eq: true}}", &["one", "three"]),
            ("{aBoolean: {ne: true}}", &["two", "four"]),
            ("{aBoolean: {isNull: true}}", &["empty", "five"]),
            ("{not: {aBoolean: {eq: true}}}", &["empty", "two", "four", "five"]),
        ]);
    }

    fn dates_and_times(database) {
        check(database, &[
            (r#"{aDate: {eq: "2025-01-31"}}"#, &["one"]),
            (r#"{aDate: {lt: "2025-02-01"}}"#, &["one", "two"]),
            (r#"{aDate: {gte: "2025-02-01"}}"#, &["three", "four"]),
            (r#"{aTime: {eq: "08:30:00"}}"#, &["one", "three"]),
            (r#"{aTime: {gt: "08:30:00"}}"#, &["two"]),
            (r#"{aTime: {lte: "00:00:00"}}"#, &["four"]),
            (r#"{aDatetime: {eq: "2025-01-31T08:30:00Z"}}"#, &["one"]),
            (r#"{aDatetime: {eq: "2025-01-31T10:30:00+02:00"}}"#, &["one"]),
            (r#"{aDatetime: {gt: "2025-01-31T08:30:00Z"}}"#, &["three", "four"]),
            (r#"{aDatetime: {lt: "1970-01-01T00:00:00Z"}}"#, &["two"]),
        ]);
    }

    fn uuid(database) {
        check(database, &[
            (r#"{aUuid: {eq: "00000000-0000-4000-8000-000000000001"}}"#, &["one"]),
            (r#"{aUuid: {eq: "FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF"}}"#, &["two"]),
            (r#"{aUuid: {in: ["00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000009"]}}"#, &["three"]),
        ]);
    }

    fn select_and_multiselect(database) {
        check(database, &[
            ("{aSelect: {eq: SMALL}}", &["one", "four"]),
            ("{aSelect: {ne: SMALL}}", &["two", "three"]),
            ("{aSelect: {in: [VERY_LARGE]}}", &["two", "three"]),
            ("{aSelect: {isNull: true}}", &["empty", "five"]),
            ("{aMultiselect: {has: RED}}", &["one", "three"]),
            ("{aMultiselect: {hasAny: [GREEN, DARK_BLUE]}}", &["one", "three", "four"]),
            ("{aMultiselect: {hasAny: []}}", &[]),
            ("{aMultiselect: {hasAll: [RED, DARK_BLUE]}}", &["three"]),
            ("{aMultiselect: {hasAll: []}}", &["one", "two", "three", "four"]),
            ("{aMultiselect: {isNull: true}}", &["empty", "five"]),
        ]);
    }

    fn text(database) {
        check(database, &[
            (r#"{aText: {eq: "alpha"}}"#, &["one"]),
            (r#"{aText: {eq: ""}}"#, &["five"]),
            (r#"{aText: {ne: ""}}"#, &["one", "two", "three", "four"]),
            (r#"{aText: {contains: "l"}}"#, &["one", "two"]),
            (r#"{aText: {contains: ""}}"#, &["one", "two", "three", "four", "five"]),
            (r#"{aText: {startsWith: "al"}}"#, &["one"]),
            (r#"{aText: {startsWith: "AL", mode: INSENSITIVE}}"#, &["one", "two"]),
            (r#"{aText: {endsWith: "beta"}}"#, &["two"]),
            (r#"{aText: {eq: "ALPHA", mode: INSENSITIVE}}"#, &["one"]),
            (r#"{aText: {contains: "élan", mode: INSENSITIVE}}"#, &["four"]),
            (r#"{aText: {contains: "élan"}}"#, &[]),
            (r#"{aText: {contains: "%"}}"#, &["three"]),
            (r#"{aText: {contains: "_"}}"#, &["three"]),
            (r#"{aText: {endsWith: "\\"}}"#, &["three"]),
            (r#"{aText: {contains: "0%"}}"#, &["three"]),
            (r#"{aText: {contains: "1%0"}}"#, &[]),
            (r#"{aText: {like: "%l_h%"}}"#, &["one", "two"]),
            (r#"{aText: {like: "100\\%%"}}"#, &["three"]),
            (r#"{aText: {like: "alpha"}}"#, &["one"]),
            (r#"{aText: {lt: "a"}}"#, &["two", "three", "five"]),
            (r#"{aText: {gte: "alpha"}}"#, &["one", "four"]),
            (r#"{anHtml: {contains: "beta"}}"#, &["two"]),
            (r#"{aMarkdown: {contains: "beta"}}"#, &["two"]),
            (r#"{anEmail: {eq: "alpha@example.test"}}"#, &["one"]),
            (r#"{aUrl: {endsWith: "beta"}}"#, &["two"]),
        ]);
    }

    fn json_values(database) {
        check(database, &[
            ("{aJson: {isNull: true}}", &["empty"]),
        ]);
        let schema = anyone(database).query("{ __type(name: \"JSONFilter\") { inputFields { name type { kind name ofType { name } } } } }");
        assert!(schema["__type"]["inputFields"].as_array().is_some_and(|fields| !fields.is_empty()), "{schema}");
    }

    fn logic_is_two_valued(database) {
        check(database, &[
            ("{}", ALL),
            ("{and: []}", ALL),
            ("{or: []}", &[]),
            ("{not: {}}", &[]),
            ("{anInt: {in: []}}", &[]),
            ("{anInt: {notIn: []}}", ALL),
            ("{not: {anInt: {in: []}}}", ALL),
            ("{not: {anInt: {notIn: []}}}", &[]),
            ("{not: {anInt: {eq: 1}}}", &["empty", "two", "three", "four", "five"]),
            ("{not: {anInt: {ne: 1}}}", &["empty", "one"]),
            ("{not: {anInt: {lt: 1}}}", &["empty", "one", "three", "five"]),
            (r#"{not: {aText: {contains: "a"}}}"#, &["empty", "three", "five"]),
            ("{not: {aMultiselect: {has: RED}}}", &["empty", "two", "four", "five"]),
            ("{not: {not: {anInt: {eq: 1}}}}", &["one"]),
            ("{or: [{anInt: {eq: 1}}, {aText: {eq: \"\"}}]}", &["one", "five"]),
            ("{and: [{anInt: {gt: 0}}, {aBoolean: {eq: true}}]}", &["one", "three"]),
            ("{anInt: {gt: 0}, or: [{label: {eq: \"one\"}}, {label: {eq: \"two\"}}]}", &["one"]),
            ("{not: {or: [{anInt: {eq: 1}}, {anInt: {isNull: true}}]}}", &["two", "three", "four", "five"]),
        ]);
    }

    fn variables_do_as_literals(database) {
        let person = anyone(database);
        let count = |declared: &str, filter: &str, variables: Value| {
            let query = format!("query ({declared}) {{ samples(filter: {filter}) {{ totalCount }} }}");
            person.query_with(&query, &variables)["samples"]["totalCount"].clone()
        };
        assert_eq!(count("$f: SampleFilter", "$f", json!({"f": {"anInt": {"eq": 1}}})), 1);
        assert_eq!(count("$f: SampleFilter", "$f", json!({})), 6);
        assert_eq!(count("$f: SampleFilter", "$f", json!({"f": null})), 6);
        assert_eq!(count("$n: Int!", "{anInt: {gt: $n}}", json!({"n": 0})), 3);
        assert_eq!(count("$n: [Int!]!", "{anInt: {in: $n}}", json!({"n": [0, 1]})), 2);
        assert_eq!(count("$n: [Int!]!", "{anInt: {in: $n}}", json!({"n": 1})), 1);
        assert_eq!(count("$n: [Int!]!", "{anInt: {in: $n}}", json!({"n": []})), 0);
        assert_eq!(count("$n: [Int!]!", "{anInt: {notIn: $n}}", json!({"n": []})), 6);
    }

    fn null_is_no_operand(database) {
        let person = anyone(database);
        for filter in ["{anInt: {eq: null}}", "{anInt: {ne: null}}", "{anInt: {in: null}}", "{anInt: {in: [1, null]}}", "{anInt: {lt: null}}", "{aText: {contains: null}}", "{aMultiselect: {has: null}}", "{anInt: {isNull: null}}"] {
            let code = person.refusal(&format!("{{ samples(filter: {filter}) {{ totalCount }} }}"));
            assert!(matches!(code.as_str(), "BAD_USER_INPUT" | "GRAPHQL_VALIDATION_FAILED"), "{filter}: {code}");
        }
        for (declared, filter, variables) in [
            ("$n: Int", "{anInt: {eq: $n}}", json!({"n": null})),
            ("$n: [Int!]", "{anInt: {in: $n}}", json!({"n": null})),
            ("$t: String", "{aText: {contains: $t}}", json!({"t": null})),
            ("$f: SampleFilter", "$f", json!({"f": {"anInt": {"eq": null}}})),
            ("$f: SampleFilter", "{not: $f}", json!({"f": {"anInt": {"eq": null}}})),
        ] {
            let answer = person.answer_with(&format!("query ({declared}) {{ samples(filter: {filter}) {{ totalCount }} }}"), &variables);
            assert_eq!((answer.status, answer.code()), (400, "BAD_USER_INPUT"), "{filter} {variables}: {}", answer.text);
        }
    }

    fn or_of_an_object_is_refused(database) {
        let person = anyone(database);
        for filter in ["{or: {anInt: {eq: 1}}}", "{and: {anInt: {eq: 1}}}", "{or: {anInt: {eq: 1}, aText: {eq: \"x\"}}}"] {
            let answer = person.answer(&format!("{{ samples(filter: {filter}) {{ totalCount }} }}"));
            assert_eq!(answer.status, 400, "{filter}: {}", answer.text);
            let answer = person.answer_with("query ($f: SampleFilter) { samples(filter: $f) { totalCount } }", &json!({"f": {"or": {"anInt": {"eq": 1}}}}));
            assert_eq!((answer.status, answer.code()), (400, "BAD_USER_INPUT"), "{}", answer.text);
        }
    }

    fn wrong_values_are_refused(database) {
        let person = anyone(database);
        for filter in [
            "{anInt: {eq: \"1\"}}", "{anInt: {eq: 2147483648}}", "{anInt: {eq: 1.5}}",
            "{aDate: {eq: \"2025-02-30\"}}", "{aDate: {eq: \"yesterday\"}}", "{aTime: {eq: \"25:00:00\"}}",
            "{aDatetime: {eq: \"2025-01-01\"}}", "{aUuid: {eq: \"1\"}}", "{aDecimal: {eq: \"one\"}}",
            "{aSelect: {eq: \"SMALL\"}}", "{aSelect: {eq: MEDIUM}}", "{aText: {eq: 1}}", "{aBoolean: {eq: 1}}",
            "{aText: {equals: \"x\"}}", "{nothing: {eq: 1}}",
        ] {
            let code = person.refusal(&format!("{{ samples(filter: {filter}) {{ totalCount }} }}"));
            assert!(matches!(code.as_str(), "BAD_USER_INPUT" | "GRAPHQL_VALIDATION_FAILED"), "{filter}: {code}");
        }
        for (kind, field, value) in [
            ("Int", "anInt", json!("1")), ("Int", "anInt", json!(2_147_483_648_i64)), ("Int", "anInt", json!(1.5)),
            ("Date", "aDate", json!("2025-02-30")), ("UUID", "aUuid", json!("1")), ("Decimal", "aDecimal", json!("1e400000")),
            ("String", "aText", json!(1)), ("Boolean", "aBoolean", json!("true")), ("DateTime", "aDatetime", json!("soon")),
        ] {
            let query = format!("query ($v: {kind}!) {{ samples(filter: {{{field}: {{eq: $v}}}}) {{ totalCount }} }}");
            let answer = person.answer_with(&query, &json!({"v": value}));
            assert_eq!((answer.status, answer.code()), (400, "BAD_USER_INPUT"), "{kind} {value}: {}", answer.text);
        }
    }

    fn references_and_lists(database) {
        let ed = Server::shared(&fixture("shelf"), database).sign_in("ed@shelf.test");
        let count = |list: &str, filter: &str| ed.query(&format!("{{ {list}(filter: {filter}) {{ totalCount }} }}"))[list]["totalCount"].as_u64().expect("a number");
        assert_eq!(count("books", r#"{author: {name: {eq: "Ada"}}}"#), 15);
        assert_eq!(count("books", r#"{author: {not: {name: {eq: "Ada"}}}}"#), 30);
        assert_eq!(count("books", r#"{not: {author: {name: {eq: "Ada"}}}}"#), 45);
        assert_eq!(count("books", "{author: {isNull: true}}"), 15);
        assert_eq!(count("books", "{author: {isNull: false}}"), 45);
        assert_eq!(count("books", "{author: {born: {isNull: true}}}"), 15);
        assert_eq!(count("books", "{reviews: {some: {}}}"), 45);
        assert_eq!(count("books", "{reviews: {none: {}}}"), 15);
        assert_eq!(count("books", "{reviews: {count: {eq: 3}}}"), 15);
        assert_eq!(count("books", "{reviews: {count: {gte: 2}}}"), 30);
        assert_eq!(count("books", "{reviews: {every: {stars: {isNull: false}}}}"), 45);
        assert_eq!(count("books", "{reviews: {some: {stars: {isNull: true}}}}"), 15);
        assert_eq!(count("authors", "{books: {some: {reviews: {some: {stars: {gte: 5}}}}}}"), 3);
        assert_eq!(count("authors", "{books: {every: {reviews: {some: {}}}}}"), 3);
        assert_eq!(count("authors", "{books: {count: {gt: 20}}}"), 0);
        assert_eq!(count("reviews", r#"{book: {author: {name: {in: ["Ada"]}}}}"#), 15);
        // A reader's lists hold what the reader may list.
        let rex = Server::shared(&fixture("shelf"), database).sign_in("rex@shelf.test");
        let count = |list: &str, filter: &str| rex.query(&format!("{{ {list}(filter: {filter}) {{ totalCount }} }}"))[list]["totalCount"].as_u64().expect("a number");
        assert_eq!(count("authors", "{books: {some: {}}}"), 1);
        assert_eq!(count("authors", "{books: {count: {eq: 15}}}"), 1);
        assert_eq!(count("authors", "{books: {none: {}}}"), 2);
        assert_eq!(count("reviews", "{}"), 30);
    }

    fn search_folds_case_and_accents_stay(database) {
        let person = anyone(database);
        let found = |text: &str| sorted(&person.query_with("query ($t: String!) { samples(search: $t) { nodes { label } } }", &json!({"t": text}))["samples"], "label");
        assert_eq!(found("ALPHA"), ["one", "two"]);
        assert_eq!(found("élan"), ["four"]);
        assert_eq!(found("100%"), ["three"]);
        assert_eq!(found("nowhere at all"), [""; 0]);
    }

    fn strings_are_data_whatever_they_say(database) {
        let person = anyone(database);
        let all = person.query("{ samples { totalCount } }")["samples"]["totalCount"].clone();
        for text in CORPUS {
            for operator in ["eq", "ne", "lt", "lte", "gt", "gte", "contains", "startsWith", "endsWith", "like"] {
                for mode in ["DEFAULT", "INSENSITIVE"] {
                    let query = format!("query ($t: String!) {{ samples(filter: {{aText: {{{operator}: $t, mode: {mode}}}}}) {{ totalCount }} }}");
                    let answer = person.answer_with(&query, &json!({"t": text}));
                    if text.contains('\0') {
                        assert!(answer.status < 500, "{operator} {text:?}: {}", answer.text);
                        continue;
                    }
                    let count = answer.body["data"]["samples"]["totalCount"].as_u64().unwrap_or_else(|| panic!("{operator} {mode} {text:?}: {}", answer.text));
                    assert!(operator != "eq" || count == 0, "{text:?} equals something");
                }
            }
            for query in ["query ($t: String!) { samples(filter: {aText: {in: [$t]}}) { totalCount } }", "query ($t: String!) { samples(search: $t) { totalCount } }"] {
                let answer = person.answer_with(query, &json!({"t": text}));
                assert!(answer.status < 500, "{query} {text:?}: {}", answer.text);
            }
        }
        assert_eq!(person.query("{ samples { totalCount } }")["samples"]["totalCount"], all);
    }
}

/// What has broken others.
const CORPUS: &[&str] = &[
    "'",
    "''",
    "\"",
    "\\",
    "\\\\",
    "';",
    "' OR '1'='1",
    "' OR 1=1 --",
    "'; DROP TABLE sample; --",
    "') OR ('1'='1",
    "\" OR \"\"=\"",
    "1; SELECT pg_sleep(5)",
    "' UNION SELECT email FROM user --",
    "x' AND 1=CAST((SELECT version()) AS int) --",
    "$1",
    "?1",
    ":name",
    "@p",
    "$$",
    "$user",
    "$tenant",
    "{{7*7}}",
    "${7*7}",
    "%",
    "_",
    "%%%%",
    "\\%",
    "\\_",
    "%\\",
    "\u{0}",
    "a\u{0}b",
    "\u{feff}",
    "\u{202e}",
    "\u{1f4a9}",
    "e\u{301}",
    "\r\n",
    "\t",
    "/*",
    "*/",
    "--",
    "#",
    "`",
    "0x27",
    "%27",
    "&#39;",
    "\u{2019}",
    "\u{ff07}",
    "NULL",
    "null",
    "true",
    "[]",
    "{}",
    "{\"a\":1}",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\u{10ffff}",
    "İ",
    "ß",
    "ﬃ",
    "ς",
];

//! Formulas: shown, filtered, ordered, grouped and ruled by like columns, and never a reason to fail. The model is
//! `tests/fixtures/till`.

use crate::texts;
use freehold_tests::{Database, Person, Server, Start, fixture, on_both_databases};
use serde_json::json;

fn server(database: Database) -> &'static Server {
    Server::shared(&fixture("till"), database)
}

fn cleo(database: Database) -> Person<'static> {
    server(database).sign_in("cleo@till.test")
}

/// Names of the sales that a filter finds.
fn found(person: &Person<'_>, filter: &str) -> String {
    let query = format!("{{ sales(filter: {filter}, orderBy: [{{name: ASC}}]) {{ nodes {{ name }} }} }}");
    texts(&person.query(&query)["sales"], "name").concat()
}

on_both_databases! {
    fn every_type_is_calculated(database) {
        let data = cleo(database).query(
            "{ sales(orderBy: [{name: ASC}], first: 3) { nodes { name total each twice dozens area label line settled isLate isSold reminder moment wait } } }",
        );
        assert_eq!(data["sales"]["nodes"], json!([
            {
                "name": "a", "total": "7.50", "each": "0.833333333333", "twice": 6, "dozens": 0, "area": 2.25, "label": "3 × STRASSE",
                "line": "straße: 7.50", "settled": true, "isLate": false, "isSold": true, "reminder": "2026-02-03",
                "moment": "2026-02-03T23:30:00Z", "wait": 3,
            },
            {
                "name": "b", "total": "0.00", "each": null, "twice": 0, "dozens": 0, "area": 0.0, "label": "0 × TEA", "line": "tea: 0.00",
                "settled": true, "isLate": false, "isSold": false, "reminder": "2026-01-30", "moment": "2026-01-02T00:00:00Z", "wait": null,
            },
            {
                "name": "c", "total": "8.33", "each": "0.013333333333", "twice": 50, "dozens": 2, "area": null, "label": "25 × PEN",
                "line": "pen: 8.33", "settled": false, "isLate": false, "isSold": false, "reminder": "2026-03-26",
                "moment": "2026-01-03T00:00:00Z", "wait": null,
            },
        ]));
    }

    fn what_has_no_answer_is_null(database) {
        let data = cleo(database).query(
            "{ sales(orderBy: [{name: ASC}], offset: 3, first: 2) { nodes { name total each twice area label line settled isLate reminder } } }",
        );
        assert_eq!(data["sales"]["nodes"], json!([
            {
                "name": "d", "total": null, "each": null, "twice": null, "area": null, "label": null, "line": ": ", "settled": false,
                "isLate": false, "reminder": null,
            },
            // The largest decimal times two, the first day there is, and a float too small to be squared.
            {
                "name": "f", "total": null, "each": null, "twice": 4, "area": 0.0, "label": "2 × GOLD", "line": "gold: ", "settled": false,
                "isLate": true, "reminder": "0001-01-03",
            },
        ]));
    }

    fn a_formula_has_the_type_that_it_returns(database) {
        let data = cleo(database).query(
            r#"{ __type(name: "Sale") { fields { name type { name kind } } } filter: __type(name: "SaleFilter") { inputFields { name type { name } } } }"#,
        );
        let type_of = |name: &str| {
            let fields = data["__type"]["fields"].as_array().expect("fields");
            let field = fields.iter().find(|field| field["name"] == name).expect("the field");
            field["type"]["name"].as_str().unwrap_or("not null").to_owned()
        };
        let filter_of = |name: &str| {
            let fields = data["filter"]["inputFields"].as_array().expect("fields");
            let field = fields.iter().find(|field| field["name"] == name).expect("the field");
            field["type"]["name"].as_str().expect("a name").to_owned()
        };
        for (name, expected, filter) in [
            ("total", "Decimal", "DecimalFilter"),
            ("twice", "Int", "IntFilter"),
            ("area", "Float", "FloatFilter"),
            ("label", "String", "StringFilter"),
            ("settled", "Boolean", "BooleanFilter"),
            ("reminder", "Date", "DateFilter"),
            ("moment", "DateTime", "DateTimeFilter"),
        ] {
            assert_eq!((type_of(name).as_str(), filter_of(name).as_str()), (expected, filter), "{name}");
        }
    }

    fn filters_ask_formulas(database) {
        let cleo = cleo(database);
        // `g` is dear and `e` is locked: no list shows them.
        for (filter, expected) in [
            ("{}", "abcdfh"),
            (r#"{total: {gt: "7.5"}}"#, "ch"),
            (r#"{not: {total: {gt: "7.5"}}}"#, "abdf"),
            (r#"{total: {in: ["7.5", "0"]}}"#, "ab"),
            ("{total: {isNull: true}}", "df"),
            (r#"{each: {lt: "0.5"}}"#, "c"),
            ("{twice: {gte: 4}}", "acfh"),
            ("{area: {eq: 0}}", "bf"),
            (r#"{label: {startsWith: "3 × S"}}"#, "a"),
            (r#"{line: {contains: "STRASSE", mode: INSENSITIVE}}"#, ""),
            (r#"{line: {contains: "STRAßE", mode: INSENSITIVE}}"#, "a"),
            ("{settled: {eq: true}}", "ab"),
            ("{settled: {eq: false}}", "cdfh"),
            ("{isLate: {eq: true}}", "fh"),
            (r#"{reminder: {lt: "2026-02-01"}}"#, "bfh"),
            (r#"{moment: {gte: "2026-01-06T00:00:00Z"}}"#, "afh"),
        ] {
            assert_eq!(found(&cleo, filter), expected, "{filter}");
        }
        let data = cleo.query(r#"{ sales(search: "strasse × 3") { nodes { name } } }"#);
        assert_eq!(texts(&data["sales"], "name"), ["a"]);
        let data = cleo.query("{ returns(filter: {sale: {isLate: {eq: true}}}) { nodes { reason } } }");
        assert_eq!(texts(&data["returns"], "reason"), ["broken"]);
    }

    fn orders_pages_groups_and_figures_are_of_formulas(database) {
        let cleo = cleo(database);
        let names = |order: &str| texts(&cleo.query(&format!("{{ sales(orderBy: {order}) {{ nodes {{ name }} }} }}"))["sales"], "name").concat();
        assert_eq!(names("[{total: ASC}, {name: ASC}]"), "bahcdf");
        assert_eq!(names("[{total: DESC}, {name: ASC}]"), "dfchab");
        assert_eq!(names("[{label: ASC}]"), "bfcahd");
        assert_eq!(names("[{isLate: DESC}, {reminder: DESC}]"), "hfdcab");
        let mut walked = Vec::new();
        let mut after = String::new();
        loop {
            let query = format!("{{ sales(first: 2, orderBy: [{{total: ASC}}, {{name: ASC}}]{after}) {{ nodes {{ name }} pageInfo {{ hasNextPage endCursor }} }} }}");
            let data = cleo.query(&query);
            walked.extend(texts(&data["sales"], "name"));
            if data["sales"]["pageInfo"]["hasNextPage"] != true {
                break;
            }
            after = format!(", after: {}", data["sales"]["pageInfo"]["endCursor"]);
        }
        assert_eq!(walked.concat(), "bahcdf");
        let data = cleo.query(
            "{ sales { aggregate { sum { total twice } avg { twice } min { total label reminder } max { moment } }
               groups(by: [SETTLED, IS_LATE]) { key { settled isLate } aggregate { count sum { total } } } } }",
        );
        assert_eq!(data["sales"], json!({
            "aggregate": {
                "sum": {"total": "23.83", "twice": 68.0},
                "avg": {"twice": 13.6},
                "min": {"total": "0.00", "label": "0 × TEA", "reminder": "0001-01-03"},
                "max": {"moment": "2026-02-03T23:30:00Z"},
            },
            "groups": [
                {"key": {"settled": false, "isLate": false}, "aggregate": {"count": 2, "sum": {"total": "8.33"}}},
                {"key": {"settled": false, "isLate": true}, "aggregate": {"count": 2, "sum": {"total": "8.00"}}},
                {"key": {"settled": true, "isLate": false}, "aggregate": {"count": 2, "sum": {"total": "7.50"}}},
            ],
        }));
    }

    fn rules_ask_formulas_and_guard_them(database) {
        let cleo = cleo(database);
        // The rule on returns asks for the total of their sale.
        assert_eq!(texts(&cleo.query("{ returns(orderBy: [{number: ASC}]) { nodes { reason } } }")["returns"], "reason"), ["small", "broken"]);
        // What it cost, and so the margin, is for the owner.
        let query = "{ sales(orderBy: [{name: ASC}], first: 3) { nodes { name cost margin _access { restricted } } } }";
        let data = cleo.query(query);
        let shown: Vec<_> = data["sales"]["nodes"].as_array().expect("nodes").iter().map(|node| node["margin"].clone()).collect();
        assert_eq!(shown, [json!("2.5"), json!(null), json!("7.33")]);
        assert!(data["sales"]["nodes"][1]["_access"]["restricted"].as_array().expect("names").contains(&json!("margin")));
        // A hidden margin is null to filters, orders and figures.
        assert_eq!(found(&cleo, r#"{margin: {lt: "0"}}"#), "");
        assert_eq!(found(&cleo, "{margin: {isNull: false}}"), "ac");
        assert_eq!(cleo.query("{ sales { aggregate { min { margin } } } }"), json!({"sales": {"aggregate": {"min": {"margin": "2.5"}}}}));
        let otto = server(database).sign_in("otto@till.test");
        assert_eq!(found(&otto, r#"{margin: {lt: "0"}}"#), "b");
    }

    fn hidden_rows_make_no_formula_fail(database) {
        let cleo = cleo(database);
        // Each of these would stop PostgreSQL at a row that Cleo may not see, or SQLite with another number.
        for query in [
            "{ sales(filter: {twice: {gt: 5}}) { totalCount } }",
            r#"{ sales(filter: {each: {gt: "1"}}) { totalCount } }"#,
            "{ sales(filter: {area: {gt: 1}}) { totalCount } }",
            r#"{ sales(filter: {reminder: {gt: "2026-01-01"}}) { totalCount } }"#,
            "{ sales(orderBy: [{twice: DESC}, {area: DESC}, {reminder: ASC}]) { totalCount } }",
            "{ sales { aggregate { sum { twice total } max { area reminder } } } }",
            "{ sales { groups(by: [TWICE, AREA]) { aggregate { count } } } }",
        ] {
            assert!(!cleo.query(query)["sales"].is_null(), "{query}");
        }
    }
}

/// A rule's check sees the formulas of the row that would be.
fn writes(database: Database) {
    let server = Start::with_model(&fixture("till"), database).start();
    let cleo = server.sign_in("cleo@till.test");
    let create =
        |values: &str| format!("mutation {{ createSale(input: {{name: \"new\", {values}}}) {{ total twice label }} }}");
    assert_eq!(cleo.refusal(&create(r#"price: "500", quantity: 2"#)), "FORBIDDEN");
    assert_eq!(
        cleo.refusal(&create(r#"price: "0", quantity: 2000000000"#)),
        "FORBIDDEN"
    );
    assert_eq!(
        cleo.refusal(&create(r#"price: "1", total: "3""#)),
        "GRAPHQL_VALIDATION_FAILED"
    );
    assert_eq!(
        cleo.query(&create(r#"price: "499.99", quantity: 2, article: "cup""#)),
        json!({"createSale": {"total": "999.98", "twice": 4, "label": "2 × CUP"}})
    );
    let id = |name: &str| {
        let data = cleo.query(&format!("{{ saleByName(name: \"{name}\") {{ id }} }}"));
        data["saleByName"]["id"].as_str().expect("an id").to_owned()
    };
    let update = |values: &str| {
        format!(
            "mutation {{ updateSale(id: \"{}\", input: {{{values}}}) {{ total reminder }} }}",
            id("new")
        )
    };
    assert_eq!(cleo.refusal(&update("quantity: 3")), "FORBIDDEN");
    assert_eq!(
        cleo.query(&update(r#"price: "0.5", due: "2026-01-01""#)),
        json!({"updateSale": {"total": "1.00", "reminder": "2026-01-03"}})
    );
}

on_both_databases! {
    fn checks_see_the_formulas_of_the_new_row(database) {
        writes(database);
    }
}

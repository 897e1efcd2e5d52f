use super::write;
use crate::binder::Binder;
use crate::cells::{Table, TableBuilder};
use crate::layout::{
    ConnectionKind, ConnectionLayout, EdgeKind, EdgeLayout, Layout, ListLayout, ListShape, PageLayout, SlotKind,
    SlotLayout,
};
use crate::program::{Program, Statement};
use freehold_base::{Caller, Person, RowId, Timestamp, Value, ValueType};
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_planner::plan::{Output, PageInfoKind};
use freehold_policy::operand::SessionValue;
use freehold_schema::catalog::Catalog;
use freehold_schema::source::{SourceFile, Sources};
use std::collections::BTreeSet;

const PLAIN_INT: Output = Output::Plain(ValueType::Int);
const COUNT: Output = Output::Plain(ValueType::BigInt);

fn catalog() -> Catalog {
    let text = "app: t\nsecurity: open\nentities: {thing: {access: open, public: false, fields: {name: {type: text}}}}"
        .to_owned();
    let compiled = freehold_schema::compile(&Sources::new(vec![SourceFile {
        name: "app.yaml".to_owned(),
        text,
    }]));
    compiled.catalog.expect("the model compiles")
}

fn sealer() -> Sealer {
    Sealer::new([1; KEY_BYTES])
}

fn person() -> RowId {
    RowId::from_bytes([7; 16])
}

fn answer(layout: Layout, tables: Vec<(Vec<ValueType>, Table)>) -> String {
    let catalog = catalog();
    let mut caller = Caller::anonymous(None, Timestamp(0));
    caller.person = Some(Person { id: person() });
    let variables = serde_json::Map::new();
    let binder = Binder {
        catalog: &catalog,
        caller: &caller,
        variables: &variables,
        written: None,
        cipher: None,
    };
    let (columns, tables): (Vec<_>, Vec<_>) = tables.into_iter().unzip();
    let statement = |columns| Statement {
        sql: String::new(),
        parameters: Vec::new(),
        columns,
        parent: None,
    };
    let program = Program {
        statements: columns.into_iter().map(statement).collect(),
        layout,
        keys: BTreeSet::new(),
        reads: std::collections::BTreeMap::new(),
    };
    let bytes = write(&program, &tables, &binder, &sealer()).expect("layout and rows fit");
    let text = String::from_utf8(bytes).expect("UTF-8");
    serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
    text
}

/// A table whose cells are a key's number or an integer, or null.
fn table(columns: &[ValueType], rows: &[&[Option<i32>]]) -> (Vec<ValueType>, Table) {
    let mut table = TableBuilder::new(columns.len());
    for row in rows {
        for (value_type, cell) in columns.iter().zip(*row) {
            let bytes = cell.map(|number| match value_type {
                ValueType::Uuid => key(number).to_vec(),
                ValueType::BigInt => i64::from(number).to_be_bytes().to_vec(),
                ValueType::Boolean => vec![u8::from(number != 0)],
                _ => number.to_be_bytes().to_vec(),
            });
            table.push(bytes.as_deref()).expect("small");
        }
        table.end_row();
    }
    (columns.to_vec(), table.finish())
}

fn key(number: i32) -> [u8; 16] {
    (number as u128).to_be_bytes()
}

fn slot(key: &str, kind: SlotKind) -> SlotLayout {
    SlotLayout {
        key: format!("\"{key}\":").into_bytes(),
        kind,
    }
}

fn int(key: &str, column: usize) -> SlotLayout {
    slot(
        key,
        SlotKind::Cell {
            column,
            output: PLAIN_INT,
        },
    )
}

fn page(statement: usize) -> PageLayout {
    PageLayout {
        statement,
        limit: 2,
        backward: false,
        continued: false,
        cursor_columns: vec![0],
        cursor_binding: b"order".to_vec(),
    }
}

fn rows(parent_key: Option<usize>, page: PageLayout, slots: Vec<SlotLayout>) -> SlotKind {
    SlotKind::Many(ListLayout {
        parent_key,
        page: Some(page),
        totals: None,
        shape: ListShape::Rows(slots),
    })
}

fn connection(list: ListLayout, keys: Vec<(&str, ConnectionKind)>) -> SlotKind {
    let keys = keys
        .into_iter()
        .map(|(key, kind)| ConnectionLayout {
            key: format!("\"{key}\":").into_bytes(),
            kind,
        })
        .collect();
    SlotKind::Many(ListLayout {
        shape: ListShape::Connection(keys),
        ..list
    })
}

fn list(parent_key: Option<usize>, page: Option<PageLayout>, totals: Option<usize>) -> ListLayout {
    ListLayout {
        parent_key,
        page,
        totals,
        shape: ListShape::Connection(Vec::new()),
    }
}

fn page_info() -> ConnectionKind {
    ConnectionKind::PageInfo(vec![
        (b"\"next\":".to_vec(), PageInfoKind::HasNextPage),
        (b"\"previous\":".to_vec(), PageInfoKind::HasPreviousPage),
        (b"\"end\":".to_vec(), PageInfoKind::EndCursor),
        (b"\"__typename\":".to_vec(), PageInfoKind::Text("PageInfo".to_owned())),
    ])
}

#[test]
fn constants_and_session_values() {
    let layout = vec![
        slot("a", SlotKind::Json(b"[1]".to_vec())),
        slot("user", SlotKind::Session(SessionValue::User)),
        slot("tenant", SlotKind::Session(SessionValue::Tenant)),
    ];
    assert_eq!(
        answer(layout, vec![]),
        format!(r#"{{"a":[1],"user":"{}","tenant":null}}"#, person())
    );
    assert_eq!(answer(vec![], vec![]), "{}");
}

#[test]
fn a_root_row_and_what_stands_in_it() {
    let columns = [
        ValueType::Int,
        ValueType::Uuid,
        ValueType::Int,
        ValueType::Uuid,
        ValueType::Boolean,
        ValueType::Boolean,
    ];
    let slots = || {
        vec![
            int("n", 0),
            slot(
                "one",
                SlotKind::One {
                    present: 1,
                    slots: vec![int("m", 2)],
                },
            ),
            slot(
                "union",
                SlotKind::FirstOf(vec![(1, vec![int("x", 0)]), (3, vec![int("y", 0)])]),
            ),
            slot(
                "access",
                SlotKind::Object(vec![slot(
                    "restricted",
                    SlotKind::Names(vec![(4, b"\"a\"".to_vec()), (5, b"\"b\"".to_vec())]),
                )]),
            ),
        ]
    };
    let layout = || {
        vec![slot(
            "row",
            SlotKind::Root {
                statement: 0,
                slots: slots(),
            },
        )]
    };
    let full = table(&columns, &[&[Some(1), Some(1), None, Some(2), Some(0), Some(1)]]);
    assert_eq!(
        answer(layout(), vec![full]),
        r#"{"row":{"n":1,"one":{"m":null},"union":{"x":1},"access":{"restricted":["b"]}}}"#
    );
    let sparse = table(&columns, &[&[Some(1), None, Some(5), Some(2), None, None]]);
    assert_eq!(
        answer(layout(), vec![sparse]),
        r#"{"row":{"n":1,"one":null,"union":{"y":1},"access":{"restricted":[]}}}"#
    );
    let bare = table(&columns, &[&[Some(1), None, Some(5), None, Some(1), Some(1)]]);
    assert_eq!(
        answer(layout(), vec![bare]),
        r#"{"row":{"n":1,"one":null,"union":null,"access":{"restricted":["a","b"]}}}"#
    );
    assert_eq!(answer(layout(), vec![table(&columns, &[])]), r#"{"row":null}"#);
}

#[test]
fn children_are_found_in_any_order_and_in_pieces() {
    let layout = || {
        let child = slot(
            "children",
            rows(Some(0), PageLayout { limit: 9, ..page(1) }, vec![int("n", 1)]),
        );
        vec![slot(
            "list",
            rows(None, PageLayout { limit: 9, ..page(0) }, vec![child]),
        )]
    };
    let key_and_int = [ValueType::Uuid, ValueType::Int];
    let parents = || {
        table(
            &[ValueType::Uuid],
            &[&[Some(1)], &[Some(2)], &[None], &[Some(3)], &[Some(1)]],
        )
    };
    let expected = r#"{"list":[{"children":[{"n":1},{"n":2}]},{"children":[{"n":3}]},{"children":[]},{"children":[]},{"children":[{"n":1},{"n":2}]}]}"#;
    let in_order: &[&[Option<i32>]] = &[&[Some(1), Some(1)], &[Some(1), Some(2)], &[Some(2), Some(3)]];
    let other_order: &[&[Option<i32>]] = &[
        &[Some(9), Some(9)],
        &[Some(2), Some(3)],
        &[Some(1), Some(1)],
        &[Some(1), Some(2)],
    ];
    let in_pieces: &[&[Option<i32>]] = &[
        &[Some(1), Some(1)],
        &[Some(2), Some(3)],
        &[None, Some(8)],
        &[Some(1), Some(2)],
    ];
    for children in [in_order, other_order, in_pieces] {
        assert_eq!(
            answer(layout(), vec![parents(), table(&key_and_int, children)]),
            expected
        );
    }
}

#[test]
fn pages_forward_and_backward() {
    let columns = [ValueType::Int];
    let check = |page: PageLayout, found: &[&[Option<i32>]], expected: &str| {
        let keys = vec![
            ("nodes", ConnectionKind::Nodes(vec![int("n", 0)])),
            ("pageInfo", page_info()),
        ];
        let layout = vec![slot("list", connection(list(None, Some(page), None), keys))];
        let cursor = |number| sealer().seal(b"order", &[Value::Int(number)]);
        let expected = expected.replace("CURSOR1", &cursor(1)).replace("CURSOR2", &cursor(2));
        assert_eq!(
            answer(layout, vec![table(&columns, found)]),
            format!("{{\"list\":{expected}}}")
        );
    };
    let info = |next: bool, previous: bool, end: &str| {
        format!(r#""pageInfo":{{"next":{next},"previous":{previous},"end":{end},"__typename":"PageInfo"}}}}"#)
    };
    let three: &[&[Option<i32>]] = &[&[Some(1)], &[Some(2)], &[Some(3)]];
    check(
        page(0),
        three,
        &(r#"{"nodes":[{"n":1},{"n":2}],"#.to_owned() + &info(true, false, "\"CURSOR2\"")),
    );
    check(
        page(0),
        &three[..2],
        &(r#"{"nodes":[{"n":1},{"n":2}],"#.to_owned() + &info(false, false, "\"CURSOR2\"")),
    );
    check(
        PageLayout {
            continued: true,
            ..page(0)
        },
        &[],
        &(r#"{"nodes":[],"#.to_owned() + &info(false, true, "null")),
    );
    let backward = PageLayout {
        backward: true,
        continued: true,
        ..page(0)
    };
    check(
        backward,
        three,
        &(r#"{"nodes":[{"n":2},{"n":1}],"#.to_owned() + &info(true, true, "\"CURSOR1\"")),
    );
}

#[test]
fn edges_have_cursors_that_open_again() {
    let node = vec![int("n", 0)];
    let edges = vec![
        EdgeLayout {
            key: b"\"__typename\":".to_vec(),
            kind: EdgeKind::Json(b"\"E\"".to_vec()),
        },
        EdgeLayout {
            key: b"\"cursor\":".to_vec(),
            kind: EdgeKind::Cursor,
        },
        EdgeLayout {
            key: b"\"node\":".to_vec(),
            kind: EdgeKind::Node(node),
        },
    ];
    let layout = vec![slot(
        "list",
        connection(
            list(None, Some(page(0)), None),
            vec![("edges", ConnectionKind::Edges(edges))],
        ),
    )];
    let text = answer(layout, vec![table(&[ValueType::Int], &[&[Some(1)], &[None]])]);
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let edges = json["list"]["edges"].as_array().expect("edges");
    let opened = |index: usize| sealer().open(b"order", edges[index]["cursor"].as_str().expect("a cursor"));
    assert_eq!(opened(0), Some(vec![Value::Int(1)]));
    assert_eq!(opened(1), Some(vec![Value::Null]));
    assert_eq!(
        (&edges[0]["node"]["n"], &edges[1]["__typename"]),
        (&1.into(), &"E".into())
    );
}

#[test]
fn totals_and_groups_of_parents_with_and_without_rows() {
    let aggregate = || {
        vec![
            slot(
                "count",
                SlotKind::Cell {
                    column: 1,
                    output: COUNT,
                },
            ),
            slot(
                "max",
                SlotKind::Object(vec![int("n", 2), slot("__typename", SlotKind::Json(b"\"M\"".to_vec()))]),
            ),
        ]
    };
    let keys = vec![
        ("totalCount", ConnectionKind::Total(1)),
        ("aggregate", ConnectionKind::Totals(aggregate())),
        (
            "groups",
            ConnectionKind::Groups {
                statement: 2,
                slots: vec![int("key", 1)],
            },
        ),
        ("__typename", ConnectionKind::Json(b"\"C\"".to_vec())),
    ];
    let child = slot("list", connection(list(Some(0), None, Some(1)), keys));
    let layout = vec![slot("parents", rows(None, page(0), vec![child]))];
    let parents = table(&[ValueType::Uuid], &[&[Some(1)], &[Some(2)]]);
    let totals = table(
        &[ValueType::Uuid, ValueType::BigInt, ValueType::Int],
        &[&[Some(2), Some(5), Some(9)]],
    );
    let groups = table(
        &[ValueType::Uuid, ValueType::Int],
        &[&[Some(2), Some(4)], &[Some(2), None]],
    );
    assert_eq!(
        answer(layout, vec![parents, totals, groups]),
        concat!(
            r#"{"parents":[{"list":{"totalCount":0,"aggregate":{"count":0,"max":{"n":null,"__typename":"M"}},"groups":[],"__typename":"C"}},"#,
            r#"{"list":{"totalCount":5,"aggregate":{"count":5,"max":{"n":9,"__typename":"M"}},"groups":[{"key":4},{"key":null}],"__typename":"C"}}]}"#
        )
    );
}

#[test]
fn rows_of_which_only_constants_are_written_still_count() {
    let typename = vec![slot("__typename", SlotKind::Json(b"\"T\"".to_vec()))];
    let layout = vec![slot("list", rows(None, page(0), typename))];
    assert_eq!(
        answer(layout, vec![table(&[], &[&[], &[], &[]])]),
        r#"{"list":[{"__typename":"T"},{"__typename":"T"}]}"#
    );
}

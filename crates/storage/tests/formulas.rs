//! Formulas give the same on both databases, to the last digit, and what a plain evaluator gives.

mod formula;
mod support;

use formula::evaluate::{Row, evaluate};
use formula::generate::{Dice, FIELDS, TYPES, formula as text, value};
use freehold_base::{Caller, Limits, RowId, Timestamp, Value};
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_policy::{Access, Policy, RoleSet};
use freehold_schema::catalog::{Catalog, EntityDef, FieldType};
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::formula::DEPTH_MAX;
use freehold_schema::graphql::{RequestText, RoleSchema};
use freehold_schema::seed::{Seed, SeedRow};
use freehold_schema::source::Span;
use freehold_storage::{Binder, Database};
use serde_json::Map;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use support::{Noon, catalog, databases};

/// The fields of each row, as they are written.
type Nodes = Vec<BTreeMap<String, Box<RawValue>>>;

/// A comparison that a rule and a filter can make: the model's words, GraphQL's, and what they mean.
type Comparison = (&'static str, &'static str, fn(&Value) -> bool);

/// Formulas of one model.
const FORMULAS: usize = 70;
const ROWS: usize = 60;
const ROUNDS: usize = 12;

/// A model whose formulas everybody reads. Rules may ask for them, too.
fn model(formulas: &[(&str, String)], condition: &str) -> String {
    let mut fields = FIELDS.to_owned();
    let mut read = Vec::new();
    for (index, (returns, formula)) in formulas.iter().enumerate() {
        let quoted = serde_json::Value::from(formula.as_str());
        writeln!(
            fields,
            "      x{index}: {{type: formula, returns: {returns}, formula: {quoted}}}"
        )
        .expect("a text");
        read.push(format!("x{index}"));
    }
    let names = FIELDS
        .lines()
        .filter_map(|line| Some(line.trim().split_once(':')?.0.to_owned()));
    read.extend(names);
    format!(
        "app: formulas\nsecurity: open\nanonymous_profile: all\nentities:\n  thing:\n    access: open\n    public: true\n    fields:{fields}\
         permission_sets:\n  all:\n    - {{entity: thing, allow: [read, list], read: [{}]{condition}}}\nprofiles: {{all: {{sets: [all]}}}}\n",
        read.join(", ")
    )
}

fn rows(catalog: &Catalog, dice: &mut Dice) -> Seed {
    let thing = catalog.find_entity("thing").expect("declared");
    let ids: Vec<RowId> = (0..ROWS)
        .map(|number| RowId::new(1_700_000_000_000, thing.tag, number as u64))
        .collect();
    let rows = (0..ROWS).map(|number| {
        let mut values = Vec::new();
        for field in &thing.fields {
            let stored = field.system.is_none() && field.column().is_some();
            match field.name.as_str() {
                "created_at" => values.push((field.id, value(dice, 'm'))),
                "r1" if dice.below(2) == 0 => values.push((field.id, Value::Uuid(ids[dice.below(ROWS)].uuid()))),
                "i3" => values.push((field.id, Value::Int(number as i64 + 1))),
                name if stored => values.push((field.id, value(dice, name.chars().next().expect("a name")))),
                _ => {}
            }
        }
        for (field, value) in &mut values {
            if thing.field(*field).required && value.is_null() {
                *value = Value::DateTime(0);
            }
        }
        values.retain(|(_, value)| !value.is_null());
        SeedRow {
            entity: thing.id,
            label: number.to_string(),
            id: ids[number],
            tenant: None,
            values,
            span: Span::default(),
        }
    });
    Seed {
        users: Vec::new(),
        rows: rows.collect(),
    }
}

async fn ask(database: &Database, catalog: &Catalog, query: &str) -> String {
    let mut faults = Diagnostics::default();
    let policy = Policy::check(catalog, &mut faults).unwrap_or_else(|| panic!("{faults:#?}"));
    let caller = Caller::anonymous(Some("all".to_owned()), Timestamp(0));
    let access = Access::reduce(catalog, &policy, &RoleSet::of(catalog, &caller));
    let schema = RoleSchema::build(catalog, &access.visible(catalog));
    let variables = Map::new();
    let request = RequestText {
        query,
        operation_name: None,
        variables: &variables,
    };
    let limits = Limits {
        cost_max: 1_000_000,
        ..Limits::default()
    };
    let prepared = schema
        .prepare(&request, &limits)
        .unwrap_or_else(|faults| panic!("{query}: {faults:?}"));
    let sealer = Sealer::new([1; KEY_BYTES]);
    let plan = freehold_planner::plan(
        catalog,
        &access,
        &prepared.operation,
        prepared.introspection,
        &sealer,
        &limits,
    )
    .unwrap_or_else(|faults| panic!("{query}: {faults:?}"));
    let program = Arc::new(freehold_storage::sql::render(catalog, &plan, database.dialect()));
    let binder = Binder {
        catalog,
        caller: &caller,
        variables: &variables,
        written: None,
        cipher: None,
    };
    let bytes = database
        .run(&program, &binder, &sealer)
        .await
        .unwrap_or_else(|error| panic!("{:?} {query}: {error:?}\n{:#?}", database.dialect(), program.statements));
    String::from_utf8(bytes).expect("UTF-8")
}

/// The JSON of a value.
fn json(value: &Value) -> String {
    let text = |text: String| serde_json::Value::from(text).to_string();
    let written = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("UTF-8")
    };
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Decimal(value) => text(value.to_string()),
        Value::Text(value) => text(value.clone()),
        Value::Date(days) => text(written(&|out| freehold_base::write_date(out, i64::from(*days)))),
        Value::DateTime(micros) => text(written(&|out| freehold_base::write_datetime(out, *micros))),
        other => panic!("{other:?}"),
    }
}

fn same(found: &str, expected: &str, value: &Value) -> bool {
    match value {
        // One double has several texts.
        Value::Float(expected) => found
            .parse::<f64>()
            .is_ok_and(|found| found.to_bits() == expected.to_bits() || (found == 0.0 && *expected == 0.0)),
        Value::Text(expected) => serde_json::from_str::<String>(found).is_ok_and(|found| found == *expected),
        _ => found == expected,
    }
}

fn row(thing: &EntityDef, seeded: &SeedRow) -> Row {
    seeded
        .values
        .iter()
        .map(|(field, value)| (thing.field(*field).id, value.clone()))
        .collect()
}

/// Random formulas of all types, short enough for a model.
fn formulas(dice: &mut Dice) -> Vec<(&'static str, String)> {
    let mut made = Vec::new();
    while made.len() < FORMULAS {
        let (letter, word) = TYPES[made.len() % TYPES.len()];
        let depth = 1 + dice.below(4);
        let formula = text(dice, letter, depth);
        if formula.len() < 1_500 {
            made.push((word, formula));
        }
    }
    made
}

#[tokio::test]
async fn both_databases_give_what_the_evaluator_gives() {
    let mut dice = Dice(0x5eed_0f0a_1234_5678);
    let stored = catalog(&model(&[], ""));
    let seed = rows(&stored, &mut dice);
    let databases = databases("formulas").await;
    for database in &databases {
        database.apply(&stored, &[], false, &Noon).await.expect("tables");
        database
            .insert_seed(&stored, &seed, None, &Noon, &mut |_, _| {})
            .await
            .expect("rows");
    }
    let (mut values, mut nulls) = (0, 0);
    for _ in 0..ROUNDS {
        let formulas = formulas(&mut dice);
        let catalog = catalog(&model(&formulas, ""));
        let thing = catalog.find_entity("thing").expect("declared");
        let names: Vec<String> = (0..FORMULAS).map(|index| format!("x{index}")).collect();
        let query = format!(
            "{{ things(first: 200, orderBy: [{{i3: ASC}}]) {{ nodes {{ {} }} }} }}",
            names.join(" ")
        );
        let [sqlite, postgres] = [
            ask(&databases[0], &catalog, &query).await,
            ask(&databases[1], &catalog, &query).await,
        ];
        let answers = [&sqlite, &postgres].map(|answer| {
            let answer: BTreeMap<String, BTreeMap<String, Nodes>> = serde_json::from_str(answer).expect("JSON");
            answer
                .into_values()
                .next()
                .and_then(|page| page.into_values().next())
                .expect("nodes")
        });
        for (number, seeded) in seed.rows.iter().enumerate() {
            let row = row(thing, seeded);
            for (name, (_, formula)) in names.iter().zip(&formulas) {
                let field = thing.find_field(name).expect("declared");
                let FieldType::Formula { expression, .. } = &field.field_type else {
                    panic!("no formula");
                };
                let expected = evaluate(expression, &row);
                let [left, right] = [answers[0][number][name].get(), answers[1][number][name].get()];
                let short = |text: &str| text.chars().take(200).collect::<String>();
                assert!(
                    left == right && same(left, &json(&expected), &expected),
                    "{formula}\nSQLite     {}\nPostgreSQL {}\nevaluator  {}\n{row:?}",
                    short(left),
                    short(right),
                    short(&json(&expected))
                );
                if expected.is_null() {
                    nulls += 1;
                } else {
                    values += 1;
                }
            }
        }
    }
    assert!(values > 10_000 && nulls > 1_000, "{values} values, {nulls} nulls");
}

/// Comparisons with a formula, by the letter of its type.
fn comparisons(letter: char) -> Vec<Comparison> {
    match letter {
        't' => vec![
            (
                "{gt: \"a\"}",
                "{gt: \"a\"}",
                |value| matches!(value, Value::Text(text) if text.as_str() > "a"),
            ),
            (
                "{in: [\"\", a]}",
                "{in: [\"\", \"a\"]}",
                |value| matches!(value, Value::Text(text) if text.is_empty() || text == "a"),
            ),
            (
                "{contains: a}",
                "{contains: \"a\"}",
                |value| matches!(value, Value::Text(text) if text.contains('a')),
            ),
            (
                "{contains: B, mode: insensitive}",
                "{contains: \"B\", mode: INSENSITIVE}",
                |value| matches!(value, Value::Text(text) if text.to_lowercase().contains('b')),
            ),
        ],
        'i' => vec![
            (
                "{gte: 1}",
                "{gte: 1}",
                |value| matches!(value, Value::Int(number) if *number >= 1),
            ),
            (
                "{not_in: [0, 1]}",
                "{notIn: [0, 1]}",
                |value| matches!(value, Value::Int(number) if !(0..=1).contains(number)),
            ),
        ],
        'f' => vec![
            (
                "{lt: 1.5}",
                "{lt: 1.5}",
                |value| matches!(value, Value::Float(number) if *number < 1.5),
            ),
            (
                "{ne: 0}",
                "{ne: 0}",
                |value| matches!(value, Value::Float(number) if *number != 0.0),
            ),
        ],
        'd' => vec![
            (
                "{gt: 1.50}",
                "{gt: \"1.50\"}",
                |value| matches!(value, Value::Decimal(number) if *number > "1.5".parse().expect("a number")),
            ),
            (
                "{in: [0.00, 3.0]}",
                "{in: [\"0.00\", \"3.0\"]}",
                |value| matches!(value, Value::Decimal(number) if number.is_zero() || *number == 3.into()),
            ),
        ],
        'b' => vec![
            ("true", "{eq: true}", |value| *value == Value::Boolean(true)),
            ("{is_null: true}", "{isNull: true}", |value| value.is_null()),
        ],
        'a' => vec![(
            "{lt: 2000-01-01}",
            "{lt: \"2000-01-01\"}",
            |value| matches!(value, Value::Date(days) if *days < 10_957),
        )],
        _ => vec![(
            "{gte: \"2000-01-01T00:00:00Z\"}",
            "{gte: \"2000-01-01T00:00:00Z\"}",
            |value| matches!(value, Value::DateTime(micros) if *micros >= 946_684_800_000_000),
        )],
    }
}

#[tokio::test]
async fn a_formula_is_filtered_ordered_grouped_and_ruled_by_like_a_column() {
    let mut dice = Dice(0x5eed_0f0a_8765_4321);
    let stored = catalog(&model(&[], ""));
    let seed = rows(&stored, &mut dice);
    let databases = databases("formula_uses").await;
    for database in &databases {
        database.apply(&stored, &[], false, &Noon).await.expect("tables");
        database
            .insert_seed(&stored, &seed, None, &Noon, &mut |_, _| {})
            .await
            .expect("rows");
    }
    let both = async |catalog: &Catalog, query: &str| {
        let left = ask(&databases[0], catalog, query).await;
        let right = ask(&databases[1], catalog, query).await;
        assert_eq!(left, right, "{query}");
        left
    };
    let mut found = 0;
    for round in 0..4 * TYPES.len() {
        let (letter, word) = TYPES[round % TYPES.len()];
        let mut formula = text(&mut dice, letter, 1 + round / TYPES.len());
        if letter == 'd' {
            // Sums of the longest decimals, and which of equal ones stands for a group, are each database's own.
            formula = format!("round({formula}, 2)");
        }
        let formulas = [(word, formula)];
        let open = catalog(&model(&formulas, ""));
        let thing = open.find_entity("thing").expect("declared");
        let field = thing.find_field("x0").expect("declared");
        let FieldType::Formula { expression, .. } = &field.field_type else {
            panic!("no formula");
        };
        for (rule, filter, holds) in comparisons(letter) {
            let expected = |holds: &dyn Fn(&Value) -> bool| -> Vec<i64> {
                let numbers = (0..ROWS).filter(|number| holds(&evaluate(expression, &row(thing, &seed.rows[*number]))));
                numbers.map(|number| number as i64 + 1).collect()
            };
            let listed = |answer: &str| -> Vec<i64> {
                let answer: serde_json::Value = serde_json::from_str(answer).expect("JSON");
                let nodes = answer["things"]["nodes"].as_array().expect("nodes").iter();
                nodes.map(|node| node["i3"].as_i64().expect("a number")).collect()
            };
            let list = |filter: &str| {
                format!("{{ things(first: 200, orderBy: [{{i3: ASC}}], filter: {filter}) {{ nodes {{ i3 }} }} }}")
            };
            let matching = listed(&both(&open, &list(&format!("{{x0: {filter}}}"))).await);
            assert_eq!(matching, expected(&holds), "{filter} of {}", formulas[0].1);
            let rest = listed(&both(&open, &list(&format!("{{not: {{x0: {filter}}}}}"))).await);
            assert_eq!(
                rest,
                expected(&|value| !holds(value)),
                "not {filter} of {}",
                formulas[0].1
            );
            // The same in a rule, over the raw table: as a row's condition, of a related row, and beside a guard on a text.
            let ruled = catalog(&model(&formulas, &format!(", where: {{x0: {rule}}}")));
            assert_eq!(
                listed(&both(&ruled, &list("{}")).await),
                matching,
                "{rule} of {}",
                formulas[0].1
            );
            let related = catalog(&model(
                &formulas,
                &format!(", where: {{or: [{{x0: {rule}}}, {{r1: {{x0: {rule}}}}}]}}"),
            ));
            assert!(
                listed(&both(&related, &list("{}")).await).len() >= matching.len(),
                "{rule}"
            );
            found += matching.len();
        }
        for direction in ["ASC", "DESC"] {
            let page = |rest: &str| {
                format!(
                    "{{ things(first: 7, orderBy: [{{x0: {direction}}}]{rest}) {{ nodes {{ i3 x0 }} pageInfo {{ endCursor hasNextPage }} }} }}"
                )
            };
            let (mut rest, mut seen) = (String::new(), 0);
            loop {
                let answer: serde_json::Value = serde_json::from_str(&both(&open, &page(&rest)).await).expect("JSON");
                seen += answer["things"]["nodes"].as_array().expect("nodes").len();
                if answer["things"]["pageInfo"]["hasNextPage"] != true {
                    break;
                }
                rest = format!(", after: {}", answer["things"]["pageInfo"]["endCursor"]);
            }
            assert_eq!(seen, ROWS, "{direction} of {}", formulas[0].1);
        }
        let figures = match letter {
            'i' | 'd' => "sum { x0 } min { x0 } max { x0 }",
            'b' => "count",
            _ => "min { x0 } max { x0 }",
        };
        both(&open, &format!("{{ things {{ aggregate {{ {figures} }} groups(by: [X0]) {{ key {{ x0 }} aggregate {{ count {figures} }} }} }} }}")).await;
    }
    assert!(found > 300, "only {found} rows matched");
}

/// A decimal has an order of its own on SQLite. A guard that compares one must not lend it to the text that it guards.
#[tokio::test]
async fn a_decimal_formula_in_a_guard_leaves_texts_as_they_are() {
    let model = "
app: guards
security: open
anonymous_profile: all
entities:
  thing:
    access: open
    public: true
    fields:
      name: {type: text}
      price: {type: decimal}
      half: {type: formula, returns: decimal, formula: \"coalesce(price, 0)\"}
permission_sets:
  all:
    - {entity: thing, allow: [read, list], read: [price]}
    - {entity: thing, allow: [read], where: {half: {gt: 2}}, read: [name]}
profiles: {all: {sets: [all]}}
";
    let catalog = catalog(model);
    let rows = "
thing:
  a: {name: \"1.0\", price: \"10\"}
  b: {name: \"1.00\", price: \"9.00\"}
  c: {name: \"10\", price: \"1.00\"}
";
    let seed = support::seed(&catalog, rows);
    for database in databases("formula_guards").await {
        database.apply(&catalog, &[], false, &Noon).await.expect("tables");
        database
            .insert_seed(&catalog, &seed, None, &Noon, &mut |_, _| {})
            .await
            .expect("rows");
        for (filter, expected) in [
            ("{name: {eq: \"1.00\"}}", r#"[{"price":"9.00"}]"#),
            ("{name: {in: [\"1\", \"1.0\"]}}", r#"[{"price":"10"}]"#),
            ("{name: {lt: \"1.00\"}}", r#"[{"price":"10"}]"#),
            ("{name: {isNull: true}}", r#"[{"price":"1.00"}]"#),
        ] {
            let query = format!("{{ things(filter: {filter}) {{ nodes {{ price }} }} }}");
            assert_eq!(
                ask(&database, &catalog, &query).await,
                format!("{{\"things\":{{\"nodes\":{expected}}}}}"),
                "{filter} {:?}",
                database.dialect()
            );
        }
    }
}

/// The deepest and the largest that a model may have is not too much for a database.
#[tokio::test]
async fn the_largest_formulas_run() {
    let nested = |open: &str, inner: &str, close: &str, levels: usize| {
        format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
    };
    let chain = |part: &str, operator: &str| vec![part; DEPTH_MAX].join(operator);
    let formulas = [
        ("int", nested("abs(", "i1", ")", DEPTH_MAX - 1)),
        ("int", chain("i1", " - ")),
        ("decimal", nested("- ", "d1", "", DEPTH_MAX - 1)),
        ("decimal", chain("d1", " / ")),
        ("float", nested("abs(", "f1", ")", DEPTH_MAX - 1)),
        ("float", chain("f1", " * ")),
        ("float", nested("if(b1, f1, f2 + ", "f1", ")", DEPTH_MAX / 2 - 1)),
        ("text", nested("upper(", "t1", ")", DEPTH_MAX - 1)),
        ("text", chain("t1", " || ")),
        ("boolean", nested("not ", "b1", "", DEPTH_MAX - 1)),
        ("boolean", chain("b1", " or ")),
        ("date", nested("add_days(", "a1", ", i2)", DEPTH_MAX - 1)),
        ("datetime", nested("min(m1, ", "m2", ")", DEPTH_MAX - 1)),
        // Seven times the one behind it: 293 parts.
        ("decimal", ["x14"; 7].join(" + ")),
        (
            "decimal",
            format!("({}) + ({})", vec!["d1"; 10].join(" * "), vec!["d2"; 11].join(" - ")),
        ),
    ];
    let formulas: Vec<(&str, String)> = formulas.into_iter().collect();
    let stored = catalog(&model(&[], ""));
    let ruled = catalog(&model(
        &formulas,
        ", where: {or: [{x1: {is_null: false}}, {x5: {lt: 1}}, {x13: {gt: 0}}, {x10: {ne: true}}]}",
    ));
    let seed = rows(&stored, &mut Dice(7));
    let mut answers = Vec::new();
    for database in databases("formula_sizes").await {
        database.apply(&stored, &[], false, &Noon).await.expect("tables");
        database
            .insert_seed(&stored, &seed, None, &Noon, &mut |_, _| {})
            .await
            .expect("rows");
        let mut answer = String::new();
        for index in 0..formulas.len() {
            let query = format!(
                "{{ things(filter: {{not: {{x{index}: {{isNull: true}}}}}}, orderBy: [{{x{index}: DESC}}]) {{ totalCount nodes {{ x{index} }} groups(by: [X{index}]) {{ key {{ x{index} }} aggregate {{ count }} }} }} }}"
            );
            answer.push_str(&ask(&database, &ruled, &query).await);
        }
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1]);
}

//! Formulas give the same on both databases, to the last digit, and what a plain evaluator gives.

mod formula;
mod support;

use formula::evaluate::evaluate;
use formula::generate::{Dice, TYPES, formula as text};
use formula::world::{ask, filled, model, row, rows};
use freehold_base::Value;
use freehold_schema::catalog::FieldType;
use freehold_schema::formula::DEPTH_MAX;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use support::catalog;

/// The fields of each row, as they are written.
type Nodes = Vec<BTreeMap<String, Box<RawValue>>>;

/// Formulas of one model.
const FORMULAS: usize = 70;
const ROUNDS: usize = 12;

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
    let databases = filled("formulas", &stored, &seed).await;
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
            format!("({}) + ({})", ["d1"; 10].join(" * "), ["d2"; 11].join(" - ")),
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
    for database in filled("formula_sizes", &stored, &seed).await {
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

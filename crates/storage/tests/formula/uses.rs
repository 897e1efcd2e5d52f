//! What is asked of a formula besides its value: filters, orders, groups, rules.

use super::evaluate::evaluate;
use super::generate::{Dice, TYPES, formula as text};
use super::world::{ROWS, ask, filled, model, row, rows};
use crate::support::{catalog, seed};
use freehold_base::Value;
use freehold_schema::catalog::{Catalog, FieldType};

/// A comparison that a rule and a filter can make: the model's words, GraphQL's, and what they mean.
type Comparison = (&'static str, &'static str, fn(&Value) -> bool);

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
    let databases = filled("formula_uses", &stored, &seed).await;
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
    let written = "
thing:
  a: {name: \"1.0\", price: \"10\"}
  b: {name: \"1.00\", price: \"9.00\"}
  c: {name: \"10\", price: \"1.00\"}
";
    let seed = seed(&catalog, written);
    for database in filled("formula_guards", &catalog, &seed).await {
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

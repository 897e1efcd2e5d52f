//! Each type's JSON is the same from both databases, and what went in.

mod support;

use freehold_base::{Value, ValueType};
use freehold_policy::operand::Operand;
use freehold_storage::program::Parameter;
use support::{Noon, ask, catalog, databases, either, query, seed};

const MODEL: &str = "
app: types
security: open
entities:
  thing:
    access: open
    public: false
    fields:
      text: {type: text}
      html: {type: html}
      email: {type: email}
      url: {type: url}
      int: {type: int}
      float: {type: float}
      decimal: {type: decimal}
      boolean: {type: boolean}
      date: {type: date}
      time: {type: time}
      datetime: {type: datetime}
      uuid: {type: uuid}
      json: {type: json}
      select: {type: select, options: [one, two_parts]}
      multiselect: {type: multiselect, options: [one, two_parts]}
      number: {type: autonumber}
      other: {type: ref, to: thing, on_delete: restrict}
";

const SEED: &str = r#"
thing:
  a: {text: "tab\t \"quote\" \\ ü 😀", html: "<p>x</p>", email: a@b.test, url: "https://x.test/", int: -2147483648, float: 0.1, decimal: "-12345678901234.500",
      boolean: true, date: 2024-02-29, time: "23:59:59.000001", datetime: "2026-11-22T01:02:03.123456Z", uuid: f47ac10b-58cc-4372-a567-0e02b2c3d479,
      json: {zz: [1, 2.5, "a b", null, true], b: {}}, select: two_parts, multiselect: [two_parts, one], other: b}
  b: {text: "", int: 2147483647, float: 1.0e+300, decimal: "0.10", boolean: false, date: 0001-01-01, time: "00:00", datetime: "1969-12-31T23:59:59.5Z",
      json: "text", multiselect: []}
  c: {float: 3}
  d: {date: 9999-12-31, datetime: "0001-01-01T00:00:00Z", float: -0.0, decimal: "7"}
"#;

const COLUMNS: [(&str, ValueType); 17] = [
    ("text", ValueType::Text),
    ("html", ValueType::Text),
    ("email", ValueType::Text),
    ("url", ValueType::Text),
    ("int", ValueType::Int),
    ("float", ValueType::Float),
    ("decimal", ValueType::Decimal),
    ("boolean", ValueType::Boolean),
    ("date", ValueType::Date),
    ("time", ValueType::Time),
    ("datetime", ValueType::DateTime),
    ("uuid", ValueType::Uuid),
    ("json", ValueType::Json),
    ("select", ValueType::Text),
    ("multiselect", ValueType::TextList),
    ("number", ValueType::Int),
    ("version", ValueType::BigInt),
];

#[tokio::test]
async fn every_type_is_written_alike() {
    let catalog = catalog(MODEL);
    let seed = seed(&catalog, SEED);
    let mut answers = Vec::new();
    for database in databases("types").await {
        database.apply(&catalog, &[], false, &Noon).await.expect("tables");
        let mut told = Vec::new();
        database
            .insert_seed(&catalog, &seed, None, &Noon, &mut |done, all| told.push((done, all)))
            .await
            .expect("rows");
        assert_eq!(told, [(4, 4)]);
        let expressions = COLUMNS.map(|(column, value_type)| match value_type {
            ValueType::Decimal | ValueType::Json => {
                either(&database, &format!("\"{column}\""), &format!("\"{column}\"::text")).to_owned()
            }
            ValueType::TextList => either(
                &database,
                &format!("\"{column}\""),
                &format!("to_json(\"{column}\")::text"),
            )
            .to_owned(),
            _ => format!("\"{column}\""),
        });
        let sql = format!("SELECT {} FROM thing ORDER BY number", expressions.join(", "));
        let program = query(&sql, Vec::new(), &COLUMNS.map(|(_, value_type)| value_type));
        let first = ask(&database, &program).await.expect("an answer");
        // PostgreSQL may choose another plan from the sixth run on.
        for _ in 0..11 {
            assert_eq!(ask(&database, &program).await.expect("an answer"), first);
        }
        answers.push(first);
    }
    assert_eq!(answers[0], answers[1]);
    let rows: serde_json::Value = serde_json::from_str(&answers[0]).expect("JSON");
    let expected = serde_json::json!({
        "c0": "tab\t \"quote\" \\ ü 😀", "c1": "<p>x</p>", "c2": "a@b.test", "c3": "https://x.test/", "c4": -2_147_483_648_i64, "c5": 0.1,
        "c6": "-12345678901234.500", "c7": true, "c8": "2024-02-29", "c9": "23:59:59.000001", "c10": "2026-11-22T01:02:03.123456Z",
        "c11": "f47ac10b-58cc-4372-a567-0e02b2c3d479", "c12": {"b": {}, "zz": [1, 2.5, "a b", null, true]}, "c13": "two_parts",
        "c14": ["two_parts", "one"], "c15": 1, "c16": 1
    });
    assert_eq!(rows["rows"][0], expected);
    assert_eq!(rows["rows"][1]["c5"], 1e300);
    assert_eq!(rows["rows"][2]["c0"], serde_json::Value::Null);
    assert_eq!(rows["rows"][3]["c10"], "0001-01-01T00:00:00Z");
}

#[tokio::test]
async fn every_type_is_found_again_by_its_parameter() {
    let catalog = catalog(MODEL);
    let seed = seed(&catalog, SEED);
    let thing = catalog.find_entity("thing").expect("declared");
    for database in databases("parameters").await {
        database.apply(&catalog, &[], false, &Noon).await.expect("tables");
        database
            .insert_seed(&catalog, &seed, None, &Noon, &mut |_, _| {})
            .await
            .expect("rows");
        for (field, value) in &seed.rows[0].values {
            let field = thing.field(*field);
            let column = field.column().expect("stored");
            if column.value_type == ValueType::Float {
                assert_eq!(*value, Value::Float(0.1));
            }
            let parameter = Parameter {
                operand: Operand::Constant(value.clone()),
                value_type: column.value_type,
                sealed: None,
            };
            let sql = format!(
                "SELECT number FROM thing WHERE \"{}\" = {}1 AND number = 1",
                column.name,
                either(&database, "?", "$")
            );
            let answer = ask(&database, &query(&sql, vec![parameter], &[ValueType::Int]))
                .await
                .expect("an answer");
            assert_eq!(
                answer,
                r#"{"rows":[{"c0":1}]}"#,
                "{} {:?}",
                field.name,
                database.dialect()
            );
        }
    }
}

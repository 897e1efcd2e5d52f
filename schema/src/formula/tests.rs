use super::*;
use crate::catalog::FieldId;
use crate::diagnostic::Severity;
use crate::source::{SourceFile, Sources};
use freehold_base::Value;

const MODEL: &str = "
app: shop
security: open
keys: {pii: {scope: environment}}
entities:
  shelf: {access: open, public: false, fields: {name: {type: text}}}
  item:
    access: open
    public: false
    fields:
      name: {type: text}
      label: {type: text}
      status: {type: select, options: [new, in_stock]}
      tags: {type: multiselect, options: [a, b]}
      price: {type: decimal}
      weight: {type: float}
      quantity: {type: int}
      number: {type: autonumber}
      sold: {type: boolean}
      due: {type: date}
      seen_at: {type: datetime}
      opens: {type: time}
      extra: {type: json}
      secret: {type: text, encrypted: pii}
      shelf: {type: ref, to: shelf, on_delete: set_null}
      twice: {type: formula, returns: int, formula: quantity * 2}
";

/// The formula as the catalog has it, or its first fault: the part of the text, the message and the hint.
fn compiled(returns: &str, formula: &str) -> Result<String, String> {
    let model = format!(
        "{MODEL}      tested:\n        type: formula\n        returns: {returns}\n        formula: |-\n          {formula}\n"
    );
    let sources = Sources::new(vec![SourceFile {
        name: "app.yaml".into(),
        text: model.clone(),
    }]);
    let compiled = crate::compile(&sources);
    if let Some(catalog) = compiled.catalog {
        let item = catalog.find_entity("item").unwrap();
        let FieldType::Formula { expression, .. } = &item.find_field("tested").unwrap().field_type else {
            panic!("no formula");
        };
        return Ok(outline(expression, &|field| item.field(field).name.clone()));
    }
    let faults = compiled.diagnostics.sorted();
    let fault = faults.iter().find(|fault| fault.severity == Severity::Error).unwrap();
    let span = fault.span.unwrap();
    Err(format!(
        "{} `{}`: {}{}",
        fault.check,
        &model[span.start as usize..span.end as usize],
        fault.message,
        fault.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default()
    ))
}

/// An expression in brackets, its operator and type in front.
fn outline(expression: &Expression, name: &impl Fn(FieldId) -> String) -> String {
    let head = match &expression.node {
        Node::Constant(Value::Null) => return "null".to_owned(),
        Node::Constant(value) => return format!("{value:?}"),
        Node::Field(field) => return name(*field),
        Node::ShortField(field) => return format!("short {}", name(*field)),
        Node::FieldIsNull(field) => return format!("(is-null {})", name(*field)),
        Node::IsNull(_) => "is-null".to_owned(),
        Node::Compare { comparison, .. } => format!("{comparison:?}"),
        Node::All(_) => "and".to_owned(),
        Node::Any(_) => "or".to_owned(),
        Node::Not(_) => "not".to_owned(),
        Node::If { .. } => "if".to_owned(),
        Node::Coalesce(_) => "coalesce".to_owned(),
        Node::Extreme { extreme, .. } => format!("{extreme:?}"),
        Node::Arithmetic { operation, .. } => format!("{operation:?}"),
        Node::Negate(_) => "negate".to_owned(),
        Node::Absolute(_) => "abs".to_owned(),
        Node::Round { places, .. } => format!("round-{places}"),
        Node::Whole(_) => "whole".to_owned(),
        Node::Convert(_) => expression.value_type.word().to_owned(),
        Node::Join(_) => "join".to_owned(),
        Node::Concat(_) => "concat".to_owned(),
        Node::Lower(_) => "lower".to_owned(),
        Node::Upper(_) => "upper".to_owned(),
        Node::Trim(_) => "trim".to_owned(),
        Node::Length(_) => "length".to_owned(),
        Node::DateOf(_) => "date-of".to_owned(),
        Node::DatePart { part, .. } => format!("{part:?}"),
        Node::DaysBetween { .. } => "days-between".to_owned(),
        Node::AddDays { .. } => "add-days".to_owned(),
    };
    let parts = expression.node.parts().into_iter().map(|part| outline(part, name));
    format!("({})", std::iter::once(head).chain(parts).collect::<Vec<_>>().join(" "))
}

fn check(returns: &str, formula: &str, expected: &str) {
    assert_eq!(compiled(returns, formula).as_deref(), Ok(expected), "{formula}");
}

fn refused(returns: &str, formula: &str, expected: &str) {
    assert_eq!(compiled(returns, formula).unwrap_err(), expected, "{formula}");
}

#[test]
fn operators_bind_as_they_do_elsewhere() {
    check(
        "int",
        "1 + quantity * 2 - number",
        "(Subtract (Add Int(1) (Multiply quantity Int(2))) number)",
    );
    check(
        "int",
        "-(quantity - 2) % 3",
        "(Remainder (negate (Subtract quantity Int(2))) Int(3))",
    );
    check("int", "quantity - -3", "(Subtract quantity Int(-3))");
    check(
        "boolean",
        "not sold and quantity > 2 or name = 'a' || label",
        "(or (and (not sold) (Greater quantity Int(2))) (Equal name (join Text(\"a\") short label)))",
    );
    check(
        "boolean",
        "sold or not sold or shelf is null or shelf is not null",
        "(or sold (not sold) (is-null shelf) (not (is-null shelf)))",
    );
    check("boolean", "quantity + 1 is null", "(is-null (Add quantity Int(1)))");
}

#[test]
fn types_meet_in_the_wider_one() {
    check("decimal", "price * quantity", "(Multiply price (decimal quantity))");
    check("decimal", "quantity", "(decimal quantity)");
    check("decimal", "3", "Decimal(3)");
    check("decimal", "coalesce(price, -1.50)", "(coalesce price Decimal(-1.5))");
    check("float", "weight * 1.5", "(Multiply weight Float(1.5))");
    check(
        "float",
        "weight * 2 + quantity",
        "(Add (Multiply weight Float(2.0)) (float quantity))",
    );
    check("float", "1.5", "Float(1.5)");
    check(
        "decimal",
        "quantity / number",
        "(Divide (decimal quantity) (decimal number))",
    );
    check(
        "float",
        "float(quantity / 3)",
        "(float (Divide (decimal quantity) Decimal(3)))",
    );
    check("int", "div(quantity, 2)", "(DivideWhole quantity Int(2))");
    check(
        "decimal",
        "coalesce(price, quantity, 0)",
        "(coalesce price (decimal quantity) Decimal(0))",
    );
    check("decimal", "if(sold, null, price)", "(if sold null price)");
    check(
        "decimal",
        "max(price, 5000000000)",
        "(Greatest price Decimal(5000000000))",
    );
    check("boolean", "due < '2026-01-31'", "(Less due Date(20484))");
    check(
        "boolean",
        "seen_at >= '1970-01-01T00:00:01Z'",
        "(GreaterOrEqual seen_at DateTime(1000000))",
    );
    check(
        "date",
        "max(due, date(seen_at), date('1970-01-02'))",
        "(Greatest due (date-of seen_at) Date(1))",
    );
    check("date", "if(sold, '1970-01-02', due)", "(if sold Date(1) due)");
    check("int", "round(price)", "(whole price)");
    check("decimal", "round(price / 3, 2)", "(round-2 (Divide price Decimal(3)))");
    check("text", "upper(status)", "(upper status)");
    check("boolean", "status = 'in_stock'", "(Equal status Text(\"in_stock\"))");
    check("text", "'it''s ' || text(price)", "(join Text(\"it's \") (text price))");
    check(
        "int",
        "days_between(due, date(seen_at)) + year(due)",
        "(Add (days-between due (date-of seen_at)) (Year due))",
    );
}

#[test]
fn formulas_stand_for_what_they_are_calculated_from() {
    check(
        "int",
        "twice + twice",
        "(Add (Multiply quantity Int(2)) (Multiply quantity Int(2)))",
    );
    check(
        "boolean",
        "twice is not null",
        "(not (is-null (Multiply quantity Int(2))))",
    );
}

#[test]
fn joined_texts_are_bounded_where_they_are_read() {
    check(
        "text",
        "if(length(name) > 3, name || trim(lower(label)), name)",
        "(if (Greater (length name) Int(3)) (join short name (trim (lower short label))) name)",
    );
    check(
        "text",
        "concat(coalesce(name, label), '!')",
        "(concat (coalesce short name short label) Text(\"!\"))",
    );
}

#[test]
fn faults_are_told_where_they_are() {
    for (returns, formula, expected) in [
        (
            "int",
            "quantty + 1",
            "formula-field `quantty`: unknown field `quantty` (did you mean `quantity`?)",
        ),
        (
            "int",
            "lenght(name)",
            "formula-function `lenght`: unknown function `lenght` (did you mean `length`?)",
        ),
        (
            "int",
            "quantity + length",
            "formula-field `length`: unknown field `length` (a function is called: `length(text)`)",
        ),
        (
            "int",
            "ifnull(quantity, 1)",
            "formula-function `ifnull`: unknown function `ifnull` (write `coalesce`)",
        ),
        (
            "date",
            "today()",
            "formula-function `today`: unknown function `today` (a formula knows no clock; compare with `$now` in a rule or a filter)",
        ),
        (
            "int",
            "if(sold, 1)",
            "formula-function `if(sold, 1)`: `if` does not take 2 arguments (write `if(condition, then, else)`)",
        ),
        (
            "int",
            "quantity / 2",
            "formula-type `quantity / 2`: the formula gives a decimal, and `returns` says int (write `round(…)` for the nearest int, `div(a, b)` for a division without rest, or `returns: decimal`)",
        ),
        (
            "text",
            "number",
            "formula-type `number`: the formula gives an int, and `returns` says text (write `text(…)`, or `returns: int`)",
        ),
        (
            "decimal",
            "price + weight",
            "formula-type `weight`: a decimal and a float do not go together (write `decimal(…)` or `float(…)`, whichever is meant)",
        ),
        (
            "text",
            "name + label",
            "formula-type `name + label`: a text cannot be calculated with (texts are joined by `||`, or by `concat`)",
        ),
        (
            "date",
            "due + 14",
            "formula-type `due + 14`: a date cannot be calculated with (write `add_days(date, days)`)",
        ),
        (
            "int",
            "due - due",
            "formula-type `due - due`: a date cannot be calculated with (write `days_between(from, to)`)",
        ),
        (
            "text",
            "name || quantity",
            "formula-type `quantity`: expected a text, found an int (write `text(…)`)",
        ),
        (
            "int",
            "year(seen_at)",
            "formula-type `seen_at`: expected a date, found a datetime (write `date(…)`: the date in UTC)",
        ),
        (
            "boolean",
            "due < '31.1.2026'",
            "formula-type `'31.1.2026'`: '31.1.2026' is not a date (write a date like '2026-01-31')",
        ),
        (
            "boolean",
            "status = 'in_stok'",
            "formula-option `'in_stok'`: 'in_stok' is none of the options (did you mean `in_stock`?)",
        ),
        (
            "boolean",
            "'IN_STOCK' <> status",
            "formula-option `'IN_STOCK'`: 'IN_STOCK' is none of the options (in a model it is written 'in_stock')",
        ),
        (
            "boolean",
            "price = null",
            "formula-type `null`: a comparison with null is never true (write `is null` or `is not null`)",
        ),
        (
            "boolean",
            "sold < true",
            "formula-type `sold < true`: true and false have no order (write `=` or `<>`)",
        ),
        (
            "boolean",
            "quantity and sold",
            "formula-type `quantity`: expected a condition, found an int (compare it, or ask `is not null`)",
        ),
        (
            "boolean",
            "1 < quantity < 3",
            "formula-syntax `<`: comparisons cannot follow each other (write `a < b and b < c`, or set brackets)",
        ),
        (
            "text",
            "shelf",
            "formula-type `shelf`: `shelf` has no value that a formula can use (it can only be asked `is null` or `is not null`)",
        ),
        (
            "boolean",
            "extra is null",
            "formula-type `extra`: `extra` cannot be asked (it holds JSON; ask in a rule or a filter)",
        ),
        (
            "boolean",
            "id is null",
            "formula-type `id`: `id` cannot be asked (it is the server's own)",
        ),
        (
            "text",
            "secret",
            "formula-field `secret`: `secret` is encrypted (the database cannot calculate with what it cannot read)",
        ),
        (
            "text",
            "shelf.name",
            "formula-syntax `.`: `.` means nothing in a formula (a formula is of its own row: the fields of what it refers to cannot be reached)",
        ),
        (
            "boolean",
            "due < $now",
            "formula-syntax `$`: `$` means nothing in a formula (a formula is of its row alone; compare with `$now` or `$user` in a rule)",
        ),
        (
            "boolean",
            "name == 'a'",
            "formula-syntax `==`: `==` means nothing in a formula (write `=`)",
        ),
        (
            "boolean",
            "name = \"a\"",
            "formula-syntax `\"`: `\"` means nothing in a formula (a text stands in single quotes: 'open')",
        ),
        (
            "boolean",
            "sold AND sold",
            "formula-syntax `AND`: expected an operator, found `AND` (write `and`)",
        ),
        (
            "boolean",
            "name in ('a')",
            "formula-syntax `in`: expected an operator, found `in` (write `a = 'x' or a = 'y'`)",
        ),
        (
            "boolean",
            "name is 3",
            "formula-syntax `3`: `is` asks for null alone (write `is null`, `is not null`, or `=`)",
        ),
        (
            "int",
            "(quantity + 1",
            "formula-syntax ``: expected `)`, found the end of the formula",
        ),
        (
            "int",
            "quantity +",
            "formula-syntax ``: expected a field, a value or a function, found the end of the formula",
        ),
        (
            "int",
            "quantity * )",
            "formula-syntax `)`: expected a field, a value or a function, found `)`",
        ),
        (
            "text",
            "'abc",
            "formula-syntax `'abc`: the text is not closed (a text ends with a single quote; one inside it is written twice: 'it''s')",
        ),
        (
            "decimal",
            "round(price, quantity)",
            "formula-type `quantity`: the places are a number from 0 to 12",
        ),
        (
            "decimal",
            "0.12345678901234567890123456789",
            "formula-type `0.12345678901234567890123456789`: `0.12345678901234567890123456789` is too large or too long for a number (a decimal has at most 28 digits)",
        ),
        ("int", "null", "formula-type `null`: the formula is always null"),
        (
            "int",
            "coalesce(null, null)",
            "formula-type `null`: null has no type of its own here",
        ),
        ("boolean", "null is null", "formula-type `null`: null is always null"),
    ] {
        refused(returns, formula, expected);
    }
}

#[test]
fn size_and_depth_are_bounded() {
    let nested = |levels: usize| format!("{}quantity{}", "abs(".repeat(levels), ")".repeat(levels));
    assert!(compiled("int", &nested(DEPTH_MAX - 1)).is_ok());
    let fault = compiled("int", &nested(DEPTH_MAX)).unwrap_err();
    assert!(fault.contains("nested deeper than 40 levels"), "{fault}");
    // Far past any stack, and refused before it is walked.
    for deep in [
        "(".repeat(1_900),
        "-".repeat(1_900),
        "not ".repeat(400),
        "1+".repeat(900),
    ] {
        let fault = compiled("int", &deep).unwrap_err();
        assert!(fault.contains("nested deeper than 40 levels"), "{fault}");
    }
    assert!(
        compiled("int", &"quantity".repeat(300))
            .unwrap_err()
            .contains("longer than 2000 bytes")
    );
    let many = vec!["1"; ARGUMENTS_MAX + 1].join(", ");
    assert!(
        compiled("int", &format!("max({many})"))
            .unwrap_err()
            .contains("more than 20 arguments")
    );
    // Each names the one before it twice.
    let mut model = "app: a\nentities:\n  t:\n    access: open\n    fields:\n      f0: {type: int}\n".to_owned();
    for index in 1..20 {
        let before = index - 1;
        let field = format!("      f{index}: {{type: formula, returns: int, formula: \"f{before} + f{before}\"}}\n");
        model.push_str(&field);
    }
    let sources = Sources::new(vec![SourceFile {
        name: "app.yaml".into(),
        text: model,
    }]);
    let faults = crate::compile(&sources).diagnostics;
    let told: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
    assert!(
        told.contains(&"with the formulas that it names it has 511 parts; 300 are allowed"),
        "{told:?}"
    );
}

//! Each type through the door, and the bounds of each.

use crate::support::{catalog, field, sources};
use freehold_base::{Value, parse_date, parse_datetime, parse_time};
use freehold_content::{check_model, clean, clean_seed};
use freehold_schema::diagnostic::Diagnostics;

/// `Ok(None)`: stored as it came.
fn check(declaration: &str, value: Value, expected: Result<Option<Value>, &[&str]>) {
    let found = clean(&field(declaration), value.clone());
    match expected {
        Ok(expected) => assert_eq!(found, Ok(expected.unwrap_or(value)), "{declaration}"),
        Err(rules) => {
            let faults = found.expect_err(declaration);
            let found: Vec<&str> = faults.iter().map(|fault| fault.rule).collect();
            assert_eq!(found, rules, "{declaration} {value:?}");
            for fault in faults {
                assert!(
                    fault.message.starts_with(|letter: char| !letter.is_uppercase())
                        || fault.message.starts_with("JSON")
                );
                assert!(!fault.message.ends_with('.'), "{}", fault.message);
            }
        }
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn null_passes() {
    for declaration in [
        "type: text, min: 1, required: true",
        "type: int, min: 1",
        "type: html",
        "type: json",
        "type: email",
    ] {
        check(declaration, Value::Null, Ok(None));
    }
}

#[test]
fn lengths_are_those_of_what_is_stored() {
    check("type: text, max: 3", text("abc"), Ok(None));
    check("type: text, max: 3", text("abcd"), Err(&["length_max"]));
    check("type: text, min: 3", text("abc"), Ok(None));
    check("type: text, min: 3", text("ab"), Err(&["length_min"]));
    check("type: text, min: 1", text(""), Err(&["length_min"]));
    check("type: text, max: 1", text("e\u{301}"), Ok(Some(text("é"))));
    check("type: text, max: 1", text("👩\u{200D}🚀"), Err(&["length_max"]));
    check("type: text, max: 1", text("\r\n"), Ok(Some(text("\n"))));
    check(
        "type: html, max: 8",
        text("<b onclick=x>a</b>"),
        Ok(Some(text("<b>a</b>"))),
    );
    check("type: html, max: 7", text("<b>a</b>"), Err(&["length_max"]));
    check("type: html, min: 1", text("<script>a</script>"), Err(&["length_min"]));
    check("type: markdown, max: 5", text("a <T>"), Err(&["length_max"]));
    check("type: markdown, max: 8", text("a <T>"), Ok(Some(text("a &lt;T>"))));
    check("type: email, max: 5", text("a@b.cd"), Err(&["length_max"]));
    check(
        "type: url, max: 15",
        text("https://x.test"),
        Ok(Some(text("https://x.test/"))),
    );
    check("type: url, max: 14", text("https://x.test"), Err(&["length_max"]));
}

#[test]
fn patterns() {
    check("type: text, pattern: '[a-z]+'", text("abc"), Ok(None));
    check("type: text, pattern: '[a-z]+'", text("abc1"), Err(&["pattern"]));
    check("type: text, pattern: 'é'", text("e\u{301}"), Ok(Some(text("é"))));
    check(
        "type: text, min: 5, pattern: '[a-z]+'",
        text("A"),
        Err(&["length_min", "pattern"]),
    );
    check(
        "type: email, pattern: '.*@acme\\.test'",
        text("ann@ACME.test"),
        Ok(Some(text("ann@acme.test"))),
    );
    check(
        "type: url, pattern: 'https://.*'",
        text("http://x.test/"),
        Err(&["pattern"]),
    );
}

#[test]
fn controls() {
    for kind in ["text", "html", "markdown", "email", "url"] {
        check(&format!("type: {kind}"), text("a\0b"), Err(&["nul"]));
        check(&format!("type: {kind}"), text("a\u{1b}b"), Err(&["control"]));
    }
}

#[test]
fn numbers() {
    check("type: int, min: 1, max: 5", Value::Int(1), Ok(None));
    check("type: int, min: 1, max: 5", Value::Int(5), Ok(None));
    check("type: int, min: 1, max: 5", Value::Int(0), Err(&["min"]));
    check("type: int, min: 1, max: 5", Value::Int(6), Err(&["max"]));
    check("type: int", Value::Int(i64::from(i32::MIN)), Ok(None));
    check("type: int", Value::Int(i64::from(i32::MAX)), Ok(None));
    check("type: int", Value::Int(i64::from(i32::MAX) + 1), Err(&["range"]));
    check("type: int", Value::Int(i64::MIN), Err(&["range"]));
    check("type: float, min: -0.5, max: 0.5", Value::Float(-0.5), Ok(None));
    check("type: float, min: -0.5, max: 0.5", Value::Float(0.500_1), Err(&["max"]));
    check("type: float", Value::Float(f64::MAX), Ok(None));
    check("type: float", Value::Float(f64::NAN), Err(&["range"]));
    check("type: float", Value::Float(f64::INFINITY), Err(&["range"]));
    check("type: float", Value::Float(f64::NEG_INFINITY), Err(&["range"]));
    let decimal = |text: &str| Value::Decimal(text.parse().expect("a decimal"));
    check("type: decimal, min: '0.10', max: 5", decimal("0.1"), Ok(None));
    check("type: decimal, min: '0.10', max: 5", decimal("5.000"), Ok(None));
    check("type: decimal, min: '0.10', max: 5", decimal("0.0999"), Err(&["min"]));
    check("type: decimal, min: '0.10', max: 5", decimal("5.001"), Err(&["max"]));
    let Ok(Value::Decimal(stored)) = clean(&field("type: decimal"), decimal("84.50")) else {
        panic!("a decimal");
    };
    assert_eq!(stored.to_string(), "84.50", "its scale is kept");
}

#[test]
fn moments() {
    let date = |text: &str| Value::Date(parse_date(text).expect("a date"));
    let bounds = "type: date, min: 2026-01-01, max: 2026-12-31";
    check(bounds, date("2026-01-01"), Ok(None));
    check(bounds, date("2026-12-31"), Ok(None));
    check(bounds, date("2025-12-31"), Err(&["min"]));
    check(bounds, date("2027-01-01"), Err(&["max"]));
    check("type: date", date("0001-01-01"), Ok(None));
    check("type: date", date("9999-12-31"), Ok(None));
    check(
        "type: date",
        Value::Date(parse_date("0001-01-01").expect("a date") - 1),
        Err(&["range"]),
    );
    check(
        "type: date",
        Value::Date(parse_date("9999-12-31").expect("a date") + 1),
        Err(&["range"]),
    );
    check("type: date", Value::Date(i32::MIN), Err(&["range"]));
    let time = |text: &str| Value::Time(parse_time(text).expect("a time"));
    check("type: time, min: '08:00', max: '18:00'", time("08:00"), Ok(None));
    check(
        "type: time, min: '08:00', max: '18:00'",
        time("18:00:00.000001"),
        Err(&["max"]),
    );
    check("type: time", Value::Time(0), Ok(None));
    check("type: time", Value::Time(86_399_999_999), Ok(None));
    check("type: time", Value::Time(86_400_000_000), Err(&["range"]));
    check("type: time", Value::Time(-1), Err(&["range"]));
    let instant = |text: &str| Value::DateTime(parse_datetime(text).expect("an instant"));
    let bounds = "type: datetime, min: '2026-01-01T00:00:00Z'";
    check(bounds, instant("2026-01-01T00:00:00Z"), Ok(None));
    check(bounds, instant("2025-12-31T23:59:59.999999Z"), Err(&["min"]));
    check("type: datetime", instant("0001-01-01T00:00:00Z"), Ok(None));
    check("type: datetime", instant("9999-12-31T23:59:59.999999Z"), Ok(None));
    check("type: datetime", Value::DateTime(i64::MAX), Err(&["range"]));
    check("type: datetime", Value::DateTime(i64::MIN), Err(&["range"]));
}

#[test]
fn choices() {
    let select = "type: select, options: [new, open]";
    check(select, text("new"), Ok(None));
    check(select, text("old"), Err(&["option"]));
    check(select, text("New"), Err(&["option"]));
    let several = "type: multiselect, options: [new, open]";
    let words = |words: &[&str]| Value::TextList(words.iter().map(|word| (*word).to_owned()).collect());
    check(several, words(&[]), Ok(None));
    check(several, words(&["open", "new"]), Ok(None));
    check(several, words(&["open", "open"]), Err(&["duplicate"]));
    check(several, words(&["open", "old"]), Err(&["option"]));
}

#[test]
fn other_types() {
    check("type: boolean", Value::Boolean(false), Ok(None));
    check("type: uuid", Value::Uuid(uuid::Uuid::nil()), Ok(None));
    check(
        "type: ref, to: thing, on_delete: set_null",
        Value::Uuid(uuid::Uuid::nil()),
        Ok(None),
    );
    check(
        "type: json",
        Value::Json("{\"a\": 1}".into()),
        Ok(Some(Value::Json("{\"a\":1}".into()))),
    );
    check("type: json", Value::Json("{".into()), Err(&["type"]));
}

#[test]
fn values_of_other_types() {
    for declaration in [
        "type: int",
        "type: float",
        "type: decimal",
        "type: boolean",
        "type: date",
        "type: time",
        "type: datetime",
        "type: uuid",
        "type: json",
        "type: multiselect, options: [a]",
        "type: ref, to: thing, on_delete: set_null",
    ] {
        check(declaration, text("x"), Err(&["type"]));
    }
    for declaration in [
        "type: text",
        "type: html",
        "type: markdown",
        "type: email",
        "type: url",
        "type: select, options: [a]",
    ] {
        check(declaration, Value::Int(1), Err(&["type"]));
    }
    check("type: text", Value::Bytes(vec![1]), Err(&["type"]));
    check("type: int", Value::Float(1.0), Err(&["type"]));
}

#[test]
fn messages_do_not_repeat_the_value() {
    for (declaration, value) in [
        ("type: text, max: 3, pattern: '[a-z]*'", "SECRET 123"),
        ("type: email", "SECRET 123"),
        ("type: url", "https://SECRET 123"),
        ("type: select, options: [a]", "SECRET 123"),
    ] {
        for fault in clean(&field(declaration), text(value)).expect_err(declaration) {
            assert!(!fault.message.contains("SECRET"), "{}", fault.message);
        }
    }
}

#[test]
fn seeds_pass_the_same_door() {
    let catalog = catalog("body: {type: html}, link: {type: url}, name: {type: text}");
    let sources = sources(
        "body: {type: html}, link: {type: url}, name: {type: text}",
        concat!(
            "users:\n  - {email: Ann@ACME.test, name: \"A\\u030An\"}\n",
            "thing:\n  a: {body: \"<b onclick=x>y</b>\", link: \"https://X.test\", name: z}\n",
            "  b: {body: x, link: \"https://ann@x.test/\"}\n",
        ),
    );
    let mut diagnostics = Diagnostics::default();
    let mut seed = freehold_schema::seed::resolve(&sources, &catalog, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let faults = clean_seed(&catalog, &mut seed);

    let thing = catalog.find_entity("thing").expect("the entity");
    let value = |label: &str, name: &str| {
        let row = seed.find(thing.id, label).expect("the row");
        let field = thing.find_field(name).expect("the field").id;
        row.values
            .iter()
            .find(|(known, _)| *known == field)
            .map(|(_, value)| value.clone())
    };
    assert_eq!(value("a", "body"), Some(text("<b>y</b>")));
    assert_eq!(value("a", "link"), Some(text("https://x.test/")));
    assert_eq!(value("a", "name"), Some(text("z")));
    assert_eq!(value("b", "link"), None, "what does not pass is left out");
    assert_eq!(seed.users[0].email, "Ann@acme.test");
    assert_eq!(seed.users[0].name.as_deref(), Some("Ån"));

    let row = seed.find(thing.id, "b").expect("the row");
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].0, row.span);
    assert!(
        faults[0].1.starts_with("`link`: the URL contains a name"),
        "{}",
        faults[0].1
    );
    assert_eq!(clean_seed(&catalog, &mut seed), Vec::new(), "a second time");
}

#[test]
fn models() {
    for (fields, expected) in [
        ("a: {type: text, pattern: '[a-z]{1,9}', default: x}", None),
        ("a: {type: html, default: '<b>x</b>'}", None),
        (
            "a: {type: text, pattern: '\\w{1000}{1000}'}",
            Some("the pattern of `a` cannot be run"),
        ),
        (
            "a: {type: text, pattern: '[a-z]+', default: X}",
            Some("the default of `a` does not fit: has to match"),
        ),
        ("a: {type: html, default: '<b>x'}", Some("stored; write `<b>x</b>`")),
        (
            "a: {type: url, default: 'https://X.test'}",
            Some("stored; write `https://x.test/`"),
        ),
    ] {
        let found = check_model(&catalog(fields));
        match expected {
            None => assert_eq!(found, Vec::new(), "{fields}"),
            Some(part) => assert!(found.len() == 1 && found[0].1.contains(part), "{fields}: {found:?}"),
        }
    }
}

//! YAML scalars → typed values: defaults, bounds, development data.

use crate::catalog::{EnumOption, FieldType, TextKind};
use crate::yaml::{Node, NodeKind};
use freehold_base::{Value, nearest, parse_date, parse_datetime, parse_time};
use rust_decimal::Decimal;

/// Reads a value of that type; null stays null. References, files and lists have no literal form.
///
/// # Errors
/// What is wrong, in the words of a diagnostic.
pub fn read(field_type: &FieldType, node: &Node) -> Result<Value, String> {
    if node.kind == NodeKind::Null {
        return Ok(Value::Null);
    }
    match field_type {
        FieldType::Text(kind) => read_text(*kind, node),
        FieldType::Int | FieldType::Autonumber => {
            let number = plain(node, "a whole number")?
                .parse::<i32>()
                .map_err(|_| expected("a whole number of 32 bits", node))?;
            Ok(Value::Int(i64::from(number)))
        }
        FieldType::Version => plain(node, "a whole number")?
            .parse::<i64>()
            .map(Value::Int)
            .map_err(|_| expected("a whole number", node)),
        FieldType::Float => {
            let number = plain(node, "a number")?
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite());
            number.map(Value::Float).ok_or_else(|| expected("a number", node))
        }
        FieldType::Decimal => {
            let number = node.text().and_then(|text| Decimal::from_str_exact(text).ok());
            number
                .map(Value::Decimal)
                .ok_or_else(|| expected("a decimal number", node))
        }
        FieldType::Boolean => match plain(node, "true or false")? {
            "true" => Ok(Value::Boolean(true)),
            "false" => Ok(Value::Boolean(false)),
            _ => Err(expected("true or false", node)),
        },
        FieldType::Date => node
            .text()
            .and_then(parse_date)
            .map(Value::Date)
            .ok_or_else(|| expected("a date (2026-01-31)", node)),
        FieldType::Time => node
            .text()
            .and_then(parse_time)
            .map(Value::Time)
            .ok_or_else(|| expected("a time of day (09:30)", node)),
        FieldType::DateTime => node
            .text()
            .and_then(parse_datetime)
            .map(Value::DateTime)
            .ok_or_else(|| expected("an instant (2026-01-31T09:30:00Z)", node)),
        FieldType::Uuid => node
            .text()
            .and_then(|text| uuid::Uuid::try_parse(text).ok())
            .map(Value::Uuid)
            .ok_or_else(|| expected("a UUID", node)),
        FieldType::Json => Ok(Value::Json(to_json(node).to_string())),
        FieldType::Select(options) => read_option(options, node).map(Value::Text),
        FieldType::MultiSelect(options) => {
            let NodeKind::List(items) = &node.kind else {
                return Err(expected("a list", node));
            };
            let mut words: Vec<String> = Vec::with_capacity(items.len());
            for item in items {
                let word = read_option(options, item)?;
                if words.contains(&word) {
                    return Err(format!("`{word}` is listed twice"));
                }
                words.push(word);
            }
            Ok(Value::TextList(words))
        }
        FieldType::Id | FieldType::Reference { .. } => Err("a reference has no literal form".to_owned()),
        FieldType::List { .. } => Err("a list is not stored; set the reference on its rows".to_owned()),
        FieldType::File | FieldType::Image => Err("a file has no literal form".to_owned()),
        FieldType::Formula { .. } => Err("a formula is calculated; leave it out".to_owned()),
    }
}

/// The tree as JSON: plain scalars that look like numbers, booleans or null become them.
pub fn to_json(node: &Node) -> serde_json::Value {
    match &node.kind {
        NodeKind::Null => serde_json::Value::Null,
        NodeKind::Scalar { text, plain: false } => text.clone().into(),
        NodeKind::Scalar { text, plain: true } => match text.as_str() {
            "true" => true.into(),
            "false" => false.into(),
            _ => text
                .parse::<serde_json::Number>()
                .map_or_else(|_| text.clone().into(), serde_json::Value::Number),
        },
        NodeKind::List(items) => items.iter().map(to_json).collect(),
        NodeKind::Map(entries) => entries
            .iter()
            .map(|(key, node)| (key.text.clone(), to_json(node)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

fn read_text(kind: TextKind, node: &Node) -> Result<Value, String> {
    let text = node.text().ok_or_else(|| expected("a text", node))?;
    if text
        .chars()
        .any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t'))
    {
        return Err("control characters are not allowed".to_owned());
    }
    let sound = match kind {
        TextKind::Plain | TextKind::Html | TextKind::Markdown => true,
        TextKind::Email => is_email(text),
        TextKind::Url => is_url(text),
    };
    match kind {
        _ if sound => Ok(Value::Text(text.to_owned())),
        TextKind::Url => Err(format!("`{text}` is no http or https URL")),
        TextKind::Email => Err(format!("`{text}` is no e-mail address")),
        TextKind::Plain | TextKind::Html | TextKind::Markdown => Err(expected("a text", node)),
    }
}

/// Rough on purpose: what is written through the API is judged by the room that writes.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let sound = |part: &str| !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || letter == '@');
    sound(local) && sound(domain) && text.len() <= 254
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !text.contains(char::is_whitespace))
}

fn read_option(options: &[EnumOption], node: &Node) -> Result<String, String> {
    let text = node.text().ok_or_else(|| expected("a word", node))?;
    if options.iter().any(|option| option.value == text) {
        return Ok(text.to_owned());
    }
    let names = || options.iter().map(|option| option.value.as_str());
    Err(match nearest(text, names()) {
        Some(near) => format!("`{text}` is none of the options; did you mean `{near}`?"),
        None => format!(
            "`{text}` is none of the options {}",
            names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    })
}

fn plain<'a>(node: &'a Node, noun: &str) -> Result<&'a str, String> {
    match &node.kind {
        NodeKind::Scalar { text, plain: true } => Ok(text),
        NodeKind::Scalar { .. } => Err(format!("expected {noun}, found a text; remove the quotes")),
        NodeKind::Null | NodeKind::List(_) | NodeKind::Map(_) => Err(expected(noun, node)),
    }
}

fn expected(noun: &str, node: &Node) -> String {
    match node.text() {
        Some(text) => format!("expected {noun}, found `{text}`"),
        None => format!("expected {noun}, found {}", node.noun()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn scalar(text: &str, plain: bool) -> Node {
        Node {
            span: Span::default(),
            kind: NodeKind::Scalar {
                text: text.into(),
                plain,
            },
        }
    }

    fn check(field_type: &FieldType, text: &str, expected: impl Into<Option<Value>>) {
        assert_eq!(
            read(field_type, &scalar(text, true)).ok(),
            expected.into(),
            "{field_type:?} {text}"
        );
    }

    #[test]
    fn scalars() {
        check(&FieldType::Int, "12", Some(Value::Int(12)));
        check(&FieldType::Int, "3000000000", None);
        check(&FieldType::Int, "1.5", None);
        check(&FieldType::Float, "1.5", Some(Value::Float(1.5)));
        check(&FieldType::Float, "nan", None);
        check(&FieldType::Boolean, "true", Some(Value::Boolean(true)));
        check(&FieldType::Boolean, "1", None);
        check(
            &FieldType::Decimal,
            "1.50",
            Some(Value::Decimal("1.50".parse().unwrap())),
        );
        check(&FieldType::Date, "1970-01-02", Some(Value::Date(1)));
        check(&FieldType::Date, "1970-13-02", None);
        check(
            &FieldType::Text(TextKind::Email),
            "a@b",
            Some(Value::Text("a@b".into())),
        );
        check(&FieldType::Text(TextKind::Email), "a@", None);
        check(&FieldType::Text(TextKind::Url), "javascript:alert(1)", None);
        check(&FieldType::Text(TextKind::Plain), "12", Some(Value::Text("12".into())));
        assert!(read(&FieldType::Int, &scalar("12", false)).is_err());
        assert!(read(&FieldType::Decimal, &scalar("1.50", false)).is_ok());
    }

    #[test]
    fn json_keeps_kinds() {
        let list = Node {
            span: Span::default(),
            kind: NodeKind::List(vec![scalar("1", true), scalar("1", false), scalar("true", true)]),
        };
        assert_eq!(to_json(&list).to_string(), r#"[1,"1",true]"#);
    }
}

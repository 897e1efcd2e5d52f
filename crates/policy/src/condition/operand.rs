//! Operands: literals by the column's type, and session values.

use super::column::noun;
use super::{Column, Scope, Shape, shape_of};
use crate::operand::{Operand, SessionValue};
use freehold_base::{RowId, Value, ValueType, parse_date, parse_datetime, parse_time};
use freehold_schema::catalog::{EntityDef, EnumOption, FieldDef, FieldType};
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::source::Span;
use freehold_schema::yaml::{Node, NodeKind};
use rust_decimal::Decimal;

/// Session values, for "did you mean".
const SESSION_VALUES: [&str; 6] = ["$user", "$tenant", "$now", "$membership", "$claims", "$before"];

/// One operand of a comparison with the column.
pub(super) fn operand(scope: Scope<'_>, column: &Column<'_>, node: &Node, faults: &mut Diagnostics) -> Option<Operand> {
    match &node.kind {
        NodeKind::Null => {
            faults
                .error(
                    "null-operand",
                    node.span,
                    format!("`{}` is compared with nothing", column.name),
                )
                .hint("null matches nothing; ask `is_null`");
            None
        }
        NodeKind::Scalar { text, plain: true } if text.starts_with('$') => {
            session(scope, column, text, node.span, faults)
        }
        NodeKind::Scalar { text, plain } => {
            if !plain && text.starts_with('$') && SESSION_VALUES.contains(&text.split('.').next().unwrap_or_default()) {
                faults
                    .warning("quoted-session-value", node.span, format!("this is the text `{text}`"))
                    .hint("without quotes it is the caller's value");
            }
            literal(column, text, *plain, node, faults).map(Operand::Constant)
        }
        NodeKind::List(_) | NodeKind::Map(_) => {
            let told = faults.error(
                "operand-type",
                node.span,
                format!(
                    "`{}` is compared with {}, this is {}",
                    column.name,
                    noun(column.value_type),
                    node.noun()
                ),
            );
            if matches!(node.kind, NodeKind::List(_)) {
                told.hint("one of several is written `{in: […]}`");
            }
            None
        }
    }
}

fn literal(column: &Column<'_>, text: &str, plain: bool, node: &Node, faults: &mut Diagnostics) -> Option<Value> {
    if let FieldType::Select(options) | FieldType::MultiSelect(options) = column.field_type {
        return option(column, options, text, node.span, faults);
    }
    let value = read(column.value_type, text, plain);
    if value.is_none() {
        let told = faults.error(
            "operand-type",
            node.span,
            format!(
                "`{}` is compared with {}, this is {}",
                column.name,
                noun(column.value_type),
                node.noun()
            ),
        );
        if let Some(hint) = hint(column.value_type, text, plain) {
            told.hint(hint);
        }
    }
    value
}

fn option(
    column: &Column<'_>,
    options: &[EnumOption],
    text: &str,
    span: Span,
    faults: &mut Diagnostics,
) -> Option<Value> {
    if options.iter().any(|option| option.value == text) {
        return Some(Value::Text(text.to_owned()));
    }
    let told = faults.error(
        "unknown-option",
        span,
        format!("`{}` has no option `{text}`", column.name),
    );
    match options.iter().find(|option| option.graphql_name == text) {
        Some(option) => told.hint(format!("in a model it is written `{}`", option.value)),
        None => told.nearest(text, options.iter().map(|option| option.value.as_str())),
    };
    None
}

/// A scalar as a value of that type.
fn read(value_type: ValueType, text: &str, plain: bool) -> Option<Value> {
    match value_type {
        ValueType::Boolean => match (plain, text) {
            (true, "true") => Some(Value::Boolean(true)),
            (true, "false") => Some(Value::Boolean(false)),
            _ => None,
        },
        ValueType::Int => plain
            .then(|| text.parse::<i32>().ok())?
            .map(|number| Value::Int(number.into())),
        ValueType::BigInt => plain.then(|| text.parse::<i64>().ok())?.map(Value::Int),
        ValueType::Float => {
            let number: f64 = text.parse().ok().filter(|_| {
                plain
                    && text
                        .bytes()
                        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
            })?;
            number.is_finite().then_some(Value::Float(number))
        }
        ValueType::Decimal => Decimal::from_str_exact(text).ok().map(Value::Decimal),
        ValueType::Text => (!plain || !looks_typed(text)).then(|| Value::Text(text.to_owned())),
        ValueType::Uuid => RowId::parse(text).map(|id| Value::Uuid(id.uuid())),
        ValueType::DateTime => parse_datetime(text).map(Value::DateTime),
        ValueType::Date => parse_date(text).map(Value::Date),
        ValueType::Time => parse_time(text).map(Value::Time),
        ValueType::Json | ValueType::TextList | ValueType::Bytes => None,
    }
}

/// A scalar without quotes that YAML reads as something else than text.
fn looks_typed(text: &str) -> bool {
    matches!(text, "true" | "false") || text.parse::<f64>().is_ok()
}

fn hint(value_type: ValueType, text: &str, plain: bool) -> Option<&'static str> {
    match value_type {
        ValueType::Boolean | ValueType::Int | ValueType::BigInt | ValueType::Float if !plain => {
            Some("write it without quotes")
        }
        ValueType::Text => Some("write it in quotes if a text is meant"),
        ValueType::Uuid if text.starts_with('$') => Some("a session value is written without quotes"),
        ValueType::DateTime => Some("write an instant like `2026-01-31T09:00:00Z`, or `$now`"),
        ValueType::Date => Some("write a date like `2026-01-31`, or `$now`"),
        ValueType::Time => Some("write a time like `09:30`"),
        _ => None,
    }
}

/// `$user`, `$membership.on_call`, … compared with the column.
fn session(scope: Scope<'_>, column: &Column<'_>, text: &str, span: Span, faults: &mut Diagnostics) -> Option<Operand> {
    let (head, name) = match text.split_once('.') {
        Some((head, name)) => (head, Some(name)),
        None => (text, None),
    };
    let (operand, shape) = match (head, name) {
        ("$user", None) => (
            Operand::Session(SessionValue::User),
            Shape::Row(vec![scope.catalog.user]),
        ),
        ("$now", None) if column.value_type == ValueType::Date => {
            (Operand::Session(SessionValue::Today), Shape::Plain(ValueType::Date))
        }
        ("$now", None) => (Operand::Session(SessionValue::Now), Shape::Plain(ValueType::DateTime)),
        ("$tenant", None) => {
            let tenancy = tenancy(scope, text, span, faults)?;
            (Operand::Session(SessionValue::Tenant), Shape::Row(vec![tenancy.entity]))
        }
        ("$membership", Some(name)) => {
            let entity = scope.catalog.entity(tenancy(scope, text, span, faults)?.membership);
            let (field, shape) = member_of(entity, name, text, span, faults)?;
            if field.column().is_none() {
                faults
                    .error(
                        "session-value",
                        span,
                        format!("`{text}` is a formula, and no caller carries one"),
                    )
                    .hint("compare with the fields that it is calculated from");
                return None;
            }
            let value_type = field.field_type.value_type()?;
            (
                Operand::Session(SessionValue::Membership(name.to_owned(), value_type)),
                shape,
            )
        }
        ("$claims", Some(name)) if !name.is_empty() => {
            if column.value_type == ValueType::Json {
                faults.error("session-value", span, "a claim cannot be compared with JSON");
                return None;
            }
            (
                Operand::Session(SessionValue::Claim(name.to_owned(), column.value_type)),
                column.shape.clone(),
            )
        }
        ("$before", Some(name)) => {
            if !scope.written {
                faults
                    .error("session-value", span, format!("`{text}` is known in `check` alone"))
                    .hint("`where` and `when` are about the stored row already");
                return None;
            }
            let (field, shape) = member_of(scope.catalog.entity(scope.root), name, text, span, faults)?;
            (Operand::Before(field.id), shape)
        }
        _ => {
            unknown(scope, head, name, text, span, faults);
            return None;
        }
    };
    if !column.shape.agrees(&shape) {
        faults
            .error(
                "operand-type",
                span,
                format!(
                    "`{}` is {}, `{text}` is {}",
                    column.name,
                    column.shape.noun(scope.catalog),
                    shape.noun(scope.catalog)
                ),
            )
            .hint("both sides of a comparison are of one type");
        return None;
    }
    Some(operand)
}

fn unknown(scope: Scope<'_>, head: &str, name: Option<&str>, text: &str, span: Span, faults: &mut Diagnostics) {
    let told = faults.error("session-value", span, format!("unknown session value `{text}`"));
    match (head, name) {
        ("$membership" | "$claims" | "$before", _) => told.hint(format!("name one of its values: `{head}.name`")),
        ("$user" | "$tenant" | "$now", Some(_)) => told.hint(format!("`{head}` is a value without parts")),
        _ => {
            let several_tenants = scope.catalog.tenancy.is_some();
            let known = SESSION_VALUES
                .into_iter()
                .filter(|known| several_tenants || !matches!(*known, "$tenant" | "$membership"));
            told.nearest(head, known)
        }
    };
}

fn tenancy(
    scope: Scope<'_>,
    text: &str,
    span: Span,
    faults: &mut Diagnostics,
) -> Option<freehold_schema::catalog::Tenancy> {
    if scope.catalog.tenancy.is_none() {
        faults
            .error(
                "session-value",
                span,
                format!("there is no `{text}`: the app has no tenants"),
            )
            .hint("name the tenant entity in app.yaml: `tenant: …`");
    }
    scope.catalog.tenancy
}

/// A field of the membership, or of the row before, as an operand.
fn member_of<'a>(
    entity: &'a EntityDef,
    name: &str,
    text: &str,
    span: Span,
    faults: &mut Diagnostics,
) -> Option<(&'a FieldDef, Shape)> {
    let Some(field) = entity.find_field(name) else {
        faults
            .error(
                "session-value",
                span,
                format!(
                    "unknown session value `{text}`: `{}` has no field `{name}`",
                    entity.name
                ),
            )
            .nearest(name, entity.fields.iter().map(|field| field.name.as_str()));
        return None;
    };
    match shape_of(entity.id, field) {
        Some(shape)
            if field.encrypted.is_none() && !matches!(shape, Shape::Plain(ValueType::Json | ValueType::TextList)) =>
        {
            Some((field, shape))
        }
        _ => {
            faults.error("session-value", span, format!("`{text}` is not a single plain value"));
            None
        }
    }
}

/// The value of a preset (`set:`): a constant or a session value. Null empties a field that may be empty.
pub(crate) fn preset(scope: Scope<'_>, field: &FieldDef, node: &Node, faults: &mut Diagnostics) -> Option<Operand> {
    let Some(column) = Column::of(scope.root, field).filter(|column| {
        !matches!(
            column.field_type,
            FieldType::File | FieldType::Image | FieldType::Autonumber
        )
    }) else {
        faults.error("preset-type", node.span, format!("`{}` cannot be preset", field.name));
        return None;
    };
    match (&node.kind, column.field_type) {
        (NodeKind::Null, _) if !field.required => Some(Operand::Constant(Value::Null)),
        (NodeKind::Null, _) => {
            faults.error(
                "preset-type",
                node.span,
                format!("`{}` is required and cannot be empty", field.name),
            );
            None
        }
        (_, FieldType::Json) => Some(Operand::Constant(json(node))),
        (NodeKind::List(items), FieldType::MultiSelect(options)) => {
            let members: Vec<Option<Value>> = items
                .iter()
                .map(|item| option(&column, options, item.text().unwrap_or_default(), item.span, faults))
                .collect();
            let texts = members.into_iter().map(|member| {
                if let Some(Value::Text(text)) = member {
                    Some(text)
                } else {
                    None
                }
            });
            texts
                .collect::<Option<Vec<String>>>()
                .map(|texts| Operand::Constant(Value::TextList(texts)))
        }
        (_, FieldType::MultiSelect(_)) => {
            faults.error(
                "preset-type",
                node.span,
                format!("`{}` takes a list of options, this is {}", field.name, node.noun()),
            );
            None
        }
        _ => operand(scope, &column, node, faults),
    }
}

/// YAML as a JSON constant. Plain scalars mean numbers and booleans where they look like ones.
pub(super) fn json(node: &Node) -> Value {
    Value::Json(json_value(node).to_string())
}

fn json_value(node: &Node) -> serde_json::Value {
    match &node.kind {
        NodeKind::Null => serde_json::Value::Null,
        NodeKind::Scalar { text, plain: true } if looks_typed(text) => {
            serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::String(text.clone()))
        }
        NodeKind::Scalar { text, .. } => serde_json::Value::String(text.clone()),
        NodeKind::List(items) => items.iter().map(json_value).collect(),
        NodeKind::Map(entries) => entries
            .iter()
            .map(|(key, node)| (key.text.clone(), json_value(node)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

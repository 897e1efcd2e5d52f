//! Operators: the tests on one column.

use super::operand::{json, operand};
use super::{Column, Scope, complete};
use crate::operand::{Operand, PatternKind};
use crate::predicate::Test;
use freehold_base::Value;
use freehold_schema::catalog::FieldType;
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::yaml::{Key, Node, NodeKind};

/// An operator of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    In,
    NotIn,
    IsNull,
    Lt,
    Lte,
    Gt,
    Gte,
    Contains,
    StartsWith,
    EndsWith,
    Like,
    Has,
    HasAny,
    HasAll,
}

/// Operators by the model's spelling and, where it differs, GraphQL's.
const NAMES: [(Operator, &str, &str); 16] = [
    (Operator::Eq, "eq", "eq"),
    (Operator::Ne, "ne", "ne"),
    (Operator::In, "in", "in"),
    (Operator::NotIn, "not_in", "notIn"),
    (Operator::IsNull, "is_null", "isNull"),
    (Operator::Lt, "lt", "lt"),
    (Operator::Lte, "lte", "lte"),
    (Operator::Gt, "gt", "gt"),
    (Operator::Gte, "gte", "gte"),
    (Operator::Contains, "contains", "contains"),
    (Operator::StartsWith, "starts_with", "startsWith"),
    (Operator::EndsWith, "ends_with", "endsWith"),
    (Operator::Like, "like", "like"),
    (Operator::Has, "has", "has"),
    (Operator::HasAny, "has_any", "hasAny"),
    (Operator::HasAll, "has_all", "hasAll"),
];

impl Operator {
    /// The operator of that name, in either spelling.
    pub(super) fn parse(name: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(_, snake, camel)| name == *snake || name == *camel)
            .map(|(operator, _, _)| *operator)
    }

    fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(operator, _, _)| *operator == self)
            .map_or("", |(_, snake, _)| snake)
    }

    /// Whether it means anything for the column.
    pub(super) fn fits(self, column: &Column<'_>) -> bool {
        let text = matches!(column.field_type, FieldType::Text(_));
        let ordered = match column.field_type {
            FieldType::Text(_)
            | FieldType::Version
            | FieldType::Int
            | FieldType::Float
            | FieldType::Decimal
            | FieldType::Date
            | FieldType::Time
            | FieldType::DateTime
            | FieldType::Autonumber => true,
            FieldType::Id
            | FieldType::Boolean
            | FieldType::Uuid
            | FieldType::Json
            | FieldType::Select(_)
            | FieldType::MultiSelect(_)
            | FieldType::Reference { .. }
            | FieldType::List { .. }
            | FieldType::File
            | FieldType::Image
            // A column has the type of what its formula gives.
            | FieldType::Formula { .. } => false,
        };
        let list = matches!(column.field_type, FieldType::MultiSelect(_));
        let equality = !list
            && !matches!(
                column.field_type,
                FieldType::List { .. } | FieldType::File | FieldType::Image
            );
        match self {
            Self::IsNull => true,
            Self::Eq | Self::Ne => equality,
            Self::In | Self::NotIn => equality && !matches!(column.field_type, FieldType::Json),
            Self::Lt | Self::Lte | Self::Gt | Self::Gte => ordered,
            Self::Contains | Self::StartsWith | Self::EndsWith | Self::Like => text,
            Self::Has | Self::HasAny | Self::HasAll => list,
        }
    }
}

/// How the operators of one mapping are to be read.
#[derive(Default)]
struct Manner {
    insensitive: bool,
    path: Vec<String>,
}

/// The tests of a value: a mapping of operators, or a bare operand for `eq`.
pub(super) fn tests(scope: Scope<'_>, column: &Column<'_>, node: &Node, faults: &mut Diagnostics) -> Option<Vec<Test>> {
    let NodeKind::Map(entries) = &node.kind else {
        if !Operator::Eq.fits(column) {
            let told = faults.error(
                "unknown-operator",
                node.span,
                format!("`{}` cannot be compared with a single value", column.name),
            );
            if Operator::Has.fits(column) {
                told.hint("a list column is asked `{has: …}`");
            }
            return None;
        }
        return test(scope, column, Operator::Eq, &Manner::default(), node, faults).map(|test| vec![test]);
    };
    let manner = manner(column, entries, faults);
    let mut parts = Vec::new();
    for (key, value) in entries
        .iter()
        .filter(|(key, _)| !matches!(key.text.as_str(), "mode" | "path"))
    {
        if let Some(operator) = Operator::parse(&key.text).filter(|operator| operator.fits(column)) {
            parts.push(
                manner
                    .as_ref()
                    .and_then(|manner| test(scope, column, operator, manner, value, faults)),
            );
        } else {
            unknown(column, key, faults);
            parts.push(None);
        }
    }
    if parts.is_empty() {
        faults
            .error(
                "condition-shape",
                node.span,
                format!("this says nothing about `{}`", column.name),
            )
            .hint("write `{eq: …}` or another operator");
        return None;
    }
    manner?;
    complete(parts)
}

fn unknown(column: &Column<'_>, key: &Key, faults: &mut Diagnostics) {
    let fitting = NAMES
        .iter()
        .filter(|(operator, _, _)| operator.fits(column))
        .map(|(_, snake, _)| *snake);
    let told = faults.error(
        "unknown-operator",
        key.span,
        format!("`{}` has no operator `{}`", column.name, key.text),
    );
    told.hint(format!("it has {}", fitting.clone().collect::<Vec<_>>().join(", ")))
        .nearest(&key.text, fitting);
}

/// `mode` and `path`, which are no operators themselves.
fn manner(column: &Column<'_>, entries: &[(Key, Node)], faults: &mut Diagnostics) -> Option<Manner> {
    let mut manner = Manner::default();
    let mut sound = true;
    for (key, value) in entries {
        match key.text.as_str() {
            "mode" => match (column.field_type, value.text()) {
                (FieldType::Text(_), Some("insensitive" | "INSENSITIVE")) => manner.insensitive = true,
                (FieldType::Text(_), Some("default" | "DEFAULT")) => {}
                (FieldType::Text(_), _) => {
                    faults.error("operand-type", value.span, "`mode` is `insensitive` or `default`");
                    sound = false;
                }
                _ => {
                    unknown(column, key, faults);
                    sound = false;
                }
            },
            "path" if *column.field_type == FieldType::Json => {
                let path = path(value);
                if path.is_none() {
                    faults
                        .error("operand-type", value.span, "`path` is a list of keys and indexes")
                        .hint("write `path: [address, city]`");
                    sound = false;
                }
                manner.path = path.unwrap_or_default();
            }
            "path" => {
                unknown(column, key, faults);
                sound = false;
            }
            _ => {}
        }
    }
    sound.then_some(manner)
}

fn path(node: &Node) -> Option<Vec<String>> {
    match &node.kind {
        NodeKind::List(items) => items.iter().map(|item| item.text().map(str::to_owned)).collect(),
        NodeKind::Null | NodeKind::Scalar { .. } | NodeKind::Map(_) => None,
    }
}

fn test(
    scope: Scope<'_>,
    column: &Column<'_>,
    operator: Operator,
    manner: &Manner,
    node: &Node,
    faults: &mut Diagnostics,
) -> Option<Test> {
    if *column.field_type == FieldType::Json {
        return json_test(column, operator, manner, node, faults);
    }
    if manner.insensitive
        && !matches!(
            operator,
            Operator::Eq
                | Operator::Contains
                | Operator::StartsWith
                | Operator::EndsWith
                | Operator::Like
                | Operator::IsNull
        )
    {
        faults
            .error(
                "unknown-operator",
                node.span,
                format!("`{}` always minds case", operator.name()),
            )
            .hint("`mode: insensitive` goes with `eq`, `contains`, `starts_with`, `ends_with` and `like`");
        return None;
    }
    Some(match operator {
        Operator::IsNull => Test::IsNull(boolean(node, faults)?),
        Operator::In => Test::In(operands(scope, column, operator, node, faults)?),
        Operator::NotIn => Test::NotIn(operands(scope, column, operator, node, faults)?),
        Operator::HasAny => Test::HasAny(operands(scope, column, operator, node, faults)?),
        Operator::HasAll => Test::HasAll(operands(scope, column, operator, node, faults)?),
        Operator::Contains => like(column, PatternKind::Contains, manner, node, faults)?,
        Operator::StartsWith => like(column, PatternKind::StartsWith, manner, node, faults)?,
        Operator::EndsWith => like(column, PatternKind::EndsWith, manner, node, faults)?,
        Operator::Like => like(column, PatternKind::Like, manner, node, faults)?,
        Operator::Eq | Operator::Ne | Operator::Lt | Operator::Lte | Operator::Gt | Operator::Gte | Operator::Has => {
            let operand = operand(scope, column, node, faults)?;
            match operator {
                Operator::Eq if manner.insensitive => Test::Folded(Box::new(Test::Equal(operand))),
                Operator::Ne => Test::NotEqual(operand),
                Operator::Lt => Test::Less(operand),
                Operator::Lte => Test::LessOrEqual(operand),
                Operator::Gt => Test::Greater(operand),
                Operator::Gte => Test::GreaterOrEqual(operand),
                Operator::Has => Test::Has(operand),
                _ => Test::Equal(operand),
            }
        }
    })
}

fn operands(
    scope: Scope<'_>,
    column: &Column<'_>,
    operator: Operator,
    node: &Node,
    faults: &mut Diagnostics,
) -> Option<Vec<Operand>> {
    let NodeKind::List(items) = &node.kind else {
        faults
            .error(
                "operand-type",
                node.span,
                format!("`{}` takes a list, this is {}", operator.name(), node.noun()),
            )
            .hint(format!("write `{}: […]`", operator.name()));
        return None;
    };
    complete(items.iter().map(|item| operand(scope, column, item, faults)).collect())
}

/// A pattern is the author's own text: a session value here could bring wildcards with it.
fn like(
    column: &Column<'_>,
    kind: PatternKind,
    manner: &Manner,
    node: &Node,
    faults: &mut Diagnostics,
) -> Option<Test> {
    match &node.kind {
        NodeKind::Scalar { plain: true, text } if text.starts_with('$') => {
            faults
                .error(
                    "session-value",
                    node.span,
                    format!("`{text}` cannot be part of a pattern"),
                )
                .hint("compare it with `eq` or `in`");
            None
        }
        NodeKind::Scalar { text, .. } => Some(Test::Like {
            pattern: Operand::Constant(Value::Text(kind.pattern(text))),
            insensitive: manner.insensitive,
        }),
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
        NodeKind::List(_) | NodeKind::Map(_) => {
            faults.error(
                "operand-type",
                node.span,
                format!("a pattern for `{}` is a text, this is {}", column.name, node.noun()),
            );
            None
        }
    }
}

fn json_test(
    column: &Column<'_>,
    operator: Operator,
    manner: &Manner,
    node: &Node,
    faults: &mut Diagnostics,
) -> Option<Test> {
    let path = manner.path.clone();
    match operator {
        Operator::IsNull => Some(Test::JsonIsNull {
            path,
            null: boolean(node, faults)?,
        }),
        _ if node.kind == NodeKind::Null => {
            faults
                .error(
                    "null-operand",
                    node.span,
                    format!("`{}` is compared with nothing", column.name),
                )
                .hint("null matches nothing; ask `is_null`");
            None
        }
        _ if matches!(&node.kind, NodeKind::Scalar { plain: true, text } if text.starts_with('$')) => {
            faults.error(
                "session-value",
                node.span,
                "a session value cannot be compared with JSON",
            );
            None
        }
        _ => Some(Test::JsonEqual {
            path,
            operand: Operand::Constant(json(node)),
            equal: operator == Operator::Eq,
        }),
    }
}

fn boolean(node: &Node, faults: &mut Diagnostics) -> Option<bool> {
    match &node.kind {
        NodeKind::Scalar { text, plain: true } if text == "true" => Some(true),
        NodeKind::Scalar { text, plain: true } if text == "false" => Some(false),
        _ => {
            faults.error(
                "operand-type",
                node.span,
                format!("`is_null` takes `true` or `false`, this is {}", node.noun()),
            );
            None
        }
    }
}

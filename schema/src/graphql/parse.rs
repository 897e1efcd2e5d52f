//! async-graphql's parser, its document in our own form and its errors in one line.
//!
//! Its value type with variables is not exported; a variable comes over as the one variant that no parser makes, `Binary`.

use super::document::{
    ArgumentNode, DirectiveNode, Document, FieldNode, FragmentNode, OperationNode, Position, SelectionNode, TypeNode,
    ValueNode, VariableNode,
};
use super::error::{Refused, RequestError};
use super::operation::OperationKind;
use super::text::check_query;
use async_graphql::parser::types::{self, BaseType, DocumentOperations, OperationType};
use async_graphql::parser::{Error, parse_query};
use async_graphql::{Name, Pos, Positioned, Value};
use freehold_base::{Code, Limits};
use std::convert::Infallible;

/// Parses a query that has passed [`super::text::check_query`].
pub(crate) fn parse(text: &str) -> Result<Document, Refused> {
    let parsed = parse_query(text).map_err(|error| syntax_error(text, &error))?;
    let mut operations: Vec<OperationNode> = match parsed.operations {
        DocumentOperations::Single(operation) => vec![operation_node(None, operation)],
        DocumentOperations::Multiple(operations) => operations
            .into_iter()
            .map(|(name, operation)| operation_node(Some(name.to_string()), operation))
            .collect(),
    };
    let mut fragments: Vec<FragmentNode> = parsed
        .fragments
        .into_iter()
        .map(|(name, fragment)| fragment_node(&name, fragment))
        .collect();
    operations.sort_by_key(|operation| operation.position);
    fragments.sort_by_key(|fragment| fragment.position);
    let fragment_index = fragments
        .iter()
        .enumerate()
        .map(|(index, fragment)| (fragment.name.clone(), index))
        .collect();
    Ok(Document {
        operations,
        fragments,
        fragment_index,
    })
}

/// Whether a text can be read at all. What it may ask for depends on who asks.
///
/// # Errors
/// As [`check_query`] and [`parse`].
pub(crate) fn check_syntax(text: &str, limits: &Limits) -> Result<(), Refused> {
    parse(&check_query(text, limits)?).map(drop)
}

/// pest draws a picture of several lines; a client wants the place and what was expected there.
fn syntax_error(text: &str, error: &Error) -> RequestError {
    let failed = |message: String| RequestError::new(Code::GraphqlParseFailed, message);
    let mut told = match error {
        Error::Syntax { message, start, .. } => {
            let found = match text
                .lines()
                .nth(start.line - 1)
                .and_then(|line| line.chars().nth(start.column - 1))
            {
                Some(found) => format!("`{found}`"),
                None => "the end of the line".to_owned(),
            };
            match message.lines().find_map(|line| line.trim().strip_prefix("= expected ")) {
                Some(expected) => failed(format!(
                    "unexpected {found}, expected {}",
                    expected.replace("type_", "type").replace('_', " ")
                )),
                None => failed(format!("cannot read the query at {found}")),
            }
        }
        Error::MultipleOperations { .. } => RequestError::new(
            Code::GraphqlValidationFailed,
            "an operation without a name must be the only operation",
        ),
        Error::OperationDuplicated { operation, .. } => RequestError::new(
            Code::GraphqlValidationFailed,
            format!("there are two operations named `{operation}`"),
        ),
        Error::FragmentDuplicated { fragment, .. } => RequestError::new(
            Code::GraphqlValidationFailed,
            format!("there are two fragments named `{fragment}`"),
        ),
        Error::MissingOperation => failed("the query has no operation".to_owned()),
        Error::RecursionLimitExceeded => RequestError::new(Code::LimitExceeded, "the query is nested too deeply"),
        _ => failed("cannot read the query".to_owned()),
    };
    told.locations = error.positions().map(position).collect();
    told
}

fn position(pos: Pos) -> Position {
    (pos.line, pos.column)
}

fn operation_node(name: Option<String>, node: Positioned<types::OperationDefinition>) -> OperationNode {
    let operation = node.node;
    OperationNode {
        name,
        kind: match operation.ty {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        },
        position: position(node.pos),
        variables: operation.variable_definitions.into_iter().map(variable_node).collect(),
        directives: directive_nodes(operation.directives),
        items: selection_nodes(operation.selection_set.node),
    }
}

fn fragment_node(name: &Name, node: Positioned<types::FragmentDefinition>) -> FragmentNode {
    FragmentNode {
        name: name.to_string(),
        position: position(node.pos),
        type_name: node.node.type_condition.node.on.node.to_string(),
        directives: directive_nodes(node.node.directives),
        items: selection_nodes(node.node.selection_set.node),
    }
}

fn variable_node(node: Positioned<types::VariableDefinition>) -> VariableNode {
    VariableNode {
        name: node.node.name.node.to_string(),
        position: position(node.pos),
        type_ref: type_node(&node.node.var_type.node),
        default: node.node.default_value.map(|value| value_node(value.node)),
        directives: directive_nodes(node.node.directives),
    }
}

fn type_node(node: &types::Type) -> TypeNode {
    let base = match &node.base {
        BaseType::Named(name) => TypeNode::Named(name.to_string()),
        BaseType::List(inner) => TypeNode::List(Box::new(type_node(inner))),
    };
    if node.nullable {
        base
    } else {
        TypeNode::NonNull(Box::new(base))
    }
}

fn selection_nodes(set: types::SelectionSet) -> Vec<SelectionNode> {
    set.items
        .into_iter()
        .map(|item| match item.node {
            types::Selection::Field(field) => SelectionNode::Field(FieldNode {
                alias: field.node.alias.map(|alias| alias.node.to_string()),
                name: field.node.name.node.to_string(),
                position: position(field.pos),
                arguments: argument_nodes(field.node.arguments, |value| {
                    value.into_const_with(|name| Ok::<_, Infallible>(variable_mark(&name)))
                }),
                directives: directive_nodes(field.node.directives),
                items: selection_nodes(field.node.selection_set.node),
            }),
            types::Selection::FragmentSpread(spread) => SelectionNode::Spread {
                name: spread.node.fragment_name.node.to_string(),
                position: position(spread.pos),
                directives: directive_nodes(spread.node.directives),
            },
            types::Selection::InlineFragment(fragment) => SelectionNode::Inline {
                type_name: fragment
                    .node
                    .type_condition
                    .map(|condition| condition.node.on.node.to_string()),
                position: position(fragment.pos),
                directives: directive_nodes(fragment.node.directives),
                items: selection_nodes(fragment.node.selection_set.node),
            },
        })
        .collect()
}

fn directive_nodes(nodes: Vec<Positioned<types::Directive>>) -> Vec<DirectiveNode> {
    nodes
        .into_iter()
        .map(|node| DirectiveNode {
            name: node.node.name.node.to_string(),
            position: position(node.pos),
            arguments: argument_nodes(node.node.arguments, |value| {
                value.into_const_with(|name| Ok::<_, Infallible>(variable_mark(&name)))
            }),
        })
        .collect()
}

fn argument_nodes<V>(
    arguments: Vec<(Positioned<Name>, Positioned<V>)>,
    constant: impl Fn(V) -> Result<Value, Infallible>,
) -> Vec<ArgumentNode> {
    arguments
        .into_iter()
        .map(|(name, value)| {
            let Ok(constant) = constant(value.node);
            ArgumentNode {
                name: name.node.to_string(),
                position: position(name.pos),
                value: value_node(constant),
            }
        })
        .collect()
}

fn variable_mark(name: &Name) -> Value {
    Value::Binary(name.as_bytes().to_vec().into())
}

fn value_node(value: Value) -> ValueNode {
    match value {
        Value::Null => ValueNode::Null,
        Value::Number(number) => ValueNode::Number(number),
        Value::String(text) => ValueNode::Text(text),
        Value::Boolean(boolean) => ValueNode::Boolean(boolean),
        Value::Binary(name) => ValueNode::Variable(String::from_utf8_lossy(&name).into_owned()),
        Value::Enum(name) => ValueNode::Enum(name.to_string()),
        Value::List(items) => ValueNode::List(items.into_iter().map(value_node).collect()),
        Value::Object(entries) => ValueNode::Object(
            entries
                .into_iter()
                .map(|(key, value)| (key.to_string(), value_node(value)))
                .collect(),
        ),
    }
}

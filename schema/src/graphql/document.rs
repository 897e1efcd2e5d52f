//! A parsed query document, in the order in which it was written. Made from async-graphql's by [`super::parse`].

use super::operation::OperationKind;
use serde_json::Number;
use std::collections::HashMap;

/// Line and column, from 1.
pub(crate) type Position = (usize, usize);

/// A document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    pub(crate) operations: Vec<OperationNode>,
    pub(crate) fragments: Vec<FragmentNode>,
    /// Index of each fragment by name.
    pub(crate) fragment_index: HashMap<String, usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct OperationNode {
    pub(crate) name: Option<String>,
    pub(crate) kind: OperationKind,
    pub(crate) position: Position,
    pub(crate) variables: Vec<VariableNode>,
    pub(crate) directives: Vec<DirectiveNode>,
    pub(crate) items: Vec<SelectionNode>,
}

#[derive(Clone, Debug)]
pub(crate) struct FragmentNode {
    pub(crate) name: String,
    pub(crate) position: Position,
    pub(crate) type_name: String,
    pub(crate) directives: Vec<DirectiveNode>,
    pub(crate) items: Vec<SelectionNode>,
}

#[derive(Clone, Debug)]
pub(crate) struct VariableNode {
    pub(crate) name: String,
    pub(crate) position: Position,
    pub(crate) type_ref: TypeNode,
    pub(crate) default: Option<ValueNode>,
    pub(crate) directives: Vec<DirectiveNode>,
}

/// A type as written: `[Int!]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TypeNode {
    Named(String),
    List(Box<TypeNode>),
    NonNull(Box<TypeNode>),
}

#[derive(Clone, Debug)]
pub(crate) enum SelectionNode {
    Field(FieldNode),
    Spread {
        name: String,
        position: Position,
        directives: Vec<DirectiveNode>,
    },
    Inline {
        type_name: Option<String>,
        position: Position,
        directives: Vec<DirectiveNode>,
        items: Vec<SelectionNode>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct FieldNode {
    pub(crate) alias: Option<String>,
    pub(crate) name: String,
    pub(crate) position: Position,
    pub(crate) arguments: Vec<ArgumentNode>,
    pub(crate) directives: Vec<DirectiveNode>,
    pub(crate) items: Vec<SelectionNode>,
}

#[derive(Clone, Debug)]
pub(crate) struct ArgumentNode {
    pub(crate) name: String,
    pub(crate) position: Position,
    pub(crate) value: ValueNode,
}

#[derive(Clone, Debug)]
pub(crate) struct DirectiveNode {
    pub(crate) name: String,
    pub(crate) position: Position,
    pub(crate) arguments: Vec<ArgumentNode>,
}

/// A literal, or a variable.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ValueNode {
    Variable(String),
    Null,
    Boolean(bool),
    Number(Number),
    Text(String),
    Enum(String),
    List(Vec<ValueNode>),
    Object(Vec<(String, ValueNode)>),
}

impl FieldNode {
    /// The alias, or the name.
    pub(crate) fn key(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

impl SelectionNode {
    pub(crate) fn directives(&self) -> &[DirectiveNode] {
        match self {
            Self::Field(field) => &field.directives,
            Self::Spread { directives, .. } | Self::Inline { directives, .. } => directives,
        }
    }
}

impl Document {
    pub(crate) fn find_fragment(&self, name: &str) -> Option<usize> {
        self.fragment_index.get(name).copied()
    }
}

impl std::fmt::Display for TypeNode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(name) => out.write_str(name),
            Self::List(inner) => write!(out, "[{inner}]"),
            Self::NonNull(inner) => write!(out, "{inner}!"),
        }
    }
}

//! YAML as a tree that remembers where everything stood.

mod parse;

pub use parse::{DEPTH_MAX, FILE_BYTES_MAX, parse};

use crate::source::Span;

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node is. Scalars stay text until a type asks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// `null`, `~` or nothing.
    Null,
    /// A scalar; `plain` when it stood without quotes and so may mean a number or a boolean.
    Scalar {
        /// The text, unescaped.
        text: String,
        /// Written without quotes.
        plain: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in order; keys are unique scalars.
    Map(Vec<(Key, Node)>),
}

/// A mapping's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Where it stands.
    pub span: Span,
    /// The text.
    pub text: String,
}

impl Node {
    /// What it is, for messages.
    pub fn noun(&self) -> &'static str {
        match &self.kind {
            NodeKind::Null => "nothing",
            NodeKind::Scalar { plain: false, .. } => "a text",
            NodeKind::Scalar { text, .. } => match text.as_str() {
                "true" | "false" => "a boolean",
                _ if text.parse::<f64>().is_ok() => "a number",
                _ => "a text",
            },
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a mapping",
        }
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } => Some(text),
            NodeKind::Null | NodeKind::List(_) | NodeKind::Map(_) => None,
        }
    }

    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            NodeKind::Map(entries) => entries.iter().find(|(name, _)| name.text == key).map(|(_, node)| node),
            NodeKind::Null | NodeKind::Scalar { .. } | NodeKind::List(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;

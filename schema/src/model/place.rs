//! Values that remember their place, and mappings that remember the places of their keys.

use crate::source::{FileId, Span};
use crate::yaml::{Key, Node, NodeKind};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Names by which [`super::decode`] knows that the type wants more than serde's data model holds.
pub(super) const SPANNED: &str = "$spanned";
pub(super) const NODE: &str = "$node";

/// A value and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// A name and its place.
pub type Name = Spanned<String>;

impl Name {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
            type Value = Spanned<T>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a value with its place")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
                let span = read_span(&mut parts)?;
                Ok(Spanned {
                    value: next(&mut parts)?,
                    span,
                })
            }
        }
        deserializer.deserialize_newtype_struct(SPANNED, Parts(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

/// A mapping from names, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T>(pub Vec<(Name, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Named<T> {
    /// The names with what they stand for.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &T)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// The names alone.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// What a name stands for.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0
            .iter()
            .find(|(known, _)| known.value == name)
            .map(|(_, value)| value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Named<T>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a mapping")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Named(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("named_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let item = generator.subschema_for::<T>();
        json_schema!({"type": "object", "additionalProperties": item})
    }
}

/// YAML of any shape, read later by somebody who knows more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw(pub Node);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Node::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for Raw {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "anything".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        true.into()
    }
}

/// A condition on a row: fields, operators, `and`, `or`, `not`. The `policy` room reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition(pub Node);

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Node::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for Condition {
    fn schema_name() -> Cow<'static, str> {
        "Condition".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "a condition",
            "description": "A condition on a row: `{field: value}`, `{field: {operator: value}}`, `and`, `or`, `not`.",
            "type": "object",
            "additionalProperties": true,
        })
    }
}

/// One name, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(pub Vec<Name>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = Node::deserialize(deserializer)?;
        let items = match node.kind {
            NodeKind::List(items) => items,
            NodeKind::Null | NodeKind::Scalar { .. } | NodeKind::Map(_) => vec![node],
        };
        let name = |item: Node| match item.kind {
            NodeKind::Scalar { text, .. } => Ok(Spanned {
                value: text,
                span: item.span,
            }),
            NodeKind::Null | NodeKind::List(_) | NodeKind::Map(_) => {
                Err(D::Error::custom("expected a name or a list of names"))
            }
        };
        items.into_iter().map(name).collect::<Result<_, _>>().map(Self)
    }
}

impl JsonSchema for Names {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Names".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
    }
}

/// `super::decode` gives a node as: file, start, end, kind, content.
impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Node;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a node")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Node, A::Error> {
                let span = read_span(&mut parts)?;
                let kind = match next::<A, u32>(&mut parts)? {
                    0 => NodeKind::Null,
                    kind @ (1 | 2) => NodeKind::Scalar {
                        text: next(&mut parts)?,
                        plain: kind == 1,
                    },
                    3 => NodeKind::List(next(&mut parts)?),
                    4 => {
                        let entries: Named<Node> = next(&mut parts)?;
                        let entry = |(name, node): (Name, Node)| {
                            (
                                Key {
                                    span: name.span,
                                    text: name.value,
                                },
                                node,
                            )
                        };
                        NodeKind::Map(entries.0.into_iter().map(entry).collect())
                    }
                    other => return Err(A::Error::custom(format!("no kind of node: {other}"))),
                };
                Ok(Node { span, kind })
            }
        }
        deserializer.deserialize_newtype_struct(NODE, Parts)
    }
}

fn read_span<'de, A: SeqAccess<'de>>(parts: &mut A) -> Result<Span, A::Error> {
    Ok(Span {
        file: FileId(next(parts)?),
        start: next(parts)?,
        end: next(parts)?,
    })
}

fn next<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(parts: &mut A) -> Result<T, A::Error> {
    parts
        .next_element()?
        .ok_or_else(|| A::Error::custom("the node ended early"))
}

//! A serde deserializer over [`Node`], for trees that [`super::check`] has found sound.

use super::place::{NODE, SPANNED};
use crate::source::Span;
use crate::yaml::{Key, Node, NodeKind};
use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// Fills a type from a tree.
pub(super) fn decode<T: DeserializeOwned>(node: &Node) -> Result<T, DecodeError> {
    T::deserialize(Source(node))
}

/// The tree does not fit the type although it passed the check: a fault of ours.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct DecodeError(String);

impl serde::de::Error for DecodeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

#[derive(Clone, Copy)]
struct Source<'a>(&'a Node);

macro_rules! number {
    ($($method:ident $visit:ident $type:ty,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            let number = self.0.text().and_then(|text| text.parse::<$type>().ok());
            visitor.$visit(number.ok_or_else(|| DecodeError::custom("expected a number"))?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Source<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.0.kind {
            NodeKind::Null => visitor.visit_unit(),
            NodeKind::Scalar { text, .. } => visitor.visit_str(text),
            NodeKind::List(items) => visitor.visit_seq(Items(items.iter())),
            NodeKind::Map(entries) => visitor.visit_map(Entries {
                rest: entries.iter(),
                value: None,
                nulls: true,
            }),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_bool(self.0.text() == Some("true"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.0.kind {
            NodeKind::Null => visitor.visit_none(),
            NodeKind::Scalar { .. } | NodeKind::List(_) | NodeKind::Map(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match name {
            SPANNED => visitor.visit_seq(Parts {
                span: self.0.span,
                step: 0,
                rest: Rest::Value(self.0),
            }),
            NODE => visitor.visit_seq(Parts {
                span: self.0.span,
                step: 0,
                rest: Rest::Node(self.0),
            }),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    /// Null under a key of a struct is the same as no key.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match &self.0.kind {
            NodeKind::Map(entries) => visitor.visit_map(Entries {
                rest: entries.iter(),
                value: None,
                nulls: false,
            }),
            NodeKind::Null => visitor.visit_map(Entries {
                rest: [].iter(),
                value: None,
                nulls: false,
            }),
            NodeKind::Scalar { .. } | NodeKind::List(_) => Err(DecodeError::custom("expected a mapping")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_enum(Word(
            self.0.text().ok_or_else(|| DecodeError::custom("expected a word"))?,
        ))
    }

    number! {
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
    }

    forward_to_deserialize_any! { i8 i16 i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map identifier ignored_any }
}

struct Word<'a>(&'a str);

impl<'de> EnumAccess<'de> for Word<'_> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), DecodeError> {
        let name: StrDeserializer<'_, DecodeError> = self.0.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'_> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        Ok(())
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, DecodeError> {
        Err(DecodeError::custom("words carry no values"))
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::custom("words carry no values"))
    }
    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::custom("words carry no values"))
    }
}

struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        self.0.next().map(|node| seed.deserialize(Source(node))).transpose()
    }
}

struct Entries<'a> {
    rest: std::slice::Iter<'a, (Key, Node)>,
    value: Option<&'a Node>,
    nulls: bool,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let nulls = self.nulls;
        let Some((key, node)) = self.rest.find(|(_, node)| nulls || node.kind != NodeKind::Null) else {
            return Ok(None);
        };
        self.value = Some(node);
        seed.deserialize(KeySource(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        let node = self
            .value
            .take()
            .ok_or_else(|| DecodeError::custom("a value without its key"))?;
        seed.deserialize(Source(node))
    }
}

struct KeySource<'a>(&'a Key);

impl<'de> Deserializer<'de> for KeySource<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_str(&self.0.text)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match name {
            SPANNED => visitor.visit_seq(Parts {
                span: self.0.span,
                step: 0,
                rest: Rest::Text(&self.0.text),
            }),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A place followed by what stands there, as a sequence.
struct Parts<'a> {
    span: Span,
    step: u8,
    rest: Rest<'a>,
}

enum Rest<'a> {
    Value(&'a Node),
    Node(&'a Node),
    Text(&'a str),
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        self.step += 1;
        let number = |number: u32| -> U32Deserializer<DecodeError> { number.into_deserializer() };
        let text = |text: &str, seed: T| {
            let text: StrDeserializer<'_, DecodeError> = text.into_deserializer();
            seed.deserialize(text)
        };
        match (self.step, &self.rest) {
            (1, _) => seed.deserialize(number(self.span.file.0)),
            (2, _) => seed.deserialize(number(self.span.start)),
            (3, _) => seed.deserialize(number(self.span.end)),
            (4, Rest::Value(node)) => seed.deserialize(Source(node)),
            (4, Rest::Text(word)) => text(word, seed),
            (4, Rest::Node(node)) => seed.deserialize(number(match &node.kind {
                NodeKind::Null => 0,
                NodeKind::Scalar { plain: true, .. } => 1,
                NodeKind::Scalar { plain: false, .. } => 2,
                NodeKind::List(_) => 3,
                NodeKind::Map(_) => 4,
            })),
            (5, Rest::Node(node)) => match &node.kind {
                NodeKind::Null => return Ok(None),
                NodeKind::Scalar { text: word, .. } => text(word, seed),
                NodeKind::List(_) | NodeKind::Map(_) => seed.deserialize(Source(node)),
            },
            (_, Rest::Value(_) | Rest::Node(_) | Rest::Text(_)) => return Ok(None),
        }
        .map(Some)
    }
}

//! Holds a tree against the JSON Schema of the model: unknown keys, wrong kinds, missing keys, unknown words.
//! The schema is made from the types, so that what is told here, what an editor completes and what is read cannot differ.

use super::Lost;
use crate::diagnostic::Diagnostics;
use crate::source::Span;
use crate::yaml::{Key, Node, NodeKind};
use freehold_base::nearest;
use serde_json::{Map, Value};

/// Tells every fault, and leaves out what is faulty so that the rest can still be read. `None`: nothing is left.
pub(super) fn check(root: Node, schema: &Value, lost: &mut Lost, diagnostics: &mut Diagnostics) -> Option<Node> {
    let place = root.span;
    Checker {
        definitions: schema.get("$defs").and_then(Value::as_object),
        lost,
        diagnostics,
    }
    .node(root, schema, place, "app")
}

struct Checker<'a> {
    definitions: Option<&'a Map<String, Value>>,
    lost: &'a mut Lost,
    diagnostics: &'a mut Diagnostics,
}

/// What a schema allows, by kind of node.
#[derive(Default)]
struct Allowed<'a> {
    anything: bool,
    null: bool,
    text: bool,
    boolean: bool,
    integer: Option<&'a Map<String, Value>>,
    words: Vec<&'a str>,
    list: Option<&'a Map<String, Value>>,
    map: Option<&'a Map<String, Value>>,
}

impl<'a> Checker<'a> {
    /// `place` and `key` are the key under which the node stands: where something is missing, there is nothing else to point at.
    fn node(&mut self, node: Node, schema: &'a Value, place: Span, key: &str) -> Option<Node> {
        let mut allowed = Allowed::default();
        self.collect(schema, &mut allowed);
        if allowed.anything {
            return Some(node);
        }
        let span = node.span;
        match node.kind {
            NodeKind::Null if allowed.null => Some(node),
            NodeKind::Map(entries) if allowed.map.is_some() => {
                let object = allowed.map?;
                self.map(entries, object, place).map(|entries| Node {
                    span,
                    kind: NodeKind::Map(entries),
                })
            }
            NodeKind::List(items) if allowed.list.is_some() => {
                let list = allowed.list?;
                let items = match list.get("items") {
                    Some(schema) => items
                        .into_iter()
                        .filter_map(|item| self.item(item, schema, key))
                        .collect(),
                    None => items,
                };
                Some(Node {
                    span,
                    kind: NodeKind::List(items),
                })
            }
            NodeKind::Scalar { ref text, plain } if allowed.takes(text, plain) => Some(node),
            NodeKind::Null | NodeKind::Scalar { .. } | NodeKind::List(_) | NodeKind::Map(_) => {
                self.mismatch(&node, &allowed, place, key);
                None
            }
        }
    }

    fn item(&mut self, item: Node, schema: &'a Value, key: &str) -> Option<Node> {
        let place = item.span;
        self.node(item, schema, place, key)
    }

    fn map(
        &mut self,
        entries: Vec<(Key, Node)>,
        object: &'a Map<String, Value>,
        place: Span,
    ) -> Option<Vec<(Key, Node)>> {
        let properties = object.get("properties").and_then(Value::as_object);
        let others = object.get("additionalProperties");
        let required: Vec<&str> = object
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let title = object.get("title").and_then(Value::as_str).unwrap_or("this mapping");
        let mut complete = true;
        for key in required
            .iter()
            .filter(|key| !entries.iter().any(|(known, _)| known.text == **key))
        {
            complete = false;
            self.diagnostics
                .error("missing-key", place, format!("{title} needs the key `{key}`"));
        }
        let mut kept = Vec::with_capacity(entries.len());
        for (key, node) in entries {
            let property = properties.and_then(|properties| properties.get(&key.text));
            let checked = match (property, others) {
                (Some(_), _) if node.kind == NodeKind::Null && !required.contains(&key.text.as_str()) => Some(node),
                (None, Some(Value::Bool(false)) | None) => {
                    let names = properties.into_iter().flatten().map(|(name, _)| name.as_str());
                    self.unknown_key(&key, title, names);
                    continue;
                }
                (Some(schema), _) | (None, Some(schema)) => self.node(node, schema, key.span, &key.text),
            };
            match checked {
                Some(node) => kept.push((key, node)),
                None if required.contains(&key.text.as_str()) => complete = false,
                None => self.lost.add(&key.text),
            }
        }
        complete.then_some(kept)
    }

    fn unknown_key(&mut self, key: &Key, title: &str, names: impl Iterator<Item = &'a str>) {
        let names: Vec<&str> = names.collect();
        let near = nearest(&key.text, names.iter().copied());
        let hint = near.map_or_else(
            || format!("its keys are {}", list(&names)),
            |near| format!("did you mean `{near}`?"),
        );
        if let Some(near) = near {
            self.lost.add(near);
        }
        self.diagnostics
            .error("unknown-key", key.span, format!("{title} has no key `{}`", key.text))
            .hint(hint);
    }

    fn mismatch(&mut self, node: &Node, allowed: &Allowed<'_>, place: Span, key: &str) {
        let at = if node.kind == NodeKind::Null { place } else { node.span };
        if let (Some(text), false) = (node.text(), allowed.words.is_empty()) {
            let near = nearest(text, allowed.words.iter().copied());
            let hint = near.map_or_else(
                || format!("it is one of {}", list(&allowed.words)),
                |near| format!("did you mean `{near}`?"),
            );
            self.diagnostics
                .error("unknown-word", at, format!("unknown word under `{key}`: `{text}`"))
                .hint(hint);
            return;
        }
        let told = self.diagnostics.error(
            "wrong-kind",
            at,
            format!("expected {}, found {}", allowed.noun(), node.noun()),
        );
        let NodeKind::Scalar { text, plain } = &node.kind else {
            return;
        };
        if !plain && allowed.takes(text, true) {
            told.hint(format!("remove the quotes: {text}"));
        } else if allowed
            .map
            .is_some_and(|object| object.get("title").is_some_and(|title| title == "a field"))
        {
            told.hint(format!("write {{type: {text}}}"));
        } else if allowed.list.is_some() && !text.contains(' ') {
            told.hint(format!("write [{text}]"));
        } else if allowed.integer.is_some() && text.parse::<i64>().is_ok() {
            told.hint("the number is out of range");
        }
    }

    fn collect(&self, schema: &'a Value, allowed: &mut Allowed<'a>) {
        let Some(object) = schema.as_object() else {
            allowed.anything = true;
            return;
        };
        if let Some(name) = object
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|path| path.strip_prefix("#/$defs/"))
        {
            if let Some(target) = self.definitions.and_then(|definitions| definitions.get(name)) {
                self.collect(target, allowed);
            }
            return;
        }
        if let Some(options) = ["anyOf", "oneOf"]
            .iter()
            .find_map(|key| object.get(*key))
            .and_then(Value::as_array)
        {
            for option in options {
                self.collect(option, allowed);
            }
            return;
        }
        let words = object
            .get("const")
            .into_iter()
            .chain(object.get("enum").and_then(Value::as_array).into_iter().flatten());
        let before = allowed.words.len();
        allowed.words.extend(words.filter_map(Value::as_str));
        if allowed.words.len() > before {
            return;
        }
        match object.get("type") {
            Some(Value::String(kind)) => allowed.add(kind, object),
            Some(Value::Array(kinds)) => kinds
                .iter()
                .filter_map(Value::as_str)
                .for_each(|kind| allowed.add(kind, object)),
            _ => allowed.anything = true,
        }
    }
}

impl<'a> Allowed<'a> {
    fn add(&mut self, kind: &str, object: &'a Map<String, Value>) {
        match kind {
            "null" => self.null = true,
            "string" => self.text = true,
            "boolean" => self.boolean = true,
            "integer" => self.integer = Some(object),
            "array" => self.list = Some(object),
            "object" => self.map = Some(object),
            _ => self.anything = true,
        }
    }

    fn takes(&self, text: &str, plain: bool) -> bool {
        self.text
            || self.words.contains(&text)
            || (plain && self.boolean && matches!(text, "true" | "false"))
            || (plain && self.integer.is_some_and(|object| integer_fits(text, object)))
    }

    fn noun(&self) -> String {
        let kinds = [
            (self.text, "a text"),
            (self.boolean, "true or false"),
            (self.integer.is_some(), "a whole number"),
            (self.list.is_some(), "a list"),
            (self.map.is_some(), "a mapping"),
        ];
        let mut nouns: Vec<String> = kinds
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, noun)| noun.to_owned())
            .collect();
        nouns.extend(self.words.iter().map(|word| format!("`{word}`")));
        nouns.join(" or ")
    }
}

fn integer_fits(text: &str, object: &Map<String, Value>) -> bool {
    let bounds = match object.get("format").and_then(Value::as_str) {
        Some("uint8") => (0, 0xff),
        Some("uint16") => (0, 0xffff),
        Some("uint32") => (0, 0xffff_ffff),
        Some("uint64" | "uint") => (0, i64::MAX),
        _ => (i64::MIN, i64::MAX),
    };
    let (least, greatest) = (
        object.get("minimum").and_then(Value::as_i64).unwrap_or(bounds.0),
        object.get("maximum").and_then(Value::as_i64).unwrap_or(bounds.1),
    );
    text.parse::<i64>()
        .is_ok_and(|number| number >= least.max(bounds.0) && number <= greatest.min(bounds.1))
}

fn list(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

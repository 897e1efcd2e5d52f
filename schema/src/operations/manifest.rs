//! The manifests that clients' tools write: Apollo's persisted query manifest, and an object of ids and texts as Relay's compiler
//! makes it.

use super::Entry;
use super::literal::Literal;
use crate::diagnostic::Diagnostics;
use crate::source::{FileId, Span};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// What Apollo's manifests say of themselves.
const APOLLO: &str = "apollo-persisted-query-manifest";

/// A JSON object, every member of it in order.
struct Object<'s>(Vec<(String, &'s RawValue)>);

/// A manifest being read.
struct Reading<'s, 'd> {
    file: FileId,
    text: &'s str,
    diagnostics: &'d mut Diagnostics,
}

/// The operations of a manifest; every fault is told.
pub(super) fn read<'s>(file: FileId, text: &'s str, diagnostics: &mut Diagnostics) -> Vec<Entry<'s>> {
    let mut reading = Reading {
        file,
        text,
        diagnostics,
    };
    match serde_json::from_str::<Object<'s>>(text.trim_start_matches('\u{feff}')) {
        Ok(object) if object.is_apollo() => reading.apollo(&object),
        Ok(object) => reading.relay(object),
        Err(error) => {
            reading.not_json(&error);
            Vec::new()
        }
    }
}

impl<'s> Reading<'s, '_> {
    fn apollo(&mut self, manifest: &Object<'s>) -> Vec<Entry<'s>> {
        let is_apollo = manifest
            .get("format")
            .and_then(text_of)
            .is_some_and(|format| format == APOLLO);
        if !is_apollo || manifest.get("version").map(RawValue::get) != Some("1") {
            let at = if is_apollo { "version" } else { "format" };
            self.error(manifest.get(at), "the format of this manifest is not known")
                .hint(format!(
                    "`\"format\": \"{APOLLO}\", \"version\": 1`, or an object of ids and texts"
                ));
            return Vec::new();
        }
        let operations = manifest.get("operations");
        let Some(operations) = operations.and_then(|raw| serde_json::from_str::<Vec<&'s RawValue>>(raw.get()).ok())
        else {
            self.error(operations, "`operations` must be a list");
            return Vec::new();
        };
        let entries = operations.into_iter().filter_map(|raw| {
            let Ok(operation) = serde_json::from_str::<Object<'s>>(raw.get()) else {
                self.error(Some(raw), "an operation must be an object with `id` and `body`");
                return None;
            };
            let Some(id) = operation.get("id").and_then(text_of) else {
                self.error(operation.get("id").or(Some(raw)), "an operation needs an `id`, a text");
                return None;
            };
            let Some(body) = operation.get("body") else {
                self.error(Some(raw), format!("the operation `{id}` has no `body`"));
                return None;
            };
            self.entry(id, body)
        });
        entries.collect()
    }

    fn relay(&mut self, manifest: Object<'s>) -> Vec<Entry<'s>> {
        let texts = manifest.0.into_iter();
        texts.filter_map(|(id, body)| self.entry(id, body)).collect()
    }

    fn entry(&mut self, id: String, body: &'s RawValue) -> Option<Entry<'s>> {
        if id.is_empty() {
            self.error(Some(body), "the id of an operation is empty");
            return None;
        }
        let Some(written) = text_of(body) else {
            self.error(Some(body), format!("the operation `{id}` is not a text"));
            return None;
        };
        let literal = Literal::json(self.file, self.offset(body), body.get());
        Some(Entry {
            id: Some(id),
            written,
            literal,
        })
    }

    /// Where a value stands in the file, of which it is a slice.
    fn offset(&self, raw: &RawValue) -> usize {
        raw.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr())
    }

    fn error(&mut self, at: Option<&RawValue>, message: impl Into<String>) -> &mut crate::diagnostic::Diagnostic {
        let (start, length) = at.map_or((0, 1), |raw| (self.offset(raw), raw.get().len()));
        let span = Span {
            file: self.file,
            start: start as u32,
            end: (start + length) as u32,
        };
        self.diagnostics.error("operation", span, message)
    }

    fn not_json(&mut self, error: &serde_json::Error) {
        let text = self.text.trim_start_matches('\u{feff}');
        let mark = self.text.len() - text.len();
        let line: usize = text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1))
            .map(str::len)
            .sum();
        // Columns are bytes; at the end of a line there is one more than bytes.
        let mut start = (mark + line + error.column().saturating_sub(1)).min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let span = Span {
            file: self.file,
            start: start as u32,
            end: (start + 1) as u32,
        };
        let told = error.to_string();
        let why = told.rsplit_once(" at line ").map_or(told.as_str(), |(why, _)| why);
        self.diagnostics
            .error("operation", span, format!("the manifest cannot be read: {why}"))
            .hint("a manifest is Apollo's persisted query manifest, or a JSON object of ids and texts");
    }
}

impl<'s> Object<'s> {
    /// A member; of several the last, as JSON libraries have it.
    fn get(&self, name: &str) -> Option<&'s RawValue> {
        self.0
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| *value)
    }

    /// Relay's has nothing but texts.
    fn is_apollo(&self) -> bool {
        let is_text = |raw: &RawValue| raw.get().starts_with('"');
        self.get("operations").is_some_and(|raw| !is_text(raw))
            || self.get("version").is_some_and(|raw| !is_text(raw))
            || self
                .get("format")
                .and_then(text_of)
                .is_some_and(|format| format == APOLLO)
    }
}

fn text_of(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

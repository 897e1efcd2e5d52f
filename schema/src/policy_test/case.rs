//! One test, key by key.

use super::right::rights;
use super::{Asks, Expected, PolicyTest, Request, TestPerson, TestTenant, json};
use crate::catalog::{Catalog, EntityKind};
use crate::diagnostic::Diagnostics;
use crate::seed::Seed;
use crate::yaml::{Key, Node, NodeKind};
use freehold_base::{Code, Timestamp, Value as Plain, parse_datetime};
use serde_json::{Map, Value};

/// The keys of a test.
const KEYS: [&str; 11] = [
    "name",
    "as",
    "tenant",
    "now",
    "can",
    "cannot",
    "query",
    "mutation",
    "variables",
    "expect",
    "error",
];

/// The keys of a refusal.
const ERROR_KEYS: [&str; 3] = ["code", "path", "message"];

/// Reads one test; `None` if it has a fault.
pub(super) fn read(node: &Node, catalog: &Catalog, seed: &Seed, diagnostics: &mut Diagnostics) -> Option<PolicyTest> {
    let mut faults = Diagnostics::default();
    let mut reader = Reader {
        node,
        catalog,
        seed,
        faults: &mut faults,
    };
    let test = reader.test();
    let sound = !faults.has_errors();
    diagnostics.append(faults);
    test.filter(|_| sound)
}

struct Reader<'a> {
    node: &'a Node,
    catalog: &'a Catalog,
    seed: &'a Seed,
    faults: &'a mut Diagnostics,
}

impl<'a> Reader<'a> {
    fn test(&mut self) -> Option<PolicyTest> {
        let NodeKind::Map(entries) = &self.node.kind else {
            let found = self.node.noun();
            self.faults
                .error("test-shape", self.node.span, format!("expected a test, found {found}"))
                .hint("a test is a mapping: `as`, `tenant`, and what to ask");
            return None;
        };
        unknown_keys(entries, &KEYS, self.faults);
        let test = PolicyTest {
            span: self.node.span,
            name: self.text("name").map(|(text, _)| text.to_owned()),
            person: self.person(),
            tenant: self.tenant(),
            now: self.now(),
            asks: self.asks()?,
        };
        Some(test)
    }

    fn get(&self, key: &str) -> Option<&'a Node> {
        self.node.get(key)
    }

    /// The text under a key.
    fn text(&mut self, key: &str) -> Option<(&'a str, &'a Node)> {
        let node = self.get(key)?;
        if let Some(text) = node.text() {
            return Some((text, node));
        }
        let found = node.noun();
        self.faults
            .error("test-shape", node.span, format!("`{key}` is a text, found {found}"));
        None
    }

    fn person(&mut self) -> Option<TestPerson> {
        let (email, node) = self.text("as")?;
        let found = self.seed.find(self.catalog.user, email);
        if let Some(row) = found {
            return Some(TestPerson {
                email: email.to_owned(),
                id: row.id,
            });
        }
        let known: Vec<&str> = self.seed.users.iter().map(|user| user.email.as_str()).collect();
        self.faults
            .error(
                "test-person",
                node.span,
                format!("nobody in the seed has the e-mail address `{email}`"),
            )
            .hint("leave `as` out for somebody who is not signed in")
            .nearest(email, known);
        None
    }

    /// A tenant, by its label or its slug.
    fn tenant(&mut self) -> Option<TestTenant> {
        let (name, node) = self.text("tenant")?;
        let Some(tenancy) = self.catalog.tenancy else {
            self.faults
                .error("test-tenant", node.span, "this app has no tenants")
                .hint("leave `tenant` out");
            return None;
        };
        let rows = || self.seed.rows.iter().filter(|row| row.entity == tenancy.entity);
        let by_slug = || {
            rows().find(|row| {
                row.values
                    .iter()
                    .any(|(field, value)| Some(*field) == tenancy.slug && *value == Plain::Text(name.to_owned()))
            })
        };
        let found = self.seed.find(tenancy.entity, name).or_else(by_slug);
        if let Some(row) = found {
            return Some(TestTenant {
                label: row.label.clone(),
                id: row.id,
            });
        }
        let known: Vec<&str> = rows().map(|row| row.label.as_str()).collect();
        let entity = &self.catalog.entity(tenancy.entity).name;
        self.faults
            .error(
                "test-tenant",
                node.span,
                format!("there is no `{entity}` labelled `{name}` in the seed, nor one with that slug"),
            )
            .nearest(name, known);
        None
    }

    fn now(&mut self) -> Option<Timestamp> {
        let (text, node) = self.text("now")?;
        let moment = parse_datetime(text).map(Timestamp);
        if moment.is_none() {
            self.faults.error(
                "test-shape",
                node.span,
                format!("`{text}` is no moment: write one like \"2026-11-22T10:00:00Z\""),
            );
        }
        moment
    }

    fn asks(&mut self) -> Option<Asks> {
        let about_rights = self.get("can").or(self.get("cannot"));
        let request = match (self.get("query"), self.get("mutation")) {
            (Some(_), Some(mutation)) => {
                self.faults
                    .error(
                        "test-shape",
                        mutation.span,
                        "a test has one request: `query` or `mutation`",
                    )
                    .hint("write two tests");
                return None;
            }
            (query, mutation) => query.or(mutation),
        };
        match (about_rights, request) {
            (None, None) => {
                self.faults
                    .error("test-shape", self.node.span, "this test asks nothing")
                    .hint("add `can`, `cannot`, `query` or `mutation`");
                None
            }
            (Some(rights), Some(_)) => {
                self.faults
                    .error("test-shape", rights.span, "a test is about rights or about one request")
                    .hint("write two tests");
                None
            }
            (Some(_), None) => {
                for key in ["variables", "expect", "error"] {
                    if let Some(node) = self.get(key) {
                        self.faults.error(
                            "test-shape",
                            node.span,
                            format!("`{key}` belongs to a `query` or a `mutation`"),
                        );
                    }
                }
                let mut found = Vec::new();
                for (key, may) in [("can", true), ("cannot", false)] {
                    if let Some(node) = self.get(key) {
                        found.extend(rights(node, may, self.catalog, self.seed, self.faults));
                    }
                }
                if found.is_empty() && !self.faults.has_errors() {
                    self.faults
                        .error("test-shape", self.node.span, "this test asks nothing")
                        .hint("name rows: `{read: [entity.label]}`");
                }
                Some(Asks::Rights(found))
            }
            (None, Some(_)) => self.request().map(Box::new).map(Asks::Request),
        }
    }

    fn request(&mut self) -> Option<Request> {
        let writes = self.get("mutation").is_some();
        let (text, node) = self.text(if writes { "mutation" } else { "query" })?;
        let variables = match self.get("variables") {
            None => Map::new(),
            Some(node) => match json::read(node, self.catalog, self.seed, self.faults) {
                Value::Object(map) => map,
                _ => {
                    self.faults
                        .error("test-shape", node.span, "`variables` is a mapping of names and values");
                    return None;
                }
            },
        };
        let (expected, expected_span) = match (self.get("expect"), self.get("error")) {
            (Some(expect), None) => (
                Expected::Data(json::read(expect, self.catalog, self.seed, self.faults)),
                expect.span,
            ),
            (None, Some(error)) => (self.refusal(error)?, error.span),
            (Some(_), Some(error)) => {
                self.faults
                    .error("test-shape", error.span, "a request is answered or refused, not both");
                return None;
            }
            (None, None) => {
                self.faults
                    .error("test-shape", node.span, "this test does not say what to expect")
                    .hint("add `expect` with the data, or `error` with a code");
                return None;
            }
        };
        Some(Request {
            span: node.span,
            writes,
            text: text.to_owned(),
            variables,
            expected,
            expected_span,
        })
    }

    /// `FORBIDDEN`, or `{code: FORBIDDEN, path: […], message: …}`.
    fn refusal(&mut self, node: &Node) -> Option<Expected> {
        let code_node = match &node.kind {
            NodeKind::Map(entries) => {
                unknown_keys(entries, &ERROR_KEYS, self.faults);
                let Some(code) = node.get("code") else {
                    self.faults.error("test-shape", node.span, "`error` needs a `code`");
                    return None;
                };
                code
            }
            NodeKind::Null | NodeKind::Scalar { .. } | NodeKind::List(_) => node,
        };
        let word = code_node.text().unwrap_or_default();
        let Some(code) = Code::find(word) else {
            self.faults
                .error("test-code", code_node.span, format!("there is no code `{word}`"))
                .hint("the codes are those of `extensions.code`")
                .nearest(word, Code::ALL.map(Code::name));
            return None;
        };
        let path = node
            .get("path")
            .map(|path| json::read(path, self.catalog, self.seed, self.faults));
        let message = node.get("message").and_then(Node::text).map(str::to_owned);
        Some(Expected::Refusal { code, path, message })
    }
}

pub(super) fn unknown_keys(entries: &[(Key, Node)], known: &[&str], faults: &mut Diagnostics) {
    for (key, _) in entries {
        if !known.contains(&key.text.as_str()) {
            faults
                .error("test-key", key.span, format!("unknown key `{}`", key.text))
                .hint(format!("the keys are {}", known.join(", ")))
                .nearest(&key.text, known.iter().copied());
        }
    }
}

/// The row of that entity and label.
pub(super) fn find_row<'s>(
    catalog: &Catalog,
    seed: &'s Seed,
    entity: crate::catalog::EntityId,
    label: &str,
    span: crate::source::Span,
    faults: &mut Diagnostics,
) -> Option<&'s crate::seed::SeedRow> {
    let found = seed.find(entity, label);
    if found.is_none() {
        let def = catalog.entity(entity);
        let known: Vec<&str> = seed
            .rows
            .iter()
            .filter(|row| row.entity == entity)
            .map(|row| row.label.as_str())
            .collect();
        let message = match def.kind {
            EntityKind::User => format!("nobody in the seed has the e-mail address `{label}`"),
            EntityKind::Ordinary | EntityKind::Tenant | EntityKind::Membership => {
                format!("there is no `{}` labelled `{label}` in the seed", def.name)
            }
        };
        faults.error("test-label", span, message).nearest(label, known);
    }
    found
}

//! Policy tests: who sees and may do what, on the rows of the seed. Read here; `api` runs them.
//!
//! Rows are named by the seed's labels, people by e-mail. Nothing here is looked up in a database.

mod case;
mod json;
mod right;

use crate::catalog::{Catalog, EntityId, FieldId, Operation};
use crate::diagnostic::Diagnostics;
use crate::seed::Seed;
use crate::source::{FileKind, Sources, Span, is_model_file};
use crate::yaml::{NodeKind, parse};
use freehold_base::{Code, RowId, Timestamp};
use serde_json::{Map, Value};

/// One policy test.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyTest {
    /// Where it stands.
    pub span: Span,
    /// What it is about, in its author's words.
    pub name: Option<String>,
    /// Who asks; `None`: nobody who is signed in.
    pub person: Option<TestPerson>,
    /// In which tenant; `None`: the request names none.
    pub tenant: Option<TestTenant>,
    /// The moment at which it is asked (`$now`); `None`: when the tests run.
    pub now: Option<Timestamp>,
    /// What is asked.
    pub asks: Asks,
}

/// Somebody of the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestPerson {
    /// The address.
    pub email: String,
    /// The row.
    pub id: RowId,
}

/// A tenant of the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestTenant {
    /// Its label.
    pub label: String,
    /// The row.
    pub id: RowId,
}

/// What a test asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Asks {
    /// What may and may not be done.
    Rights(Vec<Right>),
    /// What a request is answered.
    Request(Box<Request>),
}

/// Something that may, or may not, be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// Where it stands.
    pub span: Span,
    /// Whether it may be done.
    pub may: bool,
    /// What.
    pub operation: Operation,
    /// To what.
    pub entity: EntityId,
    /// To which row; `None`: a new one.
    pub row: Option<TestRow>,
    /// To which of its fields; `None`: the row as such.
    pub field: Option<FieldId>,
}

/// A row of the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRow {
    /// Its label.
    pub label: String,
    /// Its id.
    pub id: RowId,
}

/// A request, and what it should be answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Where its text stands.
    pub span: Span,
    /// It writes. Nothing of what it writes is kept.
    pub writes: bool,
    /// The GraphQL document.
    pub text: String,
    /// Its variables.
    pub variables: Map<String, Value>,
    /// What should come of it.
    pub expected: Expected,
    /// Where that stands.
    pub expected_span: Span,
}

/// What should come of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// Exactly this `data`.
    Data(Value),
    /// A refusal.
    Refusal {
        /// Its code.
        code: Code,
        /// Its path, if it matters.
        path: Option<Value>,
        /// A part of its message, if it matters.
        message: Option<String>,
    },
}

impl Right {
    /// `update ticket.x.subject`
    pub fn text(&self, catalog: &Catalog) -> String {
        let entity = catalog.entity(self.entity);
        let mut text = format!("{} {}", self.operation.word(), entity.name);
        let row = self.row.iter().map(|row| row.label.as_str());
        let field = self.field.iter().map(|field| entity.field(*field).name.as_str());
        for part in row.chain(field) {
            text.push('.');
            text.push_str(part);
        }
        text
    }
}

/// Reads the tests of an app, in the order of their files. Every fault is told; a test with a fault is left out.
pub fn read(sources: &Sources, catalog: &Catalog, seed: &Seed, diagnostics: &mut Diagnostics) -> Vec<PolicyTest> {
    let mut tests = Vec::new();
    let files = sources
        .iter()
        .filter(|(_, file)| is_model_file(&file.name) == FileKind::Test);
    for (id, file) in files {
        let Some(node) = parse(id, file, diagnostics) else {
            continue;
        };
        match &node.kind {
            NodeKind::Null => {}
            NodeKind::List(cases) => {
                let read = cases
                    .iter()
                    .filter_map(|node| case::read(node, catalog, seed, diagnostics));
                tests.extend(read);
            }
            NodeKind::Scalar { .. } | NodeKind::Map(_) => {
                let found = node.noun();
                diagnostics
                    .error(
                        "test-shape",
                        node.span,
                        format!("expected a list of tests, found {found}"),
                    )
                    .hint("write `- as: …` and below it what to ask");
            }
        }
    }
    tests
}

#[cfg(test)]
mod tests;

//! The reference: predicates decided row by row, in memory, as their documentation says. Short and plain, never optimized.

use crate::operand::{Operand, SessionValue};
use crate::predicate::{CallerTest, Link, Predicate, RulePredicate, Test};
use freehold_base::{Caller, Value};
use freehold_schema::catalog::{Catalog, EntityId, FieldId};
use std::cmp::Ordering;

/// A row's values, by field id.
pub(crate) type Row = Vec<Value>;

/// Every row of a database, by entity id.
pub(crate) struct Database {
    pub(crate) rows: Vec<Vec<Row>>,
}

/// A question about rows, asked by a caller.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) database: &'a Database,
    pub(crate) caller: &'a Caller,
}

impl Question<'_> {
    /// Whether the row of `entity` satisfies the predicate.
    pub(crate) fn holds(self, predicate: &RulePredicate, row: &Row) -> bool {
        match predicate {
            Predicate::Constant(value) => *value,
            Predicate::All(parts) => parts.iter().all(|part| self.holds(part, row)),
            Predicate::Any(parts) => parts.iter().any(|part| self.holds(part, row)),
            Predicate::Not(part) => !self.holds(part, row),
            Predicate::Leaf { field, test } => self.passes(test, at(row, *field)),
            Predicate::Exists { link, source, inner } => self
                .related(link, source.entity, row)
                .any(|found| self.holds(inner, found)),
            Predicate::Count {
                link,
                source,
                inner,
                test,
            } => {
                let count = self
                    .related(link, source.entity, row)
                    .filter(|found| self.holds(inner, found))
                    .count();
                self.passes(test, &Value::Int(count as i64))
            }
            Predicate::Caller(CallerTest::SignedIn) => self.caller.person.is_some(),
            Predicate::Caller(CallerTest::Member) => self.is_member(),
            Predicate::Caller(CallerTest::Role(role)) => self.has_role(role),
        }
    }

    fn has_role(self, role: &String) -> bool {
        self.catalog.roles.contains_key(role) && self.is_member() && self.caller.roles.contains(role)
    }

    fn is_member(self) -> bool {
        self.caller.person.is_some() && (self.catalog.tenancy.is_none() || self.caller.is_member())
    }

    fn related<'a>(&'a self, link: &'a Link<FieldId>, entity: EntityId, row: &'a Row) -> impl Iterator<Item = &'a Row> {
        let id = FieldId(0);
        self.database.rows[entity.0 as usize]
            .iter()
            .filter(move |found| match link {
                Link::Reference(field) => equal(at(found, id), at(row, *field)),
                Link::Inverse { by } => equal(at(found, *by), at(row, id)),
                Link::Equal { theirs, ours } => equal(at(found, *theirs), at(row, *ours)),
                Link::Free => true,
            })
    }

    fn value(self, operand: &Operand) -> Value {
        match operand {
            Operand::Constant(value) => value.clone(),
            Operand::Session(SessionValue::User) => self
                .caller
                .person
                .as_ref()
                .map_or(Value::Null, |person| Value::Uuid(person.id.uuid())),
            Operand::Session(SessionValue::Tenant) => self
                .caller
                .tenant
                .as_ref()
                .map_or(Value::Null, |tenant| Value::Uuid(tenant.id.uuid())),
            Operand::Session(SessionValue::Now) => Value::DateTime(self.caller.now.0),
            Operand::Session(SessionValue::Today) => Value::Date(self.caller.now.day()),
            Operand::Session(SessionValue::Membership(name, _)) => {
                let membership = self
                    .caller
                    .tenant
                    .as_ref()
                    .filter(|_| self.is_member())
                    .and_then(|tenant| tenant.membership.as_ref());
                membership
                    .and_then(|fields| fields.get(name))
                    .cloned()
                    .unwrap_or(Value::Null)
            }
            Operand::Session(SessionValue::Claim(name, _)) => {
                self.caller.claims.get(name).cloned().unwrap_or(Value::Null)
            }
            Operand::Variable { .. } | Operand::Before(_) | Operand::Written | Operand::Given(_) => {
                panic!("no rule about a stored row holds this")
            }
        }
    }

    fn passes(self, test: &Test, value: &Value) -> bool {
        let compare = |operand: &Operand| compare(value, &self.value(operand));
        let contains = |operand: &Operand| match (value, self.value(operand)) {
            (Value::TextList(texts), Value::Text(text)) => texts.contains(&text),
            _ => false,
        };
        match test {
            Test::Equal(operand) => compare(operand) == Some(Ordering::Equal),
            Test::NotEqual(operand) => compare(operand).is_some_and(|order| order != Ordering::Equal),
            Test::Less(operand) => compare(operand) == Some(Ordering::Less),
            Test::LessOrEqual(operand) => compare(operand).is_some_and(Ordering::is_le),
            Test::Greater(operand) => compare(operand) == Some(Ordering::Greater),
            Test::GreaterOrEqual(operand) => compare(operand).is_some_and(Ordering::is_ge),
            Test::In(operands) => operands.iter().any(|operand| compare(operand) == Some(Ordering::Equal)),
            Test::NotIn(operands) => operands
                .iter()
                .all(|operand| compare(operand).is_some_and(|order| order != Ordering::Equal)),
            Test::IsNull(null) => value.is_null() == *null,
            Test::Like { pattern, insensitive } => match (value, self.value(pattern)) {
                (Value::Text(text), Value::Text(pattern)) if *insensitive => {
                    like(&text.to_lowercase(), &pattern.to_lowercase())
                }
                (Value::Text(text), Value::Text(pattern)) => like(text, &pattern),
                _ => false,
            },
            Test::Folded(inner) => {
                let fold = |operand: &Operand| Operand::Constant(folded(&self.value(operand)));
                let all = |operands: &[Operand]| operands.iter().map(fold).collect();
                let inner = match &**inner {
                    Test::Equal(operand) => Test::Equal(fold(operand)),
                    Test::NotEqual(operand) => Test::NotEqual(fold(operand)),
                    Test::Less(operand) => Test::Less(fold(operand)),
                    Test::LessOrEqual(operand) => Test::LessOrEqual(fold(operand)),
                    Test::Greater(operand) => Test::Greater(fold(operand)),
                    Test::GreaterOrEqual(operand) => Test::GreaterOrEqual(fold(operand)),
                    Test::In(operands) => Test::In(all(operands)),
                    Test::NotIn(operands) => Test::NotIn(all(operands)),
                    other => other.clone(),
                };
                self.passes(&inner, &folded(value))
            }
            Test::Has(operand) => contains(operand),
            Test::HasAny(operands) => operands.iter().any(contains),
            Test::HasAll(operands) => !value.is_null() && operands.iter().all(contains),
            Test::JsonEqual { path, operand, equal } => match (inside(value, path), self.value(operand)) {
                (Some(found), Value::Json(text)) => (serde_json::from_str(&text).ok() == Some(found)) == *equal,
                _ => false,
            },
            Test::JsonIsNull { path, null } => inside(value, path).is_none() == *null,
        }
    }
}

fn folded(value: &Value) -> Value {
    match value {
        Value::Text(text) => Value::Text(text.to_lowercase()),
        other => other.clone(),
    }
}

fn at(row: &Row, field: FieldId) -> &Value {
    &row[field.0 as usize]
}

fn equal(left: &Value, right: &Value) -> bool {
    compare(left, right) == Some(Ordering::Equal)
}

/// `None` when one is null.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Boolean(left), Value::Boolean(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::Int(right))
        | (Value::DateTime(left), Value::DateTime(right))
        | (Value::Time(left), Value::Time(right)) => Some(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        (Value::Decimal(left), Value::Decimal(right)) => Some(left.cmp(right)),
        (Value::Text(left), Value::Text(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        (Value::Uuid(left), Value::Uuid(right)) => Some(left.cmp(right)),
        _ => panic!("`{left:?}` and `{right:?}` are of different types: the check let through what it must not"),
    }
}

fn like(text: &str, pattern: &str) -> bool {
    let mut pattern_rest = pattern.chars();
    match pattern_rest.next() {
        None => text.is_empty(),
        Some('%') => text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .any(|at| like(&text[at..], pattern_rest.as_str())),
        Some(first) => {
            let mut text_rest = text.chars();
            let Some(letter) = text_rest.next() else { return false };
            let wanted = if first == '\\' {
                pattern_rest.next()
            } else {
                Some(first)
            };
            (first == '_' || wanted == Some(letter)) && like(text_rest.as_str(), pattern_rest.as_str())
        }
    }
}

/// The JSON value at a path; `None` when there is none, or null.
fn inside(value: &Value, path: &[String]) -> Option<serde_json::Value> {
    let Value::Json(text) = value else { return None };
    let mut found: serde_json::Value = serde_json::from_str(text).ok()?;
    for step in path {
        found = match found {
            serde_json::Value::Object(mut map) => map.remove(step)?,
            serde_json::Value::Array(mut items) => {
                let index: usize = step.parse().ok()?;
                if index < items.len() {
                    items.swap_remove(index)
                } else {
                    return None;
                }
            }
            _ => return None,
        };
    }
    (!found.is_null()).then_some(found)
}

//! Predicates as people read them: for `freehold explain`, messages and golden files.

use crate::operand::{Operand, SessionValue};
use crate::predicate::{CallerTest, Link, Predicate, RulePredicate, Test};
use freehold_base::{RowId, Value, write_date, write_datetime, write_time};
use freehold_schema::catalog::{Catalog, EntityId, FieldId};

/// The predicate over a row of `entity`, on one line. For reading: two predicates may read alike.
pub fn explain(catalog: &Catalog, entity: EntityId, predicate: &RulePredicate) -> String {
    Writer { catalog, root: entity }.predicate(entity, predicate, false)
}

struct Writer<'a> {
    catalog: &'a Catalog,
    root: EntityId,
}

impl Writer<'_> {
    /// `nested`: what has several parts is put in parentheses.
    fn predicate(&self, entity: EntityId, predicate: &RulePredicate, nested: bool) -> String {
        match predicate {
            Predicate::Constant(true) => "always".to_owned(),
            Predicate::Constant(false) => "never".to_owned(),
            Predicate::All(parts) => self.joined(entity, parts, " and ", nested),
            Predicate::Any(parts) => self.joined(entity, parts, " or ", nested),
            Predicate::Not(part) => format!("not ({})", self.predicate(entity, part, false)),
            Predicate::Leaf { field, test } => self.test(self.name(entity, *field), test),
            Predicate::Exists { link, source, inner } => {
                let rows = self.related(entity, link, source.entity);
                match **inner {
                    Predicate::Constant(true) => rows,
                    _ => format!("{rows} ({})", self.predicate(source.entity, inner, false)),
                }
            }
            Predicate::Count {
                link,
                source,
                inner,
                test,
            } => {
                let rows = format!(
                    "number of {} ({})",
                    self.related(entity, link, source.entity),
                    self.predicate(source.entity, inner, false)
                );
                self.test(&rows, test)
            }
            Predicate::Caller(CallerTest::SignedIn) => "signed in".to_owned(),
            Predicate::Caller(CallerTest::Member) => "member".to_owned(),
            Predicate::Caller(CallerTest::Role(role)) => format!("role {role}"),
        }
    }

    fn joined(&self, entity: EntityId, parts: &[RulePredicate], word: &str, nested: bool) -> String {
        let text = parts
            .iter()
            .map(|part| self.predicate(entity, part, true))
            .collect::<Vec<_>>()
            .join(word);
        if nested { format!("({text})") } else { text }
    }

    fn related(&self, entity: EntityId, link: &Link<FieldId>, target: EntityId) -> String {
        let target_name = &self.catalog.entity(target).name;
        match link {
            Link::Reference(field) => format!("{} -> {target_name}", self.name(entity, *field)),
            Link::Inverse { by } => format!("some {target_name} by {}", self.name(target, *by)),
            Link::Equal { theirs, ours } => format!(
                "some {target_name} of same {} as {}",
                self.name(target, *theirs),
                self.name(entity, *ours)
            ),
            Link::Free => format!("some {target_name}"),
        }
    }

    fn name(&self, entity: EntityId, field: FieldId) -> &str {
        &self.catalog.field(entity, field).name
    }

    fn test(&self, name: &str, test: &Test) -> String {
        let one = |sign: &str, operand: &Operand| format!("{name} {sign} {}", self.operand(operand));
        let many = |word: &str, operands: &[Operand]| {
            let operands: Vec<String> = operands.iter().map(|operand| self.operand(operand)).collect();
            format!("{name} {word} [{}]", operands.join(", "))
        };
        match test {
            Test::Equal(operand) => one("=", operand),
            Test::NotEqual(operand) => one("<>", operand),
            Test::In(operands) => many("in", operands),
            Test::NotIn(operands) => many("not in", operands),
            Test::IsNull(true) => format!("{name} is null"),
            Test::IsNull(false) => format!("{name} is not null"),
            Test::Less(operand) => one("<", operand),
            Test::LessOrEqual(operand) => one("<=", operand),
            Test::Greater(operand) => one(">", operand),
            Test::GreaterOrEqual(operand) => one(">=", operand),
            Test::Like {
                pattern,
                insensitive: false,
            } => one("like", pattern),
            Test::Like {
                pattern,
                insensitive: true,
            } => one("like, any case,", pattern),
            Test::Folded(inner) => format!("{}, any case", self.test(name, inner)),
            Test::Has(operand) => one("has", operand),
            Test::HasAny(operands) => many("has any of", operands),
            Test::HasAll(operands) => many("has all of", operands),
            Test::JsonEqual { path, operand, equal } => format!(
                "{name}{} {} {}",
                steps(path),
                if *equal { "=" } else { "<>" },
                self.operand(operand)
            ),
            Test::JsonIsNull { path, null } => {
                format!("{name}{} is {}null", steps(path), if *null { "" } else { "not " })
            }
        }
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Constant(constant) => value(constant),
            Operand::Session(SessionValue::User) => "$user".to_owned(),
            Operand::Session(SessionValue::Tenant) => "$tenant".to_owned(),
            Operand::Session(SessionValue::Now | SessionValue::Today) => "$now".to_owned(),
            Operand::Session(SessionValue::Membership(name, _)) => format!("$membership.{name}"),
            Operand::Session(SessionValue::Claim(name, _)) => format!("$claims.{name}"),
            Operand::Variable { path, .. } => format!("a variable of `{}`", path.name),
            Operand::Before(field) => format!("$before.{}", self.name(self.root, *field)),
            Operand::Written => "the written row".to_owned(),
            Operand::Given(_) => "a value that is written".to_owned(),
        }
    }
}

fn steps(path: &[String]) -> String {
    path.iter().flat_map(|step| [".", step]).collect()
}

fn value(value: &Value) -> String {
    let written = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    };
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Decimal(value) => value.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Uuid(uuid) => RowId::from(*uuid).to_string(),
        Value::DateTime(micros) => written(&|out| write_datetime(out, *micros)),
        Value::Date(days) => written(&|out| write_date(out, i64::from(*days))),
        Value::Time(micros) => written(&|out| write_time(out, *micros)),
        Value::Json(text) => text.clone(),
        Value::TextList(texts) => format!("{texts:?}"),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
    }
}

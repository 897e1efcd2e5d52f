//! What became of the tests, for people and for tools.

use super::difference::{differences, shown as shown_value};
use super::{Coverage, Tried, shown};
use crate::actions::policy_test::{Fault, Found};
use freehold_policy::Policy;
use freehold_policy::inquiry::RuleName;
use freehold_policy::rule::Rule;
use freehold_schema::catalog::Catalog;
use freehold_schema::policy_test::{Asks, PolicyTest};
use freehold_schema::source::{Sources, Span};
use freehold_storage::program::Dialect;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

/// Everything that is told.
pub(super) struct Report<'a> {
    pub(super) directory: &'a Path,
    pub(super) sources: &'a Sources,
    pub(super) catalog: &'a Catalog,
    pub(super) policy: &'a Policy,
    pub(super) dialect: Dialect,
    pub(super) tried: &'a [Tried<'a>],
    /// None when only a part was run: what that exercises says little.
    pub(super) coverage: Option<&'a Coverage<'a>>,
}

/// Whether a test's place, name, person, tenant or text holds that.
pub(super) fn holds(test: &PolicyTest, sources: &Sources, catalog: &Catalog, text: &str) -> bool {
    let mut parts = vec![place(sources, test.span), who(test)];
    parts.extend(test.name.clone());
    match &test.asks {
        Asks::Rights(rights) => parts.extend(rights.iter().map(|right| right.text(catalog))),
        Asks::Request(request) => parts.push(request.text.clone()),
    }
    parts.iter().any(|part| part.contains(text))
}

/// `tests/tickets.yaml:12`
fn place(sources: &Sources, span: Span) -> String {
    format!("{}:{}", sources.file(span.file).name, sources.position(span).0)
}

/// `hana@acme.test in acme`
fn who(test: &PolicyTest) -> String {
    let person = test.person.as_ref().map_or("nobody", |person| &person.email);
    match &test.tenant {
        Some(tenant) => format!("{person} in {}", tenant.label),
        None => person.to_owned(),
    }
}

impl Report<'_> {
    /// For people: what failed, then the counts.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        for tried in self.tried.iter().filter(|tried| !tried.passed()) {
            let name = tried
                .test
                .name
                .as_ref()
                .map(|name| format!("  {name}"))
                .unwrap_or_default();
            let _ = writeln!(out, "FAILED {}  {}{name}", self.place(tried.test.span), who(tried.test));
            match &tried.outcome {
                Ok(outcome) => outcome.faults.iter().for_each(|fault| self.fault(&mut out, fault)),
                Err(refusal) => {
                    let _ = writeln!(out, "  it could not be run: {}", shown_value(&refusal.told()));
                }
            }
            out.push('\n');
        }
        let failed = self.failed();
        let dialect = match self.dialect {
            Dialect::Sqlite => "SQLite",
            Dialect::Postgres => "PostgreSQL",
        };
        let _ = writeln!(
            out,
            "{} passed, {failed} failed, on {dialect}",
            self.tried.len() - failed
        );
        if let Some(coverage) = self.coverage {
            self.covered(&mut out, coverage);
        }
        out
    }

    fn covered(&self, out: &mut String, coverage: &Coverage<'_>) {
        let missing: Vec<&Rule> = coverage.missing().collect();
        let rules = self.policy.rules().len();
        let _ = writeln!(out, "{} of {rules} rules exercised", rules - missing.len());
        let lines = missing.into_iter().map(|rule| {
            let allow: Vec<&str> = rule.allow.iter().map(|operation| operation.word()).collect();
            let what = format!("{} {}", allow.join(", "), self.catalog.entity(rule.entity).name);
            [format!("{}[{}]", rule.set, rule.position), self.place(rule.span), what]
        });
        let lines: Vec<[String; 3]> = lines.collect();
        let width = |column: usize| {
            lines
                .iter()
                .map(|line| line[column].chars().count())
                .max()
                .unwrap_or_default()
        };
        let (name, place) = (width(0), width(1));
        for line in &lines {
            let _ = writeln!(
                out,
                "  not exercised  {:name$}  {:place$}  {}",
                line[0], line[1], line[2]
            );
        }
    }

    fn fault(&self, out: &mut String, fault: &Fault) {
        let (line, column) = self.sources.position(fault.span);
        let at = format!("{line}:{column}");
        let mut tell = |text: String| {
            let _ = writeln!(out, "  {at:<7} {text}");
        };
        match &fault.found {
            Found::Refused { right, reason, rules } => {
                tell(format!("cannot {right}: {reason}"));
                for (rule, failed) in rules {
                    // Of a single rule the reason says it already.
                    let failed = if rules.len() > 1 {
                        format!("  fails on: {failed}")
                    } else {
                        String::new()
                    };
                    let _ = writeln!(out, "          {rule}  {}{failed}", self.rule_place(rule));
                }
            }
            Found::Allowed { right, reason, rule } => {
                tell(format!("can {right}: {reason}"));
                if let Some(rule) = rule {
                    let _ = writeln!(out, "          {rule}  {}", self.rule_place(rule));
                }
            }
            Found::Answer { expected, found } => {
                tell("another answer".to_owned());
                for line in differences(expected, found) {
                    let _ = writeln!(out, "          {line}");
                }
            }
            Found::NotRefused { expected, found } => {
                tell(format!(
                    "{expected} expected, and it was answered: {}",
                    shown_value(found)
                ));
            }
            Found::Refusal { expected, found } => {
                let meant = expected.as_deref().unwrap_or("an answer");
                tell(format!("{meant} expected, and it was refused: {}", refusal(found)));
            }
        }
    }

    fn rule_place(&self, name: &RuleName) -> String {
        let rule = self
            .policy
            .rules()
            .iter()
            .find(|rule| rule.set == name.set && rule.position == name.position);
        rule.map(|rule| self.place(rule.span)).unwrap_or_default()
    }

    fn place(&self, span: Span) -> String {
        shown(self.directory, &place(self.sources, span))
    }

    fn failed(&self) -> usize {
        self.tried.iter().filter(|tried| !tried.passed()).count()
    }

    /// For tools.
    pub(super) fn json(&self) -> Value {
        let failed = self.failed();
        let cases: Vec<Value> = self.tried.iter().map(|tried| self.case_json(tried)).collect();
        let coverage = self.coverage.map(|coverage| {
            let missing = coverage.missing().map(|rule| {
                let (file, line, _) = self.position(rule.span);
                json!({ "set": rule.set, "position": rule.position, "file": file, "line": line })
            });
            let missing: Vec<Value> = missing.collect();
            let rules = self.policy.rules().len();
            json!({ "rules": rules, "exercised": rules - missing.len(), "missing": missing })
        });
        json!({
            "ok": failed == 0 && !self.tried.is_empty(),
            "passed": self.tried.len() - failed,
            "failed": failed,
            "cases": cases,
            "coverage": coverage,
        })
    }

    fn case_json(&self, tried: &Tried<'_>) -> Value {
        let (file, line, _) = self.position(tried.test.span);
        let faults = match &tried.outcome {
            Ok(outcome) => outcome.faults.iter().map(|fault| self.fault_json(fault)).collect(),
            Err(refusal) => json!([{ "kind": "not_run", "refusal": refusal.told() }]),
        };
        json!({
            "file": file,
            "line": line,
            "name": tried.test.name,
            "as": tried.test.person.as_ref().map(|person| &person.email),
            "tenant": tried.test.tenant.as_ref().map(|tenant| &tenant.label),
            "passed": tried.passed(),
            "faults": faults,
        })
    }

    fn fault_json(&self, fault: &Fault) -> Value {
        let (_, line, column) = self.position(fault.span);
        let mut json = match &fault.found {
            Found::Refused { right, reason, rules } => {
                let rules: Vec<Value> = rules
                    .iter()
                    .map(|(rule, failed)| json!({ "set": rule.set, "position": rule.position, "failed": failed }))
                    .collect();
                json!({ "kind": "cannot", "right": right, "reason": reason, "rules": rules })
            }
            Found::Allowed { right, reason, rule } => {
                let rule = rule
                    .as_ref()
                    .map(|rule| json!({ "set": rule.set, "position": rule.position }));
                json!({ "kind": "can", "right": right, "reason": reason, "rule": rule })
            }
            Found::Answer { expected, found } => json!({ "kind": "answer", "expected": expected, "found": found }),
            Found::NotRefused { expected, found } => {
                json!({ "kind": "not_refused", "expected": expected, "found": found })
            }
            Found::Refusal { expected, found } => {
                json!({ "kind": "refusal", "expected": expected, "found": found })
            }
        };
        json["line"] = json!(line);
        json["column"] = json!(column);
        json
    }

    fn position(&self, span: Span) -> (&str, usize, usize) {
        let (line, column) = self.sources.position(span);
        (&self.sources.file(span.file).name, line, column)
    }
}

/// `FORBIDDEN at ["updateTicket"]: no rule lets you change this Ticket so (…)`
fn refusal(told: &Value) -> String {
    let mut text = told["code"].as_str().unwrap_or_default().to_owned();
    if let Some(path) = told.get("path") {
        let _ = write!(text, " at {path}");
    }
    for (key, before) in [("message", ": "), ("hint", "; "), ("cause", "; ")] {
        if let Some(part) = told[key].as_str() {
            let _ = write!(text, "{before}{part}");
        }
    }
    // Of one problem the message says it already.
    let problems = told["problems"].as_array().into_iter().flatten().skip(1);
    for problem in problems {
        let _ = write!(
            text,
            "; {} at {}",
            problem["message"].as_str().unwrap_or_default(),
            problem["path"]
        );
    }
    text
}

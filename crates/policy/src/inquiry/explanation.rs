//! What came of an inquiry: the decision, and how it came about.

use super::{Branch, Inquiry, RuleInquiry};
use serde::Serialize;

/// The decision about one row, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The decision.
    pub allowed: bool,
    /// Why, in one sentence.
    pub reason: String,
    /// The rule that allows it: the first of those that do.
    pub rule: Option<RuleName>,
    /// The owner, the record token or the access field that opened the record gate; none when the rule passes it by.
    pub token: Option<String>,
    /// Whether the row can be reached at all: tenant and membership.
    pub reach: Finding,
    /// Whether the row can be read: what cannot be read cannot be found to be written. None if it is about reading.
    pub visible: Option<Finding>,
    /// Every rule of theirs about this operation.
    pub rules: Vec<RuleFinding>,
}

/// A rule's place in the model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleName {
    /// The permission set.
    pub set: String,
    /// Position among the set's rules, from 0.
    pub position: usize,
    /// The profile and the roles that bring the set: `profile member`, `role agent`.
    pub granted_by: Vec<String>,
}

/// What became of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleFinding {
    /// Which.
    #[serde(flatten)]
    pub rule: RuleName,
    /// Whether it applies to the row.
    pub applies: bool,
    /// The first condition that failed.
    pub failed: Option<String>,
    /// What it asks of the row as it will be, which nobody can tell beforehand; none if it asks nothing.
    pub check: Option<String>,
    /// Every condition.
    pub tree: Finding,
}

/// A condition and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The condition, as people read it.
    pub condition: String,
    /// Whether it holds.
    pub holds: bool,
    /// `all`, `any` or `not` of its parts; nothing for a single condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<&'static str>,
    /// Its parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Finding>,
}

impl std::fmt::Display for RuleName {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}[{}]", self.set, self.position)
    }
}

impl Inquiry {
    /// The decision, given each question's answer; one that is missing counts as no.
    pub fn judge(&self, answers: &[bool]) -> Explanation {
        let reach = finding(&self.reach, answers);
        let visible = self.visible.as_ref().map(|visible| finding(visible, answers));
        let rules: Vec<RuleFinding> = self.rules.iter().map(|rule| rule_finding(rule, answers)).collect();
        let seen = visible.as_ref().is_none_or(|visible| visible.holds);
        let decided = rules.iter().find(|rule| rule.applies).filter(|_| reach.holds && seen);
        let token = decided.and_then(|rule| opened_by(&rule.tree));
        let reason = match (decided, &self.closed) {
            (Some(rule), _) => allowed(rule, token.as_deref()),
            (None, Some(why)) => why.clone(),
            (None, None) => refused(&reach, visible.as_ref(), &rules),
        };
        Explanation {
            allowed: decided.is_some(),
            reason,
            rule: decided.map(|rule| rule.rule.clone()),
            token,
            reach,
            visible,
            rules,
        }
    }
}

impl Explanation {
    /// The same of somebody who is let in nowhere, whatever the rules say: `why` is a condition that does not hold.
    #[must_use]
    pub fn barred(mut self, why: &str) -> Self {
        self.reach = Finding {
            condition: "reach".to_owned(),
            holds: false,
            of: Some("all"),
            parts: vec![single(why, false), self.reach],
        };
        self.allowed = false;
        self.reason = format!("out of reach: {why}");
        self.rule = None;
        self.token = None;
        self
    }
}

fn rule_finding(rule: &RuleInquiry, answers: &[bool]) -> RuleFinding {
    let tree = finding(&rule.tree, answers);
    RuleFinding {
        rule: rule.name.clone(),
        applies: tree.holds,
        failed: first_failed(&tree),
        check: rule.check.clone(),
        tree,
    }
}

fn finding(branch: &Branch, answers: &[bool]) -> Finding {
    let several = |condition: &str, of, parts: &[Branch], holds: fn(&[Finding]) -> bool| {
        let parts: Vec<Finding> = parts.iter().map(|part| finding(part, answers)).collect();
        Finding {
            condition: condition.to_owned(),
            holds: holds(&parts),
            of: Some(of),
            parts,
        }
    };
    match branch {
        Branch::All(label, parts) => several(label, "all", parts, |parts| parts.iter().all(|part| part.holds)),
        Branch::Any(label, parts) => several(label, "any", parts, |parts| parts.iter().any(|part| part.holds)),
        Branch::Not(part) => {
            let part = finding(part, answers);
            Finding {
                condition: format!("not ({})", part.condition),
                holds: !part.holds,
                of: Some("not"),
                parts: vec![part],
            }
        }
        Branch::Ask(label, question) => single(label, answers.get(*question).copied().unwrap_or(false)),
        Branch::Known(label, holds) => single(label, *holds),
    }
}

fn single(condition: &str, holds: bool) -> Finding {
    Finding {
        condition: condition.to_owned(),
        holds,
        of: None,
        parts: Vec::new(),
    }
}

/// The first condition that had to hold and did not.
fn first_failed(finding: &Finding) -> Option<String> {
    if finding.holds {
        return None;
    }
    match finding.of {
        Some("all") => finding.parts.iter().find_map(first_failed),
        Some("any") if finding.parts.is_empty() => Some(format!("{}: nothing opens it", finding.condition)),
        Some("any") => {
            let parts: Vec<&str> = finding.parts.iter().map(|part| part.condition.as_str()).collect();
            Some(format!("{}: none of {}", finding.condition, parts.join(", ")))
        }
        _ => Some(finding.condition.clone()),
    }
}

/// What opened the record gate.
fn opened_by(tree: &Finding) -> Option<String> {
    let gate = tree.parts.iter().find(|part| part.condition == super::GATE)?;
    gate.parts
        .iter()
        .find(|part| part.holds)
        .map(|part| part.condition.clone())
}

fn allowed(rule: &RuleFinding, token: Option<&str>) -> String {
    let by = rule.rule.granted_by.join(" and ");
    let gate = token
        .map(|token| format!(", gate opened by {token}"))
        .unwrap_or_default();
    format!("rule `{}`, from {by}{gate}", rule.rule)
}

fn refused(reach: &Finding, visible: Option<&Finding>, rules: &[RuleFinding]) -> String {
    if !reach.holds {
        return format!("out of reach: {}", first_failed(reach).unwrap_or_default());
    }
    match rules {
        [] => "no rule allows this operation at all".to_owned(),
        _ if visible.is_some_and(|visible| !visible.holds) => "the row cannot be read, and so not be found".to_owned(),
        [only] => format!(
            "rule `{}` does not apply: {}",
            only.rule,
            only.failed.as_deref().unwrap_or_default()
        ),
        several => format!("none of {} rules applies to this row", several.len()),
    }
}

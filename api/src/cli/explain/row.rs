//! Why somebody may, or may not, do something to a row, as a tree.

use super::{Scene, failure};
use crate::actions::explain::{Question, explain_among};
use crate::error::Failure;
use freehold_base::RowId;
use freehold_policy::inquiry::{Explanation, Finding, RuleName};
use freehold_policy::predicate::Predicate;
use std::fmt::Write;

pub(super) async fn explain(scene: &Scene<'_>) -> Result<String, Failure> {
    let args = scene.args;
    let (Some(entity), Some(id), Some(database)) = (&args.entity, &args.id, scene.database) else {
        return Err(Failure::new("a row is explained for somebody who is in a database").hint("add `--as USER`"));
    };
    let row = RowId::parse(id).ok_or_else(|| Failure::new(format!("`{id}` is no id (UUID)")))?;
    let question = Question {
        entity,
        row,
        operation: args.operation.operation(),
        field: args.field.as_deref(),
    };
    // Whoever has the database may look at every row of it.
    let found = explain_among(
        database,
        scene.bundle,
        &scene.asker.who,
        &question,
        &Predicate::Constant(true),
    )
    .await;
    let found = found.map_err(|refusal| failure(&refusal))?;
    let found = found.ok_or_else(|| Failure::new(format!("there is no `{entity}` {id} in that database")))?;
    if args.json {
        return serde_json::to_string_pretty(&found).map_err(|error| Failure::new(error.to_string()));
    }
    let field = args.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
    let title = format!(
        "{}\n{} {entity}{field} {id}: {}",
        scene.asker.title(),
        question.operation.word(),
        if found.allowed { "allowed" } else { "refused" }
    );
    Ok(text(&title, &found, &|rule| scene.rule_place(rule)))
}

/// The explanation for people.
fn text(title: &str, found: &Explanation, place: &dyn Fn(&RuleName) -> String) -> String {
    let mut out = format!("{title}\n  {}\n\n", found.reason);
    tree(&mut out, "reach", &found.reach, 0);
    if let Some(visible) = &found.visible {
        tree(&mut out, "can be read", visible, 0);
    }
    for rule in &found.rules {
        let by = rule.rule.granted_by.join(", ");
        let head = format!("{}  {}  from {by}", rule.rule, place(&rule.rule));
        tree(&mut out, &head, &rule.tree, 0);
        if let Some(check) = &rule.check {
            let _ = writeln!(out, "  and the changed row must satisfy: {check}");
        }
    }
    if found.rules.is_empty() {
        out.push_str("no rule of theirs is about this operation\n");
    }
    out
}

fn tree(out: &mut String, label: &str, finding: &Finding, depth: usize) {
    let mark = if finding.holds { '✓' } else { '✗' };
    let word = match finding.of {
        Some("any") => "  one of:",
        _ => "",
    };
    // Writing to a string does not fail.
    let _ = writeln!(out, "{:indent$}{mark} {label}{word}", "", indent = 2 * depth);
    for part in &finding.parts {
        // The condition says that it is one.
        let part = match part.parts.as_slice() {
            [only] if part.condition == "where" => only,
            _ => part,
        };
        tree(out, &part.condition, part, depth + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use freehold_policy::inquiry::RuleFinding;

    fn leaf(condition: &str, holds: bool) -> Finding {
        Finding {
            condition: condition.to_owned(),
            holds,
            of: None,
            parts: Vec::new(),
        }
    }

    fn several(condition: &str, of: &'static str, holds: bool, parts: Vec<Finding>) -> Finding {
        Finding {
            of: Some(of),
            parts,
            ..leaf(condition, holds)
        }
    }

    #[test]
    fn what_failed_is_marked() {
        let gate = several(
            "record gate",
            "any",
            false,
            vec![leaf("owner", false), leaf("record token team", false)],
        );
        let condition = several("where", "all", true, vec![leaf("status = \"new\"", true)]);
        let found = Explanation {
            allowed: false,
            reason: "rule `agent[2]` does not apply".to_owned(),
            rule: None,
            token: None,
            reach: several("reach", "all", true, vec![leaf("of the request's tenant", true)]),
            visible: None,
            rules: vec![RuleFinding {
                rule: RuleName {
                    set: "agent".to_owned(),
                    position: 2,
                    granted_by: vec!["role agent".to_owned()],
                },
                applies: false,
                failed: None,
                check: Some("team is not null".to_owned()),
                tree: several("rule agent[2]", "all", false, vec![condition, gate]),
            }],
        };
        let expected = "\
bo: role agent
  rule `agent[2]` does not apply

✓ reach
  ✓ of the request's tenant
✗ agent[2]  a.yaml:3  from role agent
  ✓ status = \"new\"
  ✗ record gate  one of:
    ✗ owner
    ✗ record token team
  and the changed row must satisfy: team is not null
";
        assert_eq!(text("bo: role agent", &found, &|_| "a.yaml:3".to_owned()), expected);
    }
}

//! Why somebody may, or may not: each rule as a tree of questions that a database can answer about one row.
//!
//! It asks the very predicates of which [`crate::Access`] is made, taken apart, so that an explanation cannot differ from the decision.

use crate::access::RoleSet;
use crate::condition::exists;
use crate::explain::explain;
use crate::gate::asks_tokens;
use crate::policy::Policy;
use crate::predicate::{Link, Predicate, RulePredicate};
use crate::reduce::{Holder, reduce};
use crate::rule::Rule;
use crate::token::is_caller;
use crate::wall::wall;
use freehold_schema::catalog::{
    AccessLevel, Catalog, EntityDef, EntityId, FieldId, FieldType, Grants, Operation, SystemField,
};
use serde::Serialize;

/// Everything that decides whether a role set may do something to a row.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// Predicates over raw columns of the row, reduced. The answers are given to [`Inquiry::judge`] in this order.
    pub questions: Vec<RulePredicate>,
    reach: Branch,
    rules: Vec<RuleInquiry>,
}

#[derive(Clone, Debug)]
struct RuleInquiry {
    set: String,
    position: usize,
    granted_by: Vec<String>,
    tree: Branch,
}

/// A part of a rule.
#[derive(Clone, Debug)]
enum Branch {
    All(String, Vec<Branch>),
    Any(String, Vec<Branch>),
    Not(Box<Branch>),
    Ask(String, usize),
    Known(String, bool),
}

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
    /// Every rule of the caller about this operation.
    pub rules: Vec<RuleFinding>,
}

/// A rule's place in the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleName {
    /// The permission set.
    pub set: String,
    /// Position in the set, from 0.
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

/// Takes apart what decides about `operation` on rows of `entity`, and, if a field is given, about reading or writing that field.
/// A creation has no row to ask about.
pub fn inquire(
    catalog: &Catalog,
    policy: &Policy,
    role_set: &RoleSet,
    entity: EntityId,
    operation: Operation,
    field: Option<FieldId>,
) -> Inquiry {
    let role_set = role_set.clone().normal(catalog);
    let holder = Holder {
        signed_in: role_set.signed_in,
        member: role_set.member,
        roles: &role_set.roles,
    };
    let mut asking = Asking {
        catalog,
        policy,
        holder,
        questions: Vec::new(),
    };
    let def = catalog.entity(entity);
    let reach = asking.reach(def);
    let sets = role_set.sets(catalog);
    let rules = policy
        .rules_of(&sets)
        .filter(|rule| rule.entity == entity && rule.allows(operation))
        .map(|rule| RuleInquiry {
            set: rule.set.clone(),
            position: rule.position,
            granted_by: granted_by(catalog, &role_set, &rule.set),
            tree: asking.rule(def, rule, operation, field),
        })
        .collect();
    Inquiry {
        questions: asking.questions,
        reach,
        rules,
    }
}

/// The profile and the roles that bring a permission set.
pub(crate) fn granted_by(catalog: &Catalog, role_set: &RoleSet, set: &str) -> Vec<String> {
    let has = |sets: &[String]| sets.iter().any(|name| name == set);
    let profile = role_set
        .profile
        .iter()
        .filter(|name| catalog.profiles.get(*name).is_some_and(|profile| has(&profile.sets)))
        .map(|name| format!("profile {name}"));
    let roles = role_set
        .roles
        .iter()
        .filter(|name| catalog.roles.get(*name).is_some_and(|role| has(&role.sets)))
        .map(|name| format!("role {name}"));
    profile.chain(roles).collect()
}

struct Asking<'a> {
    catalog: &'a Catalog,
    policy: &'a Policy,
    holder: Holder<'a>,
    questions: Vec<RulePredicate>,
}

impl Asking<'_> {
    fn reach(&mut self, entity: &EntityDef) -> Branch {
        if !self.catalog.is_walled(entity.id) {
            return Branch::Known("shared by all tenants".to_owned(), true);
        }
        let wall = wall(self.catalog, entity.id);
        let inside = self.leaf("of the request's tenant".to_owned(), &wall);
        let member = Branch::Known("active member of the tenant".to_owned(), self.holder.member);
        let public = Branch::Known(format!("`{}` is public", entity.name), entity.public);
        Branch::All(
            "reach".to_owned(),
            vec![
                inside,
                Branch::Any("member, or public".to_owned(), vec![member, public]),
            ],
        )
    }

    fn rule(&mut self, entity: &EntityDef, rule: &Rule, operation: Operation, field: Option<FieldId>) -> Branch {
        let mut parts = Vec::new();
        if let Some(field) = field {
            parts.push(names_field(entity, rule, operation, field));
        }
        if rule.condition != Predicate::Constant(true) {
            parts.push(Branch::All(
                "where".to_owned(),
                vec![self.branch(entity.id, &rule.condition)],
            ));
        }
        parts.push(if rule.records_all {
            Branch::Known("records: all passes the record gate by".to_owned(), true)
        } else {
            self.gate(entity, operation.is_write())
        });
        Branch::All("rule".to_owned(), parts)
    }

    /// The record gate, by what may open it.
    fn gate(&mut self, entity: &EntityDef, write: bool) -> Branch {
        let ways = ways(self.catalog, self.policy, entity, write, 0);
        match ways {
            Ways::Open(why) => Branch::Known(why, true),
            Ways::Some(ways) => {
                let asked = ways
                    .iter()
                    .map(|(label, opens)| self.leaf(label.clone(), opens))
                    .collect();
                Branch::Any("record gate".to_owned(), asked)
            }
        }
    }

    fn branch(&mut self, entity: EntityId, predicate: &RulePredicate) -> Branch {
        let label = || explain(self.catalog, entity, predicate);
        match predicate {
            Predicate::All(parts) => {
                let label = label();
                Branch::All(label, parts.iter().map(|part| self.branch(entity, part)).collect())
            }
            Predicate::Any(parts) => {
                let label = label();
                Branch::Any(label, parts.iter().map(|part| self.branch(entity, part)).collect())
            }
            Predicate::Not(part) => Branch::Not(Box::new(self.branch(entity, part))),
            Predicate::Constant(_)
            | Predicate::Leaf { .. }
            | Predicate::Exists { .. }
            | Predicate::Count { .. }
            | Predicate::Caller(_) => {
                let label = label();
                self.leaf(label, predicate)
            }
        }
    }

    fn leaf(&mut self, label: String, predicate: &RulePredicate) -> Branch {
        match reduce(predicate, &self.holder) {
            Predicate::Constant(holds) => Branch::Known(label, holds),
            question => {
                self.questions.push(question);
                Branch::Ask(label, self.questions.len() - 1)
            }
        }
    }
}

fn names_field(entity: &EntityDef, rule: &Rule, operation: Operation, field: FieldId) -> Branch {
    let def = entity.field(field);
    let (list, always) = if operation.is_write() {
        (&rule.write, false)
    } else {
        (&rule.read, def.system.is_some_and(SystemField::is_always_readable))
    };
    let word = if operation.is_write() { "write" } else { "read" };
    Branch::Known(
        format!("`{word}` lists {}", def.name),
        always || list.binary_search(&field).is_ok(),
    )
}

/// What opens a record gate.
enum Ways {
    /// Nothing has to.
    Open(String),
    /// One of these, each with its name.
    Some(Vec<(String, RulePredicate)>),
}

fn ways(catalog: &Catalog, policy: &Policy, entity: &EntityDef, write: bool, depth: usize) -> Ways {
    match entity.access {
        AccessLevel::Open => return Ways::Open(format!("`{}` is open", entity.name)),
        AccessLevel::ProtectedWrite if !write => {
            return Ways::Open(format!("`{}` is open for reading", entity.name));
        }
        AccessLevel::ProtectedWrite | AccessLevel::Protected => {}
    }
    let gate = policy.gate(entity.id);
    // The schema room refuses cycles of access fields; were there one, the gate as a whole is asked.
    let deep = depth > catalog.entities.len();
    if let (Some(access_field), false) = (entity.access_field, deep) {
        let name = &entity.field(access_field).name;
        let FieldType::Reference { to, .. } = &entity.field(access_field).field_type else {
            return Ways::Some(Vec::new());
        };
        let mut found = Vec::new();
        for parent in to {
            let target = catalog.entity(*parent);
            let through =
                |inner: RulePredicate| exists(catalog, entity.id, Link::Reference(access_field), *parent, inner);
            match ways(catalog, policy, target, write, depth + 1) {
                Ways::Open(why) => found.push((
                    format!("access field {name}: {why}"),
                    through(Predicate::Constant(true)),
                )),
                Ways::Some(ways) => found.extend(
                    ways.into_iter()
                        .map(|(label, opens)| (format!("access field {name}: {label}"), through(opens))),
                ),
            }
        }
        return Ways::Some(found);
    }
    if !asks_tokens(entity) || deep {
        return Ways::Some(vec![(
            "oneself, or a person of the tenant".to_owned(),
            gate.rows(write).clone(),
        )]);
    }
    let owner = entity
        .find_system(SystemField::Owner)
        .map(|owner| ("owner".to_owned(), is_caller(owner)));
    let tokens = gate
        .tokens
        .iter()
        .filter(|token| !write || token.grants == Grants::ReadWrite);
    let tokens = tokens.map(|token| (format!("record token {}", token.name), token.opens.clone()));
    Ways::Some(owner.into_iter().chain(tokens).collect())
}

impl Inquiry {
    /// The decision, given each question's answer; one that is missing counts as no.
    pub fn judge(&self, answers: &[bool]) -> Explanation {
        let reach = finding(&self.reach, answers);
        let rules: Vec<RuleFinding> = self
            .rules
            .iter()
            .map(|rule| {
                let tree = finding(&rule.tree, answers);
                RuleFinding {
                    rule: RuleName {
                        set: rule.set.clone(),
                        position: rule.position,
                        granted_by: rule.granted_by.clone(),
                    },
                    applies: tree.holds,
                    failed: first_failed(&tree),
                    tree,
                }
            })
            .collect();
        let decided = rules.iter().find(|rule| rule.applies).filter(|_| reach.holds);
        let token = decided.and_then(|rule| opened_by(&rule.tree));
        Explanation {
            allowed: decided.is_some(),
            reason: reason(&reach, &rules, decided, token.as_deref()),
            rule: decided.map(|rule| rule.rule.clone()),
            token,
            reach,
            rules,
        }
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
    let single = |condition: &str, holds| Finding {
        condition: condition.to_owned(),
        holds,
        of: None,
        parts: Vec::new(),
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
    let gate = tree.parts.iter().find(|part| part.condition == "record gate")?;
    gate.parts
        .iter()
        .find(|part| part.holds)
        .map(|part| part.condition.clone())
}

fn reason(reach: &Finding, rules: &[RuleFinding], decided: Option<&RuleFinding>, token: Option<&str>) -> String {
    if let Some(rule) = decided {
        let by = rule.rule.granted_by.join(" and ");
        let gate = token
            .map(|token| format!(", opened by the {token}"))
            .unwrap_or_default();
        return format!(
            "rule {} of `{}`, from {by}{gate}",
            rule.rule.position + 1,
            rule.rule.set
        );
    }
    if !reach.holds {
        let failed = first_failed(reach).unwrap_or_default();
        return format!("out of reach: {failed}");
    }
    match rules {
        [] => "no rule allows this operation at all".to_owned(),
        [only] => format!(
            "rule {} of `{}` does not apply: {}",
            only.rule.position + 1,
            only.rule.set,
            only.failed.as_deref().unwrap_or_default()
        ),
        several => format!("none of {} rules applies to this row", several.len()),
    }
}

#[cfg(test)]
mod tests;

//! Why somebody may, or may not: each rule as a tree of questions that a database can answer about one row.
//!
//! It asks the very predicates of which [`crate::Access`] is made, taken apart, so that an explanation cannot differ from the decision.

mod explanation;
mod ways;

pub use explanation::{Explanation, Finding, RuleFinding, RuleName};

use crate::access::{RoleSet, is_administered, is_given};
use crate::explain::explain;
use crate::policy::Policy;
use crate::predicate::{Predicate, RulePredicate};
use crate::reduce::{Holder, reduce};
use crate::rule::Rule;
use crate::settled::settled;
use crate::wall::wall;
use freehold_schema::catalog::{Catalog, EntityDef, EntityId, FieldDef, FieldId, Operation, SystemField};
use ways::{Ways, ways};

/// What the record gate is called in a tree.
const GATE: &str = "record gate";

/// Everything that decides whether a role set may do something to a row.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// Predicates over raw columns of the row, reduced. The answers are given to [`Inquiry::judge`] in this order.
    pub questions: Vec<RulePredicate>,
    reach: Branch,
    /// Of a write: whether the row can be read.
    visible: Option<Branch>,
    rules: Vec<RuleInquiry>,
    /// Why no rule counts, whatever they say.
    closed: Option<String>,
}

#[derive(Clone, Debug)]
struct RuleInquiry {
    name: RuleName,
    check: Option<String>,
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
        reads_only: role_set.reads_only,
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
    let idle = role_set.reads_only && operation.is_write();
    let closed = if is_administered(def, operation) {
        Some(administered(def))
    } else {
        idle.then(|| "whoever asks may only read, whatever a rule says".to_owned())
    };
    let allowing = |wanted: Operation| {
        policy
            .rules_of(&sets)
            .filter(move |rule| rule.entity == entity && rule.allows(wanted))
    };
    let visible = operation.is_write().then(|| {
        let readings = allowing(Operation::Read).map(|rule| asking.rule(def, rule, Operation::Read, None));
        Branch::Any("a rule lets the row be read".to_owned(), readings.collect())
    });
    let rules = allowing(operation)
        .filter(|_| closed.is_none())
        .map(|rule| RuleInquiry {
            name: rule_name(catalog, &role_set, rule),
            check: Some(asked(def, rule, operation).1)
                .filter(|then| *then != Predicate::Constant(true))
                .map(|then| explain(catalog, entity, &then)),
            tree: asking.rule(def, rule, operation, field),
        });
    Inquiry {
        rules: rules.collect(),
        questions: asking.questions,
        reach,
        visible,
        closed,
    }
}

/// The rule, and what brings it.
pub(crate) fn rule_name(catalog: &Catalog, role_set: &RoleSet, rule: &Rule) -> RuleName {
    RuleName {
        set: rule.set.clone(),
        position: rule.position,
        granted_by: granted_by(catalog, role_set, &rule.set),
    }
}

/// The profile and the roles that bring a permission set.
fn granted_by(catalog: &Catalog, role_set: &RoleSet, set: &str) -> Vec<String> {
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

fn administered(entity: &EntityDef) -> String {
    format!(
        "rows of `{}` come and go by the mutations of administration, whatever a rule says",
        entity.name
    )
}

/// What a rule asks of a changed row: what no change can touch, and what depends on the change.
fn asked(entity: &EntityDef, rule: &Rule, operation: Operation) -> (RulePredicate, RulePredicate) {
    if !matches!(operation, Operation::Update | Operation::Transition) {
        return (Predicate::Constant(true), Predicate::Constant(true));
    }
    let is_preset = |field| rule.presets.iter().any(|(preset, _)| *preset == field);
    let given = |field| rule.write.binary_search(&field).is_ok() && is_given(entity, entity.field(field), operation);
    settled(entity, &rule.check, &|field| is_preset(field) || given(field))
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
            parts.push(names_field(entity, rule, operation, entity.field(field)));
        }
        if rule.condition != Predicate::Constant(true) {
            parts.push(Branch::All(
                "where".to_owned(),
                vec![self.branch(entity.id, &rule.condition)],
            ));
        }
        // What is asked of the row as it will be, and can only be as it is.
        let (before, _) = asked(entity, rule, operation);
        if !rule.condition.implies(&before) {
            parts.push(Branch::All("check".to_owned(), vec![self.branch(entity.id, &before)]));
        }
        parts.push(if rule.records_all {
            Branch::Known("records: all passes the record gate by".to_owned(), true)
        } else {
            self.gate(entity, operation.is_write())
        });
        Branch::All(format!("rule {}[{}]", rule.set, rule.position), parts)
    }

    /// The record gate, by what may open it.
    fn gate(&mut self, entity: &EntityDef, write: bool) -> Branch {
        match ways(self.catalog, self.policy, entity, write) {
            Ways::Open(why) => Branch::Known(why, true),
            Ways::Some(ways) => {
                let asked = ways
                    .iter()
                    .map(|(label, opens)| self.leaf(label.clone(), opens))
                    .collect();
                Branch::Any(GATE.to_owned(), asked)
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

/// Whether the rule opens the field.
fn names_field(entity: &EntityDef, rule: &Rule, operation: Operation, field: &FieldDef) -> Branch {
    if !operation.is_write() {
        let comes_along = field.system.is_some_and(SystemField::is_always_readable);
        return Branch::Known(
            format!("`read` lists {}", field.name),
            comes_along || rule.read.binary_search(&field.id).is_ok(),
        );
    }
    if !is_given(entity, field, operation) {
        return Branch::Known(withheld(entity, field, operation), false);
    }
    if rule.presets.iter().any(|(preset, _)| *preset == field.id) {
        return Branch::Known(
            format!("the caller gives {} (the rule sets it itself)", field.name),
            false,
        );
    }
    Branch::Known(
        format!("`write` lists {}", field.name),
        rule.write.binary_search(&field.id).is_ok(),
    )
}

/// That the operation takes the field from a caller, which it never does, and why.
fn withheld(entity: &EntityDef, field: &FieldDef, operation: Operation) -> String {
    let why = if entity.is_administered(field) {
        "it changes by administration alone"
    } else if operation == Operation::Transition {
        "it is no state"
    } else if field.state {
        "it changes by transitions alone"
    } else if field.immutable && operation == Operation::Update {
        "it is immutable"
    } else {
        "nobody gives it by hand"
    };
    let verb = match operation {
        Operation::Transition => "a transition",
        Operation::Create => "a creation",
        Operation::Update | Operation::Delete | Operation::Read | Operation::List => "an update",
    };
    format!("{verb} takes {} ({why})", field.name)
}

#[cfg(test)]
mod tests;

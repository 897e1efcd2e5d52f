//! One rule, parsed.

use crate::condition::{self, Scope};
use crate::operand::Operand;
use crate::predicate::{Predicate, RulePredicate};
use freehold_schema::catalog::{Catalog, Check, EntityId, FieldId, Operation, RuleDecl};
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::source::Span;

/// One grant of a permission set.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The permission set's name.
    pub set: String,
    /// Position in the set, from 0.
    pub position: usize,
    /// Where it stands.
    pub span: Span,
    /// What it is about.
    pub entity: EntityId,
    /// What it allows.
    pub allow: Vec<Operation>,
    /// Rows it applies to (`where`), without wall and gate.
    pub condition: RulePredicate,
    /// What a written row must satisfy besides wall and references: `check`, or `where` if there is none. May hold [`Operand::Before`].
    pub check: RulePredicate,
    /// Fields it opens for reading, ascending.
    pub read: Vec<FieldId>,
    /// Fields it opens for writing, ascending.
    pub write: Vec<FieldId>,
    /// Skips the record gate.
    pub records_all: bool,
    /// Values the rule writes itself.
    pub presets: Vec<(FieldId, Operand)>,
}

impl Rule {
    /// Whether it allows the operation.
    pub fn allows(&self, operation: Operation) -> bool {
        self.allow.contains(&operation)
    }
}

/// Parses a rule; every problem is told.
pub(crate) fn parse(
    catalog: &Catalog,
    set: &str,
    position: usize,
    rule: &RuleDecl,
    faults: &mut Diagnostics,
) -> Option<Rule> {
    let stored = Scope::stored(catalog, rule.entity);
    let written = Scope::written(catalog, rule.entity);
    let condition = match &rule.condition {
        Some(node) => condition::parse(stored, node, faults),
        None => Some(Predicate::Constant(true)),
    };
    let check = match &rule.check {
        Check::Condition => condition.clone(),
        Check::Any => Some(Predicate::Constant(true)),
        Check::Stated(node) => condition::parse(written, node, faults),
    };
    let entity = catalog.entity(rule.entity);
    let presets: Vec<Option<(FieldId, Operand)>> = rule
        .presets
        .iter()
        .map(|(field, node)| {
            condition::preset(stored, entity.field(*field), node, faults).map(|operand| (*field, operand))
        })
        .collect();
    Some(Rule {
        set: set.to_owned(),
        position,
        span: rule.span,
        entity: rule.entity,
        allow: rule.allow.clone(),
        condition: condition?,
        check: check?,
        read: ascending(&rule.read),
        write: ascending(&rule.write),
        records_all: rule.records_all,
        presets: presets.into_iter().collect::<Option<_>>()?,
    })
}

fn ascending(fields: &[FieldId]) -> Vec<FieldId> {
    let mut fields = fields.to_vec();
    fields.sort_unstable();
    fields.dedup();
    fields
}

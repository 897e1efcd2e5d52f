//! One entity's sources for one role set: which rows, and on which of them each field shows its value.

use super::targets::{is_administered, is_given};
use crate::policy::Policy;
use crate::predicate::{Predicate, RulePredicate};
use crate::reduce::{Holder, all, any, reduce};
use crate::rule::Rule;
use crate::source::{Guard, RowSource, SourceGuards};
use crate::wall::wall;
use freehold_schema::catalog::{Catalog, EntityDef, FieldId, Operation, SystemField};
use std::sync::Arc;

/// The rows that lists show, and those that by-id fields and references show.
pub(super) fn sources(
    catalog: &Catalog,
    policy: &Policy,
    entity: &EntityDef,
    sets: &[&str],
    holder: &Holder<'_>,
) -> (Option<RowSource>, Option<RowSource>) {
    // Who is no member reaches only the public part of a tenant.
    if catalog.is_walled(entity.id) && !entity.public && !holder.member {
        return (None, None);
    }
    let rules: Vec<&Rule> = policy.rules_of(sets).filter(|rule| rule.entity == entity.id).collect();
    let where_any = |operation: Operation, counts: &dyn Fn(&Rule) -> bool| {
        let counting = rules.iter().filter(|rule| counts(rule));
        any(counting.map(|rule| reduce(&policy.applies(rule, operation), holder)))
    };
    let wall = wall(catalog, entity.id);
    let readable = where_any(Operation::Read, &|_| true);
    let fields = field_guards(entity, &readable, &|field| {
        where_any(Operation::Read, &|rule| rule.read.binary_search(&field).is_ok())
    });
    let writes = Writes {
        can: [Operation::Update, Operation::Delete, Operation::Transition]
            .into_iter()
            .filter(|operation| !holder.reads_only && !is_administered(entity, *operation))
            .map(|operation| (operation, where_any(operation, &|_| true)))
            .filter(|(_, rows)| *rows != Predicate::Constant(false))
            .collect(),
        writable: entity
            .fields
            .iter()
            .filter(|field| !holder.reads_only && is_given(entity, field, Operation::Update))
            .map(|field| (field.id, where_any(Operation::Update, &|rule| writes(rule, field.id))))
            .filter(|(_, rows)| *rows != Predicate::Constant(false))
            .collect(),
    };
    let listed = all([wall.clone(), where_any(Operation::List, &|_| true)]);
    let read = all([wall, readable]);
    let id = entity.find_system(SystemField::Id);
    (
        source(entity, listed, &fields, &writes, id),
        source(entity, read, &fields, &writes, id),
    )
}

/// What may be done to rows, the same in both sources.
struct Writes {
    can: Vec<(Operation, RulePredicate)>,
    writable: Vec<(FieldId, RulePredicate)>,
}

/// The rows on which each field may be read: those of rules that name it, and any readable row for what comes with one.
fn field_guards(
    entity: &EntityDef,
    readable: &RulePredicate,
    named: &dyn Fn(FieldId) -> RulePredicate,
) -> Vec<(FieldId, RulePredicate)> {
    let guard = |field: &freehold_schema::catalog::FieldDef| {
        if field.system.is_some_and(SystemField::is_always_readable) {
            readable.clone()
        } else {
            named(field.id)
        }
    };
    let guards = entity.fields.iter().map(|field| (field.id, guard(field)));
    guards.filter(|(_, rows)| *rows != Predicate::Constant(false)).collect()
}

/// The source of those rows; `None` when there are never any. `id` names its row, so it shows on each.
fn source(
    entity: &EntityDef,
    rows: RulePredicate,
    fields: &[(FieldId, RulePredicate)],
    writes: &Writes,
    id: Option<FieldId>,
) -> Option<RowSource> {
    if rows == Predicate::Constant(false) {
        return None;
    }
    let named = id
        .filter(|id| !fields.iter().any(|(field, _)| field == id))
        .map(|id| (id, Guard::Open));
    let guards = fields.iter().map(|(field, guard)| {
        let open = Some(*field) == id || rows.implies(guard);
        (
            *field,
            if open {
                Guard::Open
            } else {
                Guard::When(beside(&rows, guard))
            },
        )
    });
    let mut fields: Vec<(FieldId, Guard)> = named.into_iter().chain(guards).collect();
    fields.sort_by_key(|(field, _)| *field);
    let guards = SourceGuards {
        fields,
        can: writes.can.clone(),
        writable: writes.writable.clone(),
    };
    Some(RowSource {
        entity: entity.id,
        rows: Arc::new(rows),
        guards: Arc::new(guards),
    })
}

/// What is left to ask of a row that is known to be among `rows`: a guard stands inside the source whose rows those are.
fn beside(rows: &RulePredicate, guard: &RulePredicate) -> RulePredicate {
    match guard {
        Predicate::All(parts) => Predicate::all(
            parts
                .iter()
                .filter(|part| !rows.implies(part))
                .map(|part| beside(rows, part)),
        ),
        Predicate::Any(parts) => Predicate::any(parts.iter().map(|part| beside(rows, part))),
        other => other.clone(),
    }
}

/// Whether the rule lets its holder choose the field's value.
fn writes(rule: &Rule, field: FieldId) -> bool {
    rule.write.binary_search(&field).is_ok() && !rule.presets.iter().any(|(preset, _)| *preset == field)
}

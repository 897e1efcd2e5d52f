//! Fields that decide access, and who may write them.

use crate::mentions::columns;
use crate::policy::Policy;
use crate::predicate::Predicate;
use crate::rule::Rule;
use freehold_schema::catalog::{AccessLevel, Catalog, Check, EntityId, FieldId, Operation, RuleDecl, SystemField};
use freehold_schema::diagnostic::Diagnostics;

pub(super) fn lint(catalog: &Catalog, policy: &Policy, faults: &mut Diagnostics) {
    unchecked(catalog, policy, faults);
    own_conditions(catalog, policy, faults);
}

/// A field that decides access, and by what.
struct Deciding {
    entity: EntityId,
    field: FieldId,
    by: String,
}

/// Deciding fields that a rule lets be written as anything.
fn unchecked(catalog: &Catalog, policy: &Policy, faults: &mut Diagnostics) {
    let deciding = deciding(catalog, policy);
    for rule in policy.rules().iter().filter(|rule| is_unchecked(catalog, rule)) {
        for found in deciding
            .iter()
            .filter(|found| found.entity == rule.entity && writes(catalog, rule, found.field))
        {
            let field = catalog.field(found.entity, found.field);
            faults
                .warning(
                    "unchecked-write",
                    rule.span,
                    format!(
                        "`{}` decides access ({}), and this rule lets it be written without a `check`",
                        field.name, found.by
                    ),
                )
                .hint("say with `check` what the written row must satisfy, or state `check: any`")
                .also(field.span, "the field");
        }
    }
}

/// Rules whose `where` looks at a field that the same profile or role may change, with a check that does not ask for it.
fn own_conditions(catalog: &Catalog, policy: &Policy, faults: &mut Diagnostics) {
    let profiles = catalog.profiles.values().map(|profile| &profile.sets);
    let roles = catalog.roles.values().map(|role| &role.sets);
    let mut told: Vec<(usize, EntityId, FieldId)> = Vec::new();
    for sets in profiles.chain(roles) {
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        let held: Vec<&Rule> = policy.rules_of(&sets).collect();
        for (rule, (entity, field)) in held.iter().flat_map(|rule| {
            columns(&rule.condition, rule.entity)
                .into_iter()
                .map(move |column| (*rule, column))
        }) {
            let writer = held.iter().find(|writer| {
                writer.entity == entity && changes(catalog, writer, field) && !answers_for(catalog, writer, field)
            });
            let Some(writer) = writer else { continue };
            let key = (
                policy
                    .rules()
                    .iter()
                    .position(|known| std::ptr::eq(known, rule))
                    .unwrap_or_default(),
                entity,
                field,
            );
            if told.contains(&key) {
                continue;
            }
            told.push(key);
            faults
                .warning(
                    "own-condition",
                    rule.span,
                    format!(
                        "this rule's `where` asks for `{}`, which the same people may write",
                        catalog.field(entity, field).name
                    ),
                )
                .hint(format!(
                    "let the other rule's `check` say what they may make of `{}`",
                    catalog.field(entity, field).name
                ))
                .also(writer.span, "the rule that writes it");
        }
    }
}

fn deciding(catalog: &Catalog, policy: &Policy) -> Vec<Deciding> {
    let mut found: Vec<Deciding> = Vec::new();
    let mut add = |(entity, field): (EntityId, FieldId), by: &str| {
        if !found.iter().any(|known| known.entity == entity && known.field == field) {
            found.push(Deciding {
                entity,
                field,
                by: by.to_owned(),
            });
        }
    };
    for entity in catalog
        .entities
        .values()
        .filter(|entity| entity.access != AccessLevel::Open)
    {
        if let Some(field) = entity.access_field {
            add((entity.id, field), "it is the access field");
        } else if let Some(owner) = entity
            .find_system(SystemField::Owner)
            .filter(|_| crate::gate::asks_tokens(entity))
        {
            add((entity.id, owner), "owners pass the record gate");
        }
        for token in &policy.gate(entity.id).tokens {
            for column in columns(&token.opens, entity.id) {
                add(column, &format!("record token `{}` of `{}`", token.name, entity.name));
            }
        }
    }
    for rule in policy.rules() {
        for column in columns(&rule.condition, rule.entity) {
            add(column, &format!("the `where` of a rule in `{}`", rule.set));
        }
    }
    found
}

fn declared<'a>(catalog: &'a Catalog, rule: &Rule) -> &'a RuleDecl {
    &catalog.permission_sets[&rule.set].rules[rule.position]
}

/// Nothing is asked of a written row, and nobody said that this is meant.
fn is_unchecked(catalog: &Catalog, rule: &Rule) -> bool {
    rule.check == Predicate::Constant(true) && declared(catalog, rule).check != Check::Any
}

/// The rule says what may become of the field, or says that it does not matter, or is told off already.
fn answers_for(catalog: &Catalog, rule: &Rule, field: FieldId) -> bool {
    declared(catalog, rule).check == Check::Any
        || is_unchecked(catalog, rule)
        || columns(&rule.check, rule.entity).contains(&(rule.entity, field))
}

/// Whether the rule lets the field be chosen, of a new row or a stored one.
fn writes(catalog: &Catalog, rule: &Rule, field: FieldId) -> bool {
    let entity = catalog.entity(rule.entity);
    // The record gate of the new parent is asked when a row is created.
    let created = rule.allows(Operation::Create) && !entity.field(field).state && entity.access_field != Some(field);
    names(rule, field) && (created || changes(catalog, rule, field))
}

/// Whether the rule lets the field of a stored row be changed.
fn changes(catalog: &Catalog, rule: &Rule, field: FieldId) -> bool {
    let definition = catalog.field(rule.entity, field);
    let operation = if definition.state {
        Operation::Transition
    } else {
        Operation::Update
    };
    names(rule, field) && !definition.immutable && rule.allows(operation)
}

fn names(rule: &Rule, field: FieldId) -> bool {
    rule.write.binary_search(&field).is_ok() && !rule.presets.iter().any(|(preset, _)| *preset == field)
}

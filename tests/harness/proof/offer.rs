//! What a schema offers to write: nothing without a rule, and all that can be done to some row.

use super::Somebody;
use crate::reference::{Entity, Rule, World, camel, pascal};

/// Operations of rules, and the root fields that they open.
const VERBS: [(&str, &[&str]); 4] = [
    ("create", &["create", "upsert"]),
    ("update", &["update", "upsert"]),
    ("delete", &["delete"]),
    ("transition", &["transition"]),
];

/// Compares somebody's schema with the rules.
pub(super) fn check(world: &World, somebody: &Somebody<'_>) -> Result<(), String> {
    let rules = somebody.caller.rules(world);
    let held = |entity: &Entity, operation: &str| -> Vec<&Rule> {
        let about = rules
            .iter()
            .filter(|rule| rule.entity == entity.name && rule.allows(operation));
        about.copied().collect()
    };
    for field in somebody.schema.types.get("Mutation").into_iter().flatten() {
        let is_granted = world.model.entities.values().any(|entity| {
            let nouns = [pascal(&entity.name), pascal(&entity.plural)];
            let opens = |verb: &&str| nouns.iter().any(|noun| *field == format!("{verb}{noun}"));
            let mut open = VERBS
                .iter()
                .filter(|(operation, _)| !held(entity, operation).is_empty());
            open.any(|(_, verbs)| verbs.iter().any(&opens))
        });
        if !is_granted {
            return Err(format!("Mutation.{field} stands in the schema without a rule"));
        }
    }
    for entity in world.model.entities.values() {
        inputs(entity, somebody, &held(entity, "create"), &held(entity, "update"))?;
        missing(world, entity, somebody)?;
    }
    Ok(())
}

/// Each field of an input is taken by some rule.
fn inputs(entity: &Entity, somebody: &Somebody<'_>, create: &[&Rule], update: &[&Rule]) -> Result<(), String> {
    let plain = entity
        .fields
        .iter()
        .filter(|field| !matches!(field.kind, crate::reference::Kind::List { .. }));
    for field in plain {
        for (suffix, rules) in [("CreateInput", create), ("UpdateInput", update)] {
            let (input, name) = (format!("{}{suffix}", pascal(&entity.name)), camel(&field.name));
            let is_taken = rules.iter().any(|rule| rule.takes(&field.name));
            let is_settled = field.state || (suffix == "UpdateInput" && !entity.is_given(&field.name));
            if somebody.schema.has(&input, &name) && (!is_taken || is_settled) {
                return Err(format!("{input}.{name} stands in the schema, and no rule takes it"));
            }
        }
    }
    Ok(())
}

/// What may be done to some row that the caller can read is offered.
fn missing(world: &World, entity: &Entity, somebody: &Somebody<'_>) -> Result<(), String> {
    let (caller, schema, type_name) = (&somebody.caller, &somebody.schema, pascal(&entity.name));
    let is_ordinary = entity.name != "user" && !entity.is_membership;
    for row in world.of(&entity.name).filter(|row| caller.may_read(world, *row)) {
        for field in entity
            .fields
            .iter()
            .filter(|field| caller.may_write_field(world, row, &field.name))
        {
            let (input, name) = (format!("{type_name}UpdateInput"), camel(&field.name));
            let update = format!("update{type_name}");
            if !schema.has(&input, &name) || !schema.has("Mutation", &update) {
                return Err(format!("{input}.{name} can be written and is missing in the schema"));
            }
        }
        let delete = format!("delete{type_name}");
        if is_ordinary && caller.may(world, "delete", row) && !schema.has("Mutation", &delete) {
            return Err(format!("{delete} is allowed on a row and missing in the schema"));
        }
        let moves = |rule: &&Rule| {
            rule.entity == entity.name && entity.fields.iter().any(|field| field.state && rule.takes(&field.name))
        };
        let is_moved = caller
            .rules(world)
            .into_iter()
            .filter(moves)
            .any(|rule| caller.applies(world, rule, "transition", row));
        let transition = format!("transition{type_name}");
        if is_moved && !schema.has("Mutation", &transition) {
            return Err(format!("{transition} is allowed on a row and missing in the schema"));
        }
    }
    Ok(())
}

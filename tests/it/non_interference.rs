//! Two databases that differ only in what the caller may not read give the same answers.
//!
//! Ids are made by each server, so they are replaced by the rows' names before answers are compared byte by byte.

use crate::agreement::identify;
use freehold_tests::generate::{Asker, Change, Schema, draft, seed};
use freehold_tests::proof::{caller_of, callers, write};
use freehold_tests::reference::{Caller, Kind, Val, World, document, list_text};
use freehold_tests::{Random, Start, on_both_databases, proof_cases, proof_seed};
use serde_json::Value;

const CASES: u64 = 6;
const QUERIES: usize = 40;

on_both_databases! {
    fn what_is_hidden_changes_no_answer(database) {
        for case in 0..proof_cases(CASES) {
            let number = proof_seed() + 1_000_000 + case;
            let mut random = Random::new(number);
            let draft = draft(&mut random);
            let seed = seed(&mut random, &draft);
            let folder = write(&draft, &seed);
            let document = document::read(&folder.model());
            let mut world = World::new(&document);
            let (name, tenant) = callers(&mut random, &draft).pop().expect("there is a caller");

            let server = Start::with_folder(folder, database).start();
            let (person, caller) = caller_of(&world, &server, name.as_deref(), tenant);
            let (changed, count) = change_hidden(&mut random, &draft, &seed, &document, &world, &caller);
            assert!(count > 0 || !draft.tenants, "seed {number}: nothing is hidden from {name:?}");
            let other_folder = write(&draft, &changed);
            let mut other_world = World::read(&other_folder.model());
            let other_server = Start::with_folder(other_folder, database).start();
            let (other_person, _) = caller_of(&other_world, &other_server, name.as_deref(), tenant);
            identify(&mut world, &server);
            identify(&mut other_world, &other_server);

            let schema = Schema::of(&person);
            assert_eq!(schema.types, Schema::of(&other_person).types, "seed {number}: the schema depends on rows");
            let mut asker = Asker { world: &world, schema: &schema, random: Random::new(random.number()), whole: true };
            let lists = asker.lists();
            for _ in 0..QUERIES {
                if lists.is_empty() {
                    break;
                }
                let entity = asker.random.pick(&lists).clone();
                let list = asker.list(&entity);
                let ask = |world: &World| format!("{{ {} }}", list_text(world, &list));
                let one = normal(&world, &person.answer(&ask(&world)).without_request_id());
                let other = normal(&other_world, &other_person.answer(&ask(&other_world)).without_request_id());
                if one != other {
                    server.keep();
                    other_server.keep();
                    let (here, there) = (server.folder().path().display(), other_server.folder().path().display());
                    panic!("seed {number}, {name:?} in {tenant:?}: {count} hidden values changed\n  {}\n  {here}: {one}\n  {there}: {other}", ask(&world));
                }
            }
        }
    }
}

/// Changes every value that the caller may not read, unless a decision for the caller hangs on it.
fn change_hidden(
    random: &mut Random,
    draft: &freehold_tests::generate::Draft,
    seed: &Value,
    document: &serde_json::Map<String, Value>,
    world: &World,
    caller: &Caller,
) -> (Value, usize) {
    let known = knowledge(world, caller);
    let (mut changed, mut count) = (seed.clone(), 0);
    for row in world.ids() {
        let (entity, label) = (world.row_of(row).entity.clone(), world.row_of(row).label.clone());
        for field in &world.model.entity(&entity).fields {
            let is_there = caller.may_list(world, row) || caller.may_read(world, row);
            // The address of a tenant is not a row's business alone.
            let is_address = entity == "org" && field.name == "slug";
            if is_address
                || is_there && caller.may_read_field(world, row, &field.name)
                || field.name == "label"
                || matches!(field.kind, Kind::List { .. })
            {
                continue;
            }
            let change = Change {
                entity: entity.clone(),
                label: label.clone(),
                field: field.name.clone(),
            };
            let mut attempt = changed.clone();
            if !change.apply(random, draft, &mut attempt) {
                continue;
            }
            let mut other = document.clone();
            other.extend(attempt.as_object().cloned().expect("a seed is a map"));
            if knowledge(&World::new(&other), caller) == known {
                (changed, count) = (attempt, count + 1);
            }
        }
    }
    (changed, count)
}

/// All that the caller may know, row by row.
fn knowledge(world: &World, caller: &Caller) -> Vec<(bool, bool, Vec<Val>)> {
    let of_row = |row| {
        let (lists, reads) = (caller.may_list(world, row), caller.may_read(world, row));
        let fields = &world.model.entity(&world.row_of(row).entity).fields;
        let sees = |name: &str| {
            if lists || reads {
                caller.sees(world, row, name)
            } else {
                Val::Null
            }
        };
        let may = |name: &str| Val::Bool((lists || reads) && caller.may_read_field(world, row, name));
        let values = fields
            .iter()
            .flat_map(|field| [may(&field.name), sees(&field.name)])
            .collect();
        (lists, reads, values)
    };
    world.ids().map(of_row).collect()
}

/// Ids become names, and lists that no key orders become ordered.
fn normal(world: &World, value: &Value) -> String {
    let mut text = value.to_string();
    for row in &world.rows {
        text = text.replace(
            row.id.as_deref().unwrap_or("no id"),
            &format!("{}.{}", row.entity, row.label),
        );
    }
    let mut value: Value = serde_json::from_str(&text).expect("JSON stays JSON");
    order(&mut value);
    value.to_string()
}

fn order(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(order);
            items.sort_by_key(Value::to_string);
        }
        Value::Object(map) => map.values_mut().for_each(order),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

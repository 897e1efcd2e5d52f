//! What can be wrong with the values of a mutation, whatever the rows are.

use super::clause::Rule;
use super::decision::Caller;
use super::model::{Entity, Kind};
use super::mutation::{Given, Input, Mutation, Nested, Verb};
use super::value::Val;
use super::world::World;

/// The first root field with a wrong value.
pub(super) fn first_wrong(world: &World, caller: &Caller, mutation: &Mutation) -> Option<usize> {
    let judge = Judge { world, caller };
    mutation.writes.iter().position(|write| {
        let entity = world.model.entity(&write.entity);
        !match &write.verb {
            Verb::Create(input) => judge.new_row(entity, input, None),
            Verb::CreateMany(inputs) => inputs.iter().all(|input| judge.new_row(entity, input, None)),
            Verb::Update(_, input, _) | Verb::UpdateMany(_, input, _) => judge.values(entity, input),
            Verb::Upsert(key, input) => {
                judge.new_row(entity, input, None)
                    && key.iter().all(|name| input.iter().any(|(given, _)| given == name))
            }
            Verb::Delete(..) | Verb::DeleteMany(..) | Verb::Transition(..) => true,
        }
    })
}

struct Judge<'a> {
    world: &'a World,
    caller: &'a Caller,
}

impl Judge<'_> {
    /// Nothing that must be there is left out or null; in `place`, the reference back is there.
    fn new_row(&self, entity: &Entity, input: &Input, place: Option<&str>) -> bool {
        let is_given = |name: &str| place == Some(name) || input.iter().any(|(given, _)| given == name);
        let missing = entity.fields.iter().filter(|field| {
            field.required && field.default.is_null() && field.kind != Kind::Autonumber && !is_given(&field.name)
        });
        let missing: Vec<&str> = missing.map(|field| field.name.as_str()).collect();
        let named: Vec<&str> = input
            .iter()
            .filter(|(_, given)| !matches!(given, Given::Nested(_)))
            .map(|(name, _)| name.as_str())
            .chain(place)
            .collect();
        let rules = self.caller.rules(self.world);
        let rules: Vec<&Rule> = rules
            .into_iter()
            .filter(|rule| rule.entity == entity.name && rule.allows("create"))
            .collect();
        let covering = rules.iter().any(|rule| named.iter().all(|name| rule.takes(name)));
        // One of the rules that take what is given, or else any, sets what is missing.
        let fills = |rule: &&Rule| {
            missing
                .iter()
                .all(|name| rule.presets.iter().any(|(preset, _)| preset == name))
        };
        let is_filled = rules
            .iter()
            .filter(|rule| !covering || named.iter().all(|name| rule.takes(name)))
            .any(fills);
        (missing.is_empty() || is_filled) && self.values(entity, input)
    }

    /// Nothing that must be there is null.
    fn values(&self, entity: &Entity, input: &Input) -> bool {
        input
            .iter()
            .all(|(name, given)| match (given, &entity.field(name).kind) {
                (Given::Value(value), _) => *value != Val::Null || !entity.field(name).required,
                (Given::Row(_), _) => true,
                (Given::Nested(nested), Kind::List { of, by }) => self.list(self.world.model.entity(of), by, nested),
                (Given::Nested(_), _) => false,
            })
    }

    fn list(&self, of: &Entity, by: &str, nested: &Nested) -> bool {
        let leaves = nested.disconnect.is_empty() || !of.field(by).required;
        let changed = nested.update.iter().all(|(_, input, _)| self.values(of, input));
        leaves && changed && nested.create.iter().all(|input| self.new_row(of, input, Some(by)))
    }
}

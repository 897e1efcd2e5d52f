//! Random mutations that fit a caller's schema: many that are allowed, many that just are not.

use super::data;
use super::query::Asker;
use super::schema::Schema;
use crate::random::Random;
use crate::reference::{
    Caller, Entity, Field, Given, Input, Kind, Mutation, Nested, Presence, Rule, Select, Target, Val, Verb, World,
    Write, apply, camel, parse, pascal, root_field, shout,
};

/// Makes mutations for one caller.
#[derive(Debug)]
pub struct Mutator<'a> {
    /// The rows.
    pub world: &'a World,
    /// Who asks.
    pub caller: &'a Caller,
    /// What may be asked.
    pub schema: &'a Schema,
    /// Chance.
    pub random: Random,
}

/// Candidates of which one is taken.
const CANDIDATES: usize = 6;

impl Mutator<'_> {
    /// A mutation; more often than not one that is allowed, else one of which the refusal says something. `None` where the schema
    /// offers nothing.
    pub fn mutation(&mut self) -> Option<Mutation> {
        let is_wanted = !self.random.one_in(3);
        let mut first = None;
        for _ in 0..CANDIDATES {
            let mutation = self.candidate()?;
            let verdict = apply(self.world, self.caller, &mutation);
            let fits = match &verdict.outcome {
                // Of a row that comes and goes in one operation nobody learns the id.
                Ok(written) => {
                    let mut rows = written.world.rows.iter();
                    if rows.any(|row| row.presence == Presence::Deleted && row.id.is_none()) {
                        continue;
                    }
                    is_wanted
                }
                Err(refusal) => !is_wanted && !matches!(refusal.code, "NOT_FOUND" | "BAD_USER_INPUT"),
            };
            if fits {
                return Some(mutation);
            }
            first.get_or_insert(mutation);
        }
        first
    }

    fn candidate(&mut self) -> Option<Mutation> {
        let mut mutation = Mutation::default();
        let count = *self.random.pick(&[1, 1, 1, 1, 2, 3]);
        for number in 0..count {
            let mut offered = self.offered();
            // Which of the rows that are new would be found by a filter is told by nobody.
            offered.retain(|(_, verb)| number == 0 || *verb != "delete many");
            if offered.is_empty() {
                return None;
            }
            let (entity, verb) = self.random.pick(&offered).clone();
            let verb = self.verb(&entity, verb)?;
            let select = self.select(&entity);
            mutation.writes.push(Write { entity, verb, select });
        }
        Some(mutation)
    }

    /// What the schema offers: entity and verb, and those that change much more often.
    fn offered(&self) -> Vec<(String, &'static str)> {
        let mut offered = Vec::new();
        for entity in self.world.model.entities.values() {
            // Where rules set every field of a new row, there is no input to make up.
            let has_input = self
                .schema
                .types
                .contains_key(&format!("{}CreateInput", pascal(&entity.name)));
            let mut offer = |probe: Verb, name: &'static str, weight: usize| {
                if !has_input && name == "create" {
                    return;
                }
                let write = Write {
                    entity: entity.name.clone(),
                    verb: probe,
                    select: Vec::new(),
                };
                if self.schema.has("Mutation", &root_field(&self.world.model, &write)) {
                    offered.extend(std::iter::repeat_n((entity.name.clone(), name), weight));
                }
            };
            let (nobody, nothing) = (Target::Missing(String::new()), Input::new());
            let any = crate::reference::Filter::All(Vec::new());
            offer(Verb::Create(nothing.clone()), "create", 4);
            offer(Verb::CreateMany(Vec::new()), "create many", 1);
            offer(Verb::Update(nobody.clone(), nothing.clone(), None), "update", 5);
            offer(Verb::UpdateMany(any.clone(), nothing.clone(), None), "update many", 1);
            offer(Verb::Delete(nobody.clone(), None), "delete", 2);
            offer(Verb::DeleteMany(any, None), "delete many", 1);
            offer(Verb::Upsert(Vec::new(), nothing), "upsert", 2);
            offer(Verb::Transition(nobody, String::new(), None), "transition", 2);
        }
        offered
    }

    fn verb(&mut self, name: &str, verb: &str) -> Option<Verb> {
        let entity = self.world.model.entity(name);
        let create = format!("{}CreateInput", pascal(name));
        Some(match verb {
            "create" => Verb::Create(self.input(entity, "create", &create, None, 2)),
            "create many" => {
                let count = self.random.below(4);
                Verb::CreateMany(
                    (0..count)
                        .map(|_| self.input(entity, "create", &create, None, 1))
                        .collect(),
                )
            }
            "update" => {
                let target = self.target(name, "update");
                let input = self.update(entity, &target, 2);
                let version = self.version(&target);
                Verb::Update(target, input, version)
            }
            "update many" => {
                let input = self.update(entity, &Target::Missing(String::new()), 0);
                let (filter, at_most) = self.filter(name)?;
                Verb::UpdateMany(filter, input, at_most)
            }
            "delete" => {
                let target = self.target(name, "delete");
                let version = self.version(&target);
                Verb::Delete(target, version)
            }
            "delete many" => {
                let (filter, at_most) = self.filter(name)?;
                Verb::DeleteMany(filter, at_most)
            }
            "upsert" => self.upsert(entity, &create)?,
            _ => {
                let target = self.target(name, "transition");
                let version = self.version(&target);
                let to = (*self.random.pick(&super::STATES)).to_owned();
                Verb::Transition(target, to, version)
            }
        })
    }

    fn upsert(&mut self, entity: &Entity, create: &str) -> Option<Verb> {
        let members = format!("{}UniqueKey", pascal(&entity.name));
        let name = |key: &Vec<String>| key.iter().map(|part| shout(part)).collect::<Vec<_>>().join("_AND_");
        let keys: Vec<Vec<String>> = entity
            .unique
            .iter()
            .filter(|key| self.schema.has(&members, &name(key)))
            .cloned()
            .collect();
        if keys.is_empty() {
            return None;
        }
        let key = self.random.pick(&keys).clone();
        let mut input = self.input(entity, "create", create, None, 1);
        let rows: Vec<_> = self.world.of(&entity.name).collect();
        let alike = (!rows.is_empty() && !self.random.one_in(3)).then(|| *self.random.pick(&rows));
        for part in &key {
            let given = match alike.map(|row| self.world.raw(row, part)) {
                Some(Val::Row(row)) => Given::Row(Target::Row(*row)),
                Some(value) => Given::Value(value.clone()),
                None => self.given(entity, entity.field(part)),
            };
            input.retain(|(name, _)| name != part);
            input.push((part.clone(), given));
        }
        Some(Verb::Upsert(key, input))
    }

    /// A filter, and how many rows it may find.
    fn filter(&mut self, name: &str) -> Option<(crate::reference::Filter, Option<usize>)> {
        if !self.schema.types.contains_key(&format!("{}Filter", pascal(name))) {
            return None;
        }
        let mut asker = self.asker();
        let filter = asker.filter(name, 2);
        let at_most = match self.random.below(4) {
            0 => None,
            1 => Some(self.random.below(3) + 1),
            _ => Some(20),
        };
        Some((filter, at_most))
    }

    fn asker(&mut self) -> Asker<'_> {
        Asker {
            world: self.world,
            schema: self.schema,
            random: Random::new(self.random.number()),
            whole: true,
        }
    }

    /// What to answer of a row.
    fn select(&mut self, name: &str) -> Vec<Select> {
        if !self.schema.has(&pascal(name), "id") {
            return Vec::new();
        }
        let depth = *self.random.pick(&[0, 0, 0, 1, 1, 2]);
        self.asker().select(name, depth)
    }

    /// A row to write: most often one that may be written so, sometimes one that is not even there.
    fn target(&mut self, entity: &str, operation: &str) -> Target {
        let (world, caller) = (self.world, self.caller);
        let of = |presence: Presence, own: bool| {
            let rows = world.rows.iter().enumerate();
            let fits =
                rows.filter(|(_, row)| row.presence == presence && (row.entity == entity) == own && row.id.is_some());
            fits.map(|(number, _)| crate::reference::RowId(number))
                .collect::<Vec<_>>()
        };
        let stored = of(Presence::Stored, true);
        let choice = match self.random.below(20) {
            0 => of(Presence::Deleted, true),
            1 => of(Presence::Stored, false),
            2 | 3 => stored.clone(),
            4..=7 => stored
                .iter()
                .copied()
                .filter(|row| caller.may_read(world, *row))
                .collect(),
            8 => Vec::new(),
            _ => {
                let is_open =
                    |row: &crate::reference::RowId| caller.may_read(world, *row) && caller.may(world, operation, *row);
                let open: Vec<_> = stored.iter().copied().filter(is_open).collect();
                if open.is_empty() { stored.clone() } else { open }
            }
        };
        if choice.is_empty() {
            return self.missing(entity);
        }
        Target::Row(*self.random.pick(&choice))
    }

    /// An id as rows of the entity have it, and none has.
    fn missing(&mut self, entity: &str) -> Target {
        let known = self
            .world
            .rows
            .iter()
            .filter(|row| row.entity == entity)
            .find_map(|row| row.id.clone());
        let known = known.unwrap_or_else(|| "01938b1e-7b6a-8001-8000-000000000000".into());
        let number = self.random.number() & 0xffff_ffff_ffff;
        Target::Missing(format!(
            "{}-{number:012x}",
            known.rsplit_once('-').map_or("", |(front, _)| front)
        ))
    }

    fn version(&mut self, target: &Target) -> Option<i64> {
        if !self.random.one_in(4) {
            return None;
        }
        match target {
            Target::Row(row) if !self.random.one_in(3) => match self.world.raw(*row, "version") {
                Val::Int(version) => Some(*version),
                _ => Some(1),
            },
            _ => Some(self.random.below(4) as i64),
        }
    }

    fn update(&mut self, entity: &Entity, target: &Target, depth: usize) -> Input {
        let type_name = format!("{}UpdateInput", pascal(&entity.name));
        if self.random.one_in(20) {
            return Input::new();
        }
        self.input(entity, "update", &type_name, Some(target), depth)
    }

    /// Values for an input type. `parent` is the row that an update changes.
    fn input(
        &mut self,
        entity: &Entity,
        operation: &str,
        type_name: &str,
        parent: Option<&Target>,
        depth: usize,
    ) -> Input {
        let rules = self.caller.rules(self.world);
        let rules: Vec<&Rule> = rules
            .into_iter()
            .filter(|rule| rule.entity == entity.name && rule.allows(operation))
            .collect();
        let rule = (!rules.is_empty()).then(|| *self.random.pick(&rules));
        let mut input = Input::new();
        for field in &entity.fields {
            let name = camel(&field.name);
            if !self.schema.has(type_name, &name) {
                continue;
            }
            if let Kind::List { of, by } = &field.kind {
                if depth > 0 && self.random.one_in(3) {
                    let nested = self.nested(entity, &field.name, of, by, parent, depth - 1);
                    input.push((field.name.clone(), Given::Nested(nested)));
                }
                continue;
            }
            let must = self.schema.requires(type_name, &name);
            let takes = rule.is_none_or(|rule| rule.takes(&field.name));
            let needed = operation == "create" && field.required && field.default.is_null() && takes;
            let is_given = must
                || needed
                || (takes && self.random.one_in(if operation == "create" { 2 } else { 3 }))
                || self.random.one_in(24);
            if is_given {
                let mut given = self.given(entity, field);
                if !must && self.random.one_in(if field.required { 40 } else { 10 }) {
                    given = Given::Value(Val::Null);
                }
                input.push((field.name.clone(), given));
            }
        }
        input
    }

    fn given(&mut self, entity: &Entity, field: &Field) -> Given {
        let values: Vec<&Val> = self
            .world
            .of(&entity.name)
            .map(|row| self.world.raw(row, &field.name))
            .filter(|value| !value.is_null())
            .collect();
        let is_word = matches!(field.name.as_str(), "label" | "code");
        // Addresses a tenant, and so is one word of ASCII.
        if field.name == "slug" {
            let fresh = Val::Text(format!("slug-{:08x}", self.random.number() & 0xffff_ffff));
            let known = values.first().filter(|_| self.random.one_in(3));
            return Given::Value(known.map_or(fresh, |value| (*value).clone()));
        }
        let value = match &field.kind {
            Kind::Ref(_) | Kind::OneOf(_) => {
                let target = self.random.pick(field.targets()).clone();
                // Of a parent it matters whether it may be written, and most of all where it can only be read.
                let is_parent = entity.access_field.as_deref() == Some(field.name.as_str());
                let readable: Vec<_> = self
                    .world
                    .of(&target)
                    .filter(|row| self.caller.may_read(self.world, *row))
                    .collect();
                let readable: Vec<_> = readable
                    .into_iter()
                    .filter(|row| self.world.row_of(*row).id.is_some())
                    .collect();
                if is_parent && !readable.is_empty() && self.random.one_in(2) {
                    return Given::Row(Target::Row(*self.random.pick(&readable)));
                }
                let target = self.target(&target, "update");
                return Given::Row(target);
            }
            Kind::Text if is_word && (values.is_empty() || !self.random.one_in(8)) => {
                Val::Text(format!("{} {:08x}", field.name, self.random.number() & 0xffff_ffff))
            }
            // A value that some row has.
            _ if !values.is_empty() && self.random.one_in(3) => (*self.random.pick(&values)).clone(),
            kind => {
                let word = match kind {
                    Kind::Int => "int",
                    Kind::Float => "float",
                    Kind::Decimal => "decimal",
                    Kind::Boolean => "boolean",
                    Kind::Date => "date",
                    Kind::DateTime => "datetime",
                    Kind::Select(_) => "select",
                    Kind::MultiSelect(_) => "multiselect",
                    _ => "text",
                };
                parse(field, &data::value(&mut self.random, word))
            }
        };
        Given::Value(value)
    }

    fn nested(
        &mut self,
        entity: &Entity,
        list: &str,
        of: &str,
        by: &str,
        parent: Option<&Target>,
        depth: usize,
    ) -> Nested {
        let child = self.world.model.entity(of);
        let front = format!("{}{}", pascal(&entity.name), pascal(list));
        let input = format!(
            "{front}Nested{}Input",
            if parent.is_some() { "Update" } else { "Create" }
        );
        let mut nested = Nested::default();
        let parent = match parent {
            Some(Target::Row(row)) => Some(*row),
            _ => None,
        };
        if self.schema.has(&input, "create") && self.random.one_in(2) {
            for _ in 0..=self.random.below(2) {
                let mut given = self.input(child, "create", &format!("{front}CreateInput"), None, depth);
                given.retain(|(name, _)| name != by);
                nested.create.push(given);
            }
        }
        let mut targets = |word: &str, operation: &str| {
            let mut targets = Vec::new();
            if self.schema.has(&input, word) && self.random.one_in(4) {
                for _ in 0..=self.random.below(2) {
                    let own: Vec<_> = self
                        .world
                        .of(of)
                        .filter(|row| parent.is_some_and(|parent| *self.world.raw(*row, by) == Val::Row(parent)))
                        .filter(|row| self.world.row_of(*row).id.is_some())
                        .collect();
                    if own.is_empty() || self.random.one_in(6) || word == "connect" {
                        targets.push(self.target(of, operation));
                    } else {
                        targets.push(Target::Row(*self.random.pick(&own)));
                    }
                }
            }
            targets
        };
        nested.disconnect = targets("disconnect", "update");
        nested.delete = targets("delete", "delete");
        nested.connect = targets("connect", "update");
        let changed = targets("update", "update");
        for target in changed {
            let input = self.update(child, &target, depth);
            let version = self.version(&target);
            nested.update.push((target, input, version));
        }
        nested
    }
}

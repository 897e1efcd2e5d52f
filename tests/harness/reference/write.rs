//! What a mutation does to a world, decided row by row. Each function is a paragraph of the rules for writes.

mod judging;
mod nested;

use super::answer::{answer_one, passes};
use super::ask::{Filter, Select};
use super::decision::Caller;
use super::model::{Entity, Kind};
use super::mutation::{Given, Input, Mutation, Refusal, Target, Verb, Write};
use super::value::Val;
use super::world::{Presence, Row, RowId, World, parse};
use serde_json::Value;
use std::cell::Cell;
use std::sync::Arc;

/// What a mutation did.
#[derive(Clone, Debug)]
pub struct Written {
    /// The world after it.
    pub world: World,
    /// The answer of each root field.
    pub answers: Vec<Answered>,
}

/// The answer of one root field, to be read once the ids of new rows are known.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The world as the answer sees it.
    scene: World,
    rows: Vec<RowId>,
    is_list: bool,
    select: Vec<Select>,
}

/// What was decided about a mutation.
#[derive(Debug)]
pub struct Verdict {
    /// What it did, or why it did nothing.
    pub outcome: Result<Written, Refusal>,
    /// How many rows were judged until that was known.
    pub judged: u64,
}

/// Decides a mutation: all of it, or nothing.
pub fn apply(world: &World, caller: &Caller, mutation: &Mutation) -> Verdict {
    // What a value must be like is looked at before any row is.
    if let Some(root) = super::values::first_wrong(world, caller, mutation) {
        return Verdict {
            outcome: Err(Refusal {
                code: "BAD_USER_INPUT",
                root: Some(root),
            }),
            judged: 0,
        };
    }
    let mut writer = Writer {
        world: world.clone(),
        caller,
        judged: Cell::new(0),
    };
    let mut answers = Vec::new();
    for (root, write) in mutation.writes.iter().enumerate() {
        match writer.root(write) {
            Ok(answer) => answers.push(answer),
            Err(code) => {
                let outcome = Err(Refusal { code, root: Some(root) });
                return Verdict {
                    outcome,
                    judged: writer.judged.get(),
                };
            }
        }
    }
    Verdict {
        outcome: Ok(Written {
            world: writer.world,
            answers,
        }),
        judged: writer.judged.get(),
    }
}

impl Answered {
    /// The answer, with ids and instants as the world knows them by now. The order of a bulk write's rows is that of their ids.
    pub fn value(&self, caller: &Caller, known: &World) -> Value {
        let mut scene = self.scene.clone();
        for (row, known) in scene.rows.iter_mut().zip(&known.rows) {
            if row.id != known.id {
                Arc::make_mut(row).id.clone_from(&known.id);
            }
        }
        let one = |row: &RowId| answer_one(&scene, caller, *row, &self.select);
        if self.is_list {
            self.rows.iter().map(one).collect()
        } else {
            self.rows.first().map_or(Value::Null, one)
        }
    }

    /// Puts the server's time in the place of ours.
    pub fn tell_time(&mut self, ours: &str, theirs: &str) {
        self.scene.tell_time(ours, theirs);
    }
}

type Decided<T> = Result<T, &'static str>;

struct Writer<'a> {
    world: World,
    caller: &'a Caller,
    judged: Cell<u64>,
}

/// A row's place in a list field: the field that refers back, and the parent.
#[derive(Clone, Copy)]
struct Place<'a> {
    by: &'a str,
    parent: RowId,
}

impl Writer<'_> {
    fn root(&mut self, write: &Write) -> Decided<Answered> {
        let entity = &write.entity;
        let is_list = matches!(
            write.verb,
            Verb::CreateMany(_) | Verb::UpdateMany(..) | Verb::DeleteMany(..)
        );
        let mut before = None;
        let rows = match &write.verb {
            Verb::Create(input) => vec![self.create(entity, input, None)?],
            Verb::CreateMany(inputs) => {
                let rows = inputs.iter().map(|input| self.create(entity, input, None));
                rows.collect::<Decided<_>>()?
            }
            Verb::Update(target, input, version) => {
                let row = self.find(entity, target)?;
                self.update(row, input, *version, None)?;
                vec![row]
            }
            Verb::UpdateMany(filter, input, at_most) => {
                let rows = self.matched(entity, filter, *at_most)?;
                for row in &rows {
                    self.check_listed(entity, *row)?;
                    self.update(*row, input, None, None)?;
                }
                rows
            }
            Verb::Delete(target, version) => {
                let row = self.find(entity, target)?;
                before = Some(self.world.clone());
                self.delete(row, *version)?;
                vec![row]
            }
            Verb::DeleteMany(filter, at_most) => {
                let rows = self.matched(entity, filter, *at_most)?;
                before = Some(self.world.clone());
                for row in &rows {
                    // A cascade may have been faster.
                    if self.world.row_of(*row).presence == Presence::Stored {
                        self.check_listed(entity, *row)?;
                        self.delete(*row, None)?;
                    }
                }
                rows
            }
            Verb::Upsert(key, input) => vec![self.upsert(entity, key, input)?],
            Verb::Transition(target, to, version) => {
                let row = self.find(entity, target)?;
                self.transition(row, to, *version)?;
                vec![row]
            }
        };
        Ok(Answered {
            scene: before.unwrap_or_else(|| self.world.clone()),
            rows,
            is_list,
            select: write.select.clone(),
        })
    }

    fn judge(&self) {
        self.judged.set(self.judged.get() + 1);
    }

    /// The row that the caller names: hidden and missing are the same.
    fn find(&self, entity: &str, target: &Target) -> Decided<RowId> {
        self.judge();
        match target {
            Target::Row(row) if self.shows(entity, *row) => Ok(*row),
            Target::Row(_) | Target::Missing(_) => Err("NOT_FOUND"),
        }
    }

    fn shows(&self, entity: &str, row: RowId) -> bool {
        let found = self.world.row_of(row);
        found.presence == Presence::Stored && found.entity == entity && self.caller.may_read(&self.world, row)
    }

    /// Rows of the caller's list that a filter finds.
    fn matched(&self, entity: &str, filter: &Filter, at_most: Option<usize>) -> Decided<Vec<RowId>> {
        let listed = self
            .world
            .of(entity)
            .filter(|row| self.caller.may_list(&self.world, *row));
        let mut rows: Vec<RowId> = listed
            .filter(|row| passes(&self.world, self.caller, *row, filter))
            .collect();
        // In the order of their ids; those of new rows are greater than any.
        rows.sort_by_key(|row| {
            let id = &self.world.row_of(*row).id;
            (id.is_none(), id.clone())
        });
        if rows.len() > at_most.unwrap_or(1) {
            return Err("LIMIT_EXCEEDED");
        }
        Ok(rows)
    }

    /// A row of one's list is no secret; what cannot be read cannot be written all the same.
    fn check_listed(&self, entity: &str, row: RowId) -> Decided<()> {
        if self.shows(entity, row) {
            Ok(())
        } else {
            Err("FORBIDDEN")
        }
    }

    fn create(&mut self, entity: &str, input: &Input, place: Option<Place<'_>>) -> Decided<RowId> {
        let model = Arc::clone(&self.world.model);
        let declared = model.entity(entity);
        let is_inside = declared.walled && model.tenant.is_some();
        if is_inside && self.caller.tenant.is_none() {
            return Err("NOT_FOUND");
        }
        let given = self.values(declared, input, place)?;
        let mut row = Row {
            entity: entity.into(),
            label: String::new(),
            tenant: self.caller.tenant.filter(|_| is_inside),
            values: declared
                .fields
                .iter()
                .map(|field| (field.name.clone(), parse(field, &field.default)))
                .collect(),
            id: None,
            presence: Presence::Proposed,
        };
        let caller = self.caller.user.map_or(Val::Null, Val::Row);
        for name in ["owner", "created_by", "updated_by"] {
            row.values.insert(name.into(), caller.clone());
        }
        for name in ["created_at", "updated_at"] {
            row.values.insert(name.into(), Val::Text(self.caller.now.clone()));
        }
        row.values.insert("id".into(), Val::Row(RowId(self.world.rows.len())));
        if let Some(tenant) = row.tenant.filter(|_| declared.find_field("tenant").is_some()) {
            row.values.insert("tenant".into(), Val::Row(tenant));
        }
        row.values.extend(given.iter().cloned());
        let changed: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
        // It is judged with the number that it gets.
        for field in declared.fields.iter().filter(|field| field.kind == Kind::Autonumber) {
            let number = self.world.take_number(entity, &field.name, row.tenant);
            row.values.insert(field.name.clone(), Val::Int(number));
        }
        let mut row = self.granted("create", None, &row, &changed)?;
        let id = RowId(self.world.rows.len());
        self.check_keys(declared, id, &row)?;
        row.presence = Presence::Stored;
        self.world.rows.push(Arc::new(row));
        self.nested(id, input)?;
        Ok(id)
    }

    fn update(&mut self, row: RowId, input: &Input, version: Option<i64>, place: Option<Place<'_>>) -> Decided<()> {
        let model = Arc::clone(&self.world.model);
        let declared = model.entity(&self.world.row_of(row).entity);
        let given = self.values(declared, input, place)?;
        self.change("update", declared, row, &given, version)?;
        self.nested(row, input)
    }

    fn transition(&mut self, row: RowId, to: &str, version: Option<i64>) -> Decided<()> {
        let model = Arc::clone(&self.world.model);
        let declared = model.entity(&self.world.row_of(row).entity);
        let field = declared
            .fields
            .iter()
            .find(|field| field.state)
            .expect("a transition has a state field");
        let given = [(field.name.clone(), Val::Text(to.into()))];
        self.change("transition", declared, row, &given, version)
    }

    /// A row that the caller can read, with new values.
    fn change(
        &mut self,
        operation: &str,
        declared: &Entity,
        row: RowId,
        given: &[(String, Val)],
        version: Option<i64>,
    ) -> Decided<()> {
        let mut proposed = self.world.row_of(row).clone();
        proposed.values.extend(given.iter().cloned());
        let changed: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
        let proposed = self.granted(operation, Some(row), &proposed, &changed)?;
        self.check_version(row, version)?;
        if !given.is_empty() {
            self.check_keys(declared, row, &proposed)?;
            *self.world.row_mut(row) = Row {
                presence: Presence::Stored,
                ..proposed
            };
            self.touch(row);
        }
        Ok(())
    }

    /// Counts a change.
    fn touch(&mut self, row: RowId) {
        let now = Val::Text(self.caller.now.clone());
        let caller = self.caller.user.map_or(Val::Null, Val::Row);
        let values = &mut self.world.row_mut(row).values;
        if let Some(Val::Int(version)) = values.get_mut("version") {
            *version += 1;
        }
        values.insert("updated_at".into(), now);
        values.insert("updated_by".into(), caller);
    }

    fn upsert(&mut self, entity: &str, key: &[String], input: &Input) -> Decided<RowId> {
        let model = Arc::clone(&self.world.model);
        let declared = model.entity(entity);
        let wanted: Vec<Val> = key.iter().map(|name| value_of(declared, input, name)).collect();
        let has = |row: &RowId| {
            let mut pairs = key.iter().zip(&wanted);
            pairs.all(|(name, wanted)| self.world.raw(*row, name).equals(wanted))
        };
        let in_tenant = |row: &RowId| self.caller.is_in_tenant(&self.world, *row);
        let found = self.world.of(entity).filter(in_tenant).find(has);
        match found {
            None => self.create(entity, input, None),
            // For this caller there is no such row, or it does not show them what finds it: the key is taken for whoever may add one,
            // and no more is said.
            Some(row)
                if !self.caller.may_read(&self.world, row)
                    || !key
                        .iter()
                        .all(|name| self.caller.may_read_field(&self.world, row, name)) =>
            {
                self.create(entity, input, None)
            }
            Some(row) => {
                // What the input refers to must be there for the caller, whether it is written or not.
                self.values(declared, input, None)?;
                let kept = |(name, _): &&(String, Given)| !key.contains(name) && !declared.field(name).immutable;
                let input: Input = input.iter().filter(kept).cloned().collect();
                self.update(row, &input, None, None)?;
                Ok(row)
            }
        }
    }

    /// The values of an input. Rows referred to must be there for the caller.
    fn values(&self, declared: &Entity, input: &Input, place: Option<Place<'_>>) -> Decided<Vec<(String, Val)>> {
        let mut values = Vec::new();
        for (name, given) in input {
            match given {
                Given::Value(value) => values.push((name.clone(), value.clone())),
                Given::Row(target) => {
                    let mut targets = declared.field(name).targets().iter();
                    let found = targets.find_map(|entity| self.find(entity, target).ok());
                    values.push((name.clone(), Val::Row(found.ok_or("NOT_FOUND")?)));
                }
                Given::Nested(_) => {}
            }
        }
        // So must the row that one is nested in: it is referred to like any.
        if let Some(place) = place {
            let parent = &self.world.row_of(place.parent).entity;
            values.push((
                place.by.to_owned(),
                Val::Row(self.find(parent, &Target::Row(place.parent))?),
            ));
        }
        Ok(values)
    }

    fn delete(&mut self, row: RowId, version: Option<i64>) -> Decided<()> {
        self.judge();
        if !self.caller.may(&self.world, "delete", row) {
            return Err("FORBIDDEN");
        }
        self.check_version(row, version)?;
        let fall = super::removal::fall(&self.world, row);
        // Nobody reaches through the wall: the row's own tenant, or that of which the caller is a member.
        let own = self.caller.membership(&self.world).and(self.caller.tenant);
        let reached = self.world.row_of(row).tenant.or(own);
        let is_foreign = |other: &RowId| {
            let tenant = self.world.row_of(*other).tenant;
            tenant.is_some() && tenant != reached
        };
        if fall.rows.iter().any(is_foreign) {
            return Err("CONFLICT");
        }
        for other in &fall.asked {
            self.judge();
            if !self.caller.may(&self.world, "delete", *other) {
                return Err("FORBIDDEN");
            }
        }
        if fall.is_held || fall.emptied.keys().any(is_foreign) {
            return Err("CONFLICT");
        }
        for gone in &fall.rows {
            self.world.row_mut(*gone).presence = Presence::Deleted;
        }
        for (other, fields) in &fall.emptied {
            for field in fields {
                self.world.row_mut(*other).values.insert(field.clone(), Val::Null);
            }
            self.touch(*other);
        }
        Ok(())
    }
}

/// What an input gives for a field.
fn value_of(declared: &Entity, input: &Input, name: &str) -> Val {
    match input.iter().find(|(given, _)| given == name) {
        Some((_, Given::Value(value))) => value.clone(),
        Some((_, Given::Row(Target::Row(row)))) => Val::Row(*row),
        Some((_, Given::Row(Target::Missing(_)) | Given::Nested(_))) => Val::Null,
        None => parse(declared.field(name), &declared.field(name).default),
    }
}

#[cfg(test)]
mod tests;

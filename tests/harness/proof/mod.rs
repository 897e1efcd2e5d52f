//! The proof of writes: random models, people and mutations, on a server and in the reference, side by side.
//!
//! After every mutation the code, the answer and the whole database are compared; after some of them, what people may read.

mod compare;
mod offer;
mod people;
mod step;
mod tally;

pub use compare::differs;
pub use people::{caller_of, callers, everybody, write};
pub use tally::Tally;

use crate::database::Database;
use crate::generate::{Asker, Mutator, Schema, draft_with_writes, seed};
use crate::person::Person;
use crate::random::Random;
use crate::reference::{self, Caller, List, Select, World, adopt, camel, list_text};
use crate::server::Start;
use crate::stored::{Reader, Tables};
use serde_json::json;
use std::fmt;

/// How much is tried of one model.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Mutations.
    pub mutations: usize,
    /// After how many of them somebody looks at everything.
    pub looks_every: usize,
}

/// Where server and reference do not agree, with all that is needed to see it again.
#[derive(Debug)]
pub struct Disagreement {
    /// The model's number.
    pub seed: u64,
    /// On what.
    pub database: Database,
    /// Where model and data are.
    pub folder: String,
    /// Who asked.
    pub who: String,
    /// What was asked, expected and found.
    pub what: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            database,
            folder,
            who,
            what,
        } = self;
        write!(
            out,
            "seed {seed} on {database:?}, asked by {who}\n  {what}\n  model and data: {folder}\n  \
             again: cargo xtask prove --seed {seed} --decisions 1"
        )
    }
}

/// One model with its rows, its people and what they do.
///
/// # Errors
///
/// With the first disagreement.
pub fn prove(database: Database, number: u64, size: Size, tally: &mut Tally) -> Result<(), Box<Disagreement>> {
    let mut random = Random::new(number);
    let draft = draft_with_writes(&mut random);
    let folder = write(&draft, &seed(&mut random, &draft));
    let world = World::read(&folder.model());
    let place = folder.path().display().to_string();
    let disagree = |who: &str, what: String| {
        Box::new(Disagreement {
            seed: number,
            database,
            folder: place.clone(),
            who: who.to_owned(),
            what,
        })
    };
    let server = Start::with_folder(folder, database).try_start();
    let server = server.map_err(|log| disagree("nobody", format!("the model does not start\n{log}")))?;
    let mut scene = Scene {
        world,
        reader: server.reader(),
        tables: Tables::new(),
        serial: 0,
    };
    scene.tables = scene.reader.tables();
    adopt(&mut scene.world, &scene.tables).map_err(|what| disagree("nobody", format!("after the seed: {what}")))?;

    let mut people = Vec::new();
    for (name, tenant) in everybody(&mut random, &draft) {
        let (person, caller) = caller_of(&scene.world, &server, name.as_deref(), tenant);
        // A slug may be written; an id stays.
        let id = tenant
            .and(caller.tenant)
            .and_then(|row| scene.world.row_of(row).id.as_deref());
        let person = id.map_or_else(|| person.clone(), |id| person.tenant(id));
        people.push(Somebody {
            schema: Schema::of(&person),
            who: format!(
                "{} in {}",
                name.as_deref().unwrap_or("nobody"),
                tenant.unwrap_or("no tenant")
            ),
            person,
            caller,
        });
    }
    scene.tables = scene.reader.tables();
    let result = scene.play(&mut random, &people, size, tally);
    result.map_err(|(who, what)| {
        server.keep();
        disagree(&who, format!("{what}\n{}", server.complaints()))
    })
}

/// Somebody who asks.
struct Somebody<'a> {
    who: String,
    person: Person<'a>,
    caller: Caller,
    schema: Schema,
}

/// The rows as the reference has them, and as they are stored.
struct Scene {
    world: World,
    reader: Reader,
    tables: Tables,
    /// Tells the instants of operations apart.
    serial: u64,
}

impl Scene {
    fn play(
        &mut self,
        random: &mut Random,
        people: &[Somebody<'_>],
        size: Size,
        tally: &mut Tally,
    ) -> Result<(), (String, String)> {
        let by = |somebody: &Somebody<'_>| {
            let who = somebody.who.clone();
            move |what: String| (who, what)
        };
        for somebody in people {
            offer::check(&self.world, somebody).map_err(by(somebody))?;
        }
        for number in 0..size.mutations {
            if number % size.looks_every == 0 {
                let somebody = random.pick(people);
                look(&self.world, somebody, random, tally).map_err(by(somebody))?;
            }
            let somebody = random.pick(people);
            let mut mutator = Mutator {
                world: &self.world,
                caller: &somebody.caller,
                schema: &somebody.schema,
                random: Random::new(random.number()),
            };
            let Some(mutation) = mutator.mutation() else { continue };
            let by_variables = random.one_in(3);
            self.step(somebody, &mutation, by_variables, tally)
                .map_err(by(somebody))?;
        }
        Ok(())
    }
}

/// Somebody looks at all lists, whole, and at some in another way.
fn look(world: &World, somebody: &Somebody<'_>, random: &mut Random, tally: &mut Tally) -> Result<(), String> {
    let mut asker = Asker {
        world,
        schema: &somebody.schema,
        random: Random::new(random.number()),
        whole: false,
    };
    for entity in asker.lists() {
        let fields = world.model.entity(&entity).fields.iter();
        let shown = fields.filter(|field| somebody.schema.has(&reference::pascal(&entity), &camel(&field.name)));
        let mut nodes: Vec<Select> = Vec::new();
        for field in shown {
            match field.kind {
                reference::Kind::Ref(_) => {
                    nodes.push(Select::One(field.name.clone(), vec![Select::Field("id".into())]));
                }
                reference::Kind::List { .. } | reference::Kind::Other | reference::Kind::OneOf(_) => {}
                _ => nodes.push(Select::Field(field.name.clone())),
            }
        }
        nodes.push(Select::Access);
        let whole = List {
            entity: entity.clone(),
            first: Some(500),
            nodes,
            total: true,
            ..List::default()
        };
        let expected = agree(world, somebody, &whole)?;
        // Each row of the entity is shown, or is not.
        tally.rows += world.of(&entity).count() as u64;
        tally.count_fields(&expected);
        let some = asker.list(&entity);
        let expected = agree(world, somebody, &some)?;
        tally.count_rows(&expected);
        tally.count_fields(&expected);
        tally.queries += 2;
    }
    Ok(())
}

/// The answer to a list, if it is the reference's.
fn agree(world: &World, somebody: &Somebody<'_>, list: &List) -> Result<serde_json::Value, String> {
    let query = format!("{{ list: {} }}", list_text(world, list));
    let expected = json!({"list": reference::answer(world, &somebody.caller, list)});
    let answer = somebody.person.answer(&query);
    if answer.status != 200 || !answer.body["errors"].is_null() {
        return Err(format!("{query}\n  answered {} {}", answer.status, answer.text));
    }
    match differs(&somebody.schema, &expected, &answer.body["data"]) {
        Some(difference) => Err(format!("{query}\n  {difference}")),
        None => Ok(expected),
    }
}

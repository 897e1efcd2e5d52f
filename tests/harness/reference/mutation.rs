//! Mutations that the reference can decide.

use super::ask::{Filter, Select};
use super::value::Val;
use super::world::RowId;

/// One operation: root fields, in order.
#[derive(Clone, Debug, Default)]
pub struct Mutation {
    /// What it writes.
    pub writes: Vec<Write>,
}

/// One root field.
#[derive(Clone, Debug)]
pub struct Write {
    /// Rows of which entity.
    pub entity: String,
    /// What becomes of them.
    pub verb: Verb,
    /// What of the rows to answer; scalars, references and `_access`.
    pub select: Vec<Select>,
}

/// What becomes of rows.
#[derive(Clone, Debug)]
pub enum Verb {
    /// `createTicket(input:)`
    Create(Input),
    /// `createTickets(input:)`
    CreateMany(Vec<Input>),
    /// `updateTicket(id:, input:, ifVersion:)`
    Update(Target, Input, Option<i64>),
    /// `updateTickets(filter:, input:, atMost:)`
    UpdateMany(Filter, Input, Option<usize>),
    /// `deleteTicket(id:, ifVersion:)`
    Delete(Target, Option<i64>),
    /// `deleteTickets(filter:, atMost:)`
    DeleteMany(Filter, Option<usize>),
    /// `upsertTicket(by:, input:)`, with the fields of the key
    Upsert(Vec<String>, Input),
    /// `transitionTicket(id:, to:, ifVersion:)`
    Transition(Target, String, Option<i64>),
}

/// Fields that the caller gives.
pub type Input = Vec<(String, Given)>;

/// What the caller gives for a field.
#[derive(Clone, Debug)]
pub enum Given {
    /// A value, or nothing.
    Value(Val),
    /// A row to refer to.
    Row(Target),
    /// Writes of a list field's rows.
    Nested(Nested),
}

/// Writes of a list field's rows, in the order in which they happen.
#[derive(Clone, Debug, Default)]
pub struct Nested {
    /// Rows that leave.
    pub disconnect: Vec<Target>,
    /// Rows that go.
    pub delete: Vec<Target>,
    /// Rows that change.
    pub update: Vec<(Target, Input, Option<i64>)>,
    /// Rows that come.
    pub connect: Vec<Target>,
    /// Rows that come to be.
    pub create: Vec<Input>,
}

/// A row that the caller names by id.
#[derive(Clone, Debug)]
pub enum Target {
    /// One that is there, or was; perhaps of another entity.
    Row(RowId),
    /// An id that no row ever had.
    Missing(String),
}

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `extensions.code`
    pub code: &'static str,
    /// Number of the root field; `None`: the operation as a whole.
    pub root: Option<usize>,
}

impl Mutation {
    /// Every input in it, with its entity.
    pub fn inputs(&self) -> Vec<&Input> {
        let mut found = Vec::new();
        for write in &self.writes {
            match &write.verb {
                Verb::Create(input)
                | Verb::Update(_, input, _)
                | Verb::UpdateMany(_, input, _)
                | Verb::Upsert(_, input) => {
                    collect(input, &mut found);
                }
                Verb::CreateMany(inputs) => inputs.iter().for_each(|input| collect(input, &mut found)),
                Verb::Delete(..) | Verb::DeleteMany(..) | Verb::Transition(..) => {}
            }
        }
        found
    }
}

fn collect<'a>(input: &'a Input, found: &mut Vec<&'a Input>) {
    found.push(input);
    for (_, given) in input {
        if let Given::Nested(nested) = given {
            let updated = nested.update.iter().map(|(_, input, _)| input);
            updated.chain(&nested.create).for_each(|input| collect(input, found));
        }
    }
}

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
    /// The same with other targets.
    #[must_use]
    pub fn with_targets(&self, other: &mut dyn FnMut(&Target) -> Target) -> Self {
        let writes = self.writes.iter().map(|write| {
            let mut write = write.clone();
            match &mut write.verb {
                Verb::Create(input) | Verb::UpdateMany(_, input, _) | Verb::Upsert(_, input) => exchange(input, other),
                Verb::CreateMany(inputs) => inputs.iter_mut().for_each(|input| exchange(input, other)),
                Verb::Update(target, input, _) => {
                    *target = other(target);
                    exchange(input, other);
                }
                Verb::Delete(target, _) | Verb::Transition(target, ..) => *target = other(target),
                Verb::DeleteMany(..) => {}
            }
            write
        });
        Self {
            writes: writes.collect(),
        }
    }
}

impl Verb {
    /// What it is called in counts.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::CreateMany(_) => "create many",
            Self::Update(..) => "update",
            Self::UpdateMany(..) => "update many",
            Self::Delete(..) => "delete",
            Self::DeleteMany(..) => "delete many",
            Self::Upsert(..) => "upsert",
            Self::Transition(..) => "transition",
        }
    }
}

fn exchange(input: &mut Input, other: &mut dyn FnMut(&Target) -> Target) {
    for (_, given) in input {
        match given {
            Given::Value(_) => {}
            Given::Row(target) => *target = other(target),
            Given::Nested(nested) => {
                let Nested {
                    disconnect,
                    delete,
                    update,
                    connect,
                    create,
                } = nested;
                for target in disconnect.iter_mut().chain(delete).chain(connect) {
                    *target = other(target);
                }
                for (target, input, _) in update {
                    *target = other(target);
                    exchange(input, other);
                }
                for input in create {
                    exchange(input, other);
                }
            }
        }
    }
}

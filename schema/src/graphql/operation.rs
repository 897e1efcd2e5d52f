//! A request's operation in our own words: validated, variables coerced, `@skip` and `@include` applied.

use std::sync::Arc;

/// One operation of a document that fits the caller's schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Query, mutation or subscription.
    pub kind: OperationKind,
    /// Its selections, fragments still standing as [`Selection::On`].
    pub items: Vec<Selection>,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Writes.
    Mutation,
    /// Listens.
    Subscription,
}

/// A field, or a fragment (spread or inline) with the type it applies to.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection {
    /// A field.
    Field(Field),
    /// A fragment's selections.
    On {
        /// Object, interface or union; `None`: the parent's type.
        type_name: Option<String>,
        /// What it selects.
        items: Vec<Selection>,
    },
}

/// One selected field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Key in the response: the alias, or the name.
    pub key: String,
    /// Name in the schema.
    pub name: String,
    /// Arguments given (a variable that was not given leaves its argument out), in the query's order.
    pub arguments: Vec<(String, Input)>,
    /// What is selected of it.
    pub items: Vec<Selection>,
    /// Line and column in the query, from 1.
    pub position: (usize, usize),
}

/// An input value with the place it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The value.
    pub kind: InputKind,
    /// The variable it came from, if any: a plan keeps a slot for it instead of the value.
    pub origin: Option<Arc<VariablePath>>,
}

/// An input value. Enum members and strings are told apart in literals only.
#[derive(Clone, Debug, PartialEq)]
pub enum InputKind {
    /// `null`
    Null,
    /// A boolean.
    Boolean(bool),
    /// A number, as written.
    Number(serde_json::Number),
    /// A string, or an enum member.
    Text(String),
    /// A list. A single value where a list is expected has been made a list of one.
    List(Vec<Input>),
    /// An input object, in the order given.
    Object(Vec<(String, Input)>),
}

/// A place inside a variable: `$filter.or[0].status`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VariablePath {
    /// The variable's name.
    pub name: String,
    /// Keys and indexes below it.
    pub steps: Vec<PathStep>,
}

/// One step below a variable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathStep {
    /// Into an object.
    Key(String),
    /// Into a list.
    Index(usize),
}

impl Field {
    /// The argument of that name, unless left out.
    pub fn argument(&self, name: &str) -> Option<&Input> {
        self.arguments
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, input)| input)
    }
}

impl Input {
    /// A value that stands in the query itself.
    pub fn literal(kind: InputKind) -> Self {
        Self { kind, origin: None }
    }
}

/// Merges the selections that apply to the object type `type_name`,
/// by response key, in order. `applies(condition, object)` says whether an abstract type covers an object type (GraphQL, section 6.3.2, CollectFields).
pub fn collect(items: &[Selection], type_name: &str, applies: &dyn Fn(&str, &str) -> bool) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    collect_into(items, type_name, applies, &mut fields);
    fields
}

fn collect_into(items: &[Selection], type_name: &str, applies: &dyn Fn(&str, &str) -> bool, fields: &mut Vec<Field>) {
    for item in items {
        match item {
            Selection::Field(field) => match fields.iter_mut().find(|known| known.key == field.key) {
                Some(known) => known.items.extend(field.items.iter().cloned()),
                None => fields.push(field.clone()),
            },
            Selection::On {
                type_name: condition,
                items,
            } => {
                if condition
                    .as_deref()
                    .is_none_or(|condition| condition == type_name || applies(condition, type_name))
                {
                    collect_into(items, type_name, applies, fields);
                }
            }
        }
    }
}

//! A request's operation in our own words: validated, variables coerced, `@skip` and `@include` applied.

use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
///
/// A plan keeps a slot for what came from a variable, so that it serves other values as well. Whoever looks at such a value to
/// decide what the plan is *spends* it: the plan then holds for equal values alone. [`Input::kind`] does so by itself, so nothing
/// is spent unnoticed. That there is a value, null, a list of so many, an object with those keys is the variables' *shape*, which
/// every plan depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    kind: InputKind,
    origin: Option<Arc<Origin>>,
}

/// The variable that a value came from, and whether the value has been spent.
#[derive(Debug)]
struct Origin {
    path: Arc<VariablePath>,
    spent: AtomicBool,
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
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

impl VariablePath {
    /// The value at that place of coerced variables; `None` if it was not given.
    pub fn find<'v>(&self, variables: &'v Map<String, Value>) -> Option<&'v Value> {
        let root = variables.get(&self.name)?;
        self.steps.iter().try_fold(root, |value, step| match step {
            PathStep::Key(key) => value.get(key),
            PathStep::Index(index) => match value {
                Value::Array(items) => items.get(*index),
                // A single value where a list is expected is a list of one (GraphQL, section 3.11).
                single => (*index == 0).then_some(single),
            },
        })
    }
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

    /// A value that came from a variable.
    pub(crate) fn variable(kind: InputKind, path: VariablePath) -> Self {
        let origin = Origin {
            path: Arc::new(path),
            spent: AtomicBool::new(false),
        };
        Self {
            kind,
            origin: Some(Arc::new(origin)),
        }
    }

    /// The value, spent if it came from a variable and is no list or object: those are spent part by part.
    pub fn kind(&self) -> &InputKind {
        match (&self.kind, &self.origin) {
            (InputKind::Boolean(_) | InputKind::Number(_) | InputKind::Text(_), Some(origin)) => {
                origin.spent.store(true, Ordering::Relaxed);
            }
            (InputKind::Null | InputKind::List(_) | InputKind::Object(_), _) | (_, None) => {}
        }
        &self.kind
    }

    /// The value, unspent: for those who judge whether it fits what its slot takes, as it is judged again whenever it is bound.
    pub fn unspent(&self) -> &InputKind {
        &self.kind
    }

    /// Whether it is null: a matter of shape.
    pub fn is_null(&self) -> bool {
        self.kind == InputKind::Null
    }

    /// The variable it came from, if any.
    pub fn origin(&self) -> Option<&Arc<VariablePath>> {
        self.origin.as_ref().map(|origin| &origin.path)
    }

    /// Adds the paths of what was spent of it.
    pub(crate) fn collect_spent(&self, spent: &mut Vec<Arc<VariablePath>>) {
        if let Some(origin) = self
            .origin
            .as_ref()
            .filter(|origin| origin.spent.load(Ordering::Relaxed))
        {
            spent.push(origin.path.clone());
        }
        match &self.kind {
            InputKind::List(items) => items.iter().for_each(|item| item.collect_spent(spent)),
            InputKind::Object(entries) => entries.iter().for_each(|(_, value)| value.collect_spent(spent)),
            InputKind::Null | InputKind::Boolean(_) | InputKind::Number(_) | InputKind::Text(_) => {}
        }
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

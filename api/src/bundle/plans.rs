//! Programs that were made before: a request that is asked again goes from a look-up straight to the database.
//!
//! Nothing of a caller is in a program but slots, so all callers of a role set share it, in all tenants. Neither are values of
//! variables, but those that decided what it is (a page's length, a cursor, `@include`): planning *spends* them, and knows which.
//! So a program answers every request with the same text, variables of the same shape, and equal values where they were spent.
//!
//! INVARIANT: planning is a function of text, shape and spent values. A request that agrees with an earlier one on all of them
//! would have been planned the same way, step by step, up to the last value looked at.

use crate::actions::execute::Asked;
use crate::subscriptions::Changed;
use freehold_planner::change::ChangeSlot;
use freehold_schema::catalog::EntityId;
use freehold_schema::graphql::CheckedText;
use freehold_schema::graphql::operation::VariablePath;
use freehold_storage::Readings;
use freehold_storage::program::Program;
use moka::sync::Cache;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Memory that the programs of one bundle may take.
const BYTES_MAX: u64 = 64 << 20;
/// Memory that the answers of mutations of one bundle may take.
const READINGS_BYTES_MAX: u64 = 16 << 20;
/// Memory that the texts of requests to one bundle may take.
const TEXT_BYTES_MAX: u64 = 16 << 20;
/// Longest text, and longest values, that are remembered.
const REQUEST_BYTES_MAX: usize = 32 << 10;
/// Shapes of variables remembered for each text.
const SHAPES_MAX: usize = 64;

/// A program, and the coerced variables that its slots look into.
#[derive(Debug)]
pub(crate) struct Planned {
    /// Statements and layout.
    pub(crate) program: Arc<Program>,
    /// Coerced variables.
    pub(crate) variables: Map<String, Value>,
}

/// What a text is, once it has been understood: shared by all who ask the same.
#[derive(Clone, Debug)]
pub(crate) enum Recipe {
    /// A query.
    Query(Arc<Program>),
    /// A query that is answered again whenever its answer changes.
    Live(Arc<Live>),
    /// The changes of single rows.
    Changes(Arc<Watch>),
}

/// A query that is answered again.
#[derive(Debug)]
pub(crate) struct Live {
    /// What it runs.
    pub(crate) program: Arc<Program>,
    /// It asks who its caller is, in whatever tenant: the one thing that is read across walls.
    pub(crate) asks_who: bool,
}

/// How the changes of single rows are found, and told.
#[derive(Debug)]
pub(crate) struct Watch {
    /// The entity.
    pub(crate) entity: EntityId,
    /// Every watched row, with its version.
    pub(crate) rows: Arc<Program>,
    /// One row, as it is to be told.
    pub(crate) row: Arc<Program>,
    /// The response key.
    pub(crate) key: String,
    /// What is told of a change.
    pub(crate) slots: Vec<ChangeSlot>,
}

impl Recipe {
    /// Tells it from every other that there is.
    pub(crate) fn address(&self) -> usize {
        match self {
            Self::Query(program) => Arc::as_ptr(program).addr(),
            Self::Live(live) => Arc::as_ptr(live).addr(),
            Self::Changes(watch) => Arc::as_ptr(watch).addr(),
        }
    }

    /// What is to be looked at when rows of an entity have changed; `None`: nothing.
    pub(crate) fn due(&self, entity: EntityId, changed: &Changed) -> Option<Changed> {
        match self {
            Self::Query(_) => None,
            Self::Live(live) => live.program.reads.contains_key(&entity).then_some(Changed::Some),
            Self::Changes(watch) => match watch.rows.reads.get(&entity) {
                // Nothing but the row itself decides, as far as its own entity goes.
                Some(1) if entity == watch.entity => Some(changed.clone()),
                Some(_) => Some(Changed::Some),
                None => None,
            },
        }
    }

    /// Whether it reads memberships of other tenants than the caller's present one.
    pub(crate) fn asks_who(&self) -> bool {
        matches!(self, Self::Live(live) if live.asks_who)
    }

    fn programs(&self) -> impl Iterator<Item = &Arc<Program>> {
        let (first, second) = match self {
            Self::Query(program) => (program, None),
            Self::Live(live) => (&live.program, None),
            Self::Changes(watch) => (&watch.rows, Some(&watch.row)),
        };
        std::iter::once(first).chain(second)
    }
}

/// The texts and programs of a bundle, the least used forgotten first.
#[derive(Debug)]
pub(crate) struct Plans {
    texts: Cache<TextKey, Arc<Text>>,
    programs: Cache<ProgramKey, Recipe>,
    readings: Cache<ProgramKey, Arc<Readings>>,
    texts_made: AtomicU64,
}

/// A text, asked of a view.
#[derive(Debug, PartialEq, Eq, Hash)]
struct TextKey {
    view: u64,
    request: String,
}

/// A text that was understood before: it need not be read again.
#[derive(Debug)]
pub(crate) struct Text {
    number: u64,
    /// What it says.
    pub(crate) checked: Arc<CheckedText>,
    /// By the variables' shape, the places whose values were spent by whichever request of that shape.
    spent: Mutex<HashMap<String, Arc<Spent>>>,
}

type Spent = Vec<Arc<VariablePath>>;

#[derive(Debug, PartialEq, Eq, Hash)]
struct ProgramKey {
    text: u64,
    /// The variables' shape, and the values spent.
    values: String,
}

impl TextKey {
    /// `None` for a text too long to be remembered.
    fn new(view: u64, asked: &Asked) -> Option<Self> {
        let name = asked.operation_name.as_deref().unwrap_or_default();
        // A name holds no separator.
        let fits = asked.query.len() + name.len() <= REQUEST_BYTES_MAX && !name.contains('\u{0}');
        fits.then(|| Self {
            view,
            request: format!("{name}\u{0}{}", asked.query),
        })
    }
}

impl Text {
    /// The key of the program for these variables; `None` if none of their shape has been planned.
    fn key(&self, variables: &Map<String, Value>) -> Option<ProgramKey> {
        let shape = shape(variables);
        let spent = self.spent().get(&shape)?.clone();
        self.key_of(shape, &spent, variables)
    }

    fn key_of(&self, shape: String, spent: &Spent, variables: &Map<String, Value>) -> Option<ProgramKey> {
        let mut values = shape;
        for path in spent {
            let value = path.find(variables).unwrap_or(&Value::Null);
            write!(values, "\n{value}").ok()?;
        }
        (values.len() <= REQUEST_BYTES_MAX).then_some(ProgramKey {
            text: self.number,
            values,
        })
    }

    /// Learns what a plan has spent; gives the program's key.
    fn learn(&self, variables: &Map<String, Value>, spent: Spent) -> Option<ProgramKey> {
        let shape = shape(variables);
        let mut known = self.spent();
        if known.len() >= SHAPES_MAX && !known.contains_key(&shape) {
            known.clear();
        }
        let all = known.entry(shape.clone()).or_default();
        // Which values are looked at may depend on others. What was kept under fewer is found no more, and made again.
        if spent.iter().any(|path| !all.contains(path)) {
            let mut union = all.to_vec();
            union.extend(spent.into_iter().filter(|path| !all.contains(path)));
            *all = Arc::new(union);
        }
        self.key_of(shape, all, variables)
    }

    fn spent(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Spent>>> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plans {
    /// Remembers nothing yet.
    pub(crate) fn new() -> Self {
        // A document takes several times what its text does.
        let weigh_text =
            |key: &TextKey, _: &Arc<Text>| u32::try_from(4096 + 16 * key.request.len()).unwrap_or(u32::MAX);
        let weigh = |key: &ProgramKey, recipe: &Recipe| {
            weight(key, recipe.programs().map(|program| program.weight_bytes()).sum())
        };
        let weigh_readings = |key: &ProgramKey, readings: &Arc<Readings>| weight(key, readings.weight_bytes());
        Self {
            texts: Cache::builder()
                .max_capacity(TEXT_BYTES_MAX)
                .weigher(weigh_text)
                .build(),
            programs: Cache::builder().max_capacity(BYTES_MAX).weigher(weigh).build(),
            readings: Cache::builder()
                .max_capacity(READINGS_BYTES_MAX)
                .weigher(weigh_readings)
                .build(),
            texts_made: AtomicU64::new(0),
        }
    }

    /// Finds what is known of a text.
    pub(crate) fn find_text(&self, view: u64, asked: &Asked) -> Option<Arc<Text>> {
        self.texts.get(&TextKey::new(view, asked)?)
    }

    /// Finds what the text is for coerced variables.
    pub(crate) fn find(&self, text: &Text, variables: &Map<String, Value>) -> Option<Recipe> {
        self.programs.get(&text.key(variables)?)
    }

    /// Remembers a text; `None` if it is too long.
    pub(crate) fn keep_text(&self, view: u64, asked: &Asked, checked: &Arc<CheckedText>) -> Option<Arc<Text>> {
        let text = self.texts.get_with(TextKey::new(view, asked)?, || {
            Arc::new(Text {
                number: self.texts_made.fetch_add(1, Ordering::Relaxed),
                checked: checked.clone(),
                spent: Mutex::default(),
            })
        });
        Some(text)
    }

    /// What reads the answers of a mutation: made before for a text, variables of that shape and equal values where they were spent, or
    /// made now.
    pub(crate) fn readings(
        &self,
        text: &Text,
        variables: &Map<String, Value>,
        spent: Spent,
        render: impl FnOnce() -> Readings,
    ) -> Arc<Readings> {
        match text.learn(variables, spent) {
            Some(key) => self.readings.get_with(key, || Arc::new(render())),
            None => Arc::new(render()),
        }
    }

    /// Remembers what a text is, and which values of its variables that was made of.
    pub(crate) fn keep(&self, text: &Text, variables: &Map<String, Value>, spent: Spent, recipe: Recipe) {
        if let Some(key) = text.learn(variables, spent) {
            self.programs.insert(key, recipe);
        }
    }
}

fn weight(key: &ProgramKey, bytes: usize) -> u32 {
    u32::try_from(2 * key.values.len() + bytes).unwrap_or(u32::MAX)
}

/// What is there, without the values: kinds of scalars, keys of objects, members of lists.
fn shape(variables: &Map<String, Value>) -> String {
    let mut out = String::new();
    write_entries(&mut out, variables);
    out
}

fn write_entries(out: &mut String, entries: &Map<String, Value>) {
    for (key, value) in entries {
        // The length first, so that no key looks like what follows it. Writing to a string does not fail.
        let _ = write!(out, "{}:{key}", key.len());
        write_shape(out, value);
    }
}

fn write_shape(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push('0'),
        Value::Bool(_) => out.push('b'),
        Value::Number(_) => out.push('n'),
        Value::String(_) => out.push('s'),
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write_shape(out, item);
            }
            out.push(']');
        }
        Value::Object(entries) => {
            out.push('{');
            write_entries(out, entries);
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use freehold_schema::graphql::operation::PathStep;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(entries) => entries,
            other => panic!("{other}"),
        }
    }

    fn asked(query: &str, name: Option<&str>) -> Asked {
        Asked {
            query: query.into(),
            operation_name: name.map(str::to_owned),
            ..Asked::default()
        }
    }

    fn path(name: &str, key: Option<&str>) -> Arc<VariablePath> {
        Arc::new(VariablePath {
            name: name.into(),
            steps: key.map(|key| PathStep::Key(key.into())).into_iter().collect(),
        })
    }

    fn program() -> Arc<Program> {
        Arc::new(Program {
            statements: Vec::new(),
            layout: Vec::new(),
            keys: std::collections::BTreeSet::default(),
            reads: std::collections::BTreeMap::default(),
        })
    }

    #[test]
    fn texts_are_told_apart() {
        let key = |view, query: &str, name| TextKey::new(view, &asked(query, name));
        let first = key(1, "{a}", None);
        assert!(first.is_some());
        assert_eq!(first, key(1, "{a}", None));
        for other in [key(2, "{a}", None), key(1, "{b}", None), key(1, "{a}", Some("A"))] {
            assert!(other.is_some());
            assert_ne!(first, other);
        }
        assert_eq!(key(1, &"x".repeat(40_000), None), None);
        assert_eq!(key(1, "{a}", Some("a\u{0}b")), None);
    }

    #[test]
    fn shapes_are_told_apart() {
        let shapes = [
            json!({}),
            json!({"a": null}),
            json!({"a": 1}),
            json!({"a": "1"}),
            json!({"a": true}),
            json!({"a": []}),
            json!({"a": [1]}),
            json!({"a": [1, 1]}),
            json!({"a": [[1], 1]}),
            json!({"a": {}}),
            json!({"a": {"b": 1}}),
            json!({"a": {}, "b": 1}),
            json!({"a": {"b": 1, "c": 1}}),
            json!({"a": {"bn1:c": 1}}),
        ];
        let written: std::collections::BTreeSet<String> =
            shapes.iter().map(|value| shape(&map(value.clone()))).collect();
        assert_eq!(written.len(), shapes.len(), "{written:?}");
        assert_eq!(
            shape(&map(json!({"a": {"b": [1, "x"]}}))),
            shape(&map(json!({"a": {"b": [2, "y"]}})))
        );
    }

    #[test]
    fn a_program_serves_other_values_but_where_they_were_spent() {
        let plans = Plans::new();
        let question = asked("query", None);
        let find = |variables: Value| {
            let text = plans.find_text(1, &question)?;
            match plans.find(&text, &map(variables)) {
                Some(Recipe::Query(program)) => Some(program),
                _ => None,
            }
        };
        let keep = |variables: Value, spent: Spent| {
            let made = program();
            let text = plans.keep_text(1, &question, &Arc::default()).expect("a short text");
            plans.keep(&text, &map(variables), spent, Recipe::Query(made.clone()));
            made
        };
        assert!(find(json!({})).is_none());

        let small = keep(
            json!({"page": 10, "in": {"name": "x", "on": false}}),
            vec![path("page", None)],
        );
        let found = find(json!({"page": 10, "in": {"name": "y", "on": true}})).expect("the same program");
        assert!(Arc::ptr_eq(&found, &small));
        for other in [
            json!({"page": 11, "in": {"name": "x", "on": false}}),
            json!({"page": 10, "in": {"name": null, "on": false}}),
            json!({"page": 10, "in": {"on": false}}),
            json!({"page": 10}),
        ] {
            assert!(find(other.clone()).is_none(), "{other}");
        }

        // Another value leads planning to look at one more: from then on it counts, for all of the shape.
        let large = keep(
            json!({"page": 11, "in": {"name": "x", "on": true}}),
            vec![path("page", None), path("in", Some("on"))],
        );
        let found = find(json!({"page": 11, "in": {"name": "z", "on": true}})).expect("the same program");
        assert!(Arc::ptr_eq(&found, &large));
        assert!(find(json!({"page": 11, "in": {"name": "z", "on": false}})).is_none());
        assert!(
            find(json!({"page": 10, "in": {"name": "x", "on": false}})).is_none(),
            "made again under the new key"
        );
    }

    #[test]
    fn shapes_without_end_are_not_kept() {
        let text = Text {
            number: 0,
            checked: Arc::default(),
            spent: Mutex::default(),
        };
        for length in 0..1000 {
            text.learn(&map(json!({"a": vec![0; length]})), Vec::new());
            assert!(text.spent().len() <= SHAPES_MAX);
        }
    }
}

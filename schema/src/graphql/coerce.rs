//! CoerceVariableValues (GraphQL, section 6.1.2): JSON of the request to typed values that remember where they came from.

use super::document::{OperationNode, Position, ValueNode};
use super::error::{Problem, Refused, RequestError};
use super::operation::{Input, InputKind, PathStep, VariablePath};
use super::scalar;
use super::type_system::{InputField, TypeKind, TypeRef, TypeSystem};
use super::validate::did_you_mean;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The variables an operation declares. Kept beside a cached plan, it coerces the next request's variables without the query.
#[derive(Clone, Debug, Default)]
pub struct VariableSignature {
    declared: Vec<Declared>,
}

#[derive(Clone, Debug)]
struct Declared {
    name: String,
    position: Position,
    type_ref: TypeRef,
    default: Option<ValueNode>,
}

/// Coerced variables. One that was not given, and has no default, is absent.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    values: IndexMap<String, Input>,
}

impl VariableSignature {
    pub(crate) fn new(operation: &OperationNode) -> Self {
        let declared = operation.variables.iter().map(|variable| Declared {
            name: variable.name.clone(),
            position: variable.position,
            type_ref: TypeRef::from(&variable.type_ref),
            default: variable.default.clone(),
        });
        Self {
            declared: declared.collect(),
        }
    }

    /// The declared names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.declared.iter().map(|variable| variable.name.as_str())
    }
}

impl Variables {
    /// The value of a variable; `None` if it was not given and has no default.
    pub(crate) fn find(&self, name: &str) -> Option<&Input> {
        self.values.get(name)
    }

    /// The values alone. The path of an [`Input`]'s origin leads to its value in here.
    pub fn to_json(&self) -> Map<String, Value> {
        self.values
            .iter()
            .map(|(name, input)| (name.clone(), input_json(input)))
            .collect()
    }

    /// The places of what has been spent of them since they were coerced: what was made of them holds for equal values there.
    pub fn spent(&self) -> Vec<Arc<VariablePath>> {
        let mut spent = Vec::new();
        self.values.values().for_each(|input| input.collect_spent(&mut spent));
        spent
    }
}

/// Coerces all variables.
///
/// # Errors
/// One `BAD_USER_INPUT` that names every problem.
pub(crate) fn coerce(
    system: &TypeSystem,
    signature: &VariableSignature,
    given: &Map<String, Value>,
) -> Result<Variables, Refused> {
    let mut coercion = Coercion {
        system,
        problems: Vec::new(),
    };
    let mut positions = Vec::new();
    let mut values = IndexMap::new();
    for variable in &signature.declared {
        let root = Place {
            name: &variable.name,
            steps: Vec::new(),
        };
        let before = coercion.problems.len();
        match (given.get(&variable.name), &variable.default) {
            (Some(value), _) => {
                let input = coercion.value(value, &variable.type_ref, false, &root);
                values.insert(variable.name.clone(), input);
            }
            (None, Some(default)) => {
                let input = coercion.default(default, &variable.type_ref, &root);
                values.insert(variable.name.clone(), input);
            }
            (None, None) if variable.type_ref.is_non_null() => {
                coercion.report(
                    &root,
                    "required",
                    format!("needs a `{}`, but was not given", variable.type_ref),
                );
            }
            (None, None) => {}
        }
        if coercion.problems.len() > before {
            positions.push(variable.position);
        }
    }
    if coercion.problems.is_empty() {
        return Ok(Variables { values });
    }
    let mut error = RequestError::bad_input(&coercion.problems);
    error.locations = positions;
    Err(error.into())
}

/// A place inside a variable.
struct Place<'n> {
    name: &'n str,
    steps: Vec<PathStep>,
}

impl Place<'_> {
    fn below(&self, step: PathStep) -> Self {
        Self {
            name: self.name,
            steps: self.steps.iter().cloned().chain([step]).collect(),
        }
    }

    fn key(&self, key: &str) -> Self {
        self.below(PathStep::Key(key.to_owned()))
    }
}

struct Coercion<'s> {
    system: &'s TypeSystem,
    problems: Vec<Problem>,
}

/// More problems than this help nobody.
const PROBLEMS_MAX: usize = 100;

impl Coercion<'_> {
    fn report(&mut self, place: &Place<'_>, rule: &'static str, message: String) {
        if self.problems.len() < PROBLEMS_MAX {
            let path = [PathStep::Key(place.name.to_owned())]
                .into_iter()
                .chain(place.steps.iter().cloned())
                .collect();
            self.problems.push(Problem { path, rule, message });
        }
    }

    fn value(&mut self, value: &Value, type_ref: &TypeRef, strict_list: bool, place: &Place<'_>) -> Input {
        let kind = match (type_ref, value) {
            (TypeRef::NonNull(_), Value::Null) => {
                self.report(place, "required", format!("needs a `{type_ref}`, found null"));
                InputKind::Null
            }
            (TypeRef::NonNull(inner), value) => return self.value(value, inner, strict_list, place),
            (_, Value::Null) => InputKind::Null,
            (TypeRef::List(inner), Value::Array(items)) => {
                let coerced = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| self.value(item, inner, false, &place.below(PathStep::Index(index))));
                InputKind::List(coerced.collect())
            }
            (TypeRef::List(_), _) if strict_list => {
                self.report(
                    place,
                    "list",
                    format!("expected a list, found {}", scalar::describe_json(value)),
                );
                InputKind::Null
            }
            // A single value where a list is expected: its place is that of the list's first item.
            (TypeRef::List(inner), single) => {
                InputKind::List(vec![self.value(single, inner, false, &place.below(PathStep::Index(0)))])
            }
            (TypeRef::Named(name), value) => self.named(value, name, place),
        };
        input(kind, place)
    }

    fn named(&mut self, value: &Value, type_name: &str, place: &Place<'_>) -> InputKind {
        let system = self.system;
        match system.get(type_name).map(|def| &def.kind) {
            Some(TypeKind::Scalar { .. }) if type_name == "JSON" => json_kind(value, place),
            Some(TypeKind::Scalar { .. }) => match scalar::coerce(type_name, value) {
                Ok(kind) => kind,
                Err((rule, message)) => {
                    self.report(place, rule, message);
                    InputKind::Null
                }
            },
            Some(TypeKind::Enum { values }) => match value {
                Value::String(member) if values.iter().any(|known| known == member) => InputKind::Text(member.clone()),
                Value::String(member) => {
                    let hint = did_you_mean(member, values.iter().map(|known| &**known));
                    self.report(place, "enum", format!("`{member}` is not a `{type_name}`{hint}"));
                    InputKind::Null
                }
                other => {
                    self.report(
                        place,
                        "type",
                        format!("expected a `{type_name}`, found {}", scalar::describe_json(other)),
                    );
                    InputKind::Null
                }
            },
            Some(TypeKind::Input { fields }) => match value {
                Value::Object(entries) => {
                    let mut coerced: Vec<(String, Input)> = Vec::new();
                    for (key, value) in entries {
                        if self.problems.len() >= PROBLEMS_MAX {
                            break;
                        }
                        let below = place.key(key);
                        if let Some(field) = fields.get(key.as_str()) {
                            coerced.push((
                                key.clone(),
                                self.value(value, &field.type_ref, field.strict_list, &below),
                            ));
                        } else {
                            let hint = did_you_mean(key, fields.keys().map(|name| &**name));
                            self.report(
                                &below,
                                "unknown-field",
                                format!("`{type_name}` has no field `{key}`{hint}"),
                            );
                        }
                    }
                    for (name, field) in fields.iter().filter(|(name, _)| !entries.contains_key(&***name)) {
                        self.missing(name, field, place, &mut coerced);
                    }
                    InputKind::Object(coerced)
                }
                other => {
                    self.report(
                        place,
                        "type",
                        format!("expected a `{type_name}`, found {}", scalar::describe_json(other)),
                    );
                    InputKind::Null
                }
            },
            Some(TypeKind::Object { .. } | TypeKind::Interface { .. } | TypeKind::Union { .. }) | None => {
                self.report(place, "type", format!("`{type_name}` is not an input type"));
                InputKind::Null
            }
        }
    }

    /// A field that was not given: its default, a problem, or nothing.
    fn missing(&mut self, name: &str, field: &InputField, place: &Place<'_>, coerced: &mut Vec<(String, Input)>) {
        match &field.default {
            // A default has a place among the variables, too: a plan made for it serves those who state a value.
            Some(default) => coerced.push((name.to_owned(), default_input(default, &place.key(name)))),
            None if field.is_required() => self.report(
                &place.key(name),
                "required",
                format!("needs a `{}`, but was not given", field.type_ref),
            ),
            None => {}
        }
    }

    /// A variable's default, which the validator has checked: like JSON, but with enum members and list coercion of literals.
    fn default(&mut self, value: &ValueNode, type_ref: &TypeRef, place: &Place<'_>) -> Input {
        self.value(&literal_json(value), type_ref, false, place)
    }
}

fn input_json(input: &Input) -> Value {
    match input.unspent() {
        InputKind::Null => Value::Null,
        InputKind::Boolean(value) => Value::Bool(*value),
        InputKind::Number(number) => Value::Number(number.clone()),
        InputKind::Text(text) => Value::String(text.clone()),
        InputKind::List(items) => items.iter().map(input_json).collect(),
        InputKind::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, input)| (key.clone(), input_json(input)))
                .collect(),
        ),
    }
}

/// A literal without variables, as JSON.
fn literal_json(value: &ValueNode) -> Value {
    match value {
        // The parser allows no variable in a default.
        ValueNode::Null | ValueNode::Variable(_) => Value::Null,
        ValueNode::Boolean(value) => Value::Bool(*value),
        ValueNode::Number(number) => Value::Number(number.clone()),
        ValueNode::Text(text) | ValueNode::Enum(text) => Value::String(text.clone()),
        ValueNode::List(items) => items.iter().map(literal_json).collect(),
        ValueNode::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), literal_json(value)))
                .collect(),
        ),
    }
}

/// Any JSON, as it is.
fn json(value: &Value, place: &Place<'_>) -> Input {
    input(json_kind(value, place), place)
}

fn json_kind(value: &Value, place: &Place<'_>) -> InputKind {
    match value {
        Value::Null => InputKind::Null,
        Value::Bool(value) => InputKind::Boolean(*value),
        Value::Number(number) => InputKind::Number(number.clone()),
        Value::String(text) => InputKind::Text(text.clone()),
        Value::Array(items) => InputKind::List(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| json(item, &place.below(PathStep::Index(index))))
                .collect(),
        ),
        Value::Object(entries) => InputKind::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), json(value, &place.key(key))))
                .collect(),
        ),
    }
}

fn input(kind: InputKind, place: &Place<'_>) -> Input {
    let origin = VariablePath {
        name: place.name.to_owned(),
        steps: place.steps.clone(),
    };
    Input::variable(kind, origin)
}

/// A default of the schema's own, in its place.
fn default_input(default: &Value, place: &Place<'_>) -> Input {
    match default {
        Value::Array(items) => {
            let items = items
                .iter()
                .enumerate()
                .map(|(index, item)| default_input(item, &place.below(PathStep::Index(index))));
            input(InputKind::List(items.collect()), place)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            input(default_kind(default), place)
        }
    }
}

/// A default of the schema's own: a boolean, a number, or a list of them.
pub(crate) fn default_kind(default: &Value) -> InputKind {
    match default {
        Value::Bool(value) => InputKind::Boolean(*value),
        Value::Number(number) => InputKind::Number(number.clone()),
        Value::Array(items) => InputKind::List(items.iter().map(|item| Input::literal(default_kind(item))).collect()),
        Value::Null | Value::String(_) | Value::Object(_) => InputKind::Null,
    }
}

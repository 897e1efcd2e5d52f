//! A valid document and coerced variables to an [`Operation`]: conditions applied, arguments typed, introspection set apart.

use super::coerce::{Variables, default_kind};
use super::document::{ArgumentNode, DirectiveNode, Document, FieldNode, OperationNode, SelectionNode, ValueNode};
use super::error::{Problem, Refused, RequestError};
use super::introspection::is_meta;
use super::operation::{Field, Input, InputKind, Operation, PathStep, Selection, collect};
use super::type_system::{InputField, QUERY, TypeKind, TypeRef, TypeSystem};
use super::validate::root_name;
use freehold_base::Code;
use indexmap::IndexMap;

/// An operation taken apart.
pub(crate) struct Converted {
    /// All of it; fields about the schema without selections.
    pub(crate) operation: Operation,
    /// What asks about the schema, merged by response key.
    pub(crate) introspection: Vec<Field>,
    /// Nothing asks for data.
    pub(crate) is_introspection: bool,
}

/// Converts one operation of a valid document.
pub(crate) fn convert(
    system: &TypeSystem,
    document: &Document,
    operation: &OperationNode,
    variables: &Variables,
) -> Result<Converted, Refused> {
    let root = root_name(system, operation.kind).ok_or_else(|| inconsistent("no root"))?;
    let mut converter = Converter {
        system,
        document,
        variables,
        place: Vec::new(),
    };
    let items = converter.items(root, &operation.items)?;
    let roots = collect(&items, root, &|_, _| false);
    let count = roots.len();
    let introspection: Vec<Field> = roots
        .into_iter()
        .filter(|field| root == QUERY && is_meta(&field.name))
        .collect();
    let is_introspection = count > 0 && introspection.len() == count;
    let items = if introspection.is_empty() {
        items
    } else {
        without_answered(items)
    };
    Ok(Converted {
        operation: Operation {
            kind: operation.kind,
            items,
        },
        introspection,
        is_introspection,
    })
}

/// A valid document does not lead here.
fn inconsistent(what: &str) -> Refused {
    RequestError::new(
        Code::InternalServerError,
        format!("a validated query is inconsistent: {what}"),
    )
    .into()
}

/// Root selections, nothing below `__schema` and `__type`: they only hold their place.
fn without_answered(items: Vec<Selection>) -> Vec<Selection> {
    items
        .into_iter()
        .map(|item| match item {
            Selection::Field(field) if is_meta(&field.name) => Selection::Field(Field {
                arguments: Vec::new(),
                items: Vec::new(),
                ..field
            }),
            Selection::Field(field) => Selection::Field(field),
            Selection::On { type_name, items } => Selection::On {
                type_name,
                items: without_answered(items),
            },
        })
        .collect()
}

struct Converter<'a> {
    system: &'a TypeSystem,
    document: &'a Document,
    variables: &'a Variables,
    /// The value being converted: its argument, and the keys and indexes below.
    place: Vec<PathStep>,
}

impl<'a> Converter<'a> {
    fn items(&mut self, parent: &str, items: &'a [SelectionNode]) -> Result<Vec<Selection>, Refused> {
        let mut converted = Vec::new();
        for item in items {
            if !self.is_included(item.directives())? {
                continue;
            }
            converted.push(match item {
                SelectionNode::Field(field) => Selection::Field(self.field(parent, field)?),
                SelectionNode::Inline { type_name, items, .. } => {
                    let items = self.items(type_name.as_deref().unwrap_or(parent), items)?;
                    Selection::On {
                        type_name: type_name.clone(),
                        items,
                    }
                }
                SelectionNode::Spread { name, .. } => {
                    let fragment = self
                        .document
                        .find_fragment(name)
                        .and_then(|index| self.document.fragments.get(index));
                    let fragment = fragment.ok_or_else(|| inconsistent("no fragment"))?;
                    Selection::On {
                        type_name: Some(fragment.type_name.clone()),
                        items: self.items(&fragment.type_name, &fragment.items)?,
                    }
                }
            });
        }
        Ok(converted)
    }

    fn is_included(&mut self, directives: &'a [DirectiveNode]) -> Result<bool, Refused> {
        for directive in directives {
            let value = directive
                .arguments
                .iter()
                .find(|argument| argument.name == "if")
                .map(|argument| &argument.value);
            let condition = match value {
                Some(ValueNode::Boolean(condition)) => *condition,
                Some(ValueNode::Variable(name)) => {
                    let Some(InputKind::Boolean(condition)) = self.variables.find(name).map(Input::kind) else {
                        let path = vec![PathStep::Key(name.clone())];
                        let problem = Problem {
                            path,
                            rule: "required",
                            message: format!("`@{}` needs true or false", directive.name),
                        };
                        return Err(RequestError::bad_input(&[problem]).at(directive.position).into());
                    };
                    *condition
                }
                _ => return Err(inconsistent("a condition")),
            };
            if condition == (directive.name == "skip") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn field(&mut self, parent: &str, field: &'a FieldNode) -> Result<Field, Refused> {
        let mut converted = Field {
            key: field.key().to_owned(),
            name: field.name.clone(),
            arguments: Vec::new(),
            items: Vec::new(),
            position: field.position,
        };
        if field.name == "__typename" {
            return Ok(converted);
        }
        let system = self.system;
        let def = system
            .field(parent, &field.name)
            .ok_or_else(|| inconsistent("no field"))?;
        converted.arguments = self.arguments(&field.arguments, &def.arguments, field)?;
        converted.items = self.items(def.type_ref.name(), &field.items)?;
        Ok(converted)
    }

    /// CoerceArgumentValues (section 6.4.1).
    fn arguments(
        &mut self,
        given: &'a [ArgumentNode],
        expected: &'a IndexMap<super::type_system::Text, InputField>,
        field: &FieldNode,
    ) -> Result<Vec<(String, Input)>, Refused> {
        let mut coerced: Vec<(String, Input)> = Vec::new();
        for argument in given {
            let def = expected
                .get(argument.name.as_str())
                .ok_or_else(|| inconsistent("no argument"))?;
            let value = self.below(PathStep::Key(argument.name.clone()), &argument.value, &def.type_ref);
            let value = value.map_err(|mut refused| {
                if refused.code == Code::BadUserInput {
                    refused.locations.push(argument.position);
                    refused.path.push(PathStep::Key(field.key().to_owned()));
                }
                refused
            })?;
            coerced.extend(value.map(|input| (argument.name.clone(), input)));
        }
        for (name, def) in expected {
            if let Some(default) = def
                .default
                .as_ref()
                .filter(|_| !coerced.iter().any(|(given, _)| given == name))
            {
                coerced.push((name.to_string(), Input::literal(default_kind(default))));
            }
        }
        Ok(coerced)
    }

    /// A value one step below the place.
    fn below(&mut self, step: PathStep, value: &'a ValueNode, type_ref: &TypeRef) -> Result<Option<Input>, Refused> {
        self.place.push(step);
        let converted = self.value(value, type_ref);
        self.place.pop();
        converted
    }

    /// A value in its place; `None` for a variable that was not given.
    fn value(&mut self, value: &'a ValueNode, type_ref: &TypeRef) -> Result<Option<Input>, Refused> {
        let kind = match value {
            ValueNode::Variable(name) => {
                let found = self.variables.find(name).cloned();
                // A variable with a default may stand where null may not, and still be given null (section 5.8.5).
                if type_ref.is_non_null() && found.as_ref().is_some_and(Input::is_null) {
                    let problem = Problem {
                        path: self.place.clone(),
                        rule: "required",
                        message: format!("needs a `{type_ref}`, found null"),
                    };
                    return Err(RequestError::bad_input(&[problem]).into());
                }
                return Ok(found);
            }
            ValueNode::Null => InputKind::Null,
            value => match type_ref.nullable() {
                TypeRef::List(inner) => {
                    let single = std::slice::from_ref(value);
                    let items = if let ValueNode::List(items) = value {
                        items.as_slice()
                    } else {
                        single
                    };
                    let mut coerced = Vec::with_capacity(items.len());
                    for (index, item) in items.iter().enumerate() {
                        let item = self.below(PathStep::Index(index), item, inner)?;
                        // In a list, a variable that was not given is null.
                        coerced.push(item.unwrap_or(Input::literal(InputKind::Null)));
                    }
                    InputKind::List(coerced)
                }
                TypeRef::Named(name) => self.named(value, name)?,
                TypeRef::NonNull(_) => return Err(inconsistent("a type")),
            },
        };
        Ok(Some(Input::literal(kind)))
    }

    fn named(&mut self, value: &'a ValueNode, type_name: &str) -> Result<InputKind, Refused> {
        let system = self.system;
        let fields = match system.get(type_name).map(|def| &def.kind) {
            Some(TypeKind::Input { fields }) => Some(fields),
            Some(TypeKind::Scalar { .. } | TypeKind::Enum { .. }) => None,
            _ => return Err(inconsistent("an input type")),
        };
        Ok(match (value, fields) {
            (ValueNode::Object(entries), Some(fields)) => {
                let mut coerced: Vec<(String, Input)> = Vec::new();
                for (key, value) in entries {
                    let field = fields.get(key.as_str()).ok_or_else(|| inconsistent("no input field"))?;
                    if let Some(input) = self.below(PathStep::Key(key.clone()), value, &field.type_ref)? {
                        coerced.push((key.clone(), input));
                    }
                }
                for (name, field) in fields {
                    if let Some(default) = field
                        .default
                        .as_ref()
                        .filter(|_| !coerced.iter().any(|(key, _)| key == name))
                    {
                        coerced.push((name.to_string(), Input::literal(default_kind(default))));
                    }
                }
                InputKind::Object(coerced)
            }
            // Ids are text from here on, however they were written.
            (ValueNode::Number(number), None) if type_name == "ID" => InputKind::Text(number.to_string()),
            (value, _) => self.plain(value),
        })
    }

    /// A scalar, an enum member, or any JSON.
    fn plain(&mut self, value: &'a ValueNode) -> InputKind {
        match value {
            ValueNode::Variable(_) | ValueNode::Null => InputKind::Null,
            ValueNode::Boolean(value) => InputKind::Boolean(*value),
            ValueNode::Number(number) => InputKind::Number(number.clone()),
            ValueNode::Text(text) | ValueNode::Enum(text) => InputKind::Text(text.clone()),
            ValueNode::List(items) => InputKind::List(items.iter().map(|item| self.json(item)).collect()),
            ValueNode::Object(entries) => InputKind::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), self.json(value)))
                    .collect(),
            ),
        }
    }

    /// A part of a JSON literal, which may be a variable.
    fn json(&mut self, value: &'a ValueNode) -> Input {
        match value {
            ValueNode::Variable(name) => self
                .variables
                .find(name)
                .cloned()
                .unwrap_or(Input::literal(InputKind::Null)),
            value => Input::literal(self.plain(value)),
        }
    }
}

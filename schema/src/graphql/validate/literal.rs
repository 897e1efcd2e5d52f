//! Values written in the query: whether each fits its place (section 5.6).

use super::{Checker, Usage, did_you_mean};
use crate::graphql::document::{ArgumentNode, Position, ValueNode};
use crate::graphql::error::write_path;
use crate::graphql::operation::PathStep;
use crate::graphql::scalar;
use crate::graphql::type_system::{TypeKind, TypeRef};

/// A place for a value.
#[derive(Clone, Copy)]
struct Slot<'t> {
    type_ref: &'t TypeRef,
    has_default: bool,
    strict_list: bool,
}

impl<'a> Checker<'a> {
    pub(super) fn argument_value(
        &mut self,
        argument: &'a ArgumentNode,
        type_ref: &TypeRef,
        has_default: bool,
        strict_list: bool,
    ) {
        let mut path = vec![PathStep::Key(argument.name.clone())];
        self.value(
            &argument.value,
            Slot {
                type_ref,
                has_default,
                strict_list,
            },
            argument.position,
            &mut path,
        );
    }

    /// The default of a variable: like an argument, but without variables, which the parser refuses there.
    pub(super) fn default_value(&mut self, name: &str, value: &'a ValueNode, type_ref: &TypeRef, position: Position) {
        let mut path = vec![PathStep::Key(format!("${name}"))];
        self.value(
            value,
            Slot {
                type_ref,
                has_default: false,
                strict_list: false,
            },
            position,
            &mut path,
        );
    }

    fn value(&mut self, value: &'a ValueNode, slot: Slot<'_>, position: Position, path: &mut Vec<PathStep>) {
        if self.is_full() {
            return;
        }
        if let ValueNode::Variable(name) = value {
            self.usages.push(Usage {
                name,
                position,
                expected: Some(slot.type_ref.clone()),
                has_default: slot.has_default,
            });
            return;
        }
        match slot.type_ref {
            TypeRef::NonNull(inner) => match value {
                ValueNode::Null => self.wrong(position, path, &format!("expected `{}`, found null", slot.type_ref)),
                _ => self.value(
                    value,
                    Slot {
                        type_ref: inner,
                        ..slot
                    },
                    position,
                    path,
                ),
            },
            _ if *value == ValueNode::Null => {}
            TypeRef::List(inner) => match value {
                ValueNode::List(items) => {
                    for (index, item) in items.iter().enumerate() {
                        path.push(PathStep::Index(index));
                        self.value(
                            item,
                            Slot {
                                type_ref: inner,
                                has_default: false,
                                strict_list: false,
                            },
                            position,
                            path,
                        );
                        path.pop();
                    }
                }
                _ if slot.strict_list => self.wrong(position, path, "expected a list, `[{…}]`"),
                single => self.value(
                    single,
                    Slot {
                        type_ref: inner,
                        has_default: false,
                        strict_list: false,
                    },
                    position,
                    path,
                ),
            },
            TypeRef::Named(name) => self.named(value, name, position, path),
        }
    }

    fn named(&mut self, value: &'a ValueNode, type_name: &str, position: Position, path: &mut Vec<PathStep>) {
        match self.kind(type_name) {
            Some(TypeKind::Scalar { .. }) if type_name == "JSON" => self.json(value, position, path),
            Some(TypeKind::Scalar { .. }) => {
                if let Err(fault) = scalar::check_literal(type_name, value) {
                    self.wrong(position, path, &fault);
                }
            }
            Some(TypeKind::Enum { values }) => match value {
                ValueNode::Enum(member) if values.iter().any(|known| known == member) => {}
                ValueNode::Enum(member) => {
                    let hint = did_you_mean(member, values.iter().map(|known| &**known));
                    self.wrong(position, path, &format!("`{member}` is not a `{type_name}`{hint}"));
                }
                other => self.wrong(
                    position,
                    path,
                    &format!("expected a `{type_name}`, found {}", scalar::describe(other)),
                ),
            },
            Some(TypeKind::Input { fields }) => match value {
                ValueNode::Object(entries) => {
                    for (key, value) in entries {
                        path.push(PathStep::Key(key.clone()));
                        if let Some(field) = fields.get(key.as_str()) {
                            let slot = Slot {
                                type_ref: &field.type_ref,
                                has_default: field.default.is_some(),
                                strict_list: field.strict_list,
                            };
                            self.value(value, slot, position, path);
                        } else {
                            let hint = did_you_mean(key, fields.keys().map(|name| &**name));
                            self.wrong(position, path, &format!("`{type_name}` has no field `{key}`{hint}"));
                        }
                        path.pop();
                    }
                    for (name, field) in fields {
                        if field.is_required() && !entries.iter().any(|(key, _)| key == name) {
                            self.wrong(
                                position,
                                path,
                                &format!("`{type_name}` needs `{name}: {}`", field.type_ref),
                            );
                        }
                    }
                }
                other => self.wrong(
                    position,
                    path,
                    &format!("expected a `{type_name}`, found {}", scalar::describe(other)),
                ),
            },
            Some(TypeKind::Object { .. } | TypeKind::Interface { .. } | TypeKind::Union { .. }) | None => {
                self.wrong(position, path, &format!("`{type_name}` is not an input type"));
            }
        }
    }

    /// Anything, but enum members: JSON has none.
    fn json(&mut self, value: &'a ValueNode, position: Position, path: &mut Vec<PathStep>) {
        match value {
            ValueNode::Variable(name) => self.usages.push(Usage {
                name,
                position,
                expected: None,
                has_default: false,
            }),
            ValueNode::Enum(_) => self.wrong(
                position,
                path,
                &format!("expected a JSON value, found {}", scalar::describe(value)),
            ),
            ValueNode::List(items) => items.iter().for_each(|item| self.json(item, position, path)),
            ValueNode::Object(entries) => entries.iter().for_each(|(_, value)| self.json(value, position, path)),
            ValueNode::Null | ValueNode::Boolean(_) | ValueNode::Number(_) | ValueNode::Text(_) => {}
        }
    }

    fn wrong(&mut self, position: Position, path: &[PathStep], message: &str) {
        self.report(position, format!("{}: {message}", write_path(path)));
    }
}

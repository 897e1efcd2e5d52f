//! Fields, fragments and arguments.

use super::{Checker, Place, did_you_mean};
use crate::graphql::document::{FieldNode, OperationNode, SelectionNode};
use crate::graphql::introspection::is_meta;
use crate::graphql::type_system::{OutputField, TypeKind};

impl<'a> Checker<'a> {
    /// Checks selections on a type; without a type, nothing more is said about them.
    pub(super) fn items(&mut self, parent: Option<&'a str>, items: &'a [SelectionNode]) {
        let Some(parent) = parent else { return };
        for item in items {
            self.directives(item.directives(), Place::Selection);
            match item {
                SelectionNode::Field(field) => self.field(parent, field),
                SelectionNode::Spread { name, position, .. } => {
                    let fragment = self
                        .document
                        .find_fragment(name)
                        .and_then(|index| self.document.fragments.get(index));
                    match fragment {
                        None => {
                            let hint = did_you_mean(
                                name,
                                self.document.fragments.iter().map(|fragment| fragment.name.as_str()),
                            );
                            self.report(*position, format!("unknown fragment `{name}`{hint}"));
                        }
                        Some(fragment) => {
                            let condition = &fragment.type_name;
                            let known = self
                                .system
                                .get(condition)
                                .is_some_and(crate::graphql::type_system::TypeDef::is_composite);
                            if known && !self.system.overlap(parent, condition) {
                                self.report(
                                    *position,
                                    format!("the fragment `{name}` is on `{condition}`, which a `{parent}` never is"),
                                );
                            }
                        }
                    }
                }
                SelectionNode::Inline {
                    type_name: None, items, ..
                } => self.items(Some(parent), items),
                SelectionNode::Inline {
                    type_name: Some(condition),
                    position,
                    items,
                    ..
                } => {
                    if self.condition(condition, *position) {
                        if !self.system.overlap(parent, condition) {
                            self.report(
                                *position,
                                format!("this fragment is on `{condition}`, which a `{parent}` never is"),
                            );
                        }
                        self.items(Some(condition), items);
                    }
                }
            }
        }
    }

    fn field(&mut self, parent: &'a str, field: &'a FieldNode) {
        if self.is_full() {
            return;
        }
        if field.name == "__typename" {
            if let Some(argument) = field.arguments.first() {
                self.report(
                    argument.position,
                    format!("unknown argument `{}` of `__typename`", argument.name),
                );
            }
            if !field.items.is_empty() {
                self.report(
                    field.position,
                    "`__typename` is a `String!` and has no fields to select",
                );
            }
            return;
        }
        let Some(def) = self.system.field(parent, &field.name) else {
            let hint = match self.kind(parent) {
                Some(TypeKind::Union { possible }) => {
                    format!("; a union has none, use `... on {}`", possible.join("` or `... on "))
                }
                Some(TypeKind::Object { fields, .. } | TypeKind::Interface { fields, .. }) => {
                    did_you_mean(&field.name, fields.keys().map(|name| &**name))
                }
                Some(TypeKind::Scalar { .. } | TypeKind::Enum { .. } | TypeKind::Input { .. }) | None => String::new(),
            };
            self.report(
                field.position,
                format!("unknown field `{}` on `{parent}`{hint}", field.name),
            );
            return;
        };
        self.arguments(parent, field, def);
        let name = def.type_ref.name();
        let composite = self
            .system
            .get(name)
            .is_some_and(crate::graphql::type_system::TypeDef::is_composite);
        if composite && field.items.is_empty() {
            self.report(
                field.position,
                format!(
                    "`{}` is a `{}`: say which of its fields, `{} {{ … }}`",
                    field.name, def.type_ref, field.name
                ),
            );
        } else if composite {
            self.items(Some(name), &field.items);
        } else if !field.items.is_empty() {
            self.report(
                field.position,
                format!("`{}` is a `{}` and has no fields to select", field.name, def.type_ref),
            );
        }
    }

    fn arguments(&mut self, parent: &str, field: &'a FieldNode, def: &'a OutputField) {
        for (index, argument) in field.arguments.iter().enumerate() {
            if field
                .arguments
                .iter()
                .take(index)
                .any(|earlier| earlier.name == argument.name)
            {
                self.report(
                    argument.position,
                    format!("the argument `{}` is given twice", argument.name),
                );
                continue;
            }
            if let Some(expected) = def.arguments.get(argument.name.as_str()) {
                self.argument_value(
                    argument,
                    &expected.type_ref,
                    expected.default.is_some(),
                    expected.strict_list,
                );
            } else {
                let hint = did_you_mean(&argument.name, def.arguments.keys().map(|name| &**name));
                self.report(
                    argument.position,
                    format!(
                        "unknown argument `{}` of `{parent}.{}`{hint}",
                        argument.name, field.name
                    ),
                );
            }
        }
        for (name, expected) in &def.arguments {
            if expected.is_required() && !field.arguments.iter().any(|argument| argument.name == *name) {
                self.report(
                    field.position,
                    format!("`{}` needs the argument `{name}: {}`", field.name, expected.type_ref),
                );
            }
        }
    }

    /// A subscription has one root field, and neither introspection nor conditions there (section 5.2.4.1).
    pub(super) fn single_root(&mut self, operation: &'a OperationNode) {
        let mut roots: Vec<&'a FieldNode> = Vec::new();
        let mut conditional = false;
        self.root_fields(&operation.items, &mut roots, &mut conditional);
        let mut keys: Vec<&str> = roots.iter().map(|field| field.key()).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.len() > 1 {
            self.report(operation.position, "a subscription has one root field");
        }
        if conditional {
            self.report(
                operation.position,
                "`@skip` and `@include` cannot stand at the root of a subscription",
            );
        }
        if let Some(field) = roots
            .iter()
            .find(|field| field.name == "__typename" || is_meta(&field.name))
        {
            self.report(
                field.position,
                format!("`{}` cannot be the root field of a subscription", field.name),
            );
        }
    }

    fn root_fields(&self, items: &'a [SelectionNode], roots: &mut Vec<&'a FieldNode>, conditional: &mut bool) {
        for item in items {
            *conditional |= !item.directives().is_empty();
            match item {
                SelectionNode::Field(field) => roots.push(field),
                SelectionNode::Inline { items, .. } => self.root_fields(items, roots, conditional),
                SelectionNode::Spread { name, .. } => {
                    if let Some(fragment) = self
                        .document
                        .find_fragment(name)
                        .and_then(|index| self.document.fragments.get(index))
                    {
                        self.root_fields(&fragment.items, roots, conditional);
                    }
                }
            }
        }
    }
}

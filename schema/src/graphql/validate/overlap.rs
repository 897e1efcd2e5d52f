//! Fields under one response key must be able to share it (section 5.3.2).
//!
//! Instead of comparing all pairs, fields of one key are compared with the first of them, which is enough as
//! both relations are transitive: their types must have one shape, and where an object may have both, they must be the same field.
//! A large set of equal fields so costs its size, not its square.

use super::Checker;
use crate::graphql::document::{ArgumentNode, FieldNode, SelectionNode};
use crate::graphql::type_system::{TypeKind, TypeRef};
use indexmap::IndexMap;

/// A field where it stands: the type it is selected on, and its own type.
#[derive(Clone, Copy)]
struct Placed<'a> {
    parent: &'a str,
    field: &'a FieldNode,
    type_ref: Option<&'a TypeRef>,
}

type ByKey<'a> = IndexMap<&'a str, Vec<Placed<'a>>>;

impl<'a> Checker<'a> {
    pub(super) fn overlaps(&mut self, root: &'a str, items: &'a [SelectionNode]) {
        let mut fields = ByKey::new();
        self.collect(root, items, &mut fields);
        self.same_field(&fields);
        if self.errors.is_empty() {
            self.same_shape(&fields);
        }
    }

    fn collect(&self, parent: &'a str, items: &'a [SelectionNode], fields: &mut ByKey<'a>) {
        for item in items {
            match item {
                SelectionNode::Field(field) => {
                    let type_ref = self.system.field(parent, &field.name).map(|def| &def.type_ref);
                    fields.entry(field.key()).or_default().push(Placed {
                        parent,
                        field,
                        type_ref,
                    });
                }
                SelectionNode::Inline { type_name, items, .. } => {
                    self.collect(type_name.as_deref().unwrap_or(parent), items, fields);
                }
                SelectionNode::Spread { name, .. } => {
                    if let Some(fragment) = self
                        .document
                        .find_fragment(name)
                        .and_then(|index| self.document.fragments.get(index))
                    {
                        self.collect(&fragment.type_name, &fragment.items, fields);
                    }
                }
            }
        }
    }

    fn below(&self, placed: &[Placed<'a>]) -> ByKey<'a> {
        let mut fields = ByKey::new();
        for placed in placed {
            if let Some(type_ref) = placed.type_ref {
                self.collect(type_ref.name(), &placed.field.items, &mut fields);
            }
        }
        fields
    }

    /// SameResponseShape, for all fields of a key, whatever their parents.
    fn same_shape(&mut self, fields: &ByKey<'a>) {
        for (key, placed) in fields {
            let Some((first, rest)) = placed.split_first() else {
                continue;
            };
            for other in rest {
                if !self.shapes_match(first.type_ref, other.type_ref) {
                    let (left, right) = (told(first.type_ref), told(other.type_ref));
                    self.conflict(key, first, other, &format!("one is a `{left}`, the other a `{right}`"));
                    return;
                }
            }
            let below = self.below(placed);
            self.same_shape(&below);
        }
    }

    fn shapes_match(&self, left: Option<&TypeRef>, right: Option<&TypeRef>) -> bool {
        match (left, right) {
            // `__typename` is the only field without a definition.
            (None, None) => true,
            (None, Some(other)) | (Some(other), None) => other.to_string() == "String!",
            (Some(TypeRef::NonNull(left)), Some(TypeRef::NonNull(right)))
            | (Some(TypeRef::List(left)), Some(TypeRef::List(right))) => self.shapes_match(Some(left), Some(right)),
            (Some(TypeRef::Named(left)), Some(TypeRef::Named(right))) => {
                let leaf =
                    |name: &str| matches!(self.kind(name), Some(TypeKind::Scalar { .. } | TypeKind::Enum { .. }));
                left == right || !leaf(left) && !leaf(right)
            }
            (Some(_), Some(_)) => false,
        }
    }

    /// FieldsInSetCanMerge: one object type's fields, with those of abstract parents, are one field under one key.
    fn same_field(&mut self, fields: &ByKey<'a>) {
        for (key, placed) in fields {
            let is_object = |placed: &&Placed<'a>| matches!(self.kind(placed.parent), Some(TypeKind::Object { .. }));
            let mut groups: IndexMap<&str, Vec<Placed<'a>>> = IndexMap::new();
            for one in placed.iter().filter(is_object) {
                groups.entry(one.parent).or_default().push(*one);
            }
            let shared: Vec<Placed<'a>> = placed.iter().filter(|placed| !is_object(placed)).copied().collect();
            if groups.is_empty() {
                groups.entry("").or_default();
            }
            for (_, mut group) in groups {
                group.extend(&shared);
                let Some((first, rest)) = group.split_first() else {
                    continue;
                };
                for other in rest {
                    if first.field.name != other.field.name {
                        let message = format!("`{}` and `{}` are different fields", first.field.name, other.field.name);
                        self.conflict(key, first, other, &message);
                        return;
                    }
                    if !same_arguments(&first.field.arguments, &other.field.arguments) {
                        self.conflict(key, first, other, "their arguments differ");
                        return;
                    }
                }
                let below = self.below(&group);
                self.same_field(&below);
            }
        }
    }

    fn conflict(&mut self, key: &str, first: &Placed<'a>, other: &Placed<'a>, why: &str) {
        self.report(
            first.field.position,
            format!("two fields cannot share the key `{key}`: {why}; give one of them an alias"),
        );
        if let Some(error) = self.errors.last_mut() {
            error.locations.push(other.field.position);
        }
    }
}

fn told(type_ref: Option<&TypeRef>) -> String {
    type_ref.map_or_else(|| "String!".to_owned(), ToString::to_string)
}

fn same_arguments(left: &[ArgumentNode], right: &[ArgumentNode]) -> bool {
    left.len() == right.len()
        && left.iter().all(|argument| {
            right
                .iter()
                .any(|other| other.name == argument.name && same_value(&other.value, &argument.value))
        })
}

fn same_value(left: &crate::graphql::document::ValueNode, right: &crate::graphql::document::ValueNode) -> bool {
    use crate::graphql::document::ValueNode::{List, Object};
    match (left, right) {
        (List(left), List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same_value(left, right))
        }
        (Object(left), Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| {
                    right
                        .iter()
                        .any(|(other, right)| other == key && same_value(value, right))
                })
        }
        _ => left == right,
    }
}

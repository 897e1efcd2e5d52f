//! Where a plan reads which rows: for explanations, and to know which rules a query has met.

use crate::plan::{
    AggregateSlotKind, Connection, ConnectionSlotKind, EdgeSlotKind, GroupKeyKind, GroupSlotKind, Groups, ListNode,
    OneNode, Plan, Slot, SlotKind, TemplatePart,
};
use freehold_policy::predicate::{Link, Predicate};
use freehold_policy::source::{FilterPredicate, ReadableField, RowSource};
use freehold_schema::catalog::FieldId;
use std::collections::BTreeSet;

/// One place where a plan reads rows of an entity.
#[derive(Clone, Debug)]
pub struct Occurrence<'p> {
    /// Response keys from the root; behind them `filter`, `order` or `groups` where rows are read for that alone.
    pub path: Vec<String>,
    /// The rows that may be read there, with each field's guard.
    pub source: &'p RowSource,
    /// How they are found.
    pub shape: Shape,
    /// The fields that are used of them.
    pub fields: BTreeSet<FieldId>,
}

/// How rows are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// As a list.
    List,
    /// One row, by its id, a key or a reference.
    Row,
}

/// Every place, parents before what they hold.
pub fn occurrences(plan: &Plan) -> Vec<Occurrence<'_>> {
    let mut walk = Walk::default();
    walk.slots(&plan.roots, None, &[]);
    walk.found
}

#[derive(Default)]
struct Walk<'p> {
    found: Vec<Occurrence<'p>>,
}

impl<'p> Walk<'p> {
    fn add(&mut self, path: Vec<String>, source: &'p RowSource, shape: Shape) -> usize {
        self.found.push(Occurrence {
            path,
            source,
            shape,
            fields: BTreeSet::new(),
        });
        self.found.len() - 1
    }

    fn uses(&mut self, row: Option<usize>, field: &ReadableField) {
        if let Some(occurrence) = row.and_then(|row| self.found.get_mut(row)) {
            occurrence.fields.insert(field.id());
        }
    }

    /// Slots of a row; of the root no row.
    fn slots(&mut self, slots: &'p [Slot], row: Option<usize>, path: &[String]) {
        for slot in slots {
            let path = below(path, &slot.key);
            match &slot.kind {
                SlotKind::Text(_)
                | SlotKind::Null
                | SlotKind::Json(_)
                | SlotKind::Can(_)
                | SlotKind::Writable(_)
                | SlotKind::Restricted(_)
                | SlotKind::Session(_)
                | SlotKind::Texts(_) => {}
                SlotKind::Field { field, .. } => self.uses(row, field),
                SlotKind::One(node) => self.one(node, row, &path),
                SlotKind::Union(nodes) => nodes.iter().for_each(|node| self.one(node, row, &path)),
                SlotKind::Many(list) | SlotKind::Rows(list) => self.list(list, row, &path),
                SlotKind::Object(slots) => self.slots(slots, row, &path),
                SlotKind::Concat { objects, lists } => {
                    for slots in objects {
                        self.slots(slots, row, &path);
                    }
                    for list in lists {
                        self.list(list, row, &path);
                    }
                }
                SlotKind::Template(parts) => self.template(parts, row, &path),
            }
        }
    }

    fn one(&mut self, node: &'p OneNode, parent: Option<usize>, path: &[String]) {
        self.link(&node.link, parent);
        let row = self.add(path.to_vec(), &node.source, Shape::Row);
        self.filter(&node.filter, row, path);
        self.slots(&node.slots, Some(row), path);
    }

    fn list(&mut self, list: &'p ListNode, parent: Option<usize>, path: &[String]) {
        self.link(&list.link, parent);
        let row = self.add(path.to_vec(), &list.source, Shape::List);
        self.filter(&list.filter, row, path);
        let mut joins = Vec::with_capacity(list.order_joins.len());
        for join in &list.order_joins {
            let from = join.from.and_then(|from| joins.get(from).copied()).unwrap_or(row);
            self.uses(Some(from), &join.reference);
            joins.push(self.add(below(path, "order"), &join.source, Shape::Row));
        }
        for key in &list.order {
            let of = key.join.and_then(|join| joins.get(join).copied()).unwrap_or(row);
            self.uses(Some(of), &key.field);
        }
        match &list.connection {
            Connection::Rows(slots) => self.slots(slots, Some(row), path),
            Connection::Object(slots) => {
                for slot in slots {
                    let path = below(path, &slot.key);
                    match &slot.kind {
                        ConnectionSlotKind::Text(_)
                        | ConnectionSlotKind::PageInfo(_)
                        | ConnectionSlotKind::TotalCount => {}
                        ConnectionSlotKind::Nodes(slots) => self.slots(slots, Some(row), &path),
                        ConnectionSlotKind::Edges(slots) => {
                            for slot in slots {
                                if let EdgeSlotKind::Node(slots) = &slot.kind {
                                    self.slots(slots, Some(row), &below(&path, &slot.key));
                                }
                            }
                        }
                        ConnectionSlotKind::Aggregate(slots) => {
                            for slot in slots {
                                self.aggregate(&slot.kind, row);
                            }
                        }
                        ConnectionSlotKind::Groups(groups) => self.groups(groups, row, &path),
                    }
                }
            }
        }
    }

    fn aggregate(&mut self, slot: &'p AggregateSlotKind, row: usize) {
        if let AggregateSlotKind::Function { fields, .. } = slot {
            for (field, _) in fields.iter().filter_map(|field| field.field.as_ref()) {
                self.uses(Some(row), field);
            }
        }
    }

    fn groups(&mut self, groups: &'p Groups, row: usize, path: &[String]) {
        for key in &groups.by {
            self.uses(Some(row), &key.field);
            if let Some(target) = &key.target {
                self.add(path.to_vec(), target, Shape::Row);
            }
        }
        for slot in &groups.slots {
            let path = below(path, &slot.key);
            match &slot.kind {
                GroupSlotKind::Text(_) => {}
                GroupSlotKind::Aggregate(slots) => slots.iter().for_each(|slot| self.aggregate(&slot.kind, row)),
                GroupSlotKind::Key(keys) => {
                    for key in keys {
                        if let GroupKeyKind::One(_, node) = &key.kind {
                            self.one(node, Some(row), &below(&path, &key.key));
                        }
                    }
                }
            }
        }
    }

    fn template(&mut self, parts: &'p [TemplatePart], row: Option<usize>, path: &[String]) {
        for part in parts {
            let TemplatePart::Field { steps, field } = part else {
                continue;
            };
            let mut of = row;
            for step in steps {
                self.link(&step.link, of);
                of = Some(self.add(path.to_vec(), &step.source, Shape::Row));
            }
            self.uses(of, field);
        }
    }

    fn filter(&mut self, filter: &'p FilterPredicate, row: usize, path: &[String]) {
        match filter {
            Predicate::Constant(_) | Predicate::Caller(_) => {}
            Predicate::All(parts) | Predicate::Any(parts) => parts.iter().for_each(|part| self.filter(part, row, path)),
            Predicate::Not(part) => self.filter(part, row, path),
            Predicate::Leaf { field, .. } => self.uses(Some(row), field),
            Predicate::Exists { link, source, inner }
            | Predicate::Count {
                link, source, inner, ..
            } => {
                self.link(link, Some(row));
                let shape = match link {
                    Link::Reference(_) => Shape::Row,
                    Link::Inverse { .. } | Link::Equal { .. } | Link::Free => Shape::List,
                };
                let mut path = path.to_vec();
                if path.last().is_none_or(|last| last != "filter") {
                    path.push("filter".to_owned());
                }
                let related = self.add(path.clone(), source, shape);
                self.filter(inner, related, &path);
            }
        }
    }

    fn link(&mut self, link: &'p Link<ReadableField>, parent: Option<usize>) {
        match link {
            Link::Reference(field) | Link::Equal { ours: field, .. } => self.uses(parent, field),
            Link::Inverse { .. } | Link::Free => {}
        }
    }
}

fn below(path: &[String], key: &str) -> Vec<String> {
    path.iter().cloned().chain([key.to_owned()]).collect()
}

#[cfg(test)]
mod tests;

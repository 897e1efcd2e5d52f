//! A plan as an outline that a reviewer can read: what is read, behind which guard, in which order, and what is written of it.

use freehold_planner::plan::{
    Connection, ConnectionSlotKind, EdgeSlotKind, GroupKeyKind, GroupSlotKind, ListNode, OneNode, Plan, Slot, SlotKind,
};
use freehold_policy::explain::explain;
use freehold_policy::predicate::Link;
use freehold_policy::source::{Guard, ReadableField, RowSource};
use freehold_schema::catalog::Catalog;
use std::fmt::Write as _;

/// The outline of a plan.
pub(crate) fn outline(catalog: &Catalog, plan: &Plan) -> String {
    let mut outline = Outline {
        catalog,
        out: String::new(),
        depth: 0,
    };
    outline.line(&format!("cost {}", plan.cost));
    outline.slots(&plan.roots);
    outline.out
}

struct Outline<'a> {
    catalog: &'a Catalog,
    out: String,
    depth: usize,
}

impl Outline<'_> {
    fn line(&mut self, text: &str) {
        writeln!(self.out, "{}{text}", "  ".repeat(self.depth)).expect("writing to a text");
    }

    fn within(&mut self, work: impl FnOnce(&mut Self)) {
        self.depth += 1;
        work(self);
        self.depth -= 1;
    }

    fn field(&self, field: &ReadableField) -> String {
        let name = &self.catalog.field(field.entity(), field.id()).name;
        if field.is_always_readable() {
            name.clone()
        } else {
            format!("{name} (guarded)")
        }
    }

    fn source(&mut self, source: &RowSource, link: &Link<ReadableField>) {
        let entity = source.entity();
        let via = match link {
            Link::Free => String::new(),
            Link::Reference(field) => format!(" of {}", self.field(field)),
            Link::Equal { theirs, ours } => {
                format!(
                    " whose {} is this row, by {}",
                    self.catalog.field(entity, *theirs).name,
                    self.field(ours)
                )
            }
            Link::Inverse { by } => format!(" whose {} is this row", self.catalog.field(entity, *by).name),
        };
        self.line(&format!("from {}{via}", self.catalog.entity(entity).name));
        self.line(&format!("guard {}", explain(self.catalog, entity, source.rows())));
    }

    fn slots(&mut self, slots: &[Slot]) {
        for slot in slots {
            self.slot(slot, None);
        }
    }

    fn row_slots(&mut self, slots: &[Slot], source: &RowSource) {
        for slot in slots {
            self.slot(slot, Some(source));
        }
    }

    fn slot(&mut self, slot: &Slot, source: Option<&RowSource>) {
        let key = &slot.key;
        match &slot.kind {
            SlotKind::Field { field, .. } => {
                let shown = self.field(field);
                match source.and_then(|source| source.guard(field.id())) {
                    Some(Guard::When(guard)) => {
                        let guard = explain(self.catalog, field.entity(), guard);
                        self.line(&format!("{key} = {shown}, where {guard}"));
                    }
                    _ => self.line(&format!("{key} = {shown}")),
                }
            }
            SlotKind::One(node) => self.one(key, node),
            SlotKind::Union(nodes) => nodes.iter().for_each(|node| self.one(&format!("{key}, perhaps"), node)),
            SlotKind::Many(node) | SlotKind::Rows(node) => self.list(key, node),
            SlotKind::Object(slots) => {
                self.line(&format!("{key} object"));
                self.within(|outline| outline.slots(slots));
            }
            SlotKind::Concat { objects, lists } => {
                self.line(&format!(
                    "{key} {} objects and the rows of {} lists",
                    objects.len(),
                    lists.len()
                ));
                self.within(|outline| lists.iter().for_each(|list| outline.list("rows", list)));
            }
            SlotKind::Can(operation) => self.line(&format!("{key} can {operation:?}")),
            SlotKind::Writable(names) => self.line(&format!("{key} writable among {}", names.len())),
            SlotKind::Restricted(names) => self.line(&format!("{key} restricted among {}", names.len())),
            SlotKind::Text(text) => self.line(&format!("{key} text {text}")),
            SlotKind::Texts(texts) => self.line(&format!("{key} texts {texts:?}")),
            SlotKind::Session(value) => self.line(&format!("{key} session {value:?}")),
            SlotKind::Template(parts) => self.line(&format!("{key} text of {} parts", parts.len())),
            SlotKind::Json(_) => self.line(&format!("{key} ready")),
            SlotKind::Null => self.line(&format!("{key} null")),
        }
    }

    fn one(&mut self, key: &str, node: &OneNode) {
        self.line(&format!("{key} row"));
        self.within(|outline| {
            outline.source(&node.source, &node.link);
            outline.row_slots(&node.slots, &node.source);
        });
    }

    fn list(&mut self, key: &str, node: &ListNode) {
        self.line(&format!("{key} list"));
        self.within(|outline| {
            outline.source(&node.source, &node.link);
            let order: Vec<String> = node
                .order
                .iter()
                .map(|key| {
                    let through = if key.join.is_some() { " through a reference" } else { "" };
                    format!(
                        "{}{through} {}",
                        outline.field(&key.field),
                        if key.descending { "desc" } else { "asc" }
                    )
                })
                .collect();
            outline.line(&format!("order {}", order.join(", ")));
            let page = &node.page;
            let direction = if page.backward { "last" } else { "first" };
            let peek = if page.peek { " and one to peek" } else { "" };
            outline.line(&format!(
                "page {direction} {}{peek}, offset {}",
                page.limit, page.offset
            ));
            match &node.connection {
                Connection::Rows(slots) => outline.row_slots(slots, &node.source),
                Connection::Object(slots) => {
                    for slot in slots {
                        outline.connection(&slot.key, &slot.kind, &node.source);
                    }
                }
            }
        });
    }

    fn connection(&mut self, key: &str, kind: &ConnectionSlotKind, source: &RowSource) {
        self.line(key);
        self.within(|outline| match kind {
            ConnectionSlotKind::Nodes(slots) => outline.row_slots(slots, source),
            ConnectionSlotKind::Edges(slots) => {
                for slot in slots {
                    if let EdgeSlotKind::Node(slots) = &slot.kind {
                        outline.row_slots(slots, source);
                    }
                }
            }
            ConnectionSlotKind::Groups(groups) => {
                let by: Vec<String> = groups.by.iter().map(|key| outline.field(&key.field)).collect();
                outline.line(&format!("by {}", by.join(", ")));
                for slot in &groups.slots {
                    let GroupSlotKind::Key(keys) = &slot.kind else { continue };
                    for key in keys {
                        if let GroupKeyKind::One(_, node) = &key.kind {
                            outline.one(&key.key, node);
                        }
                    }
                }
            }
            ConnectionSlotKind::Text(_)
            | ConnectionSlotKind::PageInfo(_)
            | ConnectionSlotKind::TotalCount
            | ConnectionSlotKind::Aggregate(_) => {}
        });
    }
}

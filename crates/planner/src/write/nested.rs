//! Writes within lists: `comments: {create: […], connect: […]}`.

use super::input::{self, Parent};
use super::{arguments, value};
use crate::context::Context;
use crate::mutation::{Assigned, Change, Selector, Step};
use crate::problems::Problems;
use freehold_base::Value;
use freehold_schema::catalog::{EntityDef, FieldId, FieldType, Operation};
use freehold_schema::graphql::operation::Input;

/// What may be done with the rows of a list, in the order in which it is done: what frees a unique key comes before what takes it.
const VERBS: [&str; 5] = ["disconnect", "delete", "update", "connect", "create"];

/// The steps of an input's lists, after the row's own write.
pub(super) fn children(
    context: &Context<'_>,
    entity: &EntityDef,
    lists: &[(FieldId, &Input)],
    problems: &mut Problems,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for (list, input) in lists {
        let def = entity.field(*list);
        let FieldType::List { of, by } = def.field_type else {
            continue;
        };
        let nested = Nested {
            context,
            child: context.catalog.entity(of),
            parent: Parent { entity: entity.id, by },
        };
        problems.within(def.graphql_name.as_str(), |problems| {
            steps.append(&mut nested.steps(input, problems));
        });
    }
    steps
}

/// One list of one row.
struct Nested<'a> {
    context: &'a Context<'a>,
    child: &'a EntityDef,
    parent: Parent,
}

impl Nested<'_> {
    fn steps(&self, input: &Input, problems: &mut Problems) -> Vec<Step> {
        // Null is what clients send of what they leave out.
        if input.is_null() {
            return Vec::new();
        }
        let entries = arguments::entries(input, problems);
        for (key, _) in entries.iter().filter(|(key, _)| !VERBS.contains(&key.as_str())) {
            problems.within(key.as_str(), |problems| problems.add("unknown", "no such field"));
        }
        let mut steps = Vec::new();
        for verb in VERBS {
            let given = entries.iter().find(|(key, _)| key == verb);
            let Some((_, items)) = given.filter(|(_, items)| !items.is_null()) else {
                continue;
            };
            let planned = problems.within(verb, |problems| {
                arguments::each(items, problems, |item, problems| self.step(verb, item, problems))
            });
            steps.extend(planned.into_iter().flatten());
        }
        steps
    }

    fn step(&self, verb: &str, item: &Input, problems: &mut Problems) -> Option<Step> {
        match verb {
            "disconnect" => self.disconnect(item, problems),
            "delete" => self.delete(item, problems),
            "update" => self.update(item, problems),
            "connect" => self.connect(item, problems),
            _ => Some(Step::Create(input::create(
                self.context,
                self.child,
                item,
                Some(self.parent),
                problems,
            ))),
        }
    }

    /// A row of this list, and of no other.
    fn own(&self, item: &Input, problems: &mut Problems) -> Option<Selector> {
        Some(Selector::Child {
            id: arguments::row_id(item, problems)?,
            by: self.parent.by,
        })
    }

    fn disconnect(&self, item: &Input, problems: &mut Problems) -> Option<Step> {
        let rows = self.own(item, problems)?;
        value::nullable(self.child.field(self.parent.by), problems).then(|| Step::Update {
            rows,
            change: self.moved(Assigned::Value(Value::Null), problems),
        })
    }

    fn delete(&self, item: &Input, problems: &mut Problems) -> Option<Step> {
        Some(Step::Delete {
            rows: self.own(item, problems)?,
            target: self.context.access.target(self.child.id, Operation::Delete),
            if_version: None,
            path: problems.path(),
        })
    }

    /// `{id:, input:, ifVersion:}`
    fn update(&self, item: &Input, problems: &mut Problems) -> Option<Step> {
        let path = problems.path();
        let entries = arguments::entries(item, problems);
        let find = |name: &str| entries.iter().find(|(key, _)| key == name).map(|(_, input)| input);
        let rows = find("id").and_then(|id| problems.within("id", |problems| self.own(id, problems)));
        let if_version = find("ifVersion")
            .and_then(|input| problems.within("ifVersion", |problems| arguments::version(input, problems)));
        let change = find("input").map(|input| {
            problems.within("input", |problems| {
                input::change(self.context, self.child, input, if_version, problems)
            })
        });
        for (name, is_there) in [("id", find("id").is_some()), ("input", change.is_some())] {
            if !is_there {
                problems.within(name, |problems| problems.add("required", "needs a value"));
            }
        }
        Some(Step::Update {
            rows: rows?,
            change: Change { path, ..change? },
        })
    }

    /// A row from anywhere moves here.
    fn connect(&self, item: &Input, problems: &mut Problems) -> Option<Step> {
        let id = arguments::row_id(item, problems)?;
        let mut change = self.moved(Assigned::Parent, problems);
        change.references.push(self.parent.check(self.context, problems));
        Some(Step::Update {
            rows: Selector::Id(id),
            change,
        })
    }

    /// The child with another reference back.
    fn moved(&self, to: Assigned, problems: &Problems) -> Change {
        Change {
            target: self.context.access.target(self.child.id, Operation::Update),
            values: vec![(self.parent.by, to)],
            references: Vec::new(),
            if_version: None,
            children: Vec::new(),
            path: problems.path(),
        }
    }
}

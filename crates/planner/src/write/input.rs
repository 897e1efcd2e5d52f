//! An input object becomes a new row, or a change of one.

use super::{arguments, nested, value};
use crate::context::Context;
use crate::mutation::{Assigned, Change, Create, ReferenceCheck};
use crate::problems::Problems;
use freehold_base::Value;
use freehold_policy::target::{Grant, WriteTarget};
use freehold_schema::catalog::{EntityDef, EntityId, FieldDef, FieldId, FieldType, Operation};
use freehold_schema::graphql::operation::Input;

/// The row in which a write is nested.
#[derive(Clone, Copy)]
pub(super) struct Parent {
    /// Its entity.
    pub(super) entity: EntityId,
    /// The nested row's reference to it.
    pub(super) by: FieldId,
}

/// What an input object gives.
struct Given<'i> {
    /// Fields, ascending; those whose value does not fit are among them.
    named: Vec<FieldId>,
    /// By ascending field.
    values: Vec<(FieldId, Assigned)>,
    references: Vec<ReferenceCheck>,
    /// Nested writes, by ascending list.
    lists: Vec<(FieldId, &'i Input)>,
}

/// A new row; `parent`: it is created within a list of that one.
pub(super) fn create(
    context: &Context<'_>,
    entity: &EntityDef,
    input: &Input,
    parent: Option<Parent>,
    problems: &mut Problems,
) -> Create {
    let mut given = given(context, entity, input, parent.map(|parent| parent.by), problems);
    if let Some(parent) = parent {
        given.named.push(parent.by);
        given.values.push((parent.by, Assigned::Parent));
        given.references.push(parent.check(context, problems));
        given.sort();
    }
    let target = context.access.target(entity.id, Operation::Create);
    let missing = missing(entity, &given.named);
    require(entity, &target, &given.named, &missing, problems);
    given.values.extend(defaults(entity, &given.named));
    Create {
        target,
        values: given.values,
        named: given.named,
        missing,
        references: given.references,
        children: nested::children(context, entity, &given.lists, problems),
        path: problems.path(),
    }
}

/// A change of a row.
pub(super) fn change(
    context: &Context<'_>,
    entity: &EntityDef,
    input: &Input,
    if_version: Option<i64>,
    problems: &mut Problems,
) -> Change {
    let given = given(context, entity, input, None, problems);
    Change {
        target: context.access.target(entity.id, Operation::Update),
        values: given.values,
        references: given.references,
        if_version,
        children: nested::children(context, entity, &given.lists, problems),
        path: problems.path(),
    }
}

impl Parent {
    /// The caller must be able to read the parent: it is a reference that the caller gives.
    pub(super) fn check(self, context: &Context<'_>, problems: &Problems) -> ReferenceCheck {
        ReferenceCheck {
            field: self.by,
            target: Assigned::Parent,
            source: context.access.read(self.entity).cloned(),
            path: problems.path(),
        }
    }
}

/// The keys of an input object, each as what its field is. In a list, the row's reference `back` is not among them.
fn given<'i>(
    context: &Context<'_>,
    entity: &EntityDef,
    input: &'i Input,
    back: Option<FieldId>,
    problems: &mut Problems,
) -> Given<'i> {
    let mut given = Given {
        named: Vec::new(),
        values: Vec::new(),
        references: Vec::new(),
        lists: Vec::new(),
    };
    for (key, input) in arguments::entries(input, problems) {
        problems.within(key.as_str(), |problems| {
            let def = entity.find_graphql_field(key).filter(|def| Some(def.id) != back);
            let Some(def) = def else {
                return problems.add("unknown", "no such field");
            };
            if let FieldType::List { .. } = def.field_type {
                return given.lists.push((def.id, input));
            }
            given.named.push(def.id);
            if let Some(value) = value::value(context, entity, def, input, problems) {
                given
                    .references
                    .extend(value::reference(context, def, &value, problems));
                given.values.push((def.id, Assigned::Value(value)));
            }
        });
    }
    given.sort();
    given
}

impl Given<'_> {
    /// Keys of an object have no order; fields have.
    fn sort(&mut self) {
        self.named.sort_unstable();
        self.values.sort_by_key(|(field, _)| *field);
        self.references.sort_by_key(|check| check.field);
        self.lists.sort_by_key(|(field, _)| *field);
    }
}

/// The model's values for what the caller leaves out.
fn defaults<'a>(entity: &'a EntityDef, named: &'a [FieldId]) -> impl Iterator<Item = (FieldId, Assigned)> + 'a {
    entity
        .fields
        .iter()
        .filter(|field| !named.contains(&field.id))
        .filter_map(|field| Some((field.id, Assigned::Value(field.default_value()?))))
}

/// The values of a new row that no rule judges, and what they refer to. Fields that are not `open` are not there.
pub(super) fn unruled(
    context: &Context<'_>,
    entity: &EntityDef,
    open: &[FieldId],
    input: &Input,
    problems: &mut Problems,
) -> (Vec<(FieldId, Value)>, Vec<ReferenceCheck>) {
    let mut given = given(context, entity, input, None, problems);
    for field in given.named.iter().chain(given.lists.iter().map(|(list, _)| list)) {
        problems.within(entity.field(*field).graphql_name.as_str(), |problems| {
            if !open.contains(field) && !problems.is_told("unknown") {
                problems.add("unknown", "no such field");
            }
        });
    }
    for field in missing(entity, &given.named) {
        tell_missing(entity.field(field), problems);
    }
    given.values.extend(defaults(entity, &given.named));
    let values = given.values.into_iter().filter_map(|(field, value)| match value {
        Assigned::Value(value) => Some((field, value)),
        Assigned::Parent => None,
    });
    (values.collect(), given.references)
}

/// Required fields for which neither the caller nor the model has a value. The server fills its own.
fn missing(entity: &EntityDef, named: &[FieldId]) -> Vec<FieldId> {
    entity
        .fields
        .iter()
        .filter(|field| field.required && field.system.is_none() && field.column().is_some())
        .filter(|field| field.field_type != FieldType::Autonumber && field.default_value().is_none())
        .map(|field| field.id)
        .filter(|field| !named.contains(field))
        .collect()
}

/// Tells the fields that no rule presets, of the rules that take what is given: those that the most helpful one leaves open.
fn require(entity: &EntityDef, target: &WriteTarget, named: &[FieldId], missing: &[FieldId], problems: &mut Problems) {
    let open = |grant: &Grant| -> Vec<FieldId> {
        let is_preset = |field: &&FieldId| grant.presets().iter().any(|(preset, _)| preset == *field);
        missing.iter().filter(|field| !is_preset(field)).copied().collect()
    };
    let covering = target.covering(named).map(open).min_by_key(Vec::len);
    let open = covering.or_else(|| target.grants().iter().map(open).min_by_key(Vec::len));
    for field in open.unwrap_or_else(|| missing.to_vec()) {
        tell_missing(entity.field(field), problems);
    }
}

fn tell_missing(def: &FieldDef, problems: &mut Problems) {
    problems.within(def.graphql_name.as_str(), |problems| {
        problems.add("required", "needs a value, but was not given");
    });
}

//! Mutations: the arguments of each root field become the steps of one plan.
//!
//! What a value must be like is judged here, before anything touches the database; who may write what is judged row by row when
//! the plan runs, by the targets that stand in its steps. Start at [`roots`]; `input` makes a step of an input object, `nested`
//! the steps of the lists in it.

mod administration;
mod answer;
mod arguments;
mod cascade;
mod input;
mod nested;
mod selector;
mod upsert;
mod value;

pub(crate) use cascade::deletions;

use crate::context::Context;
use crate::mutation::{Answer, Assigned, Change, MutationRoot, RootAction, Selector, Step};
use crate::problems::Problems;
use freehold_schema::catalog::{EntityDef, EntityKind, FieldId, Operation as Right};
use freehold_schema::graphql::RootWrite;
use freehold_schema::graphql::operation::{Field, Operation};

/// The root fields, in order. One that cannot be planned is left out, and told.
pub(crate) fn roots(context: &mut Context<'_>, operation: &Operation) -> Vec<MutationRoot> {
    let fields = context.fields(&operation.items, "Mutation");
    let mut roots = Vec::with_capacity(fields.len());
    for field in &fields {
        if context.is_over_cost() {
            break;
        }
        context.path.push(field.key.clone());
        let planned = action(context, field);
        context.path.pop();
        roots.extend(planned.map(|action| MutationRoot {
            key: field.key.clone(),
            name: field.name.clone(),
            action,
        }));
    }
    roots
}

/// What a root field does; `None`, and told, when it cannot be planned.
fn action(context: &mut Context<'_>, field: &Field) -> Option<RootAction> {
    if field.name == "__typename" {
        return Some(RootAction::Text("Mutation".to_owned()));
    }
    let Some((entity, write)) = RootWrite::find(context.catalog, &field.name) else {
        return administration::of_members(context, field);
    };
    match write {
        RootWrite::CreateOne if entity.kind == EntityKind::Tenant => {
            administration::create_tenant(context, field, entity)
        }
        RootWrite::CreateOne => one(context, field, entity, |context, field, entity, problems| {
            Some(create(context, field, entity, problems))
        }),
        RootWrite::CreateMany => many(context, field, entity, create_many),
        RootWrite::UpdateOne => one(context, field, entity, update),
        RootWrite::UpdateMany => many(context, field, entity, update_many),
        RootWrite::DeleteOne => one(context, field, entity, delete),
        RootWrite::DeleteMany => many(context, field, entity, delete_many),
        RootWrite::Upsert => one(context, field, entity, upsert::upsert),
        RootWrite::Transition(state) => one(context, field, entity, |context, field, entity, problems| {
            transition(context, field, entity, state, problems)
        }),
    }
}

/// A mutation of one row.
fn one(
    context: &mut Context<'_>,
    field: &Field,
    entity: &EntityDef,
    plan: impl FnOnce(&Context<'_>, &Field, &EntityDef, &mut Problems) -> Option<Step>,
) -> Option<RootAction> {
    let step = judged(context, field, |context, problems| {
        plan(context, field, entity, problems)
    })?;
    let answer = answered(context, field, entity, std::slice::from_ref(&step));
    Some(RootAction::One {
        step: Box::new(step),
        answer,
    })
}

/// A mutation of several rows.
fn many(
    context: &mut Context<'_>,
    field: &Field,
    entity: &EntityDef,
    plan: impl FnOnce(&Context<'_>, &Field, &EntityDef, &mut Problems) -> Option<Vec<Step>>,
) -> Option<RootAction> {
    let steps = judged(context, field, |context, problems| {
        plan(context, field, entity, problems)
    })?;
    let answer = answered(context, field, entity, &steps);
    Some(RootAction::Many { steps, answer })
}

/// Counts what the steps write, and plans what is answered of it. A row that goes is read before.
fn answered(context: &mut Context<'_>, field: &Field, entity: &EntityDef, steps: &[Step]) -> Answer {
    let sum = |rows: fn(&Step) -> u64| steps.iter().map(rows).fold(0, u64::saturating_add);
    context.count_written(field, sum(Step::rows));
    let before = steps.iter().any(|step| matches!(step, Step::Delete { .. }));
    answer::answer(context, field, entity, sum(Step::own_rows), before)
}

/// What was planned of a field's arguments, unless something is wrong with them, which is told. What cannot be planned though
/// nothing is wrong is not in the caller's schema.
fn judged<T>(
    context: &mut Context<'_>,
    field: &Field,
    plan: impl FnOnce(&Context<'_>, &mut Problems) -> Option<T>,
) -> Option<T> {
    let mut problems = Problems::of_all();
    let planned = plan(context, &mut problems);
    context.count_cost(problems.cost(), 1);
    let found = problems.into_found();
    if !found.is_empty() {
        context.wrong_input(field, found);
        return None;
    }
    if planned.is_none() {
        context.forbidden(field);
    }
    planned
}

fn create(context: &Context<'_>, field: &Field, entity: &EntityDef, problems: &mut Problems) -> Step {
    let input = arguments::new_row(field);
    let create = problems.within("input", |problems| {
        input::create(context, entity, &input, None, problems)
    });
    Step::Create(create)
}

fn create_many(context: &Context<'_>, field: &Field, entity: &EntityDef, problems: &mut Problems) -> Option<Vec<Step>> {
    let input = field.argument("input")?;
    let steps = problems.within("input", |problems| {
        arguments::each(input, problems, |item, problems| {
            Step::Create(input::create(context, entity, item, None, problems))
        })
    });
    Some(steps)
}

fn update(context: &Context<'_>, field: &Field, entity: &EntityDef, problems: &mut Problems) -> Option<Step> {
    let id = arguments::id(field, "id", problems);
    let if_version = arguments::if_version(field, problems);
    let input = field.argument("input")?;
    let change = problems.within("input", |problems| {
        input::change(context, entity, input, if_version, problems)
    });
    Some(Step::Update {
        rows: Selector::Id(id?),
        change,
    })
}

fn update_many(context: &Context<'_>, field: &Field, entity: &EntityDef, problems: &mut Problems) -> Option<Vec<Step>> {
    let rows = selector::filtered(context, field, entity, problems);
    let input = field.argument("input")?;
    let change = problems.within("input", |problems| {
        input::change(context, entity, input, None, problems)
    });
    Some(vec![Step::Update { rows: rows?, change }])
}

fn delete(context: &Context<'_>, field: &Field, entity: &EntityDef, problems: &mut Problems) -> Option<Step> {
    let id = arguments::id(field, "id", problems);
    let if_version = arguments::if_version(field, problems);
    Some(Step::Delete {
        rows: Selector::Id(id?),
        target: context.access.target(entity.id, Right::Delete),
        if_version,
        path: vec!["id".into()],
    })
}

fn delete_many(context: &Context<'_>, field: &Field, entity: &EntityDef, problems: &mut Problems) -> Option<Vec<Step>> {
    Some(vec![Step::Delete {
        rows: selector::filtered(context, field, entity, problems)?,
        target: context.access.target(entity.id, Right::Delete),
        if_version: None,
        path: vec!["filter".into()],
    }])
}

/// `transitionTicket(id:, to:)`: the state alone.
fn transition(
    context: &Context<'_>,
    field: &Field,
    entity: &EntityDef,
    state: FieldId,
    problems: &mut Problems,
) -> Option<Step> {
    let id = arguments::id(field, "id", problems);
    let if_version = arguments::if_version(field, problems);
    let input = field.argument("to")?;
    let value = problems.within("to", |problems| {
        value::value(context, entity, entity.field(state), input, problems)
    });
    Some(Step::Update {
        rows: Selector::Id(id?),
        change: Change {
            target: context.access.target(entity.id, Right::Transition),
            values: vec![(state, Assigned::Value(value?))],
            references: Vec::new(),
            if_version,
            children: Vec::new(),
            path: vec!["to".into()],
        },
    })
}

#[cfg(test)]
mod tests;

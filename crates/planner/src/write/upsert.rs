//! `upsertTicket(by:, input:)`: the row that has the input's values of a unique key is changed, or the row is added.

use super::input;
use crate::context::Context;
use crate::mutation::{Assigned, Change, Create, Step};
use crate::problems::Problems;
use freehold_base::Value;
use freehold_schema::catalog::{EntityDef, FieldId, UniqueKey};
use freehold_schema::graphql::operation::{Field, InputKind};
use freehold_schema::graphql::shape;

/// Both ways, of which the row's being there chooses one.
pub(super) fn upsert(
    context: &Context<'_>,
    field: &Field,
    entity: &EntityDef,
    problems: &mut Problems,
) -> Option<Step> {
    let key = unique_key(field, entity, problems);
    let input = field.argument("input")?;
    problems.within("input", |problems| {
        let create = input::create(context, entity, input, None, problems);
        // The input is the same, and so are its problems.
        let change = problems.again(|problems| input::change(context, entity, input, None, problems));
        let key = key?;
        Some(Step::Upsert {
            key: key_values(entity, key, &create, problems)?,
            change: besides(context, entity, key, change),
            create,
        })
    })
}

/// The key that a member of `TicketUniqueKey` names.
fn unique_key<'a>(field: &Field, entity: &'a EntityDef, problems: &mut Problems) -> Option<&'a UniqueKey> {
    let input = field.argument("by")?;
    let key = match input.kind() {
        InputKind::Text(member) => shape::find_unique_key(entity, member),
        _ => None,
    };
    if key.is_none() {
        problems.within("by", |problems| problems.add("type", "a member of the enum expected"));
    }
    key
}

/// What the input gives for the key's fields; `None`, and told, if it leaves one out.
fn key_values(
    entity: &EntityDef,
    key: &UniqueKey,
    create: &Create,
    problems: &mut Problems,
) -> Option<Vec<(FieldId, Value)>> {
    for field in key.fields.iter().filter(|field| !create.named.contains(field)) {
        problems.within(entity.field(*field).graphql_name.as_str(), |problems| {
            if !problems.is_told("required") {
                problems.add("required", "needs a value, for it is in the key");
            }
        });
    }
    let given = |field: &FieldId| {
        let is_named = create.named.contains(field);
        match create.values.iter().find(|(id, _)| is_named && id == field)? {
            (field, Assigned::Value(value)) => Some((*field, value.clone())),
            (_, Assigned::Parent) => None,
        }
    };
    key.fields.iter().map(given).collect()
}

/// The change without what finds the row, and without what no row changes. What these refer to is asked all the same: the caller
/// has to be able to read it, whether the row is there or not.
fn besides(context: &Context<'_>, entity: &EntityDef, key: &UniqueKey, mut change: Change) -> Change {
    change.target = change.target.found_by(&key.fields, context.access.read(entity.id));
    change
        .values
        .retain(|(field, _)| !key.fields.contains(field) && !entity.field(*field).immutable);
    change
}

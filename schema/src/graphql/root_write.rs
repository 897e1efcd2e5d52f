//! Root fields of `Mutation` that write rows: which ones an entity may have, and what they are called.
//!
//! The builder, the check of names and the planner all ask here.

use super::shape::{capitalised, field_type_name};
use crate::catalog::{Catalog, EntityDef, FieldDef, FieldId};

/// A root field that writes rows of one entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootWrite {
    /// `createTicket`. Of the tenant entity it is administration: the action `create_tenant`.
    CreateOne,
    /// `createTickets`
    CreateMany,
    /// `updateTicket`
    UpdateOne,
    /// `updateTickets`
    UpdateMany,
    /// `deleteTicket`
    DeleteOne,
    /// `deleteTickets`
    DeleteMany,
    /// `upsertTicket`
    Upsert,
    /// `transitionTicket` of the entity's first state field, `transitionTicketPhase` of a further one.
    Transition(FieldId),
}

impl RootWrite {
    /// All that an entity may have.
    pub fn all(entity: &EntityDef) -> Vec<Self> {
        let mut all = vec![
            Self::CreateOne,
            Self::CreateMany,
            Self::UpdateOne,
            Self::UpdateMany,
            Self::DeleteOne,
            Self::DeleteMany,
            Self::Upsert,
        ];
        all.extend(states(entity).map(|state| Self::Transition(state.id)));
        all
    }

    /// The root field that an entity calls so.
    pub fn find<'a>(catalog: &'a Catalog, name: &str) -> Option<(&'a EntityDef, Self)> {
        let length = name.find(|letter: char| letter.is_ascii_uppercase())?;
        let (verb, rest) = name.split_at(length);
        catalog.entities.values().find_map(|entity| {
            let found = if rest == entity.type_name {
                match verb {
                    "create" => Self::CreateOne,
                    "update" => Self::UpdateOne,
                    "delete" => Self::DeleteOne,
                    "upsert" => Self::Upsert,
                    "transition" => Self::Transition(states(entity).next()?.id),
                    _ => return None,
                }
            } else if verb == "transition" && rest.starts_with(&entity.type_name) {
                let state = states(entity)
                    .skip(1)
                    .find(|state| rest == field_type_name(entity, state))?;
                Self::Transition(state.id)
            } else if rest == capitalised(&entity.root_many) {
                match verb {
                    "create" => Self::CreateMany,
                    "update" => Self::UpdateMany,
                    "delete" => Self::DeleteMany,
                    _ => return None,
                }
            } else {
                return None;
            };
            Some((entity, found))
        })
    }

    /// What it is called.
    pub fn name(self, entity: &EntityDef) -> String {
        let one = |verb: &str| format!("{verb}{}", entity.type_name);
        let many = |verb: &str| format!("{verb}{}", capitalised(&entity.root_many));
        match self {
            Self::CreateOne => one("create"),
            Self::CreateMany => many("create"),
            Self::UpdateOne => one("update"),
            Self::UpdateMany => many("update"),
            Self::DeleteOne => one("delete"),
            Self::DeleteMany => many("delete"),
            Self::Upsert => one("upsert"),
            Self::Transition(field) => {
                let is_first = states(entity).next().is_none_or(|first| first.id == field);
                if is_first {
                    one("transition")
                } else {
                    format!("transition{}", field_type_name(entity, entity.field(field)))
                }
            }
        }
    }
}

/// Fields that change by transition. The first has the short name, so a new one belongs behind it.
fn states(entity: &EntityDef) -> impl Iterator<Item = &FieldDef> {
    entity.fields.iter().filter(|field| field.state)
}

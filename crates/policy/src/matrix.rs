//! Who may do what: every profile and role against every entity, operation and field.
//!
//! It is read off [`Access`], of which plans are made, so it cannot differ from what is enforced.

mod compare;
mod extents;

pub use compare::{Difference, compare};

use crate::access::{Access, RoleSet};
use crate::policy::Policy;
use extents::Extents;
use freehold_schema::catalog::{Catalog, EntityDef, Operation};
use serde::Serialize;
use std::fmt;

/// The operations, in the order in which they are shown.
const OPERATIONS: [Operation; 6] = [
    Operation::Create,
    Operation::Read,
    Operation::List,
    Operation::Update,
    Operation::Delete,
    Operation::Transition,
];

/// Every profile and role against everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// Every entity, and which of its rows anybody can reach at all.
    pub entities: Vec<EntityReach>,
    /// Callers, the least first.
    pub callers: Vec<CallerRow>,
}

/// What no rule can change of an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntityReach {
    /// Its name.
    pub entity: String,
    /// Whose rows can be reached.
    pub reach: Reach,
}

/// Which rows can be reached at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Those of the request's tenant, by its members.
    Members,
    /// Those of the request's tenant, by everybody.
    Tenant,
    /// All of the environment.
    Environment,
}

/// What one kind of caller may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallerRow {
    /// `anonymous`, `profile member`, `member without a role`, `role agent`.
    pub caller: String,
    /// The role set.
    #[serde(skip)]
    pub role_set: RoleSet,
    /// Named actions.
    pub actions: Vec<String>,
    /// Roles it may give and take.
    pub manages: Vec<String>,
    /// Entities of which it may do something.
    pub entities: Vec<EntityRow>,
}

/// What may be done to rows of one entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntityRow {
    /// Its name.
    pub entity: String,
    /// By operation; those that are never allowed are left out.
    pub operations: Vec<OperationCell>,
    /// By field; those of which nothing is allowed are left out.
    pub fields: Vec<FieldRow>,
}

/// One operation on an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OperationCell {
    /// Which.
    pub operation: Operation,
    /// On which rows.
    pub rows: Extent,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldRow {
    /// Its name.
    pub field: String,
    /// It says something about a person.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub personal: bool,
    /// It comes with every readable row, whatever the rules list.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub comes_along: bool,
    /// On which rows its value shows.
    #[serde(skip_serializing_if = "Extent::is_never")]
    pub read: Extent,
    /// Of which new rows it may be given.
    #[serde(skip_serializing_if = "Extent::is_never")]
    pub create: Extent,
    /// On which rows an update may write it.
    #[serde(skip_serializing_if = "Extent::is_never")]
    pub update: Extent,
    /// On which rows a transition may move it.
    #[serde(skip_serializing_if = "Extent::is_never")]
    pub transition: Extent,
}

/// How far a right goes, among the rows that can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// On no row.
    Never,
    /// On rows that satisfy one of these.
    Sometimes(Vec<Way>),
    /// On every row.
    Always,
}

/// A way to a right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    /// What the row must satisfy; none: nothing.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// What a changed row must satisfy afterwards; none: nothing, or what it satisfies anyway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
}

impl Extent {
    /// On no row.
    pub fn is_never(&self) -> bool {
        *self == Self::Never
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => out.write_str("never"),
            Self::Sometimes(ways) => {
                for (index, way) in ways.iter().enumerate() {
                    write!(out, "{}{way}", if index == 0 { "" } else { "; or " })?;
                }
                Ok(())
            }
            Self::Always => out.write_str("always"),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.rows, &self.then) {
            (None, None) => out.write_str("always"),
            (Some(rows), None) => write!(out, "where {rows}"),
            (None, Some(then)) => write!(out, "if then {then}"),
            (Some(rows), Some(then)) => write!(out, "where {rows}, if then {then}"),
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Members => "of the request's tenant, for its members",
            Self::Tenant => "of the request's tenant, for everybody",
            Self::Environment => "of the environment",
        })
    }
}

impl FieldRow {
    /// Its four uses, with their words.
    pub fn uses(&self) -> [(&'static str, &Extent); 4] {
        [
            ("create", &self.create),
            ("read", &self.read),
            ("update", &self.update),
            ("transition", &self.transition),
        ]
    }
}

/// The matrix of an app.
pub fn matrix(catalog: &Catalog, policy: &Policy) -> Matrix {
    let callers = callers(catalog)
        .into_iter()
        .map(|(caller, role_set)| {
            let access = Access::reduce(catalog, policy, &role_set);
            CallerRow {
                caller,
                actions: access.actions().to_vec(),
                manages: access.manages().to_vec(),
                entities: catalog
                    .entities
                    .values()
                    .map(|def| entity(catalog, &access, def))
                    .filter(|row| !row.operations.is_empty())
                    .collect(),
                role_set,
            }
        })
        .collect();
    let entities = catalog.entities.values().map(|def| EntityReach {
        entity: def.name.clone(),
        reach: match (catalog.is_walled(def.id), def.public) {
            (false, _) => Reach::Environment,
            (true, true) => Reach::Tenant,
            (true, false) => Reach::Members,
        },
    });
    Matrix {
        entities: entities.collect(),
        callers,
    }
}

/// Every kind of caller: nobody, each profile outside of tenants, members without a role, each role with the default profile.
fn callers(catalog: &Catalog) -> Vec<(String, RoleSet)> {
    let set = |profile: Option<&String>, roles: &[&String], signed_in, member| RoleSet {
        profile: profile.cloned(),
        roles: roles.iter().map(|role| (*role).clone()).collect(),
        signed_in,
        member,
        reads_only: false,
    };
    let mut callers = Vec::new();
    if let Some(profile) = &catalog.anonymous_profile {
        callers.push(("anonymous".to_owned(), set(Some(profile), &[], false, false)));
    }
    for profile in catalog.profiles.keys() {
        callers.push((format!("profile {profile}"), set(Some(profile), &[], true, false)));
    }
    let default = catalog.default_profile.as_ref();
    if catalog.tenancy.is_some() {
        callers.push(("member without a role".to_owned(), set(default, &[], true, true)));
    }
    for role in catalog.roles.keys() {
        callers.push((format!("role {role}"), set(default, &[role], true, true)));
    }
    callers
}

fn entity(catalog: &Catalog, access: &Access, def: &EntityDef) -> EntityRow {
    let extents = Extents::new(catalog, access, def);
    EntityRow {
        entity: def.name.clone(),
        operations: OPERATIONS
            .into_iter()
            .map(|operation| OperationCell {
                operation,
                rows: extents.operation(operation),
            })
            .filter(|cell| !cell.rows.is_never())
            .collect(),
        fields: def
            .fields
            .iter()
            .map(|field| FieldRow {
                field: field.name.clone(),
                personal: field.personal,
                comes_along: field
                    .system
                    .is_some_and(freehold_schema::catalog::SystemField::is_always_readable),
                read: extents.read(field),
                create: extents.write(Operation::Create, field),
                update: extents.write(Operation::Update, field),
                transition: extents.write(Operation::Transition, field),
            })
            .filter(|row| row.uses().iter().any(|(_, extent)| !extent.is_never()))
            .collect(),
    }
}

#[cfg(test)]
mod tests;

//! Who may do what: every profile and role against every entity, operation and field.
//!
//! It is read off [`Access`], of which plans are made, so it cannot differ from what is enforced.

use crate::access::{Access, RoleSet};
use crate::explain::explain;
use crate::policy::Policy;
use crate::predicate::{Predicate, RulePredicate};
use crate::source::{Guard, RowSource};
use crate::wall::wall;
use freehold_schema::catalog::{Catalog, EntityDef, FieldDef, Operation};
use serde::Serialize;
use std::fmt;

/// Every profile and role against everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// Callers, the least first.
    pub callers: Vec<CallerRow>,
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

/// How far a right goes, within the tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// On no row.
    Never,
    /// On rows that satisfy this.
    Where(String),
    /// On every row.
    Always,
}

/// One difference between two matrices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The caller.
    pub caller: String,
    /// `ticket`, `ticket.iban`, `actions`, `manages`.
    pub place: String,
    /// `update`, `read`, the action's or role's name.
    pub what: String,
    /// As it was.
    pub old: Extent,
    /// As it is.
    pub new: Extent,
    /// Whether more is allowed than before. Where a condition changed it may be, and is said to be.
    pub widens: bool,
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
            Self::Where(condition) => write!(out, "where {condition}"),
            Self::Always => out.write_str("always"),
        }
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
    Matrix { callers }
}

/// Every kind of caller: nobody, each profile outside of tenants, members without a role, each role with the default profile.
fn callers(catalog: &Catalog) -> Vec<(String, RoleSet)> {
    let set = |profile: Option<&String>, roles: &[&String], signed_in, member| RoleSet {
        profile: profile.cloned(),
        roles: roles.iter().map(|role| (*role).clone()).collect(),
        signed_in,
        member,
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
    let extents = Extents {
        catalog,
        access,
        def,
        wall: wall(catalog, def.id),
    };
    let operations = [
        Operation::Create,
        Operation::Read,
        Operation::List,
        Operation::Update,
        Operation::Delete,
        Operation::Transition,
    ];
    EntityRow {
        entity: def.name.clone(),
        operations: operations
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
                read: extents.read(field),
                create: extents.write(Operation::Create, field),
                update: extents.write(Operation::Update, field),
                transition: extents.write(Operation::Transition, field),
            })
            .filter(|row| {
                [&row.read, &row.create, &row.update, &row.transition]
                    .iter()
                    .any(|extent| !extent.is_never())
            })
            .collect(),
    }
}

/// What is read off one entity's access.
struct Extents<'a> {
    catalog: &'a Catalog,
    access: &'a Access,
    def: &'a EntityDef,
    wall: RulePredicate,
}

impl Extents<'_> {
    fn operation(&self, operation: Operation) -> Extent {
        match operation {
            Operation::Read => self.source(self.access.read(self.def.id)),
            Operation::List => self.source(self.access.list(self.def.id)),
            Operation::Create | Operation::Update | Operation::Delete | Operation::Transition => {
                let target = self.access.target(self.def.id, operation);
                let grants = target.grants().iter().map(|grant| match operation {
                    Operation::Create => grant.new_row(),
                    _ => grant.stored(),
                });
                self.extent(&Predicate::any(grants.map(|rows| self.within(rows))))
            }
        }
    }

    fn source(&self, source: Option<&RowSource>) -> Extent {
        source.map_or(Extent::Never, |source| self.extent(&self.within(source.rows())))
    }

    fn read(&self, field: &FieldDef) -> Extent {
        let Some(source) = self.access.read(self.def.id) else {
            return Extent::Never;
        };
        match source.guard(field.id) {
            None => Extent::Never,
            Some(Guard::Open) => self.source(Some(source)),
            Some(Guard::When(rows)) => self.extent(&Predicate::all([self.within(source.rows()), rows.clone()])),
        }
    }

    fn write(&self, operation: Operation, field: &FieldDef) -> Extent {
        let target = self.access.target(self.def.id, operation);
        let grants = target
            .grants()
            .iter()
            .filter(|grant| grant.writes(field.id))
            .map(|grant| match operation {
                Operation::Create => grant.new_row(),
                _ => grant.stored(),
            });
        self.extent(&Predicate::any(grants.map(|rows| self.within(rows))))
    }

    /// The rows without the wall, which is the same for everybody.
    fn within(&self, rows: &RulePredicate) -> RulePredicate {
        match rows {
            rows if *rows == self.wall => Predicate::Constant(true),
            Predicate::All(parts) => Predicate::all(parts.iter().filter(|part| **part != self.wall).cloned()),
            other => other.clone(),
        }
    }

    fn extent(&self, rows: &RulePredicate) -> Extent {
        match rows {
            Predicate::Constant(false) => Extent::Never,
            Predicate::Constant(true) => Extent::Always,
            other => Extent::Where(explain(self.catalog, self.def.id, other)),
        }
    }
}

/// What differs, in the order of the new matrix; what is gone comes last.
pub fn compare(old: &Matrix, new: &Matrix) -> Vec<Difference> {
    let (old, new) = (cells(old), cells(new));
    let find = |cells: &[Cell], wanted: &Cell| {
        cells
            .iter()
            .find(|cell| (&cell.0, &cell.1, &cell.2) == (&wanted.0, &wanted.1, &wanted.2))
            .map_or(Extent::Never, |cell| cell.3.clone())
    };
    let gone = old.iter().filter(|cell| find(&new, cell).is_never());
    new.iter()
        .chain(gone)
        .filter_map(|cell| {
            let (before, after) = (find(&old, cell), find(&new, cell));
            (before != after).then(|| Difference {
                caller: cell.0.clone(),
                place: cell.1.clone(),
                what: cell.2.clone(),
                widens: !after.is_never() && before != Extent::Always,
                old: before,
                new: after,
            })
        })
        .collect()
}

/// Caller, place, what, extent.
type Cell = (String, String, String, Extent);

fn cells(matrix: &Matrix) -> Vec<Cell> {
    let mut cells = Vec::new();
    for row in &matrix.callers {
        let mut add = |place: &str, what: &str, extent: &Extent| {
            if !extent.is_never() {
                cells.push((row.caller.clone(), place.to_owned(), what.to_owned(), extent.clone()));
            }
        };
        for action in &row.actions {
            add("actions", action, &Extent::Always);
        }
        for role in &row.manages {
            add("manages", role, &Extent::Always);
        }
        for entity in &row.entities {
            for cell in &entity.operations {
                add(&entity.entity, cell.operation.word(), &cell.rows);
            }
            for field in &entity.fields {
                let place = format!("{}.{}", entity.entity, field.field);
                add(&place, "read", &field.read);
                add(&place, "create", &field.create);
                add(&place, "update", &field.update);
                add(&place, "transition", &field.transition);
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests;

//! Single writes that judge themselves: a row that is created, changed or removed, and nothing with it.

use super::change::{Aim, Found};
use super::create::{fields, numbers};
use super::drafts::{Draft, Shape};
use super::ids::Ids;
use super::judge::{Prepared, target_locks};
use super::values::{Values, preset, stored, tenant_of};
use super::{ChangedRow, WriteRequest, WrittenRow, change, create, delete};
use crate::program::{Dialect, Statement};
use crate::sql::guarded::{self, Guarded, Writing};
use crate::sql::store::{Assignment, Lock, Rows, lock};
use crate::transaction::Query;
use freehold_base::{RowId, Value};
use freehold_planner::mutation::{Change, Create, ReferenceCheck, Selector, Step};
use freehold_policy::operand::Operand;
use freehold_policy::target::{Grant, WriteTarget};
use freehold_schema::catalog::{Catalog, EntityDef, FieldId, FieldType, OnDelete, Operation};
use std::sync::Arc;

/// A write of one row.
pub(super) struct Single<'p> {
    pub(super) row: RowId,
    pub(super) shape: Shape,
    pub(super) guarded: Guarded<'p>,
    /// The values that are in their places.
    pub(super) given: Vec<Value>,
    what: What<'p>,
}

/// What is done to it.
enum What<'p> {
    Create {
        values: Values,
        references: &'p [ReferenceCheck],
    },
    Change {
        columns: Vec<Assignment>,
        references: &'p [ReferenceCheck],
    },
    Remove,
}

impl Single<'_> {
    /// How it is written.
    pub(super) fn writing(&self) -> Writing<'_> {
        match &self.what {
            What::Create { .. } => Writing::Insert,
            What::Change { columns, .. } => Writing::Update(columns),
            What::Remove => Writing::Delete,
        }
    }

    /// What comes before it, but for the lock of its own row: numbers that are taken, and locks of rows that no foreign key holds.
    pub(super) fn besides(&self, catalog: &Catalog, dialect: Dialect) -> Vec<Statement> {
        let case = &self.guarded.case;
        let entity = catalog.entity(case.entity);
        let (mut besides, references) = match &self.what {
            What::Create { values, references } => (numbers(catalog, dialect, entity, values), *references),
            What::Change { references, .. } => (Vec::new(), *references),
            What::Remove => return Vec::new(),
        };
        besides.extend(target_locks(catalog, dialect, entity, references, &case.references));
        besides
    }

    /// Its statements, of which each looks at what the one before has done.
    fn draft(&self, catalog: &Catalog, dialect: Dialect) -> Draft {
        let case = &self.guarded.case;
        let how = match &self.what {
            What::Create { .. } | What::Change { .. } => Lock::Change,
            What::Remove => Lock::Remove,
        };
        // INVARIANT: the row is locked by a statement before that which judges it, so that this one's snapshot is taken under the lock.
        let own = case.stored.iter();
        let own = own.filter_map(|stored| lock(catalog, dialect, case.entity, &Rows::one(&stored.id), how));
        Draft {
            before: own.chain(self.besides(catalog, dialect)).collect(),
            guarded: guarded::statement(catalog, dialect, &self.guarded, self.writing()),
        }
    }
}

/// Makes single writes of steps.
pub(super) struct Short<'s, 'r> {
    pub(super) dialect: Dialect,
    pub(super) request: &'s mut WriteRequest<'r>,
    pub(super) ids: &'s mut Ids,
}

impl Short<'_, '_> {
    /// The write that a step is; `None` if it is more than that.
    pub(super) fn single<'p>(&mut self, step: &'p Step) -> Option<Single<'p>> {
        match step {
            Step::Create(create) => self.create(create),
            Step::Update {
                rows: Selector::Id(row),
                change,
            } => self.change(change, *row),
            Step::Delete {
                rows: Selector::Id(row),
                target,
                if_version,
                ..
            } => self.remove(target, *row, *if_version),
            Step::Update { .. } | Step::Delete { .. } | Step::Upsert { .. } => None,
        }
    }

    /// Its statements with their values, the one that writes at the end.
    pub(super) fn queries(&self, single: &Single<'_>) -> Option<Vec<Query>> {
        let catalog = self.request.binder.catalog;
        let render = || single.draft(catalog, self.dialect);
        let draft = match self.request.drafts {
            Some(drafts) => drafts.get(&single.shape, render),
            None => Arc::new(render()),
        };
        let statements = draft.before.iter().chain([&draft.guarded]);
        let queries = statements.map(|statement| {
            Some(Query {
                sql: statement.sql.clone(),
                parameters: self.request.binder.bind_given(statement, &single.given).ok()?,
                columns: statement.columns.clone(),
                kept: true,
            })
        });
        queries.collect()
    }

    fn create<'p>(&mut self, create: &'p Create) -> Option<Single<'p>> {
        let catalog = self.request.binder.catalog;
        let entity = catalog.entity(create.target.entity());
        let now = self.request.binder.caller.now;
        let row = self.ids.next(entity.tag, now, &mut *self.request.entropy);
        let prepared = create::prepare(&self.request.binder, create, row, None).ok()?;
        let grant = *prepared.grants.first()?;
        if !create.children.is_empty() || prepared.case.proposals.len() != 1 {
            return None;
        }
        self.is_unrecorded(entity, row, Operation::Create, &prepared.grants, &create.named)?;
        let fields = create.values.iter().map(|(field, _)| *field);
        let shape = Shape::new(&create.target, fields, &prepared.grants, &create.references, false);
        // What is judged is what is written, encrypted values too: rules do not look at them.
        let Prepared { mut case, values, .. } = prepared;
        case.proposals = vec![stored(&self.request.binder, entity, row, &preset(&values, grant)).ok()?];
        let mut guarded = Guarded { case, if_version: None };
        let given = guarded.take_given(&mut []);
        self.changes(entity, row);
        Some(Single {
            row,
            shape,
            guarded,
            given,
            what: What::Create {
                values,
                references: &create.references,
            },
        })
    }

    fn change<'p>(&mut self, change: &'p Change, row: RowId) -> Option<Single<'p>> {
        let catalog = self.request.binder.catalog;
        let entity = catalog.entity(change.target.entity());
        let prepared = change::prepare(&self.request.binder, change, by_id(row), None).ok()?;
        let grant = *prepared.grants.first()?;
        if !change.children.is_empty() || prepared.case.proposals.len() != 1 || prepared.values.is_empty() {
            return None;
        }
        let named: Vec<FieldId> = prepared.values.keys().copied().collect();
        self.is_unrecorded(entity, row, change.target.operation(), &prepared.grants, &named)?;
        let (grants, references) = (&prepared.grants, &change.references);
        let has_version = change.if_version.is_some();
        let shape = Shape::new(&change.target, named.into_iter(), grants, references, has_version);
        let mut columns = stored(&self.request.binder, entity, row, &preset(&prepared.values, grant)).ok()?;
        let mut guarded = Guarded {
            case: prepared.case,
            if_version: change.if_version.map(version),
        };
        let given = guarded.take_given(&mut columns);
        self.changes(entity, row);
        Some(Single {
            row,
            shape,
            guarded,
            given,
            what: What::Change { columns, references },
        })
    }

    fn remove<'p>(&mut self, target: &'p WriteTarget, row: RowId, if_version: Option<i64>) -> Option<Single<'p>> {
        let catalog = self.request.binder.catalog;
        let entity = catalog.entity(target.entity());
        let grants: Vec<&Grant> = target.grants().iter().collect();
        if grants.is_empty() || !falls_alone(catalog, entity) {
            return None;
        }
        self.is_unrecorded(entity, row, Operation::Delete, &grants, &[])?;
        let shape = Shape::new(target, std::iter::empty(), &grants, &[], if_version.is_some());
        let mut guarded = Guarded {
            case: delete::prepare(target, by_id(row)),
            if_version: if_version.map(version),
        };
        let given = guarded.take_given(&mut []);
        self.changes(entity, row);
        Some(Single {
            row,
            shape,
            guarded,
            given,
            what: What::Remove,
        })
    }

    fn changes(&mut self, entity: &EntityDef, row: RowId) {
        let changed = ChangedRow {
            entity: entity.id,
            tenant: tenant_of(&self.request.binder, entity),
            row,
        };
        self.request.changed.push(changed);
    }

    /// Something, if the audit log says nothing of the write, whichever rule lets it through: which one did is not known here.
    fn is_unrecorded(
        &self,
        entity: &EntityDef,
        row: RowId,
        operation: Operation,
        grants: &[&Grant],
        named: &[FieldId],
    ) -> Option<()> {
        let Some(audit) = self.request.audit else {
            return Some(());
        };
        let says_nothing = grants.iter().all(|grant| {
            let written = WrittenRow {
                entity: entity.id,
                tenant: tenant_of(&self.request.binder, entity),
                row,
                operation,
                fields: fields(named, grant),
                rule: Some((grant.rule().0.to_owned(), grant.rule().1)),
                records_all: grant.records_all(),
            };
            audit(std::slice::from_ref(&written)).is_empty()
        });
        says_nothing.then_some(())
    }
}

fn by_id(row: RowId) -> Aim {
    Aim {
        row,
        child_of: None,
        found: Found::ById,
    }
}

/// A version that a row must have.
fn version(version: i64) -> Operand {
    Operand::Constant(Value::Int(version))
}

/// Whether nothing goes with a row of the entity, and what holds it is a foreign key.
fn falls_alone(catalog: &Catalog, entity: &EntityDef) -> bool {
    let mut fields = catalog.entities.values().flat_map(|from| &from.fields);
    fields.all(|field| match &field.field_type {
        FieldType::Reference { to, on_delete } if to.contains(&entity.id) => {
            *on_delete == OnDelete::Restrict && to.len() == 1
        }
        _ => true,
    })
}

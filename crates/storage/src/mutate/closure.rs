//! What goes with a row: the rows that refer to it by a cascading reference, and so on.
//!
//! First all of them are found and locked, then they are judged, then it is seen whether a row that stays holds one of them; only
//! then anything is written. References are checked by the database when the transaction ends, so the order of removal is free.

use super::execute::Writing;
use super::values::tenant_of;
use super::{Done, WrittenRow};
use crate::cells;
use crate::error::{Error, Result};
use crate::sql::judge::judge_rows;
use crate::sql::store::{Assignment, Given, Lock, Referring, Rows, delete, referring, update};
use crate::transaction::{Outcome, Query};
use freehold_base::{RowId, Value, ValueType};
use freehold_policy::operand::Operand;
use freehold_policy::target::Grant;
use freehold_schema::catalog::{Catalog, EntityDef, EntityId, FieldDef, FieldId, FieldType, OnDelete, Operation};
use std::collections::{BTreeMap, BTreeSet};

/// Rows that may go, or lose a reference, at once.
const ROWS_MAX: usize = 10_000;
/// Ids in one statement.
const IDS_MAX: usize = 500;

/// Some rows of one entity and one tenant.
type Group = (EntityId, Option<RowId>);

/// What goes with a row.
#[derive(Debug, Default)]
struct Fall {
    /// The tenant of the row that was asked for, if it has one.
    tenant: Option<RowId>,
    /// Rows that go, with their tenants.
    rows: BTreeMap<(EntityId, RowId), Fallen>,
    /// Rows that stay and lose references: their tenants, and the references.
    emptied: BTreeMap<(EntityId, RowId), (Option<RowId>, BTreeSet<FieldId>)>,
}

#[derive(Clone, Debug)]
struct Fallen {
    tenant: Option<RowId>,
    /// The caller must be allowed to delete it.
    asked: bool,
    /// By which rule they are.
    rule: Option<(String, usize)>,
    records_all: bool,
}

/// A reference to an entity.
#[derive(Clone, Copy)]
struct Reference<'a> {
    from: &'a EntityDef,
    field: &'a FieldDef,
    on_delete: OnDelete,
}

impl Writing<'_, '_> {
    /// Removes a row that `grant` has let go.
    pub(super) async fn remove(&mut self, entity: &EntityDef, row: RowId, grant: &Grant) -> Done<()> {
        let rule = Some((grant.rule().0.to_owned(), grant.rule().1));
        self.remove_by(entity, row, rule, grant.records_all()).await
    }

    /// Removes a row that was let go, by a rule or by administration.
    pub(crate) async fn remove_by(
        &mut self,
        entity: &EntityDef,
        row: RowId,
        rule: Option<(String, usize)>,
        records_all: bool,
    ) -> Done<()> {
        let tenant = tenant_of(&self.request.binder, entity);
        let mut fall = Fall {
            tenant,
            ..Fall::default()
        };
        let first = Fallen {
            tenant,
            asked: false,
            rule,
            records_all,
        };
        fall.rows.insert((entity.id, row), first);
        self.follow(&mut fall, entity.id, row).await?;
        self.judge_fallen(&mut fall).await?;
        self.look_who_stays(&mut fall).await?;
        self.let_fall(fall).await
    }

    /// Finds the rows that go, level by level.
    async fn follow(&mut self, fall: &mut Fall, entity: EntityId, row: RowId) -> Done<()> {
        let mut open = vec![(entity, row)];
        while !open.is_empty() {
            let mut flight = Vec::new();
            let mut by = Vec::new();
            for (group, ids) in fall.groups(open) {
                for reference in references(self.catalog, group.0) {
                    if reference.on_delete == OnDelete::Cascade {
                        let limit = ROWS_MAX + 1;
                        flight.extend(self.referring(reference, group, &ids, limit, Some(Lock::Remove))?);
                        by.resize(flight.len(), reference);
                    }
                }
            }
            let outcomes = self.transaction.flight(flight).await?;
            open = Vec::new();
            for (reference, outcome) in by.into_iter().zip(&outcomes) {
                let asked = !reference.field.cascade_system;
                for (tenant, id) in keys(outcome)? {
                    self.within_reach(fall, tenant)?;
                    let key = (reference.from.id, id);
                    // A row to which two ways lead is asked for if one of them asks.
                    if let Some(known) = fall.rows.get_mut(&key) {
                        known.asked |= asked && key != (entity, row);
                        continue;
                    }
                    let fallen = Fallen {
                        tenant,
                        asked,
                        rule: None,
                        records_all: false,
                    };
                    fall.rows.insert(key, fallen);
                    open.push(key);
                }
                bounded(fall.rows.len())?;
            }
        }
        Ok(())
    }

    /// Asks the caller's own rules of every row that goes with the first.
    async fn judge_fallen(&mut self, fall: &mut Fall) -> Done<()> {
        let plan = self.plan;
        let asked = fall.rows.iter().filter(|(_, fallen)| fallen.asked);
        let asked: Vec<(EntityId, RowId)> = asked.map(|(key, _)| *key).collect();
        let mut flight = Vec::new();
        let mut judged: Vec<(EntityId, &[Grant])> = Vec::new();
        for ((entity, tenant), ids) in fall.groups(asked) {
            let grants = plan.deletions.get(&entity).map_or(&[][..], |target| target.grants());
            for ids in ids.chunks(IDS_MAX) {
                let rows = Rows::of_tenant(tenant, ids);
                let statement = judge_rows(self.catalog, self.transaction.dialect(), entity, &rows, grants);
                flight.push(self.query(statement, false)?);
                judged.push((entity, grants));
            }
        }
        for ((entity, grants), outcome) in judged.into_iter().zip(&self.transaction.flight(flight).await?) {
            for row in 0..outcome.table.rows() {
                let id = id(outcome, row, 0)?;
                let taken = |index: &usize| {
                    let cell = outcome.table.cell(row, index + 1);
                    matches!(cells::read(ValueType::Boolean, cell), Ok(Value::Boolean(true)))
                };
                let grant = (0..grants.len()).find(taken).map(|index| &grants[index]);
                if let (Some(grant), Some(fallen)) = (grant, fall.rows.get_mut(&(entity, id))) {
                    fallen.rule = Some((grant.rule().0.to_owned(), grant.rule().1));
                    fallen.records_all = grant.records_all();
                }
            }
        }
        // INVARIANT: a row that was not judged was not allowed.
        if fall.rows.values().any(|fallen| fallen.asked && fallen.rule.is_none()) {
            return Err(Error::Forbidden {
                message: "no rule lets you delete all that would go with this row".to_owned(),
                of_row: true,
            }
            .into());
        }
        Ok(())
    }

    /// Finds rows that stay and refer to one that goes: they hold it, or lose the reference.
    async fn look_who_stays(&mut self, fall: &mut Fall) -> Done<()> {
        let mut flight = Vec::new();
        let mut by = Vec::new();
        let all: Vec<(EntityId, RowId)> = fall.rows.keys().copied().collect();
        for (group, ids) in fall.groups(all) {
            for reference in references(self.catalog, group.0) {
                let going = fall.rows.keys().filter(|(entity, _)| *entity == reference.from.id);
                let queries = match reference.on_delete {
                    OnDelete::Cascade => continue,
                    // One more than those that go anyway is one that stays.
                    OnDelete::Restrict => self.referring(reference, group, &ids, going.count() + 1, None)?,
                    OnDelete::SetNull => self.referring(reference, group, &ids, ROWS_MAX + 1, Some(Lock::Change))?,
                };
                flight.extend(queries);
                by.resize(flight.len(), reference);
            }
        }
        let outcomes = self.transaction.flight(flight).await?;
        for (reference, outcome) in by.into_iter().zip(&outcomes) {
            for (tenant, id) in keys(outcome)? {
                let key = (reference.from.id, id);
                if fall.rows.contains_key(&key) {
                    continue;
                }
                self.within_reach(fall, tenant)?;
                if reference.on_delete == OnDelete::Restrict {
                    return Err(Error::conflict("the row is still referred to").into());
                }
                let (_, fields) = fall.emptied.entry(key).or_insert_with(|| (tenant, BTreeSet::new()));
                fields.insert(reference.field.id);
                bounded(fall.rows.len() + fall.emptied.len())?;
            }
        }
        Ok(())
    }

    /// Writes what was found.
    async fn let_fall(&mut self, fall: Fall) -> Done<()> {
        let dialect = self.transaction.dialect();
        let mut flight = Vec::new();
        for ((entity, tenant, fields), ids) in fall.emptied_groups() {
            let values: Vec<Assignment> = fields
                .iter()
                .filter_map(|field| nothing(self.catalog, entity, *field))
                .collect();
            for ids in ids.chunks(IDS_MAX) {
                let rows = Rows::of_tenant(tenant, ids);
                let statement = update(self.catalog, dialect, entity, &rows, &values);
                flight.push(self.query(statement, ids.len() == 1)?);
            }
        }
        let all: Vec<(EntityId, RowId)> = fall.rows.keys().copied().collect();
        for ((entity, tenant), ids) in fall.groups(all) {
            for ids in ids.chunks(IDS_MAX) {
                let rows = Rows::of_tenant(tenant, ids);
                let statement = delete(self.catalog, dialect, entity, &rows);
                flight.push(self.query(statement, ids.len() == 1)?);
            }
        }
        let outcomes = self.transaction.flight(flight).await?;
        let expected = (fall.rows.len() + fall.emptied.len()) as u64;
        let affected: u64 = outcomes.iter().map(|outcome| outcome.affected).sum();
        if affected != expected {
            return Err(Error::program(format!("{affected} rows went where {expected} were found")).into());
        }
        for ((entity, row), (tenant, fields)) in fall.emptied {
            self.written.push(WrittenRow {
                entity,
                tenant,
                row,
                operation: Operation::Update,
                fields: fields.into_iter().collect(),
                rule: None,
                records_all: false,
            });
        }
        for ((entity, row), fallen) in fall.rows {
            self.gone.insert(row);
            self.written.push(WrittenRow {
                entity,
                tenant: fallen.tenant,
                row,
                operation: Operation::Delete,
                fields: Vec::new(),
                rule: fallen.rule,
                records_all: fallen.records_all,
            });
        }
        Ok(())
    }

    /// Refuses when a row of another tenant refers to one that goes: nobody reaches through the wall, whatever `on_delete` says,
    /// and which of its ways it would have been is not told.
    fn within_reach(&self, fall: &Fall, tenant: Option<RowId>) -> Result<()> {
        let own = self.request.binder.caller.tenant.as_ref();
        let own = own.filter(|tenant| tenant.membership.is_some()).map(|tenant| tenant.id);
        // A row of the same tenant as the one that goes was reached with it.
        let reached = fall.tenant.or(own);
        if tenant.is_none() || tenant == reached {
            return Ok(());
        }
        Err(Error::conflict("the row is still referred to"))
    }

    /// Statements that find the rows that refer to those of a group.
    fn referring(
        &self,
        reference: Reference<'_>,
        (target, tenant): Group,
        ids: &[RowId],
        limit: usize,
        lock: Option<Lock>,
    ) -> Result<Vec<Query>> {
        // Rows of a tenant are referred to within it alone; rows of nobody, from everywhere.
        let is_inside = reference.from.tenant_scoped && self.catalog.entity(target).tenant_scoped;
        let statements = ids.chunks(IDS_MAX).map(|targets| {
            let wanted = Referring {
                entity: reference.from.id,
                by: reference.field.id,
                tenant: tenant.filter(|_| is_inside),
                targets,
                limit: limit as u64,
                lock,
            };
            self.query(
                referring(self.catalog, self.transaction.dialect(), &wanted),
                targets.len() == 1,
            )
        });
        statements.collect()
    }
}

impl Fall {
    /// Rows that go, by entity and tenant.
    fn groups(&self, keys: Vec<(EntityId, RowId)>) -> BTreeMap<Group, Vec<RowId>> {
        let mut groups: BTreeMap<Group, Vec<RowId>> = BTreeMap::new();
        for (entity, id) in keys {
            let tenant = self.rows.get(&(entity, id)).and_then(|fallen| fallen.tenant);
            groups.entry((entity, tenant)).or_default().push(id);
        }
        groups
    }

    /// Rows that lose the same references, by entity and tenant.
    fn emptied_groups(&self) -> BTreeMap<(EntityId, Option<RowId>, Vec<FieldId>), Vec<RowId>> {
        let mut groups: BTreeMap<_, Vec<RowId>> = BTreeMap::new();
        for ((entity, id), (tenant, fields)) in &self.emptied {
            let fields: Vec<FieldId> = fields.iter().copied().collect();
            groups.entry((*entity, *tenant, fields)).or_default().push(*id);
        }
        groups
    }
}

/// Every reference to an entity.
fn references(catalog: &Catalog, target: EntityId) -> impl Iterator<Item = Reference<'_>> {
    catalog.entities.values().flat_map(move |from| {
        from.fields.iter().filter_map(move |field| match &field.field_type {
            FieldType::Reference { to, on_delete } if to.contains(&target) => Some(Reference {
                from,
                field,
                on_delete: *on_delete,
            }),
            _ => None,
        })
    })
}

/// A reference that becomes empty.
fn nothing(catalog: &Catalog, entity: EntityId, field: FieldId) -> Option<Assignment> {
    let column = catalog.field(entity, field).column()?;
    Some(Assignment {
        column: column.name,
        value_type: column.value_type,
        given: Given::Operand(Operand::Constant(Value::Null)),
    })
}

/// Tenants and ids that a statement has found.
fn keys(outcome: &Outcome) -> Result<Vec<(Option<RowId>, RowId)>> {
    let keys = (0..outcome.table.rows()).map(|row| {
        let tenant = match cells::read(ValueType::Uuid, outcome.table.cell(row, 0))? {
            Value::Uuid(tenant) => Some(tenant.into()),
            _ => None,
        };
        Ok((tenant, id(outcome, row, 1)?))
    });
    keys.collect()
}

pub(super) fn id(outcome: &Outcome, row: usize, column: usize) -> Result<RowId> {
    match cells::read(ValueType::Uuid, outcome.table.cell(row, column))? {
        Value::Uuid(id) => Ok(id.into()),
        _ => Err(Error::program("a row has no id")),
    }
}

fn bounded(found: usize) -> Done<()> {
    if found <= ROWS_MAX {
        return Ok(());
    }
    Err(Error::LimitExceeded {
        message: format!("more than {ROWS_MAX} rows would go with this one, or lose a reference"),
        limit: ROWS_MAX as u64,
        found: ROWS_MAX as u64 + 1,
    }
    .into())
}

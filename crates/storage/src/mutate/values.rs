//! Values for columns: from the caller, from rules, from the server.

use crate::binder::Binder;
use crate::error::{Error, Result};
use crate::sealed;
use crate::sql::judge::Referred;
use crate::sql::store::{Assignment, Counter, Given};
use freehold_base::{RowId, Value, ValueType};
use freehold_planner::mutation::{Assigned, ReferenceCheck};
use freehold_policy::operand::{Operand, SessionValue};
use freehold_policy::target::Grant;
use freehold_schema::catalog::{EntityDef, FieldDef, FieldId, FieldType, SystemField};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The version of a new row.
const FIRST_VERSION: i64 = 1;

/// Fields and what they get.
pub(super) type Values = BTreeMap<FieldId, Given>;

/// The value of an input.
pub(super) fn assigned(value: &Assigned, parent: Option<RowId>) -> Result<Value> {
    match (value, parent) {
        (Assigned::Value(value), _) => Ok(value.clone()),
        (Assigned::Parent, Some(parent)) => Ok(Value::Uuid(parent.uuid())),
        (Assigned::Parent, None) => Err(Error::program("a write that is nested in nothing refers to its parent")),
    }
}

/// What the caller gives.
pub(super) fn given(values: &[(FieldId, Assigned)], parent: Option<RowId>) -> Result<Values> {
    let values = values.iter().map(|(field, value)| {
        let value = assigned(value, parent)?;
        Ok((*field, Given::Operand(Operand::Constant(value))))
    });
    values.collect()
}

/// Rows that the caller refers to.
pub(super) fn referred(references: &[ReferenceCheck], parent: Option<RowId>) -> Result<Vec<Referred<'_>>> {
    let referred = references.iter().map(|reference| {
        let Value::Uuid(id) = assigned(&reference.target, parent)? else {
            return Err(Error::program("a reference that is checked leads to no row"));
        };
        Ok(Referred {
            id: Operand::from(RowId::from(id)),
            source: reference.source.as_ref(),
        })
    });
    referred.collect()
}

/// The values with a rule's own laid over them.
pub(super) fn preset(values: &Values, grant: &Grant) -> Values {
    let mut values = values.clone();
    let presets = grant.presets().iter();
    values.extend(presets.map(|(field, operand)| (*field, Given::Operand(operand.clone()))));
    values
}

/// The columns that rules look at. Encrypted ones are not among them: of a new row they are null meanwhile.
pub(super) fn judged(entity: &EntityDef, values: &Values, is_new: bool) -> Vec<Assignment> {
    let mut assignments = Vec::with_capacity(values.len());
    for (id, given) in values {
        let field = entity.field(*id);
        if field.encrypted.is_none() {
            let column = field.column().map(|column| Assignment {
                column: column.name,
                value_type: column.value_type,
                given: given.clone(),
            });
            assignments.extend(column);
        } else if is_new {
            let columns = sealed::columns(field).into_iter();
            assignments.extend(columns.map(|(column, value_type)| Assignment {
                column,
                value_type,
                given: Given::Operand(Operand::Constant(Value::Null)),
            }));
        }
    }
    assignments
}

/// What the server and the model give a new row; the caller's own values are to be laid over it.
pub(super) fn fresh(binder: &Binder<'_>, entity: &EntityDef, id: RowId) -> Values {
    let session = |value| Given::Operand(Operand::Session(value));
    let constant = |value| Given::Operand(Operand::Constant(value));
    let stored = entity.fields.iter().filter(|field| field.column().is_some());
    let values = stored.map(|field| {
        let given = match field.system {
            Some(SystemField::Id) => constant(Value::Uuid(id.uuid())),
            Some(SystemField::Version) => constant(Value::Int(FIRST_VERSION)),
            Some(SystemField::CreatedAt | SystemField::UpdatedAt) => session(SessionValue::Now),
            Some(SystemField::Owner | SystemField::CreatedBy | SystemField::UpdatedBy) => session(SessionValue::User),
            Some(SystemField::Tenant) => session(SessionValue::Tenant),
            None if matches!(field.field_type, FieldType::Autonumber) => Given::Number(counter(binder, entity, field)),
            None => constant(Value::Null),
        };
        (field.id, given)
    });
    values.collect()
}

fn counter(binder: &Binder<'_>, entity: &EntityDef, field: &FieldDef) -> Counter {
    Counter {
        entity: entity.tag,
        field: field.name.clone(),
        tenant: match tenant_of(binder, entity) {
            Some(_) => Operand::Session(SessionValue::Tenant),
            None => Operand::Constant(Value::Uuid(Uuid::nil())),
        },
    }
}

/// The tenant of the rows that are written of an entity.
pub(super) fn tenant_of(binder: &Binder<'_>, entity: &EntityDef) -> Option<RowId> {
    binder.tenant().filter(|_| entity.tenant_scoped)
}

/// Whether the rule's own values can be stored: a required field that it sets to nothing cannot.
pub(super) fn is_complete(binder: &Binder<'_>, entity: &EntityDef, grant: &Grant, missing: &[FieldId]) -> Result<bool> {
    let is_preset = |field: &FieldId| grant.presets().iter().any(|(preset, _)| preset == field);
    if !missing.iter().all(is_preset) {
        return Ok(false);
    }
    for (field, operand) in grant.presets() {
        if entity.field(*field).required && binder.value(operand)?.is_null() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The columns that are written, encrypted ones sealed for their row.
pub(super) fn stored(binder: &Binder<'_>, entity: &EntityDef, row: RowId, values: &Values) -> Result<Vec<Assignment>> {
    let mut assignments = Vec::with_capacity(values.len());
    for (id, given) in values {
        let field = entity.field(*id);
        let Some(column) = field.column() else { continue };
        let (Some(_), Given::Operand(operand)) = (&field.encrypted, given) else {
            assignments.push(Assignment {
                column: column.name,
                value_type: column.value_type,
                given: given.clone(),
            });
            continue;
        };
        let tenant = if binder.catalog.is_tenant_entity(entity.id) {
            Some(row)
        } else {
            tenant_of(binder, entity)
        };
        let value = binder.value(operand)?;
        let cipher = binder.cipher;
        let sealed = sealed::seal(cipher, binder.catalog, (entity.id, *id), tenant, row, &value)?;
        let mut push = |column, value| {
            assignments.push(Assignment {
                column,
                value_type: ValueType::Bytes,
                given: Given::Operand(Operand::Constant(value)),
            });
        };
        push(column.name, sealed.value);
        if let (Some(column), Some(index)) = (field.index_column(), sealed.index) {
            push(column, index);
        }
    }
    Ok(assignments)
}

//! Rows that are written without a rule: those of administration, which has asked its own questions.

use super::Done;
use super::create::numbers;
use super::execute::Writing;
use super::values::{Values, fresh, stored};
use crate::binder::Binder;
use crate::error::{Error, Result};
use crate::program::Statement;
use crate::sql::store::{Given, Rows, insert, update};
use crate::transaction::Query;
use freehold_base::{Caller, CallerTenant, RowId, Value};
use freehold_policy::operand::Operand;
use freehold_schema::catalog::{EntityDef, FieldId, FieldType, SystemField};

/// A new row.
pub(crate) struct PlainRow<'a> {
    pub(crate) entity: &'a EntityDef,
    pub(crate) id: RowId,
    /// Whose row it is, of an entity whose rows are tenants'; of a tenant its own id.
    pub(crate) tenant: Option<RowId>,
    pub(crate) owner: RowId,
    /// What is stated. The model's defaults stand for what is not.
    pub(crate) values: Vec<(FieldId, Value)>,
}

impl Writing<'_, '_> {
    /// Adds a row.
    pub(crate) async fn add(&mut self, row: &PlainRow<'_>) -> Done<()> {
        let (catalog, dialect) = (self.catalog, self.transaction.dialect());
        let (entity, id) = (row.entity, row.id);
        // Its tenant need not be the request's.
        let caller = Caller {
            tenant: row.tenant.map(|id| CallerTenant { id, membership: None }),
            ..self.request.binder.caller.clone()
        };
        let binder = Binder {
            caller: &caller,
            ..self.request.binder
        };
        let values = values(&binder, row)?;
        let mut statements = numbers(catalog, dialect, entity, &values);
        let columns = stored(&binder, entity, id, &values)?;
        statements.push(insert(catalog, dialect, entity.id, &columns));
        let flight = statements.into_iter().map(|statement| bound(&binder, statement));
        let outcomes = self.transaction.flight(flight.collect::<Result<_>>()?).await?;
        match outcomes.last().map(|outcome| outcome.affected) {
            Some(1) => Ok(()),
            _ => Err(Error::program("a new row was not written").into()),
        }
    }

    /// Writes over fields of a row of the request's tenant.
    pub(crate) async fn overwrite(&mut self, entity: &EntityDef, row: RowId, values: &[(FieldId, Value)]) -> Done<()> {
        let given = values
            .iter()
            .map(|(field, value)| (*field, Given::Operand(Operand::Constant(value.clone()))));
        let columns = stored(&self.request.binder, entity, row, &given.collect())?;
        let rows = Rows::of_request(std::slice::from_ref(&row));
        let statement = update(self.catalog, self.transaction.dialect(), entity.id, &rows, &columns);
        let query = self.query(statement, false)?;
        match self
            .transaction
            .flight(vec![query])
            .await?
            .first()
            .map(|outcome| outcome.affected)
        {
            Some(1) => Ok(()),
            _ => Err(Error::program("a row that was found could not be written").into()),
        }
    }
}

fn values(binder: &Binder<'_>, row: &PlainRow<'_>) -> Result<Values> {
    let entity = row.entity;
    let constant = |value| Given::Operand(Operand::Constant(value));
    let mut values = fresh(binder, entity, row.id);
    for field in &entity.fields {
        let stated = row
            .values
            .iter()
            .find(|(id, _)| *id == field.id)
            .map(|(_, value)| value.clone());
        let value = match field.system {
            Some(SystemField::Owner) => Some(Value::Uuid(row.owner.uuid())),
            Some(_) => None,
            None => stated.or_else(|| field.default_value()),
        };
        let is_missing = value.as_ref().is_none_or(Value::is_null);
        if let Some(value) = value {
            values.insert(field.id, constant(value));
        }
        // The compiler refuses a model in which that could happen.
        if is_missing
            && field.required
            && field.system.is_none()
            && field.column().is_some()
            && field.field_type != FieldType::Autonumber
        {
            return Err(Error::conflict(format!(
                "`{}` of `{}` must be given, and has no default; give it one in the model",
                field.name, entity.name
            )));
        }
    }
    Ok(values)
}

fn bound(binder: &Binder<'_>, statement: Statement) -> Result<Query> {
    Ok(Query {
        parameters: binder.bind_statement(&statement)?,
        sql: statement.sql,
        columns: statement.columns,
        kept: false,
    })
}

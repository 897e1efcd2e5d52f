//! A row that is changed if it is there, and added if not.

use super::Done;
use super::change::{Aim, Found};
use super::closure::id;
use super::execute::Writing;
use super::values::tenant_of;
use crate::error::Result;
use crate::sealed::SealedField;
use crate::sql::store::by_key;
use freehold_base::{RowId, Value, ValueType};
use freehold_planner::mutation::{Change, Create};
use freehold_schema::catalog::{EntityDef, FieldId};

impl Writing<'_, '_> {
    /// Changes the row that has these values of a unique key, or adds one.
    pub(super) async fn upsert(
        &mut self,
        key: &[(FieldId, Value)],
        create: &Create,
        change: &Change,
        parent: Option<RowId>,
    ) -> Done<RowId> {
        let entity = self.catalog.entity(create.target.entity());
        // The key is looked for among all rows of the tenant, whoever may see them: that is what makes it unique.
        let columns = self.key_columns(entity, key)?;
        let mut found = None;
        if columns.iter().all(|(_, _, value)| !value.is_null()) {
            let statement = by_key(self.catalog, self.transaction.dialect(), entity.id, &columns);
            let query = self.query(statement, true)?;
            if let Some(outcome) = self.transaction.flight(vec![query]).await?.pop()
                && outcome.table.rows() > 0
            {
                found = Some(id(&outcome, 0, 0)?);
            }
        }
        if let Some(row) = found {
            let aim = Aim {
                row,
                child_of: None,
                found: Found::ByKey,
            };
            match self.change(change, aim, parent).await {
                Ok(()) => return Ok(row),
                // For this caller there is no such row: they are told of the key what whoever adds a row is told, and no more.
                Err(fault) if fault.unseen => {}
                Err(fault) => return Err(fault),
            }
        }
        self.create(create, parent).await.map_err(|mut fault| {
            // Somebody else has added it since.
            fault.again |= found.is_none() && super::conflict::is_unique(&fault.error);
            fault
        })
    }

    /// The key's columns. An encrypted field is found by the token of its value.
    fn key_columns(&self, entity: &EntityDef, key: &[(FieldId, Value)]) -> Result<Vec<(String, ValueType, Value)>> {
        let binder = &self.request.binder;
        let mut columns = Vec::with_capacity(key.len());
        for (id, value) in key {
            let field = entity.field(*id);
            let sealed = SealedField::find(self.catalog, entity.id, *id);
            if let (Some(sealed), Some(column)) = (sealed, field.index_column()) {
                let token = sealed.operand(binder.cipher, tenant_of(binder, entity), value)?;
                columns.push((column, ValueType::Bytes, token));
            } else if let Some(column) = field.column() {
                columns.push((column.name, column.value_type, value.clone()));
            }
        }
        Ok(columns)
    }
}

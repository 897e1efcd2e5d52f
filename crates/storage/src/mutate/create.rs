//! New rows.

use super::execute::Writing;
use super::judge::{Decision, Prepared, decide, hidden, no_target, not_together, proposals, refused, target_locks};
use super::values::{Values, fresh, given, is_complete, preset, referred, stored, tenant_of};
use super::{Done, WrittenRow};
use crate::binder::Binder;
use crate::error::Error;
use crate::program::{Dialect, Statement};
use crate::sql::judge::Case;
use crate::sql::store::{Given, insert, take_number};
use freehold_base::RowId;
use freehold_planner::Problem;
use freehold_planner::mutation::Create;
use freehold_policy::target::Grant;
use freehold_schema::catalog::{Catalog, EntityDef, FieldId, Operation};

/// A creation, ready to be judged.
pub(super) fn prepare<'p>(
    binder: &Binder<'_>,
    create: &'p Create,
    id: RowId,
    parent: Option<RowId>,
) -> Done<Prepared<'p>> {
    let entity = binder.catalog.entity(create.target.entity());
    if entity.tenant_scoped && binder.tenant().is_none() {
        return Err(hidden(entity).into());
    }
    let mut values = fresh(binder, entity, id);
    values.extend(given(&create.values, parent)?);
    let grants = grants(binder, entity, create)?;
    let (proposals, candidates) = proposals(entity, &values, &grants, true);
    Ok(Prepared {
        case: Case {
            entity: entity.id,
            stored: None,
            visible: create.target.visible(),
            proposals,
            candidates,
            references: referred(&create.references, parent)?,
        },
        grants,
        values,
    })
}

/// The rules that take all that the caller gives, and give what is missing.
fn grants<'g>(binder: &Binder<'_>, entity: &EntityDef, create: &'g Create) -> Done<Vec<&'g Grant>> {
    let covering: Vec<&Grant> = create.target.covering(&create.named).collect();
    let mut complete = Vec::with_capacity(covering.len());
    for grant in &covering {
        if is_complete(binder, entity, grant, &create.missing)? {
            complete.push(*grant);
        }
    }
    if complete.is_empty() && !covering.is_empty() && !create.missing.is_empty() {
        let problems = create
            .missing
            .iter()
            .map(|field| required(entity, *field, &create.path));
        return Err(Error::Input {
            problems: problems.collect(),
        }
        .into());
    }
    Ok(complete)
}

/// The statements that take the numbers that a new row gets.
pub(super) fn numbers(catalog: &Catalog, dialect: Dialect, entity: &EntityDef, values: &Values) -> Vec<Statement> {
    let numbers = values.iter().filter_map(|(field, given)| match given {
        Given::Number(counter) => Some(take_number(catalog, dialect, entity.id, *field, counter)),
        Given::Operand(_) => None,
    });
    numbers.collect()
}

impl Writing<'_, '_> {
    /// Adds a row, and what is nested in it.
    pub(super) async fn create(&mut self, create: &Create, parent: Option<RowId>) -> Done<RowId> {
        let (catalog, dialect) = (self.catalog, self.transaction.dialect());
        let entity = catalog.entity(create.target.entity());
        let id = self.next_id(entity);
        let prepared = prepare(&self.request.binder, create, id, parent)?;

        // Numbers first: the new row is judged with the one it gets, and a refusal gives it back.
        let mut statements = numbers(catalog, dialect, entity, &prepared.values);
        statements.extend(target_locks(
            catalog,
            dialect,
            entity,
            &create.references,
            &prepared.case.references,
        ));
        let verdict = self.judge(statements, &prepared.case).await?;
        let grant = match decide(verdict.as_ref(), None) {
            Decision::Write(index) => prepared.grants[index],
            Decision::NoTarget(index) => return Err(no_target(entity, &create.references[index])),
            Decision::Refuse if prepared.grants.is_empty() && create.named.len() > 1 => {
                return Err(not_together(entity, Operation::Create, &create.named).into());
            }
            Decision::Hidden | Decision::Refuse | Decision::Stale(_) => {
                return Err(refused(entity, Operation::Create).into());
            }
        };

        let values = preset(&prepared.values, grant);
        let row = stored(&self.request.binder, entity, id, &values)?;
        self.store(&create.target, insert(catalog, dialect, entity.id, &row), 1)
            .await?;
        self.written.push(WrittenRow {
            entity: entity.id,
            tenant: tenant_of(&self.request.binder, entity),
            row: id,
            operation: Operation::Create,
            fields: fields(&create.named, grant),
            rule: Some((grant.rule().0.to_owned(), grant.rule().1)),
            records_all: grant.records_all(),
        });
        for child in &create.children {
            self.step(child, Some(id)).await?;
        }
        Ok(id)
    }
}

/// Fields that were written by the caller and by the rule, ascending.
pub(super) fn fields(named: &[FieldId], grant: &Grant) -> Vec<FieldId> {
    let mut fields = named.to_vec();
    fields.extend(grant.presets().iter().map(|(field, _)| *field));
    fields.sort_unstable();
    fields.dedup();
    fields
}

/// A required field without a value.
pub(super) fn required(entity: &EntityDef, field: FieldId, path: &[serde_json::Value]) -> Problem {
    let name = &entity.field(field).graphql_name;
    let mut path = path.to_vec();
    path.push(name.as_str().into());
    Problem {
        path,
        rule: "required",
        message: format!("`{name}` is required"),
    }
}

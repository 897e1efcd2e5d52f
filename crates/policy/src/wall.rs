//! The tenant wall, as a predicate: rows of the request's tenant.

use crate::operand::{Operand, SessionValue};
use crate::predicate::{Predicate, RulePredicate, Test};
use freehold_schema::catalog::{Catalog, EntityId, SystemField};

/// Rows of the request's tenant; every row of an entity that has no wall.
pub(crate) fn wall(catalog: &Catalog, entity: EntityId) -> RulePredicate {
    if !catalog.is_walled(entity) {
        return Predicate::Constant(true);
    }
    let system = if catalog.is_tenant_entity(entity) {
        SystemField::Id
    } else {
        SystemField::Tenant
    };
    // A walled entity always has the column; without it nothing may come through.
    catalog
        .entity(entity)
        .find_system(system)
        .map_or(Predicate::Constant(false), |field| Predicate::Leaf {
            field,
            test: Test::Equal(Operand::Session(SessionValue::Tenant)),
        })
}

/// `inner`, of rows behind the wall alone.
pub(crate) fn walled(catalog: &Catalog, entity: EntityId, inner: RulePredicate) -> RulePredicate {
    Predicate::all([wall(catalog, entity), inner])
}

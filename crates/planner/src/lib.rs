//! An operation and the caller's access become one [`plan::Plan`]: a tree of list nodes over guarded sources.
//!
//! Nothing of the caller is in a plan but session operands, so callers of one role set share it.
//! Start at [`fn@plan`]; `select` walks objects, `list` connections, `filter` and `order` their arguments.

mod aggregate;
mod context;
pub mod convert;
pub mod cursor;
mod error;
mod filter;
mod list;
pub mod mutation;
mod order;
pub mod plan;
mod problems;
mod root;
mod scalar_filter;
mod select;
mod viewer;

pub use error::{PlanError, Problem};

use context::Context;
use cursor::Sealer;
use freehold_base::Limits;
use freehold_policy::Access;
use freehold_schema::catalog::Catalog;
use freehold_schema::graphql::operation::Operation;
use plan::Plan;
use serde_json::value::RawValue;

/// Plans one query operation. `introspection` holds ready answers for `__schema` and `__type` by response key.
///
/// # Errors
/// Every value that is wrong (`BAD_USER_INPUT`), or the first limit that is passed (`LIMIT_EXCEEDED`, `COST_EXCEEDED`).
pub fn plan(
    catalog: &Catalog,
    access: &Access,
    operation: &Operation,
    introspection: Vec<(String, Box<RawValue>)>,
    sealer: &Sealer,
    limits: &Limits,
) -> Result<Plan, Vec<PlanError>> {
    let mut context = Context::new(catalog, access, sealer, limits);
    let roots = root::roots(&mut context, operation, introspection);
    context.finish().map(|cost| Plan { roots, cost })
}

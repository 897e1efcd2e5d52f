//! An operation and the caller's access become one [`plan::Plan`]: a tree of list nodes over guarded sources.
//!
//! Nothing of the caller is in a plan but session operands, so callers of one role set share it.
//! Start at [`fn@plan`]; `select` walks objects, `list` connections, `filter` and `order` their arguments. A mutation becomes a
//! [`mutation::MutationPlan`] by [`plan_mutation`]; `write` walks its inputs.

mod aggregate;
pub mod change;
mod context;
pub mod convert;
pub mod cursor;
mod error;
mod filter;
mod list;
pub mod mutation;
pub mod occurrence;
mod order;
pub mod plan;
mod problems;
mod root;
mod scalar_filter;
mod select;
mod viewer;
mod write;

pub use error::{PlanError, Problem};

use change::SubscriptionPlan;
use context::Context;
use cursor::Sealer;
use freehold_base::Limits;
use freehold_policy::Access;
use freehold_schema::catalog::Catalog;
use freehold_schema::graphql::operation::Operation;
use mutation::MutationPlan;
use plan::Plan;
use serde_json::value::RawValue;

/// Plans one query operation. `ready` holds, by response key, the answers to root fields that ask no
/// rows: `__schema` and `__type`, explanations, the audit log.
///
/// # Errors
/// Every value that is wrong (`BAD_USER_INPUT`), or the first limit that is passed (`LIMIT_EXCEEDED`, `COST_EXCEEDED`).
pub fn plan(
    catalog: &Catalog,
    access: &Access,
    operation: &Operation,
    ready: Vec<(String, Box<RawValue>)>,
    sealer: &Sealer,
    limits: &Limits,
) -> Result<Plan, Vec<PlanError>> {
    let mut context = Context::new(catalog, access, sealer, limits);
    let roots = root::roots(&mut context, operation, ready);
    context.finish().map(|cost| Plan { roots, cost })
}

/// Plans one subscription: a live query, or the changes of single rows.
///
/// # Errors
/// As [`fn@plan`].
pub fn plan_subscription(
    catalog: &Catalog,
    access: &Access,
    operation: &Operation,
    sealer: &Sealer,
    limits: &Limits,
) -> Result<SubscriptionPlan, Vec<PlanError>> {
    let mut context = Context::new(catalog, access, sealer, limits);
    if let Some(changes) = change::changes(&mut context, operation) {
        return context.finish().map(|_| SubscriptionPlan::Changes(Box::new(changes)));
    }
    plan(catalog, access, operation, Vec::new(), sealer, limits).map(SubscriptionPlan::Live)
}

/// Plans one mutation operation. Its values are in the plan, so no other request may use it.
///
/// # Errors
/// Every value that is wrong (`BAD_USER_INPUT`), limits that are passed (`LIMIT_EXCEEDED`, `COST_EXCEEDED`), or what the caller's
/// schema does not have (`FORBIDDEN`).
pub fn plan_mutation(
    catalog: &Catalog,
    access: &Access,
    operation: &Operation,
    sealer: &Sealer,
    limits: &Limits,
) -> Result<MutationPlan, Vec<PlanError>> {
    let mut context = Context::new(catalog, access, sealer, limits);
    let roots = write::roots(&mut context, operation);
    context.finish().map(|cost| MutationPlan {
        deletions: write::deletions(catalog, access, &roots),
        roots,
        cost,
    })
}

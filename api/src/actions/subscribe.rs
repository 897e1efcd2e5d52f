//! A subscription begins: identify → prepare → plan → render, as for any request; what is made of it stays with the hub.

use crate::actions::asker::Asker;
use crate::actions::execute::may_ask;
use crate::bundle::{Bundle, Live, Recipe, View, Watch};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::http::host::{self, Host};
use crate::subscriptions::{Member, Outlet, Progress, Standing, Subscription};
use freehold_auth::TenantHint;
use freehold_base::Code;
use freehold_planner::change::SubscriptionPlan;
use freehold_planner::plan_subscription;
use freehold_policy::RoleSet;
use freehold_schema::catalog::Catalog;
use freehold_schema::graphql::RequestText;
use freehold_schema::graphql::operation::{Operation, OperationKind, collect};
use freehold_storage::sql;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A subscription that was understood.
pub(crate) struct Admitted {
    /// By which bundle.
    pub(crate) bundle: Arc<Bundle>,
    /// What it runs.
    pub(crate) recipe: Recipe,
    /// Who it is for.
    pub(crate) progress: Progress,
}

/// Begins a subscription, which ends with what is returned. Its answers come out of `outlet`.
///
/// # Errors
/// As a query; `BAD_REQUEST` for an operation of another kind, `LIMIT_EXCEEDED` when there are too many already.
pub(crate) async fn subscribe(
    environment: &Environment,
    standing: Standing,
    outlet: Arc<Outlet>,
) -> Result<Subscription, Refusal> {
    let Admitted {
        bundle,
        recipe,
        progress,
    } = admit(environment, &standing).await?;
    let member = Member::new(standing, outlet, progress);
    environment.hub.join(&bundle, &recipe, member)
}

/// Understands a subscription, by the bundle and the rights of this moment.
///
/// # Errors
/// As [`subscribe`].
pub(crate) async fn admit(environment: &Environment, standing: &Standing) -> Result<Admitted, Refusal> {
    let bundle = environment.bundle()?;
    // A deploy may have taken the operation out of the app.
    environment.persisted.check(&standing.asked.query)?;
    let tenant = tenant_hint(&bundle.catalog, &standing.host, standing.tenant.as_deref());
    let mut asker = Asker::new(environment, &bundle, standing.token.as_ref(), &tenant);
    let known = asker.settle().await?;
    let caller = known.last();
    may_ask(caller)?;
    let view = bundle.view(&RoleSet::of(&bundle.catalog, caller));
    let (recipe, variables) = match recall(&bundle, &view, standing)? {
        Some(recalled) => recalled,
        None => compile(environment, &bundle, &view, standing)?,
    };
    let progress = Progress {
        lookup: asker.lookup().cloned().map(Arc::new),
        known,
        variables: Arc::new(variables),
        digest: None,
        watched: None,
    };
    Ok(Admitted {
        bundle: bundle.clone(),
        recipe,
        progress,
    })
}

/// How a request names its tenant: the host comes before the header.
pub(crate) fn tenant_hint<'a>(catalog: &'a Catalog, host: &'a Host, named: Option<&'a str>) -> TenantHint<'a> {
    match (host::tenant(catalog, host), named) {
        (TenantHint::None, Some(name)) => TenantHint::Named(name),
        (by_host, _) => by_host,
    }
}

type Understood = (Recipe, Map<String, Value>);

/// What the same text was for somebody else of the same role set.
fn recall(bundle: &Bundle, view: &View, standing: &Standing) -> Result<Option<Understood>, Refusal> {
    let Some(text) = bundle.plans.find_text(view.number, &standing.asked) else {
        return Ok(None);
    };
    let variables = view.schema.bind(text.checked.signature(), &standing.asked.variables)?;
    Ok(match bundle.plans.find(&text, &variables) {
        Some(recipe @ (Recipe::Live(_) | Recipe::Changes(_))) => Some((recipe, variables)),
        Some(Recipe::Query(_)) | None => None,
    })
}

fn compile(
    environment: &Environment,
    bundle: &Bundle,
    view: &View,
    standing: &Standing,
) -> Result<Understood, Refusal> {
    let (catalog, asked) = (&bundle.catalog, &standing.asked);
    let text = RequestText {
        query: &asked.query,
        operation_name: asked.operation_name.as_deref(),
        variables: &asked.variables,
    };
    let prepared = view.schema.prepare(&text, &catalog.limits)?;
    if prepared.operation.kind != OperationKind::Subscription {
        return Err(Refusal::new(Code::BadRequest, "the operation is no subscription"));
    }
    let (access, sealer) = (&view.access, &environment.sealer);
    let plan = plan_subscription(catalog, access, &prepared.operation, sealer, &catalog.limits)?;
    let render = |plan| Arc::new(sql::render(catalog, plan, environment.database.dialect()));
    let recipe = match &plan {
        SubscriptionPlan::Live(plan) => Recipe::Live(Arc::new(Live {
            program: render(plan),
            asks_who: asks_who(&prepared.operation),
        })),
        SubscriptionPlan::Changes(changes) => Recipe::Changes(Arc::new(Watch {
            entity: changes.entity,
            rows: render(&changes.rows),
            row: render(&changes.row),
            key: changes.key.clone(),
            slots: changes.slots.clone(),
        })),
    };
    let (values, spent) = (prepared.variables.to_json(), prepared.variables.spent());
    let plans = &bundle.plans;
    if let Some(text) = plans.keep_text(view.number, asked, &prepared.text) {
        plans.keep(&text, &values, spent, recipe.clone());
    }
    Ok((recipe, values))
}

/// Whether the root field is `viewer`.
fn asks_who(operation: &Operation) -> bool {
    let roots = collect(&operation.items, "Subscription", &|_, _| false);
    roots.iter().any(|root| root.name == "viewer")
}

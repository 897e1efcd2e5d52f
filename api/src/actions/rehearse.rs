//! A request of somebody who is not here, by the same path as any other; what it writes is undone.

use crate::actions::audit::Origin;
use crate::actions::execute::{Asked, Request, Understood, may_ask, understand};
use crate::actions::read::read;
use crate::actions::write;
use crate::bundle::{Bundle, Planned};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::http::host::Host;
use crate::timings::Timings;
use freehold_base::{Caller, Code};
use freehold_planner::occurrence::occurrences;
use freehold_policy::RoleSet;
use freehold_schema::catalog::EntityId;
use freehold_storage::{WrittenRow, sql};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a request met on its way.
#[derive(Debug, Default)]
pub(crate) struct Met {
    /// Entities whose rows it read, wherever they occurred, by the rules.
    pub(crate) read: BTreeSet<EntityId>,
    /// Rows that it wrote, before that was undone.
    pub(crate) written: Vec<WrittenRow>,
}

/// What a request must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A query.
    Query,
    /// A mutation.
    Mutation,
}

/// Runs a request of that caller; gives the JSON object of `data`, and beside it what was met, be it answered or refused.
pub(crate) async fn rehearse(
    environment: &Environment,
    bundle: &Bundle,
    caller: &Caller,
    asked: Asked,
    kind: Kind,
) -> (Result<Vec<u8>, Refusal>, Met) {
    let mut met = Met::default();
    let answer = run(environment, bundle, caller, asked, kind, &mut met).await;
    (answer, met)
}

async fn run(
    environment: &Environment,
    bundle: &Bundle,
    caller: &Caller,
    asked: Asked,
    kind: Kind,
    met: &mut Met,
) -> Result<Vec<u8>, Refusal> {
    may_ask(caller)?;
    let host = Host {
        name: "localhost".to_owned(),
        port: None,
    };
    let request = Request {
        asked,
        token: None,
        tenant: None,
        host: &host,
        origin: Origin {
            request: "rehearsal",
            address: None,
        },
        reads_only: kind == Kind::Query,
    };
    let view = bundle.view(&RoleSet::of(&bundle.catalog, caller));
    let mut timings = Timings::default();
    let understood = understand(environment, bundle, &view, caller, &request, &mut timings).await?;
    match (understood, kind) {
        (Understood::Read { plan, variables, .. }, Kind::Query) => {
            let by_rules = occurrences(&plan).into_iter().map(|it| it.source).filter(|source| {
                let entity = source.entity();
                [view.access.read(entity), view.access.list(entity)].contains(&Some(*source))
            });
            met.read.extend(by_rules.map(|source| source.entity()));
            let program = sql::render(&bundle.catalog, &plan, environment.database.dialect());
            let planned = Planned {
                program: Arc::new(program),
                variables: variables.to_json(),
            };
            read(environment, bundle, caller, &planned).await
        }
        (Understood::Write(mutation), Kind::Mutation) => {
            let way = write::Way::Rehearsed(&mut met.written);
            write::write(environment, bundle, &view, caller, &mutation, &request, way).await
        }
        (Understood::Read { .. }, Kind::Mutation) => Err(not("a mutation")),
        (Understood::Write(_), Kind::Query) => Err(not("a query")),
    }
}

fn not(what: &str) -> Refusal {
    Refusal::new(Code::BadRequest, format!("the text is not {what}"))
}

//! One GraphQL request, on one screen: identify → prepare → plan → render → run.

use crate::actions::asides;
use crate::actions::asker::Asker;
use crate::actions::audit::Origin;
use crate::actions::new_keys::NewKeys;
use crate::actions::read::{Proof, Read, read, read_if};
use crate::actions::subscribe::tenant_hint;
use crate::actions::write::{self, Mutation, Way};
use crate::bundle::{Bundle, Known, Planned, Recipe, View};
use crate::environments::Environment;
use crate::error::Refusal;
use crate::http::host::Host;
use crate::http::verb::{Verb, verb};
use crate::timings::Timings;
use freehold_auth::Token;
use freehold_base::{Caller, Code};
use freehold_planner::plan::Plan;
use freehold_planner::{plan, plan_mutation};
use freehold_policy::RoleSet;
use freehold_schema::graphql::operation::OperationKind;
use freehold_schema::graphql::{CheckedText, RequestText, Variables};
use freehold_storage::{Readings, Whole, sql};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What a client asks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Asked {
    /// The document.
    pub(crate) query: String,
    /// Which of its operations.
    pub(crate) operation_name: Option<String>,
    /// Values of its variables.
    pub(crate) variables: Map<String, Value>,
}

/// What a client asks, and all that tells who they are.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// The operation.
    pub(crate) asked: Asked,
    /// The session's token.
    pub(crate) token: Option<Token>,
    /// `X-Tenant`.
    pub(crate) tenant: Option<&'a str>,
    /// `Host`.
    pub(crate) host: &'a Host,
    /// Where it comes from, for the audit log.
    pub(crate) origin: Origin<'a>,
    /// Sent by `GET`, which changes nothing.
    pub(crate) reads_only: bool,
}

/// What a request has come to.
pub(crate) struct Answered {
    /// The body.
    pub(crate) body: Vec<u8>,
    /// The session's token is to be replaced.
    pub(crate) rotates: bool,
}

impl Answered {
    fn new(data: &[u8], asker: &Asker<'_>) -> Self {
        Self {
            body: enveloped(data),
            rotates: asker.rotates(),
        }
    }
}

/// Runs a request.
pub(crate) async fn execute(
    environment: &Environment,
    request: &Request<'_>,
    timings: &mut Timings,
) -> Result<Answered, Refusal> {
    let bundle = environment.bundle()?;
    let catalog = &bundle.catalog;
    if request.reads_only && verb(&request.asked.query, request.asked.operation_name.as_deref()) == Verb::Mutation {
        return Err(Refusal::new(Code::BadRequest, "a mutation cannot be sent by GET").allowing("POST"));
    }

    let tenant = tenant_hint(catalog, request.host, request.tenant);
    let mut asker = Asker::new(environment, &bundle, request.token.as_ref(), &tenant);
    let way = match as_before(environment, &bundle, &mut asker, request, timings).await? {
        Before::Answered(data) => return Ok(Answered::new(&data, &asker)),
        Before::Unwritten => Way::InSteps,
        Before::Unanswered => Way::Shortest,
    };
    let caller = timings.wait("identify", asker.identify()).await?;
    may_ask(&caller)?;

    let view = bundle.view(&RoleSet::of(catalog, &caller));
    let recalled = timings.time("recall", || recall(&bundle, &view, &request.asked))?;
    if let Some(planned) = recalled {
        match timings.wait("run", read(environment, &bundle, &caller, &planned)).await {
            // A value that its parameter does not take. Planning says better what is wrong with it.
            Err(refusal) if refusal.code() == Code::BadUserInput => {}
            outcome => return Ok(Answered::new(&outcome?, &asker)),
        }
    }
    let work = Box::pin(compile(environment, &bundle, &view, &caller, request, timings)).await?;
    let data = match &work {
        Work::Read(planned) => {
            timings
                .wait("run", read(environment, &bundle, &caller, planned))
                .await?
        }
        Work::Write(mutation) => {
            let written = write::write(environment, &bundle, &view, &caller, mutation, request, way);
            timings.wait("write", Box::pin(written)).await?
        }
    };
    Ok(Answered::new(&data, &asker))
}

/// What became of a request that was taken for one by somebody who has called before.
enum Before {
    /// Its `data`.
    Answered(Vec<u8>),
    /// Nothing: the whole way has to be gone.
    Unanswered,
    /// The same, of a mutation that came to nothing when it was tried whole.
    Unwritten,
}

/// The answer for somebody who has called before, to what was asked before: who they are is read together with their rows, and
/// proves, before anything is answered, that they may have them. What they write is written together with that proof, or not at all.
///
/// # Errors
/// When the database is not there, or too slow. Whatever else is wrong is told once it is known to whom.
async fn as_before(
    environment: &Environment,
    bundle: &Bundle,
    asker: &mut Asker<'_>,
    request: &Request<'_>,
    timings: &mut Timings,
) -> Result<Before, Refusal> {
    let asked = &request.asked;
    let Some((lookup, known)) = asker.guess() else {
        return Ok(Before::Unanswered);
    };
    let caller = known.caller(asker.now());
    if may_ask(&caller).is_err() {
        return Ok(Before::Unanswered);
    }
    let view = bundle.view(&RoleSet::of(&bundle.catalog, &caller));
    if verb(&asked.query, asked.operation_name.as_deref()) == Verb::Mutation {
        let writing = write_as_before(environment, bundle, asker, &known, &view, request, timings);
        // It is large, and most requests read.
        return Box::pin(writing).await;
    }
    let recalled = timings.time("recall", || recall(bundle, &view, asked));
    let Some(planned) = recalled.ok().flatten() else {
        return Ok(Before::Unanswered);
    };
    let proof = Proof {
        lookup,
        holds: &|row| asker.is(&known, row),
    };
    let reading = read_if(environment, bundle, &caller, &planned, &proof);
    match timings.wait("run", reading).await {
        Ok(Read { row, data: Some(data) }) => {
            asker.note_use(row.as_deref()).await?;
            Ok(Before::Answered(data))
        }
        Ok(Read { row, data: None }) => {
            asker.found(row);
            Ok(Before::Unanswered)
        }
        Err(refusal) if matches!(refusal.code(), Code::Timeout | Code::Unavailable) => Err(refusal),
        Err(_) => Ok(Before::Unanswered),
    }
}

/// A mutation by somebody who has called before.
async fn write_as_before(
    environment: &Environment,
    bundle: &Bundle,
    asker: &mut Asker<'_>,
    known: &Known,
    view: &Arc<View>,
    request: &Request<'_>,
    timings: &mut Timings,
) -> Result<Before, Refusal> {
    let Some(expected) = asker.expected(known) else {
        return Ok(Before::Unanswered);
    };
    let caller = known.caller(asker.now());
    let understood = understand(environment, bundle, view, &caller, request, timings).await;
    let Ok(Understood::Write(mutation)) = understood else {
        return Ok(Before::Unanswered);
    };
    if write::seals(&bundle.catalog, &mutation.plan) {
        return Ok(Before::Unanswered);
    }
    let writing = write::write_whole(environment, bundle, view, &caller, &mutation, request, Some(&expected));
    let Some(Whole { data, row }) = timings.wait("write", writing).await? else {
        return Ok(Before::Unwritten);
    };
    // It is written: nothing that goes wrong from here on may look as if it were not.
    if let Err(refusal) = asker.note_use(row.as_deref()).await {
        tracing::warn!(code = refusal.code().name(), "the use of a session was not noted");
    }
    Ok(Before::Answered(data))
}

/// Refuses callers for whom the app has nothing at all.
pub(crate) fn may_ask(caller: &Caller) -> Result<(), Refusal> {
    if caller.person.is_none() && caller.profile.is_none() {
        return Err(Refusal::new(
            Code::Unauthenticated,
            "sign in first: this app has nothing for anonymous callers",
        ));
    }
    Ok(())
}

/// What a request has become.
enum Work {
    /// A program, perhaps made before.
    Read(Planned),
    /// A mutation: its values are in its plan, so it is made anew each time.
    Write(Box<Mutation>),
}

/// The program of an earlier request that serves this one too, with this one's variables.
///
/// # Errors
/// Variables that do not fit what the text declares.
fn recall(bundle: &Bundle, view: &View, asked: &Asked) -> Result<Option<Planned>, Refusal> {
    let Some(text) = bundle.plans.find_text(view.number, asked) else {
        return Ok(None);
    };
    let variables = view.schema.bind(text.checked.signature(), &asked.variables)?;
    Ok(match bundle.plans.find(&text, &variables) {
        Some(Recipe::Query(program)) => Some(Planned { program, variables }),
        Some(Recipe::Live(_) | Recipe::Changes(_)) | None => None,
    })
}

/// From text to what is run: prepare → plan → render.
async fn compile(
    environment: &Environment,
    bundle: &Bundle,
    view: &Arc<View>,
    caller: &Caller,
    request: &Request<'_>,
    timings: &mut Timings,
) -> Result<Work, Refusal> {
    let (plan, text, variables, is_lasting) =
        match understand(environment, bundle, view, caller, request, timings).await? {
            Understood::Write(mutation) => return Ok(Work::Write(mutation)),
            Understood::Read {
                plan,
                text,
                variables,
                is_lasting,
            } => (plan, text, variables, is_lasting),
        };
    let program = timings.time("render", || {
        Arc::new(sql::render(&bundle.catalog, &plan, environment.database.dialect()))
    });
    let (values, spent) = (variables.to_json(), variables.spent());
    let plans = &bundle.plans;
    let text = is_lasting.then(|| plans.keep_text(view.number, &request.asked, &text));
    if let Some(text) = text.flatten() {
        plans.keep(&text, &values, spent, Recipe::Query(program.clone()));
    }
    Ok(Work::Read(Planned {
        program,
        variables: values,
    }))
}

/// A planned operation.
pub(crate) enum Understood {
    /// A query.
    Read {
        /// What to read.
        plan: Plan,
        /// Its text.
        text: Arc<CheckedText>,
        /// Their values, which know what the plan has spent of them.
        variables: Variables,
        /// The plan holds nothing that changes from one request to the next.
        is_lasting: bool,
    },
    /// A mutation.
    Write(Box<Mutation>),
}

/// From text to a plan.
pub(crate) async fn understand(
    environment: &Environment,
    bundle: &Bundle,
    view: &Arc<View>,
    caller: &Caller,
    request: &Request<'_>,
    timings: &mut Timings,
) -> Result<Understood, Refusal> {
    let catalog = &bundle.catalog;
    let text = RequestText {
        query: &request.asked.query,
        operation_name: request.asked.operation_name.as_deref(),
        variables: &request.asked.variables,
    };
    let known = bundle.plans.find_text(view.number, &request.asked);
    let prepared = timings.time("prepare", || match &known {
        Some(known) => view.schema.prepare_again(&known.checked, text.variables),
        None => view.schema.prepare(&text, &catalog.limits),
    });
    if view.schema.is_introspected() {
        bundle.was_introspected(view);
    }
    let mut prepared = prepared?;
    let (access, sealer, limits) = (&view.access, &environment.sealer, &catalog.limits);
    match prepared.operation.kind {
        OperationKind::Query => {}
        OperationKind::Mutation => {
            let planned = || plan_mutation(catalog, access, &prepared.operation, sealer, limits);
            let mut plan = timings.time("plan", planned)?;
            let token = request.token.as_ref();
            let keys = NewKeys::draw(&mut plan, environment, bundle, caller, token).await?;
            let (variables, spent) = (prepared.variables.to_json(), prepared.variables.spent());
            let render = || Readings::render(catalog, &plan, environment.database.dialect());
            let plans = &bundle.plans;
            let known = known.or_else(|| plans.keep_text(view.number, &request.asked, &prepared.text));
            let readings = timings.time("render", || match known {
                Some(text) => plans.readings(&text, &variables, spent, render),
                None => Arc::new(render()),
            });
            return Ok(Understood::Write(Box::new(Mutation {
                plan,
                readings,
                variables,
                keys,
            })));
        }
        OperationKind::Subscription => {
            let refusal = Refusal::new(
                Code::BadRequest,
                "a subscription has many answers, and this request takes one",
            );
            return Err(refusal
                .with_hint("send it over a WebSocket (`graphql-transport-ws`), or with `Accept: text/event-stream`"));
        }
    }
    let asides = asides::answers(environment, bundle, view, caller, request.origin, &prepared.operation);
    prepared.introspection.extend(timings.wait("asides", asides).await?);
    // Answers about the schema are large, and kept with it; those about people change.
    let is_lasting = prepared.introspection.is_empty();
    let planned = || {
        let ready = prepared.introspection;
        plan(catalog, access, &prepared.operation, ready, sealer, limits)
    };
    Ok(Understood::Read {
        plan: timings.time("plan", planned)?,
        text: prepared.text,
        variables: prepared.variables,
        is_lasting,
    })
}

/// `{"data": …}`
pub(crate) fn enveloped(data: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(data.len() + 16);
    body.extend_from_slice(b"{\"data\":");
    body.extend_from_slice(data);
    body.push(b'}');
    body
}

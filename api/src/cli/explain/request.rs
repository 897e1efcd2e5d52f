//! What a query or a mutation becomes: prepared and planned as a request of that caller would be.

use super::outline::{PlanOutline, RuleOutline, SourceOutline, StatementOutline, WriteOutline, some_row};
use super::{Scene, failure};
use crate::error::{Failure, Refusal, chain};
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_planner::mutation::{MutationPlan, RootAction};
use freehold_planner::plan::Plan;
use freehold_planner::{plan, plan_mutation};
use freehold_schema::graphql::RequestText;
use freehold_schema::graphql::operation::{OperationKind, collect};
use freehold_storage::program::Dialect;
use freehold_storage::{Binder, PlanDetail, judgings, sql};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// Root fields that are answered before a plan is made.
const ASIDES: [&str; 7] = [
    "explainAccess",
    "auditLog",
    "memberSessions",
    "memberFactors",
    "apiKeys",
    "identityProviders",
    "signInStats",
];

/// A mutation.
#[derive(Debug, Serialize)]
struct MutationOutline {
    writes: Vec<WriteOutline>,
    /// How each root field is answered once it is written.
    answers: Vec<AnswerOutline>,
}

#[derive(Debug, Serialize)]
struct AnswerOutline {
    root: String,
    #[serde(flatten)]
    plan: PlanOutline,
}

pub(super) async fn explain(scene: &Scene<'_>, text: &str) -> Result<String, Failure> {
    let variables = variables(scene.args.variables.as_deref())?;
    let bundle = scene.bundle;
    let catalog = &bundle.catalog;
    let view = bundle.view(&scene.asker.role_set);
    let request = RequestText {
        query: text,
        operation_name: None,
        variables: &variables,
    };
    let told = |refusal: Refusal| failure(&refusal);
    let mut prepared = view
        .schema
        .prepare(&request, &catalog.limits)
        .map_err(|errors| told(errors.into()))?;
    // Cursors are sealed under a server's own key: here none opens.
    let sealer = Sealer::new([0; KEY_BYTES]);
    let values = prepared.variables.to_json();
    let binder = Binder {
        catalog,
        caller: &scene.asker.who.caller,
        variables: &values,
        written: None,
        cipher: None,
    };
    match prepared.operation.kind {
        OperationKind::Query => {
            let asides = asides(&prepared.operation.items);
            prepared.introspection.extend(asides);
            let ready = prepared.introspection;
            let plan = plan(
                catalog,
                &view.access,
                &prepared.operation,
                ready,
                &sealer,
                &catalog.limits,
            )
            .map_err(|errors| told(errors.into()))?;
            query(scene, &plan, &binder).await
        }
        OperationKind::Mutation => {
            let plan = plan_mutation(catalog, &view.access, &prepared.operation, &sealer, &catalog.limits)
                .map_err(|errors| told(errors.into()))?;
            mutation(scene, &plan, &binder)
        }
        OperationKind::Subscription => Err(Failure::new("subscriptions are not answered in this version")),
    }
}

fn variables(text: Option<&str>) -> Result<Map<String, Value>, Failure> {
    match text.map(serde_json::from_str) {
        None => Ok(Map::new()),
        Some(Ok(Value::Object(variables))) => Ok(variables),
        Some(Ok(_)) => Err(Failure::new("--variables is a JSON object")),
        Some(Err(error)) => Err(Failure::new(format!("--variables is not JSON: {error}"))),
    }
}

/// What asks no rows of the app is not explained.
fn asides(items: &[freehold_schema::graphql::operation::Selection]) -> Vec<(String, Box<RawValue>)> {
    let fields = collect(items, "Query", &|_, _| false).into_iter();
    let fields = fields.filter(|field| ASIDES.contains(&field.name.as_str()));
    fields
        .filter_map(|field| Some((field.key, to_raw_value(&Value::Null).ok()?)))
        .collect()
}

async fn query(scene: &Scene<'_>, plan: &Plan, binder: &Binder<'_>) -> Result<String, Failure> {
    let program = sql::render(&scene.bundle.catalog, plan, scene.dialect);
    let detail = if scene.args.analyze {
        PlanDetail::Analyze
    } else {
        PlanDetail::Estimate
    };
    let database = scene.database.filter(|database| database.dialect() == scene.dialect);
    let plans = match database {
        None if scene.args.analyze => return Err(Failure::new("there is no database of that dialect to run it on")),
        None => None,
        Some(database) => {
            let plans = database.query_plans(&program, binder, detail).await;
            let plans = plans.map_err(|error| Failure::new(chain(&error)))?;
            Some(plans.into_iter().map(|plan| named(plan, scene)).collect())
        }
    };
    let outline = scene.plan(plan, &program, plans);
    if scene.args.json {
        return pretty(&with_head(scene, &outline));
    }
    let mut out = head(scene);
    plan_text(&mut out, &outline);
    Ok(out)
}

/// The database shows the values that it has planned for: here they have their names.
fn named(plan: Vec<String>, scene: &Scene<'_>) -> Vec<String> {
    let caller = &scene.asker.who.caller;
    let user = caller.person.as_ref().map(|person| (person.id, "$user"));
    let tenant = caller.tenant.as_ref().map(|tenant| (tenant.id, "$tenant"));
    let names: Vec<(String, &str)> = user
        .into_iter()
        .chain(tenant)
        .map(|(id, name)| (format!("'{id}'"), name))
        .collect();
    let line = |line: String| names.iter().fold(line, |line, (id, name)| line.replace(id, name));
    plan.into_iter().map(line).collect()
}

fn mutation(scene: &Scene<'_>, plan: &MutationPlan, binder: &Binder<'_>) -> Result<String, Failure> {
    if scene.args.analyze {
        return Err(Failure::new("only queries are run for their plans"));
    }
    let writes = judgings(plan, scene.dialect, binder, some_row()).map_err(|error| failure(&Refusal::from(error)))?;
    let answers = plan.roots.iter().filter_map(|root| match &root.action {
        RootAction::One { answer, .. } | RootAction::Many { answer, .. } => {
            let program = sql::render(&scene.bundle.catalog, &answer.plan, scene.dialect);
            Some(AnswerOutline {
                root: root.key.clone(),
                plan: scene.plan(&answer.plan, &program, None),
            })
        }
        RootAction::Text(_) | RootAction::Administer(_) => None,
    });
    let outline = MutationOutline {
        writes: writes.iter().map(|judging| scene.write(judging)).collect(),
        answers: answers.collect(),
    };
    if scene.args.json {
        return pretty(&with_head(scene, &outline));
    }
    let mut out = head(scene);
    for write in &outline.writes {
        write_text(&mut out, write);
    }
    for answer in &outline.answers {
        let _ = writeln!(out, "answer of {}\n", answer.root);
        plan_text(&mut out, &answer.plan);
    }
    if outline.writes.is_empty() {
        out.push_str("administration asks its own questions: who manages whom; see docs/guide/tenants.md\n");
    }
    Ok(out)
}

fn with_head(scene: &Scene<'_>, outline: &impl Serialize) -> Value {
    let mut json = json!({ "for": scene.asker.title(), "dialect": dialect(scene.dialect) });
    if let (Value::Object(json), Ok(Value::Object(more))) = (&mut json, serde_json::to_value(outline)) {
        json.extend(more);
    }
    json
}

fn pretty(json: &Value) -> Result<String, Failure> {
    serde_json::to_string_pretty(json).map_err(|error| Failure::new(error.to_string()))
}

fn head(scene: &Scene<'_>) -> String {
    format!("{}\nSQL of {}\n\n", scene.asker.title(), dialect(scene.dialect))
}

fn dialect(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "SQLite",
        Dialect::Postgres => "PostgreSQL",
    }
}

// Writing to a string does not fail, in all that follows.

fn plan_text(out: &mut String, outline: &PlanOutline) {
    for source in &outline.sources {
        source_text(out, source);
    }
    for (index, statement) in outline.statements.iter().enumerate() {
        let below = statement
            .below
            .map(|below| format!(", for the rows of {below}"))
            .unwrap_or_default();
        let _ = writeln!(out, "statement {}{below}", index + 1);
        statement_text(out, statement);
    }
    if outline.statements.is_empty() {
        out.push_str("no statement: it asks no rows\n");
    }
}

fn source_text(out: &mut String, source: &SourceOutline) {
    let article = if source.shape == "list" { "list of" } else { "one" };
    let _ = writeln!(out, "{}  {article} {}", source.path, source.entity);
    let _ = writeln!(out, "  rows   {}", source.rows);
    if source.rules.is_empty() {
        out.push_str("  rules  none: what is the caller's own needs none\n");
    }
    for (index, rule) in source.rules.iter().enumerate() {
        let _ = writeln!(
            out,
            "  {}  {}",
            if index == 0 { "rules" } else { "     " },
            rule_text(rule)
        );
    }
    let (guarded, open): (Vec<_>, Vec<_>) = source.fields.iter().partition(|field| field.rows.is_some());
    if !open.is_empty() {
        let names: Vec<&str> = open.iter().map(|field| field.field.as_str()).collect();
        let _ = writeln!(out, "  open   {}", names.join(", "));
    }
    for field in guarded {
        let rows = field.rows.as_deref().unwrap_or_default();
        let by = field.rules.join(", ");
        let _ = writeln!(out, "  guarded {}: null unless {rows}  ({by})", field.field);
    }
    out.push('\n');
}

fn rule_text(rule: &RuleOutline) -> String {
    format!(
        "{}[{}]  {}:{}  {}  {}",
        rule.set,
        rule.position,
        rule.file,
        rule.line,
        rule.allows.join(", "),
        rule.rows
    )
}

fn write_text(out: &mut String, write: &WriteOutline) {
    let _ = writeln!(out, "{}  {} {}", write.path, write.operation, write.entity);
    if write.candidates.is_empty() {
        out.push_str("  no rule takes all of it: FORBIDDEN\n\n");
        return;
    }
    for (index, candidate) in write.candidates.iter().enumerate() {
        let rule = &candidate.rule;
        let label = if index == 0 { "rules" } else { "or   " };
        let _ = writeln!(
            out,
            "  {label}  {}[{}]  {}:{}",
            rule.set, rule.position, rule.file, rule.line
        );
        if rule.rows != "always" {
            let _ = writeln!(out, "         the row       {}", rule.rows);
        }
        let _ = writeln!(out, "         the new row   {}", candidate.then);
    }
    out.push_str("  judged by\n");
    statement_text(out, &write.statement);
}

fn statement_text(out: &mut String, statement: &StatementOutline) {
    for line in &statement.sql {
        let _ = writeln!(out, "  {line}");
    }
    let width = |of: fn(&super::outline::ParameterOutline) -> usize| {
        statement.parameters.iter().map(of).max().unwrap_or_default()
    };
    let place = width(|it| it.place.chars().count());
    let value = width(|it| it.value.chars().count());
    for it in &statement.parameters {
        let _ = writeln!(out, "    {:place$}  {:value$}  {}", it.place, it.value, it.value_type);
    }
    for (index, line) in statement.plan.iter().flatten().enumerate() {
        let label = if index == 0 { "plan  " } else { "      " };
        let _ = writeln!(out, "  {label}{line}");
    }
    out.push('\n');
}

//! Operations that no schema has looked at, so that every refusal of the planner's own is seen.

mod administration;
mod steps;
mod values;

use crate::cursor::{KEY_BYTES, Sealer};
use crate::error::PlanError;
use crate::mutation::{Administration, Assigned, MutationPlan, RootAction, Selector, Step};
use crate::plan_mutation;
use freehold_base::{Code, EntityTag, Limits, RowId, Value};
use freehold_policy::{Access, Policy, RoleSet};
use freehold_schema::catalog::{Catalog, EntityDef};
use freehold_schema::graphql::operation::{Field, Input, InputKind, Operation, OperationKind, Selection};
use freehold_schema::source::{SourceFile, Sources};
use serde_json::{Value as Json, json};

const MODEL: &str = include_str!("../../tests/golden/desk.yaml");

fn app() -> (Catalog, Policy) {
    let sources = Sources::new(vec![SourceFile {
        name: "app.yaml".to_owned(),
        text: MODEL.to_owned(),
    }]);
    let compiled = freehold_schema::compile(&sources);
    let mut faults = compiled.diagnostics;
    let policy = compiled
        .catalog
        .as_ref()
        .and_then(|catalog| Policy::check(catalog, &mut faults));
    match (compiled.catalog, policy) {
        (Some(catalog), Some(policy)) => (catalog, policy),
        _ => panic!("{:?}", faults.sorted()),
    }
}

fn caller(roles: &[&str]) -> RoleSet {
    RoleSet {
        profile: Some("member".to_owned()),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        signed_in: true,
        member: true,
        reads_only: false,
    }
}

/// Root fields with arguments, each with the selection `{ id }`: what no schema has looked at.
fn operation(fields: &[(&str, Json)]) -> Operation {
    let field = |(index, (name, arguments)): (usize, &(&str, Json))| {
        let Json::Object(arguments) = arguments else {
            panic!("arguments are an object")
        };
        Selection::Field(Field {
            key: format!("{name}{index}"),
            name: (*name).to_owned(),
            arguments: arguments
                .iter()
                .map(|(name, value)| (name.clone(), input(value)))
                .collect(),
            items: vec![Selection::Field(Field {
                key: "id".to_owned(),
                name: "id".to_owned(),
                arguments: Vec::new(),
                items: Vec::new(),
                position: (2, 1),
            })],
            position: (1, index + 1),
        })
    };
    Operation {
        kind: OperationKind::Mutation,
        items: fields.iter().enumerate().map(field).collect(),
    }
}

fn input(value: &Json) -> Input {
    Input::literal(match value {
        Json::Null => InputKind::Null,
        Json::Bool(value) => InputKind::Boolean(*value),
        Json::Number(number) => InputKind::Number(number.clone()),
        Json::String(text) => InputKind::Text(text.clone()),
        Json::Array(items) => InputKind::List(items.iter().map(input).collect()),
        Json::Object(entries) => {
            InputKind::Object(entries.iter().map(|(key, value)| (key.clone(), input(value))).collect())
        }
    })
}

fn planned(roles: &[&str], fields: &[(&str, Json)]) -> Result<MutationPlan, Vec<PlanError>> {
    let (catalog, policy) = app();
    let access = Access::reduce(&catalog, &policy, &caller(roles));
    let sealer = Sealer::new([1; KEY_BYTES]);
    plan_mutation(&catalog, &access, &operation(fields), &sealer, &Limits::default())
}

fn plan(roles: &[&str], name: &str, arguments: Json) -> MutationPlan {
    planned(roles, &[(name, arguments)]).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn step(roles: &[&str], name: &str, arguments: Json) -> Step {
    match plan(roles, name, arguments).roots.remove(0).action {
        RootAction::One { step, .. } => *step,
        RootAction::Many { mut steps, .. } => steps.remove(0),
        other => panic!("{other:?}"),
    }
}

fn administration(roles: &[&str], name: &str, arguments: Json) -> Administration {
    match plan(roles, name, arguments).roots.remove(0).action {
        RootAction::Administer(administer) => administer.what,
        other => panic!("{other:?}"),
    }
}

/// `path rule` of each problem.
fn problems(errors: &[PlanError]) -> Vec<String> {
    let told = |path: &[Json]| {
        let steps: Vec<String> = path
            .iter()
            .map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned))
            .collect();
        steps.join(".")
    };
    errors
        .iter()
        .flat_map(|error| &error.problems)
        .map(|problem| format!("{} {}", told(&problem.path), problem.rule))
        .collect()
}

#[track_caller]
fn check(roles: &[&str], name: &str, arguments: Json, expected: &[&str]) {
    let told = format!("{name} {arguments}");
    let errors = planned(roles, &[(name, arguments)])
        .err()
        .unwrap_or_else(|| panic!("{told} is planned"));
    assert!(
        errors.iter().all(|error| error.code == Code::BadUserInput),
        "{errors:?}"
    );
    assert_eq!(problems(&errors), expected, "{told}: {errors:?}");
}

/// An id of a row of that entity.
fn id(entity: &str, number: u64) -> String {
    let (catalog, _) = app();
    RowId::new(1, tag(&catalog, entity), number).to_string()
}

fn tag(catalog: &Catalog, entity: &str) -> EntityTag {
    catalog
        .find_entity(entity)
        .map_or_else(|| panic!("no {entity}"), |entity| entity.tag)
}

fn names(entity: &EntityDef, fields: impl IntoIterator<Item = freehold_schema::catalog::FieldId>) -> Vec<String> {
    fields
        .into_iter()
        .map(|field| entity.field(field).name.clone())
        .collect()
}

const AGENT: &[&str] = &["agent"];
const LEAD: &[&str] = &["lead"];
const REQUESTER: &[&str] = &["requester"];

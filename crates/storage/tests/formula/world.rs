//! An app with formulas, its rows, and questions to it.

use super::evaluate::Row;
use super::generate::{Dice, FIELDS, value};
use crate::support::{Noon, databases};
use freehold_base::{Caller, Limits, RowId, Timestamp, Value};
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_policy::{Access, Policy, RoleSet};
use freehold_schema::catalog::{Catalog, EntityDef};
use freehold_schema::diagnostic::Diagnostics;
use freehold_schema::graphql::{RequestText, RoleSchema};
use freehold_schema::seed::{Seed, SeedRow};
use freehold_schema::source::Span;
use freehold_storage::{Binder, Database};
use serde_json::Map;
use std::fmt::Write as _;
use std::sync::Arc;

pub(crate) const ROWS: usize = 60;

/// Both databases with the rows.
pub(crate) async fn filled(name: &str, catalog: &Catalog, seed: &Seed) -> [Database; 2] {
    let databases = databases(name).await;
    for database in &databases {
        database.apply(catalog, &[], false, &Noon).await.expect("tables");
        database
            .insert_seed(catalog, seed, None, &Noon, &mut |_, _| {})
            .await
            .expect("rows");
    }
    databases
}

/// A model whose formulas everybody reads. Rules may ask for them, too.
pub(crate) fn model(formulas: &[(&str, String)], condition: &str) -> String {
    let mut fields = FIELDS.to_owned();
    let mut read = Vec::new();
    for (index, (returns, formula)) in formulas.iter().enumerate() {
        let quoted = serde_json::Value::from(formula.as_str());
        writeln!(
            fields,
            "      x{index}: {{type: formula, returns: {returns}, formula: {quoted}}}"
        )
        .expect("a text");
        read.push(format!("x{index}"));
    }
    let names = FIELDS
        .lines()
        .filter_map(|line| Some(line.trim().split_once(':')?.0.to_owned()));
    read.extend(names);
    format!(
        "app: formulas\nsecurity: open\nanonymous_profile: all\nentities:\n  thing:\n    access: open\n    public: true\n    fields:{fields}\
         permission_sets:\n  all:\n    - {{entity: thing, allow: [read, list], read: [{}]{condition}}}\nprofiles: {{all: {{sets: [all]}}}}\n",
        read.join(", ")
    )
}

pub(crate) fn rows(catalog: &Catalog, dice: &mut Dice) -> Seed {
    let thing = catalog.find_entity("thing").expect("declared");
    let ids: Vec<RowId> = (0..ROWS)
        .map(|number| RowId::new(1_700_000_000_000, thing.tag, number as u64))
        .collect();
    let rows = (0..ROWS).map(|number| {
        let mut values = Vec::new();
        for field in &thing.fields {
            let stored = field.system.is_none() && field.column().is_some();
            match field.name.as_str() {
                "created_at" => values.push((field.id, value(dice, 'm'))),
                "r1" if dice.below(2) == 0 => values.push((field.id, Value::Uuid(ids[dice.below(ROWS)].uuid()))),
                "i3" => values.push((field.id, Value::Int(number as i64 + 1))),
                name if stored => values.push((field.id, value(dice, name.chars().next().expect("a name")))),
                _ => {}
            }
        }
        for (field, value) in &mut values {
            if thing.field(*field).required && value.is_null() {
                *value = Value::DateTime(0);
            }
        }
        values.retain(|(_, value)| !value.is_null());
        SeedRow {
            entity: thing.id,
            label: number.to_string(),
            id: ids[number],
            tenant: None,
            values,
            span: Span::default(),
        }
    });
    Seed {
        users: Vec::new(),
        rows: rows.collect(),
    }
}

pub(crate) async fn ask(database: &Database, catalog: &Catalog, query: &str) -> String {
    let mut faults = Diagnostics::default();
    let policy = Policy::check(catalog, &mut faults).unwrap_or_else(|| panic!("{faults:#?}"));
    let caller = Caller::anonymous(Some("all".to_owned()), Timestamp(0));
    let access = Access::reduce(catalog, &policy, &RoleSet::of(catalog, &caller));
    let schema = RoleSchema::build(catalog, &access.visible(catalog));
    let variables = Map::new();
    let request = RequestText {
        query,
        operation_name: None,
        variables: &variables,
    };
    let limits = Limits {
        cost_max: 1_000_000,
        ..Limits::default()
    };
    let prepared = schema
        .prepare(&request, &limits)
        .unwrap_or_else(|faults| panic!("{query}: {faults:?}"));
    let sealer = Sealer::new([1; KEY_BYTES]);
    let plan = freehold_planner::plan(
        catalog,
        &access,
        &prepared.operation,
        prepared.introspection,
        &sealer,
        &limits,
    )
    .unwrap_or_else(|faults| panic!("{query}: {faults:?}"));
    let program = Arc::new(freehold_storage::sql::render(catalog, &plan, database.dialect()));
    let binder = Binder {
        catalog,
        caller: &caller,
        variables: &variables,
        written: None,
        cipher: None,
    };
    let bytes = database
        .run(&program, &binder, &sealer)
        .await
        .unwrap_or_else(|error| panic!("{:?} {query}: {error:?}\n{:#?}", database.dialect(), program.statements));
    String::from_utf8(bytes).expect("UTF-8")
}

/// A seeded row, as the evaluator takes it.
pub(crate) fn row(thing: &EntityDef, seeded: &SeedRow) -> Row {
    seeded
        .values
        .iter()
        .map(|(field, value)| (thing.field(*field).id, value.clone()))
        .collect()
}

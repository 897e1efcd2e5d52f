//! What the cache of programs lives on: a request whose variables differ only where the plan has not looked at them has the same
//! program; and what planning would refuse for such values, binding refuses too.

use super::app::Side;
use freehold_base::{Caller, Limits, Timestamp};
use freehold_planner::cursor::Sealer;
use freehold_planner::plan;
use freehold_schema::catalog::Catalog;
use freehold_schema::graphql::{Prepared, RequestText};
use freehold_storage::Binder;
use freehold_storage::program::{Dialect, Program};
use freehold_storage::sql;
use serde_json::{Map, Value, json};

/// A request that was planned.
pub(crate) struct Asked<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) side: &'a Side,
    pub(crate) query: &'a str,
    pub(crate) variables: &'a Map<String, Value>,
    pub(crate) prepared: &'a Prepared,
    pub(crate) program: &'a Program,
}

/// Asks again, with other values of the same kinds.
pub(crate) fn check(asked: &Asked<'_>, sealer: &Sealer, limits: &Limits) {
    if asked.variables.is_empty() {
        return;
    }
    let spent = asked.prepared.variables.spent();
    let first = asked.prepared.variables.to_json();
    for turn in 0..3 {
        let mut others = asked.variables.clone();
        others.iter_mut().for_each(|(_, value)| alter(value, turn));
        let Ok(bound) = asked.side.schema.bind(asked.prepared.text.signature(), &others) else {
            continue;
        };
        if spent.iter().any(|path| path.find(&bound) != path.find(&first)) {
            continue;
        }
        let request = RequestText {
            query: asked.query,
            operation_name: None,
            variables: &others,
        };
        let prepared = asked
            .side
            .schema
            .prepare(&request, limits)
            .expect("the same text, and variables that bind");
        let planned = plan(
            asked.catalog,
            &asked.side.access,
            &prepared.operation,
            prepared.introspection,
            sealer,
            limits,
        );
        let wanted = format!("{:?}", asked.program);
        match planned {
            Ok(plan) => {
                let program = sql::render(asked.catalog, &plan, Dialect::Sqlite);
                assert_eq!(format!("{program:?}"), wanted, "{others:?}");
            }
            Err(errors) => assert!(
                !binds(asked, &bound),
                "refused, and answered from the cache: {errors:?} {others:?}"
            ),
        }
    }
}

/// Whether every parameter takes its value.
fn binds(asked: &Asked<'_>, variables: &Map<String, Value>) -> bool {
    let caller = Caller::anonymous(None, Timestamp(0));
    let binder = Binder {
        catalog: asked.catalog,
        caller: &caller,
        variables,
        written: None,
        cipher: None,
    };
    let mut parameters = asked
        .program
        .statements
        .iter()
        .flat_map(|statement| &statement.parameters);
    parameters.all(|parameter| binder.value(&parameter.operand).is_ok())
}

fn alter(value: &mut Value, turn: i64) {
    match value {
        Value::Null => {}
        Value::Bool(value) => *value ^= turn == 0,
        Value::Number(number) => {
            if let Some(whole) = number.as_i64() {
                *value = json!(whole.saturating_add([1, -7, 3_000_000_000][turn as usize % 3]));
            }
        }
        Value::String(text) => match turn {
            0 => {
                // Ids stay ids.
                let last = text.pop().unwrap_or('x');
                text.push(if last == '7' { '6' } else { '7' });
            }
            1 => text.push('%'),
            _ => text.push('\u{0}'),
        },
        Value::Array(items) => items.iter_mut().for_each(|item| alter(item, turn)),
        Value::Object(entries) => entries.iter_mut().for_each(|(_, value)| alter(value, turn)),
    }
}

//! Golden folders of writes: a caller and a mutation in; what is asked and written, in the SQL of both dialects, out. Their model is
//! that of the write tests.
//!
//! `UPDATE_GOLDEN=1 cargo test -p freehold-storage mutate::tests` writes them anew; the difference is what a reviewer reads.

use super::change::{Aim, Found};
use super::values::{preset, stored};
use super::{change, create, delete, judge};
use crate::binder::Binder;
use crate::program::{Dialect, Statement};
use crate::sql::guarded::{self, Guarded, Writing};
use crate::sql::store::{Lock, Rows, insert, lock, update};
use freehold_base::{Caller, CallerTenant, EntityTag, Limits, Person, RowId, Timestamp, Value};
use freehold_planner::cursor::{KEY_BYTES, Sealer};
use freehold_planner::mutation::{MutationPlan, RootAction, Selector, Step};
use freehold_policy::operand::Operand;
use freehold_policy::{Access, Policy, RoleSet};
use freehold_schema::catalog::{Catalog, EntityId};
use freehold_schema::graphql::{RequestText, RoleSchema};
use freehold_schema::source::{SourceFile, Sources};
use serde_json::Map;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

#[test]
fn every_write_gives_its_sql() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden_writes");
    let cases = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path());
    let cases: Vec<_> = cases.filter(|path| path.is_dir()).collect();
    assert!(cases.len() > 4);
    let mut differing = Vec::new();
    for case in cases {
        for (dialect, name) in [(Dialect::Sqlite, "sqlite.sql"), (Dialect::Postgres, "postgres.sql")] {
            let file = case.join(name);
            let found = rendered(&case, dialect);
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                std::fs::write(&file, found).unwrap();
            } else if std::fs::read_to_string(&file).unwrap_or_default() != found {
                differing.push(file.display().to_string());
            }
        }
    }
    assert!(
        differing.is_empty(),
        "differs from the golden files (UPDATE_GOLDEN=1 writes them anew):\n{}",
        differing.join("\n")
    );
}

fn id(entity: u16, number: u64) -> RowId {
    RowId::new(1_700_000_000_000, EntityTag::new(entity).unwrap(), number)
}

/// Somebody with the role that `roles.txt` names.
fn caller(case: &Path) -> Caller {
    let mut caller = Caller::anonymous(Some("member".to_owned()), Timestamp(1_800_000_000_000_000));
    let roles = std::fs::read_to_string(case.join("roles.txt")).unwrap();
    caller.person = Some(Person { id: id(1, 1) });
    caller.roles = roles.split_whitespace().map(str::to_owned).collect();
    caller.tenant = Some(CallerTenant {
        id: id(2, 1),
        membership: Some(BTreeMap::new()),
    });
    caller
}

fn planned(catalog: &Catalog, caller: &Caller, query: &str) -> MutationPlan {
    let mut faults = freehold_schema::diagnostic::Diagnostics::default();
    let policy = Policy::check(catalog, &mut faults).unwrap();
    let access = Access::reduce(catalog, &policy, &RoleSet::of(catalog, caller));
    let schema = RoleSchema::build(catalog, &access.visible(catalog));
    let request = RequestText {
        query,
        operation_name: None,
        variables: &Map::new(),
    };
    let limits = Limits::default();
    let prepared = schema
        .prepare(&request, &limits)
        .unwrap_or_else(|faults| panic!("{faults:?}"));
    let sealer = Sealer::new([1; KEY_BYTES]);
    freehold_planner::plan_mutation(catalog, &access, &prepared.operation, &sealer, &limits)
        .unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn rendered(case: &Path, dialect: Dialect) -> String {
    let sources = Sources::new(vec![SourceFile {
        name: "app.yaml".to_owned(),
        text: include_str!("../../tests/write/desk.yaml").to_owned(),
    }]);
    let catalog = freehold_schema::compile(&sources).catalog.unwrap();
    let caller = caller(case);
    let plan = planned(
        &catalog,
        &caller,
        &std::fs::read_to_string(case.join("mutation.graphql")).unwrap(),
    );
    let variables = Map::new();
    let binder = Binder {
        catalog: &catalog,
        caller: &caller,
        variables: &variables,
        written: None,
        cipher: None,
    };
    let mut out = String::new();
    for root in &plan.roots {
        let RootAction::One { step, .. } = &root.action else {
            panic!("one row at a time")
        };
        statements(&mut out, &binder, dialect, step);
    }
    out
}

fn statements(out: &mut String, binder: &Binder<'_>, dialect: Dialect, step: &Step) {
    let catalog = binder.catalog;
    let aim = |row| Aim {
        row,
        child_of: None,
        found: Found::ById,
    };
    match step {
        Step::Create(step) => {
            let entity = catalog.entity(step.target.entity());
            let row = id(9, 1);
            let prepared = create::prepare(binder, step, row, None).unwrap();
            for statement in create::numbers(catalog, dialect, entity, &prepared.values) {
                tell(out, "number", &statement);
            }
            for statement in judge::target_locks(catalog, dialect, entity, &step.references, &prepared.case.references)
            {
                tell(out, "lock", &statement);
            }
            tell(
                out,
                "judge",
                &crate::sql::judge::judge(catalog, dialect, &prepared.case),
            );
            let values = stored(binder, entity, row, &preset(&prepared.values, prepared.grants[0])).unwrap();
            tell(out, "write", &insert(catalog, dialect, entity.id, &values));
            if prepared.case.proposals.len() == 1 {
                let mut case = prepared.case;
                case.proposals = vec![values];
                let guarded = Guarded { case, if_version: None };
                tell(
                    out,
                    "whole",
                    &guarded::statement(catalog, dialect, &guarded, Writing::Insert),
                );
            }
        }
        Step::Update {
            rows: Selector::Id(row),
            change: step,
        } => {
            let entity = catalog.entity(step.target.entity());
            let prepared = change::prepare(binder, step, aim(*row), None).unwrap();
            locks(out, binder, dialect, entity.id, *row, Lock::Change);
            tell(
                out,
                "judge",
                &crate::sql::judge::judge(catalog, dialect, &prepared.case),
            );
            let values = stored(binder, entity, *row, &preset(&prepared.values, prepared.grants[0])).unwrap();
            let rows = Rows::of_request(std::slice::from_ref(row));
            tell(out, "write", &update(catalog, dialect, entity.id, &rows, &values));
            if prepared.case.proposals.len() == 1 {
                let guarded = Guarded {
                    case: prepared.case,
                    if_version: step.if_version.map(version),
                };
                tell(
                    out,
                    "whole",
                    &guarded::statement(catalog, dialect, &guarded, Writing::Update(&values)),
                );
            }
        }
        Step::Delete {
            rows: Selector::Id(row),
            target,
            if_version,
            ..
        } => {
            locks(out, binder, dialect, target.entity(), *row, Lock::Remove);
            let case = delete::prepare(target, aim(*row));
            tell(out, "judge", &crate::sql::judge::judge(catalog, dialect, &case));
            let guarded = Guarded {
                case,
                if_version: if_version.map(version),
            };
            tell(
                out,
                "whole",
                &guarded::statement(catalog, dialect, &guarded, Writing::Delete),
            );
        }
        other => panic!("{other:?}"),
    }
}

fn version(version: i64) -> Operand {
    Operand::Constant(Value::Int(version))
}

fn locks(out: &mut String, binder: &Binder<'_>, dialect: Dialect, entity: EntityId, row: RowId, how: Lock) {
    let rows = Rows::of_request(std::slice::from_ref(&row));
    if let Some(statement) = lock(binder.catalog, dialect, entity, &rows, how) {
        tell(out, "lock", &statement);
    }
}

fn tell(out: &mut String, what: &str, statement: &Statement) {
    writeln!(out, "-- {what}").unwrap();
    for (number, parameter) in statement.parameters.iter().enumerate() {
        writeln!(
            out,
            "-- {}: {:?} {:?}",
            number + 1,
            parameter.value_type,
            parameter.operand
        )
        .unwrap();
    }
    let words = [" FROM ", " WHERE ", " SELECT ", " ORDER BY ", " RETURNING "];
    let sql = words.iter().fold(statement.sql.clone(), |text, word| {
        text.replace(word, &format!("\n{}", word.trim_start()))
    });
    writeln!(out, "-- columns: {:?}\n{sql};\n", statement.columns).unwrap();
}
